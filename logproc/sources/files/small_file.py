"""Small plain files, read in one go.

What `opening` builds for a source is a tower of layers: decompression, limits, encodings, holes. Each does nothing for most
files, but building and asking them takes a quarter of a millisecond, which is what ten thousand small files consist of. Here
is the short way for files of which it is certain that every layer would hand on the bytes as they are. All others, and every
file with which anything is wrong, go the long way, which knows what to say.
"""

from __future__ import annotations

import os
import stat
import time

from msgspec import Struct

from logproc.model.errors import SourceError
from logproc.model.source import Source
from logproc.sources.archives.magic import is_tar, is_text
from logproc.sources.files import OPEN_FLAGS, refuse_replaced
from logproc.sources.files.changes import FRESH_NS

SMALL_BYTES = 64 << 10
LEAST_BYTES = 18
"""A shorter file may be a cut archive, which its name may show."""
BZIP2 = b"BZh"
"""What bzip2 begins with. Each other archive has bytes in its head that are not of text, and so has text in UTF-16."""


class Small(Struct, frozen=True):
    """A whole file. changed_s: when it was last changed, in seconds since 1970."""

    content: bytes
    changed_s: int


def read_small(source: Source) -> Small | None:
    """Return the content of a regular file if it is small and plain text; None if the long way has to look at it.

    Does not block for long, and does not raise.
    """
    try:
        descriptor = os.open(source.location, OPEN_FLAGS)
        try:
            before = os.fstat(descriptor)
            size = before.st_size
            if not LEAST_BYTES <= size <= SMALL_BYTES or not stat.S_ISREG(before.st_mode) or not before.st_blocks:
                return None
            refuse_replaced(before, source.seen)
            content = os.read(descriptor, size + 1)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError, SourceError):
        return None
    changed_ns = before.st_mtime_ns
    is_steady = (size, changed_ns) == (after.st_size, after.st_mtime_ns) and time.time_ns() - changed_ns >= FRESH_NS
    if len(content) != size or not is_steady or not is_plain(content):
        return None
    return Small(content, int(before.st_mtime))


def is_plain(content: bytes) -> bool:
    """Return whether each layer of a stream would hand on these bytes as they are. False for some where it would, too."""
    if not is_text(content) or content.startswith(BZIP2) or b"\n" + BZIP2 in content:
        return False
    return b"\n" in content and not is_tar(content)
