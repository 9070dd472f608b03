"""The fast way looks at no line by itself, and finds lines wherever its inner blocks end."""

from __future__ import annotations

import random
import sys

import numpy
import pytest

from logproc.formats.readers.layout import LAYOUTS, Layout
from logproc.formats.readers.quotes import format_of_layout
from logproc.model.chunk import Context
from tests.support import logs

pytestmark = pytest.mark.usefixtures("quick_reader")

MAX_LINE_BYTES = 1 << 20
BLOCK_BYTES = 256 << 10
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def calls(content: bytes, layout: Layout) -> int:
    """Return how many calls of Python functions parsing takes."""
    found = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal found
        found += event == "call"

    data = numpy.frombuffer(content, numpy.uint8)
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        format_of_layout(layout).parse(data, Context(), format_of_layout(layout).fields, MAX_LINE_BYTES)
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("name", logs.NAMES)
def test_clean_lines_cost_no_call_each(name: str) -> None:
    """Ten times the clean lines take hardly more calls of Python functions: no line is looked at by itself."""
    calls(logs.log(10, name=name), BY_NAME[name])
    assert calls(logs.log(3000, name=name), BY_NAME[name]) < calls(logs.log(300, name=name), BY_NAME[name]) + 200


def test_a_damaged_line_does_not_slow_the_others() -> None:
    """One line of each damage among thousands of clean ones takes calls for the damaged lines alone."""
    damaged = b"".join(line + b"\n" for line in logs.damaged_lines())
    few, many = logs.log(300) + damaged, logs.log(3000) + damaged
    assert calls(many, BY_NAME["combined"]) < calls(few, BY_NAME["combined"]) + 200


def test_lines_across_blocks_are_whole() -> None:
    """Lines of any length, some longer than an inner block, are cut where the exact way cuts them."""
    random_ = random.Random(5)
    agents = [b"x" * random_.randrange(40_000) for _ in range(40)] + [b"y" * (BLOCK_BYTES + 1), b"", b"z" * (2 * BLOCK_BYTES)]
    content = b"".join(logs.line(user_agent=agent) + b"\n" + logs.line() + b"\n" for agent in agents)
    form = format_of_layout(BY_NAME["combined"])
    columns = form.parse(numpy.frombuffer(content, numpy.uint8), Context(), form.fields, MAX_LINE_BYTES).columns
    assert columns
    found = columns.keys["user_agent"].keys.take(columns.keys["user_agent"].index).to_pylist()
    assert found[::2] == [agent.decode() or None for agent in agents]
    assert set(found[1::2]) == {logs.USUAL["user_agent"].decode()}
