"""Which lines of a chunk belong to which record, and the bytes of the records that match.

The lines of a chunk become units: a record with its further lines, or a line that could not be read. Blank lines belong to a
record if they stand inside of it. A record is written whole, in the order in which records begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.slices import arrow, offsets_and_data
from logproc.model.columns import NO_TIME
from logproc.records.piece import Piece
from logproc.records.screen.values import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logproc.counting.tally import Filtered
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.chunk import Chunk
    from logproc.model.columns import Columns, Parsed

LF = 10
NOTHING = -1
NO_LINES = numpy.empty(0, numpy.int64)
BILLION = 1_000_000_000


class Units(Struct, frozen=True):
    """The units of a chunk, in the order of their first lines.

    of_line: the unit of each line, shape (lines,): NOTHING for a blank line outside. record: of each unit the number of the
    record that it is, NOTHING for a line that could not be read, shape (units,). front: which lines go on from the last record
    before the chunk; None if none does.
    """

    of_line: Integers
    record: Integers
    front: Mask | None = None


def units_of(chunk: Chunk, parsed: Parsed) -> Units:
    """Return the units of a parsed chunk."""
    lines = chunk.lines
    record_lines = numpy.empty(0, numpy.int64) if parsed.record_lines is None else parsed.record_lines
    begins = numpy.full(lines, NOTHING)
    begins[parsed.rejected_lines] = len(record_lines)
    begins[record_lines] = numpy.arange(len(record_lines))
    firsts = numpy.flatnonzero(begins >= 0)
    record = begins[firsts]
    record[record == len(record_lines)] = NOTHING
    of_line = numpy.full(lines, NOTHING)
    of_line[firsts] = numpy.arange(len(firsts))
    if len(firsts) == lines:
        return Units(of_line, record)
    blank = numpy.zeros(lines, bool) if parsed.blank is None else parsed.blank
    front = None
    if parsed.further_lines is not None:
        of_line[parsed.further_lines[:, 0]] = of_line[record_lines[parsed.further_lines[:, 1]]]
    if may_be_cut(chunk):
        # What continues a record from further behind than `max_line_bytes` belongs to no record that filters see, but to one
        # of the log; and what the chunk begins with, to the last one of the chunk before.
        loose = ~blank & (of_line == NOTHING)
        of_line[loose] = of_line[last_before(of_line != NOTHING)][loose]
        found = loose & (of_line == NOTHING)
        front = found if found.any() else None
    inside = numpy.flatnonzero(blank)
    if len(inside):
        before, after = of_line[last_before(~blank)], of_line[::-1][last_before(~blank[::-1])][::-1]
        of_line[inside] = numpy.where(before == after, before, NOTHING)[inside]
        if front is not None:
            front[: numpy.flatnonzero(front)[-1]] = True
    return Units(of_line, record, front)


def last_before(mask: Mask) -> Integers:
    """Return for each position the last one up to it where the mask is true; 0 where there is none."""
    found: Integers = numpy.maximum.accumulate(numpy.where(mask, numpy.arange(len(mask)), 0))
    return found


def piece_of(
    chunk: Chunk,
    parsed: Parsed,
    found: Filtered,
    *,
    max_line_bytes: int,
    prefix: str = "",
    around: bool = False,
    timed: bool = False,
    painted: Sequence[str] | None = None,
) -> Piece:
    """Return the bytes of the records of a chunk that pass, as the log has them.

    prefix: what comes before each line. around: return all units, with which of them pass. timed: with their times.
    painted: the fields that the painter of a terminal needs; None if there is no painter.
    """
    units = units_of(chunk, parsed)
    passes = numpy.zeros(len(units.record), bool)
    is_record = units.record != NOTHING
    if found.every is not None:
        passes[is_record] = True if found.kept is None else found.kept[units.record[is_record]]
    wanted = numpy.ones_like(passes) if around else passes
    lines = numpy.flatnonzero(wanted[units.of_line] & (units.of_line != NOTHING)) if len(wanted) else units.of_line[:0]
    of = units.of_line[lines]
    if len(of) > 1 and (of[1:] < of[:-1]).any():  # records lie between one another's lines, as those of several containers
        order = numpy.argsort(of, kind="stable")
        lines, of = lines[order], of[order]
    content, line_ends = joined(chunk, lines, prefix)
    last_of_unit = numpy.flatnonzero(numpy.diff(of, append=NOTHING) != 0)
    is_open, gap = goes_on(chunk, parsed, max_line_bytes)
    return Piece(
        content,
        len(last_of_unit),
        line_ends[last_of_unit],
        front=b"" if units.front is None else joined(chunk, numpy.flatnonzero(units.front), prefix)[0].tobytes(),
        is_open=is_open and bool(wanted[-1]) if len(wanted) else None,
        gap=joined(chunk, gap, prefix)[0].tobytes() if len(gap) else b"",
        chosen=passes if around else None,
        times=times_of(found.every, units.record[wanted]) if timed and found.every is not None else None,
        values=None if painted is None else values_of(found.every, units.record[wanted], painted, passes[wanted], prefix),
    )


def may_be_cut(chunk: Chunk) -> bool:
    """Return whether a record of the log may have lines in several chunks."""
    return chunk.format is not None and chunk.format.multi_line and chunk.format.by_line


def goes_on(chunk: Chunk, parsed: Parsed, max_line_bytes: int) -> tuple[bool, Integers]:
    """Return whether the last record may go on in the next chunk, and which blank lines stand behind it.

    A source is cut inside of a record only if that is longer than `max_line_bytes`, see `sources.cutter`.
    """
    if not may_be_cut(chunk):
        return False, NO_LINES
    if parsed.record_lines is not None and len(parsed.record_lines):
        lines_in_end = int(numpy.count_nonzero(chunk.data[-max_line_bytes:] == LF))
        if parsed.record_lines.max() > chunk.lines - lines_in_end:
            return False, NO_LINES
    if parsed.blank is None or not parsed.blank[-1]:
        return True, NO_LINES
    return True, numpy.arange(chunk.lines - int((~parsed.blank[::-1]).argmax()) if not parsed.blank.all() else 0, chunk.lines)


def joined(chunk: Chunk, lines: Integers, prefix: str) -> tuple[Bytes, Integers]:
    """Return the bytes of some lines one behind the other, line ends included, and where each ends."""
    if len(lines) == chunk.lines and not prefix and (lines == numpy.arange(chunk.lines)).all():
        return chunk.data, numpy.flatnonzero(chunk.data == LF) + 1
    feeds = numpy.flatnonzero(chunk.data == LF).astype(numpy.int32)
    offsets = numpy.concatenate([[0], feeds + 1]).astype(numpy.int32)
    buffers = [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(chunk.data)]
    texts = pyarrow.Array.from_buffers(pyarrow.binary(), len(feeds), buffers).take(
        arrow(lines.astype(numpy.int64), pyarrow.int64())
    )
    if prefix:
        texts = pyarrow.compute.binary_join_element_wise(prefix.encode(), texts, b"")
    ends, data = offsets_and_data(texts)
    return data, (ends[1:] - ends[0]).astype(numpy.int64)


def times_of(columns: Columns, records: Integers) -> Integers:
    """Return the times of some records in nanoseconds since 1970; NO_TIME where there is none, also for no record."""
    times = numpy.full(len(records), NO_TIME)
    is_timed = records != NOTHING
    of = records[is_timed]
    seconds = columns.time[of]
    nanos = 0 if columns.nanos is None else columns.nanos[of]
    times[is_timed] = numpy.where(seconds == NO_TIME, NO_TIME, seconds * BILLION + nanos)
    return times
