"""The engine: what two readers find in one chunk becomes one table, and every line is accounted for once."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.account import parse_line_ends
from logproc.formats.columns.lines import Lines
from logproc.formats.columns.slices import Slices, encoded
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.model.chunk import Context
from logproc.model.columns import Account, KeyColumn
from tests.formats.readings import CONTEXT, Reading, bytes_of, reading_of

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

LINES = st.lists(
    st.sampled_from([b"a x", b"a -", b"a ", b"b x", b"b y", b"b -", b"t x", b"# x", b"z", b"", b" \t"]), max_size=9
)


class Letters(Reader, frozen=True):
    """Claims the lines that begin with one of its letters; what comes behind is the field `text`, in one of three shapes.

    A line that begins with `t` has a time that does not exist, one with `#` is not a record but belongs to the log.
    """

    letters: bytes
    shape: str = "slices"

    @property
    def fields(self) -> tuple[str, ...]:
        """One field."""
        return ("text",)

    def read(self, lines: Lines, left: Mask, _wanted: Collection[str], _context: Context) -> Found:
        """Return the lines of the letters."""
        first = numpy.array([lines.text(at)[:1] or b"?" for at in range(len(lines))], "S1")
        chosen = left & numpy.isin(first, [bytes([letter]) for letter in self.letters])
        line = numpy.flatnonzero(chosen & (first != b"t") & (first != b"#"))
        untimed, aside = (numpy.flatnonzero(chosen & (first == letter)) for letter in (b"t", b"#"))
        reasons = dict.fromkeys(numpy.flatnonzero(left & (first == b"z")).tolist(), "bad-letter")
        return Found(line, {"text": self.field(lines, line)}, untimed=untimed, aside=aside, reasons=reasons)

    def field(self, lines: Lines, line: numpy.typing.NDArray[numpy.int64]) -> Field:
        """Return what comes behind the letters."""
        slices = Slices(lines.data, lines.starts[line] + 2, lines.ends[line])
        texts = [lines.text(at)[2:] for at in line.tolist()]
        match self.shape:
            case "slices":
                return Field(slices)
            case "column":
                return Field(KeyColumn(*encoded([slices])))
            case "some":  # those that hold something, an empty one is left out
                has = [number for number, text in enumerate(texts) if text]
                return Field(pyarrow.array([texts[number] for number in has], pyarrow.binary()), numpy.array(has, numpy.int64))
        return Field(pyarrow.array([None if text == b"-" else text for text in texts], pyarrow.binary()))


def read(form: Format, content: bytes) -> Reading:
    """Return what a format makes of lines of at most three bytes."""
    return reading_of(form.parse(bytes_of(content), CONTEXT, {"text"}, 4))


@pytest.mark.parametrize("quick", ["slices", "column", "some", "array"])
@pytest.mark.parametrize("exact", ["slices", "column", "some", "array"])
@given(lines=LINES)
def test_two_readers_are_one_table(quick: str, exact: str, lines: list[bytes]) -> None:
    """Whatever the shape in which each reader hands its fields over, each record has its own text, and absent is one thing."""
    form = Format("letters", Letters(b"abt#", exact), (Letters(b"a", quick),), empty_is_absent=True)
    content = b"".join(line + b"\n" for line in lines)
    reading = read(form, content)
    taken = [line for letter in (b"a", b"b") for line in lines if line.startswith(letter)]
    texts = [None if line[2:] in {b"", b"-"} else line[2:].decode() for line in taken]
    assert reading.columns.get("text", [None] * len(taken)) == texts
    blank, aside = sum(not line.strip() for line in lines), sum(line[:1] == b"#" for line in lines)
    rejected = {b"t": "bad-time", b"z": "bad-letter"}
    expected = [(at, rejected[line[:1]]) for at, line in enumerate(lines) if line[:1] in rejected]
    assert [(at, reason) for at, reason, _ in reading.rejected] == expected
    assert reading.account == Account(len(lines), len(taken), len(expected), blank, 0, aside)


def test_a_quick_reader_is_asked_first() -> None:
    """What it claims the exact one does not see; what it leaves the exact one gets."""
    form = Format("letters", Letters(b"ab", "array"), (Letters(b"a", "slices"),))
    assert read(form, b"b x\na x\n").columns["text"] == ["x", "x"]
    assert read(Format("letters", Letters(b"b"), (Letters(b"a"),)), b"b x\na x\n").account == Account(lines=2, records=2)


def test_further_lines_belong_to_the_record_before_them() -> None:
    """Where a format has records of several lines, also behind one whose time does not exist, but not before the first one.

    A line of which a reader knows what is wrong with it is not one.
    """
    form = Format("letters", Letters(b"abt"), multi_line=True)
    reading = read(form, b"y\na x\ny\n\ny\nt x\ny\nz\n")
    assert reading.account == Account(lines=8, records=1, rejected=3, blank=1, continuation=3)
    assert [reason for _, reason, _ in reading.rejected] == ["no-record-start", "bad-time", "bad-letter"]


@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_some_records_can_be_kept(wanted: list[bool]) -> None:
    """Fields of any shape, numbers and times are those of the records that stay."""
    data = numpy.frombuffer(b"abcde", numpy.uint8)
    slices = Slices(data, numpy.arange(5, dtype=numpy.int32), numpy.arange(1, 6, dtype=numpy.int32))
    some = numpy.array([0, 2, 4])
    fields = {
        "slices": Field(slices),
        "column": Field(KeyColumn(*encoded([slices]))),
        "array": Field(pyarrow.array([b"a", b"b", b"c", b"d", b"e"], pyarrow.binary())),
        "some": Field(pyarrow.array([b"a", b"c", b"e"], pyarrow.binary()), some),
    }
    found = Found(numpy.arange(5), fields, {"bytes": numpy.arange(5)}, numpy.arange(5)).keep(numpy.array(wanted))
    left = [number for number, keep in enumerate(wanted) if keep]
    assert found.line.tolist() == found.numbers["bytes"].tolist() == left
    assert found.time is not None
    assert found.time.tolist() == left
    form = Format("kept", Letters(b""))
    for name in fields:
        column = form.column_of(form.found_in(name, [found])) if left else None
        texts = [column.keys[at].as_py() for at in column.index.tolist()] if column else []
        assert texts == [None if name == "some" and number % 2 else b"abcde"[number : number + 1] for number in left]


def test_a_chunk_of_line_ends_is_blank() -> None:
    """A bomb of line feeds costs no more than to look at it."""
    parsed = parse_line_ends(bytes_of(b"\n" * 9))
    assert parsed
    assert parsed.account == Account(lines=9, blank=9)
    assert parse_line_ends(bytes_of(b"\n\nx\n")) is None
