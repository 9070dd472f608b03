"""Counts → the headline of a report: its numbers, and the worst that was found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.counting.counts import Counts, rolled_up
from logproc.counting.measures.buckets import BOUNDS, middle
from logproc.counting.overview.counts import FRACTIONS, buckets_of
from logproc.counting.overview.timeline import in_stretches, lengths, words_of
from logproc.formats.columns.slices import mask
from logproc.model.overview import Finding, Headline
from logproc.questions.fields.outcomes import CLASSES, ERRORS

if TYPE_CHECKING:
    from datetime import tzinfo

    from logproc.counting.measures.buckets import Buckets
    from logproc.counting.overview.counts import OverviewCounts
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Mask

FEW_INTERVALS = 60
"""A change is looked for between so many intervals at most: in shorter ones most changes are chance."""
LEAST_FACTOR, LEAST_DEVIATIONS = 2, 6
"""A change counts if it is at least by this factor, and as improbable as so many standard deviations of a Poisson process. Logs
come in bursts, so that the usual three would be exceeded by any of them."""
HISTOGRAM_STEPS = (1, 2, 5)


def headline(tally: Tally, counts: OverviewCounts, zone: tzinfo) -> Headline:
    records = tally.account.records
    by_outcome = totals(rolled_up(swapped(counts.outcomes_by_interval), 1)[0])
    with_status = sum(by_outcome.get(name, 0) for name in CLASSES)
    errors = sum(by_outcome.get(name, 0) for name in ERRORS) if any(by_outcome) else None
    span_s = 0 if tally.first is None or tally.last is None else tally.last - tally.first
    clients = tally.panels.get("client")
    return Headline(
        requests=with_status == records > 0,
        records=records,
        per_second=records / span_s if span_s else None,
        errors=errors,
        server_errors=by_outcome.get("5xx", 0) if with_status else None,
        client_errors=by_outcome.get("4xx", 0) if with_status else None,
        clients=len(clients) if clients is not None and len(clients) and not clients.floor else None,
        bots=pure_bots(clients, counts.bots) if clients is not None and len(clients) and not clients.floor else None,
        bytes=tally.bytes if "bytes" in tally.seen else None,
        quantiles=quantiles(counts.durations),
        worst=tuple(filter(None, (failing_path(tally, counts), error_message(counts), change(tally, counts, zone)))),
    )


def swapped(counts: Counts) -> Counts:
    return replace(counts, keys=counts.keys[::-1])


def totals(counts: Counts) -> dict[str, int]:
    return dict(zip(counts.keys[0].to_pylist(), counts.count.tolist(), strict=True))


def pure_bots(clients: Counts, bots: Counts) -> int:
    """Return how many clients have only records whose user agent is a bot's: those with as many of these as records."""
    if not len(bots):
        return 0
    place = pyarrow.compute.index_in(bots.keys[0], value_set=clients.keys[0]).to_numpy(zero_copy_only=False)
    return int((clients.count[place.astype(numpy.int64)] == bots.count).sum())


def quantiles(durations: Counts | None) -> Mapping[str, float]:
    buckets = together(durations)
    if buckets is None:
        return {}
    return {name: middle(int(buckets.quantiles(fraction)[0][0])) for name, fraction in FRACTIONS.items()}


def together(durations: Counts | None) -> Buckets | None:
    """Return the durations of all records as one row of buckets, None without any."""
    buckets = None if durations is None else buckets_of(rolled_up(durations, 0)[0])
    return buckets if buckets is not None and len(buckets.number) else None


def histogram(durations: Counts | None) -> tuple[tuple[float, float, int], ...]:
    """Return how many durations are in each step of a scale of 1, 2, 5, 10 …: from, to, number. Negative ones are left out.

    A bucket belongs to the step that its upper bound is in, so that round numbers, such as time-outs, are in the step that
    begins with them; other durations may be off by the width of a bucket, 2 %.
    """
    buckets = together(durations)
    if buckets is None:
        return ()
    found: dict[int, int] = {}
    for bucket, number in zip(buckets.bucket.tolist(), buckets.number.tolist(), strict=True):
        if bucket >= 0:
            at = step_of(float(BOUNDS[bucket]) if bucket else 0)
            found[at] = found.get(at, 0) + number
    if not found:
        return ()
    steps = range(min(found), max(found) + 1)
    return tuple((bound(at), bound(at + 1), found.get(at, 0)) for at in steps)


def step_of(value: float) -> int:
    """Return the number of the step from `bound(n)` to `bound(n + 1)` that a value is in, at least a microsecond.

    >>> step_of(0.3), bound(step_of(0.3))
    (-2, 0.2)
    """
    value = max(value, 1e-6)
    at = 3 * math.floor(math.log10(value)) - 1
    while bound(at + 1) <= value:
        at += 1
    return at


def bound(number: int) -> float:
    """Return a bound of the scale: 1 for 0, 2 for 1, 5 for 2, 10 for 3, 0.5 for -1."""
    power, step = divmod(number, len(HISTOGRAM_STEPS))
    return float(f"{HISTOGRAM_STEPS[step]}e{power}")


def failing_path(tally: Tally, counts: OverviewCounts) -> Finding | None:
    """Return the path with most errors of the server, or if there are none, of the client, but for those not found."""
    statuses = counts.failed.keys[0]
    missing = mask_of(pyarrow.compute.equal(statuses, "404"))
    for kind in ("5", "4"):
        which = mask_of(pyarrow.compute.starts_with(statuses, kind)) & ~missing
        if which.any():
            path, count, outcome, number = most_frequent(counts.failed.select(numpy.flatnonzero(which)))
            return Finding("failing path", path, count, found(tally.panels.get("path"), path) or count, outcome, number)
    return None


def error_message(counts: OverviewCounts) -> Finding | None:
    if not len(counts.messages):
        return None
    shape, count, level, number = most_frequent(counts.messages)
    return Finding("error message", shape, count, int(counts.messages.count.sum()), level, number)


def mask_of(booleans: pyarrow.Array) -> Mask:
    found: Mask = booleans.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def most_frequent(counts: Counts) -> tuple[str, int, str, int]:
    """Return the second key with the largest count, that count, and the first key of most of its records with their number."""
    by_second, row = rolled_up(swapped(counts), 1)
    key, count = largest(by_second)
    at = pyarrow.compute.index(by_second.keys[0], pyarrow.scalar(key, by_second.keys[0].type)).as_py()
    return key, count, *largest(rolled_up(counts.select(numpy.flatnonzero(row == at)), 1)[0])


def largest(counts: Counts) -> tuple[str, int]:
    """Return the key with the largest count; of equals the first by its UTF-8 bytes, which is how Arrow compares."""
    most = int(counts.count.max())
    return pyarrow.compute.min(counts.keys[0].filter(mask(counts.count == most))).as_py(), most


def found(counts: Counts | None, key: str) -> int:
    """Return how many records have a key."""
    if counts is None:
        return 0
    at = pyarrow.compute.index(counts.keys[0], pyarrow.scalar(key, counts.keys[0].type)).as_py()
    return int(counts.count[at]) if at >= 0 else 0


def change(tally: Tally, counts: OverviewCounts, zone: tzinfo) -> Finding | None:
    """Return the largest change from one interval to the next, of the errors if these changed, else of all records."""
    if tally.first is None or tally.last is None:
        return None
    base, target = lengths(tally.first, tally.last, FEW_INTERVALS)
    counted = in_stretches(counts.outcomes_by_interval, base, target)
    if not len(counted):
        return None
    numbers = counted.keys[0].to_numpy()
    first, size = int(numbers.min()), int(numbers.max() - numbers.min()) + 1
    if not 3 < size <= 2 * FEW_INTERVALS:  # the first and the last interval are cut off by the ends of the log
        return None
    outcomes = numpy.array(counted.keys[1].to_pylist(), object)
    series = {"": numpy.ones(len(numbers), bool)} | {
        outcome: outcomes == outcome for outcome in sorted(ERRORS & set(outcomes.tolist()))
    }
    best: tuple[float, Finding] | None = None
    for outcome, which in series.items():
        values = numpy.bincount(numbers[which] - first, weights=counted.count[which], minlength=size)
        for at in range(2 if size > 4 else 1, size - 1):
            before, after = int(values[at - 1]), int(values[at])
            deviations = abs(after - before) / math.sqrt(before + after + 1)
            if max(before, after) < LEAST_FACTOR * min(before, after) or deviations < LEAST_DEVIATIONS:
                continue
            weight = deviations * (2 if outcome else 1)
            if best is None or weight > best[0]:
                key, what = target.label(first + at, zone), outcome or "records"
                best = weight, Finding("change", key, after, before, what, per=words_of(target))
    return best[1] if best else None
