"""Where the axes of a chart have their marks, and what is written there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from logproc.formats.times.calendar import DAY_S, HOUR_S
from logproc.questions.fields.stretches import MONDAY_S, STRETCHES
from logproc.reports.units import day, latency, moment, month, size

MOST_TIMES = 8
TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(HOUR_S * hours for hours in (1, 2, 3, 6, 12)),
    *(DAY_S * days for days in (1, 2, 7, 14)),
)
"""Seconds between two times on the axis; beyond the last, months and years."""
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 12000)
LONG_S = 59
"""From here on a duration for people has minutes, which an axis has not."""
Text = Callable[[float], str]


def times(begin_s: int, end_s: int, least_s: int = 1) -> list[tuple[int, str, bool]]:
    """Return the marks of a time axis: the time, its label, and whether a day or a larger unit begins there.

    least_s: the length of an interval. page.js does the same.
    """
    span = end_s - begin_s
    step = next((step for step in TIME_STEPS if span / step <= MOST_TIMES and step >= least_s), None)
    if step:
        offset = MONDAY_S if step % (7 * DAY_S) == 0 else 0
        first = -(-(begin_s - offset) // step) * step + offset
        return [(time, *time_label(moment(time), step)) for time in range(first, end_s, step)]
    months = next((months for months in MONTH_STEPS if span / (30.4 * DAY_S * months) <= MOST_TIMES), MONTH_STEPS[-1])
    return [(time, *month_label(moment(time), months)) for time in beginnings(begin_s, end_s, months)]


def time_label(time: datetime, step_s: int) -> tuple[str, bool]:
    if not (time.hour or time.minute or time.second):
        return day(time), True
    return (f"{time:%H:%M:%S}" if step_s < 60 else f"{time:%H:%M}"), False


def month_label(time: datetime, months: int) -> tuple[str, bool]:
    return (str(time.year), True) if time.month == 1 or months >= 12 else (month(time), False)


def beginnings(begin_s: int, end_s: int, months: int) -> list[int]:
    """Return when months begin, counted from the year 0, so that years fall on the marks."""
    start, end = moment(begin_s), moment(end_s)
    first = -(-(12 * start.year + start.month - 1) // months) * months
    numbers = (at for at in range(first, 12 * end.year + end.month, months) if at // 12 <= 9999)
    found = [STRETCHES["month"].beginning(at - 12 * 1970) for at in numbers]
    return [time for time in found if begin_s <= time < end_s]


def values(most: float, *, whole: bool = False) -> list[float]:
    """Return the marks of a value axis from 0 to at least `most`, at steps of 1, 2 or 5 times a power of ten.

    >>> values(430, whole=True), values(3, whole=True), values(0.07)
    ([0, 200, 400, 600], [0, 1, 2, 3], [0, 0.02, 0.04, 0.06, 0.08])
    """
    if most <= 0:
        return [0, 1]
    power = 10.0 ** math.floor(math.log10(most / 3))
    step = next(power * factor for factor in (1, 2, 5, 10) if most / (power * factor) <= 4)
    if whole:
        step = max(round(step), 1)
    marks = [at * step for at in range(math.ceil(most / step - 1e-9) + 1)]
    return [int(mark) if mark == int(mark) else float(f"{mark:.12g}") for mark in marks]


def decades(numbers: Sequence[float]) -> list[float]:
    """Return the marks of a logarithmic axis: powers of ten from below the smallest number to above the largest.

    >>> decades([0.02, 3]), decades([])
    ([0.01, 0.1, 1.0, 10.0], [0.001, 0.01])
    """
    if not numbers:
        return [0.001, 0.01]
    first, last = math.floor(math.log10(min(numbers)) + 1e-9), math.ceil(math.log10(max(numbers)) - 1e-9)
    return [float(f"1e{power}") for power in range(first, max(last, first + 1) + 1)]


def count_text(number: float) -> str:
    """Return a count for an axis.

    >>> count_text(1500), count_text(20_000), count_text(3_500_000)
    ('1,500', '20k', '3.5M')
    """
    for unit, name in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if number >= 10 * unit or (unit > 1000 and number >= unit):
            return f"{number / unit:g}{name}"
    return f"{number:,.0f}"


def size_text(number: float) -> str:
    return size(round(number)).replace(".0 ", " ")


def share_text(number: float) -> str:
    return f"{100 * number:.3g} %"


def latency_text(number: float) -> str:
    """Return a duration for an axis: three digits, without zeros at its end.

    >>> latency_text(0.2), latency_text(1.5), latency_text(0), latency_text(100)
    ('200 ms', '1.5 s', '0 s', '100 s')
    """
    if number >= LONG_S:
        return f"{float(f'{number:.3g}'):.0f} s"
    number_text, _, unit = latency(number).partition(" ")
    return f"{number_text.rstrip('0').rstrip('.') if '.' in number_text else number_text} {unit}"
