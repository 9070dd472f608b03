"""Recognise sources that are not logs: HTML pages, binary data, and text in UTF-16 or UTF-32."""

from __future__ import annotations

import re

from logproc.model.patterns import regex

MARKS = (("utf-32", b"\xff\xfe\0\0"), ("utf-32", b"\0\0\xfe\xff"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))
"""Byte order marks. UTF-32 comes first, because its little-endian mark begins with that of UTF-16."""
NULS = (
    ("utf-32-le", (False, None, True, True)),
    ("utf-32-be", (True, True, None, False)),
    ("utf-16-le", (False, True, False, True)),
    ("utf-16-be", (True, False, True, False)),
)
"""Which of four consecutive bytes are NUL in Latin text: always, never, or (None) either."""
BINARY = "looks binary: skipped", "give logs, or archives of them as .gz .bz2 .xz .zst"
PARQUET, PARQUET_HEAD = (
    ("is Parquet: only files are read, and once", "save it as a file; omit --follow and --state"),
    b"PAR1\x15",
)
HEAD_BYTES = 4096
OWN_REPORT = "is a report of logproc, not a log", "compare it with another by `logproc diff`"
OWN = regex(
    rb'\{"schema": \d+, "complete": (?:true|false),|<!doctype html>(?:(?!<title>).)*<meta name="generator" content="logproc ',
    re.DOTALL | re.IGNORECASE,
)
PAGE = "looks like an HTML page, not a log", "does the address want a login, or is it another one?"
PAGE_BYTES = 1 << 16
PROLOG = rb"(?:\xef\xbb\xbf)?(?>\s+|<!--.*?-->|<\?xml.*?\?>)*+<"
TAGS = (
    rb"!doctype\s+html|html|head|body|title|meta|link|style|script|noscript|iframe|frameset|center|form|h[1-6]|div|font|table|pre"
    rb"|a|b|br|p"
)
MORE_TAGS = (
    rb"article|aside|base|button|code|dl|em|footer|header|hr|i|img|input|label|li|main|nav|ol|section|small|span|strong|svg"
    rb"|u|ul"
)
HTML = regex(PROLOG + rb"(?:" + TAGS + rb")[\s/>]", re.IGNORECASE | re.DOTALL)
"""How HTML begins (MIME Sniffing, 7.1, and some more tags)."""
MARKUP = regex(PROLOG + rb"(?:" + TAGS + rb"|" + MORE_TAGS + rb")[\s/>]", re.IGNORECASE | re.DOTALL)
"""How a body begins that its server calls HTML, if it is. A log does not become a page by what the server calls it."""
MAY_BE_MARKUP = regex(rb"\xef?\xbb?\xbf?\s*(?:<(?![0-9]).*)?|[\xfe\xff].*|.?\0.*", re.DOTALL)
"""What more bytes may turn into one of these."""
OBJECTS = "JSON over several lines, not one object a line", "`jq -c . FILE | logproc analyze -`"
ARRAY = "a JSON array over several lines, not one object a line", "`jq -c '.[]' FILE | logproc analyze -`"
JSON_LINE = regex(rb'(?>[\s{}\[\],:]|"(?:[^"\\]|\\.)*+"|-?\d[\d.eE+-]*+|true|false|null)*+')
"""A line that has nothing but what JSON has."""
WHOLE_OBJECT = regex(rb'\{\s*+".*\}\s*,?\s*')
NEARLY, FEW_OBJECTS, SAMPLE_LINES = 0.9, 0.1, 1000
LEAST_BYTES = 8
MANY, FEW = 1 / 4, 1 / 8
"""Least share of NULs where UTF-16 or UTF-32 has them, and the largest where it has none."""


def wide_encoding(head: bytes) -> str | None:
    r"""Return the name of the UTF-16 or UTF-32 encoding of `head`, else None. Without a mark it names the byte order.

    >>> wide_encoding("GET /".encode("utf-16")), wide_encoding("GET /".encode("utf-16-be")), wide_encoding(b"GET /")
    ('utf-16', 'utf-16-be', None)
    """
    marked = next((name for name, mark in MARKS if head.startswith(mark)), None)
    if marked or len(head) < LEAST_BYTES or 0 not in head:
        return marked
    parts = [head[place::4] for place in range(4)]
    shares = [part.count(0) / len(part) for part in parts]

    def fits(share: float, nul: bool | None) -> bool:
        return nul is None or (share > MANY if nul else share < FEW)

    return next((name for name, nuls in NULS if all(map(fits, shares, nuls))), None)


def is_page(head: bytes, *, called_so: bool = False) -> bool:
    """Return whether a text begins as HTML does, in any encoding. called_so: whether the server says that it is."""
    head = head[:PAGE_BYTES]
    if wide := wide_encoding(head):
        head = head.decode(wide, "ignore").lstrip("\ufeff").encode("utf-8", "replace")
    return bool((MARKUP if called_so else HTML).match(head))


def own_report(sample: bytes) -> tuple[str, str] | None:
    """Return why a report of this program is not a log, and a hint; None otherwise. It has lines that look like a log."""
    return OWN_REPORT if OWN.match(sample) else None


def looks_wide(encoding: str) -> tuple[str, str]:
    """Return the reason and the hint for a source in this encoding."""
    return f"looks like {encoding[:6].upper()}", f"use --encoding {encoding}"


def unreadable(sample: bytes) -> tuple[str, str] | None:
    """Return why a sample is not text, and a hint; None if it may be text. For samples that fit no known format."""
    head = sample[:HEAD_BYTES]
    if head.startswith(PARQUET_HEAD):
        return PARQUET
    if is_page(sample):
        return PAGE
    if wide := wide_encoding(head):
        return looks_wide(wide)
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
    erased = head.count(0xFE) + head.count(0xFF)
    if controls > len(head) // 32 or erased > len(head) // 4:
        return BINARY
    return None


def laid_out_json(sample: bytes) -> tuple[str, str] | None:
    """Return why a sample is not a log, and a hint, if it is JSON whose objects have several lines; None otherwise.

    A few objects that are laid out in a log of one object a line do not make it one.
    """
    lines = sample.removeprefix(b"\xef\xbb\xbf").splitlines()[:SAMPLE_LINES]
    fits = [JSON_LINE.fullmatch(line) is not None for line in lines]
    opens = any(line.count(b"{") + line.count(b"[") > line.count(b"}") + line.count(b"]") for line in lines)
    objects = sum(WHOLE_OBJECT.fullmatch(line) is not None for line in lines)
    if not opens or sum(fits) < NEARLY * len(fits) or objects > FEW_OBJECTS * len(lines):
        return None
    return ARRAY if sample.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") else OBJECTS
