"""Columns of text → numbers, exactly: on the dictionary, so on each distinct value once.

Whole numbers have any size below 10^308, which is what the numbers of other programs hold. Behind the point are nine
digits; more are dropped. What cannot be read is left out. Either is counted, by reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.columns.units import ANY, NO_UNIT, NOT_A_NUMBER, NOT_A_SIZE, NUMBER, TOO_FINE, TOO_LARGE, Unit, amount
from logproc.model.columns import KeyColumn, Large, Numbers
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

PLAIN = r"^(?P<whole>[0-9]{1,18})(?:\.(?P<fraction>[0-9]{1,9})(?P<rest>[0-9]*))?$"
LIST = regex(r", | : ")
"""As nginx writes it. A comma between digits may be a decimal comma, and a colon part of a clock."""
MOST_CHARACTERS = 1024
NANO = 10**9
MOST_WHOLE = 2**63 - 1
TOO_LARGE_FROM = 10**308

NO_TEXT, ZERO = pyarrow.scalar(""), pyarrow.scalar("0")
"""Made once: for each text that pyarrow gets from Python it looks for modules that are not installed, on all paths."""


def numbers_of(column: KeyColumn, unit: Unit = ANY) -> Numbers:
    """Return the numbers that the texts of a column are, in seconds or bytes if they have a unit; other texts are not valid.

    Plain digits go through RE2 and Arrow's casts, everything else (signs, exponents, `1.5ms`, the lists of nginx's
    `$upstream_response_time`, whose parts are added) through `read`, one by one.
    """
    whole, nanos, valid, fine = plain_numbers(column.keys, unit.power)
    if unit.times != 1:  # only whole numbers, so that nothing is lost
        valid &= (nanos == 0) & ~fine & (whole < MOST_WHOLE // unit.times)
        whole, fine = numpy.where(valid, whole * unit.times, 0), fine & valid
    large: dict[int, int] = {}
    unread: dict[str, list[int]] = defaultdict(list)
    others = ~valid
    if unit.unknown:
        plain = valid & ((whole != 0) | (nanos != 0) | fine)
        whole, nanos, fine, valid = (numpy.where(plain, 0, found) for found in (whole, nanos, fine, valid))
        valid, fine = valid.astype(bool), fine.astype(bool)
        if plain.any():
            unread[NO_UNIT] += numpy.flatnonzero(plain).tolist()
    for at in numpy.flatnonzero(others).tolist():
        found, reason = read(column.keys[at].as_py(), unit)
        if reason:
            unread[reason].append(at)
        if found is None:
            continue
        if abs(found) > MOST_WHOLE * NANO:
            large[at] = found
        else:
            whole[at], nanos[at], valid[at] = *divmod(found, NANO), True
    if fine.any():
        unread[TOO_FINE] += numpy.flatnonzero(fine).tolist()
    return Numbers(
        whole[column.index],
        nanos[column.index] if nanos.any() else None,
        None if valid.all() else valid[column.index],
        spread(large, column),
        {reason: among(column, places) for reason, places in unread.items()},
    )


def among(column: KeyColumn, places: Iterable[int]) -> Mask:
    """Return which records have one of these keys."""
    table = numpy.zeros(len(column.keys), bool)
    table[list(places)] = True
    found: Mask = table[column.index]
    return found


def spread(large: dict[int, int], column: KeyColumn) -> Large | None:
    """Return the records of the large numbers among a column's keys."""
    if not large:
        return None
    table = numpy.zeros(len(column.keys), object)
    table[list(large)] = list(large.values())
    at = numpy.flatnonzero(among(column, large))
    return Large(at, table[column.index[at]]) if len(at) else None


def sizes_of(numbers: Numbers, column: KeyColumn, *, always: bool) -> Numbers:
    """Return numbers as sizes in bytes, not valid where what the log has is not a size.

    always: whether each line has a place for its size. There `-` means a response without a body, so it counts as 0.
    """
    good = numpy.ones(len(numbers.whole), bool) if numbers.valid is None else numbers.valid.copy()
    good &= numbers.whole >= 0
    if numbers.nanos is not None:
        good &= numbers.nanos == 0
    if good.all():
        return Numbers(numbers.whole)
    is_text = numpy.array([text not in {None, "", "-"} for text in column.keys.to_pylist()], bool)
    bad = is_text[column.index] & ~good
    valid = ~bad if always else good
    sizes = Numbers(numpy.where(good, numbers.whole, 0), valid=None if valid.all() else valid)
    return replace(sizes, unread={NOT_A_SIZE: bad}) if bad.any() else sizes


def plain_numbers(keys: pyarrow.Array, power: int) -> tuple[Integers, Integers, Mask, Mask]:
    """Return the whole parts and the nanos of the texts, which of them are plain digits, and which have too many of them."""
    found = pyarrow.compute.extract_regex(keys, pattern=PLAIN)
    valid = numpy.asarray(found.is_valid().to_numpy(zero_copy_only=False)).copy()
    whole = integers(found.field(0))
    fraction = integers(pyarrow.compute.utf8_rpad(found.field(1), 9, "0"))
    scale = 10**power
    nanos = whole % scale * (NANO // scale) + fraction // scale
    fine = fraction % scale != 0
    rest = pyarrow.compute.utf8_trim(pyarrow.compute.fill_null(found.field(2), ""), "0")
    fine |= pyarrow.compute.not_equal(rest, "").to_numpy(zero_copy_only=False)
    return whole // scale, nanos, valid, fine & valid


def integers(digits: pyarrow.Array) -> Integers:
    """Return texts of digits as integers; null and empty texts (groups that did not match) become 0."""
    digits = pyarrow.compute.fill_null(digits, NO_TEXT)
    numbers = pyarrow.compute.if_else(pyarrow.compute.equal(digits, NO_TEXT), ZERO, digits).cast(pyarrow.int64())
    return numpy.array(numbers.to_numpy(zero_copy_only=False), numpy.int64)


def read(text: str | None, unit: Unit = ANY) -> tuple[int | None, str]:
    """Return one text as a number of billionths, and why it, or a part of it, could not be read. Linear in its length.

    The number is None if the text is not one, the reason empty if there is nothing to say: an absent value is neither.

    >>> read("1.5"), read("250", Unit(power=3)), read("1m1.5s"), read("0.25, 0.5 : -", Unit(lists=True))
    ((1500000000, ''), (250000000, ''), (61500000000, ''), (750000000, ''))
    >>> read("-"), read("0,250"), read("1e400"), read("0.0000000001")
    ((None, ''), (None, 'not-a-number'), (None, 'too-large'), (0, 'too-fine'))
    """
    text = (text or "").strip(" \t")
    if len(text) > MOST_CHARACTERS:
        return None, TOO_LARGE if NUMBER.fullmatch(text) else NOT_A_NUMBER
    found = total_of(text, unit)
    if found is None or isinstance(found, str):
        return None, found or ""
    if abs(found) >= TOO_LARGE_FROM:
        return None, TOO_LARGE
    nanos = found * NANO
    return int(nanos), "" if nanos.denominator == 1 else TOO_FINE


def total_of(text: str, unit: Unit) -> Fraction | str | None:
    """Return the number that a text is, or the sum of its list; why it is not a number; or None for an absent value."""
    total = None
    for part in LIST.split(text) if unit.lists else [text]:
        found = None if part in {"", "-"} else amount(part, unit)
        if isinstance(found, str):
            return found
        if found is not None:
            total = found + (total or 0)
    return total
