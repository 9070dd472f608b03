"""A recording as a self-contained SVG: a lane for each thread, the gauges below, light or dark as its reader's screen is.

What works is a full bar, what waits a thin line, so that the picture can be read without its colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recording import Lane, Recording, Step
from logproc.reports.safe import harmless
from logproc.reports.trace.strokes import Stroke, strokes
from logproc.reports.trace.summary import Times, kind_of, limit, per_cent
from logproc.reports.units import duration, size

WIDTH, LEFT, RIGHT = 1180, 132, 250
LANE, STEP, CHART = 20, 27, 44
THIN = 5
WITH_TITLES = 600
"""So many of the longest steps say what they are when the pointer is on them."""
MOST_STROKES = 9000
"""More would make the file large; then wider strokes are mixed."""
MOST_ALIKE = 16
FONT = "ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif"
WORDS_PX = 6.4
"""About the width of a letter of 12 px."""
COLORS = {
    Doing.START_UP: "#a08a72",
    Doing.LOAD: "#cdb89c",
    Doing.DETECT: "#9467bd",
    Doing.OPEN: "#d083c9",
    Doing.READ: "#2a78d0",
    Doing.UNPACK: "#12a5a0",
    Doing.CUT: "#86b8ea",
    Doing.PARSE: "#2f9e4f",
    Doing.COUNT: "#b5cc3a",
    Doing.REJECTS: "#8c5a2b",
    Doing.MERGE: "#f08c1e",
    Doing.HAND_OUT: "#5b63d3",
    Doing.SUMMARY: "#d64545",
    Doing.REPORT: "#c2478d",
    Doing.CONNECT: "#d083c9",
    Doing.WAIT_DATA: "#4c8fbd",
    Doing.WAIT_BLOCK: "#12a5a0",
    Doing.WAIT_MEMORY: "#d9a400",
    Doing.WAIT_CHUNK: "#8f979f",
    Doing.WAIT_MESSAGE: "#b4bbc2",
    Doing.WAIT_LOCK: "#e03131",
}
STYLE = """
svg{--paper:#fff;--ink:#1f2933;--quiet:#5c6b7a;--line:#e3e8ed;--lane:#f4f6f8;--area:#9db4cc}
@media(prefers-color-scheme:dark){
svg{--paper:#14181d;--ink:#e6eaee;--quiet:#98a5b3;--line:#2b333c;--lane:#1c2229;--area:#4f6b88}}
.p{fill:var(--paper)}.g{stroke:var(--line)}.l{fill:var(--lane)}.a{fill:var(--area)}
text{fill:var(--ink);font:12px FONT}.q{fill:var(--quiet)}.e{text-anchor:end}.m{text-anchor:middle}
.h{font-size:15px;font-weight:600}
""".replace("FONT", FONT).strip()


def render_svg(recording: Recording, command: str) -> str:
    """Return the picture. Its size in bytes is bounded, however long the run was."""
    return "\n".join(Picture(recording).lines(command)) + "\n"


class Picture:
    """The picture of one recording. Places are in pixels of an image that is WIDTH wide."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.lanes, self.left_out = shown(recording.lanes)
        self.end_ns = max(1, recording.end_ns)
        self.strokes, self.least = self._strokes()
        self.kinds = [kind for kind in Doing if any(kind in dict(s.shares) for lane in self.strokes for s in lane)]
        self.titled = self._titled()

    def place(self, at_ns: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * at_ns / self.end_ns

    def lines(self, command: str) -> Iterator[str]:
        legend, legend_height = self._legend(84)
        top = 84 + legend_height + 22
        lanes_end = top + STEP * len(self.lanes)
        gauges = [gauge for gauge in Gauge if self.recording.gauges.get(gauge)]
        notes = self._notes()
        charts_top = lanes_end + 22
        height = charts_top + (CHART + 26) * len(gauges) + 18 * len(notes) + 12
        title, size_px = shortened(command, 110), f'width="{WIDTH}" height="{height}"'
        told = limit(self.recording)
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size_px} role="img">'
        yield f"<title>{escape(f'Time line of {title}: {told}')}</title><style>{self._style()}</style>"
        yield f'<rect class="p" width="{WIDTH}" height="{height}" rx="10"/>'
        yield text(20, 30, title, "h")
        yield text(20, 52, f"{duration(self.end_ns / 1e9)} from the start of the process. {told}")
        yield from legend
        yield from self._axis(top, lanes_end)
        for number, (lane, found) in enumerate(zip(self.lanes, self.strokes, strict=True)):
            yield from self._lane(lane, found, top + STEP * number)
        for number, gauge in enumerate(gauges):
            yield from self._chart(gauge, charts_top + (CHART + 26) * number)
        for number, note in enumerate(notes):
            yield text(LEFT, height - 18 * (len(notes) - number) + 2, note, "q")
        yield "</svg>"

    def _strokes(self) -> tuple[list[list[Stroke]], float]:
        least = 1.0
        while True:
            found = [strokes(lane.steps, self.place, least) for lane in self.lanes]
            if sum(len(stroke.shares) for lane in found for stroke in lane) <= MOST_STROKES or least > 64:
                return found, least
            least *= 2

    def _titled(self) -> set[int]:
        """Return the identities of the steps that have a title: the longest, and wide enough for a pointer."""
        wide = [stroke.step for lane in self.strokes for stroke in lane if stroke.step and stroke.right - stroke.left >= 2]
        longest = sorted(wide, key=lambda step: step.start_ns - step.end_ns)
        return {id(step) for step in longest[:WITH_TITLES]}

    def _style(self) -> str:
        own = (f".{name_of(kind)}{{fill:{COLORS[kind]}}}" for kind in self.kinds)
        return STYLE + "".join(own)

    def _legend(self, top: int) -> tuple[list[str], int]:
        """Return the words for the colours, and how high they are together."""
        parts, x, y = [], 20.0, float(top)
        for kind in self.kinds:
            width = 22 + WORDS_PX * len(kind.value) + 16
            if x + width > WIDTH - 20:
                x, y = 20.0, y + 20
            parts.append(bar(kind, x, x + 14, y - 6, 12))
            parts.append(text(x + 20, y + 4, kind.value))
            x += width
        return parts, int(y - top) + 14

    def _axis(self, top: int, bottom: int) -> Iterator[str]:
        step_ns = tick_ns(self.end_ns)
        unit, divisor = ("s", 1e9) if step_ns >= 1e8 else ("ms", 1e6)
        for number in range(self.end_ns // step_ns + 1):
            x = self.place(number * step_ns)
            words = f"{number * step_ns / divisor:g} {unit}"
            yield f'<path class="g" d="M{x:.1f} {top - 4}V{bottom}"/>' + text(x, top - 9, words, "q m")

    def _lane(self, lane: Lane, found: Sequence[Stroke], top: int) -> Iterator[str]:
        first, last = self.place(lane.steps[0].start_ns), self.place(lane.steps[-1].end_ns)
        yield text(LEFT - 10, top + 14, lane.name, "e")
        yield f'<rect class="l" x="{first:.1f}" y="{top}" width="{max(0.5, last - first):.1f}" height="{LANE}"/>'
        paths: dict[Doing, list[str]] = {}
        for stroke in found:
            if stroke.step and id(stroke.step) in self.titled:
                yield bar(stroke.step.doing, stroke.left, stroke.right, top, LANE, about(stroke.step))
                continue
            for kind, y, height in stacked(stroke.shares, top):
                paths.setdefault(kind, []).append(box(stroke.left, stroke.right, y, height))
        for kind, boxes in paths.items():
            yield f'<path class="{name_of(kind)}" d="{"".join(boxes)}"/>'
        times = Times.of([lane])
        most = [f"{per_cent(share)} {kind.value}" for kind, share in times.largest_first]
        yield text(WIDTH - RIGHT + 10, top + 14, fitting(most, (RIGHT - 20) / WORDS_PX), "q")

    def _chart(self, gauge: Gauge, top: int) -> Iterator[str]:
        """Yield an area as high as the gauge. Of several values in one column of pixels, the highest and the last are drawn."""
        values = self.recording.gauges[gauge]
        most = max(1, *(value for _, value in values))
        bottom = top + 14 + CHART
        columns: dict[int, tuple[int, int]] = {}
        last = 0
        for at_ns, value in values:
            column = round(self.place(at_ns))
            columns[column] = max(columns.get(column, (last, 0))[0], value), value
            last = value
        path = f"M{LEFT} {bottom}"
        for column, (peak, after) in columns.items():
            path += f"H{column}V{bottom - CHART * max(0, peak) / most:.3g}"
            if after != peak:
                path += f"H{column + 1}V{bottom - CHART * max(0, after) / most:.3g}"
        yield text(LEFT, top + 8, gauge.value, "q")
        yield text(LEFT - 10, top + 24, f"{size(most) if gauge is Gauge.BYTES else f'{most:,}'} at most", "q e")
        yield f'<path class="g" d="M{LEFT} {bottom + 0.5}H{WIDTH - RIGHT}"/><path class="a" d="{path}V{bottom}z"/>'

    def _notes(self) -> list[str]:
        notes = ["A full bar is work, a thin line is a wait. Work includes waiting for a core or for the GIL."]
        if any(len(stroke.shares) > 1 for lane in self.strokes for stroke in lane):
            shortest = (self.end_ns / 1e6) * self.least / (WIDTH - LEFT - RIGHT)
            notes.append(f"Steps shorter than {shortest:.2g} ms are drawn together: each colour is as high as its share.")
        notes += [f"{number} more threads like {name} are not drawn." for name, number in self.left_out]
        return notes


def shown(lanes: Sequence[Lane]) -> tuple[list[Lane], list[tuple[str, int]]]:
    """Return the lanes to draw, and how many of each kind are left out."""
    found: list[Lane] = []
    left_out = []
    for _, group in groupby(lanes, lambda lane: kind_of(lane.name)):
        alike = list(group)
        found += alike[:MOST_ALIKE]
        if len(alike) > MOST_ALIKE:
            left_out.append((alike[0].name, len(alike) - MOST_ALIKE))
    return found, left_out


def stacked(shares: Iterable[tuple[Doing | None, float]], top: int) -> Iterator[tuple[Doing, float, float]]:
    """Yield kind, top and height: a step that waits is a thin line, a mixture is a stack with the waits above the work."""
    known = [(kind, share) for kind, share in shares if kind]
    if len(known) == 1 and known[0][1] > 0.9:
        kind = known[0][0]
        yield kind, *extent(kind, top)
        return
    y = float(top + LANE)
    for kind, share in sorted(known, key=lambda item: (item[0].waits, list(Doing).index(item[0]))):
        height = LANE * share
        y -= height
        if height >= 0.4:
            yield kind, y, height


def extent(kind: Doing, top: float, height: float = LANE) -> tuple[float, float]:
    """Return top and height of a bar in its lane."""
    return (top + (height - THIN) / 2, THIN) if kind.waits else (top, height)


def bar(kind: Doing, left: float, right: float, top: float, height: float, title: str = "") -> str:
    y, high = extent(kind, top, height)
    frame = f'<rect class="{name_of(kind)}" x="{left:.1f}" y="{y:g}" width="{right - left:.1f}" height="{high:g}"'
    return f"{frame}><title>{escape(title)}</title></rect>" if title else f"{frame}/>"


def box(left: float, right: float, top: float, height: float) -> str:
    width = max(0.3, right - left)
    return f"M{left:.1f} {top:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"


def about(step: Step) -> str:
    """Return what a step is, for the pointer."""
    took = duration_text(step.end_ns - step.start_ns)
    lines = f", {step.lines:,} lines" if step.lines else ""
    parts = f", {step.parts:,} steps added up" if step.parts > 1 else ""
    return harmless(f"{step.doing.value}: {took}{lines}{parts}" + (f"\n{step.source}" if step.source else ""))


def duration_text(took_ns: int) -> str:
    if took_ns >= 1e9:
        return duration(took_ns / 1e9)
    return f"{took_ns / 1e6:.3g} ms" if took_ns >= 1e6 else f"{took_ns / 1e3:.3g} µs"


def text(x: float, y: float, words: str, style: str = "") -> str:
    attribute = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}"{attribute}>{escape(words)}</text>'


def name_of(kind: Doing) -> str:
    """Return the class of a kind in the style sheet."""
    return f"k{list(Doing).index(kind)}"


def tick_ns(end_ns: int) -> int:
    """Return the distance of the ticks of the axis: 1, 2 or 5 times a power of ten, so that there are at most nine."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if end_ns / (step * power) <= 9:
                return step * power
        power *= 10


def fitting(parts: Sequence[str], characters: float) -> str:
    """Return as many parts as fit, at least one."""
    found = parts[0] if parts else ""
    for part in parts[1:]:
        if len(found) + 2 + len(part) > characters:
            break
        found += f", {part}"
    return found


def shortened(words: str, characters: int) -> str:
    safe = harmless(words)
    return safe if len(safe) <= characters else f"{safe[: characters - 1]}…"
