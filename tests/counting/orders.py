"""Records split into parts, and the parts merged in a random order."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy
from hypothesis import strategies as st

SIZE = 4
"""How many rows the result has."""
INDEX = st.integers(-1, SIZE)
"""The row of a record within its part, which has one row more than the result: two of them go to one."""
ROWS = st.permutations([*range(SIZE), 0]).map(lambda rows: numpy.array(rows, numpy.int64))
"""Where the rows of a part go."""
KINDS = st.sampled_from([numpy.int32, numpy.int64])
"""The types of an index."""

Measured = TypeVar("Measured")


def index_of(rows: Sequence[int], kind: Any = numpy.int64) -> Any:
    """Return the rows of records as an index."""
    return numpy.array(rows, kind)


def result_rows(index: Sequence[int], rows: Any) -> list[int]:
    """Return the rows of the result that the records of a part belong to, -1 for none."""
    return [int(rows[row]) if row >= 0 else -1 for row in index]


def merged(
    merge: Callable[[Sequence[Measured], Sequence[Any], int], Measured],
    parts: Sequence[tuple[Measured, Any]],
    size: int,
    random_: random.Random,
) -> Measured:
    """Merge all parts, each with the places of its rows, in random groups and order."""
    parts = list(parts)
    random_.shuffle(parts)
    while len(parts) > 1:
        at, length = random_.randrange(len(parts)), random_.randint(2, 3)
        group, parts = parts[at : at + length], parts[:at] + parts[at + length :]
        both = merge([part for part, _ in group], [rows for _, rows in group], size), numpy.arange(size)
        parts.insert(random_.randrange(len(parts) + 1), both)
    return merge([part for part, _ in parts], [rows for _, rows in parts], size)
