"""Command lines that the shell or the parser of options read otherwise than they were meant."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, TextIO

from logproc.model.errors import UsageError
from logproc.model.patterns import regex

FIELD = regex(r"[A-Za-z_@][\w.@-]*")
OPERATORS = {"==", "=", "!=", "<", "<=", ">", ">=", "=~", "!~", "contains", "in", "is"}
NUMBER = regex(r"\d+(?:\.\d+)?\w*")
QUOTED = ("'", '"', "(")


def check_filter(where: str | None, sources: Sequence[str], stdout: TextIO | None) -> None:
    """Raise UsageError if a filter was typed without quotes: only its field arrived, the rest became sources and a file.

    stdout: the shell has sent it to a file named `=` if somebody wrote `--where status >= 500`.
    """
    if where is None or not FIELD.fullmatch(where.strip()) or where.strip() in {"true", "false"}:
        return
    behind = list(takewhile(lambda word: not is_file(word), sources[at_most_files(sources) :]))
    made = redirected(stdout)
    if made and made.startswith("=") and (made[1:] or behind):
        operator, value, made_by = ">=", made[1:] or behind[0], f"; the shell made the file {made!r}, remove it"
    elif behind and behind[0] in OPERATORS:
        operator, value, made_by = behind[0], " ".join(behind[1:]), ""
    elif made and NUMBER.fullmatch(made):
        operator, value, made_by = ">", made, f"; the shell made the file {made!r}, remove it"
    else:
        return
    value = value if NUMBER.fullmatch(value) or value.startswith(QUOTED) else f'"{value}"'
    whole = f"{where.strip()} {operator} {value}"
    raise UsageError(f"--where {where}: only the field arrived", f"put the whole filter in quotes: --where '{whole}'{made_by}")


def at_most_files(sources: Iterable[str]) -> int:
    """Return how many sources at the beginning are files, so that what follows may be the rest of a filter."""
    return len(list(takewhile(is_file, sources)))


def is_file(name: str) -> bool:
    return Path(name).is_file()


def redirected(stream: TextIO | None) -> str | None:
    """Return the name of the regular file that a stream leads to; None if it is anything else, or not known."""
    with suppress(OSError, ValueError):
        descriptor = stream.fileno() if stream else -1
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name  # noqa: PTH115 - a name, not a path to follow
    return None


def taken_as_value(options: Mapping[str, Any]) -> str:
    """Return a hint if an option has a file for its value, as in `logproc --by access.log`; else ""."""
    for name, value in options.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and name not in {"nginx_conf", "rejects", "config"} and is_file(text):
                option = "--" + name.replace("_", "-")
                return f"{text} was taken as the value of {option}"
    return ""


def single_dash(arguments: Iterable[str], known: Sequence[str]) -> str:
    """Return a hint if a long option has only one dash, or a file begins with one; else ""."""
    for word in arguments:
        name = word.partition("=")[0]
        if len(name) > 2 and name[0] == "-" and name[1] != "-":
            if f"-{name}" in known:
                return f"did you mean '-{name}'?"
            if is_file(word):
                return f"./{word} is the file"
    return ""
