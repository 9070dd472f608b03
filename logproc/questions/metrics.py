"""What is shown for each key of a panel: `--metric count,bytes,uniques:client,p95:duration,mean:duration,rate`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from typing import Literal

from logproc.model.errors import UsageError, nearest

Measured = Literal["totals", "buckets", "uniques"]
KINDS: dict[str, Measured] = {"mean": "totals", "min": "totals", "max": "totals", "sum": "totals", "uniques": "uniques"}
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?|100)")
VISITOR = "client,user_agent"
"""A visitor is a distinct pair of client and user agent."""
KNOWN = "count, bytes, rate, visitors, uniques:FIELD, p50:FIELD, p95:FIELD, mean:FIELD, min:FIELD, max:FIELD, sum:FIELD"
OTHER_NAMES = {
    **dict.fromkeys(("avg", "average"), "mean"),
    **dict.fromkeys(("median", "p0.5"), "p50"),
    **dict.fromkeys(("unique", "distinct", "count_distinct", "nunique"), "uniques"),
    "total": "sum",
    **dict.fromkeys(("minimum", "smallest"), "min"),
    **dict.fromkeys(("maximum", "largest"), "max"),
}
"""Names of functions in other programs."""
CALL = re.compile(r"([A-Za-z_0-9.]+)[(]([^()]*)[)]")


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be measured of a field to compute a metric."""

    kind: Measured
    field: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields measured together: a visitor is a client with its user agent."""
        return tuple(self.field.split(",")) if self.field == VISITOR else (self.field,)

    @property
    def required(self) -> str:
        """The field without which there is nothing to measure: a client is a visitor in a log without user agents, too."""
        return self.fields[0]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number shown for each key.

    name: as the user wrote it. need: what to measure for it; None for what every key has anyway (count, bytes, rate).
    quantile: from 0 to 1, for percentiles.
    """

    name: str
    function: str
    need: Need | None = None
    quantile: Fraction = Fraction(0)


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """Return the metrics in a comma-separated text, each once. Raises UsageError for an unknown one."""
    names = [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(parse_metric(name) for name in names if name))


def check_sketches(needs: Iterable[Need]) -> None:
    """Raise UsageError if distinct values must be counted but the package for large numbers of them is missing."""
    if any(need.kind == "uniques" for need in needs) and find_spec("datasketches") is None:
        raise UsageError("uniques and visitors need the package datasketches", "pip install datasketches")


def parse_metric(name: str, option: str = "--metric") -> Metric:
    """Return one metric. Raises UsageError, which names `option`, if the name is not valid.

    >>> parse_metric("p95:duration").quantile, parse_metric("uniques:client").need
    (Fraction(19, 20), Need(kind='uniques', field='client'))
    """
    function, colon, field = name.partition(":")
    if not colon and function in {"count", "bytes", "rate"}:
        return Metric(name, function)
    if name == "visitors":
        return Metric(name, "uniques", Need("uniques", VISITOR))
    percentile = PERCENTILE.fullmatch(function)
    if field and percentile:
        return Metric(name, "quantile", Need("buckets", field), Fraction(percentile[1]) / 100)
    if field and function in KINDS:
        return Metric(name, function, Need(KINDS[function], field))
    what = f"{option} {name!r} needs a field" if function in KINDS or percentile else f"{option} {name!r} is unknown"
    raise UsageError(what, probably_meant(name))


def probably_meant(name: str) -> str:
    """Return the hint for a misspelt metric: the one probably meant, or all known ones.

    >>> probably_meant("avg:duration"), probably_meant("p95(duration)"), probably_meant("p95")
    ('write mean:duration', 'write p95:duration', 'write p95:duration')
    """
    call = CALL.fullmatch(name)
    function, _, field = name.partition(":") if not call else (call[1], "", call[2])
    meant = OTHER_NAMES.get(function.lower(), function.lower())
    if meant in KINDS or PERCENTILE.fullmatch(meant):
        return f"write {meant}:{field or ('client' if meant == 'uniques' else 'duration')}"
    return nearest(function.lower(), ("count", "bytes", "rate", "visitors", *KINDS), f"known are {KNOWN}")
