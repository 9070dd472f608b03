"""Records as JSON lines, CSV and fields between TABs, against the json and the csv module."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC
from itertools import pairwise
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.times.calendar import FIRST_S, LAST_S
from logproc.model.columns import Numbers
from logproc.questions.fields.stretches import with_offset
from logproc.records.tables.csv_lines import cells, csv_header, csv_lines
from logproc.records.tables.field_lines import field_lines
from logproc.records.tables.json_lines import json_lines
from logproc.records.tables.moments import moment_texts
from logproc.reports.csv_report import protect
from logproc.reports.safe import printable
from tests.records.tables import rows_of, table_by_hand, table_of_log

SECOND = 10**9
ODD = [
    "",
    "a",
    '"',
    "\\",
    "a,b",
    "line\nend",
    "\r",
    "\x00",
    "\x1f",
    "\x7f",
    "\x85",
    "\u2028",
    "é",
    "😀",
    "=1+1",
    "-1",
    "'",
    "\\x1b",
    "x;=1",
    "-",
]
TEXTS = st.none() | st.sampled_from(ODD) | st.text(max_size=5)
NAMES = st.sampled_from(["a", 'q"uote', "new\nline", "back\\slash", "é", "=name", "a,b", ""])
MOMENTS = st.none() | st.integers(-(2**62), 2**62) | st.integers(-5, 5) | st.integers(-5, 5).map(lambda number: number * 10**6)


@st.composite
def tables(draw: st.DrawFn) -> pyarrow.Table:
    """Tables of a few records with odd texts, names, times and numbers; some also without source and line."""
    count = draw(st.integers(1, 6))

    def several(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    keys = {name: several(TEXTS) for name in draw(st.sets(NAMES, max_size=3))}
    keys["status"] = several(st.sampled_from([None, "200", "404", "ok"]))
    valid = numpy.array(several(st.booleans()))
    sizes = Numbers(numpy.array(several(st.integers(-(2**63), 2**63 - 1)), numpy.int64), valid=valid)
    nanos = numpy.array(several(st.integers(0, SECOND - 1)), numpy.int64)
    durations = Numbers(numpy.array(several(st.integers(0, 10**6)), numpy.int64), nanos, valid)
    names = draw(st.none() | st.permutations([*keys, "time", "bytes", "duration"]).map(tuple))
    numbers = {"bytes": sizes, "duration": durations}
    return table_by_hand(keys, numbers, several(MOMENTS), names=names, source=draw(st.sampled_from(["a.log", 'a"\n.log'])))


def lines_at(data: memoryview, ends: Any) -> list[bytes]:
    """Return the bytes of each record, given where they end."""
    whole, bounds = bytes(data), [0, *ends.tolist()]
    assert bounds[-1] == len(whole)
    return [whole[start:end] for start, end in pairwise(bounds)]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its time as text."""
    time = row.get("time")
    return row if not isinstance(time, int) else {**row, "time": with_offset(time // SECOND, UTC, time % SECOND)}


@given(tables())
def test_json(table: pyarrow.Table) -> None:
    """Each line is one object, with what the record has and nothing else, and its members come in the order of the columns."""
    lines = lines_at(*json_lines(table))
    assert len(lines) == len(table)
    for text, row in zip(lines, rows_of(table), strict=True):
        assert text.endswith(b"}\n")
        assert text.count(b"\n") == 1
        found = json.loads(text, parse_constant=refused)
        assert found == plain(row)
        assert list(found) == list(row)


def refused(word: str) -> None:
    raise AssertionError(word)


def test_json_without_any_value() -> None:
    """A record without any of the chosen fields is an empty object; without records nothing is written."""
    table = table_by_hand({"a": [None, None]}, names=["a"])
    assert lines_at(*json_lines(table)) == [b"{}\n", b"{}\n"]
    assert bytes(json_lines(table.slice(0, 0))[0]) == b""
    assert lines_at(*json_lines(table_by_hand({"a": [None, "x"], "b": [None, None]}, names=["a", "b"]))) == [
        b"{}\n",
        b'{"a":"x"}\n',
    ]


def test_bytes_that_are_not_text() -> None:
    r"""What is not UTF-8 is `\xNN`, as in all reports, and JSON escapes its backslash."""
    table = table_of_log(b'192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /\xff\x1b HTTP/1.1" 200 5\n')
    assert rows_of(table)[0]["path"] == r"/\xff\x1b"
    assert json.loads(bytes(json_lines(table)[0]))["path"] == r"/\xff\x1b"
    assert b"/\\xff\\x1b" in bytes(csv_lines(table)[0])


@given(
    st.lists(
        st.tuples(
            st.integers(FIRST_S, LAST_S),
            st.sampled_from([0, 1, 10**3, 10**6, 5 * 10**8, SECOND - 1]) | st.integers(0, SECOND - 1),
        )
    )
)
@example([(FIRST_S, 0), (LAST_S, SECOND - 1), (-1, 10**6)])
def test_moments(moments: list[tuple[int, int]]) -> None:
    """As one moment is written in filters and reports."""
    seconds, nanos = numpy.array(moments, numpy.int64).reshape(-1, 2).T
    assert moment_texts(seconds, nanos).to_pylist() == [with_offset(second, UTC, nano) for second, nano in moments]


@given(tables(), st.booleans())
def test_csv(table: pyarrow.Table, raw: bool) -> None:
    """The csv module reads the same cells, with the guard against formulas that the CSV report has."""
    text = csv_header(table.schema, raw=raw) + bytes(csv_lines(table, raw=raw)[0])
    assert b"".join(lines_at(*csv_lines(table, raw=raw))) == bytes(csv_lines(table, raw=raw)[0])
    header, *rows = csv.reader(io.StringIO(text.decode(), newline=""), strict=True)
    guard = str if raw else protect
    assert header == [guard(name) for name in table.column_names]
    assert len(rows) == len(table)
    for row, record in zip(rows, records_of(table), strict=True):
        cells = dict(zip(table.column_names, row, strict=True))
        for name, value in record.items():
            if isinstance(value, float):
                assert float(cells[name]) == value
            elif name == "other":
                assert (json.loads(cells[name].removeprefix("'")) if cells[name] else {}) == (value or {})
            else:
                assert cells[name] == (
                    "" if value is None else guard(value) if isinstance(value, str) and name != "time" else str(value)
                )


def records_of(table: pyarrow.Table) -> list[dict[str, Any]]:
    """Return the records with each column, times as text."""
    times = table.column("time").cast(pyarrow.int64()).to_pylist()
    texts = [None if time is None else with_offset(time // SECOND, UTC, time % SECOND) for time in times]
    rows = table.drop_columns(["time"]).to_pylist()
    return [{**row, "time": text, "other": dict(row["other"] or {})} for row, text in zip(rows, texts, strict=True)]


@given(st.lists(st.text("=+-@'\";\t\r\n,a\uff1d ", max_size=6), min_size=1))
@example(["x;=1", 'a\n"+1"', '""=1', "-", "a;b", "\uff1d1", "'", "a='"])
def test_formulas(texts: list[str]) -> None:
    """Exactly the texts that the CSV report guards are guarded, although they are looked for in another way."""
    rows = csv.reader(io.StringIO("\n".join(cells(pyarrow.array(texts), raw=False).to_pylist()), newline=""), strict=True)
    assert [row[0] if row else "" for row in rows] == [protect(text) for text in texts]


def test_an_empty_text_is_not_absent() -> None:
    assert bytes(csv_lines(table_by_hand({"a": ["", None, '""']}, names=["a"]).drop_columns(["other"]))[0]) == b'""\n\n""""""\n'


@given(tables())
def test_fields(table: pyarrow.Table) -> None:
    """One line for each record, a cell for each column, and nothing that moves the cursor."""
    data, ends = field_lines(table)
    lines = lines_at(data, ends)
    assert len(lines) == len(table)
    for text, record in zip(lines, records_of(table), strict=True):
        assert text.endswith(b"\n")
        cells = text.decode()[:-1].split("\t")
        assert len(cells) == table.num_columns
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(cells))
        for cell, name in zip(cells, table.column_names, strict=True):
            value = record[name]
            if name == "other":
                assert (cell == "-") == (not value)
            elif isinstance(value, str):
                assert cell == printable(value)
            else:
                assert cell == "-" if value is None else float(cell) == float(value)


@pytest.mark.parametrize("write", [json_lines, csv_lines, field_lines])
def test_no_records(write: Any) -> None:
    data, ends = write(table_by_hand({"a": ["x"]}).slice(0, 0))
    assert (bytes(data), ends.tolist()) == (b"", [])
