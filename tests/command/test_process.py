"""Process-wide settings, tested in real processes."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from logproc.command import process
from logproc.model.errors import InternalError
from tests.support.processes import ENTRIES, ROOT, logproc, signalled

OPENED = """
import os
from logproc.command.process import hold_standard_descriptors
hold_standard_descriptors()
opened = os.open("/", os.O_RDONLY)
os.write(9, b"%d" % opened)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_number_of_a_standard_stream(closed: str) -> None:
    """A file opened while a standard stream is closed does not get its number: C libraries write errors to 2."""
    command = ["bash", "-c", f'exec 9>&1; "$0" -c "$1" {closed}', sys.executable, OPENED]
    assert int(subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout) > 2


@pytest.mark.parametrize(("spare_bytes", "fits"), [(0, True), (-1, False)])
def test_a_limit_of_the_address_space_is_known_before_it_is_met(
    spare_bytes: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run needs address space for the libraries, its workers and --memory; with one byte less it does not start."""
    needed_bytes = process.LEAST_SPACE_BYTES + 3 * process.WORKER_SPACE_BYTES + 1000
    monkeypatch.setattr(resource, "getrlimit", lambda _: (needed_bytes + spare_bytes, resource.RLIM_INFINITY))
    if fits:
        process.check_address_space(1000, 3)
        return
    with pytest.raises(InternalError, match=r"out of memory: lower --memory or --workers, or raise `ulimit -v`"):
        process.check_address_space(1000, 3)


DEFAULTS = ["env", "--default-signal"]


@pytest.mark.parametrize("imports", [1, 2, 3, 4, 5, 8, 20, 50])
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_program_loads_ends_it_without_a_word(number: int, entry: str, imports: int) -> None:
    """From its first import on, a signal ends the program: with its default action, or with the code for it."""
    run = logproc("--help", before=DEFAULTS, python=signalled(number, imports, entry))
    assert (run.stdout, run.stderr) == (b"", "")
    assert run.code in {-number, 128 + number}


def test_an_ignored_interrupt_stays_ignored_while_the_program_loads() -> None:
    """In the background of a shell SIGINT is ignored."""
    run = logproc("--help", before=["env", "--ignore-signal=INT"], python=signalled(signal.SIGINT, 1))
    assert (run.code, run.stderr) == (0, "")


LATER = {"_hashlib", "datasketches", "email", "http.client", "jinja2", "requests", "ssl", "structlog", "ua_parser", "urllib3"}
"""What no report of a local file on a pipe needs."""


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"logging.handlers", "click.shell_completion", "numpy", "pyarrow", "tomllib"}),
        (["--version"], {"click.shell_completion", "numpy", "pyarrow"}),
        (["analyze", "--help"], {"click.shell_completion", "msgspec", "numpy", "pyarrow", "rich"}),
        (["diff", "--help"], {"click.shell_completion", "msgspec", "numpy", "pyarrow", "rich"}),
        (["detect", "sample_data/damaged.log"], {"datasketches", "jinja2", "requests", "rich", "structlog", "urllib3"}),
        (["analyze", "sample_data/damaged.log"], {*LATER, "rich.console"}),
        (["analyze", "sample_data/damaged.log", "--output", "json"], {*LATER, "rich"}),
    ],
)
def test_a_short_command_loads_little(arguments: Sequence[str], unneeded: set[str]) -> None:
    """Only what a command needs is loaded: numpy and pyarrow take 100 ms, rich's console 7, OpenSSL 2."""
    run = logproc(*arguments, python=[sys.executable, "-X", "importtime", "-m", "logproc"])
    loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "logproc.command.cli" in loaded
    assert loaded & unneeded == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "sample_data/damaged.log"],
        ["diff", "sample_data/damaged.log", "sample_data/damaged.log"],
        ["detect", "sample_data/damaged.log"],
        ["formats"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_libraries_are_not_loaded_from_inside_of_another_import(arguments: Sequence[str]) -> None:
    """Deep in a chain of imports they take 25 ms more: frames are kept in pieces, and each call there mapped a new one."""
    run = logproc(*arguments, python=[sys.executable, "-X", "importtime", "-m", "logproc"])
    lines = [line for line in run.stderr.splitlines() if line.endswith(" pyarrow.compute")]
    assert [line.rpartition("|")[2] for line in lines] == [" pyarrow.compute"]  # no indentation: nothing else is being imported
