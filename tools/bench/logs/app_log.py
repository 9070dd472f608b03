"""Write the log of an application as JSON lines, as logfmt and as plain text, the same bytes for the same seed and numpy.

usage: python -m tools.bench.logs.app_log LINES FOLDER [--seed N]

Lines are those of zap or bunyan behind a web server: five levels, 40 loggers, messages of 48 kinds, nearly all with different
numbers in them, a nested request, a status and a duration in seconds. Two lines a second, some 240 bytes each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute

from tools.bench.logs.access_log import BLOCK_LINES, METHODS, START_S, STATUSES, Choice, joined, make_targets

LEVELS = {"info": 0.8, "debug": 0.1, "warning": 0.06, "error": 0.035, "critical": 0.005}
SERVICES = ["cart", "orders", "payment", "mail", "search", "stock", "users", "reviews"]
PARTS = ["api", "db", "cache", "queue", "worker"]
VERBS = ["opened", "closed", "placed", "shipped", "accepted", "retried"]
OBJECTS = ["order", "payment", "session", "connection", "job", "user", "parcel", "page"]
ENDINGS = [" in {} ms", " by {}", " for account {}", ""]
VALUE = "{}"
PATTERN = (
    r"^(?P<time>\S+ \S+) \[(?P<thread>[^\]]+)\] (?P<level>[A-Z]+) (?P<logger>\S+) - (?P<message>.*)"
    r" \((?P<status>\d{3}) in (?P<duration>[\d.]+) s\)$"
)
"""The lines of plain text as an expression, for RE2 and `re` alike."""
NAMES = ("json", "logfmt", "text")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    files = {name: (options.folder / f"app.{name}").open("wb") for name in NAMES}
    for block in blocks(options.lines, numpy.random.default_rng(options.seed)):
        for name, content in block.items():
            files[name].write(content)
    for file in files.values():
        file.close()


def blocks(lines: int, rng: numpy.random.Generator) -> Iterator[dict[str, pyarrow.Buffer]]:
    """Yield the bytes of the logs in blocks, by the names of the three formats."""
    levels, methods, statuses = (Choice.of(list(words), list(words.values())) for words in (LEVELS, METHODS, STATUSES))
    loggers = Choice.zipf([f"shop.{service}.{part}" for part in PARTS for service in SERVICES], 1.0)
    paths = Choice.zipf(make_targets(rng), 1.05)
    threads = Choice.of([f"worker-{number}" for number in range(8)], [1] * 8)
    clock = START_S * 1000.0
    for done in range(0, lines, BLOCK_LINES):
        count = min(BLOCK_LINES, lines - done)
        millis = clock + numpy.cumsum(rng.exponential(500, count))
        clock = float(millis[-1])
        moments = pyarrow.array(millis.astype("int64"), pyarrow.timestamp("ms"))
        yield written(
            day=pyarrow.compute.strftime(moments, format="%Y-%m-%d", locale="C"),
            clock=pyarrow.compute.strftime(moments, format="%H:%M:%S", locale="C"),  # with milliseconds behind a point
            level=levels.draw(rng, count),
            logger=loggers.draw(rng, count),
            thread=threads.draw(rng, count),
            message=messages(rng, count),
            request=hexadecimal(rng, count),
            method=methods.draw(rng, count),
            path=paths.draw(rng, count),
            status=statuses.draw(rng, count),
            duration=durations(rng, count),
        )


def written(**field: pyarrow.Array) -> dict[str, pyarrow.Buffer]:
    """Return the lines of some records in each of the three formats."""
    time = [field["day"], "T", field["clock"], "Z"]
    request = ['"request":{"id":"', field["request"], '","method":"', field["method"], '","path":"', field["path"], '"}']
    text_time = [field["day"], " ", pyarrow.compute.replace_substring(field["clock"], ".", ",")]
    return {
        "json": joined(
            *[
                '{"level":"',
                field["level"],
                '","time":"',
                *time,
                '","logger":"',
                field["logger"],
                '","msg":"',
                field["message"],
            ],
            *['",', *request, ',"status":', field["status"], ',"duration":', field["duration"], "}\n"],
        ),
        "logfmt": joined(
            *[
                "time=",
                *time,
                " level=",
                field["level"],
                " logger=",
                field["logger"],
                ' msg="',
                field["message"],
                '" request_id=',
            ],
            *[field["request"], " method=", field["method"], " path=", field["path"], " status=", field["status"]],
            *[" duration=", field["duration"], "\n"],
        ),
        "text": joined(
            *[
                *text_time,
                " [",
                field["thread"],
                "] ",
                pyarrow.compute.ascii_upper(field["level"]),
                " ",
                field["logger"],
                " - ",
            ],
            *[field["message"], " (", field["status"], " in ", field["duration"], " s)\n"],
        ),
    }


def messages(rng: numpy.random.Generator, count: int) -> pyarrow.Array:
    """Return messages: a kind by Zipf's law, and in it up to two values."""
    kinds = [f"{thing} {VALUE} {verb}{ending}" for verb in VERBS for thing, ending in zip(OBJECTS, ENDINGS * 2, strict=True)]
    weights = numpy.arange(1, len(kinds) + 1, dtype=float) ** -0.8
    kind = rng.choice(len(kinds), count, p=weights / weights.sum())
    front, middle, rear = zip(*[split(text) for text in kinds], strict=True)
    first = pyarrow.compute.if_else(pyarrow.array(kind % 3 == 0), hexadecimal(rng, count), numbers(rng, count, 10**6))
    second = pyarrow.compute.choose(
        pyarrow.array(kind % len(ENDINGS)), numbers(rng, count, 900), addresses(rng, count), first, ""
    )
    texts = [pyarrow.array(column, pyarrow.string()).take(pyarrow.array(kind)) for column in (front, middle, rear)]
    return pyarrow.compute.binary_join_element_wise(texts[0], first, texts[1], second, texts[2], "")


def split(kind: str) -> Sequence[str]:
    """Return the three texts round the values of a kind of message."""
    front, middle, *rear = kind.split(VALUE)
    return front, middle, "".join(rear)


def numbers(rng: numpy.random.Generator, count: int, below: int) -> pyarrow.Array:
    return pyarrow.array(rng.integers(1, below, count)).cast(pyarrow.string())


def addresses(rng: numpy.random.Generator, count: int) -> pyarrow.Array:
    """Return addresses of the network reserved for benchmarks (RFC 2544)."""
    octets = [pyarrow.array(rng.integers(0, 255, count)).cast(pyarrow.string()) for _ in range(2)]
    return pyarrow.compute.binary_join_element_wise("198.18", *octets, ".")


def hexadecimal(rng: numpy.random.Generator, count: int) -> pyarrow.Array:
    """Return identifiers of 16 hexadecimal digits."""
    digits = rng.bytes(8 * count).hex()
    return pyarrow.array([digits[at : at + 16] for at in range(0, len(digits), 16)], pyarrow.string())


def durations(rng: numpy.random.Generator, count: int) -> pyarrow.Array:
    """Return seconds with four decimals."""
    return pyarrow.array([f"{seconds:.4f}" for seconds in rng.lognormal(-4, 1, count).tolist()], pyarrow.string())


if __name__ == "__main__":
    main()
