"""What a setting is: its default, text, unit and limits, its place in the help, and how a text becomes its value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logproc.model.errors import UsageError, nearest
from logproc.model.patterns import regex

GROUPS = ("Sources", "Formats", "Questions", "Reports", "Limits", "Web", "Tuning")
"""The groups of settings, in the order of the help, of config/logproc.toml and of the man page."""
MOST = {"bytes": 1 << 60, "seconds": 366 * 86_400, "": 1 << 48}
"""The limit of a knob without one of its own, by its unit: the operating system accepts no wait that is much longer."""
SIZE = regex(r"(\d+)\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def knob(
    default: Any,
    text: str,
    *,
    group: str,
    usual: bool = False,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    metavar: str = "",
) -> Any:
    """Return a field of Settings. text: its help; tests hold config/logproc.toml equal to it. least, most: inclusive limits.

    group: one of GROUPS. usual: whether the short help shows it.
    """
    about = {"text": text, "group": group, "usual": usual, "unit": unit, "least": least, "most": most, "metavar": metavar}
    return field(default=default, metadata=about)


def check(where: str, value: Any, limits: Mapping[str, Any]) -> None:
    """Raise UsageError, which begins with `where` the value comes from, if a number is outside its limits (or NaN)."""
    least = limits["least"]
    if value is None or least is None:
        return
    if isinstance(value, tuple):
        for part in value or (-1,):
            check(where, part, limits)
        return
    most = limits["most"] or MOST[limits["unit"]]
    if not value >= least:
        raise UsageError(f"{where} {value}", f"at least {least}")
    if value > most:
        raise UsageError(f"{where} {value}", f"at most {most}")


def option_name(name: str) -> str:
    return "--" + name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting takes: `type` is that of one value; `choices` are all its values, if they are a few words."""

    type: Any
    choices: tuple[str, ...]
    several: bool
    optional: bool


def parts_of(name: str, value: Any, where: str) -> list[Any]:
    """Return the values of a setting that takes several. In `by` and `map` a comma is part of a value."""
    separator = ";" if name in {"by", "map"} else ","
    if isinstance(value, str):
        return value.split(separator)
    if not isinstance(value, list | tuple):
        raise UsageError(f"{where} {value!r} is not a text or a list of texts", "see `logproc analyze --help`")
    return [part for item in value for part in (item.split(separator) if isinstance(item, str) else [item])]


def convert_one(kind: Kind, value: Any, unit: str, where: str) -> Any:
    """Return one value in the type of its setting. Raises UsageError."""
    if kind.choices:
        if isinstance(value, str) and value in kind.choices:
            return value
        usual = {other: meant for other, meant in OTHER_VALUES.items() if meant in kind.choices}
        hint = nearest(str(value), kind.choices, usual=usual)
        ending = str(value).rpartition(".")[2]
        raise UsageError(f"{where} {value!r} is unknown", f"write -o {value}" if ending in kind.choices else hint)
    import msgspec  # takes 30 ms, which a run without options saves

    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    try:
        if unit == "bytes" and isinstance(value, str):
            return parse_size(value)
        if isinstance(value, str) and kind.type in {int, float}:
            return kind.type(value)  # msgspec would accept `1e3` as an int, and reject `.5`
        return msgspec.convert(value, kind.type, strict=not isinstance(value, str))
    except (ValueError, OverflowError) as error:
        noun, hint = ("a size", "write 65536, 64K or 4MiB") if unit == "bytes" else NOUNS[kind.type]
        raise UsageError(f"{where} {value!r} is not {noun}", hint) from error


def parse_size(text: str) -> int:
    """Return the bytes that a text such as `4194304`, `64K`, `4MiB` or `1 GB` names (all powers of 1024).

    >>> parse_size("4MiB")
    4194304
    """
    match = SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size")
    return int(match[1]) * SIZE_UNITS.get((match[2] or "").upper(), 1)


OTHER_VALUES = {
    **dict.fromkeys(("text", "txt", "plain", "console", "human"), "terminal"),
    **dict.fromkeys(("page", "htm", "web"), "html"),
    **dict.fromkeys(("descending", "reverse", "down"), "desc"),
    **dict.fromkeys(("ascending", "up"), "asc"),
    **dict.fromkeys(("yes", "true", "on", "force"), "always"),
    **dict.fromkeys(("no", "false", "off", "none"), "never"),
    **dict.fromkeys(("trace", "verbose"), "debug"),
}
"""What other programs call the values of `--output`, `--order`, `--color` and `--log-level`."""

NOUNS = {
    str: ("text", "write it in quotes"),
    int: ("a whole number", "write it in digits"),
    float: ("a number", "write it in digits, such as 2.5"),
    bool: ("true or false", "write one of them"),
}
"""For the error messages: what a value of a type is called, and how to write it."""
