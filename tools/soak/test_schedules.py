"""The whole matrix of threads, budgets, chunk sizes, seeds and switch intervals: one report, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from logproc.model.source import Source
from tests.support import logs
from tests.support.reports_of import PACKINGS, serial, sources_of, stdin, switch_interval, threaded

pytestmark = pytest.mark.soak
SIZES = [1, 100, 4096, 1 << 16, None]
BUDGETS = [1, 20_000, 128 << 20]
THREADS = range(1, 9)
KEYS = [20, 400_000]
SEEDS = range(5)


@contextmanager
def some_sources(folder: Path, seed: int, *, damaged: float) -> Iterator[tuple[Source, ...]]:
    """Make files of each format and packing, whole and cut, and something on stdin, the same for the same seed."""
    for number, (name, packing) in enumerate(zip([*logs.NAMES, *logs.NAMES], PACKINGS, strict=True)):
        content = logs.log(30, seed=10 * seed + number, name=name, damaged=damaged)
        (folder / f"{number}-{name}").write_bytes(PACKINGS[packing](content))
    archive = PACKINGS["gz"](logs.log(400, seed=seed, damaged=damaged))
    (folder / "cut").write_bytes(archive[: len(archive) * 2 // 3])
    (folder / "empty").write_bytes(b"")
    (folder / "long").write_bytes(logs.line() + b"\n" + b"A" * 50_000 + b"\n" + logs.line())
    (folder / "typed").write_bytes(logs.log(30, seed=seed + 1000, damaged=damaged)[:-1])
    with stdin(folder / "typed"):
        yield sources_of(*sorted(path for path in folder.iterdir() if path.name != "typed"), "-", folder / "missing")


@pytest.mark.parametrize("damaged", [0.0, 0.4], ids=["clean", "damaged"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_report_is_the_same_for_all_schedules(seed: int, damaged: float, tmp_path: Path) -> None:
    """Readers 1 to 8, workers 1 to 8, budgets from one chunk up, chunks from one byte up, both switch intervals."""
    runs = 0
    with some_sources(tmp_path, seed, damaged=damaged) as sources:
        expected = serial(sources, max_line_bytes=20_000)
        for size in SIZES:
            assert serial(sources, max_line_bytes=20_000, chunk_size=size) == expected
        for readers, workers, interval in product(THREADS, THREADS, (0.005, 1e-6)):
            # Sizes and budgets change with the threads, so that five seeds have met every pair of them with every number.
            place = readers + workers + seed
            for step in (0, 2):
                knobs: dict[str, Any] = {
                    "chunk_size": SIZES[(place + step) % 5],
                    "memory": BUDGETS[(place + step) % 3],
                    "min_keys": KEYS[(place + readers) % 2],
                }
                with switch_interval(interval):
                    found = threaded(sources, max_line_bytes=20_000, readers=readers, workers=workers, **knobs)
                assert found == expected, (readers, workers, interval, knobs)
                runs += 1
    print(f"\nseed {seed}, {damaged:.0%} damaged: {runs} runs, one report")
