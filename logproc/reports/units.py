"""Numbers, sizes and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from logproc.model.patterns import regex

SECOND_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
SIZE_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB", "RB", "QB")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WIDEST = 10**36
"""From here on digits would fill a screen; the JSON and CSV reports have them all."""
ZONE = regex(r"(?:Z|[+-]\d\d:\d\d(?::\d\d)?)$")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1, "line"), count(10000, "line")
    ('1 line', '10,000 lines')
    """
    return f"{number:,} {plural(number, noun)}"


def plural(number: int, noun: str) -> str:
    return noun if number == 1 else noun + "s"


def size(number: int) -> str:
    """Return bytes in decimal units (ISO 80000-13), with one digit after the point.

    >>> size(626), size(262_200), size(999_999), size(2_747_282_505)
    ('626 B', '262.2 kB', '1.0 MB', '2.7 GB')
    """
    if number < 1000:
        return f"{number} B"
    power = 1
    while power < len(SIZE_UNITS) and tenths_of(number, power) >= 10000:
        power += 1
    tenths = tenths_of(number, power)
    return f"{tenths // 10:,}.{tenths % 10} {SIZE_UNITS[power - 1]}"


def tenths_of(number: int, power: int) -> int:
    """Return a number in tenths of 1000**power, rounded; in integers, because a sum may exceed any float."""
    return (number * 20 // int(1000**power) + 1) // 2


def clock_text(time: str) -> str:
    """Return a time of RFC 3339 as people read it, without the offset of its zone.

    >>> clock_text("2026-03-07T10:00:00Z"), clock_text("2026-03-07T11:00:00.250+01:00")
    ('2026-03-07 10:00:00', '2026-03-07 11:00:00.250')
    """
    return ZONE.sub("", time).replace("T", " ")


def share(part: float | Decimal, whole: int) -> str:
    """Return a share in per cent; a small one that would round to 0.0 is `<0.1`.

    >>> share(9125, 9999), share(2, 9999), share(0, 0)
    ('91.3', '<0.1', '0.0')
    """
    per_cent = float(100 * part / whole) if whole else 0.0
    return "<0.1" if 0 < per_cent < 0.05 else f"{per_cent:.1f}"


def duration(seconds: float) -> str:
    """Return seconds as `0.31 s`, `12.3 s`, `4 min 05 s` or `2 h 03 min`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes = round(seconds) // 60
    return f"{minutes} min {round(seconds) % 60:02} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


def latency(seconds: float) -> str:
    """Return seconds in the unit that fits, with three digits; from a minute on as in `duration`.

    >>> latency(0.0123), latency(1.25), latency(0.9996), latency(65), latency(0)
    ('12.3 ms', '1.25 s', '1.00 s', '1 min 05 s', '0 s')
    """
    if seconds <= 0:
        return "0 s" if seconds == 0 else f"-{latency(-seconds)}"
    if seconds >= 59.95:
        return duration(seconds)
    unit, name = next((unit, name) for unit, name in SECOND_UNITS if seconds / unit < 999.5)
    return f"{seconds / unit:#.3g}".rstrip(".") + f" {name}"


def rate(per_second: float) -> tuple[str, str]:
    """Return a rate and what it is per, in the shortest unit that has at least one.

    >>> rate(7.26), rate(0.02), rate(0.00001), rate(12345.6)
    (('7.3', 'per second'), ('1.2', 'per minute'), ('0.9', 'per day'), ('12,346', 'per second'))
    """
    units = ((1, "per second"), (60, "per minute"), (3600, "per hour"), (86_400, "per day"))
    seconds, words = next((unit for unit in units if per_second * unit[0] >= 1), units[-1])
    number = per_second * seconds
    return (f"{number:,.0f}" if number >= 100 else f"{number:.1f}"), words


def plain(number: float | Decimal, digits: int = 4) -> str:
    """Return a number without a unit: whole ones with commas, others with that many digits.

    >>> plain(12345), plain(12345.6), plain(0.123456), plain(10**300)
    ('12,345', '12,346', '0.1235', '1.000e+300')
    """
    if not -WIDEST < number < WIDEST:
        return f"{Decimal(number):.{digits - 1}e}"
    if isinstance(number, int):
        return f"{number:,}"
    return f"{number:.{digits}g}" if -1000 < number < 1000 else f"{number:,.0f}"


def moment(seconds: int) -> datetime:
    """Return seconds since 1970 as a time in UTC, for every year from 1 to 9999."""
    return EPOCH + timedelta(seconds=seconds)


def day(time: datetime) -> str:
    """Return day and month, such as `17 May`, in English in every locale."""
    return f"{time.day} {month(time)}"


def month(time: datetime) -> str:
    return MONTHS[time.month - 1]


def span(first: int, last: int, dash: str = "–") -> str:
    """Return two times as one span, without repeating what they share.

    >>> span(1431857100, 1432155959)
    '17 May 2015 10:05 – 20 May 21:05 UTC'
    """
    start, end = moment(first), moment(last)
    opening = f"{day(start)} {start.year} {start:%H:%M}"
    if start.date() == end.date():
        return f"{opening} {dash} {end:%H:%M} UTC"
    year = "" if start.year == end.year else f" {end.year}"
    return f"{opening} {dash} {day(end)}{year} {end:%H:%M} UTC"
