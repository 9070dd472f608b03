"""The memory of real processes over small inputs with many keys: it grows with the records, not with what could be combined."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.processes import analyze, peak_bytes

MEBIBYTE = 1 << 20
ROOM_BYTES = 328 * MEBIBYTE
"""The default of --memory, and 200 MiB for the program and its counts."""
THIRTY = ",".join(f"f{number}" for number in range(30))


def access(lines: int) -> Iterator[str]:
    """Yield lines of an access log, each with a client and a path of its own."""
    for number in range(lines):
        client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        yield f'{client} - - [07/Mar/2026:10:00:00 +0000] "GET /products/{number} HTTP/1.1" 200 {number % 5000} "-" "-"'


def application(lines: int) -> Iterator[str]:
    """Yield JSON lines, each with an hour and a level of its own."""
    for number in range(lines):
        time = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        yield json.dumps({"time": time.isoformat(), "level": f"level {number}", "message": "hello"})


def two_valued(lines: int) -> Iterator[str]:
    """Yield JSON lines with thirty fields that have two values each."""
    for number in range(lines):
        yield json.dumps({f"f{field}": "ab"[number * (field + 3) >> 2 & 1] for field in range(30)})


@pytest.mark.parametrize(
    ("content", "lines", "question"),
    [
        pytest.param(access, 17_500, ["--by", "client,path"], id="pairs of 17,500 clients and paths"),
        pytest.param(application, 20_000, [], id="pairs of 20,000 hours and levels"),
        pytest.param(application, 12_500, ["--max-keys", "1000"], id="the same with --max-keys"),
        pytest.param(application, 30_000, ["--output", "json"], id="pairs of 30,000 hours and levels"),
        pytest.param(two_valued, 35, ["--by", THIRTY], id="thirty fields of two values"),
    ],
)
def test_many_possible_combinations_take_no_memory(
    content: Callable[[int], Iterator[str]], lines: int, question: Sequence[str], tmp_path: Path
) -> None:
    """One or two megabytes of hostile log are counted within --memory and 200 MiB."""
    log = tmp_path / "hostile.log"
    log.write_text("\n".join(content(lines)) + "\n")
    code, peak = peak_bytes("analyze", log, *question)
    assert (code, peak < ROOM_BYTES) == (0, True), f"{peak / MEBIBYTE:.0f} MiB"


def test_very_many_keys_have_a_hint(tmp_path: Path) -> None:
    """More than half a million keys are counted, and stderr says once what bounds them, unless something does."""
    log = tmp_path / "levels.log"
    log.write_text("".join(f'{{"logger":"l{number}"}}\n' for number in range(500_001)))
    hint = "logproc: counting over 500,000 keys takes much memory: bound it with --max-keys, or count by fewer fields\n"
    assert analyze(log, "--by", "logger", "--top", "1").stderr == hint
    assert analyze(log, "--by", "logger", "--max-keys", "1000").stderr == ""
