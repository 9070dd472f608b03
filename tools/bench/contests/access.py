"""The benchmark of access logs: against a loop in C, GoAccess, mawk, DuckDB and Polars; start, compression and filters."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from tools.bench.common import (
    FOLDER,
    PEERS,
    TIMES,
    Promise,
    Show,
    access_log,
    analyze,
    checked_report_of,
    cores,
    logproc,
    made,
    name_left_out,
    peer_rows,
    present,
)
from tools.bench.compare import Summary, in_turn

LIMIT = "C, one thread"
GOACCESS_PANELS_LEFT_OUT = [
    *["VISITORS", "REQUESTS_STATIC", "NOT_FOUND", "OS", "BROWSERS", "VIRTUAL_HOSTS"],
    *["REFERRING_SITES", "KEYPHRASES", "GEO_LOCATION", "CACHE_STATUS", "MIME_TYPE", "TLS_TYPE"],
]
FILTERS = ("status >= 500", r'path =~ "\.(html|js)$"')
"""The first accepts one record in 70, the second one half of them."""
START_BOUNDS_S = {"logproc --help": 0.1, "a file of one line": 0.2}


def measured(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure access logs, print the results, and return the promises."""
    log, line = access_log(options.lines), access_log(1)
    packed = made(log.with_suffix(".log.gz"), lambda part: ["sh", "-c", f"gzip -6 -c '{log}' > '{part}'"])
    everybody = commands(log)
    compared = present(everybody, options.without)
    check_counts(log, options.lines, compared)

    peers = in_turn(compared, options.rounds)
    gz = in_turn({"plain": analyze(log), "gz": analyze(packed)}, options.rounds)["gz"]
    start = in_turn(dict(zip(START_BOUNDS_S, (logproc("--help"), analyze(line)), strict=True)), options.rounds)
    filtered = in_turn({"none": analyze(log)} | {text: analyze(log, "--where", text) for text in FILTERS}, options.rounds)

    print(f"{options.lines:,} lines, {log.stat().st_size / 2**20:.0f} MiB, medians of {options.rounds} rounds in turn\n")
    show([*TIMES, "times logproc's time"], peer_rows(peers))
    name_left_out(everybody, compared)
    print()
    return [
        *peer_promises(peers),
        Promise("the same file as .gz, wall time by plain", gz.wall_ratio, 1.25, " x"),
        *(Promise(f"{name}, CPU time", start[name].cpu_s, bound, " s") for name, bound in START_BOUNDS_S.items()),
        *(Promise(f"--where '{text}', wall time by none", filtered[text].wall_ratio, 1.3, " x") for text in FILTERS),
    ]


def commands(log: Path) -> dict[str, list[str] | None]:
    """Return the commands to compare, by name, logproc first; None if a program is not installed."""
    peer = [sys.executable, "-m", "tools.bench.peers.access"]
    return {
        "logproc": analyze(log),
        LIMIT: compiled_limit(log),
        "goaccess, JSON": goaccess(log),
        "mawk, three counts": ["mawk", "-f", str(PEERS / "three_counts.awk"), str(log)] if shutil.which("mawk") else None,
        "DuckDB, seven counts": [*peer, "duckdb", str(log)] if find_spec("duckdb") else None,
        "Polars, seven counts": [*peer, "polars", str(log)] if find_spec("polars") else None,
    }


def compiled_limit(log: Path) -> list[str] | None:
    """Compile the C loop and return its command, None without a compiler."""
    compiler, program = shutil.which("cc"), FOLDER / "one_format"
    if not compiler:
        return None
    subprocess.run([compiler, "-O2", "-o", str(program), str(PEERS / "one_format.c")], check=True)
    return [str(program), str(log)]


def goaccess(log: Path) -> list[str] | None:
    """Return goaccess's command for the panels that logproc has as well, None if it is not installed."""
    if not shutil.which("goaccess"):
        return None
    knows = subprocess.run(["goaccess", "--help"], capture_output=True, text=True, check=False).stdout
    jobs = [f"--jobs={cores()}"] if "--jobs" in knows else []
    left_out = [f"--ignore-panel={panel}" for panel in GOACCESS_PANELS_LEFT_OUT]
    fixed = ["--log-format=COMBINED", "--no-global-config", "--no-progress", "--no-query-string"]
    return ["goaccess", str(log), *fixed, *jobs, *left_out, "-o", str(FOLDER / "goaccess.json")]


def check_counts(log: Path, lines: int, compared: Mapping[str, Sequence[str]]) -> None:
    """Exit unless logproc counts every line, and the same statuses as the C loop."""
    report = checked_report_of(analyze(log), lines)
    if LIMIT in compared:
        output = subprocess.run(compared[LIMIT], capture_output=True, text=True, check=True).stdout
        expected = [line.split("\t")[1:] for line in output.splitlines() if line.startswith("status\t")]
        counted = [[row["status"], str(row["count"]), str(row["bytes"])] for row in report["panels"]["status"]["rows"]]
        if counted != expected:
            sys.exit(f"logproc and C count otherwise: {counted} {expected}")


def peer_promises(peers: Mapping[str, Summary]) -> list[Promise]:
    """Return the promises against the installed programs."""
    bounds = {"goaccess, JSON": 20, "mawk, three counts": 1.5, "DuckDB, seven counts": 1.7, "Polars, seven counts": 1.1}
    promises = [
        Promise(f"faster than {name}", peers[name].wall_ratio, bound, " x", at_least=True)
        for name, bound in bounds.items()
        if name in peers
    ]
    if LIMIT in peers:
        promises.append(Promise(f"CPU time by that of {LIMIT}", 1 / peers[LIMIT].cpu_ratio, 2.5, " x"))
    return [*promises, Promise("peak memory", peers["logproc"].peak_mib, 350, " MiB")]
