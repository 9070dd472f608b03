"""A chunk of an access log → columns: the fast way for the lines it takes, the exact way for the others.

lines ─ cut at the quotes (delimited) ─┬─ fits ──────────────→ slices ─┐
                                       └─ else ─ match (pattern) ──────┴→ encode → Columns
                                                      └─ no ─→ rejected, with a reason
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.formats import delimited, pattern
from logproc.formats.delimited import Lines, lines_of
from logproc.formats.request import request_columns
from logproc.formats.shown import key_column
from logproc.formats.slices import Slices, encode
from logproc.model import Account, Columns, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.formats.layout import Layout
    from logproc.model import Bytes, Integers

TOO_LONG = "line-too-long"
STATUSES = pyarrow.array([f"{status:03}" for status in range(1000)])


def parse(data: Bytes, layout: Layout | None, max_line_bytes: int) -> Parsed:
    """Parse a chunk of whole lines, the last one ended by LF. Without a layout no line fits."""
    lines = lines_of(data, 2 * len(layout.quoted) if layout else 0)
    left = numpy.ones(len(lines.starts), bool)
    left[lines.ends - lines.starts > max_line_bytes] = False
    cut = None
    if layout:
        cut = delimited.cut(data, layout, lines)
        cut.narrow(left[cut.line])
        left[cut.line] = False
    rest = read_exactly(data, lines, numpy.flatnonzero(left), layout)
    rest.reject(numpy.flatnonzero(lines.ends - lines.starts > max_line_bytes), TOO_LONG)
    columns = to_columns(layout, cut, rest.records) if layout and cut is not None else None
    return rest.parsed(lines, columns)


def parse_exactly(data: Bytes, layout: Layout, max_line_bytes: int) -> Parsed:
    """Parse a chunk by the exact way alone: what `parse` must be equal to, for any bytes."""
    lines = lines_of(data, 0)
    too_long = lines.ends - lines.starts > max_line_bytes
    rest = read_exactly(data, lines, numpy.flatnonzero(~too_long), layout)
    rest.reject(numpy.flatnonzero(too_long), TOO_LONG)
    nothing = delimited.cut(data[:0], layout, lines_of(data[:0], 0))
    return rest.parsed(lines, to_columns(layout, nothing, rest.records))


class Rest:
    """What the exact way made of the lines it was given."""

    def __init__(self) -> None:
        self.records: list[pattern.Fields] = []
        self.rejected: list[tuple[int, str]] = []
        self.blank = 0

    def reject(self, lines: Integers, reason: str) -> None:
        """Reject lines by their positions."""
        self.rejected += [(int(line), reason) for line in lines]

    def parsed(self, lines: Lines, columns: Columns | None) -> Parsed:
        """Return the result for the whole chunk."""
        self.rejected.sort()
        at = numpy.array([line for line, _ in self.rejected], numpy.int64)
        return Parsed(
            columns=columns,
            account=Account(
                lines=len(lines.starts),
                records=columns.records if columns else 0,
                rejected=len(self.rejected),
                blank=self.blank,
            ),
            rejected_lines=at,
            rejected_reasons=tuple(reason for _, reason in self.rejected),
            rejected_bounds=numpy.column_stack([lines.starts[at], lines.ends[at]]),
        )


def read_exactly(data: Bytes, lines: Lines, which: Integers, layout: Layout | None) -> Rest:
    """Read lines one by one, in Python."""
    rest = Rest()
    for line in which.tolist():
        text = lines.text(data, line)
        found = pattern.match(layout, text) if layout else "unknown-format"
        if isinstance(found, pattern.Fields):
            rest.records.append(found)
        elif pattern.is_blank(text):
            rest.blank += 1
        else:
            rest.rejected.append((line, found))
    return rest


def to_columns(layout: Layout, cut: delimited.Cut, records: list[pattern.Fields]) -> Columns:
    """Join what both ways read into columns."""
    empty = Slices(numpy.empty(0, numpy.uint8), delimited.NOWHERE, delimited.NOWHERE)
    slices = cut.slices if len(cut) else {}

    def distinct(name: str) -> tuple[pyarrow.Array, Any]:
        return encode(slices.get(name, empty), [record.text[name] for record in records])

    def numbers(name: str) -> Integers:
        parts = [cut.numbers[name]] if len(cut) else []
        return numpy.concatenate([*parts, numpy.array([int(getattr(record, name)) for record in records], numpy.int64)])

    keys = {name: key_column(*distinct(name)) for name in layout.text_columns}
    requests, malformed = request_columns(*distinct("request"))
    keys |= requests
    keys["status"] = KeyColumn(STATUSES, numbers("status"))
    return Columns(len(cut) + len(records), numbers("time"), numbers("bytes"), keys, malformed)
