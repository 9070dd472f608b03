# ruff: noqa: E501 - a line that is damaged shows it best whole
r"""JSON lines: the fast way is the exact way, and the exact way takes what servers write for JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.columns.lines import plain_lines
from logproc.formats.readers.json_lines import ArrowReader, JsonReader, json_format
from logproc.formats.readers.json_table import texts_of_kind
from logproc.formats.readers.json_values import object_of, text_of, value_at
from logproc.model.chunk import Context
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, STANDARD, Reading, bytes_of, detected, exactly, in_line_order, read

KEYS = (
    *("time", "level", "msg", "status", "a", "b", "a.b", "é", "", "request", "url", "bytes", "took"),
    *("ts", "message", "severity", "log", "log.level", "date", "user", "client", "elapsed_ms", "headers"),
)
WANTED = (*STANDARD, *KEYS, "raw_level", "a.b.c", "http.status", "x")
USUAL = rb'{"time":"2026-03-07T10:00:00.123Z","level":"info","msg":"a \"b\" \u00e9","status":200,"a":{"b":1.5,"c":[1,{"d":null}]},"url":"/x?y"}'
EDGES = (
    *(0, -1, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**25),
    *(0.0, -0.0, 1.5, 1e2, 1e-7, 1e16, 1.7772877600123456e9, 1e300, 0.1),
)
TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", "-", "info", "2026-03-07T10:00:00Z", "1.5ms", "200", "GET / HTTP/1.1", "/a?b", "\x00", "é", '"', "\\"]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.sampled_from(EDGES), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXTS
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["b", "c", "", "b.c"]), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
TAME = st.fixed_dictionaries(
    {"time": st.sampled_from(["2026-03-07T10:00:00Z", "2026-03-07 10:00:01,5", "x"]), "msg": TEXTS},
    optional={
        "status": st.integers(0, 999),
        "a": st.fixed_dictionaries({}, optional={"b": st.floats(-1e9, 1e9)}),
        "b": st.booleans(),
        "ts": st.sampled_from(["2026-03-07T10:00:02Z", "10:00:00", ""]),
        "date": st.just("2026-03-07"),
        "log": st.fixed_dictionaries({}, optional={"level": st.sampled_from(["warn", "-", "odd"])}),
        "log.level": st.sampled_from(["error", "", "-"]),
        "client": st.sampled_from(["192.0.2.7", "a b", ""]),
        "message": TEXTS,
        "forwarded_for": st.lists(st.sampled_from(["192.0.2.7", "", "-"]), max_size=2),
        "took": st.sampled_from([1.5, 2500.0]),
        "elapsed_ms": st.integers(0, 9),
    },
)
DAMAGED = [
    *(b"", b" ", b"\r", b"{}", b"{", b"}", b"[]", b"null", b"1", b'"a"', b"{}{}", b"{} {}", b'{"a":1}{"a":2}', b'{"a":1},', b"x"),
    *(b'{"a":1', b'{"a":1}}', b'{"a" 1}', b'{"a":}', b"{'a':1}", b'{"a":1,}', b"{a:1}", b'{"a":01}', b'{"a":.5}', b'{"a":5.}'),
    *(b'{"a":+1}', b'{"a":1e}', b'{"a":-}', b'{"a":tru}', b'{"a":True}', b'{"a":nul}', b'{"a":1 2}', b' {"a":1}', b'{"a":1} ', b'\t{"a":1}'),
    *(b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":-NaN}', b'{"a":Nan}', b'{"a":nan}', b'{"a":Inf}', b'{"a":inf}'),
    *(b'{"a":"NaN Infinity"}', b'{"x":NaN}', b'{"a":"\\x22"}', b'{"a":"\\x2"}', b'{"x":"\\x22"}', b'{"a":"\\q"}', b'{"a":"\\u12"}'),
    *(b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\\ud83c\\udf89"}', b'{"x":"\\ud800"}', b'{"a":"\xff"}', b'{"\xff":1}'),
    *(b'{"x":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', b'{"a":"\t"}', b'{"a":"\x00"}', b'{"x":"\x01"}', b'{"a":"\x7f"}'),
    *(b'{"a":1,"a":2}', b'{"a":1,"a":"x"}', b'{"a":{"b":1},"a":{"c":2}}', b'{"a":{"b":1},"a":null}', b'{"a":1,"a":null}', b'{"a":null,"a":1}'),
    *(b'{"a":{"b":1,"b":2}}', b'{"a.b":1,"a":{"b":2}}', b'{"a":{"b":2},"a.b":1}', b'{"a":{"b":null},"a.b":1}', b'{"a.b":null,"a":{"b":1}}'),
    *(b'{"x":1,"x":2}', b'{"a":1}\x00', b'\x00{"a":1}', b'\xef\xbb\xbf{"a":1}', b'{"a":/**/1}', b'{"a":1}//', b'{"\\u0061":1}'),
    *(b'{"a":"x","\\u0061":"y"}', b'{"a":-0}', b'{"a":-0.0}', b'{"a":1E5}', b'{"a":1e400}', b'{"a":1e-400}', b'{"a":1.0}', b'{"a":10.50}'),
    *(b'{"a":9007199254740993}', b'{"a":9007199254740993.0}', b'{"a":9223372036854775807}', b'{"a":9223372036854775808}'),
    *(b'{"a":18446744073709551616}', b'{"a":-9223372036854775809}', b'{"a":0.1000000000000000055511151231257827}', b'{"a":' + b"9" * 400 + b"}"),
    *(b'{"x":' + b"1" * 400 + b"}", b'{"a":0.' + b"3" * 400 + b"}", b'{"a":1' + b"0" * 30 + b".5}", b'{"a":[1,2,}', b'{"a":[1 2]}'),
    *(b'{"a":[' * 20 + b"]}" * 20, b'{"a":' * 20 + b"1" + b"}" * 20, b'{"x":' + b"[" * 600 + b"]" * 600 + b"}", b'{"x":{"y":{"z":[{}]}}}'),
]  # fmt: skip
LINES = st.one_of(
    OBJECTS.map(lambda found: json.dumps(found).encode()),
    OBJECTS.map(lambda found: json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")),
    TAME.map(lambda found: json.dumps(found).encode()),
    st.sampled_from([*DAMAGED, USUAL]),
)


def both(lines: list[bytes], sample: list[bytes] | None = None, max_line_bytes: int = MAX_LINE_BYTES) -> Reading:
    """Parse lines in both ways, hold them equal field by field, and return what the fast one gave."""
    form, _ = JsonReader.of_sample(lines if sample is None else sample)
    data = bytes_of(b"".join(line + b"\n" for line in lines))
    fast, exact = (in_line_order(way(data, CONTEXT, WANTED, max_line_bytes)) for way in (form.parse, exactly(form).parse))
    assert fast == exact
    return fast


def is_fast(lines: list[bytes]) -> bool:
    """Return whether Arrow reads lines for which the format was made."""
    form, _ = JsonReader.of_sample(lines)
    data = bytes_of(b"".join(line + b"\n" for line in lines))
    arrow = form.quick[-1]
    assert isinstance(arrow, ArrowReader)
    found = arrow.read(plain_lines(data), numpy.ones(len(lines), bool), STANDARD, CONTEXT)
    return len(found.line) == len(lines)


@given(st.lists(LINES, max_size=6), st.lists(LINES, max_size=4))
@example([b'{"a": 1}', b'{"a": "x"}', b'{"a": 1.5}'], [b'{"a": 2}'])
@example([b'{"a": 9007199254740993}'], [b'{"a": 1.5}'])
@example([b'{"a": {"b": 1}}', b'{"a": 7}'], [b'{"a": {"b": 1}}'])
def test_the_fast_way_is_the_exact_way(lines: list[bytes], sample: list[bytes]) -> None:
    """Whatever the lines hold and whatever the format was told from, both ways give the same records, rejects and reasons."""
    both([line.replace(b"\n", b" ") for line in lines], sample)


@given(st.lists(TAME.map(lambda found: json.dumps(found).encode()), min_size=1, max_size=8))
def test_clean_lines_are_the_same_in_both_ways(lines: list[bytes]) -> None:
    """Objects of one shape, as a log has them, are read alike by Arrow and by msgspec."""
    account = both(lines).account
    assert account.records + account.rejected == len(lines)
    assert account.rejected <= sum(json.loads(line).get("time") == "x" for line in lines)


SHAPES = (None, [b'{"a":1,"level":"x"}'], [b'{"a":"x"}'], [b'{"a":{"b":2}}'])
"""Samples that formats are made from; None is the lines themselves."""


def between_good_lines(line: bytes) -> list[list[bytes]]:
    """Place a line alone, and before and behind lines in which the same key has another type."""
    return [
        [line],
        [b'{"a":1,"x":1}', line],
        [line, b'{"a":"x"}'],
        [b'{"a":{"b":1}}', line],
        [b'{"x":1}', line, b'{"a":1.5}'],
    ]


@pytest.mark.parametrize("line", DAMAGED)
def test_known_damage_is_the_same_in_both_ways(line: bytes) -> None:
    """What programs are known to write for JSON is taken or rejected alike, alone and between good lines, in any format."""
    for lines, sample in zip(between_good_lines(line), [*SHAPES, None], strict=True):
        both(lines, sample)


@pytest.mark.soak
@pytest.mark.parametrize("line", DAMAGED)
def test_known_damage_is_the_same_among_any_lines_in_any_format(line: bytes) -> None:
    """Whichever lines are beside it and whichever sample the format was made from."""
    for lines, sample in product(between_good_lines(line), SHAPES):
        both(lines, sample)
        both(lines, [])


def test_every_change_of_one_byte_is_the_same_in_both_ways() -> None:
    """A usual line with each byte left out, and any that means something put there, is read alike, alone and with the others."""
    changed = [USUAL[:at] + USUAL[at + 1 :] for at in range(len(USUAL))]
    for byte in b'"\\{}[],:. \t\r0-eNntu\x00\xff':
        changed += [USUAL[:at] + bytes([byte]) + USUAL[at + rest :] for at in range(len(USUAL) + 1) for rest in (0, 1)]
    both(changed, [USUAL])
    for line in changed[::37]:
        both([line, USUAL], [USUAL])


@given(st.lists(LINES, max_size=4), st.lists(LINES, max_size=4))
def test_the_cut_does_not_matter(first: list[bytes], second: list[bytes]) -> None:
    """Two chunks have together the records that they have as one: no line knows another."""
    first, second = ([line.replace(b"\n", b" ") for line in lines] for lines in (first, second))
    halves, whole = [both(lines, [USUAL]) for lines in (first, second)], both(first + second, [USUAL])
    assert whole.account == halves[0].account + halves[1].account
    assert whole.time == halves[0].time + halves[1].time
    empty = [[None] * half.account.records for half in halves]
    for name, values in whole.columns.items():
        assert values == halves[0].columns.get(name, empty[0]) + halves[1].columns.get(name, empty[1])


@pytest.mark.parametrize(
    "piece", [b"[", b'{"a":', b"9", b'"', b"\\", b'\\"', b"\\x22", b"\xff", b" ", b"0", b'{"a":[', b"-", b"1e", b","]
)
def test_a_hostile_line_has_an_answer(piece: bytes) -> None:
    """A hundred thousand brackets, digits or quotes are rejected or read, alike in both ways, and never end the program."""
    for size in (5_000, 100_000):
        for front, end in (
            (b"", b""),
            (b'{"a":', b"}"),
            (b'{"x":', b"}"),
            (b'{"a":"', b'"}'),
            (b'{"a":' + b"[" * 9, b"]" * 9 + b"}"),
        ):
            both([b'{"a":1}', front + piece * (size // len(piece)) + end, b'{"a":2}'])


def test_a_limit_of_a_line_is_the_same_in_both_ways() -> None:
    """A line over the limit is rejected as too long, whatever it holds."""
    reading = both([b'{"a":1}', b'{"a":"long"}', b"nothing long", b'{"bad'], max_line_bytes=8)
    assert reading.rejected == [(1, "line-too-long", (8, 20)), (2, "line-too-long", (21, 33)), (3, "bad-json", (34, 39))]


@pytest.mark.parametrize(
    "lines",
    [
        [USUAL] * 3,
        [b'{"a":1,"b":{"c":"x"}}', b'{"b":{"c":null},"a":null}', b"{}"],
        [b'{"a":1}', b'{"a":1.5}'],
        [b'{"log.level":"INFO","@timestamp":"2026-03-07T10:00:00Z"}'],
        [b'{"a":"Info","b":"Name"}', b'{"a":" Information: Info?","b":"NaNa"}'],
    ],
)
def test_usual_lines_go_the_fast_way(lines: list[bytes]) -> None:
    """Objects whose values keep their kinds are Arrow's work."""
    assert is_fast(lines)


@pytest.mark.parametrize("blanks", ["", " "])
@pytest.mark.parametrize("value", ["NaN", "-NaN", "Inf", "-Inf", "Infinity", "-Infinity", "[NaN]", "[Inf, 1]", "Inf ", "NaN\r"])
def test_numbers_that_are_not_json_are_seen_at_any_place(blanks: str, value: str) -> None:
    """Arrow reads NaN and Infinity, which are not JSON, so it does not get lines that hold them."""
    lines = [b'{"a":1}', f'{{"x":{blanks}{value}}}'.encode()]
    assert not is_fast(lines)
    assert [reason for _, reason, _ in both(lines).rejected] == ["bad-json"]


@given(st.lists(st.none() | st.floats(-1e15, 1e15) | st.integers(-(10**9), 10**9).map(lambda number: number / 1000)))
@example([0.0, -0.0, 1e-4, 0.00009999, 5e-324, 4194303.9999999995, 4194304.5, -1e10 - 0.5, 100.0, -7.0, 0.1 + 0.2, None])
def test_doubles_of_arrow_are_written_as_the_definition_does(numbers: list[float | None]) -> None:
    """As many digits as are needed, and an exponent where Python has one."""
    texts = texts_of_kind(pyarrow.array(numbers, pyarrow.float64()))
    assert texts.to_pylist() == list(map(text_of, numbers))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", "blank"),
        (b" \t", "blank"),
        (b"[1]", "not-an-object"),
        (b"7", "not-an-object"),
        (b'{"a": NaN}', "bad-json"),
        (b'{"a": 1} x', "bad-json"),
        (b"{", "object-over-lines"),
        (b'{"a": 1e999}', {"a": Decimal("1e999")}),
        (b'{"a": 9007199254740993.0}', {"a": Decimal(2**53 + 1)}),
        (b'{"a": 12345678.123456789}', {"a": Decimal("12345678.123456789")}),
        (b'{"a": 1e99999999999999999999}', "bad-json-number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad-json-number"),
        (rb'{"a": "\ud800"}', "bad-json-surrogate"),
        (rb'{"a": "\udc00x"}', "bad-json-surrogate"),
        (rb'{"a": "\ud83d\ude00", "b"}', "bad-json-surrogate"),
        (rb'{"a": "\ud83d\ude00", "b', "bad-json"),
        (b"[" * 100_000, "bad-json-too-deep"),
        (b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}", "bad-json-too-deep"),
        (b'{"a": ' * 501 + b"1" + b"}" * 501, "bad-json-too-deep"),
        (b'{"a": "' + b"[" * 600 + b'"}', {"a": "[" * 600}),
        (rb'{"a": "\x22"}', {"a": r"\x22"}),
        (b'{"a": "\xff\xc3\xa9"}', {"a": r"\xffé"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_a_line_is_an_object_or_has_a_reason(line: bytes, expected: object) -> None:
    r"""`\xHH` in strings, which nginx writes, and bytes that are not UTF-8 stay as they were written; anything else is JSON or none."""
    assert object_of(line) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.b", 1),
        ("a", {"b": 1, "c.d": 2}),
        ("a.c.d", 2),
        ("e.f", 3),
        ("e", None),
        ("g.h.i", 4),
        ("", 5),
        ("a.x", None),
        ("g", {"h.i": 4}),
    ],
)
def test_a_key_may_hold_points(name: str, expected: object) -> None:
    """`a.b` is the key with a point in it, or `b` within the object `a`."""
    assert value_at({"a": {"b": 1, "c.d": 2}, "e.f": 3, "g": {"h.i": 4}, "": 5}, name) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", b"x"),
        ("", b""),
        (None, b"-"),
        (True, b"true"),
        (False, b"false"),
        (1, b"1"),
        (-0.0, b"0"),
        (1.50, b"1.5"),
        (1e2, b"100"),
        (1e22, b"1e+22"),
        (2**70, b"1180591620717411303424"),
        ([1, None, "é"], '[1,null,"é"]'.encode()),
        ({}, b"{}"),
    ],
)
def test_a_value_is_the_text_that_it_means(value: object, text: bytes) -> None:
    """Strings are without their escapes, numbers by their value, objects and arrays are JSON."""
    assert text_of(value) == text


def test_fields_have_their_standard_names() -> None:
    """The columns of a request come from the keys that hold them."""
    lines = [
        b'{"ts":1772877600.5,"request":{"method":"GET","uri":"/a?b","client_ip":"192.0.2.7"},"status":404,"size":12,"duration":0.25}'
    ]
    form, _ = JsonReader.of_sample(lines)
    reading = read(form, lines[0] + b"\n", STANDARD)
    assert reading.time == [1772877600]
    expected = {
        "method": ["GET"],
        "target": ["/a?b"],
        "path": ["/a"],
        "query": ["b"],
        "client": ["192.0.2.7"],
        "status": ["404"],
    }
    assert {name: reading.columns[name] for name in expected} == expected
    assert reading.columns["bytes as a number"] == [12 * 10**9]
    assert reading.columns["duration as a number"] == [250_000_000]


def test_without_a_sample_any_key_can_be_asked_for() -> None:
    """The format knows no key then, and takes what it is asked for."""
    assert read(json_format(JsonReader()), b'{"a":{"b":"x"}}\n{"a":7}\n', ("a.b", "a")).columns == {
        "a.b": ["x", None],
        "a": ['{"b":"x"}', "7"],
    }


def test_a_key_of_which_the_sample_says_nothing_is_found_in_objects_too() -> None:
    """`a.b` may be written so, or be `b` within `a`: where the sample has neither, both ways find either."""
    form = json_format(JsonReader(kinds=((("x",), "text"),)))
    for line in (b'{"x": "1", "a": {"b": "2"}}\n', b'{"x": "1", "a.b": "2"}\n'):
        data = numpy.frombuffer(line, numpy.uint8).copy()
        for parsed in (form.parse(data, Context(), {"a.b"}, 1000), exactly(form).parse(data, Context(), {"a.b"}, 1000)):
            assert parsed.columns is not None
            assert parsed.columns.keys["a.b"].keys.to_pylist() == ["2"]


def test_an_array_with_an_object_on_each_line_is_read_fast_and_what_is_around_them_is_not_a_record() -> None:
    """The brackets and commas of an array are about the file, wherever they stand."""
    lines = [
        b"[",
        b'{"time":"2026-03-07T08:00:00Z","level":"warn","a":[1]},',
        b' {"time":"2026-03-07T08:00:01Z"} ,',
        b'{"b":2}',
        b"]",
    ]
    found = both(lines)
    assert (found.account.records, found.account.rejected, found.account.continuation) == (3, 0, 2)
    first, last = b'[{"time":"2026-03-07T08:00:00Z","tags":["x"]},', b',{"time":"2026-03-07T08:00:01Z","tags":["x"]}]'
    assert both([first, last]).account.records == 2
    assert is_fast([lines[1], lines[1]])


def test_an_array_in_one_line_is_refused_and_says_so() -> None:
    """A line is at most one record, so it is not read in part."""
    found = both([b'[{"time":"2026-03-07T08:00:00Z"},{"time":"2026-03-07T08:00:01Z"}]'])
    assert [reason for _, reason, _ in found.rejected] == ["array-in-one-line"]


def test_each_line_has_its_own_names_and_both_ways_find_them() -> None:
    """The time, the level and the message of a record are under the names of the logger that wrote it."""
    lines = [
        b'{"ts":"2026-03-07T08:00:00Z","lvl":"warn","msg":"cold"}',
        b'{"time":"2026-03-07T08:01:00Z","severity":"ERROR","message":"burst"}',
        b'{"@timestamp":"2026-03-07T08:02:00Z","log.level":"debug","log":{"logger":"pump"},"msg":"on"}',
        b'{"@timestamp":"2026-03-07T08:03:00Z","log":{"level":"info","logger":"pump"},"msg":"off"}',
        b'{"day":"2026-03-07","time":"08:04:00","level":"info","message":"dry"}',
    ]
    found = both(lines)
    assert [time % 3600 // 60 for time in found.time] == [0, 1, 2, 3, 4]
    assert found.columns["level"] == ["warning", "error", "debug", "info", "info"]
    assert found.columns["message"] == ["cold", "burst", "on", "off", "dry"]
    assert found.columns["logger"] == [None, None, "pump", "pump", None]
    assert is_fast(lines[:3])


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (b'{"PRIORITY":"5","MESSAGE":[79,118,101,110,27]}', "message", "Oven\\x1b"),
        (b'{"status":200,"request":{"uri":"/","headers":{"User-Agent":["lynx/2"]}}}', "user_agent", "lynx/2"),
        (b'{"status":200,"uri":"/","forwarded_for":["192.0.2.7","192.0.2.8"]}', "forwarded_for", "192.0.2.7, 192.0.2.8"),
        (b'{"msg":"a","user":{"id":7},"hostname":["x",1]}', "host", None),
        (b'{"msg":"a","logger":"a sentence of words"}', "logger", None),
        (b'{"status":200,"path":"/","method":"card payment"}', "method", None),
        (b'{"status":200,"url":"https://shop.example/cart?id=7"}', "path", "/cart"),
    ],
)
def test_values_that_servers_write_in_their_own_way_are_fields_or_absent(line: bytes, column: str, value: str | None) -> None:
    """Arrays of texts and of bytes are text; an object, or a value of another kind, is not a standard column."""
    assert both([line, line]).columns.get(column) == (None if value is None else [value] * 2)


def test_a_compact_record_of_serilog_without_a_level_is_information() -> None:
    """Where all records have `@t`, a missing `@l` means info; elsewhere a missing level means nothing."""
    compact = [b'{"@t":"2026-03-07T08:00:00Z","@m":"a"}', b'{"@t":"2026-03-07T08:00:01Z","@mt":"b","@l":"Fatal"}']
    found = both(compact)
    assert (found.columns["level"], found.columns["raw_level"]) == (["info", "critical"], [None, "Fatal"])
    assert both(compact[:1]).columns["level"] == ["info"]
    assert both([*compact, b'{"ts":"2026-03-07T08:00:00Z"}']).columns["level"] == [None, "critical", None]


def test_durations_in_two_units_are_seconds_in_one_column() -> None:
    """Each number has the unit of its own name."""
    found = both([b'{"msg":"a","elapsed_ms":1500}', b'{"msg":"b","latency_us":250000}', b'{"msg":"c"}'])
    assert found.columns["duration as a number"] == [1_500_000_000, 250_000_000, None]


def test_the_zone_of_a_date_and_a_time_of_day_is_in_a_third_key() -> None:
    """Offsets, names and regions are those of the time; where a line has none, the time is without a zone."""
    zones = ["+02:00", "-0500", "UTC", "Europe/Berlin", None]
    values = ({"date": "2026-07-07", "time": "10:00:00", "tz": zone, "msg": "a"} for zone in zones)
    data = "".join(json.dumps(value) + "\n" for value in values).encode()
    form = detected(data)
    local = 1_783_418_400  # 2026-07-07T10:00:00Z
    assert [time - local for time in read(form, data).time] == [-7200, 18_000, 0, -7200, 0]
