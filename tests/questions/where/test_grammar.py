"""The language of `--where`: valid filters, their trees, and the places of errors."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import UsageError
from logproc.questions.where.grammar import MAX_DEPTH, parse_where
from logproc.questions.where.networks import Network, network_of
from logproc.questions.where.predicates import (
    Absent,
    AddressComparison,
    And,
    Not,
    NumberComparison,
    Or,
    Predicate,
    TextComparison,
)
from logproc.questions.where.values import FIELD_TYPES, OPERATORS, UNITS, FieldType, type_of

BILLION = 10**9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE = NumberComparison("a", "==", False, (BILLION,))
TWO = NumberComparison("b", "==", False, (2 * BILLION,))
THREE = NumberComparison("c", "==", False, (3 * BILLION,))


def tree(text: str, tz: tzinfo = UTC) -> Predicate:
    """Return the tree of an expression."""
    return parse_where(text, tz).tree


def value(text: str) -> Any:
    """Return the only value of a comparison."""
    found: Any = tree(text)
    assert len(found.values) == 1
    return found.values[0]


def network(text: str) -> Network:
    """Return a valid network."""
    found = network_of(text)
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a = 1", ONE),
        ("a==1", ONE),
        (" \t\r\na == 1\n", ONE),
        ("((a == 1))", ONE),
        ("a == 1 or b == 2 and c == 3", Or((ONE, And((TWO, THREE))))),
        ("(a == 1 or b == 2) and c == 3", And((Or((ONE, TWO)), THREE))),
        ("a == 1 or b == 2 or c == 3", Or((ONE, TWO, THREE))),
        ("a == 1 and (b == 2 and c == 3)", And((ONE, And((TWO, THREE))))),
        ("not a == 1 and b == 2", And((Not(ONE), TWO))),
        ("not (a == 1 and b == 2)", Not(And((ONE, TWO)))),
        ("not not a == 1", Not(Not(ONE))),
        ("NOT a == 1 Or b == 2 aNd c == 3", Or((Not(ONE), And((TWO, THREE))))),
        ("a is absent", Absent("a", False)),
        ("a IS NOT ABSENT", Absent("a", True)),
        ("a in (1)", ONE),
        ("a in (1,)", ONE),
        ("a in(1,2)", NumberComparison("a", "==", False, (BILLION, 2 * BILLION))),
        ("a not in (1, 2,)", NumberComparison("a", "==", True, (BILLION, 2 * BILLION))),
        ("a != 1", NumberComparison("a", "==", True, (BILLION,))),
        ("a < 1", NumberComparison("a", "<", False, (BILLION,))),
        ("a >= 1", NumberComparison("a", "<", True, (BILLION,))),
        ("a <= 1", NumberComparison("a", "<=", False, (BILLION,))),
        ("a > 1", NumberComparison("a", "<=", True, (BILLION,))),
        ("a == true", TextComparison("a", "==", False, ("true",))),
        ("a != FALSE", TextComparison("a", "==", True, ("false",))),
        ("path =~ '^/api'", TextComparison("path", "=~", False, ("^/api",))),
        ("path !~ '^/api'", TextComparison("path", "=~", True, ("^/api",))),
        ("client =~ '^10[.]'", TextComparison("client", "=~", False, ("^10[.]",))),
        ("path contains '('", TextComparison("path", "contains", False, ("(",))),
        ("path not contains '('", TextComparison("path", "contains", True, ("(",))),
        ("client == '10.0.0.0/8'", AddressComparison("client", "==", False, (network("10.0.0.0/8"),))),
        ("forwarded_for not in ('::1', 'a')", AddressComparison("forwarded_for", "==", True, (network("::1"), network("a")))),
        (
            "a in ('x', 1, 'y')",
            Or((TextComparison("a", "==", False, ("x", "y")), NumberComparison("a", "==", False, (BILLION,)))),
        ),
        (
            "a not in (1, 'x')",
            And((TextComparison("a", "==", True, ("x",)), NumberComparison("a", "==", True, (BILLION,)))),
        ),
    ],
)
def test_an_expression_makes_a_tree(text: str, wanted: Predicate) -> None:
    """`not` binds tighter than `and`, `and` than `or`; every operator is a relation or its negation."""
    assert tree(text) == wanted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user-agent == 1", "user-agent"),
        ("a.b == 1", "a.b"),
        ("@timestamp == 1", "@timestamp"),
        ("_1==1", "_1"),
        ("net:24 == '10.0.0.0/24'", "net:24"),
        ("net:128 == '::/128'", "net:128"),
        ("shape(path) == '/'", "shape(path)"),
        ("shape(a.b-c) == '/'", "shape(a.b-c)"),
        ("`strange key` == 1", "strange key"),
        ("`größe` == 1", "größe"),
        ("`a``b` == 1", "a`b"),
        ("`` == 1", ""),
        ("`not` == 1", "not"),
        ("in in (1)", "in"),
        ("and == 1", "and"),
        ("is is absent", "is"),
        ("contains contains 'a'", "contains"),
        ("true == true", "true"),
        ("net == 1", "net"),
        ("shape == 1", "shape"),
    ],
)
def test_a_field_is_a_name(text: str, name: str) -> None:
    """Names of JSON, forms of `--by` and names in backticks are fields; so are keywords where none is expected."""
    assert parse_where(text).fields == (name,)


def test_fields_are_named_once_in_order() -> None:
    """A filter lists its fields once, in order of appearance."""
    assert parse_where("b = 1 and (net:24 is absent or not b = 2) and time > '2026-01-01'").fields == ("b", "net:24", "time")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"a\"b"', 'a"b'),
        (r"'a\'b'", "a'b"),
        (r"""'a"b'""", 'a"b'),
        (r'"a\\b"', "a\\b"),
        (r'"a\nb\tc"', "a\nb\tc"),
        (r'"\d+\.\b"', r"\d+\.\b"),
        (r'"\xe9\x22"', r"\xe9\x22"),
        (r'"\\n"', r"\n"),
        ('"a\nb"', "a\nb"),
        ('"\\\n"', "\\\n"),
        ('""', ""),
        ('"ü"', "ü"),
    ],
)
def test_only_quotes_backslashes_and_two_controls_are_escaped(written: str, meant: str) -> None:
    """Any other backslash stays, so expressions and shown keys can be pasted."""
    assert value(f"path == {written}") == meant


@pytest.mark.parametrize(
    ("written", "billionths"),
    [
        ("0.1", 10**8),
        ("-0.1", -(10**8)),
        ("+2", 2 * BILLION),
        (".5", BILLION // 2),
        ("007", 7 * BILLION),
        ("0.000000001", 1),
        ("1.10000000000000000000", 11 * 10**8),
        ("9223372036854775807", (2**63 - 1) * BILLION),
        ("1B", BILLION),
        ("4k", 4000 * BILLION),
        ("4kB", 4000 * BILLION),
        ("4MB", 4 * 10**6 * BILLION),
        ("4GB", 4 * 10**9 * BILLION),
        ("4KiB", 4096 * BILLION),
        ("1.5 MiB", 3 * 2**19 * BILLION),
        ("4GiB", 2**32 * BILLION),
        ("7us", 7000),
        ("0.001us", 1),
        ("500ms", BILLION // 2),
        ("500  ms", BILLION // 2),
        ("2s", 2 * BILLION),
        ("2m", 120 * BILLION),
        ("0.5h", 1800 * BILLION),
    ],
)
def test_a_number_is_exact(written: str, billionths: int) -> None:
    """Numbers with and without units are exact to the billionth."""
    assert value(f"a == {written}") == billionths


def test_a_keyword_after_a_number_is_not_a_unit() -> None:
    """A word is a unit only if it is a known one, or directly follows the number."""
    assert tree("a == 1 and b == 2") == And((ONE, TWO))
    assert tree("a == 1 m and b == 2") == And((NumberComparison("a", "==", False, (60 * BILLION,)), TWO))


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "tz", "wanted"),
    [
        ("2026-03-07", UTC, datetime(2026, 3, 7, tzinfo=UTC)),
        ("2026-03-07 13:30", UTC, datetime(2026, 3, 7, 13, 30, tzinfo=UTC)),
        ("2026-03-07T13:30:05.25", UTC, datetime(2026, 3, 7, 13, 30, 5, 250_000, tzinfo=UTC)),
        ("2026-03-07T13:30:05Z", NEW_YORK, datetime(2026, 3, 7, 13, 30, 5, tzinfo=UTC)),
        ("2026-03-07T13:30:05+01:30", NEW_YORK, datetime(2026, 3, 7, 12, 0, 5, tzinfo=UTC)),
        ("2026-03-07", NEW_YORK, datetime(2026, 3, 7, 5, tzinfo=UTC)),
        ("2026-07-07 00:00", NEW_YORK, datetime(2026, 7, 7, 4, tzinfo=UTC)),
        ("2026-11-01 01:30", NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("0001-01-01", timezone(timedelta(hours=23)), datetime(1, 1, 1, tzinfo=UTC) - EPOCH - timedelta(hours=23)),
        ("9999-12-31", NEW_YORK, datetime(9999, 12, 31, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_moment(text: str, tz: tzinfo, wanted: datetime | timedelta) -> None:
    """A date means midnight; a time without an offset is in the zone, and the first if it occurs twice."""
    since = wanted - EPOCH if isinstance(wanted, datetime) else wanted
    billionths = since // timedelta(microseconds=1) * 1000
    assert tree(f"time < '{text}'", tz) == NumberComparison("time", "<", False, (billionths,))


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("status", "expected `==`, `=~`, `in` or another operator, found the end", 7),
        ("status 5", "expected `==`, `=~`, `in` or another operator, found `5`", 8),
        ("status not 5", "expected `in` or `contains`, found `5`", 12),
        ("status ==", "expected a value, found the end", 10),
        ("path == GET", "expected a value, found `GET`", 9),
        ("path == `GET`", "expected a value, found ``GET``", 9),
        ('"path" == "a"', 'expected a field, found `"path"`', 1),
        ("5 == status", "expected a field, found `5`", 1),
        ("status == 5 status == 6", "expected `and`, `or` or the end, found `status`", 13),
        ("status == 5 and", "expected a field, found the end", 16),
        ("(status == 5", "expected `and`, `or` or `)`, found the end", 13),
        ("status == 5)", "expected `and`, `or` or the end, found `)`", 12),
        ("()", "expected a field, found `)`", 2),
        ("status in 5", "expected `(`, found `5`", 11),
        ("status in ()", "expected a value, found `)`", 12),
        ("status in (5 6)", "expected `,` or `)`, found `6`", 14),
        ("status in (5,,)", "expected a value, found `,`", 14),
        ("status in (5", "expected `,` or `)`, found the end", 13),
        ("status is 5", "expected `absent` or `not absent`, found `5`", 11),
        ("status is not 5", "expected `absent`, found `5`", 15),
        ("status == 5 && a", "& means nothing", 13),
        ("path == 'a", "a text is not closed", 9),
        (r'path == "a\"', "a text is not closed", 9),
        ("  `path", "a name is not closed", 3),
        ("a == \x1b", r"\x1b means nothing", 6),
        ("a == 'é' é", "é means nothing", 10),
        ("a == '\udcff'", "not valid UTF-8", 7),
        ("a == 5x", "unknown unit x", 7),
        ("a == 5kb", "unknown unit kb", 7),
        ("a == " + "5" * 41, "a number of more than 40 characters", 6),
        ("a == 0.0000000001", "a number finer than a billionth", 6),
        ("a == 0.0001us", "a number finer than a billionth", 6),
        ("net:129 == '::/0'", "net:129 has more bits than an address", 1),
        ("status == '200'", "status is a number, unlike '200'", 11),
        ("status in (200, '404')", "status is a number, unlike '404'", 17),
        ("status > 5ms", "status is a number, unlike 5ms", 10),
        ("status =~ '^5'", "status is a number, which has no `=~`", 8),
        ("status not contains '5'", "status is a number, which has no `contains`", 12),
        ("bytes > 5 ms", "bytes is a size, unlike 5 ms", 9),
        ("duration > 5kB", "duration is a duration, unlike 5kB", 12),
        ("path < 5", "path is a text, unlike 5", 8),
        ("net:24 == 5", "net:24 is a text, unlike 5", 11),
        ("shape(path) == 5", "shape(path) is a text, unlike 5", 16),
        ("path =~ 5", "`=~` needs a text, not a number", 9),
        ("path =~ '('", 'not a regular expression ("missing ): (")', 9),
        ("a !~ '*'", 'not a regular expression ("no argument for repetition operator: *")', 6),
        ("a =~ '(?=b)'", 'not a regular expression ("invalid perl operator: (?=")', 6),
        ("client < '10.0.0.1'", "client is an address, which has no `<`", 8),
        ("client == 10", "client is an address, unlike 10", 11),
        ("client == '10.0.0.0/33'", "client is an address, unlike '10.0.0.0/33'", 11),
        ("client in ('::1', '::/129')", "client is an address, unlike '::/129'", 19),
        ("client == '10/8'", "client is an address, unlike '10/8'", 11),
        ("client == '10.0.0.0/'", "client is an address, unlike '10.0.0.0/'", 11),
        ("client == '10.0.0.0/+8'", "client is an address, unlike '10.0.0.0/+8'", 11),
        ("time > 5", "time is a moment, unlike 5", 8),
        ("time > '2026-02-30'", "time is a moment, unlike '2026-02-30'", 8),
        ("time =~ '2026'", "time is a moment, which has no `=~`", 6),
    ],
)
def test_an_error_names_its_place(text: str, what: str, column: int) -> None:
    """An invalid expression is refused with the reason and the column, counted from 1."""
    with pytest.raises(UsageError) as caught:
        parse_where(text)
    assert caught.value.what.startswith("--where ")
    assert caught.value.what.endswith(f": {what} at column {column}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("status == '200'", "write 200 without quotes or unit"),
        ("path == 5", 'write it in quotes: "text"'),
        ("method == GET", 'write a text in quotes: "GET"'),
        ("path == /cart", 'write a text in quotes: "/cart"'),
        ("a == 1 and path=/cart?x", 'write a text in quotes: "/cart?x"'),
        ("client in 10.0.0.0/8", 'write a text in quotes: "10.0.0.0/8"'),
        ("client in (::1)", 'write a text in quotes: "::1"'),
        ("a == 5 / b", ""),
        ("client < '::1'", "it has ==, !=, =~, !~, in, contains"),
        ("time =~ '2026'", "it has ==, !=, <, >=, <=, >, in"),
        ("a == 5 && b == 6", "write `and`"),
        ("a == 5kb", "known are B, k, kB, KB, MB, GB, TB, K, M, G, T, KiB, MiB, GiB, TiB, ns, us, µs, μs, ms, s, m, min, h, d"),
    ],
)
def test_an_error_says_what_to_write(text: str, hint: str) -> None:
    """Where the right notation can be guessed, the hint shows it."""
    with pytest.raises(UsageError) as caught:
        parse_where(text)
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_filter_is_an_error(text: str) -> None:
    """It may come from an unset shell variable, and would let all records pass."""
    with pytest.raises(UsageError, match=r"^--where is empty: "):
        parse_where(text)


def test_an_error_is_one_short_line() -> None:
    """An error quotes only the beginning of an expression, and nothing that controls a terminal."""
    with pytest.raises(UsageError) as caught:
        parse_where("\n\x1b[31m" + "x" * 1000)
    assert caught.value.what == r"--where \x0a\x1b[31m" + "x" * 53 + r"…: \x1b means nothing at column 2"


@pytest.mark.parametrize(("before", "behind"), [("(", ")"), ("not ", ""), ("(a = 1 or b = 2 and ", ")"), ("not (", ")")])
def test_depth_has_a_limit(before: str, behind: str) -> None:
    """Trees up to the limit can be parsed; deeper ones are refused before Python's recursion limit."""
    levels = (MAX_DEPTH - 1) // (2 if before == "not (" else 1)
    assert parse_where(before * levels + "c = 3" + behind * levels)
    for more in (levels + 1, 10_000):
        with pytest.raises(UsageError, match="more than 100 levels"):
            parse_where(before * more + "c = 3" + behind * more)


@pytest.mark.parametrize("word", ["and", "or"])
def test_length_has_no_limit(word: str) -> None:
    """Ten thousand comparisons in a row are one level."""
    found = tree(f" {word} ".join(["a = 1"] * 10_000))
    assert isinstance(found, And | Or)
    assert len(found.parts) == 10_000


@pytest.mark.parametrize(
    "text", ['"', "'", "`", '"\\', '"a" ', "a ", "(", "a.", "5", "5.", "shape(", "``", " ", "\\", "=", "a=1 "]
)
def test_what_repeats_without_end_is_read_once(text: str) -> None:
    """A long invalid expression is refused in linear time."""
    with pytest.raises(UsageError):
        parse_where(text * (2**15 // len(text)))


PIECES = [
    *OPERATORS,
    *UNITS,
    "(",
    ")",
    ",",
    "and",
    "or",
    "NOT",
    "in",
    "is",
    "absent",
    "contains",
    "true",
    "a",
    "status",
    "path",
]
PIECES += [
    "client",
    "time",
    "bytes",
    "net:24",
    "shape(path)",
    "`b c`",
    "5",
    "0.1",
    "-3",
    '"x"',
    "'2026-03-07'",
    '"::1"',
    " ",
    "\\",
]


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join), st.lists(st.sampled_from(PIECES)).map("".join)
    )
)
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    """Any text gives a filter or a UsageError."""
    with contextlib.suppress(UsageError):
        assert isinstance(parse_where(text).fields, tuple)


def quoted(text: str) -> str:
    """Return a text as the language writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(field: str) -> str:
    """Return a field as the language writes it."""
    return field if type_of(field) is FieldType.TEXT and "(" in field else "`" + field.replace("`", "``") + "`"


def decimal(billionths: int) -> str:
    """Return a number in full."""
    whole, rest = divmod(abs(billionths), BILLION)
    return f"{'-' * (billionths < 0)}{whole}.{rest:09}"


def moment(billionths: int) -> str:
    """Return a time of whole microseconds in quotes."""
    return quoted((EPOCH + timedelta(microseconds=billionths // 1000)).isoformat())


SYMBOLS = {asked: symbol for symbol, asked in OPERATORS.items()}


def printed(node: Any) -> str:
    """Return a tree as the language writes it, each `and`, `or` and `not` in parentheses."""
    match node:
        case And(parts) | Or(parts):
            return "(" + (" and " if isinstance(node, And) else " or ").join(map(printed, parts)) + ")"
        case Not(part):
            return f"not ({printed(part)})"
        case Absent(field, negated):
            return f"{named(field)} is {'not ' * negated}absent"
        case _:
            return printed_comparison(node)


def printed_comparison(node: TextComparison | NumberComparison | AddressComparison) -> str:
    """Return a comparison as the language writes it."""
    values = [printed_value(node.field, value) for value in node.values]
    if len(values) > 1:
        return f"{named(node.field)} {'not ' * node.negated}in ({', '.join(values)})"
    if node.relation == "contains":
        return f"{named(node.field)} {'not ' * node.negated}contains {values[0]}"
    return f"{named(node.field)} {SYMBOLS[node.relation, node.negated]} {values[0]}"


def printed_value(field: str, value: str | int | Network) -> str:
    """Return a value as the language writes it."""
    if isinstance(value, int):
        return moment(value) if field == "time" else decimal(value)
    return quoted(value.text if isinstance(value, Network) else value)


def comparisons(make: Any, fields: st.SearchStrategy[str], values: st.SearchStrategy[Any], ordered: bool) -> Any:
    """Return a strategy of comparisons with one value, or with several."""
    order = st.sampled_from(["==", "<", "<="] if ordered else ["=="])
    one = st.builds(make, fields, order, st.booleans(), values.map(lambda value: (value,)))
    return st.one_of(one, st.builds(make, fields, st.just("=="), st.booleans(), st.lists(values, min_size=1).map(tuple)))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DYNAMIC = TEXTS.filter(lambda name: type_of(name) is FieldType.DYNAMIC)
OF_TEXT = st.sampled_from([name for name, kind in FIELD_TYPES.items() if kind is FieldType.TEXT])
NUMBERS = st.integers(-(2**63 - 1) * BILLION, (2**63 - 1) * BILLION)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda when: (when - EPOCH) // timedelta(microseconds=1) * 1000)
NETWORKS = st.one_of(
    st.ip_addresses(), st.ip_addresses(v=4).map("{}/9".format), st.ip_addresses(v=6).map("{}/33".format), TEXTS
)
SEARCHES = st.builds(
    TextComparison,
    st.one_of(OF_TEXT, DYNAMIC, st.sampled_from(["client", "shape(path)"])),
    st.sampled_from(["=~", "contains"]),
    st.booleans(),
    st.sampled_from(["", "a", r"^\d+$", r"\\", '"']).map(lambda text: (text,)),
)
LEAVES = st.one_of(
    comparisons(TextComparison, st.one_of(OF_TEXT, DYNAMIC), TEXTS, ordered=True),
    comparisons(NumberComparison, st.one_of(st.sampled_from(["status", "bytes", "duration"]), DYNAMIC), NUMBERS, ordered=True),
    comparisons(NumberComparison, st.just("time"), MOMENTS, ordered=True),
    comparisons(AddressComparison, st.just("client"), NETWORKS.map(str).map(network_of).filter(bool), ordered=False),
    SEARCHES,
    st.builds(Absent, TEXTS, st.booleans()),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        *[st.builds(make, st.lists(inner, min_size=2, max_size=4).map(tuple)) for make in (And, Or)],
    ),
)


@given(TREES)
def test_a_printed_tree_is_read_as_itself(wanted: Predicate) -> None:
    """Any tree, printed in the language, is parsed as the same tree."""
    assert tree(printed(wanted)) == wanted
