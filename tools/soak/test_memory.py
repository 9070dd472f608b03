"""The limit of --memory against the peak memory of real processes: long inputs, endless lines, bombs, dense lines, many keys.

`python -m pytest -m soak -s tools/soak/test_memory.py -o timeout=3600` prints the figures.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logproc.settings import Settings, usable_cores
from tests.support import logs, processes

pytestmark = pytest.mark.soak
MEBIBYTE = 1 << 20
MEMORY = 32 * MEBIBYTE
CHUNK = Settings(memory=MEMORY, workers=usable_cores()).chunk_bytes
PATIENCE_S = 900
KNOBS = ["--output", "json", "--memory", str(MEMORY)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make twenty files of 24 MB whose keys are few, and as many of one line; take them away at the end."""
    folder = tmp_path_factory.mktemp("memory")
    (folder / "00.log").write_bytes(logs.log(50_000) * 4)
    for number in range(1, 20):
        shutil.copyfile(folder / "00.log", folder / f"{number:02}.log")
    for number in range(20):
        (folder / f"one-{number}").write_bytes(logs.line() + b"\n")
    yield folder
    shutil.rmtree(folder)


def peak_bytes(*arguments: str | Path, feed: Callable[[int], None] | None = None) -> int:
    """Return the peak memory of a run; `feed` gets the descriptor of its stdin."""
    code, peak = processes.peak_bytes("analyze", *arguments, *KNOBS, feed=feed, timeout_s=None)
    assert code in (0, 1, 3, 5)
    return peak


def allowed_bytes(folder: Path, readers: int, files: int = 1) -> int:
    """Return what law 14 allows: the peak over as many files of one line, two chunks a reader, and 1.25 times the budget."""
    base = peak_bytes(*sorted(folder.glob("one-*"))[:files], "--readers", str(readers))
    return base + 2 * CHUNK * readers + MEMORY * 5 // 4


@pytest.mark.parametrize("readers", [1, 4])
@pytest.mark.parametrize("count", [1, 20])
def test_many_files_stay_within_the_budget(count: int, readers: int, folder: Path) -> None:
    """One file or twenty of 24 MB: the peak is within the budget, the readers' buffers and what a run costs at all."""
    files = sorted(folder.glob("*.log"))[:count]
    peak, allowed = peak_bytes(*files, "--readers", str(readers)), allowed_bytes(folder, min(readers, count), count)
    print(f"\n{count} files, {readers} readers: {peak / MEBIBYTE:.0f} of {allowed / MEBIBYTE:.0f} MiB")
    assert peak <= allowed


def repeated(piece: bytes, times: int) -> Callable[[int], None]:
    """Return a function that writes a piece to a pipe many times."""

    def feed(descriptor: int) -> None:
        try:
            for _ in range(times):
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptor, view) :]
        except BrokenPipeError:  # the program has had enough
            return

    return feed


def keys(first: int, count: int) -> bytes:
    """Return lines of an access log, each with its own client and path."""
    line = b'10.%d.%d.%d - - [17/May/2015:10:05:03 +0000] "GET /%d HTTP/1.1" 200 1 "-" "-"\n'
    numbers = range(first, first + count)
    return b"".join(line % (number >> 16, number >> 8 & 255, number & 255, number) for number in numbers)


def distinct(count: int) -> Callable[[int], None]:
    """Return what feeds a pipe with lines whose clients and paths are so many, each met once."""

    def feed(descriptor: int) -> None:
        for first in range(0, count, 100_000):
            repeated(keys(first, 100_000), 1)(descriptor)

    return feed


GOOD = logs.line() + b"\n"
PIECE = logs.log(20_000) * 18
BLOCK = 4 * MEBIBYTE
ZEROS, FEEDS = (gzip.compress(byte * (64 * MEBIBYTE)) for byte in (b"\0", b"\n"))
SHORT = b'1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1\n'
FEEDERS: dict[str, tuple[Callable[[int], None], list[str]]] = {
    "a log, once (43 MB)": (repeated(PIECE, 1), []),
    "a log, 10 times": (repeated(PIECE, 10), []),
    "a log, 100 times": (repeated(PIECE, 100), []),
    "a line of 1 GiB": (repeated(b"A" * BLOCK, 256), []),
    "a bomb of zeros, 10 GiB": (repeated(ZEROS, 160), []),
    "a bomb of zeros without a limit, 2 GiB": (repeated(ZEROS, 32), ["--max-ratio", "0"]),
    "a bomb of line feeds": (repeated(FEEDS, 160), ["--max-ratio", "500"]),
    "short lines": (repeated(SHORT * 10_000, 200), []),
    "lines with a backslash": (repeated(GOOD.replace(b"/5.0", b"\\x") * 10_000, 60), []),
    "empty lines": (repeated(GOOD + b"\n" * BLOCK, 8), []),
    "lines of one letter": (repeated(GOOD + b"x\n" * (BLOCK // 4), 8), []),
    "lines of quotes": (repeated(GOOD + b'"' * 1000 + b"\n", 50_000), []),
}
"""The input through stdin, and further arguments."""


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize("content", FEEDERS)
def test_hostile_content_stays_within_the_budget(content: str, folder: Path) -> None:
    """An endless line, a bomb or lines of no length cost no more memory than any other."""
    feed, arguments = FEEDERS[content]
    peak, allowed = peak_bytes("-", *arguments, feed=feed), allowed_bytes(folder, 1)
    print(f"\n{content}: {peak / MEBIBYTE:.0f} of {allowed / MEBIBYTE:.0f} MiB")
    assert peak <= allowed


HEADS: dict[str, tuple[bytes, list[str]]] = {
    "access": (GOOD * 3, []),
    "json": (b'{"time":"2015-05-17T10:05:03Z","level":"info","message":"hello"}\n' * 3, []),
    "logfmt": (b"time=2015-05-17T10:05:03Z level=info msg=hello\n" * 3, []),
    "syslog": (b"<13>May 17 10:05:03 host prog[12]: hello\n" * 3, []),
    "text": (b"2015-05-17 10:05:03 INFO hello\n" * 3, []),
    "pattern": (b"info hello\n" * 3, ["--pattern", "(?P<level>[a-z]+) (?P<message>.*)"]),
    "w3c": (b"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2015-05-17 10:05:03 10.0.0.1 GET /a 200\n", []),
}
"""The first lines of a log in each kind of format, and further arguments."""
DENSE = {
    "line feeds": b"\n",
    "CR LF": b"\r\n",
    "blanks": b" \n",
    "letters": b"x\n",
    "quotes": b'"\n',
    "pairs of quotes": b'""\n',
    "backslashes": b"\\\n",
    "commas": b",\n",
    "objects": b"{}\n",
    "pairs": b"a=b\n",
    "TABs": b"\t" * 1000 + b"\n",
    "many quotes": b'"' * 1000 + b"\n",
    "many backslashes": b"\\" * 1000 + b"\n",
    "many pairs": b"a=b " * 20_000 + b"\n",
}
"""Lines of almost nothing, and long ones of nothing but marks."""


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize("form", HEADS)
def test_dense_lines_stay_within_the_budget(form: str, folder: Path) -> None:
    """Behind a record of any format, lines of a byte and lines of nothing but marks cost no more memory than records."""
    head, arguments = HEADS[form]
    allowed, peaks = allowed_bytes(folder, 1), {}
    for kind, line in DENSE.items():
        block = line * (MEBIBYTE // len(line))
        peaks[kind] = peak_bytes("-", *arguments, feed=repeated(head + block * 12, 1))
        print(f"\n{form}, {kind}: {peaks[kind] / MEBIBYTE:.0f} of {allowed / MEBIBYTE:.0f} MiB")
    assert max(peaks.values()) <= allowed


@pytest.mark.timeout(PATIENCE_S)
def test_bounded_keys_bound_the_tally(folder: Path) -> None:
    """With --max-keys the tally of five million clients and paths takes as much memory as that of one million."""
    peaks = {}
    for count in (100_000, 1_000_000, 5_000_000):
        peaks[count] = peak_bytes("-", "--max-keys", "100000", feed=distinct(count))
        share = peaks[count] - peak_bytes("-", "--max-keys", "100000", feed=repeated(keys(0, 1000), count // 1000))
        limited = f"{count:,} clients and paths, --max-keys 100000: {peaks[count] / MEBIBYTE:.0f} MiB"
        print(f"\n{limited}, {share / MEBIBYTE:.0f} of them for the tally")
    assert peaks[5_000_000] <= peaks[1_000_000] * 1.25
    assert peaks[5_000_000] <= allowed_bytes(folder, 1) + TALLY


TALLY = 256 * MEBIBYTE
"""What counts of 100,000 keys a panel take, and two more of the same while they are merged."""
