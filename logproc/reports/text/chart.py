"""A log over time as a chart of block characters, resampled to the width; times without records are gaps.

Below the chart is a row for each level, or for whatever else was counted by time, on the same time axis.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from itertools import count as naturals
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.formats.times.calendar import DAY_S, HOUR_S, seconds_of
from logproc.reports.key_styles import severity, style_of, title_of
from logproc.reports.text.style import BAR, BOLD, DIM, PLAIN, Apart, Line, Look, flow, padded
from logproc.reports.units import count, day, moment, month

if TYPE_CHECKING:
    from logproc.model.panel import Panel

ROWS = 4
WIDEST_BUCKET = 8
LEAST_ROOM = 4
MOST_NAMES = 8
MINUTE_S = 60
UNITS_S = {"minute": MINUTE_S, "hour": HOUR_S, "day": DAY_S}
"""The stretches of time that are drawn; others are tables."""
STEPS = {MINUTE_S: (1, 2, 3, 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720), HOUR_S: (1, 2, 3, 4, 6, 8, 12), DAY_S: ()}
"""How many of a unit may form a bucket of less than a day. Larger buckets are whole days."""
Label = Callable[[datetime], tuple[Hashable, str]]


def clock(time: datetime) -> str:
    return f"{time:%H:%M}" if time.hour or time.minute else day(time)


def every_minutes(minutes: int) -> Label:
    return lambda time: ((time.date(), (60 * time.hour + time.minute) // minutes), clock(time))


def every_months(months: int) -> Label:
    return lambda time: ((12 * time.year + time.month - 1) // months, f"{month(time)} {time.year}")


def every_years(years: int) -> Label:
    return lambda time: (time.year // years, f"{time.year}")


# From fine to coarse: a key that changes where a new label begins, and the label.
LABELS: tuple[Label, ...] = (
    *map(every_minutes, (1, 5, 15, 30, 60, 180, 360, 720)),
    lambda time: (time.date(), day(time)),
    lambda time: (time.isocalendar()[:2], day(time)),
    *map(every_months, (1, 3)),
    *map(every_years, (1, 5, 25, 100, 1000)),
)


def can_be_chart(panel: Panel) -> bool:
    """Return whether a panel can be a chart: all stretches of time, in order, by at most one more field.

    Panels sorted by something else are tables, because a chart would not show that order.
    """
    whole = len(panel.rows) == panel.distinct and panel.sorted_by in {None, "key"}
    return bool(panel.by) and panel.by[0] in UNITS_S and len(panel.by) <= 2 and whole


def time_chart(panel: Panel, look: Look, apart: Panel | None = None) -> list[Line]:
    """Return the chart of a panel over time: a title, the largest count, and times below it.

    The second column of the panel, or of `apart`, gets a row for each value. A single stretch of time has only a title.
    """
    unit_s = UNITS_S[panel.by[0]]
    counts = counts_of(panel, unit_s)
    if len(counts) <= 1:
        return flow(title(panel, counts, 1, unit_s), look.width) if counts else []
    names = names_of(panel if len(panel.by) == 2 else apart, unit_s, look)
    shown = names[: look.most(MOST_NAMES)] if len(names) > 1 else []
    gutter = gutter_of(counts, shown)
    axis = Axis.of(counts, max(look.width - gutter, LEAST_ROOM), unit_s)
    return [
        *flow(title(panel, counts, axis.step, unit_s), look.width),
        *columns(counts, axis, gutter, look),
        *([[Segment("each row scaled to its own peak", DIM)]] if shown else []),
        *(name_row(name, axis, gutter, look) for name in shown),
        *([[Segment(f"and {len(names) - len(shown):,} more", DIM)]] if shown and len(names) > len(shown) else []),
    ]


def columns(counts: Mapping[int, int], axis: Axis, gutter: int, look: Look) -> list[Line]:
    """Return the columns of a chart with the largest count beside them, and the labels below."""
    sums = axis.sums(counts)
    left = [f"{max(sums):,}".rjust(gutter - 2), *[""] * (ROWS - 2), "0".rjust(gutter - 2)]
    rows = zip(left, blocks(sums, axis.columns, look, ROWS), strict=True)
    return [
        *([Segment(label.ljust(gutter), DIM), Segment(row, BAR)] for label, row in rows),
        [Segment(" " * gutter), Segment(foot([axis.time(bucket) for bucket in axis.columns]), DIM)],
    ]


def name_row(name: Name, axis: Axis, gutter: int, look: Look) -> Line:
    sums = axis.sums(name.counts)
    most = f"{max(sums):,}"
    front = padded([Segment(name.text, name.style)], gutter - 2 - len(most))
    (row,) = blocks(sums, axis.columns, look, 1)
    return [*front, Segment(f"{most}  ", DIM), Segment(row, BAR if name.style is PLAIN else name.style)]


def counts_of(panel: Panel, unit_s: int) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for row in panel.rows:
        counts[seconds_of(row.key[0]) // unit_s] += row.count
    return counts


class Name(Struct, frozen=True):
    """A value of a panel's second column, and its count in each stretch of time."""

    text: str
    style: Style
    severity: int
    counts: Mapping[int, int]


def names_of(panel: Panel | None, unit_s: int, look: Look) -> list[Name]:
    """Return the values of a panel's second column, the worst first, then the most frequent, then by row."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for row in panel.rows if panel else ():
        found[row.key[1]][seconds_of(row.key[0]) // unit_s] += row.count
    column = panel.by[1] if panel else ""
    apart = Apart(look)
    names = [
        Name(apart.fit(look.key(value), look.width // 3), style_of(column, value), severity(column, value), counts)
        for value, counts in found.items()
    ]
    return sorted(names, key=lambda name: (name.severity, -sum(name.counts.values())))


def gutter_of(counts: Mapping[int, int], names: Sequence[Name]) -> int:
    """Return the width to the left of a chart, for names and counts. No bucket holds more than the sum."""
    number = len(f"{sum(counts.values()):,}")
    name = max((cell_len(name.text) for name in names), default=0)
    return (name + 2 if name else 0) + number + 2


class Axis(Struct, frozen=True):
    """How stretches of time are placed in a chart.

    start: the number of the first stretch. step: how many are in a bucket. least: the first one with a record.
    columns: the bucket of each column of the chart. unit_s: the length of a stretch in seconds.
    """

    start: int
    step: int
    buckets: int
    least: int
    columns: Sequence[int]
    unit_s: int

    @classmethod
    def of(cls, counts: Mapping[int, int], room: int, unit_s: int) -> Axis:
        start, step, sums = resample(counts, room, unit_s)
        columns = min(room, WIDEST_BUCKET * len(sums))
        return cls(start, step, len(sums), min(counts), [at * len(sums) // columns for at in range(columns)], unit_s)

    def sums(self, counts: Mapping[int, int]) -> list[int]:
        return bucket_sums(counts, self.start, self.step, self.buckets)

    def time(self, bucket: int) -> datetime:
        """Return the beginning of a bucket; for the first that of its first record."""
        return moment(max(self.start + bucket * self.step, self.least) * self.unit_s)


def resample(counts: Mapping[int, int], room: int, unit_s: int = HOUR_S) -> tuple[int, int, list[int]]:
    """Return the first stretch, the stretches per bucket and the sums of at most `room` buckets."""
    first, last, of_day = min(counts), max(counts), DAY_S // unit_s
    steps = chain(STEPS[unit_s], naturals(of_day, of_day))
    step = next(step for step in steps if last // step - first // step < room)
    start = first // step * step
    return start, step, bucket_sums(counts, start, step, last // step - first // step + 1)


def bucket_sums(counts: Mapping[int, int], start: int, step: int, buckets: int) -> list[int]:
    sums = [0] * buckets
    for hour, number in counts.items():
        sums[(hour - start) // step] += number
    return sums


def title(panel: Panel, counts: Mapping[int, int], step: int, unit_s: int) -> list[Line]:
    noun, hours = panel.by[0], max(counts) - min(counts) + 1
    busiest, quietest = max(counts, key=lambda hour: (counts[hour], -hour)), min(counts, key=lambda hour: (counts[hour], hour))
    years = moment(min(counts) * unit_s).year != moment(max(counts) * unit_s).year
    pieces: list[Line] = [
        [Segment(title_of(panel), BOLD), Segment(f"  {count(hours, noun)}{steps(step, unit_s)}", DIM)],
        [Segment(f"busiest {when(busiest, unit_s, years)} with "), Segment(f"{counts[busiest]:,}", BOLD)],
    ]
    if hours > len(counts):
        pieces.append([Segment(f"{count(hours - len(counts), noun)} without a record", DIM)])
    elif counts[quietest] < counts[busiest]:
        pieces.append([Segment(f"quietest {when(quietest, unit_s, years)} with {counts[quietest]:,}", DIM)])
    if unit_s < DAY_S and not panel.rows[0].key[0].endswith("Z"):
        pieces.append([Segment("by the clocks of --tz", DIM)])
    return pieces


def when(number: int, unit_s: int, years: bool) -> str:
    """Return a stretch of time as `19 May 19:00`, or `19 May 2015 19:00`; a day as `19 May`."""
    time = moment(number * unit_s)
    return day(time) + (f" {time.year}" if years else "") + (f" {time:%H:%M}" if unit_s < DAY_S else "")


def steps(number: int, unit_s: int) -> str:
    if number == 1:
        return ""
    larger = [(DAY_S, "day"), (HOUR_S, "hour")]
    words = next(
        (count(number * unit_s // s, noun) for s, noun in larger if unit_s < s and number * unit_s % s == 0), f"{number}"
    )
    return f" in steps of {words}"


def blocks(sums: Sequence[int], of_column: Sequence[int], look: Look, high: int) -> list[str]:
    """Return the lines of a chart `high` cells high, top first. Every count except 0 is at least an eighth high."""
    most = max(sums)
    eighths = [max(1, round(high * 8 * number / most)) if number else 0 for number in sums]
    drawn = look.characters.columns
    return ["".join(drawn[min(max(eighths[bucket] - 8 * row, 0), 8)] for bucket in of_column) for row in reversed(range(high))]


def foot(times: Sequence[datetime]) -> str:
    """Return the time labels below the columns, as fine as there is room for."""
    for label in LABELS:
        ticks = ticks_of(times, label)
        if fits(ticks):
            break
    text = ""
    for column, words in ticks:
        if (not text or len(text) + 2 <= column) and column + len(words) <= len(times):
            text = text.ljust(column) + words
    return text


def ticks_of(times: Sequence[datetime], label: Label) -> list[tuple[int, str]]:
    """Return the columns where a label changes, with the labels; the first one is dropped if the second is too near."""
    keys = [label(time) for time in times]
    ticks = [(column, key[1]) for column, key in enumerate(keys) if column == 0 or key[0] != keys[column - 1][0]]
    return ticks if fits(ticks[:2]) else ticks[1:]


def fits(ticks: Sequence[tuple[int, str]]) -> bool:
    return all(ticks[i][0] + len(ticks[i][1]) + 2 <= ticks[i + 1][0] for i in range(len(ticks) - 1))
