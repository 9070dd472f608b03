"""Shapes: texts that differ only in numbers and identifiers have one shape, texts that differ in words do not."""

from __future__ import annotations

import uuid

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.columns import KeyColumn
from logproc.questions.fields.shapes import shape, shape_of_each

WORDS = ("v", "v1", "V12", "x", "b", "f", "T", "Z", "é", "ms", "May", "deadbee", "fe80", "1", "07", "0x", "20150517")
SIGNS = ("%", "%2", "%20", "\\x", "\\xe9", "-", "_", ".", ",", ":", "::", "[", "]", "/", " ", "=", "+", "<n>", "<ip>")
LONG = (
    "7777777b",
    "7777777bb",
    "0000000c",
    "deadbeef",
    "DEADBEEF",
    "cafe1234",
    "00aa11bb22",
    "ab",
    "7a7a7a7a7a7a7a7a7a7",
    "a" * 9,
)
BESIDE = ("|", "!", "é7", "\u00a0", "(", ",7", ".7", "7.", "-7", "x7", "v7", ":7", "7:", "T", "Dec/")
WHOLE = ("2015-05-17", "10:05:03", "10.0.0.1", "38101a0b-2096-447d-96ea-a692162415ae", "54fadb412c4e40cdbaed9335e4c35a9e")
PIECES = st.sampled_from(WORDS + SIGNS + WHOLE + LONG + BESIDE)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
LETTERS = st.text("ghijklmnopqrstuwxyzé /=[]()", max_size=8)


def shape_of(text: str) -> str:
    """Return the shape of one text."""
    return str(shapes_of(pyarrow.array([text]))[0].as_py())


def shapes_of(texts: pyarrow.Array) -> pyarrow.Array:
    """Return the shape of each text."""
    column = shape(KeyColumn(texts, numpy.arange(len(texts))))
    assert len(column.keys.unique()) == len(column.keys)
    return column.keys.take(pyarrow.array(column.index))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Receiving block blk_-1608 src: /10.250.19.102:54106", "Receiving block blk_<n> src: /<ip>"),
        ("[req-38101a0b-2096-447d-96ea-a692162415ae 113d3a99c3da401fbd62cc2caa5b96d2]", "[req-<uuid> <hex>]"),
        ("54FADB412C4E40CDBAED9335E4C35A9E 54fadb412c4e40cdbaed9335e4c35a9e", "<hex> <hex>"),
        ("/api/v1/users/42/posts/1001", "/api/v1/users/<n>/posts/<n>"),
        ("took 33.598849ms, then 1,024 of 10485760B in 5%", "took <n>ms, then <n> of <n>B in <n>%"),
        ("2015-05-17T10:05:03.123Z 17/May/2015:10:05:03 +0000 2015/05/17 10:05:03 10:05:03", "<time> <time> <time> <time>"),
        ("due 2015-05-17", "due <time>"),
        ("temp=-5 range 5-7 thread-12 worker3", "temp=<n> range <n>-<n> thread-<n> worker<n>"),
        ("v1 v12 v123 v1.29.3 ipv4", "v1 v12 v<n> v<n> ipv<n>"),
        ("00:11:22:aa:bb:cc 0x1F", "<hex> <hex>"),
        ("fe80::1 [2001:db8::1]:443 ::1 ::ffff:192.0.2.1 2001:db8:0:0:0:0:0:1", "<ip> <ip> <ip> <ip> <ip>"),
        ("std::deque Foo::Bar deadbeefs", "std::deque Foo::Bar deadbeefs"),
        ("/caf%C3%A9%20/7 caf\\xe9 \\x1b[31m", "/caf%C3%A9%20/<n> caf\\xe9 \\x1b[<n>m"),
        ("%2012 %20deadbeef12", "%20<n> %20<hex>"),
        ("no number", "no number"),
        ("", ""),
    ],
)
def test_what_names_a_single_case_is_replaced(text: str, expected: str) -> None:
    """Identifiers, addresses, times and numbers are replaced; words, versions of APIs and escaped bytes stay."""
    assert shape_of(text) == expected


@given(TEXTS)
def test_the_shape_of_a_shape_is_itself(text: str) -> None:
    """No pass changes what another pass left or put in."""
    assert shape_of(shape_of(text)) == shape_of(text)


@given(st.lists(st.none() | TEXTS, max_size=8), st.integers(0, 3))
def test_texts_that_are_looked_at_as_one_have_one_shape(texts: list[str | None], start: int) -> None:
    """Texts that a step before the definition makes equal have the same shape by it."""
    array = pyarrow.array(texts, pyarrow.string())[start:]
    assert shapes_of(array).equals(shape_of_each(array))


@given(st.lists(st.one_of(TEXTS, st.none()), max_size=5))
def test_each_text_has_its_own_shape(texts: list[str | None]) -> None:
    """The shape of a text does not depend on the others, and null stays null."""
    shapes = shapes_of(pyarrow.array(texts, pyarrow.string()))
    assert shapes.to_pylist() == [None if text is None else shape_of(text) for text in texts]


@given(TEXTS)
def test_no_digit_is_left_but_those_of_words_and_bytes(text: str) -> None:
    """The only digits left are at most two after a v, and those of escaped bytes."""
    rest = pyarrow.compute.replace_substring_regex(
        pyarrow.array([shape_of(text)]), r"(?:%|\\x)[0-9A-Fa-f]{2}|[vV][0-9]{1,2}", ""
    )
    assert not any(character.isdecimal() for character in rest[0].as_py())


@given(LETTERS, LETTERS, st.integers(0, 10**20), st.integers(0, 10**20))
def test_texts_that_differ_in_a_number_are_one(before: str, after: str, one: int, other: int) -> None:
    """The value of a number never matters."""
    assert shape_of(f"{before}{one}{after}") == shape_of(f"{before}{other}{after}")


@given(LETTERS, LETTERS, st.uuids(), st.uuids())
def test_texts_that_differ_in_a_uuid_are_one(before: str, after: str, one: uuid.UUID, other: uuid.UUID) -> None:
    """The value of a UUID never matters."""
    assert shape_of(f"{before}{one}{after}") == shape_of(f"{before}{other}{after}")


@given(st.text("0123456789abcdefABCDEF", min_size=8, max_size=40))
def test_long_hexadecimal_digits_are_one(digits: str) -> None:
    """8 hexadecimal digits or more are `<hex>` if they have a decimal one and a letter that is not the unit B."""
    mixed = any(digit.isdecimal() for digit in digits) and any(digit.isalpha() for digit in digits)
    size = digits[:-1].isdecimal() and digits[-1] in "bB"
    assert (shape_of(f"id {digits}") == "id <hex>") == (mixed and not size)
