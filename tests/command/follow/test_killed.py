"""`--follow --state`, killed at random moments while its log rotates, and started again: each line counts exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sources.follow import rotating
from tests.sources.follow.test_rotations import survivors

SCRIPT = Path(rotating.__file__)
KINDS = ["rename", "gzip", "copytruncate"]
"""After these all lines are still in some file. Nobody could read a file that is deleted between a kill and the next run."""
QUESTION = ["--pattern", r"line (?P<number>\d+) \.*", "--by", "number", "--top", "0", "--quiet"]


def command(folder: Path, *options: str) -> list[str]:
    """Return the command of one run."""
    state = str(folder / "kept" / "state")
    return [sys.executable, "-m", "logproc", "analyze", f"{folder}/access.log*", "--state", state, *QUESTION, *options]


def kill_and_go_on(folder: Path, kills: int, seed: str, *how: str) -> str:
    """Kill a run so many times; return the figures. Fails if a line is lost or counted twice. how: see `rotating.rotate`."""
    random_numbers = random.Random(seed)
    log, done = folder / "access.log", folder / "kept" / "done"
    done.parent.mkdir()
    writer = subprocess.Popen([sys.executable, SCRIPT, "write", log, done, seed])
    while not (done.parent / "inode").exists():
        time.sleep(0.01)
    rotator = subprocess.Popen([sys.executable, SCRIPT, "rotate", log, "1000000", seed, *KINDS, *how])
    try:
        for _ in range(kills):
            run = subprocess.Popen(command(folder, "--follow"), stdout=subprocess.DEVNULL)
            time.sleep(random_numbers.choice([0.2, 0.4, 0.8, 1.6, 3.2]) * random_numbers.random() + 0.1)
            assert run.poll() is None
            run.kill()
            run.wait()
    finally:
        rotator.kill()
        rotator.wait()
        done.touch()
        writer.wait(10)
    found = subprocess.run(command(folder, "--output", "json"), capture_output=True, check=False)
    report = json.loads(found.stdout)
    seen = {int(row["number"]): int(row["count"]) for row in rows_of(report)}
    written, there = int((done.parent / "lines").read_text()), survivors(log)
    lost, doubled = sorted(set(there) - set(seen)), {number: times for number, times in seen.items() if times > 1}
    figures = f"{kills} kills, {written} lines: {len(lost)} lost, {len(doubled)} doubled"
    assert not lost, (figures, lost[:20], found.stderr[-2000:])
    assert not doubled, (figures, list(doubled.items())[:20])
    return figures


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the only panel."""
    (panel,) = report["panels"].values()
    return list(panel["rows"])


@pytest.mark.timeout(120)
def test_a_few_kills(tmp_path: Path) -> None:
    """The short version."""
    print(kill_and_go_on(tmp_path, 6, "short"))


@pytest.mark.soak
@pytest.mark.timeout(5000)
@pytest.mark.parametrize("how", [[], ["slowly"]])
def test_a_thousand_kills(tmp_path: Path, how: list[str]) -> None:
    """As the short test, for half an hour."""
    print(kill_and_go_on(tmp_path, 1000, "long", *how))
