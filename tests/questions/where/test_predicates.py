"""Filters on records: by examples, and against an interpreter that handles one record at a time."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.addresses import address_of
from logproc.model.columns import NO_TIME, Columns, KeyColumn, Numbers
from logproc.questions.where.grammar import parse_where
from logproc.questions.where.networks import network_of
from logproc.questions.where.predicates import expression_fault, number_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BILLION = 10**9
Record = Mapping[str, Any]


def texts(values: list[str | None]) -> KeyColumn:
    """Return a column of texts, None is absent; the first key belongs to no record."""
    keys = list(dict.fromkeys(["no record has this", *values]))
    return KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(value) for value in values], numpy.int32))


def numbers(values: list[Decimal | None]) -> Numbers:
    """Return a column of numbers, None is absent; optional parts are left out if possible."""
    parts = [divmod(int((value or Decimal(0)).scaleb(9)), BILLION) for value in values]
    whole, nanos = (numpy.array([part[i] for part in parts], numpy.int64) for i in (0, 1))
    valid = numpy.array([value is not None for value in values], bool)
    return Numbers(whole, nanos if nanos.any() else None, None if valid.all() else valid)


def columns(records: list[Record]) -> Columns:
    """Return records as the columns of a chunk, without columns for fields that no record has."""
    by_name = {name: [record.get(name) for record in records] for record in records for name in record}
    fields = {name: values for name, values in by_name.items() if name != "time"}
    return Columns(
        records=len(records),
        time=numpy.array([NO_TIME if record.get("time") is None else record["time"] for record in records], numpy.int64),
        keys={
            name: texts(values) for name, values in fields.items() if not any(isinstance(value, Decimal) for value in values)
        },
        numbers={
            name: numbers(values) for name, values in fields.items() if any(isinstance(value, Decimal) for value in values)
        },
    )


def passing(text: str, records: list[Record]) -> list[bool]:
    """Return which records pass a filter."""
    chunk = columns(records)
    mask = parse_where(text).mask(chunk, lambda name: chunk.keys.get(name) or chunk.numbers.get(name))
    assert mask.dtype == bool
    return [bool(good) for good in mask]


def kept(text: str, name: str, values: list[Any]) -> list[Any]:
    """Return the values whose records pass."""
    return [value for value, good in zip(values, passing(text, [{name: value} for value in values]), strict=True) if good]


STATUSES = ["200", "404", "410", "503", None]
BODIES = [Decimal(0), Decimal(4096), Decimal("4096.5"), Decimal("1e18"), None]
CLIENTS = [
    "10.1.2.3",
    "::ffff:10.1.2.3",
    "192.0.2.1",
    "2001:db8::1",
    "2001:DB8:0:0::1",
    "::1",
    "shop.example",
    "web-1:80",
    None,
]
FORWARDED = ["10.1.2.3:80", "2001:db8::1, 10.9.9.9", "[2001:DB8::2]:443", "unknown,198.51.100.7", None]
PATHS = ["/", "/api/v1", "/API", "/café", r"/\xff\x09", "", None]
LOOSE = [
    "5",
    "5.0",
    "+05",
    "-5",
    "5e0",
    "0.1",
    "0.10",
    "abc",
    "true",
    "1e9999",
    "NaN",
    "5ms",
    " 5",
    "",
    "0.1000000000000001",
    None,
]


@pytest.mark.parametrize(
    ("text", "name", "values", "wanted"),
    [
        ("status >= 500", "status", STATUSES, ["503"]),
        ("status < 404.5", "status", STATUSES, ["200", "404"]),
        ("status in (404, 410)", "status", STATUSES, ["404", "410"]),
        ("status not in (404, 410)", "status", STATUSES, ["200", "503"]),
        ("not status in (404, 410)", "status", STATUSES, ["200", "503", None]),
        ("status != 200", "status", STATUSES, ["404", "410", "503"]),
        ("status is absent", "status", STATUSES, [None]),
        ("status is not absent", "status", STATUSES, STATUSES[:-1]),
        ("bytes == 4KiB", "bytes", BODIES, BODIES[1:2]),
        ("bytes > 4096", "bytes", BODIES, BODIES[2:4]),
        ("bytes <= 4096.5", "bytes", BODIES, BODIES[:3]),
        ("bytes != 0", "bytes", BODIES, BODIES[1:4]),
        ("bytes is absent", "bytes", BODIES, [None]),
        ("bytes is not absent", "bytes", BODIES[:2], BODIES[:2]),
        ("duration >= 500ms", "duration", [Decimal("0.499999999"), Decimal("0.5"), Decimal(1)], [Decimal("0.5"), Decimal(1)]),
        ("duration < 0.5", "duration", [Decimal(0), Decimal(-1), Decimal(1)], [Decimal(0), Decimal(-1)]),
        ("duration >= -0.5", "duration", [Decimal("-0.6"), Decimal("-0.4")], [Decimal("-0.4")]),
        ("client == '10.0.0.0/8'", "client", CLIENTS, CLIENTS[:2]),
        ("client == '10.9.9.9/8'", "client", CLIENTS, CLIENTS[:2]),
        ("client == '10.1.2.3'", "client", CLIENTS, CLIENTS[:2]),
        ("client == '0.0.0.0/0'", "client", CLIENTS, CLIENTS[:3]),
        ("client == '::/0'", "client", CLIENTS, CLIENTS[3:6]),
        ("client == '2001:db8::/33'", "client", CLIENTS, CLIENTS[3:5]),
        ("client == '2001:db8::1'", "client", CLIENTS, CLIENTS[3:5]),
        ("client in ('shop.example', '::1/128')", "client", CLIENTS, CLIENTS[5:7]),
        ("client == '10.1.2.3:80'", "client", ["10.1.2.3", "10.1.2.4"], ["10.1.2.3"]),
        ("client == '[2001:db8::1%3]:443'", "client", CLIENTS, CLIENTS[3:5]),
        ("client != '0.0.0.0/0'", "client", CLIENTS, CLIENTS[3:8]),
        ("client not in ('0.0.0.0/0', '::/0')", "client", CLIENTS, CLIENTS[6:8]),
        ("client =~ '^10[.]'", "client", CLIENTS, ["10.1.2.3"]),
        ("forwarded_for == '10.0.0.0/8'", "forwarded_for", FORWARDED, FORWARDED[:2]),
        ("forwarded_for == '2001:db8::/32'", "forwarded_for", FORWARDED, FORWARDED[1:3]),
        ("forwarded_for == '198.51.100.7'", "forwarded_for", FORWARDED, FORWARDED[3:4]),
        ("forwarded_for != '10.0.0.0/8'", "forwarded_for", FORWARDED, FORWARDED[2:4]),
        ("path =~ 'api'", "path", PATHS, ["/api/v1"]),
        ("path =~ '(?i)^/api$'", "path", PATHS, ["/API"]),
        ("path =~ '^/caf.$'", "path", PATHS, ["/café"]),
        ("path !~ 'a'", "path", PATHS, ["/", "/API", r"/\xff\x09", ""]),
        ("path contains '/'", "path", PATHS, PATHS[:5]),
        ("path contains '.'", "path", PATHS, []),
        ("path not contains '/'", "path", PATHS, [""]),
        (r"path == '/\xff\x09'", "path", PATHS, [r"/\xff\x09"]),
        (r"path == '/\xff\t'", "path", PATHS, [r"/\xff\x09"]),
        (r"path contains '\t'", "path", PATHS, [r"/\xff\x09"]),
        ("path == ''", "path", PATHS, [""]),
        ("path > '/a'", "path", PATHS, ["/api/v1", "/café"]),
        ("path <= '/API'", "path", PATHS, ["/", "/API", ""]),
        ("path in ('/', '/API', 'x')", "path", PATHS, ["/", "/API"]),
        ("path != '/'", "path", PATHS, PATHS[1:6]),
        ("path > '\uffff'", "path", ["\ufffe", "\U00010000"], ["\U00010000"]),
        ("x == 5", "x", LOOSE, ["5", "5.0", "+05", "5e0", " 5"]),
        ("x == '5'", "x", LOOSE, ["5"]),
        ("x == 0.1", "x", LOOSE, ["0.1", "0.10"]),
        ("x > 5", "x", LOOSE, ["1e9999"]),
        ("x != 5", "x", LOOSE, ["-5", "0.1", "0.10", "1e9999", "5ms", "0.1000000000000001"]),
        ("x == true", "x", LOOSE, ["true"]),
        ("x in (5, 'abc')", "x", LOOSE, ["5", "5.0", "+05", "5e0", "abc", " 5"]),
        ("x not in (5, '-5')", "x", LOOSE, ["0.1", "0.10", "1e9999", "5ms", "0.1000000000000001"]),
        ("x =~ '^.$'", "x", LOOSE, ["5"]),
        ("x == '5' or x != '5'", "x", [Decimal(5), Decimal(6)], []),
        ("client != '10.0.0.0/8'", "client", [Decimal(5)], []),
        ("time == '2026-03-07'", "time", [1772841600, 1772841601, None], [1772841600]),
        ("time >= '2026-03-07T00:00:00.5'", "time", [1772841600, 1772841601, None], [1772841601]),
        ("time < '2026-03-07 01:00+01:00'", "time", [1772841599, 1772841600, None], [1772841599]),
        ("time != '2026-03-07'", "time", [1772841600, 1772841601, None], [1772841601]),
        ("time is absent", "time", [1772841600, None], [None]),
        ("time is not absent", "time", [1772841600, None], [1772841600]),
    ],
)
def test_a_filter_keeps_the_records_it_describes(text: str, name: str, values: list[Any], wanted: list[Any]) -> None:
    """Each operator of each type selects its records, and none without the field."""
    assert kept(text, name, values) == wanted


@pytest.mark.parametrize(
    "text", ["x == 5", "x != 5", "x !~ 'a'", "x not in ('a')", "x is not absent", "client != '::1'", "status < 5"]
)
def test_a_field_that_no_record_has_fits_no_comparison(text: str) -> None:
    """Without a column comparisons are false, and their negation is true."""
    assert passing(text, [{"path": "/"}] * 3) == [False] * 3
    assert passing(f"not {text}", [{"path": "/"}] * 3) == [True] * 3


def test_a_field_that_no_record_has_is_absent() -> None:
    """Without a column, the field is absent in all records."""
    assert passing("x is absent", [{"path": "/"}] * 3) == [True] * 3


@pytest.mark.parametrize(
    "text", ["path == 'a'", "status > 5", "client == '::1'", "bytes > 5 or time > '2026-01-01'", "path is absent"]
)
def test_no_records_make_an_empty_mask(text: str) -> None:
    """A chunk without records has a mask without values."""
    nothing: list[Any] = []
    chunk = Columns(0, numpy.array(nothing, numpy.int64), {})
    empty = KeyColumn(pyarrow.array(nothing, pyarrow.string()), numpy.array(nothing, numpy.int32))
    assert parse_where(text).mask(chunk, lambda _: None).tolist() == []
    assert parse_where(text).mask(chunk, lambda _: empty).tolist() == []


def test_each_field_is_asked_for_once() -> None:
    """A column used several times is computed once, and the time comes from the chunk."""
    asked: list[str] = []
    chunk = columns([{"path": "/", "time": 5}])
    parse_where("path == '/' or path == 'x' or net:24 is absent or time is absent").mask(chunk, asked.append)
    assert asked == ["path", "net:24"]


def test_columns_are_left_as_they_are() -> None:
    """A mask is computed without writing to the columns."""
    values = numbers([Decimal(1), None])
    chunk = Columns(2, numpy.array([5, NO_TIME], numpy.int64), {}, {"bytes": values})
    for array in (chunk.time, values.whole, values.valid):
        assert array is not None
        array.flags.writeable = False
    mask = parse_where("bytes is not absent and not bytes > 5 and time is not absent").mask(chunk, lambda _: values)
    assert mask.tolist() == [True, False]


@pytest.mark.parametrize("depth", [99, 98])
def test_the_deepest_tree_can_be_asked(depth: int) -> None:
    """Trees at the depth limit can be evaluated."""
    text = "(a = 1 or b = 2 and " * depth + "not " * (99 - depth) + "c = 3" + ")" * depth
    assert passing(text, [{"a": "2", "b": "2", "c": "3"}]) == [depth == 99]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5", "5"),
        ("-0.25", "-0.25"),
        ("+1", "1"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("1e9999", "1e9999"),
        ("0" * 63 + "1", "1"),
        ("0" * 64 + "1", 1),
        ("0" * 1024 + "1", None),
        ("1e10000", None),
        ("1e99999999999999999999", None),
        *[(" 1", "1"), ("1 ", "1"), (".5", "0.5"), ("5.", "5"), ("5ms", "0.005"), ("5 KiB", "5120"), ("1,260.5", "1260.5")],
        *[(text, None) for text in ("", "1\n", "1_000", "1,5", "0,250", "0x1", "nan", "inf", "Infinity", "٣", "--1", "5 kg")],
    ],
)
def test_a_number_is_what_metrics_read(text: str, wanted: str | None) -> None:
    """Numbers, with a unit or without, are exact; other texts, and overlong ones, are not numbers."""
    found = number_of(text)
    assert (found if found is None or isinstance(found, Decimal) else Decimal(found.numerator) / found.denominator) == (
        None if wanted is None else Decimal(wanted)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "10",
        "10.1",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1 ",
        "::g",
        ":::",
        "fe80::1%eth0",
        "\0",
        "10.0.0.0/8",
        "١.1.1.1",
    ],
)
def test_what_is_not_an_address_is_none(text: str) -> None:
    """Only complete IPv4 addresses, or those of RFC 4291, are addresses."""
    assert address_of(text) is None


@given(st.one_of(st.ip_addresses(), st.text("0123456789abcdef.:", max_size=20).filter(lambda text: "%" not in text).map(str)))
def test_an_address_is_what_the_standard_library_says(written: Any) -> None:
    """The fast parser of addresses agrees with `ipaddress`."""
    assert address_of(str(written)) == packed(str(written))


def packed(text: str) -> bytes | None:
    """Return the 16 bytes of an address by `ipaddress`."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.packed if address.version == 6 else ipaddress.ip_address(f"::ffff:{address}").packed


def test_an_expression_is_refused_in_the_words_of_re2() -> None:
    """RE2's own message is passed on; valid expressions give None."""
    assert expression_fault("[z-a]") == "invalid character class range: z-a"
    assert expression_fault("^/api(/|$)") is None


@dataclass(frozen=True)
class Asked:
    """A comparison as the test draws it: the field, the operator, and the values as they stand in the language."""

    field: str
    operator: str
    values: tuple[str, ...]


Tree = Any
"""An Asked, or a tuple of `not`, `and` or `or` and its parts."""
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
FACTORS = {"": "1", "k": "1000", "KiB": "1024", "MB": "1e6", "us": "1e-6", "ms": "1e-3", "m": "60"}
ADDRESSES = [
    "10.0.0.1",
    "10.0.0.77",
    "10.200.0.1",
    "192.0.2.9",
    "::ffff:10.0.0.1",
    "2001:db8::1",
    "2001:0DB8::1",
    "::1",
    "shop",
    "",
]
NETWORKS = [*ADDRESSES, "10.0.0.0/8", "10.0.0.64/26", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/127"]
WORDS = [
    "",
    "/",
    "/a",
    "/a/b",
    "/b",
    "GET",
    "é",
    "5",
    "5.0",
    "-1",
    "0.1",
    "1e2",
    "true",
    "\U00010000",
    "\uffff",
    r"\xff",
    'q"q',
]
PATTERNS = ["", "a", "^/", "/b$", r"^\d+$", "(?i)get", "[é5]", r"\\x"]


QUANTITIES = st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-2000, 2000), st.integers(0, 9))
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["200", "404", "500"]),
            "bytes": st.integers(0, 3).map(Decimal) | st.sampled_from([1000, 1024, 10**6, 2**62]).map(Decimal),
            "duration": QUANTITIES,
            "client": st.sampled_from(ADDRESSES),
            "path": st.sampled_from(WORDS),
            "x-y": st.sampled_from(WORDS),
            "time": st.integers(-2, 2) | st.integers(1_700_000_000, 1_700_000_002),
        },
    ),
    max_size=12,
)


def decimals(units: list[str]) -> st.SearchStrategy[str]:
    """Return a strategy of numbers as text."""
    return (
        st.tuples(QUANTITIES | st.sampled_from([0, 1, 5, 200, 404, 1000]).map(Decimal), st.sampled_from(units))
        .filter(exact)
        .map(written)
    )


def exact(drawn: tuple[Decimal, str]) -> bool:
    """Whether a number with its unit has no more than nine places."""
    return (drawn[0] * Decimal(FACTORS[drawn[1]])).scaleb(9) % 1 == 0


def written(drawn: tuple[Decimal, str]) -> str:
    """Return a number with its unit."""
    return f"{drawn[0]:f}{drawn[1]}"


def quoted(text: str) -> str:
    """Return a text as the language writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


MOMENTS = st.tuples(st.sampled_from([-1, 0, 1, 1_700_000_001]), st.sampled_from([0, 1, 500_000]))
TIMES = MOMENTS.map(lambda parts: quoted((EPOCH + timedelta(seconds=parts[0], microseconds=parts[1])).isoformat()))
OF_FIELD = {
    "status": decimals([""]),
    "bytes": decimals(["", "k", "KiB", "MB"]),
    "duration": decimals(["", "us", "ms", "m"]),
    "client": st.sampled_from(NETWORKS).map(quoted),
    "path": st.sampled_from(WORDS).map(quoted),
    "x-y": st.sampled_from(WORDS).map(quoted) | decimals(list(FACTORS)),
    "nobody": decimals([""]),
    "time": TIMES,
}


def ordered(field: str) -> st.SearchStrategy[Asked]:
    """Return a strategy of comparisons with one value."""
    symbols = ["==", "!="] if field == "client" else list(ORDER)
    return st.builds(Asked, st.just(field), st.sampled_from(symbols), st.tuples(OF_FIELD[field]))


def within(field: str) -> st.SearchStrategy[Asked]:
    """Return a strategy of comparisons with several values."""
    values = st.lists(OF_FIELD[field], min_size=1, max_size=4).map(tuple)
    return st.builds(Asked, st.just(field), st.sampled_from(["in", "not in"]), values)


def searched(symbols: list[str], sought: list[str]) -> st.SearchStrategy[Asked]:
    """Return a strategy of comparisons that search a text."""
    fields = st.sampled_from(["path", "x-y", "client"])
    return st.builds(Asked, fields, st.sampled_from(symbols), st.tuples(st.sampled_from(sought).map(quoted)))


LEAVES = st.one_of(
    st.sampled_from(list(OF_FIELD)).flatmap(ordered),
    st.sampled_from(list(OF_FIELD)).flatmap(within),
    searched(["=~", "!~"], PATTERNS),
    searched(["contains", "not contains"], WORDS),
    st.builds(Asked, st.sampled_from(list(OF_FIELD)), st.sampled_from(["is absent", "is not absent"]), st.just(())),
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), inner, inner)),
    max_leaves=6,
)


def spelled(tree: Tree) -> str:
    """Return a tree in the language."""
    match tree:
        case Asked(field, operator, values):
            joined = ", ".join(values)
            return f"{field} {operator} {f'({joined})' if operator.endswith('in') else joined}"
        case ("not", part):
            return f"not ({spelled(part)})"
        case (word, left, right):
            return f"(({spelled(left)}) {word} ({spelled(right)}))"
    raise AssertionError(tree)


def true(tree: Tree, record: Record) -> bool:
    """Return whether a record passes, following the language's description."""
    match tree:
        case Asked():
            return asked(tree, record.get(tree.field))
        case ("not", part):
            return not true(part, record)
        case ("and", left, right):
            return true(left, record) and true(right, record)
        case (_, left, right):
            return true(left, record) or true(right, record)
    raise AssertionError(tree)


def asked(question: Asked, found: Any) -> bool:
    """Return whether a value, None if absent, matches a comparison."""
    if question.operator.startswith("is "):
        return (found is None) == (question.operator == "is absent")
    if found is None:
        return False
    if question.operator == "in":
        return any(single(question.field, "==", value, found) for value in question.values)
    if question.operator == "not in":
        return all(single(question.field, "!=", value, found) for value in question.values)
    return single(question.field, question.operator, question.values[0], found)


def single(field: str, symbol: str, value: str, found: Any) -> bool:
    """Return whether a value matches one value of the language."""
    if not value.startswith("'"):
        number = as_number(str(found))
        return number is not None and bool(ORDER[symbol](number, as_literal(value)))
    text = value[1:-1].replace("\\'", "'").replace("\\\\", "\\")
    if symbol in {"=~", "!~"}:
        return bool(re.search(text, found, re.ASCII)) == (symbol == "=~")
    if symbol.endswith("contains"):
        return (text in found) == (symbol == "contains")
    if field == "time":
        return bool(ORDER[symbol](EPOCH + timedelta(seconds=found), datetime.fromisoformat(text)))
    if field == "client":
        return (text == found or in_network(text, found)) == (symbol == "==")
    return bool(ORDER[symbol](found.encode(), text.encode()))


def as_number(text: str) -> Decimal | None:
    """Return a value as a number."""
    return Decimal(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII) else None


def as_literal(text: str) -> Decimal:
    """Return a number of the language."""
    digits = text.rstrip("".join(FACTORS))
    return Decimal(digits) * Decimal(FACTORS[text[len(digits) :]])


def in_network(network: str, address: str) -> bool:
    """Return whether an address is in a network, by `ipaddress`, with mapped addresses as IPv4."""
    try:
        within, inner = ipaddress.ip_network(network, strict=False), ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = within.network_address.ipv4_mapped if isinstance(within, ipaddress.IPv6Network) else None
    if mapped is not None:
        within = ipaddress.ip_network(f"{mapped}/{within.prefixlen - 96}")
    return (getattr(inner, "ipv4_mapped", None) or inner) in within


@given(TREES, RECORDS)
def test_a_filter_says_of_each_record_what_it_says_of_it_alone(tree: Tree, records: list[Record]) -> None:
    """Evaluating columns gives the same result as interpreting the filter record by record."""
    assert passing(spelled(tree), records) == [true(tree, record) for record in records]


@given(st.sampled_from(NETWORKS), st.sampled_from(ADDRESSES))
def test_a_network_holds_what_the_standard_library_says(network: str, address: str) -> None:
    """Networks and addresses, mapped ones included, compare as in `ipaddress`."""
    found, inner = network_of(network), address_of(address)
    assert found is not None
    if inner is not None:
        assert found.holds(numpy.frombuffer(inner, numpy.uint8).reshape(1, 16)).tolist() == [in_network(network, address)]
