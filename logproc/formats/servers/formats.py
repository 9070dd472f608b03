"""Formats of a user's own: the definition of a server, as it stands in its configuration, or a pattern with named groups."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute

from logproc.errors import UsageError
from logproc.formats.engine import Format
from logproc.formats.readers.expression import GROUP, Expression
from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.servers.expression import expression_of, time_form_of
from logproc.formats.servers.layout import layout_of

if TYPE_CHECKING:
    from logproc.formats.servers.definition import Definition

POWERS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "bytes": 0}
UNITS = {"duration": 0, "bytes": 0}


def format_of_definition(definition: Definition, name: str) -> Format:
    """Return the format of a definition: cut at its quotes and blanks where these are enough, else by an expression."""
    layout = layout_of(definition)
    if layout is not None:
        return format_of_layout(replace(layout, name=name, summary=definition.text))
    expression = expression_of(definition)
    names, units = [], []
    for at, variable in enumerate(definition.variables):
        if variable.name == "time":
            expression = expression.replace(f"(?P<g{at}>", "(?:", 1)
        names.append((f"g{at}", variable.name))
        if variable.kind in POWERS:
            units.append((variable.name, POWERS[variable.kind]))
    reader = Expression(expression, time_form_of(definition), names=tuple(names))
    return Format(name, reader, summary=definition.text, units=tuple(units))


def format_of_pattern(name: str, text: str, option: str) -> Format:
    """Return the format of an expression with named groups, which are its fields; `option` is named in errors.

    A group `time` may hold a time of any known form.
    Raises UsageError if RE2 refuses it, saying why, or if there is no named group.
    """
    expression = re.sub(r"\(\?<(\w+)>", r"(?P<\1>", text)
    whole = f"(?s)^(?:{expression})$"
    groups = groups_of(whole, option)
    if not groups:
        raise UsageError(f"{option} has no named group", "name what is to be counted: (?P<status>[0-9]+)")
    if groups != GROUP.findall(expression):
        raise UsageError(f"{option} holds `(?P<` where no group begins", "write `[(][?]P<` where a line holds that")
    twice = next((name for name in groups if groups.count(name) > 1), None)
    if twice:
        raise UsageError(f"{option} has two groups {twice}", f"call the other one {twice}_2, which is the same field")
    return Format(name, Expression(whole), summary=text, units=tuple(UNITS.items()), empty_is_absent=True)


def groups_of(expression: str, option: str) -> list[str]:
    """Return the names of the groups of an expression. Raises UsageError with RE2's reason if it refuses it."""
    try:
        nothing = pyarrow.array([b""], pyarrow.binary())
        found = pyarrow.compute.extract_regex(nothing, pattern=f"(?P<_>){expression}")
    except UnicodeEncodeError as error:
        raise UsageError(f"{option}: no UTF-8", "write a byte of the log as \\xff") from error
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        reason = str(error).removeprefix("Invalid regular expression: ").removesuffix(f": (?P<_>){expression}")
        raise UsageError(f"{option}: {reason}", "see RE2's syntax: no look-around, no backreferences") from error
    return [field.name for field in found.type][1:]
