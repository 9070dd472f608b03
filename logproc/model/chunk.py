"""A chunk: whole lines of one source, on their way from a reader to a worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers
from logproc.model.columns import Parsed
from logproc.model.source import Verdict


class Probe(Struct, frozen=True):
    """What the first bytes of a regular file show.

    size_bytes: on disk. format: None if none fits. verdict: set if the file will not be read.
    head: the first decoded bytes, none if they may change at every reading; whole: whether these are all.
    packed: whether the file is compressed.
    """

    size_bytes: int
    format: Parser | None
    verdict: Verdict | None = None
    head: bytes = b""
    whole: bool = False
    packed: bool = False


class Context(Struct, frozen=True):
    """What a format must know about the lines before a chunk. It never depends on where the source was cut.

    reference_s: a time no record is later than, in seconds since 1970; gives times without a year their year.
    in_record: whether the first line may continue a record of several lines.
    directives: the field names, if the log itself lists them, as W3C logs do.
    date_s: the last date that the log itself names above times of day, as W3C logs do, in seconds since 1970.
    zone: the time zone of times without an offset.
    open_records: whose records may go on, for a log inside a log (see `formats.envelopes.continuation`).
    fractions: whether times are needed to the nanosecond. Otherwise they may be read as whole seconds.
    """

    reference_s: int = 0
    in_record: bool = False
    directives: tuple[str, ...] = ()
    date_s: int | None = None
    zone: tzinfo = UTC
    open_records: tuple[tuple[tuple[str | None, ...], int], ...] = ()
    fractions: bool = False


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
    def open_fields(self) -> bool:
        """Whether records may have other fields as well."""

    @property
    def multi_line(self) -> bool:
        """Whether records may have several lines."""

    @property
    def whole_records(self) -> bool:
        """Whether chunks must begin with a record, whatever is asked."""

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context after some whole lines, given the context before them."""

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines the records begin, in ascending order."""

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse whole lines: return the wanted columns of their records, and an account of all lines."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some megabytes of whole lines of one source: the unit of work.

    source: the index of its source.
    index: its number within the source, from 0.
    byte_offset: where it starts in the decoded source.
    first_line: the number of its first line, from 1.
    lines: how many lines it has.
    format: None if no format fits.
    data: the bytes. The last one is always LF, added if the source ended without one.
    """

    source: int
    index: int
    byte_offset: int
    first_line: int
    lines: int
    format: Parser | None
    data: Bytes = field(repr=False)
    context: Context = AT_START

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
