r"""Keys as text that can be printed: what is not printable UTF-8 becomes `\xNN`, the rest stays as the log has it.

This is the last step of a column, so that everything before it sees the bytes of the log, and the same ones whichever
reader found them. It is done on the dictionary, so once for each distinct value, and before anything is counted: two
spellings of one printed key are one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, mask, offsets_and_data
from logproc.model.columns import KeyColumn

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
UNDECODED = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""What `surrogateescape` makes of bytes that are not UTF-8. It takes a tenth of the time of `backslashreplace`."""
SHOWN = CONTROLS | UNDECODED
ABSENT = b"-"
FIRST_PRINTABLE, DELETE = 0x20, 0x7F
LF, TAB = b"\n\t"


LAID_OUT = {code: text for code, text in SHOWN.items() if chr(code) not in "\n\t"}
"""What `searchable` makes of bytes: text keeps its lines and TABs."""


def shown(text: bytes, table: Mapping[int, str] = SHOWN) -> str:
    r"""Return bytes of a log as text: invalid UTF-8 and the controls C0, DEL and C1 as `\xNN`.

    >>> print(shown(b"caf\xc3\xa9 \xff\x1b"))
    café \xff\x1b
    """
    return text.decode("utf-8", "surrogateescape").translate(table)


def absent_as_null(keys: pyarrow.Array) -> pyarrow.Array:
    """Return distinct binary values with null in place of `-`. No byte is copied."""
    offsets, data = offsets_and_data(keys)
    single = numpy.flatnonzero(numpy.diff(offsets) == 1)
    absent = single[data[offsets[single]] == ABSENT[0]]
    if not len(absent):
        return keys
    present = numpy.ones(len(keys), bool)
    present[absent] = False
    bits = pyarrow.py_buffer(numpy.packbits(present, bitorder="little"))
    return pyarrow.Array.from_buffers(pyarrow.binary(), len(keys), [bits, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)])


def searchable(column: KeyColumn) -> KeyColumn:
    """Convert a column of bytes to the text that filters search: as `printable` does, but line feeds and TABs stay."""
    return printable(column, LAID_OUT)


def printable(column: KeyColumn, table: Mapping[int, str] = SHOWN) -> KeyColumn:
    """Convert a column of bytes to the text that reports show. table: of the characters that are not printable."""
    offsets, data = offsets_and_data(column.keys)
    bits = None
    if column.keys.null_count:
        present = column.keys.is_valid().to_numpy(zero_copy_only=False)
        bits = pyarrow.py_buffer(numpy.packbits(present, bitorder="little"))
    buffers = [bits, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)]
    keys = pyarrow.Array.from_buffers(pyarrow.string(), len(column.keys), buffers)
    is_odd = (data < FIRST_PRINTABLE) | (data >= DELETE)
    if table is LAID_OUT:
        is_odd &= (data != LF) & (data != TAB)
    odd = numpy.flatnonzero(is_odd)
    if not len(odd):
        return KeyColumn(keys, column.index)
    # Positions of bytes → positions of the keys that hold them; empty keys before a position do not count.
    unclean = numpy.unique(numpy.searchsorted(offsets, odd, side="right") - 1)
    return escaped(keys, column.keys, unclean, column.index, table)


def escaped(keys: pyarrow.Array, values: pyarrow.Array, unclean: Any, index: Any, table: Mapping[int, str]) -> KeyColumn:
    """Return the column with the keys at the positions `unclean` escaped; keys that become equal are merged."""
    replaced = numpy.zeros(len(keys), bool)
    replaced[unclean] = True
    texts = [shown(value, table) for value in values.take(arrow(unclean, pyarrow.int64())).to_pylist()]
    keys = pyarrow.compute.replace_with_mask(keys, mask(replaced), pyarrow.array(texts, pyarrow.string()))
    encoded = keys.dictionary_encode("encode")
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy()[index])
