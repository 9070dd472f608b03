"""Which parts are merged: neighbours, so many at a time, until one is left.

A chain would merge the last part with everything before it; here each key of a part is merged as often as the tree has levels.
Neighbours stay neighbours: the numbers of lines in a later range of a file depend on how many came before it.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

FAN = 8
"""How many are merged at a time. More are fewer tasks, but all of them are in the memory of one worker at once."""
Result = TypeVar("Result")


class Place(Struct, frozen=True):
    """A place in a tree."""

    level: int
    number: int

    @property
    def above(self) -> Place:
        return Place(self.level + 1, self.number // FAN)


class Tree(Generic[Result]):
    """What is there of a tree, by place: its level from 0 for the leaves, and its number in it. For one thread."""

    def __init__(self, leaves: int) -> None:
        self.counts = [leaves]
        while self.counts[-1] > 1:
            self.counts.append(-(-self.counts[-1] // FAN))
        self.there: dict[Place, Result] = {}

    def add(self, place: Place, result: Result) -> bool:
        """Add a result; return whether all that are to be merged into `place.above` are there now.

        What a result was merged from is forgotten when the result is there, and not before: it may be lost until then.
        """
        for child in self.children(place):
            self.there.pop(child, None)
        self.there[place] = result
        return not self.is_root(place) and all(child in self.there for child in self.children(place.above))

    def children(self, place: Place) -> list[Place]:
        """Return the places of what is merged into the one at a place, in their order."""
        first, below = FAN * place.number, place.level - 1
        return [Place(below, at) for at in range(first, min(first + FAN, self.counts[below]))] if place.level else []

    def is_root(self, place: Place) -> bool:
        return place.level == len(self.counts) - 1

    def in_order(self) -> list[Held[Result]]:
        """Return what is there, in the order of the leaves."""
        leaves = self.counts[0]
        held = (
            Held(at.number * FAN**at.level, min((at.number + 1) * FAN**at.level, leaves), result)
            for at, result in self.there.items()
        )
        return sorted(held, key=lambda one: one.first)


class Held(Struct, Generic[Result], frozen=True):
    """A result with the leaves that it is of, from the first to the one behind the last."""

    first: int
    behind: int
    result: Result
