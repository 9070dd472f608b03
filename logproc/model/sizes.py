"""Sizes as settings write them."""

from __future__ import annotations

import re

from logproc.model.patterns import regex

SIZE = regex(r"(\d+)\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text: str) -> int:
    """Return the bytes that a text such as `4194304`, `64K`, `4MiB` or `1 GB` names (all powers of 1024).

    >>> parse_size("4MiB")
    4194304
    """
    match = SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size")
    return int(match[1]) * SIZE_UNITS.get((match[2] or "").upper(), 1)
