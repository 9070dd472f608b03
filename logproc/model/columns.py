"""The result of parsing a chunk: its records as columns, and an account of every line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    from logproc.model.arrays import Integers, Mask


REJECTED_TEXT_BYTES = 512
REJECTED_SAMPLES = 3
NO_TIME = -(2**63)
"""In `Columns.time`: the record has no time. The smallest int64, so that no maximum is affected."""


class KeyColumn(Struct, frozen=True):
    """A column of text, dictionary-encoded.

    keys: a pyarrow string array of printable text (see `formats.columns.printable`) without duplicates; null means absent.
        Inside `formats`, until a column is complete, a binary array with the bytes of the log.
    index: positions in `keys`, shape (records,).
    """

    keys: pyarrow.Array
    index: numpy.typing.NDArray[Any]

    def take(self, records: Integers) -> KeyColumn:
        return KeyColumn(self.keys, self.index[records])

    def keep(self, mask: Mask) -> KeyColumn:
        return self.take(mask.nonzero()[0])


class Large(Struct, frozen=True):
    """The numbers of a column that do not fit int64: rare, so they are Python's integers.

    at: which records have them, ascending. nanos: the numbers in billionths, an array of objects of the same shape.
    """

    at: Integers
    nanos: numpy.typing.NDArray[Any]

    def take(self, records: Integers) -> Large | None:
        import numpy  # not above: a short command, such as --version, does without it

        has = numpy.isin(records, self.at)
        return Large(numpy.flatnonzero(has), self.nanos[numpy.searchsorted(self.at, records[has])]) if has.any() else None


class Numbers(Struct, frozen=True):
    """A column of numbers, each `whole + nanos / 10**9`. Exact, so sums do not depend on the order of addition.

    All arrays have the shape (records,). nanos: 0 to 999,999,999; None if all are 0. valid: which records have a number
    here; None if all do. large: the numbers that do not fit; their records are not valid.
    unread: which records have a value that is not this number, or not all of it, by reason; see `quantities`.
    """

    whole: Integers
    nanos: Integers | None = None
    valid: Mask | None = None
    large: Large | None = None
    unread: Mapping[str, Mask] = field(default_factory=dict)

    def take(self, records: Integers) -> Numbers:
        return Numbers(
            self.whole[records],
            None if self.nanos is None else self.nanos[records],
            None if self.valid is None else self.valid[records],
            None if self.large is None else self.large.take(records),
            {reason: mask[records] for reason, mask in self.unread.items()},
        )

    def keep(self, mask: Mask) -> Numbers:
        return self.take(mask.nonzero()[0])


class Columns(Struct, frozen=True):
    """The records of one chunk, by column.

    records: their number.
    time: seconds since 1970 in UTC, shape (records,); NO_TIME if a record has none.
    nanos: the billionths behind these seconds, 0 to 999,999,999, shape (records,); None if all are 0, or not needed.
    keys: columns of text by name.
    numbers: columns of numbers by name, such as `bytes` (of the response body, 0 if the log has `-`) and `duration` (seconds).
    malformed: which records have a malformed request, shape (records,); None if the format has no requests.
    unread_time: which records have a time that cannot be read, shape (records,); None if none has.
    further: how many further lines each record has, shape (records,); None if none has any.
    searched: what filters search instead of a column, by its name: the text of whole records, in which line feeds and
        TABs stay. Its keys may come twice.
    """

    records: int
    time: Integers
    keys: Mapping[str, KeyColumn]
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    malformed: Mask | None = None
    nanos: Integers | None = None
    unread_time: Mask | None = None
    further: Integers | None = None
    searched: Mapping[str, KeyColumn] = field(default_factory=dict)

    @property
    def moments(self) -> Numbers:
        """Return the times with their fractions; a record without a time has no number."""
        return Numbers(self.time, self.nanos, self.time != NO_TIME)

    def take(self, records: Integers) -> Columns:
        """Return some of the records, in the order in which their numbers are given."""
        return Columns(
            records=len(records),
            time=self.time[records],
            keys={name: column.take(records) for name, column in self.keys.items()},
            numbers={name: column.take(records) for name, column in self.numbers.items()},
            malformed=None if self.malformed is None else self.malformed[records],
            nanos=None if self.nanos is None else self.nanos[records],
            unread_time=None if self.unread_time is None else self.unread_time[records],
            further=None if self.further is None else self.further[records],
            searched={name: column.take(records) for name, column in self.searched.items()},
        )

    def keep(self, mask: Mask) -> Columns:
        """Return only the records where `mask` is true."""
        return self.take(mask.nonzero()[0])


class Rejected(Struct, frozen=True):
    """One line that could not be parsed: its number, the reason, and its beginning as printable text."""

    line: int
    reason: str
    text: str


class Account(Struct, frozen=True):
    """An account of all lines: each is counted in exactly one of the other fields. Checked at the end of every run."""

    lines: int = 0
    records: int = 0
    rejected: int = 0
    blank: int = 0
    filtered: int = 0
    continuation: int = 0

    def __add__(self, other: Account) -> Account:
        return Account.sum_of((self, other))

    @classmethod
    def sum_of(cls, accounts: Iterable[Account]) -> Account:
        return cls(*map(sum, zip((0,) * len(NUMBERS), *map(NUMBERS_OF, accounts), strict=True)))

    @property
    def closes(self) -> bool:
        """Whether every line is accounted for."""
        return self.lines == self.records + self.rejected + self.blank + self.filtered + self.continuation


NUMBERS = Account.__struct_fields__
NUMBERS_OF = attrgetter(*NUMBERS)
"""Returns the numbers of an account. Unlike `astuple` it does not copy: a run may add up the accounts of 100,000 sources."""


class Parsed(Struct, frozen=True):
    """A parsed chunk: its records as columns, and an account of all lines.

    rejected_lines: which lines were rejected, from 0, ascending, shape (n,). rejected_reasons: the reason of each.
    rejected_bounds: start and end of each in the chunk's data, shape (n, 2).
    zoneless: whether any record has a time without a zone; zoneless_lines: the lines of those. undated: the times without a
    year in the order of the log, as they were taken; None for none. order: which order of day and month was assumed, "" if
    none was.
    record_lines: the (first) line of each record, in the order of the columns; None without columns. blank: which lines are
    blank. With `rejected_lines` they account for the lines of each source of a chunk that holds several.
    further_lines: each line that continues a record, and the number of that record, shape (n, 2); None if none does.
    sources: the name of the log that each record is from, if the source itself holds records of logs; else None.
    """

    columns: Columns | None
    account: Account
    rejected_lines: Integers
    rejected_reasons: tuple[str, ...]
    rejected_bounds: Integers
    zoneless: bool = False
    undated: Integers | None = None
    order: str = ""
    zoneless_lines: Integers | None = None
    record_lines: Integers | None = None
    blank: Mask | None = None
    further_lines: Integers | None = None
    sources: KeyColumn | None = None

    def bounds_of(self, reason: str) -> Integers:
        """Return start and end of the lines rejected for one reason, shape (n, 2)."""
        if reason not in self.rejected_reasons:
            return self.rejected_bounds[:0]
        return self.rejected_bounds[[found == reason for found in self.rejected_reasons]]
