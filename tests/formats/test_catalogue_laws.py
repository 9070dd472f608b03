"""Laws of the catalogue: random lines of each format are read with every field, alone and among the lines of two others.

Whoever writes a line knows its fields, because it drew them (see `tools.fuzz.differential`).

- Alone, each field of each record is what was written, and nothing is found in the fields of the report that no line has.
- In a mixture a field is what was written or absent. Where a line's own format is not one of the source, it is text: its
  message then holds the fields that text does not have. A line that begins with a time is a record or rejected, and never
  goes on with the record before it.

Fields that the report does not know, such as `extra1`, are named by the log's words or their place, and may be anything.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from fractions import Fraction
from typing import Any

import numpy
import pytest

from logproc.formats.envelopes.envelope import Envelope
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.chunk import Context, Parser
from logproc.model.columns import NO_TIME, Columns, Parsed
from tests.formats.readings import MAX_LINE_BYTES, STANDARD, detected, values_of
from tools.fuzz.differential.fields import NANO, address
from tools.fuzz.differential.model import Draw, Line, shown
from tools.fuzz.differential.programs import PROGRAMS
from tools.fuzz.differential.templates import TEMPLATES, Template

KNOWN = tuple(template for template in (*TEMPLATES, *PROGRAMS) if not template.options)
EACH = pytest.mark.parametrize("at", range(len(KNOWN)), ids=lambda at: f"{KNOWN[at].name}-{at}")
SHARES = ((60, 25, 15), (92, 5, 3))
ALONE_LINES, MIXED_LINES = 60, 90
REPORTED = frozenset({*STANDARD, "raw_level", "client_port"})
"""The fields of the report: they mean the same in every log."""
COLOUR = r"\x1b[31m"
NUMBER = " as a number"
OPENS = re.compile(rb"[\[({<\"']{0,2}")
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A line with the template that it was written from, and the fields that it then has; None if its time does not exist."""

    template: Template
    content: bytes
    fields: Fields | None


def told(template: Template, draw: Draw) -> Told:
    line: Line = template.line(draw)
    if line.record is None:
        return Told(template, line.content, None)
    fields: Fields = {**line.record.texts, **line.record.numbers}
    if line.record.time is not None:
        fields["time"] = math.floor(line.record.time)  # `test_fractions` has what is behind the seconds
    if found := address(fields.get("client", "")):
        fields["client"] = str(found)
    if not fields.get("bytes"):  # one that the log does not have is 0 as well
        fields.pop("bytes", None)
    return Told(template, line.content, fields)


def start(seed: str) -> Draw:
    draw = Draw(seed)
    draw.start(UTC)
    return draw


def content_of(lines: Sequence[Told]) -> bytes:
    return b"".join(line.content + b"\n" for line in lines)


def fields_of(form: Parser, content: bytes, context: Context, wanted: tuple[str, ...]) -> tuple[dict[int, Fields], Parsed]:
    """Return the fields of each record by the number of its line."""
    data = numpy.frombuffer(content, numpy.uint8)
    parsed = form.parse(data, context, wanted, MAX_LINE_BYTES)
    if isinstance(form, Envelope):  # its columns are in an order of their own
        found: dict[int, Fields] = {}
        for at, line in enumerate(content.removesuffix(b"\n").split(b"\n")):
            one = numpy.frombuffer(line + b"\n", numpy.uint8)
            columns = form.parse(one, context, wanted, MAX_LINE_BYTES).columns
            for _, fields in fields_by_line(form.outer, one, columns, context, wanted):
                found[at] = fields
        return found, parsed
    return dict(fields_by_line(form, data, parsed.columns, context, wanted)), parsed


def fields_by_line(
    outer: Any, data: Any, columns: Columns | None, context: Context, wanted: tuple[str, ...]
) -> list[tuple[int, Fields]]:
    if columns is None:
        return []
    lines = outer.lines(data)
    parts, _ = outer.claimed(lines, numpy.ones(len(lines), bool), wanted, context)
    numbers = [line for part, _ in parts for line in part.line.tolist()]
    values = values_of(columns)
    found: list[tuple[int, Fields]] = []
    for at, line in enumerate(numbers):
        time = int(columns.time[at])
        fields: Fields = {} if time == NO_TIME else {"time": time}
        for name, column in values.items():
            value: Any = column[at]
            if value is None:
                continue
            if name.endswith(NUMBER):
                fields[name.removesuffix(NUMBER)] = Fraction(value, NANO)
            elif name + NUMBER not in values:
                fields[name] = value
        if not fields.get("bytes"):
            fields.pop("bytes", None)
        found.append((line, fields))
    return found


@EACH
def test_a_log_of_one_format_is_read_with_every_field(at: int) -> None:
    """Its format is found, and each field has the value that was written; no other field of the report has one."""
    alone(at, "alone")


@pytest.mark.soak
@EACH
def test_many_logs_of_one_format_are_read_with_every_field(at: int) -> None:
    """The same, thirty times."""
    for seed in range(30):
        alone(at, f"alone {seed}")


def alone(at: int, seed: str) -> None:
    template, draw = KNOWN[at], start(f"{seed} {at}")
    lines = [told(template, draw) for _ in range(ALONE_LINES)]
    content = content_of(lines)
    form = detected(content)
    assert form.name == template.name
    wanted = tuple(dict.fromkeys([*form.fields, *REPORTED, *template.fields]))
    found, parsed = fields_of(form, content, Context(reference_s=draw.modified), wanted)
    assert parsed.account.continuation == 0
    for number, line in enumerate(lines):
        fields = found.get(number)
        assert (fields is None) == (line.fields is None), line.content
        for name in {*(line.fields or {}), *(fields or {})} if fields and line.fields else ():
            if name in line.fields or name in REPORTED:  # type: ignore[operator]  # not None here
                got, written = fields.get(name), line.fields.get(name)  # type: ignore[union-attr]
                assert got == written, (name, written, got, line.content)


@EACH
@pytest.mark.parametrize("shares", SHARES[:1], ids=str)
def test_no_field_changes_among_the_lines_of_two_other_formats(at: int, shares: tuple[int, ...]) -> None:
    """Each field is what was written or absent, and no line with a time goes on with the record before it."""
    mixed(at, "mixed", shares)


@pytest.mark.soak
@EACH
@pytest.mark.parametrize("shares", SHARES, ids=str)
def test_no_field_changes_in_many_mixtures(at: int, shares: tuple[int, ...]) -> None:
    """The same with forty other mixtures each, in half of which one format has nearly all lines."""
    for seed in range(20):
        mixed(at, f"mixed {seed}", shares)


def mixed(at: int, seed: str, shares: tuple[int, ...]) -> None:
    draw, choice = start(f"{seed} {at}"), random.Random(f"{seed} {at}")
    others = choice.sample([template for template in KNOWN if template.name != KNOWN[at].name], 2)
    templates = choice.choices([KNOWN[at], *others], shares, k=MIXED_LINES)
    lines = [told(template, draw) for template in templates]
    content = content_of(lines)
    form = detected(content)
    found, parsed = fields_of(
        form, content, Context(reference_s=draw.modified), tuple(dict.fromkeys([*form.fields, *REPORTED]))
    )
    assert parsed.account.closes
    rejected = set(parsed.rejected_lines.tolist())
    names = f"{' | '.join(template.name for template in (KNOWN[at], *others))} read as {form.name}"
    for number, line in enumerate(lines):
        if number not in found:
            goes_on = number not in rejected
            assert not (goes_on and begins_with_time(line)), (names, line.content)
        for name, got in found.get(number, {}).items():
            written = (line.fields or {}).get(name)
            assert agrees(name, got, written, line), (names, name, written, got, line.content)


def agrees(name: str, got: Any, written: Any, line: Told) -> bool:
    """Return whether a field of a line in a mixture is what was written, or what text would have."""
    if line.fields is None:  # its time does not exist, and so text may begin with it
        return True
    if got == written or name not in REPORTED:
        return True
    if name == "message":  # of text: it has what text has no field for, and no colours
        whole = shown(line.content)
        return got in {whole, whole.replace(COLOUR, "")} or (
            got in whole + whole.replace(COLOUR, "")
            and (written is None or written.replace(COLOUR, "") in got.replace(COLOUR, ""))
        )
    return False


def begins_with_time(line: Told) -> bool:
    """Return whether nothing but brackets is in front of a line's time."""
    return line.fields is not None and any(
        OPENS.sub(b"", layout.encode(), count=1).startswith(b"{time:") for layout in line.template.lines
    )


def test_every_format_of_the_catalogue_is_among_them() -> None:
    """But for any text, the one whose header names its fields, and those whose message is the line with its time."""
    own = {"w3c", "plain", "text", "mysql_slow", "mysql_old_slow", "apt", "rabbitmq_old", "journald_verbose"}
    assert {*BY_NAME, *SAMPLED} - own <= {template.name for template in KNOWN}
