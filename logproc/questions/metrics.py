"""What is shown for each key of a panel: `--metric count,bytes,uniques:client,p95:duration,share(status >= 500),rate`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as member
from datetime import UTC, tzinfo
from fractions import Fraction
from importlib.util import find_spec
from typing import Literal

from msgspec import Struct

from logproc.model.errors import UsageError, nearest
from logproc.model.patterns import regex
from logproc.questions.fields.stretches import duration_s
from logproc.questions.where.grammar import Where, parse_where

Measured = Literal["totals", "buckets", "uniques", "peaks"]
KINDS: dict[str, Measured] = {"mean": "totals", "min": "totals", "max": "totals", "sum": "totals", "uniques": "uniques"}
PERCENTILE = regex(r"p(\d{1,2}(?:\.\d{1,3})?|100)")
VISITOR = "client,user_agent"
"""A visitor is a distinct pair of client and user agent."""
KNOWN = (
    "count, bytes, rate, visitors, uniques:FIELD, p50:FIELD, p95:FIELD, mean:FIELD, min:FIELD, max:FIELD, sum:FIELD, "
    "share(FILTER), peak(1s), first:time, last:time"
)
ENDS_OF_TIME = {"min": "first", "max": "last", **dict.fromkeys(("first", "earliest", "oldest"), "first")}
ENDS_OF_TIME |= dict.fromkeys(("last", "latest", "newest"), "last")
"""What the first and the last time of a key may be called."""
OTHER_NAMES = {
    **dict.fromkeys(("avg", "average"), "mean"),
    **dict.fromkeys(("median", "p0.5"), "p50"),
    **dict.fromkeys(("unique", "distinct", "count_distinct", "nunique"), "uniques"),
    "total": "sum",
    **dict.fromkeys(("minimum", "smallest"), "min"),
    **dict.fromkeys(("maximum", "largest"), "max"),
    **dict.fromkeys(("ratio", "percentage", "fraction"), "share"),
}
"""Names of functions in other programs."""
COUNTS = dict.fromkeys(("hits", "requests", "records", "lines", "entries", "events", "number", "n"), "count")
COUNTS |= dict.fromkeys(("traffic", "size", "bandwidth"), "bytes")
PERCENT = regex(
    r"(?:(?:p|pct|perc|percentile|quantile|q)[( _-]?)?(\d{1,2}(?:\.\d{1,3})?)\)?:(.+)|(?:percentile|quantile|perc|pct):(.+)"
)
"""Ways to write a percentile that are not ours."""
CALL = regex(r"([A-Za-z_0-9.]+)[(]([^()]*)[)]")
FILTERED = regex(r"(share|peak)[(](.*)[)]", re.DOTALL)
QUOTED = regex(r""" "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*` | [^"'`] | . """, re.VERBOSE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be measured of a field to compute a metric. where: the filter whose matches are measured instead."""

    kind: Measured
    field: str
    where: Where | None = member(default=None, compare=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields measured together: a visitor is a client with its user agent."""
        if self.where:
            return self.where.fields
        return tuple(self.field.split(",")) if self.field == VISITOR else (self.field,)

    @property
    def required(self) -> tuple[str, ...]:
        """The fields without which there is nothing to measure: a client is a visitor in a log without user agents, too."""
        return self.fields if self.where else self.fields[:1]

    @property
    def measures_values(self) -> bool:
        """Whether the field has values that may turn out not to be numbers."""
        return self.kind in {"totals", "buckets"} and self.where is None and self.field != "time"


class Metric(Struct, frozen=True):
    """One number shown for each key.

    name: as the user wrote it. need: what to measure for it; None for what every key has anyway (count, bytes, rate).
    quantile: from 0 to 1, for percentiles.
    """

    name: str
    function: str
    need: Need | None = None
    quantile: Fraction = Fraction(0)


def parse_metrics(text: str, zone: tzinfo = UTC) -> tuple[Metric, ...]:
    """Return the metrics in a comma-separated text, each once. Raises UsageError for an unknown one.

    zone: that of times without an offset in a filter.
    """
    names = [name.strip() for name in split_outside(text)]
    return tuple(dict.fromkeys(parse_metric(name, zone=zone) for name in names if name))


def split_outside(text: str) -> list[str]:
    """Return the parts of a text between commas that are neither quoted nor in parentheses.

    >>> split_outside("rate,share(status in (404, 410)),count")
    ['rate', 'share(status in (404, 410))', 'count']
    """
    parts, depth = [""], 0
    for piece in QUOTED.findall(text) if "(" in text else text:
        if piece == "," and depth == 0:
            parts.append("")
            continue
        depth = max(depth + (piece == "(") - (piece == ")"), 0)
        parts[-1] += piece
    return parts


def check_sketches(needs: Iterable[Need]) -> None:
    """Raise UsageError if distinct values must be counted but the package for large numbers of them is missing."""
    if any(need.kind == "uniques" for need in needs) and find_spec("datasketches") is None:
        raise UsageError("uniques and visitors need the package datasketches", "pip install datasketches")


def parse_metric(name: str, option: str = "--metric", zone: tzinfo = UTC) -> Metric:
    """Return one metric. Raises UsageError, which names `option`, if the name is not valid.

    >>> parse_metric("p95:duration").quantile, parse_metric("uniques:client").need
    (Fraction(19, 20), Need(kind='uniques', field='client', where=None))
    """
    if match := FILTERED.fullmatch(name):
        return share_of(name, match[2], option, zone) if match[1] == "share" else peak_of(name, match[2], option)
    function, colon, field = name.partition(":")
    if not colon and function in {"count", "bytes", "rate"}:
        return Metric(name, function)
    if field == "time" or function in {"first", "last"}:
        return time_of(name, function, field, option)
    if name == "visitors":
        return Metric(name, "uniques", Need("uniques", VISITOR))
    percentile = PERCENTILE.fullmatch(function)
    if field and percentile:
        return Metric(name, "quantile", Need("buckets", field), Fraction(percentile[1]) / 100)
    if field and function in KINDS:
        return Metric(name, function, Need(KINDS[function], field))
    what = f"{option} {name!r} needs a field" if function in KINDS or percentile else f"{option} {name!r} is unknown"
    raise UsageError(what, probably_meant(name))


def share_of(name: str, text: str, option: str, zone: tzinfo) -> Metric:
    """Return the share of each key's records that match a filter: the mean of 1 for those that do and 0 for the others."""
    try:
        where = parse_where(text, zone)
    except UsageError as error:
        raise UsageError(f"{option} share: {error.what.removeprefix('--where ')}", error.hint) from error
    return Metric(name, "mean", Need("totals", name, where))


def peak_of(name: str, text: str, option: str) -> Metric:
    """Return the largest number of records in one stretch of time; `every(5m)` has the same stretches."""
    if duration_s(text) is None:
        raise UsageError(f"{option} {name!r} needs a length of time", "write peak(1s), peak(1m) or peak(1h)")
    return Metric(name, "peak", Need("peaks", f"every({text.strip()})"))


def time_of(name: str, function: str, field: str, option: str) -> Metric:
    """Return the first or the last time of a key. Raises UsageError for what else is asked of a time, or of another field."""
    if field == "time" and function in {"first", "last"}:
        return Metric(name, function, Need("totals", field))
    if function in ENDS_OF_TIME:
        raise UsageError(f"{option} {name!r} is unknown", f"write {ENDS_OF_TIME[function]}:time")
    hint = "write uniques:second, or uniques:day" if function == "uniques" else "write first:time or last:time"
    raise UsageError(f"{option} {name!r}: a time is a moment, not a number", hint)


def probably_meant(name: str) -> str:
    """Return the hint for a misspelt metric: the one probably meant, or all known ones.

    >>> probably_meant("avg:duration"), probably_meant("p95(duration)"), probably_meant("p95")
    ('write mean:duration', 'write p95:duration', 'write p95:duration')
    """
    if percent := PERCENT.fullmatch(name):
        return f"write p{percent[1] or 95}:{percent[2] or percent[3]}"
    call = CALL.fullmatch(name)
    function, _, field = name.partition(":") if not call else (call[1], "", call[2])
    meant = OTHER_NAMES.get(function.lower(), function.lower())
    if meant in {"peak", "share"}:
        return f"write {meant}({'1s' if meant == 'peak' else 'status >= 500'})"
    if meant in KINDS or PERCENTILE.fullmatch(meant):
        return f"write {meant}:{field or ('client' if meant == 'uniques' else 'duration')}"
    known = ("count", "bytes", "rate", "visitors", "share", "peak", *KINDS, *OTHER_NAMES)
    hint = nearest(function.lower(), known, f"known are {KNOWN}", COUNTS)
    for other in known:
        if hint == f"did you mean {other!r}?" and (right := OTHER_NAMES.get(other, other)) in KINDS:
            return f"did you mean '{right}:{field or 'duration'}'?"
    return hint
