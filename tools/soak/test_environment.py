"""Hash seeds, time zones, locales and closed streams do not change the report."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.support import logs
from tests.support.processes import analyze, shell

pytestmark = pytest.mark.soak
ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", ":/nowhere", ""]
LOCALES = ["C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"]
CASES = [
    {"PYTHONHASHSEED": str(seed), "TZ": ZONES[seed % len(ZONES)], "LC_ALL": LOCALES[seed % len(LOCALES)]} for seed in range(10)
]


def without_run(output: bytes) -> bytes:
    """Return a report without `run`, which may differ."""
    return output.partition(b'\n "run"')[0]


def test_seed_zone_and_locale_change_no_byte(tmp_path: Path) -> None:
    """Ten hash seeds, five zones and four locales give one report, byte for byte, but for its `run`."""
    names = ["damaged.log", "plain.log"]
    for name, damaged in zip(names, (0.5, 0.0), strict=True):
        (tmp_path / name).write_bytes(logs.log(2000, damaged=damaged))
    found = {without_run(analyze(*names, "--top", "0", cwd=tmp_path, variables=variables).stdout) for variables in CASES}
    assert len(found) == 1
    assert b'"panels"' in found.pop()


@pytest.mark.parametrize(("stdin", "stdout", "stderr"), [*product(["", "<&-"], ["", ">&-"], ["", "2>&-"])])
def test_streams_that_are_closed_in_every_combination(stdin: str, stdout: str, stderr: str, tmp_path: Path) -> None:
    """The report in its file is whole, and the exit code says whether stdout got its own."""
    (tmp_path / "a.log").write_bytes(logs.log(100))
    run = shell(f'"$@" {stdin} {stdout} {stderr}', "analyze", "a.log", "-o", "r.json", "--rejects", "r", cwd=tmp_path)
    assert run.code == (4 if stdout else 0)
    assert (tmp_path / "r.json").read_bytes().endswith(b"}\n")
    assert ("cannot write stdout: it is closed" in run.stderr) == bool(stdout and not stderr)
