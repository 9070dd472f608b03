"""Shared by the benchmarks: paths, promises, and tables."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.compare import Summary, measure

HERE = Path(__file__).parent
PEERS = HERE / "peers"
FOLDER = HERE.parents[1] / ".bench"
LOGPROC = str(Path(sys.executable).with_name("logproc"))
FEW_ROUNDS = 3
"""At most so many for what takes long."""
Table = Sequence[Sequence[str]]
Show = Callable[[Sequence[str], Table], None]
"""Prints a table, given its head and its rows."""
TIMES = ("", "wall s", "CPU s", "peak MiB")
"""The head of `peer_rows`, without the last column."""


@dataclass(frozen=True)
class Promise:
    """A measured value against a promised bound; smaller is better unless `at_least`."""

    what: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False

    def row(self) -> list[str]:
        """Return the promise as texts: what, measured, bound, whether it was kept."""
        kept = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        sign = "at least" if self.at_least else "at most"
        return [self.what, f"{self.measured:.2f}{self.unit}", f"{sign} {self.bound:g}{self.unit}", "kept" if kept else "MISSED"]


def logproc(*arguments: str) -> list[str]:
    return [LOGPROC, *arguments]


def analyze(path: Path, *options: str) -> list[str]:
    """Return the command that analyses one log."""
    return logproc("analyze", *options, str(path))


def made(path: Path, command: Callable[[Path], Sequence[str]]) -> Path:
    """Return a file or folder; if it is missing, run a command that makes it, under another name until it is whole."""
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        subprocess.run(command(part), check=True)
        part.rename(path)
    return path


def access_log(lines: int, targets: int = 0) -> Path:
    """Return a generated access log. targets: how many different ones, all as frequent; 0: as in a real log."""
    name = f"access-{lines}-{targets}.log" if targets else f"access-{lines}.log"
    options = ["--targets", str(targets)] if targets else []
    return made(
        FOLDER / name, lambda part: [sys.executable, "-m", "tools.bench.logs.access_log", str(lines), str(part), *options]
    )


def report_of(command: Sequence[str]) -> dict[str, Any]:
    """Run logproc and return its JSON report."""
    output = FOLDER / "report.json"
    measure([*command, "--output", "json"], output)
    report: dict[str, Any] = json.loads(output.read_bytes())
    return report


def checked_report_of(command: Sequence[str], lines: int) -> dict[str, Any]:
    """Return logproc's JSON report. Exits unless every line is counted: a wrong answer has no speed."""
    report = report_of(command)
    if not report["complete"] or report["account"]["records"] != lines:
        sys.exit(f"logproc did not take every line: {shlex.join(command)}: {report['account']}")
    return report


def present(commands: Mapping[str, Sequence[str] | None], without: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the commands of programs that are installed (the others are None) and not left out, by name."""
    return {name: command for name, command in commands.items() if command and re.split("[ ,]", name)[0] not in without}


def name_left_out(commands: Iterable[str], compared: Iterable[str]) -> None:
    if left_out := set(commands) - set(compared):
        print("\nNot here, or left out:", ", ".join(sorted(left_out)))


def peer_rows(peers: Mapping[str, Summary]) -> Table:
    """Return the table of times and peaks."""
    return [
        [name, f"{peer.wall_s:.2f}", f"{peer.cpu_s:.2f}", f"{peer.peak_mib:.0f}", f"{peer.wall_ratio:.2f}"]
        for name, peer in peers.items()
    ]


def machine() -> str:
    """Return a line about this machine."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{cores()} cores of {model}, Python {platform.python_version()}"


def cores() -> int:
    return len(os.sched_getaffinity(0))


def print_plain(head: Sequence[str], rows: Table) -> None:
    """Print a table in columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        print(
            "  ".join([row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))])
        )


def print_markdown(head: Sequence[str], rows: Table) -> None:
    """Print a table in Markdown."""
    for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        print("| " + " | ".join(row) + " |")
