"""Times and zones as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import UsageError
from logproc.questions.timespan import parse_moment
from logproc.questions.where.values import moment_of
from logproc.questions.zones import parse_zone

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
NANO = 10**9
NOW_S = int(NOW.timestamp())
"""In Berlin it is half past midnight, on the 8th."""


def moment(text: str, zone: object = UTC) -> datetime:
    """Return a time of whole seconds."""
    assert zone is UTC or isinstance(zone, ZoneInfo)
    seconds, nanos = divmod(parse_moment("--since", text, zone, NOW_S), NANO)
    assert nanos == 0
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("5min", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("2 h ago", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
        ("0s", timedelta()),
        (" now ", timedelta()),
    ],
)
def test_a_length_of_time_counts_back_from_now(text: str, ago: timedelta) -> None:
    """Relative times have a unit, and may say `ago`."""
    assert moment(text) == NOW - ago == moment(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "utc", "berlin"),
    [
        ("2026-03-07", "2026-03-07T00:00", "2026-03-06T23:00"),
        ("2026-03-07 10:00", "2026-03-07T10:00", "2026-03-07T09:00"),
        ("2026-07-07T10:00:30", "2026-07-07T10:00:30", "2026-07-07T08:00:30"),
        ("10:00", "2026-03-07T10:00", "2026-03-08T09:00"),
        ("9:05", "2026-03-07T09:05", "2026-03-08T08:05"),
        ("9:05:07", "2026-03-07T09:05:07", "2026-03-08T08:05:07"),
        ("2026-03-07T10:00Z", "2026-03-07T10:00", "2026-03-07T10:00"),
        ("2026-03-07T10:00-09:30", "2026-03-07T19:30", "2026-03-07T19:30"),
        ("today", "2026-03-07T00:00", "2026-03-07T23:00"),
        ("yesterday", "2026-03-06T00:00", "2026-03-06T23:00"),
        ("Yesterday 17:30", "2026-03-06T17:30", "2026-03-07T16:30"),
        ("07/Mar/2026:10:00:00", "2026-03-07T10:00", "2026-03-07T09:00"),
        ("[7/Mar/2026:10:00:00 -0930]", "2026-03-07T19:30", "2026-03-07T19:30"),
        ("07/mar/2026", "2026-03-07T00:00", "2026-03-06T23:00"),
        ("07/Mar/2026 10:00", "2026-03-07T10:00", "2026-03-07T09:00"),
        ("2026/03/07", "2026-03-07T00:00", "2026-03-06T23:00"),
        ("2026/3/7 9:05:07", "2026-03-07T09:05:07", "2026-03-07T08:05:07"),
        ("@1772877600", "2026-03-07T10:00", "2026-03-07T10:00"),
        ("2026-03-29 02:30", "2026-03-29T02:30", "2026-03-29T01:30"),
        ("2026-10-25 02:30", "2026-10-25T02:30", "2026-10-25T00:30"),
    ],
)
def test_a_time_is_that_of_the_zone_unless_it_has_an_offset(text: str, utc: str, berlin: str) -> None:
    """A time of day is today's; a repeated hour means the first, a skipped one uses the old offset."""
    assert moment(text).isoformat().startswith(utc)
    assert moment(text, BERLIN).isoformat().startswith(berlin)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1969-12-31T23:59:59.5Z", -NANO // 2),
        ("1970-01-01T00:00:00.9Z", 900_000_000),
        ("1970-01-01 00:00:00,000000001", 1),
        ("1970-01-01T00:00:00.1234567899+00:00", 123_456_789),
        ("1970-01-01T05:30:00.25+05:30", 250_000_000),
        ("1970-01-01T053000.25+0530", 250_000_000),
        ("[01/Jan/1970:00:00:01.123 +0000]", 1_123_000_000),
        ("1970/1/1 0:00:01.000123", 1_000_123_000),
        ("00:00:00.5", 500_000_000),
        ("@1772877600.5", 1_772_877_600_500_000_000),
        ("0001-01-01T00:00:00.000000001Z", -62_135_596_800 * NANO + 1),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_800 * NANO - 1),
    ],
)
def test_a_time_is_exact_to_the_nanosecond(text: str, nanos: int) -> None:
    """Whatever year it is in, with a point or a comma, with or without a zone; further digits are dropped."""
    assert parse_moment("--since", text, UTC, 0) == nanos


def test_filters_read_a_time_as_the_options_do() -> None:
    """`time > "…"` and `--since …` mean the same moment."""
    for text in ("2026-03-07T10:00:00.123456789Z", "2026-03-07 10:00:00,5", "07/Mar/2026:10:00:00.25 +0100", "2026-03-07"):
        assert moment_of(text, BERLIN) == parse_moment("--since", text, BERLIN, 0)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "tomorrow",
            "2026-02-30",
            "25:00",
            "10",
            "-2h",
            "@",
            "@1e9",
            "2026-03-07 10:00 CET",
            "2y",
            "today 24:30",
            "10:00.5",
            "2026-03-07 10:00:00.",
            "2026-03-07.5",
            "2026-03-07 10:00:60.5",
        ),
        *(
            "31/Feb/2026",
            "07/Mrz/2026",
            "07/03/2026",
            "2026/13/07",
            "2026/03/07:25:00",
            "07/Mar/2026:10:00:00 CET",
            "yesterday-1",
        ),
    ],
)
def test_what_is_not_a_time_is_refused(text: str) -> None:
    """The error names the option and shows how to write a time."""
    with pytest.raises(UsageError) as caught:
        parse_moment("--until", text, UTC, NOW_S)
    assert str(caught.value).startswith("--until")
    assert "2026-03-07 10:00" in caught.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_an_error(text: str) -> None:
    """Nothing but UsageError is raised, whatever the user types."""
    try:
        found = parse_moment("--since", text, BERLIN, NOW_S)
    except UsageError:
        return
    assert isinstance(found, int)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-23, 23))
def test_every_time_with_an_offset_is_itself(at: datetime, hours: int) -> None:
    """A time is the same in every offset it is written with, to the last digit."""
    try:
        text = at.astimezone(timezone(timedelta(hours=hours))).isoformat()
    except OverflowError:
        return
    assert (
        parse_moment("--since", text, BERLIN, 0) == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    )


@pytest.mark.parametrize("name", [None, "UTC", "utc", "Z"])
def test_no_zone_is_utc(name: str | None) -> None:
    """It is the UTC object itself, so `is` recognizes it."""
    assert parse_zone(name) is UTC


def test_a_zone_has_its_rules() -> None:
    """A named zone has its changes of clocks."""
    assert parse_zone("Europe/Berlin") == BERLIN


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "/etc/passwd", "../UTC", "Europe", "x" * 300, "a\0b"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    """The error repeats the name and shows how to write one."""
    with pytest.raises(UsageError, match="not a known zone") as caught:
        parse_zone(name)
    assert "Europe/Berlin" in caught.value.hint
