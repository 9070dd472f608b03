"""The tokens of a `--where` expression, and the errors that point to a column in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from logproc.formats.columns.printable import shown
from logproc.model.errors import UsageError
from logproc.model.patterns import regex

SHOWN_CHARACTERS = 60
"""How much of an expression an error quotes."""
TOKEN = regex(
    r"""
    [ \t\r\n]*+ (?:
      (?P<text> "[^"\\]*+(?:\\.[^"\\]*+)*+" | '[^'\\]*+(?:\\.[^'\\]*+)*+' )
    | (?P<quoted> `[^`]*+(?:``[^`]*+)*+` )
    | (?P<number> [+-]?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++) )
    | (?P<form> net:[0-9]{1,3}+ | shape\([A-Za-z_@][A-Za-z0-9_.@-]*+\) | (?:query|every)\([^()"'`]*+\) )
    | (?P<name> [A-Za-z_@][A-Za-z0-9_.@-]*+ | [µμ]s )
    | (?P<symbol> =~ | !~ | == | != | <= | >= | [=<>(),] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)
WORD = regex(r"""[^\s"'`(),=<>!~&|]+""")
BLANKS = " \t\r\n"
UNCLOSED = {'"': "a text is not closed", "'": "a text is not closed", "`": "a name is not closed"}
MEANT = {
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "~": "write `=~`",
    "[": "write `(`",
    '"': 'close it with `"`',
    "'": "close it with `'`",
    "`": "close it with a backtick",
    **dict.fromkeys("“”„‘’«»", "write straight quotes"),
}
"""Hints for characters that no token begins with."""


class Token(Struct, frozen=True):
    """A piece of an expression. `kind` is its group in `TOKEN`; `start` and `end` are its place in the text."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.text.lower() in words

    def is_symbol(self, symbol: str) -> bool:
        return self.kind == "symbol" and self.text == symbol


def fault(text: str, what: str, at: int, hint: str = "") -> UsageError:
    return UsageError(f"--where {excerpt(text)}: {what} at column {at + 1}", hint)


def unquoted(text: str, at: int) -> str:
    """Return the hint for an error within a word such as `/cart` or `10.0.0.0/8`, which lacks its quotes; else ""."""
    word = next((match[0] for match in WORD.finditer(text) if match.start() <= at < match.end()), "")
    at_end = word == "/" and text.rstrip(BLANKS).endswith("/")
    return f'write a text in quotes: "{excerpt(word)}"' if at_end or (len(word) > 1 and text[at] in "/:.?*%#") else ""


def excerpt(text: str) -> str:
    """Return the beginning of a text, fit to show on one line."""
    beginning = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return shown(beginning.encode("utf-8", "backslashreplace"))


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens; the last one is the end. Raises UsageError where no token matches."""
    position, kind = 0, ""
    while kind != "end":
        match = TOKEN.match(text, position)
        if not match:
            at = len(text) - len(text[position:].lstrip(BLANKS))
            what = UNCLOSED.get(text[at], f"{excerpt(text[at])} means nothing")
            hint = "write `!=`" if text[max(at - 1, 0) : at + 1] == "=!" else MEANT.get(text[at], "")
            raise fault(text, what, at, hint or unquoted(text, at))
        kind, position = str(match.lastgroup), match.end()
        yield Token(kind, match[kind], match.start(kind), position)
