"""The headline of a report: one screen that answers the usual questions."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logproc.model.overview import Finding, Headline, Interval, Overview, Timeline
from logproc.reports.text.style import Look, paint
from logproc.reports.text.terminal import draw
from logproc.reports.text.timeline import timeline_chart
from tests.reports.snapshots import NOON, panel, snapshot, source

OUTCOMES = ("2xx", "4xx", "5xx")
WORST = (
    Finding("failing path", "/cart/" + "long/" * 40 + "end", 9, 172, "503"),
    Finding("error message", "item <n> lost", 7, 14, "error"),
    Finding("change", "2025-07-01T12:20:00Z", 200, 3, "5xx", per="1 min"),
)
HEADLINE = Headline(
    requests=True,
    records=12_345,
    per_second=0.5,
    errors=5,
    server_errors=5,
    client_errors=0,
    clients=77,
    bots=1,
    bytes=10**9,
    quantiles={"p50": 0.0123, "p95": 1.25, "p99": 70.0},
    worst=WORST,
)


def course(*counts: tuple[int, ...], step: str = "1 min", step_s: int = 60, outcomes: tuple[str, ...] = OUTCOMES) -> Timeline:
    """Return a course of consecutive intervals; () is one without records."""
    rows = (Interval("", NOON + at * step_s, sum(some), None, some[-1], some) for at, some in enumerate(counts) if some)
    return Timeline(step, step_s, "UTC", outcomes, tuple(rows))


COURSE = course(*((40 + at % 7, at % 3, 9 if at == 20 else 0) for at in range(60)))


def screen(columns: int = 80, *, rows: int = 24, in_ascii: bool = False, **changes: object) -> list[str]:
    """Return the lines of a headline on a terminal."""
    overview = Overview(replace(HEADLINE, **changes), COURSE)
    panels = panel("protocol", ("HTTP/1.1", 998, 1)), panel("status", ("200", 900, 1), ("500", 98, 1))
    one = source(notes=("late", "1 line had undecodable bytes"))
    report = snapshot(one, overview=overview, panels={one.name: one for one in panels}, malformed_requests=3)
    look = Look(columns, ascii_only=in_ascii, terminal=True, whole=False, rows=rows)
    return paint(draw(report, look), color=False).splitlines()


@pytest.mark.parametrize("columns", [80, 100, 140])
@pytest.mark.parametrize("rows", [24, 30, 50])
def test_it_fits_one_screen(columns: int, rows: int) -> None:
    """The prompt below is on the screen as well, no line is too wide, and the chart takes the room."""
    lines = screen(columns, rows=rows)
    assert rows - 5 - 3 * (rows > 30) * 8 <= len(lines) < rows
    assert max(map(len, lines)) <= columns


def test_it_has_the_numbers() -> None:
    """Each number stands above what it is."""
    lines = screen(140)
    numbers, labels = next((line, lines[at + 1]) for at, line in enumerate(lines) if line.startswith("12,345 "))
    found = {labels[at:].split("   ")[0].strip(): numbers[at:].split("   ")[0] for at in starts(labels)}
    assert found == {
        "requests": "12,345",
        "per minute": "30.0",
        "5xx": "<0.1 %",
        "4xx": "0.0 %",
        "p50": "12.3 ms",
        "p95": "1.25 s",
        "p99": "1 min 10 s",
        "clients, 1 bot": "77",
        "sent": "1.0 GB",
    }
    assert "protocol HTTP/1.1" in lines[lines.index(labels) + 1]


def starts(line: str) -> list[int]:
    """Return where the words of a line of tiles begin."""
    return [at for at in range(len(line)) if line[at] != " " and (at == 0 or line[at - 3 : at] == "   ")]


def test_it_names_the_worst() -> None:
    """Each finding is one line; a long path is cut in its middle."""
    lines = {line.split("  ")[0]: line for line in screen(80)}
    assert lines["failing path"].endswith("9 of 172 failed, most with 503")
    assert "end  9 of" in lines["failing path"]
    assert lines["error message"] == "error message  item <n> lost  7 of 14 errors"
    assert lines["change"].split("  ")[-1] == "5xx rose from 3 to 200 per 1 min"


def test_records_are_called_what_they_are() -> None:
    """In the log of an application nothing is a request, and errors are a level."""
    text = "\n".join(
        screen(requests=False, client_errors=None, bytes=None, clients=None, quantiles={}, errors=1, server_errors=None)
    )
    assert "records" in text
    assert "error\n" in text + "\n"
    assert "sent" not in text


def test_rejected_lines_take_one_line() -> None:
    """How many, and why."""
    assert "1 line rejected: 1 unterminated-quote" in screen()


def drawn(timeline: Timeline, columns: int = 60, *, color: bool = False, in_ascii: bool = False) -> list[str]:
    """Return the lines of a chart."""
    return paint(
        timeline_chart(timeline, Look(columns, color=color, ascii_only=in_ascii, terminal=True)), color=color
    ).splitlines()


def test_a_chart_has_the_shape_of_all_records() -> None:
    """Columns are as high as their share of the largest one, and rows for errors show where these are."""
    lines = drawn(course((8, 0, 0), (4, 0, 0), (), (15, 0, 1)), columns=40)
    assert " ".join(lines).startswith("per minute  UTC most 1 Jul 12:03 with 16   1 gap 5xx 3.6 %")
    assert lines[-1] == "5xx   max 1" + 23 * " " + 6 * "█"
    heights = [sum(row[at : at + 1].strip() != "" for row in lines[-7:-2]) for at in (14, 21, 28, 35)]
    assert heights == [3, 2, 0, 5]


def test_a_single_interval_is_not_a_chart() -> None:
    """The shares are there all the same."""
    assert drawn(course((8, 1, 1))) == ["5xx 10.0 %   4xx 10.0 %   2xx 80.0 %"]


def test_colours_carry_the_meaning() -> None:
    """Errors are red at the bottom, and a cell with two kinds has two colours."""
    bottom = drawn(course((60, 0, 3), (63, 0, 0)), color=True)[-3]
    assert "\x1b[31;42m" in bottom  # red in front of green
    plain = drawn(course((60, 0, 3), (63, 0, 0)))[-3]
    assert "\x1b" not in plain
    assert plain.count("█") == 16


def test_ascii_is_enough() -> None:
    """Where the output cannot show blocks, dots and colons do."""
    assert "\n".join(drawn(COURSE, in_ascii=True)).isascii()
    assert "\n".join(screen(in_ascii=True)).isascii()


@pytest.mark.parametrize(
    ("step", "step_s", "number", "title"),
    [
        ("1 s", 1, 300, "per 10 s"),
        ("10 s", 10, 300, "per minute"),
        ("1 min", 60, 300, "per 10 min"),
        ("1 h", 3600, 300, "per 6 hours"),
        ("6 h", 21_600, 300, "per 2 days"),
        ("day", 86_400, 300, "per 6 days"),
        ("week", 604_800, 300, "per 6 weeks"),
    ],
)
def test_columns_are_of_a_usual_length(step: str, step_s: int, number: int, title: str) -> None:
    """As many intervals as needed form a column, in steps that clocks and calendars have."""
    lines = drawn(course(*((1, 0, 0) for _ in range(number)), step=step, step_s=step_s))
    assert lines[0].startswith(f"{title}  UTC")
    assert max(map(len, lines)) <= 60


def test_months_follow_the_calendar() -> None:
    """Months have different lengths; each is one place on the axis."""
    begins = [1_735_689_600, 1_738_368_000, 1_740_787_200, 1_743_465_600]
    rows = tuple(Interval("", begin, at + 1, None, 0, (at + 1, 0, 0)) for at, begin in enumerate(begins))
    lines = drawn(Timeline("month", 30 * 86_400, "UTC", OUTCOMES, rows), columns=70)
    assert lines[0].startswith("per month  UTC   most 1 Apr with 4")
    assert "Jan" in lines[-1]
    assert "Apr" in lines[-1]
