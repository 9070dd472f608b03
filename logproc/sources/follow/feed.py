"""The bytes of one growing log → chunks of whole lines.

Other sources are read until they end, so their reader asks for bytes. Here the bytes come when the log grows, a few or many,
and what is not yet a whole line, or perhaps not yet a whole record, waits for the next ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy
from msgspec import Struct, structs

from logproc.formats.detection.detect import GENERIC
from logproc.formats.detection.sample import SAMPLE_BYTES, SAMPLE_LINES
from logproc.model.chunk import Chunk, Context, Parser
from logproc.model.columns import REJECTED_TEXT_BYTES
from logproc.model.position import Position
from logproc.model.source import Source
from logproc.sources.cutter import UTF8_MARK, Cutter
from logproc.sources.follow.marks import Trail
from logproc.sources.reading import ReadingOptions, detect_format


class Before(Struct, frozen=True):
    """What earlier runs have read of a log: to where in which of its files, and how many lines in all."""

    positions: tuple[Position, ...] = ()
    lines: int = 0


NOTHING_BEFORE = Before()


class Feed:
    """Cuts one log. All methods are for the thread that reads. Each chunk says where its file has been read to with it.

    before: what earlier runs have read. cutter: has the format, and the numbers of lines and bytes.
    """

    def __init__(self, source: Source, options: ReadingOptions, before: Before = NOTHING_BEFORE) -> None:
        self.source = source
        self.cutter = Cutter(
            source.index,
            chunk_bytes=options.chunk_bytes,
            max_line_bytes=options.max_line_bytes,
            whole_records=options.whole_records,
        )
        self.cutter.format = options.choice.fixed(source)
        self._is_fixed = self.cutter.format is not None
        self._options = options
        self._kept_bytes = max(options.max_line_bytes, REJECTED_TEXT_BYTES) + 2
        self._sample = b""
        self._waiting = bytearray()
        self._file = 0
        self._trail: Trail | None = None
        self._lines_before = self.cutter.lines = before.lines  # so that lines are numbered through all runs
        self._positions: dict[int, Position] = {-1 - at: position for at, position in enumerate(before.positions)}
        self._is_too_long = False  # the waiting line, of which only the beginning is kept
        self._left_out_bytes = 0  # how much of it is not kept
        self._trailed = 0  # how many of the waiting bytes the trail is behind already: the beginning of such a line

    @property
    def lines(self) -> int:
        """How many lines this run has cut."""
        return self.cutter.lines - self._lines_before

    @property
    def bytes_cut(self) -> int:
        """The bytes of these lines. What waits is not among them: if the run ends now, the next one reads it again."""
        return self.cutter.bytes_decoded - len(self._waiting) - self._left_out_bytes

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def begin(self, file: int, trail: Trail, now_s: int) -> None:
        """Begin a file at its start, or where an earlier run stopped. Nothing may wait.

        file: its number. now_s: no record of it is later; gives times without a year their year. If this is not the start of
        the log, `learn_from` must be called before `take`.
        """
        self._file, self._trail = file, trail
        context = Context(reference_s=now_s, zone=self._options.zone, fractions=self._options.fractions)
        if trail.offset:
            position = self._positions[file] = self._known_at(trail.position)
            context = structs.replace(
                context, directives=position.directives, date_s=position.date_s, in_record=position.in_record
            )
        self.cutter.context = context

    def learn_from(self, lines: bytes, found: Parser | None = None) -> None:
        """Detect the format from the first lines of the log. found: what it certainly is, if that is known."""
        context = self.cutter.context
        if not self._is_fixed:
            self._learn(lines, found)
        if self.cutter.format and not context.directives and lines:  # what the log says of its lines at its start
            known = self.cutter.format.follow(context, numpy.frombuffer(lines, numpy.uint8), self._options.max_line_bytes)
            self.cutter.context = structs.replace(context, directives=known.directives, date_s=known.date_s)

    def _known_at(self, begun: Position) -> Position:
        """Return the position of an earlier run where a file goes on, with what else is known there, and forget that one."""
        for file, position in self._positions.items():
            if (position.offset, position.head, position.tail) == (begun.offset, begun.head, begun.tail):
                return self._positions.pop(file)
        return begun

    def go_on(self, file: int, trail: Trail) -> Iterator[Chunk]:
        """Go on in another file of the log, from where `trail` is, after all whole lines of the one before."""
        yield from self._cut(everything=True)
        self._file, self._trail = file, trail

    def take(self, data: bytes, now_s: int) -> Iterator[Chunk]:
        """Take the next bytes of the file; yield the chunks that are whole. Raises SourceError if it is not text."""
        self.cutter.bytes_decoded += len(data)
        context = self.cutter.context
        self.cutter.context = structs.replace(context, reference_s=max(context.reference_s, now_s))
        if not self._waiting and self._trail and not self._trail.offset and data.startswith(UTF8_MARK):
            self._follow(UTF8_MARK)
            data = data[len(UTF8_MARK) :]
        if self._is_too_long:
            feed = data.find(b"\n")
            self._follow(data if feed < 0 else data[:feed])
            self._left_out_bytes += len(data) if feed < 0 else feed
            if feed < 0:
                return
            self._waiting += b"\n"
            self._left_out_bytes = 0
            yield from self._cut(everything=True)
            self._is_too_long = False
            data = data[feed + 1 :]
        self._waiting += data
        last = len(self._waiting) - self._waiting.rfind(b"\n") - 1
        if last > self._kept_bytes:
            yield from self._cut(everything=True)
            self._follow(self._waiting)
            self._is_too_long, self._trailed = True, self._kept_bytes
            self._left_out_bytes = len(self._waiting) - self._kept_bytes
            del self._waiting[self._kept_bytes :]
        elif len(self._waiting) >= self._options.chunk_bytes:
            yield from self._cut(everything=False)

    def to_learn(self) -> bytes:
        """Return the first lines of the log from which the next `flush` detects its format; b"" if that is known."""
        waiting = b"" if self._is_fixed else bytes(self._waiting[: self._waiting.rfind(b"\n") + 1])
        return self._sample_with(waiting) if waiting else b""

    def flush(self, *, everything: bool, found: Parser | None = None) -> Iterator[Chunk]:
        """Yield the whole lines that wait. everything: also the last record, although more lines of it may come.

        found: what the log certainly is by the lines of `to_learn`, if that is known.
        """
        yield from self._cut(everything=everything, found=found)

    def end(self) -> Iterator[Chunk]:
        """Yield all that waits at the end of a file: a last line without a line feed is a line."""
        is_cut = bool(self._waiting) and not self._waiting.endswith(b"\n")
        self._waiting += b"\n" * is_cut
        self._left_out_bytes = 0
        yield from self._cut(everything=True, added=is_cut)
        self._is_too_long = False

    def forget(self, file: int) -> None:
        """Forget the position of a file that is nowhere any more."""
        self._positions.pop(file, None)

    def _cut(self, *, everything: bool, added: bool = False, found: Parser | None = None) -> Iterator[Chunk]:
        """Yield what waits as chunks, with positions. added: the last line feed is not in the file. found: see `flush`."""
        end = self._waiting.rfind(b"\n") + 1
        if not end:
            return
        content = bytes(self._waiting[:end])
        if not self._is_fixed:
            self._learn(content, found)
        chunks, size = self.cutter.cut(numpy.frombuffer(content, numpy.uint8), everything=everything)
        del self._waiting[:size]
        for chunk in chunks:
            yield self._placed(chunk, added=added and chunk is chunks[-1])

    def _placed(self, chunk: Chunk, *, added: bool) -> Chunk:
        if self._trail is None:
            return chunk
        data = chunk.data[self._trailed : len(chunk.data) - added]
        self._trailed = 0
        self._trail.take(data.data, chunk.lines)
        context = self.cutter.context  # behind all chunks of this cut; only what the log itself lists could differ
        position = structs.replace(
            self._trail.position, directives=context.directives, date_s=context.date_s, in_record=context.in_record
        )
        self._positions.pop(self._file, None)
        self._positions[self._file] = position
        return replace(chunk, positions=tuple(self._positions.values()))

    def _follow(self, data: bytes | bytearray) -> None:
        if self._trail:
            self._trail.take(bytes(data), 0)

    def _learn(self, lines: bytes, found: Parser | None = None) -> None:
        """Detect the format from the first lines. While there are few, more of them may show that it is another one.

        Raises SourceError if they are not text.
        """
        room = SAMPLE_BYTES[0] - len(self._sample)
        self._sample = self._sample_with(lines)
        if not found:
            _, found = detect_format(self._options.choice, lambda *_: (self._sample, True))
        self.cutter.format = found or self.cutter.format
        is_sure = found is not None and found.name not in GENERIC
        self._is_fixed = is_sure or self._sample.count(b"\n") >= SAMPLE_LINES[0] or len(lines) > room

    def _sample_with(self, lines: bytes) -> bytes:
        room = SAMPLE_BYTES[0] - len(self._sample)
        return self._sample + (lines if len(lines) <= room else lines[: lines.rfind(b"\n", 0, room) + 1])
