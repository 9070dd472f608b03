"""The parts of an access log definition: literal text and variables.

`nginx` and `apache` read definitions into these parts, `definitions` names them, `expressions` makes an expression.
"""

from __future__ import annotations

import typing

from msgspec import Struct

from logproc.model.errors import UsageError

Dialect = typing.Literal["nginx", "apache"]
Escape = typing.Literal["default", "json", "none"]
Kind = typing.Literal[
    "text", "request", "status", "bytes", "time", "seconds", "milliseconds", "microseconds", "number", "address"
]
Shape = typing.Literal["text", "token", "digits", "user", "list"]
EXCERPT_CHARACTERS = 40


class Literal(Struct, frozen=True):
    """Text that every line holds unchanged."""

    text: str


class Variable(Struct, frozen=True):
    """A part that differs from line to line.

    name: the name of its column; source: how it is written in the definition, where it is at `column` (from 0).
    kind: what its values are. A number, and a duration in its unit, may be a list of nginx (`0.1, 0.2 : -`).
    other: its column's name where another variable is better called `name`.
    shape: a token is never empty and holds no white space; digits may be `-`; a user is never empty, but for Apache's `""`;
        a list has tokens with `, ` or ` : ` between them.
    width: of how many bytes each value is, 0 if that differs.
    form: of a time, or a part of one, how it is written: for strftime, or one of strftime.EPOCHS.
    """

    name: str
    source: str
    kind: Kind = "text"
    column: int = 0
    other: str = ""
    shape: Shape = "text"
    width: int = 0
    form: str = ""


class Definition(Struct, frozen=True):
    """How a server writes the lines of a log.

    text: as it was given; escape: how nginx writes what could be mistaken, always "default" for Apache.
    """

    text: str
    dialect: Dialect
    escape: Escape
    parts: tuple[Literal | Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(part for part in self.parts if isinstance(part, Variable))

    @property
    def fields(self) -> tuple[str, ...]:
        """The unique names of the columns, one for each variable."""
        return tuple(variable.name for variable in self.variables)


def fault(text: str, at: int, what: str, hint: str = "") -> UsageError:
    """Return the error for a place in a definition, with the column (from 1) and the text from there."""
    rest = text[at : at + EXCERPT_CHARACTERS] + ("…" if len(text) > at + EXCERPT_CHARACTERS else "")
    return UsageError(f"--format, column {at + 1}, at {rest!r}: {what}", hint)
