"""Turn a definition from a server's configuration into the format of its logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from logproc.formats.engine import Format
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.servers.expression import expression_of, time_form_of
from logproc.formats.servers.layout import layout_of

if TYPE_CHECKING:
    from logproc.formats.servers.definition import Definition

POWERS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "bytes": 0}


def format_of_definition(definition: Definition, name: str) -> Format:
    """Return the format of a definition: cut at quotes and spaces if that is enough, else by an expression."""
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
