"""Write a large access log in the Combined format, the same bytes for the same seed and numpy.

usage: python -m tools.bench.logs.access_log LINES FILE [--seed N] [--targets N]

What makes a real log hard to count is its spread of keys, so that is what this one has: Zipf's law over 30,000 targets,
80,000 clients (one in 17 of IPv6), 3,000 referrers and 400 user agents, log-normal sizes, four requests a second.
Clients are of the network kept for benchmarks (RFC 2544). About a million lines a second, 230 bytes each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.compute

BLOCK_LINES = 200_000
START_S = 1_735_689_600
SECTIONS = [
    "products",
    "blog",
    "api/v1/users",
    "api/v2/orders",
    "static/js",
    "static/css",
    "images",
    "docs",
    "search",
    "account",
]
ENDINGS = ["?q={0}&page={1}", ".html", ".js", ".png"]
SYSTEMS = [
    "Windows NT 10.0; Win64; x64",
    "X11; Linux x86_64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "iPhone; CPU iPhone OS 17_1 like Mac OS X",
    "Linux; Android 13; SM-S901B",
]
METHODS = {"GET": 0.82, "POST": 0.12, "HEAD": 0.03, "PUT": 0.015, "DELETE": 0.01, "OPTIONS": 0.005}
STATUSES = {
    "200": 0.78,
    "304": 0.06,
    "404": 0.05,
    "301": 0.03,
    "302": 0.03,
    "403": 0.015,
    "206": 0.01,
    "401": 0.01,
    "500": 0.01,
    "503": 0.005,
}


@dataclass
class Choice:
    """Texts with their probabilities."""

    texts: pyarrow.Array
    sums: Any

    @classmethod
    def of(cls, texts: Sequence[str], weights: Any) -> Choice:
        """Return a choice among `texts` by `weights`."""
        sums = numpy.cumsum(weights)
        return cls(pyarrow.array(texts, pyarrow.string()), sums / sums[-1])

    @classmethod
    def zipf(cls, texts: Sequence[str], exponent: float) -> Choice:
        """Return a choice in which the text of rank r has a weight of r to the power of -`exponent`."""
        return cls.of(texts, numpy.arange(1, len(texts) + 1, dtype=float) ** -exponent)

    def draw(self, rng: numpy.random.Generator, size: int) -> pyarrow.Array:
        """Return `size` texts."""
        return self.texts.take(pyarrow.array(numpy.searchsorted(self.sums, rng.random(size))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--targets", type=int, default=0, help="so many different targets, all as frequent")
    options = parser.parse_args()
    write(options.file, options.lines, options.seed, options.targets)


def write(path: Path, lines: int, seed: int, equal_targets: int = 0) -> None:
    """Write a log. equal_targets: as of `blocks`."""
    with path.open("wb") as out:
        for block in blocks(lines, numpy.random.default_rng(seed), equal_targets):
            out.write(block)


def blocks(lines: int, rng: numpy.random.Generator, equal_targets: int = 0) -> Iterator[pyarrow.Buffer]:
    """Yield the bytes of a log in blocks. equal_targets: how many targets, all as frequent; 0: a few frequent, many rare."""
    clients, targets = Choice.zipf(make_clients(rng), 0.9), Choice.zipf(make_targets(rng), 1.05)
    if equal_targets:
        targets = Choice.of([f"/item/{number}" for number in range(equal_targets)], [1] * equal_targets)
    referrers, agents = Choice.zipf(make_referrers(), 1.3), Choice.zipf(make_agents(), 1.1)
    users = Choice.of([" - - [", " - alice ["], [0.98, 0.02])
    methods, statuses = (Choice.of(list(words), list(words.values())) for words in (METHODS, STATUSES))
    protocols = Choice.of([' HTTP/1.1" ', ' HTTP/2.0" '], [2, 1])
    clock = float(START_S)
    for done in range(0, lines, BLOCK_LINES):
        count = min(BLOCK_LINES, lines - done)
        seconds = clock + numpy.cumsum(rng.exponential(0.25, count))
        clock = float(seconds[-1])
        status = statuses.draw(rng, count)
        yield joined(
            *[clients.draw(rng, count), users.draw(rng, count), times(seconds), ' +0000] "'],
            *[methods.draw(rng, count), " ", targets.draw(rng, count), protocols.draw(rng, count)],
            *[status, " ", sizes(rng, status), ' "', referrers.draw(rng, count), '" "', agents.draw(rng, count), '"\n'],
        )


def joined(*pieces: Any) -> pyarrow.Buffer:
    """Join pieces row by row; return the contiguous bytes of all rows."""
    lines = pyarrow.compute.binary_join_element_wise(*pieces, "")
    first, last = numpy.frombuffer(lines.buffers()[1], numpy.int32)[[0, len(lines)]]
    return lines.buffers()[2].slice(first, last - first)


def times(seconds: Any) -> pyarrow.Array:
    """Return the times as in a log, without the zone; each second is formatted once."""
    distinct, index = numpy.unique(seconds.astype("int64"), return_inverse=True)
    texts = pyarrow.compute.strftime(pyarrow.array(distinct, pyarrow.timestamp("s")), format="%d/%b/%Y:%H:%M:%S", locale="C")
    return texts.take(pyarrow.array(index))


def sizes(rng: numpy.random.Generator, status: pyarrow.Array) -> pyarrow.Array:
    """Return the sizes of the responses; status 304 has none."""
    drawn = pyarrow.array(rng.lognormal(8, 1.8, len(status)).astype("int64")).cast(pyarrow.string())
    return pyarrow.compute.if_else(pyarrow.compute.equal(status, "304"), "-", drawn)


def make_clients(rng: numpy.random.Generator) -> list[str]:
    """Return the addresses, the most frequent first."""
    numbers = rng.permutation(1 << 17)[:80_000]
    texts = [f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}" for number in numbers.tolist()]
    texts[::17] = [f"2001:db8:{a:x}:{b:x}::{c:x}" for a, b, c in rng.integers(1, 65535, (len(texts[::17]), 3)).tolist()]
    return texts


def make_targets(rng: numpy.random.Generator) -> list[str]:
    """Return the targets, the most frequent first; one in four has a query."""
    pages = (10 ** rng.uniform(1, 8, 30_000)).astype(int)
    pages = (10 ** rng.uniform(1, 8, 30_000)).astype(int)
    draws = zip(pages, rng.integers(1, 10**6, 30_000), rng.integers(1, 30, 30_000), strict=True)
    return [
        f"/{SECTIONS[rank % 10]}/{page}" + ENDINGS[rank % 4].format(query, number)
        for rank, (page, query, number) in enumerate(draws)
    ]


def make_referrers() -> list[str]:
    """Return the referrers; most are unknown."""
    return ["-", *(f"https://www{number % 40}.example.com/{SECTIONS[number % 10]}/{number}" for number in range(3000))]


def make_agents() -> list[str]:
    """Return the user agents: browsers and others."""
    engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
    texts = [
        f"Mozilla/5.0 ({SYSTEMS[rank % 5]}) {engine} Chrome/{90 + rank % 60}.0.{1000 + rank}.{rank % 200} Safari/537.36"
        for rank in range(400)
    ]
    texts[::23] = [
        f"Mozilla/5.0 (compatible; ExampleBot/2.{rank}; +https://bot.example.com/)" for rank in range(len(texts[::23]))
    ]
    texts[5::57] = ["-"] * len(texts[5::57])
    return texts


if __name__ == "__main__":
    main()
