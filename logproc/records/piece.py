"""A piece: the records of one chunk that are to be written, on their way from a worker to the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.slices import arrow, offsets_and_data

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask


class Piece(Struct, frozen=True):
    """Some records in the order of the log.

    content: their bytes, as a buffer; or a pyarrow.Table with a row for each. records: how many there are.
    ends: where each ends in the bytes, ascending, shape (records,); None for a table.
    front: bytes that belong to the last record before these: further lines that a chunk begins with. They are written if that
        record was. Only a record that is longer than `max_line_bytes` goes on in another chunk.
    is_open: whether the last record may go on in the next chunk. None if no record begins in the chunk.
    gap: blank lines at the end of the chunk, which belong to that record if it does go on.
    chosen: None if all records are to be written; else these are all records of the chunk and what else stands in it, and
        `chosen` tells which of them match.
    values: a table for the painter of a terminal, with a row for each record: see `screen.values`; else None.
    times: of each record, in nanoseconds since 1970, NO_TIME where it has none; None unless sources are to be merged.
    """

    content: Any
    records: int
    ends: Integers | None = None
    front: bytes = b""
    is_open: bool | None = False
    gap: bytes = b""
    chosen: Mask | None = None
    times: Integers | None = None
    values: Any = None

    def slice(self, start: int, end: int) -> Piece:
        """Return some of the records, by their numbers; what stands before and after them only with the first and the last."""
        if self.ends is None:
            return Piece(self.content.slice(start, end - start), end - start)
        if start == 0 and end == self.records:
            return self
        first = int(self.ends[start - 1]) if start else 0
        last = int(self.ends[end - 1]) if end > start else first
        is_last = end == self.records
        return Piece(
            self.content[first:last],
            end - start,
            self.ends[start:end] - first,
            front=b"" if start else self.front,
            is_open=is_last and self.is_open,
            gap=self.gap if is_last else b"",
            chosen=None if self.chosen is None else self.chosen[start:end],
            values=None if self.values is None else self.values[start:end],
            times=None if self.times is None else self.times[start:end],
        )


def concatenated(pieces: list[Piece]) -> Piece:
    """Return the records of some pieces of bytes one behind the other."""
    sizes = [numpy.diff(piece.ends, prepend=0) for piece in pieces if piece.ends is not None]
    ends = numpy.cumsum(numpy.concatenate(sizes))
    return Piece(b"".join(piece.content for piece in pieces), len(ends), ends, values=stacked(pieces))


def stacked(pieces: list[Piece]) -> Any:
    """Return the tables of some pieces as one, None if none has one."""
    width = next((piece.values.shape[1] for piece in pieces if piece.values is not None), None)
    if width is None:
        return None
    tables = [numpy.full((piece.records, width), None) if piece.values is None else piece.values for piece in pieces]
    return numpy.concatenate(tables)


def rearranged(pieces: list[Piece], order: Integers) -> Piece:
    """Return the records of some pieces in another order. order: their numbers, counted through all pieces."""
    which = arrow(order.astype(numpy.int64), pyarrow.int64())
    if pieces[0].ends is None:
        return Piece(pyarrow.concat_tables([piece.content for piece in pieces]).take(which), len(order))
    arrays = [binary(piece) for piece in pieces]
    ends, data = offsets_and_data(pyarrow.concat_arrays(arrays).take(which))
    values = stacked(pieces)
    return Piece(data, len(order), ends[1:].astype(numpy.int64), values=None if values is None else values[order])


def binary(piece: Piece) -> pyarrow.Array:
    """Return the records of a piece of bytes as a binary array over the same memory."""
    offsets = numpy.concatenate([[0], piece.ends]).astype(numpy.int32)
    return pyarrow.Array.from_buffers(
        pyarrow.binary(), piece.records, [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(piece.content)]
    )


def copied(piece: Piece) -> Piece:
    """Return a piece of bytes that does not keep the whole chunk, whose bytes are given back, in memory."""
    return piece if piece.ends is None else replace(piece, content=bytes(piece.content))
