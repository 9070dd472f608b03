r"""The exact way: one anchored expression for one line. It is the definition that the fast way is held equal to.

It is linear in the length of the line, whatever the line holds: the time is 26 characters, so that each `[` is
looked at once, and quoted text is matched possessively (Python 3.11), so that nothing is kept to go back to.
With `.+? \[[^\]]*` instead, a line of 16 kB of ` [` takes 0.4 seconds and one of 1 MiB half an hour, and all that
while `re` holds the GIL, so that no other thread of the program runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from logproc.formats.readers.layout import Layout
from logproc.formats.times.access import to_seconds
from logproc.model import NO_TIME

TOKEN = rb"[^ \t\n\r\v\f]+"
TOKENS = {"user": rb".+?", "time": rb"\[([^\]]{26})\]", "status": rb"\d{3}", "bytes": rb"\d+|-"}
QUOTED = rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
BLANK = b" \t\r\v\f"
MAX_BYTES = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one line: text as bytes by column, request and status with them; seconds since 1970; bytes (`-`: 0).

    What the layout does not have is NO_TIME or 0.
    """

    text: dict[str, bytes]
    time: int
    bytes: int


@cache
def expression(layout: Layout, *, strict: bool = False) -> re.Pattern[bytes]:
    """Return the expression of a layout. A strict one takes no blank in the user, to tell formats apart."""
    return re.compile(b"".join(parts(layout, strict=strict)), re.DOTALL)


def parts(layout: Layout, *, strict: bool) -> list[bytes]:
    """Return the expressions of the parts of a line, in order; each prefix of them matches the beginning of a good line."""
    found = []
    for position, names in enumerate(layout.unquoted):
        tokens = [token(name, strict=strict) for name in names]
        last = position == len(layout.quoted)
        front = [b" "] if position and (tokens or not last) else []
        for number, part in enumerate(tokens):
            found.append(b"".join(front) + (b" " if number else b"") + part)
            front = []
        if not last:
            found.append(b"".join(front) + (b" " if tokens else b"") + QUOTED)
    return found


def token(name: str, *, strict: bool) -> bytes:
    """Return the expression of one unquoted token, with one group."""
    if name == "time":
        return TOKENS["time"]
    return b"(" + (TOKEN if name == "user" and strict else TOKENS.get(name, TOKEN)) + b")"


def names(layout: Layout) -> list[str]:
    """Return the columns in the order in which they stand in a line."""
    found: list[str] = []
    for position, tokens in enumerate(layout.unquoted):
        found += [*tokens, *layout.quoted[position : position + 1]]
    return found


def match(layout: Layout, line: bytes) -> Fields | str:
    """Return the fields of a line (without its end), or the reason why it is no record."""
    found = expression(layout).fullmatch(line)
    if not found:
        return reason(layout, line)
    values = dict(zip(names(layout), found.groups(), strict=True))
    text, size = values.pop("time", None), values.pop("bytes", b"-")
    time = NO_TIME if text is None else to_seconds(text)
    if time is None:
        return "bad-time"
    if size != b"-" and (len(size.lstrip(b"0")) > 19 or int(size[-19:]) > MAX_BYTES):
        return "bad-size"
    return Fields(values, time, 0 if size == b"-" else int(size[-19:]))


def reason(layout: Layout, line: bytes) -> str:
    """Return why a line does not fit: what is wrong behind the longest good beginning."""
    columns, fitting = names(layout), 0
    expressions = prefixes(layout)
    while fitting < len(expressions) and expressions[fitting].match(line):
        fitting += 1
    if fitting == len(columns):
        return "text-after-end"
    column = columns[fitting]
    if column in layout.quoted:
        end = expressions[fitting - 1].match(line)
        rest = line[end.end() :] if end else b""
        return "unterminated-quote" if rest.startswith(b' "') else "missing-quote"
    return {"time": "bad-time", "status": "bad-status", "bytes": "bad-size"}.get(column, "no-match")


@cache
def prefixes(layout: Layout) -> tuple[re.Pattern[bytes], ...]:
    """Return an expression for each beginning of the layout: its first part, its first two, and so on.

    An unquoted one ends at a blank or with the line, so that `2000` is a bad status and `-1` a bad size.
    """
    found = parts(layout, strict=False)
    ends = [b"" if name in layout.quoted else rb"(?= |\Z)" for name in names(layout)]
    return tuple(re.compile(b"".join(found[: at + 1]) + end, re.DOTALL) for at, end in enumerate(ends))


def is_blank(line: bytes) -> bool:
    """Return whether a line holds nothing but space, TAB, CR, VT and FF."""
    return not line.strip(BLANK)
