r"""Text that is safe to show: nothing in a log, a file name or a server's answer can control the reader's terminal.

A character is shown as its number if `str.isprintable` refuses it, if it has no ink, or if it is a mark that cannot be told
from another spelling. That covers the controls C0, DEL and C1 (so every escape sequence), marks that change the direction of
text, zero-width characters, U+2028 and U+2029, halves of surrogate pairs, fillers such as U+3164, variation selectors, marks
without a letter or piled on one, and whatever is not in the normal form NFC: `e` with U+0301 would look like U+00E9. The blank
is the only white space that passes.

`harmless` is for sentences. `distinct` is for keys and names, which stand in rows: two different ones are never shown alike.
`printable` is for data, which another program reads.
Letters that only look alike, such as a Latin and a Cyrillic a, stay as they are (see docs/limits.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from unicodedata import category, is_normalized

from logproc.model.patterns import regex

NO_INK = frozenset(
    chain(
        (0x034F, 0x115F, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0x13441, 0x13442, 0x16FE4, 0x1D159),
        range(0x180B, 0x1810),  # Mongolian variation selectors
        range(0x1160, 0x1200),  # vowels and finals of Hangul, which have no width of their own; text has whole syllables
        range(0xD7B0, 0xD800),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
)
"""Characters that Python calls printable although they show nothing, or change only how another one is drawn (UAX #44)."""
MOST_MARKS = 4
"""On one letter (UTS #39, section 5.4)."""
LONG_NUMBER = regex(r"u[0-9a-f]{4}|U[0-9a-f]{8}")


def harmless(text: str) -> str:
    r"""Return a sentence with everything that cannot be shown as `\xNN`, `\uNNNN` or `\UNNNNNNNN`.

    >>> print(harmless("red \x1b[31m and reversed \u202egnp.exe"))
    red \x1b[31m and reversed \u202egnp.exe
    """
    return text if text.isascii() and text.isprintable() else "".join(shown(text, numbered))


def ascii_only(text: str) -> str:
    """Return harmless text with everything that is not ASCII as its number, for a stdout limited to ASCII."""
    return text if text.isascii() else "".join(c if c.isascii() else numbered(c) for c in text)


def distinct(text: str, *, in_ascii: bool = False) -> str:
    r"""Return a key or a name as harmless text, so that different ones are shown differently.

    Keys and names have `\xNN` already, in place of bytes that are not printable text, and many logs hold that themselves: it
    stays as it is. Every other number is a long one, and a backslash of the text is doubled where it would look like the
    beginning of one. Blanks that nobody would see are numbers too: at either end, and all but the first of several.

    >>> print(distinct("\u3164"), distinct(r"\u3164"), distinct(r"\x16\x03"), distinct(r"C:\logs"))
    \u3164 \\u3164 \x16\x03 C:\logs
    >>> print(distinct(" a  b"), distinct("caf\u00e9"), distinct("cafe\u0301"))
    \u0020a \u0020b café cafe\u0301
    """
    if text.isascii() and text.isprintable() and "\\" not in text and "  " not in text and text.strip(" ") == text:
        return text
    pieces = list(shown(text, long_number))
    if in_ascii:
        pieces = [piece if piece.isascii() else long_number(piece) for piece in pieces]
    last = len(text) - 1
    ambiguous = False  # whether a backslash here would look like the beginning of the number behind it
    for at in range(last, -1, -1):
        character = text[at]
        if character == " " and (at in {0, last} or text[at - 1] == " "):
            pieces[at] = long_number(" ")
        if character == "\\":
            ambiguous = ambiguous or LONG_NUMBER.match(text, at + 1) is not None
            pieces[at] = "\\\\" if ambiguous else "\\"
        else:
            ambiguous = pieces[at].startswith("\\")
    return "".join(pieces)


def printable(text: str) -> str:
    """Return a text for a table of data: only what `str.isprintable` refuses is shown as its number."""
    return text if text.isprintable() else "".join(c if c.isprintable() else numbered(c) for c in text)


def shown(text: str, number: Callable[[str], str]) -> Iterator[str]:
    """Yield each character of a text, or its number if it cannot be shown where it is."""
    letter = ""  # the last one shown, with its marks; empty where a mark would have none
    for character in text:
        mark = category(character).startswith("M")
        if not (character.isprintable() and ord(character) not in NO_INK and is_normalized("NFC", letter + character)) or (
            mark and (not letter or len(letter) > MOST_MARKS or letter[-1] == character)
        ):
            letter = ""
            yield number(character)
        else:
            letter = letter + character if mark else "" if character == " " else character
            yield character


def numbered(character: str) -> str:
    r"""Return a character as its number: `\xNN` for a control, and for a half pair that stands for a byte (PEP 383)."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0xA0 else long_number(character)


def long_number(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
