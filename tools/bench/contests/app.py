"""The benchmark of an application's log: JSON lines against jq and Polars, logfmt and plain text against Python's `re`."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from logproc.formats.columns.levels import level_of
from tools.bench.common import FOLDER, TIMES, Promise, Show, analyze, checked_report_of, made, name_left_out, peer_rows, present
from tools.bench.compare import Summary, in_turn
from tools.bench.logs.app_log import NAMES, PATTERN
from tools.bench.peers.app import FIELDS

LINES = 1_000_000
BY = [part for name in FIELDS for part in ("--by", name)]
COUNTED = re.compile(r"^(\w+)\t(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Contest:
    """One command of logproc, and how much slower other programs are promised to be.

    name: what the log is; command: logproc's; peers: by name, None if not installed; bounds: those that are promised.
    """

    name: str
    command: Sequence[str]
    peers: Mapping[str, Sequence[str] | None]
    bounds: Mapping[str, float]


def contests(logs: Mapping[str, Path]) -> list[Contest]:
    json, jq = logs["json"], shutil.which("jq")
    polars = find_spec("polars") is not None
    return [
        Contest(
            "JSON lines, the usual report",
            analyze(json),
            {
                "jq -r .level": [jq, "-r", ".level", str(json)] if jq else None,
                "Polars, same counts": peer("report", json) if polars else None,
            },
            {"jq -r .level": 2, "Polars, same counts": 1},
        ),
        Contest(
            "JSON lines, --by level",
            analyze(json, "--by", "level"),
            {"Polars": peer("level", json) if polars else None},
            {"Polars": 1},
        ),
        Contest("logfmt, four counts", analyze(logs["logfmt"], *BY), {"re": peer("logfmt", logs["logfmt"])}, {"re": 2}),
        Contest(
            "--pattern, four counts",
            analyze(logs["text"], "--pattern", PATTERN, *BY),
            {"re": peer("text", logs["text"])},
            {"re": 2.5},
        ),
    ]


def peer(what: str, log: Path) -> list[str]:
    return [sys.executable, "-m", "tools.bench.peers.app", what, str(log)]


def measured(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure all contests, print the results, and return the promises."""
    promises = []
    for contest in contests(make_logs(LINES)):
        here = present(contest.peers, options.without)
        check_counts(contest, here)
        taken = in_turn({"logproc": contest.command, **here}, options.rounds)
        print(f"\n{contest.name}, {LINES:,} lines, medians of {options.rounds} rounds in turn\n")
        show([*TIMES, "times logproc's time"], peer_rows(taken))
        name_left_out(contest.peers, here)
        promises += [promise(contest, name, taken[name]) for name in here]
    print()
    return promises


def promise(contest: Contest, name: str, summary: Summary) -> Promise:
    return Promise(f"{contest.name}: faster than {name}", summary.wall_ratio, contest.bounds[name], " x", at_least=True)


def make_logs(lines: int) -> dict[str, Path]:
    """Return the three logs by name; generate missing ones."""
    folder = made(
        FOLDER / f"app-{lines}", lambda part: [sys.executable, "-m", "tools.bench.logs.app_log", str(lines), str(part)]
    )
    return {name: folder / f"app.{name}" for name in NAMES}


def check_counts(contest: Contest, here: Mapping[str, Sequence[str]]) -> None:
    """Exit unless logproc counts every line, and the same levels as the others."""
    report = checked_report_of(contest.command, LINES)
    levels = {(str(level_of(row["level"])), str(row["count"])) for row in report["panels"]["level"]["rows"]}
    for name, command in here.items():
        output = "" if name.startswith("jq") else subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if output and not levels <= {(level_of(key), count) for key, count in COUNTED.findall(output)}:
            sys.exit(f"logproc and {name} count otherwise: {levels} {output}")
