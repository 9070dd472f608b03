"""Axes and bars: where they are, in numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.reports.html import axes
from logproc.reports.html.charts import HEIGHT, histogram, time_charts
from tests.reports.html.overviews import BINS, timeline

BAR = re.compile(r"M(\d+) ([\d.]+)h(\d+)v([\d.]+)h-\3z")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@given(st.floats(min_value=1e-9, max_value=1e30))
def test_an_axis_of_values_holds_the_largest(most: float) -> None:
    """It begins at 0, has few marks at equal distances, and ends at or above the largest value, not far above."""
    marks = axes.values(most)
    assert marks[0] == 0
    assert 2 <= len(marks) <= 6
    assert most * (1 - 1e-8) <= marks[-1] <= 3 * most


@pytest.mark.parametrize(
    ("begin", "end", "labels"),
    [
        ("2026-03-07 10:00", "2026-03-07 10:01", ["10:00:00", "10:00:10", "10:00:20", "10:00:30", "10:00:40", "10:00:50"]),
        ("2026-03-07 22:30", "2026-03-08 01:30", ["22:30", "23:00", "23:30", "8 Mar", "00:30", "01:00"]),
        ("2026-03-07 00:00", "2026-03-10 00:00", ["7 Mar", "12:00", "8 Mar", "12:00", "9 Mar", "12:00"]),
        ("2026-03-01 00:00", "2026-04-01 00:00", ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"]),
        ("2025-10-05 00:00", "2026-05-01 00:00", ["Nov", "Dec", "2026", "Feb", "Mar", "Apr"]),
        ("2011-01-01 00:00", "2026-01-01 00:00", ["2012", "2014", "2016", "2018", "2020", "2022", "2024"]),
    ],
)
def test_an_axis_of_time(begin: str, end: str, labels: list[str]) -> None:
    """Its marks are at usual times: full seconds, hours, midnights, Mondays, months, years."""
    assert [label for _, label, _ in axes.times(seconds(begin), seconds(end))] == labels


def test_marks_are_not_closer_than_intervals() -> None:
    """Between the beginnings of two intervals there is no mark."""
    assert [label for _, label, _ in axes.times(0, 40, 10)] == ["1 Jan", "00:00:10", "00:00:20", "00:00:30"]


def test_the_last_years() -> None:
    """An axis may reach to the year 9999."""
    assert axes.times(seconds("9990-01-01"), seconds("9999-12-31"))[-1][1] == "9998"


def test_bars_stand_on_one_another() -> None:
    """The heights of an interval's bars sum up to its count; what has no outcome is at the bottom."""
    made = time_charts(timeline(2), "Requests")[0]
    bars = [tuple(map(float, found)) for found in BAR.findall(made.area)]
    first = [bar for bar in bars if bar[0] < 5000]
    assert [(left, width) for left, _, width, _ in first] == [(300, 4400), (300, 4400)]
    assert [round(height * 30 / HEIGHT) for *_, height in first] == [1, 20]
    (_, low, _, height), (_, high, _, above) = first
    assert low + height == HEIGHT
    assert high + above == pytest.approx(low, abs=0.11)


def test_there_is_a_chart_for_what_there_is() -> None:
    """Charts of bytes, errors and durations are there if some interval has them."""
    assert [chart.mode for chart in time_charts(timeline(), "Requests")] == ["count", "bytes", "errors", "latency"]
    bare = timeline(outcomes=())
    bare = replace(bare, intervals=tuple(replace(one, bytes=None, outcomes=(), quantiles=()) for one in bare.intervals))
    assert [chart.mode for chart in time_charts(bare, "Records")] == ["count"]


def test_durations_have_a_logarithmic_axis() -> None:
    """A line begins where the first interval does, as high as its logarithm; it is broken where one is missing."""
    made = time_charts(timeline(), "Requests")[3]
    assert re.findall(r">([\d.]+ \w+)</text>", made.gutter) == ["10 ms", "100 ms", "1 s"]
    paths = re.findall(r'd="(M[^"]*)" class="(p\d\d)"', made.area)
    assert [name for _, name in paths] == ["p50", "p95", "p99"]
    assert paths[1][0].startswith("M161 130.1h0L484 130.1L")  # log(5) / log(100) of the height
    assert [path.count("M") for path, _ in paths] == [2, 2, 2]


def test_a_histogram_has_its_quantiles() -> None:
    """Each bin is a bar with its borders as a tooltip; a quantile is where the logarithm puts it, others are left out."""
    made = histogram(BINS, {"p50": 0.0015, "p95": 0.004, "p99": 99.0})
    assert made.area.count("<title>") == len(BINS)
    assert "<title>1.00 ms – 2.00 ms: 64</title>" in made.area
    assert [float(x) for x in re.findall(r'<line x1="([\d.]+)%"[^>]*class="mark"', made.area)] == pytest.approx(
        [4.875, 16.667], abs=0.01
    )
