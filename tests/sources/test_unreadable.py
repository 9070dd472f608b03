"""UTF-16 and UTF-32 are detected by the positions of their NULs."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.sources.unreadable import looks_wide, wide_encoding
from tests.support import logs

MARKED = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize(("encoding", "mark"), MARKED.items())
@given(size=st.integers(8, 400))
def test_a_log_is_told_by_its_nuls(encoding: str, mark: bytes, size: int) -> None:
    """The name contains the byte order only if there is no mark. Eight bytes are enough."""
    head = logs.log(3).decode().encode(encoding)[:size]
    assert wide_encoding(head) == encoding
    assert wide_encoding(mark + head) == encoding[:6]


@given(st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=20))
def test_text_without_nuls_is_not_wide(text: str) -> None:
    """Text that has neither a NUL nor a mark is not taken for a wide one."""
    assert wide_encoding(text.encode()) is None


@pytest.mark.parametrize(
    "head", [b"", b"\0", b"GET /", b"\0" * 100, b"a" * 50 + b"\0" * 50, bytes(range(256)), b"ab\0cd\0ef\0gh\0ij\0"]
)
def test_nuls_alone_make_no_wide_text(head: bytes) -> None:
    """NULs in a row, or in places that are not always the same, are something else."""
    assert wide_encoding(head) is None


def test_the_hint_names_the_option() -> None:
    """The hint works."""
    assert looks_wide("utf-32-be") == ("looks like UTF-32", "use --encoding utf-32-be")
