"""Texts as an attacker would write them into a log, a file name or a server's answer."""

from __future__ import annotations

from hypothesis import strategies as st

STEERING = "\0\t\n\r\x1b\x7f\x85\x9b\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ud800\udbff\udc80\udcff\U000e0041"
MARKUP = "[]/<>&'\"{}%\\;=+-@"
ANY_TEXT = st.lists(st.one_of(st.sampled_from(STEERING), st.sampled_from(MARKUP), st.characters()), max_size=12).map("".join)
