"""Texts of a form → seconds since 1970: one at a time, which is the definition, and many at once.

Python looks at each distinct minute, second and zone, never at each line. Where a time has no offset, it is of the zone
`local`. When clocks are set back, what they show twice is the first of the two moments (fold=0); what they skip when they
are set forward is as if they had not been set yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, index_of
from logproc.formats.times.calendar import DAY_S, EPOCH_DAY, FIRST_S, HOUR_S, LAST_S
from logproc.formats.times.forms import ISO, WITHOUT_ORDER, TimeForm, compiled
from logproc.formats.times.fractions import NANO, nanos_of
from logproc.formats.times.iso import iso_nanos, iso_seconds
from logproc.model.columns import NO_TIME
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

    Groups = Mapping[str, tuple[pyarrow.Array, Any]]

FIRST_MILLISECONDS = 10**10
"""Seconds since 1970 have ten digits before the point. Numbers with more are of a smaller unit."""
NEVER = 2**60
"""In place of seconds that do not exist. With up to three of them a sum is behind the year 9999, and still an int64."""
ZONE_HOURS = {b"EST": -5, b"EDT": -4, b"CST": -6, b"CDT": -5, b"MST": -7, b"MDT": -6, b"PST": -8, b"PDT": -7}
ZONE_HOURS |= {b"Z": 0, b"UTC": 0, b"GMT": 0, b"CET": 1, b"CEST": 2}
ZONE_HOURS |= {b"WET": 0, b"WEST": 1, b"MEZ": 1, b"MESZ": 2, b"EET": 2, b"EEST": 3, b"SAST": 2, b"MSK": 3, b"HKT": 8, b"SGT": 8}
ZONE_HOURS |= {b"JST": 9, b"KST": 9, b"AEST": 10, b"AEDT": 11, b"NZST": 12, b"NZDT": 13}
"""The names of RFC 2822, and others of one meaning. Some (IST, BST) are ambiguous, so they are not accepted."""
OFFSET = regex(rb"(?:UTC|GMT)?([+-])(\d{1,2}?)(?::?(\d\d))?(?:[ \[].*)?")
BRACKETED = regex(rb"^\[(.*)\]$")
"""Apache's `%t` has brackets, also where it is the value of a key."""
NUMBER = regex(rb"\d{1,30}(?:\.\d{0,30})?(?:[eE]\+?\d{1,2})?")


def to_seconds(form: TimeForm, text: bytes, reference: int, local: tzinfo = UTC) -> int | None:
    """Return the seconds since 1970 of one time, None if it is not of the form or no such moment exists.

    A day must be in the calendar, a time of day from 00:00:00 to 23:59:59, and the moment in the years 1 to 9999.
    reference: what times without a year go by, in seconds since 1970. local: the zone of times without an offset.

    >>> from logproc.formats.times.forms import CTIME
    >>> to_seconds(CTIME, b"Sun Dec 04 04:47:44.902022 2005", 0)
    1133671664
    """
    match = compiled(form.expression).fullmatch(text)
    if not match:
        return None
    parts = match.groupdict(b"")
    start = form.minute(joined(parts["minute"], parts.get("rest")), reference)
    second = second_of(parts["second"]) if parts.get("second") else 0
    zone, region = parts.get("zone"), region_of(parts.get("zone"))
    correction = zone_correction(zone) if zone and not region else local_correction(form, start, region or local)
    if start is None or second is None or correction is None:
        return None
    found = start + second + correction
    return found if FIRST_S <= found <= LAST_S else None


def joined(minute: bytes | None, rest: bytes | None) -> bytes:
    """Return the text that `TimeForm.minute` reads: the groups `minute` and `rest`, with a space between them."""
    return (minute or b"") + (b" " + rest if rest else b"")


def second_of(text: bytes | None) -> int | None:
    """Return a second as a number, None if it is over 59: leap seconds do not exist here."""
    return int(text) if text and text.isdigit() and int(text) <= 59 else None


def zone_correction(zone: bytes | None) -> int | None:
    """Return how many seconds later UTC is than a zone, None if there is no such zone.

    >>> zone_correction(b"EST"), zone_correction(b"+05:30"), zone_correction(b"-07"), zone_correction(b"+0060")
    (18000, -19800, 25200, None)
    """
    name = (zone or b"").partition(b"[")[0].upper()
    if name in ZONE_HOURS:
        return -ZONE_HOURS[name] * HOUR_S
    match = OFFSET.fullmatch(zone or b"")
    if not match:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    offset = hours * HOUR_S + minutes * 60
    return (-offset if match[1] == b"+" else offset) if hours <= 23 and minutes <= 59 else None


@lru_cache(1 << 10)
def region_of(zone: bytes | None) -> tzinfo | None:
    """Return the zone that a region in brackets means, None if there is an offset in front of it, or no such region.

    >>> region_of(b"[Europe/Berlin]"), region_of(b"+01:00[Europe/Berlin]")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), None)
    """
    if not zone or not zone.startswith(b"["):
        return None
    try:
        return ZoneInfo({"Z": "UTC"}.get(name := zone[1:-1].decode("latin-1"), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_correction(form: TimeForm, start: int | None, local: tzinfo) -> int:
    """Return the seconds to add to a local minute, given as if it were UTC, to get UTC."""
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
        found += table([second_of(text) if text else 0 for text in second_texts])[second_index]
    valid = (found >= FIRST_S) & (found <= LAST_S)
    return numpy.where(valid, found, NO_TIME), valid


def lacks_zone(form: TimeForm, groups: Groups) -> Mask | bool:
    """Return which rows have no offset, so that they are of the local zone."""
    if form.epoch or "zone" not in groups:
        return not form.epoch
    zones, index = listed(groups["zone"])
    found: Mask = numpy.array([not zone for zone in zones], bool)[index]
    return found


def lacks_year(form: TimeForm, groups: Groups) -> Mask | bool:
    """Return which rows have no year, so that they go by the reference."""
    if not form.year_less:
        return False
    texts, index = minute_texts(groups)
    # What a text with a year means does not depend on the reference.
    found: Mask = numpy.array([form.minute(text, FIRST_S) != form.minute(text, LAST_S) for text in texts], bool)[index]
    return found


def minute_texts(groups: Groups) -> tuple[list[bytes], Any]:
    """Return the distinct texts of `minute` and `rest`, joined, and the index of each row."""
    minutes, index = listed(groups["minute"])
    if "rest" not in groups:
        return [minute or b"" for minute in minutes], index
    rests, rest_index = listed(groups["rest"])
    # A pair of indexes as one number, so that Arrow can find the distinct pairs.
    pairs = arrow(index.astype(numpy.int64) * len(rests) + rest_index, pyarrow.int64()).dictionary_encode()
    places = (divmod(pair, len(rests)) for pair in pairs.dictionary.to_pylist())
    return [joined(minutes[minute], rests[rest]) for minute, rest in places], index_of(pairs)


def corrections(form: TimeForm, groups: Groups, starts: list[int | None], index: Any, local: tzinfo) -> Any:
    """Return the seconds to add to each row's local time to get UTC, NEVER for an unknown zone."""
    shown = table([local_correction(form, start, local) for start in starts])[index]
    if "zone" not in groups:
        return shown
    zones, zone_index = listed(groups["zone"])
    absent = numpy.array([not zone for zone in zones], bool)
    given = table([zone_correction(zone) for zone in zones])
    found = numpy.where(absent[zone_index], shown, given[zone_index])
    for at, zone in enumerate(zones):
        if region := region_of(zone):  # its offset depends on the date
            rows = zone_index == at
            found[rows] = table([local_correction(form, start, region) for start in starts])[index][rows]
    return found


def listed(group: tuple[pyarrow.Array, Any]) -> tuple[list[bytes | None], Any]:
    texts, index = group
    return texts.cast(pyarrow.binary()).to_pylist(), index


def table(values: list[int | None]) -> Integers:
    return numpy.array([NEVER if value is None else value for value in values], numpy.int64)


def value_seconds(text: bytes, reference: int, local: tzinfo = UTC, forms: Sequence[TimeForm] = WITHOUT_ORDER) -> int | None:
    """Return the seconds since 1970 of a whole value of any form, or of a number that counts from 1970; None if it is neither.

    >>> value_seconds(b"1431857103123", 0), value_seconds(b"1.431857103e9", 0), value_seconds(b"12", 0)
    (1431857103, 1431857103, None)
    """
    bare = BRACKETED.sub(rb"\1", text)
    form = next((form for form in forms if compiled(form.expression).fullmatch(bare)), None)
    return to_seconds(form, bare, reference, local) if form else number_seconds(text)


def number_seconds(text: bytes | None) -> int | None:
    """Return the seconds of a number: its first ten digits before the point, as in `EPOCH`."""
    if not text or not NUMBER.fullmatch(text):
        return None
    number = Decimal(text.decode())
    thousands, left = divmod(number.adjusted() - 9, 3)
    return int(number) // 1000**thousands if number and not left and 0 <= thousands <= 3 else None


def number_nanos(text: bytes) -> int:
    """Return the billionths behind the second of a number that has one.

    >>> number_nanos(b"1.4318571035e9"), number_nanos(b"1431857103123.4567891")
    (500000000, 123456789)
    """
    number = Fraction(Decimal(text.decode()))
    while number >= FIRST_MILLISECONDS:
        number /= 1000
    return int(number % 1 * NANO)


def values_seconds(texts: pyarrow.Array, index: Any, reference: int, local: tzinfo = UTC) -> tuple[Integers, Mask]:
    """Return `value_seconds` of each row, NO_TIME where it is None, and where it is not.

    texts: the distinct values, of which each row has the one that `index` says; null is not a time.
    """
    times = read_values(texts, reference, local).seconds[index]
    return times, times != NO_TIME


class Values(NamedTuple):
    """Distinct values as seconds, NO_TIME for what is not a time, and which of them lack a zone or a year.

    nanos: the billionths behind the second, None if they were not asked for; anything for what is not a time.
    """

    seconds: Integers
    zoneless: Mask
    undated: Mask
    nanos: Integers | None = None


def read_values(
    texts: pyarrow.Array,
    reference: int,
    local: tzinfo = UTC,
    forms: Sequence[TimeForm] = WITHOUT_ORDER,
    *,
    fractions: bool = False,
) -> Values:
    """Return values of any of some forms, of which no text is of two, or numbers that count from 1970."""
    texts = texts.cast(pyarrow.binary())
    found, done = iso_seconds(texts, partial(minute_of, ISO, reference), without_zone=local is UTC)
    nanos = iso_nanos(texts, done) if fractions else None
    zoneless, undated = numpy.zeros((2, len(texts)), bool)
    if local is UTC:
        zoneless[done] = ~pyarrow.compute.ends_with(texts, b"Z").to_numpy(zero_copy_only=False).astype(bool)[done]
    bare = texts
    if pyarrow.compute.any(pyarrow.compute.starts_with(texts, b"[")).as_py():
        bare = pyarrow.compute.replace_substring_regex(texts, BRACKETED.pattern, rb"\1")
    left = numpy.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False) & ~done)  # a null would go through all forms
    for form in forms:
        if not len(left):
            break
        fits, groups = divided(form, bare.take(arrow(left, pyarrow.int64())), fractions=fractions)
        found[left[fits]], _ = seconds(form, groups, reference, local)
        if nanos is not None and "subsecond" in groups:
            behind, index = groups["subsecond"]
            nanos[left[fits]] = nanos_of(behind)[index]
        zoneless[left[fits]], undated[left[fits]] = lacks_zone(form, groups), lacks_year(form, groups)
        left = left[~fits]
    for place in left.tolist():
        text = texts[place].as_py()
        number = number_seconds(text)
        found[place] = NO_TIME if number is None else number
        if nanos is not None and number is not None:
            nanos[place] = number_nanos(text)
    return Values(found, zoneless, undated, nanos)


def minute_of(form: TimeForm, reference: int, text: bytes) -> int | None:
    return form.minute(text, reference)


def divided(form: TimeForm, texts: pyarrow.Array, *, fractions: bool = False) -> tuple[Mask, Groups]:
    """Return which binary texts have a form, and their groups. fractions: whether `subsecond` is one of them."""
    expression = form.expression if fractions else form.expression.replace("(?P<subsecond>", "(?:")
    found = pyarrow.compute.extract_regex(texts, pattern=f"^(?:{expression})$")
    fits = found.is_valid()
    fitting = found.filter(fits)
    names = [field.name for field in found.type]
    encoded = {name: fitting.field(name).dictionary_encode() for name in names}
    groups = {name: (group.dictionary, index_of(group)) for name, group in encoded.items()}
    return fits.to_numpy(zero_copy_only=False), groups
