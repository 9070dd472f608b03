"""Keys of two sides in one order, and their counts as matrices of keys and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.counting.rows import added, encoded
from logproc.model.columns import KeyColumn
from logproc.questions.fields.shapes import shape

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.reports.comparing.difference import Floats
    from logproc.reports.comparing.side import Keyed, Latencies

Entries = TypeVar("Entries", "Keyed", "Latencies")
MANY_ALIKE = 20
"""Of more paths than this with one shape, only the shape is compared: they are one page, with an identifier in each."""


class Pair(Struct, frozen=True):
    """Two sides with the same keys. rows: for each side, the place among `keys` of each of its own keys."""

    keys: pyarrow.Array
    sides: tuple[Keyed, Keyed]
    rows: tuple[Integers, Integers]

    @classmethod
    def of(cls, before: Keyed, after: Keyed) -> Pair:
        keys, codes = encoded([before.keys, after.keys])
        codes = codes.astype(numpy.int64)
        return cls(keys, (before, after), (codes[: len(before.keys)], codes[len(before.keys) :]))

    def sums(self, at: int) -> Integers:
        """Return how many records each key has on one side."""
        side, rows = self.sides[at], self.rows[at]
        return added(rows[side.row], len(self.keys), side.number)

    def known(self, at: int) -> Mask:
        """Return which keys one side says something about."""
        listed = numpy.zeros(len(self.keys), bool)
        listed[self.rows[at]] = True
        return listed | self.sides[at].complete

    def matrix(self, at: int, which: Integers, *, errors: bool = False) -> Floats:
        """Return the counts of some keys of one side by block, shape (keys, blocks)."""
        side = self.sides[at]
        number = side.errors if errors and side.errors is not None else side.number
        row, some = self.chosen(at, which)
        found = numpy.zeros((len(which), side.blocks))
        numpy.add.at(found, (row, side.block[some]), number[some])
        return found

    def chosen(self, at: int, which: Integers) -> tuple[Integers, Mask]:
        """Return which entries of one side are of some keys, as a mask, and the place of each of their keys in `which`."""
        place = numpy.full(len(self.keys), -1, numpy.int64)
        place[which] = numpy.arange(len(which))
        row = place[self.rows[at][self.sides[at].row]]
        some = row >= 0
        return row[some], some

    def outcomes(self, which: Integers) -> list[str]:
        """Return what most records of some keys are: those after, or if there are none, those before."""
        found = [""] * len(which)
        for at, side in enumerate(self.sides):
            if side.outcome is not None and len(side.outcomes):
                row, some = self.chosen(at, which)
                table = numpy.zeros((len(which), len(side.outcomes)), numpy.int64)
                numpy.add.at(table, (row, side.outcome[some]), side.number[some])
                most = zip(table.argmax(1).tolist(), table.sum(1).tolist(), strict=True)
                found = [side.outcomes[place] if number else old for old, (place, number) in zip(found, most, strict=True)]
        return found


def alike_together(paths: Sequence[pyarrow.Array]) -> list[pyarrow.Array]:
    """Return the paths of each side, those replaced by their shape of which there are many."""
    keys, codes = encoded(paths)
    shapes = shape(KeyColumn(keys, numpy.arange(len(keys))))
    many = numpy.bincount(shapes.index, minlength=len(shapes.keys)) > MANY_ALIKE
    of_each = shapes.keys.take(pyarrow.array(shapes.index)).cast(keys.type)
    replaced = pyarrow.compute.if_else(pyarrow.array(many[shapes.index]), of_each, keys)
    bounds = numpy.cumsum([len(part) for part in paths])[:-1]
    return [replaced.take(pyarrow.array(part)) for part in numpy.split(codes, bounds)]


def with_keys(counted: Entries, keys: pyarrow.Array) -> Entries:
    """Return counts whose keys have got other names, some of them the same."""
    distinct, code = encoded([keys])
    return replace(counted, keys=distinct, row=code.astype(numpy.int64)[counted.row])
