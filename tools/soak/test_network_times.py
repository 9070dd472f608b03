"""The promised timeouts of web servers, on the real clock and end to end. Margins are for a busy machine."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support import logs, processes
from tests.support.fault_server import Answer, FaultServer, full_backlog
from tests.support.processes import Ended

pytestmark = pytest.mark.soak
LOG = logs.log(1000)
MARGIN_S = 5.0
DEADLINE_S = 2.0
SILENT_NAMES = """
import socket, threading
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()
print("asked", file=__import__("sys").stderr, flush=True)
from logproc.__main__ import main
main()
"""
HANGING = (sys.executable, "-c", SILENT_NAMES)


@contextmanager
def served(*answers: Answer) -> Iterator[str]:
    """Serve these answers at a URL."""
    with FaultServer() as server:
        yield server.on("/log", *answers).url("/log")


def timed(run: Callable[[], Ended]) -> tuple[Ended, float]:
    """Return how a run ended, and how many seconds it took."""
    before = time.monotonic()
    return run(), time.monotonic() - before


def test_retry_after_is_waited_for() -> None:
    """A Retry-After of two seconds is honoured, and not much more."""
    busy = Answer(b"busy\n", "429 Too Many Requests", {"Retry-After": "2"})
    with served(busy, Answer(LOG)) as url:
        ended, took_s = timed(lambda: processes.analyze(url))
    assert (ended.code, ended.report["account"]["records"]) == (0, 1000)
    assert 2.0 <= took_s <= 2.5 + MARGIN_S


SLOW = {
    "silence": Answer(head=b"", ending="stall"),
    "headers that drip": Answer(LOG, head_pause_s=0.25),
    "a body that drips": Answer(LOG, piece=1, pause_s=0.25),
    "a body that stops": Answer(LOG, sent=1000, ending="stall"),
    "503 for ever": Answer(b"busy\n", "503 Service Unavailable"),
    "an endless body": Answer(LOG, length=10**15, piece=100, pause_s=0.01, ending="stall"),
    "a redirect without end": Answer(b"", "302 Found", {"Location": "/log"}, head_pause_s=0.01),
}


@pytest.mark.parametrize("name", SLOW)
def test_the_deadline_of_a_source_is_kept(name: str, tmp_path: Path) -> None:
    """Whatever a server does, its source ends in time, and a local file is read whole."""
    path = tmp_path / "local.log"
    path.write_bytes(LOG)
    with served(SLOW[name]) as url:
        ended, took_s = timed(lambda: processes.analyze(url, path, "--max-time", str(DEADLINE_S)))
    assert ended.code in {1, 5}
    assert ended.report["sources"][1]["state"] == "complete"
    assert took_s <= DEADLINE_S + 0.5 + MARGIN_S


@contextmanager
def unreachable(how: str) -> Iterator[str]:
    """Yield a URL that leads to no connection."""
    with ExitStack() as stack:
        if how == "mute TLS":
            yield f"https://127.0.0.1:{stack.enter_context(FaultServer(mute=True)).port}/"
        elif how == "full backlog":
            yield f"http://127.0.0.1:{stack.enter_context(full_backlog())}/"
        else:
            yield "http://slow.example/"


@pytest.mark.parametrize("how", ["mute TLS", "full backlog", "silent name server"])
def test_the_deadline_is_kept_before_there_is_a_connection(how: str) -> None:
    """Neither a name nor a connection nor a handshake that does not come is waited for beyond the deadline."""
    python = HANGING if how == "silent name server" else processes.COMMAND
    with unreachable(how) as url:
        ended, took_s = timed(lambda: processes.analyze(url, "--max-time", str(DEADLINE_S), python=python))
    assert (ended.code, "over --max-time" in ended.stderr) == (5, True)
    assert took_s <= DEADLINE_S + 0.5 + MARGIN_S


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_name_that_is_looked_up_for_ever_holds_nothing_up(number: signal.Signals) -> None:
    """A signal while a name is looked up ends the run at once, with its report."""
    before = ["env", "--default-signal"]
    with processes.started("analyze", "--output", "json", "http://slow.example/log", before=before, python=HANGING) as process:
        assert process.stderr
        assert process.stderr.readline() == b"asked\n"
        time.sleep(1)  # until the reader is in the look-up; there is nothing to see it by from outside
        process.send_signal(number)
        ended, took_s = timed(lambda: processes.ended(process))
    assert ended.code == 128 + number
    assert ended.report["sources"][0]["state"] == "interrupted"
    assert took_s <= 1.0 + MARGIN_S
