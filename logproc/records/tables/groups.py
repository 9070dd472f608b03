"""Pieces of any size gathered to groups of rows, whose borders and dictionaries depend on nothing but the rows.

How many rows a piece has depends on the size of a chunk, thus on the number of workers; the bytes of a file must not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from pyarrow.types import is_dictionary, is_map

from logproc.formats.columns.slices import offsets_and_data

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

CELL_BYTES, SHORT_BYTES = 16, 64
"""What a value is reckoned to take, and the longest text of which that is true. Nearly all texts are short; to add up what each
of them takes would cost 3 % of a run."""


class Gathering:
    """Rows gathered up to a number of them, or of their bytes, whichever comes first. One row of any size is a group, too."""

    def __init__(self, most_rows: int, most_bytes: int) -> None:
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._batches: list[pyarrow.RecordBatch] = []
        self._rows = self._bytes = 0

    @property
    def fill(self) -> float:
        """How full the group is that is being gathered: 1 is full."""
        return max(self._rows / self._most_rows, self._bytes / self._most_bytes)

    def add(self, table: pyarrow.Table) -> Iterator[Sequence[pyarrow.RecordBatch]]:
        """Gather the rows of a table, and yield each group that is full. It must be iterated to its end."""
        for batch in table.to_batches():
            sizes = sizes_of(batch)
            start = 0
            while start < len(batch):
                ends = self._bytes + numpy.cumsum(sizes[start : start + self._most_rows - self._rows])
                count = min(int(numpy.searchsorted(ends, self._most_bytes)) + 1, len(ends))
                self._batches.append(batch.slice(start, count))
                self._rows += count
                self._bytes = int(ends[count - 1])
                start += count
                if self.fill >= 1:
                    yield self.take()

    def take(self) -> Sequence[pyarrow.RecordBatch]:
        """Return the rows gathered so far, and begin anew."""
        batches, self._batches, self._rows, self._bytes = self._batches, [], 0, 0
        return batches


def sizes_of(batch: pyarrow.RecordBatch) -> Integers:
    """Return about how many bytes each row takes, shape (n,). A text counts for each row that has it.

    Bytes in memory would depend on the pieces: each has a dictionary of its own.
    """
    sizes = numpy.full(len(batch), CELL_BYTES * batch.num_columns, numpy.int64)
    for column in batch.columns:
        if column.null_count == len(column):
            continue
        if is_dictionary(column.type):
            lengths = numpy.diff(offsets_and_data(column.dictionary)[0]).astype(numpy.int64)
            if lengths.max() > SHORT_BYTES:
                of_texts = numpy.append(numpy.where(lengths > SHORT_BYTES, lengths, 0), 0)
                sizes += of_texts[column.indices.fill_null(len(lengths)).to_numpy()]
        elif is_map(column.type):
            offsets = column.offsets.to_numpy()
            sizes += sum(numpy.diff(offsets_and_data(texts)[0][offsets]) for texts in (column.keys, column.items))
    return sizes


def in_order_of_appearance(column: pyarrow.DictionaryArray) -> pyarrow.DictionaryArray:
    """Return the same texts with a dictionary that has each in the order in which they first appear, and no others."""
    texts = len(column.dictionary)
    if texts <= 1 and (texts == 0 or column.null_count < len(column)):
        return column
    index = (column.indices.drop_null() if column.null_count else column.indices).to_numpy()
    if is_in_order(index, texts):
        return column
    # Of values assigned to one place the last one stays, so that is the first appearance of each text.
    first = numpy.empty(len(column.dictionary), numpy.int64)
    numbers = numpy.arange(len(index))
    first[index[::-1]] = numbers[::-1]
    appearing = index[first[index] == numbers]
    place = numpy.zeros(len(column.dictionary), numpy.int32)
    place[appearing] = numpy.arange(len(appearing), dtype=numpy.int32)
    indices = pyarrow.array(place).take(column.indices)
    return pyarrow.DictionaryArray.from_arrays(indices, column.dictionary.take(pyarrow.array(appearing)), safe=False)


def is_in_order(index: Integers, texts: int) -> bool:
    """Return whether numbers of texts begin with 0, each is at most one more than all before it, and all are there."""
    if len(index) < texts or index[0]:
        return False
    # Behind the first of the last text there is nothing new: of few texts that is soon.
    last = int((index == texts - 1).argmax())
    highest = numpy.maximum.accumulate(index[: last + 1])
    return bool(highest[-1] == texts - 1 and (highest[1:] - highest[:-1] <= 1).all())
