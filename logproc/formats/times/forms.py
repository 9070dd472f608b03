r"""The forms in which logs write a time, each as one expression for RE2, and what the pieces that it cuts out mean.

An expression divides a time so that Python looks at what repeats, never at each line: `minute` is all up to the
minute, `second` its digits, `zone` (Z, +0200, EST) and `rest` (the year of ctime, AM or PM) what comes behind.
`subsecond`, the fraction with its mark, rarely repeats; `fractions` reads it, where a question needs it. `reading` puts
the pieces together.

    May 17, 2015 8:10:40.123 PM CEST → minute `May 17, 2015 8:10`, second `40`, subsecond `.123`, rest `PM`, zone `CEST`

A form that writes no year (`year_less`) means the latest such moment that is not more than a day after the reference,
which is the time when the file was last changed: a day, so that neither a zone nor a clock that is fast sends a line
back by a year. February 29 is that of the latest leap year. The rule goes by the minute and takes the text as UTC.

All expressions mean the same in RE2 (Latin-1) and in `re` (bytes), and neither has to go back far: only a fraction has
no end of its own, and what may follow it begins with no digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from msgspec import Struct

from logproc.formats.times import access
from logproc.formats.times.calendar import DAY_S, HOUR_S, MONTHS, hour_of, latest_moment, moment, year_of
from logproc.formats.times.strftime import WEEKDAY, expanded

FRACTION = r"(?P<subsecond>[.,]\d+)?"
SECOND = r"(?P<second>\d{2})" + FRACTION
OFFSET = r"[+-]\d\d?(?::?\d\d)?"
NAMED = "[CEW]ES?T|MES?Z|MSK|[JK]ST|(?:[ECMP]|AE|NZ)[SD]T|SAST|HKT|SGT"
ZONE = rf"(?: ?[\[(]?(?P<zone>(?:Z|(?:UTC|GMT)(?:{OFFSET})?|{NAMED}|[+-]\d{{2}}(?::?\d{{2}})?)\b)[\])]?)?"
"""Kept short: RE2 reads five times as fast where an expression and a line are together below its limit."""
ZONE_NAMES = f"UTC|GMT|{NAMED}"
REGIONS = "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc"
REGION = rf"\[(?:UTC|GMT|Z|(?:{REGIONS})/[A-Za-z_/+-]+[0-9]*)\]"
LONG_ZONE = (
    r" ?(?P<zone>(?:UTC|GMT)[+-]\d{1,2}(?::?\d{2})? \((?:[A-Za-z ]+ Time|[A-Z]{3,5})\)"
    rf"|z\b|(?:Z|{ZONE_NAMES}){REGION}|[+-]\d{{2}}(?::?\d{{2}})?(?:{REGION}| (?:{ZONE_NAMES})\b)"
    rf"|{REGION})(?: m=[+-]\d+\.\d+)?"
)
"""Other zones: JavaScript's `GMT+0100 (Central European Standard Time)`; Go's `+0100 CET m=+0.01`; where Java's
ZonedDateTime says which one it is, `+01:00[Europe/Berlin]`. They have a form of their own: all others are faster without."""


class TimeForm(Struct, frozen=True):
    """A form of times.

    expression: for RE2 and for `re`, without anchors, with the group `minute` and some of `second`,
        `subsecond`, `rest` and `zone`.
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
    return TimeForm(name, expression, CalendarMinute(reading), year_less=year_less)


@cache
def compiled(expression: str) -> re.Pattern[bytes]:
    """Return the expression for `re`. A run needs those of one form or two, and all of them take 4 ms."""
    return re.compile(expression.encode())


class CalendarMinute(Struct, frozen=True):
    """Reads the minute of a calendar form: when it begins as if it were UTC, None if no such moment exists.

    Not a `partial`: two of those are never equal, so formats that came from other processes would not be.
    """

    reading: str

    def __call__(self, text: bytes, reference: int) -> int | None:
        match = compiled(self.reading).fullmatch(text)
        if not match:
            return None
        parts = match.groupdict()
        month, day = MONTHS.get(parts["month"].title()) or int(parts["month"]), int(parts["day"])
        hour, minute = hour_of(int(parts["hour"]), parts.get("half")), int(parts["minute"])
        if hour is None or minute > 59:
            return None
        since_midnight = hour * HOUR_S + minute * 60
        if parts.get("year"):
            return moment(year_of(parts["year"]), month, day, since_midnight)
        return latest_moment(month, day, since_midnight, reference + DAY_S)


def ordinal_minute(text: bytes, _reference: int) -> int | None:
    """Return when a minute begins whose day is the n-th of its year or of an ISO week: `2026-066T10:00`, `2026-W10-6T10:00`."""
    year, place, clock = text[:4], text[5:-6], text[-5:]
    try:
        if place.startswith(b"W"):
            day = date.fromisocalendar(int(year), int(place[1:3]), int(place[4:]))
        else:
            day = date(int(year), 1, 1) + timedelta(int(place) - 1)
    except (ValueError, OverflowError):
        return None
    hour, minute = int(clock[:2]), int(clock[3:])
    if f"{day.year:04}".encode() != year and not place.startswith(b"W"):
        return None
    return moment(day.year, day.month, day.day, hour * HOUR_S + minute * 60) if hour <= 23 and minute <= 59 else None


def epoch_second(text: bytes, _reference: int) -> int | None:
    return int(text) if len(text) == 10 and text.isdigit() else None


ISO = calendar_form("iso", "%Y-%m-%d(?:[Tt_-]|,?  ?)%H:%M", ":" + SECOND + ZONE)
"""ISO 8601, RFC 3339: `2015-05-17T10:05:03.123Z`, `2015-05-17 10:05:03,123 +02:00`, `2015-05-17_10:05:03`."""
ISO_LONG_ZONE = calendar_form("iso-long-zone", "%Y[-/.]%m[-/.]%d(?:[Tt_-]|,?  ?)%H:%M", f"(?::{SECOND})?{LONG_ZONE}")
RFC3339 = calendar_form("rfc3339", "%Y-%m-%dT%H:%M", ":" + SECOND + ZONE)
"""ISO 8601 with a T, as daemons of syslog write it: what has a blank there has no host behind it."""
EPOCH = TimeForm("epoch", r"(?P<minute>[1-9]\d{9})(?P<subsecond>(?:\d{9}|\d{6}|\d{3})?(?:\.\d+)?)", epoch_second, epoch=True)
"""Since 1970, in seconds, milliseconds, microseconds or nanoseconds: 10, 13, 16 or 19 digits, so the years 2001 to 2286.

Whichever it is, the first ten digits are the seconds, the group `minute`; all digits behind them are the fraction.
"""
SYSLOG = calendar_form("syslog", "%b %e(?: %Y)? %H:%M", ":" + SECOND + ZONE, year_less=True)
"""RFC 3164: `Jul  1 09:00:55`; Cisco and some daemons: `Jun 14 2015 15:16:01.123 UTC`."""
CLF = calendar_form("clf", "%d/%b/%Y[: ]%H:%M", ":" + SECOND + ZONE)
"""Access logs: `17/May/2015:10:05:03 +0000`; HAProxy: `17/May/2015:10:05:03.123`."""
SLASHES = calendar_form("slashes", "%Y[/.]%m[/.]%d[ T_-]%H:%M", ":" + SECOND + ZONE)
"""nginx's error log, Go's package log: `2005/06/09 20:10:40.123456`; ClickHouse: `2005.06.09 20:10:40.123456`."""
MINUTES = calendar_form("minutes", "%Y[-/.]%m[-/.]%d[T ]%H:%M", ZONE)
"""A year first, and no seconds: `2005-06-09 20:10`, `2005-06-09T20:10Z`."""
ORDINAL = TimeForm("ordinal", r"(?P<minute>\d{4}-(?:W\d{2}-[1-7]|\d{3})[T ]\d{2}:\d{2}):" + SECOND + ZONE, ordinal_minute)
"""ISO 8601 with the day of the year, `2015-137T10:05:03Z`, or of the week, `2015-W20-7T10:05:03Z`."""
UNPADDED = TimeForm(
    "unpadded",
    r"(?P<minute>\d{4}[-/.](?:\d[-/.]\d{1,2}|\d{2}[-/.]\d)[T ]\d{1,2}:\d{2}|\d{4}[/.]\d{2}[/.]\d{2} \d:\d{2})"
    rf"(?::{SECOND})?{ZONE}",
    CalendarMinute(expanded("%Y[-/.]%-m[-/.]%-d[T ]%-H:%M", named=True)),
)
"""A year first, and numbers without zeros in front: `2015-5-7 9:05:03`, `2015/5/17 10:05`."""
YEAR_MONTH_NAME = calendar_form("year-month-name", "%Y[ /-]%b[ /-]%e %H:%M", ":" + SECOND + ZONE)
"""`2005 Jun  9 20:10:40`, `2005-Jun-09 20:10:40`."""
SHORT_YEAR = calendar_form("short-year", "%y/%m/%d %H:%M", ":" + SECOND + ZONE)
"""log4j's `yy/MM/dd HH:mm:ss`, as Spark and Hadoop have it: `17/06/09 20:10:40`."""
CTIME = calendar_form("ctime", WEEKDAY + " %b %e %H:%M", ":" + SECOND + ZONE + r" (?P<rest>\d{4})", "%Y")
"""ctime(3), date(1), Apache's error log: `Sun Dec 04 04:47:44 2005`, `Fri Sep  9 10:42:29.902022 2011`."""
CTIME_ZONE = calendar_form(
    "ctime-zone", WEEKDAY + " %b %e %H:%M", ":" + SECOND + r" (?P<rest>\d{4}) (?P<zone>[+-]\d{2}:?\d{2}\b)", "%Y"
)
"""git: `Sun Dec 4 04:47:44 2005 +0100`. It comes before `CTIME`, which would leave out the zone."""
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
EIGHT_DIGITS = calendar_form("eight-digits", "%Y%m%d[-T ]%-H:%-M", r":(?P<second>\d{1,2})(?P<subsecond>[.,:]\d+)?" + ZONE)
"""`20171223 22:15:29`; Huawei's Health: `20171223-22:15:29:606`, `20171223-22:16:0:9`.

Behind a colon is a number of milliseconds, without leading zeros: `:9` is 9 ms."""
POINTS = calendar_form("points", r"%Y[-.]%m[-.]%d[-T ]%H\.%M", r"\.(?P<second>\d{2})(?P<subsecond>[.,:]\d+)?" + ZONE)
"""Blue Gene/L, DB2: `2005-06-03-15.42.50.675872`; Unreal: `2005.06.03-15.42.50:675`."""
OPTIONAL_SECOND = f"(?::{SECOND})?"
DAY_POINT_MONTH = calendar_form("day-point-month", r"%e\.%-m\.%Y,? %-H:%M", OPTIONAL_SECOND + ZONE)
"""As Germany and its neighbours write a date: `17.05.2015 10:05:03,123`, `17.5.2015, 9:05`."""
DAY_FIRST = calendar_form("day-first", "%e[/-]%-m[/-]%Y,?[ T]%-H:%M", OPTIONAL_SECOND + ZONE)
"""`17/05/2015 10:05:03`, `17-05-2015 10:05`: as most of the world writes a date with slashes."""
ENDINGS = "(?:uary|ruary|ch|il|e|y|ust|tember|ember|ober)?"
"""How the names of months go on. In other languages the first three letters may be those of another month."""
DAY_MONTH_YEAR = calendar_form("day-month-year", f"(?:{WEEKDAY}[a-z]*, )?%e[ -]%b{ENDINGS}[ -]%Y,? %-H:%M", ":" + SECOND + ZONE)
"""RFC 2822: `Sun, 17 May 2015 10:05:03 +0000`; Redis: `17 May 2015 10:05:03.123`; Tomcat: `17-May-2015 10:05:03.123`."""
DAY_MONTH_SHORT_YEAR = calendar_form(
    "day-month-short-year", f"(?:{WEEKDAY}[a-z]*, )?%e[ -]%b[ -]%y %-H:%M", ":" + SECOND + ZONE
)
"""RFC 850: `Sunday, 17-May-15 10:05:03 GMT`; RFC 822: `17 May 15 10:05:03 GMT`."""
HALF = r"(?:(?: |\xe2\x80\xaf)(?P<rest>[AaPp][Mm]))"
"""AM or PM, behind a blank or, as Java 20 and later have it, the narrow blank U+202F in UTF-8."""
MONTH_DAY_YEAR = calendar_form(
    "month-day-year",
    f"(?:{WEEKDAY}[a-z]*, )?%b{ENDINGS} %e, %Y,? (?:at )?%-H:%M",
    OPTIONAL_SECOND + HALF + "?" + ZONE,
    "%p",
)
"""java.util.logging: `May 17, 2015 10:05:03 AM`; without AM or PM it is a clock of 24 hours."""
YEAR_HALF = calendar_form("year-half", "%Y[-/.]%m[-/.]%d,? %-H:%M", OPTIONAL_SECOND + HALF + ZONE, "%p")
"""A year first, and a clock of 12 hours: `2015-05-17 10:05:03 PM`."""
POINTS_HALF = calendar_form("points-half", r"%e-%b-%y %-H\.%M", r"\." + SECOND + HALF + "?" + ZONE, "%p")
"""Oracle: `17-MAY-15 10.05.03.123456 AM`."""
WEEKDAY_FIRST = calendar_form("weekday-first", WEEKDAY + " %b %e %Y %H:%M", f":{SECOND}(?:{LONG_ZONE})?")
"""JavaScript: `Sun May 17 2015 10:05:03 GMT+0200 (Central European Summer Time)`."""
FOURTEEN_DIGITS = TimeForm(
    "fourteen-digits",
    r"(?P<minute>(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d)(?P<second>[0-5]\d)"
    r"(?P<subsecond>\d{3}|[.,]\d+)?" + ZONE,
    CalendarMinute(expanded("%Y%m%d%H%M", named=True)),
)
"""`20150517100503`, with milliseconds or a fraction behind it."""
US = calendar_form("us", "%-m[/.-]%e[/.-]%Y,? %-H:%M", OPTIONAL_SECOND + HALF + ZONE, "%p")
"""Windows in the United States: `5/17/2015 10:05:03 AM`."""
DAY_FIRST_HALF = calendar_form("day-first-half", "%e[/.-]%-m[/.-]%Y,? %-H:%M", OPTIONAL_SECOND + HALF + ZONE, "%p")
"""As `US`, but with the day first, as India and Australia write it: `17/05/2015 10:05:03 AM`."""
MONTH_FIRST = calendar_form("month-first", "%-m[/.-]%e[/.-]%Y,?[ T]%-H:%M", OPTIONAL_SECOND + ZONE)
"""As `DAY_FIRST` and `DAY_POINT_MONTH`, but with the month first: `05/17/2015 10:05:03`."""
DAY_POINT_SHORT = calendar_form("day-point-short", r"%e\.%-m\.%y,? %-H:%M", OPTIONAL_SECOND + ZONE)
"""As `DAY_POINT_MONTH` with two digits of the year: `17.05.15 10:05:03`."""
US_SHORT = calendar_form("us-short", "%-m/%e/%y,? %-H:%M", OPTIONAL_SECOND + HALF + ZONE, "%p")
DAY_HALF_SHORT = calendar_form("day-half-short", "%e/%-m/%y,? %-H:%M", OPTIONAL_SECOND + HALF + ZONE, "%p")
DAY_SHORT = calendar_form("day-short", "%e/%-m/%y,? %-H:%M", OPTIONAL_SECOND + ZONE)
MONTH_SHORT = calendar_form("month-short", "%-m/%e/%y,? %-H:%M", OPTIONAL_SECOND + ZONE)
"""`17/05/15 10:05:03`, `05/17/15 10:05:03`: which number is the year, only further times show (see `order`)."""

FORMS = (
    *(ISO, EPOCH, SYSLOG, CLF, SLASHES, MINUTES, YEAR_MONTH_NAME, SHORT_YEAR, CTIME_ZONE, CTIME, KLOG, LOGCAT, MONTH_POINT_DAY),
    *(SIX_DIGITS, BASIC, EIGHT_DIGITS, POINTS, DAY_POINT_MONTH, DAY_MONTH_YEAR, MONTH_DAY_YEAR, US, DAY_FIRST),
    *(ORDINAL, UNPADDED, DAY_MONTH_SHORT_YEAR, YEAR_HALF, POINTS_HALF, WEEKDAY_FIRST, FOURTEEN_DIGITS),
    *(DAY_POINT_SHORT, US_SHORT, ISO_LONG_ZONE),
)
"""All forms. No text is of two."""
WITHOUT_ORDER = tuple(form for form in FORMS if form not in {DAY_FIRST, SHORT_YEAR})
"""The forms of a source of which nothing shows which number is the day: with slashes, any is as likely."""
OTHER_ORDER = {
    US: DAY_FIRST_HALF,
    DAY_FIRST: MONTH_FIRST,
    DAY_POINT_MONTH: MONTH_FIRST,
    US_SHORT: DAY_HALF_SHORT,
    DAY_SHORT: MONTH_SHORT,
}
"""Forms whose day and month may be the other way round, and which form that is. Only further texts show which one it is."""


def access_seconds(text: bytes, _reference: int) -> int | None:
    """Return the time of an access log in seconds since 1970. A function with a name: formats go to other processes."""
    return access.to_seconds(text)


ACCESS = TimeForm("access", r"(?P<minute>[^\]]{26})", access_seconds, epoch=True)
"""The time of an access log between its brackets. All of its 26 characters, the zone too, are what other forms call minute."""

OF_ONE_PROGRAM = (
    # docker's and Kubernetes' times
    calendar_form("rfc3339-nano", "%Y-%m-%dT%H:%M", r":(?P<second>\d{2})(?P<subsecond>\.\d{9})" + ZONE),
    calendar_form("iso-tab", r"%Y-%m-%d\t%H:%M", ":" + SECOND),  # CloudFront
    calendar_form("iso-two-blanks", "%Y-%m-%d  %H:%M", ":" + SECOND),  # apt
    calendar_form("iso-blank-hour", "%Y-%m-%d %k:%M", ":" + SECOND),  # MariaDB: `2015-05-17  9:05:03`
    calendar_form("six-digits-clock", "%y%m%d %k:%M", ":" + SECOND),  # MySQL before 5.7: `150517  9:05:03`
    calendar_form("clf-blank", "%d/%b/%Y %H:%M", ":" + SECOND),  # werkzeug, Django
    calendar_form("day-month", "%e %b %H:%M", ":" + SECOND, year_less=True),  # Redis before 5
    calendar_form("month-day-year-digits", "%m/%d/%Y-%H:%M", ":" + SECOND),  # Suricata
    calendar_form("iso-underscore", "%Y-%m-%d_%H:%M", ":" + SECOND),  # svlogd
    calendar_form("day-month-year-colons", "%e-%b-%Y::%k:%M", ":" + SECOND),  # Erlang
    calendar_form("slashes-dash", "%Y/%m/%d - %H:%M", ":" + SECOND),  # GIN
)
"""Forms that only the catalogue names: text of any kind is not searched for them."""
