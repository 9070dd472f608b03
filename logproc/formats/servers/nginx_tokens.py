r"""The text of a configuration of nginx → its directives.

The grammar is that of `ngx_conf_read_token` (ngx_conf_file.c): words between white space, in quotes if they begin with
one, a backslash takes the next character with it, `#` at the beginning of a word is a comment, `;` ends a directive,
`{` opens its block. Lua in `…_by_lua_block` is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from logproc.model.errors import UsageError
from logproc.model.patterns import regex

TOKEN = regex(
    r"""
    [ \t\r\n]+ | \#[^\n]*
    | (?P<quoted> "(?P<double>(?:[^"\\]|\\.)*+)" | '(?P<single>(?:[^'\\]|\\.)*+)' ) (?=[ \t\r\n;{)]|\Z)
    | (?P<mark> [;{}] )
    | (?P<word> (?:\$\{|\\.|[^ \t\r\n;{"'\\])(?:\$\{|\\.|[^ \t\r\n;{\\])*+ )
    """,
    re.VERBOSE | re.DOTALL,
)
DEEPEST_BLOCK = 100
LUA = regex(
    r"""
    (?P<mark> [{}] ) | --\[\[.*?(?:\]\]|\Z) | --[^\n]* | \[\[.*?(?:\]\]|\Z)
    | "(?:[^"\\]|\\.)*+" | '(?:[^'\\]|\\.)*+' | [^{}"'\[-]++ | .
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPED = regex(r"""\\(["'\\trn])""")
CONTROLS = {"t": "\t", "r": "\r", "n": "\n"}


class Place(Struct, frozen=True):
    """A place in a configuration: the file as it was named, and the line, from 1."""

    file: str
    line: int

    def fault(self, what: str, hint: str = "") -> UsageError:
        return UsageError(f"{self.file}, line {self.line}: {what}", hint)


class Directive(Struct, frozen=True):
    """The words of one directive, the names of the blocks round it, and its line. opens: whether it has a block of its own."""

    words: tuple[str, ...]
    blocks: tuple[str, ...]
    line: int
    opens: bool


def directives_in(text: str, file: str, blocks: tuple[str, ...] = ()) -> Iterator[Directive]:
    """Yield the directives of a text. Raises UsageError if it is not a valid configuration."""
    opened: list[tuple[str, int]] = []
    words: list[str] = []
    at, line, first = 0, 1, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        place = Place(file, line)
        if not match:
            raise place.fault(*trouble(text, at))
        first = first if words else line
        at, line = match.end(), line + match[0].count("\n")
        mark = match["mark"]
        if not mark:
            words += word_of(match)
            continue
        if bool(words) == (mark == "}") or (mark == "}" and not opened):
            raise place.fault(f"unexpected {mark!r}")
        if mark == "}":
            opened.pop()
            continue
        names = (*blocks, *(name for name, _ in opened))
        yield Directive(tuple(words), names, first, opens=mark == "{")
        if mark == "{" and words[0].endswith("_by_lua_block"):
            end = lua_end(text, at, place)
            at, line = end, line + text.count("\n", at, end)
        elif mark == "{":
            if len(opened) == DEEPEST_BLOCK:  # each directive gets the names of all blocks round it
                raise place.fault(f"more than {DEEPEST_BLOCK} blocks inside each other")
            opened.append((words[0], first))
        words = []
    if words or opened:
        name, line = (words[0], first) if words else opened[-1]
        raise Place(file, line).fault(f"{name} is not ended", f"{'`;`' if words else '`}`'} is missing at the end of the file")


def word_of(match: re.Match[str]) -> list[str]:
    texts = [match[name] for name in ("double", "single", "word") if match[name] is not None]
    return [ESCAPED.sub(lambda escape: CONTROLS.get(escape[1], escape[1]), text) for text in texts]


def trouble(text: str, at: int) -> tuple[str, str]:
    """Return the error for a position without a valid token, and a hint."""
    rest = text[at : at + 20].splitlines()[0]
    return f"unexpected text, or a quote that does not end, at {rest!r}", "behind a closing quote stands a blank, `;` or `{`"


def lua_end(text: str, at: int, place: Place) -> int:
    """Return where a Lua block ends, given the position after its `{`."""
    depth = 1
    while depth:
        match = LUA.match(text, at)
        if not match:
            raise place.fault("a block of Lua is not ended", "`}` is missing")
        at = match.end()
        depth += {"{": 1, "}": -1}.get(match["mark"] or "", 0)
    return at
