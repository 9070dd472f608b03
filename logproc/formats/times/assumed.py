"""What was assumed about the times of a source: a zone where they have none, and a year.

Which year a time without one has follows from when the log was last changed, so it is never known to be right. What can be
known is when it is wrong: where times go back by a day or more from one record to the next, the log may be of more than a
year, or not in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.times.calendar import DAY_S

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import Parsed


class Stretch(Struct, frozen=True):
    """Times without a year in consecutive lines: the first and the last line, the times of the first and last record.

    goes_back: whether a time among them is a day or more before the one of the record before it.
    """

    first_line: int
    last_line: int
    first: int
    last: int
    goes_back: bool

    def joined(self, later: Stretch) -> Stretch:
        goes_back = self.goes_back or later.goes_back or self.last - later.first >= DAY_S
        return Stretch(self.first_line, later.last_line, self.first, later.last, goes_back)


class Assumed(Struct, frozen=True):
    """What was assumed in some lines of one source. Adding is associative and commutative.

    zone: whether any record has a time without a zone. years: the smallest and the largest time without a year, None for none.
    order: the order of day and month that was taken, "" if it is known.
    stretches: those times, in the order of their lines. Neighbours are one, so that there are few.
    """

    zone: bool = False
    years: tuple[int, int] | None = None
    stretches: tuple[Stretch, ...] = ()
    order: str = ""

    @classmethod
    def of_chunk(cls, parsed: Parsed, first_line: int, last_line: int) -> Assumed:
        times = parsed.undated
        if times is None or not len(times):
            return cls(parsed.zoneless, order=parsed.order)
        stretch = Stretch(first_line, last_line, int(times[0]), int(times[-1]), goes_back(times))
        return cls(parsed.zoneless, (int(times.min()), int(times.max())), (stretch,), parsed.order)

    def __add__(self, other: Assumed) -> Assumed:
        both = [years for years in (self.years, other.years) if years]
        years = (min(first for first, _ in both), max(last for _, last in both)) if both else None
        stretches = sorted((*self.stretches, *other.stretches), key=lambda stretch: stretch.first_line)
        return Assumed(self.zone or other.zone, years, tuple(connected(stretches)), max(self.order, other.order))

    def behind(self, lines: int) -> Assumed:
        """Return the same for lines that come behind so many others of the source."""
        moved = (replace(part, first_line=part.first_line + lines, last_line=part.last_line + lines) for part in self.stretches)
        return replace(self, stretches=tuple(moved))

    @property
    def goes_back(self) -> bool:
        """Whether the times without a year are not in order, so that their years may be wrong."""
        pairs = pairwise(self.stretches)
        return any(part.goes_back for part in self.stretches) or any(a.joined(b).goes_back for a, b in pairs)


NOTHING_ASSUMED = Assumed()


def goes_back(times: Integers) -> bool:
    return bool((times[:-1] - times[1:] >= DAY_S).any())


def connected(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Yield stretches in order, those without a line between them as one."""
    before: Stretch | None = None
    for stretch in stretches:
        if before and before.last_line + 1 < stretch.first_line:
            yield before
            before = None
        before = before.joined(stretch) if before else stretch
    if before:
        yield before
