"""A Definition → the Layout of its lines, if they have one: then whole chunks are cut at once."""

from __future__ import annotations

from logproc.formats.readers.layout import SPECIAL, Layout
from logproc.formats.readers.quotes import WIDTHS
from logproc.formats.servers.definition import Definition, Literal, Variable
from logproc.formats.times import strftime

POWERS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "number": 0}
"""The power of ten to divide numbers of each kind by."""
Parts = list[Literal | Variable]


def layout_of(definition: Definition) -> Layout | None:
    """Return the layout of the lines, None if quotes and spaces cannot split them with the same meaning."""
    if definition.escape == "none":  # a value may hold quotes
        return None
    pieces = split(list(definition.parts), '"')
    quoted = [quoted_name(piece) for piece in pieces[1::2]]
    unquoted = [token_names(piece, definition.escape, at, len(quoted)) for at, piece in enumerate(pieces[::2])]
    names = [*quoted, *(name for part in unquoted for name in part)]
    if len(pieces) % 2 == 0 or None in names or len(set(names)) < len(names) or not all(map(is_cuttable, unquoted)):
        return None
    return Layout(
        name=definition.text,
        summary=f"A definition of {definition.dialect}'s",
        example="",
        unquoted=tuple(tuple(filter(None, part)) for part in unquoted),
        quoted=tuple(filter(None, quoted)),
        units=tuple((variable.name, POWERS[variable.kind]) for variable in definition.variables if variable.kind in POWERS),
    )


def is_cuttable(names: list[str | None]) -> bool:
    """Return whether all fixed-width tokens are at the ends of a piece, where they can be cut off first."""
    rest = list(names)
    while rest and rest[-1] in WIDTHS:
        rest.pop()
    while rest and rest[0] in WIDTHS:
        rest.pop(0)
    return not set(rest) & set(WIDTHS)


def split(parts: Parts, mark: str) -> list[Parts]:
    """Split the parts at each mark that the literals hold."""
    found: list[Parts] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            found[-1].append(part)
            continue
        first, *rest = part.text.split(mark)
        found[-1] += literals(first)
        found += map(literals, rest)
    return found


def literals(text: str) -> Parts:
    return [Literal(text)] if text else []


def quoted_name(piece: Parts) -> str | None:
    """Return the name of the quoted text, None unless it is exactly one text or number."""
    match piece:
        case [Variable(name=name, form="")] if name == "request" or name not in SPECIAL:
            return name
    return None


def token_names(piece: Parts, escape: str, at: int, last: int) -> list[str | None]:
    """Return the names of the tokens outside quotes, [None] unless single spaces separate them and the quotes."""
    after_quote, before_quote = at > 0, at < last
    if not piece:
        return [None] if after_quote and before_quote else []
    words = split(piece, " ")
    if (after_quote and words[0]) or (before_quote and words[-1]):
        return [None]
    return [token_name(word, escape) for word in words[after_quote : len(words) - before_quote]]


def token_name(word: Parts, escape: str) -> str | None:
    """Return the name of a token, None if a Layout has no such token."""
    match word:
        case [Literal("-")]:
            return "ident"
        case [Literal("["), Variable(name="time", form=strftime.CLF), Literal("]")]:
            return "time"
        case [Variable(form="") as variable] if is_token(variable, escape):
            return variable.name
    return None


def is_token(variable: Variable, escape: str) -> bool:
    """Return whether the variable writes what a Layout's token of that name holds."""
    if variable.name in {"status", "bytes"} or variable.kind in {"status", "bytes"}:
        return variable.name == variable.kind
    if variable.kind in POWERS:
        return escape == "default" and "upstream_" not in variable.source
    return variable.shape in {"token", "digits"} or variable.name == variable.shape == "user"
