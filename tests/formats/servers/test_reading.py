"""The definition of an access log: what its variables are called, and what it must not be."""

from __future__ import annotations

import pytest

from logproc.formats.servers.definition import Literal, Variable
from logproc.formats.servers.reading import MOST_VARIABLES, definition_of
from logproc.model.errors import UsageError
from tests.formats.servers import definition_examples

FRONT = ("client", "user", "time", "request", "status", "bytes")
FIELDS = [
    (definition_examples.NGINX["combined"], (*FRONT, "referrer", "user_agent")),
    (definition_examples.NGINX["main"], (*FRONT, "referrer", "user_agent", "forwarded_for")),
    (definition_examples.NGINX["compression"], (*FRONT, "referrer", "user_agent", "gzip_ratio")),
    (definition_examples.APACHE["common"], ("client", "ident", *FRONT[1:])),
    ("%b %I %O", ("bytes", "bytes_received", "bytes_sent")),
    (definition_examples.APACHE["referer"], ("referrer", "path")),
    (definition_examples.APACHE["milliseconds"], ("time", "time_fraction", "time_zone")),
    (definition_examples.APACHE["ssl_common"], ("time", "client", "ssl_protocol", "ssl_cipher", "request", "bytes")),
    ("$bytes_sent", ("bytes",)),
    ("$bytes_sent $body_bytes_sent", ("bytes_sent", "bytes")),
    ("$upstream_response_time", ("duration",)),
    ("$upstream_response_time|$request_time", ("upstream_duration", "duration")),
    ("$server_name|$host|$http_host", ("server_name", "host", "http_host")),
    ("$request_uri $uri $args", ("target", "path", "query")),
    ("$uri$is_args$args $status", ("target", "status")),
    ('"$request" $request_method $uri', ("request", "method_2", "path_2")),
    ("${remote_addr}:${Remote_Port}", ("client", "client_port")),
    ("$foo|$foo|$foo_2", ("foo", "foo_3", "foo_2")),
    ("$time|$time_local", ("time_2", "time")),
    ("$upstream_addr $request_id $arg_x $cookie_y", ("upstream_addr", "request_id", "arg_x", "cookie_y")),
    ("$msec $time_iso8601", ("time", "time_2")),
    ("%a %{c}a %A %h", ("client", "peer", "server_addr", "client_2")),
    ("%B %b %O", ("bytes", "bytes_2", "bytes_sent")),
    ("%T %D", ("duration_2", "duration")),
    ("%{ms}T|%{us}T|%{s}T", ("duration", "duration_2", "duration_3")),
    ("%{Foo-Bar}i %{X-Out}o", ("http_foo_bar", "sent_http_x_out")),
    ("%{sid}C %{PATH}e %{note}n", ("cookie_sid", "env_PATH", "note_note")),
    ("%{X-Forwarded-For}i|%{Host}i|%v", ("forwarded_for", "http_host", "host")),
    ("%p %{local}p %{remote}p %{canonical}p", ("server_port", "local_port", "client_port", "server_port_2")),
    ("%P %{tid}P %{hextid}P", ("pid", "thread", "thread_2")),
    ("%m %U%q %H", ("method", "target", "protocol")),
    ("%f|%k|%L|%{c}L", ("filename", "keepalive_requests", "log_id", "connection_log_id")),
    ("%R|%X|%S|%^FB", ("handler", "connection_status", "bytes_transferred", "first_byte")),
    ("%{end:sec}t %{begin:%Y-%m-%d %H:%M:%S}t %{usec_frac}t", ("time", "time_2", "time_fraction")),
    ("%{X}^ti %{Y}^to", ("trailer_x", "sent_trailer_y")),
    ("%{Referer}>i|%<s|%>s|%400r", ("referrer", "status", "status_2", "request")),
]  # fmt: skip
FAULTS = [
    ("", "has no variables"),
    ("nothing", "has no variables"),
    ("100 % of it", "has no variables"),
    ("$status %h", "column 9, at '%h': variables of both nginx and Apache"),
    ("$status $", "column 9, at '$': no variable"),
    ("$status ${host", "column 9, at '${host': no variable"),
    ("$host$status$uri$args end", "column 17, at '$args end': nothing tells where $uri ends"),
    ("%h%u", "column 3, at '%u': nothing tells where %h ends"),
    ("%h %", "column 4, at '%': no directive"),
    ("%h %E", "column 4, at '%E': `%E` is unknown"),
    ("%h %{mins}T", "`%{mins}T` is unknown"),
    ("%h %i", "`%i` is unknown"),
    ("%h %{%Y %Q}t", "column 4, at '%{%Y %Q}t': the time holds `%Q`, which is unknown"),
    ("%h %400t", "a time that is not in all lines"),
    (r"%h\n%u", "has a line feed"),
    ("%h " + "x" * 50 + "%E" + "y" * 50, "column 54, at '%E" + "y" * 38 + "…'"),
]


@pytest.mark.parametrize(("text", "fields"), FIELDS)
def test_a_variable_is_called_as_its_column_is_everywhere(text: str, fields: tuple[str, ...]) -> None:
    """Standard columns have their names, others their own, and none is there twice."""
    assert definition_of(text).fields == fields


@pytest.mark.parametrize("text", [*definition_examples.NGINX.values(), *definition_examples.APACHE.values()])
def test_the_parts_are_those_of_the_text(text: str) -> None:
    """Each variable's source stands at its column, and names are unique."""
    definition = definition_of(text)
    for variable in definition.variables:
        assert text[variable.column :].startswith(variable.source)
    assert len(set(definition.fields)) == len(definition.fields)


def test_literals_are_as_the_server_writes_them() -> None:
    """Apache's escapes and `%%` are resolved, `%t` has its brackets, and neighbours are one."""
    parts = definition_of(r"\"%%%m\t\\%t").parts
    assert [part.text if isinstance(part, Literal) else part.source for part in parts] == ['"%', "%m", "\t\\[", "%t", "]"]


def test_a_percent_sign_or_dollar_of_the_other_dialect_is_text() -> None:
    """A definition is read by one dialect's rules alone where it is told which that is."""
    assert definition_of("%h $host", dialect="nginx").fields == ("host",)
    assert definition_of("100% $status").fields == ("status",)


@pytest.mark.parametrize(("text", "what"), FAULTS)
def test_a_definition_without_one_meaning_is_refused_with_the_place(text: str, what: str) -> None:
    """The error names the column and shows the text from there on."""
    with pytest.raises(UsageError) as caught:
        definition_of(text)
    assert what in str(caught.value)


def test_more_variables_than_any_line_has_are_refused() -> None:
    """The work for each line would grow with the square of their number."""
    text = " ".join(f"$arg_{number}" for number in range(MOST_VARIABLES))
    assert len(definition_of(text).variables) == MOST_VARIABLES
    with pytest.raises(UsageError, match="more than 500 variables"):
        definition_of(text + " $status")


@pytest.mark.parametrize("text", ["$status$uri", "$uri$status", "$pipe$host", "$request_id$msec", "%X%h", "%{msec_frac}t%h"])
def test_neighbours_are_told_apart_if_one_has_a_fixed_width(text: str) -> None:
    """Two variables may touch if it is certain where one of them ends."""
    assert len(definition_of(text).variables) == 2


def test_kinds_say_what_values_are() -> None:
    """Numbers have their units, and names of things are text though they may be digits."""
    kinds = {"%D": "microseconds", "%{ms}T": "milliseconds", "%T": "seconds", "%I": "number", "%p": "text", "%a": "address"}
    kinds |= {"$request": "request", "$status": "status", "$bytes_sent": "bytes", "$request_length": "number"}
    for text, kind in kinds.items():
        part = definition_of(text).parts[0]
        assert isinstance(part, Variable)
        assert part.kind == kind
