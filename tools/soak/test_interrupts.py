"""Thousands of signals at random moments: each ends the program in time, with a valid partial report.

`python -m pytest -m soak -s tools/soak/test_interrupts.py -o timeout=3600` prints the figures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import pytest

from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import started
from tests.support.reports_of import PACKINGS

pytestmark = pytest.mark.soak
PROMISED_S = 1.0
IN_TIME_S = 5.0
"""What is asserted: the margin is for a machine that does other things as well."""
PATIENCE_S = 60
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
PLANS = [(signal.SIGINT, False, 2000), (signal.SIGTERM, False, 300), (signal.SIGINT, True, 250), (signal.SIGHUP, False, 50)]
"""Which signal, whether a second one follows, and how many times."""
THREADS_OF_A_RUN = 4
"""As many threads has a process in which readers and workers are at work: main, the one of signals, and two of these."""
DEFAULTS = ["env", "--default-signal"]
"""What starts the program: in the background of a shell SIGINT is ignored, and what is ignored stays so."""
OUTPUTS = {"report.json", "report.csv", "rejects"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """Make slow sources of every kind, by the name of the kind."""
    folder = tmp_path_factory.mktemp("interrupted")
    piece = logs.log(20_000, damaged=0.02)
    (folder / "plain.log").write_bytes(piece * 40)
    (folder / "second.log").write_bytes(piece * 20)
    (folder / "packed.log.gz").write_bytes(PACKINGS["gz"](piece) * 20)
    (folder / "packed.log.xz").write_bytes(PACKINGS["xz"](piece) * 5)
    files = [str(path) for path in sorted(folder.iterdir())]
    for name in ("unwritten", "silent"):
        os.mkfifo(folder / name)
    pipes = [str(folder / "unwritten"), str(folder / "silent"), "-"]
    with ExitStack() as stack:
        server = stack.enter_context(FaultServer())
        server.on("/half", Answer(piece, sent=100_000, ending="stall")).on("/nothing", Answer(head=b"", ending="stall"))
        server.on("/slow", Answer(piece, piece=2000, pause_s=0.02)).on("/head", Answer(piece, head_pause_s=0.3))
        silent, slow = ([server.url(path) for path in paths] for paths in (("/half", "/nothing"), ("/slow", "/head")))
        writer = os.open(folder / "silent", os.O_RDWR)  # holds the FIFO open, and writes once
        stack.callback(os.close, writer)
        yield {
            "files": files,
            "one file": files[-1:],
            "pipes": pipes,
            "silent servers": silent,
            "slow servers": slow,
            "everything": [*files, *pipes, *silent, *slow],
        }


@dataclass
class Figures:
    """The outcome of one plan. took_s: from the signal to the end, and at which moment of the run it came."""

    took_s: list[tuple[float, float]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    interrupted: int = 0

    def __str__(self) -> str:
        times = sorted(took for took, _ in self.took_s)
        percent = quantiles(times, n=100)
        late = sum(took > PROMISED_S for took in times)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        ends = f"p50 {percent[49]:.2f} s, p99 {percent[98]:.2f} s, most {times[-1]:.2f} s, {late} over {PROMISED_S:.0f} s"
        return f"{len(times)} runs ({kinds}), {self.interrupted} of them ended by it: {ends} (at {max(self.took_s)[1]:.2f} s)"


def handlers_stand(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process catches SIGINT, SIGTERM and SIGHUP (SigCgt in proc(5)); wait until it does or has ended."""
    wanted = sum(1 << number - 1 for number in CODES)
    while process.poll() is None:
        caught = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("SigCgt")]
        if caught and int(caught[0].split()[1], 16) & wanted == wanted:
            return True
        os.sched_yield()
    return False


def has_begun(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the run has begun; wait until it has, or the process has ended."""
    while process.poll() is None:
        with suppress(FileNotFoundError):
            if len(list(Path(f"/proc/{process.pid}/task").iterdir())) >= THREADS_OF_A_RUN:
                return True
        time.sleep(0.002)
    return False


@contextmanager
def running(sources: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run with everything that could delay its end; its stdin gets a line now and then."""
    outputs = ["-o", str(folder / "report.json"), "-o", str(folder / "report.csv"), "--rejects", str(folder / "rejects")]
    arguments = ["analyze", *sources, *outputs, "--output", "json"]
    outlet, inlet = os.pipe()
    with started(*arguments, cwd=folder, variables={"TMPDIR": str(folder)}, before=DEFAULTS, stdin=outlet) as process:
        os.close(outlet)
        feeder = threading.Thread(target=feed, args=(inlet,))
        feeder.start()
        try:
            assert handlers_stand(process)
            yield process
        finally:
            process.kill()
            feeder.join()


def feed(inlet: int) -> None:
    """Write a line into a pipe a hundred times a second until its reader has gone."""
    with suppress(OSError), os.fdopen(inlet, "wb", buffering=0) as stdin:
        while True:
            stdin.write(logs.line() + b"\n")
            time.sleep(0.01)


def check(process: subprocess.Popen[bytes], output: bytes, errors: bytes, number: signal.Signals, folder: Path) -> bool:
    """Assert what a signal promises; return whether a run was interrupted at all."""
    lines = errors.decode().splitlines()
    assert all(line.startswith("logproc: ") for line in lines), errors.decode()
    assert [path.name for path in folder.iterdir() if path.name not in OUTPUTS] == []
    if not output:  # nothing had been read yet: the process ended at once
        assert (process.returncode, list(folder.iterdir())) == (CODES[number], [])
        return False
    report = json.loads(output)
    for part in [report, *report["sources"]]:
        account = dict(part["account"])
        assert account.pop("lines") == sum(account.values())
    assert sum(source["account"]["lines"] for source in report["sources"]) == report["account"]["lines"]
    assert json.loads((folder / "report.json").read_text())["account"] == report["account"]
    assert len((folder / "rejects").read_bytes().splitlines()) == report["account"]["rejected"]
    if process.returncode == 0:
        assert report["complete"]
        return False
    assert process.returncode == CODES[number]
    assert not report["complete"]
    assert {source["state"] for source in report["sources"]} <= {"complete", "interrupted"}
    return True


def check_twice(process: subprocess.Popen[bytes], output: bytes, errors: bytes, folder: Path) -> bool:
    """Assert what two signals promise: a whole report or none, and no temporary files; return whether they ended the run."""
    lines = errors.decode().splitlines()
    assert all(line.startswith("logproc: ") for line in lines), errors.decode()
    assert [path.name for path in folder.iterdir() if path.name not in OUTPUTS] == []
    for text in [output, *(path.read_bytes() for path in folder.glob("report.json"))]:
        assert not text or json.loads(text)["account"]
    assert process.returncode in {0, 130}
    return process.returncode == 130


@pytest.mark.parametrize(
    ("number", "twice", "rounds"), PLANS, ids=[f"{'double ' if twice else ''}{number.name}" for number, twice, _ in PLANS]
)
def test_signals_at_random_moments(
    number: signal.Signals, twice: bool, rounds: int, sources: dict[str, list[str]], tmp_path: Path
) -> None:
    """Each signal ends the program in time with its code and, during a run, a partial report on stdout and in its files."""
    random_ = random.Random(f"{number} {twice}")
    figures = Figures()
    for round_ in range(rounds):
        folder = tmp_path / str(round_)
        folder.mkdir()
        kind = random_.choice(sorted(sources))
        with running(sources[kind], folder) as process:
            # A quarter comes at any moment from the first statement on, the others when the threads are at work.
            delay_s = random_.uniform(0, 1.5)
            if random_.random() < 0.75 and has_begun(process):
                delay_s = random_.uniform(0, 0.5)
            time.sleep(delay_s)
            process.send_signal(number)
            begun = time.monotonic()
            if twice:
                time.sleep(random_.choice([0.0, 0.005, random_.uniform(0, 0.4)]))
                process.send_signal(number)
            output, errors = process.communicate(timeout=PATIENCE_S)
            figures.took_s.append((time.monotonic() - begun, delay_s))
        figures.kinds[kind] += 1
        ended = check_twice(process, output, errors, folder) if twice else check(process, output, errors, number, folder)
        figures.interrupted += ended
    print(f"\n{'double ' if twice else ''}{number.name}: {figures}")
    assert max(figures.took_s)[0] < IN_TIME_S
    assert figures.interrupted > rounds / 4
