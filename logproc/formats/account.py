"""The account of a chunk's lines: each is in a record, rejected with a reason, blank, or goes on with a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow.compute

from logproc.formats.columns.lines import LF, Lines, blank_lines, plain_lines
from logproc.formats.raw import Found, no_lines
from logproc.model.columns import Account, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.columns import Columns

TOO_LONG = "line-too-long"
VAGUE = frozenset({"no-match", "bad-json"})
"""Reasons that any text has that is not a record."""
DAY_IN_ACCESS_LOG = r"\d{2}/[A-Z][a-z]{2}/\d{4}"
OWN_TIME = (
    r"^(?:\s*\{\s*[\"']|[\[({<\"']{0,2}(?:\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:|\d{4}/\d{2}/\d{2} \d{2}:"
    rf"|{DAY_IN_ACCESS_LOG}[: ]\d{{2}}:|(?:[A-Z][a-z]{{2}} )?[A-Z][a-z]{{2}} [ \d]\d \d{{2}}:\d{{2}}:\d{{2}})"
    rf"|[0-9A-Za-z.:-]+ \S+ [^\[]*\[{DAY_IN_ACCESS_LOG}:\d{{2}}:)"
)
"""What a line that begins with a time looks like, and one of an access log. Such a line is a record of its own."""


def continuing(lines: Lines, parts: Sequence[tuple[Found, bool]], left: Mask, *, in_record: bool) -> Mask:
    """Return which of the unclaimed lines go on with the record before them: those that have no time of their own.

    parts: what was found, each with whether its records may have several lines. in_record: whether such a record is open
    where the chunk begins.
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
        if multi_line:  # what is wrong with a record of its own, such as a number in JSON that is none
            found[[at for at, reason in part.reasons.items() if reason not in VAGUE]] = False
    last = numpy.maximum.accumulate(numpy.where(begins >= 0, numpy.arange(len(begins)), 0))
    found &= begins[last[1:]] == 1
    which = numpy.flatnonzero(found)
    found[which] = ~pyarrow.compute.match_substring_regex(lines.texts(which), OWN_TIME).to_numpy(zero_copy_only=False)
    return found


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
        zoneless=any(marked(part.zoneless).any() for part in parts),
        undated=undated_times(parts),
        order=order if columns and columns.records else "",
    )


def parse_line_ends(data: Bytes) -> Parsed | None:
    """Return the account of a chunk of only line feeds, as decompression bombs hold; None for any other chunk."""
    if data[:1] != LF or not (data == LF).all():
        return None
    return Parsed(None, Account(lines=len(data), blank=len(data)), no_lines(), (), no_lines().reshape(0, 2))


def parse_unknown(data: Bytes, max_line_bytes: int) -> Parsed:
    """Return the account of whole lines whose format is unknown: all but the blank ones are rejected."""
    lines = plain_lines(data)
    too_long = lines.ends - lines.starts > max_line_bytes
    blank = blank_lines(lines) & ~too_long
    return accounted(lines, (), too_long, blank, numpy.zeros_like(blank), "unknown-format", None)


def marked(mask: Mask | None) -> Mask:
    return numpy.zeros(0, bool) if mask is None else mask


def undated_times(parts: Sequence[Found]) -> Integers | None:
    """Return the times without a year in the order of their lines, None if there are none."""
    masks = [(part, part.undated, part.time) for part in parts if part.undated is not None and part.time is not None]
    if not masks:
        return None
    lines = numpy.concatenate([part.line[mask] for part, mask, _ in masks])
    times: Integers = numpy.concatenate([time[mask] for _, mask, time in masks])
    order = numpy.argsort(lines, kind="stable")
    return times[order]
