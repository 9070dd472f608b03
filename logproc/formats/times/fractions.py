"""Fractions of seconds as billionths, many at once: with microseconds nearly every line has another one.

Digits behind the ninth are dropped, so no time is later than the log says: 0.9999999999 is not the next second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import digits_of, offsets_and_data, windows

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Positions

DIGITS = 9
NANO = 10**9
POWERS = 10 ** numpy.arange(DIGITS - 1, -1, -1, dtype=numpy.int64)
COLON = ord(":")
MILLISECOND_DIGITS = 3


def nanos_of(texts: pyarrow.Array) -> Integers:
    """Return what the groups `subsecond` of some times mean, 0 where there is none.

    texts: binary; `.5`, `,123` or, of a number since 1970, all digits behind its tenth, with or without a point. Behind a
    colon are milliseconds without leading zeros: `:7` is 7 ms.
    """
    texts = pyarrow.compute.fill_null(texts, b"") if texts.null_count else texts
    offsets, data = offsets_and_data(texts)
    starts, ends = offsets[:-1], offsets[1:]
    filled = numpy.flatnonzero(ends > starts)
    found = numpy.zeros(len(texts), numpy.int64)
    if not len(filled):
        return found
    inner = pyarrow.compute.match_substring_regex(texts, "^[0-9]+[.]")  # `500.25`: the digits go on behind the point
    if pyarrow.compute.any(inner).as_py():
        return nanos_of(pyarrow.compute.if_else(inner, pyarrow.compute.replace_substring(texts, b".", b""), texts))
    found[filled] = nanos_between(data, starts[filled], ends[filled])
    behind_colon = filled[data[starts[filled]] == COLON]
    for digits in range(1, MILLISECOND_DIGITS):
        found[behind_colon[(ends - starts)[behind_colon] == 1 + digits]] //= 10 ** (MILLISECOND_DIGITS - digits)
    return found


def nanos_between(data: Any, starts: Positions, ends: Positions) -> Integers:
    """Return what digits mean as a fraction, in billionths. At each start is the first digit, or a mark before it."""
    if not len(data):
        return numpy.zeros(len(starts), numpy.int64)
    starts = starts + (digits_of(data[numpy.minimum(starts, len(data) - 1)]) > 9)  # an empty text has no mark either
    # `digits` has the shape (texts, 9): what is behind the end of a text belongs to the next one, and counts as 0.
    digits = digits_of(windows(numpy.concatenate([data, numpy.zeros(DIGITS, numpy.uint8)]), starts, DIGITS)).astype(numpy.int64)
    digits[numpy.arange(DIGITS) >= (ends - starts)[:, None]] = 0
    found: Integers = digits @ POWERS
    return found
