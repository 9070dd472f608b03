"""The peak memory of random questions over 10 MB of hostile JSON: many values, many fields, long texts, deep, huge numbers.

`python -m pytest -m soak -s tools/soak/test_hostile_memory.py -o timeout=3600` prints the figures.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import logproc, peak_bytes

pytestmark = pytest.mark.soak
MEBIBYTE = 1 << 20
SIZE_BYTES = 10_000_000
CONTENTS, QUESTIONS = 10, 5
ROOM_BYTES = 328 * MEBIBYTE
"""The default of --memory, and 200 MiB for the program and its counts."""
ROW_BYTES = 4000
"""What a row of a text report takes while it is laid out, if its key has many columns; a row of JSON takes less."""
PATIENCE_S = 300
USUAL = ("level", "logger", "message", "client", "path", "user_agent", "status", "bytes", "duration")
METRICS = ("uniques:{}", "p95:{}", "mean:{}", "sum:{}", "max:{}", "visitors", "rate")
Value = Callable[[random.Random, int], Any]
SMALL: tuple[Value, ...] = (
    lambda _, number: number,
    lambda _, number: f"value {number}",
    lambda random_, _: random_.choice("ab"),
    lambda random_, _: random_.randrange(1000),
    lambda random_, _: random_.random() * 10.0 ** random_.randrange(-300, 300),
    lambda random_, _: random_.randrange(10 ** random_.randrange(1, 60)),
    lambda *_: None,
    lambda random_, _: "é\x01\\" * random_.randrange(5),
    lambda _, number: {"a": {"b": {"c": {"d": number}}}},
)
LARGE: tuple[Value, ...] = (
    lambda random_, number: f"{number} " + "ab 12 " * random_.randrange(2000),
    lambda random_, number: f"{number}" + "x" * (random_.randrange(500_000) if number % 20 == 0 else 1),
    lambda _, number: json.loads('{"k":' * 40 + f"{number}" + "}" * 40),
)


def fields_of(random_: random.Random) -> tuple[str, ...]:
    """Return the names of the fields of a log: up to 64, some of them usual ones."""
    usual = random_.sample(USUAL, random_.randrange(len(USUAL)))
    return (*usual, *(f"f{number}" for number in range(random_.choice([1, 5, 30, 64]) - len(usual))))


def records(random_: random.Random) -> Iterator[dict[str, Any]]:
    """Yield records whose fields have values of a kind each. In some logs most fields are absent from most records."""
    values = {name: random_.choice(SMALL) for name in fields_of(random_)}
    if random_.random() < 0.3:
        values["message"] = random_.choice(LARGE)
    step_s, sparse = random_.choice([0, 1, 3600, 86_400]), random_.random() < 0.3
    for number in range(SIZE_BYTES):
        names = random_.sample(list(values), 1) if sparse else values
        time = {} if sparse else {"time": 946_684_800 + number % 2_000_000 * step_s}
        yield {**time, **{name: values[name](random_, number) for name in names}}


@pytest.fixture(scope="module", params=range(CONTENTS))
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Write ten megabytes of one seed; take them away at the end."""
    path, size = tmp_path_factory.mktemp("hostile") / "hostile.log", 0
    with path.open("w", encoding="utf-8") as file:
        for record in records(random.Random(request.param)):
            size += file.write(json.dumps(record, separators=(",", ":")) + "\n")
            if size >= SIZE_BYTES:
                break
    yield request.param, path
    path.unlink()


def question_of(random_: random.Random, seed: int) -> list[str]:
    """Return the options of a question about the fields of a log."""
    names = [*fields_of(random.Random(seed)), "hour", "minute", "day", "weekday"]
    question = ["--top", random_.choice(["0", "10"]), "--output", random_.choice(["json", "terminal", "csv"])]
    for _ in range(random_.choice([0, 1, 1, 1, 3])):
        question += ["--by", ",".join(random_.sample(names, random_.randrange(1, len(names) + 1)))]
    if random_.random() < 0.4:
        metrics = (metric.format(random_.choice(names[:-4])) for metric in random_.sample(METRICS, 3))
        question += ["--metric", ",".join(metrics)]
    question += ["--visitors"] if random_.random() < 0.2 else []
    return question


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize("number", range(QUESTIONS))
def test_a_random_question_stays_within_its_bound(log: tuple[int, Path], number: int) -> None:
    """The peak is within --memory, 200 MiB and what the rows of the report take, or stderr suggests --max-keys."""
    seed, path = log
    question = question_of(random.Random(1000 * seed + number), seed)
    code, peak = peak_bytes("analyze", path, *question, timeout_s=PATIENCE_S)
    ended = logproc("analyze", path, *question)
    rows = ended.stdout.count(b"\n") if "json" not in question else 0
    print(f"\n{peak / MEBIBYTE:.0f} MiB, {rows} rows, log {seed}: {' '.join(question)[:200]}")
    assert code == ended.code
    assert code in (0, 2)  # 2: a field that is null in every record is in no source
    assert peak <= ROOM_BYTES + ROW_BYTES * rows or "--max-keys" in ended.stderr
