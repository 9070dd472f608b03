"""Reports as sides of a comparison: what they say is compared, what they leave out is not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from logproc.model.comparison import Change, Comparison
from logproc.model.errors import UsageError
from logproc.pipeline.serial import run_serial
from logproc.reports.comparing.compare import compare
from logproc.reports.comparing.report import read_report, side_of_report
from logproc.reports.comparing.side import Side
from logproc.reports.json_report import render_json
from logproc.settings import Settings
from tests.reports.comparing.bursty import World, write
from tests.reports.comparing.sides import side_of
from tests.support.reports_of import sources_of

WORLD = World(records=8000)
WORSE = World(records=8000, failing=0.08, slower=1.5)
PAGE = '<!doctype html>\n<html><body><script type="application/json" id="logproc-report">{}</script></body></html>\n'


def report_of(log: Path, **knobs: Any) -> str:
    return render_json(run_serial(sources_of(log), Settings(**knobs)).snapshot)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two logs, and reports of them in each form."""
    folder = tmp_path_factory.mktemp("reports")
    for name, world, seed in (("good", WORLD, 1), ("worse", WORSE, 2)):
        log = write(folder / f"{name}.log", world, seed)
        text = report_of(log)
        (folder / f"{name}.json").write_text(text)
        (folder / f"{name}.html").write_text(PAGE.format(text.replace("<", r"\u003c").replace("&", r"\u0026")))
        (folder / f"{name}.indented.json").write_text(json.dumps(json.loads(text), indent=2))
    return folder


def side_in(path: Path) -> Side:
    report = read_report(path)
    return side_of(path) if report is None else side_of_report(path.name, report)


def overall(comparison: Comparison) -> dict[str, Change]:
    return {change.key or change.kind: change for change in comparison.overall}


@pytest.mark.parametrize("before", ["good.log", "good.json", "good.html", "good.indented.json"])
@pytest.mark.parametrize("after", ["worse.log", "worse.json", "worse.html"])
def test_every_pair_of_forms_has_the_same_numbers(before: str, after: str, folder: Path) -> None:
    """Logs, JSON and pages may be mixed; the error share is found in any of them."""
    comparison = compare(side_in(folder / before), side_in(folder / after))
    exact = overall(compare(side_of(folder / "good.log"), side_of(folder / "worse.log")))
    found = overall(comparison)
    for name in ("errors", "5xx", "rate", "p50", "p95"):
        assert (found[name].before, found[name].after) == (exact[name].before, exact[name].after), name
    assert found["errors"].found
    assert found["errors"].what == "rose"
    assert found["p50"].chance is not None
    assert (comparison.before.of, comparison.after.of) == tuple(
        "log" if name.endswith(".log") else "report" for name in (before, after)
    )


def test_reports_of_equal_logs_do_not_differ(folder: Path) -> None:
    """What a report does not tell is assumed to be bursty."""
    write(folder / "other.log", WORLD, 3)
    (folder / "other.json").write_text(report_of(folder / "other.log"))
    comparison = compare(side_in(folder / "good.json"), side_in(folder / "other.json"))
    assert [change for change in (*comparison.overall, *comparison.findings) if change.found] == []


def test_keys_that_a_report_leaves_out_are_unknown(folder: Path) -> None:
    """A path below the first ten rows of a report has not vanished: nothing is known of it."""
    comparison = compare(side_in(folder / "good.log"), side_in(folder / "worse.json"))
    assert comparison.unknown["path"] > 100
    assert not any(change.what in {"appeared", "vanished"} for change in comparison.findings if change.field == "path")
    whole = folder / "whole.json"
    whole.write_text(report_of(folder / "worse.log", top=0))
    assert "path" not in compare(side_in(folder / "good.log"), side_in(whole)).unknown


def test_a_time_without_an_offset_is_in_utc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone of the machine that compares has no part in it."""
    report = json.loads((folder / "good.json").read_text())
    wanted = side_of_report("a", report).about
    report["time"] = {end: text.removesuffix("Z") for end, text in report["time"].items()}
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "EST5")
        time.tzset()
        found = side_of_report("a", report).about
    time.tzset()
    assert found == wanted


NOT_REPORTS = {
    "lines of JSON": '{"schema": 1, "message": "a"}\n{"schema": 1, "message": "b"}\n',
    "one line of JSON": '{"schema": 1, "message": "a"}\n',
    "an access log": '192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n',
    "nothing": "",
    "a list": "[1, 2]\n",
}


@pytest.mark.parametrize("name", NOT_REPORTS)
def test_a_log_is_not_taken_for_a_report(name: str, tmp_path: Path) -> None:
    """A log of JSON whose objects have a schema stays a log."""
    (tmp_path / "x").write_text(NOT_REPORTS[name])
    assert read_report(tmp_path / "x") is None
    assert read_report(tmp_path / "missing") is None
    assert read_report(tmp_path) is None


WRONG = {
    "a page of something else": ("<!DOCTYPE html><p>hello", "a page without a report in it"),
    "a comparison": ('{"schema": 1, "kind": "comparison", "before": {}}', "this is a comparison already"),
    "a later schema": ('{"schema": 2, "account": {}, "panels": {}}', "a report of schema 2"),
    "panels that were asked for": ('{"schema": 1, "account": {}, "panels": {}, "overview": null}', "write it without --by"),
    "a damaged one": ('{"schema": 1, "account": {}, "panels": {}, "overview": {"timeline": 1}}', "the report is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_report_that_cannot_be_compared_is_refused(name: str, tmp_path: Path) -> None:
    """The error says why, and what to do."""
    path = tmp_path / "x"
    path.write_text(WRONG[name][0])
    with pytest.raises(UsageError) as caught:
        side_of_report("x", read_report(path) or {})
    assert WRONG[name][1] in str(caught.value)


def test_a_report_with_dropped_keys_is_not_compared_by_them(folder: Path) -> None:
    """With --max-keys any count of a panel may be too small."""
    (folder / "bounded.json").write_text(report_of(folder / "worse.log", max_keys=20))
    comparison = compare(side_in(folder / "good.log"), side_in(folder / "bounded.json"))
    assert "path" not in {change.field for change in comparison.findings}
    assert comparison.unknown["path"] > 100
