"""Process-wide settings, tested in real processes."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from logproc.command import process
from logproc.model.errors import InternalError
from tests.support.processes import ROOT

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
