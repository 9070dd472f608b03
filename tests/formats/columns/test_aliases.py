"""Columns are found by the names that loggers and servers give them."""

from __future__ import annotations

import pytest

from logproc.formats.columns.aliases import aliases_of, is_access
from logproc.formats.columns.durations import Values, duration_of
from logproc.formats.columns.names import ACCESS, APPLICATION, AS_WRITTEN, DURATIONS
from logproc.formats.columns.units import UNKNOWN_POWER

VALUES = dict.fromkeys(("time", "ts", "t.$date", "@t", "asctime"), "2026-03-07T10:00:00Z") | {"s": "I", "pid": "7"}


def keys_of(values: Values, lines: dict[str, set[int]] | None = None, *, access: bool = False) -> dict[str, list[str]]:
    """Return the keys of each column, those of two keys joined with a plus."""
    found = aliases_of(values, lines, access=access)
    return {column: ["+".join(source.keys) for source in sources] for column, sources in found.items()}


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
    values = {name: [VALUES.get(name, "x")] for name in names}
    found = keys_of(values, {name: {0} for name in names})
    assert {column: found.get(column) for column in expected} == {column: [name] for column, name in expected.items()}


def test_a_field_that_is_not_there_is_not_a_column() -> None:
    """Without any known name there is no column, also where a field has an empty name."""
    assert aliases_of({"": ["x"], "other": ["y"]}, access=False) == {}
    assert aliases_of({"": ["x"], "other": ["y"]}, access=True) == {}


def test_a_request_is_one_by_its_form() -> None:
    """`request` is the whole of it where it begins with a method, and the target where it is that alone."""
    assert keys_of({"request": ["GET / HTTP/1.1", "-"]}, access=True)["request"] == ["request"]
    found = keys_of({"request": ["/cart"], "method": ["GET"]}, access=True)
    assert "request" not in found
    assert found["target"] == ["request"]


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
        ({"duration": ["4823911", "5120"]}, ("duration", 9)),
        ({"duration": ["4823911", "5"]}, ("duration", UNKNOWN_POWER)),
        ({"duration": ["1500", "35"]}, ("duration", UNKNOWN_POWER)),
        ({"latency": ["1500", "9000"]}, ("latency", UNKNOWN_POWER)),
        ({"duration": ["12", "999"]}, ("duration", 0)),
        ({"took": ["1.5ms"]}, ("took", 0)),
        ({"service": ["18ms"]}, ("service", 0)),
        ({"service": ["billing"]}, None),
        ({"elapsed": []}, None),
        ({}, None),
    ],
)
def test_a_duration_has_a_unit(values: dict[str, list[str]], expected: tuple[str, int] | None) -> None:
    """The unit is that of the name, that of the text, or what the values show: seconds, nanoseconds or none."""
    assert duration_of(values) == expected


def test_no_name_stands_for_two_columns_of_one_kind() -> None:
    """Within loggers and within servers a name means one column."""
    for table in (APPLICATION, ACCESS):
        names = [name for candidates in table.values() for name in candidates]
        forms = [name if name in AS_WRITTEN else name.lower().replace("_", "").replace("-", "") for name in names]
        assert len(set(forms)) == len(names)
    assert all(power in {0, 3, 6, 9} for power in DURATIONS.values())


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ({"Timestamp": ["2026-03-07T10:00:00Z"]}, "time", ["Timestamp"]),
        ({"timeMillis": ["1772877600123"]}, "time", ["timeMillis"]),
        ({"time": ["0.25", "1.5"], "timestamp": ["2026-03-07T10:00:00Z"] * 2}, "time", ["timestamp"]),
        ({"date": ["2026-03-07"], "time": ["10:00:00.5"]}, "time", ["date+time"]),
        ({"Date": ["07.03.2026"], "Time": ["10:00:00"]}, "time", ["Date+Time"]),
        ({"date": ["2026-03-07"], "time": ["10:00:00"], "tz": ["+02:00", "-"]}, "time", ["date+time+tz"]),
        ({"date": ["2026-03-07"], "time": ["10:00:00"], "tz": ["yes"]}, "time", ["date+time"]),
        ({"date": ["2026-03-07"], "time": ["10:00:00Z"], "tz": ["+02:00"]}, "time", ["date+time"]),
        ({"ts.seconds": ["1772877600"], "ts.nanos": ["5"]}, "time", ["ts.seconds+ts.nanos"]),
        ({"date": ["2026-03-07"]}, "time", None),
        ({"account": ["1772877600"]}, "time", None),
        ({"s": ["a word", "more"]}, "level", None),
        ({"S": ["E"]}, "level", None),
        ({"LogLevel": ["Error"], "Category": ["Shop.Api"]}, "logger", ["Category"]),
        ({"category": ["books"]}, "logger", None),
        ({"name": ["Ada Lovelace", "Grace Hopper"]}, "logger", None),
        ({"service": ["dns"], "id.orig_h": ["192.0.2.7"]}, "program", None),
        ({"pid": ["worker"]}, "pid", None),
    ],
)  # fmt: skip
def test_the_grammar_decides_which_key_is_a_column(values: Values, column: str, expected: list[str] | None) -> None:
    """A name in any spelling is only a column if its values are of its kind."""
    assert keys_of(values, {name: {0} for name in values}).get(column) == expected


def test_keys_of_one_line_are_two_things_and_those_of_different_lines_are_names_of_one() -> None:
    """Beside a logger its caller is not another name of it; the names of two loggers are."""
    values = {"ts": ["2026-03-07T10:00:00Z"], "time": ["2026-03-07T10:00:00Z"], "logger": ["a"], "caller": ["b.go:1"]}
    apart = keys_of(values, {"ts": {0}, "time": {1}, "logger": {0}, "caller": {0}})
    assert (apart["time"], apart["logger"]) == (["time", "ts"], ["logger"])
    assert keys_of(values, {"ts": {0, 1}, "time": {1}})["time"] == ["time"]


@pytest.mark.parametrize(
    ("name", "value", "power"),
    [
        ("elapsedMillis", "12", 3),
        ("response_time_in_ms", "12", 3),
        ("res.durationNs", "12", 9),
        ("latency_us", "12", 6),
        ("RequestDurationSeconds", "0.5", 0),
        ("httpRequest.latency", "0.0421s", 0),
    ],
)
def test_a_name_may_end_in_the_unit_of_a_duration(name: str, value: str, power: int) -> None:
    """The unit is taken from names in any spelling; text that is not a number is not a duration."""
    assert duration_of({name: [value]}) == (name, power)
    assert duration_of({name: ["soon"]}) is None


def test_a_program_is_known_by_the_keys_beside_its_duration() -> None:
    """Envoy and lograge write milliseconds under a name that does not say so."""
    assert duration_of({"duration": ["12"], "response_flags": ["-"]}) == ("duration", 3)
    assert duration_of({"duration": ["12.5"], "controller": ["carts"], "action": ["show"]}) == ("duration", 3)
