"""What the chart over time shows: a timeline from a panel that counts by time, and one without empty intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from logproc.formats.times.calendar import iso, seconds_of
from logproc.model.overview import Interval, Timeline
from logproc.questions.fields.outcomes import ERRORS, OUTCOMES
from logproc.questions.fields.stretches import length_text, stretch_of

if TYPE_CHECKING:
    from logproc.model.panel import Panel

MOST_BARS, LEAST_BARS = 400, 40
LONGER_S = (10, 60, 300, 900, 3600, 6 * 3600)
OUTCOME_COLUMNS = frozenset({"status", "status_class", "level"})


def timeline_of(panel: Panel) -> Timeline | None:
    """Return the timeline of a panel by time, or by time and an outcome; None for any other, and for a single interval.

    Several intervals become one where there are too many to draw.
    """
    stretch = stretch_of(panel.by[0]) if panel.by else None
    complete = len(panel.rows) == panel.distinct and panel.sorted_by in {None, "key"} and panel.other is None
    if stretch is None or not complete or len(panel.by) > 2 or (len(panel.by) == 2 and panel.by[1] not in OUTCOME_COLUMNS):
        return None
    begins = {row.key[0]: begin_of(row.key[0]) for row in panel.rows}
    if len(begins) < 2:
        return None
    first, last = min(begins.values()), max(begins.values())
    step_s = stretch.about_s
    together = max(-(-(last - first) // (step_s * MOST_BARS)), 1)
    step_s *= together
    labels: dict[int, str] = {}
    counts: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    outcomes: dict[int, Counter[str]] = defaultdict(Counter)
    for row in panel.rows:
        time = begins[row.key[0]]
        begin = time if together == 1 else first + (time - first) // step_s * step_s
        labels.setdefault(begin, row.key[0])
        counts[begin] += row.count
        sizes[begin] += row.bytes or 0
        if len(panel.by) == 2:
            outcomes[begin][outcome_of(panel.by[1], row.key[1])] += row.count
    with_bytes = any(row.bytes is not None for row in panel.rows)
    found = {name for at in outcomes.values() for name in at}
    names = tuple(name for name in OUTCOMES if name in found)
    return Timeline(
        step=length_text(step_s) if stretch.length_s or together > 1 else "month",
        step_s=step_s,
        zone="UTC" if panel.rows[0].key[0].endswith("Z") else "",
        outcomes=names,
        intervals=tuple(
            Interval(
                labels[begin],
                begin,
                counts[begin],
                sizes[begin] if with_bytes else None,
                sum(outcomes[begin][name] for name in names if name in ERRORS),
                tuple(outcomes[begin][name] for name in names),
            )
            for begin in sorted(counts)
        ),
    )


def without_empty(timeline: Timeline) -> Timeline:
    """Return a timeline in longer intervals if each of these has the records of at most one: no number changes.

    Logs that are written every hour would have thin bars far from one another.
    """
    found = timeline.intervals
    span_s = found[-1].begin_s - found[0].begin_s
    for step_s in reversed(LONGER_S):
        begins = [one.begin_s // step_s * step_s for one in found]
        if timeline.step_s < step_s <= span_s / LEAST_BARS and step_s % timeline.step_s == 0 and len(set(begins)) == len(found):
            zone = "Z" if found[0].begin.endswith("Z") else ""
            longer = (replace(one, begin_s=at, begin=iso(at)[:-1] + zone) for one, at in zip(found, begins, strict=True))
            return replace(timeline, step=length_text(step_s), step_s=step_s, intervals=tuple(longer))
    return timeline


def begin_of(label: str) -> int:
    """Return the beginning of an interval by the clocks of its zone, in seconds since 1970.

    >>> begin_of("1970-01-02"), begin_of("1970-02"), begin_of("1970-W02"), begin_of("1970-01-01T01:00:00")
    (86400, 2678400, 345600, 3600)
    """
    if len(label) == len("2026-03"):
        return seconds_of(f"{label}-01")
    return seconds_of(f"{label}-1" if "W" in label else label)


def outcome_of(column: str, value: str) -> str:
    return f"{value[:1]}xx" if column == "status" else value
