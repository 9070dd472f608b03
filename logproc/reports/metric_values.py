"""Metrics of a key as programs get them and as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from logproc.reports.units import latency, plain, size

if TYPE_CHECKING:
    from logproc.model.snapshot import Panel
    from logproc.reports.text.style import Look

Number = float | int | None
DIGITS = 6
"""Of a number that is not exact: percentiles are within 1 %, and means and rates are quotients."""
MEMBERS = ("count", "bytes")
"""What every row has. A metric or a column of a key with such a name does not take its place."""


def parts_of(metric: str) -> tuple[str, str]:
    """Return the function and the field of a metric.

    >>> parts_of("p95:duration"), parts_of("rate")
    (('p95', 'duration'), ('rate', ''))
    """
    function, _, field = metric.partition(":")
    return function, field


def is_percentile(function: str) -> bool:
    """Return whether a function is `p50`, `p99.9` and the like."""
    return function[:1] == "p" and function[1:2].isdigit()


def rounded(metric: str, number: Number) -> Number:
    """Return a number as a program gets it: six digits of what is a quotient or a percentile, all digits of what is exact.

    >>> rounded("mean:duration", 1 / 3), rounded("sum:duration", 12345678.5)
    (0.333333, 12345678.5)
    """
    if not isinstance(number, float):
        return number
    if not math.isfinite(number):
        return None
    function, _ = parts_of(metric)
    inexact = function in {"mean", "rate"} or is_percentile(function)
    return float(f"{number:.{DIGITS}g}") if inexact else number


def figure(metric: str, number: Number, look: Look) -> str:
    """Return a number as a person reads it: durations and sizes with their units, a rate by the second, else with commas."""
    if number is None:
        return look.characters.dash
    function, field = parts_of(metric)
    if function == "rate":
        return f"{plain(number, 3)}/s"
    if field == "duration" and function != "uniques":
        text = latency(number)
        return text.replace("µ", "u") if look.ascii_only else text
    if field == "bytes" and function != "uniques":
        return size(round(number)) if number >= 0 else plain(number)
    return plain(number)


def given_up(panel: Panel) -> tuple[int, int | None] | None:
    """Return the count and the bytes of the keys that were given up, None if none were; no bytes where no log has them."""
    if panel.other is None:
        return None
    number, sizes = panel.other
    return number, sizes if sizes or any(row.bytes is not None for row in panel.rows) else None


def key_members(by: tuple[str, ...], metrics: tuple[str, ...], *, approximate: bool) -> list[str]:
    """Return the names of a key's columns in a row: a name that the row has for something else gets `by:` before it.

    >>> key_members(("bytes", "path"), (), approximate=False)
    ['by:bytes', 'path']
    """
    taken = {*MEMBERS, *metrics, *(["error"] if approximate else [])}
    return [f"by:{name}" if name in taken else name for name in by]
