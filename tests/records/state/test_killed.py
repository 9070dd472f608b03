"""Killed at every step of a commit, or at any moment: the former state is there or the new one, and the next run goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from logproc.records.state.state_file import StateFile
from tests.support.processes import environment

SAVES = """
import sys
from logproc.records.state.saved import SavedState
from logproc.records.state.state_file import StateFile
from tests.records.state.tallies import tally_number

with StateFile(sys.argv[1]) as file:
    file.lock()
    state = file.load({})
    number = state.tally.bytes if state else 0
    print("loaded", number, flush=True)
    for number in range(number + 1, number + 1 + int(sys.argv[2])):
        file.save(SavedState({}, (), tally_number(number)))
        print(number, flush=True)
"""
"""Loads a state and saves some more, each with counts that tell its number."""
QUICK = ("write", "fsync", "rename")
CALLS = (
    *QUICK,
    *(pytest.param(call, marks=pytest.mark.soak) for call in ("openat", "unlink", "flock", "ftruncate", "pwrite64")),
)
"""The calls to the system of a run that saves. Each of them is the last one in some run."""
SIGKILLED = -9


def command(path: Path, saves: int) -> list[str]:
    return [sys.executable, "-c", SAVES, os.fspath(path), str(saves)]


def number_in(path: Path) -> int:
    """Return which state is there; assert that all of it is of one number."""
    state = StateFile(path).load({})
    if state is None:
        return 0
    counts = state.tally.panels["path"]
    assert len(counts) == 500
    assert set(counts.count.tolist()) == {state.tally.bytes}
    return state.tally.bytes


def killed_at(path: Path, call: str, number: int) -> int:
    """Run a save that is killed at the n-th call of a kind to its files; return how the process ended."""
    files = [f"-P{path.parent / name}" for name in (path.name, f"{path.name}.tmp", f"{path.name}.lock", "")]
    inject = f"-einject={call}:signal=KILL:when={number}"
    before = ["strace", "-f", "-qq", f"-o{os.devnull}", *files, f"-etrace={call}", inject]
    return subprocess.run([*before, *command(path, 1)], env=environment(), check=False, capture_output=True).returncode


@pytest.mark.needs("ptrace")
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_each_call_the_former_state_is_there_or_the_new_one(tmp_path: Path, call: str) -> None:
    path = tmp_path / "x.state"
    subprocess.run(command(path, 1), env=environment(), check=True, capture_output=True)
    kills, before = 0, number_in(path)
    while killed_at(path, call, kills + 1) == SIGKILLED:
        kills += 1
        assert number_in(path) in {before, before + 1}
        before = number_in(path)
    assert kills, f"the program does not call {call}"
    assert number_in(path) == before + 1, "the run after the kills does not go on"
    assert list(tmp_path.iterdir()) == [path]


def killed_after(path: Path, lines: int, seconds: float) -> int:
    """Kill a process that saves without end, some time after it has said a number of times that a state is saved.

    Return the last state that it said is saved.
    """
    with subprocess.Popen(command(path, 10**9), env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(1 + lines)]
        time.sleep(seconds)
        process.kill()
        last = [*first, *process.stdout.read().splitlines()][-1]
    return int(last.split()[-1])


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [10, pytest.param(1000, marks=pytest.mark.soak)])
def test_killed_at_random_moments_nothing_is_lost(tmp_path: Path, kills: int) -> None:
    """What was said to be saved is there, or what was saved right after it; whole, and never less than before."""
    path, before, random_ = tmp_path / "x.state", 0, random.Random(7)
    for _ in range(kills):
        said = killed_after(path, random_.randrange(3), random_.uniform(0, 0.01))
        found = number_in(path)
        assert before <= said <= found <= said + 1
        before = found
    assert before >= kills // 2
