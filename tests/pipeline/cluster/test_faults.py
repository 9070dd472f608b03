"""Whatever happens to a cluster of real processes: the report is that of the serial run, or says what is wrong."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.cluster.machines import Machines, eventually, machines
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import Ended, analyze, ended, started

RANGE_BYTES = 100_000
IN_RANGES = f"""
import sys
from logproc.pipeline.cluster.fleet import Fleet
Fleet.__init__.__defaults__ = ({RANGE_BYTES},)
sys.argv[0] = "logproc"
from logproc.__main__ import main
main()
"""
LINE = '192.0.2.{} - - [17/May/2015:10:05:{:02} +0000] "GET {} HTTP/1.1" 200 4263 "-" "Mozilla/5.0"\n'


def log(path: Path, lines: int, marks: Mapping[int, str] | None = None) -> Path:
    """Write a log. marks: paths for some of its lines."""
    text = "".join(LINE.format(at % 200, at % 60, (marks or {}).get(at, f"/p{at % 50}")) for at in range(lines)).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def logs(folder: Path, marks: Mapping[int, str] | None = None) -> list[Path]:
    """Write a log of several ranges, two small ones and an archive. marks: for the first."""
    small = [log(folder / f"small{number}.log", 50 + number) for number in range(2)]
    return [log(folder / "large.log", 6000, marks), *small, log(folder / "archive.log.gz", 900)]


def on(cluster: Machines, *arguments: str | Path, **options: Any) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Start a run on a cluster, which cuts files into small ranges."""
    command = ["analyze", "--output", "json", "--cluster", cluster.address, *arguments]
    return started(*command, python=[sys.executable, "-c", IN_RANGES], **options)


def without_run(ended: Ended) -> Any:
    return {name: value for name, value in ended.report.items() if name != "run"}


def states(ended: Ended) -> dict[str, str]:
    return {Path(source["source"]).name: source["state"] for source in json.loads(ended.stdout)["sources"]}


TWO_WAIT = {1500: "/wait", 5900: "/wait"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Machines]:
    """Return a cluster of two workers without nannies, whose scheduler soon notices a frozen one."""
    with machines(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="1s") as started_ones:
        yield started_ones


@pytest.mark.parametrize(
    ("number", "all_of_them"),
    [
        (signal.SIGKILL, False),
        pytest.param(signal.SIGKILL, True, marks=pytest.mark.soak),
        pytest.param(signal.SIGSTOP, False, marks=pytest.mark.soak),
    ],
)
def test_the_tasks_of_a_lost_worker_run_elsewhere(
    number: signal.Signals, all_of_them: bool, cluster: Machines, tmp_path: Path
) -> None:
    """A worker that is killed or frozen loses its task and its results: all is made again, and counted once."""
    files = logs(tmp_path, TWO_WAIT)
    with on(cluster, *files) as run:
        waiting = cluster.waits(2)
        if all_of_them:
            cluster.worker()
        for process in waiting if all_of_them else waiting[:1]:
            os.kill(process, number)
        cluster.open_gate()
        found = ended(run)
    assert (found.code, found.stderr) == (0, "")
    assert without_run(found) == without_run(analyze(*files))


@pytest.mark.soak
@pytest.mark.parametrize("with_nanny", [False, True])
def test_a_worker_may_die_with_its_nanny(with_nanny: bool, tmp_path: Path) -> None:
    """A nanny starts its worker again; without it the other workers do the rest."""
    files = logs(tmp_path, TWO_WAIT)
    with machines(tmp_path / "cluster", nanny=True) as cluster, on(cluster, *files) as run:
        worker = cluster.waits(2)[0]
        if with_nanny:
            os.killpg(cluster.workers[0].pid, signal.SIGKILL)
        else:
            os.kill(worker, signal.SIGKILL)
        cluster.open_gate()
        found = ended(run)
    assert (found.code, found.stderr) == (0, "")
    assert without_run(found) == without_run(analyze(*files))


def test_the_source_that_kills_workers_fails_and_no_other(tmp_path: Path) -> None:
    """A range, a small file and an archive kill each worker that reads them: their neighbours are complete."""
    files = logs(tmp_path, {3000: "/die"})
    files += [log(tmp_path / "deadly.log", 60, {7: "/die"}), log(tmp_path / "deadly.log.gz", 70, {7: "/die"})]
    with (
        machines(tmp_path / "cluster", nanny=True, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as cluster,
        on(cluster, *files) as run,
    ):
        found = ended(run)
    assert found.code == 1
    failed = {name for name, state in states(found).items() if state == "failed"}
    assert failed == {"large.log", "deadly.log", "deadly.log.gz"}
    assert set(states(found).values()) == {"complete", "failed"}
    assert found.stderr.count("killed a worker") == 3


@pytest.mark.soak
def test_an_innocent_task_is_not_blamed_with_the_default_settings(tmp_path: Path) -> None:
    """As above, with the scheduler's own number of failures, and more that is recomputed meanwhile."""
    files = [*logs(tmp_path, {3000: "/die"}), *(log(tmp_path / f"{number}.log.gz", 500 + number) for number in range(6))]
    files.insert(5, log(tmp_path / "deadly.log.gz", 70, {7: "/die"}))
    with machines(tmp_path / "cluster", nanny=True) as cluster, on(cluster, *files) as run:
        found = ended(run)
    assert {name for name, state in states(found).items() if state != "complete"} == {"large.log", "deadly.log.gz"}
    assert found.stderr.count("killed 4 workers in turn") == 2


def test_a_scheduler_that_dies_ends_the_run_with_a_line(cluster: Machines, tmp_path: Path) -> None:
    """Nothing of the library is on stderr: no traceback, no log."""
    with on(cluster, log(tmp_path / "one.log", 100, {5: "/wait"})) as run:
        cluster.waits()
        cluster.scheduler.kill()
        found = ended(run)
    assert found.code == 1
    first, second = found.stderr.splitlines()
    assert first == "logproc: the scheduler is gone: see its log; run again"
    assert second.endswith("one.log: interrupted")


@pytest.mark.soak
@pytest.mark.parametrize("what", ["scheduler", "workers"])
def test_a_cluster_that_stands_still_is_given_up(what: str, cluster: Machines, tmp_path: Path) -> None:
    """A scheduler that is frozen, and workers that have all gone, are waited for, but not for ever."""
    with on(cluster, log(tmp_path / "one.log", 100, {5: "/wait"})) as run:
        cluster.waits()
        if what == "scheduler":
            cluster.scheduler.send_signal(signal.SIGSTOP)
        else:
            for worker in cluster.workers:
                worker.kill()
        found = ended(run, timeout_s=30)
    assert found.code == 1
    words = "the scheduler has not answered for 20 s: " if what == "scheduler" else "the cluster has had no worker for 20 s: "
    assert found.stderr.startswith(f"logproc: {words}")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.soak)])
def test_no_worker_goes_on_for_a_client_that_has_gone(number: signal.Signals, cluster: Machines) -> None:
    """A worker that waits for a server which says nothing lets go of it, and can do something else."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(20)
        with on(cluster, f"http://127.0.0.1:{server.getsockname()[1]}/log") as run:
            connection, _ = server.accept()
            connection.settimeout(10)
            while b"\r\n\r\n" not in connection.recv(1 << 16):
                pass
            run.send_signal(number)
            found = ended(run)
        assert connection.recv(1) == b""  # closed by the worker, long before its own timeout
        connection.close()
    if number == signal.SIGINT:
        assert found.code == 130
        assert not found.report["complete"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("nosuch.json", "no such scheduler file"),
        ("loca", "no such scheduler file: did you mean 'local'?"),
        ("tcp://host", "not an address"),
        ("tls://127.0.0.1:1", "TLS expects"),
    ],
)
def test_a_wrong_address_is_an_error_of_usage(where: str, words: str, tmp_path: Path) -> None:
    """One line says what is wrong."""
    found = analyze("--cluster", where, log(tmp_path / "one.log", 10))
    assert found.code == 2
    assert found.stderr.startswith(f"logproc: --cluster {where}: {words}")
    assert found.stderr.count("\n") == 1


@pytest.mark.soak
def test_somebody_who_takes_a_connection_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    """The library itself waits for ever."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        found = analyze("--cluster", f"127.0.0.1:{server.getsockname()[1]}", log(tmp_path / "one.log", 10))
    assert found.code == 2
    assert "no scheduler answers: start one with" in found.stderr


@pytest.mark.soak
def test_a_worker_that_comes_late_gets_some_of_the_tasks(tmp_path: Path) -> None:
    """The first worker waits with all tasks handed out: the second does the others."""
    files = logs(tmp_path, {10: "/wait"})
    with machines(tmp_path / "cluster", workers=1) as cluster, on(cluster, *files) as run:
        cluster.waits()
        cluster.worker()
        eventually(lambda: "Starting Worker plugin logproc-dropped" in (cluster.folder / "worker-1.log").read_text("utf-8"))
        cluster.open_gate()
        assert ended(run).code == 0


@pytest.mark.soak
def test_no_secret_is_in_a_log_of_the_cluster(tmp_path: Path) -> None:
    """Neither the value of a header nor a password or token of a URL, not even if a task fails in a way nobody foresaw."""
    levels = "".join(f"  distributed{name}: debug\n" for name in ("", ".worker", ".scheduler", ".core"))
    (tmp_path / "dask.yaml").write_text(f"logging:\n{levels}", "utf-8")
    with FaultServer() as server, machines(tmp_path / "cluster", 1, DASK_CONFIG=str(tmp_path / "dask.yaml")) as cluster:
        server.on("/log", Answer(log(tmp_path / "log", 10, {5: "/raise"}).read_bytes()))
        url = server.url("/log?token=h1dden-1").replace("://", "://me:h1dden-2@")
        with on(cluster, url, "--header", "X-Key: env:KEY", variables={"KEY": "h1dden-3"}) as run:
            found = ended(run)
        text = cluster.log()
    assert found.code == 70
    assert "Compute Failed" in text
    assert "h1dden" not in text + found.stderr + found.stdout.decode()
