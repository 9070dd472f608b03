"""Where a body ends."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.sources.http.framing import MOST_TRAILER_BYTES, Chunked
from logproc.sources.http.transport import PassingError

EXTENSIONS = ["", " ", ";a", ';name="a value"', " ; a=b;c"]
chunks = st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.sampled_from(EXTENSIONS)), max_size=6)
ends = st.sampled_from([b"\r\n", b"\n"])


def buffered(wire: bytes) -> io.BufferedReader[Any]:
    """Return what comes over the wire as a stream."""
    return io.BufferedReader(io.BytesIO(wire))


def received(wire: bytes, block_bytes: int = 7) -> bytes:
    """Return the data of a body in chunks."""
    body, data = Chunked(buffered(wire)), b""
    block = memoryview(bytearray(block_bytes))
    while count := body.receive(block):
        data += bytes(block[:count])
    return data


def framed(parts: list[tuple[bytes, str]], end: bytes = b"\r\n") -> bytes:
    """Return data in chunks, as they go over the wire."""
    pieces = [b"%x%b%b%b%b" % (len(data), extension.encode(), end, data, end) for data, extension in parts]
    return b"".join(pieces) + b"0" + end + b"Trailer: x" + end + end


@given(chunks, ends, st.integers(1, 64))
def test_chunks_of_any_size_give_their_data(parts: list[tuple[bytes, str]], end: bytes, block_bytes: int) -> None:
    """However a body is cut into chunks, and however it is read, its data come out, and nothing of what is between them."""
    assert received(framed(parts, end), block_bytes) == b"".join(data for data, _ in parts)


@given(chunks, st.data())
def test_a_cut_is_never_an_end(parts: list[tuple[bytes, str]], data: st.DataObject) -> None:
    """Wherever chunks are cut before the line of the last one, they are a failure."""
    wire = framed(parts)
    last = wire.rindex(b"0\r\nTrailer")
    with pytest.raises(PassingError, match="closed too early"):
        received(wire[: data.draw(st.integers(0, last + 2))])


@pytest.mark.parametrize("size", ["-5", "+5", "0x5", "5_0", "", " 5", "5 5", "g", "f" * 16, "٥", "5\r"])
def test_a_size_is_hexadecimal_digits(size: str) -> None:
    """Some numbers that int() accepts are not chunk sizes."""
    with pytest.raises(PassingError, match="broken chunks"):
        received(f"{size}\r\n".encode() + b"x" * 90)


def test_a_chunk_ends_where_it_said() -> None:
    """Data beyond the size of its chunk is an error; the data within is delivered first."""
    body, block = Chunked(buffered(b"3\r\nabcdef\r\n0\r\n\r\n")), memoryview(bytearray(9))
    assert bytes(block[: body.receive(block)]) == b"abc"
    with pytest.raises(PassingError, match="broken chunks"):
        body.receive(block)


def test_what_is_held_of_a_line_is_bounded() -> None:
    """A size that never ends is given up after a few kilobytes, and trailers after some more."""
    endless = buffered(b"0" * 10_000_000)
    trailers = buffered(b"0\r\n" + b"A: b\r\n" * 1_000_000)
    with pytest.raises(PassingError, match="broken chunks"):
        Chunked(endless).receive(memoryview(bytearray(9)))
    assert endless.tell() < 100_000
    assert Chunked(trailers).receive(memoryview(bytearray(9))) == 0
    assert trailers.tell() < 2 * MOST_TRAILER_BYTES
