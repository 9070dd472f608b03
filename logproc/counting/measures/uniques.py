"""How many distinct texts each row has: exact up to a limit, estimated by HyperLogLog above it.

Flajolet, Fusy, Gandouet, Meunier: "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007, as
implemented in Apache DataSketches. Whether a row is exact depends only on its final number of texts: that number never
shrinks, so a part above the limit means that the whole is above it.

By default the library's results would depend on the order of merging, or be wrong, in three ways:

- An unmerged sketch is estimated by the order of its updates (the HIP estimator), a merged one by its registers. So every
  sketch is merged, if need be with itself, before it is kept.
- A sketch begins as a list of hashes and becomes registers later. Here it has registers from the start, so the same texts
  give the same bytes.
- It ignores the empty text, which counts here.

The library hashes the UTF-8 bytes with a fixed seed, so every process gets the same result.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy
import pyarrow
from msgspec import Struct

from logproc.counting.rows import counted, distinct, encoded, joined, rows_of, selected, weight_of
from logproc.formats.columns.slices import arrow

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import KeyColumn

EXACT_MOST = 10_000
"""Up to this many distinct texts of a row are kept, and so counted exactly."""
LOG_REGISTERS = 15
STANDARD_ERROR = 1.04 / math.sqrt(2**LOG_REGISTERS)
"""The relative standard error of an estimate: 0.57 %."""
SKETCH_WEIGHT = 1000
"""The entries that take as much memory as a sketch: 32 KiB of registers against about 32 bytes for a text and its row."""
EMPTY = "\0"
"""Replaces the empty text in a sketch. Keys never contain it."""


class Uniques(Struct, frozen=True):
    """The distinct texts of each row.

    row, value: one entry for each pair of row and text, sorted by row. sketches: the registers, as bytes, of rows above the
    limit, which have no entries.
    """

    size: int
    row: Integers
    value: pyarrow.Array
    sketches: Mapping[int, bytes]

    @classmethod
    def count(cls, column: KeyColumn, index: Integers, size: int, *, exact_most: int = EXACT_MOST) -> Self:
        """Return the texts of each row. index: the row of each record, -1 for none. Null texts do not count."""
        present = column.keys.is_valid().to_numpy(zero_copy_only=False)
        kept = counted(index, present[column.index] if column.keys.null_count else None)
        return cls._limited(size, index[kept], column.index[kept].astype(numpy.int64), column.keys, {}, exact_most)

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int, *, exact_most: int = EXACT_MOST) -> Self:
        """Return the texts of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        sketches: dict[int, list[bytes]] = defaultdict(list)
        for part, to in zip(parts, rows, strict=True):
            for at, registers in part.sketches.items():
                sketches[int(to[at])].append(registers)
        keys, index = encoded([part.value for part in parts] or [pyarrow.array([], pyarrow.string())])
        row = joined([to[part.row] for part, to in zip(parts, rows, strict=True)])
        return cls._limited(size, row, index, keys, sketches, exact_most)

    @classmethod
    def _limited(
        cls,
        size: int,
        row: Integers,
        index: Integers,
        keys: pyarrow.Array,
        sketches: Mapping[int, Sequence[bytes]],
        exact_most: int,
    ) -> Self:
        """Return the texts of rows, as sketches above the limit. index: the text of each entry, as its place in `keys`."""
        codes, _ = distinct(row * numpy.int64(len(keys)) + index)  # one integer for each pair of row and text, sorted
        row, index = numpy.divmod(codes, max(len(keys), 1))
        above = numpy.bincount(row, minlength=size) > exact_most
        above[list(sketches)] = True
        registers = {
            at: united(sketches.get(at, ()), taken(keys, index[rows_of(row, at)]).to_pylist())
            for at in numpy.flatnonzero(above).tolist()
        }
        exact = ~above[row]
        return cls(size, row[exact], taken(keys, index[exact]), registers)

    def select(self, rows: Integers) -> Self:
        """Return these rows, each given once, in this order."""
        order, row = selected(self.row, rows, self.size)
        sketches = {new: self.sketches[old] for new, old in enumerate(rows.tolist()) if old in self.sketches}
        return type(self)(len(rows), row, taken(self.value, order), sketches)

    @property
    def weight(self) -> int:
        """How many entries it holds, with long texts and sketches counted by the memory they take."""
        return weight_of(len(self.row), self.value) + SKETCH_WEIGHT * len(self.sketches)

    def numbers(self) -> Integers:
        """Return how many distinct texts each row has. Rows with a sketch are estimates with STANDARD_ERROR."""
        found = numpy.bincount(self.row, minlength=self.size).astype(numpy.int64)
        for row, registers in self.sketches.items():
            found[row] = round(sketch_from(registers).get_estimate())
        return found


def taken(keys: pyarrow.Array, index: Integers) -> pyarrow.Array:
    return keys.take(arrow(index, pyarrow.int64()))


def united(sketches: Sequence[bytes], texts: Sequence[str]) -> bytes:
    """Return the registers of sketches and texts together, not both empty. The same texts give the same bytes."""
    if len(sketches) == 1 and not texts:
        return sketches[0]
    import datasketches

    union, new = datasketches.hll_union(LOG_REGISTERS), sketch_of(texts)
    for sketch in (new, new, *map(sketch_from, sketches)):  # merged with itself: see the module's docstring
        union.update(sketch)
    return bytes(union.get_result(datasketches.tgt_hll_type.HLL_8).serialize_compact())


def sketch_of(texts: Iterable[str]) -> Any:
    """Return a sketch of texts.

    Takes 0.1 µs per text with the GIL held, and less than that to convert it to Python. A loop lets other threads have the GIL;
    `deque(map(update, texts))` does not, and is not faster.
    """
    import datasketches

    # HLL_4 would take half the memory, but unions use HLL_8 inside: merging one takes 24 µs instead of 290.
    sketch = datasketches.hll_sketch(LOG_REGISTERS, datasketches.tgt_hll_type.HLL_8, True)  # True: registers from the start
    update = sketch.update
    for text in texts:
        update(text or EMPTY)
    return sketch


def sketch_from(registers: bytes) -> Any:
    import datasketches

    return datasketches.hll_sketch.deserialize(registers)
