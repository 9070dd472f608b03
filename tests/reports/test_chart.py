"""The chart of the hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.reports.chart import hour_chart, resample
from logproc.reports.look import Look, cells_of, paint
from logproc.reports.units import HOUR_S, iso
from tests.reports.snapshots import hour_panel, panel

FIRST_HOUR, LAST_HOUR = -17_259_888, 70_389_527
"""The first hour of the year 1 and the last of the year 9999."""
HOURS = st.dictionaries(st.integers(FIRST_HOUR, LAST_HOUR), st.integers(1, 10**12), min_size=1, max_size=30)


def drawn(*counts: int, columns: int = 40, ascii_only: bool = False) -> str:
    """Return the chart of counts in consecutive hours."""
    return paint(hour_chart(hour_panel(*counts), Look(columns, ascii_only=ascii_only)), color=False)


CHARTS = [
    (
        (8,),
        """\
hour  1 hour   busiest 1 Jul 12:00 with 8
8  ████████
   ████████
   ████████
0  ████████
   12:00
""",
    ),
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
    """An hour without records is a gap, the highest column is full, and the foot tells the hours."""
    assert drawn(*counts, columns=80) == chart


def test_ascii_draws_the_same_in_ascii() -> None:
    """Without UTF-8 the columns are made of dots and colons."""
    chart = drawn(8, 1, 0, 8, ascii_only=True)
    assert chart.isascii()
    assert ":" in chart


@pytest.mark.parametrize(
    ("hours", "words", "label"),
    [
        (1, "1 hour ", "12:00"),
        (84, "84 hours in steps of 2 ", "2 Jul"),
        (24 * 365, "8,760 hours in steps of 6 days ", "Oct 2025"),
        (24 * 365 * 5, "43,800 hours in steps of 26 days ", "2027"),
    ],
)
def test_any_length_of_time_fits_the_width(hours: int, words: str, label: str) -> None:
    """Hours are added up to steps that a person can name, and the foot has labels as fine as there is room for."""
    title, *rows = drawn(*([5] * hours), columns=80).splitlines()
    assert title.startswith(f"hour  {words}")
    assert label in rows[-1]
    assert max(map(len, rows)) <= 80


def test_hours_years_apart_tell_their_years() -> None:
    """The busiest hour names its year where the chart spans several."""
    table = panel("hour", (iso(0), 1, 1), (iso(400 * 86400), 2, 1))
    assert "busiest 5 Feb 1971 00:00 with 2" in paint(hour_chart(table, Look(80)), color=False)


@given(HOURS, st.integers(2, 200))
def test_resampling_loses_nothing(counts: dict[int, int], room: int) -> None:
    """However far apart the hours are, the buckets hold every record, and there are not more than columns."""
    start, step, sums = resample(counts, room)
    assert sum(sums) == sum(counts.values())
    assert len(sums) <= room
    assert start <= min(counts) < start + step


@given(HOURS, st.integers(1, 200), st.booleans())
def test_a_chart_never_leaves_its_width(counts: dict[int, int], columns: int, ascii_only: bool) -> None:
    """Rows and foot stay within the width, four rows high, with something in the lowest for every bucket that is not empty."""
    look = Look(columns, ascii_only=ascii_only)
    table = panel("hour", *((iso(hour * HOUR_S), number, 1) for hour, number in sorted(counts.items())))
    lines = hour_chart(table, look)
    assert all(cells_of(line) <= look.width for line in lines[-5:])
