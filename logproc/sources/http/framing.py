"""Where a body ends: Content-Length, or chunks (RFC 9112, 6 and 7.1), checked strictly.

http.client accepts `-5`, `+5` and `0x5` as chunk sizes, ignores what is between chunks, and reads trailers without a limit.
"""

from __future__ import annotations

import io
from contextlib import suppress

from logproc.model.errors import SourceError
from logproc.model.patterns import regex
from logproc.sources.http.transport import PassingError

MOST_LINE_BYTES = 1 << 13
MOST_TRAILER_BYTES = 1 << 16
CHUNK_SIZE = regex(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


class Chunked:
    """The data of a body that comes in chunks."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._left = 0
        self._begun = False
        self._ended = False

    def receive(self, buffer: memoryview) -> int:
        """Fill `buffer` by one receive; return 0 after the last chunk. Raises PassingError if the body is incomplete."""
        if not self._left and not self._ended:
            self._begin_chunk()
        if self._ended:
            return 0
        count = self._stream.readinto1(buffer[: self._left])
        if not count:
            raise cut()
        self._left -= count
        return count

    def _begin_chunk(self) -> None:
        if self._begun and self._line() not in {b"\r\n", b"\n"}:
            raise broken()
        self._begun = True
        size = CHUNK_SIZE.fullmatch(self._line())
        if not size:
            raise broken()
        self._left = int(size[1], 16)
        if not self._left:
            self._skip_trailers()

    def _skip_trailers(self) -> None:
        # The data is complete (RFC 9112, 8: only without the last chunk is it not), whatever becomes of the trailers.
        self._ended = True
        left = MOST_TRAILER_BYTES
        with suppress(PassingError):
            while left > 0 and (line := self._stream.readline(left)).strip():
                left -= len(line)

    def _line(self) -> bytes:
        line = self._stream.readline(MOST_LINE_BYTES)
        if not line.endswith(b"\n") and len(line) < MOST_LINE_BYTES:
            raise cut()
        return line


def cut() -> PassingError:
    return PassingError("closed too early", "try later")


def broken() -> PassingError:
    return PassingError("broken chunks", "the server, or a proxy in front of it, sends garbled data")


def declared_length(text: str | None) -> int | None:
    """Return the number in Content-Length (RFC 9110, 8.6: several must be equal). Raises SourceError for anything else."""
    if text is None:
        return None
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not value.isascii() or not value.isdigit() or len(value) > 18:
        raise SourceError("bad Content-Length", "the server does not say how long the log is; report it to its operator")
    return int(value)
