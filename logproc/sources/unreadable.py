"""What bytes are that cannot be read as lines: HTML pages, binary files, and text in UTF-16 and UTF-32."""

from __future__ import annotations

import re

MARKS = (("utf-32", b"\xff\xfe\0\0"), ("utf-32", b"\0\0\xfe\xff"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))
"""Byte order marks. The little one of UTF-16 is the beginning of that of UTF-32, which comes first therefore."""
NULS = (
    ("utf-32-le", (False, None, True, True)),
    ("utf-32-be", (True, True, None, False)),
    ("utf-16-le", (False, True, False, True)),
    ("utf-16-be", (True, False, True, False)),
)
"""Which of four bytes in a row are NUL in letters of Latin script, as far as that is always so."""
BINARY = "looks binary: skipped", "give logs, or archives of them as .gz .bz2 .xz .zst"
HEAD_BYTES = 4096
"""As much of a sample is looked at."""
HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
LEAST_BYTES = 8
MANY, FEW = 1 / 4, 1 / 8
"""A text with a mark, or with more NULs than that where they belong and fewer where they do not, is taken for a wide one."""


def wide_encoding(head: bytes) -> str | None:
    r"""Return the encoding of a text, if it is a wide one, by its first bytes: with its byte order if no mark gives it.

    >>> wide_encoding("GET /".encode("utf-16")), wide_encoding("GET /".encode("utf-16-be")), wide_encoding(b"GET /")
    ('utf-16', 'utf-16-be', None)
    """
    marked = next((name for name, mark in MARKS if head.startswith(mark)), None)
    if marked or len(head) < LEAST_BYTES or 0 not in head:
        return marked
    parts = [head[place::4] for place in range(4)]
    shares = [part.count(0) / len(part) for part in parts]
    return next((name for name, nuls in NULS if all(map(is_as_expected, shares, nuls))), None)


def looks_wide(encoding: str) -> tuple[str, str]:
    """Return what to say about such a text, and what to do."""
    return f"looks like {encoding[:6].upper()}", f"use --encoding {encoding}"


def is_as_expected(share: float, nul: bool | None) -> bool:
    """Return whether a share of NULs fits a byte that is always NUL, or never, or either."""
    return nul is None or (share > MANY if nul else share < FEW)


def unreadable(sample: bytes) -> tuple[str, str] | None:
    """Return what a sample that fits no format is instead of text, with a hint; None if it may be text."""
    head = sample[:HEAD_BYTES]
    if wide := wide_encoding(head):
        return looks_wide(wide)
    if HTML.match(head):
        return "looks like an HTML page, not a log", "does the address want a login, or is it another one?"
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
    erased = head.count(0xFE) + head.count(0xFF)
    if controls > len(head) // 32 or erased > len(head) // 4:
        return BINARY
    return None
