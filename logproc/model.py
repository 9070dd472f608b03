"""The nouns of the program. All frozen: what crosses from one thread to another cannot change under it.

Sizes are bytes, durations seconds, times whole seconds since 1970-01-01T00:00:00Z, unless a name says otherwise.
Nothing here imports numpy or pyarrow, so that `logproc --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    Bytes = numpy.typing.NDArray[numpy.uint8]
    Integers = numpy.typing.NDArray[numpy.int64]
    Mask = numpy.typing.NDArray[numpy.bool_]
    Positions = numpy.typing.NDArray[numpy.int32]

REJECTED_TEXT_BYTES = 512
REJECTED_SAMPLES = 3
NO_TIME = -(2**63)
"""In `Columns.time`: the record has no time. The smallest int64, so that it is never the last and easily told."""


Seen = tuple[int, int, int, int]
"""Of a file its device and number, and its size and time when it was found."""


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
    seen: of a regular file what tells it from another one that takes its name before it is opened.
    """

    index: int
    name: str
    kind: Kind
    location: str | bytes
    verdict: Verdict | None = None
    seen: Seen | None = None


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
    format: Parser | None
    verdict: Verdict | None = None


class ByteStream(Protocol):
    """The decoded bytes of one open source.

    One thread owns it and calls `readinto` and `close`; `cancel` and the counters may be used from any thread.
    """

    size_bytes: int | None
    """What `bytes_read` will be at the end, if that is known."""
    bytes_read: int
    """Bytes that came from the disk or the wire so far, still encoded."""
    modified_s: float | None
    """When the source was last changed, in seconds since 1970, if that is known: the year of logs that write none."""
    notes: list[str]
    """What a user should hear although nothing is missing, such as ignored bytes behind an archive's end."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from its start and return how many bytes, 0 only at the end of the source.

        Blocks until at least one byte is there, the source ends, fails, or `cancel` is called.
        Raises SourceError (with LimitError) if the source fails, and Stopped after `cancel`.
        """

    def ready_within(self, seconds: float) -> bool:
        """Return whether `readinto` has something to return or to raise, as soon as it has, or False after so many seconds.

        A hint: after True it may still block, as where the piece that came is too small to be decoded.
        """

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped soon. Never blocks."""

    def close(self) -> None:
        """Give back what the operating system lent. Never raises."""


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
class KeyColumn:
    """A column of text as a dictionary and, for each record, an index into it.

    keys: text that can be printed (see `formats.columns.printable`), a pyarrow string array without duplicates; null is
        absent. Inside `formats`, until a column is complete, they are the bytes of the log, a binary array.
    index: one integer a record.
    """

    keys: pyarrow.Array
    index: numpy.typing.NDArray[Any]

    def keep(self, mask: Mask) -> KeyColumn:
        """Return the column of the records that the mask names."""
        return KeyColumn(self.keys, self.index[mask])


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, each `whole + nanos / 10**9`: exact, so that sums are, in whatever order they are added.

    nanos: from 0 to 999,999,999; None if all are 0. valid: which records have a number; None if all have.
    """

    whole: Integers
    nanos: Integers | None = None
    valid: Mask | None = None

    def keep(self, mask: Mask) -> Numbers:
        """Return the column of the records that the mask names."""
        return Numbers(*(None if part is None else part[mask] for part in (self.whole, self.nanos, self.valid)))  # type: ignore[arg-type]  # only `whole` is never None, and stays so


@dataclass(frozen=True, slots=True)
class Columns:
    """The records of one chunk, by column.

    records: how many.
    time: seconds since 1970 in UTC, one a record, NO_TIME where it has none.
    keys: the columns of text by their names.
    numbers: the columns of numbers: `bytes` (of the response body, 0 where the log has `-`), `duration` (seconds).
    malformed: which records hold a request that is none; None if the format has no requests.
    """

    records: int
    time: Integers
    keys: Mapping[str, KeyColumn]
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    malformed: Mask | None = None

    def keep(self, mask: Mask) -> Columns:
        """Return the records that the mask names."""
        return Columns(
            records=int(mask.sum()),
            time=self.time[mask],
            keys={name: column.keep(mask) for name, column in self.keys.items()},
            numbers={name: column.keep(mask) for name, column in self.numbers.items()},
            malformed=None if self.malformed is None else self.malformed[mask],
        )


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

    def bounds_of(self, reason: str) -> Integers:
        """Return start and end of the lines that were rejected for one reason."""
        if reason not in self.rejected_reasons:
            return self.rejected_bounds[:0]
        return self.rejected_bounds[[found == reason for found in self.rejected_reasons]]


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a panel: its text by column, how many records have it, and the bytes of their responses (None: no log says).

    metrics: what else was asked for, in the panel's order; None where no record has it. error: how many records of the key
    may not be counted, where keys were given up (see `--max-keys`).
    """

    key: tuple[str, ...]
    count: int
    bytes: int | None
    metrics: tuple[float | int | None, ...] = ()
    error: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """One table of a report.

    name: also its key in the JSON report; by: the columns its keys are made of.
    distinct: how many keys there are; rows: all of them, or the first `--top`, in order.
    metrics: the names of the numbers that each row has besides count and bytes.
    other: the counts and bytes of the keys that were given up, None if none were: if some were, counts are approximate.
    estimated: the metrics of which a number is an estimate, with its standard error.
    sorted_by: the metric that the rows are in the order of, `key`, or None for the usual order.
    """

    name: str
    by: tuple[str, ...]
    distinct: int
    rows: tuple[Row, ...]
    metrics: tuple[str, ...] = ()
    other: tuple[int, int] | None = None
    estimated: Mapping[str, float] = field(default_factory=dict)
    sorted_by: str | None = None

    @property
    def approximate(self) -> bool:
        """Whether keys were given up, so that a count may be too small by its row's error."""
        return self.other is not None

    def table(self) -> pyarrow.Table:
        """Return the rows as an Arrow table: a string column for each of `by`, `count`, `bytes`, and one for each metric.

        `bytes` is int64, or decimal128 if a sum does not fit.
        """
        import pyarrow

        columns: dict[str, Any] = {name: [row.key[i] for row in self.rows] for i, name in enumerate(self.by)}
        columns = {name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()}
        columns["count"] = pyarrow.array([row.count for row in self.rows], pyarrow.int64())
        sums = [row.bytes for row in self.rows]
        wide = any(total is not None and total >= 2**63 for total in sums)
        columns["bytes"] = pyarrow.array(sums, pyarrow.decimal128(38) if wide else pyarrow.int64())
        for at, name in enumerate(self.metrics):
            if name not in columns:
                columns[name] = pyarrow.array([row.metrics[at] for row in self.rows])
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
