"""Many moments as RFC 3339 texts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow

from logproc.formats.columns.slices import arrow, offsets_and_data

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers

LETTER_T, LETTER_Z, POINT, ZERO = b"TZ.0"
WHOLE_BYTES = len("2026-03-07T10:00:00")
DIGITS = 9
MILLI, MICRO = 10**6, 10**3


def moment_texts(seconds: Integers, nanos: Integers | None) -> pyarrow.Array:
    """Return moments as RFC 3339 has them, in UTC: with three, six or nine digits behind the second, none if they are 0.

    seconds: since 1970, in the years 1 to 9999. nanos: the billionths behind each, None if all are 0. Shape (n,) each.
    """
    # Each distinct second is written once, because many records share it.
    found = arrow(numpy.ascontiguousarray(seconds, numpy.int64), pyarrow.int64()).dictionary_encode()
    wholes = whole_texts(found.dictionary)
    if nanos is None or not nanos.any():
        return texts_of_rows(wholes, numpy.full(len(wholes), WHOLE_BYTES + 1)).take(found.indices)
    # One row for each text, shape (n, 30): up to the second, a point, nine digits, and the Z wherever they may end.
    rows = numpy.empty((len(seconds), WHOLE_BYTES + 1 + DIGITS + 1), numpy.uint8)
    rows[:, :WHOLE_BYTES] = wholes[found.indices.to_numpy(), :WHOLE_BYTES]
    rows[:, WHOLE_BYTES] = POINT
    rest = nanos.astype(numpy.int64)
    for place in range(WHOLE_BYTES + DIGITS, WHOLE_BYTES, -1):
        rest, digit = numpy.divmod(rest, 10)
        rows[:, place] = digit + ZERO
    digits = numpy.where(nanos % MILLI == 0, 3, numpy.where(nanos % MICRO == 0, 6, DIGITS))
    ends = WHOLE_BYTES + numpy.where(nanos == 0, 0, 1 + digits)
    rows[numpy.arange(len(rows)), ends] = LETTER_Z
    return texts_of_rows(rows, ends + 1)


def whole_texts(seconds: pyarrow.Array) -> Bytes:
    """Return moments in whole seconds as texts with a Z, shape (n, 20)."""
    # Not as moments in UTC: then Arrow looks for the zone each time, which takes 700 ns.
    texts = seconds.view(pyarrow.timestamp("s")).cast(pyarrow.string())
    rows = numpy.empty((len(seconds), WHOLE_BYTES + 1), numpy.uint8)
    rows[:, :WHOLE_BYTES] = offsets_and_data(texts)[1].reshape(-1, WHOLE_BYTES)
    rows[:, len("2026-03-07")] = LETTER_T
    rows[:, WHOLE_BYTES] = LETTER_Z
    return rows


def texts_of_rows(rows: Bytes, lengths: Integers) -> pyarrow.Array:
    """Return the beginnings of some rows of bytes as texts. lengths: of each row, shape (n,)."""
    kept = numpy.arange(rows.shape[1]) < lengths[:, None]
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int32)
    data = numpy.ascontiguousarray(rows[kept])
    return pyarrow.Array.from_buffers(pyarrow.string(), len(rows), [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)])
