"""Columns of text → numbers, exactly: on the dictionary, so on each distinct value once."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.model.columns import KeyColumn, Numbers

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

PLAIN = r"^(?P<whole>[0-9]{1,18})(?:\.(?P<fraction>[0-9]{1,9})[0-9]*)?$"
LIST = re.compile(r"\s*[,:]\s*")
GO_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)")
SECONDS_OF = {
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 10**3),
    "us": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
}
MOST_CHARACTERS = 64
NANO = 10**9
MOST_WHOLE = 2**63 - 1


def numbers_of(column: KeyColumn, power: int = 0) -> Numbers:
    """Return the numbers that the texts of a column are, divided by 10**`power`; other texts are not valid.

    Plain digits go through RE2 and Arrow's casts, everything else (signs, exponents, `1.5ms`, the lists of nginx's
    `$upstream_response_time`, whose parts are added) through `to_nanos`, one by one. Digits beyond the ninth behind the
    point are dropped.
    """
    whole, nanos, valid = plain_numbers(column.keys, power)
    for at in numpy.flatnonzero(~valid).tolist():
        found = to_nanos(column.keys[at].as_py(), power)
        if found is not None:
            whole[at], nanos[at], valid[at] = *divmod(found, NANO), True
    return Numbers(
        whole[column.index],
        nanos[column.index] if nanos.any() else None,
        None if valid.all() else valid[column.index],
    )


def plain_numbers(keys: pyarrow.Array, power: int) -> tuple[Integers, Integers, Mask]:
    """Return the whole parts and the nanos of the texts, and which of them are plain digits."""
    found = pyarrow.compute.extract_regex(keys, pattern=PLAIN)
    valid = numpy.asarray(found.is_valid().to_numpy(zero_copy_only=False)).copy()
    whole = integers(found.field(0))
    fraction = integers(pyarrow.compute.utf8_rpad(found.field(1), 9, "0"))
    scale = 10**power
    nanos = whole % scale * (NANO // scale) + fraction // scale
    return whole // scale, nanos, valid


def integers(digits: pyarrow.Array) -> Integers:
    """Return texts of digits as integers; null and empty texts (groups that did not match) become 0."""
    digits = pyarrow.compute.fill_null(digits, "")
    numbers = pyarrow.compute.if_else(pyarrow.compute.equal(digits, ""), "0", digits).cast(pyarrow.int64())
    return numpy.array(numbers.to_numpy(zero_copy_only=False), numpy.int64)


def to_nanos(text: str | None, power: int = 0) -> int | None:
    """Return one text as a number of billionths, None if it is not a number. Linear in its length.

    >>> to_nanos("1.5"), to_nanos("250", 3), to_nanos("1m1.5s"), to_nanos("0.25, 0.5 : -"), to_nanos("-")
    (1500000000, 250000000, 61500000000, 750000000, None)
    """
    if text is None or len(text) > MOST_CHARACTERS:
        return None
    parts = [part_of(part, power) for part in LIST.split(text.strip()) if part != "-"]
    if not parts or None in parts:
        return None
    total = floor(sum(part for part in parts if part is not None) * NANO)
    return total if abs(total) <= MOST_WHOLE * NANO else None


def part_of(text: str, power: int) -> Fraction | None:
    """Return a number, or a Go duration, in the unit of the column."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return go_duration(text)
    # A Decimal holds its text exactly, but arithmetic would round it to 28 digits, or overflow.
    return Fraction(number) / 10**power if number.is_finite() and abs(number.adjusted()) <= MOST_CHARACTERS else None


def go_duration(text: str) -> Fraction | None:
    """Return the seconds of a duration as Go's time.Duration.String writes it, `1h2m3.5s`; None for any other text."""
    found = GO_DURATION.findall(text.lstrip("-"))
    if not found or "".join(map("".join, found)) != text.lstrip("-"):
        return None
    parts = [Fraction(number) * SECONDS_OF[unit.replace("µ", "u").replace("μ", "u")] for number, unit in found]
    seconds = sum(parts, Fraction(0))
    return -seconds if text.startswith("-") else seconds
