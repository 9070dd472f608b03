"""A log inside a log: what docker, Kubernetes, syslog or `grep` put round the lines of other programs.

The outer format reads each line, and the inner one reads what the outer one calls the message. A record has the fields of
both; where both have one, such as the time, it is the inner one. What the inner format does not claim is a record of the
outer one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.account import parsed
from logproc.formats.columns.fields import either
from logproc.formats.columns.lines import blank_lines
from logproc.formats.columns.slices import arrow, offsets_and_data
from logproc.formats.engine import Format
from logproc.formats.mixed import Mixed, stacked
from logproc.formats.raw import Found
from logproc.model.columns import NO_TIME, Columns, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers
    from logproc.model.chunk import Context

MESSAGE = "message"
PAYLOAD = "payload"
"""What a format calls the log in its lines if it has a message besides."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An outer format, and the format of its messages. Frozen, so threads can share it."""

    outer: Format
    inner: Format | Mixed

    @property
    def name(self) -> str:
        return f"{self.outer.name} > {self.inner.name}"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.outer.fields, *self.inner.fields]))

    @property
    def open_fields(self) -> bool:
        return self.outer.open_fields or self.inner.open_fields

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines, as the outer format has it."""
        return self.outer.follow(context, data, max_line_bytes)

    @property
    def multi_line(self) -> bool:
        return self.outer.multi_line

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines the outer records begin, in ascending order."""
        return self.outer.starts(data, context, max_line_bytes)

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return the wanted columns of a chunk of whole lines, and the account of all its lines."""
        lines = self.outer.lines(data)
        claim = partial(self.outer.claimed, lines, wanted={*wanted, carried_by(self.outer)}, context=context)
        opened = partial(self._opened, wanted=wanted, context=context)
        return parsed(lines, claim, context, wanted, max_line_bytes, opened=opened)

    def _opened(self, parts: list[Found], outer: Columns, wanted: Collection[str], context: Context) -> Columns:
        """Return the columns of the outer records, with what is in their messages."""
        order = numpy.argsort(numpy.concatenate([part.line for part in parts if len(part.line)]), kind="stable")
        data = lines_of_messages(self.outer, parts, order)
        inner_context = replace(context, in_record=False)
        lines = self.inner.lines(data)
        found, inner = self.inner.claimed(lines, ~blank_lines(lines), wanted, inner_context)
        line = numpy.concatenate([numpy.empty(0, numpy.int64), *(part.line for part, _ in found)])
        of = order[line]  # the outer record of each inner one
        rest = numpy.ones(outer.records, bool)
        rest[of] = False
        kept = [both(without(outer, carried_by(self.outer)).take(of), inner), outer.keep(rest)]
        return stacked([part for part in kept if part.records])


def lines_of_messages(outer: Format, parts: list[Found], order: Integers) -> Bytes:
    """Return the messages of the records of a chunk as lines, in the order of their lines; line ends within one are blanks."""
    column = outer.found_in(carried_by(outer), [part for part in parts if len(part.line)])
    texts = column.keys.take(arrow(column.index[order].astype(numpy.int64), pyarrow.int64()))
    if pyarrow.compute.any(pyarrow.compute.match_substring(texts, "\n")).as_py():
        texts = pyarrow.compute.replace_substring(texts, "\n", " ")
    _, data = offsets_and_data(pyarrow.compute.binary_join_element_wise(texts, pyarrow.scalar(b"", pyarrow.binary()), b"\n"))
    return numpy.ascontiguousarray(data)


def carried_by(outer: Format) -> str:
    """Return the name of the field that holds the lines of the inner log."""
    return PAYLOAD if PAYLOAD in outer.fields else MESSAGE


def without(columns: Columns, field: str) -> Columns:
    keys = {name: column for name, column in columns.keys.items() if name != field}
    searched = {name: column for name, column in columns.searched.items() if name != field}
    return replace(columns, keys=keys, searched=searched)


def both(outer: Columns, inner: Columns) -> Columns:
    """Return the fields of the same records from both formats, the inner ones first."""
    keys = {**outer.keys, **inner.keys}
    for name in outer.keys.keys() & inner.keys.keys():
        if inner.keys[name].keys.null_count:
            keys[name] = either(inner.keys[name], outer.keys[name])
    return Columns(
        records=inner.records,
        time=numpy.where(inner.time == NO_TIME, outer.time, inner.time),
        nanos=nanos_of_both(outer, inner),
        keys={name: column for name, column in keys.items() if name not in inner.numbers},
        numbers={**{name: column for name, column in outer.numbers.items() if name not in inner.keys}, **inner.numbers},
        malformed=inner.malformed,
        unread_time=inner.unread_time if inner.unread_time is not None else outer.unread_time,
        further=outer.further,
        searched=outer.searched,
    )


def nanos_of_both(outer: Columns, inner: Columns) -> Integers | None:
    """Return the billionths behind the seconds that `both` takes: a time is never put together from two."""
    if outer.nanos is None and inner.nanos is None:
        return None
    none = numpy.zeros(inner.records, numpy.int64)
    of_outer, of_inner = (none if part.nanos is None else part.nanos for part in (outer, inner))
    nanos: Integers = numpy.where(inner.time == NO_TIME, of_outer, of_inner)
    return nanos
