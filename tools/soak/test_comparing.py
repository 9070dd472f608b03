"""A hundred pairs of logs that come in bursts: nothing is found in equal ones, and what was made different is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from logproc.model.comparison import Comparison
from logproc.reports.comparing.compare import compare
from tests.reports.comparing.bursty import World, write
from tests.reports.comparing.sides import side_of

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
SEEDS = 100
EQUAL: dict[str, tuple[World, World, int]] = {
    "50,000 records each": (World(), World(), 97),
    "5,000 records each": (World(records=5000, seconds=3600), World(records=5000, seconds=3600), 97),
    "a day": (World(seconds=86_400), World(seconds=86_400), 97),
    "outages": (World(outages=1), World(outages=1), 97),
    "a long log and a short one": (World(), World(records=4000, seconds=1200), 93),
}
"""Pairs of the same distribution, and in how many of a hundred nothing may be found at least. One session may fill
a short log."""
DIFFERENT = World(slower=1.3, failing=0.02, strange=80)


def found(comparison: Comparison) -> set[tuple[str, str, str]]:
    changes = (*comparison.overall, *comparison.findings)
    return {(change.kind, change.field, change.key) for change in changes if change.found}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_logs_do_not_differ(name: str, tmp_path: Path) -> None:
    """Chance is not taken for change: of a hundred pairs nearly all give no finding."""
    before, after, least = EQUAL[name]
    quiet = 0
    for seed in range(SEEDS):
        paths = write(tmp_path / "a.log", before, 2 * seed), write(tmp_path / "b.log", after, 2 * seed + 1)
        quiet += not found(compare(side_of(paths[0]), side_of(paths[1])))
    assert quiet >= least


def test_what_was_made_different_is_found(tmp_path: Path) -> None:
    """Of 50,000 records: a path slower by 30 %, two points more of status 500, and a message that is new, 80 times."""
    times: Counter[str] = Counter()
    for seed in range(SEEDS):
        paths = write(tmp_path / "a.log", World(), 2 * seed), write(tmp_path / "b.log", DIFFERENT, 2 * seed + 1)
        changed = found(compare(side_of(paths[0]), side_of(paths[1])))
        times["slower"] += bool({("p50", "path", "/page/dx"), ("p95", "path", "/page/dx")} & changed)
        times["failing"] += bool({("errors", "", ""), ("share", "status", "500")} & changed)
        times["strange"] += ("share", "message", "step eax took <n> turns") in changed
    assert min(times["slower"], times["failing"], times["strange"]) >= 99
