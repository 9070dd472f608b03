"""Limits and text encodings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import LimitError, SourceError, UsageError
from logproc.model.source import ByteStream
from logproc.sources.archives.codecs import decoded
from logproc.sources.files import open_file
from logproc.sources.limits import Deadline, Limited, ReadOptions
from logproc.sources.text import FIRST_LINE_BYTES, HOLE_BYTES, Lines, WithoutHoles, check_encoding
from tests.support.logs import ScriptedStream

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
    path.write_bytes(b"x\n" * 500_000)
    moments = iter(range(100))
    deadline = Deadline.after(20, lambda: next(moments))
    stream = decoded(open_file(str(path)), ReadOptions(), deadline)
    with pytest.raises(LimitError, match=r"^over --max-time 20 s"):
        read_all(stream, 1000)
    assert 0 < stream.bytes_read < 1_000_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_text_of_another_encoding_becomes_utf8(tmp_path: Path, encoding: str) -> None:
    """Characters that are cut by the ends of buffers and blocks come through."""
    path = tmp_path / "a.log"
    path.write_bytes(TEXT.encode(encoding))
    assert read_all(decoded(open_file(str(path)), ReadOptions(encoding=encoding)), 7) == TEXT.encode()


def test_what_is_not_text_stays_as_it_is(tmp_path: Path) -> None:
    """Bytes that the encoding cannot decode are kept, also those of a truncated end."""
    path = tmp_path / "a.log"
    path.write_bytes(b"a\x00\x00\xd8b\x00\n\x00c")
    assert read_all(decoded(open_file(str(path)), ReadOptions(encoding="utf-16-le"))) == b"a\\x00\xd8b\n\\x63"


@pytest.mark.parametrize("name", ["klingon", "", "hex", "zlib", "rot13", "undefined", "a\0b", "../x"])
def test_no_encoding_of_text(name: str) -> None:
    """An unknown text encoding is refused before anything is read."""
    with pytest.raises(UsageError, match="--encoding"):
        check_encoding(name)


@given(name=st.sampled_from(["utf-8", "utf-16", "UTF-16LE", "latin-1", "cp1252", "shift_jis"]))
def test_an_encoding_of_text(name: str) -> None:
    """The usual names are fine."""
    check_encoding(name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_that_the_text_is_not_in_is_told(tmp_path: Path, encoding: str) -> None:
    """What a codec cannot even begin with is a failure of the source, not of the program."""
    path = tmp_path / "a.log"
    path.write_bytes(TEXT.encode("utf-16-le"))
    with pytest.raises(SourceError, match=f"^is not {encoding}: .*: name another --encoding$"):
        read_all(decoded(open_file(str(path)), ReadOptions(encoding=encoding)))


def ended_by_lf(content: bytes, sizes: list[int]) -> bytes:
    """Return what comes of a content that is read in pieces of these sizes."""
    return read_all(Lines(ScriptedStream(content, sizes)), 7)


SIZES = st.lists(st.integers(1, 9), max_size=4)


@given(lines=st.lists(st.sampled_from([b"", b"a", b"bc\0", b"\xff" * 30])), end=st.sampled_from([b"", b"\r"]), sizes=SIZES)
def test_lines_of_the_old_macintosh_end_with_lf(lines: list[bytes], end: bytes, sizes: list[int]) -> None:
    """Where there are CRs and no LF, every CR is an LF, however the bytes come."""
    assert ended_by_lf(b"\r".join(lines) + end, sizes) == b"\n".join(lines) + end.replace(b"\r", b"\n")


@given(content=st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n"])).map(b"".join), sizes=SIZES)
def test_where_there_is_an_lf_a_cr_is_left_alone(content: bytes, sizes: list[int]) -> None:
    """A CR does not end a line of a log whose lines end with LF."""
    assert ended_by_lf(content + b"\n", sizes) == content + b"\n"


@pytest.mark.parametrize(("place", "end"), [(FIRST_LINE_BYTES - 1, b"\r"), (FIRST_LINE_BYTES, b"\n")])
def test_the_first_256_kibibytes_tell_how_lines_end(place: int, end: bytes) -> None:
    """An LF counts that is within them, wherever the blocks end."""
    content = b"a\rb" + b"x" * (place - 3) + b"\n" + b"c\r"
    expected = content if end == b"\r" else content.replace(b"\r", b"\n")
    for sizes in ([], [1000], [FIRST_LINE_BYTES - 1, 1]):
        assert read_all(Lines(ScriptedStream(content, sizes)), 1 << 20) == expected


def test_a_failure_behind_some_bytes_comes_behind_them() -> None:
    """What came before a failure is handed on, and the failure comes again and again."""
    stream = Lines(Limited(ScriptedStream(b"half", error=SourceError("gone")), ReadOptions()))
    buffer = memoryview(bytearray(9))
    assert stream.readinto(buffer) == 4
    for _ in range(2):
        with pytest.raises(SourceError, match=r"^gone$"):
            stream.readinto(buffer)


def test_a_limit_stays_reached() -> None:
    """Reading on after a limit fails again: the extra byte that was read is gone."""
    stream = Limited(ScriptedStream(b"12345"), ReadOptions(max_bytes=4))
    buffer = memoryview(bytearray(9))
    assert stream.readinto(buffer) == 4
    for _ in range(2):
        with pytest.raises(LimitError):
            stream.readinto(buffer)


TAR = b"a.log".ljust(257, b"\0") + b"ustar\x0000"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (TAR.ljust(1024, b"\0"), "unsupported archive (tar)"),
        (TEXT.encode("utf-16"), "looks like UTF-16"),
        (TEXT.encode("utf-16-be"), "looks like UTF-16"),
        (TEXT.encode("utf-32-le"), "looks like UTF-32"),
    ],
)
def test_what_is_not_text_for_sure_is_refused(content: bytes, what: str) -> None:
    """If the first line shows it, nothing is delivered, and a hint says what to do."""
    with pytest.raises(SourceError) as caught:
        ended_by_lf(content, [3])
    assert caught.value.what == what
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe80 - -\n", b"GET /a\0b\0 HTTP/1.1\n"])
def test_odd_bytes_are_not_a_reason_to_refuse(content: bytes) -> None:
    """A line with bytes that look like a mark, or with NULs inside it, is a line."""
    assert ended_by_lf(content, []) == content


def without_holes(content: bytes) -> tuple[bytes, int]:
    """Return what is left of a text without its holes, and how many NULs they had: the definition, a line at a time."""
    lines = []
    for line in content.split(b"\n"):
        text = line.lstrip(b"\0")
        front, *rest = re.split(rb"\0{%d,}" % HOLE_BYTES, text)
        lines += [front, *(part for part in rest[:-1]), *([rest[-1]] if rest and rest[-1] else [])]
    kept = b"\n".join(lines)
    return kept, content.count(0) - kept.count(0)


@given(
    st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\n\n", b"\0", b"\0" * 5, b"\0" * 15, b"\0" * 16, b"\0" * 90]), max_size=12),
    st.lists(st.integers(1, 40), max_size=4),
    st.integers(1, 50),
)
def test_holes_are_skipped_wherever_blocks_end(pieces: list[bytes], sizes: list[int], buffer_bytes: int) -> None:
    """NULs before a line are not part of it, and a long run of them ends a line. A note counts them."""
    content = b"".join([*pieces, b"end\n"])
    stream = WithoutHoles(ScriptedStream(content, sizes))
    expected, skipped = without_holes(content)
    assert read_all(stream, buffer_bytes) == expected
    assert stream.notes == ([f"skipped {skipped} NUL byte{'s' if skipped > 1 else ''}"] if skipped else [])


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-32-be"])
def test_wide_text_is_seen_before_holes_are_skipped(encoding: str) -> None:
    """The NULs of UTF-16 and UTF-32 are not a hole, although some lines begin with one, and the first line is short."""
    with pytest.raises(SourceError, match=r"^looks like UTF-"):
        ended_by_lf(("a\n" + TEXT).encode(encoding), [])


WIDE_STARTS = ["", "a", "<!-- a\n -->\n<html>", "\r", "ab", "<html>", "192.0.2.1 - -", "é"]
ODD_STARTS = [b"\n\n\0\0\xd3\xf4L\x1a", b"a\n\0\0bcd\n", b"\n\0b\0\n", b"\0\n\0\n", b"\xff\xfe\n\0", b"\xff\n\0\0b", b"\n"]


@pytest.mark.parametrize("rest", [b"", b"c", TEXT.encode(), b"\0" * 40 + TEXT.encode()])
@pytest.mark.parametrize(
    "start",
    [
        *ODD_STARTS,
        *(f"{text}\n{TEXT}".encode(code) for text in WIDE_STARTS for code in ("utf-16", "utf-16-be", "utf-32", "utf-32-le")),
    ],
)
def test_what_is_not_text_does_not_depend_on_the_pieces_that_arrive(start: bytes, rest: bytes) -> None:
    """However short the first line, the same bytes are refused, and for the same reason."""

    def outcome(*sizes: int) -> bytes | str:
        try:
            return ended_by_lf(start + rest, list(sizes))
        except SourceError as error:
            return error.what

    whole = outcome()
    assert [outcome(size) for size in (1, 2, 3, 7, 8, 31, 33)] == [whole] * 7
    if start not in ODD_STARTS:
        assert str(whole).startswith("looks like ")


def test_a_short_first_line_of_a_live_stream_is_not_held_back() -> None:
    """Plain text is certain from its first line on: nothing after it is waited for."""

    def never() -> None:
        if stream.bytes_read:
            raise AssertionError("waited for more")

    stream = ScriptedStream(b"ok\nmore\n", [3], before_read=never)
    assert Lines(stream).readinto(memoryview(bytearray(9))) == 3
