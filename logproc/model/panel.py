"""A panel of a report: rows of keys with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    import pyarrow


class Row(Struct, frozen=True):
    """One row of a panel.

    key: the text of each column in `Panel.by`. count: the number of records. bytes: the sum of their response sizes, None if
    no log has sizes. metrics: in the order of `Panel.metrics`; None if no record has a value, a Decimal where a float would
    round a sum; a time is a text of RFC 3339. error: how many records may be missing from `count`, if keys were
    dropped (see `--max-keys`).
    """

    key: tuple[str, ...]
    count: int
    bytes: int | None
    metrics: tuple[float | int | Decimal | str | None, ...] = ()
    error: int = 0


class Panel(Struct, frozen=True):
    """One table of a report.

    name: also its key in the JSON report. by: the columns that form the keys.
    distinct: the number of keys. rows: all of them, or the first `--top`.
    metrics: the names of the numbers that each row has besides count and bytes.
    other: count and bytes of the keys that were dropped, None if none were.
    estimated: the metrics that are estimates, with their standard error.
    sorted_by: the metric by which the rows are sorted, `key`, or None for the usual order.
    kinds: the metrics of which it is known, with what they measure: "duration" in seconds, or "size" in bytes.
    whole: whether all rows are there whatever `--top` says.
    """

    name: str
    by: tuple[str, ...]
    distinct: int
    rows: tuple[Row, ...]
    metrics: tuple[str, ...] = ()
    other: tuple[int, int] | None = None
    estimated: Mapping[str, float] = field(default_factory=dict)
    sorted_by: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False

    @property
    def approximate(self) -> bool:
        """Whether keys were dropped, so that a count may be too small by its row's `error`."""
        return self.other is not None

    def table(self) -> pyarrow.Table:
        """Return the rows as an Arrow table: a string column for each of `by`, then `count`, `bytes`, and the metrics.

        `bytes` is int64, or decimal128 if a sum does not fit. A metric is int64 or double if all its values are exact in one,
        else a decimal, or text if it has more than 76 digits.
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
                columns[name] = metric_column([row.metrics[at] for row in self.rows])
        return pyarrow.table(columns)


def metric_column(values: Sequence[float | int | Decimal | str | None]) -> Any:
    """Return a metric as an Arrow array that rounds nothing."""
    import pyarrow

    if any(isinstance(value, str) for value in values):
        return pyarrow.array(values, pyarrow.string())
    floats = any(isinstance(value, float) for value in values)
    most = 2**53 if floats else 2**63 - 1  # what Arrow would make of them holds
    if not any(isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > most) for value in values):
        return pyarrow.array(values)
    exact = [None if value is None else Decimal(repr(value) if isinstance(value, float) else value) for value in values]
    try:
        return pyarrow.array(exact)
    except pyarrow.ArrowInvalid:
        return pyarrow.array([None if value is None else f"{value:f}" for value in exact], pyarrow.string())
