r"""The catalogue of formats: usual access logs, those of `catalogue/`, JSON, logfmt and others, and any text.

Imported with the pipeline and not when the first chunk comes: an import inside a worker holds a lock that the other
workers then wait for, and competes with them for the GIL. It took 0.1 of 1.2 seconds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute

from logproc.formats.engine import Format
from logproc.formats.readers import json_lines, logfmt, ltsv, w3c
from logproc.formats.readers.beginnings import (
    BEFORE_MESSAGE,
    CLOCK,
    CLOSING,
    LEVEL_IN_FRONT,
    OPENING,
    beginning_of,
    beginning_with_level,
)
from logproc.formats.readers.cut_lines import CutLines
from logproc.formats.readers.expression import Expression, matching
from logproc.formats.readers.layout import LAYOUTS
from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.times.forms import FORMS, OF_ONE_PROGRAM, RFC3339, TimeForm
from logproc.formats.times.order import KNOWN, TURNED, Order
from logproc.formats.times.own_time import COLOUR

FOLDER = Path(__file__).parent / "catalogue"
KINDS = ("access.toml", "frameworks.toml", "systems.toml", "loggers.toml")
"""The files of the catalogue, in the order of detection. Those of one program come first: they ask for more."""
TABLES = [tomllib.loads((FOLDER / kind).read_text("utf-8")) for kind in KINDS]
PIECES: dict[str, str] = {name: text for table in TABLES for name, text in table.get("pieces", {}).items()}
TIMES = {form.name: form for form in (*FORMS, RFC3339, *OF_ONE_PROGRAM)}
POWERS: Mapping[str, int] = {"s": 0, "ms": 3, "us": 6, "ns": 9}

ORDERS = {order: Order(forms, order) for order, forms in (("day first", FORMS), ("month first", TURNED))}


def expression_of_entry(entry: Mapping[str, Any]) -> Expression:
    """Return the reader for an entry of the catalogue. `loggers.toml` explains its keys."""
    time = TIMES[entry["time"]] if "time" in entry else None
    expression = entry["expression"].replace("{time}", time.expression if time else "")
    for piece, text in reversed(PIECES.items()):  # a piece may hold those that come before it
        expression = expression.replace(f"{{{piece}}}", text)
    further = entry.get("further", "").replace("{address}", PIECES["address"])
    sums = tuple((name, tuple(parts)) for name, parts in entry.get("sums", {}).items())
    return Expression(
        f"(?s)^(?:{expression})$",
        time,
        further,
        limited=True,
        may_lack_time=entry.get("may_lack_time", False),
        sums=sums,
        aside=f"^(?:{entry['aside']})$" if "aside" in entry else "",
    )


def format_of_entry(name: str, entry: Mapping[str, Any]) -> Format:
    reader = expression_of_entry(entry)
    raw = reader.raw
    units = {name: 0 for name in ("duration", "bytes") if name in raw}
    units |= {name: POWERS[unit] for name, unit in entry.get("units", {}).items()}
    return Format(
        name,
        reader,
        (CutLines(reader),),
        summary=entry.get("summary", ""),
        example=entry.get("example", ""),
        units=tuple(units.items()),
        multi_line=entry.get("multi_line", False),
        mixed=entry.get("mixed", False) or "(?P<request>" in entry.get("further", ""),
        levels=entry.get("levels", "words"),
        in_parts=entry.get("in_parts", False),
        order=ORDERS[entry["order"]] if "order" in entry else KNOWN,
    )


ENTRIES: dict[str, Mapping[str, Any]] = {name: entry for table in TABLES for name, entry in table["formats"].items()}
"""The formats of the catalogue as its files have them."""
FORMATS = tuple(format_of_entry(name, entry) for name, entry in ENTRIES.items())
"""The known formats of text, in the order of detection."""
OF_PROGRAMS = FORMATS[: sum(len(table["formats"]) for table in TABLES[:-1])]
"""Those of one program or server each."""
ENVELOPES = tuple(format_of_entry(name, entry) for name, entry in TABLES[-1]["envelopes"].items())
"""What may be in front of the lines of any log."""
WORDS = PIECES["words"]
LOWER = "trace|debug|info|notice|warn|warning|error|err|crit|critical|fatal|alert|emerg|emergency|panic|verbose"
CAPITALIZED = (
    "Trace|Debug|Info|Information|Informational|Notice|Warn|Warning|Error|Critical|Fatal|Note|System|Alert|Emergency|Verbose"
)
SHORT = "TRC|DBG|INF|WRN|ERR|FTL|CRT|VRB|CRIT|EMERGENCY"
LEVEL_WORDS = f"{WORDS}|{LOWER}|{CAPITALIZED}|{SHORT}"
ANY_LEVEL = (
    rf"(?:\b|{COLOUR})(?P<level>{WORDS}|LOG)\b|[\[(](?P<level_2>(?:{LOWER}|{CAPITALIZED}|{SHORT}))[\])]"
    rf"|<(?P<level_5>(?:{LOWER}|{CAPITALIZED}|{SHORT}))>\s"
    rf"|\b(?:level|lvl|severity)=\"?(?P<level_3>{LEVEL_WORDS})\b|\t(?P<level_4>{LOWER}|{CAPITALIZED})\t"
    rf"|%[A-Z][A-Z0-9_]*-(?P<level_7>[0-7])-[A-Z0-9_]+:"
    rf"|^(?P<level_6>{LOWER}|{CAPITALIZED}):[ \t]"
)
"""A word that is a level in a line with a time: in capitals, in brackets, between TABs, after `level=`, or at the beginning.

`<System>` may begin an element of XML. Cisco has a number in the place of a level: `%SYS-5-CONFIG:`.
"""
BEFORE_LEVEL = (
    rf"^(?:{COLOUR})*"
    rf"(?:(?:\[[^\]]*\]:?|\([^)]*\):?|[A-Za-z_][\w./-]*(?:\[\d+\])?:|[+-]?\d\S*|[|:-]+)[ \t]+(?:{COLOUR})*)*"
)
"""What may be in front of a level in a line without a time: brackets, numbers, the name of a program with a colon."""
LEVEL_AHEAD = (
    rf"{BEFORE_LEVEL}(?:(?P<level>{WORDS})(?:{COLOUR})*[ \t]*:(?:{COLOUR})*[ \t]+[^\s;]+[ \t]+\S"
    rf"|\[(?:{COLOUR})*(?P<level_2>{LEVEL_WORDS})(?:{COLOUR})*[ \t]*\](?:{COLOUR})*[ \t]+\S)"
)
"""A level in a line without a time: in front of its text, in brackets or in capitals with a colon and two words behind it.

Prose, source code and settings are full of such words elsewhere: `return (ERROR);`, `DEBUG: false`, `level=info`.
"""
BARE_LEVEL_AHEAD = rf"{BEFORE_LEVEL}(?P<level_3>{WORDS})(?:{COLOUR})*[ \t]+\S|^(?P<level_4>{LOWER}): |{LEVEL_AHEAD}"
"""The same where most lines begin with a level: there it needs no colon, or no capitals."""
TEXT = "Any text with a time in it"
HEAD_BYTES = 128
"""In text without a known format, a time and a level are only searched for in this many bytes of a line."""


@cache
def timed(form: TimeForm, *, leading: bool, with_level: bool = False) -> Format:
    """Return the format of any text with a time of a form.

    leading: at the beginning of each record, after brackets or quotes, or with a level in front of it; a line without one
    belongs to the record before it. Otherwise somewhere in its first bytes, where a word begins or behind the letter of a
    level (klog), and a line without one is a record without a time. Not behind a dash, a slash or a point, which would be
    a part of a longer date: `25-03-07 10:00:00` is not the 7th of March of this year.
    """
    time = rf"{form.expression}(?:[^0-9a-zA-Z]|$)"
    front = LEVEL_IN_FRONT if with_level else OPENING
    if leading:
        return any_text("text", TEXT, rf"(?s)^{front}{time}", ANY_LEVEL, form, multi_line=True)
    return any_text("text", TEXT, rf"(?s)(?:^|[^\w./-])[A-Z]?{time}|$", ANY_LEVEL, form)


def any_text(
    name: str, summary: str, expression: str, levels: str, form: TimeForm | None = None, *, multi_line: bool = False
) -> Format:
    """Return a format whose records are whole lines as messages, with a level searched for at the start of each."""
    untimed = LEVEL_AHEAD if form and not multi_line else ""
    reader = Expression(expression, form, levels, HEAD_BYTES, untimed=untimed)
    return Format(name, reader, summary=summary, multi_line=multi_line)


def learned(form: TimeForm | None, lines: Sequence[bytes], *, with_level: bool = False) -> Format:
    """Return the format of text that begins with a time, and with further slots if some lines show them.

    Without slots the message is all that is behind the time, and a level is searched for at its start.
    form: None for a time of day, which is not a time of records. with_level: whether a level is in front of the time.
    """
    time = form.expression if form else CLOCK
    expression = beginning_of(lines, time, with_level=with_level)
    if expression is None:
        expression = rf"(?s)^{OPENING}{time}{CLOSING}{BEFORE_MESSAGE}(?P<message>.*)$"
        return Format("text", Expression(expression, form, ANY_LEVEL, HEAD_BYTES), summary=TEXT, multi_line=True)
    reader = Expression(expression, form)
    return Format("text", reader, (CutLines(reader),), summary=TEXT, multi_line=True)


def leveled(lines: Sequence[bytes]) -> Format | None:
    """Return the format of text without a time whose lines begin with a level; None unless nearly all of some lines do."""
    expression = beginning_with_level(lines)
    return Format("text", Expression(expression), summary=TEXT, multi_line=True) if expression else None


PLAIN = any_text("plain", "Any text: lines without a time that could be found", "", LEVEL_AHEAD)
LEVELED = any_text("plain", PLAIN.summary, "", BARE_LEVEL_AHEAD)
"""Plain text of which most lines begin with a level."""


def plain_of(texts: pyarrow.Array) -> Format:
    """Return the format of plain text, as a sample shows it."""
    return LEVELED if 2 * int(pyarrow.compute.sum(matching(texts, BARE_LEVEL_AHEAD)).as_py() or 0) > len(texts) else PLAIN


LAYOUT_FORMATS = tuple(map(format_of_layout, LAYOUTS))
"""The usual access logs."""
BY_NAME: dict[str, Format] = {form.name: form for form in (*LAYOUT_FORMATS, *FORMATS)}
"""The formats that are the same for all sources."""
SAMPLED: dict[str, Format] = {
    "json": json_lines.json_format(json_lines.JsonReader()),
    "logfmt": logfmt.logfmt_format(logfmt.PairsReader()),
    "ltsv": ltsv.ltsv_format(ltsv.LtsvReader()),
    "w3c": w3c.w3c_format(w3c.W3cReader()),
    "text": PLAIN,
    "plain": PLAIN,
}
"""Formats that learn their fields from a sample, here without one."""
GENERIC = (
    ("text", "Any text with a time in it, and a level where one is found", "[2026-03-07 10:00:00] ERROR: disk is full"),
    ("plain", "Any text: lines are counted, and a level where one is found", "disk is full"),
)


def listing() -> list[tuple[str, str, str]]:
    known = (*LAYOUT_FORMATS, *(SAMPLED[name] for name in ("json", "logfmt", "ltsv", "w3c")), *FORMATS)
    return [*((form.name, form.summary, form.example) for form in known), *GENERIC]
