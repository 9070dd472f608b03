"""Where in a line its keys, its time and the values of its record are.

A value is looked for where its kind of log has it: under a key that means the field, a status behind the request, anything else
as a word of its own. Where that leaves a doubt it has no place: nothing is coloured rather than the wrong number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logproc.formats.columns.names import ACCESS, APPLICATION

Span = tuple[int, int]
Pair = tuple[str, int, int]
"""A key, and where its value is, quotes included."""

STRING = r'"(?:[^"\\]|\\.)*+"?'
JSON_TOKEN = re.compile(rf'({STRING})(\s*+:)?|[^\s{{}}\[\],:"]++')
LOGFMT_PAIR = re.compile(rf'(?<!\S)([^\s="]++=)({STRING}|\S*+)')
"""Possessive, and without a way to fail behind a string: a hostile line takes no longer than another."""
CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
TIME = re.compile(
    rf"\[\d\d/[A-Z][a-z][a-z]/\d{{4}}:{CLOCK}(?: [+-]\d{{4}})?\]"
    rf"|\[?\d{{4}}[-/]\d\d[-/]\d\d[T ]{CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?"
    rf"|\[?(?:[A-Z][a-z][a-z] )?[A-Z][a-z][a-z] [ \d]\d {CLOCK}(?: \d{{4}}\])?"
)
TIME_WITHIN = 200
"""A time further behind in a line is not that of the record."""
BEFORE, BEHIND = frozenset(" \t\"'=:[({,;|<>"), frozenset(" \t\"'])},;:|<>?&[(")
"""What may stand right before a value, and right behind it."""


def simple(name: str) -> str:
    return name.rpartition(".")[2].lower().replace("_", "").replace("-", "")


KEYS = {
    field: frozenset(simple(name) for table in (APPLICATION, ACCESS) for name in table.get(field, ()))
    for field in (*APPLICATION, *ACCESS)
}


def pairs_of(line: str) -> Iterator[tuple[Span, Pair]]:
    """Yield where each key of a line of JSON or logfmt is, its divider included, with the pair. Other lines have none."""
    text = line.strip()
    if text.startswith("{") and text.endswith("}"):
        key: tuple[Span, str] | None = None
        for token in JSON_TOKEN.finditer(line):
            if key:  # what comes behind it is its value, unless that is an object with keys of its own
                yield key[0], (key[1], *((token.end(), token.end()) if token[2] else token.span()))
            key = ((token.start(), token.end(2)), token[1].strip('"')) if token[2] else None
        if key:
            yield key[0], (key[1], len(line), len(line))
    elif (first := LOGFMT_PAIR.match(line, len(line) - len(line.lstrip()))) and first[1] != "=":
        for found in LOGFMT_PAIR.finditer(line):
            yield found.span(1), (found[1][:-1], *found.span(2))


def time_in(line: str, pairs: list[Pair]) -> Span | None:
    """Return where the time of a line is."""
    for key, start, end in pairs:
        if simple(key) in KEYS["time"]:
            return start, end
    found = None if pairs else TIME.search(line, 0, TIME_WITHIN)
    return found.span() if found else None


def place_of(line: str, field: str, value: str, pairs: list[Pair]) -> Span | None:
    """Return where the value of a field is, None if it is not there as it is, or in doubt."""
    if value not in line:
        return None
    named = KEYS.get(field, frozenset()) | {simple(field)}
    for key, start, end in pairs:
        bare = start + line.startswith('"', start), end - (end - start > 1 and line.endswith('"', start, end))
        if line[bare[0] : bare[1]] == value and simple(key) in named:
            return bare
    found = list(words(line, value))
    if field == "status":
        behind = [span for span in found if line.endswith('" ', 0, span[0])]
        found = behind or [span for span in found if line.count('"', 0, span[0]) % 2 == 0]
        return found[0] if len(found) == 1 or behind else None
    return found[0] if found else None


def level_in(line: str, word: str, pairs: list[Pair]) -> Span | None:
    """Return where the word of a level is."""
    if len(word) == 1 and not pairs and (found := re.match(rf"{re.escape(word)}(?=\d{{4}} )", line)):  # klog's E0307
        return found.span()
    return place_of(line, "level", word, pairs)


def words(line: str, value: str) -> Iterator[Span]:
    """Yield where a line has a value that is not a part of a longer word."""
    start = line.find(value)
    while start >= 0:
        end = start + len(value)
        if (not start or line[start - 1] in BEFORE) and (end == len(line) or line[end] in BEHIND):
            yield start, end
        start = line.find(value, end)
