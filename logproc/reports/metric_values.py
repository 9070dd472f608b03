"""Values of metrics, as numbers for programs and as text for people."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from logproc.reports.units import clock_text, latency, plain, share, size

if TYPE_CHECKING:
    from logproc.model.panel import Panel
    from logproc.reports.text.style import Look

Number = float | int | Decimal | str | None
DIGITS, MEAN_DIGITS = 6, 15
"""Significant digits of inexact numbers: percentiles are within 1 %, rates are quotients; means have what a double holds."""
LONGEST_S = 10**12
"""Longer durations, which are mistakes of a log, are shown as plain numbers."""
MEMBERS = ("count", "bytes")
"""The members of every row. A metric or a column of a key with such a name does not replace them."""


def rounded(metric: str, number: Number) -> Number:
    """Return a number for programs: rates and percentiles with six digits, means with fifteen, exact numbers with all.

    >>> rounded("rate", 1 / 3), rounded("mean:duration", 1 / 3), rounded("sum:duration", 12345678.5)
    (0.333333, 0.333333333333333, 12345678.5)
    """
    if not isinstance(number, float):
        return number
    if not math.isfinite(number):
        return None
    if metric.startswith("mean:"):
        return float(f"{number:.{MEAN_DIGITS}g}")
    inexact = metric.startswith("rate") or metric[1:2].isdigit()  # such as p95
    return float(f"{number:.{DIGITS}g}") if inexact else number


def figure(metric: str, number: Number, look: Look, kind: str | None = None) -> str:
    """Return a number for people: durations and sizes with units, shares in per cent, rates per second, others with commas.

    kind: what the metric measures, "duration" or "size"; by default what its name says.
    """
    if number is None:
        return look.characters.dash
    if isinstance(number, str):
        return clock_text(number)
    if metric.startswith("share("):
        return f"{share(number, 1)} %"
    function, _, field = metric.partition(":")
    if function == "rate":
        return f"{plain(number, 3)}/s"
    kind = kind or {"duration": "duration", "bytes": "size"}.get(field)
    if kind == "duration" and function != "uniques" and -LONGEST_S < number < LONGEST_S:
        text = latency(float(number))
        return text.replace("µ", "u") if look.ascii_only else text
    if kind == "size" and function != "uniques":
        return size(round(number)) if number >= 0 else plain(number)
    return plain(number)


def given_up(panel: Panel) -> tuple[int, int | None] | None:
    """Return the count and bytes of the dropped keys, None if none were dropped; bytes are None if no log has them."""
    if panel.other is None:
        return None
    number, sizes = panel.other
    return number, sizes if sizes or any(row.bytes is not None for row in panel.rows) else None


def key_members(by: tuple[str, ...], metrics: tuple[str, ...], *, approximate: bool) -> list[str]:
    """Return the names of a key's columns in a row, with `by:` before a name that the row uses for something else.

    >>> key_members(("bytes", "path"), (), approximate=False)
    ['by:bytes', 'path']
    """
    taken = {*MEMBERS, *metrics, *(["error"] if approximate else []), *(["status_number"] if "status" in by else [])}
    return [f"by:{name}" if name in taken else name for name in by]
