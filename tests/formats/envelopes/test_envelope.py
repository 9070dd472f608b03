"""A log inside a log: the outer fields stay, the inner records are found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.detect import detect
from logproc.formats.envelopes.envelope import Envelope
from tests.formats.readings import detected, read
from tests.support import logs

ACCESS = logs.line("combined", client=b"192.0.2.77")
INNER = {
    "access": (ACCESS, "client", "192.0.2.77"),
    "json": (b'{"time":"2026-03-07T10:00:00Z","level":"error","msg":"boom"}', "level", "error"),
    "text": (b"2026-03-07 10:00:00,001 ERROR shop.pay: boom", "message", "boom"),
    "nginx": (b"2026/03/07 10:00:01 [crit] 1#1: boom, client: 192.0.2.77, server: a", "level", "critical"),
}
"""Lines of inner logs, each with a field that it has."""
OUTER = {
    "compose": (b"web_1  | %s", "container", "web_1"),
    "kubectl": (b"[pod/web-7d9c/app] %s", "pod", "web-7d9c"),
    "grep": (b"logs/a.log:%s", "file", "logs/a.log"),
    "grep -n": (b"logs/a.log:17:%s", "file", "logs/a.log"),
    "stern": (b"web-7d9c app %s", "container", "app"),
    "cri": (b"2026-03-07T10:00:00.123456789Z stderr F %s", "stream", "stderr"),
    "syslog": (b"Mar  7 10:00:00 web1 nginx: %s", "host", "web1"),
    "syslog 5424": (b"<165>1 2026-03-07T10:00:00.003Z web1 app 12 - - %s", "program", "app"),
    "heroku": (b"2026-03-07T10:00:00.123456+00:00 app[web.1]: %s", "program", "app"),
}


def lines_of(line: bytes) -> bytes:
    """Return a line a few times."""
    return (line + b"\n") * 5


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_a_log_in_a_log_is_opened(outer: str, inner: str) -> None:
    """Each record has the fields of both."""
    (front, outer_field, outer_value), (line, inner_field, inner_value) = OUTER[outer], INNER[inner]
    content = lines_of(front % line)
    form = detect(content, whole=True)
    assert isinstance(form, Envelope)
    reading = read(form, content, ("time", outer_field, inner_field))
    assert reading.account.records == 5
    assert set(reading.columns[outer_field]) == {outer_value}
    assert set(reading.columns[inner_field]) == {inner_value}


@pytest.mark.parametrize("inner", INNER)
def test_dockers_own_files_are_opened(inner: str) -> None:
    """The text of a line is within JSON there, with its line end."""
    line, field, value = INNER[inner]
    entry = {"log": line.decode() + "\n", "stream": "stdout", "time": "2026-03-07T10:00:05.5Z"}
    content = lines_of(json.dumps(entry).encode())
    form = detect(content, whole=True)
    assert isinstance(form, Envelope)
    columns = read(form, content, ("stream", field)).columns
    assert (set(columns["stream"]), set(columns[field])) == ({"stdout"}, {value})


def docker(*messages: str) -> bytes:
    """Return docker's own file of some lines, which one program wrote within a minute."""
    entries = [
        {"log": message + "\n", "stream": "stderr", "time": f"2026-03-07T10:00:{at % 60:02d}.5Z"}
        for at, message in enumerate(messages)
    ]
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def test_tracebacks_do_not_keep_a_log_in_docker_closed() -> None:
    """Most lines go on with a record; those that begin one have a level and a logger. Docker's line end is not in a message."""
    traceback = ("Traceback (most recent call last):", '  File "a.py", line 3, in f', "    g()", "ValueError: x")
    content = docker(*("2026-03-07 10:00:00,123 - shop - ERROR - no stock", *traceback) * 20)
    form = detect(content, whole=True)
    assert form
    assert form.name == "json > python"
    columns = read(form, content, ("level", "logger", "message")).columns
    assert columns["level"].count("error") == columns["logger"].count("shop") == 20
    assert set(columns["message"]) == {"no stock"}


def test_pairs_beside_another_log_in_docker_are_read() -> None:
    """A level and a message are enough: the time is docker's. Pairs without either are a part of the message."""
    access = [ACCESS.decode()] * 60
    content = docker(*access, *['level=warn msg="job done" took=3ms'] * 40)
    form = detect(content, whole=True)
    assert form
    assert form.name == "json > combined + logfmt"
    assert read(form, content, ("level",)).columns["level"].count("warning") == 40
    form = detect(docker(*access, *["a=1 b=2"] * 40), whole=True)
    assert form
    assert form.name == "json > combined"


def test_an_object_in_a_message_now_and_then_is_part_of_it() -> None:
    """The frames of tracebacks do not count, other lines do."""
    form = detect(docker(*["ready"] * 60, *["  at main.js:3"] * 20, *['{"level":"error","msg":"boom"}'] * 40), whole=True)
    assert form
    assert form.name == "json"


def test_the_time_is_that_of_the_inner_record() -> None:
    """The program knows when it happened; where it does not say so, the envelope does."""
    front = b"2026-03-07T10:00:59.5Z stdout F "
    content = lines_of(front + INNER["text"][0])
    form = detect(content, whole=True)
    assert form
    assert set(read(form, content).time) == {1772877600}
    content = lines_of(front + b'{"level":"error","msg":"boom"}')
    form = detect(content, whole=True)
    assert form
    assert set(read(form, content).time) == {1772877659}


@given(st.lists(st.sampled_from([ACCESS, b"starting worker", b""]), min_size=1))
def test_what_the_inner_format_does_not_claim_stays_a_record(messages: list[bytes]) -> None:
    """Its message is the text of the envelope, and no line is lost."""
    front = b"Mar  7 10:00:00 web1 nginx: "
    form = detect(lines_of(front + ACCESS), whole=True)
    assert form
    reading = read(form, b"".join(front + message + b"\n" for message in messages))
    assert reading.account.records == len(messages)
    clients = [client for client in reading.columns.get("client", []) if client]
    assert len(clients) == messages.count(ACCESS)


@pytest.mark.parametrize(
    "content",
    [
        b"Mar  7 10:00:00 web1 app: a=1 b=2 done\nMar  7 10:00:01 web1 app: started\nMar  7 10:00:02 web1 app: ended\n",
        b'{"msg":"started"}\n{"msg":"{\\"a\\":1}"}\n{"msg":"ended"}\n',
        b"note: this is prose\nnote: and so is this\n",
    ],
)
def test_messages_are_not_logs(content: bytes) -> None:
    """A few pairs or an object in a message do not make it another log."""
    assert not isinstance(detect(content, whole=True), Envelope)


LEVELS = {
    "capitals": ("ERROR could not connect", "WARN slow", "INFO ready"),
    "brackets": ("[error] could not connect", "[warn] slow", "[info] ready"),
    "colon": ("error: could not connect", "warn: slow", "info: ready"),
    "dash": ("ERROR - could not connect", "WARN - slow", "INFO - ready"),
    "pair": ("level=error could not connect", "level=warn slow", "level=info ready"),
    "colours": ("\x1b[31mERROR\x1b[0m could not connect", "\x1b[33mWARN\x1b[0m slow", "\x1b[32mINFO\x1b[0m ready"),
    "coloured brackets": (
        "[\x1b[31merror\x1b[39m] could not connect",
        "[\x1b[33mwarn\x1b[39m] slow",
        "[\x1b[32minfo\x1b[39m] ready",
    ),
}


@pytest.mark.parametrize("kind", LEVELS)
@pytest.mark.parametrize("outer", ["docker", "cri", "compose", "kubectl", "syslog"])
def test_a_level_in_front_of_messages_without_a_time_is_read(outer: str, kind: str) -> None:
    """The time is that of the envelope; the level is not in the message."""
    lines = LEVELS[kind] * 4
    content = docker(*lines) if outer == "docker" else b"".join(OUTER[outer][0] % line.encode() + b"\n" for line in lines)
    form = detect(content, whole=True)
    assert isinstance(form, Envelope)
    reading = read(form, content, ("level", "message"))
    assert reading.account.records == 12
    assert reading.columns["level"] == ["error", "warning", "info"] * 4
    assert reading.columns["message"] == ["could not connect", "slow", "ready"] * 4


@pytest.mark.parametrize(
    "messages",
    [
        ("Error 12 in line 3", "Info about the shop", "fatal flaw"),
        ("ERROR could not connect", "ready", "slow"),
        ("system is up", "system is down", "note that it rains"),
    ],
)
def test_words_of_messages_are_not_levels(messages: tuple[str, ...]) -> None:
    """A level is in capitals, in brackets or in front of a colon, and nearly all lines have one."""
    content = docker(*messages * 4)
    form = detect(content, whole=True)
    assert form
    assert form.name == "json"
    assert "level" not in read(form, content, ("level",)).columns


def test_a_level_in_a_message_does_not_hide_that_of_the_logger() -> None:
    """Journald's lines of one program all have the same level, and then the one in the message says more."""
    messages = ["ERROR: page rendered", "INFO: slow"] * 4
    for key, values, name in (("level", ["info", "warn"] * 4, "json"), ("PRIORITY", ["6"] * 8, "json > text")):
        lines = [
            {"time": "2026-03-07T10:00:00Z", key: value, "message": message}
            for value, message in zip(values, messages, strict=True)
        ]
        form = detect(b"".join(json.dumps(line).encode() + b"\n" for line in lines), whole=True)
        assert form
        assert form.name == name


@pytest.mark.parametrize(
    "front", ["INFO aiohttp.access: ", "INFO:aiohttp.access:", "[INFO] aiohttp.access: ", "INFO shop.web - "]
)
def test_words_of_a_logger_in_front_of_an_access_line_are_not_its_client(front: str) -> None:
    """The level and the logger are those of the line, or absent; the client is the address."""
    access = '[07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 161 "-" "curl/8.5.0"'
    data = "".join(f"2026-03-07 10:00:0{at},123 {front}192.0.2.{at} {access}\n" for at in range(4)).encode()
    columns = read(detected(data), data).columns
    assert not [name for name in columns if name.startswith("front")]
    assert set(columns.get("level", [None])) <= {"info", None}
    assert set(columns.get("logger", [None])) <= {"aiohttp.access", "shop.web", None}
    assert set(columns.get("client", [None])) <= {f"192.0.2.{at}" for at in range(4)} | {None}
