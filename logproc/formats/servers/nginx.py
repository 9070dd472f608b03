"""nginx's `log_format` strings → parts.

Sources: ngx_http_log_module (`log_format`, its escapes and variables) and the alphabetical index of variables in
nginx's manual. A variable that is not named here, such as one of a module or of `map`, is a column of its own name.
"""

from __future__ import annotations

import re

from logproc.formats.servers.definition import Escape, Kind, Literal, Shape, Variable, fault
from logproc.formats.times import strftime
from logproc.model.patterns import regex

NAMES = {
    "args": "query",
    "body_bytes_sent": "bytes",
    "bytes_sent": "bytes",
    "document_uri": "path",
    "host": "host",
    "http_host": "host",
    "http_referer": "referrer",
    "http_user_agent": "user_agent",
    "http_x_forwarded_for": "forwarded_for",
    "msec": "time",
    "query_string": "query",
    "remote_addr": "client",
    "remote_port": "client_port",
    "remote_user": "user",
    "request_method": "method",
    "request_time": "duration",
    "request_uri": "target",
    "server_name": "host",
    "server_protocol": "protocol",
    "time_iso8601": "time",
    "time_local": "time",
    "upstream_response_time": "duration",
    "uri": "path",
}
"""The columns of variables that have a standard one."""
OTHERS = {
    "bytes_sent": "bytes_sent",
    "http_host": "http_host",
    "server_name": "server_name",
    "upstream_response_time": "upstream_duration",
}
"""The name of a variable if another one has taken its column."""
SPECIAL = frozenset({"bytes", "ident", "time"})
"""Column names that other variables use: a variable of nginx with such a name gets a `_2`."""
FORMS = {"time_local": strftime.CLF, "time_iso8601": strftime.ISO, "msec": "sec.msec"}
KINDS: dict[str, Kind] = {
    **dict.fromkeys(FORMS, "time"),
    **dict.fromkeys(("body_bytes_sent", "bytes_sent"), "bytes"),
    **dict.fromkeys(("remote_addr", "realip_remote_addr", "server_addr"), "address"),
    **dict.fromkeys(("connection_time", "request_time", "session_time"), "seconds"),
    **dict.fromkeys(("upstream_connect_time", "upstream_header_time", "upstream_response_time"), "seconds"),
    **dict.fromkeys(("upstream_first_byte_time", "upstream_queue_time", "upstream_session_time"), "seconds"),
    **dict.fromkeys(("upstream_bytes_received", "upstream_bytes_sent", "upstream_response_length"), "number"),
    **dict.fromkeys(("bytes_received", "connection_requests", "gzip_ratio", "request_length"), "number"),
    **dict.fromkeys(("connections_active", "connections_reading", "connections_waiting", "connections_writing"), "number"),
    **dict.fromkeys(("tcpinfo_rcv_space", "tcpinfo_rtt", "tcpinfo_rttvar", "tcpinfo_snd_cwnd"), "number"),
    "request": "request",
    "status": "status",
}
TOKENS = frozenset({
    "geoip_country_code",
    "geoip_country_code3",
    "hostname",
    "limit_conn_status",
    "limit_req_status",
    "nginx_version",
    "pipe",
    "request_id",
    "request_method",
    "scheme",
    "server_protocol",
    "ssl_cipher",
    "ssl_protocol",
    "ssl_session_reused",
    "upstream_cache_status",
})  # fmt: skip
"""Texts without blanks that are never empty, but for `escape=json` and `none`, which write nothing for an absent value."""
DIGITS = frozenset({"connection", "pid", "realip_remote_port", "remote_port", "server_port"})
"""Numbers that are identifiers, so adding them makes no sense."""
LISTS = frozenset({"upstream_addr", "upstream_status"})
"""One token for each server that was asked. Times and lengths of such servers are lists of numbers: see `expression`."""
WIDTHS = {"pipe": 1, "request_id": 32, "status": 3}
VARIABLE = regex(r"\$(?:\{(?P<braced>\w+)\}|(?P<name>\w+))", re.ASCII)
TARGET = regex(r"\$(?:\{uri\}|uri)\$(?:\{is_args\}|is_args)\$(?:\{(?:args|query_string)\}|(?:args|query_string)\b)", re.ASCII)


def parts_of(text: str, escape: Escape) -> list[Literal | Variable]:
    """Return the parts of a definition. Raises UsageError for a `$` that does not begin a variable."""
    parts: list[Literal | Variable] = []
    at = 0
    while at < len(text):
        end = text.find("$", at)
        if end != at:
            end = len(text) if end < 0 else end
            parts.append(Literal(text[at:end]))
        else:
            found, end = variable_at(text, at, escape)
            parts.append(found)
        at = end
    return parts


def variable_at(text: str, at: int, escape: Escape) -> tuple[Variable, int]:
    """Return the variable at a position, and where it ends."""
    if target := TARGET.match(text, at):
        return Variable("target", target[0], column=at), target.end()
    match = VARIABLE.match(text, at)
    if not match:
        raise fault(text, at, "no variable", "a name of letters, digits and `_` follows `$`, or stands in `${…}`")
    return variable((match["braced"] or match["name"]).lower(), match[0], at, escape), match.end()


def shape_of(name: str, kind: Kind, escape: Escape) -> Shape:
    if kind == "address" or (name in TOKENS and escape == "default"):
        return "token"
    if name in LISTS and escape == "default":
        return "list"
    if name in DIGITS and escape == "default":
        return "digits"
    return "user" if name == "remote_user" and escape == "default" else "text"


def variable(name: str, source: str, column: int, escape: Escape) -> Variable:
    kind, form = KINDS.get(name, "text"), FORMS.get(name, "")
    return Variable(
        f"{name}_2" if name in SPECIAL else NAMES.get(name, name),
        source,
        kind,
        column,
        other=OTHERS.get(name, ""),
        shape=shape_of(name, kind, escape),
        width=strftime.width_of(form) or WIDTHS.get(name, 0),
        form=form,
    )
