"""Fields and values of `--where`: a field's type, how its values are written, and the comparison for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from logproc.formats.columns.levels import LEVELS, severity_of
from logproc.formats.columns.units import BYTES, SECONDS, Factor
from logproc.model.patterns import regex
from logproc.questions.fields.stretches import STRETCHES, stretch_of
from logproc.questions.timespan import absolute, divided, since_1970
from logproc.questions.where.networks import Network, network_of
from logproc.questions.where.predicates import (
    BILLION,
    ORDER,
    AddressComparison,
    And,
    LevelComparison,
    NumberComparison,
    Or,
    Predicate,
    Relation,
    TextComparison,
)

FORM = regex(r"net:[0-9]{1,3}|shape\(.*\)", re.DOTALL)
HOUR_OF_DAY = regex(r"([01]?[0-9]|2[0-3])(?::00)?")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY_CHARACTERS = 3
"""How much of a weekday's name keys have."""
ESCAPE = regex(r"\\(.)", re.DOTALL)
ESCAPES = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t"}

OPERATORS: dict[str, tuple[Relation, bool]] = {
    "==": ("==", False),
    "=": ("==", False),
    "!=": ("==", True),
    "<": ("<", False),
    ">=": ("<", True),
    "<=": ("<=", False),
    ">": ("<=", True),
    "=~": ("=~", False),
    "!~": ("=~", True),
}
"""The relation of each operator, and whether it is negated."""

SIZES: dict[str, Factor] = {"": 1, **BYTES}
DURATIONS: dict[str, Factor] = {"": 1, **SECONDS}
UNITS = SIZES | DURATIONS

Value: TypeAlias = str | int | Network
"""What a field is compared with: a text, a number in billionths (for a time: nanoseconds since 1970), or a network."""
ORDERED: tuple[Relation, ...] = ("==", "<", "<=")
SEARCHED: tuple[Relation, ...] = ("=~", "contains")


class FieldKind(Struct, frozen=True):
    """A type of fields: its name in errors, how to write a value, and the relations it supports.

    units: factors by name, `""` for a number without a unit; empty if the field does not take numbers.
    """

    noun: str
    example: str
    relations: tuple[Relation, ...]
    units: Mapping[str, Factor]


class FieldType(Enum):
    """The types of fields."""

    NUMBER = FieldKind("a number", "write 200 without quotes or unit", ORDERED, {"": 1})
    SIZE = FieldKind("a size", "write 4096 or 4KiB without quotes", ORDERED, SIZES)
    DURATION = FieldKind("a duration", "write 0.5 (seconds) or 500ms without quotes", ORDERED, DURATIONS)
    TIME = FieldKind("a moment", 'write "2026-03-07", "2026-03-07 13:30" or "2026-03-07T13:30:00+01:00"', ORDERED, {})
    ADDRESS = FieldKind("an address", 'write "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"', ("==", *SEARCHED), {})
    LEVEL = FieldKind("a level", f"known are {', '.join(LEVELS)}; the log's own words are in raw_level", ORDERED, {"": 1})
    STRETCH = FieldKind("a stretch of time", "", (*ORDERED, *SEARCHED), {})
    HOUR_OF_DAY = FieldKind("an hour from 0 to 23", 'write 9, or "09"', ORDERED, {"": 1})
    WEEKDAY = FieldKind("a day of the week", 'write "Mon" or "Saturday"; Monday is the first', (*ORDERED, *SEARCHED), {})
    TEXT = FieldKind("a text", 'write it in quotes: "text"', (*ORDERED, *SEARCHED), {})
    DYNAMIC = FieldKind("a number or a text", "", (*ORDERED, *SEARCHED), UNITS)


FIELD_TYPES = {
    "status": FieldType.NUMBER,
    "bytes": FieldType.SIZE,
    "duration": FieldType.DURATION,
    "time": FieldType.TIME,
    "hour_of_day": FieldType.HOUR_OF_DAY,
    "weekday": FieldType.WEEKDAY,
    **dict.fromkeys(STRETCHES, FieldType.STRETCH),
    "level": FieldType.LEVEL,
    "client": FieldType.ADDRESS,
    "forwarded_for": FieldType.ADDRESS,
    **dict.fromkeys(("user", "method", "target", "path", "query", "protocol", "referrer"), FieldType.TEXT),
    **dict.fromkeys(("user_agent", "host", "raw_level", "logger", "program", "thread", "message", "text"), FieldType.TEXT),
}
"""The types of the standard fields. All others, such as pid, are dynamic."""


def text_value(field: str, kind: FieldType, text: str, tz: tzinfo) -> Value | None:
    """Return what a field is compared with for a text, None if it does not suit the field."""
    if kind is FieldType.TIME:
        return moment_of(text, tz)
    if kind is FieldType.STRETCH:
        stretch = stretch_of(field)
        return stretch.labelled(text, tz) if stretch else None
    if kind is FieldType.HOUR_OF_DAY:
        match = HOUR_OF_DAY.fullmatch(text.strip())
        return int(match[1]) * BILLION if match else None
    if kind is FieldType.WEEKDAY:
        return weekday_of(text)
    if kind is FieldType.ADDRESS:
        return network_of(text)
    if kind is FieldType.LEVEL:
        return severity_of(text)
    return text if kind in {FieldType.TEXT, FieldType.DYNAMIC} else None


def weekday_of(text: str) -> str | None:
    """Return the key of a weekday from its name, or the beginning of it.

    >>> weekday_of("saturday"), weekday_of("Sat"), weekday_of("Sa")
    ('Sat', 'Sat', None)
    """
    name = text.strip().lower()
    found = (day for day in WEEKDAYS if len(name) >= WEEKDAY_CHARACTERS and day.lower().startswith(name))
    return next((day[:WEEKDAY_CHARACTERS] for day in found), None)


def example_of(field: str, kind: FieldType) -> str:
    """Return how to write a value of a field."""
    if kind is not FieldType.STRETCH:
        example: str = kind.value.example
        return example
    texts = {"month": "2026-03", "week": "2026-W10", "day": "2026-03-07", "second": "2026-03-07 10:00:01"}
    daily = "; for an hour of any day: hour_of_day == 9" if field == "hour" else ""
    return f'write the beginning of one, such as "{texts.get(field, "2026-03-07 10:00")}"{daily}'


def moment_of(text: str, tz: tzinfo) -> int | None:
    """Return a date or time in nanoseconds since 1970, None if it is not valid."""
    whole, nanos = divided(text)
    moment = absolute(whole)
    return None if moment is None else since_1970(moment, tz) + nanos


def unescaped(text: str) -> str:
    return ESCAPE.sub(lambda match: ESCAPES.get(match[1], match[0]), text)  # any other backslash stays


def type_of(field: str) -> FieldType:
    """Return the type of a field: text for networks and shapes, dynamic for anything that is not standard."""
    if field.startswith("every("):
        return FieldType.STRETCH
    return FieldType.TEXT if FORM.fullmatch(field) else FIELD_TYPES.get(field, FieldType.DYNAMIC)


def known(kind: FieldType) -> str:
    symbols = [symbol for symbol, (relation, _) in OPERATORS.items() if relation in kind.value.relations and symbol != "="]
    return ", ".join([*symbols, "in", *({"contains"} & set(kind.value.relations))])


def comparison_of(field: str, relation: Relation, negated: bool, values: Sequence[Value]) -> Predicate:
    """Return the comparison with these values; with values of several types, one for each type, joined."""
    if type_of(field) is FieldType.WEEKDAY and relation in ORDERED:
        days = [day[:WEEKDAY_CHARACTERS] for day in WEEKDAYS]
        order = ORDER[relation]
        hits = [day for at, day in enumerate(days) if any(order(at, days.index(str(value))) for value in values)]
        return TextComparison(field, "==", negated, tuple(hits))
    if type_of(field) is FieldType.LEVEL:
        return LevelComparison(field, relation, negated, tuple(value for value in values if isinstance(value, int)))
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = tuple(value for value in values if isinstance(value, int))
    networks = tuple(value for value in values if isinstance(value, Network))
    parts: list[Predicate] = [
        *([TextComparison(field, relation, negated, texts)] if texts else []),
        *([NumberComparison(field, relation, negated, numbers)] if numbers else []),
        *([AddressComparison(field, relation, negated, networks)] if networks else []),
    ]
    if len(parts) == 1:
        return parts[0]
    return And(tuple(parts)) if negated else Or(tuple(parts))
