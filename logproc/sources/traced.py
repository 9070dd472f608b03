"""Streams that say when they are read, waited for, or unpacked, for a trace."""

from __future__ import annotations

from logproc.model.source import REMOTE, ByteStream, Kind, Source
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import Span
from logproc.sources.archives.parallel import Rewindable
from logproc.sources.limits import Layer, skip_hole_of


class Spanned(Layer):
    """A stream whose reads are spans."""

    def __init__(self, below: ByteStream, span: Span, doing: Doing, source: str = "") -> None:
        super().__init__(below)
        self._span = span
        self._doing = doing
        self._source = source

    def skip_hole(self) -> int:
        return skip_hole_of(self.below)

    def _read(self, buffer: memoryview) -> int:
        with self._span(self._doing, self._source):
            return self.below.readinto(buffer)


class SpannedFile(Spanned):
    """The same for a regular file, which can begin anew: see `archives.parallel`."""

    below: Rewindable

    def rewind(self) -> None:
        self.below.rewind()

    def read_at(self, offset: int, size: int) -> bytes:
        with self._span(self._doing, self._source):
            return self.below.read_at(offset, size)


class SpannedWait(Spanned):
    """The same for a stream whose bytes may be long in coming. doing: what the first read does, such as to connect."""

    def ready_within(self, seconds: float) -> bool:
        with self._span(Doing.WAIT_DATA, self._source):
            return self.below.ready_within(seconds)

    def _read(self, buffer: memoryview) -> int:
        count = super()._read(buffer)
        self._doing = Doing.READ
        return count


def reading(raw: ByteStream, source: Source, span: Span | None) -> ByteStream:
    """Return a stream whose reads and waits are spans, if there is a recorder."""
    if not span:
        return raw
    if isinstance(raw, Rewindable):
        return SpannedFile(raw, span, Doing.READ, source.name)
    if source.kind is Kind.FILE:
        return Spanned(raw, span, Doing.READ, source.name)
    return SpannedWait(raw, span, Doing.CONNECT if source.kind in REMOTE else Doing.WAIT_DATA, source.name)


def unpacking(decoded: ByteStream, span: Span | None) -> ByteStream:
    return Spanned(decoded, span, Doing.UNPACK) if span else decoded
