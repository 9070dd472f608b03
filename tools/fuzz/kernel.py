"""The compiled kernel: on any lines of any layout it finds exactly what its twin in numpy finds."""

from __future__ import annotations

import random

from logproc.formats.engine import Format
from logproc.formats.readers.layout import LAYOUTS, Layout
from logproc.formats.readers.native.library import kernel
from logproc.formats.readers.quotes import Quotes
from logproc.formats.servers.formats import format_of_definition
from logproc.formats.servers.reading import definition_of
from tests.formats.servers import definition_examples
from tests.support.logs import NAMES, TOKENS
from tests.support.logs import line as access_line
from tests.support.twins import assert_twins_agree, lines_for
from tools.fuzz.target import Given, Target

DEFINITIONS = (
    *definition_examples.NGINX.values(),
    *(text.replace('\\"', '"') for text in definition_examples.APACHE.values()),
    '%h %l %u %t "%r" %>s %b %D',
    '%v %h %t %>s %b "%{Referer}i" "%{User-agent}i" %D',
    '$status $body_bytes_sent "$request" $remote_addr [$time_local]',
    '"$http_referer" "$http_user_agent"',
    "$remote_addr [$time_local] $status $body_bytes_sent",
    '$request_time "$request" "$http_x_forwarded_for" $upstream_status',
)


def layouts_of(definitions: tuple[str, ...]) -> tuple[Layout, ...]:
    """Return the layouts of the definitions that have one."""
    forms = [format_of_definition(definition_of(text), "custom") for text in definitions]
    quick = [reader for form in forms if isinstance(form, Format) for reader in form.quick]
    return tuple(reader.layout for reader in quick if isinstance(reader, Quotes))


SERVED = (*LAYOUTS, *layouts_of(DEFINITIONS))
"""Layouts that the quick reader serves: the known ones, and definitions with parts in all places."""


def run(data: bytes) -> None:
    """Read any bytes, and some lines made for a layout, with the kernel and with numpy."""
    given = Given(data)
    layout, few, seed, count = given.one_of(SERVED), given.byte() % 2, given.byte(), given.byte() % 8
    content = given.rest() + b"\n" + lines_for(layout, random.Random(data), count)
    wanted = layout.texts[::2] if few else layout.texts
    if kernel():
        assert_twins_agree(layout, content, wanted, seed)


TARGETS = (
    Target(
        "kernel",
        run,
        seeds=tuple(bytes([number, 0, 0, 2]) + access_line(name) for number, name in enumerate(NAMES)),
        words=tuple(TOKENS),
    ),
)
