"""A log inside a log: what docker, Kubernetes, syslog or `grep` put round the lines of other programs.

The outer format reads each line, and the inner one reads what the outer one calls the message. A record has the fields of
both; where both have one, such as the time, it is the inner one. What the inner format does not claim is a record of the
outer one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.account import Opened, joined_at, parsed, too_long_and_blank
from logproc.formats.columns.fields import Wanted, asks_for_others, either, sought
from logproc.formats.columns.lines import Lines, blank_lines, plain_lines
from logproc.formats.columns.printable import searchable
from logproc.formats.columns.slices import arrow, offsets_and_data
from logproc.formats.engine import LOOK_LINES, Format
from logproc.formats.envelopes.continuation import Continuations, Open, continuations, identity_of, opening_and_continuing
from logproc.formats.envelopes.split_lines import TAG, are_parts, glued, heads_of, with_whole_messages
from logproc.formats.mixed import Mixed, stacked
from logproc.formats.raw import Found, no_lines
from logproc.model.columns import NO_TIME, Columns, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.chunk import Context

MESSAGE = "message"
PAYLOAD = "payload"
"""What a format calls the log in its lines if it has a message besides."""


class Messages(Struct, frozen=True):
    """The messages of a chunk as lines, and what the inner format found in them.

    lines, columns: those of the outer format. line: of each outer record its line, ascending; order: its number in the columns.
    texts: the messages. inner: the same as lines. found, inner_columns: what is in them. left: which are not claimed.
    heads: of each the one that its line begins in (see `split_lines`). may_go_on: which are only a part of a line.
    """

    lines: Lines
    columns: Columns
    line: Integers
    order: Integers
    texts: pyarrow.Array
    inner: Lines
    found: list[tuple[Found, bool]]
    inner_columns: Columns
    left: Mask
    heads: Integers
    may_go_on: Mask

    @property
    def is_further_part(self) -> Mask:
        found: Mask = self.heads != numpy.arange(len(self.heads))
        return found


class Envelope(Struct, frozen=True):
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
    def shown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.outer.shown, *self.inner.shown]))

    @property
    def open_fields(self) -> bool:
        return self.outer.open_fields or self.inner.open_fields

    @property
    def multi_line(self) -> bool:
        return self.outer.multi_line or self.inner.multi_line

    @property
    def by_line(self) -> bool:
        """False: a record may go on behind lines of other programs, and so in another source."""
        return False

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines: that of the outer format, and whose records are open in the inner one.

        Only the last lines matter, unless the records in them are longer.
        """
        before, context = context, self.outer.follow(context, data, max_line_bytes)
        if not self.joins:
            return context
        lines = plain_lines(data)
        count, is_sure = LOOK_LINES, False
        while not is_sure:
            first = max(0, len(lines) - count)
            some = data[lines.starts[first] :]
            found = self._messages(some, before, max_line_bytes)
            known = before.open_records if first == 0 else None
            behind, is_sure = self._continuations(found, known).open_behind(
                found.columns, found.order, len(found.lines), known or ()
            )
            is_sure |= first == 0
            count *= 8
        return replace(context, open_records=behind)

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines a source may be cut between records, in ascending order."""
        if not self.joins:
            return self.outer.starts(data, context, max_line_bytes)
        found = self._messages(data, context, max_line_bytes)
        parts = self._continuations(found, None)
        positions: Integers = found.lines.starts[parts.line[parts.safe(len(found.lines))]].astype(numpy.int64)
        return positions

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return the wanted columns of a chunk of whole lines, and the account of all its lines."""
        lines = self.outer.lines(data)
        claim = partial(self.outer.claimed, lines, wanted=with_needed(wanted, self.needed), context=context)
        opened = partial(self._opened, lines, wanted=wanted, context=context, max_line_bytes=max_line_bytes)
        return parsed(lines, claim, context, wanted, max_line_bytes, opened=opened)

    @property
    def joins(self) -> bool:
        """Whether records may be spread over several lines of the outer format."""
        return self.inner.multi_line or self.outer.in_parts

    @property
    def whole_records(self) -> bool:
        """Whether chunks must begin with a record: a part of a line says nothing."""
        return self.outer.in_parts

    @property
    def needed(self) -> tuple[str, ...]:
        """The outer fields that are always needed: the message, and whose line it is if that matters."""
        return (carried_by(self.outer), *self.identity, *([TAG] if self.outer.in_parts else []))

    @property
    def identity(self) -> tuple[str, ...]:
        return identity_of(self.outer.fields) if self.joins else ()

    def _messages(self, data: Bytes, context: Context, max_line_bytes: int) -> Messages:
        """Return the messages of some whole lines."""
        lines = self.outer.lines(data)
        too_long, blank = too_long_and_blank(lines, max_line_bytes)
        parts, columns = self.outer.claimed(lines, ~(too_long | blank), set(self.needed), context)
        return self._read([part for part, _ in parts], lines, columns, (), context, max_line_bytes)

    def _read(
        self,
        parts: list[Found],
        lines: Lines,
        columns: Columns,
        wanted: Collection[str],
        context: Context,
        max_line_bytes: int,
    ) -> Messages:
        """Return the messages of outer records, and what the inner format finds in them."""
        line = together([part.line for part in parts])
        order: Integers = numpy.argsort(line, kind="stable")
        texts = lines_of_messages(self.outer, parts, order)
        starts = lines.starts[line[order]].astype(numpy.int64)
        heads = heads_of(line[order], starts, columns, order, self.identity, max_line_bytes)
        if self.outer.in_parts and (heads != numpy.arange(len(heads))).any():
            texts = glued(texts, heads)
        inner = self.inner.lines(joined_lines(texts))
        left = ~blank_lines(inner)
        found, inner_columns = self.inner.claimed(inner, left, wanted, replace(context, in_record=False))
        if carried_by(self.outer) == MESSAGE:  # a line without a payload says something besides
            left |= blank_lines(inner)
        may_go_on = are_parts(columns, order)
        return Messages(lines, columns, line[order], order, texts, inner, found, inner_columns, left, heads, may_go_on)

    def _continuations(self, messages: Messages, before: Open | None) -> Continuations:
        opens, goes_on = opening_and_continuing(messages.inner, messages.found, messages.left)
        if not self.inner.multi_line:
            opens[:] = goes_on[:] = False
        opens |= messages.may_go_on
        goes_on |= messages.is_further_part
        of, in_parts = (messages.line, messages.columns, messages.order, self.identity), self.outer.in_parts
        return continuations(*of, opens, goes_on, before, in_parts=in_parts)

    def _opened(
        self, lines: Lines, parts: list[Found], outer: Columns, wanted: Collection[str], context: Context, max_line_bytes: int
    ) -> Opened:
        """Return the columns of the records, with what is in their messages, and the lines that continue one of them."""
        messages = self._read(parts, lines, outer, wanted, context, max_line_bytes)
        if messages.is_further_part.any():
            heads = numpy.unique(messages.heads[messages.is_further_part])
            texts = messages.texts.take(arrow(heads, pyarrow.int64()))
            outer = with_whole_messages(outer, messages.order[heads], texts, carried_by(self.outer))
        line = together([part.line for part, _ in messages.found])
        of: Integers = messages.order[line]  # the outer record of each inner one
        rest = numpy.ones(outer.records, bool)
        rest[of] = False
        further = no_lines()
        parted = None
        if self.joins and messages.left.any():
            found = self._continuations(messages, context.open_records)
            further = messages.line[found.joined]
            rest[messages.order[found.joined]] = False
            parted = found if found.joined.any() else None
        if asks_for_others(wanted) and TAG not in {*self.outer.fields, *sought(wanted)}:
            outer = without(outer, TAG)  # a mark of the reader, not a field of the log
        kept = [both(without(outer, carried_by(self.outer)).take(of), messages.inner_columns), outer.keep(rest)]
        columns = stacked([part for part in kept if part.records]) if len(of) or rest.any() else outer.keep(rest)
        rows = numpy.concatenate([of, numpy.flatnonzero(rest)])
        number = numpy.full(outer.records, -1)
        number[rows] = numpy.arange(len(rows))
        if parted is not None:
            columns = with_joined(columns, number, messages, parted, wanted, max_line_bytes)
        return Opened(columns, rows, number, further)


def with_needed(wanted: Collection[str], needed: Collection[str]) -> Collection[str]:
    """Return what is wanted of the outer records, with what is always needed."""
    return Wanted(frozenset({*wanted, *needed}), others=asks_for_others(wanted))


def together(lines: Sequence[Integers]) -> Integers:
    return numpy.concatenate([no_lines(), *lines])


def with_joined(
    columns: Columns, number: Integers, messages: Messages, found: Continuations, wanted: Collection[str], max_line_bytes: int
) -> Columns:
    """Return the records with what is in their continuation lines.

    number: of each outer record that begins a record the number of that one; gets those of the records that continue it. What
    begins further behind than `max_line_bytes` is not part of it.
    """
    starts = messages.lines.starts[messages.line]
    near = found.joined & (found.opener >= 0)
    near &= starts - starts[numpy.maximum(found.opener, 0)] < max_line_bytes
    members = numpy.flatnonzero(near)
    members = members[numpy.argsort(found.opener[members], kind="stable")]
    openers, firsts, counts = numpy.unique(found.opener[members], return_index=True, return_counts=True)
    if not len(openers):
        return columns
    which, of = number[messages.order[openers]], messages.order[members]
    number[of] = numpy.repeat(which, counts)
    further = numpy.zeros(columns.records, numpy.int64) if columns.further is None else columns.further.copy()
    further[which] += counts
    if messages.columns.further is not None:
        further[which] += numpy.add.reduceat(messages.columns.further[of], firsts)
    searched = dict(columns.searched)
    if "text" in searched:
        text = messages.columns.searched["text"]
        texts = text.keys.take(arrow(text.index[of].astype(numpy.int64), pyarrow.int64()))
        searched["text"] = joined_at(searched["text"], which, in_groups(texts, counts))
    if isinstance(wanted, Wanted) and "message" in wanted.searched and "message" in columns.keys:
        of_text = members[~messages.is_further_part[members]]  # the others are in the first line already
        openers, counts = numpy.unique(found.opener[of_text], return_counts=True)
        rest = searchable(in_groups(messages.texts.take(arrow(of_text, pyarrow.int64())), counts))
        longer = number[messages.order[openers]]
        searched["message"] = joined_at(searched.get("message") or columns.keys["message"], longer, rest)
    return replace(columns, further=further, searched=searched)


def in_groups(texts: pyarrow.Array, counts: Integers) -> KeyColumn:
    """Return texts joined as lines, so many each time."""
    offsets = numpy.concatenate([[0], numpy.cumsum(counts)]).astype(numpy.int32)
    groups = pyarrow.ListArray.from_arrays(arrow(offsets, pyarrow.int32()), texts)
    separator = pyarrow.scalar(b"\n", texts.type) if pyarrow.types.is_binary(texts.type) else "\n"
    return KeyColumn(pyarrow.compute.binary_join(groups, separator), numpy.arange(len(counts)))


def lines_of_messages(outer: Format, parts: list[Found], order: Integers) -> pyarrow.Array:
    """Return the messages of the records of a chunk, in the order of their lines; line ends within one are blanks."""
    filled = [part for part in parts if len(part.line)]
    if not filled:
        return pyarrow.array([], pyarrow.binary())
    column = outer.found_in(carried_by(outer), filled)
    texts = column.keys.take(arrow(column.index[order].astype(numpy.int64), pyarrow.int64()))
    if pyarrow.compute.any(pyarrow.compute.match_substring(texts, "\n")).as_py():
        texts = pyarrow.compute.replace_substring(texts, "\n", " ")
    return texts


def joined_lines(texts: pyarrow.Array) -> Bytes:
    """Return texts as lines."""
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
