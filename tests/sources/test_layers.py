"""Limits and text encodings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.errors import LimitError, UsageError
from logproc.model import ByteStream
from logproc.sources.codecs import decoded
from logproc.sources.files import open_file
from logproc.sources.layers import Deadline, ReadOptions, check_encoding

TEXT = '10.0.0.1 "GET /caf\u00e9 \U0001f600"\r\nਊ two\n' * 50


def read_all(stream: ByteStream, buffer_bytes: int = 1000) -> bytes:
    """Return all bytes of a stream and close it."""
    buffer, data = memoryview(bytearray(buffer_bytes)), bytearray()
    try:
        while count := stream.readinto(buffer):
            data += buffer[:count]
    finally:
        stream.close()
    return bytes(data)


@pytest.mark.parametrize("limit", [1, 9, 10])
def test_max_bytes_is_exact(tmp_path: Path, limit: int) -> None:
    """A source of just as many bytes as allowed is whole; of one more, cut there."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * limit)
    assert len(read_all(decoded(open_file(str(path)), ReadOptions(max_bytes=limit)))) == limit
    path.write_bytes(b"x" * (limit + 1))
    with pytest.raises(LimitError, match=f"^over --max-bytes {limit}"):
        read_all(decoded(open_file(str(path)), ReadOptions(max_bytes=limit)))


def test_max_time_is_watched_between_reads(tmp_path: Path) -> None:
    """A source that always has more is cut when its time is over."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 100)
    moments = iter(range(100))
    deadline = Deadline.after(20, lambda: next(moments))
    stream = decoded(open_file(str(path)), ReadOptions(), deadline)
    with pytest.raises(LimitError, match=r"^over --max-time 20 s"):
        read_all(stream, 1)
    assert 0 < stream.bytes_read < 100


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_text_of_another_encoding_becomes_utf8(tmp_path: Path, encoding: str) -> None:
    """Characters that are cut by the ends of buffers and blocks come through."""
    path = tmp_path / "a.log"
    path.write_bytes(TEXT.encode(encoding))
    assert read_all(decoded(open_file(str(path)), ReadOptions(encoding=encoding)), 7) == TEXT.encode()


def test_what_is_no_text_is_escaped(tmp_path: Path) -> None:
    """Bytes that the encoding does not know stay to be seen, those of a cut end too."""
    path = tmp_path / "a.log"
    path.write_bytes(b"a\x00\x00\xd8b\x00\n\x00c")
    assert read_all(decoded(open_file(str(path)), ReadOptions(encoding="utf-16-le"))) == b"a\\x00\\xd8b\n\\x63"


@pytest.mark.parametrize("name", ["klingon", "", "hex", "zlib", "rot13", "undefined", "a\0b", "../x"])
def test_no_encoding_of_text(name: str) -> None:
    """A name that is no text encoding is refused before anything is read."""
    with pytest.raises(UsageError, match="--encoding"):
        check_encoding(name)


@given(name=st.sampled_from(["utf-8", "utf-16", "UTF-16LE", "latin-1", "cp1252", "shift_jis"]))
def test_an_encoding_of_text(name: str) -> None:
    """The usual names are fine."""
    check_encoding(name)
