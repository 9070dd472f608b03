r"""Access logs whose fields are in an order of their own, as a sample shows it.

    [1234] 192.0.2.7 - alice [07/Mar/2026:10:00:00 +0000] shop.example.com "GET / HTTP/1.1" 200 42 "-" "curl/8"
    └ pid  └ client    └ user                             └ host

Known is what has a grammar: the time in brackets, the request in quotes, the status and the size behind it. Of the tokens
in front, the one that is an address in all lines is the client; a name with points is the host, and what follows the
client's `-` is the user. Other tokens are called `front1`, `front2` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy

from logproc.formats.engine import Format
from logproc.formats.readers.access_lines import (
    BARE,
    PID,
    REQUEST,
    STAMPED,
    SUMMARY,
    TEXT,
    UNKNOWN,
    Shape,
    is_client,
    names_behind,
    pieces_of,
)
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.layout import QUOTED
from logproc.formats.times.forms import CLF, ISO, TimeForm, compiled
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

FORMS = (CLF, ISO)
TOKEN = rb"\[?[\w.:@%/+,\\-]*[\w.:@%/+\\-]\]?"
TOKENS = regex(rb"(?:%(token)b(?: %(token)b)*)?" % {b"token": TOKEN})
BEHIND = regex(rb" (?P<request>%b) (?P<status>\d{3}) (?P<bytes>\d+|-)(?P<rest>(?: .*)?)" % TEXT, re.DOTALL)
NAMED_HOST = regex(rb"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?::\d+)?|localhost(?::\d+)?")

Line = tuple[TimeForm, list[bytes], list[bytes], re.Match[bytes]]
"""The form of the time, the tokens before it, those between it and the request, and what follows."""


def access_variants(lines: Sequence[bytes], left: Mask) -> Iterator[tuple[Format, Mask]]:
    """Yield a format for each order of fields in the lines of a sample that are left, with the lines that have it."""
    groups: dict[tuple[str, int, int, Shape], list[int]] = {}
    parts: dict[int, Line] = {}
    for at in numpy.flatnonzero(left).tolist():
        if line := divided(lines[at]):
            form, before, between, behind = line
            pieces = pieces_of(behind["rest"])
            if pieces is not None:
                parts[at] = line
                groups.setdefault((form.name, len(before), len(between), Shape(0, pieces)), []).append(at)
    for (_, _, _, shape), members in groups.items():
        if found := format_of(shape, [parts[at] for at in members]):
            mask = numpy.zeros(len(lines), bool)
            mask[members] = True
            yield found, mask


def divided(line: bytes) -> Line | None:
    """Return the parts of an access line, None for any other line."""
    for form in FORMS:
        match = compiled(rf"\[{form.expression}\]").search(line)
        quote = line.find(b' "', match.end()) if match else -1
        behind = BEHIND.fullmatch(line, quote) if quote >= 0 else None
        if match and behind and not STAMPED.match(line):
            before, between = line[: match.start()].rstrip(b" "), line[match.end() : quote].lstrip(b" ")
            if TOKENS.fullmatch(before) and TOKENS.fullmatch(between):
                return form, before.split(), between.split(), behind
    return None


def format_of(shape: Shape, lines: Sequence[Line]) -> Format | None:
    """Return the format of lines of one order, None if no token is surely a client, or the requests are not some."""
    if 2 * sum(REQUEST.fullmatch(behind["request"]) is not None for *_, behind in lines) < len(lines):
        return None
    form, first, _, _ = lines[0]
    columns = list(zip(*((*before, *between) for _, before, between, _ in lines), strict=True))
    names = names_of(columns, len(first))
    if names is None:
        return None
    front = [rf"\[(?P<{name}>\d+)\]" if name == "pid" else rf"(?P<{name}>\S+)" for name in names]
    time = rf"\[{form.expression}\]"
    pieces = [
        *front[: len(first)],
        time,
        *front[len(first) :],
        QUOTED.format("request"),
        r"(?P<status>\d{3})",
        r"(?P<bytes>\d+|-)",
    ]
    behind = names_behind(shape, [match for *_, match in lines])
    for name, (key, is_quoted) in zip(behind, shape.behind, strict=True):
        pieces.append((re.escape(key) + "=" if key else "") + (QUOTED if is_quoted else BARE).format(name))
    expression = "(?s)^" + " ".join(pieces) + "$"
    return Format("access", Expression(expression, form), summary=SUMMARY, units=(("bytes", 0),))


def names_of(columns: Sequence[Sequence[bytes]], before: int) -> list[str] | None:
    """Return the names of the tokens in front of the request, None without a client.

    columns: the values of each token. before: how many of them are before the time.
    """
    addresses = [all(map(is_client, column)) and any(token not in UNKNOWN for token in column) for column in columns]
    if True not in addresses:
        return None
    names = [f"front{at + 1}" for at in range(len(columns))]
    client = addresses.index(True)
    if before - client > 3:  # a user may have two words: these lines are those of a usual log
        return None
    names[client] = "client"
    if client < before - 1:  # `client - user [time]`, or `client user [time]`
        has_ident = before - client > 2 and all(token == b"-" for token in columns[before - 2])
        if has_ident or all(token == b"-" for token in columns[before - 1]):
            names[before - 1] = "user"
    for at, column in enumerate(columns):
        if names[at].startswith("front") and all(map(PID.fullmatch, column)) and "pid" not in names:
            names[at] = "pid"
        if names[at].startswith("front") and all(map(NAMED_HOST.fullmatch, column)) and "host" not in names:
            names[at] = "host"
    return names
