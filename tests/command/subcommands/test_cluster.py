"""`--cluster local`: the options of `analyze` mean there what they mean without it, or are refused in one line."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import Ended, analyze, ended, started

ANSWERS: list[list[str]] = [
    ["--by", "status,path", "--metric", "p95:bytes,uniques:client", "--top", "3"],
    ["--where", "status >= 400", "--max-keys", "4", "--strict", "no-rejects"],
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_bytes(logs.log(400) + b"odd line\n")
    return path


def without_run(found: Ended) -> Any:
    return {name: value for name, value in found.report.items() if name != "run"}


@pytest.mark.parametrize("options", ANSWERS, ids=str)
def test_the_same_answer_exit_code_and_files(options: list[str], log: Path, tmp_path: Path) -> None:
    """A report of a cluster is that of one process: on stdout, in files, and as an exit code. Nothing else is said."""
    here, there = (
        analyze(log, *options, *more, "--output", "json", "-o", tmp_path / f"{name}.csv")
        for name, more in (("here", []), ("there", ["--cluster", "local", "--workers", "1"]))
    )
    assert without_run(there) == without_run(here)
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert (there.code, there.stderr) == (here.code, here.stderr)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rejects", "x.jsonl"], "--rejects does not work with --cluster"),
        (["--trace", "x.json"], "--trace does not work with --cluster"),
        (["--follow"], "--follow does not work with --cluster"),
        (["--state", "x.state"], "--state does not work with --cluster"),
        (["-"], "standard input is only on this machine"),
    ],
    ids=str,
)
def test_what_needs_the_lines_here_is_refused(options: list[str], words: str, log: Path, tmp_path: Path) -> None:
    """One line that says which option, before anything is started; no traceback and no file."""
    found = analyze(log, *options, "--cluster", "local", cwd=tmp_path)
    assert found.code == 2
    assert words in found.stderr
    assert found.stderr.count("\n") == 1
    assert not list(tmp_path.glob("x.*"))


def test_ctrl_c_at_a_terminal_is_for_the_client_alone(log: Path) -> None:
    """A terminal sends it to all processes. The workers go on until what they have counted is fetched, and say nothing."""
    with FaultServer() as server:
        server.on("/silent", Answer(b"x\n", sent=0, ending="stall"))
        arguments: list[str | Path] = [
            "analyze",
            log,
            server.url("/silent"),
            "--cluster",
            "local",
            "--workers",
            "2",
            "--output",
            "json",
        ]
        with started(*arguments, own_group=True) as process:
            while not server.requests:
                assert process.poll() is None
                time.sleep(0.05)
            time.sleep(1)  # the other worker has counted the file by then
            os.killpg(process.pid, signal.SIGINT)
            found = ended(process)
    assert found.code == 130
    assert "Traceback" not in found.stderr
    assert found.report["account"]["records"] == 400
