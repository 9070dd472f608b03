"""The forms in which logs write a time: each is read back, by itself and in columns, and none is another."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy
import pyarrow
import pyarrow.compute
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times import access
from logproc.formats.times import calendar as times
from logproc.formats.times import forms as moments
from logproc.formats.times.forms import FORMS, TimeForm, compiled
from logproc.formats.times.reading import ZONE_HOURS, divided, seconds, to_seconds, value_seconds, values_seconds
from logproc.model.columns import NO_TIME

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
REFERENCE = 1_700_000_000  # 2023-11-14T22:13:20Z


def since_1970(moment: datetime) -> int:
    """Return the whole seconds of a moment."""
    return (moment - EPOCH) // timedelta(seconds=1)


def shown(moment: datetime, layout: str, fraction: str = "", zone: str = "") -> bytes:
    """Return a moment as a layout has it, in English whatever the locale."""
    half_day_hour = moment.hour % 12 or 12
    return layout.format(
        t=moment,
        year=f"{moment.year:04}",
        yy=f"{moment.year % 100:02}",
        b=MONTHS[moment.month - 1],
        a=DAYS[moment.weekday()],
        clock=f"{moment:%H:%M:%S}",
        f=fraction,
        z=zone,
        half_clock=f"{half_day_hour}:{moment:%M:%S}",
        half="AM" if moment.hour < 12 else "PM",
    ).encode()


LAYOUTS: list[tuple[TimeForm, str]] = [
    (moments.ISO, "{year}-{t.month:02}-{t.day:02}T{clock}{f}{z}"),
    (moments.ISO, "{year}-{t.month:02}-{t.day:02} {clock}{f}{z}"),
    (moments.SLASHES, "{year}/{t.month:02}/{t.day:02} {clock}{f}{z}"),
    (moments.SHORT_YEAR, "{yy}/{t.month:02}/{t.day:02} {clock}{f}{z}"),
    (moments.CTIME, "{a} {b} {t.day:02} {clock}{f}{z} {year}"),
    (moments.CTIME, "{a} {b} {t.day:2} {clock}{f}{z} {year}"),
    (moments.SYSLOG, "{b} {t.day:2} {clock}{f}{z}"),
    (moments.SYSLOG, "{b} {t.day:02} {clock}{f}{z}"),
    (moments.SYSLOG, "{b} {t.day} {clock}{f}{z}"),
    (moments.SYSLOG, "{b} {t.day:2} {year} {clock}{f}{z}"),
    (moments.KLOG, "{t.month:02}{t.day:02} {clock}{f}"),
    (moments.LOGCAT, "{t.month:02}-{t.day:02} {clock}{f}"),
    (moments.MONTH_POINT_DAY, "{t.month:02}.{t.day:02} {clock}{f}"),
    (moments.SIX_DIGITS, "{yy}{t.month:02}{t.day:02} {t.hour:02}{t.minute:02}{t.second:02}"),
    (moments.BASIC, "{year}{t.month:02}{t.day:02}T{t.hour:02}{t.minute:02}{t.second:02}{f}{z}"),
    (moments.EIGHT_DIGITS, "{year}{t.month:02}{t.day:02} {clock}{f}{z}"),
    (moments.EIGHT_DIGITS, "{year}{t.month:02}{t.day:02}-{t.hour}:{t.minute}:{t.second}:606"),
    (moments.POINTS, "{year}-{t.month:02}-{t.day:02}-{t.hour:02}.{t.minute:02}.{t.second:02}{f}{z}"),
    (moments.DAY_POINT_MONTH, "{t.day:02}.{t.month:02}.{year} {clock}{f}{z}"),
    (moments.DAY_POINT_MONTH, "{t.day}.{t.month}.{year}, {clock}{f}{z}"),
    (moments.DAY_FIRST, "{t.day:02}/{t.month:02}/{year} {clock}{f}{z}"),
    (moments.DAY_FIRST, "{t.day}-{t.month}-{year}T{clock}{f}{z}"),
    (moments.SLASHES, "{year}.{t.month:02}.{t.day:02} {clock}{f}{z}"),
    (moments.YEAR_MONTH_NAME, "{year} {b} {t.day:2} {clock}{f}{z}"),
    (moments.YEAR_MONTH_NAME, "{year}-{b}-{t.day:02} {clock}{f}{z}"),
    (moments.CLF, "{t.day:02}/{b}/{year}:{clock}{f}{z}"),
    (moments.DAY_MONTH_YEAR, "{a}, {t.day} {b} {year} {clock}{f}{z}"),
    (moments.DAY_MONTH_YEAR, "{t.day:02} {b} {year} {clock}{f}{z}"),
    (moments.DAY_MONTH_YEAR, "{t.day:02}-{b}-{year} {clock}{f}{z}"),
    (moments.MONTH_DAY_YEAR, "{b} {t.day}, {year} {half_clock}{f} {half}{z}"),
    (moments.MONTH_DAY_YEAR, "{b} {t.day:02}, {year}, {half_clock}{f}\u202f{half}{z}"),
    (moments.MONTH_DAY_YEAR, "{b} {t.day}, {year} {clock}{f}{z}"),
    (moments.US, "{t.month}/{t.day}/{year} {half_clock}{f} {half}{z}"),
    (moments.US, "{t.month:02}/{t.day:02}/{year}, {half_clock}{f} {half}{z}"),
]
"""Each form in each shape that it has; `{f}` is a fraction and `{z}` a zone, both perhaps empty."""
WITHOUT_YEAR = [(form, layout) for form, layout in LAYOUTS if "year" not in layout and "yy" not in layout]
SHORT_YEARS = [(form, layout) for form, layout in LAYOUTS if "yy" in layout]
OF_YEARS = [pair for pair in LAYOUTS if pair not in WITHOUT_YEAR and pair not in SHORT_YEARS]

FRACTIONS = st.one_of(st.just(""), st.from_regex(r"\A[.,][0-9]{1,12}\Z"))
NAMES = {name.decode(): hours * 60 for name, hours in ZONE_HOURS.items()}
SHAPES: list[Callable[[str, int, int], str]] = [
    lambda sign, hours, minutes: f"{sign}{hours:02}{minutes:02}",
    lambda sign, hours, minutes: f"{sign}{hours:02}:{minutes:02}",
]


def offset_text(shape: Callable[[str, int, int], str], minutes: int) -> str:
    """Return an offset in one of the shapes with hours and minutes."""
    return shape("-" if minutes < 0 else "+", *divmod(abs(minutes), 60))


OFFSETS = st.integers(-(23 * 60 + 59), 23 * 60 + 59)
ZONES = st.tuples(
    st.sampled_from(["", " "]),
    st.one_of(
        st.sampled_from(sorted(NAMES.items())),
        st.tuples(st.sampled_from(SHAPES), OFFSETS).map(lambda drawn: (offset_text(*drawn), drawn[1])),
        st.integers(-23, 23).map(lambda hours: (f"{hours:+03}", hours * 60)),
    ),
).map(lambda drawn: (drawn[0] + drawn[1][0], drawn[1][1]))
"""The text of a zone, with a blank in front or not, and its minutes east of UTC."""
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda found: found.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001 - what st.datetimes takes


@st.composite
def written(draw: st.DrawFn) -> tuple[TimeForm, bytes, int]:
    """Return a form with a year, a text of it, and the seconds since 1970 that it means."""
    form, layout = draw(st.sampled_from(OF_YEARS))
    moment, fraction = draw(MOMENTS), draw(FRACTIONS)
    zone, minutes = draw(st.one_of(st.just(("", 0)), ZONES)) if "{z}" in layout else ("", 0)
    return form, shown(moment, layout, fraction, zone), since_1970(moment) - minutes * 60


@given(written())
def test_a_time_is_read_back(drawn: tuple[TimeForm, bytes, int]) -> None:
    """A moment of the years 1 to 9999 in any form with a year, any fraction and any zone, is what was written."""
    form, text, expected = drawn
    assert to_seconds(form, text, REFERENCE) == expected
    assert value_seconds(text, 0) == expected


@given(st.sampled_from(SHORT_YEARS), st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)))  # noqa: DTZ001 - as above
def test_two_digits_are_a_year_from_1969_to_2068(pair: tuple[TimeForm, str], moment: datetime) -> None:
    """A year of two digits is in the century that POSIX says."""
    form, layout = pair
    assert to_seconds(form, shown(moment, layout), 0) == since_1970(moment.replace(microsecond=0, tzinfo=UTC))


@given(st.sampled_from(WITHOUT_YEAR), MOMENTS, st.integers(-(86_400 - 60), 363 * 86_400), FRACTIONS)
def test_a_time_without_a_year_is_near_the_reference(
    pair: tuple[TimeForm, str], moment: datetime, behind: int, fraction: str
) -> None:
    """With a reference from a day before to nearly a year behind it, a time without a year is what was written."""
    form, layout = pair
    expected = since_1970(moment)
    assert to_seconds(form, shown(moment, layout, fraction), expected + behind) == expected


@given(st.sampled_from(WITHOUT_YEAR), MOMENTS, MOMENTS)
def test_a_time_without_a_year_is_the_latest_that_may_be(
    pair: tuple[TimeForm, str], moment: datetime, reference: datetime
) -> None:
    """Such a time is the last of all years in which its minute begins no later than a day after the reference, if one is."""
    form, layout = pair
    last = since_1970(reference) + times.DAY_S
    candidates = [
        (date(year, moment.month, moment.day).toordinal() - times.EPOCH_DAY) * times.DAY_S + since_1970(moment) % times.DAY_S
        for year in range(max(reference.year - 9, 1), min(reference.year + 1, 9999) + 1)
        if is_day(year, moment.month, moment.day)
    ]
    expected = max((found for found in candidates if found - moment.second <= last), default=None)
    assert to_seconds(form, shown(moment, layout), since_1970(reference)) == expected


def is_day(year: int, month: int, day: int) -> bool:
    """Return whether the calendar has a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


AT = since_1970(datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC))
EXAMPLES = [
    (moments.ISO, "2015-05-17T10:05:03Z", "2015-05-17T10:05:03Z"),
    (moments.ISO, "2015-05-17 10:05:03,123 +02:00", "2015-05-17T08:05:03Z"),
    (moments.ISO, "2015-05-17 10:05:03.123456789-07", "2015-05-17T17:05:03Z"),
    (moments.ISO, "2015-05-17 10:05:03 CEST", "2015-05-17T08:05:03Z"),
    (moments.SLASHES, "2005/06/09 20:10:40", "2005-06-09T20:10:40Z"),
    (moments.SHORT_YEAR, "17/06/09 20:10:40", "2017-06-09T20:10:40Z"),
    (moments.CTIME, "Sun Dec 04 04:47:44 2005", "2005-12-04T04:47:44Z"),
    (moments.CTIME, "Fri Sep 09 10:42:29.902022 2011", "2011-09-09T10:42:29Z"),
    (moments.CTIME, "Fri Jul  1 08:16:53 PDT 2005", "2005-07-01T15:16:53Z"),
    (moments.CTIME_ZONE, "Sun Dec 4 04:47:44 2005 +0100", "2005-12-04T03:47:44Z"),
    (moments.SYSLOG, "Jun 14 15:16:01", "2023-06-14T15:16:01Z"),
    (moments.SYSLOG, "Jul  1 09:00:55", "2023-07-01T09:00:55Z"),
    (moments.SYSLOG, "Jun 14 2015 15:16:01", "2015-06-14T15:16:01Z"),
    (moments.SYSLOG, "Nov 15 22:13:20", "2023-11-15T22:13:20Z"),
    (moments.SYSLOG, "Nov 15 22:14:00", "2022-11-15T22:14:00Z"),
    (moments.SYSLOG, "Feb 29 00:00:00", "2020-02-29T00:00:00Z"),
    (moments.KLOG, "0507 12:04:17.597069", "2023-05-07T12:04:17Z"),
    (moments.LOGCAT, "03-17 16:13:38.811", "2023-03-17T16:13:38Z"),
    (moments.SIX_DIGITS, "081109 203615", "2008-11-09T20:36:15Z"),
    (moments.EIGHT_DIGITS, "20171223-22:15:29:606", "2017-12-23T22:15:29Z"),
    (moments.EIGHT_DIGITS, "20171223-22:16:0:119", "2017-12-23T22:16:00Z"),
    (moments.EIGHT_DIGITS, "20171223 22:15:29", "2017-12-23T22:15:29Z"),
    (moments.BASIC, "20171223T221529Z", "2017-12-23T22:15:29Z"),
    (moments.POINTS, "2005-06-03-15.42.50.675872", "2005-06-03T15:42:50Z"),
    (moments.MONTH_POINT_DAY, "10.30 16:49:06", "2023-10-30T16:49:06Z"),
    (moments.DAY_POINT_MONTH, "17.05.2015 10:05:03,123", "2015-05-17T10:05:03Z"),
    (moments.DAY_POINT_MONTH, "7.3.2026 9:05", "2026-03-07T09:05:00Z"),
    (moments.DAY_FIRST, "07/03/2026 10:05:03", "2026-03-07T10:05:03Z"),
    (moments.DAY_FIRST, "27-03-2026 10:05", "2026-03-27T10:05:00Z"),
    (moments.MINUTES, "2026-03-07 10:05", "2026-03-07T10:05:00Z"),
    (moments.MINUTES, "2026/03/07 10:05 +0100", "2026-03-07T09:05:00Z"),
    (moments.MINUTES, "2026-03-07T10:05Z", "2026-03-07T10:05:00Z"),
    (moments.SLASHES, "2026.03.07 10:05:03.123456", "2026-03-07T10:05:03Z"),
    (moments.YEAR_MONTH_NAME, "2026 Mar  7 10:05:03", "2026-03-07T10:05:03Z"),
    (moments.DAY_MONTH_YEAR, "Saturday, 7 March 2026 10:05:03", "2026-03-07T10:05:03Z"),
    (moments.MONTH_DAY_YEAR, "Saturday, March 7, 2026 at 1:05:03 PM", "2026-03-07T13:05:03Z"),
    (moments.US, "3/7/2026 1:05 PM", "2026-03-07T13:05:00Z"),
    (moments.CLF, "17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_YEAR, "17-May-2015 10:05:03.123", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_YEAR, "17 May 2015 10:05:03,123", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_YEAR, "Sun, 17 May 2015 10:05:03 +0000", "2015-05-17T10:05:03Z"),
    (moments.MONTH_DAY_YEAR, "May 17, 2015 10:05:03 PM PDT", "2015-05-18T05:05:03Z"),
    (moments.MONTH_DAY_YEAR, "May 17, 2015 12:05:03 AM", "2015-05-17T00:05:03Z"),
    (moments.US, "5/17/2015 12:05:03 pm", "2015-05-17T12:05:03Z"),
    (moments.EPOCH, "1431857103", "2015-05-17T10:05:03Z"),
    (moments.EPOCH, "1431857103.987", "2015-05-17T10:05:03Z"),
    (moments.EPOCH, "1431857103987", "2015-05-17T10:05:03Z"),
    (moments.EPOCH, "1431857103987654", "2015-05-17T10:05:03Z"),
    (moments.EPOCH, "1431857103987654321", "2015-05-17T10:05:03Z"),
    (moments.EPOCH, "1000000000", "2001-09-09T01:46:40Z"),
    (moments.EPOCH, "9999999999", "2286-11-20T17:46:39Z"),
    (moments.ISO_LONG_ZONE, "2015-05-17t10:05:03z", "2015-05-17T10:05:03Z"),
    (moments.ISO, "2015-05-17_10:05:03", "2015-05-17T10:05:03Z"),
    (moments.ISO, "2015-05-17-10:05:03", "2015-05-17T10:05:03Z"),
    (moments.ISO, "2015-05-17  10:05:03", "2015-05-17T10:05:03Z"),
    (moments.ISO, "2015-05-17 10:05:03 UTC+2", "2015-05-17T08:05:03Z"),
    (moments.ISO, "2015-05-17 10:05:03 GMT-05:30", "2015-05-17T15:35:03Z"),
    (moments.ISO, "2015-05-17 10:05:03 JST", "2015-05-17T01:05:03Z"),
    (moments.ISO_LONG_ZONE, "2015-05-17 10:05:03.5 +0200 CEST m=+0.0123", "2015-05-17T08:05:03Z"),
    (moments.ISO_LONG_ZONE, "2015-05-17T10:05:03Z[UTC]", "2015-05-17T10:05:03Z"),
    (moments.ISO_LONG_ZONE, "2015-05-17T10:05:03+02:00[Europe/Rome]", "2015-05-17T08:05:03Z"),
    (moments.ISO_LONG_ZONE, "2015-05-17T10:05:03[Europe/Rome]", "2015-05-17T08:05:03Z"),
    (moments.ISO_LONG_ZONE, "2015-01-17T10:05:03[America/Argentina/Ushuaia]", "2015-01-17T13:05:03Z"),
    (moments.ORDINAL, "2015-137T10:05:03Z", "2015-05-17T10:05:03Z"),
    (moments.ORDINAL, "2016-366 10:05:03", "2016-12-31T10:05:03Z"),
    (moments.ORDINAL, "2015-W20-7T10:05:03+02:00", "2015-05-17T08:05:03Z"),
    (moments.ORDINAL, "2020-W53-5T00:00:01Z", "2021-01-01T00:00:01Z"),
    (moments.UNPADDED, "2015-5-17 10:05:03", "2015-05-17T10:05:03Z"),
    (moments.UNPADDED, "2015/5/7 9:05", "2015-05-07T09:05:00Z"),
    (moments.UNPADDED, "2015/05/17 9:05:03", "2015-05-17T09:05:03Z"),
    (moments.DAY_MONTH_YEAR, "17-MAY-2015 10:05:03", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_YEAR, "17 may 2015 10:05:03", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_SHORT_YEAR, "Sunday, 17-May-15 10:05:03 GMT", "2015-05-17T10:05:03Z"),
    (moments.DAY_MONTH_SHORT_YEAR, "17 May 15 10:05:03 EDT", "2015-05-17T14:05:03Z"),
    (moments.MONTH_DAY_YEAR, "May 17, 2015 10:05 PM", "2015-05-17T22:05:00Z"),
    (moments.YEAR_HALF, "2015-05-17 10:05:03 PM", "2015-05-17T22:05:03Z"),
    (moments.YEAR_HALF, "2015/05/17 12:05:03.123 am +02:00", "2015-05-16T22:05:03Z"),
    (moments.POINTS_HALF, "17-MAY-15 10.05.03.123456 PM", "2015-05-17T22:05:03Z"),
    (moments.WEEKDAY_FIRST, "Sun May 17 2015 10:05:03 GMT+0200 (Central European Summer Time)", "2015-05-17T08:05:03Z"),
    (moments.DAY_POINT_SHORT, "17.05.15 10:05:03", "2015-05-17T10:05:03Z"),
    (moments.DAY_POINT_SHORT, "7.3.26, 9:05", "2026-03-07T09:05:00Z"),
    (moments.US_SHORT, "5/17/15 10:05:03 PM", "2015-05-17T22:05:03Z"),
    (moments.FOURTEEN_DIGITS, "20150517100503", "2015-05-17T10:05:03Z"),
    (moments.FOURTEEN_DIGITS, "20150517100503987", "2015-05-17T10:05:03Z"),
    (moments.FOURTEEN_DIGITS, "20150517100503.987+02:00", "2015-05-17T08:05:03Z"),
]


@pytest.mark.parametrize(("form", "text", "expected"), EXAMPLES)
def test_a_form_reads_what_its_logs_write(form: TimeForm, text: str, expected: str) -> None:
    """Times as the named programs write them are of one form alone, and mean that moment."""
    found = to_seconds(form, text.encode(), REFERENCE)
    assert found is not None
    assert times.iso(found) == expected
    assert [other.name for other in FORMS if fits(other, text.encode())] == [form.name]
    assert value_seconds(text.encode(), REFERENCE, forms=FORMS) == found


def fits(form: TimeForm, text: bytes) -> bool:
    """Return whether a text is of a form, whatever it means."""
    return compiled(form.expression).fullmatch(text) is not None


def test_every_form_has_an_example() -> None:
    """The examples name all forms, and no two forms have a name in common."""
    assert {form.name for form, _, _ in EXAMPLES} == {form.name for form in FORMS}
    assert len({form.name for form in FORMS}) == len(FORMS)


NO_MOMENTS = [
    (moments.ISO, "2015-02-29T10:05:03Z"),
    (moments.ISO, "0000-01-01T10:05:03Z"),
    (moments.ISO, "2015-13-01T10:05:03Z"),
    (moments.ISO, "2015-05-17T24:00:00Z"),
    (moments.ISO, "2015-05-17T10:60:00Z"),
    (moments.ISO, "2015-05-17T10:05:60Z"),
    (moments.ISO, "2015-05-17T10:05:03+24:00"),
    (moments.ISO, "2015-05-17T10:05:03+0060"),
    (moments.ISO, "0001-01-01T00:00:00+00:01"),
    (moments.ISO, "9999-12-31T23:59:59-00:01"),
    (moments.ISO, "2015-13-01T10:05:60+24:00"),
    (moments.SYSLOG, "Feb 30 10:05:03"),
    (moments.SYSLOG, "Jun 00 10:05:03"),
    (moments.KLOG, "1301 10:05:03"),
    (moments.US, "5/17/2015 0:05:03 AM"),
    (moments.US, "17/5/2015 1:05:03 AM"),
    (moments.DAY_FIRST, "5/17/2015 10:05:03"),
    (moments.DAY_FIRST, "17/05/2015 10:05:60"),
    (moments.MINUTES, "2015-05-17 10:60"),
    (moments.US, "5/17/2015 13:05:03 PM"),
    (moments.MONTH_DAY_YEAR, "May 17, 2015 24:05:03"),
    (moments.CTIME, "Sun Dec 04 04:47:44 0000"),
    (moments.ISO, "2015-05-17 10:05:03 UTC+25"),
    (moments.ISO_LONG_ZONE, "2015-05-17T10:05:03[Europe/Atlantis]"),
    (moments.ORDINAL, "2015-366T10:05:03Z"),
    (moments.ORDINAL, "2015-000T10:05:03Z"),
    (moments.ORDINAL, "2015-W54-1T10:05:03Z"),
    (moments.YEAR_HALF, "2015-05-17 13:05:03 PM"),
    (moments.FOURTEEN_DIGITS, "20150230100503"),
]


@pytest.mark.parametrize(("form", "text"), NO_MOMENTS)
def test_a_moment_that_does_not_exist_is_none(form: TimeForm, text: str) -> None:
    """A day outside the calendar, an hour, second or zone that no clock shows, and years before 1 or after 9999 are refused."""
    assert fits(form, text.encode())
    assert to_seconds(form, text.encode(), REFERENCE) is None
    assert alike(form, [text.encode()], REFERENCE) == [None]


STRANGERS = ["", "x", "2015-05-17", "10:05:03", "2015-05-17T10:05:03Z\n", "2015-05-17T10:05:03Zulu", "2015-05-17T10:05:03 IST"]
STRANGERS += ["143185710", "14318571031", "0431857103", "2015-05-17T10:05:03.Z", "٢٠١٥-05-17T10:05:03Z"]
STRANGERS += [
    "17 Mai 2015 10:05:03",
    "17 marras 2015 10:05:03",
    "20151317100503",
    "201505171005030",
    "2015-05-17T10:05:03[Main/Pool]",
]


@pytest.mark.parametrize("text", STRANGERS)
def test_another_text_is_not_a_time(text: str) -> None:
    """What has no known form is not a time, with text behind the time as well."""
    assert not [form.name for form in FORMS if fits(form, text.encode())]
    assert value_seconds(text.encode(), REFERENCE) is None
    assert many_values([text.encode()], REFERENCE) == [None]


def alike(form: TimeForm, texts: list[bytes | None], reference: int, local: tzinfo = UTC) -> list[int | None]:
    """Return what the columns of a form make of texts, None for those that are not of the form."""
    matched, groups = divided(form, pyarrow.array(texts, pyarrow.binary()))
    found, valid = seconds(form, groups, reference, local)
    values = iter([second if good else None for second, good in zip(found.tolist(), valid.tolist(), strict=True)])
    assert (found[~valid] == NO_TIME).all()
    return [next(values) if is_of_form else None for is_of_form in matched.tolist()]


def many_values(texts: list[bytes | None], reference: int, local: tzinfo = UTC) -> list[int | None]:
    """Return what the fast way makes of values, in a column where each stands in two rows."""
    index = numpy.tile(numpy.arange(len(texts), dtype=numpy.int32), 2)
    found, valid = values_seconds(pyarrow.array(texts, pyarrow.binary()), index, reference, local)
    values = [second if good else None for second, good in zip(found.tolist(), valid.tolist(), strict=True)]
    assert values[: len(texts)] == values[len(texts) :]
    return values[: len(texts)]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a time with one byte replaced by another, most often by one that times have."""
    _, text, _ = draw(written())
    at = draw(st.integers(0, len(text) - 1))
    byte = draw(st.one_of(st.sampled_from(b"0123456789:.,+-/ TZPAM"), st.integers(0, 255)))
    return text[:at] + bytes([byte]) + text[at + 1 :]


WRITTEN = written().map(lambda drawn: drawn[1])
NO_YEAR = st.tuples(st.sampled_from(WITHOUT_YEAR), MOMENTS).map(lambda drawn: shown(drawn[1], drawn[0][1]))
NUMBERS = st.one_of(
    st.integers(0, 10**20).map(lambda number: b"%d" % number),
    st.floats(0, 1e20).map(lambda number: repr(number).encode()),
    st.from_regex(rb"\A[0-9]{1,25}(\.[0-9]{0,5})?([eE][+-]?[0-9]{1,3})?\Z"),
)
TEXTS = st.one_of(WRITTEN, NO_YEAR, damaged(), NUMBERS, st.binary(max_size=30))
FIXED = timezone(timedelta(hours=-3, minutes=-30))


@given(st.sampled_from(FORMS), st.lists(TEXTS, max_size=30), MOMENTS, st.sampled_from([UTC, FIXED, BERLIN]))
def test_a_column_is_what_each_time_is(form: TimeForm, texts: list[bytes], reference: datetime, local: tzinfo) -> None:
    """Texts of any form, good and damaged, are in columns of any form what each is alone."""
    at = since_1970(reference)
    assert alike(form, [*texts, *texts], at, local) == [to_seconds(form, text, at, local) for text in [*texts, *texts]]


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=30), MOMENTS, st.sampled_from([UTC, FIXED, BERLIN]))
def test_a_column_of_values_is_what_each_value_is(texts: list[bytes | None], reference: datetime, local: tzinfo) -> None:
    """Values of many forms in one column, with nulls among them, are what each is alone."""
    at = since_1970(reference)
    assert many_values(texts, at, local) == [None if text is None else value_seconds(text, at, local) for text in texts]


@given(st.lists(TEXTS, max_size=20))
def test_both_engines_divide_alike(texts: list[bytes]) -> None:
    """RE2 and Python's `re` find the same groups in the same texts, for every form."""
    for form in FORMS:
        found = pyarrow.compute.extract_regex(pyarrow.array(texts, pyarrow.binary()), pattern=f"^(?:{form.expression})$")
        matches = [compiled(form.expression).fullmatch(text) for text in texts]
        assert found.to_pylist() == [match and match.groupdict(b"") for match in matches]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_an_expression_has_the_groups_of_a_time(form: TimeForm) -> None:
    """An expression compiles in RE2, and its groups are `minute` and some of those of a time, none without a name."""
    names = [field.name for field in pyarrow.compute.extract_regex(pyarrow.array([b""]), pattern=form.expression).type]
    assert names[0] == "minute"
    assert set(names) <= {"minute", "second", "subsecond", "rest", "zone"}
    assert len(names) == compiled(form.expression).groups
    assert ("second" in names) is (not form.epoch and form is not moments.MINUTES)


def test_texts_may_come_as_strings() -> None:
    """A column of strings is read as one of bytes, also where the text holds more than ASCII."""
    texts = pyarrow.array(["May 17, 2015 10:05:03\u202fAM", "é", None])
    found, valid = values_seconds(texts, numpy.array([2, 1, 0, 0]), 0)
    assert found.tolist() == [NO_TIME, NO_TIME, AT, AT]
    assert valid.tolist() == [False, False, True, True]


def test_no_rows_are_none() -> None:
    """Columns without rows give none, in every form."""
    assert [alike(form, [], 0) for form in FORMS] == [[]] * len(FORMS)
    assert many_values([], 0) == []


def test_absent_groups_may_be_null() -> None:
    """A null in the group of the minute is not a time, one in the group of the zone is a time without a zone."""
    minute = (pyarrow.array([b"2015-05-17T10:05", None], pyarrow.binary()), numpy.array([0, 0, 1]))
    second = (pyarrow.array([b"03"], pyarrow.binary()), numpy.array([0, 0, 0]))
    zone = (pyarrow.array([None, b"+0200"], pyarrow.binary()), numpy.array([0, 1, 1]))
    found, valid = seconds(moments.ISO, {"minute": minute, "second": second, "zone": zone}, 0)
    assert found.tolist() == [AT, AT - 7200, NO_TIME]
    assert valid.tolist() == [True, True, False]


LOCAL = [
    ("2015-01-17 10:05:03", "2015-01-17T09:05:03Z"),
    ("2015-05-17 10:05:03", "2015-05-17T08:05:03Z"),
    ("2015-05-17 10:05:03Z", "2015-05-17T10:05:03Z"),
    ("2015-10-25 02:30:00", "2015-10-25T00:30:00Z"),
    ("2015-03-29 02:30:00", "2015-03-29T01:30:00Z"),
    ("May 17, 2015 10:05:03 PM", "2015-05-17T20:05:03Z"),
    ("1431857103", "2015-05-17T10:05:03Z"),
]


@pytest.mark.parametrize(("text", "expected"), LOCAL)
def test_a_time_without_a_zone_is_local(text: str, expected: str) -> None:
    """Berlin is an hour ahead of UTC, two in summer; what happens twice is the first, what is skipped in winter time."""
    found = value_seconds(text.encode(), 0, BERLIN)
    assert found is not None
    assert times.iso(found) == expected
    assert many_values([text.encode()], 0, BERLIN) == [found]


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-01 00:30:00", "9999-12-31 23:29:59"])
def test_local_times_end_with_the_calendar(text: str) -> None:
    """At both ends of the calendar a local time is a moment, or none if UTC is in another year by then."""
    found = to_seconds(moments.ISO, text.encode(), 0, FIXED)
    assert found == (None if text.startswith("9999") and text > "9999-12-31 20:29:59" else since_1970_of(text) + 12_600)


def since_1970_of(text: str) -> int:
    """Return the seconds of a time in UTC."""
    return since_1970(datetime.fromisoformat(text).replace(tzinfo=UTC))


NUMBER_VALUES = [
    ("1.431857103e9", AT),
    ("1.431857103123E12", AT),
    ("1.431857103123E+12", AT),
    ("1431857103123.75", AT),
    ("1431857103.9999999999999999999999999999", AT),
    ("1.7e9", 1_700_000_000),
    ("1e9", 1_000_000_000),
    ("1e11", None),
    ("1e99", None),
    ("0", None),
    ("0e9", None),
    ("-1431857103", None),
    ("1431857103e-3", None),
    ("nan", None),
    ("1e999999999", None),
]


@pytest.mark.parametrize(("text", "expected"), NUMBER_VALUES)
def test_a_number_is_of_the_unit_that_makes_it_plausible(text: str, expected: int | None) -> None:
    """A number is of the unit, from seconds to nanoseconds, with which it lies from 2001 to 2286; if there is none, no time."""
    assert value_seconds(text.encode(), 0) == expected
    assert many_values([text.encode()], 0) == [expected]


@given(st.datetimes(timezones=OFFSETS.map(lambda minutes: timezone(timedelta(minutes=minutes))), allow_imaginary=False))
def test_access_times_are_those_of_access_logs(moment: datetime) -> None:
    """A time of an access log is the same here as where only access logs are read."""
    text = shown(moment, "{t.day:02}/{b}/{year}:{clock} {z}", zone=f"{moment:%z}")
    assert to_seconds(moments.CLF, text, 0) == access.to_seconds(text)


def test_a_long_fraction_is_read_once() -> None:
    """A fraction of a million digits, or what begins like one, is read or refused; to go back for each digit would not end."""
    digits = b"1" * 1_000_000
    for form in FORMS:
        assert to_seconds(form, b"2015-05-17T10:05:03." + digits + b"x", 0) is None
    assert to_seconds(moments.ISO, b"2015-05-17T10:05:03." + digits, 0) == AT
    assert value_seconds(digits + b"x", 0) is None


def test_columns_with_many_pairs_are_paired_by_row() -> None:
    """Minutes and years of ctime that all differ are joined as the rows have them, not each with each."""
    chosen = random.Random(5)
    texts: list[bytes | None] = [
        shown(EPOCH + timedelta(seconds=chosen.randrange(2**37)), "{a} {b} {t.day:2} {clock} {year}") for _ in range(5000)
    ]
    assert alike(moments.CTIME, texts, 0) == [to_seconds(moments.CTIME, text, 0) for text in texts if text]
