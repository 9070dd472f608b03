"""`--since` and `--until`: times as people write them → nanoseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from logproc.formats.times.calendar import MONTHS
from logproc.model.errors import UsageError, nearest
from logproc.model.patterns import regex

UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
RELATIVE = regex(r"(\d{1,9})\s*(s|min|m|h|d|w)(?:\s+ago)?")
LASTING = regex(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|min|m|h|d|w)?", re.ASCII)
TIME_OF_DAY = r"\d{1,2}:\d{2}(?::\d{2})?"
CLOCK = regex(TIME_OF_DAY)
NAMED_DAY = regex(rf"(today|yesterday)(?:[ T]({TIME_OF_DAY}))?", re.IGNORECASE)
EPOCH = regex(r"@(\d{1,12})(?:\.(\d+))?")
FRACTION = regex(
    r"(?P<front>.*(?::\d{2}:|[T ]\d{4})\d{2})[.,](?P<digits>\d+)(?P<behind> ?(?:Z|[+-][\d:]+)?\]?)", re.ASCII | re.IGNORECASE
)
"""A time with a fraction of its second, and perhaps a zone."""
NANO_DIGITS = 9
NANO = 10**9
MICRO = 1000
UNIX = datetime(1970, 1, 1, tzinfo=UTC)
BEHIND_DATE = rf"(?:[:T ]({TIME_OF_DAY})(?: ?([+-]\d{{2}}:?\d{{2}}|Z))?)?"
OF_ACCESS_LOG = regex(rf"\[?(\d{{1,2}})/([A-Za-z]{{3}})/(\d{{4}}){BEHIND_DATE}\]?", re.ASCII)
WITH_SLASHES = regex(rf"(\d{{4}})/(\d{{1,2}})/(\d{{1,2}}){BEHIND_DATE}", re.ASCII)
"""The year first: `07/03/2026` is March in one country and July in another."""
IN_WORDS = regex(r"(\d+) ?(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)(?: ago)?")
LASTS = {"hour": "1h", "day": "1d", "week": "7d", "month": "30d", "year": "365d"}
LAST = regex(rf"(?:last|past) ({'|'.join(LASTS)})")
UNPADDED = regex(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
YEAR_LAST = regex(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4})", re.ASCII)
HINT = 'write "2026-03-07 10:00", "2026-03-07", "10:00", "yesterday", "2h" (two hours ago) or "@1772877600"'


def seconds_of(text: str) -> float | None:
    """Return the seconds of a time that lasts, None if the text does not name one. A number without a unit is in seconds.

    >>> seconds_of("15m"), seconds_of("0.5"), seconds_of("soon")
    (900.0, 0.5, None)
    """
    match = LASTING.fullmatch(text.strip())
    return float(match[1]) * UNITS_S[match[2] or "s"] if match else None


def lasting(seconds: float) -> str:
    """Return a time that lasts as people write it, in the largest unit that is not below one.

    >>> lasting(900), lasting(90), lasting(7200)
    ('15 min', '1.5 min', '2 h')
    """
    unit, name = next((unit, name) for unit, name in ((86400, "d"), (3600, "h"), (60, "min"), (0, "s")) if seconds >= unit)
    return f"{seconds / (unit or 1):.3g} {name}"


def parse_moment(option: str, text: str, zone: tzinfo, now_s: int) -> int:
    """Return the time that a text names, in nanoseconds since 1970. Raises UsageError if it is not a time.

    Relative times (`2h`) count back from `now_s`. A time of day is today's, `today` and `yesterday` are their midnights. Times
    without an offset are in `zone`.

    >>> parse_moment("--since", "2h", UTC, 1772877600), parse_moment("--since", "2026-03-07T10:00:00.5Z", UTC, 0)
    (1772870400000000000, 1772877600500000000)
    """
    text = text.strip()
    if match := RELATIVE.fullmatch(text):
        return (now_s - int(match[1]) * UNITS_S[match[2]]) * NANO
    if match := EPOCH.fullmatch(text):
        return int(match[1]) * NANO + nanos_of(match[2] or "")
    if text == "now":
        return now_s * NANO
    try:
        whole, nanos = divided(text)
        moment = of_today(whole, datetime.fromtimestamp(now_s, zone).date()) or absolute(whole)
        if moment is None:
            raise UsageError(f"{option} {text!r} is not a time", hint_for(text))
        return since_1970(moment, zone) + nanos
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} is not a time", HINT) from error


def hint_for(text: str) -> str:
    """Return the hint for a text that is not a time.

    >>> hint_for("2 hours ago"), hint_for("yesteday")
    ('write 2h', "did you mean 'yesterday'?")
    """
    if match := IN_WORDS.fullmatch(text.lower()):
        return f"write {match[1]}{match[2][0]}"
    if match := LAST.fullmatch(text.lower()):
        return f"write {LASTS[match[1]]}"
    if text.lower().startswith(("tomorrow", "next ")):
        return f"that is in the future: {HINT}"
    if match := UNPADDED.fullmatch(text):
        padded = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
        return f"write {padded}" if padded != text and absolute(padded) else HINT
    if YEAR_LAST.fullmatch(text):
        return f"put the year first: {HINT}"
    return nearest(text, ("yesterday", "today", "now"), HINT) if text.isalpha() else HINT


def divided(text: str) -> tuple[str, int]:
    """Return a time without the fraction of its second, and that fraction in billionths.

    >>> divided("2026-03-07T10:00:00.123456789+01:00"), divided("07/Mar/2026:10:00:00,5 +0000"), divided("2026-03-07")
    (('2026-03-07T10:00:00+01:00', 123456789), ('07/Mar/2026:10:00:00 +0000', 500000000), ('2026-03-07', 0))
    """
    match = FRACTION.fullmatch(text)
    return (match["front"] + match["behind"], nanos_of(match["digits"])) if match else (text, 0)


def nanos_of(digits: str) -> int:
    """Return a fraction in billionths. Further digits are dropped, as they are of the times in logs."""
    return int(digits[:NANO_DIGITS].ljust(NANO_DIGITS, "0"))


def since_1970(moment: datetime, zone: tzinfo) -> int:
    """Return a moment in nanoseconds since 1970. zone: that of a moment without one."""
    since = (moment if moment.tzinfo else moment.replace(tzinfo=zone)) - UNIX
    return since // timedelta(microseconds=1) * MICRO


def of_today(text: str, today: date) -> datetime | None:
    """Return a time of day, or the midnight or a time of `today` or `yesterday`; None for any other text."""
    match = NAMED_DAY.fullmatch(text)
    if not match and not CLOCK.fullmatch(text):
        return None
    back = timedelta(days=1 if match and match[1].lower() == "yesterday" else 0)
    return with_clock(today - back, match[2] if match else text)


def absolute(text: str) -> datetime | None:
    """Return a date, with its time and its offset if there are any: as ISO 8601, access logs or nginx's error log have it.

    None for any other text.

    >>> absolute("07/Mar/2026:10:00:00"), absolute("2026/03/07")
    (datetime.datetime(2026, 3, 7, 10, 0), datetime.datetime(2026, 3, 7, 0, 0))
    """
    try:
        if match := OF_ACCESS_LOG.fullmatch(text):
            month = MONTHS.get(match[2].capitalize().encode(), 0)
            return with_clock(date(int(match[3]), month, int(match[1])), match[4], match[5])
        if match := WITH_SLASHES.fullmatch(text):
            return with_clock(date(*map(int, match.groups()[:3])), match[4], match[5])
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def with_clock(day: date, clock: str | None, offset: str | None = None) -> datetime:
    """Return a day with a time of day, midnight for None. Raises ValueError if the clock has no such time."""
    clock = clock or "00:00"
    return datetime.fromisoformat(f"{day.isoformat()}T{clock.zfill(5 if clock.count(':') == 1 else 8)}{offset or ''}")
