"""What a run found, frozen: panels of rows, the state of each source, the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

from logproc.model.columns import Account, Rejected
from logproc.model.source import State


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
