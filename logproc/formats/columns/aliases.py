"""The names that loggers and servers give to the columns `time`, `level`, `message` and so on.

From the documentation of bunyan, pino, zap, logrus, structlog, python-json-logger, Serilog, ECS, GELF, OpenTelemetry,
Docker's json-file driver, `journalctl -o json`, Caddy, Traefik, nginx's variables, Heroku's router.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from logproc.formats.maps import named_units
from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.reading import value_seconds

APPLICATION = {
    "time": (
        *("time", "ts", "timestamp", "@timestamp", "datetime", "asctime", "t", "@t", "date", "eventTime", "event_time"),
        *("__REALTIME_TIMESTAMP", "StartUTC", "time_iso8601", "time_local", "msec", "start_time", "created", "t.$date"),
    ),
    "level": (
        *("level", "lvl", "log.level", "severity", "levelname", "loglevel", "log_level", "severity_text", "SeverityText"),
        *("@l", "PRIORITY", "error_severity", "s"),
    ),
    "message": ("message", "msg", "@m", "@mt", "MESSAGE", "event", "short_message", "body", "Body", "log", "text"),
    "logger": (
        *("logger", "logger_name", "log.logger", "loggerName", "logger.name", "name", "component", "SourceContext"),
        *("caller", "module", "c"),
    ),
    "program": ("program", "SYSLOG_IDENTIFIER", "service.name", "service", "app", "appname", "app_name", "application"),
    "host": ("host", "hostname", "host.name", "host.hostname", "_HOSTNAME"),
    "pid": ("pid", "_PID", "process.pid", "process_id", "process"),
    "thread": ("thread", "thread_name", "threadName", "process.thread.name", "tid"),
}
ACCESS = {
    "client": (
        *(
            "remote_addr",
            "client_ip",
            "clientip",
            "request.client_ip",
            "request.remote_ip",
            "remote_ip",
            "ClientHost",
            "client.ip",
        ),
        *("source.ip", "client.address", "req.remoteAddress", "remoteAddress", "client", "fwd", "ip", "remote", "remote_host"),
    ),
    "user": ("remote_user", "ClientUsername", "user.name", "user_id", "user"),
    "request": ("request",),
    "method": ("request_method", "request.method", "http.request.method", "RequestMethod", "req.method", "method", "verb"),
    "target": ("request_uri", "request.uri", "RequestPath", "url.original", "req.url", "uri", "url"),
    "path": ("path", "url.path"),
    "protocol": ("server_protocol", "request.proto", "RequestProtocol", "protocol", "proto", "http.version"),
    "status": (
        *("status", "response.status", "http.response.status_code", "DownstreamStatus", "OriginStatus", "res.statusCode"),
        *("status_code", "statusCode", "http_status"),
    ),
    "bytes": (
        *("body_bytes_sent", "bytes_sent", "http.response.body.bytes", "http.response.bytes", "DownstreamContentSize"),
        *("bytes", "size", "response_size", "responseSize", "bytes_written"),
    ),
    "referrer": ("http_referer", "referrer", "referer", "http.request.referrer", "request_Referer", "req.headers.referer"),
    "user_agent": (
        *("http_user_agent", "user_agent", "user_agent.original", "user-agent", "userAgent", "request_User-Agent", "agent"),
        *("req.headers.user-agent",),
    ),
    "host": ("http_host", "server_name", "request.host", "RequestHost", "url.domain", "RequestAddr", "vhost", "host"),
    "forwarded_for": ("http_x_forwarded_for", "x_forwarded_for", "forwarded_for", "xff"),
}
DURATIONS = {
    "request_time": 0,
    "duration_s": 0,
    "elapsed_seconds": 0,
    "duration_seconds": 0,
    "duration_ms": 3,
    "latency_ms": 3,
    "elapsed_ms": 3,
    "responseTime": 3,
    "response_time_ms": 3,
    "took_ms": 3,
    "duration_us": 6,
    "duration_ns": 9,
    "event.duration": 9,
    "Duration": 9,
}
"""Names of durations with a known unit, each with the power of ten to divide by to get seconds."""
UNIT_BY_VALUE = ("duration", "latency", "elapsed", "took", "response_time", "service")
"""Names of durations whose unit is inferred from the values: see `duration_of`."""
LOGRAGE = frozenset({"controller", "action", "duration", "view"})
"""The keys of Rails' requests on one line, whose durations are milliseconds."""
NANOSECONDS_FROM = 1000
TIMES_TRIED = 100
FEWEST_TIMES = 10
"""A field is the time if one in so many of its values is one: the others are then times that cannot be read."""
REQUEST = re.compile(r"[A-Z]+ \S")


def aliases_of(values: Mapping[str, Collection[str]], *, access: bool) -> dict[str, str]:
    """Return the field that holds each standard column, as far as there is one, given sampled values by field.

    access: whether the records describe requests.
    """
    table = APPLICATION | ACCESS if access else APPLICATION
    found = {column: next((name for name in candidates if name in values), "") for column, candidates in table.items()}
    asked = values[found["request"]] if found.get("request") else ()
    if asked and not any(REQUEST.match(text) for text in asked):  # this `request` holds only the target
        found["request"], found["target"] = "", found["target"] or found["request"]
    return {column: name for column, name in found.items() if name}


def with_time(aliases: dict[str, str], values: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the aliases with the first field as `time` of whose sampled values some are times; without `time` if none is so.

    So a field that only has such a name, as a duration may, does not make a log one of unreadable times.
    """
    found = next((name for name in APPLICATION["time"] if name in values and are_times(values[name])), "")
    others = {column: name for column, name in aliases.items() if column != "time"}
    return {"time": found, **others} if found else others


def are_times(texts: Collection[str]) -> bool:
    some = list(texts)[:TIMES_TRIED]
    return sum(value_seconds(text.encode(), LAST_S) is not None for text in some) * FEWEST_TIMES >= len(some)


def is_access(values: Mapping[str, Collection[str]]) -> bool:
    """Return whether the sampled fields describe HTTP requests: there is an HTTP status, and a field for the request."""
    statuses = next((values[name] for name in ACCESS["status"] if name in values), ())
    asked = [name for column in ("request", "method", "target", "path") for name in ACCESS[column] if name in values]
    numbers = [text for text in statuses if len(text) == 3 and text.isdigit() and "100" <= text <= "599"]
    return bool(asked) and len(numbers) * 2 > len(statuses)


def duration_of(values: Mapping[str, Collection[str]]) -> tuple[str, int] | None:
    """Return the field that holds how long something took, and its power of ten; None if no field does.

    Where the name does not say the unit, text with a unit (`1.5ms`) says it itself; numbers with a point are seconds (Caddy),
    whole ones of which any is 1000 or more are nanoseconds, as Go writes a time.Duration. Names that end in their unit are
    found by `named_units`.
    """
    if any(text[-1:].isalpha() for text in values.get("duration", ())):
        return "duration", 0
    for name, power in DURATIONS.items():
        if name in values:
            return name, power
    if any(found.field == "duration" for found in named_units(values, ())):
        return None
    if values.keys() >= LOGRAGE:
        return "duration", 3
    for name in UNIT_BY_VALUE:
        texts = [text for text in values.get(name, ()) if text[:1].isdigit()]
        if texts:
            whole = [int(text) for text in texts if text.isdigit() and len(text) < 20]
            return name, 9 if len(whole) == len(texts) and max(whole) >= NANOSECONDS_FROM else 0
    return None


def units_of(values: Mapping[str, Collection[str]], aliases: dict[str, str], *, access: bool) -> tuple[tuple[str, int], ...]:
    """Return the columns that hold numbers, with their powers of ten, and add the duration to the aliases."""
    duration = duration_of(values)
    if duration:
        aliases["duration"] = duration[0]
    units = {"duration": duration[1]} if duration else {}
    return tuple((units | ({"bytes": 0} if access and "bytes" in aliases else {})).items())
