"""Calls the kernel on a chunk: in go the lines and what a layout says of them, out come columns with their dictionaries."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy
from msgspec import Struct

from logproc.formats.columns.lines import NOWHERE, Lines
from logproc.formats.columns.slices import texts_of
from logproc.formats.raw import Field, Found, no_lines
from logproc.formats.readers.layout import Layout, status_column
from logproc.formats.readers.native.library import MOST_COLUMNS, USUAL_LINE_BYTES, Job, kernel
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

TOKENS = {"time": "t", "status": "s", "bytes": "b"}
"""What the kernel calls parts of a line that are not columns of text."""


def find_lines(data: Bytes) -> Lines | None:
    """Return the lines of a chunk, without the places of its quotes, which the kernel finds itself. None without a kernel."""
    library = kernel()
    if library is None:
        return None
    room = len(data) // USUAL_LINE_BYTES + 1
    while True:
        starts, ends = numpy.empty(room, numpy.int32), numpy.empty(room, numpy.int32)
        count = library.logproc_lines(address(data), len(data), room, address(starts), address(ends))
        if count <= room:
            return Lines(data, starts[:count], ends[:count], NOWHERE, no_lines(), NOWHERE)
        room = count


class Cut(Struct, frozen=True):
    """What the kernel found: of each record its line, time, status and size, and the columns of text in their order.

    nanos: the billionths behind the second of each moment.
    """

    line: Integers
    time: Integers
    nanos: Positions
    status: Positions
    sizes: Integers
    columns: list[KeyColumn]


def cut_lines(lines: Lines, left: Mask, layout: Layout, names: Sequence[str]) -> Found | None:
    """Return the lines of `left` that are exactly as the layout says, with the columns of text that `names` lists.

    None if there is no kernel, or it cannot do this chunk: it has no memory, or too many values have one hash.
    """
    cut = cut_parts(lines, left, parts_of(layout, names), len(names))
    if cut is None:
        return None
    fields = {name: Field(column) for name, column in zip(kept(layout, names), cut.columns, strict=True)}
    if "status" in layout.tokens:
        fields["status"] = Field(status_column(cut.status))
    numbers = {"bytes": cut.sizes} if "bytes" in layout.tokens else {}
    return Found(cut.line, fields, numbers, cut.time if "time" in layout.tokens else None)


def cut_parts(lines: Lines, left: Mask, parts: bytes, count: int) -> Cut | None:
    """Return the lines of `left` that are exactly as their parts say, among which are `count` columns of text.

    None as for `cut_lines`.
    """
    library = kernel()
    if library is None or count > MOST_COLUMNS:
        return None
    room = len(lines)
    line, time, sizes = (numpy.empty(room, numpy.int64) for _ in range(3))
    status, nanos = (numpy.empty(room, numpy.int32) for _ in range(2))
    codes, keys = numpy.empty((count, room), numpy.int32), numpy.empty((count, room, 2), numpy.int32)
    distinct = numpy.zeros(count, numpy.int32)
    starts, ends = (numpy.ascontiguousarray(places, numpy.int32) for places in (lines.starts, lines.ends))
    left = numpy.ascontiguousarray(left)
    given = map(address, (lines.data, starts, ends, left))
    results = map(address, (line, time, sizes, status, nanos, codes, keys, distinct))
    job = Job(*given, room, count, parts, *results)
    records = library.logproc_read(ctypes.byref(job))
    if records < 0:
        return None
    columns = [
        KeyColumn(texts_of(lines.data, keys[at, :number, 0], keys[at, :number, 1]), codes[at, :records])
        for at, number in enumerate(distinct.tolist())
    ]
    return Cut(line[:records], time[:records], nanos[:records], status[:records], sizes[:records], columns)


def kept(layout: Layout, names: Sequence[str]) -> list[str]:
    """Return the columns of text in the order of a line's parts."""
    return [name for name in layout.names if name in names]


def parts_of(layout: Layout, names: Sequence[str]) -> bytes:
    """Return the parts of a line in the kernel's terms; `kernel.c` says what they are.

    >>> from logproc.formats.readers.layout import LAYOUTS
    >>> parts_of(LAYOUTS[0], ("client", "request"))
    b'W w w t Q s b'
    """
    found = []
    for position, tokens in enumerate(layout.unquoted):
        words = [TOKENS.get(name) or ("W" if name in names else "w") for name in tokens]
        # Blanks separate the tokens from one another and from the quotes around them, and two quotes with nothing between.
        edges = [""] * (position > 0), [""] * (position < len(layout.quoted))
        found.append(" ".join([*edges[0], *words, *edges[1]]))
        found += ["Q" if name in names else "q" for name in layout.quoted[position : position + 1]]
    return "".join(found).encode()


def address(array: Any) -> int:
    found: int = array.ctypes.data
    return found
