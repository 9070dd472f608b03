"""The CSV report."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.panel import Panel, Row
from logproc.model.source import State
from logproc.reports.csv_report import protect, render_csv, restore
from logproc.reports.safe import printable
from tests.reports.readers import rows_of
from tests.reports.snapshots import asked_panel, panel, snapshot, source
from tests.reports.texts import ANY_TEXT

FORMULAS = "=+-@\t\r＝＋－＠"
TRICKY = st.text(st.sampled_from("=+-@'\"\t\r\n;,a ＝＋－＠"))


def test_the_rows_say_first_what_the_report_is_worth() -> None:
    """Header, completeness, account, states and reasons come before one row per key, all with four columns."""
    report = snapshot(source(), source("b", State.FAILED), bytes=7, panels={"status": panel("status", ("200", 5, 7))})
    assert render_csv(report).splitlines() == [
        "panel,key,count,bytes",
        "complete,false,1996,7",
        "account,lines,2000,",
        "account,records,1996,",
        "account,rejected,2,",
        "account,blank,2,",
        "account,filtered,0,",
        "account,continuation,0,",
        "state,complete,1,",
        "state,failed,1,",
        "rejected,unterminated-quote,2,",
        "status,200,5,7",
    ]


def test_a_key_of_several_columns_is_a_json_array() -> None:
    """The columns of a key can be separated whatever they contain."""
    table = Panel("pair", ("path", "status"), 1, (Row(('/a "b",', "200"), 1, 2),))
    key = rows_of(render_csv(snapshot(panels={"pair": table})))[-1][1]
    assert json.loads(key) == ['/a "b",', "200"]


@pytest.mark.parametrize("formula", [*(sign + "1+1" for sign in FORMULAS), "'quoted"])
def test_what_a_spreadsheet_would_run_gets_a_quote(formula: str) -> None:
    """A key that begins with a formula's character, or with `'`, gets one more `'`."""
    assert protect(formula) == "'" + formula


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("a;=1", "a;'=1"), ('a;"=1"', 'a;"\'=1"'), ('"=1"', '"\'=1"'), ("a\t@x", "a\t'@x"), ("a=1,b-2", "a=1,b-2")],
)
def test_what_would_open_a_cell_elsewhere_gets_one_too(cell: str, safe: str) -> None:
    """The character is guarded after separators of other countries' spreadsheets, quoted or not, but not in a word."""
    assert protect(cell) == safe


@given(TRICKY)
def test_the_guard_comes_off_by_rule(cell: str) -> None:
    """`restore` inverts `protect` for any text."""
    assert restore(protect(cell)) == cell


@given(ANY_TEXT)
def test_any_key_makes_a_round_trip(key: str) -> None:
    """A CSV reader and `restore` give the shown key back, and no line controls a terminal."""
    report = render_csv(snapshot(panels={"path": panel("path", (key, 1, 2))}))
    assert all(line.isprintable() for line in report.split("\n"))
    *_, (name, cell, count, size) = rows_of(report)
    assert (name, restore(cell), count, size) == ("path", printable(key), "1", "2")


@pytest.mark.parametrize("key", ["=1+1", "＝1", "'=1", "a;@x"])
def test_raw_keys_have_no_guard(key: str) -> None:
    """With raw, keys are not guarded, but control characters are still escaped."""
    *_, (_, cell, _, _) = rows_of(render_csv(snapshot(panels={"path": panel("path", (key + "\x1b", 1, 2))}), raw=True))
    assert cell == key + r"\x1b"


def body_of(*tables: Panel) -> list[list[str]]:
    """Return the header and the rows from the first panel on, including those of dropped keys."""
    header, *rows = rows_of(render_csv(snapshot(panels={table.name: table for table in tables})))
    return [header, *(row for row in rows if row[0] not in {"complete", "account", "state", "rejected"})]


def test_metrics_are_columns_behind_the_others() -> None:
    """In the order in which panels first have them; cells are empty where a row or panel has no such number."""
    first = asked_panel(Row(("/",), 3, None, (0.1234567, 2)), metrics=("p95:duration", "uniques:client"))
    second = asked_panel(Row((), 3, None, (7, None)), by=(), metrics=("uniques:client", "rate"))
    assert body_of(panel("status", ("200", 5, 7)), first, second) == [
        ["panel", "key", "count", "bytes", "p95:duration", "uniques:client", "rate"],
        ["status", "200", "5", "7", "", "", ""],
        ["path", "/", "3", "", "0.123457", "2", ""],
        ["total", "", "3", "", "", "7", ""],
    ]


def test_dropped_keys_are_reported() -> None:
    """A row has their sum, and each row has its error."""
    assert body_of(asked_panel(Row(("/",), 3, 7, error=2), metrics=(), other=(5, 6)), panel("status", ("200", 5, 7))) == [
        ["panel", "key", "count", "bytes", "error"],
        ["other", "path", "5", "6", ""],
        ["path", "/", "3", "7", "2"],
        ["status", "200", "5", "7", ""],
    ]


def test_a_panel_is_never_taken_for_the_account() -> None:
    """A panel named like one of the first rows gets `by:`, and no name is a formula."""
    assert body_of(panel("state", ("up", 1, 1)), asked_panel(Row(("x",), 1, 1, (1,)), by=("=a",), metrics=("max:=a",))) == [
        ["panel", "key", "count", "bytes", "max:=a"],
        ["by:state", "up", "1", "1", ""],
        ["'=a", "x", "1", "1", "1"],
    ]


@pytest.mark.parametrize("key", ["/a\u3164", "/a\ufe0f", "/cafe\u0301", r"/a\u3164", " a  b ", "\u0301", "日本"])
def test_a_key_that_people_could_not_tell_from_another_is_data_as_it_is(key: str) -> None:
    """Only what is unprintable is escaped: a program that reads the table gets the text of the log."""
    *_, (_, cell, *_) = rows_of(render_csv(snapshot(panels={"path": panel("path", (key, 1, 2))})))
    assert cell == key
