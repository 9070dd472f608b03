"""Whole runs under chaos give the serial report; and chaos does find a race where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import logs
from tests.support.reports_of import serial, sources_of, threaded
from tests.threads.chaos import chaos
from tests.threads.tools import Call

FILES = 5
KNOBS: list[dict[str, Any]] = [
    {"readers": 3, "workers": 3, "memory": 20_000, "chunk_size": 1000, "min_keys": 20},
    {"readers": 1, "workers": 4, "memory": 1, "chunk_size": 3000, "min_keys": 400_000},
    {"readers": 5, "workers": 1, "memory": 128 << 20, "chunk_size": 500, "min_keys": 1},
    {"readers": 2, "workers": 3, "memory": 30_000, "chunk_size": 700, "min_keys": 20, "max_keys": 40},
]


def check(seed: int, folder: Path) -> None:
    """Assert that a run under the chaos of a seed gives the report of the run without threads."""
    for number in range(FILES):
        (folder / f"{number}.log").write_bytes(logs.log(40, seed=seed * FILES + number, damaged=0.2))
    sources = sources_of(*sorted(folder.iterdir()))
    knobs = KNOBS[seed % len(KNOBS)]
    expected = serial(sources, **{name: value for name, value in knobs.items() if name != "min_keys"})
    with chaos(seed):
        found = threaded(sources, **knobs)
    assert found == expected


@pytest.mark.parametrize("seed", range(4))
def test_a_run_under_chaos_gives_the_serial_report(seed: int, tmp_path: Path) -> None:
    """Whoever gives way to whom at each hand-over, nothing is lost, counted twice or waited for in vain."""
    check(seed, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_runs_under_chaos_give_the_serial_report(hundred: int, tmp_path: Path) -> None:
    """The same for many seeds."""
    for seed in range(100 * (hundred + 1), 100 * (hundred + 2)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        check(seed, folder)


class Careless:
    """A shared number that is read and written without a lock, with a call in between."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, times: int) -> None:
        """Add one, many times."""
        for _ in range(times):
            value = self.read()
            self.value = value + 1

    def read(self) -> int:
        """Return the number."""
        return self.value


def test_chaos_finds_a_race() -> None:
    """Two threads that add to one number without a lock lose some of it: what the other wrote between read and write."""
    number = Careless()
    with chaos(1):
        adders = [Call(number.add, 300, name=f"adder-{place}") for place in range(2)]
        for adder in adders:
            adder.outcome()
    assert number.value < 600
