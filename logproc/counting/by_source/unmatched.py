"""What a chunk has where no record passes the filters, for a report that is empty to say why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from logproc.model.columns import NO_TIME, KeyColumn
from logproc.questions.where.sought import sought

if TYPE_CHECKING:
    from logproc.questions.question import Question
    from logproc.questions.view import View

MOST_VALUES = 2000
"""More different values of a field are not kept: a user would not look through them either."""


class Unmatched(Struct, frozen=True):
    """All records of chunks of which none passes.

    first, last: the smallest and the largest time, None without times. values: of the fields that the filter compares with a
    text; None if there are too many.
    """

    records: int = 0
    first: int | None = None
    last: int | None = None
    values: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, view: View, question: Question) -> Unmatched:
        times = view.columns.time[view.columns.time != NO_TIME]
        first, last = (int(times.min()), int(times.max())) if len(times) else (None, None)
        names = {name for name, _ in sought(question.where.tree)} if question.where else ()
        return cls(view.columns.records, first, last, {name: values_of(view, name) for name in names})

    def __add__(self, other: Unmatched) -> Unmatched:
        firsts = [first for first in (self.first, other.first) if first is not None]
        lasts = [last for last in (self.last, other.last) if last is not None]
        both = {
            name: within(self.values.get(name, NONE), other.values.get(name, NONE)) for name in {*self.values, *other.values}
        }
        return Unmatched(self.records + other.records, min(firsts, default=None), max(lasts, default=None), both)


ALL_MATCHED = Unmatched()
NONE: frozenset[str] = frozenset()


def values_of(view: View, name: str) -> frozenset[str] | None:
    column = view.field(name)
    if not isinstance(column, KeyColumn):
        return NONE if column is None else None
    if len(column.keys) > MOST_VALUES:
        return None
    return frozenset(value for value in column.keys.to_pylist() if value is not None)


def within(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Return the union, None if one of the two, or the union, has too many values."""
    both = None if one is None or other is None else one | other
    return None if both is None or len(both) > MOST_VALUES else both
