"""Fields and values of `--where`: a field's type, how its values are written, and the comparison for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from logproc.formats.columns.levels import LEVELS, level_of
from logproc.questions.where.networks import Network, network_of
from logproc.questions.where.predicates import (
    AddressComparison,
    And,
    LevelComparison,
    NumberComparison,
    Or,
    Predicate,
    Relation,
    TextComparison,
)

FORM = re.compile(r"net:[0-9]{1,3}|shape\(.*\)", re.DOTALL)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
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

Factor: TypeAlias = int | Fraction
SIZES: dict[str, Factor] = {
    "": 1,
    "B": 1,
    "k": 1000,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
DURATIONS: dict[str, Factor] = {"": 1, "us": Fraction(1, 10**6), "ms": Fraction(1, 1000), "s": 1, "m": 60, "h": 3600}
UNITS = SIZES | DURATIONS

Value: TypeAlias = str | int | Network
"""What a field is compared with: a text, a number in billionths (for a time: nanoseconds since 1970), or a network."""
ORDERED: tuple[Relation, ...] = ("==", "<", "<=")
SEARCHED: tuple[Relation, ...] = ("=~", "contains")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FieldKind:
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
    TEXT = FieldKind("a text", 'write it in quotes: "text"', (*ORDERED, *SEARCHED), {})
    DYNAMIC = FieldKind("a number or a text", "", (*ORDERED, *SEARCHED), UNITS)


FIELD_TYPES = {
    "status": FieldType.NUMBER,
    "bytes": FieldType.SIZE,
    "duration": FieldType.DURATION,
    "time": FieldType.TIME,
    "level": FieldType.LEVEL,
    "client": FieldType.ADDRESS,
    "forwarded_for": FieldType.ADDRESS,
    **dict.fromkeys(("user", "method", "target", "path", "query", "protocol", "referrer"), FieldType.TEXT),
    **dict.fromkeys(("user_agent", "host", "raw_level", "logger", "program", "thread", "message", "text"), FieldType.TEXT),
}
"""The types of the standard fields. All others, such as pid, are dynamic."""


def text_value(kind: FieldType, text: str, tz: tzinfo) -> Value | None:
    if kind is FieldType.TIME:
        return moment_of(text, tz)
    if kind is FieldType.ADDRESS:
        return network_of(text)
    if kind is FieldType.LEVEL:
        return LEVELS.index(level) if (level := level_of(text)) else None
    return text if kind in {FieldType.TEXT, FieldType.DYNAMIC} else None


def moment_of(text: str, tz: tzinfo) -> int | None:
    """Return an ISO 8601 date or time in nanoseconds since 1970, None if it is not valid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=tz)) - EPOCH
    return since // timedelta(microseconds=1) * 1000


def unescaped(text: str) -> str:
    return ESCAPE.sub(lambda match: ESCAPES.get(match[1], match[0]), text)  # any other backslash stays


def type_of(field: str) -> FieldType:
    """Return the type of a field: text for networks and shapes, dynamic for anything that is not standard."""
    return FieldType.TEXT if FORM.fullmatch(field) else FIELD_TYPES.get(field, FieldType.DYNAMIC)


def known(kind: FieldType) -> str:
    symbols = [symbol for symbol, (relation, _) in OPERATORS.items() if relation in kind.value.relations and symbol != "="]
    return ", ".join([*symbols, "in", *({"contains"} & set(kind.value.relations))])


def comparison_of(field: str, relation: Relation, negated: bool, values: Sequence[Value]) -> Predicate:
    """Return the comparison with these values; with values of several types, one for each type, joined."""
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
