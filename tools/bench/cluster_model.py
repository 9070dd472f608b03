"""How long does a cluster of so many workers take? Costs that are measured here, and a model made of them.

usage: python -m tools.bench.cluster_model [--log FILE]      two minutes; prints the tables of docs/cluster.md

A worker is a process with one thread, on a core of its own. The model has four parts that go on side by side, and the slowest
is the limit; behind it comes the way from the last piece to the report:

    workers    (pieces x count_s + joins x join_s) / workers
    scheduler  (pieces + joins) x scheduler_s       one process, one thread
    client     (pieces + joins) x client_s          the same
    storage    bytes / bandwidth
    the rest   start_s + count_s + levels x (join_s and its transfer) + summary_s

What it leaves out: uneven workers, other runs, and the network's own limits.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import psutil  # comes with distributed
from distributed import Client

from logproc.pipeline.cluster.fleet import Fleet, run_on_cluster
from logproc.pipeline.cluster.pieces import MOST_RANGES, RANGE_BYTES, Piece, pieces_of
from logproc.pipeline.cluster.tasks import HERE, Job, Part, counted, joined
from logproc.pipeline.cluster.tree import FAN
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.plan import Plan
from logproc.pipeline.probing import probe_files
from logproc.settings import Settings
from tools.bench.common import access_log, machine, print_markdown
from tools.bench.logs.access_log import blocks

LINES = 2_000_000
TINY_PIECES = 2000
MAX_KEYS = 1000
KEYS = (1_000, 100_000, 1_000_000)
NETWORK_BPS = 1.25e9
"""Between two workers: 10 Gbit/s."""
STORAGE_BPS = (1.25e9, 12.5e9, math.inf)
"""Of the storage that all workers share: a server with 10 Gbit/s, one with 100, and each worker a disk of its own."""
WORKERS = (4, 16, 64, 256, 1024)
WORK_BYTES = 10**12
PIECE_LINES = 1_000_000
"""About so many lines of an access log are in a piece of 1 TB, and at most so many keys in its part."""
MANY_KEYS = (1_000_000, 100_000_000)


@dataclass(frozen=True)
class JoinCost:
    """What joins cost. keys: how many a part of one piece has, and at most one of many.

    join_s, pack_s, key_bytes: for each key of each part: to merge it, to pack and unpack it, and its size packed.
    """

    keys: int
    most_keys: int
    join_s: float
    pack_s: float
    key_bytes: float

    def part_keys(self, level: int) -> int:
        """Return how many keys a part has, from level 0 for that of one piece: no more than all parts in it together."""
        return min(self.most_keys, self.keys * int(FAN**level))

    def seconds(self, level: int) -> float:
        """Return the seconds of one join of parts of this level."""
        return FAN * self.part_keys(level) * (self.join_s + self.pack_s)

    def transfer_s(self, level: int) -> float:
        return (FAN - 1) * self.part_keys(level) * self.key_bytes / NETWORK_BPS


@dataclass(frozen=True)
class Costs:
    """What was measured, in seconds of CPU time. count_s: for each byte."""

    count_s: float
    worker_s: float
    scheduler_s: float
    client_s: float
    start_s: float
    summary_s: float


def prepared(log: Path, range_bytes: int = RANGE_BYTES, **options: Any) -> tuple[bytes, list[Piece]]:
    """Return the job and the pieces of a log."""
    settings = Settings(**options)
    sources = find_sources([str(log)], settings)
    plan = Plan.of(settings, sources=sources)
    probes = probe_files(Openers.of(settings, {}, None, sources), plan, sources)
    pieces, forms = pieces_of(sources, dict(enumerate(probes)), settings, range_bytes)
    return pickle.dumps(Job(plan, settings, {}, forms), protocol=5), pieces[0]


def least(work: Callable[[], Any], rounds: int = 3) -> float:
    """Return the seconds of CPU time of the fastest of some rounds: what else the machine does is left out."""
    times = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return min(times)


def cost_of_joining(folder: Path, keys: int, max_keys: int | None = None) -> JoinCost:
    """Measure the join of eight parts, each with up to so many different paths."""
    lines = max(20_000, min(keys, 250_000))
    log = folder / "keys.log"
    with log.open("wb") as file:
        for block in blocks(FAN * lines, numpy.random.default_rng(3), keys):
            file.write(block)
    job, pieces = prepared(log, -(-log.stat().st_size // FAN), by=("path",), max_keys=max_keys)
    parts = [counted(HERE, job, piece) for piece in pieces]
    return measured_join(parts, max_keys, keys if max_keys is None else min(keys, max_keys))


def measured_join(parts: list[Part], max_keys: int | None, most_keys: int) -> JoinCost:
    packed = [pickle.dumps(part, protocol=5) for part in parts]
    keys = sum(keys_of(part) for part in parts)
    return JoinCost(
        keys // len(parts),
        most_keys,
        least(lambda: joined(max_keys, parts)) / keys,
        least(lambda: [pickle.dumps(pickle.loads(one), protocol=5) for one in packed]) / keys,
        sum(map(len, packed)) / keys,
    )


def keys_of(part: Part) -> int:
    return sum(len(counts) for counts in part.tally.panels.values())


@contextmanager
def cluster(workers: int, threads: int = 1) -> Iterator[tuple[Client, dict[str, list[psutil.Process]]]]:
    """Start a scheduler and workers, each a process; yield a client, and the processes."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address_file = Path(folder) / "scheduler.json"

        def started(*arguments: str) -> psutil.Process:
            command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(address_file), "--no-dashboard"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return psutil.Process(process.pid)

        found = {"scheduler": [started("scheduler", "--host", "127.0.0.1", "--port", "0")]}
        while not (address_file.exists() and address_file.read_text().rstrip().endswith("}")):
            time.sleep(0.05)
        one = ("worker", "--no-nanny", "--nthreads", str(threads), "--local-directory", folder)
        found["workers"] = [started(*one) for _ in range(workers)]
        client = stack.enter_context(Client(scheduler_file=str(address_file), set_as_default=False))
        client.wait_for_workers(workers, timeout=30)
        yield client, found


def cpu_s(processes: list[psutil.Process]) -> float:
    return float(sum(process.cpu_times().user + process.cpu_times().system for process in processes))


def run_of(client: Client, log: Path, range_bytes: int = RANGE_BYTES) -> tuple[float, float]:
    """Read a log on a cluster; return the seconds by the clock, without those of connecting, and those of the summary."""
    settings = Settings()
    sources = find_sources([str(log)], settings)
    start = time.perf_counter()
    fleet = Fleet(client, sources, settings, Openers.of(settings, {}, None, sources), {}, range_bytes)
    run = run_on_cluster(fleet)
    wall_s = time.perf_counter() - start
    if run.cause or not run.snapshot.complete:
        sys.exit(f"the run failed: {run.cause}")
    return wall_s, least(fleet.run)


def costs_of_tasks(
    client: Client, processes: dict[str, list[psutil.Process]], folder: Path
) -> tuple[float, float, float, float]:
    """Return the seconds of scheduler, client and workers for each of many tiny pieces or joins, and all by the clock."""
    log = folder / "tiny.log"
    log.write_bytes(b"".join(map(bytes, blocks(40_000, numpy.random.default_rng(2)))))
    range_bytes = log.stat().st_size // TINY_PIECES
    own = psutil.Process()
    everyone = {"scheduler": processes["scheduler"], "client": [own], "workers": processes["workers"]}
    run_of(client, log, range_bytes * 20)  # warm
    before = {name: cpu_s(some) for name, some in everyone.items()}
    wall_s, _ = run_of(client, log, range_bytes)
    tasks = TINY_PIECES * FAN / (FAN - 1)
    spent = {name: (cpu_s(some) - before[name]) / tasks for name, some in everyone.items()}
    return spent["scheduler"], spent["client"], spent["workers"], wall_s / tasks


@dataclass(frozen=True)
class Estimate:
    """What the model says of a run."""

    seconds: float
    limit: str
    busy: float
    """Which share of the time workers count."""


def estimate(
    costs: Costs, join: JoinCost, workers: int, work_bytes: float = WORK_BYTES, storage_bps: float = math.inf
) -> Estimate:
    """Return how long so many workers take, and what is the limit."""
    range_bytes = max(RANGE_BYTES, work_bytes / MOST_RANGES)
    pieces = math.ceil(work_bytes / range_bytes)
    levels = max(1, math.ceil(math.log(pieces, FAN)))
    joins = pieces / (FAN - 1)
    joining_s = sum(pieces / FAN ** (level + 1) * join.seconds(level) for level in range(levels))
    counting_s = work_bytes * costs.count_s
    waves = math.ceil(pieces / workers) / (pieces / workers) if pieces < 20 * workers else 1
    sides = {
        "workers": (counting_s * waves + pieces * costs.worker_s + joining_s) / workers,
        "scheduler": (pieces + joins) * costs.scheduler_s,
        "client": (pieces + joins) * costs.client_s,
        "storage": work_bytes / storage_bps,
    }
    limit = max(sides, key=lambda name: sides[name])
    behind = sum(join.seconds(level) + join.transfer_s(level) for level in range(levels))
    seconds = costs.start_s + sides[limit] + behind + costs.summary_s
    return Estimate(seconds, limit, counting_s / workers / seconds)


def start_s() -> float:
    """Return the seconds until a command could hand out its first piece: Python, the libraries, the connection."""
    code = "import distributed, logproc.pipeline.cluster.fleet, logproc.command.cli"
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, help="the access log that is counted; one of 463 MB is made if none is given")
    log = parser.parse_args().log or access_log(LINES)
    size = log.stat().st_size
    job, pieces = prepared(log)
    piece = pieces[len(pieces) // 2]
    alone_s = least(lambda: counted(HERE, job, piece)) / piece.size_bytes
    part_bytes = len(pickle.dumps(counted(HERE, job, piece), protocol=5))
    real: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        joins = {(keys, most): cost_of_joining(Path(name), keys, most) for keys in KEYS for most in (None, MAX_KEYS)}
        for workers in (1, 2):
            with cluster(workers) as (client, processes):
                _, summary_s = run_of(client, log)  # workers import what they need
                before_s = cpu_s(processes["workers"])
                real[workers] = min(run_of(client, log)[0] for _ in range(3))
                in_workers_s = (cpu_s(processes["workers"]) - before_s) / 3
                if workers == 1:
                    worked_s = in_workers_s
                    scheduler_s, client_s, tiny_s, task_s = costs_of_tasks(client, processes, Path(name))
        tiny_job, tiny = prepared(Path(name) / "tiny.log", (Path(name) / "tiny.log").stat().st_size // TINY_PIECES)
        tiny_count_s = least(lambda: [counted(HERE, tiny_job, one) for one in tiny[:100]]) / 100
    usual = usual_join(job, pieces)
    worker_s = max(0.0, tiny_s - tiny_count_s * (FAN - 1) / FAN)
    count_s = (worked_s - len(pieces) * (worker_s + usual.seconds(0) / FAN)) / size
    costs = Costs(count_s, worker_s, scheduler_s, client_s, start_s(), summary_s)

    print(f"{machine()}. Seconds of CPU time, the least of three rounds.\n")
    print_markdown(
        ["", ""],
        [
            ["one thread counts, by itself", f"{1e-6 / alone_s:.0f} MB/s"],
            ["one thread counts, in a worker", f"{1e-6 / count_s:.0f} MB/s"],
            [f"a part of {RANGE_BYTES >> 20} MiB, packed", f"{part_bytes / 1e6:.2f} MB"],
            ["each piece or join: scheduler", f"{scheduler_s * 1e3:.2f} ms"],
            ["each piece or join: client", f"{client_s * 1e3:.2f} ms"],
            ["each piece or join: worker, beside its work", f"{costs.worker_s * 1e3:.2f} ms"],
            ["each piece or join, by the clock", f"{task_s * 1e3:.2f} ms"],
            ["start of the command", f"{costs.start_s:.2f} s"],
            ["summary of the last part", f"{costs.summary_s:.2f} s"],
        ],
    )
    print(f"\nJoining {FAN} parts:\n")
    rows = [join_row(f"{keys:,}", f"{most or '–'}", cost) for (keys, most), cost in joins.items()]
    rows.append(join_row("usual panels", "–", usual))
    print_markdown(["distinct keys", "--max-keys", "keys of a part", "joining, ms", "packing, ms", "a part, MB"], rows)
    print(f"\nThe model against {size / 1e6:.0f} MB read here, without the start:\n")
    rows = []
    for workers, seconds in real.items():
        modelled = estimate(costs, usual, workers, size).seconds - costs.start_s
        rows.append([str(workers), f"{seconds:.2f}", f"{modelled:.2f}", f"{100 * (modelled / seconds - 1):+.0f} %"])
    print_markdown(["workers", "measured, s", "model, s", "model is off by"], rows)
    print("\n1 TB:\n")
    rows = [model_row(costs, usual, workers) for workers in WORKERS]
    print_markdown(["workers", *[f"storage {called(bps)}" for bps in STORAGE_BPS], "limit without one of storage"], rows)
    print(f"\n1 TB by one field, each worker with a disk of its own; last column: --max-keys {MAX_KEYS}:\n")
    most = joins[max(KEYS), None]
    grown = [replace(most, keys=PIECE_LINES, most_keys=keys) for keys in MANY_KEYS] + [joins[max(KEYS), MAX_KEYS]]
    rows = [[str(workers), *[lasting(estimate(costs, cost, workers).seconds) for cost in grown]] for workers in WORKERS]
    rows.append(["the last part", *[f"{cost.most_keys * cost.key_bytes / 1e6:,.0f} MB" for cost in grown]])
    print_markdown(["workers", *[f"{keys:,} keys" for keys in MANY_KEYS], "any"], rows)
    print("\n" + json.dumps({"costs": costs.__dict__, "usual": usual.__dict__}, default=str))


def usual_join(job: bytes, pieces: list[Piece]) -> JoinCost:
    """Measure the join of parts of an access log with all its usual panels."""
    parts = [counted(HERE, job, piece) for piece in pieces]
    return measured_join(parts, None, keys_of(joined(None, parts)))


def join_row(keys: str, max_keys: str, cost: JoinCost) -> list[str]:
    of_all = FAN * cost.keys
    times = [f"{of_all * cost.join_s * 1e3:.1f}", f"{of_all * cost.pack_s * 1e3:.1f}"]
    return [keys, max_keys, f"{cost.keys:,}", *times, f"{cost.keys * cost.key_bytes / 1e6:.2f}"]


def called(storage_bps: float) -> str:
    return "without limit" if math.isinf(storage_bps) else f"{storage_bps / 1e9:g} GB/s"


def model_row(costs: Costs, join: JoinCost, workers: int) -> list[str]:
    found = [estimate(costs, join, workers, storage_bps=bps) for bps in STORAGE_BPS]
    return [str(workers), *[lasting(one.seconds) for one in found], f"{found[-1].limit}, {found[-1].busy:.0%} busy"]


def lasting(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds > 120 else f"{seconds:.0f} s"


if __name__ == "__main__":
    main()
