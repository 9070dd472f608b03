"""Text of many lines as positions in one buffer, and what can be done with it without touching a single line in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import numpy.typing
import pyarrow

if TYPE_CHECKING:
    from logproc.model import Integers

    Mask = numpy.typing.NDArray[numpy.bool_]

BLANK = ord(" ")
SPACES = (ord("\t"), ord("\r"))


@dataclass(frozen=True, slots=True)
class Slices:
    """Text of many lines: where each starts and ends in `data`, in order and without overlap."""

    data: Any
    starts: Integers
    ends: Integers

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> Integers:
        """How many bytes each has."""
        return self.ends - self.starts

    def keep(self, mask: Mask) -> Slices:
        """Return the slices that the mask names."""
        return Slices(self.data, self.starts[mask], self.ends[mask])

    def interleaved(self) -> pyarrow.Array:
        """Return a binary array over `data` itself: the slices are its even elements, what lies between them the odd, null.

        So no byte is copied, and no null is ever hashed.
        """
        count = len(self)
        offsets = numpy.empty(2 * count, numpy.int32)
        offsets[0::2], offsets[1::2] = self.starts, self.ends
        even = numpy.full((2 * count + 7) // 8, 0b01010101, numpy.uint8)
        buffers = [pyarrow.py_buffer(even), pyarrow.py_buffer(offsets), pyarrow.py_buffer(self.data)]
        return pyarrow.Array.from_buffers(pyarrow.binary(), max(2 * count - 1, 0), buffers)

    def packed(self) -> tuple[Any, Any]:
        """Return the offsets and the bytes of the slices laid one behind the other."""
        even = pyarrow.array(numpy.arange(0, 2 * len(self), 2, dtype=numpy.int32))
        return offsets_and_data(self.interleaved().take(even))

    def with_space(self) -> Mask:
        """Return which slices hold white space other than the blank: TAB, VT, FF, CR (or LF)."""
        spaces = numpy.flatnonzero((self.data >= SPACES[0]) & (self.data <= SPACES[1]))
        if not len(spaces):
            return numpy.zeros(len(self), bool)
        return numpy.searchsorted(spaces, self.ends) > numpy.searchsorted(spaces, self.starts)


def encode(slices: Slices, others: Sequence[bytes]) -> tuple[pyarrow.Array, Any]:
    """Return the distinct values of the slices and the other values, and the index of each: the slices' first."""
    parts = [part for part in (slices.interleaved(), pyarrow.array(others, pyarrow.binary())) if len(part)]
    if not parts:
        return pyarrow.array([], pyarrow.binary()), numpy.empty(0, numpy.int32)
    encoded = pyarrow.chunked_array(parts).dictionary_encode()
    indexes = [numpy.frombuffer(part.indices.buffers()[1], numpy.int32, len(part)) for part in encoded.chunks]
    if len(slices):
        indexes[0] = indexes[0][::2]
    return encoded.chunk(0).dictionary, indexes[0] if len(indexes) == 1 else numpy.concatenate(indexes)


def offsets_and_data(array: pyarrow.Array) -> tuple[Any, Any]:
    """Return the offsets (from 0) and the bytes of a binary array as numpy arrays."""
    if not len(array):
        return numpy.zeros(1, numpy.int32), numpy.empty(0, numpy.uint8)
    _, offset_buffer, data_buffer = array.buffers()
    offsets = numpy.frombuffer(offset_buffer, numpy.int32)[array.offset : array.offset + len(array) + 1]
    data = numpy.frombuffer(data_buffer or b"", numpy.uint8)[offsets[0] : offsets[-1]]
    return (offsets - offsets[0] if offsets[0] else offsets), data


def rows_of(positions: Integers, offsets: Any, wanted: int) -> tuple[Integers, Mask]:
    """Return the positions that lie in each row with as many as wanted, shape (wanted, n), and which rows these are.

    offsets: where the rows begin and the last one ends. As a rule all rows have what is wanted, which is seen
    from the first and the last position of each without a search.
    """
    rows = len(offsets) - 1
    if wanted and len(positions) == rows * wanted:
        bounds = numpy.ascontiguousarray(positions.reshape(rows, wanted).T)
        if (bounds[0] >= offsets[:-1]).all() and (bounds[-1] < offsets[1:]).all():
            return bounds, numpy.ones(rows, bool)
    before = numpy.searchsorted(positions, offsets)
    fitting = numpy.diff(before) == wanted
    return positions[before[:-1][fitting] + numpy.arange(wanted)[:, None]], fitting
