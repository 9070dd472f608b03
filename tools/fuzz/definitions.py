"""User-defined formats: an invalid definition raises UsageError, a valid one reads any lines."""

from __future__ import annotations

import re
from contextlib import suppress

import pyarrow
import pyarrow.compute

from logproc.formats.custom import format_of_pattern
from logproc.formats.detection.layouts import is_quoted_access_log
from logproc.formats.servers.definition import Definition, Dialect, Escape
from logproc.formats.servers.expression import expression_of, time_form_of
from logproc.formats.servers.formats import format_of_definition
from logproc.formats.servers.nginx_conf import definitions_in
from logproc.formats.servers.reading import definition_of
from logproc.model.errors import UsageError
from tests.formats.servers import definition_examples
from tools.fuzz.formats import LIMITS, check, check_exactly, read_within
from tools.fuzz.target import MARK, Given, Target, text_of
from tools.fuzz.times import form_agrees

ESCAPES: tuple[Escape, ...] = ("default", "json", "none")
DIALECTS: tuple[Dialect | None, ...] = (None, "nginx", "apache")


def run_definition(data: bytes) -> None:
    """Make a format from a definition, and read lines in it."""
    given = Given(data)
    escape, dialect, text = given.one_of(ESCAPES), given.one_of(DIALECTS), text_of(given.part())
    try:
        definition = definition_of(text, escape=escape, dialect=dialect)
    except UsageError:
        return
    check_definition(definition, given.rest())


def check_definition(definition: Definition, lines: bytes) -> None:
    """Assert that a definition gives the same results in both engines, and reads any lines."""
    assert len(set(definition.fields)) == len(definition.fields)
    expression = expression_of(definition)
    for line in [b"", *lines.split(b"\n")[:4]]:
        match = re.fullmatch(expression.encode(), line)
        found = pyarrow.compute.extract_regex(pyarrow.array([line], pyarrow.binary()), pattern=expression)[0].as_py()
        assert found == (match.groupdict(b"") if match else None)
        form = time_form_of(definition)
        if match and form and match["minute"]:
            groups: dict[str, bytes] = {
                name: match[name] or b"" for name in ("minute", "second", "zone") if name in match.groupdict()
            }
            form_agrees(form, groups)
    made = format_of_definition(definition, "custom")
    check(made, Given(bytes([len(lines) % 7]) + lines), LIMITS[0])
    if is_quoted_access_log(made):
        content = lines + b"\n"
        check_exactly(made, content, 30, read_within(made, content, 30))


def run_configuration(data: bytes) -> None:
    """Read a configuration of nginx, and make the formats that it defines."""
    with suppress(UsageError):
        found = definitions_in(text_of(data))
        for form in found.formats.values():
            with suppress(UsageError):
                check_definition(form.definition, b"")
        for log in found.access_logs:
            with suppress(UsageError):
                found.format_of(log)


def run_pattern(data: bytes) -> None:
    """Make a format from an expression, and read lines in it."""
    given = Given(data)
    text, lines = text_of(given.part()), given.rest()
    try:
        form = format_of_pattern("pattern", text, "--pattern")
    except UsageError:
        return
    check(form, Given(bytes([len(lines) % 7]) + lines), LIMITS[0])


LINES = (
    b'192.0.2.7 - alice [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 4263 "-" "curl/8.5.0" 0.123\n',
    b"2015-05-17T10:05:03+00:00 www 200 0.1, - : 0.3 \\x22 \xc3\xa9\n-\n",
)
NGINX = tuple(text.encode() for text in definition_examples.NGINX.values())
APACHE = tuple(text.encode() for text in definition_examples.APACHE.values())
TIMES = (b"%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t", b"%{%a %e %h %y 100%% %k:%M:%S}t", b"%{end:usec}t %{%Y-%m-%d %H:%M:%S %:z}t")
CONFIGURATION = rb"""
http {
    log_format main escape=json '$remote_addr [$time_local] "$request" ' '$status $request_time'; # comment
    log_format "two words" "${remote_addr}x\t$msec";
    include conf.d/*.conf;
    access_log /var/log/nginx/a.log main buffer=32k;
    server { access_log off; location / { content_by_lua_block { ngx.say("}") -- } [[ } ]] } } access_log b.log; }
}
stream { log_format main '$remote_addr'; }
"""
PATTERNS = (
    rb"(?P<time>\S+ \S+) (?P<level>[A-Z]+) (?<message>.*)",
    rb"^(?P<status>[0-9]{3}) (?P<bytes>\d+)$|(?P<client>\S+)",
    rb"(?i)\[(?P<time>[^\]]*)\](?: (?P<duration>[0-9.]+)(?:ms|s))?",
    rb"\Q(?P<a>\E(?P<b>[(?P<c>]+)(?:(x)|y)*",
)
WORDS = (
    *(b"$remote_addr", b"${status}", b"$time_local", b"$time_iso8601", b"$msec", b"$request", b"$request_time", b"$upstream_"),
    *(b"%h", b"%>s", b"%t", b"%{", b"}t", b"%{Referer}i", b"%400,501", b"%b", b"%D", b"%U%q", b"%%", b"%{%Y", b"%S", b"%z"),
    *(b'"', b"'", b"\\", b"\n", b" ", b";", b"{", b"}", b"#", b"log_format x ", b"access_log ", b"_by_lua_block {", b"escape="),
    *(b"(?P<", b"(?<", b">", b")", b"(?:", b"|", b"*", b"+?", b"{1000}", b"[^", b"]", b"\\Q", b"\\E", b"\\pL", b"\\1", MARK),
)

TARGETS = (
    Target(
        "definitions",
        run_definition,
        seeds=tuple(
            bytes([at % 3, 0]) + text + MARK + line for at, text in enumerate((*NGINX, *APACHE, *TIMES)) for line in LINES
        ),
        words=WORDS,
        found={
            "a time with a byte that is not UTF-8 had no width": b"\0\0%{\xe7%Y}t" + MARK + b"\xe72026\n",
            "a definition of Apache without a character had no expression": b"\0\2",
        },
    ),
    Target(
        "configuration",
        run_configuration,
        seeds=(CONFIGURATION, *(b"log_format a '" + text + b"';" for text in NGINX)),
        words=WORDS,
    ),
    Target(
        "patterns",
        run_pattern,
        seeds=tuple(text + MARK + line for text in PATTERNS for line in LINES),
        words=WORDS,
        found={
            "a quotation without an end took the end of the expression": rb"(?P<a>x)\Q" + MARK + b"x\n",
            "what looked like a group within a quotation was not one": rb"\Q(?P<a>\E(?P<b>.*)" + MARK + b"x\n",
            "two groups of one name were not columns": rb"(?P<time>\S+) (?P<time>\S+)" + MARK + b"10:00 10:01\n",
            "an argument that is not UTF-8 came through to Arrow": b"(?P<a>\xf3)" + MARK + b"x\n",
        },
    ),
)
