"""`make demo-cluster`: a Dask cluster of three processes on this machine, and what happens to a report if one is killed.

It starts a scheduler and two workers as docs/cluster.md does, on free ports, writes two logs into a folder that all of them
see, reads them with and without the cluster, and compares the reports byte for byte. Some seconds; nothing stays behind.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

BIN = Path(sys.executable).parent
SAMPLES = Path(__file__).parents[1] / "sample_data"
LOGS = {"shop-access.log": 400, "api.jsonl": 200}
"""How many megabytes are made of each sample."""
PATIENCE_S = 30.0
GO_AWAY_S = 60
"""If this script itself is killed: a scheduler without a client ends after so long, and its workers with it."""


def main(megabytes: dict[str, int] = LOGS) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logproc-demo-")))
        logs = [repeated(SAMPLES / name, folder / name, size) for name, size in megabytes.items()]
        question = ["--by", "path", "--metric", "p95:duration", "--top", "5"]

        say("A scheduler and two workers, each a process; on a real cluster each has a machine. LOGS is a temporary folder:")
        about = folder / "scheduler.json"
        begin = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
        stack.enter_context(running(folder, *begin, "--idle-timeout", f"{GO_AWAY_S}s", "--scheduler-file", str(about)))
        wait_until(lambda: about.exists() and about.read_text().endswith("}"), "the scheduler has not started")
        address = json.loads(about.read_text())["address"]
        one = [
            "worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--death-timeout",
            "10s",
            "--local-directory",
            str(folder),
        ]
        workers = [stack.enter_context(running(folder, *one)) for _ in range(2)]
        wait_until(lambda: (folder / "worker.log").read_text().count("Registered to") == len(workers), "no worker has come")

        say(f"The logs, {' and '.join(f'{log.stat().st_size / 1e6:.0f} MB' for log in logs)}, on the cluster:")
        first = [*analyze(logs, *question), "--cluster", address]
        show(first, folder)
        took = timed(start([*first, "-o", str(folder / "first.csv")]))
        print(f"({took:.1f} s)")

        say("Again, and a worker is killed while it reads:")
        again = start([*first, "-q", "-o", str(folder / "again.csv")])
        victim = reader_of(logs, workers)
        os.kill(victim, signal.SIGKILL)
        print(f"$ kill -9 {victim}")
        print(f"({timed(again):.1f} s: its pieces were read again, by the other one or by its successor)")

        say("And without a cluster, by the threads of one process:")
        alone = [*analyze(logs, *question), "-q", "-o", str(folder / "alone.csv")]
        show(alone[:-3], folder)
        print(f"({timed(start(alone)):.1f} s: on one machine a cluster is never faster, see docs/cluster.md)")

        reports = {(folder / f"{name}.csv").read_bytes() for name in ("first", "again", "alone")}
        say("The three reports are the same, byte for byte." if len(reports) == 1 else "THE REPORTS DIFFER.")
        if len(reports) > 1:
            sys.exit(1)


def say(text: str) -> None:
    print(f"\n# {text}", flush=True)


def show(command: list[str], folder: Path) -> None:
    """Print a command, with a short name for the folder of the logs."""
    print("$", shlex.join([Path(command[0]).name, *command[1:]]).replace(str(folder), "LOGS"), flush=True)


def repeated(sample: Path, log: Path, megabytes: int) -> Path:
    """Write a log of about so many megabytes that repeats a sample."""
    content = sample.read_bytes()
    with log.open("wb") as file:
        for _ in range(megabytes * 1_000_000 // len(content)):
            file.write(content)
    return log


def analyze(logs: list[Path], *question: str) -> list[str]:
    return [str(BIN / "logproc"), "analyze", *map(str, logs), *question]


def start(command: list[str]) -> tuple[subprocess.Popen[bytes], float]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL), time.monotonic()


def timed(started: tuple[subprocess.Popen[bytes], float]) -> float:
    """Wait for the end of a run, and return how many seconds it took. Exits if it failed."""
    run, since = started
    if code := run.wait():
        sys.exit(f"logproc ended with {code}")
    return time.monotonic() - since


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[int]:
    """Start `dask …`; yield its process id, which is that of its group too. At the end the whole group is ended."""
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        command = [str(BIN / "dask"), *arguments]
        env = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(folder)}
        show(command, folder)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True)
    try:
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def reader_of(logs: list[Path], groups: list[int]) -> int:
    """Return a process of some groups that has one of the logs open. Waits for it."""
    names = {str(log) for log in logs}
    found: list[int] = []

    def look() -> bool:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.getpgid(int(folder.name)) in groups and names & {str(at.readlink()) for at in (folder / "fd").iterdir()}:
                    found.append(int(folder.name))
        return bool(found)

    wait_until(look, "no worker reads")
    return found[0]


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"{otherwise}, after {PATIENCE_S:.0f} s")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
