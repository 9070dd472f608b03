"""The benchmark of growth: a hundred times the lines, a million distinct keys, and a second worker."""

from __future__ import annotations

import argparse
from statistics import median

from tools.bench.common import FEW_ROUNDS, TIMES, Promise, Show, access_log, analyze, peer_rows, report_of
from tools.bench.compare import in_turn

KEYS = (1, 1_000, 100_000, 1_000_000)


def measured(options: argparse.Namespace, show: Show) -> list[Promise]:
    """Measure logs of other sizes and kinds, print the results, and return the promises."""
    rounds = min(FEW_ROUNDS, options.rounds)
    sizes = [options.lines // 10, options.lines, options.lines * 10]
    by_size = in_turn({f"{lines:,} lines": analyze(access_log(lines)) for lines in sizes}, rounds)
    keys = {f"{number:,} distinct paths": analyze(access_log(options.lines, number), "--by", "path") for number in KEYS}
    by_keys = in_turn(keys, options.rounds)
    one, two = elapsed_by_workers(options.lines * 10, rounds)
    show([*TIMES, "times the first one's time"], [*peer_rows(by_size), *peer_rows(by_keys)])
    print()
    _, usual, ten_times = by_size.values()
    return [
        Promise("ten times the lines, wall time", ten_times.wall_s / usual.wall_s, 10, " x"),
        Promise("ten times the lines, peak memory", ten_times.peak_mib / usual.peak_mib, 1.1, " x"),
        Promise("two workers instead of one, ten times the lines", one / two, 1.5, " x", at_least=True),
    ]


def elapsed_by_workers(lines: int, rounds: int) -> tuple[float, float]:
    """Return the median times that logproc reports, without its start, with one and with two workers, in turn."""
    log = access_log(lines)
    timed = [
        [float(report_of(analyze(log, "--workers", workers))["run"]["elapsed_s"]) for workers in ("1", "2")]
        for _ in range(rounds)
    ]
    one, two = zip(*timed, strict=True)
    return median(one), median(two)
