"""The program as a library: one function, values that other programs can use, and no trace in the process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow
import pytest

import logproc
from logproc import LogprocError, State, analyze
from logproc.formats import known
from logproc.model.errors import UsageError
from tests.support import broken_format, logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.oracle import truth
from tests.support.processes import ROOT
from tests.support.processes import logproc as command

CONTENT = logs.log(100, damaged=0.1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a log of 100 lines, a tenth of them odd."""
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)
    return path


def test_it_returns_what_is_in_the_logs(log: Path) -> None:
    """The snapshot has the account, the sums, the panels and the sources."""
    snapshot, expected = analyze([log, str(log) + ".missing"], top=0), truth(CONTENT)
    assert (snapshot.account.lines, snapshot.account.records) == (expected.lines, expected.records)
    assert [source.state for source in snapshot.sources] == [State.COMPLETE, State.FAILED]
    assert not snapshot.complete
    assert {row.key[0]: (row.count, row.bytes) for row in snapshot.panels["path"].rows} == expected.counts("path")


def test_one_source_needs_no_list(log: Path) -> None:
    """A path or a text by itself is one source, not its letters."""
    assert analyze(log).account == analyze(str(log)).account == analyze([log]).account
    assert len(analyze(str(log)).sources) == 1
    assert analyze(os.fsencode(log)).account == analyze([os.fsencode(log)]).account == analyze(log).account


def test_panels_are_arrow_tables(log: Path) -> None:
    """Each panel is a table: its key as text, count and bytes as integers."""
    for panel in analyze(log, top=0).panels.values():
        table = panel.table()
        assert table.column_names == [*panel.by, "count", "bytes"]
        assert table.schema.types[0] == pyarrow.string()
        assert table.num_rows == panel.distinct
        assert table["count"].to_pylist() == [row.count for row in panel.rows]
        assert [int(total) for total in table["bytes"].to_pylist()] == [row.bytes for row in panel.rows]


def test_options_are_those_of_the_command(log: Path) -> None:
    """An option has the name of its field, and its effect."""
    assert len(analyze(log, top=3).panels["client"].rows) == 3
    assert analyze(log, max_bytes=1000).sources[0].state is State.INCOMPLETE
    assert analyze(log.parent, recursive=True).account.lines == analyze(log).account.lines


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("readers=0", "--readers 0: at least 1"),
        ("format=elvish", "--format 'elvish' is unknown: see `logproc formats`"),
        ("encoding=", "--encoding '' is unknown"),
        ("encoding=elvish", "--encoding 'elvish' is unknown"),
        ("memory=lots", "--memory 'lots' is not a size: write 65536, 64K or 4MiB"),
        ("color=purple", "--color 'purple' is unknown: known are auto, always, never"),
        ("output=jsn", "--output 'jsn' is unknown: did you mean 'json'?"),
        ("strict=no-reject", "--strict 'no-reject' is unknown: did you mean 'no-rejects'?"),
        ("top=many", "--top 'many' is not a whole number: write it in digits"),
        ("max_ratio=high", "--max-ratio 'high' is not a number: write it in digits, such as 2.5"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_in_the_words_of_the_command(option: str, words: str, log: Path) -> None:
    """A program gets as an exception, with the same exit code, what a person reads on stderr."""
    name, _, value = option.partition("=")
    options: dict[str, Any] = {name: value}
    with pytest.raises(UsageError) as caught:
        analyze(log, **options)
    assert str(caught.value).startswith(words)
    run = command("analyze", log, "--" + name.replace("_", "-"), value)
    assert (run.code, run.stderr) == (caught.value.exit_code, f"logproc: {caught.value}\n")


@pytest.mark.parametrize(
    "wrong",
    [
        {"top": []},
        {"top": [3, "x"]},
        {"top": "10,"},
        {"top": None},
        {"top": 2.5},
        {"by": 5},
        {"by": [5]},
        {"format": 3},
        {"quiet": "perhaps"},
        {"max_time": True},
        {"patterns": ["x"]},
        {"patterns": {"x": 1}},
        {"patterns": 5},
        {"formats": {"x": "(?P<job>.*)"}},
        {"formats": 5},
    ],
    ids=str,
)
def test_a_value_of_a_wrong_type_is_refused(wrong: dict[str, Any], log: Path) -> None:
    """It is an error before anything is read, not an exception from somewhere inside."""
    with pytest.raises(UsageError, match=next(iter(wrong)).replace("_", "-")):
        analyze(log, **wrong)


def test_formats_of_ones_own_are_the_tables_of_a_config_file(tmp_path: Path) -> None:
    """A program gives patterns and formats by their names, as `[patterns]` and `[formats.NAME]` do."""
    path = tmp_path / "jobs.log"
    path.write_text("job=a took=5\njob=b took=7\n", "utf-8")
    expression = r"job=(?P<job>\w+) took=(?P<took>\d+)"
    for own in ({"patterns": {"jobs": expression}}, {"formats": {"jobs": {"expression": expression}}}):
        assert [row.key for row in analyze(path, **own, by="job").panels["job"].rows] == [("a",), ("b",)]
        assert analyze(path, **own).sources[0].format == "jobs"


def test_a_misspelt_option_gets_the_nearest(log: Path) -> None:
    """The error names the option that may have been meant."""
    with pytest.raises(UsageError, match=r"^unknown option 'formt': did you mean 'format'\?$"):
        analyze(log, formt="json")


def test_an_option_is_written_as_on_the_command_line(log: Path) -> None:
    """Text is taken where the command takes it: fields with commas between them, sizes with units, numbers in digits."""
    one = analyze(log, by="method,status", top="2", memory="64MiB", metric="uniques:client,rate")
    assert one.panels == analyze(log, by=["method,status"], top=2, memory=64 << 20, metric=("uniques:client", "rate")).panels
    assert list(one.panels) == ["method,status"]
    assert list(analyze(log, by="status;path").panels) == list(analyze(log, by=("status", "path")).panels) == ["status", "path"]


def test_a_metric_over_texts_says_so(tmp_path: Path) -> None:
    """Each value that should be a number and is not is counted, once, also for two metrics and across chunks."""
    path = tmp_path / "app.jsonl"
    values = ('"1.5"', '"fast"', "2", '"slow"', '"-"', '""', "null")
    path.write_text("".join(f'{{"level": "info", "msg": "m", "took": {value}}}\n' for value in values) * 50)
    snapshot = analyze(path, by="level", metric="mean:took,p95:took,uniques:msg", chunk_size=500)
    assert snapshot.sources[0].notes == ("100 values of took are not numbers",)
    assert snapshot.panels["level"].rows[0].metrics[0] == 1.75
    assert analyze(path, by="level", metric="uniques:took").sources[0].notes == ()


def test_sorting_by_a_metric_shows_it_everywhere(tmp_path: Path) -> None:
    """Without `by` the usual tables are in its order and have its column, the total has it, and hours stay in theirs."""
    path = tmp_path / "app.jsonl"
    rows = [("a", 1, 5.0), ("b", 2, 3.0), ("b", 3, 1.0)]
    path.write_text(
        "".join(
            f'{{"time": "2026-03-07T1{hour}:00:00Z", "logger": "{logger}", "msg": "m", "duration": {duration}}}\n'
            for logger, hour, duration in rows
        )
    )
    panels = analyze(path, sort="max:duration").panels
    assert [(row.key[0], row.metrics) for row in panels["logger"].rows] == [("a", (5,)), ("b", (3,))]
    assert panels["total"].rows[0].metrics == (5,)
    assert (panels["hour"].metrics, panels["hour"].sorted_by, panels["logger"].sorted_by) == ((), None, "max:duration")
    assert [row.key[0] for row in panels["hour"].rows] == sorted(row.key[0] for row in panels["hour"].rows)
    assert [row.key[0] for row in analyze(path).panels["logger"].rows] == ["b", "a"]
    asked = analyze(path, by="logger", sort="max:duration").panels["logger"]
    assert (asked.rows, asked.metrics) == (panels["logger"].rows, ("max:duration",))


def test_variables_and_config_files_play_no_part(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program gets depends on its options only."""
    (log.parent / "logproc.toml").write_text("top = 1\n")
    monkeypatch.chdir(log.parent)
    monkeypatch.setenv("LOGPROC_TOP", "1")
    assert len(analyze(log).panels["client"].rows) > 1


def test_a_url_that_makes_no_sense_is_an_error() -> None:
    """An invalid URL raises before anything is read."""
    with pytest.raises(LogprocError, match="bad URL"):
        analyze(["http://127.0.0.1:99999/"])


def test_headers_are_sent() -> None:
    """Headers go to the servers that sources name."""
    with FaultServer() as server:
        server.on("/log", Answer(CONTENT))
        assert analyze(server.url("/log"), headers={"X-Key": "value"}).complete
        assert server.requests[0].headers["x-key"] == "value"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"A": 3}, "--header 'A': name and value are not both text"),
        ({3: "A"}, "--header 3: name and value are not both text"),
        ([1], "headers are not a mapping"),
        ({"A:B": "x"}, "--header 'A:B' is not a header name"),
        ({"A": "x\ny"}, "--header A: a header cannot have this value"),
    ],
    ids=str,
)
def test_a_bad_header_is_refused_at_the_call(headers: Any, words: str, log: Path) -> None:
    """It is an error before anything is read, even if no source is a URL."""
    with pytest.raises(UsageError, match=re.escape(words)):
        analyze(log, headers=headers)


@pytest.mark.parametrize("sources", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_no_source_is_an_error(sources: Any) -> None:
    """A glob without matches must not become a complete report of nothing."""
    with pytest.raises(UsageError, match=r"^no source is named: name a file"):
        analyze(sources)


@pytest.mark.parametrize("sources", [3, [3], None, [None]], ids=str)
def test_what_is_not_a_path_is_refused(sources: Any) -> None:
    """The error says what was given."""
    with pytest.raises(UsageError, match=f"^sources: {re.escape(repr(sources))} is not a path or a list of paths"):
        analyze(sources)


def test_it_works_in_any_thread_and_in_several_at_once(log: Path) -> None:
    """It needs no main thread, and runs in two threads do not disturb each other."""
    expected = analyze(log).panels
    with ThreadPoolExecutor(4) as executor:
        found = list(executor.map(lambda _: analyze(log, chunk_size=500, workers=2).panels, range(8)))
    assert found == [expected] * 8


def test_it_leaves_the_process_as_it_was(log: Path) -> None:
    """No signal handler is installed, no thread left, no time limit set."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    threads = set(threading.enumerate())
    analyze(log)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers
    assert set(threading.enumerate()) <= threads
    assert socket.getdefaulttimeout() is None


def test_an_unexpected_exception_is_raised_as_it_is(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ended a run is raised by the call, from whichever thread it came."""
    monkeypatch.setitem(known.BY_NAME, broken_format.NAME, broken_format.Broken())
    with pytest.raises(LogprocError) as caught:
        analyze(log, format=broken_format.NAME, chunk_size=300)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_importing_it_costs_next_to_nothing() -> None:
    """`import logproc` loads neither pyarrow nor numpy; every public name can be had from it."""
    script = "import sys, logproc; print(*sorted({'numpy', 'pyarrow', 'requests'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout == "\n"
    assert all(getattr(logproc, name) for name in logproc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = logproc.nothing
