"""What an entry of the catalogue is, and how one is run: `logproc analyze` in this process, or in one of its own.

A fault is data: how it is made, with which exit code the run ends, what it says, what must not be lost. `docs/faults.md` has
one sentence for each number.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from logproc.command import cli
from logproc.command.terminal import log as program_logs
from tests.support import logs, processes
from tests.support.fault_server import FaultServer
from tests.support.processes import Ended

NEIGHBOUR = "neighbour.log"
NEIGHBOUR_LINES = 5
Arguments = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, and what the program makes of it.

    row: its number in the catalogue; its variants share one. how: how it is made, for people. make: makes it in a scene
    and returns the arguments of `logproc analyze`. code: the exit code. says: pieces of stderr, in the order in which they
    stand there. holds: what must not be lost, for people; `check` looks whether it holds. alone: not run with a sound log
    beside it, whose numbers must not change. run: how the program is run. needs: programs that must be installed.
    """

    row: str
    how: str
    make: Callable[[Scene], Arguments]
    code: int = 0
    says: Sequence[str] = ()
    holds: str = "the other sources"
    check: Callable[[Scene, Ended], object] = lambda _scene, _ended: None
    alone: bool = False
    run: Callable[[Scene, Arguments], Ended] = lambda scene, arguments: scene.analyze(*arguments)
    needs: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of its test."""
        return f"{self.row}: {self.how}"


@dataclass(slots=True)
class Scene:
    """The place where a fault happens: a folder, which is the working directory, another for temporary files, a server.

    other: another run that has to do with the one that is tested.
    """

    folder: Path
    temporary: Path
    stack: ExitStack
    started_server: FaultServer | None = field(default=None)
    other: subprocess.Popen[bytes] | None = None

    def file(self, name: str | bytes, *lines: bytes, end: bytes = b"\n") -> Path:
        """Write a file of whole lines and return its path."""
        return self.bytes(name, b"".join(line + end for line in lines))

    def bytes(self, name: str | bytes, content: bytes) -> Path:
        """Write a file and return its path."""
        path = self.folder / os.fsdecode(name)
        path.write_bytes(content)
        return path

    @property
    def server(self) -> FaultServer:
        """A web server with scripted responses. Started when first used, ended with the scene."""
        if self.started_server is None:
            self.started_server = self.stack.enter_context(FaultServer())
        return self.started_server

    def analyze(self, *arguments: str | os.PathLike[str], output: str = "json", **surroundings: Any) -> Ended:
        """Run `logproc analyze` in this process. surroundings: what `in_process` takes: stdin, variables, encoding."""
        return in_process("analyze", "--output", output, *(os.fspath(argument) for argument in arguments), **surroundings)

    def process(self, *arguments: str | os.PathLike[str], output: str = "json", **options: Any) -> Ended:
        """Run `logproc analyze` in a process of its own; the options are those of `processes.started`."""
        variables = {"TMPDIR": str(self.temporary), **options.pop("variables", {})}
        return processes.logproc("analyze", "--output", output, *arguments, cwd=self.folder, variables=variables, **options)


def with_surroundings(**surroundings: Any) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: in this process, with what `in_process` takes."""
    return lambda scene, arguments: scene.analyze(*arguments, **surroundings)


def as_process(**options: Any) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: in a process of its own, with the options of `processes.started`."""
    return lambda scene, arguments: scene.process(*arguments, **options)


def good(count: int = 1) -> list[bytes]:
    """Return some lines of a sound access log."""
    return [logs.line() for _ in range(count)]


@contextmanager
def set_up(folder: Path) -> Iterator[Scene]:
    """Make a scene in an empty folder, with a sound log to be read beside whatever goes wrong, and be in it."""
    inside, temporary = folder / "scene", folder / "temporary"
    inside.mkdir()
    temporary.mkdir()
    before = Path.cwd()
    with ExitStack() as stack:
        stack.enter_context(patch.object(tempfile, "tempdir", str(temporary)))
        scene = Scene(inside, temporary, stack)
        scene.file(NEIGHBOUR, *[logs.line(user=b"neigh")] * NEIGHBOUR_LINES)
        stack.callback(os.chdir, before)
        os.chdir(inside)
        yield scene


def in_process(
    *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None, encoding: str = "utf-8"
) -> Ended:
    """Run the command line in this process, its streams in memory, as `logproc` runs it but for the signals.

    stdin: bytes that its standard input holds. variables: of the environment. encoding: of stdout and stderr.
    """
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    kept = {name: value for name, value in os.environ.items() if name.startswith(processes.CHANGING)}
    try:
        with patch("sys.stdout", stdout), patch("sys.stderr", stderr), patch.dict(os.environ), standard_input(stdin):
            for name in kept:
                del os.environ[name]
            os.environ.update(variables or {})
            code = cli.run(arguments)
    finally:
        program_logs.forget()
    return Ended(code, written(stdout), written(stderr).decode())


def written(stream: io.TextIOWrapper) -> bytes:
    """Return what was written into a stream."""
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """Make a pipe with some bytes (64 KiB at most), already ended, the standard input of this process."""
    outlet, inlet = os.pipe()
    os.write(inlet, content)
    os.close(inlet)
    kept = os.dup(0)
    os.dup2(outlet, 0)
    os.close(outlet)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def source(ended: Ended, number: int = 0) -> Any:
    """Return what a report says of a source; the first argument's comes first, the neighbour last."""
    return ended.report["sources"][number]


def state(expected: str, *, lines: int | None = None, records: int | None = None) -> Callable[[Scene, Ended], None]:
    """Return a check of the first source: its state and, if given, its account."""

    def check(_scene: Scene, ended: Ended) -> None:
        found = source(ended)
        assert found["state"] == expected, found
        for name, number in {"lines": lines, "records": records}.items():
            assert number is None or found["account"][name] == number, found

    return check


def shell(command: Sequence[str], **options: Any) -> None:
    """Run another program that must succeed."""
    subprocess.run(command, check=True, capture_output=True, **options)


Rows = Sequence[Fault]
