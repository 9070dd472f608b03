"""Numbers from log to report: exact however large, or counted among those that could not be read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.pipeline.api import analyze
from logproc.reports.csv_report import render_csv
from logproc.reports.json_report import render_json

FUNCTIONS = ("sum", "min", "max", "mean", "p50")
EDGES = [0, 1, 2, 2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**300]
INTEGERS = st.sampled_from(EDGES) | st.integers(-(2**70), 2**70)
JSON_NUMBERS = st.one_of(
    INTEGERS.map(str),
    INTEGERS.map(lambda number: f"{number}.0"),
    INTEGERS.map(lambda number: f'"{number}"'),
    st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 10**9 - 1)).map(lambda parts: f"{parts[0]}.{parts[1]:09}"),
    st.tuples(st.integers(1, 9), st.integers(1, 99), st.integers(2, 300)).map(lambda p: f"{p[0]}.{p[1]}e{p[2]}"),
)
MISFITS = st.sampled_from(['"0,250"', '"1_000"', '"0x10"', '"NaN"', '"Infinity"', '"1.5KiB"', '"10:30"', "true", "[1]"])
TOO_LARGE = st.sampled_from(["1e308", "1e400", "9" * 400, '"' + "9" * 1500 + '"', "-1e999"])


def asked(tmp: Path, files: Sequence[bytes], **options: Any) -> Any:
    """Return the report on some logs, with numbers as they are written."""
    for number, content in enumerate(files):
        (tmp / f"{number}.log").write_bytes(content)
    return analyze([tmp / f"{number}.log" for number in range(len(files))], **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the examples of this module share."""
    return tmp_path_factory.mktemp("numbers")


@given(
    files=st.lists(st.lists(JSON_NUMBERS | MISFITS | TOO_LARGE, min_size=1, max_size=8), min_size=1, max_size=3),
    chunk_size=st.sampled_from([1, 100, None]),
)
@example(files=[["1", "2", str(2**63 - 1), str(2**63), str(2**64), str(-(2**63) - 1)]], chunk_size=1)
@example(files=[[str(2**63 - 1)], [str(2**63 - 1)], ["9007199254740993.5", "1e300"]], chunk_size=1)
@example(files=[["12345678.123456789", "9007199254740993.0", "-0", "-0.0"]], chunk_size=None)
@example(files=[[str(2**64)], ["1e300"]], chunk_size=None)
def test_every_number_is_in_the_metrics_or_counted(folder: Path, files: list[list[str]], chunk_size: int | None) -> None:
    """Sum, minimum and maximum are those of exact fractions over any files and chunks; the rest is told by its reason."""
    lines = [
        [b'{"level":"info","msg":"of %d","id":%s}\n' % (at, text.encode()) for text in file] for at, file in enumerate(files)
    ]
    content = [b"".join(of_file) for of_file in lines]  # no two alike: the same content under two names counts once
    metric = ",".join(f"{function}:id" for function in FUNCTIONS)
    snapshot = asked(folder, content, metric=metric, by="level", chunk_size=chunk_size)
    texts = [text.strip('"') for file in files for text in file]
    read = [number for text in texts if (number := fraction_of(text)) is not None and abs(number) < 10**308]
    told = json.loads(render_json(snapshot), parse_int=Decimal, parse_float=Decimal)
    row = told["panels"]["level"]["rows"][0]
    assert row["count"] == len(texts)
    if read:
        found = [Fraction(row[f"{function}:id"]) for function in ("sum", "min", "max")]
        assert found == [sum(read), min(read), max(read)]
        assert is_near(Fraction(row["mean:id"]), sum(read, Fraction(0)) / len(read), Fraction(1, 10**5))
        median = sorted(read)[(len(read) - 1) // 2]
        assert is_near(Fraction(row["p50:id"]), median, Fraction(102, 10**4))
        line = next(line for line in csv.DictReader(io.StringIO(render_csv(snapshot))) if line["panel"] == "level")
        assert Fraction(line["sum:id"]) == sum(read)
    else:
        assert row["sum:id"] is None
    for file, source in zip(files, told["sources"], strict=True):
        numbers = [fraction_of(text.strip('"')) for text in file]
        misfits = sum(number is None for number in numbers)
        large = sum(number is not None and abs(number) >= 10**308 for number in numbers)
        assert sum(int(note.split()[0]) for note in source["notes"] if "number" in note) == misfits
        assert sum(int(note.split()[0]) for note in source["notes"] if "10^308" in note) == large


def fraction_of(text: str) -> Fraction | None:
    """Return the exact value of a text, None if it is not a decimal number."""
    try:
        return None if "_" in text or "n" in text.lower() else Fraction(Decimal(text))
    except ArithmeticError:
        return None


def is_near(found: Fraction, expected: Fraction, tolerance: Fraction) -> bool:
    return abs(found - expected) <= tolerance * abs(expected)


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("id = 9223372036854775808", [str(2**63)]),
        ("id == 9007199254740993", [str(2**53 + 1)]),
        ("id == 9007199254740992", [str(2**53)]),
        ("id > 9223372036854775807", [str(2**63), str(2**64), "9" * 400]),
        ("id < -9223372036854775808", [str(-(2**63) - 1)]),
        ("id >= 18446744073709551616", [str(2**64), "9" * 400]),
    ],
)
def test_filters_compare_numbers_of_any_size(tmp_path: Path, where: str, ids: list[str]) -> None:
    """Filters compare exactly: beyond 64 bits, and where doubles would be equal."""
    numbers = [*EDGES[:11], "9" * 400]
    content = b"".join(b'{"level":"info","msg":"m","id":%s}\n' % str(number).encode() for number in numbers)
    (panel,) = asked(tmp_path, [content], where=where, by="id", top=0).panels.values()
    assert sorted(row.key[0] for row in panel.rows) == sorted(ids)


@pytest.mark.parametrize("power", [0, 3, 9])
def test_durations_of_any_size(tmp_path: Path, power: int) -> None:
    """A duration beyond 64 bits is in the sum and for the filter, in seconds."""
    name = {0: "duration_s", 3: "duration_ms", 9: "duration_ns"}[power]
    content = b"".join(b'{"level":"info","msg":"m","%s":%d}\n' % (name.encode(), number) for number in (5, 10**40))
    seconds = 10 ** (40 - power)
    snapshot = asked(tmp_path, [content], where=f"duration > {10**20}", by="level", metric="sum:duration")
    assert [(row.count, row.metrics) for row in snapshot.panels["level"].rows] == [(1, (seconds,))]
    for where, records in [("duration is absent", 0), ("duration is not absent", 2), (f"duration < {10**20}", 1)]:
        assert asked(tmp_path, [content], where=where).account.records == records, where


WITH_A_SIZE = {
    "json": '{"time":"2026-03-07T10:00:00Z","status":200,"request":"GET / HTTP/1.1","bytes":%s}\n',
    "logfmt": 'time=2026-03-07T10:00:00Z status=200 request="GET / HTTP/1.1" bytes=%s\n',
    "w3c": "2026-03-07 10:00:00 GET /a.html 200 %s\n",
}
ABSENT_SIZE = {"json": "null", "logfmt": "", "w3c": "-"}


@pytest.mark.parametrize("kind", WITH_A_SIZE)
@pytest.mark.parametrize("chunk_size", [1, None])
@pytest.mark.parametrize("size", ["-1", "1.5", '"12kb"', '"0,250"', str(2**63), "1e30", '"x"'])
def test_a_size_that_is_not_one_is_counted(tmp_path: Path, size: str, kind: str, chunk_size: int | None) -> None:
    """Sums and means are over the sizes there are, whatever the chunks, and the report says how many values are not sizes."""
    head = "#Fields: date time cs-method cs-uri-stem sc-status sc-bytes\n" if kind == "w3c" else ""
    content = head + "".join(WITH_A_SIZE[kind] % text for text in ("100", size, ABSENT_SIZE[kind], "12"))
    snapshot = asked(tmp_path, [content.encode()], metric="mean:bytes,min:bytes", by="status", chunk_size=chunk_size)
    assert snapshot.bytes == 112
    assert [(row.count, row.bytes, row.metrics) for row in snapshot.panels["status"].rows] == [(4, 112, (56, 12))]
    assert snapshot.sources[0].notes == ("1 value of bytes is not a size in bytes",)
    where = asked(tmp_path, [content.encode()], where="bytes is absent", chunk_size=chunk_size)
    assert where.account.records == 2


@pytest.mark.parametrize("chunk_size", [1, None])
def test_an_access_log_counts_a_dash_as_no_bytes(tmp_path: Path, chunk_size: int | None) -> None:
    """Where each line has a place for its size, `-` is a response without a body: 0 bytes."""
    line = '192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 %s\n'
    content = "".join(line % size for size in ("100", "-", "12")).encode()
    snapshot = asked(tmp_path, [content], metric="mean:bytes,min:bytes", by="status", chunk_size=chunk_size)
    assert [(row.bytes, row.metrics) for row in snapshot.panels["status"].rows] == [(112, (112 / 3, 0))]


def test_a_table_holds_sums_of_any_size(tmp_path: Path) -> None:
    """As an Arrow table, exact sums are decimals, and text where no decimal has so many digits."""
    for number, kind in [(2**64, "decimal128(20, 0)"), (10**300, "string"), (5, "int64")]:
        content = b'{"level":"info","msg":"m","id":%d}\n' % number
        table = asked(tmp_path, [content], by="level", metric="sum:id").panels["level"].table()
        assert (str(table.column("sum:id")[0].as_py()), str(table.column("sum:id").type)) == (str(number), kind)


def test_rows_with_large_numbers_sort_by_them(tmp_path: Path) -> None:
    """Rows are in the order of their exact sums, means and extremes, whether or not these fit 64 bits."""
    numbers: dict[str, list[int | str]] = {
        "a": [2**63, -1],
        "b": [2**63 - 1],
        "c": [2**64],
        "d": [3],
        "e": [-(2**65)],
        "f": ["x"],
    }
    lines = [f'{{"level":"info","host":"{host}","id":"{number}"}}\n' for host, some in numbers.items() for number in some]
    for metric, order in [("sum:id", "cabdef"), ("mean:id", "cbadef"), ("max:id", "cabdef"), ("min:id", "cbdaef")]:
        snapshot = asked(tmp_path, ["".join(lines).encode()], by="host", metric=metric, sort=metric)
        assert "".join(row.key[0] for row in snapshot.panels["host"].rows) == order, metric
