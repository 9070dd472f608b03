"""Continuation lines inside an envelope: a record that takes several lines of the outer log, such as a traceback.

A continuation line belongs to the last record of its own program: the same container, pod, stream or process. At most NEAR
lines of other programs may be in between, so that a source can be cut into chunks without looking far ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.account import VAGUE
from logproc.formats.columns.slices import arrow
from logproc.formats.times.own_time import COLOURS, OWN_TIME

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.formats.raw import Found
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Columns

IDENTITY = frozenset(
    (
        *("file", "filename", "host", "hostname", "program", "pid", "stream", "unit"),
        *("pod", "pod_name", "pod_id", "container", "container_name", "container_id", "docker_id", "namespace_name"),
        *("_hostname", "_pid", "_systemd_unit", "syslog_identifier"),
    )
)
"""The fields of an outer format that say whose line it is; those of JSON may be inside of an object."""
NEAR = 16
"""How many lines after the last one of its program a line may still continue that program's record."""
BEGINNINGS = (
    r"\s|at |Caused by: |Traceback \(|\.\.\. \d+ |goroutine \d+|Stack trace:|#\d+ |[})\]]"
    r"|(?:[A-Za-z_][\w$]*[.:\\]+)*[A-Z][\w$]*(?:Error|Exception|Warning|Interrupt)(?::| |$)"
)
"""How continuation lines begin: the frames of a traceback, the name of an exception, closing brackets."""
BEGINNINGS_INSIDE = (
    r"$|#01[12]|\S+\.rb:\d+:in |[{(\[]\s*$|During handling of the above |The above exception was |Suppressed: |Wrapped by: "
    r"|created by |(?:[\w.-]+/)*[\w-]+(?:\.\(\*\w+\))?(?:\.[\w-]+)+\(.*\)$|stack backtrace:|note: run with `RUST_BACKTRACE"
    r"|exit status \d+$|(?:[A-Za-z_]\w*\.)+[A-Z]\w*(?:: |:?$)|(?:Stop(?:Async)?Iteration|SystemExit|GeneratorExit)(?:: |$)"
)
"""How more of them begin inside an envelope: empty lines, what syslog makes of a TAB, calls in Go, opening brackets,
Python's words between tracebacks, and names of errors that end in any word.
"""
CONTINUATION = rf"^{COLOURS}(?:{BEGINNINGS})"
CONTINUATION_INSIDE = rf"^{COLOURS}(?:{BEGINNINGS}|{BEGINNINGS_INSIDE})"

Identity = tuple[str | None, ...]
Open = tuple[tuple[Identity, int], ...]
"""The programs whose last record may go on, each with how many lines ago its last line was."""


class Continuations(Struct, frozen=True):
    """Which records of an outer format continue a record before them.

    line: of each outer record its line, ascending, shape (n,), as of all arrays. joined: whether it continues a record.
    opener: the number of the record that it is part of: its own if it is not joined, -1 if that is before the first line.
    order: the records of each program one after the other; last: where in `order` the last one of each program is.
    is_open: whether another line may continue it. previous: the record before it of the same program, -1 for none.
    asks: whether it would continue a record before the first line. names: the fields that say whose line it is.
    """

    line: Integers
    joined: Mask
    opener: Integers
    order: Integers
    last: Integers
    is_open: Mask
    previous: Integers
    asks: Mask
    names: tuple[str, ...]

    def safe(self, lines: int) -> Mask:
        """Return at which records a source may be cut: no line from there on continues a record before, as far as is known.

        lines: how many there are. Behind them there may be more.
        """
        unsafe = numpy.zeros(len(self.line) + 1, numpy.int64)
        inside = numpy.flatnonzero(self.joined & (self.previous >= 0))
        numpy.add.at(unsafe, self.previous[inside] + 1, 1)
        numpy.add.at(unsafe, inside + 1, -1)
        from_before = numpy.flatnonzero(self.asks)
        unsafe[0] += len(from_before)
        numpy.add.at(unsafe, from_before + 1, -1)
        ends = self.order[self.last]
        waiting = ends[self.is_open[ends] & (lines - self.line[ends] <= NEAR)]
        numpy.add.at(unsafe, waiting + 1, 1)
        found: Mask = (numpy.cumsum(unsafe)[:-1] == 0) & ~self.joined & ~self.asks
        return found

    def open_behind(self, columns: Columns, records: Integers, lines: int, before: Open) -> tuple[Open, bool]:
        """Return which programs have an open record behind so many lines, and whether that is sure without those before.

        columns, records, before: as `continuations` takes them.
        """
        ends = self.order[self.last]
        ends = ends[lines - self.line[ends] <= NEAR]
        is_open = ends[self.is_open[ends]]
        found = zip(identities(columns, records[is_open], self.names), (lines - self.line[is_open]).tolist(), strict=True)
        seen = set(identities(columns, records[ends], self.names)) if before else set()
        kept = [(name, ago + lines) for name, ago in before if ago + lines <= NEAR and name not in seen]
        return (*kept, *found), not (self.opener[ends] < 0).any()


def continuations(
    line: Integers,
    columns: Columns,
    records: Integers,
    names: tuple[str, ...],
    opens: Mask,
    goes_on: Mask,
    before: Open | None,
    *,
    in_parts: bool = False,
) -> Continuations:
    """Return which outer records continue a record before them.

    line: of each outer record its line, ascending. columns: their outer fields; records: of each its number in them.
    names: of the fields that say whose line it is. opens: whether further lines may belong to it. goes_on: whether it looks
    like a further line itself.
    before: the programs that have an open record above the first line; None if that is not known: then each may have.
    in_parts: whether any line may be a further part of one before, which does not show.
    """
    whose = owners(columns, records, names)
    order = numpy.argsort(whose, kind="stable")
    count = len(order)
    first = numpy.ones(count, bool)
    first[1:] = numpy.diff(whose[order]) != 0
    previous = numpy.where(first, -1, numpy.roll(order, 1))
    far = numpy.zeros(count, bool)
    far[1:] = numpy.diff(line[order]) > NEAR
    asks = (goes_on[order] | (in_parts and before is None)) & first & (line[order] < NEAR)
    goes_on = goes_on.copy()
    goes_on[order[asks]] = True
    # Of each record in `order`: 1 if it opens a record of several lines, 0 if not, -1 if it continues what is before it.
    state = numpy.where(goes_on[order], -1, opens[order].astype(numpy.int8))
    state[(state < 0) & (first | far)] = 0
    state[asks] = continues(identities(columns, records[order[asks]], names), line[order[asks]], before)
    at = numpy.maximum.accumulate(numpy.where(state >= 0, numpy.arange(count), 0))
    is_open = state[at] == 1
    joined = goes_on[order] & is_open
    opener = numpy.where(joined, numpy.where(goes_on[order[at]], -1, order[at]), order)
    last = numpy.flatnonzero(numpy.append(first[1:], [True] * min(count, 1)))
    place = numpy.empty_like(order)
    place[order] = numpy.arange(count)  # back to the order of the lines
    return Continuations(line, joined[place], opener[place], order, last, is_open[place], previous[place], asks[place], names)


def continues(whose: list[Identity], line: Integers, before: Open | None) -> list[int]:
    """Return 1 for each record whose program has an open one near enough above the first line, else 0."""
    if not before:
        return [int(before is None)] * len(whose)
    ago = dict(before)
    return [int(at + ago.get(name, NEAR + 1) <= NEAR) for name, at in zip(whose, line.tolist(), strict=True)]


def identity_of(fields: Sequence[str]) -> tuple[str, ...]:
    """Return which fields of an outer format say whose line it is."""
    return tuple(name for name in fields if name.rpartition(".")[2].lower() in IDENTITY)


def owners(columns: Columns, records: Integers, names: Sequence[str]) -> Integers:
    """Return a number for each record, the same for those of the same program."""
    found = numpy.zeros(len(records), numpy.int64)
    for column in (columns.keys[name] for name in names if name in columns.keys):
        if len(column.keys) > 1:
            found = found * len(column.keys) + column.index[records]
            found = numpy.unique(found, return_inverse=True)[1].reshape(-1)  # so that the product stays small
    return found


def identities(columns: Columns, records: Integers, names: Sequence[str]) -> list[Identity]:
    """Return whose lines some records are."""
    rows: list[list[str | None]] = []
    for name in names:
        column = columns.keys.get(name)
        places = None if column is None else arrow(column.index[records].astype(numpy.int64), pyarrow.int64())
        rows.append([None] * len(records) if column is None else column.keys.take(places).to_pylist())
    return list(zip(*rows, strict=True)) if rows else [()] * len(records)


def opening_and_continuing(lines: Lines, parts: Sequence[tuple[Found, bool]], left: Mask) -> tuple[Mask, Mask]:
    """Return which messages open a record of several lines, and which look like a continuation of one.

    lines: the messages. parts: what an inner format found in them. left: which it did not claim.
    A message that no inner format claims, and that does not look like a continuation, is a record of the outer format. It
    may have continuation lines.
    """
    opens = numpy.ones(len(lines), bool)
    goes_on = left.copy()
    for part, multi_line in parts:
        opens[part.line] = multi_line
        goes_on[part.untimed] = False
        goes_on[[at for at, reason in part.reasons.items() if reason not in VAGUE]] = False
    which = numpy.flatnonzero(goes_on)
    texts = lines.texts(which)
    goes_on[which] = found = matches(texts, CONTINUATION_INSIDE)
    which = which[found]
    goes_on[which] = ~matches(lines.texts(which), OWN_TIME)
    return opens, goes_on


def matches(texts: pyarrow.Array, expression: str) -> Mask:
    found: Mask = pyarrow.compute.match_substring_regex(texts, expression).to_numpy(zero_copy_only=False)
    return found
