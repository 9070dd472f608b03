"""Where to begin with a large log of which only the last records are wanted."""

from __future__ import annotations

import os

from logproc.model.errors import SourceError
from logproc.model.position import MARK_BYTES, Position
from logproc.sources.archives.magic import sniff
from logproc.sources.follow.content import open_regular
from logproc.sources.follow.marks import digest
from logproc.sources.names import shown_path

NEAR_END_BYTES = 64 << 20
SEARCH_BYTES = 1 << 20


def near_end(path: str, most_bytes: int = NEAR_END_BYTES) -> Position | None:
    """Return a position at the end of a line, at most so many bytes before the end of a plain file.

    None if the file is smaller, is an archive, cannot be read, or has no line end there: then it is read from its start. The
    number of lines before is not known, and is 0.
    """
    try:
        descriptor, status = open_regular(path)
        try:
            start = status.st_size - most_bytes
            head = os.pread(descriptor, MARK_BYTES, 0)
            if start < MARK_BYTES or sniff(head):
                return None
            feed = os.pread(descriptor, SEARCH_BYTES, start).find(b"\n")
            if feed < 0:
                return None
            offset = start + feed + 1
            tail = os.pread(descriptor, MARK_BYTES, offset - MARK_BYTES)
        finally:
            os.close(descriptor)
    except (OSError, SourceError):
        return None
    name = shown_path(path)
    return Position(name, status.st_dev, status.st_ino, offset, 0, MARK_BYTES, digest(head), digest(tail))
