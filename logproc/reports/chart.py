"""The hours of a log as a chart of block characters, resampled to the width; hours without records are gaps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from itertools import count as naturals
from typing import TYPE_CHECKING

from rich.segment import Segment

from logproc.reports.look import BAR, BOLD, DIM, Line, Look, flow
from logproc.reports.units import HOUR_S, count, day, moment, month, seconds_of

if TYPE_CHECKING:
    from logproc.model import Panel

ROWS = 4
WIDEST_BUCKET = 8
STEPS_IN_HOURS = (1, 2, 3, 4, 6, 8, 12)
Label = Callable[[datetime], tuple[Hashable, str]]


def clock(time: datetime) -> str:
    """Return the hour of a day, or the day where it begins."""
    return f"{time:%H:%M}" if time.hour else day(time)


# From fine to coarse: what changes where a label stands, and the label.
LABELS: tuple[Label, ...] = (
    lambda time: (time, clock(time)),
    lambda time: ((time.date(), time.hour // 3), clock(time)),
    lambda time: ((time.date(), time.hour // 6), clock(time)),
    lambda time: ((time.date(), time.hour // 12), clock(time)),
    lambda time: (time.date(), day(time)),
    lambda time: (time.isocalendar()[:2], day(time)),
    lambda time: ((time.year, time.month), f"{month(time)} {time.year}"),
    lambda time: ((time.year, (time.month - 1) // 3), f"{month(time)} {time.year}"),
    lambda time: (time.year, f"{time.year}"),
    lambda time: (time.year // 5, f"{time.year}"),
    lambda time: (time.year // 25, f"{time.year}"),
    lambda time: (time.year // 100, f"{time.year}"),
    lambda time: (time.year // 1000, f"{time.year}"),
)


def hour_chart(panel: Panel, look: Look) -> list[Line]:
    """Return the chart of the panel `hour`, with a title, the largest and least count, and days along its foot."""
    if not panel.rows:
        return []
    counts = {seconds_of(row.key[0]) // HOUR_S: row.count for row in panel.rows}
    gutter = len(f"{sum(counts.values()):,}") + 2  # no bucket holds more than all
    start, step, sums = resample(counts, look.width - gutter)
    columns = min(look.width - gutter, WIDEST_BUCKET * len(sums))
    of_column = [column * len(sums) // columns for column in range(columns)]
    times = [moment(max(start + bucket * step, min(counts)) * HOUR_S) for bucket in of_column]
    left = [f"{max(sums):,}".rjust(gutter - 2), *[""] * (ROWS - 2), "0".rjust(gutter - 2)]
    rows = zip(left, blocks(sums, of_column, look), strict=True)
    return [
        *flow(title(counts, step), look.width),
        *([Segment(label.ljust(gutter), DIM), Segment(row, BAR)] for label, row in rows),
        [Segment(" " * gutter), Segment(foot(times), DIM)],
    ]


def resample(counts: Mapping[int, int], room: int) -> tuple[int, int, list[int]]:
    """Return the first hour, the hours of a bucket and the sums of the buckets, of which there are at most `room`."""
    first, last = min(counts), max(counts)
    step = next(step for step in chain(STEPS_IN_HOURS, naturals(24, 24)) if last // step - first // step < room)
    sums = [0] * (last // step - first // step + 1)
    for hour, number in counts.items():
        sums[hour // step - first // step] += number
    return first // step * step, step, sums


def title(counts: Mapping[int, int], step: int) -> list[Line]:
    """Return what the chart shows, in pieces."""
    hours = max(counts) - min(counts) + 1
    busiest, quietest = max(counts, key=lambda hour: (counts[hour], -hour)), min(counts, key=lambda hour: (counts[hour], hour))
    years = moment(min(counts) * HOUR_S).year != moment(max(counts) * HOUR_S).year
    pieces: list[Line] = [
        [Segment("hour", BOLD), Segment(f"  {count(hours, 'hour')}{steps(step)}", DIM)],
        [Segment(f"busiest {when(busiest, years)} with "), Segment(f"{counts[busiest]:,}", BOLD)],
    ]
    if hours > len(counts):
        pieces.append([Segment(f"{count(hours - len(counts), 'hour')} without a record", DIM)])
    elif hours > 1:
        pieces.append([Segment(f"quietest {when(quietest, years)} with {counts[quietest]:,}", DIM)])
    return pieces


def when(hour: int, years: bool) -> str:
    """Return an hour as `19 May 19:00`, or `19 May 2015 19:00`."""
    time = moment(hour * HOUR_S)
    return f"{day(time)} {time.year} {time:%H:%M}" if years else f"{day(time)} {time:%H:%M}"


def steps(hours: int) -> str:
    """Return the length of a bucket in words, nothing if it is an hour."""
    return "" if hours == 1 else f" in steps of {hours}" if hours % 24 else f" in steps of {count(hours // 24, 'day')}"


def blocks(sums: Sequence[int], of_column: Sequence[int], look: Look) -> list[str]:
    """Return the rows of the chart from its top; the least count that is not 0 is one eighth high."""
    most = max(sums)
    eighths = [max(1, round(ROWS * 8 * number / most)) if number else 0 for number in sums]
    drawn = look.characters.columns
    return ["".join(drawn[min(max(eighths[bucket] - 8 * row, 0), 8)] for bucket in of_column) for row in reversed(range(ROWS))]


def foot(times: Sequence[datetime]) -> str:
    """Return the labels under the columns, as fine as there is room for."""
    for label in LABELS:
        ticks = ticks_of(times, label)
        if fits(ticks):
            break
    text = ""
    for column, words in ticks:
        if not text or len(text) + 2 <= column <= len(times) - len(words):
            text = text.ljust(column) + words
    return text


def ticks_of(times: Sequence[datetime], label: Label) -> list[tuple[int, str]]:
    """Return the columns where something new begins, with their labels; the first gives way to the second."""
    keys = [label(time) for time in times]
    ticks = [(column, key[1]) for column, key in enumerate(keys) if column == 0 or key[0] != keys[column - 1][0]]
    return ticks if fits(ticks[:2]) else ticks[1:]


def fits(ticks: Sequence[tuple[int, str]]) -> bool:
    """Return whether each label ends two cells before the next."""
    return all(ticks[i][0] + len(ticks[i][1]) + 2 <= ticks[i + 1][0] for i in range(len(ticks) - 1))
