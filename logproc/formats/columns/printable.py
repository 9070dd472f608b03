r"""Keys as text that can be shown: what is no printable UTF-8 becomes `\xNN`, the rest stays as the log has it.

Done on the dictionary of a column, so on each distinct value once, and before anything is counted: two spellings
of one shown key are one key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, mask, offsets_and_data
from logproc.model import KeyColumn

if TYPE_CHECKING:
    import numpy.typing

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
UNDECODED = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""What `surrogateescape` makes of bytes that are no UTF-8; a megabyte of them takes it a tenth of `backslashreplace`'s time."""
SHOWN = CONTROLS | UNDECODED
ABSENT = b"-"


def shown(text: bytes) -> str:
    r"""Return bytes of a log as text: invalid UTF-8 and the controls C0, DEL and C1 as `\xNN`.

    >>> print(shown(b"caf\xc3\xa9 \xff\x1b"))
    café \xff\x1b
    """
    return text.decode("utf-8", "surrogateescape").translate(SHOWN)


def key_column(dictionary: pyarrow.Array, index: numpy.typing.NDArray[Any]) -> KeyColumn:
    """Return the column of shown keys for an array of distinct bytes and the index of each record's value.

    The value `-` becomes the null key: absent.
    """
    offsets, data = offsets_and_data(dictionary)
    keys = pyarrow.Array.from_buffers(
        pyarrow.string(), len(dictionary), [without_absent(offsets, data), pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)]
    )
    unclean = numpy.flatnonzero((data < 0x20) | (data >= 0x7F))
    if not len(unclean):
        return KeyColumn(keys, index)
    return escaped(keys, dictionary, numpy.unique(numpy.searchsorted(offsets, unclean, "right") - 1), index)


def without_absent(offsets: Any, data: Any) -> pyarrow.Buffer | None:
    """Return the validity bits of a dictionary in which `-` is null, None if it holds no `-`."""
    single = numpy.flatnonzero(numpy.diff(offsets) == 1)
    absent = single[data[offsets[single]] == ABSENT[0]]
    if not len(absent):
        return None
    present = numpy.ones(len(offsets) - 1, bool)
    present[absent] = False
    return pyarrow.py_buffer(numpy.packbits(present, bitorder="little"))


def escaped(keys: pyarrow.Array, dictionary: pyarrow.Array, unclean: Any, index: Any) -> KeyColumn:
    """Return the column with the keys at the positions `unclean` escaped, and keys that became equal made one."""
    replaced = numpy.zeros(len(keys), bool)
    replaced[unclean] = True
    texts = pyarrow.array(
        [shown(value) for value in dictionary.take(arrow(unclean, pyarrow.int64())).to_pylist()], pyarrow.string()
    )
    keys = pyarrow.compute.replace_with_mask(keys, mask(replaced), texts)
    encoded = keys.dictionary_encode("encode")
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy()[index])
