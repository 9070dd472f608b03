"""Text of many lines as positions in one buffer, and operations on it that run no Python code for each line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Mask, Positions

BLANK, TAB, CR = b" \t\r"
ZERO = numpy.uint8(ord("0"))
ABSENT = pyarrow.scalar(b"-", pyarrow.binary())
"""Made once: each time that Arrow turns a value of Python into one of its own, it looks for pandas, which takes 0.2 ms."""


@lru_cache(1024)
def constant(text: str) -> pyarrow.StringScalar:
    """Return a text as Arrow's functions take it, made once: see ABSENT."""
    return pyarrow.scalar(text, pyarrow.string())


class Slices(Struct, frozen=True):
    """Text of many lines: where each starts and ends in `data`, in order and without overlap."""

    data: Any
    starts: Positions
    ends: Positions

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> Positions:
        return self.ends - self.starts

    def keep(self, mask: Mask) -> Slices:
        if mask.all():
            return self
        return Slices(self.data, self.starts[mask], self.ends[mask])

    def interleaved(self) -> pyarrow.Array:
        """Return a binary array over `data` itself: the slices are its even elements, what lies between them the odd, null.

        So no byte is copied, and no null is ever hashed.
        """
        # Offsets of Arrow must follow one another without gaps. So each gap becomes an element of its own, and is marked null:
        # offsets start0, end0, start1, end1, … with the bits 1, 0, 1, 0, … for "is there".
        count = len(self)
        offsets = numpy.empty(2 * count, numpy.int32)
        offsets[0::2], offsets[1::2] = self.starts, self.ends
        even = numpy.full((2 * count + 7) // 8, 0b01010101, numpy.uint8)
        buffers = [pyarrow.py_buffer(even), pyarrow.py_buffer(offsets), pyarrow.py_buffer(self.data)]
        return pyarrow.Array.from_buffers(pyarrow.binary(), max(2 * count - 1, 0), buffers)

    def packed(self) -> tuple[Any, Any]:
        """Return the slices copied into one buffer, one after the other: its offsets and its bytes."""
        even = numpy.arange(0, 2 * len(self), 2, dtype=numpy.int32)
        return offsets_and_data(self.interleaved().take(arrow(even, pyarrow.int32())))

    def with_space(self) -> Mask:
        """Return which slices hold white space other than the space: TAB, VT, FF, CR (or LF)."""
        is_space = (self.data >= TAB) & (self.data <= CR)
        if not is_space.any():
            return numpy.zeros(len(self), bool)
        # A slice holds none if as many spaces come before its end as before its start.
        spaces = numpy.flatnonzero(is_space)
        return numpy.searchsorted(spaces, self.ends) > numpy.searchsorted(spaces, self.starts)


Raw: TypeAlias = Slices | KeyColumn | Any
"""Raw values: where they are in the chunk, a column of bytes that is encoded already, or a binary array of Arrow."""


def encoded(parts: Sequence[Raw]) -> tuple[pyarrow.Array, Any]:
    """Return the distinct values of the parts, and for each value its index among them: the values of the first part first.

    All parts share one dictionary, so what two readers found in one chunk becomes one column. A null comes out as `-`.
    """
    filled = [part for part in parts if len(part.index if isinstance(part, KeyColumn) else part)]
    if not filled:
        return pyarrow.array([], pyarrow.binary()), numpy.empty(0, numpy.int32)
    if len(filled) == 1 and isinstance(filled[0], KeyColumn):
        return filled[0].keys, filled[0].index
    arrays = [arrow_of(part) for part in filled]
    if any(isinstance(part, KeyColumn) for part in filled):
        # Only the dictionaries are hashed again, not the values of each record.
        arrays = [array if pyarrow.types.is_dictionary(array.type) else array.dictionary_encode() for array in arrays]
        chunks = pyarrow.chunked_array(arrays).unify_dictionaries().chunks
    else:
        chunks = pyarrow.chunked_array(arrays).dictionary_encode().chunks
    indexes = [index_of(chunk) for chunk in chunks]
    # Every second element of an interleaved array is what lies between two slices.
    indexes = [index[::2] if isinstance(part, Slices) else index for part, index in zip(filled, indexes, strict=True)]
    return chunks[0].dictionary, indexes[0] if len(indexes) == 1 else numpy.concatenate(indexes)


def arrow_of(part: Raw) -> pyarrow.Array:
    """Return raw values as an Arrow array: slices interleaved with their gaps, a column as a dictionary array."""
    if isinstance(part, Slices):
        return part.interleaved()
    if isinstance(part, KeyColumn):
        index = numpy.ascontiguousarray(part.index, numpy.int32)
        return pyarrow.DictionaryArray.from_arrays(arrow(index, pyarrow.int32()), part.keys)
    return part if not part.null_count else pyarrow.compute.fill_null(part, ABSENT)


def arrow(numbers: Any, kind: pyarrow.DataType) -> pyarrow.Array:
    """Return a numpy array of plain numbers as an Arrow array over the same memory.

    `pyarrow.array` would do, but asks numpy whether it is a masked array, and so imports all of numpy.ma: 20 ms of every run.
    """
    return pyarrow.Array.from_buffers(kind, len(numbers), [None, pyarrow.py_buffer(numbers)])


def mask(bits: Any) -> pyarrow.Array:
    """Return a numpy array of booleans as an Arrow array."""
    packed = numpy.packbits(bits, bitorder="little")
    return pyarrow.Array.from_buffers(pyarrow.bool_(), len(bits), [None, pyarrow.py_buffer(packed)])


def index_of(encoded: pyarrow.DictionaryArray) -> Any:
    """Return the indexes of a dictionary array, shape (n,), without a copy; those of nulls are arbitrary."""
    return numpy.frombuffer(encoded.indices.buffers()[1] or b"", numpy.int32, len(encoded))


def offsets_and_data(array: pyarrow.Array) -> tuple[Any, Any]:
    """Return the offsets (from 0) and the bytes of a binary array as numpy arrays."""
    if not len(array):
        return numpy.zeros(1, numpy.int32), numpy.empty(0, numpy.uint8)
    _, offset_buffer, data_buffer = array.buffers()
    offsets = numpy.frombuffer(offset_buffer, numpy.int32)[array.offset : array.offset + len(array) + 1]
    data = numpy.frombuffer(data_buffer or b"", numpy.uint8)[offsets[0] : offsets[-1]]
    return (offsets - offsets[0] if offsets[0] else offsets), data


def texts_of(data: Bytes, starts: Any, ends: Any) -> pyarrow.Array:
    slices = Slices(data, starts, ends).interleaved()
    return slices.take(arrow(numpy.arange(0, 2 * len(starts), 2, dtype=numpy.int64), pyarrow.int64()))


def places(hits: Mask, start: int = 0) -> Positions:
    """Return where a mask is true, counted from `start`.

    In 32 bits: a chunk is smaller than 2 GiB, and half as many bytes are moved.
    """
    return numpy.add(hits.nonzero()[0], start, dtype=numpy.int32, casting="unsafe")


def digits_of(column: Any) -> Any:
    """Return the digit that each byte is, from 0 to 9; any byte that is not a digit becomes larger than 9.

    In ASCII the digits are the ten bytes from 0x30 on, so their upper four bits are 3. Without these a digit is its value,
    and every other byte keeps a bit that makes it larger: one operation instead of two comparisons and a subtraction.
    """
    return column ^ ZERO


def rows_of(positions: Positions, offsets: Any, wanted: int) -> tuple[Positions, Mask]:
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


def windows(data: Any, starts: Positions, width: int) -> Any:
    """Return the `width` bytes from each start, shape (n, width). Bytes before the data read as zeros."""
    before = max(0, -int(starts.min(initial=0)))
    if before:
        data, starts = numpy.concatenate([numpy.zeros(before, numpy.uint8), data]), starts + before
    if not len(starts) or not width:
        return numpy.empty((len(starts), width), numpy.uint8)
    # One item of `width` bytes for each place in the data, shape (len(data) - width + 1,): what overlaps is not copied.
    # As items and not as rows of bytes, for then numpy copies each that is asked for in one piece, three times as fast.
    items = sliding_window_view(data, width).view(f"V{width}")[:, 0]
    return items[starts].view(numpy.uint8).reshape(-1, width)
