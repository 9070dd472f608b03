"""Each layout is what a server writes, and its own example shows it."""

from __future__ import annotations

import pytest

from logproc.formats.detection.detect import detect
from logproc.formats.readers.layout import LAYOUTS, SPECIAL, Layout
from logproc.formats.readers.quotes import format_of_layout
from tests.formats.readings import read
from tests.support import logs

EACH = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)


def test_the_formats_are_those_that_servers_write() -> None:
    """The names are stable: they stand in options, reports and config files."""
    assert tuple(layout.name for layout in LAYOUTS) == logs.NAMES


@EACH
def test_an_example_is_a_line_of_its_format(layout: Layout) -> None:
    """The example that is shown for a format is a record of it, and the format is told from it alone."""
    assert read(format_of_layout(layout), layout.example.encode() + b"\n").account.records == 1
    found = detect(layout.example.encode() + b"\n", whole=True)
    assert found is not None
    assert found.name == layout.name


@EACH
def test_an_example_is_what_a_server_would_write(layout: Layout) -> None:
    """The example is the usual line of the tests, which is written down independently."""
    assert layout.example.encode() == logs.line(layout.name)


@EACH
def test_the_columns_of_text_are_those_of_the_line(layout: Layout) -> None:
    """Whatever is neither number, time, request nor ident is a column of text, under the name that is used everywhere."""
    written = [field for field in logs.USUAL if b"%(" + field.encode() + b")b" in logs.TEMPLATES[layout.name]]
    found = {name for name in layout.names if name not in SPECIAL}
    assert found == set(written) - {"ident", "time", "request", "status", "bytes"}
