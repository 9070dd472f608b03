"""Text that is safe to show."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.reports.safe import ascii_only, distinct, harmless
from tests.reports.texts import ANY_TEXT, LOOK_ALIKES


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
        ("\u00ad\u00a0\u2003\u3000", r"\u00ad\u00a0\u2003\u3000"),
        ("\u3164\u115f\u1160\uffa0\u2800", r"\u3164\u115f\u1160\uffa0\u2800"),
        ("\u034f\u17b5\u180b\u180e", r"\u034f\u17b5\u180b\u180e"),
        ("❤\ufe0f \U000e0100", r"❤\ufe0f \U000e0100"),
        ("\ue000\uffff\u0378\U0010ffff", r"\ue000\uffff\u0378\U0010ffff"),
        ("\u0301a \u0301", r"\u0301a \u0301"),
        ("Z\u0300\u0310\u0311\u0312\u0313\u0314", "Z\u0300\u0310\u0311\u0312" + r"\u0313\u0314"),
        ("x\u0338\u0338", "x\u0338" + r"\u0338"),
        ("cafe\u0301", r"cafe\u0301"),
        ("\u1112\u1161\u11ab \u212b \u037e", r"ᄒ\u1161\u11ab \u212b \u037e"),
        ("हिन्दी ไทยผู้ที่ עִבְרִית عَرَبِيّ Tiếng Việt 한국어 ελληνικά", "हिन्दी ไทยผู้ที่ עִבְרִית عَرَبِيّ Tiếng Việt 한국어 ελληνικά"),
        (r"\u3164 C:\x1b  two", r"\u3164 C:\x1b  two"),
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain café 日本 🙂 C:\\logs", "plain café 日本 🙂 C:\\logs"),
        (r"\x16\x03\xff", r"\x16\x03\xff"),
        ("\u3164", r"\u3164"),
        (r"\u3164", r"\\u3164"),
        (r"\\u3164", r"\\\\u3164"),
        ("\\\u3164", r"\\\u3164"),
        (r"\U000e0100", r"\\U000e0100"),
        (r"\u316", r"\u316"),
        (r"\u00E9", r"\u00E9"),
        (" a", r"\u0020a"),
        ("a ", r"a\u0020"),
        ("a   b", r"a \u0020\u0020b"),
        (" ", r"\u0020"),
        ("", ""),
    ],
)
def test_a_key_is_shown_so_that_it_can_be_told_from_any_other(text: str, shown: str) -> None:
    """A backslash is doubled only where it would look like the beginning of a number; blanks are seen."""
    assert distinct(text) == shown


def seen(text: str) -> str:
    """Return what a person sees of a text at most: without blanks at its end and in one spelling."""
    return normalize("NFC", text).rstrip()


@pytest.mark.parametrize("in_ascii", [False, True])
@given(one=LOOK_ALIKES, other=LOOK_ALIKES)
def test_different_keys_are_shown_differently(in_ascii: bool, one: str, other: str) -> None:
    """Whatever they hold: characters without ink, other spellings of a letter, blanks, numbers that are written out."""
    pair = [distinct(text, in_ascii=in_ascii) for text in (one, other)]
    assert (seen(pair[0]) == seen(pair[1])) is (one == other)
    assert all(text.isprintable() for text in pair)


@given(LOOK_ALIKES, st.integers(0, 5))
def test_a_key_that_is_written_out_is_another_key(key: str, place: int) -> None:
    """A text that is what another one is shown as, in part or as a whole, is shown differently."""
    written_out = key[:place] + distinct(key[place:])
    assert written_out == key or distinct(written_out) != distinct(key)
