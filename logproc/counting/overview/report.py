"""Counts → the overview that a report begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from logproc.counting.overview.headline import headline, histogram
from logproc.counting.overview.pages import derived_counts
from logproc.counting.overview.timeline import by_week, hours_of, timeline
from logproc.counting.panels import Drawing
from logproc.model.overview import Overview
from logproc.questions.question import PanelSpec, Question

if TYPE_CHECKING:
    from logproc.counting.tally import Tally


def overview_of(tally: Tally, question: Question, top: int | tuple[int, ...], *, families: bool) -> Overview | None:
    """Return the overview of a tally, None if none was counted. families: whether browsers and systems are wanted."""
    counts = tally.overview
    if counts is None:
        return None
    with_bytes = "bytes" in tally.seen
    over_time = None
    if tally.first is not None and tally.last is not None:
        over_time = timeline(counts, tally.first, tally.last, question.zone, with_bytes=with_bytes)
    drawing = Drawing(replace(question, sort=None, descending=None), (top,) if isinstance(top, int) else top, 0, with_bytes)
    panels = {
        name: replace(drawing.panel(PanelSpec((column,), usual=True), part), name=name)
        for name, column, part in derived_counts(tally, counts, families_too=families)
    }
    return Overview(
        headline(tally, counts, question.zone),
        over_time,
        by_week(hours_of(counts, tally.first, tally.last)),
        histogram(counts.durations),
        panels,
    )
