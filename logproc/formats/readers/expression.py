r"""Lines by one expression of RE2: the exact way of access logs, and the only one of syslog, of applications and of patterns.

RE2 is linear in the line whatever the expression is, and Arrow runs it over all lines of a chunk in one call that
releases the GIL. Only groups whose columns are wanted are captured.

RE2 is fast (about 250 MB/s) while each byte leaves one possible next state, and five to ten times slower otherwise. So
what may follow a message of any length has an expression of its own, and no expression counts (`.{0,64}`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import EMPTY, raw_fields
from logproc.formats.columns.slices import arrow, index_of, mask
from logproc.formats.raw import Field, Found, Reader, no_lines
from logproc.formats.readers.cost import longest_line
from logproc.formats.times.forms import TimeForm
from logproc.formats.times.fractions import nanos_of
from logproc.formats.times.reading import lacks_year, lacks_zone, seconds
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.formats.times.reading import Groups
    from logproc.model.arrays import Integers, Mask

GROUP = regex(r"\(\?P<(\w+)>")
TOO_LONG_FOR_IT = "too-long-for-pattern"
SUBSECOND = "subsecond"
READ_ALWAYS = ("minute", "second", "rest", "zone")
TIME_GROUPS = (*READ_ALWAYS, SUBSECOND)
"""The groups of a time. The last one is only captured where it is needed: nearly every line has another one."""


class Expression(Reader, frozen=True):
    """Lines that an expression fits.

    expression: anchored, for RE2 over bytes. Its named groups are fields (`level_2` is another place of `level`), but
        `minute`, `second`, `subsecond`, `rest` and `zone`, which are those of the form of `time`.
    further: an expression that is looked for anywhere in a line that fits; its groups are fields too. A message ends before it.
    head_bytes: if not 0, `further` is looked for in the first so many bytes of a line, and ends no message; without a group
        `message` the same goes for `expression`, and all of the line is its message.
    names: the fields of groups that are not called like them.
    untimed: what is looked for instead of `further` in lines without a time.
    limited: whether lines that would take too long with these expressions are not read (see cost).
    may_lack_time: whether there may be lines without a time.
    sums: fields that are the sum of others, with the names of these. Absent where one of these is.
    aside: an expression of lines about the log itself.
    """

    expression: str
    time: TimeForm | None = None
    further: str = ""
    head_bytes: int = 0
    names: tuple[tuple[str, str], ...] = ()
    limited: bool = False
    may_lack_time: bool = False
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    aside: str = ""
    untimed: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return (*(("time",) if self.time else ()), *self.raw)

    @property
    def raw(self) -> tuple[str, ...]:
        """The fields that the expressions capture, except for a time with a known form."""
        of_time = TIME_GROUPS if self.time else ()
        groups = [group for group in self.groups if group not in of_time]
        return tuple(dict.fromkeys([*map(self.field_of, groups), *(("message",) if self.head_bytes else ()), *dict(self.sums)]))

    @property
    def groups(self) -> list[str]:
        return GROUP.findall(self.expression + self.further)

    @property
    def longest(self) -> int:
        """How many bytes a line may have, 0 for any number. Found when a line is read: of all known formats it takes 10 ms."""
        return longest_line(self.expression, self.further) if self.limited else 0

    def field_of(self, group: str) -> str:
        return dict(self.names).get(group) or re.sub(r"_\d$", "", group)

    def fits(self, texts: pyarrow.Array) -> Mask:
        fits: Mask = matching(self.heads(texts), self.expression).fill_null(False).to_numpy(zero_copy_only=False)
        return fits

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return the lines that match; those with a time that does not exist are in `untimed`."""
        which = numpy.flatnonzero(left)
        fields = raw_fields(self.raw, {*wanted, "time"})
        texts = lines.texts(which)
        found = self.found_in(texts, fields, fractions=context.fractions)
        fits = found.is_valid().to_numpy(zero_copy_only=False)
        time, exists, zoneless, undated = self.times(found, context)
        good = fits & exists
        too_long = self.too_long(texts) if self.longest else numpy.zeros_like(fits)
        aside = (
            which[~fits][matching(texts.filter(mask(~fits)), self.aside).to_numpy(zero_copy_only=False)]
            if self.aside
            else no_lines()
        )
        if not good.all():
            found = found.take(arrow(numpy.flatnonzero(good), pyarrow.int64()))
        return Found(
            line=which[good],
            fields={name: Field(self.texts_of(found, name)) for name in fields},
            time=None if time is None else time[good],
            nanos=self.nanos(found),
            zoneless=zoneless[good] if zoneless is not None else None,
            undated=undated[good] if undated is not None else None,
            untimed=which[fits & ~exists],
            aside=aside,
            reasons=dict.fromkeys(which[too_long].tolist(), TOO_LONG_FOR_IT),
        )

    def heads(self, texts: pyarrow.Array) -> pyarrow.Array:
        """Return what the expressions are looked for in; null for a line that is too long for them."""
        too_long = self.too_long(texts) if self.longest else None
        if too_long is not None and too_long.any():
            texts = pyarrow.compute.if_else(mask(too_long), pyarrow.scalar(None, texts.type), texts)
        return self.cut(texts) if "(?P<message>" not in self.expression else texts

    def cut(self, texts: pyarrow.Array) -> pyarrow.Array:
        """Return the beginnings in which a level is searched for, or all of the texts."""
        return pyarrow.compute.binary_slice(texts, 0, self.head_bytes) if self.head_bytes else texts

    def too_long(self, texts: pyarrow.Array) -> Mask:
        # Compared in numpy, since Arrow looks for pandas whenever it makes a scalar of a number: 0.3 ms a call.
        found: Mask = pyarrow.compute.binary_length(texts).to_numpy(zero_copy_only=False) > self.longest
        return found

    def found_in(self, texts: pyarrow.Array, fields: Collection[str], *, fractions: bool = False) -> pyarrow.StructArray:
        """Return the groups of the time and of some fields for each line, null where the line does not match.

        fractions: whether the fraction of the time is one of them.
        """
        heads = self.heads(texts)
        added = {part for name, parts in self.sums if name in fields for part in parts}
        groups = frozenset(group for group in self.groups if self.field_of(group) in {*fields, *added})
        of_time = frozenset(TIME_GROUPS if fractions else READ_ALWAYS) if self.time else frozenset()
        found = extract(heads, narrowed(self.expression, groups | of_time))
        columns = {part.name: found.field(part.name) for part in found.type}
        if groups & set(GROUP.findall(self.further)):
            further = extract(self.cut(heads), narrowed(self.further, groups), rare=bool(self.head_bytes and not self.time))
            columns |= {part.name: further.field(part.name) for part in further.type}
            if self.untimed:
                columns |= self.untimed_in(heads, found.field("minute"), further, groups)
        if "message" in fields and "message" not in columns and self.head_bytes:
            columns["message"] = texts
        elif "message" in columns and self.further and not self.head_bytes:
            rest = narrowed(self.further, frozenset())
            columns["message"] = pyarrow.compute.replace_substring_regex(columns["message"], rest, "")
        parts = [pyarrow.field(name, column.type) for name, column in columns.items()]
        return pyarrow.StructArray.from_arrays(list(columns.values()), fields=parts, mask=found.is_null())

    def untimed_in(
        self, heads: pyarrow.Array, minutes: pyarrow.Array, further: pyarrow.StructArray, groups: frozenset[str]
    ) -> dict[str, pyarrow.Array]:
        """Return the groups of `further`, in lines without a time those of `untimed` instead."""
        lacking = pyarrow.compute.fill_null(pyarrow.compute.equal(minutes, EMPTY), True)
        if not pyarrow.compute.any(lacking).as_py():
            return {}
        other = spread(extract(heads.filter(lacking), narrowed(self.untimed, groups), rare=True), lacking)
        known = {part.name for part in other.type}
        return {
            part.name: pyarrow.compute.if_else(
                lacking, other.field(part.name) if part.name in known else None, further.field(part.name)
            )
            for part in further.type
        }

    def texts_of(self, found: pyarrow.StructArray, name: str) -> pyarrow.Array:
        """Return a field of the records: the first of its groups that is not empty, else an empty text."""
        if parts := dict(self.sums).get(name):
            return self.list_of([self.texts_of(found, part) for part in parts])
        first, *others = [found.field(group.name) for group in found.type if self.field_of(group.name) == name]
        texts = pyarrow.compute.fill_null(first, EMPTY)
        for other in others:
            texts = pyarrow.compute.if_else(pyarrow.compute.equal(texts, EMPTY), pyarrow.compute.fill_null(other, EMPTY), texts)
        return texts

    def list_of(self, parts: Sequence[pyarrow.Array]) -> pyarrow.Array:
        """Return the texts of several columns as a list, which as a number is their sum; an empty text where one is empty."""
        missing = functools.reduce(pyarrow.compute.or_, [pyarrow.compute.equal(part, EMPTY) for part in parts])
        texts = pyarrow.compute.binary_join_element_wise(*parts, pyarrow.scalar(b", ", pyarrow.binary()))
        return pyarrow.compute.if_else(missing, EMPTY, texts)

    def times(self, found: pyarrow.StructArray, context: Context) -> tuple[Integers | None, Mask, Mask | None, Mask | None]:
        """Return the time of each line, whether it exists (always true if the format has no time), and what it lacks.

        The last two are which times have no zone, and which no year; None if none can lack it.
        """
        return self.times_of({name: distinct(found.field(name)) for name in self.read_always}, len(found), context)

    @property
    def read_always(self) -> list[str]:
        """The groups of a time that are needed for its second."""
        return [group for group in READ_ALWAYS if f"(?P<{group}>" in self.expression] if self.time else []

    def times_of(
        self, groups: Groups, records: int, context: Context
    ) -> tuple[Integers | None, Mask, Mask | None, Mask | None]:
        """Return the same for so many lines, of each group of the time the distinct texts, and the index of each line."""
        if not self.time:
            return None, numpy.ones(records, bool), None, None
        time, exists = seconds(self.time, groups, context.reference_s, context.zone)
        texts, index = groups["minute"]
        absent = pyarrow.compute.equal(texts, EMPTY).to_numpy(zero_copy_only=False)  # where the expression does without
        lacking = (lacks(self.time, groups) for lacks in (lacks_zone, lacks_year))
        zoneless, undated = (None if mask is False else mask & exists for mask in lacking)
        return time, exists | absent[index], zoneless, undated

    def nanos(self, found: pyarrow.StructArray) -> Integers | None:
        """Return the billionths behind the seconds of some records, None if their groups have no fractions."""
        has = self.time and found.type.get_field_index(SUBSECOND) >= 0
        return nanos_of(found.field(SUBSECOND)) if has else None

    def times_in(self, texts: pyarrow.Array) -> int:
        """Return how many lines hold a time that exists."""
        times, *_ = self.times(self.found_in(texts, ()), Context())
        return 0 if times is None else int((times != NO_TIME).sum())


@cache
def narrowed(expression: str, groups: frozenset[str]) -> str:
    """Return an expression that captures only some of its groups. Capturing takes most of RE2's time."""
    return GROUP.sub(lambda match: match[0] if match[1] in groups else "(?:", expression)


def matching(texts: pyarrow.Array, expression: str) -> pyarrow.Array:
    """Return which texts contain a match, without capturing anything."""
    return pyarrow.compute.match_substring_regex(texts, narrowed(expression, frozenset()))


def extract(texts: pyarrow.Array, expression: str, *, rare: bool = False) -> pyarrow.StructArray:
    """Return the groups of an expression as a struct for each text, null where it does not match.

    rare: whether few texts match. Then the others are ruled out first, which needs no groups and is several times as fast.
    """
    if rare:
        matches = matching(texts, expression)
        count = pyarrow.compute.sum(matches).as_py() or 0
        if 2 * count < len(texts):
            matches = pyarrow.compute.fill_null(matches, False)
            return spread(extract(texts.filter(matches), expression), matches)
    if GROUP.search(expression):
        return pyarrow.compute.extract_regex(texts, pattern=expression)
    misfits = pyarrow.compute.invert(pyarrow.compute.match_substring_regex(texts, expression))
    return pyarrow.StructArray.from_arrays([], fields=[], mask=misfits)


def spread(found: pyarrow.StructArray, mask: pyarrow.Array) -> pyarrow.StructArray:
    """Return an array with an element for each of a mask, null where the mask is false. found: those where it is true."""
    place = pyarrow.compute.subtract(pyarrow.compute.cumulative_sum(mask.cast(pyarrow.int64())), 1)
    return found.take(pyarrow.compute.if_else(mask, place, None))


def distinct(texts: pyarrow.Array) -> tuple[pyarrow.Array, Any]:
    """Return the distinct texts and the index of each; null counts as empty."""
    found = pyarrow.compute.fill_null(texts, EMPTY).dictionary_encode()
    return found.dictionary, index_of(found)
