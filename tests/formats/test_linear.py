"""Every parser is linear in the line: one that is built against it takes no longer than any other of its length."""

from __future__ import annotations

import numpy
import pytest

from logproc.formats.custom import format_of_pattern
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME, SAMPLED, timed
from logproc.formats.servers.formats import format_of_definition
from logproc.formats.servers.reading import definition_of
from logproc.formats.times.forms import FORMS
from logproc.model.chunk import Context
from tests.support.chunks_of import WANTED

BYTES, MANY_BYTES = 64 << 10, 256 << 10
LIMIT = 1 << 20
PIECES = [
    b" [",
    b'\\"',
    b'{"a":',
    b"[",
    b"key=",
    b'k="',
    b"a: ",
    b"\xff",
    b"\\x22",
    b"\t",
    b" (a.b) ",
    b"2026-03-07T10:00:00Z ",
]
"""What expressions are known to try again and again. One that goes back takes minutes for a line of these, and never ends."""
FORMATS: dict[str, Format] = {
    **BY_NAME,
    **SAMPLED,
    **{f"{form.expression[:20]} {leading}": timed(form, leading=leading) for form in FORMS for leading in (True, False)},
    "nginx": format_of_definition(definition_of('$remote_addr [$time_local] "$request" $status $http_x'), "custom"),
    "apache": format_of_definition(definition_of('%{X}i %{Y}i %t "%r" %U%q'), "custom"),
    "pattern": format_of_pattern("pattern", r"^(?P<a>.*) (?P<b>.*)+ (?P<status>\d+)$", "--pattern"),
}


@pytest.mark.parametrize("size", [BYTES, pytest.param(MANY_BYTES, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", FORMATS)
def test_a_line_that_is_built_against_a_parser_is_a_line(name: str, size: int) -> None:
    """Whatever it is made of, it is one record, one reject or one continuation, soon: a parser that goes back runs for ever."""
    form = FORMATS[name]
    example = getattr(form, "example", "").rpartition("\n")[2].encode()
    fronts = [b"", example[: len(example) // 2], example.rpartition(b" ")[0] + b" "]
    for number, piece in enumerate(PIECES):
        for front in fronts if size > BYTES else [fronts[number % 3]]:
            data = numpy.frombuffer(front + piece * (size // len(piece)) + b"\n", numpy.uint8)
            parsed = form.parse(data, Context(), WANTED, LIMIT)
            assert (parsed.account.lines, parsed.account.closes) == (1, True)
