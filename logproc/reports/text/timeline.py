"""The records over time as a chart of block characters: stacked by status class or level, the errors at the bottom.

A cell holds at most two colours, so a stack is drawn with the lower part of a cell in one and the rest in the next. Without
colours the shape is that of all records, and each kind of error has a row of its own below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy
from rich.segment import Segment
from rich.style import Style

from logproc.formats.times.calendar import DAY_S, HOUR_S
from logproc.questions.fields.outcomes import ERRORS, WARNINGS
from logproc.questions.fields.stretches import STRETCHES, Stretch, length_text
from logproc.reports.key_styles import OUTCOME_STYLES
from logproc.reports.text.chart import WIDEST_BUCKET, blocks, foot
from logproc.reports.text.style import BAR, BOLD, DIM, PLAIN, Line, Look, flow, padded
from logproc.reports.units import count as count_of
from logproc.reports.units import day, moment, share

if TYPE_CHECKING:
    from datetime import datetime

    from logproc.model.overview import Timeline

ROWS = 5
LEAST_ROOM = 10
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S)
"""What a column of the chart may be long, in seconds; longer ones are whole days, weeks or months."""


def timeline_chart(timeline: Timeline, look: Look, height: int = ROWS, *, rows_too: bool = True) -> list[Line]:
    """Return the chart with its title, the times below it, and rows for warnings and errors; a single interval has no chart.

    height: in cells. rows_too: whether there are rows for warnings and errors.
    """
    totals = Counter(
        dict(zip(timeline.outcomes, map(sum, zip(*(one.outcomes for one in timeline.intervals), strict=True)), strict=False))
    )
    records = sum(one.count for one in timeline.intervals)
    legend = [
        [Segment(f"{outcome} ", OUTCOME_STYLES.get(outcome, PLAIN)), Segment(f"{share(totals[outcome], records)} %", DIM)]
        for outcome in reversed(timeline.outcomes)
        if totals[outcome]
    ]
    if len(timeline.intervals) < 2:
        return flow(legend, look.width)
    stretch = stretch_of(timeline)
    numbers = stretch.numbers(numpy.array([one.begin_s for one in timeline.intervals], numpy.int64)).tolist()
    rows = [outcome for outcome in reversed(timeline.outcomes) if outcome in ERRORS | WARNINGS and totals[outcome]]
    gutter = len(f"{records:,}") + 2 + (max(map(len, rows)) + len("  max ") if rows else 0)
    room = max(look.width - gutter, LEAST_ROOM)
    step = step_of(numbers, timeline, room)
    first = numbers[0] // step
    size = numbers[-1] // step - first + 1
    of_column = columns_of(size, room)
    sums = [0] * size
    by_outcome = {outcome: [0] * size for outcome in timeline.outcomes}
    for one, number in zip(timeline.intervals, numbers, strict=True):
        at = number // step - first
        sums[at] += one.count
        for outcome, count in zip(timeline.outcomes, one.outcomes, strict=True):
            by_outcome[outcome][at] += count
    times = [moment(max(stretch.beginning((first + at) * step), timeline.intervals[0].begin_s)) for at in range(size)]
    return [
        *flow([*title(timeline, sums, times, step), *legend], look.width),
        *stacked(sums, by_outcome, of_column, gutter, look, height),
        [Segment(" " * gutter), Segment(foot([times[at] for at in of_column]), DIM)],
        *(outcome_row(outcome, by_outcome[outcome], of_column, gutter, look) for outcome in rows if rows_too),
    ]


def columns_of(size: int, room: int) -> list[int]:
    """Return the bucket of each column of the chart."""
    width = min(room, WIDEST_BUCKET * size)
    return [at * size // width for at in range(width)]


def stretch_of(timeline: Timeline) -> Stretch:
    """Return what the intervals are, so that they can be counted without gaps."""
    return STRETCHES.get(timeline.step) or Stretch(timeline.step, timeline.step_s)


def step_of(numbers: Sequence[int], timeline: Timeline, room: int) -> int:
    """Return how many intervals are in a column, so that all fit and a column is a usual length."""
    usual = [length // timeline.step_s for length in STEPS_S if length >= timeline.step_s and length % timeline.step_s == 0]
    more = (usual[-1] * factor if usual else factor for factor in range(1, numbers[-1] - numbers[0] + 3))
    return next(step for step in (*usual, *more) if numbers[-1] // step - numbers[0] // step < room)


def title(timeline: Timeline, sums: Sequence[int], times: Sequence[datetime], step: int) -> Iterator[Line]:
    """Yield what a column is, in which zone, and the busiest one."""
    at = sums.index(max(sums))
    yield [Segment(f"per {column_text(timeline, step)}", BOLD), Segment(f"  {timeline.zone}", DIM)]
    when = day(times[at]) + (f" {times[at]:%H:%M}" if step * timeline.step_s < DAY_S else "")
    when += f"{times[at]:%S}".join([":", ""]) if step * timeline.step_s < 60 else ""
    yield [Segment(f"most {when} with ", DIM), Segment(f"{sums[at]:,}")]
    if empty := sums.count(0):
        yield [Segment(f"{count_of(empty, 'gap')}", DIM)]


def column_text(timeline: Timeline, step: int) -> str:
    """Return the length of a column in words.

    >>> from logproc.model.overview import Timeline
    >>> steps = ("5 min", 300, 3), ("1 h", 3600, 1), ("day", 86400, 2), ("week", 604800, 2)
    >>> [column_text(Timeline(name, seconds, "UTC", (), ()), number) for name, seconds, number in steps]
    ['15 min', 'hour', '2 days', '2 weeks']
    """
    if timeline.step in {"week", "month"}:
        return timeline.step if step == 1 else f"{step} {timeline.step}s"
    return length_text(step * timeline.step_s, spoken=True)


def stacked(
    sums: Sequence[int], by_outcome: Mapping[str, Sequence[int]], of_column: Sequence[int], gutter: int, look: Look, height: int
) -> Iterator[Line]:
    """Yield the rows of the chart, top first, with the largest count beside the first and 0 beside the last."""
    order = list(by_outcome)[::-1]  # the gravest at the bottom
    shapes = [shape(at, sums, by_outcome, order, look, height) for at in range(len(sums))]
    for row in reversed(range(height)):
        label = f"{max(sums):,}" if row == height - 1 else "0" if row == 0 else ""
        cells = [shapes[at][row] for at in of_column]
        yield [Segment(label.rjust(gutter - 2) + "  ", DIM), *merged(cells)]


def shape(
    at: int, sums: Sequence[int], by_outcome: Mapping[str, Sequence[int]], order: Sequence[str], look: Look, height: int
) -> list[Segment]:
    """Return the cells of one column from the bottom up. Every count except 0 is at least an eighth high."""
    if not sums[at]:
        return [Segment(" ")] * height
    most = max(sums)
    total = max(1, round(8 * height * sums[at] / most))
    edges: list[tuple[int, Style]] = []  # up to which eighth each colour goes
    below = 0
    for outcome in order:
        number = by_outcome[outcome][at]
        if number:
            high = max(1, round(8 * height * number / most))
            below = min(below + high, total)
            edges.append((below, OUTCOME_STYLES.get(outcome, BAR)))
    if not edges or edges[-1][0] < total:
        edges.append((total, BAR if sum(by_outcome[outcome][at] for outcome in order) < sums[at] else edges[-1][1]))
    return [cell(row, edges, look) for row in range(height)]


def cell(row: int, edges: Sequence[tuple[int, Style]], look: Look) -> Segment:
    """Return one cell of a column: in front the colour at its bottom, behind it the largest of the others, if it is full."""
    drawn, base, top = look.characters.columns, 8 * row, edges[-1][0]
    below, parts = base, list[tuple[int, Style]]()  # how many eighths of the cell each colour has
    for edge, style in edges:
        if edge > below and below < base + 8:
            parts.append((min(edge, base + 8) - below, style))
            below = min(edge, base + 8)
    if not parts:
        return Segment(" ")
    if look.color and top >= base + 8 and len(parts) > 1:
        behind = max(parts[1:], key=lambda part: part[0])[1]
        return Segment(drawn[parts[0][0]], parts[0][1] + Style(bgcolor=behind.color))
    return Segment(drawn[min(top - base, 8)], max(parts, key=lambda part: part[0])[1])


def merged(cells: Sequence[Segment]) -> Line:
    """Return cells with neighbours of one style as one segment."""
    line: Line = []
    for cell_ in cells:
        if line and line[-1].style == cell_.style:
            line[-1] = Segment(line[-1].text + cell_.text, cell_.style)
        else:
            line.append(cell_)
    return line


def outcome_row(outcome: str, sums: Sequence[int], of_column: Sequence[int], gutter: int, look: Look) -> Line:
    """Return a row with one kind of outcome, scaled to its own peak, which stands in front of it."""
    style = OUTCOME_STYLES.get(outcome, PLAIN)
    most = f"max {max(sums):,}"
    front = padded([Segment(outcome, style)], gutter - 2 - len(most))
    (row,) = blocks(sums, of_column, look, 1)
    return [*front, Segment(f"{most}  ", DIM), Segment(row, style)]
