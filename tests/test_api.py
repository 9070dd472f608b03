"""The program as a library: one function, values that other programs can use, and no trace in the process."""

from __future__ import annotations

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
from tests import broken_format, logs
from tests.fault_server import Answer, FaultServer
from tests.oracle import truth
from tests.processes import ROOT

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


@pytest.mark.parametrize("wrong", [{"readers": 0}, {"format": "elf"}, {"encoding": "elvish"}])
def test_an_option_that_makes_no_sense_is_an_error(wrong: dict[str, Any], log: Path) -> None:
    """What the command refuses with 2 raises an error with that code."""
    with pytest.raises(LogprocError) as caught:
        analyze(log, **wrong)
    assert caught.value.exit_code == 2


def test_a_url_that_makes_no_sense_is_an_error() -> None:
    """A URL that is none raises before anything is read."""
    with pytest.raises(LogprocError, match="bad URL"):
        analyze(["http://127.0.0.1:99999/"])


def test_headers_are_sent() -> None:
    """Headers go to the servers that sources name."""
    with FaultServer() as server:
        server.on("/log", Answer(CONTENT))
        assert analyze(server.url("/log"), headers={"X-Key": "value"}).complete
        assert server.requests[0].headers["x-key"] == "value"


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
