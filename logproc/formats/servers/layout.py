"""A Definition → the Layout of its lines, if they have one: then whole chunks are cut at once."""

from __future__ import annotations

from logproc.formats.readers.layout import SPECIAL, Layout
from logproc.formats.readers.quotes import WIDTHS
from logproc.formats.servers.definition import Definition, Literal, Variable
from logproc.formats.times import strftime

POWERS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "number": 0}
"""By which power of ten the numbers of a kind are to be divided."""
Parts = list[Literal | Variable]


def layout_of(definition: Definition) -> Layout | None:
    """Return the layout of the lines, None if quotes and blanks cannot split them, or would not mean the same."""
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
    """Return whether tokens of a fixed width are at the ends of a piece, where they are cut off before the rest is split."""
    rest = list(names)
    while rest and rest[-1] in WIDTHS:
        rest.pop()
    while rest and rest[0] in WIDTHS:
        rest.pop(0)
    return not set(rest) & set(WIDTHS)


def split(parts: Parts, mark: str) -> list[Parts]:
    """Return the parts before, between and behind the marks that the literals hold."""
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
    """Return the name of the text in quotes, None unless it is exactly one text or number."""
    match piece:
        case [Variable(name=name, form="")] if name == "request" or name not in SPECIAL:
            return name
    return None


def token_names(piece: Parts, escape: str, at: int, last: int) -> list[str | None]:
    """Return the names of the tokens of a piece outside of quotes, [None] unless single blanks part them and the quotes."""
    after_quote, before_quote = at > 0, at < last
    if not piece:
        return [None] if after_quote and before_quote else []
    words = split(piece, " ")
    if (after_quote and words[0]) or (before_quote and words[-1]):
        return [None]
    return [token_name(word, escape) for word in words[after_quote : len(words) - before_quote]]


def token_name(word: Parts, escape: str) -> str | None:
    """Return the name of a token, None if no token of a Layout is the same."""
    match word:
        case [Literal("-")]:
            return "ident"
        case [Literal("["), Variable(name="time", form=strftime.CLF), Literal("]")]:
            return "time"
        case [Variable(form="") as variable] if is_token(variable, escape):
            return variable.name
    return None


def is_token(variable: Variable, escape: str) -> bool:
    """Return whether the token of that name in a Layout is what the variable writes."""
    if variable.name in {"status", "bytes"} or variable.kind in {"status", "bytes"}:
        return variable.name == variable.kind
    if variable.kind in POWERS:
        return escape == "default" and "upstream_" not in variable.source
    return variable.shape in {"token", "digits"} or variable.name == variable.shape == "user"
