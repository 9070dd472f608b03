"""A chunk that holds many small sources → what is known of each of them.

The chunk was parsed and counted once. What belongs to which source follows from the lines: source k has those from
`parts.lines[k]` on. So each number of all sources together is one call of `bincount` over the sources of its lines, however
many sources there are, and Python only runs where a source has something rare: rejected lines, odd bytes, unread values.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy
from msgspec.structs import replace

from logproc.counting.by_source.source_tally import SourceTally, Unread, rejected
from logproc.formats.account import TOO_LONG
from logproc.formats.columns.odd_bytes import NONE_ODD, OddLines, has_odd_bytes, odd_lines
from logproc.formats.times.assumed import NOTHING_ASSUMED, Assumed
from logproc.model.columns import NO_TIME, REJECTED_SAMPLES, Account
from logproc.model.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logproc.model.arrays import Integers, Mask
    from logproc.model.chunk import Chunk, Parts
    from logproc.model.columns import Columns, Parsed, Rejected
    from logproc.questions.question import Question

NO_REASONS: Mapping[str, int] = {}
NOTHING_UNREAD: Mapping[tuple[str, str], int] = {}


def can_split(parsed: Parsed) -> bool:
    """Return whether a parsed chunk of many sources tells what belongs to which.

    The year of a time without one follows from when its own file was changed, and so from more than the chunk.
    """
    return parsed.record_lines is not None and parsed.blank is not None and parsed.undated is None


def split(
    chunk: Chunk, parts: Parts, parsed: Parsed, columns: Columns | None, kept: Mask | None, unread: Unread, question: Question
) -> dict[int, SourceTally]:
    """Return what is known of each source of a chunk.

    columns: all records of the chunk. kept: which of them pass the filters, None for all.
    """
    number = len(parts.sources)
    of_record = source_of(parts, parsed.record_lines) if parsed.record_lines is not None else numpy.empty(0, numpy.int64)
    accounts = accounts_of(parts, parsed, columns, of_record, kept)
    nothing = numpy.empty(0, numpy.int64)
    untimed = numpy.bincount(nothing if columns is None else of_record[columns.time == NO_TIME], minlength=number).tolist()
    seen = fields_seen(columns, of_record, number)
    assumed = assumptions(parts, parsed, of_record)
    found = {
        source: SourceTally(account, NO_REASONS, (), NONE_ODD, NOTHING_UNREAD, without_time, of_times, fields)
        for source, account, without_time, of_times, fields in zip(parts.sources, accounts, untimed, assumed, seen, strict=True)
    }
    rare = rejections(chunk, parts, parsed, question)
    odd = odd_sources(chunk, parts, parsed)
    missed = unread_of(parts, of_record, unread)
    for source in {*rare, *odd, *missed}:
        reasons, sample = rare.get(source, (NO_REASONS, ()))
        unread_values = missed.get(source, NOTHING_UNREAD)
        found[source] = replace(
            found[source], reasons=reasons, sample=sample, odd=odd.get(source, NONE_ODD), unread=unread_values
        )
    return found


def source_of(parts: Parts, lines: Integers) -> Integers:
    """Return in which of the parts some lines are."""
    found: Integers = numpy.searchsorted(parts.lines, lines, side="right") - 1
    return found


def accounts_of(parts: Parts, parsed: Parsed, columns: Columns | None, of_record: Integers, kept: Mask | None) -> list[Account]:
    """Return the account of each source. Together they are that of the chunk, or InternalError is raised."""
    number = len(parts.sources)
    lines = numpy.diff(parts.lines)
    records = numpy.bincount(of_record, minlength=number)
    refused = numpy.bincount(source_of(parts, parsed.rejected_lines), minlength=number)
    is_blank = numpy.zeros(0, bool) if parsed.blank is None else parsed.blank
    blank = numpy.bincount(source_of(parts, numpy.flatnonzero(is_blank)), minlength=number)
    continuation = lines - records - refused - blank
    filtered = numpy.zeros(number, numpy.int64)
    if continuation.min() < 0 or continuation.sum() != parsed.account.continuation or records.sum() != parsed.account.records:
        raise InternalError(f"the accounts of {number} sources do not add up to {parsed.account}")
    if kept is not None and columns is not None:
        left_out = of_record[~kept]
        filtered = numpy.bincount(left_out, minlength=number)
        records = records - filtered
        if columns.further is not None:  # further lines of a filtered record are filtered, too
            further = numpy.zeros(number, numpy.int64)
            numpy.add.at(further, left_out, columns.further[~kept])
            filtered, continuation = filtered + further, continuation - further
    rows = numpy.column_stack([lines, records, refused, blank, filtered, continuation]).tolist()
    return [Account(*row) for row in rows]


def fields_seen(columns: Columns | None, of_record: Integers, number: int) -> list[frozenset[str]]:
    """Return the fields that each source has a value of. Most have the same ones, and share one set."""
    if columns is None:
        return [frozenset()] * number
    has_record = numpy.bincount(of_record, minlength=number) > 0
    has = []
    for column in columns.keys.values():
        present = has_record
        if column.keys.null_count:
            is_there = column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
            present = numpy.bincount(of_record[is_there], minlength=number) > 0
        has.append(present)
    names, sets = tuple(columns.keys), dict[bytes, frozenset[str]]()
    table = numpy.array(has, bool).reshape(len(has), number).T
    rows = [row.tobytes() for row in table]
    for row in set(rows):
        sets[row] = frozenset([*(name for name, is_there in zip(names, row, strict=True) if is_there), *columns.numbers])
    return [sets[row] for row in rows]


def assumptions(parts: Parts, parsed: Parsed, of_record: Integers) -> list[Assumed]:
    """Return what was assumed about the times of each source. Few differ, so they share the answers."""
    number = len(parts.sources)
    if not parsed.zoneless and not parsed.order:
        return [NOTHING_ASSUMED] * number
    zoneless = numpy.empty(0, numpy.int64) if parsed.zoneless_lines is None else parsed.zoneless_lines
    zone = numpy.bincount(source_of(parts, zoneless), minlength=number) > 0
    ordered = (numpy.bincount(of_record, minlength=number) > 0) & bool(parsed.order)
    answers = {
        (without_zone, with_order): Assumed(without_zone, order=parsed.order if with_order else "")
        for without_zone in (False, True)
        for with_order in (False, True)
    }
    return [answers[key] for key in zip(zone.tolist(), ordered.tolist(), strict=True)]


def rejections(
    chunk: Chunk, parts: Parts, parsed: Parsed, question: Question
) -> dict[int, tuple[Counter[str], tuple[Rejected, ...]]]:
    """Return for each source with rejected lines why they were, and the first of them."""
    if not len(parsed.rejected_lines):
        return {}
    bounds = numpy.searchsorted(parsed.rejected_lines, parts.lines).tolist()
    found = {}
    for at in numpy.flatnonzero(numpy.diff(bounds)).tolist():
        first, end = bounds[at], bounds[at + 1]
        sample = tuple(
            rejected(chunk, parsed, position, question) for position in range(first, min(end, first + REJECTED_SAMPLES))
        )
        found[parts.sources[at]] = Counter(parsed.rejected_reasons[first:end]), sample
    return found


def odd_sources(chunk: Chunk, parts: Parts, parsed: Parsed) -> dict[int, OddLines]:
    """Return for each source with bytes that do not belong in text how many lines have some."""
    if not has_odd_bytes(chunk.data):
        return {}
    too_long = parsed.bounds_of(TOO_LONG)
    starts = parts.starts.tolist()
    found = {}
    for at, source in enumerate(parts.sources):
        data = chunk.data[starts[at] : starts[at + 1]]
        if has_odd_bytes(data):
            inside = too_long[(too_long[:, 0] >= starts[at]) & (too_long[:, 0] < starts[at + 1])] - starts[at]
            found[source] = odd_lines(data, inside)
    return found


def unread_of(parts: Parts, of_record: Integers, unread: Unread) -> dict[int, dict[tuple[str, str], int]]:
    """Return for each source with unread values how many, by the field and the reason."""
    found: dict[int, dict[tuple[str, str], int]] = {}
    for key, records in unread.items():
        counts = numpy.bincount(of_record[records], minlength=len(parts.sources))
        for at in numpy.flatnonzero(counts).tolist():
            found.setdefault(parts.sources[at], {})[key] = int(counts[at])
    return found
