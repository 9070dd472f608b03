"""Which definitions are layouts: those that quotes and blanks split, with the same meaning."""

from __future__ import annotations

import pytest

from logproc.formats.readers.layout import LAYOUTS
from logproc.formats.servers.layout import layout_of
from logproc.formats.servers.reading import definition_of
from tests.formats.servers import definition_examples

BY_NAME = {layout.name: layout for layout in LAYOUTS}
NGINX, APACHE = definition_examples.NGINX, definition_examples.APACHE
KNOWN = [
    (NGINX["combined"], "combined"),
    (NGINX["main"], "combined_forwarded"),
    (APACHE["common"], "common"),
    (APACHE["combined"], "combined"),
    ("%v " + APACHE["combined"], "vhost_combined"),
]
FITTING = [
    ("%t %h %D", (("time", "client", "duration"),), (), (("duration", 6),)),
    ('"$upstream_response_time"', ((), ()), ("duration",), (("duration", 0),)),
    ('"$request"', ((), ()), ("request",), ()),
    ('"$uri" $status', ((), ("status",)), ("path",), ()),
    ("$remote_addr - $request_id", (("client", "ident", "request_id"),), (), ()),
    ("%p %P", (("server_port", "pid"),), (), ()),
]
OTHER = [
    "rt=$request_time",
    "$remote_addr | $status",
    "$remote_addr  $status",
    " $remote_addr",
    "$remote_addr ",
    "$remote_addr\t$status",
    "$remote_addr - - $status",
    "%l - %h",
    '"$request" $http_user_agent',
    '"$uri""$args"',
    '"$uri"$status',
    '"$uri $args"',
    '"$uri',
    "[$time_iso8601] $status",
    "$time_local $status",
    '"[$time_local]" $status',
    '"$status"',
    '"$bytes_sent"',
    "$upstream_response_time $status",
    "$host $status",
    "$uri",
    "%400s",
    "%>s %s",
    "%u|%h",
    "$remote_addr $time",
]


@pytest.mark.parametrize(("text", "name"), KNOWN)
def test_the_usual_definitions_are_the_usual_layouts(text: str, name: str) -> None:
    """What the manuals call combined is what this program calls combined."""
    layout = layout_of(definition_of(text))
    assert layout is not None
    assert (layout.unquoted, layout.quoted) == (BY_NAME[name].unquoted, BY_NAME[name].quoted)


@pytest.mark.parametrize(("text", "unquoted", "quoted", "units"), FITTING)
def test_a_definition_of_quotes_and_blanks_is_a_layout(
    text: str, unquoted: tuple[tuple[str, ...], ...], quoted: tuple[str, ...], units: tuple[tuple[str, int], ...]
) -> None:
    """Tokens stand between blanks, texts in quotes, and numbers have the power of ten of their unit."""
    layout = layout_of(definition_of(text))
    assert layout is not None
    assert (layout.unquoted, layout.quoted, layout.units) == (unquoted, quoted, units)


@pytest.mark.parametrize("text", OTHER)
def test_what_a_layout_would_take_for_something_else_has_no_layout(text: str) -> None:
    """Other text, other blanks, and values that may be empty or hold blanks are left to the expression."""
    assert layout_of(definition_of(text)) is None


def test_a_value_that_is_not_escaped_may_hold_a_quote() -> None:
    """With `escape=none` a quote does not end a value, and with `json` an absent token is empty."""
    assert layout_of(definition_of('"$request" $status', escape="none")) is None
    assert layout_of(definition_of('"$request" $status', escape="json")) is not None
    assert layout_of(definition_of("$remote_user $request_id", escape="json")) is None
