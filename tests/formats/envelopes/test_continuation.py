"""Records of a log inside a log that are spread over several lines of the outer one."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.fields import Wanted
from logproc.formats.detection.detect import detect
from logproc.formats.envelopes.continuation import NEAR
from logproc.formats.envelopes.envelope import Envelope
from logproc.model.chunk import Parser
from logproc.model.columns import Account, Columns
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, bytes_of, read, read_cut, same

JAVA = (
    "2026-03-07 10:00:00,123 ERROR [main] org.example.Shop - order failed",
    "java.lang.IllegalStateException: no stock",
    "\tat org.example.Cart.pay(Cart.java:42)",
    "Caused by: java.io.IOException: timeout",
    "\t... 12 more",
)
PYTHON = (
    "2026-03-07 10:00:00,123 ERROR shop.pay: order failed",
    "Traceback (most recent call last):",
    '  File "/srv/pay.py", line 7, in pay',
    "    send(order)",
    "shop.errors.OutOfStock: none left",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "/srv/app.py", line 3, in <module>',
    "KeyError: 'id'",
)
GO = (
    "2026/03/07 10:00:00 http: panic serving 192.0.2.7:5000: runtime error",
    "goroutine 18 [running]:",
    "net/http.(*conn).serve.func1()",
    "\t/usr/local/go/src/net/http/server.go:1947 +0xbe",
    "main.handler({0x7f3a, 0xc00012}, 0xc000)",
    "\t/srv/main.go:12 +0x1d",
    "created by net/http.(*Server).Serve in goroutine 1",
)
NODE = (
    '{"time":"2026-03-07T10:00:00Z","level":"error","msg":"order failed"}',
    "TypeError: Cannot read properties of undefined (reading 'id')",
    "    at pay (/srv/pay.js:7:3)",
)
TRACES = {"java": JAVA, "python": PYTHON, "go": GO, "node": NODE}
CALM = {
    "java": "2026-03-07 10:00:01,000 INFO [main] org.example.Shop - ready",
    "python": "2026-03-07 10:00:01,000 INFO shop.pay: ready",
    "go": "2026/03/07 10:00:01 ready",
    "node": '{"time":"2026-03-07T10:00:01Z","level":"info","msg":"ready"}',
}


def docker(text: str, stream: str = "stderr") -> str:
    return json.dumps({"log": text + "\n", "stream": stream, "time": "2026-03-07T10:00:00.5Z"})


def journal(text: str) -> str:
    return json.dumps(
        {"__REALTIME_TIMESTAMP": "1772877600500000", "SYSLOG_IDENTIFIER": "shop", "_PID": "7", "PRIORITY": "6", "MESSAGE": text}
    )


OUTER = {
    "docker": docker,
    "journald": journal,
    "cri": "2026-03-07T10:00:00.123456789Z stderr F {}".format,
    "compose": "web-1  | {}".format,
    "kubectl": "[pod/web-7d9c/app] {}".format,
    "stern": "web-7d9c app {}".format,
    "syslog": "Mar  7 10:00:00 web1 shop[7]: {}".format,
    "rsyslog": "2026-03-07T10:00:00.123456+00:00 web1 shop[7]: {}".format,
    "syslog 5424": "<165>1 2026-03-07T10:00:00.003Z web1 shop 7 - - {}".format,
    "compose -t": "web-1  | 2026-03-07T10:00:00.123456789Z {}".format,
    "kubectl --timestamps": "[pod/web-7d9c/app] 2026-03-07T10:00:00.123456789Z {}".format,
    "docker logs -t": "2026-03-07T10:00:00.123456789Z {}".format,
    "heroku": "2026-03-07T10:00:00.123456+00:00 app[web.1]: {}".format,
}


def log_of(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def opened(content: bytes) -> Parser:
    form = detect(content, whole=True)
    assert isinstance(form, Envelope)
    return form


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("kind", TRACES)
def test_a_traceback_in_an_envelope_is_one_record(outer: str, kind: str) -> None:
    """Its lines go on with the record above; they are not records of the envelope."""
    lines = [*TRACES[kind], CALM[kind]] * 4
    content = log_of(*map(OUTER[outer], lines))
    reading = read(opened(content), content, ("time", "level", "message"))
    assert reading.account == Account(lines=len(lines), records=8, continuation=len(lines) - 8)
    assert len(set(reading.columns["message"])) == 2


def further_of(columns: Columns | None) -> list[tuple[str, str, int]]:
    """Return the message and the text that filters see of each record, and how many further lines it has."""
    if columns is None or not columns.records:
        return []
    further = [0] * columns.records if columns.further is None else columns.further.tolist()
    found = []
    for name in ("message", "text"):
        column = columns.searched.get(name) or columns.keys[name]
        keys = column.keys.to_pylist()
        found.append([keys[at] or "" for at in column.index.tolist()])
    return sorted(zip(*found, further, strict=True))


ASKED = Wanted(sought=frozenset({"message", "text", "level"}), searched=frozenset({"message", "text"}))


def test_filters_see_the_whole_record() -> None:
    """In `message` the messages of its further lines, in `text` the lines as they are in the file."""
    content = log_of(*map(docker, [*JAVA, CALM["java"]]))
    found = further_of(opened(content * 3).parse(bytes_of(content), CONTEXT, ASKED, MAX_LINE_BYTES).columns)
    assert found[0] == ("order failed\n" + "\n".join(JAVA[1:]), "\n".join(map(docker, JAVA)), len(JAVA) - 1)
    assert found[1] == ("ready", docker(CALM["java"]), 0)


def test_a_line_belongs_to_the_last_record_of_its_own_pod() -> None:
    """Lines of other pods may be in between."""
    one, other = "[pod/web-1/app] {}".format, "[pod/web-2/app] {}".format
    lines = [line for text in JAVA for line in (one(text), other(CALM["java"]))]
    reading = read(opened(log_of(*lines)), log_of(*lines), ("level", "pod"))
    assert reading.account == Account(lines=10, records=6, continuation=4)
    assert sorted(zip(reading.columns["pod"], reading.columns["level"], strict=True)) == [
        ("web-1", "error"),
        *[("web-2", "info")] * 5,
    ]


def test_pods_may_be_named_inside_of_json() -> None:
    """As fluentd adds them: a further line does not go on with the record of another pod."""

    def entry(pod: str, text: str) -> str:
        names = {"pod_name": pod, "container_name": "app"}
        return json.dumps({"log": text + "\n", "stream": "stderr", "time": "2026-03-07T10:00:00Z", "kubernetes": names})

    lines = [line for text in JAVA for line in (entry("web-1", text), entry("web-2", CALM["java"]))]
    content = log_of(*lines)
    found = further_of(opened(content).parse(bytes_of(content), CONTEXT, ASKED, MAX_LINE_BYTES).columns)
    assert [(message.count("\n"), further) for message, _, further in found] == [(4, 4), *[(0, 0)] * 5]


def test_a_tab_that_syslog_wrote_as_a_number_begins_a_frame() -> None:
    """As rsyslog does."""
    lines = [line.replace("\t", "#011") for line in (*JAVA, CALM["java"])] * 3
    content = log_of(*map(OUTER["syslog"], lines))
    assert read(opened(content), content, ("level",)).account == Account(lines=18, records=6, continuation=12)


def test_a_date_is_not_a_host() -> None:
    """A time in front of lines that begin with another one is an envelope."""
    content = log_of(*map(OUTER["docker logs -t"], [CALM["python"]] * 5))
    columns = read(opened(content), content, ("host", "program", "logger", "message")).columns
    assert columns == {"logger": ["shop.pay"] * 5, "message": ["ready"] * 5}


def test_a_line_far_behind_the_last_one_of_its_pod_is_a_record_of_its_own() -> None:
    """Rather separate than wrong."""
    one, other = "[pod/web-1/app] {}".format, "[pod/web-2/app] {}".format
    for between, continuation in ((NEAR - 1, 1), (NEAR, 0)):
        content = log_of(one(JAVA[0]), *[other(CALM["java"])] * between, one(JAVA[2]))
        reading = read(opened(content), content, ("level",))
        assert reading.account.continuation == continuation
        assert reading.columns["level"].count("error") == 1


def test_what_does_not_look_like_a_further_line_is_a_record_of_the_envelope() -> None:
    """It has the time of the envelope. The frames below belong to it, and those below an access line to none."""
    content = log_of(*map(docker, [*[CALM["python"]] * 3, "Listening on port 80", "  at port.js:3"]))
    reading = read(opened(content), content, ("message",))
    assert reading.account == Account(lines=5, records=4, continuation=1)
    assert "Listening on port 80" in reading.columns["message"]
    access = '192.0.2.7 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"'
    content = log_of(*map(docker, [access, CALM["python"], access, "  at port.js:3"] * 3))
    assert read(opened(content), content, ("message",)).account == Account(lines=12, records=12)


PODS = st.sampled_from(["web-1", "web-2", "web-3"])
TEXTS = st.sampled_from([*JAVA, CALM["java"], "Listening on port 80", "   ", "2026-03-07 10:00:00 ?"])
POD_LINES = st.lists(st.tuples(PODS, TEXTS).map(lambda pair: f"[pod/{pair[0]}/app] {pair[1]}") | st.just("torn"), min_size=1)
FORM = opened(log_of(*map("[pod/web-1/app] {}".format, [*JAVA, CALM["java"]] * 3)))


@given(POD_LINES, st.data())
def test_the_cut_does_not_matter(lines: list[str], data: st.DataObject) -> None:
    """Chunks that are cut at any line have the same account."""
    bounds = sorted({0, len(lines), *data.draw(st.lists(st.integers(0, len(lines)), max_size=6))})
    chunks = [log_of(*lines[start:end]) for start, end in itertools.pairwise(bounds)]
    whole, cut = read(FORM, b"".join(chunks)), read_cut(FORM, chunks)
    same(whole, cut)


@given(st.lists(POD_LINES, min_size=1, max_size=3))
def test_no_record_goes_on_behind_a_start(parts: list[list[str]]) -> None:
    """Cut there, each record is whole in one of the parts."""
    content = log_of(*(line for part in parts for line in part))
    whole = further_of(FORM.parse(bytes_of(content), CONTEXT, ASKED, MAX_LINE_BYTES).columns)
    for start in FORM.starts(bytes_of(content), CONTEXT, MAX_LINE_BYTES).tolist():
        if start:
            halves = [
                further_of(FORM.parse(bytes_of(half), CONTEXT, ASKED, MAX_LINE_BYTES).columns)
                for half in (content[:start], content[start:])
            ]
            assert sorted(halves[0] + halves[1]) == whole
