"""The JSON report."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from logproc.model.columns import Account, Rejected
from logproc.model.panel import Panel, Row
from logproc.model.snapshot import Assumption
from logproc.model.source import State
from logproc.reports.json_report import render_json
from tests.reports.readers import strict, valid_text
from tests.reports.snapshots import asked_panel, panel, snapshot, source
from tests.reports.texts import ANY_TEXT

EXACT = """\
{"schema": 1, "complete": false,
 "account": {"lines": 2, "records": 1, "rejected": 1, "blank": 0, "filtered": 0, "continuation": 0},
 "totals": {"bytes": 1180591620717411303424, "malformed_requests": 3},
 "time": {"first": "2015-05-17T10:05:00Z", "last": null},
 "sources": [
   {"source": "a.log", "state": "incomplete", "reason": "cut", "format": "combined", "bytes_read": 2048, \
"bytes_decoded": 2048, "account": {"lines": 2, "records": 1, "rejected": 1, "blank": 0, "filtered": 0, "continuation": 0}, \
"rejected_by_reason": {"bad-size": 1, "bad-time": 0}, \
"rejected_sample": [{"line": 2, "reason": "bad-size", "text": "x"}], "notes": ["late"]}],
 "assumed": [
   {"of": "zone", "value": "UTC", "sources": ["a.log"]}],
 "overview": null,
 "panels": {
  "status": {"by": ["status"], "distinct": 8, "rows": [
   {"status": "200", "count": 2, "bytes": 1180591620717411303424, "status_number": 200},
   {"status": "404", "count": 1, "bytes": 0, "status_number": 404}]},
  "pair": {"by": ["path", "status"], "distinct": 1, "rows": [
   {"path": "/", "status": "200", "count": 1, "bytes": 5, "status_number": 200}]},
  "user": {"by": ["user"], "distinct": 0, "rows": []}},
 "run": {"elapsed_s": 0.25, "readers": 1, "workers": 2, "version": "0.1.0", "python": "3.11.7", "gil": true, "native": false}}
"""


def test_the_report_is_schema_1_to_the_byte() -> None:
    """Names, their order, large sums, nulls, one row per line and one final LF are as documented."""
    account = Account(lines=2, records=1, rejected=1)
    tables = (
        panel("status", ("200", 2, 2**70), ("404", 1, 0), distinct=8),
        Panel("pair", ("path", "status"), 1, (Row(("/", "200"), 1, 5),)),
        panel("user"),
    )
    cut = source(
        "a.log",
        State.INCOMPLETE,
        reason="cut",
        hint="try again",
        account=account,
        rejected_by_reason={"bad-time": 0, "bad-size": 1},
        rejected_sample=(Rejected(2, "bad-size", "x"),),
        notes=("late",),
    )
    report = snapshot(
        cut,
        bytes=2**70,
        malformed_requests=3,
        first=1431857100,
        last=None,
        panels={table.name: table for table in tables},
        assumed=(Assumption("zone", "UTC", ("a.log",)),),
    )
    assert render_json(report) == EXACT


def test_an_empty_report_is_valid() -> None:
    """Without records there are no times and rows, but every member."""
    document = strict(render_json(snapshot(source(account=Account()), first=None, last=None, panels={})))
    assert document["time"] == {"first": None, "last": None}
    assert document["panels"] == {}


@given(ANY_TEXT)
def test_any_text_comes_back_and_never_steers_a_terminal(text: str) -> None:
    """Each line is printable; a reader gets every text back, half surrogate pairs as text."""
    report = render_json(snapshot(source(text), panels={"path": panel("path", (text, 1, 1))}))
    assert all(line.isprintable() for line in report.split("\n"))
    document = strict(report)
    assert document["sources"][0]["source"] == valid_text(text)
    assert document["panels"]["path"]["rows"][0]["path"] == valid_text(text)


def test_100_000_rows_are_all_there() -> None:
    """A panel without `--top` is complete, with one line per row."""
    rows = tuple(Row((f"/page/{number}",), 1, number) for number in range(100_000))
    report = render_json(snapshot(panels={"path": Panel("path", ("path",), len(rows), rows)}))
    assert len(strict(report)["panels"]["path"]["rows"]) == len(rows)
    assert report.count("\n   {") == len(rows) + 1


def written(*tables: Panel) -> Any:
    """Return the panels of a report as a reader parses them."""
    return strict(render_json(snapshot(panels={table.name: table for table in tables})))["panels"]


def test_metrics_stand_under_their_names() -> None:
    """Missing ones are null; a row has no member twice, and exact panels do not have `approximate`."""
    rows = Row(("/",), 3, None, (0.1234567, 2, None, 99)), Row(("/a",), 1, None, (None, 0, 2.5, 99))
    panel = asked_panel(*rows, metrics=("p95:duration", "uniques:client", "sum:duration", "count"))
    assert written(panel) == {
        "path": {
            "by": ["path"],
            "distinct": 2,
            "rows": [
                {"path": "/", "count": 3, "bytes": None, "p95:duration": 0.123457, "uniques:client": 2, "sum:duration": None},
                {"path": "/a", "count": 1, "bytes": None, "p95:duration": None, "uniques:client": 0, "sum:duration": 2.5},
            ],
        }
    }


def test_a_panel_over_all_records_has_one_row() -> None:
    """Its row has no key."""
    assert written(asked_panel(Row((), 3, 7, (1.5,)), by=(), metrics=("rate",)))["total"] == {
        "by": [],
        "distinct": 1,
        "rows": [{"count": 3, "bytes": 7, "rate": 1.5}],
    }


def test_what_is_not_exact_says_so() -> None:
    """Dropped keys make a panel approximate, with their sum and an error per row; estimates have their error."""
    panel = asked_panel(
        Row(("/",), 3, 7, (12000,), error=2), metrics=("uniques:client",), other=(5, 6), estimated={"uniques:client": 0.005745}
    )
    assert written(panel)["path"] == {
        "by": ["path"],
        "distinct": 1,
        "approximate": True,
        "other": {"count": 5, "bytes": 6},
        "estimated": {"uniques:client": 0.0057},
        "rows": [{"path": "/", "count": 3, "bytes": 7, "error": 2, "uniques:client": 12000}],
    }


def test_what_was_given_up_has_no_bytes_where_no_log_has() -> None:
    """They are null, as in the rows."""
    panel = asked_panel(Row(("/",), 3, None), metrics=(), other=(5, 0))
    assert written(panel)["path"]["other"] == {"count": 5, "bytes": None}


def test_a_key_never_hides_a_number() -> None:
    """A field named like a number of the row gets `by:`."""
    assert written(asked_panel(Row(("512", "x"), 3, 1536), by=("bytes", "error"), metrics=()))["bytes,error"]["rows"] == [
        {"by:bytes": "512", "error": "x", "count": 3, "bytes": 1536}
    ]
    both = written(asked_panel(Row(("404", "x"), 3, None), by=("status", "status_number"), metrics=()))
    assert both["status,status_number"]["rows"] == [
        {"status": "404", "by:status_number": "x", "count": 3, "bytes": None, "status_number": 404}
    ]
    alone = written(asked_panel(Row(("x",), 3, None), by=("status_number",), metrics=()))
    assert alone["status_number"]["rows"] == [{"status_number": "x", "count": 3, "bytes": None}]
