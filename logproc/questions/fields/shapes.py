r"""Shapes: texts whose variable parts are replaced by placeholders, so that similar texts become one key.

    Receiving block blk_-160899 src: /10.250.19.102:54106   →   Receiving block blk_<n> src: /<ip>
    /api/v1/users/38101a0b-2096-447d-96ea-a692162415ae/42   →   /api/v1/users/<uuid>/<n>

`<uuid>`  a UUID (RFC 9562), in either case
`<ip>`    an IPv4 or IPv6 address with its port; IPv6 only if its first group is in a range in use
`<hex>`   a MAC address, `0x` with digits, or at least 8 hexadecimal digits, among them a letter and a decimal digit
`<time>`  a date, a time of day or both, in the notations of ISO 8601, Apache or Go
`<n>`     any other number: digits with points and commas between them, with a minus sign that is not a hyphen

A unit stays (`33.6ms` is `<n>ms`), and so do `v` with at most two digits (`v1`) and escaped bytes (`%20`, `\xe9`).

Each placeholder is one pass of RE2 over the dictionary: linear, and without the GIL. The shape of a shape is itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import again
from logproc.formats.columns.slices import digits_of, offsets_and_data, places, windows

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Mask, Positions
    from logproc.model.columns import KeyColumn

SEVEN, SMALL = numpy.uint8(ord("7")), numpy.uint8(0x20)
"""SMALL: the bit that makes a letter a small one."""
KEEPING = b"vV%\\:"
FARTHEST = 3
"""How far after such a character a digit still matters: the last of an escaped byte, backslash x digit digit."""
SHORTEST = 8
"""Hexadecimal digits that are `<hex>` without a sign before them."""
BESIDE = numpy.isin(numpy.arange(256), list(b""" !"#$&'()*+,./;<=>?@[]^_`{|}~"""))
"""What may be beside a word that `without_identifiers` replaces."""
HEX = "[0-9A-Fa-f]"
MARK = r"\x01"
"""Put before each digit of an escaped byte during the passes. Keys never contain it: control characters are escaped."""
ESCAPED = rf"(%|\\x)({HEX})({HEX})"
BEFORE = f"(^|{MARK}.|[^0-9A-Za-z{MARK}])"
"""What may come before a word: the start, the last digit of an escaped byte, or a character that is not part of words."""
ANYWHERE = f"(^|{MARK}.|[^{MARK}])"
"""The same for what may also begin inside a word."""


def long_hex() -> str:
    """Return the expression for at least 8 hexadecimal digits, among them a letter and a decimal digit.

    RE2 cannot look ahead, so there is one alternative for each place where the kind of digit first changes. Digits followed by
    a single B are a size.
    """
    digits_first = [f"[0-9]{{{count}}}[A-Fa-f]{HEX}{{{7 - count},}}" for count in range(1, 7)]
    letters_first = [f"[A-Fa-f]{{{count}}}[0-9]{HEX}{{{7 - count},}}" for count in range(1, 8)]
    long = [f"[0-9]{{7,}}(?:[AC-Fac-f]{HEX}*|[Bb]{HEX}+)", f"[A-Fa-f]{{8,}}[0-9]{HEX}*"]
    return "|".join([*digits_first, *letters_first, *long])


UUID = f"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
PORT = r"(?::[0-9]{1,5}\b)?"
IPV4 = rf"[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}\b{PORT}"
GROUP = f"{HEX}{{1,4}}"
FIRST_GROUP = f"(?:[0-9]{HEX}{{0,3}}|[Ff][C-Fc-f]{HEX}{HEX})"
IPV6 = rf"(?:{FIRST_GROUP}(?:(?::{GROUP})*::(?:{GROUP}(?::{GROUP})*)?|(?::{GROUP}){{7}})|::1\b)"
ADDRESS = rf"{BEFORE}(?:\[{IPV6}\]{PORT}|{IPV6}|(?:::[Ff]{{4}}:)?{IPV4})"
MAC = f"(?:{HEX}{HEX}[:-]){{5}}{HEX}{HEX}"
CLOCK = "[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
DAY = "[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ]|[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}:"
NUMBER = "[0-9]+(?:[.,][0-9]+)*"
LONGER_VERSION = "[0-9]{3,}(?:[.,][0-9]+)*|[0-9]+(?:[.,][0-9]+)+"

PASSES = (
    (f"{ANYWHERE}{UUID}", r"\1<uuid>"),
    (ADDRESS, r"\1<ip>"),
    (f"{BEFORE}(?:{MAC}|0[xX]{HEX}+|{long_hex()})", r"\1<hex>"),
    (f"{ANYWHERE}(?:(?:{DAY})?{CLOCK}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})", r"\1<time>"),
    (r"""(^|[ =(:_\[{,/"'])-([0-9])""", r"\1\2"),
    (f"(^|{MARK}.|[^0-9vV{MARK}]|[A-Za-z][vV]){NUMBER}|([vV])(?:{LONGER_VERSION})", r"\1\2<n>"),
)


def shape(column: KeyColumn) -> KeyColumn:
    """Return a column of text as the shapes of its texts, null for null.

    `shape_of_each` is the definition. The steps before it leave it fewer texts, since each makes some of one shape equal.
    """
    for step in (without_values, without_identifiers, shape_of_each):
        column = again(step(column.keys), column.index)
    return column


def without_values(texts: pyarrow.Array) -> pyarrow.Array:
    r"""Return texts with every digit whose value does not matter to the shape set to 7; equal results have one shape.

    Digits matter in `::1`, `0x`, `v1`, `%20` and `\xe9`: after a character of KEEPING, and before an x. Of 35,000 messages with
    numbers, addresses and identifiers 14,000 remain, in 1 ms.
    """
    if not len(texts):
        return texts
    offsets, data = offsets_and_data(texts)
    digits = digits_of(data) <= 9  # one truth value for each byte of all texts
    keeping = data == KEEPING[0]
    for sign in KEEPING[1:]:
        keeping |= data == sign
    for distance in range(1, FARTHEST + 1):
        digits[distance:] &= ~keeping[:-distance]
    digits[:-1] &= data[1:] | SMALL != ord("x")
    return with_bytes(texts, offsets, sevens(data, digits))


def without_identifiers(texts: pyarrow.Array) -> pyarrow.Array:
    """Return texts with each word that is surely `<hex>` set to `a77…` of its length; equal results have one shape.

    Such a word has at least 8 hexadecimal digits, some of either kind, more than one letter B behind the others, and a
    character of BESIDE, or nothing, on either side: then it is in no UUID, address or escaped byte, and no match of another
    pass ends in it. Of the 14,000 messages above 300 remain, in 2 ms; the passes take 18 ms for 14,000.
    """
    offsets, data = offsets_and_data(texts)
    small = data | SMALL
    letters = (small >= ord("a")) & (small <= ord("f"))
    starts, ends = long_words(letters | (digits_of(data) <= 9), offsets)
    if not len(starts):
        return texts
    edge = numpy.zeros(len(data) + 1, bool)
    edge[offsets] = True
    sure = (edge[starts] | BESIDE[data[starts - 1]]) & (edge[ends] | BESIDE[data[numpy.minimum(ends, len(data) - 1)]])
    # Whether the first and the last digits are letters, shape (words, 7): not the very last, which may be the B of a size.
    front, back = (windows(letters, at, SHORTEST - 1).view(bool) for at in (starts, ends - SHORTEST))
    sure &= (front | back).any(axis=1) & ~(front & back).all(axis=1)
    starts, ends = starts[sure], ends[sure]
    # Of each byte, how many words begin up to it minus how many end: 1 within a word. An end may be the next start.
    edges = numpy.zeros(len(data) + 1, numpy.int8)
    edges[starts] = 1
    edges[ends] -= 1
    data = sevens(data, numpy.cumsum(edges[:-1], dtype=numpy.int8).view(bool))
    data[starts] = ord("a")
    return with_bytes(texts, offsets, data)


def long_words(digits: Mask, offsets: Positions) -> tuple[Positions, Positions]:
    """Return where hexadecimal digits begin and end of which at least SHORTEST follow one another in a text.

    digits: which bytes are such digits. offsets: of the texts among these bytes.
    """
    if len(digits) < SHORTEST:
        return offsets[:0], offsets[:0]
    linked = digits[:-1] & digits[1:]  # of each byte, whether it and the next one are digits of one text
    inner = offsets[(offsets > 0) & (offsets < len(digits))]
    linked[inner - 1] = False
    long = linked  # in the end, of each byte whether it and the seven behind it are
    for distance in (1, 2, 3):
        long = long[:-distance] & long[distance:]
    first, last = long.copy(), long.copy()
    first[1:] &= ~linked[: len(long) - 1]
    last[:-1] &= ~linked[SHORTEST - 1 :]
    return places(first), places(last, SHORTEST)


def sevens(data: Bytes, which: Mask) -> Bytes:
    """Return bytes with `7` in place of some. With bits of the masks, that is ten times as fast as `numpy.where`."""
    found: Bytes = data ^ ((data ^ SEVEN) & -which.view(numpy.uint8))
    return found


def with_bytes(texts: pyarrow.Array, offsets: Positions, data: Bytes) -> pyarrow.Array:
    """Return texts of the same lengths with other bytes."""
    buffers = [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(data)]
    found = pyarrow.Array.from_buffers(pyarrow.string(), len(texts), buffers)
    return pyarrow.compute.if_else(texts.is_valid(), found, None) if texts.null_count else found


def shape_of_each(texts: pyarrow.Array) -> pyarrow.Array:
    """Return the shape of each text, null for null."""
    if not pyarrow.compute.any(pyarrow.compute.match_substring_regex(texts, ESCAPED)).as_py():
        return passed(texts)
    marked = pyarrow.compute.replace_substring_regex(texts, ESCAPED, "\\1\x01\\2\x01\\3")
    return pyarrow.compute.replace_substring(passed(marked), "\x01", "")


def passed(texts: pyarrow.Array) -> pyarrow.Array:
    for expression, replacement in PASSES:
        texts = pyarrow.compute.replace_substring_regex(texts, expression, replacement)
    return texts
