"""How many distinct texts each row has: exact while there are few, by HyperLogLog when there are many.

Flajolet, Fusy, Gandouet, Meunier: "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007, as it
is in Apache DataSketches. Whether a row is exact depends on how many texts it has in the end: a number of distinct texts only
grows, so what exceeds the limit in a part exceeds it in the whole.

What the library does by itself would depend on the order of merging, or be wrong, in three ways:

- A sketch that nothing was merged into is estimated by the order of its updates (the HIP estimator), a merged one by its
  registers alone. So every sketch is merged, with itself if there is no other, before it is kept.
- A sketch begins as a list of hashes and turns to registers later. Here it has registers from the start, so the same
  texts are the same bytes.
- It leaves out the empty text, which is a text here.

The library hashes the UTF-8 bytes of a text with a fixed seed, so every process gives the same number.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy
import pyarrow

from logproc.counting.rows import counted, distinct, joined, rows_of, selected
from logproc.formats.columns.slices import arrow

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import KeyColumn

EXACT_MOST = 10_000
"""Up to how many distinct texts of a row are kept as they are, and so counted exactly."""
LOG_REGISTERS = 15
STANDARD_ERROR = 1.04 / math.sqrt(2**LOG_REGISTERS)
"""Of an estimate, as a part of it: 0.57 %."""
SKETCH_WEIGHT = 1000
"""How many entries weigh as much as a sketch: 32 KiB of registers against a text of some 20 bytes, its offset and row."""
EMPTY = "\0"
"""What stands for the empty text in a sketch. No shown text has it."""


@dataclass(frozen=True, slots=True)
class Uniques:
    """The distinct texts of each row.

    row, value: one entry for each pair of row and text, sorted by row. sketches: of the rows that have more than the limit,
    and no entries for that, the registers as bytes.
    """

    size: int
    row: Integers
    value: pyarrow.Array
    sketches: Mapping[int, bytes]

    @classmethod
    def count(cls, column: KeyColumn, index: Integers, size: int, *, exact_most: int = EXACT_MOST) -> Self:
        """Return the texts of each row. index: the row of each record, -1 for none. An absent text (null) is none."""
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
        keys, index = encoded([part.value for part in parts])
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
        """Return the texts of rows, those above the limit as sketches. index: the text of each entry among the keys."""
        row, index = pairs(row, index, len(keys))
        above = numpy.bincount(row, minlength=size) > exact_most
        above[list(sketches)] = True
        registers = {
            at: united(sketches.get(at, ()), taken(keys, index[rows_of(row, at)]).to_pylist())
            for at in numpy.flatnonzero(above).tolist()
        }
        exact = ~above[row]
        return cls(size, row[exact], taken(keys, index[exact]), registers)

    def select(self, rows: Integers) -> Self:
        """Return these rows, each named once, in this order."""
        order, row = selected(self.row, rows, self.size)
        sketches = {new: self.sketches[old] for new, old in enumerate(rows.tolist()) if old in self.sketches}
        return type(self)(len(rows), row, taken(self.value, order), sketches)

    @property
    def weight(self) -> int:
        """How many entries are held, or would take as much memory."""
        return len(self.row) + SKETCH_WEIGHT * len(self.sketches)

    def number(self, row: int) -> tuple[int, bool]:
        """Return how many distinct texts a row has, and whether that is exact; if not, its standard error is STANDARD_ERROR."""
        if row in self.sketches:
            return round(sketch_from(self.sketches[row]).get_estimate()), False
        entries = rows_of(self.row, row)
        return entries.stop - entries.start, True


def pairs(row: Integers, index: Integers, keys: int) -> tuple[Integers, Integers]:
    """Return the distinct pairs of a row and a key's index, sorted."""
    codes, _ = distinct(row * numpy.int64(keys) + index)
    rows, indexes = numpy.divmod(codes, max(keys, 1))
    return rows, indexes


def encoded(values: Sequence[pyarrow.Array]) -> tuple[pyarrow.Array, Integers]:
    """Return the distinct texts of all arrays, and the index of each text among them."""
    chunks = pyarrow.chunked_array(values, pyarrow.string()).dictionary_encode().chunks
    keys = chunks[0].dictionary if chunks else pyarrow.array([], pyarrow.string())  # one dictionary for all chunks
    return keys, joined([chunk.indices.to_numpy() for chunk in chunks])


def taken(keys: pyarrow.Array, index: Integers) -> pyarrow.Array:
    """Return the texts at these indexes."""
    return keys.take(arrow(index, pyarrow.int64()))


def united(sketches: Sequence[bytes], texts: Sequence[str]) -> bytes:
    """Return the registers of sketches and texts together; at least one of both is there. The same texts are the same bytes."""
    if len(sketches) == 1 and not texts:
        return sketches[0]
    import datasketches

    union, new = datasketches.hll_union(LOG_REGISTERS), sketch_of(texts)
    for sketch in (new, new, *map(sketch_from, sketches)):  # the new one is merged with itself: see above
        union.update(sketch)
    return bytes(union.get_result(datasketches.tgt_hll_type.HLL_8).serialize_compact())


def sketch_of(texts: Iterable[str]) -> Any:
    """Return a sketch of texts.

    8 million texts a second, and 14 million before that when they become Python's: a tenth of a microsecond each, with the
    GIL held. As a loop, it gives the GIL to others when they ask for it; `deque(map(update, texts))` is no faster and does not.
    """
    import datasketches

    # HLL_8 and not HLL_4, which takes half the memory: unions are of HLL_8 inside, and one takes 24 µs instead of 290.
    sketch = datasketches.hll_sketch(LOG_REGISTERS, datasketches.tgt_hll_type.HLL_8, True)  # True: registers from the start
    update = sketch.update
    for text in texts:
        update(text or EMPTY)
    return sketch


def sketch_from(registers: bytes) -> Any:
    """Return a sketch from its bytes."""
    import datasketches

    return datasketches.hll_sketch.deserialize(registers)
