"""Many distinct texts are encoded in partitions, each with a dictionary that fits into a core's cache.

With a million keys nearly every look into one large dictionary waits for memory: 150 ns a key. Equal texts are in the same
partition, so each partition is encoded by itself, at 30 ns a key, and the dictionaries are put one behind the other.
(Shatdal, Kant, Naughton, "Cache conscious algorithms for relational query processing", 1994.)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy
import pyarrow

from logproc.formats.columns.slices import arrow, offsets_and_data, windows

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers

WORD = 8
PARTITIONS_BITS = 4
PARTITIONS = 1 << PARTITIONS_BITS
GOLDEN = numpy.uint64(0x9E3779B97F4A7C15)
"""Knuth's multiplicative hashing, "The Art of Computer Programming", 6.4: 2^64 by the golden ratio, made odd."""


def encoded_in_partitions(arrays: Sequence[pyarrow.Array]) -> tuple[pyarrow.Array, Integers]:
    """Return the distinct texts of all arrays, and the place there of each text, the arrays one after the other.

    arrays: of one type, text or bytes with offsets of 32 bits, without nulls.
    """
    by_partition: list[list[pyarrow.Array]] = [[] for _ in range(PARTITIONS)]
    places: list[list[Integers]] = [[] for _ in range(PARTITIONS)]
    first = 0
    for array in arrays:
        partition = partition_of(array)
        order = numpy.argsort(partition, kind="stable")
        bounds = numpy.searchsorted(partition[order], numpy.arange(PARTITIONS + 1)).tolist()
        texts = array.take(arrow(order, pyarrow.int64()))
        for number, (start, end) in enumerate(pairwise(bounds)):
            by_partition[number].append(texts[start:end])
            places[number].append(first + order[start:end])
        first += len(array)
    codes = numpy.empty(first, numpy.int64)
    dictionaries, distinct = [], 0
    for texts, place in zip(by_partition, places, strict=True):
        dictionary, found = encoded_at_once(texts)
        codes[numpy.concatenate(place)] = found + distinct
        dictionaries.append(dictionary)
        distinct += len(dictionary)
    return pyarrow.concat_arrays(dictionaries), codes


def encoded_at_once(arrays: Sequence[pyarrow.Array]) -> tuple[pyarrow.Array, Integers]:
    """Return the distinct values of all arrays in the order in which they occur, and the place there of each value."""
    # Arrow makes one dictionary for all chunks of an array, so equal values of different arrays get the same code.
    chunks = pyarrow.chunked_array(arrays).dictionary_encode().chunks
    codes = [numpy.empty(0, numpy.int32), *(chunk.indices.to_numpy() for chunk in chunks)]
    return (chunks[0].dictionary if chunks else arrays[0]), numpy.concatenate(codes)


def partition_of(texts: pyarrow.Array) -> Bytes:
    """Return the partition of each text, by a hash of its last eight bytes; those of a shorter text are its own only."""
    offsets, data = offsets_and_data(texts)
    ends, lengths = offsets[1:], numpy.diff(offsets)
    word = windows(data, ends - WORD, WORD).view(numpy.dtype("<u8"))[:, 0]
    foreign_bits = (8 * (WORD - numpy.clip(lengths, 1, WORD))).astype(numpy.uint64)
    own = (word >> foreign_bits) * (lengths > 0)
    partition: Bytes = ((own * GOLDEN) >> numpy.uint64(64 - PARTITIONS_BITS)).astype(numpy.uint8)
    return partition
