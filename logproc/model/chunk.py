"""A chunk: whole lines of one source, on their way from a reader to a worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes
from logproc.model.columns import Parsed
from logproc.model.source import Verdict


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at a regular file's first bytes told: its size on disk and the format of its lines.

    `format` is None if no known format fits; `verdict` is set if the file is not to be read at all.
    """

    size_bytes: int
    format: Parser | None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a format has to know of the lines before a chunk. It depends on these alone, never on where the cuts are.

    reference_s: a moment, in seconds since 1970, behind which no record lies: times without a year go by it.
    in_record: whether a record of several lines may go on at the first line.
    directives: the names of the fields, where a line of the log itself says them.
    zone: that of times without an offset.
    """

    reference_s: int = 0
    in_record: bool = False
    directives: tuple[str, ...] = ()
    zone: tzinfo = UTC


class Parser(Protocol):
    """What a format is to the rest of the program, see `logproc.formats.engine`. The same one for all threads."""

    @property
    def name(self) -> str:
        """The name that reports and `--format` use."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that records have, as far as that is known before they are read."""

    @property
    def open_fields(self) -> bool:
        """Whether records may have other fields as well."""

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines, given the one before them."""

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return what whole lines are: the records with the columns that are wanted, and what became of all other lines."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some megabytes of whole lines of one source: the unit of work.

    source: the index of its source.
    index: its number within the source, from 0.
    byte_offset: where it starts in the decoded source.
    first_line: the number of its first line, from 1.
    lines: how many lines it holds.
    format: its format, None if none is known.
    data: the bytes; the last one is always LF (added where the source ended without).
    context: what the format needs from before it.
    """

    source: int
    index: int
    byte_offset: int
    first_line: int
    lines: int
    format: Parser | None
    data: Bytes = field(repr=False)
    context: Context = Context()

    @property
    def last_line(self) -> int:
        """The number of its last line."""
        return self.first_line + self.lines - 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the reading of one source ended. lines: how many were handed out in chunks."""

    verdict: Verdict
    format: Parser | None = None
    bytes_read: int = 0
    bytes_decoded: int = 0
    lines: int = 0
    notes: tuple[str, ...] = ()
