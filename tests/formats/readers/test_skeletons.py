# ruff: noqa: E501 - a line that is damaged shows it best whole
r"""JSON lines cut by their skeleton: what is claimed is what the exact way reads, and everything else is left."""

from __future__ import annotations

import json
import random
from itertools import cycle

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.fields import Wanted
from logproc.formats.engine import Format
from logproc.formats.raw import Found
from logproc.formats.readers.json_lines import MOST_SKELETONS, JsonReader, SkeletonReader
from logproc.formats.readers.json_values import DEEPEST_KEY, object_of, text_of, value_at
from logproc.formats.readers.skeletons import MOST_LITERAL, MOST_VALUES, skeleton_of, usual_skeleton
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, STANDARD, bytes_of, exactly, in_line_order
from tests.support.logs import edit
from tests.support.skeletons import PLAIN, TEXTS, TOKENS, WANTED, assert_quick_is_exact, lines_for
from tests.support.twins import without_kernel

NEEDS_KERNEL = pytest.mark.needs("the compiled kernel")
MARKS = (b"", b"0", b"9", b".", b"..", b"T", b"t", b" ", b"-", b"+", b":", b"Z", b"z", b"/", b",", b"+01:00", b"{", b"~")
USUAL = b'{"time":"2026-03-07T10:00:00.123Z","level":"info","a":{"b":{"c":1.50},"x":null},"msg": "caf\xc3\xa9","status":200}'
ANY_NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18).map(str),
    st.floats(-1e9, 1e9).map(repr),
    st.decimals(-(10**8), 10**8, places=7).map(str),
    st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)


def is_utf8(line: bytes) -> bool:
    return line.decode("utf-8", "ignore").encode() == line


def claimed(lines: list[bytes], wanted: tuple[str, ...] = WANTED) -> tuple[list[int], dict[str, list[bytes]]]:
    """Return which lines the reader takes, and the texts that it has in them, `-` where there is none."""
    form, _ = JsonReader.of_sample(lines)
    reader = form.quick[0]
    assert isinstance(reader, SkeletonReader)
    data = bytes_of(b"".join(line + b"\n" for line in lines))
    found = reader.read(reader.lines(data), numpy.ones(len(lines), bool), wanted, CONTEXT)
    columns = {}
    for name, field in found.fields.items():
        assert isinstance(field.values, KeyColumn)
        keys = field.values.keys.to_pylist()
        columns[name] = [keys[at] for at in field.values.index.tolist()]
    return found.line.tolist(), columns


@given(st.integers(0, 2**64), st.sampled_from([WANTED, (), ("level",), (*WANTED, "a", "a.b", "b"), ("b", "é", "x")]))
def test_lines_of_some_programs_are_the_same_in_both_ways(seed: int, wanted: tuple[str, ...]) -> None:
    """Lines with the same keys, and odd values or damage in some, in chunks and for samples of any of them."""
    draw = random.Random(seed)
    content = lines_for(draw, 30)
    sample = draw.choice((content, lines_for(draw, 3))).split(b"\n")
    assert_quick_is_exact(content, sample, wanted)


@given(st.integers(0, 2**64))
def test_all_keys_are_the_same_in_both_ways(seed: int) -> None:
    """Asked for whatever there is, also what no line of the sample has."""
    draw = random.Random(seed)
    content = lines_for(draw, 30)
    sample = draw.choice((content, lines_for(draw, 3))).split(b"\n")
    form, _ = JsonReader.of_sample(sample)
    assert_quick_is_exact(content, sample, Wanted.everything(form))


@NEEDS_KERNEL
def test_all_keys_of_usual_lines_are_claimed() -> None:
    """Also those that no line of the sample has, as deep as keys are fields."""
    deep = b'{"a":1,"b":' + b'{"k":' * DEEPEST_KEY + b'"x"' + b"}" * DEEPEST_KEY + b"}"
    form, _ = JsonReader.of_sample([b'{"a":2}'])
    lines = form.quick[0].lines(bytes_of(3 * (deep + b"\n")))
    found = form.quick[0].read(lines, numpy.ones(3, bool), Wanted.everything(form), CONTEXT)
    assert set(found.fields) == {"a", "b" + ".k" * DEEPEST_KEY}
    assert found.line.tolist() == [0, 1, 2]
    for depth in range(DEEPEST_KEY - 1, DEEPEST_KEY + 3):
        deeper = b'{"a":1,"b":' + b'{"k":' * depth + b'"x"' + b"}" * depth + b"}\n"
        assert_quick_is_exact(3 * deeper, [b'{"a":2}'], Wanted.everything(form))


def test_what_is_in_an_object_does_not_depend_on_other_lines() -> None:
    """A key that nobody named may have an object in one line and a number in the next. The object is its keys, in all chunks."""
    form, _ = JsonReader.of_sample([b'{"x":2}'])
    lines = [b'{"x":1,"a":{"b":2}}', b'{"x":1,"a":3}', b'{"x":1,"a":{}}']
    for ways in (form, exactly(form)):
        found = in_line_order(ways.parse(bytes_of(b"\n".join([*lines, b""])), CONTEXT, Wanted.everything(form), MAX_LINE_BYTES))
        assert found.columns == {"x": ["1", "1", "1"], "a": [None, "3", None], "a.b": ["2", None, None]}


def test_every_change_of_a_few_bytes_is_the_same_in_both_ways() -> None:
    """Whatever is put into a line, or in place of a part of it, at any place: the others show the skeleton."""
    changed = [edit(USUAL, number, at, token, 3) for number in range(4) for token in TOKENS for at in range(len(USUAL))]
    changed.sort(key=is_utf8)  # a chunk that is not UTF-8 is left as a whole
    for start in range(0, len(changed), 500):
        content = b"".join(line + b"\n" for line in [*[USUAL] * 8, *changed[start : start + 500]])
        assert_quick_is_exact(content, [USUAL], WANTED)


def moments_of(form: Format, content: bytes, *, fractions: bool) -> list[tuple[int, int, int]]:
    """Return of each record its line, its second, and the billionths behind it."""
    found = form.parse(bytes_of(content), Context(fractions=fractions), ("time",), MAX_LINE_BYTES)
    assert found.columns is not None
    assert found.record_lines is not None
    nanos = numpy.zeros(found.columns.records, int) if found.columns.nanos is None else found.columns.nanos
    return sorted(zip(found.record_lines.tolist(), found.columns.time.tolist(), nanos.tolist(), strict=True))


@pytest.mark.parametrize("fractions", [False, True])
def test_moments_are_the_same_in_both_ways(*, fractions: bool) -> None:
    """Each day from 0 to 32, in years with and without a leap day and at the ends of the calendar, and every small damage."""
    days = [(year, month, day) for year in (0, 1, 1900, 2000, 2023, 2024, 9999) for month in range(14) for day in range(33)]
    clocks = (b"00:00:00", b"23:59:59.9", b"24:00:00", b"00:60:00", b"00:00:60", b"12:34:56.000000001", b"12:34:56.9999999999")
    times = [b"%04d-%02d-%02dT%bZ" % (*day, clock) for day, clock in zip(days, cycle(clocks), strict=False)]
    usual = b"2026-03-07T10:00:00.123Z"
    times += [usual[:at] + token + usual[at + cut :] for at in range(25) for cut in (0, 1) for token in MARKS]
    form, _ = JsonReader.of_sample([b'{"time":"%b","a":1}' % usual])
    content = b"".join(b'{"time":"%b","a":1}\n' % time for time in [usual] * 8 + times)
    quick = moments_of(form, content, fractions=fractions)
    assert quick == moments_of(exactly(form), content, fractions=fractions)
    assert len(quick) > len(times) // 4


@NEEDS_KERNEL
def test_usual_moments_are_read_by_the_kernel() -> None:
    """But not where the text is asked for as well, or the time may be in one of two keys."""
    lines = [b'{"ts":"2026-03-07T10:00:00.%03dZ"}' % at for at in range(8)]
    form, _ = JsonReader.of_sample(lines)
    data = bytes_of(b"".join(line + b"\n" for line in lines))

    def found_with(form: Format, *wanted: str) -> Found:
        return form.quick[0].read(form.quick[0].lines(data), numpy.ones(8, bool), wanted, Context(fractions=True))

    found = found_with(form, "level")
    assert (found.time is not None, found.nanos is not None, "time" in found.fields) == (True, True, False)
    asked = found_with(form, "ts")
    assert (asked.time, set(asked.fields)) == (None, {"time", "ts"})
    mixed, _ = JsonReader.of_sample([*lines, b'{"date":"2026-03-07T10:00:00Z"}'])
    assert "time" in found_with(mixed).fields


@NEEDS_KERNEL
@pytest.mark.parametrize("value", [*TEXTS, *PLAIN])
def test_only_what_is_certainly_valid_is_claimed_and_read_as_the_definition_does(value: bytes) -> None:
    """Beside usual values of the same kind; a value that is left is read by another reader."""
    usual = b'"x"' if value.startswith(b'"') else b"1"
    lines = [b'{"a":%b,"b":%b}' % (usual, usual)] * 8 + [b'{"a":%b,"b":%b}' % (usual, value)] * 2
    for wanted in (("b",), ("a",)):
        which, columns = claimed(lines, wanted)
        assert which in (list(range(10)), list(range(8)), [])  # none where the chunk is not UTF-8
        assert which or not value.isascii()
        if which and wanted == ("b",):
            found = [object_of(lines[at]) for at in which]
            assert columns["b"] == [text_of(value_at(each, "b")) for each in found if isinstance(each, dict)]


@given(ANY_NUMBERS)
def test_numbers_are_written_as_the_definition_does(number: str) -> None:
    """A number that is taken at all has the text of its value."""
    assert_quick_is_exact(b'{"a":1}\n' * 8 + b'{"a":%b}\n' % number.encode(), [b'{"a":1}'], ("a",))


@NEEDS_KERNEL
def test_usual_lines_are_claimed() -> None:
    """Numbers with zeros at their end, words and text of any script, nested keys, CR LF, and keys longer than a literal."""
    lines = [
        b'{"time":"2026-03-07T10:00:0%dZ","a":{"%b":%b,"b":"\xc3\xa9"},"c":%b}' % (at, b"k" * 2 * MOST_LITERAL, number, word)
        for at, (number, word) in enumerate(((b"1", b"true"), (b"1.50", b"false"), (b"0.0000", b"null"), (b"-0.0001", b"7.0")))
    ]
    blanks = [json.dumps(json.loads(line), ensure_ascii=False).encode() for line in lines]
    for content in (lines, [line + b"\r" for line in lines], blanks, [line.replace(b",", b" , ") for line in lines]):
        which, columns = claimed(content, (*STANDARD, "c", f"a.{'k' * 2 * MOST_LITERAL}"))
        assert which == [0, 1, 2, 3]
        assert columns["c"] == [b"true", b"false", b"-", b"7"]
        assert columns[f"a.{'k' * 2 * MOST_LITERAL}"] == [b"1", b"1.5", b"0", b"-0.0001"]


@NEEDS_KERNEL
def test_lines_of_several_skeletons_are_taken_one_skeleton_after_the_other() -> None:
    """The reader takes the usual one; others like it follow, and what Arrow gets is the rest."""
    lines = [b'{"a":1}', b'{"a":1,"b":"x"}', b'{"a":"x"}'] * 5 + [b'{"a":[1]}']
    form, _ = JsonReader.of_sample(lines)
    data, left = bytes_of(b"".join(line + b"\n" for line in lines)), numpy.ones(len(lines), bool)
    for reader in form.quick[:MOST_SKELETONS]:
        left[reader.read(reader.lines(data), left, WANTED, CONTEXT).line] = False
    assert numpy.flatnonzero(left).tolist() == [15]


@NEEDS_KERNEL
@pytest.mark.parametrize("wanted", ["a", "a.b"])
def test_a_wanted_object_is_left(wanted: str) -> None:
    """An object is a text of its own where it is asked for."""
    lines = [b'{"a":{"b":{"c":1,"d":2}}}'] * 3
    assert claimed(lines, (wanted,))[0] == []
    assert claimed(lines, ("a.b.c",))[0] == [0, 1, 2]


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"x", b"{}", b"[1]", b'{"a":1', b'{"a":1}}', b'{"a":1},', b'[{"a":1}', b'{"a":1}{"a":2}', b'{"a" :1}'),
        *(b'{"a":1,"a":2}', b'{"a":{},"a":1}', b'{"a":{"b":1},"a":2}', b'{"a":{"b":1},"a":{"c":2}}', b'{"a.b":1,"a":{"b":2}}'),
        *(b'{"a":{}}', b'{"a":[]}', b'{"a":1,"b":{"c":[2]}}', b'{"a":"\\n"}', b'{"\\u0061":1}', b'{"a":NaN}', b'{"a":01}', b'{"a":+1}'),
        b'{"a":' * (DEEPEST_KEY + 2) + b"1" + b"}" * (DEEPEST_KEY + 2),
        *(b'{"a.b":1,"a":{"b":{"c":2}}}', b'{"a":1,"a":{},"b":2}', b"{" + b",".join(b'"%d":1' % at for at in range(MOST_VALUES + 1)) + b"}"),
    ],
)  # fmt: skip
def test_such_lines_have_no_skeleton(line: bytes) -> None:
    """No objects, or those with a key twice or with two meanings, arrays, empty objects, escapes, or too many keys."""
    assert skeleton_of(line) is None


def test_the_usual_skeleton_is_the_most_frequent() -> None:
    """The first of those that are equally frequent; none of lines without one."""
    assert usual_skeleton([b'{"a":1}', b'{"b":1}', b'{"b":2}', b"x"]) == skeleton_of(b'{"b":3}')
    assert usual_skeleton([b'{"a":1}', b'{"b":1}']) == skeleton_of(b'{"a":3}')
    assert usual_skeleton([b"x", b"[]"]) is None
    assert usual_skeleton([]) is None


def test_without_the_kernel_no_line_is_claimed() -> None:
    """Then Arrow reads the lines."""
    with without_kernel():
        assert claimed([USUAL] * 3) == ([], {})
