r"""Text whose records all begin alike: what is between the time and the message is learned from a sample.

    2026-03-07 17:28:00 WARNING (MainThread) [components.light] Not ready
    └ time              └ level └ thread     └ logger           └ message

A slot is what comes next in nearly all lines: a level, something in brackets, a number, the name of a logger. Words of
messages look like loggers, but they are many, and loggers are few and come again. What nothing surely known follows, such
as a number or brackets, is the beginning of the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logproc.formats.columns.levels import WORDS, is_level

if TYPE_CHECKING:
    from logproc.formats.times.forms import TimeForm

NEARLY_ALL = 0.9
MOST_SLOTS = 8
COLOUR = r"\x1b\[[\d;]*m"
OPENING = rf"(?:{COLOUR}|[\[({{<\"'])*"
CLOSING = rf"(?:{COLOUR}|[\])}}>\"'])*"
BETWEEN = rf"(?:{COLOUR}|[ \t|,;:-])*"
BEFORE_MESSAGE = rf"(?:{COLOUR})*(?:[ \t]*[-|:]+(?:{COLOUR})*(?:[ \t]+|$)|[ \t]*)"
LEVEL = r"(?i:" + "|".join(sorted((word for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True)) + r")"
NAME = r"[A-Za-z_](?:[\w.$/@-]|::)*"
DOTTED = r"[A-Za-z_]\w*(?:(?:\.|::)[\w$]+)+"
KINDS = {
    "[": r"\[[ \t]*(?P<x>[^\]]*?)[ \t]*\]",
    "(": r"\([ \t]*(?P<x>[^)]*?)[ \t]*\)",
    "{": r"\{[ \t]*(?P<x>[^}]*?)[ \t]*\}",
    "<": r"<[ \t]*(?P<x>[^>]*?)[ \t]*>",
    "level": rf"(?P<x>{LEVEL})\b",
    "number": r"(?P<x>\d+)\b",
    "program": rf"(?P<x>{NAME})\[(?P<pid>\d+)\]:",
    "marked": rf"(?P<x>{NAME})(?:[ \t]*:|[ \t]+-|[ \t]*\|)(?:[ \t]|$)",
    "dotted": rf"(?P<x>{DOTTED})(?:[ \t]|$)",
}
"""The kinds of slots in the order in which they are tried, each with the expression of its value `x`."""
BRACKETS = frozenset("[({<")
IS_DOTTED = re.compile(DOTTED.encode() + rb"|")
LOOKS_NAMED = re.compile(rb"[._:/$@-]|[a-z][A-Z]|\d")


@dataclass(slots=True)
class Slots:
    """What has been found between the time and the message: the expression so far, and which fields it captures.

    waiting: the expressions of slots that only count if something surely known follows them.
    """

    expression: str = ""
    names: set[str] = field(default_factory=set)
    waiting: list[tuple[str, str]] = field(default_factory=list)

    def take(self, kind: str, name: str) -> None:
        """Add a slot that is surely one, with those that were waiting for it."""
        brackets = [waiting for waiting, _ in self.waiting if waiting in BRACKETS]
        for waiting, role in self.waiting:
            self._append(waiting, role or ("thread" if waiting in BRACKETS and len(brackets) == 1 and name == "logger" else ""))
        self.waiting.clear()
        self._append(kind, name)

    def _append(self, kind: str, name: str) -> None:
        name = "" if name in self.names else name
        slot = KINDS[kind]
        if "pid" in self.names:
            slot = slot.replace("(?P<pid>", "(?:")
        self.expression += BETWEEN + slot.replace("(?P<x>", f"(?P<{name}>" if name else "(?:")
        self.names |= {name, *re.findall(r"\(\?P<(pid)>", slot)} - {""}


def beginning_of(lines: Sequence[bytes], form: TimeForm) -> str | None:
    """Return the expression of lines that begin with a time, as a sample of them shows it; None if there are no slots.

    Lines that have the time, but not the slots, fit as well: all behind the time is their message.
    """
    time = re.compile((OPENING + form.expression + CLOSING).encode("latin-1"))
    matches = [(line, match) for line in lines if (match := time.match(line))]
    rests = [line[match.end() :] for line, match in matches]
    found = Slots()
    while rests and len(found.names) + len(found.waiting) < MOST_SLOTS:
        step = next_slot(rests, found)
        if not step:
            break
        rests = step
    if not found.names:
        return None
    return rf"(?s)^{OPENING}{form.expression}{CLOSING}(?:{found.expression})?{BEFORE_MESSAGE}(?P<message>.*)$"


def next_slot(rests: Sequence[bytes], found: Slots) -> list[bytes] | None:
    """Add the next slot to those found; return what is left of the lines that have it, None if there is no further one."""
    for kind, expression in KINDS.items():
        pattern = re.compile((BETWEEN + expression).encode("latin-1"))
        matches = [match for rest in rests if (match := pattern.match(rest))]
        if len(matches) < NEARLY_ALL * len(rests):
            continue
        values = [match["x"] for match in matches]
        name = role_of(kind, values, found)
        if name is None:
            continue
        if name in {"level", "logger", "program"}:
            found.take(kind, name)
        else:
            found.waiting.append((kind, name))
        return [match.string[match.end() :] for match in matches]
    return None


def role_of(kind: str, values: Sequence[bytes], found: Slots) -> str | None:
    """Return the field that values are, "" if that is not known, None if they are not a slot."""
    has_logger = "logger" in found.names
    if kind == "level" or kind in BRACKETS:
        levels = sum(is_level(value) and not value.isdigit() for value in values)  # a number in brackets is a process
        if levels >= NEARLY_ALL * len(values) and "level" not in found.names:
            return "level"
        if kind == "level":
            return None
    if kind == "number" or (kind in BRACKETS and all(map(bytes.isdigit, values))):
        return "pid"
    if kind in BRACKETS:
        return "logger" if not has_logger and all(map(IS_DOTTED.fullmatch, values)) and any(values) else ""
    if has_logger or "program" in found.names or not are_names(values):
        return None
    return "program" if kind == "program" else "logger"


def are_names(values: Sequence[bytes]) -> bool:
    """Return whether values are names, which are few and come again or look like names, and not words of messages."""
    distinct = set(values)
    return 2 * len(distinct) <= len(values) or 2 * sum(map(bool, map(LOOKS_NAMED.search, distinct))) >= len(distinct)
