"""The quick reader of lines with an expression: it cuts those that fit at single bytes, where the expression allows that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy

from logproc.formats.columns.fields import raw_fields
from logproc.formats.columns.slices import Slices, encoded, texts_of
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.cuts import Cuts, cuts_of, fitting
from logproc.formats.readers.expression import SUBSECOND, Expression
from logproc.formats.times.fractions import nanos_of

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.model.arrays import Integers, Mask
    from logproc.model.chunk import Context


class CutLines(Reader, frozen=True):
    """Takes all lines that fit an expression whose wanted groups can be found by cuts, and none of another one."""

    exact: Expression

    @property
    def fields(self) -> tuple[str, ...]:
        return self.exact.fields

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        fields = raw_fields(self.exact.raw, {*wanted, "time"})
        cuts, groups = self.cuts(fields, fractions=context.fractions)
        if not cuts:
            return Found()
        which = fitting(lines, numpy.flatnonzero(left), self.exact.fits)
        found = cuts.slices(lines, which, groups.values())
        of_time = {group: encoded([found[group]]) for group in self.exact.read_always}
        time, exists, zoneless, undated = self.exact.times_of(of_time, len(which), context)
        return Found(
            line=which[exists],
            fields={name: Field(found[groups[name]].keep(exists)) for name in fields},
            time=None if time is None else time[exists],
            nanos=nanos_in(found[SUBSECOND].keep(exists)) if SUBSECOND in groups and self.exact.time else None,
            zoneless=zoneless[exists] if zoneless is not None else None,
            undated=undated[exists] if undated is not None else None,
            untimed=which[~exists],
        )

    def cuts(self, fields: Collection[str], *, fractions: bool) -> tuple[Cuts | None, Mapping[str, str]]:
        """Return the cuts that find some fields, and the group that each of these is; None if there are none.

        fractions: whether the fraction of the time is needed.
        """
        exact = self.exact
        of_time = [*exact.read_always, *([SUBSECOND] if fractions and exact.time and SUBSECOND in exact.groups else [])]
        groups = [group for group in exact.groups if exact.field_of(group) in fields]
        several = len(groups) != len(fields) or exact.head_bytes or (exact.further and "message" in fields)
        if several or not (cuts := cuts_of(exact.expression)) or not {*groups, *of_time} <= cuts.groups.keys():
            return None, {}
        return cuts, {exact.field_of(group): group for group in groups} | {group: group for group in of_time}


def nanos_in(slices: Slices) -> Integers:
    return nanos_of(texts_of(slices.data, slices.starts, slices.ends))
