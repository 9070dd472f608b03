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

from logproc.formats.columns.levels import WORDS, is_level

NEARLY_ALL = 0.9
MOST_SLOTS = 8
COLOUR = r"\x1b\[[\d;]*m"
OPENING = rf"(?:{COLOUR}|[\[({{<\"'])*"
CLOSING = rf"(?:{COLOUR}|[\])}}>\"'])*"
BETWEEN = rf"(?:{COLOUR}|[ \t|,;:\])>-])*"
BEFORE_MESSAGE = (
    rf"(?:{COLOUR})*(?:[\])>]+(?:[ \t]|{COLOUR}|$)?)?(?:[ \t]*[-|:,;]+(?:{COLOUR})*(?:[ \t]+|$)|[ \t]*[|,;]|[ \t]*)"
)
LEVEL = r"(?i:" + "|".join(sorted((word for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True)) + r")"
LEVEL_IN_FRONT = rf"(?:{COLOUR})*\[?(?P<level>{LEVEL})\b{BETWEEN}{OPENING}"
CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
"""A time of day, without a date."""
NAME = r"[A-Za-z_](?:[\w.$/#@-]|::)*"
LOWER_NAME = r"(?:[a-z_](?:[\w.$/#@-]|::)*|[A-Z][\w$]*(?:[.:/#$-]|[a-z][A-Z]|\d)(?:[\w.$/#@-]|::)*)"
"""A name that is not one capitalised word, which is how sentences begin."""
DOTTED = r"[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_$][\w$]*)+"
MARK = r"(?:[ \t]*:(?:[ \t]|$)|[ \t]+-(?:[ \t]|$)|[ \t]*\||\](?:[ \t]|$))"
KINDS = {
    "thread": r"\[(?P<thread>[^\]/]*)/(?P<x>{LEVEL})\]:?".replace("{LEVEL}", LEVEL),
    "[": r"\[[ \t]*(?P<x>[^\]]*?)[ \t]*\]",
    "(": r"\([ \t]*(?P<x>[^)]*?)[ \t]*\)",
    "{": r"\{[ \t]*(?P<x>[^}]*?)[ \t]*\}",
    "<": r"<[ \t]*(?P<x>[^>]*?)[ \t]*>",
    "level": rf"(?P<x>{LEVEL})\b",
    "letter": r"(?P<x>[TDIWEFCV])(?:[ \t\]]|/)",
    "number": r"(?P<x>\d+)\b",
    "program": rf"(?P<x>{NAME})\[(?P<pid>\d+)\]:",
    "place": r"(?P<x>\w[\w/.-]*\.(?:py|go|rs|js|ts|java|rb|c|cc|cpp|cxx|h|kt|php|pl|pm|cs)):\d+[ \t:\])|]",
    "located": rf"(?P<x>[A-Z][\w.$]*):\d+{MARK}",
    "marked": rf"(?P<x>{NAME}){MARK}",
    "dotted": rf"(?P<x>{DOTTED})(?:[ \t]|$)",
    "word": r"(?P<x>[A-Za-z_?][\w.$/:@-]*)[ \t]",
}
"""The kinds of slots in the order in which they are tried, each with the expression of its value `x`."""
BRACKETS = frozenset("[({<")
WAITING = frozenset({"word"})
UNNAMED = "unnamed"
"""In place of a field: what is surely a slot, but of no use."""
IS_DOTTED = re.compile(DOTTED.encode() + rb"|")
LOOKS_NAMED = re.compile(rb"[._:/$#-]|[a-z][A-Z]|\d")
NO_NAME = re.compile(
    rb".*(?:Error|Exception|Failure)|[\w.+-]+@[\w-]+\.[\w.-]+"  # what went wrong, and mail
    rb"|.*\.(?:com|org|net|io|local|example|pdf|png|jpe?g|gif|csv|txt|json|xml|ya?ml|toml|ini|conf|cfg|log|gz|zip|tar|html?|css|sql|mp[34])"
)
"""What is written as names of loggers are, but is not one: exceptions, hosts and files that are not source code."""
IS_PLAIN = re.compile(rb"[A-Z][A-Za-z]*")
CAPITALS = re.compile(rb"[A-Z]{3,}")
ROOTS = frozenset({b"root", b"main", b"__main__"})


@dataclass(slots=True)
class Slots:
    """What has been found between the time and the message: the expression so far, and which fields it captures.

    waiting: the expressions of slots that only count if something surely known follows them.
    """

    expression: str = ""
    names: set[str] = field(default_factory=set)
    waiting: list[tuple[str, str]] = field(default_factory=list)

    @property
    def has_word(self) -> bool:
        return any(kind == "word" for kind, _ in self.waiting)

    def take(self, kind: str, name: str, *, capitals: bool = True) -> None:
        """Add a slot that is surely one, with those that were waiting for it.

        capitals: whether a name may be one capitalised word.
        """
        brackets = [waiting for waiting, _ in self.waiting if waiting in BRACKETS]
        for waiting, role in self.waiting:
            named = "" if role == UNNAMED else role
            self._append(
                waiting,
                named
                or ("thread" if role != UNNAMED and waiting in BRACKETS and len(brackets) == 1 and name == "logger" else ""),
            )
        self.waiting.clear()
        self._append(kind, name, capitals=capitals)

    def _append(self, kind: str, name: str, *, capitals: bool = True) -> None:
        name = "" if name in self.names else name
        slot = KINDS[kind]
        if kind == "marked" and not capitals:
            slot = slot.replace(NAME, LOWER_NAME)
        for other in {"pid", "thread"} & self.names:
            slot = slot.replace(f"(?P<{other}>", "(?:")
        self.expression += BETWEEN + slot.replace("(?P<x>", f"(?P<{name}>" if name else "(?:")
        self.names |= {name, *re.findall(r"\(\?P<(pid|thread)>", slot)} - {""}


def beginning_of(lines: Sequence[bytes], time: str, *, with_level: bool = False) -> str | None:
    """Return the expression of lines that begin with a time, as a sample of them shows it; None if there are no slots.

    Lines that have the time, but not the slots, fit as well: all behind the time is their message.
    time: the expression of the time. with_level: whether a level is in front of it.
    """
    front = (LEVEL_IN_FRONT if with_level else OPENING) + time + CLOSING
    pattern = re.compile(front.encode("latin-1"))
    matches = [(line, match) for line in lines if (match := pattern.match(line))]
    rests = [line[match.end() :] for line, match in matches]
    found = Slots(names={"level"} if with_level else set())
    while rests and len(found.names) + len(found.waiting) < MOST_SLOTS:
        step = next_slot(rests, found)
        if not step:
            break
        rests = step
    if not found.names:
        return None
    slots = f"(?:{found.expression})?" if found.expression else ""
    return rf"(?s)^{front}{slots}{BEFORE_MESSAGE}(?P<message>.*)$"


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
        if name in {"level", "logger", "program", "thread"} and kind not in WAITING:
            found.take(kind, name, capitals=any(map(IS_PLAIN.fullmatch, values)))
        else:
            found.waiting.append((kind, name))
        return [match.string[match.end() :] for match in matches]
    return None


def role_of(kind: str, values: Sequence[bytes], found: Slots) -> str | None:
    """Return the field that values are, "" if that is not known, None if they are not a slot."""
    has_logger = "logger" in found.names
    if kind in {"level", "thread", "letter"} or kind in BRACKETS:
        levels = sum(is_level(value) and not value.isdigit() for value in values)
        several = kind != "letter" or len(set(values)) > 1  # `I` is a word as well
        shouted = not found.has_word or all(map(CAPITALS.fullmatch, values)) or kind in BRACKETS
        if levels >= NEARLY_ALL * len(values) and "level" not in found.names and several and shouted:
            return "level"
        if kind not in BRACKETS:
            return None
    if kind == "number" or (kind in BRACKETS and all(map(bytes.isdigit, values))):
        return "pid" if all(value.strip(b"0") for value in values) else UNNAMED
    if kind == "(" and has_logger and "thread" not in found.names:  # JBoss, Quarkus
        return "thread"
    if kind in BRACKETS:
        return "logger" if not has_logger and all(map(IS_DOTTED.fullmatch, values)) and any(values) else ""
    if kind == "word":  # only what stands before a level can be told from a message
        if "level" in found.names or sum(map(is_level, values)):
            return None
        dotted = any(b"." in value for value in values) or set(values) <= ROOTS
        return "logger" if dotted and not has_logger and not any(map(NO_NAME.fullmatch, values)) else ""
    if has_logger or "program" in found.names or not are_names(kind, values):
        return None
    return "program" if kind == "program" else "logger"


def are_names(kind: str, values: Sequence[bytes]) -> bool:
    """Return whether values are names, and not words of messages.

    Names are few and come again, or have dots, digits or humps. One capitalised word, though, is how a sentence begins,
    however often: `Error: …`, `User: …`. And names with nothing but a blank behind them have their first part in common.
    """
    distinct = set(values)
    if sum(map(bool, map(NO_NAME.fullmatch, values))) > (1 - NEARLY_ALL) * len(values) or any(map(is_level, distinct)):
        return False
    if kind in {"program", "place", "located"}:
        return True
    if kind == "dotted":
        firsts = {re.split(rb"\.|::", value)[0] for value in distinct}
        return 2 * len(firsts) <= len(values) or all(value.count(b".") + value.count(b"::") > 1 for value in distinct)
    if 2 * sum(map(bool, map(LOOKS_NAMED.search, distinct))) >= len(distinct):
        return True
    return (4 if len(distinct) == 1 else 2) * len(distinct) <= len(values) and not all(map(IS_PLAIN.fullmatch, distinct))
