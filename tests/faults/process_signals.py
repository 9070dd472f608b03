"""Faults of signals, and of streams whose other end does nothing."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.faults.fault import NEIGHBOUR, Arguments, Fault, Scene, as_process, good, state
from tests.support import processes
from tests.support.fault_server import Answer
from tests.support.processes import Ended
from tests.support.schema import valid

Step = Callable[[subprocess.Popen[bytes]], object]
LINES = good(3)
STATUS_OF_SHELL = ["bash", "-c", '"$@"; exit $?', "bash"]
"""Makes the end by a signal an exit code."""
DEFAULTS = ["env", "--default-signal"]
"""What starts the program: in the background of a shell SIGINT is ignored, and what is ignored stays so."""


def fifo(scene: Scene, name: str = "fifo") -> Arguments:
    """Make a FIFO; `during` writes to it when the program has opened it."""
    os.mkfifo(scene.folder / name)
    return [name]


def send(*numbers: signal.Signals) -> Step:
    """Return a step that sends signals, one after the other."""

    def step(process: subprocess.Popen[bytes]) -> None:
        for number in numbers:
            process.send_signal(number)

    return step


def during(
    *steps: Step, ends: bool = False, after: Sequence[Step] = (), stream: str = ""
) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: steps are made while it reads a FIFO that has sent some lines.

    The program is in a process group of its own, as a shell would start it: SIGTSTP has no effect on a process whose group
    is orphaned, and the group of the tests is if what started them has ended or is in another session.
    ends: whether the FIFO comes to its end then. after: steps that are made when it has.
    stream: one of stdout and stderr that is a pipe which nobody reads.
    """

    def run(scene: Scene, arguments: Arguments) -> Ended:
        with stuck_pipe() as pipe:
            redirected: dict[str, Any] = {stream: pipe} if stream else {}
            command = ["analyze", "--output", "json", *arguments]
            variables = {"TMPDIR": str(scene.temporary)}
            started = processes.started(
                *command, cwd=scene.folder, variables=variables, before=DEFAULTS, own_group=True, **redirected
            )
            # Opening the FIFO blocks until the program opens it.
            with started as process, (scene.folder / "fifo").open("wb", buffering=0) as writer:
                writer.write(b"\n".join([*LINES, b""]))
                for step in steps:
                    step(process)
                if ends:
                    writer.close()
                for step in after:
                    step(process)
                return processes.ended(process)

    return run


@contextmanager
def stuck_pipe() -> Iterator[int]:
    """Give an end of a pipe that is full and that nobody reads."""
    outlet, inlet = os.pipe()
    fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, 4096)
    os.write(inlet, bytes(4096))
    try:
        yield inlet
    finally:
        os.close(outlet)
        os.close(inlet)


def silent_server(scene: Scene) -> Arguments:
    """Have a server that sends a part of a log and then nothing, beside the FIFO."""
    scene.server.on("/log", Answer(b"\n".join([*LINES, b""]), length=10_000, ending="stall"))
    return [*fifo(scene), scene.server.url("/log"), "--read-timeout", "50"]


def partial(_scene: Scene, ended: Ended) -> None:
    """Look whether the report says that it is partial."""
    assert not ended.report["complete"]
    assert {source["state"] for source in ended.report["sources"]} <= {"interrupted", "complete"}


def partial_in_both(scene: Scene, ended: Ended) -> None:
    """Look whether the report says so on stdout and in its file."""
    partial(scene, ended)
    partial_by_file(scene, ended)


def no_report(_scene: Scene, ended: Ended) -> None:
    """Look whether nothing was written to stdout."""
    assert ended.stdout == b""


def file_written(scene: Scene, _ended: Ended) -> None:
    """Look whether the report is whole in its file."""
    assert valid(json.loads((scene.folder / "report.json").read_bytes()))["schema"] == 1


def silent(scene: Scene, ended: Ended) -> None:
    """Look whether nothing was written to stdout and stderr."""
    no_report(scene, ended)
    assert ended.stderr == ""


def stop_and_go_on(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, wait until it stands, and let it go on."""
    for number in (signal.SIGTSTP, signal.SIGSTOP):
        process.send_signal(number)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, process.pid, os.WCONTINUED)


def with_file(make: Callable[[Scene], Arguments]) -> Callable[[Scene], Arguments]:
    """Return the same with an -o."""
    return lambda scene: [*make(scene), "-o", "report.json", "--rejects", "rejects"]


def partial_by_file(scene: Scene, _ended: Ended) -> None:
    """Look whether the report in its file is whole and says that it is partial."""
    assert not valid(json.loads((scene.folder / "report.json").read_bytes()))["complete"]


FAULTS: list[Fault] = [
    *(
        Fault(
            "P2",
            f"Ctrl-C while the program loads, at its import {imports} (`{entry}`)",
            lambda _: [NEIGHBOUR],
            130,
            holds="no traceback",
            check=silent,
            alone=True,
            run=as_process(before=[*DEFAULTS, *STATUS_OF_SHELL], python=processes.signalled(signal.SIGINT, imports, entry)),
        )
        for imports, entry in ((1, "module"), (1, "script"), (4, "module"), (100, "module"))
    ),
    Fault(
        "P1",
        "Ctrl-C while a FIFO is silent",
        with_file(fifo),
        130,
        ("interrupted by SIGINT", "fifo: interrupted"),
        "the partial report, marked as such; its files are whole",
        partial_in_both,
        alone=True,
        run=during(send(signal.SIGINT)),
    ),
    Fault(
        "P1",
        "Ctrl-C while a server is silent",
        silent_server,
        130,
        ("interrupted by SIGINT", "/log: interrupted"),
        "the partial report, marked as such",
        partial,
        alone=True,
        run=during(send(signal.SIGINT)),
    ),
    Fault(
        "P2",
        "Ctrl-C twice at once, as a terminal and a shell may send it",
        with_file(fifo),
        130,
        ("interrupted by SIGINT",),
        "it counts as one: the partial report is written",
        partial,
        alone=True,
        run=during(send(signal.SIGINT, signal.SIGINT)),
    ),
    Fault(
        "P3",
        "SIGTERM",
        fifo,
        143,
        ("interrupted by SIGTERM",),
        "the partial report, marked as such",
        partial,
        alone=True,
        run=during(send(signal.SIGTERM)),
    ),
    Fault(
        "P3",
        "SIGHUP: the terminal is closed",
        fifo,
        129,
        ("interrupted by SIGHUP",),
        "the partial report, marked as such",
        partial,
        alone=True,
        run=during(send(signal.SIGHUP)),
    ),
    Fault(
        "P3",
        "SIGXCPU: the soft limit of `ulimit -t` is reached",
        fifo,
        152,
        ("interrupted by SIGXCPU",),
        "the partial report, marked as such",
        partial,
        alone=True,
        run=during(send(signal.SIGXCPU)),
    ),
    Fault(
        "P3",
        "SIGTSTP, SIGSTOP and SIGCONT during a run",
        fifo,
        holds="the run goes on as if nothing had been",
        check=state("complete", records=len(LINES)),
        run=during(stop_and_go_on, ends=True),
    ),
    Fault(
        "P3",
        "SIGWINCH and SIGPIPE during a run",
        fifo,
        holds="they change nothing",
        check=state("complete", records=len(LINES)),
        run=during(send(signal.SIGWINCH, signal.SIGPIPE), ends=True),
    ),
    Fault(
        "P26",
        "stdout is a full pipe that nobody reads; SIGTERM",
        fifo,
        143,
        ("interrupted by SIGTERM",),
        "the program does not wait for a reader for ever",
        no_report,
        alone=True,
        run=during(send(signal.SIGTERM), stream="stdout"),
    ),
    Fault(
        "P26",
        "stderr is a full pipe that nobody reads; SIGTERM",
        lambda scene: [*with_file(fifo)(scene), "missing.log"],
        143,
        holds="the report is written all the same",
        check=partial_by_file,
        alone=True,
        run=during(send(signal.SIGTERM), stream="stderr"),
    ),
    Fault(
        "P26",
        "stdout is a full pipe that nobody reads, the run is over; SIGTERM",
        with_file(fifo),
        143,
        ("interrupted by SIGTERM",),
        "the report in its file is whole",
        file_written,
        alone=True,
        run=during(ends=True, after=[send(signal.SIGTERM)], stream="stdout"),
    ),
]
