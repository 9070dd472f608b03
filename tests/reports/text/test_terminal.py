"""The report for people."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.columns import Account, Rejected
from logproc.model.panel import Panel, Row
from logproc.model.snapshot import SourceResult
from logproc.model.source import State
from logproc.reports.text.style import Look
from logproc.reports.text.terminal import render_terminal
from tests.reports.snapshots import asked_panel, hostile, hour_panel, panel, snapshot, source
from tests.reports.texts import ANY_TEXT
from tools.pictures.terminal_svg import render_svg

SGR = re.compile(r"\x1b\[[0-9;]*m")
SCREEN = Look(100, terminal=True)


def text_of(*sources: SourceResult, look: Look = SCREEN, **changes: object) -> str:
    """Return the report of these sources."""
    return render_terminal(snapshot(*sources, **changes), look)


def test_the_account_is_a_sum_that_a_person_can_check() -> None:
    """Lines equal the sum of the parts that are not 0."""
    account = Account(lines=10_000, records=9_990, rejected=1, blank=2, filtered=3, continuation=4)
    report = text_of(source(account=account))
    assert "10,000 lines = 9,990 records + 1 rejected + 2 blank + 3 filtered + 4 continuation" in report
    assert "0 lines = 0 records   0 B sent" in text_of(source(account=Account()), bytes=0)


def test_the_head_tells_what_was_read_and_how_fast() -> None:
    """Name, format, size, time and rate of one source; for several their number and unpacked size."""
    assert text_of().startswith("logproc  access.log   combined   2.0 kB in 0.25 s   8.2 kB/s\n")
    packed = source("b.gz", bytes_decoded=10**6, format="json")
    assert text_of(source(), packed).startswith(
        "logproc  2 sources   combined, json   4.1 kB (1.0 MB unpacked) in 0.25 s   4.0 MB/s\n"
    )


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([source(state=State.INTERRUPTED)], "NOT COMPLETE  the run was interrupted"),
        ([source(), source("b", State.FAILED)], "NOT COMPLETE  1 of 2 sources"),
        ([source()], "NOT COMPLETE  the run ended early"),
    ],
)
def test_a_report_that_is_not_complete_says_so_loudly(sources: list[SourceResult], words: str) -> None:
    """The warning is there in a pipe as well, and never in a complete report."""
    for terminal in (True, False):
        look = Look(80, terminal=terminal)
        assert words in text_of(*sources, look=look, complete=False)
        assert "NOT COMPLETE" not in text_of(look=look)


def test_a_source_that_failed_tells_why_and_what_to_do() -> None:
    """Its reason and hint are below it, even if it is the only source."""
    report = text_of(source("x.gz", State.INCOMPLETE, reason="truncated at byte 9", hint="copy it again"))
    assert re.search(r"incomplete +1,000 +1 +2\.0 kB  x\.gz\n +truncated at byte 9: copy it again\n", report)


def test_the_worst_sources_come_first_and_the_rest_is_counted() -> None:
    """A screen shows ten, a pipe all."""
    many = [source(f"s{number:02}") for number in range(20)] + [source("bad", State.FAILED), source("twin", State.SKIPPED)]
    report = text_of(*many)
    assert [line.split()[-1] for line in report.splitlines() if line.startswith(("complete", "failed", "skipped"))] == [
        "bad",
        "twin",
        *(f"s{number:02}" for number in range(8)),
    ]
    assert "and 12 more: 12 complete\n" in report
    assert all(one.source in text_of(*many, look=Look()) for one in many)


def test_rejected_lines_have_reason_place_and_text() -> None:
    """The most frequent reason is first, each with an example."""
    bad = source(
        account=Account(10, 3, 7),
        rejected_by_reason={"bad-time": 2, "bad-size": 5},
        rejected_sample=(
            Rejected(4, "bad-time", "late [bold]"),
            Rejected(5, "bad-size", "big"),
            Rejected(6, "bad-size", "huge"),
        ),
    )
    assert (
        "7 lines rejected\n"
        "      5  bad-size\n         access.log:5  big\n"
        "      2  bad-time\n         access.log:4  late [bold]\n"
    ) in text_of(bad)


def test_the_last_line_names_only_what_would_show_more() -> None:
    """`--top 0` if keys are hidden, `--rejects` if lines were rejected, a filter for errors; nothing in a pipe."""
    whole = text_of(source(account=Account(), rejected_by_reason={}), panels={}).splitlines()[-1]
    assert whole == "-o report.json keeps the report   --output csv for a table"
    more = text_of(look=Look(140, terminal=True)).splitlines()[-2]
    assert more.startswith("--top 0 shows every key   --rejects FILE keeps the rejected lines   --where 'status >= 500' shows")
    assert "--top" not in text_of(look=Look())


def by_name(*panels: Panel) -> dict[str, Panel]:
    """Return panels by name."""
    return {table.name: table for table in panels}


def without_bytes(column: str, *rows: tuple[str, int]) -> Panel:
    """Return a panel of a log that has no bytes."""
    return Panel(column, (column,), len(rows), tuple(Row((key,), count, None) for key, count in rows))


HOURS = tuple(row.key[0] for row in hour_panel(1, 1).rows)
HOUR = without_bytes("hour", *((hour, 3) for hour in HOURS))
LEVEL = without_bytes("level", ("info", 4), ("error", 2))
HOUR_LEVEL = Panel(
    "hour,level", ("hour", "level"), 4, tuple(Row((hour, level), 1, None) for hour in HOURS for level in ("info", "error"))
)


def test_an_application_log_has_a_report_of_its_own() -> None:
    """It has no bytes; levels are below the hours, not in another table; errors are suggested as the next filter."""
    messages = without_bytes("shape(message)", ("took <n> ms", 6))
    report = text_of(bytes=0, panels=by_name(HOUR, LEVEL, HOUR_LEVEL, messages), look=Look(118, terminal=True))
    assert "sent" not in report
    assert "bytes" not in report
    tables = ["logproc", "hour", "error", "info", "level", "info", "error", "shape(message)"]
    assert re.findall(r"^[\w()]+(?=  )", report, re.MULTILINE) == tables
    assert """--where 'level >= error' shows only these""" in report
    assert "--by 'level,shape(message)' for their messages" in report


def test_text_of_a_log_is_never_part_of_a_command_to_paste() -> None:
    """A crafted level is not suggested as a filter."""
    crafted = without_bytes("level", ("info", 4), ("error'; rm -rf ~ #", 2))
    assert "--where" not in text_of(bytes=0, panels=by_name(HOUR, crafted))


def test_a_question_over_time_has_a_chart_and_its_table() -> None:
    """Hours are a chart, with metrics a table as well; hours by level are one chart."""
    asked = asked_panel(*(Row((hour,), 3, 30, (0.5,)) for hour in HOURS), by=("hour",), metrics=("rate",))
    assert [line.split()[0] for line in text_of(panels=by_name(asked)).splitlines() if line.startswith(("hour", "2025"))] == [
        "hour",
        "hour",
        "2025-07-01",
        "2025-07-01",
    ]
    assert "count" not in text_of(panels=by_name(HOUR))
    alone = text_of(panels=by_name(HOUR_LEVEL))
    assert "hour,level  2 hours" in alone
    assert "count" not in alone


def test_a_single_hour_by_level_is_a_table() -> None:
    """A single column shows nothing over time."""
    single = Panel("hour,level", ("hour", "level"), 2, HOUR_LEVEL.rows[:2])
    assert "2025-07-01 12:00  error " in text_of(panels=by_name(single))


def test_days_of_a_month_are_a_table_and_more_are_a_chart() -> None:
    """The bars of a table of days are already a chart."""
    days = [(f"2025-{month:02}-{day:02}", 5) for month in (7, 8) for day in range(1, 32)]
    assert "2025-07-31 " in text_of(panels=by_name(without_bytes("day", *days[:31])))
    assert "day  32 days" in text_of(panels=by_name(without_bytes("day", *days[:32])))


def test_the_total_of_metrics_is_a_line() -> None:
    """It is above all panels."""
    total = asked_panel(Row((), 998, 7, (0.25,)), by=(), metrics=("p95:duration",))
    report = text_of(panels=by_name(total, panel("status", ("200", 5, 7))))
    assert "\n\ntotal  count 998   bytes 7 B   p95 duration 250 ms\n\nstatus" in report


def test_a_report_of_nothing_is_still_a_report() -> None:
    """Without a readable source there are head, warning and reasons."""
    failed = source("gone", State.FAILED, reason="no such file", format=None, bytes_read=0, bytes_decoded=0, account=Account())
    report = text_of(failed, bytes=0, first=None, last=None, panels={})
    assert "no such file" in report
    assert "hour" not in report


@given(ANY_TEXT, st.integers(0, 200), st.booleans(), st.booleans(), st.booleans())
def test_nothing_from_outside_reaches_the_terminal_raw(
    text: str, columns: int, color: bool, ascii_only: bool, terminal: bool
) -> None:
    """Whatever logs, names and servers contain, the report is printable, with SGR only if colour is on."""
    report = render_terminal(hostile(text), Look(columns, color, ascii_only, terminal))
    plain = SGR.sub("", report) if color else report
    assert all(line.isprintable() for line in plain.split("\n"))
    assert plain.isascii() or not ascii_only


@pytest.mark.parametrize("columns", [0, 1, 40, 80, 119, 120, 200])
def test_a_screen_is_never_overrun(columns: int) -> None:
    """No table is wider than the screen, or than 40 columns; sentences need 60."""
    sources = [source(f"/var/log/{'deep/' * 30}{number}.log", notes=()) for number in range(3)]
    sources.append(source("b", State.FAILED, reason="broken " * 30))
    report = text_of(*sources, look=Look(columns, terminal=True))
    assert max(map(len, report.splitlines())) <= max(columns, 60)
    assert max(len(line) for line in report.splitlines() if "█" in line) <= max(columns, 40)


def test_colour_changes_nothing_but_colour() -> None:
    """Without SGR sequences the coloured report equals the plain one."""
    coloured = text_of(look=Look(100, color=True, terminal=True))
    assert SGR.search(coloured)
    assert SGR.sub("", coloured) == text_of()


@given(ANY_TEXT)
def test_the_picture_is_valid_and_fetches_nothing(text: str) -> None:
    """The SVG parses, has no script, and contains no address except its namespace."""
    picture = render_svg(hostile(text.replace(":", "")), 100, text.replace(":", ""))
    root = ElementTree.fromstring(picture)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert re.findall(r"\w+://\S+?(?=[\"'])", picture) == ["http://www.w3.org/2000/svg"]
    assert "@import" not in picture
    assert all(reference.startswith("#") for reference in re.findall(r"url\((.*?)\)", picture))
