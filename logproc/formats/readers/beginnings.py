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

from msgspec import Struct, field

from logproc.formats.columns.levels import WORDS, is_level_word
from logproc.formats.times.own_time import COLOUR
from logproc.model.patterns import regex

NEARLY_ALL = 0.9
MOST_SLOTS = 8
RESET = r"\x1b\[(?:;|0|2[2-9]|39|49)*m"
"""The end of a colour. What begins one in front of a message is part of the message."""
OPENING = rf"(?:{COLOUR}|[\[({{<\"'])*"
CLOSING = rf"(?:{COLOUR}|[\])}}>\"'])*"
BETWEEN = rf"(?:{COLOUR}|[ \t|,;:\])>-])*"
BEFORE_MESSAGE = (
    rf"(?:{RESET})*(?:(?:{COLOUR})*[\])>]+(?:[ \t]|{RESET}|$)?)?"
    rf"(?:[ \t]*(?:{COLOUR})*[-|:,;]+(?:{RESET})*(?:[ \t]+|$)|[ \t]*[|,;]|[ \t]*)"
)
LEVEL = r"(?i:" + "|".join(sorted((word for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True)) + r")"
PADDING = rf"(?:{COLOUR}|[ \t])*"
LEVEL_IN_FRONT = rf"(?:{COLOUR})*\[?(?P<level>{LEVEL})\b{BETWEEN}{OPENING}"
CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
"""A time of day, without a date."""
NAME = r"[A-Za-z_](?:[\w.$/#@-]|::)*"
LOWER_NAME = r"(?:[a-z_](?:[\w.$/#@-]|::)*|[A-Z][\w$]*(?:[.:/#$-]|[a-z][A-Z]|\d)(?:[\w.$/#@-]|::)*)"
"""A name that is not one capitalised word, which is how sentences begin."""
DOTTED = r"[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_$][\w$]*)+"
MARK = (
    rf"(?:{COLOUR})*(?:(?:[ \t]*(?:{COLOUR})*:|[ \t]+(?:{COLOUR})*-|\])(?:{RESET})*(?:[ \t]|$)"
    rf"|[ \t]*(?:{COLOUR})*\|(?:{RESET})*)"
)
KINDS = {
    "thread": rf"\[{PADDING}(?P<thread>[^\]/\x1b]*)/(?P<x>{LEVEL}){PADDING}\]:?",
    "[": rf"\[{PADDING}(?P<x>[^\]\x1b]*?){PADDING}\]",
    "(": rf"\({PADDING}(?P<x>[^)\x1b]*?){PADDING}\)",
    "{": rf"\{{{PADDING}(?P<x>[^}}\x1b]*?){PADDING}\}}",
    "<": rf"<{PADDING}(?P<x>[^>\x1b]*?){PADDING}>",
    "level": rf"(?P<x>{LEVEL})\b",
    "letter": r"(?P<x>[TDIWEFCV])(?:[ \t\]]|/)",
    "number": r"(?P<x>\d+)\b",
    "program": rf"(?P<x>{NAME})\[(?P<pid>\d+)\]:",
    "place": r"(?P<x>\w[\w/.-]*\.(?:py|go|rs|js|ts|java|rb|c|cc|cpp|cxx|h|kt|php|pl|pm|cs)):\d+[ \t:\])|]",
    "located": rf"(?P<x>[A-Z][\w.$]*):\d+{MARK}",
    "marked": rf"(?P<x>{NAME}){MARK}",
    "dotted": rf"(?P<x>{DOTTED})(?:{COLOUR})*(?:[ \t]|$)",
    "word": rf"(?P<x>[A-Za-z_?][\w.$/:@-]*)(?:{COLOUR})*[ \t]",
}
"""The kinds of slots in the order in which they are tried, each with the expression of its value `x`."""
SHOUTED = "|".join(sorted((word.upper() for word in WORDS if len(word) > 2 and word.isalpha()), key=len, reverse=True))
LEVEL_FIRST = (
    rf"(?:{COLOUR})*(?:(?P<level>{SHOUTED})\b|[\[(<{{][ \t]*(?:{COLOUR})*(?P<level_2>{LEVEL})(?:{COLOUR})*[ \t]*[\])>}}]"
    rf"|(?P<level_3>{LEVEL})(?:{COLOUR})*[ \t]*(?:[:|]|\t|-[ \t])|(?:level|lvl|severity)=\"?(?P<level_4>{LEVEL})\b\"?)"
)
"""A level at the beginning of a line that has no time: in capitals, in brackets, in front of a colon, a bar or a TAB."""
BRACKETS = frozenset("[({<")
WAITING = frozenset({"word"})
UNNAMED = "unnamed"
"""In place of a field: what is surely a slot, but of no use."""
WORD = rf"(?:{LEVEL}|(?i:{'|'.join(word for word in WORDS if len(word) < 3 and word.isalpha())})|[A-Z]{{3,12}})"
"""What a level in brackets may be: a word of the scale, or another one in capitals. In other lines a number may be there."""
IS_DOTTED = regex(DOTTED.encode() + rb"|")
ENDS_COLOUR = regex(RESET.encode() + rb"$")
LOOKS_NAMED = regex(rb"[._:/$#-]|[a-z][A-Z]|\d")
NO_NAME = regex(
    rb".*(?:Error|Exception|Failure)|[\w.+-]+@[\w-]+\.[\w.-]+"  # what went wrong, and mail
    rb"|.*\.(?:com|org|net|io|local|example|pdf|png|jpe?g|gif|csv|txt|json|xml|ya?ml|toml|ini|conf|cfg|log|gz|zip|tar|html?|css|sql|mp[34])"
)
"""What is written as names of loggers are, but is not one: exceptions, hosts and files that are not source code."""
IS_PLAIN = regex(rb"[A-Z][A-Za-z]*")
IS_CAPITALS = regex(rb"[A-Z]{3,}")
ROOTS = frozenset({b"root", b"main", b"__main__"})
LOOKS_PROGRAMMED = regex(rb"\w[.:/$@]+\w|[a-z][A-Z]")
AT_LEVEL = regex((BETWEEN + KINDS["level"]).encode("latin-1"))


class Slots(Struct):
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
        if name == "level" and kind in BRACKETS:
            slot = re.sub(r"\(\?P<x>.*?\*\?\)", lambda _: f"(?P<x>{WORD})", slot)
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
    found = Slots(names={"level"} if with_level else set())
    rests = add_slots(found, [line[match.end() :] for line in lines if (match := pattern.match(line))])
    if not found.names:
        return None
    slots = f"(?:{found.expression})?" if found.expression else ""
    return plain_unless_coloured(rf"(?s)^{front}{slots}{BEFORE_MESSAGE}{message_in(rests)}$", lines)


def beginning_with_level(lines: Sequence[bytes]) -> str | None:
    """Return the expression of lines without a time that begin with a level, None unless nearly all of some lines do.

    A level in small letters is one only in brackets or in front of a colon: `error: disk is full`, but not `Error 12`.
    """
    begins = re.compile(LEVEL_FIRST.encode())
    matches = [match for line in lines if (match := begins.match(line))]
    if not matches or len(matches) < NEARLY_ALL * len(lines):
        return None
    found = Slots(names={"level"})
    rests = add_slots(found, [match.string[match.end() :] for match in matches])
    slots = f"(?:{found.expression})?" if found.expression else ""
    return plain_unless_coloured(rf"(?s)^{LEVEL_FIRST}{slots}{BEFORE_MESSAGE}{message_in(rests)}$", lines)


def plain_unless_coloured(expression: str, lines: Sequence[bytes]) -> str:
    """Return an expression without the colours that it knows, unless some of the lines have any.

    RE2 reads a line several times as fast where the expression is short.
    """
    if any(b"\x1b" in line for line in lines):
        return expression
    for colour in (f"(?:{COLOUR})*", f"(?:{RESET})*", f"(?:{RESET})?", f"{COLOUR}|", f"|{RESET}"):
        expression = expression.replace(colour, "")
    return expression


def message_in(rests: Sequence[bytes]) -> str:
    """Return the expression of the message, which ends before a colour does if that begins in front of it in all lines."""
    begins_before = all(rest.count(b"\x1b") == 1 for rest in rests if ENDS_COLOUR.search(rest))
    if begins_before and sum(map(bool, map(ENDS_COLOUR.search, rests))) >= NEARLY_ALL * len(rests):
        return rf"(?P<message>.*?)(?:{RESET})?"
    return r"(?P<message>.*)"


def add_slots(found: Slots, rests: list[bytes]) -> list[bytes]:
    """Add all slots that some lines show to those found; return what is left of the lines behind the last sure one."""
    settled = rests
    while rests and len(found.names) + len(found.waiting) < MOST_SLOTS:
        step = next_slot(rests, found)
        if not step:
            break
        rests = step
        settled = settled if found.waiting else rests
    return settled


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
        if name in {"level", "logger", "program", "thread"} and kind not in WAITING:
            found.take(kind, name, capitals=any(map(IS_PLAIN.fullmatch, values)))
        else:
            found.waiting.append((kind, name))
        return [match.string[match.end() :] for match in matches]
    return None


def is_beside_level(matches: Sequence[re.Match[bytes]], values: Sequence[bytes], found: Slots) -> bool:
    """Return whether names are surely loggers: there is a level before or behind them, or they are not names of people."""
    if "level" in found.names:
        return True
    behind = sum(1 for match in matches if AT_LEVEL.match(match.string, match.end()))
    return behind >= NEARLY_ALL * len(matches) or 2 * sum(map(bool, map(LOOKS_PROGRAMMED.search, values))) >= len(values)


def role_of(kind: str, values: Sequence[bytes], found: Slots) -> str | None:
    """Return the field that values are, "" if that is not known, None if they are not a slot."""
    has_logger = "logger" in found.names
    if kind in {"level", "thread", "letter"} or kind in BRACKETS:
        levels = sum(is_level_word(value) and value.isalnum() for value in values)
        several = kind != "letter" or len(set(values)) > 1  # `I` is a word as well
        shouted = not found.has_word or all(map(IS_CAPITALS.fullmatch, values)) or kind in BRACKETS
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
    if kind == "word":  # only what is before a level can be distinguished from a message
        if "level" in found.names or sum(map(is_level_word, values)):
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
    if sum(map(bool, map(NO_NAME.fullmatch, values))) > (1 - NEARLY_ALL) * len(values) or any(map(is_level_word, distinct)):
        return False
    lasts = [value.rpartition(b".")[2] for value in distinct]
    if 2 * sum(len(last) > 2 and is_level_word(last) for last in lasts) >= len(distinct):
        return False  # `channel.ERROR:` has a level
    if kind in {"program", "place", "located"}:
        return True
    if kind == "dotted":
        firsts = {re.split(rb"\.|::", value)[0] for value in distinct}
        return 2 * len(firsts) <= len(values) or all(value.count(b".") + value.count(b"::") > 1 for value in distinct)
    if 2 * sum(map(bool, map(LOOKS_NAMED.search, distinct))) >= len(distinct):
        return True
    return (4 if len(distinct) == 1 else 2) * len(distinct) <= len(values) and not all(map(IS_PLAIN.fullmatch, distinct))
