"""The panels as tables."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from logproc.model import Panel, Row
from logproc.reports.look import Look, cut, paint
from logproc.reports.panels import panel_columns
from tests.reports.snapshots import panel

LONG = "/archive/" + "long/" * 40 + "end.html"


def drawn(*panels: Panel, columns: int = 60, records: int = 1000, terminal: bool = True) -> list[str]:
    """Return the lines of panels without colour."""
    return paint(panel_columns(panels, records, Look(columns, terminal=terminal)), color=False).splitlines()


def test_a_row_has_key_bar_count_share_and_bytes() -> None:
    """The title tells how many keys there are, bars are as long as the largest count asks, numbers stand in line."""
    assert drawn(panel("status", ("200", 800, 10**9), ("404", 100, 2000), ("500", 1, 1), distinct=9)) == [
        "status  3 of 9                        count      %     bytes",
        "200                     ████████████    800   80.0    1.0 GB",
        "404                     █▌              100   10.0    2.0 kB",
        "500                     ▏                 1    0.1       1 B",
        "",
    ]


def test_a_long_key_is_cut_in_its_middle_on_a_screen() -> None:
    """Both ends stay, the bar gives way, and the line keeps its width."""
    line = drawn(panel("path", (LONG, 1, 1)))[1]
    assert line.startswith("/archive/long")
    assert "…" in line
    assert "end.html" in line
    assert len(line) == 60


def test_a_key_is_whole_where_nobody_looks_at_a_screen() -> None:
    """In a pipe nothing is cut."""
    assert LONG in "\n".join(drawn(panel("path", (LONG, 1, 1)), terminal=False))


def test_wide_screens_show_two_panels_abreast() -> None:
    """From 120 columns on the next panel stands beside the first, and lines end within the width."""
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
    """User agents are told apart in their middle, so they are not cut to half a screen."""
    agents = panel("user_agent", ("Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0", 1, 1))
    lines = drawn(agents, panel("status", ("200", 1, 1)), columns=130)
    assert lines[0].startswith("status")
    assert agents.rows[0].key[0] in lines[4]


def test_panels_without_rows_are_left_out() -> None:
    """A log without users has no table of users."""
    assert drawn(panel("user")) == []


def test_a_status_has_the_colour_of_its_class() -> None:
    """Good is green, moved blue, wrong yellow, broken red; other panels have no such colours."""
    colours = [
        paint(panel_columns([panel(name, (key, 1, 1))], 1, Look(80, color=True, terminal=True)), color=True).splitlines()[1][:5]
        for name, key in (("status", "200"), ("status", "301"), ("status", "404"), ("status", "500"), ("path", "200"))
    ]
    assert colours == ["\x1b[32m", "\x1b[34m", "\x1b[33m", "\x1b[31m", "200  "]


def test_the_columns_of_a_key_stand_side_by_side() -> None:
    """A key of two columns shows both."""
    assert drawn(Panel("pair", ("path", "status"), 1, (Row(("/", "404"), 1, 1),)))[1].startswith("/  404 ")


@pytest.mark.parametrize("text", ["abcdef" * 9, "日本語のログ" * 9, "e\u0301" * 40, "🙂" * 30])
@pytest.mark.parametrize("cells", [1, 2, 7, 20])
def test_a_cut_text_takes_no_more_cells_than_there_are(text: str, cells: int) -> None:
    """Wide and combining characters are counted as a terminal shows them."""
    assert 0 < cell_len(cut(text, cells, "…")) <= cells
