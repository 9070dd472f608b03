"""`logproc analyze --trace FILE`, as processes: the same report, a trace of every thread, also after Ctrl-C."""

from __future__ import annotations

import bz2
import itertools
import json
import os
import re
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import analyze, ended, started

LOG = logs.log(2000, damaged=0.1, seed=7)
MOST_BYTES = 300_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "b.log.bz2").write_bytes(bz2.compress(LOG[len(LOG) // 2 :]))
    return tmp_path


def events_by_thread(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the whole events of a trace by the name of their thread."""
    events = json.loads(path.read_text())["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            found[names[event["tid"]]].append(event)
    return found


def without_run(report: Any) -> Any:
    return {name: value for name, value in report.items() if name != "run"}


@pytest.mark.parametrize("ending", ["json", "svg", "html", "SVG"])
def test_the_report_is_the_same(folder: Path, ending: str) -> None:
    """A trace changes nothing in the report, and is private as every output is."""
    plain = analyze("a.log", "b.log.bz2", cwd=folder)
    traced = analyze("a.log", "b.log.bz2", "--trace", f"trace.{ending}", "--rejects", "r.jsonl", cwd=folder)
    assert (traced.code, without_run(traced.report)) == (plain.code, without_run(plain.report))
    assert (folder / f"trace.{ending}").stat().st_mode & 0o777 == 0o600
    lines = [line.removeprefix("logproc: ") for line in traced.stderr.splitlines()]
    assert re.search(r" is the limit|^No single stage", lines[-1])
    assert {line.split()[0] for line in lines} >= {"main", "probe-1", "reader-1", "worker-1"}


def test_every_thread_is_there(folder: Path) -> None:
    """Each thread has its steps, which do not overlap, and their sum is not more than the run."""
    analyze("a.log", "b.log.bz2", "--trace", "trace.json", "--workers", "2", "--rejects", "r.jsonl", cwd=folder)
    found = events_by_thread(folder / "trace.json")
    assert found.keys() >= {"main", "probe-1", "reader-1", "worker-1"}
    done = {name: {event["name"] for event in events} for name, events in found.items()}
    assert done["main"] >= {"start-up", "load libraries", "wait for the others", "hand out chunks", "sum up", "report"}
    readers, workers = (
        set[str]().union(*(kinds for name, kinds in done.items() if name.startswith(kind))) for kind in ("reader", "worker")
    )
    assert readers >= {"open", "read", "unpack", "cut into chunks", "wait for memory"}
    assert workers >= {"parse", "count", "write rejected lines"}
    run_us = max(event["ts"] + event["dur"] for events in found.values() for event in events)
    for events in found.values():
        assert sum(event["dur"] for event in events) <= run_us + 1
        assert all(one["ts"] + one["dur"] <= other["ts"] + 0.001 for one, other in itertools.pairwise(events))
    main = sorted(found["main"], key=lambda event: float(event["ts"]))
    assert main[0]["ts"] == 0
    assert main[0]["name"] == "start-up"
    assert sum(event["dur"] for event in main) > 0.99 * run_us


def test_a_slow_server_is_seen_waiting(tmp_path: Path) -> None:
    """A reader of a URL connects, and waits for data."""
    with FaultServer() as server:
        server.on("/a.log", Answer(LOG, piece=20_000, pause_s=0.01))
        analyze(server.url("/a.log"), "--trace", "trace.json", cwd=tmp_path)
    found = events_by_thread(tmp_path / "trace.json")
    assert {event["name"] for event in found["stream-1"]} >= {"connect", "wait for data", "read"}


def test_interrupted_run_has_a_trace(folder: Path) -> None:
    """After Ctrl-C the trace is written as the report is."""
    os.mkfifo(folder / "pipe")
    with started("analyze", "a.log", "pipe", "--trace", "trace.svg", "--output", "json", cwd=folder) as process:
        writer = os.open(folder / "pipe", os.O_WRONLY)
        process.send_signal(signal.SIGINT)
        result = ended(process)
        os.close(writer)
    assert result.code == 130
    assert "pipe-1" in (folder / "trace.svg").read_text()


def test_a_run_that_fails_has_a_trace(folder: Path) -> None:
    """Also where nothing could be read."""
    result = analyze("missing.log", "--trace", "trace.html", cwd=folder)
    assert result.code == 3
    assert "<svg" in (folder / "trace.html").read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trace.txt", "--trace trace.txt: its ending decides the format, and this one is not known: use .html"),
        ("trace", "use .html or .svg for a picture, .json for Perfetto"),
        ("missing/trace.svg", "cannot write missing/trace.svg: no such file or directory"),
        ("a.log.svg", "a.log.svg would be read and overwritten"),
        ("report.json", "two outputs go to one file"),
    ],
)
def test_a_wrong_file_is_said_before_anything_is_read(folder: Path, name: str, words: str) -> None:
    """An ending without a format, a folder that is missing, a source, another output."""
    (folder / "a.log.svg").write_bytes(LOG)
    result = analyze("a.log.svg", "-o", "report.json", "--trace", name, cwd=folder)
    assert result.code in {2, 4}
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folder / "report.json").exists()


def test_quiet_means_no_summary(folder: Path) -> None:
    """With --quiet the trace is written without a word; with --log-format json each line is JSON."""
    assert analyze("a.log", "-q", "--trace", "trace.svg", cwd=folder).stderr == ""
    lines = analyze("a.log", "--trace", "trace.svg", "--log-format", "json", cwd=folder).stderr.splitlines()
    assert any("limit" in json.loads(line)["event"] for line in lines)


def test_many_files_make_a_small_picture(tmp_path: Path) -> None:
    """Thousands of short steps are drawn together."""
    (tmp_path / "many").mkdir()
    for number in range(400):
        (tmp_path / "many" / f"{number}.log").write_bytes(LOG[: LOG.index(b"\n") + 1])
    result = analyze("-r", "many", "--trace", "trace.svg", cwd=tmp_path)
    assert result.code == 0
    assert (tmp_path / "trace.svg").stat().st_size < MOST_BYTES
    assert re.search(r"drawn together", (tmp_path / "trace.svg").read_text())


def test_without_a_trace_no_recorder_is_loaded(folder: Path) -> None:
    """The recorder and its drawings cost nothing when they are not asked for."""
    script = "import sys; from logproc.command.cli import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    with started("analyze", "-q", "a.log", "-o", "r.json", cwd=folder, python=[sys.executable, "-c", script]) as process:
        loaded = ended(process).stderr.split()
    assert not {name for name in loaded if name == "logproc.threads.trace" or name.startswith("logproc.reports.trace")}
