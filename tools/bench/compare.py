"""Time whole commands against each other, in turn (A B C, A B C, …), so that changes of the machine's speed affect all alike.

usage: python -m tools.bench.compare [--rounds N] NAME=COMMAND [NAME=COMMAND ...]

Prints medians of wall and CPU seconds, the largest peak memory, and how many times as long as the first command each took
(the median of the rounds' own ratios). One round before the counted ones warms the page cache.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class CommandFailedError(Exception):
    """A measured command failed."""


@dataclass(frozen=True)
class Measurement:
    """One run of a command: seconds by the clock and on the cores, and the peak of its memory in MiB; see one_run.py."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Summary:
    """All runs of one command."""

    runs: Sequence[Measurement]
    base: Sequence[Measurement]

    @property
    def wall_s(self) -> float:
        """The median of the seconds by the clock."""
        return median(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        """The median of the seconds on the cores."""
        return median(run.cpu_s for run in self.runs)

    @property
    def peak_mib(self) -> float:
        """The largest of the peaks."""
        return max(run.peak_mib for run in self.runs)

    @property
    def wall_ratio(self) -> float:
        """The wall time as a multiple of the base's: the median over the rounds."""
        return median(run.wall_s / first.wall_s for run, first in zip(self.runs, self.base, strict=True))

    @property
    def cpu_ratio(self) -> float:
        """The CPU time as a multiple of the base's: the median over the rounds."""
        return median(run.cpu_s / first.cpu_s for run, first in zip(self.runs, self.base, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    options = parser.parse_args()
    named = (command.partition("=") for command in options.commands)
    commands = {name: shlex.split(command) for name, _, command in named}
    print(f"{'':24}{'wall s':>9}{'CPU s':>9}{'MiB':>7}{'times':>8}")
    for name, summary in in_turn(commands, options.rounds).items():
        print(f"{name:24}{summary.wall_s:9.2f}{summary.cpu_s:9.2f}{summary.peak_mib:7.0f}{summary.wall_ratio:8.2f}")


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Summary]:
    """Run every command once in each round, after one round that does not count; ratios are to the first command.

    Raises CommandFailedError if one ends with another exit code than 0.
    """
    runs: dict[str, list[Measurement]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            result = measure(command)
            if number:
                runs[name].append(result)
    base = next(iter(runs.values()))
    return {name: Summary(results, base) for name, results in runs.items()}


def measure(command: Sequence[str], output: Path = Path(os.devnull)) -> Measurement:
    """Run one command to its end with stdout to `output`; return its time and memory."""
    launcher = [sys.executable, "-S", str(Path(__file__).with_name("one_run.py")), str(output), *command]
    told = subprocess.run(launcher, capture_output=True, text=True, check=True).stdout
    code, wall_s, cpu_s, peak_kib = map(float, told.split())
    if code:
        raise CommandFailedError(f"exit code {code:g}: {shlex.join(command)}")
    return Measurement(wall_s, cpu_s, peak_kib / 1024)


if __name__ == "__main__":
    main()
