"""Fields of logs in which a name, a number or a word looks like another field: each is right or absent."""

from __future__ import annotations

import json

import pytest

from logproc.model.columns import NO_TIME
from tests.formats.readings import detected, read

MOMENT = 1772874000


def columns_of(text: str, *more: str) -> dict[str, list[object]]:
    content = text.encode()
    names = ("time", "client", "user", "host", "program", "path", "query", "status", "duration", "level", "logger", "pid")
    return read(detected(content), content, (*names, "message", *more)).columns


@pytest.mark.parametrize("user", ["-", "--", " - "])
def test_dashes_are_not_a_user(user: str) -> None:
    """Servers write them for nobody."""
    line = {"time": MOMENT, "remote_addr": "192.0.2.7", "user": user, "method": "GET", "uri": "/a", "status": 200}
    assert "user" not in columns_of((json.dumps(line) + "\n") * 2)


def test_a_path_has_no_query() -> None:
    """Envoy's key `path` is the target of the request."""
    lines = [{"time": MOMENT, "method": "GET", "path": path, "status": 200} for path in ("/a?b=c", "/a")]
    columns = columns_of("".join(json.dumps(line) + "\n" for line in lines))
    assert columns["path"] == ["/a", "/a"]
    assert columns["query"] == ["b=c", None]


def test_a_target_of_a_message_has_no_path() -> None:
    """Rust's tracing calls the module so."""
    line = {"timestamp": "2026-03-07T09:00:00Z", "level": "INFO", "fields": {"message": "ready"}, "target": "shop::cart"}
    columns = columns_of((json.dumps(line) + "\n") * 2, "target")
    assert columns["logger"] == columns["target"] == ["shop::cart"] * 2
    assert "path" not in columns


@pytest.mark.parametrize(("fields", "seconds"), [("s-computername", 0.0125), ("x-edge-location", 12.5)])
def test_decimals_of_time_taken_are_milliseconds_where_microsoft_writes_them(fields: str, seconds: float) -> None:
    """ASP.NET Core has milliseconds with a point, CloudFront seconds."""
    text = f"#Fields: date time c-ip {fields} cs-method cs-uri-stem sc-status time-taken\n"
    text += "2026-03-07 09:00:00 192.0.2.7 x1 GET /a 200 12.5\n" * 2
    content = text.encode()
    assert read(detected(content), content).columns["duration as a number"] == [round(seconds * 10**9)] * 2


def test_a_number_in_brackets_is_a_process_and_not_a_level() -> None:
    """`[1]` is not syslog's alert."""
    columns = columns_of("2026-03-07 09:00:00.123 [1] worker is up\n2026-03-07 09:00:01.123 [1] worker is down\n" * 3)
    assert "level" not in columns


@pytest.mark.parametrize(
    "line",
    [
        '2026-03-07T09:00:00Z {app="shop"} {"level":"error","msg":"no"}',
        '2026-03-07T09:00:00.123000+00:00 app/web/0a1b2c {"level":"error","msg":"no"}',
    ],
)
def test_labels_and_streams_are_not_hosts_and_programs(line: str) -> None:
    """A host and a program have no quotes, braces or commas."""
    columns = columns_of(f"{line}\n" * 3)
    assert "host" not in columns
    assert "program" not in columns
    assert (columns["level"], columns["message"]) == (["error"] * 3, ["no"] * 3)


def test_a_time_may_have_brackets() -> None:
    """Apache's `%t` as the value of a key."""
    line = {"time": "[07/Mar/2026:09:00:00 +0000]", "method": "GET", "request": "/a", "status": "200"}
    content = (json.dumps(line) + "\n").encode() * 2
    assert read(detected(content), content).time == [MOMENT] * 2


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ({"timestampInMs": MOMENT * 1000, "level": "error", "message": "no"}, {"level": "error", "message": "no"}),
        ({"unixTime": MOMENT, "action": "added"}, {}),
        ({"@timestamp": MOMENT, "@message": "no", "@fields": {"level": "WARN"}}, {"level": "warning", "message": "no"}),
        ({"timeUnixNano": str(MOMENT * 10**9), "body": {"stringValue": "no"}, "severityText": "INFO"}, {"message": "no"}),
        ({"timestamp": MOMENT * 1000, "action": "BLOCK", "httpRequest": {"clientIp": "192.0.2.7"}}, {"client": "192.0.2.7"}),
        ({"@timestamp": MOMENT * 1000, "actor_ip": "192.0.2.7", "action": "repo.create"}, {"client": "192.0.2.7"}),
        ({"date": MOMENT, "log": "no", "kubernetes": {"pod_name": "web-1", "container_name": "app"}}, {"pod": "web-1"}),
        ({"message": "no", "time": MOMENT, "podName": "web-1", "containerName": "app"}, {"container": "app"}),
        ({"ts": MOMENT, "level": "EROR", "msg": "no"}, {"level": "error"}),
        ({"ts": MOMENT, "level": "ERRO", "msg": "no"}, {"level": "error"}),
    ],
)
def test_names_of_other_loggers_are_known(line: dict[str, object], fields: dict[str, str]) -> None:
    """Vercel, osquery, Logstash's first version, OpenTelemetry, AWS WAF, GitHub, Fluent Bit, stern, slog-rs."""
    content = (json.dumps(line) + "\n").encode() * 2
    reading = read(detected(content), content, ("level", "message", "client", "pod", "container"))
    assert reading.time == [MOMENT] * 2
    assert {name: reading.columns[name] for name in fields} == {name: [value] * 2 for name, value in fields.items()}


JSON = '{"level":"error","msg":"no"}'
ACCESS = '192.0.2.7 - - [07/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 502 42 "-" "curl/8"'


@pytest.mark.parametrize("inner", [JSON, ACCESS])
@pytest.mark.parametrize(
    ("front", "fields"),
    [
        ("web-1  | 2026-03-07T09:00:00.123456789Z ", {"container": "web-1"}),
        ("\x1b[36mweb_1  |\x1b[0m ", {"container": "web_1"}),
        ("0|shop  | ", {"program": "shop"}),
        ("09:00:00 web.1   | ", {"program": "web.1"}),
        ("[pod/web-5d9c/app] 2026-03-07T09:00:00.123456789Z ", {"pod": "web-5d9c", "container": "app"}),
        ("shop web-5d9c app ", {"pod": "web-5d9c", "container": "app"}),
        ("2026-03-07 09:00:00.123456789  ", {}),
        ("2026/03/07 09:00:00 ", {}),
        ("2026-03-07_09:00:00.12345 ", {}),
        ('2026-03-07T09:00:00Z {app="shop"} ', {}),
        ("2026-03-07T09:00:00.123000+00:00 app/web/0a1b ", {}),
        ("2026-03-07T09:00:00Z app[3d8d] fra [info] ", {"program": "app"}),
        ("83 <40>1 2026-03-07T09:00:00+00:00 host app web.1 - ", {"program": "app"}),
        ("<134>Mar  7 09:00:00 web1 shop[12]: @cee: ", {"host": "web1", "program": "shop"}),
        ("2026 Mar  7 09:00:00 web1 shop[12]: ", {"host": "web1", "program": "shop"}),
        ("Sat 2026-03-07 09:00:00 UTC web1 shop.service[12]: ", {"host": "web1", "program": "shop.service"}),
        ("17:", {}),
    ],
)
def test_what_is_put_round_lines_is_known(front: str, fields: dict[str, str], inner: str) -> None:
    """The log inside is found, and what is in front of it has its fields."""
    columns = columns_of(f"{front}{inner}\n" * 3, "container", "pod")
    expected = {**fields, "level": "error", "message": "no"} if inner is JSON else {**fields, "status": "502", "path": "/a"}
    assert {name: columns[name] for name in expected} == {name: [value] * 3 for name, value in expected.items()}


@pytest.mark.parametrize(
    "front",
    [
        "[2026-03-07T09:00:00Z INFO  actix_web::middleware::logger] ",
        "09:00:00.123 [worker-1] INFO  HTTP_ACCESS_LOGGER - ",
        "2026-03-07 09:00:00,123 - shop.access - INFO - ",
    ],
)
def test_a_logger_may_write_access_lines(front: str) -> None:
    """The lines of the logger have the fields of requests, others stay what they are."""
    columns = columns_of(f"{front}{ACCESS}\n" * 2 + f"{front}ready\n")
    assert columns["status"] == ["502", "502", None]
    assert columns["level"] == ["info"] * 3
    assert columns["message"] == [None, None, "ready"]


def test_requests_of_rails_are_found_behind_its_logger() -> None:
    """Rails in production has a time, the level and the id of the request in front."""
    front = "I, [2026-03-07T09:00:00.123456 #12]  INFO -- : [0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f] "
    columns = columns_of(
        f'{front}Started GET "/a?b=c" for 192.0.2.7 at 2026-03-07 09:00:00 +0000\n{front}Completed 200 OK in 12ms\n'
    )
    assert columns["client"] == ["192.0.2.7", None]
    assert columns["path"] == ["/a", None]
    assert columns["message"] == [None, "Completed 200 OK in 12ms"]


def test_how_long_a_service_took_is_not_a_program() -> None:
    """Heroku's router writes `service=12ms`, behind the name of the program; it has no time of its own."""
    front = "2026-03-07T09:00:00.123456+00:00 "
    router = "heroku[router]: at=info method=GET path=/a fwd=192.0.2.7 dyno=web.1 connect=1ms service=12ms status=200 bytes=5"
    columns = columns_of(f"{front}{router}\n{front}app[web.1]: {JSON}\n{front}app[web.1]: ready\n")
    assert columns["program"] == ["heroku", "app", "app"] or columns["program"] == ["app", "heroku", "app"]
    assert list(filter(None, columns["status"])) == ["200"]


@pytest.mark.parametrize(
    "line",
    [
        {"time": MOMENT, "level": "info", "msg": "x", "target": "https://shop.example.com/a?b"},
        {"time": MOMENT, "name": "ann", "event": "login"},
    ],
)
def test_addresses_and_names_of_people_are_not_loggers(line: dict[str, object]) -> None:
    """`target` and `name` are loggers where they look like one, and a level is there."""
    assert "logger" not in columns_of((json.dumps(line) + "\n") * 3)


def test_what_compose_says_itself_does_not_hide_a_log() -> None:
    """It says what it attaches to, and what has exited."""
    content = f"Attaching to web-1\nweb-1  | {ACCESS}\nweb-1  | {ACCESS}\nweb-1 exited with code 0\n".encode()
    reading = read(detected(content), content, ("status", "container"))
    assert reading.columns["status"] == ["502", "502"]
    assert reading.account.rejected == 2


def test_commas_between_pairs_are_not_a_part_of_values() -> None:
    """Lines such as `method=GET, status=200, took=1ms` are text."""
    columns = columns_of("time=2026-03-07T09:00:00Z, method=GET, status=200, took=1ms\n" * 3)
    assert not {"status", "method"} & columns.keys()


def test_uvicorn_behind_a_logger_has_requests() -> None:
    """Its logger of requests with a time, as most people set it up."""
    front = "2026-03-07 09:00:00,123 - uvicorn.access - INFO - "
    columns = columns_of(f'{front}192.0.2.7:5000 - "GET /a HTTP/1.1" 200\n' * 3)
    assert (columns["client"], columns["status"], columns["path"]) == (["192.0.2.7"] * 3, ["200"] * 3, ["/a"] * 3)


def test_a_number_in_brackets_before_a_level_is_not_pgbouncer() -> None:
    """Python and log4j write `time [process] LEVEL logger` too: the logger stays, and a traceback belongs to its record."""
    lines = (
        b"2026-03-07 10:00:00,123 [4711] DEBUG shop.cart: hello",
        b"2026-03-07 10:00:01,123 [4711] ERROR shop.cart: bad",
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1, in <module>',
        b"KeyError: 'x'",
        b"2026-03-07 10:00:02,123 [4712] WARN shop.db: slow",
    )
    content = b"\n".join(lines) + b"\n"
    reading = read(detected(content), content, ("logger", "level"))
    assert (reading.account.records, reading.account.continuation, reading.account.rejected) == (3, 3, 0)
    assert reading.columns["logger"] == ["shop.cart", "shop.cart", "shop.db"]


@pytest.mark.parametrize("date", [b"25-03-07", b"07-03-26", b"03-17-25", b"req-12-03-07", b"v1.03-07", b"a/03-07"])
def test_the_middle_of_a_date_is_not_a_date(date: bytes) -> None:
    """`25-03-07` is not the 7th of March of this year: a time begins where a word does."""
    content = b"".join(b"%s 10:00:%02d INFO a\n" % (date, at) for at in range(5))
    assert set(read(detected(content), content, ()).time) == {NO_TIME}
