"""The project's benchmark: `make bench`. Generates its logs, runs all programs in turn, and says which promises were kept.

usage: python -m tools.bench.run [--rounds N] [--lines N] [--markdown] [--without NAME ...] [--only access|app]

Logs are kept in .bench/ (3.5 GB with the default sizes). Programs that are not installed are named and left out. Only ratios
within one run are meaningful, and only on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tools.bench import app
from tools.bench.common import (
    FOLDER,
    HERE,
    LOGPROC,
    Promise,
    Show,
    analyze,
    cores,
    machine,
    peer_rows,
    print_markdown,
    print_plain,
    report_of,
)
from tools.bench.compare import Summary, in_turn

LIMIT = "C, one thread"
GOACCESS_PANELS_LEFT_OUT = [
    *["VISITORS", "REQUESTS_STATIC", "NOT_FOUND", "OS", "BROWSERS", "VIRTUAL_HOSTS"],
    *["REFERRING_SITES", "KEYPHRASES", "GEO_LOCATION", "CACHE_STATUS", "MIME_TYPE", "TLS_TYPE"],
]
FILTERS = ("status >= 500", r'path =~ "\.(html|js)$"')
"""The first accepts one record in 70, the second one half of them."""
START_BOUNDS_S = {"logproc --help": 0.25, "a file of one line": 0.6}


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--lines", type=int, default=2_000_000, help="of the log; a second one has four times as many")
    parser.add_argument("--markdown", action="store_true", help="print tables for the README")
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="NAME", help="leave out some of: C goaccess mawk DuckDB Polars jq"
    )
    parser.add_argument("--only", choices=["access", "app"], help="measure only access logs, or application logs")
    options = parser.parse_args()
    show = print_markdown if options.markdown else print_plain
    print(machine())
    promises = []
    if options.only != "app":
        promises += access_logs(options, show)
    if options.only != "access":
        promises += app.measured(options.rounds, options.without, show)
    show(["", "measured", "promised", ""], [promise.row() for promise in promises])


def access_logs(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure access logs, print the results, and return the promises."""
    log, packed, large, line = make_logs(options.lines)
    everybody = commands(log)
    left_out = {name for name, command in everybody.items() if command is None or name.split(",")[0] in options.without}
    compared = {name: command for name, command in everybody.items() if command and name not in left_out}
    check_counts(log, compared)

    peers = in_turn(compared, options.rounds)
    gz = in_turn({"plain": analyze(log), "gz": analyze(packed)}, options.rounds)["gz"]
    start = in_turn(dict(zip(START_BOUNDS_S, ([LOGPROC, "--help"], analyze(line)), strict=True)), options.rounds)
    one, two = elapsed_by_workers(large, options.rounds)
    in_large = in_turn({"large": analyze(large)}, min(3, options.rounds))["large"]
    filtered = in_turn({"none": analyze(log)} | {text: analyze(log, "--where", text) for text in FILTERS}, options.rounds)

    print(f"{options.lines:,} lines, {log.stat().st_size / 2**20:.0f} MiB, medians of {options.rounds} rounds in turn\n")
    show(["", "wall s", "CPU s", "peak MiB", "times logproc's time"], peer_rows(peers))
    if left_out:
        print("\nNot here, or left out:", ", ".join(sorted(left_out)))
    print()
    return [
        *peer_promises(peers),
        Promise("the same file as .gz, wall time by plain", gz.wall_ratio, 1.25, " x"),
        *(
            Promise(f"{name}, CPU time", summary.cpu_s, bound, " s")
            for (name, summary), bound in zip(start.items(), (0.25, 0.6), strict=True)
        ),
        Promise("two workers instead of one, four times the lines", one / two, 1.5, " x", at_least=True),
        Promise("four times the lines, peak memory", in_large.peak_mib / peers["logproc"].peak_mib, 1.1, " x"),
        *(Promise(f"--where '{text}', wall time by none", filtered[text].wall_ratio, 1.3, " x") for text in FILTERS),
    ]


def make_logs(lines: int) -> tuple[Path, Path, Path, Path]:
    """Return the log, the same compressed, one with four times the lines, and one of a single line; generate missing ones."""
    FOLDER.mkdir(exist_ok=True)
    log, large, line = (FOLDER / f"access-{count}.log" for count in (lines, 4 * lines, 1))
    for path, count in ((log, lines), (large, 4 * lines), (line, 1)):
        if not path.exists():
            part = path.with_suffix(".part")
            subprocess.run([sys.executable, "-m", "tools.bench.gen_access_log", str(count), str(part)], check=True)
            part.rename(path)
    packed = log.with_suffix(".log.gz")
    if not packed.exists():
        part = packed.with_suffix(".part")
        with log.open("rb") as source, gzip.open(part, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        part.rename(packed)
    return log, packed, large, line


def commands(log: Path) -> dict[str, list[str] | None]:
    """Return the commands to compare, by name, logproc first; None if a program is not installed."""
    peer = [sys.executable, "-m", "tools.bench.peers"]
    return {
        "logproc": analyze(log),
        LIMIT: compiled_limit(log),
        "goaccess, JSON": goaccess(log),
        "mawk, three counts": ["mawk", "-f", str(HERE / "three_counts.awk"), str(log)] if shutil.which("mawk") else None,
        "DuckDB, seven counts": [*peer, "duckdb", str(log)] if find_spec("duckdb") else None,
        "Polars, seven counts": [*peer, "polars", str(log)] if find_spec("polars") else None,
    }


def compiled_limit(log: Path) -> list[str] | None:
    """Compile the C loop and return its command, None without a compiler."""
    compiler, program = shutil.which("cc"), FOLDER / "one_format"
    if not compiler:
        return None
    subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / "one_format.c")], check=True)
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


def check_counts(log: Path, compared: Mapping[str, Sequence[str]]) -> None:
    """Exit unless logproc counts every line, and the same statuses as the C loop: a wrong answer has no speed."""
    report = report_of(analyze(log, "--output", "json"))
    account = report["account"]
    if not report["complete"] or account["records"] != account["lines"]:
        sys.exit(f"logproc did not take every line: {account}")
    if LIMIT in compared:
        output = subprocess.run(compared[LIMIT], capture_output=True, text=True, check=True).stdout
        expected = [line.split("\t")[1:] for line in output.splitlines() if line.startswith("status\t")]
        counted = [[row["status"], str(row["count"]), str(row["bytes"])] for row in report["panels"]["status"]["rows"]]
        if counted != expected:
            sys.exit(f"logproc and C count otherwise: {counted} {expected}")


def elapsed_by_workers(log: Path, rounds: int) -> tuple[float, float]:
    """Return the median times that logproc reports, without its start, with one and with two workers, in turn."""
    timed = [
        [float(report_of(analyze(log, "--workers", workers, "--output", "json"))["run"]["elapsed_s"]) for workers in ("1", "2")]
        for _ in range(rounds)
    ]
    one, two = zip(*timed, strict=True)
    return median(one), median(two)


def peer_promises(peers: Mapping[str, Summary]) -> list[Promise]:
    """Return the promises against the installed programs."""
    bounds = {"goaccess, JSON": 20, "mawk, three counts": 1.5, "DuckDB, seven counts": 1.7, "Polars, seven counts": 1.0}
    promises = [
        Promise(f"faster than {name}", peers[name].wall_ratio, bound, " x", at_least=True)
        for name, bound in bounds.items()
        if name in peers
    ]
    if LIMIT in peers:
        promises.append(Promise(f"CPU time by that of {LIMIT}", 1 / peers[LIMIT].cpu_ratio, 2.5, " x"))
    return [*promises, Promise("peak memory", peers["logproc"].peak_mib, 350, " MiB")]


if __name__ == "__main__":
    main()
