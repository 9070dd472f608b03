"""The page: the template filled in, with its style, its script and the report's JSON inside.

The Content-Security-Policy names the one style and the one script by their hashes and forbids everything else, so that nothing
is requested, and nothing that came from a log could run even if it became markup. Every text passes `harmless` and jinja2's
autoescape on its way into the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from msgspec import to_builtins

from logproc.model.overview import QUANTILES
from logproc.model.patterns import regex
from logproc.questions.view import WEEKDAYS
from logproc.reports.html import charts, contents
from logproc.reports.html.contents import LOOK
from logproc.reports.html.timelines import timeline_of, without_empty
from logproc.reports.json_report import render_json
from logproc.reports.key_styles import value_text
from logproc.reports.report_words import assumed, why_incomplete, worst_first
from logproc.reports.safe import distinct
from logproc.reports.text.style import Apart
from logproc.reports.units import count, duration, latency, share, size, span

if TYPE_CHECKING:
    from logproc.model.overview import Interval, Overview, Timeline
    from logproc.model.snapshot import Snapshot

FIRST_ROWS = 10
"""Rows of each table that are shown at once, unless --top says otherwise."""
MOST_SAMPLES = 5
MOST_SOURCES = 200
HEAT_STEPS = 7
INDENT = regex(r"\n +")
JSON_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
"""Inside a script element these could end it, begin a comment, or end a line of JavaScript. JSON has them only in texts."""


def render_html(snapshot: Snapshot, command: str = "", first: int = FIRST_ROWS, reload_s: float | None = None) -> str:
    """Return the report as an HTML document.

    command: the command that made it, without secrets. first: how many rows of each table are shown at once. reload_s: after so
    many seconds the page loads itself again; None for a run that has ended.
    """
    style, script = dense(part("style.css")), dense(part("page.js"))
    overview = snapshot.overview
    timeline = shown_timeline(snapshot)
    folder, name = name_of(snapshot)
    noun = "Requests" if overview and overview.headline.requests else "Records"
    return environment().get_template("page.html.j2").render(
        policy=policy(style, script),
        reload=None if reload_s is None else max(1, round(reload_s)),
        style=Markup(style),  # noqa: S704 - files of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        report=Markup(embedded(dense(render_json(snapshot)))),  # noqa: S704 - escaped for its place
        snapshot=snapshot,
        folder=folder,
        name=name,
        about=list(about(snapshot)),
        warning=sentence(why_incomplete(snapshot)),
        tiles=list(contents.tiles(snapshot)),
        findings=contents.findings(overview.headline) if overview else [],
        timeline=timeline,
        noun=noun,
        charts=charts.time_charts(timeline, noun) if timeline else [],
        chart_data=Markup(chart_data(snapshot, timeline)) if timeline else "",  # noqa: S704 - escaped for its place
        legend=legend(timeline) if timeline else [],
        times=times(timeline) if timeline else None,
        heat=heat(overview) if overview else None,
        histogram=histogram(overview) if overview else None,
        quantiles=[(name, latency(value)) for name, value in overview.headline.quantiles.items()] if overview else [],
        tables=contents.tables(snapshot, first or FIRST_ROWS),
        facts=contents.fact_texts(snapshot),
        parts=[name for name in ("rejected", "blank", "filtered", "continuation") if getattr(snapshot.account, name)],
        sources=worst_first(snapshot.sources)[:MOST_SOURCES],
        rejected=rejected(snapshot),
        notes=snapshot.notes,
        assumed=assumed(snapshot),
        patterns=charts.patterns(),
        command=command,
    )  # fmt: skip


@cache
def part(name: str) -> str:
    """Return a file of this package."""
    return files(__package__).joinpath(name).read_text("utf-8")


def dense(text: str) -> str:
    """Return a text without the blanks that lines begin with, which mean nothing in our style, our script, and JSON."""
    return INDENT.sub("\n", text)


@cache
def environment() -> Environment:
    """Return jinja2's environment: everything is escaped, and no text can control how the text around it is shown."""
    made = Environment(
        loader=FunctionLoader(part),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=charts.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "size": size,
        "duration": duration,
        "share": share,
        "key": distinct,
        "number": lambda number: f"{number:,}",
    }
    made.globals |= {"count": count, "swatch": charts.swatch, "class_of": charts.class_of}
    return made


def policy(style: str, script: str = "") -> str:
    """Return the Content-Security-Policy (W3C, level 3): this style, this script if any, and nothing from anywhere."""
    parts = [("style", style), *([("script", script)] if script else [])]
    hashes = [(name, base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()) for name, text in parts]
    allowed = [f"{name}-src 'sha256-{found}'" for name, found in hashes]
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def embedded(text: str) -> str:
    r"""Return JSON that cannot leave a script element.

    >>> print(embedded('{"path": "</script><!--"}'))
    {"path": "\u003c/script\u003e\u003c!--"}
    """
    return text.translate(JSON_ESCAPES)


def shown_timeline(snapshot: Snapshot) -> Timeline | None:
    """Return what the chart over time shows: the overview's, else the first panel that counts by time."""
    if snapshot.overview:
        found = snapshot.overview.timeline
        return without_empty(found) if found and len(found.intervals) > 1 else None
    made = (timeline_of(panel) for panel in sorted(snapshot.panels.values(), key=lambda panel: -len(panel.by)))
    return next((timeline for timeline in made if timeline), None)


def name_of(snapshot: Snapshot) -> tuple[str, str]:
    """Return the folder and the name of the only source, else how many there are."""
    if len(snapshot.sources) != 1:
        return "", count(len(snapshot.sources), "source")
    folder, slash, name = distinct(snapshot.sources[0].source).rpartition("/")
    return (folder + slash, name) if name else ("", folder + slash)


def about(snapshot: Snapshot) -> Any:
    """Yield what stands below the title: the format, the span, the number of lines."""
    if snapshot.formats:
        yield ", ".join(snapshot.formats)
    if snapshot.first is not None and snapshot.last is not None:
        yield span(snapshot.first, snapshot.last)
    yield count(snapshot.account.lines, "line")
    yield size(sum(source.bytes_decoded for source in snapshot.sources))


def sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def chart_data(snapshot: Snapshot, timeline: Timeline) -> str:
    """Return what page.js needs to draw: the class of each outcome, and the timeline if it is not the report's."""
    own = snapshot.overview is None or timeline is not snapshot.overview.timeline
    return embedded(
        json.dumps({
            "classes": {name: charts.class_of(name) for name in timeline.outcomes},
            "timeline": to_builtins(timeline) if own else None,
        })
    )  # fmt: skip


def begin_text(interval: Interval, timeline: Timeline) -> str:
    if "T" not in interval.begin:
        return interval.begin
    return value_text("second" if timeline.step_s % 60 else "minute", interval.begin)


def legend(timeline: Timeline) -> list[tuple[str, str, int]]:
    """Return name, class and sum of each outcome, the worst first, then that of the records without one."""
    sums = [sum(one.outcomes[at] for one in timeline.intervals) for at in range(len(timeline.outcomes))]
    found = [(name, charts.class_of(name), number) for name, number in zip(timeline.outcomes, sums, strict=True) if number]
    rest = sum(one.count for one in timeline.intervals) - sum(sums)
    return [*found[::-1], *([("other", charts.OTHER_CLASS, rest)] if rest and found else [])]


def times(timeline: Timeline) -> dict[str, Any]:
    """Return the chart's numbers as a table: the heads, and for each interval its beginning and its texts."""
    found = timeline.intervals
    sizes = any(one.bytes is not None for one in found)
    quantiles = QUANTILES if any(one.quantiles for one in found) else ()
    rows = []
    for one in found:
        numbers = [one.count, *one.outcomes]
        durations = one.quantiles or [None] * len(quantiles)
        rows.append((begin_text(one, timeline), [
            *(f"{number:,}" for number in numbers),
            *([size(one.bytes or 0)] if sizes else []),
            *("–" if number is None else latency(number) for number in durations),
        ]))  # fmt: skip
    return {"heads": ["count", *timeline.outcomes, *(["bytes"] if sizes else []), *quantiles], "rows": rows}


def heat(overview: Overview) -> dict[str, Any] | None:
    """Return the heat map: for each day its hours, with the number, its short form and a step from 0 to HEAT_STEPS."""
    most = max((number for day in overview.week for number in day), default=0)
    if not most or sum(number > 0 for day in overview.week for number in day) < 2:
        return None
    rows = [
        (name, [(f"{number:,}", short(number), -(-HEAT_STEPS * number // most)) for number in day])
        for name, day in zip(WEEKDAYS, overview.week, strict=True)
    ]
    return {"rows": rows, "most": f"{most:,}"}


def short(number: int) -> str:
    """Return a number in at most four characters.

    >>> short(0), short(999), short(1000), short(12_345), short(999_999), short(2_500_000)
    ('', '999', '1k', '12k', '1M', '2.5M')
    """
    if number < 1000:
        return str(number) if number else ""
    for unit, name in ((1000, "k"), (1_000_000, "M"), (1_000_000_000, "G"), (10**12, "T")):
        scaled = number / unit
        if scaled < 999.5:
            return f"{scaled:.1f}".removesuffix(".0") + name if scaled < 9.95 else f"{scaled:.0f}{name}"
    return f"{number:.0e}"


def histogram(overview: Overview) -> charts.Chart | None:
    return charts.histogram(overview.latency, overview.headline.quantiles) if len(overview.latency) > 1 else None


def rejected(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return each reason for which lines were rejected, with its number and the first samples of it."""
    apart = Apart(LOOK)
    found = []
    for reason, number in snapshot.rejected_by_reason.items():
        lines = snapshot.rejected_sample(reason)[:MOST_SAMPLES]
        samples = [(distinct(name), line.line, contents.cell(line.text, apart)) for name, line in lines]
        found.append({"reason": reason, "count": number, "samples": samples})
    return found
