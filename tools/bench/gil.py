"""The effect of the GIL on threads: the same work by one thread and by two, and a reader beside busy threads.

usage: python -m tools.bench.gil [--rounds N] [--markdown]

Works on one chunk of the benchmark's log, in memory, some six seconds a round. Figures are medians over the rounds, one and two
threads in turn. Only ratios mean anything, and only on a machine with two free cores.
"""

from __future__ import annotations

import argparse
import gzip
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy
import pyarrow
from isal import igzip

from logproc.counting.tally import count
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Chunk
from logproc.model.snapshot import gil_enabled
from tests.support.chunks_of import parse
from tools.bench.common import machine, print_markdown, print_plain
from tools.bench.logs.access_log import blocks

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

LINES = 20_000
READER_S = 0.3
Reading = Callable[[Path], Iterator[int]]
STATUS = re.compile(rb'^[^"\n]*"[^"\n]*" (\d{3})', re.MULTILINE)


@dataclass(frozen=True)
class Work:
    """One way to process a chunk, repeated so that each takes about a quarter of a second."""

    name: str
    do: Callable[[Bytes], object]
    times: int


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--markdown", action="store_true", help="print tables for THREADING.md")
    options = parser.parse_args()
    data = make_chunk()
    show = print_markdown if options.markdown else print_plain
    print(f"{machine()}, {'with' if gil_enabled() else 'without'} GIL, medians of {options.rounds} rounds\n")
    show(["the same work", "1 thread, s", "2 threads, s", "times as fast"], work_rows(data, options.rounds))
    print()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "access.log.gz")
        path.write_bytes(gzip.compress(data.tobytes() * 8, 6))
        readers = [reader_row(name, read, path, data, options.rounds) for name, read in READINGS.items()]
    show(["a reader of a .gz file, MB/s", "alone", "beside two workers of logproc", "beside two threads in `re`"], readers)


def make_chunk() -> Bytes:
    """Return some megabytes of whole lines of the benchmark's log."""
    return numpy.concatenate([numpy.frombuffer(block, numpy.uint8) for block in blocks(LINES, numpy.random.default_rng(7))])


def loop_over_lines(data: Bytes) -> Counter[bytes]:
    """Count the statuses in pure Python, line by line."""
    statuses: Counter[bytes] = Counter()
    for line in data.tobytes().split(b"\n")[:-1]:
        statuses[line.split(b'"')[2].split()[0]] += 1
    return statuses


def expression(data: Bytes) -> Counter[bytes]:
    """Count the statuses by one regular expression over the chunk: C code, but `re` holds the GIL."""
    return Counter(STATUS.findall(data.tobytes()))


def find_quotes(data: Bytes) -> int:
    """Find all quotes and line feeds: numpy, which releases the GIL."""
    return len(numpy.flatnonzero((data == ord('"')) | (data == ord("\n"))))


def encode_words(data: Bytes) -> int:
    """Dictionary-encode all words: Arrow, which releases the GIL."""
    offsets = numpy.flatnonzero(data == ord(" ")).astype(numpy.int32)
    buffers = [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)]
    return len(pyarrow.Array.from_buffers(pyarrow.binary(), len(offsets) - 1, buffers).dictionary_encode().dictionary)


def whole_work(data: Bytes) -> int:
    """Parse and count a chunk as a worker does."""
    return count(Chunk(0, 0, 0, 1, LINES, BY_NAME["combined"], data), parse(data, "combined", 1 << 20)).keys


WORKS = (
    Work("pure Python, line by line", loop_over_lines, 10),
    Work("Python's `re` over the chunk", expression, 8),
    Work("numpy: find quotes and line ends", find_quotes, 60),
    Work("pyarrow: a dictionary of all words", encode_words, 12),
    Work("logproc: parse and count the chunk", whole_work, 12),
)


def work_rows(data: Bytes, rounds: int) -> list[list[str]]:
    """Return a row for each way: seconds by one thread, by two, and the median of the rounds' ratios.

    A round holds all ways, so that a machine's moods meet all of them alike; one that does not count comes first.
    """
    seconds: dict[str, list[tuple[float, float]]] = {work.name: [] for work in WORKS}
    for _ in range(rounds + 1):
        for work in WORKS:
            seconds[work.name].append((by_threads(work, data, 1), by_threads(work, data, 2)))
    return [[name, *work_cells(pairs[1:])] for name, pairs in seconds.items()]


def work_cells(pairs: Sequence[tuple[float, float]]) -> tuple[str, str, str]:
    """Return the medians of a way, as text."""
    one, two = zip(*pairs, strict=True)
    return f"{median(one):.2f}", f"{median(two):.2f}", f"{median(first / second for first, second in pairs):.2f}"


def by_threads(work: Work, data: Bytes, threads: int) -> float:
    """Return the seconds that the whole work takes with a number of threads."""

    def repeat() -> None:
        for _ in range(work.times // threads):
            work.do(data)

    team = [threading.Thread(target=repeat, name=f"{work.name} {number}") for number in range(threads)]
    start = time.perf_counter()
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    return time.perf_counter() - start


def reader_row(name: str, read: Reading, path: Path, data: Bytes, rounds: int) -> list[str]:
    """Return the row of a reader: its speed alone, and beside two threads of each kind."""
    rates = [
        (read_rate(read, path), *(beside_two(busy, data, read, path) for busy in (whole_work, expression)))
        for _ in range(rounds)
    ]
    return [name, *(f"{median(column):,.1f}" for column in zip(*rates, strict=True))]


def beside_two(busy: Callable[[Bytes], object], data: Bytes, read: Reading, path: Path) -> float:
    """Return the speed of a reader while two other threads work."""
    finished = threading.Event()

    def keep_busy() -> None:
        while not finished.is_set():
            busy(data)

    team = [threading.Thread(target=keep_busy, name=f"busy {number}") for number in range(2)]
    for thread in team:
        thread.start()
    try:
        return read_rate(read, path)
    finally:
        finished.set()
        for thread in team:
            thread.join()


def read_rate(read: Reading, path: Path) -> float:
    """Return the MB/s of reading an archive repeatedly for about a third of a second."""
    total, start = 0, time.perf_counter()
    now = start
    while now < start + READER_S:
        for size_bytes in read(path):
            total += size_bytes
            now = time.perf_counter()
            if now >= start + READER_S:
                break
    return total / (now - start) / 1e6


def by_lines(path: Path) -> Iterator[int]:
    """Iterate over the lines of an archive with the standard library, which decompresses a few kilobytes at a time."""
    with gzip.open(path, "rb") as file:
        yield from map(len, file)


def by_blocks(path: Path) -> Iterator[int]:
    """Read an archive in blocks of 1 MiB, each in one call that releases the GIL."""
    buffer = bytearray(1 << 20)
    with igzip.IGzipFile(str(path), "rb") as file:  # type: ignore[no-untyped-call]  # isal has no types for it
        while count_bytes := file.readinto(buffer):
            yield count_bytes


READINGS = {"line by line, with gzip": by_lines, "in blocks of 1 MiB, with isal": by_blocks}

if __name__ == "__main__":
    main()
