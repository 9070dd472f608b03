"""Times of access logs: what exists and what does not, alike for one and for many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times.access import many_to_seconds, to_seconds
from logproc.formats.times.calendar import iso

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WIDTH = 26


def written(moment: datetime) -> bytes:
    """Return a time as servers write it, in English whatever the locale."""
    day = f"{moment.day:02}/{MONTHS[moment.month - 1]}/{moment.year:04}"
    return f"{day}:{moment.time():%H:%M:%S} {moment:%z}".encode()


def many(texts: list[bytes]) -> list[int | None]:
    """Return what the fast way makes of times of 26 characters."""
    table = numpy.frombuffer(b"".join(texts), numpy.uint8).reshape(-1, WIDTH)
    seconds, valid = many_to_seconds(table)
    return [second if good else None for second, good in zip(seconds.tolist(), valid.tolist(), strict=True)]


ZONES = st.integers(-(23 * 60 + 59), 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES, allow_imaginary=False)
DAYS = st.sampled_from(
    [b"17/May/2015", b"29/Feb/2024", b"29/Feb/2023", b"31/Dec/9999", b"01/Jan/0001", b"00/Jan/2000", b"31/Apr/2000"]
)
CLOCKS = st.tuples(*[st.integers(0, 99)] * 3).map(lambda parts: b"%02d:%02d:%02d" % parts)
ZONE_TEXTS = st.tuples(st.sampled_from([b"+", b"-", b" ", b"0"]), st.integers(0, 9999)).map(lambda parts: b"%b%04d" % parts)
NEARLY = st.tuples(DAYS, CLOCKS, ZONE_TEXTS).map(lambda parts: b"%b:%b %b" % parts)
DAMAGED = st.tuples(MOMENTS.map(written), st.integers(0, WIDTH - 1), st.integers(0, 255)).map(
    lambda drawn: drawn[0][: drawn[1]] + bytes([drawn[2]]) + drawn[0][drawn[1] + 1 :]
)
ANY = st.one_of(MOMENTS.map(written), NEARLY, DAMAGED, st.binary(min_size=WIDTH, max_size=WIDTH))


@given(st.lists(st.one_of(ANY, ANY.flatmap(st.just)), max_size=20), st.integers(1, 3))
def test_many_times_are_what_each_is(texts: list[bytes], repeated: int) -> None:
    """A table of times, good and damaged, with a day several times in a row or not, gives for each row what it gives alone."""
    texts = [text for text in texts for _ in range(repeated)]
    assert many(texts) == [to_seconds(text) for text in texts]


@pytest.mark.parametrize("place", range(WIDTH))
def test_every_byte_of_a_time_counts(place: int) -> None:
    """At each place, each of the 256 bytes is taken or refused by the fast way as by the definition."""
    good = b"17/May/2015:10:05:03 +0130"
    texts = [good[:place] + bytes([byte]) + good[place + 1 :] for byte in range(256)]
    assert many(texts) == [to_seconds(text) for text in texts]


@given(MOMENTS)
def test_a_time_is_the_moment_that_the_calendar_says(moment: datetime) -> None:
    """Times in any zone are the seconds that datetime counts, unless the moment in UTC is outside the years 1 to 9999."""
    moment = moment.replace(microsecond=0)
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    exists = (
        (datetime(1, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()
        <= seconds
        <= (datetime.max.replace(tzinfo=UTC) - EPOCH).total_seconds()
    )
    assert to_seconds(written(moment)) == (seconds if exists else None)


TABLE = [
    (b"01/Jan/1970:00:00:00 +0000", 0),
    (b"31/Dec/1969:23:59:59 +0000", -1),
    (b"01/Jan/1970:01:00:00 +0100", 0),
    (b"31/Dec/1969:14:30:00 -0930", 0),
    (b"29/Feb/2024:00:00:00 +0000", 1709164800),
    (b"29/Feb/2000:00:00:00 +0000", 951782400),
    (b"29/Feb/1900:00:00:00 +0000", None),
    (b"29/Feb/2023:00:00:00 +0000", None),
    (b"31/Apr/2015:00:00:00 +0000", None),
    (b"00/May/2015:00:00:00 +0000", None),
    (b"17/May/0000:00:00:00 +0000", None),
    (b"17/May/2015:23:59:59 +0000", 1431907199),
    (b"17/May/2015:24:00:00 +0000", None),
    (b"17/May/2015:10:60:00 +0000", None),
    (b"30/Jun/2015:23:59:60 +0000", None),
    (b"17/May/2015:10:05:03 +2359", 1431770763),
    (b"17/May/2015:10:05:03 +2400", None),
    (b"17/May/2015:10:05:03 +0060", None),
    (b"01/Jan/0001:00:00:00 +0000", -62135596800),
    (b"01/Jan/0001:00:00:00 +0001", None),
    (b"01/Jan/0001:00:01:00 +0001", -62135596800),
    (b"31/Dec/9999:23:59:59 +0000", 253402300799),
    (b"31/Dec/9999:23:59:59 -0001", None),
    (b"17/may/2015:10:05:03 +0000", None),
    (b"17/MAY/2015:10:05:03 +0000", None),
    (b"17-May-2015:10:05:03 +0000", None),
    (b"17/May/2015 10:05:03 +0000", None),
    (b"17/May/2015:10.05.03 +0000", None),
    (b"17/May/2015:10:05:03 00000", None),
    (b"+7/May/2015:10:05:03 +0000", None),
    (b"17/May/2015:1_:05:03 +0000", None),
    (b"17/May/2015:10:05: 3 +0000", None),
]


@pytest.mark.parametrize(("text", "seconds"), TABLE)
def test_a_time_exists_or_not(text: bytes, seconds: int | None) -> None:
    """A day must be in the calendar, a time of day between 00:00:00 and 23:59:59, a moment in the years 1 to 9999."""
    assert to_seconds(text) == seconds
    assert many([text]) == [seconds]


@pytest.mark.parametrize(
    "text", [b"", b"17/May/2015:10:05:03 +000", b"17/May/2015:10:05:03 +00000", b"17/May/2015:10:05:03 +0000\n"]
)
def test_a_time_has_26_characters(text: bytes) -> None:
    """A shorter or longer text is not a time."""
    assert to_seconds(text) is None


def test_no_times_are_none() -> None:
    """A table without rows gives none."""
    assert many([]) == []


@given(st.integers(-62135596800, 253402300799))
def test_a_moment_is_written_as_rfc_3339_has_it(seconds: int) -> None:
    """The text of a moment has a fixed form with four digits of the year, and means that moment."""
    text = iso(seconds)
    assert len(text) == len("2015-05-17T10:05:03Z")
    assert text[:10] == (date(1970, 1, 1) + timedelta(seconds=seconds)).isoformat()
    assert datetime.fromisoformat(text) == EPOCH + timedelta(seconds=seconds)
