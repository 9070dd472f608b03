"""The chart over time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from logproc.formats.times.calendar import HOUR_S, iso
from logproc.model.panel import Panel, Row
from logproc.reports.text.chart import MINUTE_S, can_be_chart, resample, time_chart
from logproc.reports.text.style import Look, cells_of, paint
from tests.reports.snapshots import NOON, hour_panel, panel

FIRST_HOUR, LAST_HOUR = -17_259_888, 70_389_527
"""The first hour of the year 1 and the last of the year 9999."""
HOURS = st.dictionaries(st.integers(FIRST_HOUR, LAST_HOUR), st.integers(1, 10**12), min_size=1, max_size=30)


def drawn(*counts: int, columns: int = 40, ascii_only: bool = False) -> str:
    """Return the chart of counts in consecutive hours."""
    return paint(time_chart(hour_panel(*counts), Look(columns, ascii_only=ascii_only)), color=False)


CHARTS = [
    ((8,), "hour  1 hour   busiest 1 Jul 12:00 with 8\n"),
    (
        (4, 0, 1, 8),
        """\
hour  4 hours   busiest 1 Jul 15:00 with 8   1 hour without a record
 8                          ████████
                            ████████
    ████████                ████████
 0  ████████        ▄▄▄▄▄▄▄▄████████
    12:00   13:00   14:00   15:00
""",
    ),
]


@pytest.mark.parametrize(("counts", "chart"), CHARTS)
def test_few_hours_are_drawn_as_they_are(counts: tuple[int, ...], chart: str) -> None:
    """An empty hour is a gap, the highest column is full, labels name the hours; a single hour has no chart."""
    assert drawn(*counts, columns=80) == chart


def test_ascii_draws_the_same_in_ascii() -> None:
    """Without UTF-8 the columns consist of dots and colons."""
    chart = drawn(8, 1, 0, 8, ascii_only=True)
    assert chart.isascii()
    assert ":" in chart


@pytest.mark.parametrize(
    ("hours", "words", "label"),
    [
        (2, "2 hours ", "12:00"),
        (84, "84 hours in steps of 2 ", "2 Jul"),
        (24 * 365, "8,760 hours in steps of 6 days ", "Oct 2025"),
        (24 * 365 * 5, "43,800 hours in steps of 26 days ", "2027"),
    ],
)
def test_any_length_of_time_fits_the_width(hours: int, words: str, label: str) -> None:
    """Hours are summed in round steps, with labels as fine as there is room for."""
    title, *rows = drawn(*([5] * hours), columns=80).splitlines()
    assert title.startswith(f"hour  {words}")
    assert label in rows[-1]
    assert max(map(len, rows)) <= 80


def test_hours_years_apart_tell_their_years() -> None:
    """The busiest hour includes its year if the chart spans several."""
    table = panel("hour", (iso(0), 1, 1), (iso(400 * 86400), 2, 1))
    assert "busiest 5 Feb 1971 00:00 with 2" in paint(time_chart(table, Look(80)), color=False)


@given(HOURS, st.integers(2, 200))
def test_resampling_loses_nothing(counts: dict[int, int], room: int) -> None:
    """However far apart the hours are, the buckets contain every record, and there are at most as many as columns."""
    start, step, sums = resample(counts, room)
    assert sum(sums) == sum(counts.values())
    assert len(sums) <= room
    assert start <= min(counts) < start + step


@given(HOURS, st.integers(1, 200), st.booleans())
def test_a_chart_never_leaves_its_width(counts: dict[int, int], columns: int, ascii_only: bool) -> None:
    """Rows and labels fit the width; four rows, with at least an eighth for every bucket that is not empty."""
    look = Look(columns, ascii_only=ascii_only)
    table = panel("hour", *((iso(hour * HOUR_S), number, 1) for hour, number in sorted(counts.items())))
    lines = time_chart(table, look)
    assert all(cells_of(line) <= look.width for line in lines[-5:] if len(counts) > 1)


def pairs(column: str, *counts: tuple[int, str, int]) -> Panel:
    """Return a panel by hour and another column."""
    rows = tuple(Row((iso(NOON + hour * HOUR_S), value), count, None) for hour, value, count in counts)
    return Panel(f"hour,{column}", ("hour", column), len(rows), rows)


LEVELS = pairs("level", (0, "info", 4), (0, "error", 1), (2, "warning", 2), (3, "info", 6), (3, "critical", 2))


def test_each_level_has_a_row_of_its_own() -> None:
    """Below the hours are the levels on the same axis, the worst first, each with its largest count."""
    assert paint(time_chart(hour_panel(5, 0, 2, 8), Look(80), LEVELS), color=False).splitlines()[6:] == [
        "each row scaled to its own peak",
        "critical   2                          ████████",
        "error      1  ████████",
        "warning    2                  ████████",
        "info       6  ▅▅▅▅▅▅▅▅                ████████",
    ]


def test_levels_have_colours_by_how_bad_they_are() -> None:
    """Errors are red, warnings yellow."""
    chart = paint(time_chart(hour_panel(5, 0, 2, 8), Look(80, color=True), LEVELS), color=True)
    assert "\x1b[31merror" in chart
    assert "\x1b[33mwarning" in chart


def test_a_single_level_has_no_row() -> None:
    """A single level has no row, because it would repeat the hours."""
    alone = pairs("level", (0, "info", 4), (1, "info", 4))
    assert time_chart(hour_panel(4, 4), Look(80), alone) == time_chart(hour_panel(4, 4), Look(80))


def test_a_panel_of_two_columns_is_its_own_chart() -> None:
    """The columns are sums, and each value of the second field has a row."""
    chart = paint(time_chart(pairs("status", (0, "200", 4), (0, "500", 1), (1, "200", 3)), Look(80)), color=False)
    assert chart.startswith("hour,status  2 hours   busiest 1 Jul 12:00 with 5   quietest 1 Jul 13:00 with 3\n")
    assert chart.splitlines()[-2:] == ["200  4  ████████▆▆▆▆▆▆▆▆", "500  1  ████████"]


def test_a_screen_shows_the_first_rows_of_many() -> None:
    """A screen shows eight of twenty values, a pipe all."""
    many = pairs("path", *((hour, f"/{number:02}", 1) for hour in (0, 1) for number in range(20)))
    assert paint(time_chart(many, Look(80, terminal=True)), color=False).endswith("/07   1  ████████████████\nand 12 more\n")
    assert paint(time_chart(many, Look(80)), color=False).count("/") == 20


@pytest.mark.parametrize(
    ("unit", "keys", "words"),
    [
        (
            "minute",
            [iso(NOON + minute * MINUTE_S) for minute in range(90)],
            "minute  90 minutes in steps of 2   busiest 1 Jul 12:00",
        ),
        ("minute", [iso(NOON + minute * MINUTE_S) for minute in range(0, 6000, 9)], "5,995 minutes in steps of 2 hours"),
        ("day", [iso(NOON + day * 86400)[:10] for day in range(100)], "day  100 days in steps of 2   busiest 1 Jul with 1"),
        ("hour", [iso(NOON + hour * HOUR_S)[:-1] for hour in range(9)], "by the clocks of --tz"),
    ],
)
def test_days_and_minutes_are_drawn_as_hours_are(unit: str, keys: list[str], words: str) -> None:
    """They have their own steps; times in another zone say so."""
    chart = paint(time_chart(panel(unit, *((key, 1, 1) for key in keys)), Look(60)), color=False)
    assert words in chart.replace("\n", "   ")
    assert max(map(len, chart.splitlines())) <= 60


def test_a_cut_panel_is_not_a_chart() -> None:
    """A panel cut by --top or with three columns would draw gaps, and a chart would not show --sort."""
    assert can_be_chart(LEVELS)
    assert not can_be_chart(Panel("hour", ("hour",), 9, hour_panel(1).rows))
    assert not can_be_chart(Panel("a", ("hour", "level", "path"), 0, ()))
    assert not can_be_chart(panel("status", ("200", 1, 1)))
    assert can_be_chart(replace(LEVELS, sorted_by="key"))
    assert not can_be_chart(replace(LEVELS, sorted_by="count"))


@given(st.dictionaries(st.tuples(st.integers(0, 50), st.text(max_size=40)), st.integers(1, 10**12), min_size=2, max_size=30))
def test_rows_of_values_stay_within_a_screen(counts: dict[tuple[int, str], int]) -> None:
    """However long values and large counts are, no line is wider than a screen of 40 cells."""
    table = pairs("host", *((hour, value, count) for (hour, value), count in sorted(counts.items())))
    lines = paint(time_chart(table, Look(40, terminal=True)), color=False).splitlines()
    drawn_rows = [line for line in lines if "hour" not in line and "est " not in line]
    assert max(map(cell_len, drawn_rows), default=0) <= 40
