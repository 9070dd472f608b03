"""A Dask cluster of real processes on free ports of this machine, whose parts can be killed and frozen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.processes import environment

PATIENCE_S = 30.0
PRELOAD = Path(__file__).with_name("preload.py")
DASK = (sys.executable, "-m", "dask")


class Machines:
    """A scheduler and workers. folder: for their files and logs; `gate` is the file for which `/wait` in a log waits."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.gate = folder / "gate"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._variables = {"TEST_FOLDER": str(folder), **variables}
        self.scheduler = self.start(
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--dashboard-address",
            "127.0.0.1:0",
            "--scheduler-file",
            self.file,
        )
        self.address = str(eventually(self._address))

    def start(self, what: str, *arguments: str | Path, variables: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a part of the cluster in a process group of its own, which writes its log into the folder."""
        number = len(self.workers)
        env = environment(**self._variables, **(variables or {}))
        with (self.folder / f"{what}-{number}.log").open("wb") as log:
            command = [*DASK, what, *(os.fspath(argument) for argument in arguments)]
            return subprocess.Popen(
                command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )

    def _address(self) -> str | None:
        with suppress(OSError, ValueError):
            return str(json.loads(self.file.read_text("utf-8"))["address"])
        return None

    def worker(self, *, nanny: bool = False, variables: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with one thread. Does not wait for it."""
        process = self.start(
            "worker",
            self.address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--nanny" if nanny else "--no-nanny",
            "--local-directory",
            self.folder,
            "--preload",
            PRELOAD,
            variables=variables,
        )
        self.workers.append(process)
        return process

    def waits(self, count: int = 1) -> list[int]:
        """Block until so many workers have come to a `/wait`; return their process ids."""
        found: list[int] = eventually(lambda: some if len(some := self._waiting()) >= count else None)
        return found

    def _waiting(self) -> list[int]:
        return [int(path.suffix[1:]) for path in self.folder.glob("waits.*")]

    def open_gate(self) -> None:
        self.gate.touch()

    def log(self) -> str:
        return "".join(path.read_text("utf-8", "replace") for path in self.folder.glob("*.log"))

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def machines(folder: Path, workers: int = 2, *, nanny: bool = False, **variables: str) -> Iterator[Machines]:
    """Start a cluster; kill all of it at the end of the block. variables: of all its processes, such as `DASK_…`."""
    folder.mkdir(exist_ok=True)
    cluster = Machines(folder, variables)
    try:
        for _ in range(workers):
            cluster.worker(nanny=nanny)
        yield cluster
    finally:
        cluster.end()


def eventually(look: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    """Return what `look` gives, as soon as that is something."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.02)
    return found
