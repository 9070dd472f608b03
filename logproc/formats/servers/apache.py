"""Apache's LogFormat strings → parts.

Sources: the manual of mod_log_config, those of mod_logio (`%I`, `%O`, `%S`, `%^FB`) and mod_ssl (`%{…}x`, `%{…}c`), and
`parse_log_item` of mod_log_config.c, which takes the modifiers of a directive in any order.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from logproc.formats.servers.definition import Literal, Variable, fault
from logproc.formats.times import strftime
from logproc.model.patterns import regex

DIRECTIVES = {
    "A": Variable("server_addr", "", "address", shape="token"),
    "B": Variable("bytes", "", "bytes"),
    "D": Variable("duration", "", "microseconds"),
    "H": Variable("protocol", "", shape="token"),
    "I": Variable("bytes_received", "", "number"),
    "L": Variable("log_id", ""),
    "O": Variable("bytes", "", "bytes", other="bytes_sent"),
    "P": Variable("pid", "", shape="digits"),
    "R": Variable("handler", ""),
    "S": Variable("bytes_transferred", "", "number"),
    "T": Variable("duration", "", "seconds", other="duration"),
    "U": Variable("path", ""),
    "V": Variable("host", "", shape="token"),
    "X": Variable("connection_status", "", shape="token", width=1),
    "^FB": Variable("first_byte", "", "microseconds"),
    "a": Variable("client", "", "address", shape="token"),
    "b": Variable("bytes", "", "bytes"),
    "f": Variable("filename", ""),
    "h": Variable("client", "", "address", shape="token"),
    "k": Variable("keepalive_requests", "", "number"),
    "l": Variable("ident", "", shape="token"),
    "m": Variable("method", "", shape="token"),
    "p": Variable("server_port", "", shape="digits"),
    "q": Variable("query", ""),
    "r": Variable("request", "", "request"),
    "s": Variable("status", "", "status"),
    "t": Variable("time", "", "time", form=strftime.CLF, width=strftime.width_of(strftime.CLF)),
    "u": Variable("user", "", shape="user"),
    "v": Variable("host", "", shape="token"),
}
"""The variable of each directive without an argument."""
ARGUMENTS = {
    ("L", "c"): Variable("connection_log_id", ""),
    ("P", "hextid"): Variable("thread", "", shape="token"),
    ("P", "pid"): DIRECTIVES["P"],
    ("P", "tid"): Variable("thread", "", shape="digits"),
    ("T", "ms"): Variable("duration", "", "milliseconds"),
    ("T", "s"): DIRECTIVES["T"],
    ("T", "us"): DIRECTIVES["D"],
    ("a", "c"): Variable("peer", "", "address", shape="token"),
    ("h", "c"): Variable("peer_host", "", "address", shape="token"),
    ("p", "canonical"): DIRECTIVES["p"],
    ("p", "local"): Variable("local_port", "", shape="digits"),
    ("p", "remote"): Variable("client_port", "", shape="digits"),
}
"""The directives that take one of a few arguments."""
HEADERS = {"referer": "referrer", "user_agent": "user_agent", "host": "host", "x_forwarded_for": "forwarded_for"}
NAMED: dict[str, Callable[[str], str]] = {
    "C": "cookie_{}".format,
    "c": str.lower,
    "e": "env_{}".format,
    "i": lambda argument: HEADERS.get(plain(argument), f"http_{plain(argument)}"),
    "n": "note_{}".format,
    "o": lambda argument: f"sent_http_{plain(argument)}",
    "x": str.lower,
    "^ti": lambda argument: f"trailer_{plain(argument)}",
    "^to": lambda argument: f"sent_trailer_{plain(argument)}",
}
"""The directives whose argument is a name, and the column of one."""
DIRECTIVE = regex(r"%(?P<modifiers>(?:[!<>,0-9]|\{[^}]*\})*)(?P<letter>\^..|[^{])", re.DOTALL)
TARGET = regex(r"%[<>]?U%[<>]?q")
ESCAPE = regex(r'\\(["\\nrt])')
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def plain(header: str) -> str:
    return header.lower().replace("-", "_")


def parts_of(text: str) -> list[Literal | Variable]:
    """Return the parts of a definition. Raises UsageError for a directive that Apache would reject too."""
    parts: list[Literal | Variable] = []
    at = 0
    while at < len(text):
        if text[at] == "%" and text[at : at + 2] != "%%":
            found, at = directive_at(text, at)
            parts += found
        else:
            end = text.find("%", at + 1)
            end = at + 2 if text[at] == "%" else len(text) if end < 0 else end
            parts.append(Literal(ESCAPE.sub(lambda match: ESCAPED.get(match[1], match[1]), text[at:end].replace("%%", "%"))))
            at = end
    return parts


def directive_at(text: str, at: int) -> tuple[list[Literal | Variable], int]:
    """Return what a directive writes, and where it ends. `%t` writes brackets around the time."""
    if target := TARGET.match(text, at):
        return [Variable("target", target[0], column=at)], target.end()
    match = DIRECTIVE.match(text, at)
    if not match:
        raise fault(text, at, "no directive", "write `%%` for a percent sign")
    found = replace(directive(text, match), source=match[0], column=at)
    if re.search(r"\d", re.sub(r"\{[^}]*\}", "", match["modifiers"])):
        found = where_status(text, found)
    return [Literal("["), found, Literal("]")] if found.form == strftime.CLF else [found], match.end()


def where_status(text: str, variable: Variable) -> Variable:
    """Return a variable that is only written for some statuses, as in `%400,501{User-agent}i`, and is `-` otherwise."""
    if variable.form:
        raise fault(text, variable.column, "a time that is not in all lines", "leave the statuses in front of `t` out")
    return replace(variable, width=0, kind="text" if variable.kind == "status" else variable.kind)


def directive(text: str, match: re.Match[str]) -> Variable:
    letter, arguments = match["letter"], re.findall(r"\{([^}]*)\}", match["modifiers"])
    argument = arguments[-1] if arguments else ""
    if letter in NAMED and argument:
        return Variable(NAMED[letter](argument), "", other="http_host" if (letter, plain(argument)) == ("i", "host") else "")
    if letter == "t":
        return time(text, match.start(), argument)
    if (letter, argument) in ARGUMENTS or (letter in DIRECTIVES and not argument):
        return ARGUMENTS.get((letter, argument)) or DIRECTIVES[letter]
    raise fault(text, match.start(), f"`{match[0]}` is unknown", "see the manual of Apache's mod_log_config")


def time(text: str, at: int, argument: str) -> Variable:
    """Return the variable of `%{argument}t`: a time, or a part of one."""
    form = re.sub(r"^(?:begin|end)(?::|$)", "", argument)
    if form in {"", strftime.CLF}:
        return DIRECTIVES["t"]
    form = "sec" if form == "%s" else form
    unknown = strftime.unknown_conversion(form)
    if unknown:
        raise fault(text, at, f"the time holds `{unknown}`, which is unknown", "see strftime(3)")
    if strftime.is_moment(form):
        return Variable("time", "", "time", width=strftime.width_of(form), form=form)
    name = "time_fraction" if form in strftime.FRACTIONS else "time_zone" if form in {"%z", "%Z"} else "time_text"
    return Variable(name, "", width=strftime.width_of(form), form=form)
