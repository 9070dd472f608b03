r"""The expression of a definition finds every value that a server writes by it, in `re` and in RE2 alike.

The writers are made after the servers' sources: ngx_http_log_escape, ngx_escape_json and ap_escape_logitem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.servers.definition import Definition, Dialect, Escape, Literal
from logproc.formats.servers.expression import expression_of, time_form_of
from logproc.formats.servers.reading import definition_of
from logproc.formats.times.reading import seconds
from tests.formats.servers import definition_examples

EXAMPLES = [*definition_examples.NGINX.values(), *definition_examples.APACHE.values()]
C_ESCAPES = {b'"': rb"\"", b"\\": rb"\\", b"\b": rb"\b", b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}
APACHE_ESCAPES, JSON_ESCAPES = {**C_ESCAPES, b"\v": rb"\v"}, {**C_ESCAPES, b"\f": rb"\f"}
APACHE_BYTES = {escape[1:]: byte for byte, escape in APACHE_ESCAPES.items()}


def apache_byte(byte: bytes) -> bytes:
    """Return a byte as ap_escape_logitem writes it."""
    return APACHE_ESCAPES.get(byte) or (byte if b" " <= byte <= b"~" else b"\\x%02x" % byte[0])


def nginx_byte(byte: bytes) -> bytes:
    """Return a byte as ngx_http_log_escape writes it."""
    return byte if b" " <= byte <= b"~" and byte not in b'"\\' else b"\\x%02X" % byte[0]


def json_byte(byte: bytes) -> bytes:
    """Return a byte as ngx_escape_json writes it."""
    return JSON_ESCAPES.get(byte) or (byte if byte >= b" " else b"\\u%04X" % byte[0])


def from_hex(text: bytes) -> bytes:
    """Return what nginx or Apache escaped as it was."""
    return re.sub(
        rb"\\(?:x(..)|(.))", lambda match: bytes.fromhex(match[1].decode()) if match[1] else APACHE_BYTES[match[2]], text
    )


def from_json(text: bytes) -> bytes:
    """Return what nginx escaped for JSON as it was: bytes beyond ASCII stand for themselves."""
    return str(json.loads(f'"{text.decode("latin-1")}"')).encode("latin-1")


@dataclass(frozen=True, slots=True)
class Server:
    """How a server writes each byte of a text, and what is absent, and how that is read again."""

    dialect: Dialect
    escape: Escape
    byte: Callable[[bytes], bytes]
    absent: bytes
    read: Callable[[bytes], bytes]

    def write(self, text: bytes) -> bytes:
        """Return a text as the server writes it."""
        return b"".join(self.byte(bytes([byte])) for byte in text)


NGINX = Server("nginx", "default", nginx_byte, b"-", from_hex)
NGINX_JSON = Server("nginx", "json", json_byte, b"", from_json)
NGINX_NONE = Server("nginx", "none", bytes, b"", bytes)
APACHE = Server("apache", "default", apache_byte, b"-", from_hex)
SERVERS = [NGINX, NGINX_JSON, NGINX_NONE, APACHE]

ADDRESSES = [b"192.0.2.7", b"2001:db8::1", b"unix:"]
TIME = b"17/May/2015:10:05:03 +0000"
TEXTS = {
    "nginx": ["$request", "$http_referer", "$http_user_agent", "${uri}", "$foo", "$http_x_forwarded_for"],
    "apache": ["%r", "%{Referer}i", "%{User-agent}i", "%U", "%q", "%{Set-Cookie}o", "%{sid}C", "%400{X}e", "%f"],
}
EXACT = {
    "nginx": {
        "$remote_addr": ADDRESSES,
        "$status": [b"200", b"000"],
        "$body_bytes_sent": [b"0", b"4263"],
        "$request_time": [b"0.000", b"12.345"],
        "$upstream_connect_time": [b"0.1", b"0.001, 0.250", b"0.100, - : 0.300"],
        "$time_iso8601": [b"2015-05-17T10:05:03+00:00"],
        "$msec": [b"1431857103.123"],
        "$pipe": [b".", b"p"],
        "$request_id": [b"0123456789abcdef" * 2],
        "$connection": [b"17"],
        "[$time_local]": [TIME],
    },
    "apache": {
        "%h": [*ADDRESSES, b"host.example.com"],
        "%l": [b"-", b"ident"],
        "%>s": [b"200", b"-"],
        "%400s": [b"400", b"-"],
        "%b": [b"-", b"4263"],
        "%D": [b"0", b"123456"],
        "%p": [b"443"],
        "%X": [b"X", b"+", b"-"],
        "%{%Y-%m-%d %H:%M:%S}t": [b"2015-05-17 10:05:03"],
        "%{msec_frac}t": [b"007"],
        "%t": [TIME],
    },
}
LITERALS = [" ", ' "', '" ', '" "', " - ", "|", "\t", ", ", " - [", "] ", "; x=", '","a":"', "é"]
BEHIND_LISTS = [literal for literal in LITERALS if literal != ", "]
"""Behind `, ` nothing would tell where a list ends."""


@dataclass(frozen=True, slots=True)
class Written:
    """A line and what it was made of: a definition, its values as they were, None where a value is not escaped at all."""

    definition: Definition
    line: bytes
    values: list[bytes]
    originals: list[bytes | None]


@st.composite
def written(draw: st.DrawFn, server: Server) -> Written:
    """Make a definition, and a line that the server writes by it."""
    sources = draw(st.lists(st.sampled_from([*TEXTS[server.dialect], *EXACT[server.dialect]]), min_size=1, max_size=8))
    text = draw(st.sampled_from(["", *LITERALS]))
    for source in sources:
        text += source + draw(st.sampled_from(LITERALS if "upstream" not in source else BEHIND_LISTS))
    definition = definition_of(text, escape=server.escape, dialect=server.dialect)
    line, values, originals = b"", [], []
    for part, following in zip(definition.parts, (*definition.parts[1:], None), strict=True):
        if isinstance(part, Literal):
            line += part.text.encode()
            continue
        exact = EXACT[server.dialect].get("[$time_local]" if part.source == "$time_local" else part.source)
        original = None if exact else draw(original_of(server, following))
        value = draw(st.sampled_from(exact)) if exact else server.absent if original is None else server.write(original)
        line += value
        values.append(value)
        originals.append(original)
    return Written(definition, line, values, originals)


def original_of(server: Server, following: object) -> st.SearchStrategy[bytes | None]:
    """Give texts, absent ones as well, without what begins the literal behind them, unless the server escapes that."""
    stop = following.text[0].encode()[:1] if isinstance(following, Literal) else b""
    unsafe = stop if stop not in b'"\t' or server.escape == "none" else b""
    texts = st.one_of(
        st.binary(max_size=12), st.text(max_size=8).map(str.encode), st.sampled_from([b'"', b"\\", b'\\"', b"\x00\n"])
    )
    if server.escape == "none":
        texts = texts.map(lambda text: text.replace(b"\n", b""))
    return st.none() | texts.map(lambda text: text.replace(unsafe, b"") if unsafe else text)


def matched(definition: Definition, line: bytes) -> list[bytes] | None:
    """Return the values that the expression finds in a line, which must be the same in `re` and in RE2."""
    expression = expression_of(definition)
    match = re.fullmatch(expression.encode("ascii"), line)
    found = pyarrow.compute.extract_regex(pyarrow.array([line], pyarrow.binary()), pattern=expression)[0].as_py()
    assert found == (match.groupdict(b"") if match else None)
    return [match[f"g{number}"] for number in range(len(definition.variables))] if match else None


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: f"{server.dialect}-{server.escape}")
@given(st.data())
def test_what_a_server_writes_is_found_again(server: Server, data: st.DataObject) -> None:
    """Each value of a line is found as it was written, and is what it was once its escapes are undone."""
    made = data.draw(written(server))
    found = matched(made.definition, made.line)
    assert found == made.values
    for value, original in zip(found, made.originals, strict=True):
        assert original is None or server.read(value) == original


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_definitions_of_the_manuals_are_expressions_of_both_engines(text: str) -> None:
    """Each compiles in `re` and in RE2, and does not fit a line of something else."""
    assert matched(definition_of(text), b"\n") is None or text == "%{User-agent}i"


@pytest.mark.parametrize(
    ("text", "line", "values"),
    [
        ("%v:%p %h", b"2001:db8::1:443 192.0.2.7", [b"2001:db8::1", b"443", b"192.0.2.7"]),
        ("%u [%U]", b'"" [/]', [b'""', b"/"]),
        ("%h %u %t", b"c john doe [17/May/2015:10:05:03 +0000]", [b"c", b"john doe", TIME]),
        ("%u %t", b"a [b] c [17/May/2015:10:05:03 +0000]", [b"a [b] c", TIME]),
        ("%m %U%q %H", b"GET /a b?c HTTP/1.1", [b"GET", b"/a b?c", b"HTTP/1.1"]),
        ("$uri $status", b"/a b 200", [b"/a b", b"200"]),
        ("$status$uri", b"200/a", [b"200", b"/a"]),
        ("rt=$request_time uct=$upstream_response_time", b"rt=0.1 uct=0.1, - : 0.3", [b"0.1", b"0.1, - : 0.3"]),
    ],
)
def test_values_end_where_the_text_behind_them_begins(text: str, line: bytes, values: list[bytes]) -> None:
    """A value is as short as it can be with all the rest of the line fitting."""
    assert matched(definition_of(text), line) == values


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$status", b"20"),
        ("$status", b"-"),
        ("$remote_addr $status", b" 200"),
        ("$remote_addr $status", b"192.0.2.7 200 "),
        ("$request_time", b"1.2.3"),
        ('"$uri"', b'"a"b"'),
        ('"$uri"', b'"a\\"'),
        ("%t", b"17/May/2015:10:05:03 +0000"),
        ("[$time_iso8601]", b"[17/May/2015:10:05:03 +0000]"),
        ("é $status", b"\xe9 200"),
    ],
)
def test_a_line_that_the_server_does_not_write_is_not_fitted(text: str, line: bytes) -> None:
    """Values must be of their kind, and the line fit as a whole."""
    assert matched(definition_of(text), line) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("%t", "[17/May/2015:12:05:03 +0200]"),
        ("$time_iso8601", "2015-05-17T12:05:03+02:00"),
        ("$msec", "1431857103.999"),
        ("%{sec}t.%{msec_frac}t", "1431857103.999"),
        ("%{end:msec}t", "1431857103999"),
        ("%{usec}t", "1431857103999999"),
        ("%{%s}t", "1431857103"),
        ("%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t", "17/May/2015 12:05:03.007 +0200"),
        ("%{%z}t %{%F %T}t", "+0200 2015-05-17 12:05:03"),
        ("%{%a %e %h %y 100%% %k:%M:%S}t", "Sun 17 May 15 100% 10:05:03"),
        ("%{%m%d%Y%H%M%S}t", "05172015100503"),
        ("%{%d/%b/%Y:%T}t", "17/May/2015:10:05:03"),
    ],
)
def test_the_groups_of_the_time_are_read_by_its_form(text: str, line: str) -> None:
    """Whatever way a time is written, the form and the groups say the same moment, also where the zone stands elsewhere."""
    definition = definition_of(text)
    form, match = time_form_of(definition), re.fullmatch(expression_of(definition).encode(), line.encode())
    assert form
    assert match
    groups = {name: ones(value) for name, value in match.groupdict().items() if name in {"minute", "second", "zone"}}
    found, valid = seconds(form, groups, 0)
    assert (found.tolist(), valid.tolist()) == ([1431857103], [True])


def ones(value: bytes) -> tuple[pyarrow.Array, Any]:
    """Return the column of one value."""
    return pyarrow.array([value], pyarrow.binary()), numpy.zeros(1, numpy.int64)


def test_without_a_time_there_is_no_form() -> None:
    """A part of a time is not a time."""
    assert time_form_of(definition_of("%h %{%T}t")) is None


def test_one_time_has_the_groups_of_a_moment() -> None:
    """The first time of a line has them, and the zone may stand in a variable of its own."""
    groups = re.compile(expression_of(definition_of("%t %{%s}t %{%T}t"))).groupindex
    assert set(groups) == {"g0", "g1", "g2", "minute", "second", "zone"}
    text = definition_examples.APACHE["milliseconds"]
    match = re.fullmatch(expression_of(definition_of(text)), "17/May/2015 10:05:03.007 +0200")
    assert match
    assert (match["minute"], match["second"], match["zone"]) == ("17/May/2015 10:05", "03", "+0200")
    assert match["g1"] == "007"


@pytest.mark.parametrize("dialect", ["nginx", "apache"])
def test_a_definition_of_nothing_fits_an_empty_line(dialect: Dialect) -> None:
    """A configuration may define a format without a character; no other line is of it."""
    expression = expression_of(definition_of("", dialect=dialect)).encode()
    assert re.fullmatch(expression, b"")
    assert not re.fullmatch(expression, b"x")
