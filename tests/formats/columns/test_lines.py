"""The lines of a chunk: their ends, their quotes, and which of them are blank."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.lines import blank_lines, is_blank, lines_of, plain_lines
from logproc.formats.columns.slices import digits_of, windows

TEXTS = st.lists(
    st.one_of(
        st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")),
        st.sampled_from([b"", b" ", b"\r", b"\t\v\f", b'"a"', b'\\"', b'"', b"\xa0"]),
    ),
    max_size=8,
)


@given(TEXTS, st.integers(0, 3))
def test_lines_are_what_line_feeds_end(texts: list[bytes], quotes: int) -> None:
    """Either way to find lines gives their texts without CR LF, whatever number of quotes is expected."""
    data = numpy.frombuffer(b"".join(text + b"\n" for text in texts), numpy.uint8)
    for lines in (plain_lines(data), lines_of(data, quotes)):
        assert [lines.text(at) for at in range(len(lines))] == [text.removesuffix(b"\r") for text in texts]
        assert lines.texts(numpy.arange(len(lines))).to_pylist() == [text.removesuffix(b"\r") for text in texts]
        assert lines.texts(numpy.arange(0, len(lines), 2)).to_pylist() == [text.removesuffix(b"\r") for text in texts[::2]]
        assert blank_lines(lines).tolist() == [is_blank(text) for text in texts]
    marks = lines_of(data, quotes)
    for text, found in zip(texts, (numpy.diff(marks.feeds, prepend=-1) - 1).tolist(), strict=True):
        assert min(text.count(b'"'), quotes + 1) <= found <= text.count(b'"')
    behind = numpy.unique(numpy.searchsorted(marks.ends, marks.backslashes)).tolist()
    assert behind == [at for at, text in enumerate(texts) if b"\\" in text]


@pytest.mark.parametrize("width", [3, 1000, 100_000])
@pytest.mark.parametrize("byte", [b'"', b"\\"])
def test_dense_marks_are_not_all_kept(byte: bytes, width: int) -> None:
    """Lines of quotes or backslashes have hardly more positions than regular lines, which keep all of theirs."""
    regular = b'a "b" "c" d'
    data = numpy.frombuffer((regular + b"\n" + byte * width + b"\n") * (2_000_000 // (width + 14)), numpy.uint8)
    lines = lines_of(data, 4)
    each = numpy.diff(lines.feeds, prepend=-1) - 1
    assert each[::2].tolist() == [4] * (len(lines) // 2)
    assert {min(number, 5) for number in each[1::2].tolist()} == {min(width, 5) if byte == b'"' else 0}
    assert numpy.unique(numpy.searchsorted(lines.ends, lines.backslashes)).tolist() == [
        *(range(1, len(lines), 2) if byte == b"\\" else ())
    ]
    assert lines.marks.nbytes + lines.backslashes.nbytes < 2.5 * len(data)


@pytest.mark.parametrize(
    ("line", "blank"), [(b"", True), (b" \t\r\v\f", True), (b"\0", False), (b"\x85", False), (b" - ", False)]
)
def test_blank_lines_hold_only_white_space(line: bytes, blank: bool) -> None:
    """Space, TAB, CR, VT and FF make a blank line, nothing else."""
    assert is_blank(line) is blank


def test_a_digit_is_its_value_and_no_other_byte_is_one() -> None:
    """For each of the 256 bytes."""
    found = digits_of(numpy.arange(256, dtype=numpy.uint8)).tolist()
    assert [value if value <= 9 else None for value in found] == [
        byte - 48 if 48 <= byte <= 57 else None for byte in range(256)
    ]


@given(st.binary(max_size=9), st.integers(0, 4), st.lists(st.integers(-3, 8), max_size=6))
def test_windows_are_the_bytes_from_each_place(content: bytes, width: int, starts: list[int]) -> None:
    """A window may begin before the data, where zeros are; none reaches behind it."""
    starts = sorted(start for start in starts if start + width <= len(content))
    data = numpy.frombuffer(content, numpy.uint8)
    padded = b"\0" * 3 + content
    expected = [padded[start + 3 : start + 3 + width] for start in starts]
    assert [row.tobytes() for row in windows(data, numpy.array(starts, numpy.int32), width)] == expected
