"""Keys as text: printable UTF-8 stays, all else is escaped, and two spellings of one text are one key."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.printable import absent_as_null, printable, shown
from logproc.model.columns import KeyColumn

TEXTS = st.one_of(
    st.binary(max_size=8),
    st.text(max_size=5).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([b"-", b"", b"--", b"\x1b", rb"\x1b", b"\xff", rb"\xff", b"\x9b", b"\xc2\x9b", "é".encode(), b"plain"]),
)


def column_of(values: pyarrow.Array, index: Any) -> KeyColumn:
    """Return a column of bytes as the engine has it: a dash is null."""
    return KeyColumn(absent_as_null(values), index)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"plain [bold] %s {0}", "plain [bold] %s {0}"),
        ("café ☕ \U0001f600".encode(), "café ☕ \U0001f600"),
        (b"\xff\xfe\x80", r"\xff\xfe\x80"),
        (b"caf\xc3", r"caf\xc3"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b"\xc0\xaf", r"\xc0\xaf"),
        (b"\xf4\x90\x80\x80", r"\xf4\x90\x80\x80"),
        (b"\x00\t\n\r\x1b[31m\x7f", r"\x00\x09\x0a\x0d\x1b[31m\x7f"),
        (b"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\x80\\x9b\\x9f\xa0"),
        (rb"\x22 \\ \"", r"\x22 \\ \""),
        ("\u2028\u0085".encode(), "\u2028\\x85"),
    ],
)
def test_text_is_shown(text: bytes, expected: str) -> None:
    r"""Invalid UTF-8 and the controls C0, DEL and C1 become \xNN; what the log escaped itself stays as it is."""
    assert shown(text) == expected


@given(TEXTS)
def test_nothing_shown_is_a_control(text: bytes) -> None:
    """Whatever the bytes are, the text holds no control character and can be written as UTF-8."""
    found = shown(text)
    assert not [character for character in found if unicodedata.category(character) == "Cc"]
    found.encode()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_printable_text_stays(text: str) -> None:
    """Text of any script without controls is shown as it is."""
    assert shown(text.encode()) == text


@given(st.lists(TEXTS, unique=True, max_size=8), st.data())
def test_a_column_holds_what_each_value_is_shown_as(distinct: list[bytes], data: st.DataObject) -> None:
    """Each record has its value as shown text, a dash is absent, and no key stands twice."""
    index = data.draw(st.lists(st.integers(0, len(distinct) - 1), max_size=12)) if distinct else []
    column = printable(column_of(pyarrow.array(distinct, pyarrow.binary()), numpy.array(index, numpy.int32)))
    keys = column.keys.to_pylist()
    assert column.keys.type == pyarrow.string()
    column.keys.validate(full=True)
    assert len(set(keys)) == len(keys)
    assert [keys[at] for at in column.index] == [None if distinct[at] == b"-" else shown(distinct[at]) for at in index]


def test_two_spellings_are_one_key() -> None:
    """An escape character and its escaped form in one log are the same key, since they look the same."""
    column = printable(column_of(pyarrow.array([b"\x1b", rb"\x1b", b"x"], pyarrow.binary()), numpy.arange(3)))
    assert sorted(column.keys.to_pylist()) == [r"\x1b", "x"]
    assert column.index[0] == column.index[1]


def test_an_array_may_be_a_part_of_another() -> None:
    """A slice of an Arrow array, with its offset, gives the keys of the slice."""
    whole = pyarrow.array([b"a", b"-", b"\x00", b"d"], pyarrow.binary())
    column = printable(column_of(whole.slice(1, 2), numpy.arange(2)))
    assert column.keys.take(column.index).to_pylist() == [None, r"\x00"]
