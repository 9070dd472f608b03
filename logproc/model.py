"""The nouns of the program. All frozen: what crosses from one thread to another cannot change under it.

Sizes are bytes, durations seconds, times whole seconds since 1970-01-01T00:00:00Z, unless a name says otherwise.
Nothing here imports numpy or pyarrow, so that `logproc --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    Bytes = numpy.typing.NDArray[numpy.uint8]
    Integers = numpy.typing.NDArray[numpy.int64]
    Positions = numpy.typing.NDArray[numpy.int32]

REJECTED_TEXT_BYTES = 512
REJECTED_SAMPLES = 3


class Kind(Enum):
    """What a source is, and so who reads it: regular files share the file readers, each stream has its own."""

    FILE = "file"
    STDIN = "stdin"
    FIFO = "fifo"
    URL = "url"


class State(Enum):
    """How a source ended. Every source of a report has exactly one of these."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read.

    index: its place in the report: as typed, expansions in byte order of the path.
    name: what a person sees: escaped, and without credentials.
    location: what is opened: a path, `-`, or the URL as it was given, credentials included.
    verdict: set if it is not to be opened at all (missing, given twice, …).
    """

    index: int
    name: str
    kind: Kind
    location: str | bytes
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state with its reason (what happened, and where) and a hint at what to do next."""

    state: State
    reason: str | None = None
    hint: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at a regular file's first bytes told: its size on disk and the format of its lines.

    `format` is None if no known format fits; `verdict` is set if the file is not to be read at all.
    """

    size_bytes: int
    format: str | None
    verdict: Verdict | None = None


class ByteStream(Protocol):
    """The decoded bytes of one open source.

    One thread owns it and calls `readinto` and `close`; `cancel` and the counters may be used from any thread.
    """

    size_bytes: int | None
    """What `bytes_read` will be at the end, if that is known."""
    bytes_read: int
    """Bytes that came from the disk or the wire so far, still encoded."""
    notes: list[str]
    """What a user should hear although nothing is missing, such as ignored bytes behind an archive's end."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from its start and return how many bytes, 0 only at the end of the source.

        Blocks until at least one byte is there, the source ends, fails, or `cancel` is called.
        Raises SourceError (with LimitError) if the source fails, and Stopped after `cancel`.
        """

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped soon. Never blocks."""

    def close(self) -> None:
        """Give back what the operating system lent. Never raises."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some megabytes of whole lines of one source: the unit of work.

    source: the index of its source.
    index: its number within the source, from 0.
    byte_offset: where it starts in the decoded source.
    first_line: the number of its first line, from 1.
    lines: how many lines it holds.
    format: the name of its format, None if none is known.
    data: the bytes; the last one is always LF (added where the source ended without).
    """

    source: int
    index: int
    byte_offset: int
    first_line: int
    lines: int
    format: str | None
    data: Bytes = field(repr=False)

    @property
    def last_line(self) -> int:
        """The number of its last line."""
        return self.first_line + self.lines - 1


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of text as a dictionary and, for each record, an index into it.

    keys: shown text (escaped, see `formats.shown`), a pyarrow string array without duplicates; a null is "absent".
    index: one integer a record.
    """

    keys: pyarrow.Array
    index: numpy.typing.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """The records of one chunk, by column.

    records: how many.
    time: seconds since 1970 in UTC, one a record.
    bytes: size of the response body, one a record, 0 where the log has `-`.
    keys: the columns of text by their standard names.
    malformed_requests: how many records hold a request that is none.
    """

    records: int
    time: Integers
    bytes: Integers
    keys: Mapping[str, KeyColumn]
    malformed_requests: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that is no record: its number, why, and its first bytes as shown text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Account:
    """Where every line went. `closes` is the law of the program, checked at the end of every run."""

    lines: int = 0
    records: int = 0
    rejected: int = 0
    blank: int = 0
    filtered: int = 0
    continuation: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            self.lines + other.lines,
            self.records + other.records,
            self.rejected + other.rejected,
            self.blank + other.blank,
            self.filtered + other.filtered,
            self.continuation + other.continuation,
        )

    @property
    def closes(self) -> bool:
        """Whether every line is accounted for."""
        return self.lines == self.records + self.rejected + self.blank + self.filtered + self.continuation


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a format makes of a chunk: the records as columns, and what became of all other lines.

    rejected_lines: the lines' positions in the chunk, from 0, in order; rejected_reasons: the reason of each;
    rejected_bounds: start and end of each in the chunk's data, shape (n, 2).
    """

    columns: Columns | None
    account: Account
    rejected_lines: Integers
    rejected_reasons: tuple[str, ...]
    rejected_bounds: Integers


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a panel: its text by column, how many records have it, and the bytes of their responses."""

    key: tuple[str, ...]
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One table of a report.

    name: also its key in the JSON report; by: the columns its keys are made of.
    distinct: how many keys there are; rows: all of them, or the first `--top`, in order.
    """

    name: str
    by: tuple[str, ...]
    distinct: int
    rows: tuple[Row, ...]

    def table(self) -> pyarrow.Table:
        """Return the rows as an Arrow table: a string column for each of `by`, `count`, `bytes`.

        `bytes` is int64, or decimal128 if a sum does not fit.
        """
        import pyarrow

        columns: dict[str, Any] = {name: [row.key[i] for row in self.rows] for i, name in enumerate(self.by)}
        columns = {name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()}
        columns["count"] = pyarrow.array([row.count for row in self.rows], pyarrow.int64())
        sums = [row.bytes for row in self.rows]
        wide = any(total >= 2**63 for total in sums)
        columns["bytes"] = pyarrow.array(sums, pyarrow.decimal128(38) if wide else pyarrow.int64())
        return pyarrow.table(columns)


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What became of one source. `hint` and `notes` are for people, `exit_code` is what it asks of the program."""

    source: str
    state: State
    reason: str | None
    hint: str
    format: str | None
    bytes_read: int
    bytes_decoded: int
    account: Account
    rejected_by_reason: Mapping[str, int]
    rejected_sample: tuple[Rejected, ...]
    notes: tuple[str, ...] = ()
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Everything that may differ between two runs over the same input."""

    elapsed_s: float
    readers: int
    workers: int
    version: str
    python: str
    gil: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at one moment, at the end of a run or when it was interrupted: all that a report shows.

    first, last: smallest and largest time of a record, None without records.
    """

    complete: bool
    account: Account
    bytes: int
    malformed_requests: int
    first: int | None
    last: int | None
    sources: tuple[SourceResult, ...]
    panels: Mapping[str, Panel]
    run: RunInfo
