"""The panels as tables."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from logproc.model.panel import Panel, Row
from logproc.reports.text.panels import panel_columns, total_line
from logproc.reports.text.style import Look, cut, paint
from tests.reports.snapshots import asked_panel, panel
from tests.reports.texts import LOOK_ALIKES

LONG = "/archive/" + "long/" * 40 + "end.html"


def drawn(*panels: Panel, columns: int = 60, records: int = 1000, terminal: bool = True) -> list[str]:
    """Return the lines of panels without colour."""
    return paint(panel_columns(panels, records, Look(columns, terminal=terminal)), color=False).splitlines()


def test_a_row_has_key_bar_count_share_and_bytes() -> None:
    """The title has the number of keys, bars are in proportion to the largest count, numbers are aligned."""
    assert drawn(panel("status", ("200", 800, 10**9), ("404", 100, 2000), ("500", 1, 1), distinct=9)) == [
        "status  3 of 9                        count      %     bytes",
        "200               ████████████          800   80.0    1.0 GB",
        "404               █▌                    100   10.0    2.0 kB",
        "500               ▏                       1    0.1       1 B",
        "",
    ]


def test_bars_show_what_the_rows_are_sorted_by() -> None:
    """Bars show the --sort metric, not the count; missing and negative numbers have no bar."""
    rows = (Row(("a",), 1, 900, (4.0,)), Row(("b",), 800, 450, (-1.0,)), Row(("c",), 100, None, (None,)))
    by_metric = asked_panel(*rows, metrics=("p95:duration",), sorted_by="p95:duration")
    assert bars(by_metric) == [24, 0, 0]
    assert bars(replace(by_metric, sorted_by="bytes")) == [24, 12, 0]
    assert bars(replace(by_metric, sorted_by="key")) == bars(replace(by_metric, sorted_by=None)) == [0, 24, 3]


def bars(panel: Panel) -> list[int]:
    """Return the number of full cells in each bar of a panel."""
    return [line.count("█") for line in drawn(panel, columns=110)[1:] if line]


def test_a_long_key_is_cut_in_its_middle_on_a_screen() -> None:
    """Both ends stay, the bar shrinks, and the line keeps its width."""
    line = drawn(panel("path", (LONG, 1, 1)))[1]
    assert line.startswith("/archive/long")
    assert "…" in line
    assert "end.html" in line
    assert len(line) == 60


def test_a_key_is_whole_where_nobody_looks_at_a_screen() -> None:
    """A pipe gets whole keys."""
    assert LONG in "\n".join(drawn(panel("path", (LONG, 1, 1)), terminal=False))


def test_wide_screens_show_two_panels_abreast() -> None:
    """From 120 columns on panels are side by side, and lines fit the width."""
    tables = [
        panel("status", ("200", 1, 1)),
        panel("method", ("GET", 1, 1), ("PUT", 1, 1)),
        panel("protocol", ("HTTP/2", 1, 1)),
    ]
    narrow, wide = drawn(*tables, columns=119), drawn(*tables, columns=120)
    assert [line.split()[0] for line in narrow if line] == ["status", "200", "method", "GET", "PUT", "protocol", "HTTP/2"]
    assert "status" in wide[0]
    assert "method" in wide[0]
    assert max(map(len, wide)) <= 120


def test_a_panel_of_long_keys_has_a_wide_screen_for_itself() -> None:
    """User agents differ in the middle, so they are not cut to half a screen."""
    agents = panel("user_agent", ("Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0", 1, 1))
    lines = drawn(agents, panel("status", ("200", 1, 1)), columns=130)
    assert lines[0].startswith("status")
    assert agents.rows[0].key[0] in lines[4]


def test_messages_have_a_wide_screen_for_themselves() -> None:
    """Messages are long; their panel has the title that `--by` takes."""
    messages = panel("shape(message)", ("took <n> ms", 1, 1))
    assert drawn(messages, panel("level", ("INFO", 1, 1)), columns=130)[3].startswith("shape(message)  1 ")


def test_logs_without_bytes_have_no_column_of_them() -> None:
    """Keys and bars get the room."""
    table = Panel("level", ("level",), 1, (Row(("INFO",), 1000, None),))
    assert drawn(table) == [
        "level  1                                        count      %",
        "INFO              ███████████████               1,000  100.0",
        "",
    ]


METRICS = "p95:duration", "uniques:client", "rate"
ASKED = asked_panel(
    Row(("/index.html",), 800, 10**9, (0.0123, 1234, 0.5)),
    Row(("/",), 100, 2000, (1.25, 20000, None)),
    metrics=METRICS,
    estimated={"uniques:client": 0.0057},
)


def test_metrics_are_columns() -> None:
    """Each has its name in the head, an estimate with a `~`, and numbers have units."""
    assert drawn(ASKED, columns=110) == [
        "path  2                                           count      %     bytes  p95 duration  ~uniques client   rate",
        "/index.html       ████████████████                  800   80.0    1.0 GB       12.3 ms            1,234  0.5/s",
        "/                 ██                                100   10.0    2.0 kB        1.25 s           20,000      –",
        "",
    ]


def test_metrics_share_two_lines_where_room_is_short() -> None:
    """The function is above the field."""
    assert drawn(ASKED, columns=80) == [
        "path  2                                                     p95  ~uniques",
        "                               count      %     bytes  duration    client   rate",
        "/index.html       █████████      800   80.0    1.0 GB   12.3 ms     1,234  0.5/s",
        "/                 █▏             100   10.0    2.0 kB    1.25 s    20,000      –",
        "",
    ]


def test_what_has_no_room_is_counted() -> None:
    """A small screen drops the share, then metrics from the right; a pipe drops nothing."""
    assert drawn(ASKED, columns=50) == [
        "path  2                              p95  ~uniques",
        "               count     bytes  duration    client",
        "/index.html      800    1.0 GB   12.3 ms     1,234",
        "/                100    2.0 kB    1.25 s    20,000",
        "and 1 metric more: see --output csv",
        "",
    ]
    assert "rate" in "".join(drawn(ASKED, columns=50, terminal=False))


def test_keys_that_were_given_up_have_a_row() -> None:
    """The title has the largest error of counts, on a line of its own if needed."""
    table = asked_panel(Row(("/",), 800, 10**9, error=7), Row(("/a",), 100, 1), metrics=(), other=(50, 2000), distinct=9)
    assert drawn(table) == [
        "path  2 of 9  approximate: error ≤ 7  count      %     bytes",
        "/                 ████████████          800   80.0    1.0 GB",
        "/a                █▌                    100   10.0       1 B",
        "other                                    50    5.0    2.0 kB",
        "",
    ]
    assert drawn(table, columns=50)[:2] == [
        "path  2 of 9  approximate: error ≤ 7",
        "                            count      %     bytes",
    ]


def test_hours_beyond_a_hundred_are_left_to_files() -> None:
    """A table over time is cut on a screen, with the number of hidden rows; a pipe gets all."""
    rows = [Row((f"2025-07-{1 + hour // 24:02}T{hour % 24:02}:00:00Z",), 1, 1, (0.1,)) for hour in range(120)]
    table = asked_panel(*rows, by=("hour",), metrics=("p95:duration",))
    assert drawn(table)[-2] == "and 20 rows more: see --output csv"
    assert drawn(table, columns=100)[1].startswith("2025-07-01 00:00 ")
    assert len(drawn(table, columns=100, terminal=False)) == 122


def test_the_panel_over_all_is_a_line_of_figures() -> None:
    """Each number follows its name."""
    table = asked_panel(Row((), 20000, None, (0.0123, 12345)), by=(), metrics=METRICS[:2], estimated={"uniques:client": 0.0057})
    assert paint(total_line(table, Look(80)), color=False) == (
        "total  count 20,000   p95 duration 12.3 ms   ~uniques client 12,345\n"
    )


def test_panels_without_rows_are_left_out() -> None:
    """A log without users has no table of them."""
    assert drawn(panel("user")) == []


def test_a_status_has_the_colour_of_its_class() -> None:
    """2xx is green, 3xx blue, 4xx yellow, 5xx red; other panels do not have these colours."""
    colours = [
        paint(panel_columns([panel(name, (key, 1, 1))], 1, Look(80, color=True, terminal=True)), color=True).splitlines()[1][:5]
        for name, key in (("status", "200"), ("status", "301"), ("status", "404"), ("status", "500"), ("path", "200"))
    ]
    assert colours == ["\x1b[32m", "\x1b[34m", "\x1b[33m", "\x1b[31m", "200  "]


def test_the_columns_of_a_key_stand_side_by_side() -> None:
    """A key of two columns shows both, aligned; the longest is cut first."""
    table = Panel("path,status", ("path", "status"), 2, (Row(("/", "404"), 1, 1), Row(("/index.html", "200"), 1, 1)))
    title, first, second, _ = drawn(table)
    assert title.startswith("path,status  2 ")
    assert (first[:18], second[:18]) == ("/            404  ", "/index.html  200  ")
    assert " 404 " in drawn(Panel("path,status", ("path", "status"), 1, (Row((LONG, "404"), 1, 1),)))[1]


@pytest.mark.parametrize("text", ["abcdef" * 9, "日本語のログ" * 9, "e\u0301" * 40, "🙂" * 30])
@pytest.mark.parametrize("cells", [1, 2, 7, 20])
def test_a_cut_text_takes_no_more_cells_than_there_are(text: str, cells: int) -> None:
    """Wide and combining characters count as a terminal shows them."""
    assert 0 < cell_len(cut(text, cells, "…")) <= cells


def on_screen(lines: list[str], columns: int) -> list[str]:
    """Return the rows that a terminal shows."""
    screen = pyte.Screen(columns, len(lines) + 1)
    pyte.Stream(screen).feed("\r\n".join(lines))
    return [row.rstrip() for row in screen.display[: len(lines)]]


LONG_PARTS = st.lists(st.sampled_from(["/archive/" * 9, "a" * 40, "日本" * 30, "e\u0301" * 30, "…", "2", "x"]), max_size=4).map(
    "".join
)


@given(keys=st.sets(LOOK_ALIKES | LONG_PARTS, min_size=2, max_size=8), columns=st.integers(40, 110))
def test_no_two_rows_look_alike(keys: set[str], columns: int) -> None:
    """On a screen of any width different keys give different rows, also where they are cut, and the numbers are aligned."""
    lines = drawn(panel("path", *((key, 7, 7) for key in sorted(keys))), columns=columns)[1:-1]
    assert len(set(on_screen(lines, columns))) == len(keys)
    assert len({cell_len(line) for line in lines}) == 1


@given(
    keys=st.sets(st.tuples(LOOK_ALIKES | LONG_PARTS, LOOK_ALIKES | LONG_PARTS), min_size=2, max_size=6),
    columns=st.integers(60, 110),
)
def test_no_two_rows_of_two_columns_look_alike(keys: set[tuple[str, str]], columns: int) -> None:
    """Nor those of two columns: no blank moves from one into the other."""
    rows = tuple(Row(key, 7, 7) for key in sorted(keys))
    lines = drawn(asked_panel(*rows, by=("host", "path"), metrics=()), columns=columns)[1:-1]
    assert len(set(on_screen(lines, columns))) == len(keys)


def test_keys_that_are_cut_alike_get_a_number() -> None:
    """The first is cut as always; what would look like it has a number in the gap."""
    keys = [f"{'/archive' * 9}{middle}{'/index' * 9}" for middle in ("/one", "/two", "/three")]
    first, second, third = (
        line.partition("█")[0].split()[0] for line in drawn(panel("path", *((key, 7, 7) for key in keys)))[1:4]
    )
    assert (first, second.count("…2…"), third.count("…3…")) == (cut(keys[0], len(first), "…"), 1, 1)
    assert len({first, second, third}) == 3


def test_many_keys_that_are_cut_alike_take_no_longer_than_others() -> None:
    """The number of the last one is remembered."""
    count = 20_000
    keys = [f"{'/archive' * 9}{number:06}{'/index' * 9}" for number in range(count)]
    lines = drawn(panel("path", *((key, 7, 7) for key in keys)))[1:-1]
    assert len(set(lines)) == count
