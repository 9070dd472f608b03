"""Times as somebody says they are written: with strftime(3), or as a number of s, ms, us or ns since 1970.

    %d/%m/%Y %H:%M:%S        %b %d, %Y %I:%M %p        %Y%m%dT%H%M%S.%f%z        %s        ms

A date is needed; a time of day without its hour, minute or second is that of their beginning. Digits may lack leading zeros,
a second may have a fraction, and a blank stands for one or more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.slices import index_of
from logproc.formats.times.calendar import DAY_S, FIRST_S, FIRST_SHORT_YEAR, HOUR_S, LAST_S, MONTHS, latest_moment
from logproc.formats.times.forms import ISO
from logproc.formats.times.fractions import NANO, nanos_of
from logproc.formats.times.reading import Values, local_correction, zone_correction
from logproc.formats.times.strftime import SHORT, escaped
from logproc.model.columns import NO_TIME
from logproc.model.errors import UsageError
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

CONVERSION = regex(r"%(-?:?[A-Za-z%])|([^%]+|%)", re.DOTALL)
NUMBER = r"(?P<{}> ?\d{{1,2}})"
NAME = r"(?P<{}>[A-Za-z]{{3,9}}\.?)"
PIECES: Mapping[str, tuple[str, str]] = {
    "Y": ("year", r"(?P<{}>\d{{4}})"),
    "y": ("short", r"(?P<{}>\d{{2}})"),
    **dict.fromkeys(("m",), ("month", NUMBER)),
    **dict.fromkeys(("b", "h", "B"), ("name", NAME)),
    **dict.fromkeys(("d", "e"), ("day", NUMBER)),
    **dict.fromkeys(("H", "k"), ("hour", NUMBER)),
    **dict.fromkeys(("I", "l"), ("clock", NUMBER)),
    "M": ("minute", NUMBER),
    "S": ("second", NUMBER),
    "f": ("fraction", r"(?P<{}>\d+)"),
    "p": ("half", r"(?P<{}>[AaPp])\.?[Mm]\.?"),
    **dict.fromkeys(("z", ":z", "Z"), ("zone", r"(?P<{}>[A-Za-z]{{1,5}}|[+-]\d{{2}}(?::?\d{{2}})?)")),
    **dict.fromkeys(("a", "A"), ("", r"[A-Za-z]{{2,9}}\.?")),
    "s": ("epoch", r"(?P<{}>\d{{1,11}})"),
}
"""What a conversion is read from: the part of a time, and an expression."""
TEXTS = {"%": "%", "n": "\n", "t": "\t"}
FRACTIONS = {"second": r"(?:[.,](?P<behind>\d+))?", "epoch": r"(?:\.(?P<behind>\d*))?"}
"""What may follow a part, without a conversion of its own."""
SINCE_1970 = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
DIGITS = r"^ *(?P<number>[0-8]?[0-9]{1,18})(?:\.(?P<fraction>[0-9]*))? *$"


class GivenForm(Struct, frozen=True):
    """How times are written.

    expression: for RE2, anchored, with a group for each part. scale: by how much a number is divided, 0 for a date.
    """

    expression: str
    parts: frozenset[str]
    scale: int = 0

    def read(self, texts: pyarrow.Array, reference: int, local: tzinfo = UTC, *, fractions: bool = False) -> Values:
        """Return distinct binary texts as seconds since 1970, as `times.reading.read_values` does."""
        found = pyarrow.compute.extract_regex(texts.cast(pyarrow.binary()), pattern=self.expression)
        fits = found.is_valid().to_numpy(zero_copy_only=False)
        zoneless, undated = numpy.zeros((2, len(texts)), bool)
        groups = {part: pyarrow.compute.fill_null(found.field(part), b"") for part in self.parts}
        if self.scale or "epoch" in self.parts:
            seconds = integers(groups["number" if self.scale else "epoch"]) // (self.scale or 1)
        else:
            clock, good = seconds_of_day(groups)
            dates, exists = self.midnights(groups, clock, reference)
            zones, zoneless = corrections(groups.get("zone"), dates + clock, fits & good & exists, local)
            seconds, fits = dates + clock + zones, fits & good & exists & (zones != NO_TIME)
            undated = fits & (not {"year", "short"} & self.parts)
        fits = fits & (seconds >= FIRST_S) & (seconds <= LAST_S)
        nanos = self.nanos(groups) if fractions else None
        return Values(numpy.where(fits, seconds, NO_TIME), zoneless & fits, undated & fits, nanos)

    def nanos(self, groups: Mapping[str, pyarrow.Array]) -> Integers | None:
        """Return the billionths behind the second of each text, None if the form has no fractions."""
        behind = nanos_of(groups["fraction"]) if "fraction" in groups else None
        if not self.scale or behind is None:
            return behind
        nanos: Integers = integers(groups["number"]) % self.scale * (NANO // self.scale) + behind // self.scale
        return nanos

    def midnights(self, groups: Mapping[str, pyarrow.Array], clock: Integers, reference: int) -> tuple[Integers, Mask]:
        """Return when the days begin, as if they were UTC, and which days the calendar has."""
        month = months(groups["name"]) if "name" in groups else integers(groups["month"])
        day = integers(groups["day"])
        if not {"year", "short"} & self.parts:
            # Of each distinct minute of the year, as the forms without a year have it.
            codes, index = numpy.unique((month * 100 + day) * 1440 + clock // 60, return_inverse=True)
            moments = [latest_of(code, reference) for code in codes.tolist()]
            starts = numpy.array([NO_TIME if at is None else at for at in moments], numpy.int64)[index]
            return numpy.where(starts == NO_TIME, 0, starts - clock // 60 * 60), starts != NO_TIME
        year = integers(groups["year"]) if "year" in groups else century(integers(groups["short"]))
        exists = (month >= 1) & (month <= 12) & (year >= 1) & (day >= 1)
        count = numpy.where(exists, (year - 1970) * 12 + month - 1, 0)
        first, following = (at.astype("datetime64[M]").astype("datetime64[D]").astype(numpy.int64) for at in (count, count + 1))
        exists &= day <= following - first
        return numpy.where(exists, (first + day - 1) * DAY_S, 0), exists


def given_form(text: str, option: str) -> GivenForm:
    """Return the form that a text describes. Raises UsageError, which names `option`, for what is not a time."""
    if text in SINCE_1970:
        return GivenForm(DIGITS, frozenset({"number", "fraction"}), SINCE_1970[text])
    parts: list[str] = []
    expression = expression_of(text, parts, option)
    if "fraction" not in parts and "(?P<behind>" in expression:
        expression = expression.replace("(?P<behind>", "(?P<fraction>", 1)
        parts.append("fraction")
    expression = expression.replace("(?P<behind>", "(?:")
    twice = next((part for part in parts if parts.count(part) > 1), None)
    names = set(parts)
    if twice:
        raise UsageError(f"{option}: {text!r} has the {twice} twice", "name each part once")
    if "epoch" not in names and not ("day" in names and names & {"month", "name"}):
        raise UsageError(
            f"{option}: {text!r} has no date", "write %d, %m and %Y, as in '%d/%m/%Y %H:%M:%S', or s, ms, us or ns"
        )
    if ("clock" in names) != ("half" in names):
        raise UsageError(f"{option}: {text!r}: %I and %p go together", "write %H for a clock of 24 hours")
    return GivenForm(f"(?s)^ *{expression} *$", frozenset(parts))


def expression_of(text: str, parts: list[str], option: str) -> str:
    """Return the expression of a form, and add the parts that it has to `parts`."""
    pieces = []
    found = CONVERSION.findall(text)
    for at, (conversion, literal) in enumerate(found):
        letter = conversion.removeprefix("-")
        if letter in SHORT:
            pieces.append(expression_of(SHORT[letter], parts, option))
        elif letter in PIECES:
            part, piece = PIECES[letter]
            parts += [part] if part else []
            pieces.append(piece.format(part))
            behind = found[at + 1][1][:1] if at + 1 < len(found) else ""
            pieces.append(FRACTIONS.get(part, "") if part == "epoch" or behind not in {".", ","} else "")
        elif literal or letter in TEXTS:
            pieces.append(re.sub(" +", " +", escaped(literal or TEXTS[letter])))
        else:
            raise UsageError(f"{option}: %{conversion} in {text!r} is unknown", "known are %" + ", %".join([*PIECES, *SHORT]))
    return "".join(pieces)


def integers(digits: pyarrow.Array) -> Integers:
    """Return binary texts of digits as integers, 0 for an empty one."""
    texts = pyarrow.compute.utf8_ltrim(digits.cast(pyarrow.string()), " ")
    numbers = pyarrow.compute.if_else(pyarrow.compute.equal(texts, ""), "0", texts).cast(pyarrow.int64())
    return numpy.array(numbers.to_numpy(zero_copy_only=False), numpy.int64)


def table(texts: pyarrow.Array, values: Mapping[bytes, int]) -> Integers:
    """Return the value of each text."""
    found = texts.dictionary_encode()
    numbers: Integers = numpy.array([values[text] for text in found.dictionary.to_pylist()], numpy.int64)[index_of(found)]
    return numbers


def months(names: pyarrow.Array) -> Integers:
    return table(names, {name: MONTHS.get(name[:3].title(), 0) for name in names.unique().to_pylist()})


def century(short: Integers) -> Integers:
    return short + numpy.where(short >= FIRST_SHORT_YEAR, 1900, 2000)


def seconds_of_day(groups: Mapping[str, pyarrow.Array]) -> tuple[Integers, Mask]:
    """Return the seconds since midnight, and which times of day exist."""
    size = len(next(iter(groups.values())))
    none = numpy.zeros(size, numpy.int64)
    minute, second = (integers(groups[part]) if part in groups else none for part in ("minute", "second"))
    hour = integers(groups["hour"]) if "hour" in groups else none
    good = (hour <= 23) & (minute <= 59) & (second <= 59)
    if "clock" in groups:
        twelve = integers(groups["clock"])
        good &= (twelve >= 1) & (twelve <= 12)
        hour = twelve % 12 + 12 * table(groups["half"], {b"": 0, b"a": 0, b"A": 0, b"p": 1, b"P": 1})
    return hour * HOUR_S + minute * 60 + second, good


def latest_of(code: int, reference: int) -> int | None:
    """Return the latest moment of a month, a day and a minute; see `midnights`."""
    date, minute = divmod(code, 1440)
    return latest_moment(date // 100, date % 100, minute * 60, reference + DAY_S)


def corrections(zones: pyarrow.Array | None, local_s: Integers, good: Mask, local: tzinfo) -> tuple[Integers, Mask]:
    """Return the seconds to add to get UTC, NO_TIME for an unknown zone, and which times have no zone."""
    if zones is not None:
        values = {zone: zone_correction(zone) for zone in zones.unique().to_pylist()}
        return table(zones, {zone: NO_TIME if value is None else value for zone, value in values.items()}), numpy.zeros(
            len(good), bool
        )
    if local is UTC:
        return numpy.zeros(len(good), numpy.int64), numpy.ones(len(good), bool)
    minutes, index = numpy.unique(numpy.where(good, local_s, 0) // 60, return_inverse=True)
    found = numpy.array([local_correction(ISO, minute * 60, local) for minute in minutes.tolist()], numpy.int64)
    return found[index], numpy.ones(len(good), bool)
