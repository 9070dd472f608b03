"""Fields by name: parsed columns, stretches of local time, numbers as keys, and visitors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.columns import Columns, Numbers
from logproc.model.errors import UsageError
from logproc.questions.fields.stretches import STRETCHES
from logproc.questions.view import TIME_FIELDS, WEEKDAYS, View, base_of
from tests.questions.records import records, values

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(text: str) -> int:
    """Return a time of ISO 8601 in seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def labels(name: str, *times: str | None, zone: tzinfo = UTC) -> list[str | None]:
    """Return a field of time as text, for records at these times."""
    return values(View(records([None if time is None else seconds(time) for time in times]), zone).field(name))


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("hour", "time"),
        ("day", "time"),
        ("minute", "time"),
        ("weekday", "time"),
        ("ext", "path"),
        ("net:24", "client"),
        ("shape(a.b)", "a.b"),
        ("status", "status"),
        ("a.b", "a.b"),
    ],
)
def test_a_field_is_made_of_a_column(name: str, base: str) -> None:
    """The base of a field is the column that the format has to deliver."""
    assert base_of(name) == base


def test_a_field_that_is_written_wrong_has_no_base() -> None:
    """It is an error before any source is read."""
    with pytest.raises(UsageError, match="not a network"):
        base_of("net:129")


def test_time_is_cut_into_stretches() -> None:
    """A record belongs to the last minute, hour and day that began at or before it."""
    times = ("2015-05-17T10:59:59Z", "2015-05-17T11:00:00Z", "1969-12-31T23:59:59Z")
    assert labels("minute", *times) == ["2015-05-17T10:59:00Z", "2015-05-17T11:00:00Z", "1969-12-31T23:59:00Z"]
    assert labels("hour", *times) == ["2015-05-17T10:00:00Z", "2015-05-17T11:00:00Z", "1969-12-31T23:00:00Z"]
    assert labels("day", *times) == ["2015-05-17", "2015-05-17", "1969-12-31"]
    assert labels("weekday", *times) == ["Sun", "Sun", "Wed"]


@pytest.mark.parametrize("name", [*sorted(TIME_FIELDS), "every(5m)"])
def test_a_record_without_a_time_is_in_no_stretch(name: str) -> None:
    """Its key is null among records with times; without any times there is no such field."""
    assert labels(name, None, "2015-05-17T10:00:00Z", None)[::2] == [None, None]
    assert View(records([None, None])).keys(name) is None
    assert View(records([])).field(name) is None


@pytest.mark.parametrize("name", [*sorted(TIME_FIELDS), "every(5m)"])
def test_stretches_may_be_far_apart(name: str) -> None:
    """The gap between times a million years apart takes no memory: there are only as many keys as stretches."""
    column = View(records([-(10**11), 10**11])).keys(name)
    assert column is not None
    assert len(column.keys) <= 24 + 1
    assert len(set(values(column))) == 2


def test_clocks_go_forward_and_back() -> None:
    """Berlin's spring skips an hour, its autumn has one with twice the records; days have 23 and 25 hours."""
    spring = (
        "2026-03-29T00:59:59Z",
        "2026-03-29T01:00:00Z",
        "2026-03-28T22:59:59Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    )
    assert labels("hour", *spring, zone=BERLIN)[:2] == ["2026-03-29T01:00:00", "2026-03-29T03:00:00"]
    assert labels("day", *spring, zone=BERLIN) == ["2026-03-29", "2026-03-29", "2026-03-28", "2026-03-29", "2026-03-30"]
    autumn = (
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T02:00:00Z",
        "2026-10-25T22:59:59Z",
        "2026-10-25T23:00:00Z",
    )
    assert labels("hour", *autumn, zone=BERLIN)[:3] == ["2026-10-25T02:00:00", "2026-10-25T02:00:00", "2026-10-25T03:00:00"]
    assert labels("weekday", *autumn, zone=BERLIN) == ["Sun", "Sun", "Sun", "Sun", "Mon"]


def test_offsets_need_not_be_hours() -> None:
    """Nepal is five hours and three quarters ahead."""
    assert labels("hour", "2026-01-01T00:14:59Z", "2026-01-01T00:15:00Z", zone=KATHMANDU) == [
        "2026-01-01T05:00:00",
        "2026-01-01T06:00:00",
    ]


@given(
    st.lists(st.integers(seconds("1973-01-01T00:00Z"), seconds("2200-01-01T00:00Z")), min_size=1, max_size=20),
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia"]
    ),
)
def test_stretches_are_those_of_the_calendar(times: list[int], name: str) -> None:
    """In every zone the fields agree with the standard library."""
    zone = ZoneInfo(name)
    view = View(records(times), zone)
    local = [datetime.fromtimestamp(time, zone) for time in times]
    assert values(view.field("minute")) == [f"{time:%Y-%m-%dT%H:%M:00}" for time in local]
    assert values(view.field("hour")) == [f"{time:%Y-%m-%dT%H:00:00}" for time in local]
    assert values(view.field("day")) == [f"{time:%Y-%m-%d}" for time in local]
    assert values(view.field("weekday")) == [WEEKDAYS[time.weekday()] for time in local]


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_have_an_offset(year: int) -> None:
    """Where Python has no local time the nearest offset is used."""
    at = (datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 12, tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
    (found,) = values(View(records([at]), BERLIN).field("day"))
    assert found.startswith(f"{year:04}")


def test_a_stretch_has_a_label() -> None:
    """A label is the beginning of a stretch; only in UTC it has a `Z`."""
    assert STRETCHES["minute"].label(1) == "1970-01-01T00:01:00Z"
    assert STRETCHES["hour"].label(-1, BERLIN) == "1969-12-31T23:00:00"
    assert STRETCHES["day"].label(0, BERLIN) == "1970-01-01"


def test_a_column_is_itself() -> None:
    """A column of text is returned unchanged, to count and to compare."""
    columns = records([0, 0], status=["200", None])
    view = View(columns)
    assert view.keys("status") is columns.keys["status"] is view.field("status")
    assert view.keys("path") is None
    assert view.field("path") is None
    assert view.numbers("path") is None


def test_a_column_goes_before_what_its_name_would_compute() -> None:
    """A log's own field `ext` takes precedence; hours and days always come from the time."""
    view = View(records([0], hour=["noon"], ext=["7"]))
    assert values(view.keys("ext")) == ["7"]
    assert values(view.field("hour")) == ["1970-01-01T00:00:00Z"]


def test_what_was_computed_is_kept() -> None:
    """A field that two panels share is computed once."""
    view = View(records([0], path=["/a.html"]))
    assert view.keys("ext") is view.keys("ext")
    assert view.keys("hour") is view.keys("hour")
    assert values(view.keys("ext")) == ["html"]


def test_a_computed_field_of_a_missing_column_is_missing() -> None:
    """Without user agents there are no browsers."""
    assert View(records([0])).keys("browser") is None


def test_numbers_are_exact_as_keys() -> None:
    """A number to count by is text without needless digits; absent ones have no key."""
    whole, nanos = numpy.array([1, -1, 2, 1, 7]), numpy.array([500_000_000, 750_000_000, 0, 500_000_000, 0])
    valid = numpy.array([True, True, True, True, False])
    view = View(Columns(5, numpy.zeros(5, numpy.int64), {}, {"duration": Numbers(whole, nanos, valid)}))
    assert values(view.keys("duration")) == ["1.5", "-0.25", "2", "1.5", None]
    assert view.field("duration") is view.numbers("duration") is view.columns.numbers["duration"]


def test_texts_are_numbers_where_they_are() -> None:
    """A field of text can be measured; texts that are not numbers are absent."""
    found = View(records([0, 0, 0], size=["12", "x", None])).numbers("size")
    assert found is not None
    assert found.valid is not None
    assert (found.whole.tolist()[0], found.valid.tolist()) == (12, [True, False, False])


def test_stretches_are_not_numbers() -> None:
    """A mean of hours makes no sense."""
    assert View(records([0])).numbers("hour") is None


def test_stretches_are_texts_where_they_are_measured() -> None:
    """Distinct hours are counted as texts, and so are numbers."""
    view = View(records([0, 3600], {"bytes": [3, 4]}))
    assert values(view.texts("hour")) == ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"]
    assert values(view.texts("bytes")) == ["3", "4"]
    assert view.texts("nothing") is None


def test_a_visitor_is_a_client_with_its_agent() -> None:
    """Another agent makes another visitor; without a client there is no visitor; one without an agent counts."""
    found = values(View(records([0] * 5, client=["a", "a", "b", "a", None], user_agent=["x", "y", "x", None, "x"])).visitors())
    assert len(set(found[:4])) == 4
    assert found[4] is None


def test_visitors_without_agents_are_clients() -> None:
    """Where a log has no user agents a client is a visitor, as one without an agent is elsewhere; none without clients."""
    alone = values(View(records([0, 0], client=["a", "b"])).visitors())
    assert alone == values(View(records([0, 0], client=["a", "b"], user_agent=[None, None])).visitors())
    assert len(set(alone)) == 2
    assert View(records([0], user_agent=["x"])).visitors() is None
