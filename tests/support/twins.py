"""The two quick readers of access logs, numpy's and the compiled one, on the same lines."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy

from logproc.formats.columns.lines import lines_of
from logproc.formats.columns.slices import encoded
from logproc.formats.raw import Found
from logproc.formats.readers.layout import Layout
from logproc.formats.readers.native import library
from logproc.formats.readers.native.kernel import cut_lines, find_lines
from logproc.formats.readers.quotes import Quotes
from logproc.model.chunk import Context
from tests.support.logs import BAD, GOOD, TOKENS, USUAL, edit

VALUES = [value for table in (GOOD, BAD) for values in table.values() for value in values]


@contextmanager
def without_kernel() -> Iterator[None]:
    """Read with numpy, as LOGPROC_NATIVE=0 does."""
    before = os.environ.get("LOGPROC_NATIVE")
    os.environ["LOGPROC_NATIVE"] = "0"
    library.kernel.cache_clear()
    try:
        yield
    finally:
        del os.environ["LOGPROC_NATIVE"]
        if before is not None:
            os.environ["LOGPROC_NATIVE"] = before
        library.kernel.cache_clear()


def assert_twins_agree(layout: Layout, content: bytes, wanted: Sequence[str], seed: int = 0) -> int:
    """Cut lines with both readers, and hold everything equal, the order of dictionaries included. Returns how many records."""
    data = numpy.frombuffer(content, numpy.uint8).copy()  # of its own, so that a sanitizer knows where it ends
    reader, expected = Quotes(layout), lines_of(data, 2 * len(layout.quoted))
    left = numpy.random.default_rng(seed).random(len(expected)) < (0.9 if seed % 2 else 1)
    found = find_lines(data)
    assert found is not None
    assert (found.starts.tolist(), found.ends.tolist()) == (expected.starts.tolist(), expected.ends.tolist())
    with without_kernel():
        by_numpy = reader.read(expected, left, wanted, Context())
    native = cut_lines(found, left, layout, list(by_numpy.fields.keys() - {"status"}))
    assert native is not None
    assert plain(native) == plain(by_numpy)
    return len(native.line)


def plain(found: Found) -> dict[str, object]:
    """Return what a reader found as plain data; of a column of text its dictionary and its index."""
    columns = {}
    for name, field in found.fields.items():
        keys, index = encoded([field.values])
        columns[name] = (keys.to_pylist(), index.tolist())
    numbers = {name: values.tolist() for name, values in found.numbers.items()}
    time = None if found.time is None else found.time.tolist()
    return {"line": found.line.tolist(), "time": time, **numbers, **columns}


def lines_for(layout: Layout, draw: random.Random, count: int) -> bytes:
    """Return lines of any layout: good ones, ones with odd values, and damaged ones."""
    return b"".join(line_for(layout, draw) + draw.choice((b"\n", b"\n", b"\r\n")) for _ in range(count))


def line_for(layout: Layout, draw: random.Random) -> bytes:
    odd = draw.choice((0.0, 0.0, 0.1, 0.5))

    def value(name: str) -> bytes:
        if draw.random() < odd:
            return draw.choice(VALUES)
        found = draw.choice(GOOD.get(name, [b"-", b"a", b"192.0.2.7", b"0.004"]))
        return found if name in layout.quoted or found else USUAL[name]

    text = b""
    for position, tokens in enumerate(layout.unquoted):
        words = [b"[%b]" % value(name) if name == "time" else value(name) for name in tokens]
        edges = [b""] * (position > 0), [b""] * (position < len(layout.quoted))
        text += b" ".join([*edges[0], *words, *edges[1]])
        text += b"".join(b'"%b"' % value(name) for name in layout.quoted[position : position + 1])
    for _ in range(draw.choice((0, 0, 0, 1, 2))):
        text = edit(text, draw.randrange(4), draw.randrange(len(text) + 1), draw.choice(TOKENS), draw.randrange(1, 12))
    return text.replace(b"\n", b"") if draw.random() < 0.5 else text
