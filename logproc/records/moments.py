"""Many moments as RFC 3339 texts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, offsets_and_data

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

BLANK, LETTER_T, LETTER_Z = b" TZ"
SECOND_BYTES = len("2026-03-07T10:00:00Z")
MILLI, MICRO = 10**6, 10**3


def moment_texts(seconds: Integers, nanos: Integers | None) -> pyarrow.Array:
    """Return moments as RFC 3339 has them, in UTC: with three, six or nine digits behind the second, none if they are 0.

    seconds: since 1970, in the years 1 to 9999. nanos: the billionths behind each, None if all are 0. Shape (n,) each.
    """
    if nanos is None or not nanos.any():
        return distinct_seconds(seconds)
    fronts = distinct_seconds(seconds)
    _, data = offsets_and_data(fronts)
    # One row for each text: 19 bytes up to the second, a point, nine digits, and room for the Z.
    rows = numpy.empty((len(seconds), SECOND_BYTES + 10), numpy.uint8)
    rows[:, : SECOND_BYTES - 1] = data.reshape(-1, SECOND_BYTES)[:, :-1]
    rows[:, SECOND_BYTES - 1] = ord(".")
    rest = nanos.astype(numpy.int64)
    for place in range(8, -1, -1):
        rest, digit = numpy.divmod(rest, 10)
        rows[:, SECOND_BYTES + place] = digit + ord("0")
    digits = numpy.where(nanos == 0, -1, numpy.where(nanos % MILLI == 0, 3, numpy.where(nanos % MICRO == 0, 6, 9)))
    ends = SECOND_BYTES + digits  # where the Z is: without digits in place of the point
    rows[numpy.arange(len(rows)), ends] = LETTER_Z
    kept = numpy.arange(rows.shape[1]) <= ends[:, None]
    offsets = numpy.concatenate([[0], numpy.cumsum(ends + 1)]).astype(numpy.int32)
    return pyarrow.Array.from_buffers(
        pyarrow.string(), len(rows), [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(rows[kept])]
    )


def distinct_seconds(seconds: Integers) -> pyarrow.Array:
    """Return moments in whole seconds as texts; each distinct one is written once, because many records share it."""
    found = arrow(numpy.ascontiguousarray(seconds, numpy.int64), pyarrow.int64()).dictionary_encode()
    texts = found.dictionary.view(pyarrow.timestamp("s", "UTC")).cast(pyarrow.string())
    offsets, data = offsets_and_data(texts)
    data = data.copy()
    data[offsets[:-1] + len("2026-03-07")] = LETTER_T
    made = pyarrow.Array.from_buffers(pyarrow.string(), len(texts), [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)])
    return made.take(found.indices)
