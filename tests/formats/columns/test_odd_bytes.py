"""Lines that hold what no text consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns import odd_bytes
from logproc.formats.columns.odd_bytes import OddLines, is_utf8, misplaced, odd_lines

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

NOTHING = numpy.empty((0, 2), numpy.int64)
PIECES = [
    *[b"\n", b"\n", b"a", b"\0", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80"],
    *[b"\xc0\x80", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80"],
    *[bytes([byte]) for byte in range(0x80, 0x100)],
]
"""Characters of each length; some that are longer than need be, or are not characters; single bytes."""
CONTENTS = st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join).map(lambda content: content + b"\n")


def array(content: bytes) -> Bytes:
    """Return bytes as an array."""
    return numpy.frombuffer(content, numpy.uint8)


def is_text(line: bytes) -> bool:
    """Return whether Python takes a line for UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(CONTENTS)
def test_a_line_is_odd_as_python_says(content: bytes) -> None:
    """A line is undecodable if Python cannot decode it, and has NULs if Python finds one."""
    lines = content.split(b"\n")[:-1]
    expected = OddLines(sum(not is_text(line) for line in lines), sum(b"\0" in line for line in lines))
    assert odd_lines(array(content), NOTHING) == expected
    assert is_utf8(array(content)) == is_text(content)


@given(CONTENTS, CONTENTS)
def test_where_a_log_is_cut_changes_no_number(one: bytes, two: bytes) -> None:
    """The lines of two chunks are those of both together."""
    assert odd_lines(array(one), NOTHING) + odd_lines(array(two), NOTHING) == odd_lines(array(one + two), NOTHING)


@given(CONTENTS, st.integers(1, 9))
def test_characters_may_lie_across_blocks(content: bytes, size: int) -> None:
    """Blocks of any size find the same bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(odd_bytes, "BLOCK_BYTES", size)
        found = numpy.concatenate(misplaced(array(content)))
    assert found.tolist() == numpy.concatenate(misplaced(array(content))).tolist()


def test_lines_that_are_passed_over_do_not_count() -> None:
    """Of a line over the limit there may be more or less, so it is not looked at."""
    content = b"\xff\n\xff\0\xff\r\n\0\n"
    assert odd_lines(array(content), NOTHING) == OddLines(2, 2)
    assert odd_lines(array(content), numpy.array([[2, 5]])) == OddLines(1, 1)


def test_nothing_has_nothing_odd() -> None:
    """An empty chunk, and one of plain letters, are not looked at any further."""
    assert odd_lines(array(b""), NOTHING) == odd_lines(array(b"abc\n"), NOTHING) == OddLines()
