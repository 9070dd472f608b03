"""Who is merged with whom: neighbours, so many at a time, until one is left.

A chain would merge the last part with everything before it; here each key of a part is merged as often as the tree has levels.
Neighbours stay neighbours: the numbers of lines in a later range of a file depend on how many came before it.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

FAN = 8
"""How many are merged at a time. More are fewer tasks, but all of them are in the memory of one worker at once."""
Result = TypeVar("Result")


class Tree(Generic[Result]):
    """What is there of a tree, by place: its level from 0 for the leaves, and its number in it. For one thread."""

    def __init__(self, leaves: int) -> None:
        self.counts = [leaves]
        while self.counts[-1] > 1:
            self.counts.append(-(-self.counts[-1] // FAN))
        self.there: dict[tuple[int, int], Result] = {}

    def add(self, place: Place, result: Result) -> list[Result]:
        """Add a result; return those that are now to be merged into `place.above`, none if others of them are missing.

        What a result was merged from is forgotten when the result is there, and not before: it may be lost until then.
        """
        level, number = place.level, place.number
        for below in range(FAN * number, FAN * (number + 1) if level else 0):
            self.there.pop((level - 1, below), None)
        self.there[level, number] = result
        if level == len(self.counts) - 1:
            return []
        first = number // FAN * FAN
        places = [(level, at) for at in range(first, min(first + FAN, self.counts[level]))]
        return [self.there[at] for at in places] if all(at in self.there for at in places) else []

    def is_root(self, place: Place) -> bool:
        return place.level == len(self.counts) - 1

    def in_order(self) -> list[Held[Result]]:
        """Return what is there, in the order of the leaves."""
        leaves = self.counts[0]
        held = (
            Held(number * FAN**level, min((number + 1) * FAN**level, leaves), result)
            for (level, number), result in self.there.items()
        )
        return sorted(held, key=lambda one: one.first)


class Held(Struct, Generic[Result], frozen=True):
    """A result with the leaves that it is of, from the first to the one behind the last."""

    first: int
    behind: int
    result: Result


class Place(Struct, frozen=True):
    """A place in a tree."""

    level: int
    number: int

    @property
    def above(self) -> Place:
        return Place(self.level + 1, self.number // FAN)
