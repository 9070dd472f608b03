"""What is counted, and how counts are merged. No lock here: a Tally has one owner at a time.

Merging is associative and commutative: counts and sums are exact integers that are added, times are compared,
of the rejected lines the smallest positions are kept. So the order in which threads finish cannot matter, and a
test holds it as a law.

A sum of bytes is kept as two columns of int64, the lower 32 bits of each summand and the rest: floats, which
`bincount` adds in, stay below 2^53 and so exact, and no sum of any real log overflows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.formats.shown import shown
from logproc.formats.slices import arrow, mask
from logproc.formats.times import HOUR_S, iso
from logproc.model import REJECTED_SAMPLES, REJECTED_TEXT_BYTES, Account, Panel, Rejected, Row

if TYPE_CHECKING:
    from logproc.model import Chunk, Columns, Integers, KeyColumn, Parsed

LOW_BITS = 32
LOW_MASK = (1 << LOW_BITS) - 1


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """What a panel counts by. `whole`: all its rows are shown; `optional`: it is left out where no record has the column."""

    name: str
    whole: bool = False
    optional: bool = False


PANELS = (
    PanelSpec("hour", whole=True),
    PanelSpec("status", whole=True),
    PanelSpec("method", whole=True),
    PanelSpec("protocol", whole=True),
    PanelSpec("path"),
    PanelSpec("client"),
    PanelSpec("forwarded_for", optional=True),
    PanelSpec("user"),
    PanelSpec("host", optional=True),
    PanelSpec("referrer"),
    PanelSpec("user_agent"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """For each key how many records have it, and the bytes of their responses: `low + (high << 32)`.

    keys: a pyarrow array without duplicates and nulls (of text; of hours since 1970 for the hour).
    """

    keys: pyarrow.Array
    count: Integers
    low: Integers
    high: Integers

    def __len__(self) -> int:
        return len(self.keys)

    def row_bytes(self, row: int) -> int:
        """Return the sum of one key."""
        return int(self.low[row]) + (int(self.high[row]) << LOW_BITS)


@dataclass(frozen=True, slots=True)
class SourceTally:
    """Where the lines of one source went, why some were rejected, and the first of those."""

    account: Account = field(default_factory=Account)
    reasons: Mapping[str, int] = field(default_factory=dict)
    sample: tuple[Rejected, ...] = ()

    def __add__(self, other: SourceTally) -> SourceTally:
        sample = sorted((*self.sample, *other.sample), key=lambda rejected: rejected.line)[:REJECTED_SAMPLES]
        return SourceTally(self.account + other.account, Counter(self.reasons) + Counter(other.reasons), tuple(sample))


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that is counted, of one chunk or of many. Treated as a value: merging makes a new one."""

    panels: Mapping[str, Counts] = field(default_factory=dict)
    sources: Mapping[int, SourceTally] = field(default_factory=dict)
    bytes: int = 0
    malformed_requests: int = 0
    first: int | None = None
    last: int | None = None

    @property
    def keys(self) -> int:
        """How many keys it holds, which is what it weighs and what merging it costs."""
        return sum(map(len, self.panels.values()))

    @property
    def account(self) -> Account:
        """Where the lines of all sources went."""
        return sum((source.account for source in self.sources.values()), Account())


def count(chunk: Chunk, parsed: Parsed) -> Tally:
    """Count one parsed chunk."""
    at = parsed.rejected_lines[:REJECTED_SAMPLES]
    sample = tuple(rejected(chunk, parsed, position) for position in range(len(at)))
    sources = {chunk.source: SourceTally(parsed.account, Counter(parsed.rejected_reasons), sample)}
    columns = parsed.columns
    if columns is None or not columns.records:
        return Tally(sources=sources)
    return Tally(
        panels=count_panels(columns),
        sources=sources,
        bytes=exact_sum(columns.bytes),
        malformed_requests=columns.malformed_requests,
        first=int(columns.time.min()),
        last=int(columns.time.max()),
    )


def rejected(chunk: Chunk, parsed: Parsed, position: int) -> Rejected:
    """Return a rejected line by its position among the rejected ones of a chunk."""
    start, end = parsed.rejected_bounds[position]
    text = chunk.data[start : min(end, start + REJECTED_TEXT_BYTES)].tobytes()
    return Rejected(chunk.first_line + int(parsed.rejected_lines[position]), parsed.rejected_reasons[position], shown(text))


def count_panels(columns: Columns) -> dict[str, Counts]:
    """Count the records by each panel's column."""
    low, high = columns.bytes & LOW_MASK, columns.bytes >> LOW_BITS
    weights = low.astype(numpy.float64), high.astype(numpy.float64) if high.any() else None
    panels = {"hour": count_hours(columns.time, weights)}
    for spec in PANELS:
        column = columns.keys.get(spec.name)
        if column is not None:
            panels[spec.name] = count_column(column, weights)
    return panels


def count_hours(time: Integers, weights: tuple[Any, Any]) -> Counts:
    """Count by hour. Hours are numbers, so they need no dictionary unless they are far apart."""
    hours = time // HOUR_S
    first, last = int(hours.min()), int(hours.max())
    if last - first <= 2 * len(hours):
        keys, index = numpy.arange(first, last + 1), hours - first
    else:
        keys, index = numpy.unique(hours, return_inverse=True)
    return counts(arrow(keys, pyarrow.int64()), index, weights)


def count_column(column: KeyColumn, weights: tuple[Any, Any]) -> Counts:
    """Count by a column of text."""
    return counts(column.keys, column.index, weights)


def counts(keys: pyarrow.Array, index: Any, weights: tuple[Any, Any]) -> Counts:
    """Count the records of each key, without the keys that no record has, and without the null key (absent)."""
    size, index = len(keys), index.astype(numpy.intp)  # once, not at each of the calls
    count = numpy.bincount(index, minlength=size)
    low = numpy.bincount(index, weights[0], size).astype(numpy.int64)
    high = numpy.zeros(size, numpy.int64) if weights[1] is None else numpy.bincount(index, weights[1], size).astype(numpy.int64)
    used = count > 0
    if keys.null_count:
        used &= keys.is_valid().to_numpy(zero_copy_only=False)
    if used.all():
        return Counts(keys, count, low, high)
    return Counts(keys.filter(mask(used)), count[used], low[used], high[used])


def exact_sum(numbers: Integers) -> int:
    """Return the sum as an exact integer, however large: each half's sum fits into int64."""
    return int((numbers & LOW_MASK).sum()) + (int((numbers >> LOW_BITS).sum()) << LOW_BITS)


def merge(tallies: Sequence[Tally]) -> Tally:
    """Return the sum of tallies. Associative and commutative but for the order of keys, which no report shows."""
    names = dict.fromkeys(name for tally in tallies for name in tally.panels)
    sources: dict[int, SourceTally] = {}
    for tally in tallies:
        for index, source in tally.sources.items():
            sources[index] = sources[index] + source if index in sources else source
    return Tally(
        panels={name: merge_counts([tally.panels[name] for tally in tallies if name in tally.panels]) for name in names},
        sources=sources,
        bytes=sum(tally.bytes for tally in tallies),
        malformed_requests=sum(tally.malformed_requests for tally in tallies),
        first=min(known(tally.first for tally in tallies), default=None),
        last=max(known(tally.last for tally in tallies), default=None),
    )


def known(values: Iterable[int | None]) -> list[int]:
    """Return the values that are not None."""
    return [value for value in values if value is not None]


def merge_counts(parts: Sequence[Counts]) -> Counts:
    """Return the sums by key. One dictionary over the keys of all parts says which of them are the same."""
    parts = [part for part in parts if len(part)] or list(parts[:1])
    if len(parts) == 1:
        return parts[0]
    encoded = pyarrow.chunked_array([part.keys for part in parts]).dictionary_encode()
    keys = encoded.chunk(0).dictionary
    index = numpy.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks])
    count, low, high = (added(index, len(keys), [getattr(part, name) for part in parts]) for name in ("count", "low", "high"))
    return Counts(keys, count, low & LOW_MASK, high + (low >> LOW_BITS))


def added(index: Any, size: int, parts: Sequence[Integers]) -> Integers:
    """Return for each key the sum of its numbers in all parts. Integers are added, so no digit is lost."""
    sums = numpy.zeros(size, numpy.int64)
    numpy.add.at(sums, index, numpy.concatenate(parts))
    return sums


def panels(tally: Tally, top: int) -> dict[str, Panel]:
    """Return the panels of a report, with `top` rows where not all are shown (0: all)."""
    empty = Counts(pyarrow.array([], pyarrow.string()), *[numpy.empty(0, numpy.int64)] * 3)
    return {
        spec.name: panel(spec, tally.panels.get(spec.name, empty), top)
        for spec in PANELS
        if spec.name in tally.panels or not spec.optional
    }


def panel(spec: PanelSpec, counts: Counts, top: int) -> Panel:
    """Return one panel: hours by time, all others by count and then by the UTF-8 bytes of the key."""
    limit = len(counts) if spec.whole or not top else min(top, len(counts))
    if spec.name == "hour":
        order = numpy.argsort(counts.keys.to_numpy(zero_copy_only=False), kind="stable").tolist()
        return Panel(
            spec.name, (spec.name,), len(counts), tuple(row(counts, at, iso(counts.keys[at].as_py() * HOUR_S)) for at in order)
        )
    candidates = numpy.arange(len(counts))
    if 0 < limit < len(counts):
        candidates = numpy.flatnonzero(counts.count >= numpy.partition(counts.count, -limit)[-limit])
    rows = [
        row(counts, at, key)
        for at, key in zip(candidates.tolist(), counts.keys.take(arrow(candidates, pyarrow.int64())).to_pylist(), strict=True)
    ]
    rows.sort(key=lambda found: (-found.count, found.key[0].encode()))
    return Panel(spec.name, (spec.name,), len(counts), tuple(rows[:limit]))


def row(counts: Counts, at: int, key: str) -> Row:
    """Return one row of a panel."""
    return Row((key,), int(counts.count[at]), counts.row_bytes(at))
