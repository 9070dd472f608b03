"""The program as a separate process: start it, wait for it, inspect its result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from logproc.formats.readers.native.library import kernel
from tests.support.schema import valid

ROOT = Path(__file__).parents[2]
PATIENCE_S = 50
COMMAND = (sys.executable, "-m", "logproc")
Redirect = int | IO[bytes] | None


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def report(self) -> Any:
        """The report on stdout as JSON, which must be as docs/report.schema.json says."""
        return valid(json.loads(self.stdout))


CHANGING = ("LOGPROC_", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES")
"""What the names of variables begin with that change what the program writes."""


def environment(**variables: str) -> dict[str, str]:
    """Return an environment without variables that change the program's behaviour, plus those of the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CHANGING)}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


@contextmanager
def started(
    *arguments: str | os.PathLike[str],
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    python: Sequence[str] = COMMAND,
    stdin: Redirect = subprocess.DEVNULL,
    stdout: Redirect = subprocess.PIPE,
    stderr: Redirect = subprocess.PIPE,
    own_group: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `logproc` with these arguments; kill it at the end of the block.

    before: the words of a program that starts it. own_group: in a process group of its own.
    """
    command = [*before, *python, *(os.fspath(argument) for argument in arguments)]
    env = environment(**(variables or {}))
    group = 0 if own_group else None
    with subprocess.Popen(command, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr, process_group=group) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes], timeout_s: float = PATIENCE_S) -> Ended:
    output, errors = process.communicate(timeout=timeout_s)
    return Ended(process.returncode, output or b"", (errors or b"").decode())


def logproc(*arguments: str | os.PathLike[str], **options: Any) -> Ended:
    """Run `logproc` to its end; the options are those of `started`."""
    with started(*arguments, **options) as process:
        return ended(process)


def analyze(*arguments: str | os.PathLike[str], **options: Any) -> Ended:
    """Run `logproc analyze` to its end, with its report as JSON unless the arguments say otherwise."""
    return logproc("analyze", "--output", "json", *arguments, **options)


def shell(script: str, *arguments: str | os.PathLike[str], **options: Any) -> Ended:
    """Run a shell command in which `"$@"` is `logproc` with these arguments."""
    return logproc(*arguments, before=["bash", "-c", script, "bash"], **options)


LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
"""A small process in between: the peak that wait4 reports for a child includes the memory of the process that forked it."""


def peak_bytes(
    *arguments: str | os.PathLike[str], feed: Callable[[int], None] | None = None, timeout_s: float | None = PATIENCE_S
) -> tuple[int, int]:
    """Run `logproc` to its end; return its exit code and its peak memory. feed: gets the descriptor of its stdin."""
    before = [sys.executable, "-S", "-c", LAUNCHER]
    with started(*arguments, before=before, stdin=subprocess.PIPE if feed else subprocess.DEVNULL) as process:
        if feed and process.stdin:
            feed(process.stdin.fileno())
        output, _ = process.communicate(timeout=timeout_s)
    code, kibibytes = map(int, output.split())
    return code, kibibytes * 1024


SIGNALLED = """
import os, signal, sys

def at_import(event, arguments):
    global left
    if event == "import" and "logproc" in sys.modules and arguments[0] != "logproc.__main__":
        left -= 1
        if not left:
            os.kill(os.getpid(), {number})

left = {imports}
sys.addaudithook(at_import)
sys.argv[0] = "logproc"
"""
"""Sends the program a signal when it imports its n-th module, counted from the first one that its own code asks for."""
ENTRIES = {
    "module": "import runpy; runpy.run_module('logproc', run_name='__main__', alter_sys=True)",
    "script": "from logproc.__main__ import main; sys.exit(main())",
}


def signalled(number: int, imports: int, entry: str = "module") -> list[str]:
    """Return the `python` of a program that gets a signal while it loads."""
    return [sys.executable, "-c", SIGNALLED.format(number=int(number), imports=imports) + ENTRIES[entry]]


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def runs(*command: str) -> bool:
    """Whether a command can be run here and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@cache
def nobody_runs_python() -> bool:
    """Whether an unprivileged user can run this interpreter, which is not so if it is inside root's home."""
    return runs(*NOBODY, sys.executable, "-c", "")


MEANS: Mapping[str, Callable[[], bool]] = {
    "atheris": lambda: find_spec("atheris") is not None,
    "a mount namespace": cache(partial(runs, "unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")),
    "the compiled kernel": lambda: kernel() is not None,
    "playwright": lambda: find_spec("playwright") is not None,
    "ptrace": cache(partial(runs, "strace", "-o", os.devnull, "true")),
    "a Python for everybody": nobody_runs_python,
}
"""What a test may need besides installed programs, with a check for it."""
