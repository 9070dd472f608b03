"""Hints for names of fields that a log does not have: what they are usually called here, or the nearest one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from logproc.model.errors import nearest
from logproc.model.patterns import regex
from logproc.questions.fields.derived import FIELDS
from logproc.questions.where.values import FIELD_TYPES

CALLS: Mapping[str, str] = {
    "query": "query(NAME)",
    "parameter": "query(NAME)",
    "every": "every(5m)",
    "shape": "shape(FIELD)",
    "net": "net:24",
}
"""Fields that are written like a call, and how."""
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "client": ("ip", "ip_address", "address", "addr", "client_ip", "clientip", "remote_addr", "remote_ip", "source_ip", "src"),
    "path": ("url", "uri", "page", "endpoint", "request_uri", "route"),
    "target": ("url", "uri", "request_uri", "request"),
    "query": ("params", "parameters", "args", "query_string", "querystring"),
    "user_agent": ("useragent", "ua", "agent", "http_user_agent"),
    "method": ("verb", "http_method", "request_method"),
    "status": ("code", "status_code", "statuscode", "http_status", "response_code", "response"),
    "bytes": ("size", "bytes_sent", "body_bytes_sent", "length", "content_length", "response_size"),
    "referrer": ("referer", "http_referer", "ref"),
    "level": ("severity", "lvl", "loglevel", "log_level", "priority"),
    "message": ("msg", "body", "log", "line"),
    "duration": ("latency", "request_time", "response_time", "time_taken", "took", "elapsed", "runtime", "ms", "seconds"),
    "time": ("timestamp", "ts", "datetime"),
    "day": ("date",),
    "host": ("hostname", "server", "vhost", "server_name", "domain"),
    "user": ("username", "user_name", "login", "remote_user"),
    "program": ("app", "service", "process", "ident", "tag", "unit"),
    "logger": ("module", "category", "class", "component"),
    "forwarded_for": ("xff", "x_forwarded_for", "x-forwarded-for"),
    "pid": ("process_id",),
    "thread": ("thread_name", "tid"),
    "source": ("filename", "file_name"),
    "status_class": ("class", "status_group"),
    "bot": ("crawler", "robot"),
    "hour_of_day": ("hours", "time_of_day"),
    "weekday": ("day_of_week", "dow"),
    "every": ("interval", "bucket"),
}
"""What the fields are called in other programs."""
STANDARD = (*FIELD_TYPES, *FIELDS)
CALL = regex(r"([A-Za-z_]+)\((.*)\)", re.DOTALL)


def hint_for(name: str, own: Collection[str], computed: Collection[str] = ()) -> str:
    """Return the hint for a field that no source has, given those that they have and those computed from them.

    >>> hint_for("ip", ["client", "path"]), hint_for("pth", ["client", "path"]), hint_for("level", ["message"])
    ("did you mean 'client'?", "did you mean 'path'?", 'there are message')
    """
    listed = "there are " + ", ".join(sorted(own))
    fields = {*own, *computed}
    ordered = sorted(fields, key=lambda field: [*OTHER_NAMES, field].index(field))
    if usual := [known for known in ordered if is_called(known, name) or is_called(name, known)]:
        return "did you mean " + " or ".join(map(repr, usual)) + "?"
    if name in CALLS:
        return f"write {CALLS[name]}"
    if call := CALL.fullmatch(name):
        return nearest(call[1], CALLS, listed).replace("'?", f"({call[2]})'?")
    if name in STANDARD:  # it is written correctly
        return listed
    calls = () if len(name) < 3 else CALLS
    hint = nearest(name, (*sorted(fields), *calls), listed)
    for known, call_of in CALLS.items():
        if known not in fields:
            hint = hint.replace(f"did you mean {known!r}?", f"write {call_of}")
    return hint


def is_called(field: str, name: str) -> bool:
    """Return whether another name is a usual one for a field."""
    return name.lower() in OTHER_NAMES.get(field, ())


def meant(name: str) -> str:
    """Return the standard field that a name, which is not one, probably means; "" if there is none."""
    usual = next((field for field in OTHER_NAMES if is_called(field, name)), "")
    return usual or next(iter(re.findall(r"'(\w+)'", nearest(name, STANDARD, " "))), "")
