"""A day of following in a few minutes: a log that is rotated 1,440 times; memory, descriptors and threads stay as they are.

`python -m pytest -m soak -s tools/soak/test_following.py -o timeout=3600` prints the figures.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest

from tests.support import logs
from tests.support.processes import started

ROTATIONS = 1440
PAUSE_S = 0.15
KEPT = 7
WARM_UP = 0.4
"""Of the run. Files that are gone are forgotten after a minute, so that it takes more than that until nothing grows."""
MOST_GROWTH = 1.05
COMMANDS = {
    "analyze": ["analyze", "access.log", "--follow", "--state", "kept/state", "-q"],
    "show": ["show", "access.log", "--follow", "--where", "status >= 500"],
}


def sampled(pid: int) -> tuple[int, int, int]:
    """Return how much memory a process has, in KiB, and how many descriptors and threads."""
    words = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(words["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(words["Threads"])  # noqa: PTH208


def rotate(log: Path, number: int, lines: bytes) -> None:
    """Rotate as logrotate does: the log gets a number, and the oldest file is deleted."""
    with log.open("ab") as file:
        file.write(lines)
    log.rename(f"{log}.{number}")
    log.touch()
    Path(f"{log}.{number - KEPT}").unlink(missing_ok=True)


def grown(samples: Sequence[tuple[int, int, int]]) -> list[float]:
    """Return by how much each figure is larger in the last quarter of the samples than in the first."""
    part = len(samples) // 4
    return [fmean(figures[-part:]) / fmean(figures[:part]) for figures in zip(*samples, strict=True)]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_day(tmp_path: Path, command: str) -> None:
    """What a run needs after half a day is what it needs after a whole one, and all lines are there."""
    log, samples = tmp_path / "access.log", []
    (tmp_path / "kept").mkdir()
    log.touch()
    with started(*COMMANDS[command], cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        for number in range(ROTATIONS):
            rotate(log, number, logs.log(20, seed=number % 50))
            time.sleep(PAUSE_S)
            samples.append(sampled(process.pid))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, 143}
    warm = samples[int(ROTATIONS * WARM_UP) :]
    figures = [f"{name} {warm[0][at]} → {warm[-1][at]}" for at, name in enumerate(["KiB", "descriptors", "threads"])]
    print(command, *figures, sep=", ")
    assert max(grown(warm)) <= MOST_GROWTH, figures
