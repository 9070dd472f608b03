"""Columns are found by the names that loggers and servers give them."""

from __future__ import annotations

import pytest

from logproc.formats.columns.aliases import ACCESS, APPLICATION, DURATIONS, aliases_of, duration_of, is_access

APPLICATIONS = [
    (("time", "level", "msg", "name", "hostname", "pid"), {"message": "msg", "logger": "name", "host": "hostname"}, "bunyan"),
    (("ts", "caller", "level", "msg"), {"time": "ts", "logger": "caller"}, "zap"),
    (("ts", "caller", "level", "msg", "logger"), {"logger": "logger"}, "zap with names"),
    (
        ("@timestamp", "log.level", "message", "service.name", "log.logger"),
        {"level": "log.level", "program": "service.name"},
        "ECS",
    ),
    (
        ("@t", "@mt", "@l", "SourceContext"),
        {"time": "@t", "message": "@mt", "level": "@l", "logger": "SourceContext"},
        "Serilog",
    ),
    (("asctime", "levelname", "name", "message"), {"time": "asctime", "level": "levelname"}, "python-json-logger"),
    (("__REALTIME_TIMESTAMP", "PRIORITY", "MESSAGE", "SYSLOG_IDENTIFIER"), {"program": "SYSLOG_IDENTIFIER"}, "journald"),
    (("t.$date", "s", "c", "msg"), {"time": "t.$date", "level": "s", "logger": "c"}, "MongoDB"),
]


@pytest.mark.parametrize(("names", "expected", "_who"), APPLICATIONS, ids=[who for _, _, who in APPLICATIONS])
def test_fields_of_loggers_are_found(names: tuple[str, ...], expected: dict[str, str], _who: str) -> None:
    """The fields that a logger writes are the standard columns."""
    found = aliases_of({name: ["x"] for name in names}, access=False)
    assert {column: found.get(column) for column in expected} == expected


def test_a_field_that_is_not_there_is_no_column() -> None:
    """Without any known name there is no column, also where a field has an empty name."""
    assert aliases_of({"": ["x"], "other": ["y"]}, access=False) == {}
    assert aliases_of({"": ["x"], "other": ["y"]}, access=True) == {}


def test_a_request_is_one_by_its_form() -> None:
    """`request` is the whole of it where it begins with a method, and the target where it is that alone."""
    assert aliases_of({"request": ["GET / HTTP/1.1", "-"]}, access=True)["request"] == "request"
    found = aliases_of({"request": ["/cart"], "method": ["GET"]}, access=True)
    assert "request" not in found
    assert found["target"] == "request"


@pytest.mark.parametrize(
    ("values", "access"),
    [
        ({"status": ["200", "404"], "path": ["/", "/a"]}, True),
        ({"status": ["200", "ok", "404"], "method": ["GET"]}, True),
        ({"res.statusCode": ["200"], "req.url": ["/"]}, True),
        ({"status": ["200"]}, False),
        ({"status": ["ok"], "path": ["/"]}, False),
        ({"status": ["999"], "path": ["/"]}, False),
        ({"path": ["/"]}, False),
        ({}, False),
    ],
)
def test_an_access_log_says_what_was_asked_and_how_it_ended(values: dict[str, list[str]], *, access: bool) -> None:
    """Records are of requests where most have a status of HTTP and there is something that was asked for."""
    assert is_access(values) is access


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"request_time": ["0.25"]}, ("request_time", 0)),
        ({"responseTime": ["7"]}, ("responseTime", 3)),
        ({"Duration": ["4823911"]}, ("Duration", 9)),
        ({"duration": ["0.000929675", "3"]}, ("duration", 0)),
        ({"duration": ["4823911", "5"]}, ("duration", 9)),
        ({"took": ["1.5ms"]}, ("took", 0)),
        ({"service": ["18ms"]}, ("service", 0)),
        ({"service": ["billing"]}, None),
        ({"elapsed": []}, None),
        ({}, None),
    ],
)
def test_a_duration_has_a_unit(values: dict[str, list[str]], expected: tuple[str, int] | None) -> None:
    """The unit is that of the name, that of the text, or seconds with a point and nanoseconds without one."""
    assert duration_of(values) == expected


def test_no_name_stands_for_two_columns_of_one_kind() -> None:
    """Within loggers and within servers a name means one column."""
    for table in (APPLICATION, ACCESS):
        names = [name for candidates in table.values() for name in candidates]
        assert len(set(names)) == len(names)
    assert all(power in {0, 3, 6, 9} for power in DURATIONS.values())
