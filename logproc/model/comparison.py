"""The result of comparing two logs or reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

What = Literal["appeared", "vanished", "rose", "fell", "same"]


class Compared(Struct, frozen=True):
    """One of the two that are compared.

    name: as the user named it. of: `log` or `report`. first, last: seconds since 1970, None without times.
    blocks: the parts of its time that its variance was estimated from; 1 if it could not be.
    """

    name: str
    of: Literal["log", "report"]
    records: int
    first: int | None
    last: int | None
    blocks: int

    @property
    def seconds(self) -> int:
        return 0 if self.first is None or self.last is None else self.last - self.first


class Change(Struct, frozen=True):
    """How one number differs.

    kind: what the number is: `share` of a key among all records; `errors`: the share of errors among the records of a key;
    `p50`, `p95`, `p99` of durations in seconds; `rate` in records per second.
    field, key: what it is of: a path, a message by its shape …; of all records both are "". outcome: what most of the key's
    records are: the level of a message, the status class of a path.
    before, after: the numbers; None if they are not known. counts: the records they are made of, before and after.
    chance: the probability that logs which do not differ would show at least such a difference; None if that cannot be said.
    error: the standard error of the difference, relative for a rate or a duration; degrees_of_freedom: those of the error.
    found: whether it counts as a finding. alone: whether it would if it were the only question.
    """

    kind: str
    field: str
    key: str
    what: What
    before: float | None
    after: float | None
    counts: tuple[int | None, int | None]
    chance: float | None
    found: bool = False
    alone: bool = False
    outcome: str = ""
    error: float | None = None
    degrees_of_freedom: float = 0.0


class Comparison(Struct, frozen=True):
    """All that a comparison shows.

    overall: the numbers of all records, whether they changed or not. findings: the changes that are more than chance; those of
    keys, not of all records. tested: how many differences were looked at. rate: the share of false findings that is
    allowed. smallest: the least changes that would have been found in nine of ten cases, by what they are of.
    unknown: by field, how many keys could not be compared, because a report does not list them.
    unsure: keys that are only after, which may be chance: they are not findings, but conditions name them.
    notes: what else a reader must know.
    """

    before: Compared
    after: Compared
    overall: tuple[Change, ...]
    findings: tuple[Change, ...]
    tested: int
    rate: float
    smallest: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unsure: tuple[Change, ...] = ()
