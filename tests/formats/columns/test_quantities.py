"""Texts are exact numbers: many at once as each alone."""

from __future__ import annotations

from fractions import Fraction

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.columns.quantities import MOST_WHOLE, NANO, numbers_of, to_nanos
from logproc.model.columns import KeyColumn
from tests.formats.readings import numbers_of as listed

PIECES = st.sampled_from(
    [*"0123456789.,:+-eE ", "ms", "us", "µs", "μs", "ns", "s", "m", "h", "00", "999999999", "inf", "nan", "_", "٣"]
)
TEXTS = st.one_of(
    st.none(),
    st.lists(PIECES, max_size=8).map("".join),
    st.integers(-(10**25), 10**25).map(str),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats(allow_nan=True).map(repr),
    st.from_regex(r"[0-9]{1,20}(\.[0-9]{0,12})?", fullmatch=True),
    st.from_regex(r"-?([0-9]{1,3}h)?([0-9]{1,2}m)?[0-9]{1,2}(\.[0-9]{1,9})?(s|ms|us|ns)", fullmatch=True),
    st.text(max_size=6),
)


@given(st.lists(TEXTS, max_size=12, unique=True), st.sampled_from([0, 3, 6, 9]), st.randoms(use_true_random=False))
@example(["9223372036854775807", "9223372036854775808", "999999999999999999", "1000000000000000000"], 0, None)
@example(["1.4319999999999999999999999999999999", "1e9999999", "1e-9999999", "1.4319999999999999999999999999999999s"], 3, None)
@example(["0.9999999999", "1.", ".5", "-0.0000000001", "1e-10", "0x1", "1_000", " 7 "], 3, None)
def test_many_numbers_are_what_each_is(texts: list[str | None], power: int, draw: object) -> None:
    """The numbers of a column are those of its texts one by one, not valid where a text is none, in every row."""
    index = numpy.array([*range(len(texts)), *range(len(texts))][::-1], numpy.int32)
    if hasattr(draw, "shuffle"):
        draw.shuffle(index)
    column = KeyColumn(pyarrow.array(texts, pyarrow.string()), index)
    assert listed(numbers_of(column, power)) == [to_nanos(texts[at], power) for at in index]


@given(st.integers(0, 10**18 - 1), st.integers(0, NANO - 1), st.sampled_from([0, 3, 6, 9]))
def test_plain_digits_are_exact(whole: int, nanos: int, power: int) -> None:
    """Digits are divided by the power of ten exactly; what is less than a billionth is dropped."""
    exact = (Fraction(whole) + Fraction(nanos, NANO)) / 10**power
    assert to_nanos(f"{whole}.{nanos:09}", power) == exact * NANO // 1


@pytest.mark.parametrize(
    ("text", "power", "nanos"),
    [
        ("1.5", 0, 1_500_000_000),
        ("250", 3, 250_000_000),
        ("4823911", 9, 4_823_911),
        ("1.5ms", 0, 1_500_000),
        ("432.924µs", 0, 432_924),
        ("432.924μs", 0, 432_924),
        ("1h2m3.5s", 0, 3_723_500_000_000),
        ("-1m", 0, -60_000_000_000),
        ("0.25, 0.5 : -", 0, 750_000_000),
        ("+204", 3, 204_000_000),
        ("1.4319999999999999999999999999999999", 0, 1_431_999_999),
        ("1.4319999999999999999999999999999999ms", 0, 1_431_999),
        ("1e3", 0, 1_000_000_000_000),
        ("-0.5", 0, -500_000_000),
        ("-", 0, None),
        ("", 0, None),
        ("x", 0, None),
        ("5 apples", 0, None),
        ("1.5 ms", 0, None),
        ("NaN", 0, None),
        ("Infinity", 0, None),
        ("1e99999", 0, None),
        ("9" * 65, 0, None),
        (str(MOST_WHOLE), 0, MOST_WHOLE * NANO),
        (str(MOST_WHOLE + 1), 0, None),
    ],
)
def test_a_text_is_a_number_or_none(text: str, power: int, nanos: int | None) -> None:
    """Numbers, Go's durations and nginx's lists, up to 2^63 - 1; anything else is none."""
    assert to_nanos(text, power) == nanos


def test_a_column_of_whole_numbers_has_no_nanos() -> None:
    """What all records have need not be stored."""
    found = numbers_of(KeyColumn(pyarrow.array(["1", "2"]), numpy.array([0, 1, 1])))
    assert (found.whole.tolist(), found.nanos, found.valid) == ([1, 2, 2], None, None)
