"""The report for people: on a terminal, and as plain text in a pipe or a .txt file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment

from logproc.reports.report_words import shown_panels
from logproc.reports.text.chart import can_be_chart, time_chart
from logproc.reports.text.headline import headline, worst
from logproc.reports.text.panels import panel_columns, total_line
from logproc.reports.text.sections import (
    head,
    note_line,
    notes,
    rejected_line,
    rejected_lines,
    sources_table,
    try_next,
    warning,
)
from logproc.reports.text.style import Line, Look, paint, separated
from logproc.reports.text.timeline import timeline_chart

if TYPE_CHECKING:
    from logproc.model.panel import Panel
    from logproc.model.snapshot import Snapshot

MONTH = 31
FEW_SOURCES = 3
MOST_HIGH, LEAST_HIGH = 8, 2
"""The height of the chart in a report of one screen."""


def render_terminal(snapshot: Snapshot, look: Look) -> str:
    """Return the report as text that ends in LF: printable characters, and SGR sequences if the look has colour."""
    return paint(draw(snapshot, look), look.color)


def draw(snapshot: Snapshot, look: Look) -> list[Line]:
    if snapshot.overview is not None and not look.whole:
        return one_screen(snapshot, look)
    panels = [panel for panel in shown_panels(snapshot) if panel.rows]
    charts, tables = over_time([panel for panel in panels if panel.by])
    parts = (
        head(snapshot, look),
        warning(snapshot),
        sources_table(snapshot, look),
        *overview_parts(snapshot, look),
        *(total_line(panel, look) for panel in panels if not panel.by),
        *(time_chart(panel, look, beside) for panel, beside in charts),
        panel_columns(tables, snapshot.account.records, look),
        rejected_lines(snapshot, look),
        notes(snapshot, look),
        try_next(snapshot, look),
    )
    return separated(parts)


def overview_parts(snapshot: Snapshot, look: Look) -> Iterator[list[Line]]:
    if snapshot.overview is None:
        return
    yield headline(snapshot, look)
    if snapshot.overview.timeline:
        yield timeline_chart(snapshot.overview.timeline, look)
    yield worst(snapshot, look)


def one_screen(snapshot: Snapshot, look: Look) -> list[Line]:
    """Return a report of one screen: what was read, the overview, and in a few lines what was not counted.

    The chart takes the rows that the rest leaves: the screen's last one is for the prompt.
    """
    above = [head(snapshot, look), warning(snapshot), sources_table(snapshot, look, most=FEW_SOURCES), headline(snapshot, look)]
    last = [*rejected_line(snapshot, look), *note_line(snapshot, look), *try_next(snapshot, look)]
    below = [worst(snapshot, look), last]
    timeline = snapshot.overview.timeline if snapshot.overview else None
    if timeline is None:
        return separated([*above, *below])
    free = look.rows - 1 - len(separated([*above, [[Segment(".")]], *below])) + 1
    heights = [(height, True) for height in range(MOST_HIGH, LEAST_HIGH - 1, -1)]
    charts = (timeline_chart(timeline, look, height, rows_too=rows_too) for height, rows_too in (*heights, (LEAST_HIGH, False)))
    chart: list[Line] = []
    for chart in charts:  # the last one if none fits
        if len(chart) <= free:
            break
    return separated([*above, chart, *below])


def over_time(panels: Sequence[Panel]) -> tuple[list[tuple[Panel, Panel | None]], list[Panel]]:
    """Return the panels to draw as charts, each with the panel of two columns that belongs to it, and those to show as tables.

    Up to a month of days is a table, whose bars are a chart. A chart of one column also has a table if there are metrics,
    because a chart shows none.
    """
    drawn = [panel for panel in panels if can_be_chart(panel) and (panel.by != ("day",) or len(panel.rows) > MONTH)]
    pairs = [panel for panel in drawn if len(panel.by) == 2 and not panel.metrics]
    charts: list[tuple[Panel, Panel | None]] = []
    for panel in drawn:
        if len(panel.by) == 1:
            apart = next((pair for pair in pairs if pair.by[0] == panel.by[0]), None)
            charts.append((panel, apart))
            pairs = [pair for pair in pairs if pair is not apart]
    charts += [(pair, None) for pair in pairs if len({row.key[0] for row in pair.rows}) > 1]
    charted = {id(panel) for chart in charts for panel in chart}
    return charts, [panel for panel in panels if panel.metrics or id(panel) not in charted]
