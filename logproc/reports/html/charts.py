"""The charts of the page as SVG elements: bars over time, lines of quantiles, and a histogram.

Horizontal places are percentages, so that a chart fits every width and its text keeps its size. Colours are classes of the
style sheet. `element` escapes every text and attribute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from logproc.model.overview import QUANTILES, Timeline
from logproc.questions.fields.outcomes import ERRORS
from logproc.reports.html import axes
from logproc.reports.safe import harmless
from logproc.reports.units import latency

HEIGHT = 200
"""Pixels of the part with the bars; page.js draws into the same."""
FOOT = 24
GAP = 0.12
"""The part of an interval that is left free beside its bar."""
MOST_WITH_GAPS = 200
WIDE, LEAST = 10_000, 10
"""Units of the area of bars and lines, which is stretched to the width of the screen, and the least width of a bar."""
CLOSE = 0.09
"""Labels of quantiles that are nearer than this part of the width are one above another."""


class Chart(Struct, frozen=True):
    """One chart. mode: what it shows, for the switches. title: in words. gutter: the texts beside it. area: the bars."""

    mode: str
    title: str
    gutter: Markup
    area: Markup


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return an element with its texts and attributes escaped. `class_` is `class`, `a_b` is `a-b`.

    >>> print(element("text", "<b>", x=1, class_="a"))
    <text x="1" class="a">&lt;b&gt;</text>
    """
    pairs = [Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), shown(value)) for key, value in attributes.items()]
    return Markup("<{}{}>{}</{}>").format(name, Markup("").join(pairs), Markup("").join(map(shown, children)), name)


def shown(value: Any) -> Any:
    """Return what is about to be written; a text without characters that could not be seen."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def percent(part: float) -> str:
    """Return a share as a percentage with three digits after the point.

    >>> percent(0.5), percent(1 / 3)
    ('50%', '33.333%')
    """
    return f"{100 * part:.3f}".rstrip("0").rstrip(".") + "%"


def pixels(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def time_charts(timeline: Timeline, noun: str) -> list[Chart]:
    """Return the charts of a log over time: counts, and where there are any bytes, errors and quantiles of durations."""
    found = timeline.intervals
    per = f"per {timeline.step}"
    whole = Scale.of((one.count for one in found), axes.count_text, whole=True)
    made = [drawn("count", f"{noun} {per}", timeline, whole, stacks(timeline, whole))]
    if any(one.bytes is not None for one in found):
        scale = Scale.of((one.bytes or 0 for one in found), axes.size_text)
        made.append(
            drawn(
                "bytes", f"Bytes {per}", timeline, scale, bars(timeline, [one.bytes or 0 for one in found], scale, PLAIN_CLASS)
            )
        )
    if any(name in ERRORS for name in timeline.outcomes):
        shares = [one.errors / one.count if one.count else 0 for one in found]
        scale = Scale.of(shares, axes.share_text)
        made.append(drawn("errors", f"Share of errors {per}", timeline, scale, bars(timeline, shares, scale, ERROR_CLASS)))
    if any(number is not None for one in found for number in one.quantiles):
        scale = Scale.of_durations(number or 0 for one in found for number in one.quantiles)
        made.append(drawn("latency", f"Duration {per}, logarithmic", timeline, scale, lines(timeline, scale)))
    return made


OUTCOME_CLASSES: Mapping[str, str] = {
    "1xx": "o1",
    "2xx": "o2",
    "3xx": "o3",
    "4xx": "o4",
    "5xx": "o5",
    "trace": "o0",
    "debug": "o0",
    "info": "o2",
    "notice": "o3",
    "warning": "o4",
    "error": "o5",
    "critical": "o6",
}
"""The class of an outcome in the style sheet: its colour says how grave it is."""
OTHER_CLASS = "o0"
PLAIN_CLASS = "by"
"""Of bars that say nothing about outcomes."""
ERROR_CLASS = "f5"


def class_of(outcome: str) -> str:
    return OUTCOME_CLASSES.get(outcome, OTHER_CLASS)


class Scale(Struct, frozen=True):
    """A vertical axis with its marks and what is written beside each: from 0 to `top`, or logarithmic from `least` to `top`."""

    top: float
    marks: tuple[tuple[float, str], ...]
    least: float | None = None

    @classmethod
    def of(cls, numbers: Iterable[float], text: Callable[[float], str], *, whole: bool = False) -> Scale:
        marks = axes.values(max(numbers, default=0), whole=whole)
        return cls(marks[-1], tuple((mark, text(mark)) for mark in marks))

    @classmethod
    def of_durations(cls, numbers: Iterable[float]) -> Scale:
        """Return a logarithmic axis: half of the requests may take a thousandth of what the slowest do."""
        marks = axes.decades([number for number in numbers if number > 0])
        return cls(marks[-1], tuple((mark, axes.latency_text(mark)) for mark in marks), marks[0])

    def y(self, number: float) -> float:
        """Return the pixels from the top."""
        if self.least is None:
            return HEIGHT * (1 - number / self.top)
        return HEIGHT * (1 - math.log(max(number, self.least) / self.least) / math.log(self.top / self.least))


class Across(Struct, frozen=True):
    """The horizontal axis of a timeline: from its first interval to the end of the last."""

    begin_s: int
    end_s: int

    @classmethod
    def of(cls, timeline: Timeline) -> Across:
        return cls(timeline.intervals[0].begin_s, timeline.intervals[-1].begin_s + timeline.step_s)

    def x(self, time_s: float) -> float:
        """Return the share from the left."""
        return (time_s - self.begin_s) / (self.end_s - self.begin_s)


def drawn(mode: str, title: str, timeline: Timeline, scale: Scale, content: Markup) -> Chart:
    across = Across.of(timeline)
    labels = [
        element(
            "text", text, x=percent(across.x(time)), y=HEIGHT + 17, class_=f"t{' b' if begins else ''}{' h' if at % 2 else ''}"
        )
        for at, (time, text, begins) in enumerate(axes.times(across.begin_s, across.end_s, timeline.step_s))
        if across.x(time) < 0.97
    ]
    return Chart(mode, title, gutter(scale), svg(title, [*grid(scale), content, *labels]))


def svg(title: str, content: Iterable[Markup]) -> Markup:
    return element("svg", *content, class_="area", width="100%", height=HEIGHT + FOOT, role="img", aria_label=title)


def gutter(scale: Scale) -> Markup:
    texts = [element("text", text, x=46, y=pixels(scale.y(mark) + 4)) for mark, text in scale.marks]
    return element("svg", *texts, class_="gutter", width=52, height=HEIGHT + FOOT, aria_hidden="true")


def grid(scale: Scale) -> list[Markup]:
    rows = (pixels(scale.y(mark)) for mark, _ in scale.marks)
    return [element("line", x1=0, x2="100%", y1=y, y2=y, class_="base" if y == pixels(HEIGHT) else "grid") for y in rows]


def box(x: float, width: float, top: float, bottom: float) -> str:
    """Return a bar as a part of a path, in an area that is WIDE units wide."""
    left, right = round(WIDE * x), max(round(WIDE * (x + width)), round(WIDE * x) + LEAST)
    return f"M{left} {pixels(top)}h{right - left}v{pixels(bottom - top)}h{left - right}z"


def stretched(paths: Iterable[tuple[str, str]]) -> Markup:
    """Return paths, each with its class, in an area that is stretched over the whole width; heights stay pixels."""
    view = {"viewBox": f"0 0 {WIDE} {HEIGHT}", "preserveAspectRatio": "none"}
    found = (element("path", d=path, class_=name) for name, path in paths if path)
    return element("svg", *found, width="100%", height=HEIGHT, class_="marks", **view)


def places(timeline: Timeline) -> list[tuple[float, float]]:
    """Return where the bar of each interval begins, and its width, as shares."""
    across = Across.of(timeline)
    width = timeline.step_s / (across.end_s - across.begin_s)
    gap = GAP * width if 1 / width <= MOST_WITH_GAPS else 0
    return [(across.x(one.begin_s) + gap / 2, width - gap) for one in timeline.intervals]


def stacks(timeline: Timeline, scale: Scale) -> Markup:
    """Return the bars of the outcomes, one on another; at the bottom what has none of them."""
    below = [0] * len(timeline.intervals)
    paths = []
    rest = [one.count - sum(one.outcomes) for one in timeline.intervals]
    columns = [(OTHER_CLASS if timeline.outcomes else PLAIN_CLASS, rest)]
    columns += [(class_of(name), [one.outcomes[at] for one in timeline.intervals]) for at, name in enumerate(timeline.outcomes)]
    for name, counts in columns:
        found = zip(places(timeline), counts, below, strict=True)
        bars = (box(x, width, scale.y(under + number), scale.y(under)) for (x, width), number, under in found if number)
        paths.append((name, "".join(bars)))
        below = [under + number for under, number in zip(below, counts, strict=True)]
    return stretched(paths)


def bars(timeline: Timeline, numbers: Sequence[float], scale: Scale, name: str) -> Markup:
    found = zip(places(timeline), numbers, strict=True)
    return stretched([(name, "".join(box(x, width, scale.y(number), HEIGHT) for (x, width), number in found if number))])


def lines(timeline: Timeline, scale: Scale) -> Markup:
    """Return a line for each quantile, through the middle of each interval, broken where an interval has no records."""
    paths = []
    middles = [WIDE * (x + width / 2) for x, width in places(timeline)]
    for at, name in enumerate(QUANTILES):
        parts = []
        before = False  # whether the line goes on
        for here, one in enumerate(timeline.intervals):
            number = one.quantiles[at] if one.quantiles else None
            before = before and number is not None and follows(timeline, here - 1)
            if number is not None:
                parts.append(f"{'L' if before else 'M'}{middles[here]:.0f} {pixels(scale.y(number))}{'' if before else 'h0'}")
            before = number is not None
        paths.append((name, "".join(parts)))
    return stretched(paths)


def follows(timeline: Timeline, at: int) -> bool:
    """Whether the next interval is the next one in time, too; months have up to 31 days."""
    first, second = timeline.intervals[at : at + 2]
    return second.begin_s - first.begin_s <= 1.04 * timeline.step_s


def histogram(latency_bins: Sequence[tuple[float, float, int]], quantiles: Mapping[str, float]) -> Chart:
    """Return the histogram of durations: a bar of equal width for each bin, and the quantiles as lines."""
    scale = Scale.of((number for _, _, number in latency_bins), axes.count_text, whole=True)
    number = len(latency_bins)
    rectangles = []
    for at, (begin, end, records) in enumerate(latency_bins):
        words = element("title", f"{latency(begin)} – {latency(end)}: {records:,}")
        y = scale.y(records)
        size = {"x": percent((at + 0.06) / number), "width": percent(0.88 / number), "height": pixels(HEIGHT - y)}
        rectangles.append(element("rect", words, y=pixels(y), **size))
    every = max(math.ceil(number / 6), 1)
    labels = [
        element("text", axes.latency_text(latency_bins[at][0]), x=percent(at / number), y=HEIGHT + 17, class_="t")
        for at in range(every if number > every else 0, number, every)
    ]
    marks = []
    last = -1.0
    for name, value in quantiles.items():
        x = place_of(value, latency_bins)
        if x is None:
            continue
        marks.append(element("line", x1=percent(x), x2=percent(x), y1=-4, y2=HEIGHT, class_="mark"))
        marks.append(element("text", name, x=percent(x), y=-24 if x - last < CLOSE else -9, class_="t b"))
        last = x
    title = "Records by duration"
    return Chart(
        "histogram",
        title,
        gutter(scale),
        svg(title, [*grid(scale), element("g", *rectangles, class_=PLAIN_CLASS), *labels, *marks]),
    )


def place_of(value: float, bins: Sequence[tuple[float, float, int]]) -> float | None:
    """Return where a duration is on the axis of a histogram, as a share; within a bin by its logarithm."""
    for at, (begin, end, _) in enumerate(bins):
        if begin <= value < end or (value == end and at == len(bins) - 1):
            part = (
                math.log(value / begin) / math.log(end / begin) if begin > 0 and value > 0 else (value - begin) / (end - begin)
            )
            return (at + part) / len(bins)
    return None


def swatch(name: str) -> Markup:
    """Return a small square in the colour and pattern of an outcome, for legends."""
    return element(
        "svg", element("rect", width=12, height=12, class_=name), class_="swatch", width=12, height=12, aria_hidden="true"
    )


def bar(part: float) -> Markup:
    """Return the bar beside a key in a table."""
    return element("svg", element("rect", width=percent(round(part, 3))))


def patterns() -> Markup:
    """Return the patterns that let outcomes be told apart without colour: few stripes for 4xx, many for 5xx.

    The stripes are horizontal, because the area of the bars is stretched.
    """
    units = {"patternUnits": "userSpaceOnUse"}
    made = [
        element(
            "pattern",
            element("rect", width=100, height=height, class_=f"f{name}"),
            element("rect", width=100, height=1, class_=f"s{name}"),
            id=f"p{name}",
            width=100,
            height=height,
            **units,
        )
        for name, height in (("4", 5), ("5", 2.5))
    ]
    return element("svg", element("defs", *made), width=0, height=0, class_="defs", aria_hidden="true")
