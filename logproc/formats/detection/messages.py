"""The messages of a sample as lines: they may be those of another log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.lines import LF
from logproc.formats.detection.sample import Sample
from logproc.formats.engine import Format
from logproc.formats.envelopes.envelope import carried_by, joined_lines, lines_of_messages
from logproc.model.chunk import Context

if TYPE_CHECKING:
    from logproc.formats.raw import Found
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Columns


class InnerLines(Struct, frozen=True):
    """The messages of a sample as lines. levels: whether the records around them have several levels."""

    text: bytes
    levels: bool


def messages_in(outer: Format, sample: Sample) -> InnerLines | None:
    """Return what is in the messages of an outer format, None if some records have no message."""
    found = records_in(outer, [sample])
    if not found:
        return None
    filled, columns = found
    order = numpy.argsort(numpy.concatenate([part.line for part in filled]), kind="stable")
    return InnerLines(joined_lines(lines_of_messages(outer, filled, order)).tobytes(), says_levels(columns))


def messages_in_many(outer: Format, samples: Sequence[Sample]) -> list[InnerLines | None]:
    """Return the same as `messages_in` for each of many samples that have an outer format, whose lines are read at once.

    A sample in which a record has no message is read by itself: whether it has messages depends on its other records.
    """
    found = records_in(outer, samples) if outer.by_line else None
    if not found:
        return [messages_in(outer, sample) for sample in samples]
    filled, columns = found
    line = numpy.concatenate([part.line for part in filled])
    order = numpy.argsort(line, kind="stable")
    texts = lines_of_messages(outer, filled, order)
    counts = [len(sample.lines) for sample in samples]
    of = numpy.repeat(numpy.arange(len(samples)), counts)[line]  # of each record its sample, in the order of the columns
    absent = pyarrow.compute.equal(texts, pyarrow.scalar(b"-", texts.type)).to_numpy(zero_copy_only=False)
    lacks = numpy.bincount(of[order][absent], minlength=len(samples)) > 0
    levels = levels_of(columns, of, len(samples))
    # The messages are lines without line feeds in them, so those of each sample end where its last line feed is.
    joined = joined_lines(texts)
    ends = numpy.append(0, numpy.flatnonzero(joined == LF) + 1)
    bounds = ends[numpy.append(0, numpy.cumsum(numpy.bincount(of, minlength=len(samples))))].tolist()
    return [
        messages_in(outer, sample)
        if lacks[at]
        else InnerLines(joined[bounds[at] : bounds[at + 1]].tobytes(), bool(levels[at] > 1))
        if bounds[at] < bounds[at + 1]
        else None
        for at, sample in enumerate(samples)
    ]


def records_in(outer: Format, samples: Sequence[Sample]) -> tuple[list[Found], Columns] | None:
    """Return what an outer format finds in the lines of some samples, None if a reader finds records without messages."""
    lines = [line for sample in samples for line in sample.lines]
    data = numpy.frombuffer(b"".join(line + b"\n" for line in lines), numpy.uint8)
    carried = carried_by(outer)
    parts, columns = outer.claimed(outer.lines(data), numpy.ones(len(lines), bool), {carried, "level"}, Context())
    filled = [part for part, _ in parts if len(part.line)]
    return (filled, columns) if filled and all(carried in part.fields for part in filled) else None


def levels_of(columns: Columns, of: Integers, samples: int) -> Integers:
    """Return how many different levels the records of each sample have. of: of each record its sample."""
    column = columns.keys.get("level")
    if column is None or not len(column.keys):
        return numpy.zeros(samples, numpy.int64)
    is_there: Mask = column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
    pairs = numpy.unique(of[is_there] * len(column.keys) + column.index[is_there])
    found: Integers = numpy.bincount(pairs // len(column.keys), minlength=samples)
    return found


def says_levels(columns: Columns) -> bool:
    """Return whether records have several levels: then a level in a message is a part of it. Journald gives all lines one."""
    level = columns.keys.get("level")
    return level is not None and len(level.keys.drop_null()) > 1
