"""The calendar: days and months as seconds since 1970, and back. Times are those of the years 1 to 9999."""

from __future__ import annotations

from datetime import UTC, date, datetime

MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
DAY_S = 86_400
HOUR_S = 3_600
EPOCH_DAY = date(1970, 1, 1).toordinal()
FIRST_S = (date(1, 1, 1).toordinal() - EPOCH_DAY) * DAY_S
LAST_S = (date(9999, 12, 31).toordinal() - EPOCH_DAY + 1) * DAY_S - 1
NEAREST_LEAP_YEARS = 8
"""Two leap years are at most this far apart: 1896 and 1904."""
FIRST_SHORT_YEAR = 69
"""`69` to `99` are 1969 to 1999, `00` to `68` are 2000 to 2068, as POSIX has it for strptime's `%y`."""


def moment(year: int, month: int, day: int, since_midnight: int) -> int | None:
    """Return a UTC date and time as seconds since 1970, None if the calendar has no such day."""
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    return (ordinal - EPOCH_DAY) * DAY_S + since_midnight


def latest_moment(month: int, day: int, since_midnight: int, last: int) -> int | None:
    """Return the latest moment up to `last` of a day without a year, None if the calendar has no such day."""
    last = min(last, LAST_S)
    if last < FIRST_S:
        return None
    year = date.fromordinal(EPOCH_DAY + last // DAY_S).year
    candidates = (moment(year - back, month, day, since_midnight) for back in range(NEAREST_LEAP_YEARS + 1))
    return next((found for found in candidates if found is not None and found <= last), None)


def hour_of(hour: int, half: bytes | None) -> int | None:
    """Return the hour from 0 to 23, None if it does not exist. half: AM or PM of a 12-hour clock."""
    if not half:
        return hour if hour <= 23 else None
    return hour % 12 + (12 if half in b"PMpm" else 0) if 1 <= hour <= 12 else None


def year_of(digits: bytes) -> int:
    """Return the year that four or two digits mean."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= FIRST_SHORT_YEAR else 2000)


def fraction(nanos: int) -> str:
    """Return billionths of a second as RFC 3339 has them behind it: three, six or nine digits, none for 0.

    >>> fraction(500_000_000), fraction(123_456_000), fraction(1), fraction(0)
    ('.500', '.123456', '.000000001', '')
    """
    digits = f"{nanos:09}"
    shortest = 3 if nanos % 10**6 == 0 else 6 if nanos % 10**3 == 0 else 9
    return f".{digits[:shortest]}" if nanos else ""


def iso(seconds: int) -> str:
    """Return a moment as RFC 3339 has it.

    >>> iso(1431857103)
    '2015-05-17T10:05:03Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds >= 0 else iso_before_1970(seconds)


def seconds_of(text: str) -> int:
    """Return the seconds since 1970 of an ISO date or time; without an offset it is in UTC."""
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def iso_before_1970(seconds: int) -> str:
    """Return an RFC 3339 time before 1970. strftime does not pad years before 1000 on all platforms."""
    days, rest = divmod(seconds, DAY_S)
    return f"{date.fromordinal(EPOCH_DAY + days).isoformat()}T{rest // HOUR_S:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"
