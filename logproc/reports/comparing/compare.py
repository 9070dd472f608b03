"""Two sides → a comparison: every difference that can be tested, and which of them are findings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec.structs import replace

from logproc.counting.overview.counts import NO_KEYS
from logproc.formats.columns.levels import LEVELS
from logproc.model.comparison import Change, Comparison, What
from logproc.model.overview import QUANTILES
from logproc.questions.fields.outcomes import CLASSES, ERRORS, WARNINGS
from logproc.reports.comparing.chance import benjamini_hochberg
from logproc.reports.comparing.difference import LEAST_COUNT, Sample, differences, seen_from
from logproc.reports.comparing.latency import UNSEEN, latency_changes
from logproc.reports.comparing.matrices import Pair, alike_together, with_keys
from logproc.reports.comparing.rate import rate_change
from logproc.reports.comparing.side import Keyed

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.reports.comparing.difference import Differences, Floats
    from logproc.reports.comparing.side import Side

FALSE_FINDINGS = 0.01
"""The share of findings that may be false on average."""
WEIGHT_OF_ALL = 0.2
FIELDS = {"status": "status", "level": "outcome", "logger": "logger", "message": "message", "path": "path", "client": "client"}
"""What is compared by key, and the counts it is in, in the order of the report."""
MOST_FEW = 1000
"""Of the new keys that have too few records to be tested, so many are told for each field."""
EXAMPLE_SHARE = 0.01
EVEN = {"path", "message", "logger", "status"}
"""The fields that the example is of: clients are more bursty than anything else."""


def compare(before: Side, after: Side, *, rate: float = FALSE_FINDINGS) -> Comparison:
    """Return all that differs. rate: the share of findings that may be false, as Benjamini and Hochberg control it."""
    before, after = with_shapes(before, after)
    overall = [rate_change(before, after), *outcome_changes(before, after)]
    latencies = list(latency_changes(before, after))
    overall += [change for change in latencies if not change.key]
    keyed = [change for change in latencies if change.key]
    unknown: dict[str, int] = {}
    for name, counted in FIELDS.items():
        keyed += key_changes(name, (before.keyed.get(counted), after.keyed.get(counted)), (before, after), unknown)
    keyed += error_changes(before, after)
    overall, keyed, bound = decided(overall, keyed, rate)
    findings = sorted((change for change in keyed if change.found), key=weight)
    tested = sum(change.chance is not None for change in (*overall, *keyed))
    chance = max(bound, rate / max(tested, 1))
    return Comparison(
        before.about,
        after.about,
        tuple(overall),
        tuple(findings),
        tested,
        rate,
        smallest(overall, keyed, chance),
        unknown,
        (*before.notes, *after.notes),
        tuple(sorted((one for one in keyed if one.what == "appeared" and not one.found), key=most_after)),
    )


def decided(overall: list[Change], keyed: list[Change], rate: float) -> tuple[list[Change], list[Change], float]:
    """Return the changes with what was found, and the bound of chances.

    The few numbers of all records are what most people want to know. So they get WEIGHT_OF_ALL of the false findings that are
    allowed, however many keys there are, as weights of the hypotheses (Genovese, Roeder and Wasserman, Biometrika 93, 2006).
    """
    few, many = (sum(change.chance is not None for change in changes) for changes in (overall, keyed))
    weights = (WEIGHT_OF_ALL * (few + many) / few, (1 - WEIGHT_OF_ALL) * (few + many) / many) if few and many else (1.0, 1.0)
    both = [(change, weights[at]) for at, changes in enumerate((overall, keyed)) for change in changes]
    bound = benjamini_hochberg([change.chance / weight for change, weight in both if change.chance is not None], rate)
    judged = [
        change if change.chance is None else replace(change, found=change.chance / weight <= bound, alone=change.chance <= rate)
        for change, weight in both
    ]
    return judged[: len(overall)], judged[len(overall) :], bound


def weight(change: Change) -> tuple[int, float, float, bytes]:
    """Return what findings are sorted by: by field, the surest first; of these the one of most records."""
    fields = list(FIELDS)
    place = fields.index(change.field) if change.field in fields else len(fields)
    return place, change.chance or 0, -sum(filter(None, change.counts)), change.key.encode("utf-8", "surrogatepass")


def most_after(change: Change) -> tuple[int, bytes]:
    return -(change.counts[1] or 0), change.key.encode("utf-8", "surrogatepass")


def with_shapes(before: Side, after: Side) -> tuple[Side, Side]:
    """Return the sides with shapes in place of paths that differ in identifiers only; only if both have all paths."""
    sides = before, after
    paths = [side.keyed.get("path") for side in sides]
    timed = [side.latencies.get("path") for side in sides]
    some = [part for part in (*paths, *timed) if part is not None]
    if not some or any(path is not None and not path.complete for path in paths) or "report" in {s.about.of for s in sides}:
        return sides
    renamed = iter(alike_together([part.keys for part in some]))
    new_paths = [None if part is None else with_keys(part, next(renamed)) for part in paths]
    new_timed = [None if part is None else with_keys(part, next(renamed)) for part in timed]
    found = [
        replace(
            side,
            keyed={**side.keyed, **({"path": path} if path else {})},
            latencies={**side.latencies, **({"path": durations} if durations else {})},
        )
        for side, path, durations in zip(sides, new_paths, new_timed, strict=True)
    ]
    return found[0], found[1]


def direction(before: float, after: float) -> What:
    if before == after:
        return "same"
    if not before:
        return "appeared"
    return "vanished" if not after else "rose" if after > before else "fell"


def denominator(side: Side, keyed: Keyed) -> Floats:
    """Return the records that the counts of a field are a share of, shape (1, blocks)."""
    return side.records[None, :] if keyed.blocks == len(side.records) else numpy.array([[float(side.about.records)]])


def of_nothing(keyed: Keyed | None, side: Side) -> Keyed:
    return Keyed.empty(NO_KEYS, len(side.records)) if keyed is None else keyed


def key_changes(
    name: str, counts: tuple[Keyed | None, Keyed | None], sides: tuple[Side, Side], unknown: dict[str, int]
) -> list[Change]:
    """Return how the shares of the keys of a field differ. unknown: gets the number of keys that cannot be compared."""
    if counts == (None, None):
        return []
    if any(keyed is None and side.about.of == "report" for keyed, side in zip(counts, sides, strict=True)):
        return []  # a report does not list what its log has no room for
    pair = Pair.of(*(of_nothing(keyed, side) for keyed, side in zip(counts, sides, strict=True)))
    sums = pair.sums(0), pair.sums(1)
    known = pair.known(0) & pair.known(1)
    if name == "level":
        known &= numpy.array([key in LEVELS for key in pair.keys.to_pylist()], bool)
    elif not known.all():
        unknown[name] = int((~known).sum())
    few = new_and_few(name, pair, known, sums, sides[1])
    which = numpy.flatnonzero(known & (sums[0] + sums[1] >= LEAST_COUNT))
    if not len(which):
        return few
    samples = [
        Sample(pair.matrix(at, which), denominator(side, pair.sides[at]), side.length_of(pair.sides[at].blocks))
        for at, side in enumerate(sides)
    ]
    found = differences(*samples)
    outcomes = pair.outcomes(which)
    return [*changes(name, "share", pair.keys, which, found, [sums[0][which], sums[1][which]], outcomes), *few]


def new_and_few(field: str, pair: Pair, known: Mask, sums: tuple[Integers, Integers], after: Side) -> list[Change]:
    """Return the keys that are only after, with too few records to be tested: those of most records."""
    few = numpy.flatnonzero(known & (sums[0] == 0) & (sums[1] > 0) & (sums[1] < LEAST_COUNT))
    few = few[numpy.argsort(-sums[1][few], kind="stable")][:MOST_FEW]
    if not len(few):
        return []
    rows = zip(pair.keys.take(pyarrow.array(few)).to_pylist(), sums[1][few].tolist(), pair.outcomes(few), strict=True)
    records = max(after.about.records, 1)
    return [
        Change("share", field, key, "appeared", 0.0, number / records, (0, number), None, outcome=outcome)
        for key, number, outcome in rows
    ]


def changes(
    field: str,
    kind: str,
    keys: pyarrow.Array,
    which: Integers,
    found: Differences,
    counts: Sequence[Integers],
    outcomes: Sequence[str],
) -> Iterator[Change]:
    texts = keys.take(pyarrow.array(which)).to_pylist()
    columns = (found.before, found.after, found.chance, found.error, found.degrees_of_freedom, *counts)
    rows = zip(texts, outcomes, *(column.tolist() for column in columns), strict=True)
    for text, outcome, old, new, chance, error, degrees, old_count, new_count in rows:
        if not math.isnan(chance):
            what = direction(old, new)
            yield Change(
                kind,
                field,
                text,
                what,
                old,
                new,
                (old_count, new_count),
                chance,
                outcome=outcome,
                error=error,
                degrees_of_freedom=degrees,
            )


def error_changes(before: Side, after: Side) -> list[Change]:
    """Return how the share of errors of each path differs."""
    pair = Pair.of(*(of_nothing(side.keyed.get("path"), side) for side in (before, after)))
    if any(side.errors is None for side in pair.sides):
        return []
    sums = pair.sums(0), pair.sums(1)
    which = numpy.flatnonzero((sums[0] > 0) & (sums[1] > 0) & (sums[0] + sums[1] >= LEAST_COUNT))
    few = errors_of_few(pair, sums)
    if not len(which):
        return few
    samples = [
        Sample(pair.matrix(at, which, errors=True), pair.matrix(at, which), side.length_of(pair.sides[at].blocks))
        for at, side in enumerate((before, after))
    ]
    found = differences(*samples)
    outcomes = pair.outcomes(which)
    return [*changes("path", "errors", pair.keys, which, found, [sums[0][which], sums[1][which]], outcomes), *few]


def errors_of_few(pair: Pair, sums: tuple[Integers, Integers]) -> list[Change]:
    """Return the paths that have errors only after, with too few records to be tested: those of most errors."""
    few = numpy.flatnonzero((sums[0] > 0) & (sums[1] > 0) & (sums[0] + sums[1] < LEAST_COUNT))
    errors = [pair.matrix(at, few, errors=True).sum(1) for at in range(2)]
    new = numpy.flatnonzero((errors[0] == 0) & (errors[1] > 0))
    new = new[numpy.argsort(-errors[1][new], kind="stable")][:MOST_FEW]
    if not len(new):
        return []
    keys = pair.keys.take(pyarrow.array(few[new])).to_pylist()
    rows = zip(keys, errors[1][new].tolist(), *(part[few[new]].tolist() for part in sums), strict=True)
    return [Change("errors", "path", key, "appeared", 0.0, wrong / new, (old, new), None) for key, wrong, old, new in rows]


def outcome_changes(before: Side, after: Side) -> list[Change]:
    """Return how the shares of errors, and of client errors or warnings, differ among all records."""
    pair = Pair.of(*(of_nothing(side.keyed.get("outcome"), side) for side in (before, after)))
    texts = pair.keys.to_pylist()
    if not any(texts):
        return []
    groups = {"": ERRORS, **{name: {name} for name in (*CLASSES[1:], *sorted(WARNINGS - {"4xx"})) if name in texts}}
    which = [numpy.array([at for at, text in enumerate(texts) if text in group], numpy.int64) for group in groups.values()]
    hits = [numpy.stack([pair.matrix(at, some).sum(0) for some in which]) for at in range(2)]
    samples = [
        Sample(hits[at], denominator(side, pair.sides[at]), side.length_of(pair.sides[at].blocks))
        for at, side in enumerate((before, after))
    ]
    found = differences(*samples)
    chances = found.chance.tolist()
    return [
        Change(
            "errors" if not name else "share",
            "" if not name else "outcome",
            name,
            direction(old, new),
            old,
            new,
            (int(hits[0][at].sum()), int(hits[1][at].sum())),
            None if math.isnan(chances[at]) else chances[at],
            error=None if math.isnan(chances[at]) else float(found.error[at]),
            degrees_of_freedom=float(found.degrees_of_freedom[at]),
        )
        for at, (name, old, new) in enumerate(zip(groups, found.before.tolist(), found.after.tolist(), strict=True))
    ]


def smallest(overall: Sequence[Change], keyed: Sequence[Change], chance: float) -> dict[str, float]:
    """Return the least differences that would have been found in nine of ten cases: the power of the comparison.

    By the kind of what is measured of all records, in its unit; `key`: of the share of a key with 1 % of the records.
    """
    found = {
        change.kind: seen_from(change.error, change.degrees_of_freedom, chance)
        for change in overall
        if change.error and not change.key
    }
    for name in found.keys() & set(QUANTILES):
        found[name] = max(found[name], UNSEEN)
    like = [
        (change.error * math.sqrt(EXAMPLE_SHARE / share), change.degrees_of_freedom)
        for change in keyed
        if change.field in EVEN
        and change.kind == "share"
        and change.error
        and EXAMPLE_SHARE / 4 <= (share := middle_of(change)) <= EXAMPLE_SHARE * 4
    ]
    if like:
        found["key"] = seen_from(median(error for error, _ in like), median(degrees for _, degrees in like), chance)
    return found


def middle_of(change: Change) -> float:
    return ((change.before or 0) + (change.after or 0)) / 2
