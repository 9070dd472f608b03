"""A user's own formats: a pattern with named groups, or a table shaped like those of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.columns.levels import SCALES
from logproc.formats.engine import Format
from logproc.formats.known import ORDERS, POWERS, TIMES, expression_of_entry, format_of_entry
from logproc.formats.maps import maps_of_table, named_times, named_units
from logproc.formats.readers.cut_lines import CutLines
from logproc.formats.readers.expression import GROUP, TIME_GROUPS, Expression
from logproc.model.errors import UsageError, nearest

UNITS = {"duration": 0, "bytes": 0}
KEYS: Mapping[str, type] = {
    **dict.fromkeys(("expression", "further", "aside", "time", "order", "levels", "summary", "example", "manual"), str),
    **dict.fromkeys(("multi_line", "mixed", "may_lack_time", "in_parts"), bool),
    **dict.fromkeys(("units", "sums", "map"), dict),
}
"""The keys that a table may have."""
NAMES_OF: Mapping[type, str] = {str: "a text", bool: "true or false", dict: "a table"}


def format_of_pattern(name: str, text: str, option: str) -> Format:
    """Return the format of an expression with named groups, which are its fields; `option` is named in errors.

    A group `time`, or one with another usual name, may hold a time of any known form, and a group `date` its date.
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
    reader = Expression(whole, limited=True)
    maps = (*named_times(reader.fields), *named_units(groups, groups))
    return Format(name, reader, (CutLines(reader),), summary=text, units=tuple(UNITS.items()), maps=maps, keeps_untimed=True)


def groups_of(expression: str, option: str) -> list[str]:
    """Return the names of an expression's groups. Raises UsageError with RE2's reason if RE2 rejects it."""
    try:
        nothing = pyarrow.array([b""], pyarrow.binary())
        found = pyarrow.compute.extract_regex(nothing, pattern=f"(?P<_>){expression}")
    except UnicodeEncodeError as error:
        raise UsageError(f"{option}: no UTF-8", "write a byte of the log as \\xff") from error
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:  # Arrow refuses some and does not know others
        reason = str(error).removeprefix("Invalid regular expression: ").removesuffix(f": (?P<_>){expression}")
        raise UsageError(f"{option}: {reason}", "see RE2's syntax: no look-around, no backreferences") from error
    return [field.name for field in found.type][1:]


def format_of_table(name: str, table: Mapping[str, Any], option: str) -> Format:
    """Return the format that a table describes. Raises UsageError, which names `option`, if the table is not valid."""
    for key, value in table.items():
        if key not in KEYS:
            raise UsageError(f"{option}: unknown key {key!r}", "known are " + ", ".join(KEYS))
        if not isinstance(value, KEYS[key]):
            raise UsageError(f"{option}: {key} is not {NAMES_OF[KEYS[key]]}", "text is in quotes, true and false are not")
    if "expression" not in table:
        raise UsageError(f"{option} has no expression", "write expression = '{time} (?P<message>.*)'")
    time = table.get("time")
    if time is not None and time not in TIMES:
        raise UsageError(f"{option}: time {time!r} is unknown", "known are " + ", ".join(TIMES))
    if table.get("levels", "words") not in SCALES:
        raise UsageError(f"{option}: levels {table['levels']!r} is unknown", "known are " + ", ".join(SCALES))
    if table.get("order", "day first") not in ORDERS:
        raise UsageError(f"{option}: order {table['order']!r} is unknown", "known are " + ", ".join(ORDERS))
    if ("{time}" in table["expression"]) != (time is not None):
        raise UsageError(f"{option}: `{{time}}` in the expression and the key time go together", 'write time = "iso"')
    reader = expression_of_entry(table)
    groups = groups_of(reader.expression, option) + (groups_of(reader.further, option) if reader.further else [])
    groups_of(reader.aside, option)
    if not set(groups) - set(TIME_GROUPS):
        raise UsageError(f"{option} has no named group", "name what is to be counted: (?P<status>[0-9]+)")
    for field, unit in table.get("units", {}).items():
        if unit not in POWERS:
            raise UsageError(f"{option}: unit {unit!r} of {field} is unknown", "known are " + ", ".join(POWERS))
    for field, parts in table.get("sums", {}).items():
        if not isinstance(parts, list) or not parts or not set(parts) <= {*map(reader.field_of, groups)}:
            raise UsageError(f"{option}: {field} is not a sum of fields", f'write sums = {{ {field} = ["wait", "service"] }}')
    given = table.get("map", {})
    if not all(isinstance(source, str) for source in given.values()):
        raise UsageError(f"{option}: map is not a table of texts", 'write map = {duration = "took:ms"}')
    maps = maps_of_table(given, f"{option}: map")
    if unknown := next((found.source for found in maps if found.source not in reader.fields), None):
        raise UsageError(f"{option}: map: there is no group {unknown!r}", nearest(unknown, reader.fields))
    taken = [*reader.fields, *(found.field for found in maps)]
    return replace(format_of_entry(name, table), maps=(*maps, *named_units(reader.fields, taken)), keeps_untimed=True)
