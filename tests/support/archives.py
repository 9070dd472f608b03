"""Archives in memory, unpacked by one thread or by several."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from logproc.model.errors import SourceError
from logproc.sources.archives.codecs import decoded
from logproc.sources.limits import ReadOptions
from logproc.threads.unpackers import Unpackers
from tests.support.logs import ScriptedStream

Result = tuple[bytes, str | None, int, list[str]]
"""The bytes of an archive, the error at their end, how many bytes were read, and the notes."""


class RewindableStream(ScriptedStream):
    """A raw stream that can begin anew, as a file can. rewound: how often it did."""

    rewound = 0

    def rewind(self) -> None:
        """Go back to the first byte."""
        self.bytes_read = 0
        self.rewound += 1

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes from anywhere."""
        return self._content[offset : offset + size]


def read(archive: bytes, unpackers: Unpackers | None, block_bytes: int = 1 << 16, **options: Any) -> tuple[Result, int]:
    """Return all of an archive, and how often its stream began anew."""
    raw, found, error = RewindableStream(archive), [], None
    buffer = memoryview(bytearray(block_bytes))
    with closing(decoded(raw, ReadOptions(**options), None, "a.log", unpackers)) as stream:
        try:
            while count := stream.readinto(buffer):
                found.append(bytes(buffer[:count]))
        except SourceError as failure:
            error = f"{failure.what}: {failure.hint}"
    return (b"".join(found), error, raw.bytes_read, stream.notes), raw.rewound
