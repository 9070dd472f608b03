"""The benchmark of what logs are kept in: many small files, bzip2 and xz."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools.bench.common import (
    FEW_ROUNDS,
    FOLDER,
    TIMES,
    Promise,
    Show,
    access_log,
    analyze,
    checked_report_of,
    logproc,
    made,
    peer_rows,
)
from tools.bench.compare import in_turn

FILES = (1_000, 10_000, 100_000)
MOST_NAMES = 10_000
"""A command line does not take the names of many more files."""
LINES_EACH = 12
ARCHIVED_LINES = 900_000
PACKERS = {"bz2": "bzip2 -9 -c", "xz": "xz -1 -T2 -c"}


def measured(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure many small files and archives, print the results, and return the promises."""
    return [*many_files(options, show), *archives(options, show)]


def many_files(options: argparse.Namespace, show: Show) -> list[Promise]:
    rows: list[Sequence[str]] = []
    promises = []
    for number in FILES:
        folder = small_files(number)
        itself = analyze(folder, "--recursive")
        checked_report_of(itself, number * LINES_EACH)
        few = number <= MOST_NAMES
        cat = f"cat '{folder}'/*" if few else f"find '{folder}' -type f -exec cat {{}} +"
        commands = {
            f"{number:,} files through `cat`": ["sh", "-c", f"{cat} | {shlex.join(logproc('analyze', '-'))}"],
            f"{number:,} files": itself,
        }
        taken = in_turn(commands, options.rounds if few else min(FEW_ROUNDS, options.rounds))
        rows += peer_rows(taken)
        promises.append(Promise(f"{number:,} files, by `cat`", taken[f"{number:,} files"].wall_ratio, 3, " x"))
    print(f"Files of {LINES_EACH} lines of an access log\n")
    show([*TIMES, "times `cat`'s time"], rows)
    print()
    return promises


def small_files(number: int) -> Path:
    log = access_log(number * LINES_EACH)
    splitting = [sys.executable, "-m", "tools.bench.logs.small_files"]
    return made(
        FOLDER / f"files-{number}",
        lambda part: [*splitting, str(log), str(part), str(number), str(LINES_EACH)],
    )


def archives(options: argparse.Namespace, show: Show) -> list[Promise]:
    log = access_log(ARCHIVED_LINES)
    rows: list[Sequence[str]] = []
    promises = []
    for ending, packer in PACKERS.items():
        packed = made(log.with_suffix(f".log.{ending}"), partial(packing, packer, log))
        checked_report_of(analyze(packed), ARCHIVED_LINES)
        one, all_cores = f".{ending}, one worker", f".{ending}"
        taken = in_turn({one: analyze(packed, "--workers", "1"), all_cores: analyze(packed)}, options.rounds)
        rows += peer_rows(taken)
        promises.append(Promise(f".{ending}, one worker by all", 1 / taken[all_cores].wall_ratio, 1.7, " x", at_least=True))
    plain = in_turn({"plain": analyze(log)}, options.rounds)
    print(f"{ARCHIVED_LINES:,} lines, {log.stat().st_size / 1e6:.0f} MB, in archives\n")
    show([*TIMES, "times one worker's time"], [*peer_rows(plain), *rows])
    print()
    return promises


def packing(packer: str, log: Path, part: Path) -> list[str]:
    return ["sh", "-c", f"{packer} '{log}' > '{part}'"]
