"""`logproc diff`: what it compares, its exit codes, and what it says of wrong command lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fault import in_process
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import Ended

BEFORE, AFTER = "2026-03-07 10:30", "2026-03-07 10:30"


def record(second: int, **fields: Any) -> bytes:
    time = f"2026-03-07T10:{second // 60:02}:{second % 60:02}Z"
    return json.dumps({"time": time, "level": "info", "message": "ready", "status": 200, **fields}).encode() + b"\n"


def log(begin: int, end: int, *, failing: int = 0, slow: float = 1.0) -> bytes:
    """Return two records per second; failing: every so many of them is an error with a message of its own."""
    lines = []
    for number in range(2 * begin, 2 * end):
        wrong = failing and number % failing == 0
        fields = {
            "path": f"/{'abc'[number % 3]}",
            "duration": (0.1 + number % 7 / 100) * slow,
            "client": f"192.0.2.{number % 5}",
        }
        if wrong:
            fields |= {"status": 500, "level": "error", "message": f"disk {number} is full"}
        lines.append(record(number // 2, **fields))
    return b"".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make logs and reports; no test changes them."""
    folder = tmp_path_factory.mktemp("diff")
    good, bad = log(0, 1800), log(1800, 3600, failing=20, slow=1.5)
    contents = {"good.log": good, "same.log": log(1800, 3600), "bad.log": bad, "both.log": good + bad, "empty.log": b""}
    contents |= {"old-1.log": log(0, 900), "old-2.log": log(900, 1800), "junk.log": b"\0\1\2" * 50}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    for name in ("good", "bad"):
        in_process("analyze", str(folder / f"{name}.log"), "-q", "-o", str(folder / f"{name}.json"))
    return folder


def diff(folder: Path, *arguments: str, variables: dict[str, str] | None = None, stdin: bytes = b"") -> Ended:
    with chdir(folder):
        return in_process("diff", *arguments, variables=variables, stdin=stdin)


def findings(ended: Ended) -> set[tuple[str, str, str, str]]:
    """Return what, kind, field and key of each change that was found."""
    changes = [*ended.report["overall"], *ended.report["findings"]]
    return {(one["what"], one["kind"], one["field"], one["key"]) for one in changes if one["finding"]}


WORSE = {
    ("appeared", "errors", "", ""),
    ("rose", "p50", "", ""),
    ("appeared", "share", "message", "disk <n> is full"),
    ("appeared", "share", "status", "500"),
    ("rose", "p50", "path", "/a"),
    ("appeared", "errors", "path", "/a"),
}
PAIRS: list[list[str]] = [
    ["good.log", "bad.log"],
    ["old-*.log", "bad.log"],
    ["both.log", "--before", BEFORE, "--after", AFTER],
    ["both.log", "--before", "@1772879400", "--after", "@1772879400"],
]


@pytest.mark.parametrize("arguments", PAIRS, ids=" ".join)
def test_two_logs_or_two_spans_of_one_are_compared(arguments: list[str], folder: Path) -> None:
    """Files, a glob in quotes, and one log that two times part give the same findings."""
    run = diff(folder, *arguments, "--output", "json")
    assert (run.code, run.stderr) == (0, "")
    assert findings(run) >= WORSE
    assert [run.report[side]["records"] for side in ("before", "after")] == [3600, 3600]


def test_standard_input_and_a_url_are_sides(folder: Path) -> None:
    """As with analyze."""
    with FaultServer() as server:
        server.on("/bad.log", Answer((folder / "bad.log").read_bytes()))
        run = diff(
            folder, "-", server.url("/bad.log"), "--output", "json", stdin=gzip.compress((folder / "good.log").read_bytes())
        )
    assert (run.code, run.stderr) == (0, "")
    assert findings(run) >= WORSE


@pytest.mark.parametrize(
    "arguments", [["good.json", "bad.json"], ["good.log", "bad.json"], ["good.json", "bad.log"]], ids=" ".join
)
def test_reports_are_compared(arguments: list[str], folder: Path) -> None:
    """A report that analyze wrote can be either side; of it, errors by path are not known."""
    run = diff(folder, *arguments, "--output", "json")
    assert (run.code, run.stderr) == (0, "")
    assert findings(run) >= {change for change in WORSE if change[2] in {"", "message", "status"}}


CODES: list[tuple[list[str], int]] = [
    (["good.log", "bad.log"], 0),
    (["good.log", "bad.log", "--fail-on", "error_share +1%"], 6),
    (["good.log", "bad.log", "--fail-on", "error_share +10%"], 0),
    (["good.log", "bad.log", "--fail-on", "error_share +10%", "--fail-on", "5xx +1%"], 6),
    (["good.log", "bad.log", "--fail-on", "p95:duration +20%"], 6),
    (["good.log", "bad.log", "--fail-on", "p95:duration +80%"], 0),
    (["good.log", "bad.log", "--fail-on", "new message level >= error"], 6),
    (["good.log", "bad.log", "--fail-on", "new path"], 0),
    (["good.log", "bad.log", "--fail-on", "new path status >= 500"], 6),
    (["good.log", "bad.log", "--fail-on", "new status >= 500"], 6),
    (["bad.log", "good.log", "--fail-on", "error_share +1%"], 0),
    (["good.log", "same.log", "--fail-on", "error_share +1%", "--fail-on", "p50:duration +1%", "--fail-on", "new message"], 0),
    (["good.json", "bad.json", "--fail-on", "error_share +1%"], 6),
    (["good.log", "bad.log", "--where", "status < 500", "--fail-on", "new message level >= error"], 0),
    (["good.log", "missing.log", "--fail-on", "error_share +1%"], 3),
    (["good.log", "junk.log"], 3),
]


@pytest.mark.parametrize(("arguments", "code"), CODES, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_exit_codes(arguments: list[str], code: int, folder: Path) -> None:
    """6 if a condition of --fail-on is met, else those of analyze."""
    run = diff(folder, *arguments, "--output", "json", "--quiet")
    assert run.code == code
    if code in {0, 6} and "--fail-on" in arguments:
        assert any(condition["holds"] for condition in run.report["conditions"]) is (code == 6)


def test_a_condition_that_cannot_be_checked_ends_with_2_after_the_report(folder: Path) -> None:
    """It must not pass silently; the comparison itself is still written."""
    with chdir(folder):
        Path("plain.log").write_bytes(b"".join(record(second) for second in range(1800)))
    run = diff(folder, "plain.log", "plain.log", "--fail-on", "p95:duration +20%", "--output", "json")
    assert run.code == 2
    assert run.report["findings"] == []
    assert run.stderr == "logproc: --fail-on 'p95:duration +20%' cannot be checked: it needs durations on both sides\n"


def test_what_may_be_chance_is_undecided_and_said_on_stderr(folder: Path, tmp_path: Path) -> None:
    """A burst of errors in a log that had none: it does not pass, nor does it fail."""
    burst = [record(second, **({"status": 500, "level": "error"} if 900 < second < 940 else {})) for second in range(1800)]
    few = [record(second, **({"status": 503} if second in {9, 700} else {})) for second in range(1800)]
    (tmp_path / "burst.log").write_bytes(b"".join(burst))
    (tmp_path / "few.log").write_bytes(b"".join(few))
    conditions = [*("--fail-on", "5xx +1%"), *("--fail-on", "new status >= 500"), *("--fail-on", "new level >= critical")]
    run = diff(folder, "good.log", str(tmp_path / "burst.log"), *conditions, "--output", "json")
    assert run.code == 0
    verdicts = [(one["verdict"], [change["key"] for change in one["because"]]) for one in run.report["conditions"]]
    assert verdicts == [("undecided", ["5xx"]), ("undecided", ["500"]), ("passes", [])]
    first, second = run.stderr.splitlines()
    assert first.startswith("logproc: --fail-on '5xx +1%' is undecided: 0 → 2.17 %: may be chance; smaller changes than ")
    assert second == "logproc: --fail-on 'new status >= 500' is undecided: 500: may be chance"
    run = diff(folder, "good.log", str(tmp_path / "few.log"), *conditions[2:4], "--fail-on", "rate -40%", "-q")
    assert (run.code, run.stderr) == (6, "")
    assert " ".join(run.stdout.decode().splitlines()[-2].split()) == "undecided new status >= 500 503: may be chance"


WRONG: list[tuple[Sequence[str], str]] = [
    ([], "no source is named: a comparison is of two: write `logproc diff A B`"),
    (["good.log"], "only one source given: name two, or --before and --after"),
    (["good.log", "bad.log", "same.log"], "several files of one side are a glob in quotes"),
    (["-", "-"], "standard input cannot be both sides"),
    (["both.log", "--before", BEFORE], "--after is missing"),
    (["both.log", "--after", AFTER], "--before is missing"),
    (["good.log", "bad.log", "--before", BEFORE, "--after", AFTER], "2 sources with --before and --after"),
    (["both.log", "--before", "2026-03-07 11:00", "--after", "2026-03-07 10:00"], "--before is after --after"),
    (["both.log", "--before", "later", "--after", AFTER], "--before 'later' is not a time"),
    (["both.log", "--before", "2020-01-01", "--after", AFTER], "no record to compare: write the day too"),
    (["-", "--before", BEFORE, "--after", AFTER], "can be read only once"),
    (["good.json", "--before", BEFORE, "--after", AFTER], "good.json is a report"),
    (["good.json", "bad.log", "--where", "status == 200"], "good.json is a report: --where cannot be applied"),
    (["good.log", "bad.json", "--anonymize"], "bad.json is a report: --anonymize cannot be applied"),
    (["good.log", "bad.log", "--fail-on", "eror_share +1%"], "did you mean 'error_share'?"),
    (["good.log", "bad.log", "--output", "csv"], "'csv' is not one of 'terminal', 'json'"),
    (["good.log", "bad.log", "--top", "10,3"], "--top 10,3: not for a comparison: write one number"),
    (["good.log", "bad.log", "-o", "x.csv"], "-o x.csv: not for a comparison"),
    (["good.log", "bad.log", "-o", "bad.log.json", "--where", "stats == 1"], "no source has a field 'stats'"),
    (["good.log", "bad.log", "--where", "statuss == 1"], "did you mean 'status'?"),
    (["good.log", "bad.log", "--bye", "x"], "no such option --bye"),
    (["good.log", "empty.log"], "empty.log: no record to compare: it is empty"),
    (["good.log", "empty.log", "--since", "2020-01-01"], "empty.log: no record to compare: check --since"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_a_wrong_command_line_is_explained(arguments: list[str], words: str, folder: Path) -> None:
    """One line says what is wrong and what to write; the exit code is 2, and nothing is compared."""
    before = sorted(folder.iterdir())
    run = diff(folder, *arguments)
    assert (run.code, run.stdout) == (2, b"")
    assert words in run.stderr
    assert sorted(folder.iterdir()) == before


def test_an_output_does_not_replace_a_source(folder: Path) -> None:
    """Neither a log nor a report is overwritten by the comparison of it."""
    for name in ("good.json", "bad.json"):
        content = (folder / name).read_bytes()
        run = diff(folder, "good.json", "bad.json", "-o", name)
        assert run.code == 2
        assert "would be read and overwritten" in run.stderr
        assert (folder / name).read_bytes() == content


def test_files_are_written_beside_stdout(folder: Path, tmp_path: Path) -> None:
    """The ending decides the format; with --quiet nothing is on stdout."""
    run = diff(folder, "good.log", "bad.log", "-q", "-o", str(tmp_path / "x.json"), "-o", str(tmp_path / "x.txt"))
    assert (run.code, run.stdout, run.stderr) == (0, b"", "")
    assert json.loads((tmp_path / "x.json").read_text())["kind"] == "comparison"
    assert "disk <n> is full" in (tmp_path / "x.txt").read_text()


def test_a_url_is_shown_without_its_password(folder: Path) -> None:
    """Names of sides are those of sources elsewhere."""
    with FaultServer() as server:
        server.on("/bad.log?token=hidden", Answer((folder / "bad.log").read_bytes()))
        url = server.url("/bad.log").replace("http://", "http://user:secret@") + "?token=hidden"
        for form in ("json", "terminal"):
            run = diff(folder, "good.log", url, "--output", form)
            assert b"secret" not in run.stdout
            assert b"secret" not in run.stderr.encode()
            assert b"hidden" not in run.stdout


def test_addresses_are_anonymized(folder: Path) -> None:
    """With --anonymize no client is shown in full."""
    run = diff(folder, "good.log", "bad.log", "--anonymize", "--output", "json", "--where", "client != '192.0.2.1'")
    assert b"192.0.2.3" not in run.stdout


def test_a_log_that_is_cut_off_is_noted(folder: Path) -> None:
    """The comparison says that a side is not whole, and the exit code is that of analyze."""
    run = diff(folder, "good.log", "bad.log", "--max-bytes", "100k", "--output", "json", "-q")
    assert run.code == 5
    assert run.report["notes"] == ["good.log: not everything was read", "bad.log: not everything was read"]


def test_rows_within_rows_of_a_setting_are_for_reports(folder: Path) -> None:
    """`LOGPROC_TOP=2,1` may be meant for reports: a comparison shows the first number of changes of a field."""
    nested = diff(folder, "good.log", "bad.log", variables={"LOGPROC_TOP": "2,1"})
    assert (nested.code, nested.stdout) == (0, diff(folder, "good.log", "bad.log", "--top", "2").stdout)


def test_settings_of_reports_do_not_change_a_comparison(folder: Path) -> None:
    """A variable or a config file may set what only reports have: a comparison ignores it."""
    reports = {
        "BY": "path",
        "METRIC": "count",
        "SORT": "key",
        "ORDER": "asc",
        "VISITORS": "true",
        "FULL": "true",
        "OUTPUT": "csv",
    }
    run = diff(folder, "good.log", "bad.log", variables={f"LOGPROC_{name}": value for name, value in reports.items()})
    assert (run.code, run.stdout) == (0, diff(folder, "good.log", "bad.log").stdout)
