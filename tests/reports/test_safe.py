"""Text that is safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given

from logproc.reports.safe import ascii_only, harmless
from tests.reports.texts import ANY_TEXT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain café 日本 🙂", "plain café 日本 🙂"),
        ("\x00\t\n\r\x1b\x7f", r"\x00\x09\x0a\x0d\x1b\x7f"),
        ("\x80\x85\x9b", r"\x80\x85\x9b"),
        ("\u202a\u202e\u2066\u2069\u200e\u200f\u061c", r"\u202a\u202e\u2066\u2069\u200e\u200f\u061c"),
        ("\u200b\u200c\u200d\u2060\ufeff", r"\u200b\u200c\u200d\u2060\ufeff"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\udcff\ud800", r"\xff\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_steers_a_terminal_is_shown_as_its_number(text: str, shown: str) -> None:
    """Controls, direction marks, invisible characters and half pairs are escaped; all else stays."""
    assert harmless(text) == shown


@given(ANY_TEXT)
def test_harmless_text_is_printable_and_stays_as_it_is(text: str) -> None:
    """The result is always printable, and escaping it again changes nothing."""
    shown = harmless(text)
    assert shown.isprintable()
    assert harmless(shown) == shown


@given(ANY_TEXT)
def test_ascii_only_is_ascii(text: str) -> None:
    """For an ASCII stdout all other characters are shown as numbers."""
    shown = ascii_only(harmless(text))
    assert shown.isascii()
    assert shown.isprintable()
