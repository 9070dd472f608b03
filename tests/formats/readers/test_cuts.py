"""Groups found by cuts: the same as RE2 captures, for any expression that has cuts, in any lines."""

from __future__ import annotations

import re

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.lines import plain_lines
from logproc.formats.columns.slices import texts_of
from logproc.formats.custom import format_of_pattern
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME
from logproc.formats.readers.cuts import STEPS, cuts_of
from logproc.formats.readers.expression import Expression, extract
from logproc.model.chunk import Context
from tests.formats.readings import CONTEXT, STANDARD, bytes_of, exactly, read, same

ATOMS = st.sampled_from(
    ["a", "b", "-", " ", r"\.", r"\d", r"\w", r"\S", "[ab]", "[^ ]", r"[^\]]", "[A-Z.]", ".", "(?:ab|-)", "(?:b|a1 )"]
)
REPEATS = st.sampled_from(["", "", "", "+", "*", "?", "+?", "*?", "??", "{2}", "{1,3}", "{0,1}", "{2,}"])
PIECES = st.tuples(ATOMS, REPEATS).map("".join)
ALPHABET = "ab1-. ]A\xff"
LINES = st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=6)
FORMS = st.sampled_from(
    [*["{}", "(?P<g{n}>{})"] * 2, "(?:{})?", "(?P<g{n}>{})?", "(?P<g{n}>{}){2}", "(?P<g{n}>{}|-)", "(?:{}|(?P<g{n}>b))"]
)
USUAL = (
    r"(?P<time>\S+ \S+) \[(?P<thread>[^\]]+)\] (?P<level>[A-Z]+) (?P<logger>\S+) - (?P<message>.*)"
    r" \((?P<status>\d{3}) in (?P<duration>[\d.]+) s\)"
)
USUAL_LINE = b"2026-03-07 10:00:00,101 [worker-5] INFO shop.cart - user 8 (late) left (200 in 0.0195 s)"


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Draw an expression with a few groups."""
    parts = []
    for at in range(draw(st.integers(1, 5))):
        inner = "".join(draw(st.lists(PIECES, min_size=1, max_size=3)))
        form = draw(FORMS)
        parts.append(form.replace("{n}", str(at)).replace("{}", inner))
    return "(?s)^(?:" + "".join(parts) + ")$"


def groups_by_cuts(expression: str, texts: list[bytes]) -> list[dict[str, bytes] | None]:
    """Return the groups that cuts find in each line, None where it does not fit."""
    lines = plain_lines(bytes_of(b"".join(text + b"\n" for text in texts)))
    which = numpy.flatnonzero(Expression(expression).fits(lines.texts(numpy.arange(len(texts)))))
    cuts = cuts_of(expression)
    assert cuts
    found = cuts.slices(lines, which, list(cuts.groups))
    values = {name: texts_of(lines.data, part.starts, part.ends).to_pylist() for name, part in found.items()}
    rows: list[dict[str, bytes] | None] = [None] * len(texts)
    for row, line in enumerate(which.tolist()):
        rows[line] = {name: column[row] for name, column in values.items()}
    return rows


def groups_by_re2(expression: str, texts: list[bytes]) -> list[dict[str, bytes] | None]:
    """Return the same groups as RE2 captures them."""
    rows = extract(pyarrow.array(texts, pyarrow.binary()), expression).to_pylist()
    cuts = cuts_of(expression)
    assert cuts
    return [None if row is None else {name: row[name] for name in cuts.groups} for row in rows]


@given(expressions(), LINES, st.data())
def test_cuts_find_what_re2_captures(expression: str, texts: list[str], data: st.DataObject) -> None:
    """Of any expression, in lines of any bytes, and in lines that are made to fit."""
    if not cuts_of(expression):
        return
    fitting = st.from_regex(re.compile(expression.removesuffix("$") + r"\Z", re.ASCII), alphabet=ALPHABET, fullmatch=False)
    texts = [*texts, *data.draw(st.lists(fitting, max_size=4))]
    lines = [text.replace("\n", "").encode("latin-1") for text in texts]
    assert groups_by_cuts(expression, lines) == groups_by_re2(expression, lines)


def test_an_expression_of_a_log_is_cut() -> None:
    """The groups of a usual pattern are all found, and so are those of a format of the catalogue with a time of one form."""
    assert groups_by_cuts(f"(?s)^(?:^{USUAL}$)$", [USUAL_LINE, b"x", USUAL_LINE.replace(b"in", b"at")]) == [
        {
            "time": b"2026-03-07 10:00:00,101",
            "thread": b"worker-5",
            "level": b"INFO",
            "logger": b"shop.cart",
            "message": b"user 8 (late) left",
            "status": b"200",
            "duration": b"0.0195",
        },
        None,
        None,
    ]
    exact = BY_NAME["klog"].exact
    assert isinstance(exact, Expression)
    klog = cuts_of(exact.expression)
    assert klog
    assert {"minute", "second", "thread", "logger", "message"} <= klog.groups.keys()


@pytest.mark.parametrize(
    "expression",
    [
        r"(?P<a>\S+)(?P<b>\w*) (?P<c>.*)",  # where one ends is not certain
        r"(?P<a>.*) (?P<b>.*)",
        r"(?i:(?P<a>x+)) (?P<b>.*)",
        r"(?P<a>x+)\b (?P<b>.*)",
        r"(?P<a>\pL+) (?P<b>.*)",
        "(?P<a>\u00e9+) (?P<b>.*)",
        r"(?P<a>x+)|(?P<b>y+)",
    ],
)
def test_other_expressions_have_no_cuts(expression: str) -> None:
    """What fits in more ways than one, or is not understood, is left to RE2."""
    assert cuts_of(f"(?s)^(?:{expression})$") is None


def test_long_runs_end_where_they_end() -> None:
    """A run that may end at many bytes is followed for some steps, and then searched for."""
    lines = [b"a" + b" " * blanks + b"b" for blanks in (0, 1, STEPS - 1, STEPS, STEPS + 1, 3 * STEPS)] + [b"a", b"a "]
    expression = r"(?s)^(?:a *(?P<rest>\S*))$"
    assert groups_by_cuts(expression, lines) == groups_by_re2(expression, lines) == [{"rest": b"b"}] * 6 + [{"rest": b""}] * 2


@pytest.mark.parametrize("fractions", [False, True])
@pytest.mark.parametrize(
    ("form", "good"),
    [
        (format_of_pattern("pattern", USUAL, "--pattern"), USUAL_LINE),
        (BY_NAME["klog"], b"I0307 10:00:00.123456    1234 controller.go:187] message"),
        (BY_NAME["hdfs"], b"260307 100000 13 INFO dfs.DataNode$PacketResponder: message"),
        (BY_NAME["svlogd"], b"2026-03-07_10:00:00.50000 message"),
    ],
)
def test_every_change_of_one_byte_is_read_alike(form: Format, good: bytes, *, fractions: bool) -> None:
    """A line with each byte left out, and any that means something put there, with cuts and without."""
    changed = [good, *(good[:at] + good[at + 1 :] for at in range(len(good)))]
    for byte in b' -[]():.09aZ"\t\r\xff':
        changed += [good[:at] + bytes([byte]) + good[at + rest :] for at in range(len(good) + 1) for rest in (0, 1)]
    content = b"".join(line + b"\n" for line in changed)
    context = Context(reference_s=CONTEXT.reference_s, fractions=fractions)
    reading = read(form, content, STANDARD, context)
    same(reading, read(exactly(form), content, STANDARD, context))
    assert reading.account.records > len(changed) // 4
    for wanted in (("level",), ("message",), ("time", "status")):
        same(read(form, content, wanted, context), read(exactly(form), content, wanted, context))


def test_a_pattern_is_read_by_cuts() -> None:
    """The lines that fit a usual pattern never reach the exact reader."""
    form = format_of_pattern("pattern", USUAL, "--pattern")
    found = form.quick[0].read(plain_lines(bytes_of(USUAL_LINE + b"\nx\n")), numpy.ones(2, bool), ("level", "status"), CONTEXT)
    assert found.line.tolist() == [0]
    assert found.fields.keys() == {"time", "level", "status"}
