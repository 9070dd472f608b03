"""Quantiles of durations on both sides, and whether they differ by more than chance and more than the sketch's error.

Whether a quantile differs is the question whether a share does: that of the durations above the quantile of both sides together
(a quantile test; Conover, "Practical Nonparametric Statistics", 1999, section 3.2, with the variance of `difference.py`). The
quantiles themselves come from buckets, with a relative error of 1 % each, so a change of less than 2 % is never a finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy
from msgspec.structs import replace

from logproc.counting.measures.buckets import ACCURACY, GAMMA, middle
from logproc.counting.overview.counts import FRACTIONS
from logproc.counting.rows import encoded
from logproc.model.comparison import Change
from logproc.reports.comparing.chance import two_sided_t
from logproc.reports.comparing.difference import LEAST_BLOCKS, Sample, differences

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.reports.comparing.difference import Floats
    from logproc.reports.comparing.side import Latencies, Side

UNSEEN = 2 * ACCURACY
"""The smallest relative change that two sketches can show."""
BEYOND = 10
"""So many durations at least must be above a quantile, and below, on each side."""
OF_KEYS = ("p50", "p95")
ROUNDING = 1e-9
MOST_KEYS = 2000
"""Keys whose quantiles are compared: those with most durations."""
Quantile = tuple[float, tuple[float, float] | None]
"""A quantile, and what is known of its logarithm: variance and degrees of freedom."""


def latency_changes(before: Side, after: Side) -> Iterator[Change]:
    """Yield how the quantiles of all durations differ, and those of each path."""
    for name in ("", "path"):
        old, new = before.latencies.get(name), after.latencies.get(name)
        if old is not None and new is not None:
            yield from changes_of(name, old, new)
    if not (before.latencies and after.latencies):
        yield from changes_of_summaries(before, after)


def changes_of(field: str, before: Latencies, after: Latencies) -> Iterator[Change]:
    keys, codes = encoded([before.keys, after.keys])
    codes = codes.astype(numpy.int64)
    rows = codes[: len(before.keys)][before.row], codes[len(before.keys) :][after.row]
    sums = [
        numpy.bincount(row, weights=side.number, minlength=len(keys)) for row, side in zip(rows, (before, after), strict=True)
    ]
    fewest = numpy.minimum(*sums)
    chosen = numpy.argsort(-fewest, kind="stable")[:MOST_KEYS]
    chosen = chosen[fewest[chosen] >= 2 * BEYOND]
    names = keys.to_pylist()
    of_key = [by_key(row, side, len(keys)) for row, side in zip(rows, (before, after), strict=True)]
    for at in chosen.tolist():
        parts = [entries[bounds[at] : bounds[at + 1]] for entries, bounds in of_key]
        counts = int(sums[0][at]), int(sums[1][at])
        for name in FRACTIONS if not field else OF_KEYS:
            if min(counts) * float(1 - FRACTIONS[name]) >= BEYOND:
                yield change_of(name, field, names[at], (before, after), parts, counts)


def by_key(row: Integers, side: Latencies, size: int) -> tuple[Integers, Integers]:
    """Return the entries sorted by key and then by bucket, as rows of block, bucket and number; and where each key begins."""
    order = numpy.lexsort((side.bucket, row))
    entries = numpy.stack([side.block[order], side.bucket[order], side.number[order]], axis=1)
    return entries, numpy.searchsorted(row[order], numpy.arange(size + 1))


def change_of(
    name: str,
    field: str,
    key: str,
    sides: tuple[Latencies, Latencies],
    parts: list[Integers],
    counts: tuple[int, int],
) -> Change:
    old, new = (middle(quantile_of(part[:, 1], part[:, 2], FRACTIONS[name])) for part in parts)
    bucket = numpy.concatenate([part[:, 1] for part in parts])
    weights = numpy.concatenate([part[:, 2] / count for part, count in zip(parts, counts, strict=True)])
    order = numpy.argsort(bucket, kind="stable")
    cumulated = numpy.cumsum(weights[order])
    place = int(numpy.searchsorted(cumulated, 2 * float(FRACTIONS[name]) - ROUNDING))
    bound = bucket[order[min(place, len(order) - 1)]]
    bound = nearer(bound, bucket, weights, float(FRACTIONS[name]))
    samples = []
    for side, part in zip(sides, parts, strict=True):
        numbers = part[:, 2].astype(numpy.float64)
        of, above = (numpy.bincount(part[:, 0], weights, side.blocks) for weights in (numbers, numbers * (part[:, 1] > bound)))
        samples.append(Sample(above[None, :].astype(numpy.float64), of[None, :].astype(numpy.float64), side.block_s))
    found = differences(*samples)
    chance = float(found.chance[0])
    if math.isnan(chance):  # all durations are in one bucket
        return decided(name, field, key, old, new, counts, 1.0)
    change = decided(name, field, key, old, new, counts, chance)
    share = float(FRACTIONS[name])
    ends = numpy.interp([share, min(share + float(found.error[0]), 1)], cumulated / 2, bucket[order].astype(float))
    error = GAMMA ** float(ends[1] - ends[0]) - 1
    return replace(change, error=error, degrees_of_freedom=float(found.degrees_of_freedom[0]))


def nearer(bound: int, bucket: Integers, weights: Floats, quantile: float) -> int:
    """Return the bucket of a quantile, or the one before it, whichever divides the durations more nearly as the quantile does.

    Where many durations are equal, as those of time-outs are, hardly any may be above a high quantile.
    """
    before = bucket[bucket < bound]
    if not len(before):
        return bound
    up_to, below = (float(weights[which].sum()) / 2 for which in (bucket <= bound, bucket < bound))
    return int(before.max()) if abs(below - quantile) < abs(up_to - quantile) else bound


def decided(
    name: str, field: str, key: str, old: float, new: float, counts: tuple[int | None, int | None], chance: float | None
) -> Change:
    """Return a change, which is not one if it is too small for the sketch."""
    if abs(new - old) <= UNSEEN * max(abs(old), abs(new)):
        return Change(name, field, key, "same", old, new, counts, None if chance is None else 1.0)
    return Change(name, field, key, "rose" if new > old else "fell", old, new, counts, chance)


def quantile_of(buckets: Integers, numbers: Integers, quantile: Fraction) -> int:
    """Return the bucket of a quantile of some durations, sorted by bucket."""
    total = int(numbers.sum())
    rank = max(1, -(-total * quantile.numerator // quantile.denominator))
    return int(buckets[numpy.searchsorted(numpy.cumsum(numbers), rank)])


def changes_of_summaries(before: Side, after: Side) -> Iterator[Change]:
    """Yield how the quantiles of two sides differ, of which one at least is a report: by those of the intervals."""
    old, new = summary_of(before), summary_of(after)
    for name in FRACTIONS:
        if name in old and name in new:
            chance = None
            if old[name][1] is not None and new[name][1] is not None and old[name][0] > 0 and new[name][0] > 0:
                chance = chance_of(*(side[name] for side in (old, new)))
            yield decided(name, "", "", old[name][0], new[name][0], (None, None), chance)


def summary_of(side: Side) -> dict[str, Quantile]:
    """Return each quantile with the variance of its logarithm and the degrees of freedom, None if that is not known."""
    if not side.latencies:
        spreads = {name: spread(*part) for name, part in side.quantiles_by_interval.items()}
        return {name: (value, spreads.get(name)) for name, value in side.quantiles.items()}
    found = {}
    part = side.latencies[""]
    order = numpy.argsort(part.bucket, kind="stable")
    for name, quantile in FRACTIONS.items():
        value = middle(quantile_of(part.bucket[order], part.number[order], quantile))
        of_blocks = [order[part.block[order] == block] for block in range(part.blocks)]
        some = [at for at in of_blocks if len(at)]
        values = numpy.array([middle(quantile_of(part.bucket[at], part.number[at], quantile)) for at in some])
        weights = numpy.array([part.number[at].sum() for at in some], numpy.float64)
        found[name] = value, spread(values, weights)
    return found


def spread(values: Floats, weights: Floats) -> tuple[float, float] | None:
    """Return the variance of the weighted mean of the logarithms, and its degrees of freedom; None of too few values."""
    if len(values) < LEAST_BLOCKS or not (values > 0).all():
        return None
    logs, share = numpy.log(values), weights / weights.sum()
    rest = share * (logs - (share * logs).sum())
    alike = max(float((rest[1:] * rest[:-1]).sum()), 0.0)
    number = 1 / float((share**2).sum())  # of equal weights: how many there are
    return (float((rest**2).sum()) + alike) * len(values) / (len(values) - 1) + ACCURACY**2, max(number - 1, 1.0)


def chance_of(before: Quantile, after: Quantile) -> float | None:
    if before[1] is None or after[1] is None:
        return None
    total = before[1][0] + after[1][0]
    degrees = total**2 / sum(error**2 / of for error, of in (before[1], after[1]))
    return two_sided_t(math.log(after[0] / before[0]) / math.sqrt(total), degrees)
