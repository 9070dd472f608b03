r"""Access logs that nobody named: what is in front of the time and behind the size is learned from a sample.

    shop.example.com 192.0.2.7 - alice [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 42 "-" "curl/8" 0.012 "a"
    └ host           └ client  └ ident └ user                                              └ referrer …  └ extra1, extra2

The address is the client, a name before it the virtual host, the last token the user. Behind the size come the referrer
and the agent, if two texts in quotes are there, then a list of addresses, then `extra1`, `extra2` and so on; `rt=0.12` is
called `rt`. Lines of the same shape have one layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy
from msgspec import Struct

from logproc.formats.columns.addresses import address_of, bare
from logproc.formats.columns.levels import is_level
from logproc.formats.engine import Format
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.layout import QUOTED, TIME, Layout
from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.times.forms import ACCESS
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
LINE = regex(
    rb"(?P<front>(?:\"[^\"\[]*\"|[^\"\[])[^\"\[]*) \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\] "
    rb"(?P<request>" + TEXT + rb") \d{3} (?:\d+|-)(?P<rest>(?: .*)?)",
    re.DOTALL,
)
PIECE = regex(rb" (?:(?P<key>[A-Za-z_][\w.-]*)=)?(?P<value>" + TEXT + rb'|[^\s"]+)')
LIST = regex(rb"[^\s,\"]+(?:, [^\s,\"]+)+")
HOST = regex(rb"(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_-]*\.?(?::\d+)?|_|-|\d+(?:\.\d+){3}(?::\d+)?")
IDENTIFIER = regex(rb"(?=[0-9a-f-]*\d)[0-9a-f-]{6,}")
"""Looks like a host, but is a number in hexadecimal, such as that of a request."""
TOKEN = regex(rb"[\w.:@%/+,\[\]\\-]+|\([\w.:,-]*\)|\"[^\"]*\"")
"""What may be a token before the time: a bar or a parenthesis is from something that put it there."""
REQUEST = regex(rb'"(?:[A-Z]+ \S+(?: HTTP/[\d.]+)?|-)"')
STAMPED = regex(rb"\[?\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d")
"""A line that begins with a time is one of a logger, with an access log in its message."""
PID = regex(rb"\[\d+\]")
"""The number of a process, which may be anywhere: see `access_variants`."""
UNKNOWN = frozenset({b"-", b"unknown"})
SUMMARY = "Access log like common or combined, with other fields in front or behind"
CLIENTS = (
    r'"?(?:(?P<forwarded_for>(?:unknown, ?)+(?P<client>[^\s,"]+)(?:, ?[^\s,"]+)*|(?P<client_2>[^\s,"]+)(?:, ?[^\s,"]+)+)'
    r'|unknown|(?P<client_3>[^\s,"]+))"?'
)
BARE = r'(?P<{}>[^\s"]+)'


class Shape(Struct, frozen=True):
    """What lines of one layout have in common.

    front: how many tokens are before the time. behind: of each piece behind the size its key and whether it is in quotes.
    """

    front: int
    behind: tuple[tuple[str, bool], ...]


def access_formats(lines: Sequence[bytes]) -> Iterator[tuple[Format, Mask]]:
    """Yield a format for each shape of access lines in a sample, with the lines that have it."""
    groups: dict[Shape, list[int]] = {}
    for at, line in enumerate(lines):
        match = None if STAMPED.match(line) else LINE.fullmatch(line)
        if match and (shape := shape_of(match["front"], match["rest"])):
            groups.setdefault(shape, []).append(at)
    for shape, members in groups.items():
        mask = numpy.zeros(len(lines), bool)
        mask[members] = True
        found = format_of_shape(shape, [match for at in members if (match := LINE.fullmatch(lines[at]))])
        if found:
            yield found, mask


def shape_of(front: bytes, rest: bytes) -> Shape | None:
    pieces = pieces_of(rest) if all(map(TOKEN.fullmatch, tokens_of(front))) else None
    return None if pieces is None else Shape(len(tokens_of(front)), pieces)


def pieces_of(rest: bytes) -> tuple[tuple[str, bool], ...] | None:
    """Return of each piece behind the size its key and whether it is in quotes, None for other text."""
    pieces, at = [], 0
    while at < len(rest):
        piece = PIECE.match(rest, at)
        if not piece:
            return None
        pieces.append(((piece["key"] or b"").decode(), piece["value"].startswith(b'"')))
        at = piece.end()
    return tuple(pieces)


def tokens_of(front: bytes) -> list[bytes]:
    """Return the tokens before the time; a list of addresses with commas is one."""
    return LIST.sub(lambda match: match[0].replace(b", ", b","), front).split(b" ")


def format_of_shape(shape: Shape, matches: Sequence[re.Match[bytes]]) -> Format | None:
    """Return the format of lines of one shape, None if they do not begin as access lines do."""
    if 2 * sum(REQUEST.fullmatch(match["request"]) is not None for match in matches) < len(matches):
        return None
    columns = list(zip(*(tokens_of(match["front"]) for match in matches), strict=True))
    names = None if any(all(map(PID.fullmatch, column)) for column in columns) else names_in_front(columns)
    if names is None:
        return None
    behind = names_behind(shape, matches)
    has_list = any(b"," in token or b'"' in token or token == b"unknown" for token in columns[names.index("client")])
    if has_list or any(key for key, _ in shape.behind):
        expression = expression_of(shape, names, behind, has_list=has_list)
        return Format("access", Expression(expression, ACCESS), summary=SUMMARY, units=(("bytes", 0),))
    unquoted: list[list[str]] = [[*names, "time"], ["status", "bytes"]]
    quoted = ["request"]
    for name, (_, is_quoted) in zip(behind, shape.behind, strict=True):
        if is_quoted:
            quoted.append(name)
            unquoted.append([])
        else:
            unquoted[-1].append(name)
    return format_of_layout(Layout("access", SUMMARY, "", tuple(map(tuple, unquoted)), tuple(quoted)))


def names_in_front(columns: Sequence[Sequence[bytes]]) -> list[str] | None:
    """Return the names of the tokens before the time, given each one's values; None if there is no client among them.

    Behind the client are `ident` and the user, or only the user. A name of a host may be in front of it, or be the last.
    """
    addresses = [all(map(is_client, column)) and any(token not in UNKNOWN for token in column) for column in columns]
    client = client_in(columns, addresses)
    has_ident = len(columns) - client > 2
    if True not in addresses and not (len(columns) > 2 and all(map(HOST.fullmatch, columns[0]))):
        return None
    names = [f"front{at + 1}" for at in range(len(columns))]
    names[client] = "client"
    dotted = are_hosts(columns[-1]) and all(b"." in token or token == b"-" for token in columns[-1])
    if dotted and client == len(columns) - 4 and all(token == b"-" for token in columns[-3]):
        names[-3:] = "ident", "user", "host"
    elif len(columns) > 3 and has_ident and any(token != b"-" for token in columns[-2]):
        return None  # a user may have two words, and nobody fills in `ident`
    elif has_ident:
        names[-2:] = "ident", "user"
    elif client < len(columns) - 1:
        names[-1] = "user"
    if client and "host" not in names and are_hosts(columns[client - 1]):
        names[client - 1] = "host"
    level = next((at for at, column in enumerate(columns[:client]) if all(map(is_level, column))), None)
    if level is not None:
        names[level] = "level"
    return names


def client_in(columns: Sequence[Sequence[bytes]], addresses: Sequence[bool]) -> int:
    """Return which token is the client: the first that is an address in all lines, or in most; 0 if there is none.

    One address in front of several others is the server's. addresses: which tokens are addresses in all lines.
    """
    counts = [sum(token not in UNKNOWN and is_client(token) for token in column) for column in columns]
    mostly = [at for at, count in enumerate(counts) if 2 * count >= len(columns[0])]
    if len(mostly) > 1 and len(set(columns[mostly[0]])) == 1 and len(set(columns[mostly[1]])) > 1:
        return mostly[1]
    return addresses.index(True) if True in addresses else max(mostly, key=counts.__getitem__, default=0)


def are_hosts(tokens: Sequence[bytes]) -> bool:
    """Return whether tokens are names of hosts. Some may be addresses; numbers, times, levels and identifiers are not hosts."""
    return (
        all(map(HOST.fullmatch, tokens))
        and any(not is_client(token) for token in tokens)
        and not all(map(is_level, tokens))
        and not all(map(IDENTIFIER.fullmatch, tokens))
    )


def is_client(token: bytes) -> bool:
    """Return whether a token is an address, a list of some, or absent."""
    parts = token.strip(b'"').split(b",")
    return token in UNKNOWN or all(is_address(part.strip()) or (len(parts) > 1 and part.strip() in UNKNOWN) for part in parts)


def is_address(text: bytes) -> bool:
    return address_of(bare(text.decode("latin-1"))) is not None


def names_behind(shape: Shape, matches: Sequence[re.Match[bytes]]) -> list[str]:
    """Return the names of the pieces behind the size."""
    values = [[piece["value"].strip(b'"') for piece in PIECE.finditer(match["rest"])] for match in matches]
    names: list[str] = []
    extra = 0
    quoted_first = [is_quoted and not key for key, is_quoted in shape.behind[:2]] == [True, True]
    for at, (key, is_quoted) in enumerate(shape.behind):
        column = [row[at] for row in values]
        if quoted_first and at < 2:
            names.append(("referrer", "user_agent")[at])
        elif key and key not in names:
            names.append(re.sub(r"\W", "_", key))
        elif quoted_first and at == 2 and is_quoted and all(map(is_list, column)):
            names.append("forwarded_for")
        else:
            extra += 1
            names.append(f"extra{extra}")
    return names


def is_list(value: bytes) -> bool:
    return value == b"-" or all(is_address(part.strip()) or part.strip() in UNKNOWN for part in value.split(b","))


def expression_of(shape: Shape, names: Sequence[str], behind: Sequence[str], *, has_list: bool) -> str:
    """Return the expression of lines that no Layout describes: lists with blanks, or keys."""
    special = {"ident": r"\S+", **({"client": CLIENTS} if has_list else {})}
    front = [special.get(name, rf"(?P<{name}>\S+)") for name in names]
    pieces = [" ".join([*front, TIME]), QUOTED.format("request"), r"(?P<status>\d{3})", r"(?P<bytes>\d+|-)"]
    for name, (key, is_quoted) in zip(behind, shape.behind, strict=True):
        group = f"{name}_2" if has_list and name == "forwarded_for" else name  # another place of the same field
        pieces.append((re.escape(key) + "=" if key else "") + (QUOTED if is_quoted else BARE).format(group))
    return "(?s)^" + " ".join(pieces) + "$"


VARIABLES = {
    "client": "$remote_addr",
    "ident": "-",
    "user": "$remote_user",
    "time": "[$time_local]",
    "bytes": "$body_bytes_sent",
    "referrer": "$http_referer",
    "user_agent": "$http_user_agent",
    "forwarded_for": "$http_x_forwarded_for",
}
"""What nginx calls the usual fields."""


def definition_of(layout: Layout) -> str:
    """Return the definition that nginx would have for a layout: `--format` takes it, with other names for the further fields.

    >>> definition_of(Layout("x", "", "", (("client", "ident", "user", "time"), ("status", "bytes", "extra1")), ("request",)))
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $extra1'
    """
    pieces = []
    for name in layout.names:
        variable = VARIABLES.get(name, f"${name}")
        pieces.append(f'"{variable}"' if name in layout.quoted else variable)
    return " ".join(pieces)
