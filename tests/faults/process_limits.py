"""Faults of memory, threads and other limits of the system, and of the program's own code."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from threading import Thread
from typing import Any
from unittest.mock import patch

import pyarrow

from logproc.formats import known
from tests.faults.fault import NEIGHBOUR, Arguments, Fault, Scene, as_process, good, source, state
from tests.faults.process_outputs import in_shell, inject
from tests.faults.process_signals import no_report
from tests.support import broken_format, logs
from tests.support.fault_server import Answer
from tests.support.processes import NOBODY, Ended

THREADS = "clone,clone3"
OUT_OF_MEMORY = ("out of memory: lower --memory",)


class Failing:
    """Combined, one of whose methods fails after it has worked for a while."""

    def __init__(self, method: str, error: BaseException, works: int) -> None:
        self.name = broken_format.NAME
        self._method = method
        self._error = error
        self._calls = count()
        self._works = works

    def __getattr__(self, name: str) -> Any:
        """Return what Combined has, but for the one method."""
        found = getattr(known.BY_NAME["combined"], name)
        return self._fail(found) if name == self._method else found

    def _fail(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            if next(self._calls) >= self._works:
                raise self._error
            return work(*arguments)

        return called


def failing(method: str, error: BaseException, works: int = broken_format.CHUNKS) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: a method of a format fails. `parse` is called by workers, `follow` by readers."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        with patch.dict(known.BY_NAME, {broken_format.NAME: Failing(method, error, works)}):
            return scene.analyze(*arguments, "--format", broken_format.NAME)

    return run


def many_chunks(scene: Scene) -> Arguments:
    """Have a log of fifty lines that is cut into many chunks."""
    return [scene.bytes("good.log", logs.log(50)), "--chunk-size", "300", "--workers", "2"]


def short_of_memory(scene: Scene) -> Arguments:
    """Have the same with room for one chunk at a time, so that the reader waits for it."""
    return [*many_chunks(scene), "--memory", "1"]


def partial(_scene: Scene, ended: Ended) -> None:
    """Look whether a part was counted, and the report says that it is one."""
    assert not ended.report["complete"]
    assert source(ended)["state"] == "interrupted"
    assert ended.report["account"]["lines"] < 50


def long_log(scene: Scene) -> Arguments:
    """Have a log of some chunks."""
    return [scene.bytes("long.log", logs.log(20_000)), "--workers", "2"]


def limited(limit: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: under a limit of the shell."""
    return in_shell(f'ulimit {limit}; "$@"')


def as_nobody_with(processes: int) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program as a user with a limit on processes and threads."""
    return as_process(before=["bash", "-c", f'ulimit -u {processes}; exec "$@"', "bash", *NOBODY])


def many_kinds(scene: Scene) -> Arguments:
    """Name three named pipes with a writer, forty files, and thirty URLs, all of which may be read at once."""
    pipes = [scene.folder / f"pipe-{number}" for number in range(3)]
    for path in pipes:
        os.mkfifo(path)
        Thread(target=path.write_bytes, args=(logs.line(),), daemon=True).start()
    files = [scene.file(f"{number}.log", *good(1 + number)) for number in range(40)]  # no two are equal
    scene.server.on("/log", Answer(logs.line(), head_pause_s=0.001))
    urls = [f"{scene.server.url('/log')}?{number}" for number in range(30)]
    return [*pipes, *files, *urls, "--connections-per-host", "30"]


def all_were_read(_scene: Scene, ended: Ended) -> None:
    """Look whether each of the sources is complete."""
    assert {source["state"] for source in ended.report["sources"]} == {"complete"}
    assert len(ended.report["sources"]) >= 73


FAULTS: list[Fault] = [
    Fault(
        "P12",
        "`ulimit -v` leaves less than a run takes",
        long_log,
        70,
        (*OUT_OF_MEMORY, "or raise `ulimit -v`, which allows 292 of 592 MiB"),
        "no crash inside of a library",
        no_report,
        alone=True,
        run=limited("-v 300000"),
    ),
    Fault(
        "P12",
        "`ulimit -v` leaves enough for the --memory that is asked for",
        lambda scene: [*long_log(scene), "--memory", "64MiB"],
        holds="the promise of --memory",
        check=state("complete", lines=20_000),
        run=limited("-v 560000"),
    ),
    *(
        Fault(
            "P12",
            f"no memory {where}",
            many_chunks,
            70,
            OUT_OF_MEMORY,
            "what was merged is reported",
            partial,
            run=run,
            alone=True,
        )
        for where, run in [
            ("in a worker", failing("parse", MemoryError())),
            ("in a worker, inside of Arrow", failing("parse", pyarrow.lib.ArrowMemoryError("malloc of size 64 failed"))),
            ("in a reader", failing("follow", MemoryError())),
        ]
    ),
    Fault(
        "P13",
        "a worker breaks",
        many_chunks,
        70,
        ("internal error at", "good.log, lines ", "ZeroDivisionError('broken')", "please report it; --debug shows where"),
        "what was merged is reported as partial; every thread is joined",
        partial,
        alone=True,
        run=failing("parse", ZeroDivisionError("broken")),
    ),
    Fault(
        "P14",
        "a reader breaks",
        many_chunks,
        70,
        (
            "internal error while reader-1 was reading",
            "good.log behind line ",
            "ZeroDivisionError('broken')",
            "please report it",
        ),
        "what was merged is reported as partial; every thread is joined",
        partial,
        alone=True,
        run=failing("follow", ZeroDivisionError("broken")),
    ),
    Fault(
        "P15",
        "no thread can be started (EAGAIN)",
        lambda scene: [scene.file("good.log", *good())],
        70,
        ("cannot start threads", "allow more processes (ulimit -u) or more memory"),
        "the report says that nothing was read",
        partial,
        alone=True,
        run=inject(THREADS, "EAGAIN", "1+"),
        needs=["ptrace"],
    ),
    Fault(
        "P15",
        "one thread of those that look at the files cannot be started (EAGAIN)",
        lambda scene: [scene.file("good.log", *good())],
        holds="nothing is read twice",
        check=state("complete", lines=1),
        run=inject(THREADS, "EAGAIN"),
        needs=["ptrace"],
    ),
    Fault(
        "P15",
        "a user who may have no process more (`ulimit -u`)",
        lambda _: [NEIGHBOUR],
        70,
        ("cannot start threads", "allow more processes (ulimit -u)"),
        "no hang",
        alone=True,
        run=as_nobody_with(1),
        needs=["setpriv", "a Python for everybody"],
    ),
    Fault(
        "P20",
        "room for a single chunk in flight (`--memory 1`)",
        short_of_memory,
        holds="the queue is never longer than that",
        check=state("complete", lines=50),
    ),
    Fault(
        "P21",
        "a worker breaks while the reader waits for memory",
        short_of_memory,
        70,
        ("internal error at", "ZeroDivisionError('broken')"),
        "the reader is woken; every thread is joined",
        partial,
        alone=True,
        run=failing("parse", ZeroDivisionError("broken"), 1),
    ),
    Fault(
        "P28",
        "`ulimit -n 16` and a hundred files",
        lambda scene: [*(scene.file(f"{number}.log", *good()).name for number in range(100))],
        check=state("complete", lines=1),
        run=limited("-n 16"),
    ),
    Fault(
        "P28",
        "`ulimit -n 12`, three named pipes, forty files and thirty URLs",
        many_kinds,
        check=all_were_read,
        holds="threads are as many as there are descriptors for",
        run=limited("-n 12"),
    ),
    Fault(
        "P28",
        "`ulimit -n 6`: no descriptor is left for a socket, nor for the look-up of a name",
        lambda scene: [scene.server.on("/log", Answer(logs.line())).url("/log", "localhost")],
        3,
        ("/log: too many open files: the limit is 6; raise it with `ulimit -n`",),
        "it is not taken for a fault of the network, and not tried again",
        alone=True,
        run=limited("-n 6"),
    ),
    Fault(
        "P28",
        "`ulimit -n 5`: no descriptor is left for a file",
        lambda scene: [scene.file("good.log", *good()).name],
        70,
        ("too many open files: the limit is 5; raise it with `ulimit -n`",),
        alone=True,
        run=limited("-n 5"),
    ),
    Fault(
        "P28",
        "`ulimit -f`: the report is longer than a file may be",
        lambda scene: [*long_log(scene), "-q", "-o", "report.csv"],
        4,
        ("cannot write report.csv: file too large", "raise the limit with `ulimit -f`"),
        "no SIGXFSZ, no part of a report",
        no_report,
        alone=True,
        run=limited("-f 1"),
    ),
    Fault(
        "P28",
        "`ulimit -f`: the rejected lines are longer than a file may be",
        lambda scene: [scene.bytes("bad.log", logs.log(300, damaged=0.9)), "--rejects", "rejects"],
        4,
        ("cannot write rejected lines to a temporary file: file too large", "set TMPDIR"),
        "no temporary file",
        alone=True,
        run=limited("-f 1"),
    ),
    Fault(
        "P28",
        "a stack of 256 KiB",
        long_log,
        check=state("complete", lines=20_000),
        run=limited("-s 256"),
    ),
    Fault(
        "P29",
        "a config file without an end",
        lambda scene: [scene.file("good.log", *good()), "--config", "/dev/zero"],
        2,
        ("config /dev/zero: over 1048576 bytes", "name a config file"),
        check=no_report,
        alone=True,
    ),
    Fault(
        "P29",
        "a configuration of nginx without an end",
        lambda scene: [scene.file("good.log", *good()), "--nginx-conf", "/dev/zero"],
        2,
        ("cannot read /dev/zero: over 16777216 bytes",),
        check=no_report,
        alone=True,
    ),
]
