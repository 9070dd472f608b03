"""The pieces that an expression of `--where` is written in, and the errors that name a place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from logproc.formats.columns.printable import shown
from logproc.model.errors import UsageError

SHOWN_CHARACTERS = 60
"""How much of an expression an error repeats."""
TOKEN = re.compile(
    r"""
    [ \t\r\n]*+ (?:
      (?P<text> "[^"\\]*+(?:\\.[^"\\]*+)*+" | '[^'\\]*+(?:\\.[^'\\]*+)*+' )
    | (?P<quoted> `[^`]*+(?:``[^`]*+)*+` )
    | (?P<number> [+-]?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++) )
    | (?P<form> net:[0-9]{1,3}+ | shape\([A-Za-z_@][A-Za-z0-9_.@-]*+\) )
    | (?P<name> [A-Za-z_@][A-Za-z0-9_.@-]*+ )
    | (?P<symbol> =~ | !~ | == | != | <= | >= | [=<>(),] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)
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
"""What was probably meant by a character that no token begins with."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: its kind is the name of its group in `TOKEN`, `start` and `end` are where it stands."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in whatever case."""
        return self.kind == "name" and self.text.lower() in words

    def is_symbol(self, symbol: str) -> bool:
        """Whether it is this symbol."""
        return self.kind == "symbol" and self.text == symbol


def fault(text: str, what: str, at: int, hint: str = "") -> UsageError:
    return UsageError(f"--where {excerpt(text)}: {what} at column {at + 1}", hint)


def excerpt(text: str) -> str:
    """Return the beginning of a text as it can be shown on one line."""
    beginning = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return shown(beginning.encode("utf-8", "backslashreplace"))


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens, the end as the last. Raises UsageError where none begins."""
    position, kind = 0, ""
    while kind != "end":
        match = TOKEN.match(text, position)
        if not match:
            raise character_fault(text, position)
        kind, position = str(match.lastgroup), match.end()
        yield Token(kind, match[kind], match.start(kind), position)


def character_fault(text: str, position: int) -> UsageError:
    """Return the error for the place where no token begins."""
    at = position + len(text[position:]) - len(text[position:].lstrip(BLANKS))
    character = text[at]
    return fault(text, UNCLOSED.get(character, f"{excerpt(character)} means nothing"), at, MEANT.get(character, ""))
