"""One line has one answer: a request is what it is in every format that can carry it, whichever reader takes it."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from logproc.formats.custom import format_of_pattern
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME
from logproc.formats.maps import parse_maps
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.servers.formats import format_of_definition
from logproc.formats.servers.reading import definition_of
from tests.formats.readings import detected, exactly, malformed_of, read
from tests.support import logs

WANTED = ("method", "target", "path", "query", "protocol", "client")
CLIENT = b"192.0.2.7"
REQUESTS = [
    b"GET /cart?id=7 HTTP/1.1",
    b"GET /old?x",
    b"GET - HTTP/1.1",
    b"GET -?- HTTP/1.1",
    b"GET /a? HTTP/2",
    b"POST /old",
    b"GET /a\tb HTTP/1.1",
    b"GET\t/a HTTP/1.1",
    b"GET /a\x0bb HTTP/1.1",
    b"GET /a\x0cb HTTP/1.1",
    b"GET /a\rb HTTP/1.1",
    b"GET /a\x00b HTTP/1.1",
    b"GET /a\x1b[31m HTTP/1.1",
    b"GET /a\x7f HTTP/1.1",
    b"GET /caf\xc3\xa9 HTTP/1.1",
    b"GET /a\xc2\x85b HTTP/1.1",
    b"GET /a b HTTP/1.1",
    b"\x16\x03\x01",
    b"G\tET / HTTP/1.1",
]
Answer = tuple[list[object], list[bool] | None]


def answer(form: Format, line: bytes) -> Answer:
    """Return the parts of the request of a line, and whether it is malformed."""
    reading = read(form, line + b"\n", WANTED)
    assert reading.account.records == 1, line
    return [reading.columns.get(name, [None])[0] for name in WANTED], reading.malformed


def answers(request: bytes) -> dict[str, Answer]:
    """Return what each format that can carry a request makes of it."""
    access = logs.line(request=request, client=CLIENT)
    found = {"combined": answer(BY_NAME["combined"], access), "combined, exactly": answer(exactly(BY_NAME["combined"]), access)}
    for name in ("common", "vhost_combined", "combined_forwarded"):
        found[name] = answer(BY_NAME[name], logs.line(name, request=request, client=CLIENT))
    pattern = r'(?P<client>\S+) \S+ \S+ \[(?P<time>[^\]]*)\] "(?P<request>[^"]*)" .*'
    found["pattern"] = answer(format_of_pattern("own", pattern, "--pattern"), access)
    for name, text in (("nginx", '$remote_addr [$time_local] "$request"'), ("nginx text", "$remote_addr ($request) $status")):
        line = CLIENT + (b' [17/May/2015:10:05:03 +0000] "' + request + b'"' if name == "nginx" else b" (" + request + b") 200")
        found[name] = answer(format_of_definition(definition_of(text), "own"), line)
    if is_text(request):
        record = {"remote_addr": CLIENT.decode(), "request": request.decode(), "status": 200, "time": "2026-03-07T10:00:00Z"}
        line = json.dumps(record).encode()
        form, _ = JsonReader.of_sample([json.dumps({**record, "request": "GET / HTTP/1.1"}).encode()])
        found["json"], found["json, exactly"] = answer(form, line), answer(exactly(form), line)
    escaped = request.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\r", b"\\r")
    line = b'remote_addr=192.0.2.7 status=200 request="' + escaped + b'" bytes=12'
    form, _ = PairsReader.of_sample([b'remote_addr=192.0.2.7 status=200 request="GET / HTTP/1.1" bytes=12'])
    found["logfmt"], found["logfmt, exactly"] = answer(form, line), answer(exactly(form), line)
    if b"\t" not in request:  # a line with a TAB is cut at its TABs
        head = [b"#Fields: c-ip request", CLIENT + b' "' + request + b'"']
        form, _ = W3cReader.of_sample(head)
        found["w3c"] = answer(form, b"\n".join(head))
    return found


def is_text(request: bytes) -> bool:
    """Return whether JSON can carry a request."""
    try:
        request.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_the_same_in_every_format(request_: bytes) -> None:
    """The parts of a request, and whether it is malformed, do not depend on the log in which it was found."""
    found = answers(request_)
    assert len(found) >= 10
    assert {name: one for name, one in found.items() if one != found["combined"]} == {}


def test_a_request_with_a_tab_is_malformed() -> None:
    """White space other than a blank is not part of a target, and is not hidden by the way in which it is printed."""
    for parts, malformed in answers(b"GET /a\tb HTTP/1.1").values():
        assert (parts[:2], malformed) == ([None, None], [True])


def test_a_target_is_the_same_in_every_format() -> None:
    """A target of its own has the path and the query that it has within a request."""
    for target in (b"/a\tb?c", b"-?x", b"/a?-", b"/a?", b"?", b"/caf\xc3\xa9"):
        fields = [
            (format_of_definition(definition_of('$remote_addr "$request_uri"'), "own"), b'192.0.2.7 "' + target + b'"'),
            (format_of_pattern("own", r'(?P<client>\S+) "(?P<target>[^"]*)"', "--pattern"), b'192.0.2.7 "' + target + b'"'),
            (JsonReader.of_sample([b'{"remote_addr":"x","url":"/","status":200}'])[0], json_of_target(target)),
        ]
        found = [read(form, line + b"\n", ("path", "query")).columns for form, line in fields]
        assert found[1:] == found[:1] * 2, target


def json_of_target(target: bytes) -> bytes:
    """Return a record of JSON with a target."""
    return json.dumps({"remote_addr": "192.0.2.7", "url": target.decode(), "status": 200}).encode()


OTHERS = {
    "json": b'{"method":"GET","request":"/metrics","status":200,"level":"info"}',
    "json, an application": b'{"level":"info","msg":"done","request":"7f3a"}',
    "logfmt": b'level=info msg="done" request=7f3a',
    "ltsv": b"level:info\tmsg:done\trequest:7f3a",
}
"""Lines whose field `request` is a target, or the number of one."""


@pytest.mark.parametrize("name", OTHERS)
def test_what_only_has_the_name_of_a_request_is_not_a_malformed_one(name: str) -> None:
    """It is a field like any other, unless the user says that it is a request."""
    content = (OTHERS[name] + b"\n") * 3
    form = detected(content)
    reading = read(form, content, ("request", "path", "method"))
    assert malformed_of(reading) == [False] * 3
    value = b"/metrics" if b"/metrics" in content else b"7f3a"
    assert reading.columns["request"] == [value.decode()] * 3
    assert ("path" in form.fields) == ("status" in form.fields)
    assert isinstance(form, Format)
    form = replace(form, maps=parse_maps(["request=request"]))
    assert malformed_of(read(form, content, ("request",))) == [True] * 3
