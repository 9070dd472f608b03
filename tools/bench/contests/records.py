"""The benchmark of records written out: an access log and JSON lines to Parquet and JSON, against DuckDB, Polars and jq."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet

from tools.bench.common import (
    FEW_ROUNDS,
    FOLDER,
    TIMES,
    Promise,
    Show,
    access_log,
    logproc,
    name_left_out,
    peer_rows,
    present,
)
from tools.bench.compare import in_turn, measure
from tools.bench.contests.app import LINES, make_logs

BOUNDS: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("access", "parquet"): {"DuckDB": 2, "Polars": 2},
    ("app", "parquet"): {"DuckDB": 0.6, "Polars": 0.6},
    ("app", "jsonl"): {"DuckDB": 0.4, "Polars": 0.4, "jq": 2.5},
}
"""By the log and the ending of the file: how many times logproc's time others take at least. Of JSON lines logproc accounts for
each, and keeps keys that come late, which DuckDB and Polars do not."""
GROWTH = 10


def measured(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure all contests, print the results, and return the promises."""
    rounds = min(FEW_ROUNDS, options.rounds)
    logs = {"access": access_log(options.lines), "app": make_logs(LINES)["json"]}
    promises = []
    for (log, ending), bounds in BOUNDS.items():
        everybody = commands(log, logs[log], ending)
        here = present(everybody, options.without)
        taken = in_turn(here, rounds)
        print(f"\n{logs[log].name} as {ending}, medians of {rounds} rounds in turn\n")
        show([*TIMES, "times logproc's time"], peer_rows(taken))
        name_left_out(everybody, here)
        promises += [
            Promise(f"{log} as {ending}: time of {name}", taken[name].wall_ratio, bound, " x", at_least=True)
            for name, bound in bounds.items()
            if name in taken
        ]
        promises.append(Promise(f"{log} as {ending}: peak memory", taken["logproc"].peak_mib, 350, " MiB"))
    print()
    check_rows(file_of("logproc", "parquet"), LINES)
    usual, larger = (measure(shown(access_log(lines), "parquet")) for lines in (options.lines, GROWTH * options.lines))
    check_rows(file_of("logproc", "parquet"), GROWTH * options.lines)
    return [
        *promises,
        Promise(f"{GROWTH} times the lines as parquet, peak memory", larger.peak_mib / usual.peak_mib, 1.15, " x"),
    ]


def commands(log: str, path: Path, ending: str) -> dict[str, Sequence[str] | None]:
    """Return the commands to compare, by name, logproc first; None if a program is not installed."""
    found: dict[str, Sequence[str] | None] = {"logproc": shown(path, ending)}
    for name, module in (("DuckDB", "duckdb"), ("Polars", "polars")):
        peer = [sys.executable, "-m", "tools.bench.peers.records", module, log, str(path), str(file_of(module, ending))]
        found[name] = peer if find_spec(module) else None
    if ending == "jsonl":
        found["jq"] = ["jq", "-c", ".", str(path)] if shutil.which("jq") else None
    return found


def shown(path: Path, ending: str) -> list[str]:
    return logproc("show", str(path), "-o", str(file_of("logproc", ending)))


def file_of(program: str, ending: str) -> Path:
    return FOLDER / f"records-{program}.{ending}"


def check_rows(path: Path, lines: int) -> None:
    """Exit unless each line is a record of the file."""
    if (found := pyarrow.parquet.ParquetFile(path).metadata.num_rows) != lines:
        sys.exit(f"logproc wrote {found} records of {lines} lines")
