"""The timeline of a panel that the user asked for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logproc.formats.times.calendar import iso
from logproc.model.panel import Panel, Row
from logproc.reports.html.timelines import MOST_BARS, timeline_of, without_empty
from tests.reports.html.overviews import timeline
from tests.reports.snapshots import hour_panel


def by_time(by: tuple[str, ...], *rows: tuple[tuple[str, ...], int], distinct: int | None = None) -> Panel:
    return Panel(",".join(by), by, distinct or len(rows), tuple(Row(key, count, 10 * count) for key, count in rows))


def test_outcomes_are_in_order_of_gravity() -> None:
    """Statuses are classes, and what is worst is last; errors are counted apart."""
    panel = by_time(
        ("day", "status"),
        (("2026-03-07", "503"), 2),
        (("2026-03-07", "200"), 5),
        (("2026-03-07", "201"), 1),
        (("2026-03-08", "404"), 4),
    )
    found = timeline_of(panel)
    assert found is not None
    assert (found.step, found.outcomes) == ("day", ("2xx", "4xx", "5xx"))
    assert [(one.count, one.bytes, one.errors, one.outcomes) for one in found.intervals] == [
        (8, 80, 2, (6, 0, 2)),
        (4, 40, 0, (0, 4, 0)),
    ]


def test_many_intervals_are_put_together() -> None:
    """Nothing is lost where there are more intervals than bars."""
    found = timeline_of(hour_panel(*[1] * 1000))
    assert found is not None
    assert len(found.intervals) <= MOST_BARS
    assert found.step == "3 h"
    assert sum(one.count for one in found.intervals) == 1000


def test_hourly_bursts_are_hours() -> None:
    """Records in one quarter of each hour are shown by the hour, with the same numbers; anything else stays as it is."""
    quarters = replace(timeline(60), step="15 min", step_s=900)
    late = tuple(replace(one, begin_s=one.begin_s + 900, begin=iso(one.begin_s + 900)) for one in quarters.intervals)
    hours = without_empty(replace(quarters, intervals=late))
    assert (hours.step, hours.step_s) == ("1 h", 3600)
    assert hours.intervals == timeline(60).intervals
    twice = replace(quarters, intervals=(quarters.intervals[0], late[0], *quarters.intervals[1:]))
    assert without_empty(twice) is twice
    few = replace(quarters, intervals=quarters.intervals[:30])
    assert without_empty(few) is few


@pytest.mark.parametrize(
    "panel",
    [
        by_time(("path",), (("/",), 1)),
        by_time((), ((), 1)),
        by_time(("hour",), (("2026-03-07T10:00:00Z",), 1)),
        by_time(("day",), (("2026-03-07",), 1), (("2026-03-08",), 1), distinct=3),
        by_time(("day", "path"), (("2026-03-07", "/"), 1), (("2026-03-08", "/"), 1)),
        by_time(("day", "status", "path"), (("2026-03-07", "200", "/"), 1), (("2026-03-08", "200", "/"), 1)),
    ],
    ids=["no time", "total", "one interval", "rows left out", "no outcome", "three columns"],
)
def test_other_panels_have_none(panel: Panel) -> None:
    """A chart needs time, all its intervals, and at most an outcome."""
    assert timeline_of(panel) is None


@pytest.mark.parametrize(
    ("column", "keys", "step"),
    [
        ("week", ("2026-W10", "2026-W12"), "week"),
        ("month", ("2026-01", "2026-03"), "month"),
        ("minute", ("2026-03-07T10:00:00", "2026-03-07T10:01:00"), "1 min"),
    ],
)
def test_every_stretch_has_a_step(column: str, keys: tuple[str, str], step: str) -> None:
    """Weeks, months and times without a zone are placed in time."""
    found = timeline_of(by_time((column,), *(((key,), 1) for key in keys)))
    assert found is not None
    assert (found.step, found.zone) == (step, "")
    assert found.intervals[0].begin_s < found.intervals[1].begin_s
