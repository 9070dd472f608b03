"""A column of which each record has the value from the first of several keys that fits.

Both readers of JSON and those of logfmt give each key as a column, and the choice is made here, so it is the same in all.
It is made on the distinct values of each key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.fields import EMPTY, again
from logproc.formats.columns.levels import is_level
from logproc.formats.columns.slices import ABSENT
from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.forms import FORMS
from logproc.formats.times.reading import read_values
from logproc.model.columns import NO_TIME, KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

NAMED = r"""(?:[^ \t\n\r\f\v?=&"'/]|/[^ \t\n\r\f\v?=&"'/])"""
"""A piece of an identifier, which has slashes, but is not a URL."""
HOST = r"[A-Za-z0-9_*](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?"
ADDRESS = r"\[?[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?\]?"
GRAMMAR: Mapping[str, str] = {
    "status": r"[1-5][0-9]{2}",
    "client": rf"(?:{HOST}|{ADDRESS})(?::[0-9]+)?(?:, ?(?:{HOST}|{ADDRESS})(?::[0-9]+)?)*|\[local\]|@|unix:\S*",
    "host": rf"(?:{HOST}|{ADDRESS})(?::[0-9]+)?",
    "logger": rf"{NAMED}*[A-Za-z]{NAMED}*/?",
    "method": r"[A-Z][A-Z_-]*|get|head|post|put|patch|delete|options|connect|trace",
    "protocol": r"(?i:https?|wss?|h2c?|h3|grpc|quic|(?:https?/|h?)[0-9](?:\.[0-9])?|spdy/[0-9.]+)",
    "program": r"[^0-9 \t\n\r\f\v]([^\n]*[^ \t\n\r\f\v])?",  # `service` may be a duration
    "pid": r"[0-9]+",
}
"""What the values of a column look like, as a whole; a value of another kind is not one of the column."""
KEPT = frozenset({"time", "level"})
"""Columns in which a value that does not fit is kept if there is no other: an unreadable time is counted, a raw level shown."""
CLOCK = r"^[ T]?[0-9]{1,2}:[0-9]{2}"
NANO_DIGITS = 9
FEW = 512


class Source(Struct, frozen=True):
    """Where records have a column.

    keys: one name; or two, a date and a time of day (`glue` is a blank), or seconds and nanoseconds (a point); or three, a
        date, a time of day and its zone.
    sure: whether all sampled values fit. unread: whether none of them is a time, although it is called so.
    unit: what is put behind each plain number. raw: whether the name was asked for, so that arrays and objects stay JSON.
    """

    keys: tuple[str, ...]
    glue: str = ""
    sure: bool = True
    unit: str = ""
    raw: bool = False
    unread: bool = False


def chosen(column: str, sources: Sequence[Source], found: Callable[[str], KeyColumn]) -> KeyColumn:
    """Return a column of binary texts, `-` where a record has none.

    found: a key → its values, all of the same records.
    """
    if is_simple(column, sources):
        return value_of(sources[0], found)
    keys: list[pyarrow.Array] = []
    index = done = None
    offset = 0
    spare: Any = None
    for number, source in enumerate(sources):
        values = value_of(source, found)
        if column in GRAMMAR:
            present = fits = matches(values.keys, column)
        else:
            present = fits = ~is_absent(values.keys)
        if column in KEPT and len(sources) > 1 and not (source.sure and number == 0):
            fits = present & (times_fit(values.keys) if column == "time" else levels_fit(values.keys))
        if not number and fits.all():
            return values
        keys.append(values.keys)
        here = values.index.astype(numpy.int64) + offset
        if index is None or done is None:
            index, done, spare = here, fits[values.index], numpy.where(present[values.index], here, -1)
        else:
            index = numpy.where(done, index, here)
            done = done | fits[values.index]
            spare = numpy.where((spare < 0) & present[values.index], here, spare)
        offset += len(values.keys)
    if index is None or done is None:
        return KeyColumn(pyarrow.array([b"-"], pyarrow.binary()), numpy.zeros(0, numpy.int32))
    if column in KEPT:
        index, done = numpy.where(done, index, spare), done | (spare >= 0)
    if not done.all():
        index = numpy.where(done, index, offset)
        keys.append(pyarrow.array([b"-"], pyarrow.binary()))
    return again(pyarrow.concat_arrays(keys), index)


def is_simple(column: str, sources: Sequence[Source]) -> bool:
    """Return whether a column is what its one key has, whatever that is."""
    return sources[0].raw or (len(sources) == 1 and column not in GRAMMAR)


def value_of(source: Source, found: Callable[[str], KeyColumn]) -> KeyColumn:
    """Return the values of a source, from one key or from two."""
    first = found(source.keys[0])
    if len(source.keys) > 1:
        whole = joined(first, found(source.keys[1]), source.glue)
        return with_zone(whole, found(source.keys[2])) if len(source.keys) > 2 else whole
    if source.unit:
        plain = pyarrow.compute.match_substring_regex(first.keys, r"^[0-9.]+(?:[eE][+-]?[0-9]+)?$")
        united = pyarrow.compute.binary_join_element_wise(first.keys, source.unit.encode(), b"")
        return again(pyarrow.compute.if_else(plain, united, first.keys), first.index)
    return first


def joined(first: KeyColumn, second: KeyColumn, glue: str) -> KeyColumn:
    """Return a date with the time of day, or seconds with the nanoseconds; what is absent in either is absent."""
    pairs = first.index.astype(numpy.int64) * len(second.keys) + second.index
    distinct, index = numpy.unique(pairs, return_inverse=True)
    left = [first.keys[pair // len(second.keys)].as_py() for pair in distinct.tolist()]
    right = [second.keys[pair % len(second.keys)].as_py() for pair in distinct.tolist()]
    texts = [both(one, other, glue.encode()) for one, other in zip(left, right, strict=True)]
    return again(pyarrow.array(texts, pyarrow.binary()), index)


def with_zone(time: KeyColumn, zone: KeyColumn) -> KeyColumn:
    """Return times with their zones; one without a zone stays as it is."""
    behind = [zone_text((text or b"").decode("latin-1")).encode("latin-1") for text in zone.keys.to_pylist()]
    pairs = time.index.astype(numpy.int64) * len(behind) + zone.index
    distinct, index = numpy.unique(pairs, return_inverse=True)
    fronts = time.keys.to_pylist()
    places = [divmod(pair, len(behind)) for pair in distinct.tolist()]
    texts = [fronts[left] if fronts[left] in {None, b"", b"-"} else fronts[left] + behind[right] for left, right in places]
    return again(pyarrow.array(texts, pyarrow.binary()), index)


def zone_text(zone: str) -> str:
    """Return a zone as it is behind a time.

    >>> zone_text("+02:00"), zone_text("Europe/Berlin"), zone_text("-")
    (' +02:00', ' [Europe/Berlin]', '')
    """
    return "" if zone in {"", "-"} else f" [{zone}]" if "/" in zone else f" {zone}"


def with_date(clock: KeyColumn, date: KeyColumn) -> KeyColumn:
    """Return times of day with their dates; what is not a time of day, or has no date, stays as it is. Null is absent."""
    are_clocks = pyarrow.compute.match_substring_regex(clock.keys, CLOCK)
    there = [
        pyarrow.compute.fill_null(mask, False).to_numpy(zero_copy_only=False) for mask in (are_clocks, date.keys.is_valid())
    ]
    united = there[0][clock.index] & there[1][date.index]
    if not united.any():
        return clock
    parts = [KeyColumn(pyarrow.compute.fill_null(of.keys, b"-"), of.index[united]) for of in (date, clock)]
    found = joined(parts[0], parts[1], " ")
    index = clock.index.astype(numpy.int64)
    index[united] = found.index + len(clock.keys)
    return again(pyarrow.concat_arrays([clock.keys, found.keys]), index)


def both(first: bytes, second: bytes, glue: bytes) -> bytes:
    """Return two texts as one.

    >>> both(b"2026-03-07", b"10:00:00", b" "), both(b"1772877600", b"5000000", b"."), both(b"-", b"10:00:00", b" ")
    (b'2026-03-07 10:00:00', b'1772877600.005000000', b'-')
    """
    if first in {b"", b"-"}:
        return b"-"
    if glue == b".":
        return first + glue + second.rjust(NANO_DIGITS, b"0") if second.isdigit() and len(second) <= NANO_DIGITS else first
    return b"-" if second in {b"", b"-"} else first + glue + second


def is_absent(keys: pyarrow.Array) -> Mask:
    found = pyarrow.compute.or_(pyarrow.compute.equal(keys, ABSENT), pyarrow.compute.equal(keys, EMPTY))
    mask: Mask = pyarrow.compute.fill_null(found, True).to_numpy(zero_copy_only=False)
    return mask


def matches(keys: pyarrow.Array, column: str) -> Mask:
    """Return which texts have the grammar of a column. Few texts are looked at one by one: calls of Arrow cost more."""
    if len(keys) <= FEW:
        return numpy.array([key is not None and has_grammar(column, key) for key in keys.to_pylist()], bool)
    found = pyarrow.compute.match_substring_regex(keys, f"^(?:{GRAMMAR[column]})$")
    mask: Mask = pyarrow.compute.fill_null(found, False).to_numpy(zero_copy_only=False) & ~is_absent(keys)
    return mask


@lru_cache(1 << 14)
def has_grammar(column: str, text: bytes) -> bool:
    return text not in {b"", b"-"} and re.fullmatch(GRAMMAR[column].encode(), text) is not None


def times_fit(keys: pyarrow.Array) -> Mask:
    fits: Mask = read_values(keys, LAST_S, forms=FORMS).seconds != NO_TIME
    return fits


def levels_fit(keys: pyarrow.Array) -> Mask:
    return numpy.array([key is not None and is_level(key) for key in keys.to_pylist()], bool)
