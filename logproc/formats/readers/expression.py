r"""Lines of text by one expression of RE2: syslog, the logs of applications, definitions and patterns of a user's own.

RE2 is linear in the line whatever the expression is, and Arrow runs it over all lines of a chunk in one call that
releases the GIL. Only groups whose columns are wanted are captured.

RE2 is quick (some 250 MB/s) as long as each byte leaves it one way to go on, and five to ten times slower where it has to
try. So what stands behind a message of any length, or anywhere, has an expression of its own, and none counts (`.{0,64}`).

A record of several lines (a traceback) is one record: the first line opens it, those that do not fit go on with it.
Whether a record may go on at the first line of a chunk is all that has to be known from before it: so such logs are
cut at any line, and the longest entry needs no memory.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import absent_once, columns_of, complete, raw_fields, times_of
from logproc.formats.columns.printable import key_column
from logproc.formats.columns.slices import arrow, index_of, texts_of
from logproc.formats.readers.access import TOO_LONG
from logproc.formats.readers.quotes import Lines, blank_lines, plain_lines
from logproc.formats.times.forms import TimeForm, seconds
from logproc.model import NO_TIME, Account, Context, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.model import Bytes, Integers, Mask

GROUP = re.compile(r"\(\?P<(\w+)>")
TIME_GROUPS = ("minute", "second", "rest", "zone")
LOOK_LINES = 4096
EMPTY, ABSENT = (pyarrow.scalar(text, pyarrow.binary()) for text in (b"", b"-"))
"""Made once: each time that Arrow has to make a value of Python its own, it looks whether there is pandas, 0.2 ms long."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A format of lines that one expression fits.

    expression: anchored, for RE2 over bytes. Its named groups are fields (`level_2` is another place of `level`), but
        `minute`, `second`, `rest` and `zone`, which are those of the form of `time`.
    further: an expression that is looked for anywhere in a line that fits; its groups are fields too. A message ends before it.
    head_bytes: if not 0, both are looked for in the first so many bytes of a line, and all of the line is its message.
    multi_line: whether what does not fit goes on with the record before it.
    names: the fields of groups that are not called like them. units: as in a Layout.
    empty_is_absent: whether a group that matched nothing is no field; otherwise it is an empty one.
    """

    name: str
    expression: str
    time: TimeForm | None = None
    summary: str = ""
    example: str = ""
    multi_line: bool = False
    further: str = ""
    head_bytes: int = 0
    names: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, int], ...] = ()
    empty_is_absent: bool = True
    open_fields: bool = field(default=False, init=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of its records."""
        return (*(("time",) if self.time else ()), *columns_of(self.raw))

    @property
    def raw(self) -> tuple[str, ...]:
        """The fields that the expressions find."""
        of_time = TIME_GROUPS if self.time else ()
        groups = [group for group in GROUP.findall(self.expression + self.further) if group not in of_time]
        return tuple(dict.fromkeys([*map(self.field_of, groups), *(("message",) if self.head_bytes else ())]))

    def field_of(self, group: str) -> str:
        """Return the field that a group holds."""
        return dict(self.names).get(group) or re.sub(r"_\d$", "", group)

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some lines: where one of them opens a record, it may go on in the next."""
        if not self.multi_line or context.in_record:
            return context
        lines = plain_lines(data)
        for start in range(0, len(lines.starts), LOOK_LINES):
            texts = texts_of(data, lines.starts[start : start + LOOK_LINES], lines.ends[start : start + LOOK_LINES])
            if (self.fits(texts) & (lines.ends - lines.starts <= max_line_bytes)[start : start + LOOK_LINES]).any():
                return replace(context, in_record=True)
        return context

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines open a record."""
        fits: Mask = matching(self.heads(texts), self.expression).to_numpy(zero_copy_only=False)
        return fits

    def heads(self, texts: pyarrow.Array) -> pyarrow.Array:
        """Return as much of each line as the expressions are looked for in."""
        return pyarrow.compute.binary_slice(texts, 0, self.head_bytes) if self.head_bytes else texts

    def found_in(self, texts: pyarrow.Array, fields: Collection[str]) -> pyarrow.StructArray:
        """Return the groups of the time and of some fields for each line, null where it does not fit."""
        heads = self.heads(texts)
        groups = frozenset(group for group in GROUP.findall(self.expression + self.further) if self.field_of(group) in fields)
        found = extract(heads, narrowed(self.expression, groups | (set(TIME_GROUPS) if self.time else frozenset())))
        columns = {part.name: found.field(part.name) for part in found.type}
        if groups & set(GROUP.findall(self.further)):
            further = extract(heads, narrowed(self.further, groups))
            columns |= {part.name: further.field(part.name) for part in further.type}
        if "message" in fields and self.head_bytes:
            columns["message"] = texts
        elif "message" in columns and self.further:
            rest = narrowed(self.further, frozenset())
            columns["message"] = pyarrow.compute.replace_substring_regex(columns["message"], rest, "")
        parts = [pyarrow.field(name, column.type) for name, column in columns.items()]
        return pyarrow.StructArray.from_arrays(list(columns.values()), fields=parts, mask=found.is_null())

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk of whole lines, the last one ended by LF."""
        lines = plain_lines(data)
        fields = raw_fields(self.raw, {*wanted, "time"})
        found = self.found_in(texts_of(data, lines.starts, lines.ends), fields)
        fits = found.is_valid().to_numpy(zero_copy_only=False)
        too_long = lines.ends - lines.starts > max_line_bytes
        opens = fits & ~too_long
        if not self.multi_line:
            opens &= ~blank_lines(data, lines)
        time, exists = self.times(found, fits, context)
        good = opens & exists
        records = numpy.flatnonzero(good)
        rows = found.take(arrow(records, pyarrow.int64())) if len(records) < len(found) else found
        raw = {name: self.column(rows, name) for name in fields}
        stamp = raw.pop("time", None)
        times = times_of(stamp, len(records), context) if stamp else time[records]
        columns = complete(raw, times, dict(self.units), wanted)
        sorted_out = Sorting(data, lines, opens, good, too_long, in_record=context.in_record, multi_line=self.multi_line)
        return sorted_out.parsed(columns.records, columns)

    def times_in(self, texts: pyarrow.Array) -> int:
        """Return how many lines have a time that exists. Most forms are in no line at all, which one look tells."""
        if not self.time or not pyarrow.compute.any(matching(self.heads(texts), self.time.expression)).as_py():
            return 0
        found = self.found_in(texts, ())
        times, _ = self.times(found, found.is_valid().to_numpy(zero_copy_only=False), Context())
        return int((times != NO_TIME).sum())

    def times(self, found: pyarrow.Array, fits: Mask, context: Context) -> tuple[Integers, Mask]:
        """Return the time of each line, and whether it exists, which it does where no time is to be read."""
        if not self.time:
            return numpy.full(len(fits), NO_TIME, numpy.int64), numpy.ones(len(fits), bool)
        names = [group for group in TIME_GROUPS if f"(?P<{group}>" in self.expression]
        groups = {name: encoded(found.field(name)) for name in names}
        time, exists = seconds(self.time, groups, context.reference_s, context.zone)
        texts, index = groups["minute"]
        absent = pyarrow.compute.equal(texts, EMPTY).to_numpy(zero_copy_only=False)  # where the expression does without
        return time, exists | absent[index]

    def column(self, found: pyarrow.Array, name: str) -> KeyColumn:
        """Return a field of the records: the first of its groups that is there."""
        parts = [found.field(group.name) for group in found.type if self.field_of(group.name) == name]
        texts = parts[0]
        for other in parts[1:]:
            texts = pyarrow.compute.if_else(pyarrow.compute.equal(texts, EMPTY), other, texts)
        dictionary, index = encoded(texts)
        if self.empty_is_absent:
            texts = pyarrow.compute.if_else(pyarrow.compute.equal(dictionary, EMPTY), ABSENT, dictionary)
            dictionary, index = absent_once(texts, index)
        return key_column(dictionary, index)


@dataclass(frozen=True, slots=True)
class Sorting:
    """What becomes of the lines of a chunk that are no records.

    opens: which lines fit and so open a record; good: which of these are records; too_long: which are over the limit.
    """

    data: Bytes
    lines: Lines
    opens: Mask
    good: Mask
    too_long: Mask
    in_record: bool = False
    multi_line: bool = False
    continues: Mask | None = None
    reasons: Mapping[int, str] = field(default_factory=dict)

    def parsed(self, records: int, columns: Any) -> Parsed:
        """Return the whole result: each line that is none of the others is rejected, with a reason."""
        blank, continuation = self.others()
        rejected = numpy.flatnonzero(~(self.good | blank | continuation))
        return Parsed(
            columns=columns,
            account=Account(
                lines=len(self.good),
                records=records,
                rejected=len(rejected),
                blank=int(blank.sum()),
                continuation=int(continuation.sum()),
            ),
            rejected_lines=rejected,
            rejected_reasons=tuple(map(self.reason, rejected.tolist())),
            rejected_bounds=numpy.column_stack([self.lines.starts[rejected], self.lines.ends[rejected]]).astype(numpy.int64),
        )

    def others(self) -> tuple[Mask, Mask]:
        """Return which lines are blank, and which go on with a record."""
        blank = blank_lines(self.data, self.lines) & ~self.opens & ~self.too_long
        continuation = numpy.zeros_like(self.good)
        if self.multi_line:
            begun = numpy.logical_or.accumulate(self.opens) | self.in_record
            continuation = begun & ~self.opens & ~self.too_long & ~blank
        if self.continues is not None:
            continuation |= self.continues & ~self.too_long & ~blank
        return blank, continuation

    def reason(self, line: int) -> str:
        """Return why a line is rejected."""
        if self.too_long[line]:
            return TOO_LONG
        if line in self.reasons:
            return self.reasons[line]
        if self.opens[line]:
            return "bad-time"
        return "no-record-start" if self.multi_line else "no-match"


@cache
def narrowed(expression: str, groups: frozenset[str]) -> str:
    """Return an expression that captures only some of its groups, which is what RE2 needs most of its time for."""
    return GROUP.sub(lambda match: match[0] if match[1] in groups else "(?:", expression)


def matching(texts: pyarrow.Array, expression: str) -> pyarrow.Array:
    """Return which texts an expression is found in, without capturing anything."""
    return pyarrow.compute.match_substring_regex(texts, narrowed(expression, frozenset()))


def extract(texts: pyarrow.Array, expression: str) -> pyarrow.StructArray:
    """Return the groups of an expression as a struct for each text, null where it does not fit."""
    if GROUP.search(expression):
        return pyarrow.compute.extract_regex(texts, pattern=expression)
    misfits = pyarrow.compute.invert(pyarrow.compute.match_substring_regex(texts, expression))
    return pyarrow.StructArray.from_arrays([], fields=[], mask=misfits)


def encoded(texts: pyarrow.Array) -> tuple[pyarrow.Array, Any]:
    """Return the distinct texts and the index of each; a text that is null has any index."""
    found = pyarrow.compute.fill_null(texts, EMPTY).dictionary_encode()
    return found.dictionary, index_of(found)
