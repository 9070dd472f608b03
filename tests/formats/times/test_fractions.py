"""Fractions of seconds: exact to the nanosecond in every form, by the readers of many times at once."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.times.calendar import fraction
from logproc.formats.times.forms import FORMS, OF_ONE_PROGRAM
from logproc.formats.times.fractions import nanos_of
from logproc.formats.times.given import given_form
from logproc.formats.times.reading import divided, read_values
from logproc.model.columns import NO_TIME

REFERENCE_S = 1_772_900_000
DIGITS = st.text("0123456789", min_size=1, max_size=25)


def meant_by(digits: str) -> int:
    """Return what digits behind a point mean, in billionths, by Python's integers."""
    return int(digits[:9].ljust(9, "0"))


def array_of(*texts: str | None) -> pyarrow.Array:
    return pyarrow.array([None if text is None else text.encode() for text in texts], pyarrow.binary())


@given(st.lists(st.tuples(st.sampled_from(".,"), DIGITS) | st.none()))
@example([(".", "9999999999"), None, (",", "000000001")])
def test_digits_behind_a_mark_are_billionths(pieces: list[tuple[str, str] | None]) -> None:
    """Digits behind the ninth are dropped, an absent fraction is 0, and neighbours do not touch each other."""
    found = nanos_of(array_of(*("".join(piece) if piece else "" for piece in pieces)))
    assert found.tolist() == [meant_by(piece[1]) if piece else 0 for piece in pieces]


@given(st.lists(st.tuples(st.text("0123456789", max_size=9), DIGITS | st.none())))
def test_a_number_goes_on_behind_its_point(pieces: list[tuple[str, str | None]]) -> None:
    """Behind the tenth digit of milliseconds come their digits, and then those of their own fraction."""
    texts = [whole + ("" if behind is None else f".{behind}") for whole, behind in pieces]
    assert nanos_of(array_of(*texts)).tolist() == [meant_by(whole + (behind or "")) for whole, behind in pieces]


@given(st.lists(st.integers(0, 999)))
def test_milliseconds_behind_a_colon_have_no_leading_zeros(numbers: list[int]) -> None:
    """`:7` is 7 ms, as programs write it that do not pad seconds either; three digits are what they are."""
    texts = [f":{number}" for number in numbers] + [f":{number:03}" for number in numbers]
    assert nanos_of(array_of(*texts)).tolist() == [number * 10**6 for number in numbers] * 2


def test_no_fraction_is_none() -> None:
    """Nothing, a null and an empty column."""
    assert nanos_of(array_of("", None)).tolist() == [0, 0]
    assert nanos_of(array_of()).tolist() == []


WRITTEN = [
    ("iso", "2026-03-07T10:00:00.5Z", 500_000_000),
    ("iso", "2026-03-07 10:00:00,123", 123_000_000),
    ("iso", "2026-03-07T10:00:00.123456789+05:30", 123_456_789),
    ("iso", "2026-03-07 10:00:00.12345678999 UTC", 123_456_789),
    ("epoch", "1772877600", 0),
    ("epoch", "1772877600.5", 500_000_000),
    ("epoch", "1772877600500", 500_000_000),
    ("epoch", "1772877600500.25", 500_250_000),
    ("epoch", "1772877600123456", 123_456_000),
    ("epoch", "1772877600123456789", 123_456_789),
    ("epoch", "1772877600123456789.9", 123_456_789),
    ("syslog", "Mar  7 10:00:00.000001", 1_000),
    ("clf", "07/Mar/2026:10:00:00.123", 123_000_000),
    ("clf", "07/Mar/2026:10:00:00 +0000", 0),
    ("slashes", "2026/03/07 10:00:00.123456", 123_456_000),
    ("year-month-name", "2026-Mar-07 10:00:00.25", 250_000_000),
    ("short-year", "26/03/07 10:00:00,250", 250_000_000),
    ("ctime", "Sat Mar  7 10:00:00.902022 2026", 902_022_000),
    ("ctime-zone", "Sat Mar 7 10:00:00.25 2026 +0000", 250_000_000),
    ("klog", "0307 10:00:00.597069", 597_069_000),
    ("logcat", "03-07 10:00:00.811", 811_000_000),
    ("month-point-day", "03.07 10:00:00.5", 500_000_000),
    ("six-digits", "260307 100000", 0),
    ("basic", "20260307T100000.5Z", 500_000_000),
    ("eight-digits", "20260307 10:00:00.5", 500_000_000),
    ("eight-digits", "20260307-10:0:0:9", 9_000_000),
    ("eight-digits", "20260307-10:0:0:119", 119_000_000),
    ("points", "2026-03-07-10.00.00.675872", 675_872_000),
    ("day-point-month", "07.03.2026 10:00:00,5", 500_000_000),
    ("day-point-month", "07.03.2026 10:00", 0),
    ("day-first", "17/03/2026 10:00:00.5", 500_000_000),
    ("day-month-year", "07 Mar 2026 10:00:00.123", 123_000_000),
    ("month-day-year", "Mar 7, 2026 10:00:00.123 PM", 123_000_000),
    ("us", "3/7/2026 10:00:00.5 PM", 500_000_000),
    ("minutes", "2026-03-07 10:00", 0),
    ("iso-long-zone", "2026-03-07T10:00:00.5+01:00[Europe/Berlin]", 500_000_000),
    ("ordinal", "2026-066T10:00:00.25Z", 250_000_000),
    ("unpadded", "2026-3-7 9:00:00.25", 250_000_000),
    ("day-month-short-year", "07-Mar-26 10:00:00.5", 500_000_000),
    ("year-half", "2026-03-07 10:00:00.5 PM", 500_000_000),
    ("points-half", "07-MAR-26 10.00.00.123456 AM", 123_456_000),
    ("weekday-first", "Sat Mar 07 2026 10:00:00.5 GMT+0100 (CET)", 500_000_000),
    ("fourteen-digits", "20260307100000987", 987_000_000),
    ("fourteen-digits", "20260307100000.5", 500_000_000),
    ("day-point-short", "07.03.26 10:00:00,5", 500_000_000),
    ("us-short", "3/7/26 10:00:00.5 PM", 500_000_000),
    ("iso-blank-hour", "2026-03-07  9:00:00.5", 500_000_000),
    ("slashes-dash", "2026/03/07 - 10:00:00.5", 500_000_000),
]


@pytest.mark.parametrize(("name", "text", "nanos"), WRITTEN, ids=[text for _, text, _ in WRITTEN])
def test_each_form_has_its_fraction(name: str, text: str, nanos: int) -> None:
    """By the form itself, and as a value of any of them beside others; the second is the same with fractions and without."""
    form = next(form for form in (*FORMS, *OF_ONE_PROGRAM) if form.name == name)
    fits, groups = divided(form, array_of("x", text), fractions=True)
    assert fits.tolist() == [False, True]
    behind, index = groups["subsecond"] if "subsecond" in groups else (array_of(""), [0])
    assert nanos_of(behind)[index].tolist() == [nanos]
    texts = array_of("2026-03-07T10:00:00Z", text, "x", None, "2026-03-07 10:00:00.000001")
    values = read_values(texts, REFERENCE_S, forms=(form, *FORMS), fractions=True)
    assert values.nanos is not None
    assert values.nanos[[0, 1, 4]].tolist() == [0, nanos, 1000]
    whole = read_values(texts, REFERENCE_S, forms=(form, *FORMS))
    assert whole.nanos is None
    assert whole.seconds.tolist() == values.seconds.tolist()
    assert (values.seconds != NO_TIME).tolist() == [True, True, False, False, True]


def test_no_form_is_without_a_case() -> None:
    """Each form that may have a fraction is above, or is the other way round of one."""
    assert {form.name for form in FORMS} <= {name for name, _, _ in WRITTEN}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026-03-07T10:00:00", "2026-03-07 10:00:00", "0001-01-02T00:00:00", "9999-12-30T23:59:59"]),
            st.tuples(st.sampled_from(".,"), DIGITS) | st.none(),
            st.sampled_from(["", "Z", "+05:30", " UTC"]),
        )
    ),
    st.sampled_from([UTC, ZoneInfo("Europe/Berlin")]),
)
def test_iso_times_are_exact_however_they_are_written(
    pieces: list[tuple[str, tuple[str, str] | None, str]], zone: ZoneInfo
) -> None:
    """With and without a zone, some with a fraction and some without, in any year."""
    texts = [front + "".join(behind or ()) + tail for front, behind, tail in pieces]
    values = read_values(array_of(*texts), REFERENCE_S, zone, fractions=True)
    whole = read_values(array_of(*(front + tail for front, _, tail in pieces)), REFERENCE_S, zone)
    assert values.nanos is not None
    assert values.nanos.tolist() == [meant_by(behind[1]) if behind else 0 for _, behind, _ in pieces]
    assert values.seconds.tolist() == whole.seconds.tolist()


@pytest.mark.parametrize(
    ("text", "second", "nanos"),
    [
        ("1.7728776005e9", 1_772_877_600, 500_000_000),
        ("1.772877600123456789e18", 1_772_877_600, 123_456_789),
        ("1772877600.", 1_772_877_600, 0),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
    ],
)
def test_a_second_is_never_later_than_its_time(text: str, second: int, nanos: int) -> None:
    """Numbers with an exponent, and times before 1970: the fraction counts forward from the second."""
    values = read_values(array_of(text), REFERENCE_S, fractions=True)
    assert values.nanos is not None
    assert (values.seconds.tolist(), values.nanos.tolist()) == ([second], [nanos])


@pytest.mark.parametrize(
    "text", ["2026-03-07T10:00:60.5Z", "2026-03-07T10:00:00.Z", "-1772877600.5", "2026-03-07 13:00:00.5 PM"]
)
def test_what_is_not_a_time_is_not_one_with_a_fraction_either(text: str) -> None:
    """A leap second, a point without digits, a negative number, AM or PM behind a clock of 24 hours."""
    for fractions in (True, False):
        assert read_values(array_of(text), REFERENCE_S, fractions=fractions).seconds.tolist() == [NO_TIME]


@pytest.mark.parametrize(
    ("form", "text", "nanos"),
    [
        ("%d/%m/%Y %H:%M:%S", "07/03/2026 10:00:00", 0),
        ("%d/%m/%Y %H:%M:%S", "07/03/2026 10:00:00,25", 250_000_000),
        ("%d/%m/%Y %H:%M:%S.%f", "07/03/2026 10:00:00.1234567899", 123_456_789),
        ("%T %f %F", "10:00:00 250 2026-03-07", 250_000_000),
        ("%F %T.%f%z", "2026-03-07 10:00:00.5+0530", 500_000_000),
        ("%F", "2026-03-07", 0),
        ("%s", "1772877600.5", 500_000_000),
        ("%s.%f", "1772877600.000001", 1_000),
        ("s", "1772877600.25", 250_000_000),
        ("ms", "1772877600123.4567891", 123_456_789),
        ("us", "1772877600123456.789", 123_456_789),
        ("ns", "1772877600123456789.9", 123_456_789),
        ("ms", "86400001", 1_000_000),
    ],
)
def test_a_given_form_has_its_fraction(form: str, text: str, nanos: int) -> None:
    """Behind the second or where `%f` stands, and in numbers of any unit."""
    values = given_form(form, "--map").read(array_of(text), REFERENCE_S, fractions=True)
    assert values.seconds.tolist() != [NO_TIME]
    assert (values.nanos.tolist() if values.nanos is not None else [0]) == [nanos]
    assert given_form(form, "--map").read(array_of(text), REFERENCE_S).nanos is None


@given(st.integers(0, 10**9 - 1))
def test_a_fraction_is_written_as_short_as_thousands_allow(nanos: int) -> None:
    """Three, six or nine digits, and none for a whole second; read back it is the same."""
    text = fraction(nanos)
    assert len(text) in {0, 4, 7, 10}
    assert nanos_of(array_of(text)).tolist() == [nanos]
    assert not text.endswith("000")
