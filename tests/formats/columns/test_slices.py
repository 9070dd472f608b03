"""Text of many lines as positions: what is computed at once is what a loop over the slices gives."""

from __future__ import annotations

from itertools import pairwise

import numpy
import pyarrow
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.slices import Slices, encoded, offsets_and_data, rows_of
from logproc.model.columns import KeyColumn

TEXT = st.one_of(st.sampled_from([b"", b"a", b"ab", b" ", b"\t", b"a b", b"\r", b"\x08\x0e"]), st.binary(max_size=5))
GAPPED = st.lists(st.tuples(st.binary(max_size=2), TEXT), max_size=10)


def slices_of(pieces: list[tuple[bytes, bytes]]) -> Slices:
    """Return slices over the second of each pair; the first is what lies before it in the buffer."""
    starts, ends, data = [], [], b""
    for gap, text in pieces:
        starts.append(len(data) + len(gap))
        data += gap + text
        ends.append(len(data))
    return Slices(numpy.frombuffer(data, numpy.uint8), numpy.array(starts, numpy.int32), numpy.array(ends, numpy.int32))


@given(GAPPED)
def test_slices_are_their_texts(pieces: list[tuple[bytes, bytes]]) -> None:
    """Length, white space and the packed bytes of slices are those of the texts, whatever lies between them."""
    slices, texts = slices_of(pieces), [text for _, text in pieces]
    assert len(slices) == len(texts)
    assert slices.lengths.tolist() == [len(text) for text in texts]
    assert slices.with_space().tolist() == [any(9 <= byte <= 13 for byte in text) for text in texts]
    offsets, packed = slices.packed()
    assert packed.tobytes() == b"".join(texts)
    assert numpy.diff(offsets).tolist() == [len(text) for text in texts]


@given(GAPPED, st.lists(st.booleans(), min_size=10, max_size=10))
def test_some_slices_can_be_kept(pieces: list[tuple[bytes, bytes]], wanted: list[bool]) -> None:
    """A mask keeps the slices that it names, in their order."""
    mask = numpy.array(wanted[: len(pieces)], bool)
    kept = slices_of(pieces).keep(mask)
    assert kept.packed()[1].tobytes() == b"".join(text for (_, text), keep in zip(pieces, wanted, strict=False) if keep)


@given(GAPPED, st.lists(TEXT, max_size=5), st.booleans())
def test_values_are_encoded_once(pieces: list[tuple[bytes, bytes]], others: list[bytes], is_encoded: bool) -> None:
    """The dictionary holds each value once, and the indexes lead to every value, the slices' first and then the others'."""
    other = pyarrow.array(others, pyarrow.binary())
    dictionary, index = encoded([slices_of(pieces), KeyColumn(*encoded([other])) if is_encoded else other])
    values = dictionary.to_pylist()
    assert len(set(values)) == len(values)
    assert None not in values
    assert [values[at] for at in index] == [text for _, text in pieces] + others


@given(st.lists(st.lists(st.booleans(), max_size=6), max_size=8), st.integers(0, 3))
def test_rows_are_told_by_what_lies_in_them(rows: list[list[bool]], wanted: int) -> None:
    """The rows with as many positions as wanted are found, with these positions, also where the total would fit by chance."""
    offsets = numpy.array([0, *numpy.cumsum([len(row) for row in rows], dtype=int)], numpy.int32)
    positions = numpy.flatnonzero([mark for row in rows for mark in row]).astype(numpy.int32)
    bounds, fitting = rows_of(positions, offsets, wanted)
    assert fitting.tolist() == [sum(row) == wanted for row in rows]
    expected = [
        [start + at for at, mark in enumerate(row) if mark]
        for start, row in zip(offsets, rows, strict=False)
        if sum(row) == wanted
    ]
    assert bounds.shape == (wanted, len(expected))
    assert bounds.T.tolist() == expected


@given(st.lists(st.binary(max_size=4), max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_an_array_is_its_offsets_and_bytes(texts: list[bytes], start: int, length: int) -> None:
    """A binary array, whole or a slice of another, is cut back into its texts by the offsets, which begin at 0."""
    part = pyarrow.array(texts, pyarrow.binary()).slice(min(start, len(texts)), length)
    offsets, data = offsets_and_data(part)
    assert offsets[0] == 0
    assert [data[begin:end].tobytes() for begin, end in pairwise(offsets)] == part.to_pylist()
