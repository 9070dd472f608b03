"""Text that is safe to show: nothing in a log, a file name or a server's answer can control the reader's terminal.

There is one rule: what `str.isprintable` refuses is shown as its number. That covers the controls C0, DEL and C1 (so every
escape sequence), marks that change the direction of text, zero-width characters, U+2028 and U+2029, and halves of surrogate
pairs. The blank is the only white space that passes.
"""

from __future__ import annotations


def harmless(text: str) -> str:
    r"""Return the text with everything unprintable as `\xNN`, `\uNNNN` or `\UNNNNNNNN`.

    >>> print(harmless("red \x1b[31m and reversed \u202egnp.exe"))
    red \x1b[31m and reversed \u202egnp.exe
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else numbered(c) for c in text)


def ascii_only(text: str) -> str:
    """Return harmless text with everything that is not ASCII as its number, for a stdout limited to ASCII."""
    return text if text.isascii() else "".join(c if c.isascii() else numbered(c) for c in text)


def numbered(character: str) -> str:
    """Return a character as its number; a half pair that represents an undecodable byte (PEP 383) as that byte."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
