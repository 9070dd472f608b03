"""Records as a table: types, order, absent values, and what no column of its own holds."""

from __future__ import annotations

from fractions import Fraction

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.units import unit_of
from logproc.formats.times.calendar import FIRST_S, LAST_S
from logproc.model.columns import Columns, Numbers
from logproc.model.errors import UsageError
from logproc.questions.view import View
from logproc.records.tables.layout import Layout, fields_of
from logproc.records.tables.table import in_order, table_of
from tests.records.tables import format_of, keys_of, rows_of, table_by_hand, table_of_log
from tests.support import logs

JSON = b'{"ts":"2026-03-07T10:00:00.5Z","level":"info","msg":"hi","took_ms":12,"user":{"id":7},"tags":["a"]}\n'
LOGFMT = b'ts=2026-03-07T10:00:00.5Z level=info msg="hi there" took=3ms a=1\n'
LTSV = b"time:07/Mar/2026:10:00:00 +0000\thost:192.0.2.7\treq:GET /cart HTTP/1.1\tstatus:200\tsize:42\treqtime:0.020\n"
W3C = b"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-03-07 10:00:00 192.0.2.7 GET /cart 200\n"
SECOND = 10**9
AT = 1_772_877_600 * SECOND
"""2026-03-07T10:00:00Z."""


def line(**values: bytes) -> bytes:
    return logs.line("combined", **values) + b"\n"


def test_types() -> None:
    """Times are timestamps, counts and sizes integers, durations doubles, and everything else is text with a dictionary."""
    schema = table_of_log(LTSV * 3).schema
    types = {field.name: str(field.type) for field in schema}
    text = "dictionary<values=string, indices=int32, ordered=0>"
    assert types.pop("other").startswith("map<string, string")
    assert types == {
        "time": "timestamp[ns, tz=UTC]",
        **dict.fromkeys(["client", "method", "path", "query", "protocol"], text),
        "status": "int32",
        "bytes": "int64",
        "duration": "double",
        **dict.fromkeys(["client_port", "source"], text),
        "line": "int64",
    }


def test_a_record_has_all_its_fields() -> None:
    """Objects within objects are `a.b`, arrays are JSON; a key that a column is taken from does not come twice."""
    assert rows_of(table_of_log(JSON * 2))[1] == {
        "time": AT + SECOND // 2,
        "level": "info",
        "raw_level": "info",
        "message": "hi",
        "duration": 0.012,
        "user.id": "7",
        "tags": '["a"]',
        "source": "a.log",
        "line": 2,
    }


@pytest.mark.parametrize(
    ("sample", "later", "others"),
    [
        (
            JSON,
            b'{"msg":"hi","new":1.5,"deep":{"er":[1]},"at":"2026-03-07T10:00:00Z"}\n',
            {"new": "1.5", "deep.er": "[1]", "at": "2026-03-07T10:00:00Z"},
        ),
        (JSON, b'{"msg":"hi","user":{"name":"x"},"yes":true}\n', {"user.name": "x", "yes": "true"}),
        (JSON, b'{"a":1,"new":1}\n{"a":1,"new":"x"}\n', {"a": "1", "new": "x"}),
        (LOGFMT, b"msg=hi a=1 new=5\n", {"new": "5"}),
        (LOGFMT, b'msg=hi a="\\"" new=5\n', {"new": "5"}),
        (LTSV, LTSV.replace(b"\tsize", b"\tzone:eu\tsize"), {"zone": "eu"}),
        (W3C, W3C.replace(b"status", b"status x-new").replace(b" 200", b" 200 5"), {"x-new": "5"}),
    ],
)
def test_what_no_sample_has_is_in_other(sample: bytes, later: bytes, others: dict[str, str]) -> None:
    """A field that comes later is lost in no format that may have any fields, whichever reader finds it."""
    table = table_of_log(sample * 3 + later, sample=sample * 3)
    assert table.schema == table_of_log(sample * 3).schema
    found = table.column("other").to_pylist()
    assert dict(found[-1]) == others
    assert not any(found[:3])


def test_a_log_inside_a_log() -> None:
    """The fields of both, later keys of both, and nothing that only a reader needs: here lines come in parts."""
    whole = b'{"log":"{\\"msg\\":\\"hi\\",\\"level\\":\\"info\\"}\\n","stream":"stdout","time":"2026-03-07T10:00:00Z"}\n'
    parts = [b'{"log":"{\\"msg\\":\\"h","stream":"stdout","new":1,"time":"2026-03-07T10:00:00Z"}\n']
    parts += [b'{"log":"i\\",\\"later\\":2}\\n","stream":"stdout","time":"2026-03-07T10:00:00Z"}\n']
    rows = rows_of(table_of_log(whole * 4 + b"".join(parts), sample=whole * 4))
    assert rows[3] == {
        "time": AT,
        "level": "info",
        "raw_level": "info",
        "message": "hi",
        "stream": "stdout",
        "source": "a.log",
        "line": 4,
    }
    assert rows[4] == {
        "time": AT,
        "message": "hi",
        "stream": "stdout",
        "new": "1",
        "later": "2",
        "text": b"".join(parts).decode().removesuffix("\n"),
        "source": "a.log",
        "line": 5,
    }


def test_a_later_key_called_time_is_no_time() -> None:
    """What the sample does not show to be a time rejects no record."""
    table = table_of_log(b'{"a":"x"}\n{"a":"y","time":0.25}\n', sample=b'{"a":"x"}\n')
    assert [row["a"] for row in rows_of(table)] == ["x", "y"]


def test_a_malformed_request_is_in_other() -> None:
    """A request is left out for its parts, so where there are none it is kept."""
    table = table_of_log(line() + line(request=b"\\x16\\x03"), sample=line() * 3)
    assert [row.get("request") for row in rows_of(table)] == [None, "\\x16\\x03"]
    assert "request" not in table.column_names


@pytest.mark.parametrize(
    "text",
    [
        b'{"time":"2026-03-07T10:00:00Z","method":"GET","path":"/cart?a=1","status":200}\n',
        b'time=2026-03-07T10:00:00Z method=GET path="/cart?a=1" status=200\n',
    ],
    ids=["json", "logfmt"],
)
def test_a_target_that_a_log_calls_path(text: bytes) -> None:
    """The key holds the target, and the column of its name the path, which nothing else says."""
    table = table_of_log(text * 2)
    assert [(row["path"], row["query"]) for row in rows_of(table)] == [("/cart", "a=1")] * 2
    assert "target" not in table.column_names


def test_fields_with_the_names_of_our_columns() -> None:
    """A logger's own line and source are kept under other names."""
    row = rows_of(table_of_log(b'{"msg":"a","line":17,"source":"main.go","other":"x"}\n' * 2))[1]
    assert row == {
        "message": "a",
        "source": "a.log",
        "line": 2,
        "log.line": "17",
        "log.source": "main.go",
        "log.other": "x",
    }


def test_records_are_in_the_order_of_their_lines() -> None:
    """Readers find records in an order of their own: here the second line is left to the exact one."""
    lines = [
        line(request=b"GET /1 HTTP/1.1"),
        line(request=b'GET /\\"2 HTTP/1.1'),
        b"rubbish\n",
        line(request=b"GET /4 HTTP/1.1"),
    ]
    table = table_of_log(b"".join(lines), sample=line() * 3)
    assert table.column("line").to_pylist() == [1, 2, 4]
    assert [path[:2] + path[-1] for path in table.column("path").to_pylist()] == ["/11", "/\\2", "/44"]


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=20, unique_by=lambda pair: pair[0]))
def test_in_order(records: list[tuple[int, bool]]) -> None:
    """The kept records, by their lines."""
    lines, kept = (
        (numpy.array(part, kind) for part, kind in zip(zip(*records, strict=True), (int, bool), strict=True))
        if records
        else (numpy.array([], int), numpy.array([], bool))
    )
    found = in_order(kept, lines)
    assert lines[found].tolist() == sorted(number for number, keep in records if keep)


def test_only_used_values_are_in_a_dictionary() -> None:
    """A few records of a chunk do not carry the texts of all others; a null is never one of the values."""
    content = b"".join(
        line(request=b"GET /%d HTTP/1.1" % number, user=b"-" if number % 2 else b"u%d" % number) for number in range(100)
    )
    kept = numpy.zeros(100, bool)
    kept[[8, 9, 10]] = True
    table = table_of_log(content, kept=kept)
    assert table.column("path").chunk(0).dictionary.to_pylist() == ["/8", "/9", "/10"]
    assert table.column("user").chunk(0).dictionary.to_pylist() == ["u8", "u10"]
    assert table.column("user").to_pylist() == ["u8", None, "u10"]


@given(st.lists(st.none() | st.text(max_size=3), min_size=1), st.data())
def test_texts_stay(texts: list[str | None], data: st.DataObject) -> None:
    """Whatever records are taken, in whatever order, each has its text."""
    which = data.draw(st.lists(st.integers(0, len(texts) - 1)))
    table = table_by_hand({"a": texts})
    view = View(columns_with("a", texts))
    taken = table_of(view, numpy.array(which, numpy.int64), numpy.array(which, numpy.int64), "s", Layout(("a", "line")))
    taken.validate(full=True)
    assert table.column("a").to_pylist() == texts
    assert taken.column("a").to_pylist() == [texts[at] for at in which]


def columns_with(name: str, texts: list[str | None]) -> Columns:
    return Columns(len(texts), numpy.zeros(len(texts), numpy.int64), {name: keys_of(texts)})


@given(st.lists(st.none() | st.integers(FIRST_S * SECOND, (LAST_S + 1) * SECOND - 1), min_size=1))
@example([FIRST_S * SECOND, -(2**63) - SECOND, -(2**63) + 2 * SECOND, -1, None, 0, 2**63 + SECOND, (LAST_S + 1) * SECOND - 1])
def test_times(moments: list[int | None]) -> None:
    """Times stay to the nanosecond, before 1970 too; those that no timestamp in nanoseconds holds are text in `other`."""
    table = table_by_hand({}, times=moments)
    times = table.column("time").cast(pyarrow.int64()).to_pylist()
    for moment, time, other in zip(moments, times, table.column("other").to_pylist(), strict=True):
        if moment is None:
            assert (time, other) == (None, None)
        elif -(2**63) + 2 * SECOND <= moment <= 2**63 - 2 * SECOND:
            assert (time, other) == (moment, None)
        else:
            assert time is None
            assert dict(other)["time"].startswith(str(numpy.datetime64(moment // SECOND, "s")))


@given(
    st.lists(st.sampled_from(["", "0", "1", "-1", "2.5", str(2**63 - 1), str(2**63), str(10**307), "abc", "007"]), min_size=1)
)
@example(["", "0", "-1", "2.5", str(2**63 - 1), str(2**63), str(10**307), "abc", "007"])
def test_sizes_that_do_not_fit_are_in_other(texts: list[str]) -> None:
    """An integer is exact, or its text is in `other`."""
    column = keys_of([text or None for text in texts])
    numbers = numbers_of(column, unit_of("bytes"))
    table = table_by_hand({"a": ["x"] * len(texts)}, {"bytes": numbers})
    for text, size, other in zip(texts, table.column("bytes").to_pylist(), table.column("other").to_pylist(), strict=True):
        fits = text.lstrip("-").isdigit() and abs(int(text)) < 2**63
        assert size == (int(text) if fits else None)
        if text[:1].isdigit() and not fits:
            assert dict(other)["bytes"] == text


def test_a_status_that_is_not_a_number_is_in_other() -> None:
    assert rows_of(table_by_hand({"status": ["200", "ok", None, "099", str(2**40)]})) == [
        {"status": 200, "source": "a.log", "line": 1},
        {"status": "ok", "source": "a.log", "line": 2},
        {"source": "a.log", "line": 3},
        {"status": 99, "source": "a.log", "line": 4},
        {"status": str(2**40), "source": "a.log", "line": 5},
    ]


@given(st.lists(st.integers(-(10**16), 10**16) | st.integers(-(10**30), 10**30), min_size=1))
@example([1_234_567_000_000, 9_007_199_254_740_993, 10**16 - 1, -1, -SECOND, 0, 10**29 + 1])
def test_durations_are_the_nearest_doubles(nanos: list[int]) -> None:
    """Seconds are the double that is nearest to what the log says, whatever their size."""
    texts = [str(Fraction(number, SECOND)) if number % SECOND == 0 else decimal_text(number) for number in nanos]
    numbers = numbers_of(keys_of(texts), unit_of("duration"))
    table = table_by_hand({"a": texts}, {"duration": numbers})
    expected = [None if number == -SECOND else float(Fraction(number, SECOND)) for number in nanos]  # -1: not measured
    assert table.column("duration").to_pylist() == expected


def decimal_text(nanos: int) -> str:
    front, behind = divmod(abs(nanos), SECOND)
    return f"{'-' if nanos < 0 else ''}{front}.{behind:09}"


def test_a_duration_that_is_not_a_number_is_in_other() -> None:
    assert dict(
        table_of_log(JSON * 3 + b'{"ts":"2026-03-07T10:00:00Z","took_ms":"long"}\n').column("other").to_pylist()[3]
    ) == {"duration": "long"}


def test_chosen_fields() -> None:
    """`--fields` chooses and orders columns; any field that can be counted by is one."""
    names = ["status", "time", "hour", "shape(path)", "line", "every(5m)", "status_class", "nothing"]
    table = table_of_log(line(request=b"GET /cart/17 HTTP/1.1", time=b"17/May/2015:10:07:03 +0000"), names)
    assert table.column_names == names
    assert [*table.drop_columns(["time"]).to_pylist()[0].values()] == [
        200,
        "2015-05-17T10:00:00Z",
        "/cart/<n>",
        1,
        "2015-05-17T10:05:00Z",
        "2xx",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "does not name fields"), ("a,,b", "does not name fields"), ("a,b,a", "named twice"), ("net:200", "not a network")],
)
def test_fields_that_are_none(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fields_of(text)


def test_fields_with_brackets() -> None:
    assert fields_of("time, query(a),shape(message)") == ("time", "query(a)", "shape(message)")


def test_no_records() -> None:
    table = table_of_log(JSON, kept=numpy.zeros(1, bool))
    assert len(table) == 0
    assert table.schema == table_of_log(JSON).schema


def test_a_layout_for_several_formats() -> None:
    layout = Layout.of_formats([format_of(JSON * 3), format_of(LTSV * 3)])
    assert layout.names[:8] == ("time", "level", "client", "method", "path", "query", "protocol", "status")
    assert {"message", "path", "status"} < set(layout.names)
    assert layout.names[-2:] == ("source", "line")


def test_numbers_by_hand() -> None:
    """Numbers without fractions are doubles too."""
    table = table_by_hand({"a": ["x", "y"]}, {"duration": Numbers(numpy.array([1, 2]))})
    assert table.column("duration").to_pylist() == [1.0, 2.0]
