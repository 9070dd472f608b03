"""Every fuzz target passes on its seeds, on earlier findings, and on some random mutations."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import ROOT
from tools.fuzz.mutations import mutated, swollen
from tools.fuzz.targets import TARGETS

EACH = pytest.mark.parametrize("name", TARGETS)
FOUND = [
    pytest.param(name, data, id=f"{name}: {what}") for name, target in TARGETS.items() for what, data in target.found.items()
]
FEW, MANY, LONG = 15, 2_000, 50
MOST_CPU_S = 2.0
SECONDS = 60


@EACH
def test_a_few_inputs(name: str) -> None:
    """A target passes on mutations of its seeds."""
    for data in mutated(TARGETS[name], FEW, seed=0):
        TARGETS[name].run(data)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_stays_mended(name: str, data: bytes) -> None:
    """An earlier finding does not fail again."""
    TARGETS[name].run(data)


@pytest.mark.soak
@EACH
def test_the_seeds_and_many_inputs(name: str) -> None:
    """A target passes on each seed and on thousands of mutations."""
    for data in (*TARGETS[name].seeds, *mutated(TARGETS[name], MANY, seed=1)):
        TARGETS[name].run(data)


@pytest.mark.soak
@EACH
def test_long_inputs_take_no_time(name: str) -> None:
    """64 KiB of one repeated piece take less than two seconds of processor time."""
    for data in swollen(TARGETS[name], LONG, seed=2):
        before = time.process_time()
        TARGETS[name].run(data)
        assert time.process_time() - before < MOST_CPU_S, data[:200]


@pytest.mark.soak
@pytest.mark.needs("atheris")
def test_a_minute_each_with_the_fuzzer(tmp_path: Path) -> None:
    """A minute of coverage-guided fuzzing per target finds nothing."""
    for name in TARGETS:
        command = [sys.executable, "-m", "tools.fuzz.run", name, "--seconds", str(SECONDS), "--found", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        found = "\n".join(f"{path.name}: {path.read_bytes()!r}" for path in tmp_path.iterdir())
        assert done.returncode == 0, f"{done.stdout}\n{found}"
        assert f"{name}: " in done.stdout
