r"""The forms in which logs write a time, each as one expression for RE2, and what the pieces that it cuts out mean.

An expression divides a time so that Python looks at what repeats, never at each line: `minute` is all up to the
minute, `second` its digits, `zone` (Z, +0200, EST) and `rest` (the year of ctime, AM or PM) what stands behind.
Fractions are matched and dropped: times are whole seconds. `to_seconds` is the definition, for one time; `seconds` is
the same for a column of each group.

    May 17, 2015 8:10:40.123 PM CEST → minute `May 17, 2015 8:10`, second `40`, rest `PM`, zone `CEST`

A form that writes no year (`year_less`) means the latest such moment that is not more than a day after the reference,
which is the time when the file was last changed: a day, so that neither a zone nor a clock that is fast sends a line
back by a year. February 29 is that of the latest leap year. The rule goes by the minute and takes the text as UTC.

Where a time has no offset, it is of the zone `local`. When clocks are set back, what they show twice is the first of
the two moments (fold=0); what they skip when they are set forward is as if they had not been set yet.

All expressions mean the same in RE2 (Latin-1) and in `re` (bytes), and neither has to go back far: only a fraction has
no end of its own, and what may follow it begins with no digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, index_of
from logproc.formats.times.access import DAY_S, EPOCH_DAY, FIRST_S, HOUR_S, LAST_S, MONTHS
from logproc.formats.times.iso import iso_seconds
from logproc.model import NO_TIME

if TYPE_CHECKING:
    from logproc.model import Integers, Mask

    Groups = Mapping[str, tuple[pyarrow.Array, Any]]

NEVER = 2**60
"""In place of seconds that do not exist. With up to three of them a sum is behind the year 9999, and still an int64."""
NEAREST_LEAP_YEARS = 8
"""As many years may lie between two leap years: 1896 and 1904."""
FIRST_SHORT_YEAR = 69
"""`69` to `99` are 1969 to 1999, `00` to `68` are 2000 to 2068, as POSIX has it for strptime's `%y`."""
ZONE_HOURS = {b"EST": -5, b"EDT": -4, b"CST": -6, b"CDT": -5, b"MST": -7, b"MDT": -6, b"PST": -8, b"PDT": -7}
ZONE_HOURS |= {b"Z": 0, b"UTC": 0, b"GMT": 0, b"CET": 1, b"CEST": 2}
"""The names of RFC 2822, and those of Central Europe. Others (IST, BST) are of several zones, and so of none."""
OFFSET = re.compile(rb"([+-])(\d\d):?(\d\d)?")
NUMBER = re.compile(rb"\d{1,30}(?:\.\d{0,30})?(?:[eE]\+?\d{1,2})?")

MONTH_NAMES = b"|".join(MONTHS).decode()
CONVERSIONS = {
    "Y": ("year", r"\d{4}"),
    "y": ("year", r"\d{2}"),
    "b": ("month", f"(?:{MONTH_NAMES})"),
    "m": ("month", r"\d{2}"),
    "n": ("month", r"\d{1,2}"),
    "d": ("day", r"\d{2}"),
    "e": ("day", r" ?\d{1,2}"),
    "H": ("hour", r"\d{2}"),
    "k": ("hour", r"\d{1,2}"),
    "M": ("minute", r"\d{2}"),
    "N": ("minute", r"\d{1,2}"),
    "p": ("half", "[AaPp][Mm]"),
}
"""The conversions of strftime that are parts of a date, each with what it matches; `%n` and `%N` are `%m` and `%M` unpadded."""
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FRACTION = r"(?:[.,]\d+)?"
SECOND = r"(?P<second>\d{2})" + FRACTION
ZONE = r"(?: ?(?P<zone>(?:Z|UTC|GMT|CES?T|[ECMP][SD]T|[+-]\d{2}(?::?\d{2})?)\b))?"


@dataclass(frozen=True, slots=True)
class TimeForm:
    """A form of times.

    expression: for RE2 and for `re`, without anchors, with the group `minute` and some of `second`, `rest` and `zone`.
    minute: (the groups `minute` and `rest`, with a blank between them; the reference) → when that minute begins, in
        seconds since 1970 as if it were UTC; None if no such moment exists. Without a group `second`: the second itself.
    year_less: whether times go by the reference, as far as they have no year.
    epoch: whether times count from 1970, and so are of no zone.
    """

    name: str
    expression: str
    minute: Callable[[bytes, int], int | None]
    year_less: bool = False
    epoch: bool = False


def calendar_form(name: str, minute: str, behind: str, rest: str = "", *, year_less: bool = False) -> TimeForm:
    """Return the form of which all up to the minute is `minute`, an expression with conversions such as `%Y`.

    behind: an expression of what follows; its group `rest`, if it has one, holds the conversion `rest`.
    """
    reading = expanded(minute, named=True) + (f"(?: {expanded(rest, named=True)})?" if rest else "")
    expression = f"(?P<minute>{expanded(minute)}){behind}"
    return TimeForm(name, expression, partial(calendar_minute, re.compile(reading.encode())), year_less=year_less)


def expanded(layout: str, *, named: bool = False) -> str:
    r"""Return an expression with each conversion replaced by what it matches, as a group if it is to be named.

    >>> print(expanded("%H:%M"), expanded("%H", named=True))
    \d{2}:\d{2} (?P<hour>\d{2})
    """
    return re.sub("%(.)", lambda match: piece(*CONVERSIONS[match[1]], named=named), layout)


def piece(name: str, matching: str, *, named: bool) -> str:
    """Return the expression of one conversion."""
    return f"(?P<{name}>{matching})" if named else matching


def calendar_minute(reading: re.Pattern[bytes], text: bytes, reference: int) -> int | None:
    """Return when the minute begins that a text means, as if it were UTC, None if no such moment exists."""
    match = reading.fullmatch(text)
    if not match:
        return None
    parts = match.groupdict()
    month, day = MONTHS.get(parts["month"]) or int(parts["month"]), int(parts["day"])
    hour, minute = hour_of(int(parts["hour"]), parts.get("half")), int(parts["minute"])
    if hour is None or minute > 59:
        return None
    since_midnight = hour * HOUR_S + minute * 60
    if parts.get("year"):
        return moment(year_of(parts["year"]), month, day, since_midnight)
    return latest_moment(month, day, since_midnight, reference + DAY_S)


def hour_of(hour: int, half: bytes | None) -> int | None:
    """Return the hour from 0 to 23, None if there is none such. half: AM or PM, for a clock from 12 over 1 to 11."""
    if not half:
        return hour if hour <= 23 else None
    return hour % 12 + (12 if half in b"PMpm" else 0) if 1 <= hour <= 12 else None


def year_of(digits: bytes) -> int:
    """Return the year that four digits are, or two mean."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= FIRST_SHORT_YEAR else 2000)


def moment(year: int, month: int, day: int, since_midnight: int) -> int | None:
    """Return the seconds since 1970 of a moment in UTC, None if the calendar has no such day."""
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    return (ordinal - EPOCH_DAY) * DAY_S + since_midnight


def latest_moment(month: int, day: int, since_midnight: int, last: int) -> int | None:
    """Return the latest moment of a day without a year that is not after `last`, None if the calendar has no such day."""
    last = min(last, LAST_S)
    if last < FIRST_S:
        return None
    year = date.fromordinal(EPOCH_DAY + last // DAY_S).year
    candidates = (moment(year - back, month, day, since_midnight) for back in range(NEAREST_LEAP_YEARS + 1))
    return next((found for found in candidates if found is not None and found <= last), None)


def epoch_second(text: bytes, _reference: int) -> int | None:
    """Return the second that ten digits are."""
    return int(text) if len(text) == 10 and text.isdigit() else None


ISO = calendar_form("iso", "%Y-%m-%d[T ]%H:%M", ":" + SECOND + ZONE)
"""ISO 8601, RFC 3339: `2015-05-17T10:05:03.123Z`, `2015-05-17 10:05:03,123 +02:00`."""
EPOCH = TimeForm("epoch", r"(?P<minute>[1-9]\d{9})(?:\d{9}|\d{6}|\d{3})?(?:\.\d+)?", epoch_second, epoch=True)
"""Since 1970, in seconds, milliseconds, microseconds or nanoseconds: 10, 13, 16 or 19 digits, so the years 2001 to 2286.

Whichever it is, the first ten digits are the seconds: these are the group `minute`, and there is no other.
"""
SYSLOG = calendar_form("syslog", "%b %e(?: %Y)? %H:%M", ":" + SECOND + ZONE, year_less=True)
"""RFC 3164: `Jul  1 09:00:55`; Cisco and some daemons: `Jun 14 2015 15:16:01.123 UTC`."""
CLF = calendar_form("clf", "%d/%b/%Y[: ]%H:%M", ":" + SECOND + ZONE)
"""Access logs: `17/May/2015:10:05:03 +0000`; HAProxy: `17/May/2015:10:05:03.123`."""
SLASHES = calendar_form("slashes", "%Y/%m/%d %H:%M", ":" + SECOND + ZONE)
"""nginx's error log, Go's package log: `2005/06/09 20:10:40.123456`."""
SHORT_YEAR = calendar_form("short-year", "%y/%m/%d %H:%M", ":" + SECOND + ZONE)
"""log4j's `yy/MM/dd HH:mm:ss`, as Spark and Hadoop have it: `17/06/09 20:10:40`."""
CTIME = calendar_form("ctime", WEEKDAY + " %b %e %H:%M", ":" + SECOND + ZONE + r" (?P<rest>\d{4})", "%Y")
"""ctime(3), date(1), Apache's error log: `Sun Dec 04 04:47:44 2005`, `Fri Sep  9 10:42:29.902022 2011`."""
KLOG = calendar_form("klog", "%m%d %H:%M", ":" + SECOND, year_less=True)
"""Kubernetes, glog: `0507 12:04:17.597069`, behind the letter of the level."""
LOGCAT = calendar_form("logcat", "%m-%d %H:%M", ":" + SECOND, year_less=True)
"""Android: `03-17 16:13:38.811`."""
MONTH_POINT_DAY = calendar_form("month-point-day", r"%m\.%d %H:%M", ":" + SECOND, year_less=True)
"""Proxifier: `10.30 16:49:06`."""
SIX_DIGITS = calendar_form("six-digits", "%y%m%d %H%M", r"(?P<second>\d{2})")
"""HDFS: `081109 203615`."""
BASIC = calendar_form("basic", "%Y%m%d[T ]%H%M", SECOND + ZONE)
"""The basic format of ISO 8601: `20171223T221529Z`."""
EIGHT_DIGITS = calendar_form("eight-digits", "%Y%m%d[-T ]%k:%N", r":(?P<second>\d{1,2})(?:[.,:]\d+)?" + ZONE)
"""`20171223 22:15:29`; Huawei's Health: `20171223-22:15:29:606`, `20171223-22:16:0:119`."""
POINTS = calendar_form("points", r"%Y-%m-%d[-T ]%H\.%M", r"\." + SECOND + ZONE)
"""Blue Gene/L, DB2: `2005-06-03-15.42.50.675872`."""
DAY_POINT_MONTH = calendar_form("day-point-month", r"%d\.%m\.%Y %H:%M", ":" + SECOND + ZONE)
"""As Germany and its neighbours write a date: `17.05.2015 10:05:03,123`."""
DAY_MONTH_YEAR = calendar_form("day-month-year", f"(?:{WEEKDAY}, )?%e[ -]%b[ -]%Y %H:%M", ":" + SECOND + ZONE)
"""RFC 2822: `Sun, 17 May 2015 10:05:03 +0000`; Redis: `17 May 2015 10:05:03.123`; Tomcat: `17-May-2015 10:05:03.123`."""
HALF = r"(?:(?: |\xe2\x80\xaf)(?P<rest>[AaPp][Mm]))"
"""AM or PM, behind a blank or, as Java 20 and later have it, the narrow blank U+202F in UTF-8."""
MONTH_DAY_YEAR = calendar_form("month-day-year", "%b %e, %Y,? %k:%M", ":" + SECOND + HALF + "?" + ZONE, "%p")
"""java.util.logging: `May 17, 2015 10:05:03 AM`; without AM or PM it is a clock of 24 hours."""
US = calendar_form("us", "%n/%e/%Y,? %k:%M", ":" + SECOND + HALF + ZONE, "%p")
"""Windows in the United States: `5/17/2015 10:05:03 AM`. Without AM or PM, the day may as well be the first number."""

FORMS = (
    *(ISO, EPOCH, SYSLOG, CLF, SLASHES, SHORT_YEAR, CTIME, KLOG, LOGCAT, MONTH_POINT_DAY, SIX_DIGITS, BASIC),
    *(EIGHT_DIGITS, POINTS, DAY_POINT_MONTH, DAY_MONTH_YEAR, MONTH_DAY_YEAR, US),
)
"""All forms. No text is of two."""


def to_seconds(form: TimeForm, text: bytes, reference: int, local: tzinfo = UTC) -> int | None:
    """Return the seconds since 1970 of one time, None if it is not of the form or no such moment exists.

    A day must be in the calendar, a time of day from 00:00:00 to 23:59:59, and the moment in the years 1 to 9999.
    reference: what times without a year go by, in seconds since 1970. local: the zone of times without an offset.

    >>> to_seconds(CTIME, b"Sun Dec 04 04:47:44.902022 2005", 0)
    1133671664
    """
    match = compiled(form.expression).fullmatch(text)
    if not match:
        return None
    parts = match.groupdict(b"")
    start = form.minute(joined(parts["minute"], parts.get("rest")), reference)
    second = second_of(parts["second"]) if "second" in parts else 0
    correction = zone_correction(parts.get("zone")) if parts.get("zone") else local_correction(form, start, local)
    if start is None or second is None or correction is None:
        return None
    found = start + second + correction
    return found if FIRST_S <= found <= LAST_S else None


@cache
def compiled(expression: str) -> re.Pattern[bytes]:
    """Return an expression for Python's `re`."""
    return re.compile(expression.encode())


def joined(minute: bytes | None, rest: bytes | None) -> bytes:
    """Return what `TimeForm.minute` reads: the group `minute`, and the group `rest` behind a blank if it holds something."""
    return (minute or b"") + (b" " + rest if rest else b"")


def second_of(text: bytes | None) -> int | None:
    """Return the number that digits are, None if it is over 59: leap seconds are no moments here."""
    return int(text) if text and text.isdigit() and int(text) <= 59 else None


def zone_correction(zone: bytes | None) -> int | None:
    """Return how many seconds later UTC is than a zone, None if there is no such zone.

    >>> zone_correction(b"EST"), zone_correction(b"+05:30"), zone_correction(b"-07"), zone_correction(b"+0060")
    (18000, -19800, 25200, None)
    """
    if zone in ZONE_HOURS:
        return -ZONE_HOURS[zone] * HOUR_S
    match = OFFSET.fullmatch(zone or b"")
    if not match:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    offset = hours * HOUR_S + minutes * 60
    return (-offset if match[1] == b"+" else offset) if hours <= 23 and minutes <= 59 else None


def local_correction(form: TimeForm, start: int | None, local: tzinfo) -> int:
    """Return how many seconds later UTC is than the local time at a minute, given as if it were UTC."""
    if start is None or local is UTC or form.epoch:
        return 0
    shown = datetime.fromordinal(EPOCH_DAY + start // DAY_S) + timedelta(seconds=start % DAY_S)
    offset = shown.replace(tzinfo=local).utcoffset() or timedelta()
    return -round(offset.total_seconds())


def seconds(form: TimeForm, groups: Groups, reference: int, local: tzinfo = UTC) -> tuple[Integers, Mask]:
    """Return the seconds since 1970 of each row, NO_TIME where no such moment exists, and where one does.

    groups: for each group of the form's expression the distinct texts, and for each row which of them it has. A group
    without a text in a row is null or empty. reference, local: as for `to_seconds`.
    """
    texts, index = minute_texts(groups)
    starts = [form.minute(text, reference) for text in texts]
    found = table(starts)[index] + corrections(form, groups, starts, index, local)
    if "second" in groups:
        second_texts, second_index = listed(groups["second"])
        found += table([second_of(text) for text in second_texts])[second_index]
    valid = (found >= FIRST_S) & (found <= LAST_S)
    return numpy.where(valid, found, NO_TIME), valid


def minute_texts(groups: Groups) -> tuple[list[bytes], Any]:
    """Return the distinct texts of the groups `minute` and `rest`, joined, and the index of each row."""
    minutes, index = listed(groups["minute"])
    if "rest" not in groups:
        return [minute or b"" for minute in minutes], index
    rests, rest_index = listed(groups["rest"])
    pairs = arrow(index.astype(numpy.int64) * len(rests) + rest_index, pyarrow.int64()).dictionary_encode()
    places = (divmod(pair, len(rests)) for pair in pairs.dictionary.to_pylist())
    return [joined(minutes[minute], rests[rest]) for minute, rest in places], index_of(pairs)


def corrections(form: TimeForm, groups: Groups, starts: list[int | None], index: Any, local: tzinfo) -> Any:
    """Return the seconds to add to each row to come from the time that is shown to UTC, NEVER where the zone is none."""
    shown = table([local_correction(form, start, local) for start in starts])[index]
    if "zone" not in groups:
        return shown
    zones, zone_index = listed(groups["zone"])
    absent = numpy.array([not zone for zone in zones], bool)
    given = table([zone_correction(zone) for zone in zones])
    return numpy.where(absent[zone_index], shown, given[zone_index])


def listed(group: tuple[pyarrow.Array, Any]) -> tuple[list[bytes | None], Any]:
    """Return the distinct texts of a group as a list, and the index."""
    texts, index = group
    return texts.cast(pyarrow.binary()).to_pylist(), index


def table(values: list[int | None]) -> Integers:
    """Return numbers as an array, NEVER in place of None."""
    return numpy.array([NEVER if value is None else value for value in values], numpy.int64)


def value_seconds(text: bytes, reference: int, local: tzinfo = UTC) -> int | None:
    """Return the seconds since 1970 of a whole value of any form, or of a number that counts from 1970; None if it is none.

    >>> value_seconds(b"1431857103123", 0), value_seconds(b"1.431857103e9", 0), value_seconds(b"12", 0)
    (1431857103, 1431857103, None)
    """
    form = next((form for form in FORMS if compiled(form.expression).fullmatch(text)), None)
    return to_seconds(form, text, reference, local) if form else number_seconds(text)


def number_seconds(text: bytes | None) -> int | None:
    """Return the seconds of a number, which are its first ten digits before the point: the unit is told as by `EPOCH`."""
    if not text or not NUMBER.fullmatch(text):
        return None
    number = Decimal(text.decode())
    thousands, left = divmod(number.adjusted() - 9, 3)
    return int(number) // 1000**thousands if number and not left and 0 <= thousands <= 3 else None


def values_seconds(texts: pyarrow.Array, index: Any, reference: int, local: tzinfo = UTC) -> tuple[Integers, Mask]:
    """Return `value_seconds` of each row, NO_TIME where it is None, and where it is not.

    texts: the distinct values, of which each row has the one that `index` says; null is no time.
    """
    texts = texts.cast(pyarrow.binary())
    found, done = iso_seconds(texts, partial(minute_of, ISO, reference), without_zone=local is UTC)
    left = numpy.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False) & ~done)  # a null would go through all forms
    for form in FORMS:
        if not len(left):
            break
        fits, groups = divided(form, texts.take(arrow(left, pyarrow.int64())))
        found[left[fits]], _ = seconds(form, groups, reference, local)
        left = left[~fits]
    for place in left.tolist():
        number = number_seconds(texts[place].as_py())
        found[place] = NO_TIME if number is None else number
    times = found[index]
    return times, times != NO_TIME


def minute_of(form: TimeForm, reference: int, text: bytes) -> int | None:
    """Return when a minute of a form begins."""
    return form.minute(text, reference)


def divided(form: TimeForm, texts: pyarrow.Array) -> tuple[Mask, Groups]:
    """Return which binary texts are of a form, and the groups of these."""
    found = pyarrow.compute.extract_regex(texts, pattern=f"^(?:{form.expression})$")
    fits = found.is_valid()
    fitting = found.filter(fits)
    names = [field.name for field in found.type]
    encoded = {name: fitting.field(name).dictionary_encode() for name in names}
    groups = {name: (group.dictionary, index_of(group)) for name, group in encoded.items()}
    return fits.to_numpy(zero_copy_only=False), groups
