"""Whatever definition a layout is made of, the fast way and the exact way read the same, field by field."""

from __future__ import annotations

import random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.servers.layout import layout_of
from logproc.formats.servers.reading import definition_of
from logproc.model.chunk import Context
from logproc.model.columns import Columns, Numbers, Parsed
from tests.formats.readings import exactly

pytestmark = pytest.mark.usefixtures("quick_reader")

VALUES = {
    "%h": ["192.0.2.7", "::1", "host"],
    "%l": ["-"],
    "%u": ["-", "alice", "two words"],
    "%t": ["[17/May/2015:10:05:03 +0000]", "[30/Feb/2015:10:05:03 +0000]"],
    '"%r"': ['"GET /a?b=1 HTTP/1.1"', '"-"', '"\\"quoted\\""'],
    "%>s": ["200", "404", "20"],
    "%b": ["-", "0", "123", "99999999999999999999"],
    '"%{Referer}i"': ['"-"', '"https://example.com/"', '"a\\\\b"'],
    '"%{User-agent}i"': ['"Mozilla/5.0 (X11)"', '""'],
    "%D": ["1", "250000", "x"],
    "%P": ["4711"],
    "%v": ["www.example.com"],
}
DAMAGES = [" ", '"', "\\", "\t", "-", "[", "]", "\r", "é", ""]


@given(st.permutations(list(VALUES)), st.integers(1, len(VALUES)), st.integers(0, 2**32))
def test_both_ways_agree(order: list[str], length: int, seed: int) -> None:
    """Fields in any order, some of them missing, lines as they should be and damaged ones."""
    chosen, draw = order[:length], random.Random(seed)
    layout = layout_of(definition_of(" ".join(chosen)))
    if layout is None:
        return
    lines = [damaged(" ".join(draw.choice(VALUES[name]) for name in chosen), draw) for _ in range(20)]
    data = numpy.frombuffer("".join(line + "\n" for line in lines).encode(), numpy.uint8)
    form = format_of_layout(layout)
    fast, exact = form.parse(data, Context(), form.fields, 1000), exactly(form).parse(data, Context(), form.fields, 1000)
    assert plain(fast) == plain(exact)


def damaged(line: str, draw: random.Random) -> str:
    """Return a line, one in three with a byte changed."""
    if draw.random() < 0.66:
        return line
    at = draw.randrange(len(line) + 1)
    return line[:at] + draw.choice(DAMAGES) + line[at + draw.randrange(2) :]


def plain(parsed: Parsed) -> object:
    """Return what was parsed as plain data: the account, the reasons, and the records in any order."""
    columns = parsed.columns
    assert isinstance(columns, Columns)
    texts = {name: [column.keys[at].as_py() for at in column.index] for name, column in columns.keys.items()}
    numbers = {name: values_of(found) for name, found in columns.numbers.items()}
    malformed = [None] * columns.records if columns.malformed is None else columns.malformed.tolist()
    fields = {"time": columns.time.tolist(), "malformed": malformed, **texts, **numbers}
    fields = {name: fields[name] for name in sorted(fields)}
    rows = sorted(zip(*fields.values(), strict=True), key=repr)
    reasons = list(zip(parsed.rejected_lines.tolist(), parsed.rejected_reasons, strict=True))
    return list(fields), rows, parsed.account, reasons


def values_of(numbers: Numbers) -> list[tuple[int, int] | None]:
    """Return numbers as plain data, None where there is none."""
    count = len(numbers.whole)
    valid = [True] * count if numbers.valid is None else numbers.valid.tolist()
    nanos = [0] * count if numbers.nanos is None else numbers.nanos.tolist()
    return [pair if good else None for pair, good in zip(zip(numbers.whole.tolist(), nanos, strict=True), valid, strict=True)]
