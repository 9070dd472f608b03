r"""Text whose records all begin alike: what is between the time and the message is learned from a sample.

    2026-03-07 17:28:00 WARNING (MainThread) [components.light] Not ready
    └ time              └ level └ thread     └ logger           └ message

A slot is what comes next in nearly all lines: a level, something in brackets, a number, the name of a logger. Words of
messages look like loggers, but they are many, and loggers are few and come again. People in a chat are few as well: where
no level is beside the name, only one that no person has, such as `shop.web`, is a logger. What nothing surely known
follows, such as a number or brackets, is the beginning of the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logproc.formats.columns.levels import WORDS, is_level_word

if TYPE_CHECKING:
    from logproc.formats.times.forms import TimeForm

NEARLY_ALL = 0.9
MOST_SLOTS = 8
COLOUR = r"\x1b\[[\d;]*m"
RESET = r"\x1b\[(?:;|0|2[2-9]|39|49)*m"
"""The end of a colour. What begins one in front of a message is part of the message."""
OPENING = rf"(?:{COLOUR}|[\[({{<\"'])*"
CLOSING = rf"(?:{COLOUR}|[\])}}>\"'])*"
BETWEEN = rf"(?:{COLOUR}|[ \t|,;:-])*"
BEFORE_MESSAGE = rf"(?:{RESET})*(?:[ \t]*(?:{COLOUR})*[-|:]+(?:{RESET})*(?:[ \t]+|$)|[ \t]*)"
LEVEL = r"(?i:" + "|".join(sorted((word for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True)) + r")"
NAME = r"[A-Za-z_](?:[\w.$/@-]|::)*"
DOTTED = r"[A-Za-z_]\w*(?:(?:\.|::)[\w$]+)+"
PADDING = rf"(?:{COLOUR}|[ \t])*"
KINDS = {
    "[": rf"\[{PADDING}(?P<x>[^\]\x1b]*?){PADDING}\]",
    "(": rf"\({PADDING}(?P<x>[^)\x1b]*?){PADDING}\)",
    "{": rf"\{{{PADDING}(?P<x>[^}}\x1b]*?){PADDING}\}}",
    "<": rf"<{PADDING}(?P<x>[^>\x1b]*?){PADDING}>",
    "level": rf"(?P<x>{LEVEL})\b",
    "number": r"(?P<x>\d+)\b",
    "program": rf"(?P<x>{NAME})\[(?P<pid>\d+)\]:",
    "marked": rf"(?P<x>{NAME})(?:{COLOUR})*(?:[ \t]*(?:{COLOUR})*[:|]|[ \t]+(?:{COLOUR})*-)(?:{RESET})*(?:[ \t]|$)",
    "dotted": rf"(?P<x>{DOTTED})(?:{COLOUR})*(?:[ \t]|$)",
}
"""The kinds of slots in the order in which they are tried, each with the expression of its value `x`."""
CAPITALS = "|".join(sorted((word.upper() for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True))
LEVEL_FIRST = (
    rf"(?:{COLOUR})*(?:(?P<level>{CAPITALS})\b|[\[(<{{][ \t]*(?:{COLOUR})*(?P<level_2>{LEVEL})(?:{COLOUR})*[ \t]*[\])>}}]"
    rf"|(?P<level_3>{LEVEL})(?:{COLOUR})*[ \t]*(?:[:|]|\t|-[ \t])|(?:level|lvl|severity)=\"?(?P<level_4>{LEVEL})\b\"?)"
)
"""A level at the beginning of a line that has no time: in capitals, in brackets, in front of a colon, a bar or a TAB."""
BRACKETS = frozenset("[({<")
WORD = rf"(?:{LEVEL}|(?i:{'|'.join(word for word in WORDS if len(word) < 3 and word.isalpha())})|[A-Z]{{3,12}})"
"""What a level in brackets may be: a word of the scale, or another one in capitals. In other lines a number may be there."""
IS_DOTTED = re.compile(DOTTED.encode() + rb"|")
ENDS_COLOUR = re.compile(RESET.encode() + rb"$")
LOOKS_NAMED = re.compile(rb"[._:/$@-]|[a-z][A-Z]|\d")
LOOKS_PROGRAMMED = re.compile(rb"\w[.:/$@]+\w|[a-z][A-Z]")
AT_LEVEL = re.compile((BETWEEN + KINDS["level"]).encode("latin-1"))


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
        if name == "level" and kind in BRACKETS:
            slot = re.sub(r"\(\?P<x>.*?\*\?\)", lambda _: f"(?P<x>{WORD})", slot)
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
    rests = settled = [line[match.end() :] for line, match in matches]
    found = Slots()
    while rests and len(found.names) + len(found.waiting) < MOST_SLOTS:
        step = next_slot(rests, found)
        if not step:
            break
        rests = step
        settled = settled if found.waiting else rests
    if not found.names:
        return None
    return rf"(?s)^{OPENING}{form.expression}{CLOSING}(?:{found.expression})?{BEFORE_MESSAGE}{message_in(settled)}$"


def message_in(rests: Sequence[bytes]) -> str:
    """Return the expression of the message, which ends before a colour does if that begins in front of it in all lines."""
    begins_before = all(rest.count(b"\x1b") == 1 for rest in rests if ENDS_COLOUR.search(rest))
    if begins_before and sum(map(bool, map(ENDS_COLOUR.search, rests))) >= NEARLY_ALL * len(rests):
        return rf"(?P<message>.*?)(?:{RESET})?"
    return r"(?P<message>.*)"


def beginning_with_level(lines: Sequence[bytes]) -> str | None:
    """Return the expression of lines without a time that begin with a level, None unless nearly all of some lines do.

    A level in small letters is one only in brackets or in front of a colon: `error: disk is full`, but not `Error 12`.
    """
    begins = re.compile(LEVEL_FIRST.encode())
    matches = [match for line in lines if (match := begins.match(line))]
    if not matches or len(matches) < NEARLY_ALL * len(lines):
        return None
    found = Slots(names={"level"})
    rests = settled = [match.string[match.end() :] for match in matches]
    while len(found.names) + len(found.waiting) < MOST_SLOTS and (step := next_slot(rests, found)):
        rests = step
        settled = settled if found.waiting else rests
    slots = f"(?:{found.expression})?" if found.expression else ""
    return rf"(?s)^{LEVEL_FIRST}{slots}{BEFORE_MESSAGE}{message_in(settled)}$"


def next_slot(rests: Sequence[bytes], found: Slots) -> list[bytes] | None:
    """Add the next slot to those found; return what is left of the lines that have it, None if there is no further one."""
    for kind, expression in KINDS.items():
        pattern = re.compile((BETWEEN + expression).encode("latin-1"))
        matches = [match for rest in rests if (match := pattern.match(rest))]
        if len(matches) < NEARLY_ALL * len(rests):
            continue
        values = [match["x"] for match in matches]
        name = role_of(kind, values, found)
        if name is None or (kind == "marked" and name == "logger" and not is_beside_level(matches, values, found)):
            continue
        if name in {"level", "logger", "program"}:
            found.take(kind, name)
        else:
            found.waiting.append((kind, name))
        return [match.string[match.end() :] for match in matches]
    return None


def is_beside_level(matches: Sequence[re.Match[bytes]], values: Sequence[bytes], found: Slots) -> bool:
    """Return whether names are surely loggers: there is a level before or behind them, or they are no names of people."""
    if "level" in found.names:
        return True
    behind = sum(1 for match in matches if AT_LEVEL.match(match.string, match.end()))
    return behind >= NEARLY_ALL * len(matches) or 2 * sum(map(bool, map(LOOKS_PROGRAMMED.search, values))) >= len(values)


def role_of(kind: str, values: Sequence[bytes], found: Slots) -> str | None:
    """Return the field that values are, "" if that is not known, None if they are not a slot."""
    has_logger = "logger" in found.names
    if kind == "level" or kind in BRACKETS:
        levels = sum(is_level_word(value) and value.isalnum() for value in values)
        if levels >= NEARLY_ALL * len(values) and "level" not in found.names:
            return "level"
        if kind == "level":
            return None
    if kind == "number" or (kind in BRACKETS and all(map(bytes.isdigit, values))):
        return "pid"
    if kind in BRACKETS:
        return "logger" if not has_logger and all(map(IS_DOTTED.fullmatch, values)) and any(values) else ""
    levels = sum(map(is_level_word, values))  # of some lines, where others have another name in this place
    if has_logger or "program" in found.names or levels > (1 - NEARLY_ALL) * len(values) or not are_names(values):
        return None
    return "program" if kind == "program" else "logger"


def are_names(values: Sequence[bytes]) -> bool:
    """Return whether values are names, which are few and come again or look like names, and not words of messages."""
    distinct = set(values)
    if 2 * sum(is_level_word(value.rpartition(b".")[2]) for value in distinct) >= len(distinct):
        return False  # `channel.ERROR:` has a level
    return 2 * len(distinct) <= len(values) or 2 * sum(map(bool, map(LOOKS_NAMED.search, distinct))) >= len(distinct)
