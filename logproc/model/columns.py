"""What parsing a chunk gives: columns of its records, and an account of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    from logproc.model.arrays import Integers, Mask


REJECTED_TEXT_BYTES = 512
REJECTED_SAMPLES = 3
NO_TIME = -(2**63)
"""In `Columns.time`: the record has no time. The smallest int64, so that it is never the last and easily told."""


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
