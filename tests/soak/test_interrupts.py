"""Hundreds of signals at random moments: each ends the program in time, with a report that is partial and whole."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles

import pytest

from tests import logs
from tests.fault_server import Answer, FaultServer
from tests.processes import started
from tests.reports_of import PACKINGS

pytestmark = pytest.mark.soak
ROUNDS = 300
IN_TIME_S = 5.0
"""Promised is a second; the margin is for a machine that does other things as well."""
PATIENCE_S = 60
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Make plain files and archives that take a second to read, a server that goes silent, and a FIFO without a writer."""
    folder = tmp_path_factory.mktemp("interrupted")
    piece = logs.log(20_000, damaged=0.02)
    (folder / "plain.log").write_bytes(piece * 40)
    (folder / "second.log").write_bytes(piece * 20)
    (folder / "packed.log.gz").write_bytes(PACKINGS["gz"](piece) * 20)
    (folder / "packed.log.xz").write_bytes(PACKINGS["xz"](piece) * 5)
    os.mkfifo(folder / "fifo")
    with FaultServer() as server:
        server.on("/half", Answer(piece, sent=100_000, ending="stall")).on("/nothing", Answer(head=b"", ending="stall"))
        yield [*(str(path) for path in sorted(folder.iterdir())), server.url("/half"), server.url("/nothing")]


def handlers_stand(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process catches SIGINT, SIGTERM and SIGHUP (SigCgt in proc(5)); wait until it does or has ended."""
    wanted = sum(1 << number - 1 for number in CODES)
    while process.poll() is None:
        caught = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("SigCgt")]
        if caught and int(caught[0].split()[1], 16) & wanted == wanted:
            return True
        os.sched_yield()
    return False


@contextmanager
def running(sources: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run with everything that may be in the way of its end."""
    outputs = ["-o", str(folder / "report.json"), "-o", str(folder / "report.csv"), "--rejects", str(folder / "rejects")]
    with ExitStack() as stack:
        arguments = ["analyze", *sources, *outputs, "--output", "json"]
        process = stack.enter_context(started(*arguments, cwd=folder, variables={"TMPDIR": str(folder)}))
        assert handlers_stand(process)
        yield process


def check(process: subprocess.Popen[bytes], output: bytes, errors: bytes, number: int, folder: Path) -> bool:
    """Hold what a signal promises against how a process ended; return whether it was interrupted at all."""
    lines = errors.decode().splitlines()
    assert all(line.startswith("logproc: ") for line in lines), errors.decode()
    report = json.loads(output)
    assert [path.name for path in folder.iterdir() if path.name not in {"report.json", "report.csv", "rejects"}] == []
    for part in [report, *report["sources"]]:
        account = dict(part["account"])
        assert account.pop("lines") == sum(account.values())
    assert sum(source["account"]["lines"] for source in report["sources"]) == report["account"]["lines"]
    if process.returncode == 0:
        assert report["complete"]
        return False
    assert process.returncode == CODES[signal.Signals(number)]
    assert not report["complete"]
    assert {source["state"] for source in report["sources"]} <= {"complete", "interrupted"}
    assert json.loads((folder / "report.json").read_text())["account"] == report["account"]
    return True


@pytest.mark.parametrize(("number", "rounds"), [(signal.SIGINT, ROUNDS), (signal.SIGTERM, 40), (signal.SIGHUP, 40)])
def test_signals_at_random_moments(number: signal.Signals, rounds: int, sources: list[str], tmp_path: Path) -> None:
    """Each ends the run in time with its code, the partial report on stdout and in its files, and nothing else left."""
    random_ = random.Random(2)
    took_s, interrupted, moments = [], 0, []
    files, streams = [name for name in sources if "fifo" not in name and "http" not in name], sources
    for round_ in range(rounds):
        folder = tmp_path / str(round_)
        folder.mkdir()
        chosen = random_.choice([files, streams, streams, files[:1], [name for name in streams if name not in files]])
        with running(chosen, folder) as process:
            delay_s = random_.choice([0.0, random_.uniform(0, 0.3), random_.uniform(0, 1.2)])
            time.sleep(delay_s)
            process.send_signal(number)
            begun = time.monotonic()
            output, errors = process.communicate(timeout=PATIENCE_S)
            took_s.append(time.monotonic() - begun)
        interrupted += check(process, output, errors, number, folder)
        moments.append(delay_s)
    percent = quantiles(took_s, n=100)
    worst = max(range(rounds), key=took_s.__getitem__)
    print(f"\n{rounds} {number.name}, {interrupted} of them during the run: ended after p50 {percent[49]:.2f} s,")
    print(f"p99 {percent[98]:.2f} s, most {max(took_s):.2f} s (signal at {moments[worst]:.2f} s)")
    assert max(took_s) < IN_TIME_S
    assert interrupted > rounds / 2


def test_two_signals_at_random_moments(sources: list[str], tmp_path: Path) -> None:
    """A second one, however soon after the first, ends the process at once; nothing hangs and no temporary file is left."""
    random_ = random.Random(3)
    took_s = []
    for round_ in range(60):
        folder = tmp_path / str(round_)
        folder.mkdir()
        with running(sources, folder) as process:
            time.sleep(random_.uniform(0, 1.0))
            process.send_signal(signal.SIGINT)
            time.sleep(random_.choice([0.0, 0.005, random_.uniform(0, 0.4)]))
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE_S)
            took_s.append(time.monotonic() - begun)
        assert process.returncode == 130
        assert b"Traceback" not in errors
        assert b"Exception ignored" not in errors
        assert [path.name for path in folder.iterdir() if path.name not in {"report.json", "report.csv", "rejects"}] == []
    print(f"\n60 double SIGINT: ended after p50 {quantiles(took_s, n=100)[49]:.3f} s, most {max(took_s):.3f} s")
    assert max(took_s) < IN_TIME_S
