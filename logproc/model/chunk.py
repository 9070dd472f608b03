"""A chunk: whole lines of one source, on their way from a reader to a worker."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol
from zlib import adler32, crc32

from msgspec import Struct, structs

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers
from logproc.model.columns import Parsed
from logproc.model.position import Position
from logproc.model.source import Verdict


class Probe(Struct, frozen=True):
    """What the first bytes of a regular file show.

    size_bytes: on disk. format: None if none fits. verdict: set if the file will not be read.
    head: the first decoded bytes, none if they may change at every reading; whole: whether these are all.
    packed: whether the file is compressed.
    small: None, or the size and the checksum of the head of a plain file that can be read in one go. The head itself is not
        kept: of a hundred thousand files that would be 200 MB.
    """

    size_bytes: int
    format: Parser | None
    verdict: Verdict | None = None
    head: bytes = b""
    whole: bool = False
    packed: bool = False
    small: tuple[int, int] | None = None

    @property
    def mark(self) -> tuple[int, int]:
        """The size and the checksum of the head."""
        return self.small or mark_of(self.head)

    def may_begin(self, head: bytes) -> bool:
        """Return whether the file may begin with these bytes, which are no more than its head was."""
        if self.small:
            return len(head) < self.small[0] or mark_of(head) == self.small
        return self.head.startswith(head)


def mark_of(head: bytes) -> tuple[int, int]:
    """Return the size and a checksum of 64 bits, the same in every process. hashlib would load OpenSSL first."""
    return len(head), crc32(head) << 32 | adler32(head)


class Context(Struct, frozen=True):
    """What a format must know about the lines before a chunk. It never depends on where the source was cut.

    reference_s: a time no record is later than, in seconds since 1970; gives times without a year their year.
    in_record: whether the first line may continue a record of several lines.
    directives: the field names, if the log itself lists them, as W3C logs do.
    date_s: the last date that the log itself names above times of day, as W3C logs do, in seconds since 1970.
    zone: the time zone of times without an offset.
    open_records: whose records may go on, for a log inside a log (see `formats.envelopes.continuation`).
    fractions: whether times are needed to the nanosecond. Otherwise they may be read as whole seconds.
    firsts: the first lines of the sources of the chunk, from 0, if it holds several: nothing goes on from one to the next.
    """

    reference_s: int = 0
    in_record: bool = False
    directives: tuple[str, ...] = ()
    date_s: int | None = None
    zone: tzinfo = UTC
    open_records: tuple[tuple[tuple[str | None, ...], int], ...] = ()
    fractions: bool = False
    firsts: tuple[int, ...] = ()


AT_START = Context()


class Parser(Protocol):
    """A format, as the rest of the program sees it; see `logproc.formats.engine`. Threads share it."""

    @property
    def name(self) -> str:
        """The name that reports and `--format` use."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that are known before any record is read."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Those of them that do not only say what others say."""

    @property
    def open_fields(self) -> bool:
        """Whether records may have other fields as well."""

    @property
    def multi_line(self) -> bool:
        """Whether records may have several lines."""

    @property
    def whole_records(self) -> bool:
        """Whether chunks must begin with a record, whatever is asked."""

    @property
    def by_line(self) -> bool:
        """Whether nothing goes on from one line to the next but a record of several lines."""

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context after some whole lines, given the context before them."""

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines the records begin, in ascending order."""

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse whole lines: return the wanted columns of their records, and an account of all lines."""


class Parts(Struct, frozen=True):
    """The small sources that one chunk holds as a whole, one behind the other, all in the same format.

    sources: their indexes. changed_s: of each the `reference_s` of its own context.
    starts: where each begins in the data; lines: the number of its first line, from 0. Both end with what is behind the last
    source, so their shape is (n + 1,).
    """

    sources: tuple[int, ...]
    changed_s: tuple[int, ...]
    starts: Integers
    lines: Integers


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some megabytes of whole lines of one source, or of many small ones: the unit of work.

    A message from thread to thread costs the same whether it carries a kilobyte or a megabyte, and so does each call of numpy
    or Arrow. Ten thousand small files would be ten thousand messages with hardly anything in them, so a reader puts many of
    them into one chunk (see `sources.files.lots`), and a worker parses and counts them in one go.

    source: the index of its source.
    index: its number within the source, from 0.
    byte_offset: where it starts in the decoded source.
    first_line: the number of its first line, from 1.
    lines: how many lines it has.
    format: None if no format fits.
    data: the bytes. The last one is always LF, added if the source ended without one.
    parts: None for a chunk of one source. Of a chunk of many, `source` is the first one, and the lines are counted from 1
        through all of them.
    positions: where the files of its log have been read to with it, the one it is of last; none where nobody asks.
    unpacked_bytes: what a worker makes of data that is not text, roughly; 0 for text. A line of it is a record, then.
    """

    source: int
    index: int
    byte_offset: int
    first_line: int
    lines: int
    format: Parser | None
    data: Bytes = field(repr=False)
    context: Context = AT_START
    parts: Parts | None = None
    positions: tuple[Position, ...] = ()
    unpacked_bytes: int = 0

    @property
    def is_text(self) -> bool:
        return not self.unpacked_bytes

    @property
    def sources(self) -> tuple[int, ...]:
        return self.parts.sources if self.parts else (self.source,)

    def place_of(self, line: int) -> tuple[int, int]:
        """Return the source of a line of the chunk, counted from 0, and its number there, from 1."""
        if self.parts is None:
            return self.source, self.first_line + line
        at = int(self.parts.lines.searchsorted(line, side="right")) - 1
        return self.parts.sources[at], line - int(self.parts.lines[at]) + 1

    def each(self) -> Iterator[Chunk]:
        """Yield a chunk for each source, as if it had been read by itself."""
        parts = self.parts
        if parts is None:
            yield self
            return
        starts, lines = parts.starts.tolist(), parts.lines.tolist()
        for at, (source, changed_s) in enumerate(zip(parts.sources, parts.changed_s, strict=True)):
            yield replace(
                self,
                source=source,
                first_line=1,
                lines=lines[at + 1] - lines[at],
                data=self.data[starts[at] : starts[at + 1]],
                context=structs.replace(self.context, reference_s=changed_s, firsts=()),
                parts=None,
            )

    @property
    def last_line(self) -> int:
        return self.first_line + self.lines - 1


class Outcome(Struct, frozen=True):
    """How the reading of one source ended. lines: the number of lines in its chunks."""

    verdict: Verdict
    format: Parser | None = None
    bytes_read: int = 0
    bytes_decoded: int = 0
    lines: int = 0
    notes: tuple[str, ...] = ()
