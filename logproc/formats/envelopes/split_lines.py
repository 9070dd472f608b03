"""Long lines that container runtimes split into parts: Docker at 16 KiB, those of Kubernetes (CRI) with the tag `P`.

The parts of a line follow each other in its stream; lines of the other stream may be in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.account import replaced_at
from logproc.formats.columns.fields import again
from logproc.formats.columns.printable import printable
from logproc.formats.columns.slices import arrow
from logproc.formats.envelopes.continuation import NEAR, owners
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Columns

TAG, PART = "tag", "P"
"""The field of an outer format that says whether its line is only a part, and what is in it then."""


def are_parts(columns: Columns, records: Integers) -> Mask:
    """Return which records go on in the next one of the same stream."""
    tags = columns.keys.get(TAG)
    if tags is None:
        return numpy.zeros(len(records), bool)
    is_part = pyarrow.compute.equal(tags.keys, PART).fill_null(False).to_numpy(zero_copy_only=False)
    found: Mask = is_part[tags.index[records]]
    return found


def heads_of(
    line: Integers, starts: Integers, columns: Columns, records: Integers, names: Sequence[str], max_line_bytes: int
) -> Integers:
    """Return for each record the number of the one that its line begins in: its own, unless it is a further part.

    line, columns, records, names: as `continuations` takes them. starts: where in the chunk each record begins. Parts
    that begin further behind than `max_line_bytes` are lines of their own.
    """
    heads = numpy.arange(len(records))
    is_part = are_parts(columns, records)
    if not is_part.any():
        return heads
    whose = owners(columns, records, names)
    order = numpy.argsort(whose, kind="stable")
    goes_on = numpy.zeros(len(order), bool)
    same = (numpy.diff(whose[order]) == 0) & (numpy.diff(line[order]) <= NEAR)
    goes_on[1:] = same & is_part[order[:-1]]
    heads[order] = order[numpy.maximum.accumulate(numpy.where(goes_on, 0, numpy.arange(len(order))))]
    far = starts - starts[heads] >= max_line_bytes
    heads[far] = numpy.flatnonzero(far)
    return heads


def glued(texts: pyarrow.Array, heads: Integers) -> pyarrow.Array:
    """Return texts with the parts of each line joined in its head; the other parts are empty texts.

    heads: of each text the number of its head, shape (n,), as `heads_of` returns it.
    """
    # Sorting by head puts the parts of a line side by side, in their order since the sort is stable: one list for each head,
    # which Arrow joins in one call. `which` is the list of each text, shape (n,).
    members = numpy.argsort(heads, kind="stable").astype(numpy.int64)
    _, which, counts = numpy.unique(heads, return_inverse=True, return_counts=True)
    offsets = numpy.concatenate([[0], numpy.cumsum(counts)]).astype(numpy.int32)
    groups = pyarrow.ListArray.from_arrays(arrow(offsets, pyarrow.int32()), texts.take(arrow(members, pyarrow.int64())))
    empty = pyarrow.scalar(b"", pyarrow.binary())
    whole = pyarrow.compute.binary_join(groups, empty).take(arrow(which.reshape(-1).astype(numpy.int64), pyarrow.int64()))
    own = pyarrow.array(heads == numpy.arange(len(heads)))
    return pyarrow.compute.if_else(own, whole, empty)


def with_whole_messages(columns: Columns, rows: Integers, texts: pyarrow.Array, name: str) -> Columns:
    """Return columns in which some records have other texts, as bytes."""
    if name not in columns.keys:
        return columns
    shown = printable(KeyColumn(texts, numpy.arange(len(rows))))
    shown_texts = shown.keys.take(arrow(shown.index.astype(numpy.int64), pyarrow.int64()))
    column = replaced_at(columns.keys[name], rows, shown_texts)
    return replace(columns, keys={**columns.keys, name: again(column.keys, column.index)})
