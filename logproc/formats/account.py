"""The account of a chunk's lines: each begins a record, continues one, is blank, or is rejected with a reason.

What continues a record is part of it: filters see it in `message` and `text`, and where a record is filtered, so are its
further lines. That holds for the lines that begin within `max_line_bytes` of the record's first byte; a source is then cut
into chunks at beginnings of records (see `sources.cutter`), so that the answer does not depend on the size of chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.fields import Wanted, sought
from logproc.formats.columns.lines import CR, LF, Lines, blank_lines, plain_lines
from logproc.formats.columns.printable import searchable
from logproc.formats.columns.slices import arrow, texts_of
from logproc.formats.raw import Found, no_lines
from logproc.formats.times.own_time import OWN_TIME
from logproc.model.columns import Account, Columns, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.chunk import Context

TOO_LONG = "line-too-long"
VAGUE = frozenset({"no-match", "bad-json"})
"""Reasons that any text has that is not a record."""


NO_PAIRS = numpy.empty((0, 2), numpy.int64)
Claimed = tuple[list[tuple[Found, bool]], Columns]
"""What was found in some lines, each part with whether its records may have several lines; and the columns of all records."""


class Opened(Struct, frozen=True):
    """What is in the messages of some outer records.

    columns: of the records that these make. rows: of each the outer record that it begins in.
    number: of each outer record the number of the record that it is part of; -1 if that began before the first line.
    further: the lines that continue a record inside.
    """

    columns: Columns
    rows: Integers
    number: Integers
    further: Integers


def parsed(
    lines: Lines,
    claim: Callable[[Mask], Claimed],
    context: Context,
    wanted: Collection[str],
    max_line_bytes: int,
    *,
    otherwise: str = "no-match",
    order: str = "",
    opened: Callable[[list[Found], Columns], Opened] | None = None,
) -> Parsed:
    """Return the wanted columns of a chunk of whole lines, and the account of all its lines.

    claim: gets a mask of the lines that may be in a record. otherwise: why a line is rejected for which nobody has a better
    reason. order: the order of day and month that was assumed. opened: returns what is in the messages of the records.
    """
    too_long, blank = too_long_and_blank(lines, max_line_bytes)
    left = ~(too_long | blank)
    parts, columns = claim(left)
    found = [part for part, _ in parts]
    continuation = continuing(lines, parts, left, in_record=context.in_record, firsts=context.firsts)
    columns, owned = with_further_lines(lines, found, continuation, columns, wanted, max_line_bytes)
    record_lines = numpy.concatenate([no_lines(), *(part.line for part in found)])
    if columns.records and opened:
        inside = opened(found, columns)
        columns = inside.columns
        continuation[inside.further] = True
        joined = numpy.delete(numpy.arange(len(record_lines)), inside.rows)
        members = numpy.concatenate([owned, numpy.column_stack([record_lines[joined], joined])])
        owned = numpy.column_stack([members[:, 0], inside.number[members[:, 1]]])
        owned = owned[owned[:, 1] >= 0]
        record_lines = record_lines[inside.rows]
    result = accounted(lines, found, too_long, blank, continuation, otherwise, columns, order)
    return replace(result, record_lines=record_lines, further_lines=owned if len(owned) else None)


def starts_in(lines: Lines, claim: Callable[[Mask], Claimed], max_line_bytes: int) -> Integers:
    """Return where in some whole lines the records begin, those with an unreadable time too, in ascending order."""
    too_long, blank = too_long_and_blank(lines, max_line_bytes)
    parts = [part for part, _ in claim(~(too_long | blank))[0]]
    which = numpy.concatenate([no_lines(), *(part.line for part in parts), *(part.untimed for part in parts)])
    positions: Integers = lines.starts[numpy.sort(which)]
    return positions


def too_long_and_blank(lines: Lines, max_line_bytes: int) -> tuple[Mask, Mask]:
    """Return which lines are too long to be read, and which of the others hold only white space."""
    too_long: Mask = lines.ends - lines.starts > max_line_bytes
    return too_long, blank_lines(lines) & ~too_long


def continuing(
    lines: Lines,
    parts: Sequence[tuple[Found, bool]],
    left: Mask,
    *,
    in_record: bool,
    firsts: tuple[int, ...] = (),
) -> Mask:
    """Return which of the unclaimed lines continue the record before them: those that have no time of their own.

    parts: what was found, each with whether its records may have several lines. in_record: whether such a record is open
    where the chunk begins. firsts: the first lines of the sources of the chunk: a record never goes on in the next source.
    """
    found = left.copy()
    if not left.any() or not (in_record or any(multi_line for _, multi_line in parts)):
        found[:] = False
        return found
    # Of each line: 1 if it begins a record of several lines, 0 if another one, -1 if it begins none.
    begins = numpy.full(len(left) + 1, -1, numpy.int8)
    begins[0] = in_record
    for part, multi_line in parts:
        begins[part.line + 1] = begins[part.untimed + 1] = multi_line
        if multi_line:  # what is wrong with a record of its own, such as an invalid number in JSON
            found[[at for at, reason in part.reasons.items() if reason not in VAGUE]] = False
    last = numpy.maximum.accumulate(numpy.where(begins >= 0, numpy.arange(len(begins)), 0))
    found &= begins[last[1:]] == 1
    if firsts:  # `last` is from 1, so it is behind the first line of its source if that source has a record before the line
        counts = numpy.diff(numpy.append(firsts, len(left)))
        found &= last[1:] > numpy.repeat(numpy.array(firsts, numpy.int64), counts)
    which = numpy.flatnonzero(found)
    found[which] = ~pyarrow.compute.match_substring_regex(lines.texts(which), OWN_TIME).to_numpy(zero_copy_only=False)
    return found


def with_further_lines(
    lines: Lines,
    parts: Sequence[Found],
    continuation: Mask,
    columns: Columns,
    wanted: Collection[str],
    max_line_bytes: int,
) -> tuple[Columns, Integers]:
    """Return the records of some lines with what their further lines add, and with the text of whole records if wanted.

    Also returns the further lines, each with the number of its record, shape (n, 2).
    parts: in the order of the records. continuation: as `continuing` returns it.
    """
    is_asked = "text" in sought(wanted) or (isinstance(wanted, Wanted) and "text" in wanted.searched and continuation.any())
    is_text = is_asked and not {"text"} & {*columns.keys, *columns.numbers}
    if not columns.records or not (is_text or continuation.any()):
        return columns, NO_PAIRS
    line = numpy.concatenate([part.line for part in parts])
    owned = owned_lines(lines, line, continuation, max_line_bytes)
    further = numpy.bincount(owned[:, 1], minlength=len(line))
    last = line.copy()
    last[owned[:, 1]] = owned[:, 0]  # of several the last one stays
    order = numpy.argsort(line, kind="stable")
    searched = {}
    if is_text:
        texts = texts_between(lines, line[order], last[order])
        place = numpy.empty(len(order), numpy.int64)
        place[order] = numpy.arange(len(order))
        column = searchable(KeyColumn(texts, numpy.arange(len(order))))
        searched["text"] = KeyColumn(column.keys, column.index[place])
    if isinstance(wanted, Wanted) and "message" in wanted.searched and "message" in columns.keys and further.any():
        longer = order[further[order] > 0]
        rest = searchable(KeyColumn(texts_between(lines, line[longer] + 1, last[longer]), numpy.arange(len(longer))))
        searched["message"] = joined_at(columns.keys["message"], longer, rest)
    return replace(columns, further=further, searched=searched), owned


def owned_lines(lines: Lines, line: Integers, continuation: Mask, max_line_bytes: int) -> Integers:
    """Return the lines that continue a record, ascending, each with the number of the record, given its first line.

    Lines after a rejected one continue that one, and belong to no record.
    """
    number = numpy.full(len(lines), -1)
    number[line] = numpy.arange(len(line))
    opens = ~(continuation | blank_lines(lines))
    opener = numpy.maximum.accumulate(numpy.where(opens, numpy.arange(len(lines)), 0))
    which = numpy.flatnonzero(continuation)
    record = number[opener[which]]
    near = (record >= 0) & (lines.starts[which] - lines.starts[opener[which]] < max_line_bytes)
    return numpy.column_stack([which[near], record[near]])


def texts_between(lines: Lines, first: Integers, last: Integers) -> pyarrow.Array:
    """Return the text from one line to another one, for many, in ascending order."""
    texts = texts_of(lines.data, lines.starts[first], lines.ends[last])
    return pyarrow.compute.replace_substring(texts, b"\r\n", b"\n") if (lines.data == CR).any() else texts


def joined_at(column: KeyColumn, which: Integers, rest: KeyColumn) -> KeyColumn:
    """Return a column of text in which some records have more text, on lines of their own."""
    fronts = pyarrow.compute.fill_null(column.keys.take(arrow(column.index[which].astype(numpy.int64), pyarrow.int64())), "")
    behind = rest.keys.take(arrow(rest.index.astype(numpy.int64), pyarrow.int64()))
    return replaced_at(column, which, pyarrow.compute.binary_join_element_wise(fronts, behind, "\n"))


def replaced_at(column: KeyColumn, which: Integers, texts: pyarrow.Array) -> KeyColumn:
    """Return a column of text in which some records have other texts."""
    index = column.index.astype(numpy.int64)
    index[which] = len(column.keys) + numpy.arange(len(which))
    return KeyColumn(pyarrow.concat_arrays([column.keys, texts]), index)


def accounted(
    lines: Lines,
    parts: Sequence[Found],
    too_long: Mask,
    blank: Mask,
    continuation: Mask,
    otherwise: str,
    columns: Columns | None,
    order: str = "",
) -> Parsed:
    """Return a chunk's result with the account of its lines. Lines that nothing has claimed are rejected, with a reason.

    order: the order of day and month that was assumed.
    """
    rejected = ~(blank | continuation)
    zoneless = [part.line[part.zoneless] for part in parts if part.zoneless is not None]
    reasons: dict[int, str] = {}
    for part in parts:
        rejected[part.line] = rejected[part.aside] = False
        reasons |= dict.fromkeys(part.untimed.tolist(), "bad-time") | dict(part.reasons)
    at = numpy.flatnonzero(rejected)
    reasons |= dict.fromkeys(numpy.flatnonzero(too_long).tolist(), TOO_LONG)
    return Parsed(
        columns=columns,
        account=Account(
            lines=len(lines),
            records=columns.records if columns else 0,
            rejected=len(at),
            blank=int(blank.sum()),
            continuation=int(continuation.sum()) + sum(len(part.aside) for part in parts),
        ),
        rejected_lines=at,
        rejected_reasons=tuple(reasons.get(line, otherwise) for line in at.tolist()),
        rejected_bounds=numpy.column_stack([lines.starts[at], lines.ends[at]]).astype(numpy.int64),
        zoneless=any(len(found) for found in zoneless),
        undated=undated_times(parts),
        order=order if columns and columns.records else "",
        zoneless_lines=numpy.concatenate([no_lines(), *zoneless]),
        blank=blank,
    )


def parse_line_ends(data: Bytes) -> Parsed | None:
    """Return the account of a chunk of only line feeds, as decompression bombs hold; None for any other chunk."""
    if data[:1] != LF or not (data == LF).all():
        return None
    return Parsed(None, Account(lines=len(data), blank=len(data)), no_lines(), (), no_lines().reshape(0, 2))


def parse_unknown(data: Bytes, max_line_bytes: int) -> Parsed:
    """Return the account of whole lines whose format is unknown: all but the blank ones are rejected."""
    lines = plain_lines(data)
    too_long, blank = too_long_and_blank(lines, max_line_bytes)
    return accounted(lines, (), too_long, blank, numpy.zeros_like(blank), "unknown-format", None)


def undated_times(parts: Sequence[Found]) -> Integers | None:
    """Return the times without a year in the order of their lines, None if there are none."""
    masks = [(part, part.undated, part.time) for part in parts if part.undated is not None and part.time is not None]
    if not masks:
        return None
    lines = numpy.concatenate([part.line[mask] for part, mask, _ in masks])
    times: Integers = numpy.concatenate([time[mask] for _, mask, time in masks])
    order = numpy.argsort(lines, kind="stable")
    return times[order]
