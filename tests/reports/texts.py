"""Texts as an attacker would write them into a log, a file name or a server's answer."""

from __future__ import annotations

from hypothesis import strategies as st

STEERING = "\0\t\n\r\x1b\x7f\x85\x9b\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ud800\udbff\udc80\udcff\U000e0041"
MARKUP = "[]/<>&'\"{}%\\;=+-@"
ANY_TEXT = st.lists(st.one_of(st.sampled_from(STEERING), st.sampled_from(MARKUP), st.characters()), max_size=12).map("".join)

NO_INK = "\u034f\u115f\u1160\u17b4\u180b\u180e\u2800\u3164\uffa0\ufe00\ufe0f\U000e0100\U000e01ef\u00ad\u00a0\u2003\u3000"
MARKS = "\u0300\u0301\u0323\u0338\u0489\u20dd\u20e3"
SAME_LETTERS = "a\u00e0\u00e1\u1e01\u212b\u00c5\u1100\u1161\uac00\u037e;\u2126\u03a9\uf900\u8c48"
NUMBERS = [
    "\\",
    "\\u3164",
    "\\u0020",
    "\\U000e0100",
    "\\x1b",
    "u3164",
    "u0020",
    "\\\\u3164",
    "\u2026",
    " ",
    "  ",
    "x",
    "1",
    "\u4e2d",
    "\U0001f600",
]
LOOK_ALIKES = st.lists(
    st.one_of(*map(st.sampled_from, (NO_INK, MARKS, SAME_LETTERS, NUMBERS)), st.characters()), max_size=6
).map("".join)
"""Texts of which many would look alike if they were shown as they are."""
