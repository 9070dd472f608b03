"""Records as JSON lines (RFC 8259): one object a line, without the fields that a record does not have.

Times are RFC 3339 in UTC, numbers are numbers, and everything else is text. What the table has in `other` are members like all
others. Names and values are escaped once for each distinct one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute

from logproc.records.tables.cells import (
    column_of,
    data_and_ends,
    entries_of,
    joined,
    odd_places,
    per_record,
    replaced,
    texts_of,
)

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

FIRST_TEXT = 0x20
QUOTE, BACKSLASH = b'"\\'


def json_lines(table: pyarrow.Table) -> tuple[memoryview, Integers]:
    """Return the records of a table as lines of JSON in UTF-8, and where each line ends, shape (records,)."""
    columns = [(name, column_of(table, name)) for name in table.column_names]
    columns = [(name, column) for name, column in columns if column.null_count < len(column)]
    if not columns:
        return data_and_ends(pyarrow.array(["{}\n"] * len(table), pyarrow.string()))
    # A comma is behind each member before one that all records have, and in front of each after it: absent members leave none.
    full = next((at for at in range(len(columns) - 1, -1, -1) if not columns[at][1].null_count), None)
    if full is None:
        members = joined(joined(member(name, column, ","), None) for name, column in columns)
        return data_and_ends(joined(["{", pyarrow.compute.utf8_slice_codeunits(members, 1), "}\n"]))
    pieces: list[pyarrow.Array | str] = ["{"]
    for at, (name, column) in enumerate(columns):
        found = member(name, column, "," if at > full else "", "," if at < full else "")
        pieces += [joined(found, None)] if column.null_count and len(found) > 1 else found
    return data_and_ends(joined([*pieces, "}\n"]))


def member(name: str, column: pyarrow.Array, before: str = "", behind: str = "") -> list[pyarrow.Array | str]:
    """Return the pieces of a member of all records, null where one does not have it."""
    kind = column.type
    if pyarrow.types.is_map(kind):
        keys, items = entries_of(column)
        names, values = (quoted(part.dictionary).take(part.indices) for part in (keys, items))
        entries = joined([",", names, ":", values])
        return [before, pyarrow.compute.utf8_slice_codeunits(per_record(column, entries), 1), behind]
    front = f"{before}{json.dumps(name, ensure_ascii=False)}:"
    if pyarrow.types.is_dictionary(kind):
        whole = joined([front, quoted(column.dictionary), behind])
        if len(whole) == 1 and not column.null_count:  # all records have the same, as their source
            return [whole[0].as_py()]
        return [whole.take(column.indices)]
    mark = '"' if pyarrow.types.is_timestamp(kind) else ""
    return [front + mark, texts_of(column, quoted), mark + behind]


def quoted(texts: pyarrow.Array) -> pyarrow.Array:
    r"""Return texts as JSON strings.

    >>> quoted(pyarrow.array(["a", 'say "hi"\n'])).to_pylist()
    ['"a"', '"say \\"hi\\"\\n"']
    """
    odd = odd_places(texts, lambda data: (data < FIRST_TEXT) | (data == QUOTE) | (data == BACKSLASH))
    return replaced(joined(['"', texts, '"']), odd, lambda text: json.dumps(text[1:-1], ensure_ascii=False))
