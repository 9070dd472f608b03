"""Texts are exact numbers: many at once as each alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.columns.quantities import MOST_WHOLE, NANO, numbers_of, read
from logproc.formats.columns.units import NO_UNIT, NOT_A_NUMBER, TOO_FINE, TOO_LARGE, UNKNOWN_POWER, Unit, unit_named, unit_of
from logproc.model.columns import KeyColumn
from tests.formats.readings import numbers_of as listed

PIECES = st.sampled_from(
    [
        *"0123456789.,:+-eE ",
        "ms",
        "us",
        "µs",
        "μs",
        "ns",
        "s",
        "m",
        "h",
        "KiB",
        "M",
        ",000",
        "00",
        "999999999",
        "inf",
        "nan",
        "_",
        "٣",
    ]
)
UNITS = [*(Unit(power=power) for power in (0, 3, 6, 9)), *filter(None, map(unit_named, ("min", "KiB", "TB")))]
UNITS += [unit_of("duration", 3), unit_of("bytes")]
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


@given(st.lists(TEXTS, max_size=12, unique=True), st.sampled_from(UNITS), st.randoms(use_true_random=False))
@example(["9223372036854775807", "9223372036854775808", "999999999999999999", "1000000000000000000"], UNITS[0], None)
@example(
    ["1.4319999999999999999999999999999999", "1e9999999", "1e-9999999", "1.4319999999999999999999999999999999s"], UNITS[1], None
)
@example(["0.9999999999", "1.", ".5", "-0.0000000001", "1e-10", "0x1", "1_000", " 7 "], UNITS[1], None)
def test_many_numbers_are_what_each_is(texts: list[str | None], unit: Unit, draw: object) -> None:
    """The numbers of a column, and the reasons for those that are missing or cut, are those of its texts one by one."""
    index = numpy.array([*range(len(texts)), *range(len(texts))][::-1], numpy.int32)
    if hasattr(draw, "shuffle"):
        draw.shuffle(index)
    column = KeyColumn(pyarrow.array(texts, pyarrow.string()), index)
    numbers, each = numbers_of(column, unit), [read(text, unit) for text in texts]
    assert listed(numbers) == [each[at][0] for at in index]
    reasons = {reason: [each[at][1] == reason for at in index] for _, reason in each if reason}
    assert {reason: records.tolist() for reason, records in numbers.unread.items()} == reasons


@given(st.integers(0, 10**18 - 1), st.integers(0, NANO - 1), st.sampled_from([0, 3, 6, 9]))
def test_plain_digits_are_exact(whole: int, nanos: int, power: int) -> None:
    """Digits are divided by the power of ten exactly; what is less than a billionth is dropped."""
    exact = (Fraction(whole) + Fraction(nanos, NANO)) / 10**power
    found, reason = read(f"{whole}.{nanos:09}", Unit(power=power))
    assert (found, reason) == (exact * NANO // 1, "" if (exact * NANO).denominator == 1 else TOO_FINE)


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: Decimal(repr(number))
)


@given(NUMBERS | st.integers(-(10**400), 10**400).map(Decimal), st.sampled_from([0, 3, 6, 9]))
@example(Decimal("-1e-10"), 0)
@example(Decimal(2**63), 0)
@example(Decimal("1e308"), 0)
def test_any_decimal_is_exact_or_said_not_to_be(number: Decimal, power: int) -> None:
    """A number is cut to billionths and no further; what was cut, or left out for its size, has a reason."""
    exact = Fraction(number) / 10**power
    cut = int(exact * NANO)
    if abs(exact) >= 10**308:
        assert read(str(number), Unit(power=power)) == (None, TOO_LARGE)
    else:
        assert read(str(number), Unit(power=power)) == (cut, "" if cut == exact * NANO else TOO_FINE)


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
        ("PT1M1.5S", 0, 61_500_000_000),
        ("P1DT2H", 3, 93_600_000_000_000),
        ("00:01:02.25", 0, 62_250_000_000),
        ("1.00:00:01.5000000", 0, 86_401_500_000_000),
        ("2Gi", 0, 2 * 1024**3 * 10**9),
        ("7 usecs", 0, 7_000),
        ("P1M", 0, None),
        ("PT", 0, None),
        ("P", 0, None),
        ("01:30", 0, None),
        ("00:61:00", 0, None),
        ("-1m", 0, -60_000_000_000),
        ("0.25, 0.5 : -", 0, 750_000_000),
        ("0,250", 0, None),
        ("12,345", 0, None),
        ("0.25,0.5", 0, None),
        ("10:30", 0, None),
        ("1, x", 0, None),
        ("1_000", 0, None),
        ("0x10", 0, None),
        ("1.5KiB", 0, 1536 * NANO),
        ("12 KiB", 0, 12_288 * NANO),
        ("3 MB", 0, 3_000_000 * NANO),
        ("2K", 0, 2048 * NANO),
        ("2kB", 3, 2000 * NANO),
        ("7 kb", 0, None),
        ("7Mb", 0, None),
        ("90 min", 0, 5400 * NANO),
        ("2 days", 0, 172_800 * NANO),
        ("1m 30s", 0, 90 * NANO),
        ("30s 1m", 0, None),
        ("1s 5KiB", 0, None),
        ("1,260.403", 0, 1_260_403_000_000),
        ("1,260.403 ms", 0, 1_260_403_000),
        ("1,234,567", 3, 1_234_567_000_000),
        ("0,250.5", 0, None),
        ("1,23,456", 0, None),
        ("1.234,5", 0, None),
        ("0,250 ms", 0, None),
        ("52.5,13.4", 0, None),
        ("\u0663", 0, None),
        ("\u0663s", 0, None),
        ("--1s", 0, None),
        ("-0", 0, 0),
        ("-0.0", 0, 0),
        ("-1e-10", 0, 0),
        ("1e300", 0, 10**309),
        ("9" * 308, 0, (10**308 - 1) * NANO),
        ("0" * 1000 + "7", 0, 7 * NANO),
        ("+204", 3, 204_000_000),
        ("1.4319999999999999999999999999999999", 0, 1_431_999_999),
        ("1.4319999999999999999999999999999999ms", 0, 1_431_999),
        ("1e3", 0, 1_000_000_000_000),
        ("-0.5", 0, -500_000_000),
        ("-", 0, None),
        ("", 0, None),
        ("x", 0, None),
        ("5 apples", 0, None),
        ("1.5 ms", 0, 1_500_000),
        ("1.5  ms", 0, None),
        ("NaN", 0, None),
        ("Infinity", 0, None),
        ("1e99999", 0, None),
        ("9" * 309, 0, None),
        ("9" * 2000, 0, None),
        (str(MOST_WHOLE), 0, MOST_WHOLE * NANO),
        (str(MOST_WHOLE + 1), 0, (MOST_WHOLE + 1) * NANO),
        (str(-MOST_WHOLE - 2), 0, (-MOST_WHOLE - 2) * NANO),
    ],
)
def test_a_text_is_a_number_or_none(text: str, power: int, nanos: int | None) -> None:
    """Numbers, Go's durations and nginx's lists are numbers of any size below 10^308; anything else is not a number."""
    assert read(text, Unit(power=power, lists=True))[0] == nanos


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "") for text in ("", "-", "-, -", "12", "1.5ms")],
        *[(text, NOT_A_NUMBER) for text in ("x", "0,250", "NaN", "Infinity", "1_000", "12 apples", "9" * 2000 + "x")],
        *[(text, TOO_LARGE) for text in ("1e308", "1e400", "-1e99999999", "9" * 400, "9" * 2000)],
        *[(text, TOO_FINE) for text in ("1e-10", "0.1234567891", "1e-99999999", "1.0000000001ms")],
    ],
)
def test_what_is_not_read_has_a_reason(text: str, reason: str) -> None:
    """An absent value has none; every other text that is not all in the number has one."""
    assert read(text, Unit(lists=True))[1] == reason


def test_a_column_of_whole_numbers_has_no_nanos() -> None:
    """What all records have need not be stored."""
    found = numbers_of(KeyColumn(pyarrow.array(["1", "2"]), numpy.array([0, 1, 1])))
    assert (found.whole.tolist(), found.nanos, found.valid) == ([1, 2, 2], None, None)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("-1", "duration", (None, "")),
        ("-1.000", "target_duration", (None, "")),
        ("-1", "response_processing_time", (None, "")),
        ("-1", "Tr", (None, "")),
        ("-1", "responseTimeMs", (None, "")),
        ("-1", "balance", (-NANO, "")),
        ("-1", "uptime", (-NANO, "")),
        ("-1ms", "duration", (-1_000_000, "")),
        ("-2", "duration", (-2 * NANO, "")),
        ("0.1, 0.2 : 0.3", "upstream_response_time", (600_000_000, "")),
        ("0.1, 0.2", "duration", (300_000_000, "")),
        ("0.1, 0.2", "position", (None, NOT_A_NUMBER)),
        ("4 KiB", "duration", (None, NOT_A_NUMBER)),
        ("4 KiB", "cache", (4096 * NANO, "")),
        ("4 ms", "bytes", (None, NOT_A_NUMBER)),
    ],
)
def test_the_name_of_a_field_says_what_its_numbers_may_be(text: str, field: str, expected: tuple[int | None, str]) -> None:
    """Only upstream times are lists; -1 is not a duration; a size is not a duration, nor a duration a size."""
    assert read(text, unit_of(field)) == expected


@pytest.mark.parametrize(
    ("unit", "text", "nanos"),
    [
        ("ms", "515", 515_000_000),
        ("µs", "515", 515_000),
        ("min", "1.5", 90 * NANO),
        ("h", "2", 7200 * NANO),
        ("seconds", "2", 2 * NANO),
        ("KiB", "3", 3072 * NANO),
        ("KiB", "0.5", 512 * NANO),
        ("kB", "3", 3000 * NANO),
        ("TiB", "9999999999", 9_999_999_999 * 1024**4 * NANO),
        ("ms", "1.5s", 1_500_000_000),
    ],
)
def test_a_unit_is_that_of_numbers_without_one(unit: str, text: str, nanos: int) -> None:
    """What a value says itself comes first. No product of a large number is cut."""
    found = unit_named(unit)
    assert found is not None
    assert read(text, found)[0] == nanos
    column = KeyColumn(pyarrow.array([text], pyarrow.string()), numpy.array([0]))
    assert listed(numbers_of(column, found)) == [nanos]


def test_a_number_whose_unit_nothing_shows_is_left_out() -> None:
    """Unless it is 0, or has a unit of its own."""
    texts = ["1500", "0", "2ms", "-", "1e3", "35.5"]
    found = numbers_of(KeyColumn(pyarrow.array(texts), numpy.arange(len(texts))), unit_of("duration", UNKNOWN_POWER))
    assert found.valid is not None
    assert found.valid.tolist() == [False, True, True, False, False, False]
    assert found.nanos is not None
    assert found.nanos.tolist() == [0, 0, 2_000_000, 0, 0, 0]
    assert found.unread[NO_UNIT].tolist() == [True, False, False, False, True, True]
