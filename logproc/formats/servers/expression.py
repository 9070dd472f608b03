r"""A Definition → one anchored expression that fits the lines that the server writes by it.

It is read alike by RE2 (Latin-1, as Arrow has it for binary arrays) and by Python's `re` (bytes). Its expressions of
text follow how servers escape values, so that a quote always ends a value:

- nginx's `escape=default`: `"`, `\`, controls and all beyond ASCII as `\xHH`; `json`: `\"`, `\\`, `\n`, …, controls as
  `\u00HH`; `none`: nothing is escaped;
- Apache (`ap_escape_logitem`): `\"`, `\\`, `\b`, `\n`, `\r`, `\t`, `\v`, other controls and all beyond ASCII as `\xhh`.

Bytes beyond ASCII are taken as they are as well: older servers write them so.
"""

from __future__ import annotations

from itertools import zip_longest

from logproc.formats.servers.definition import Definition, Literal, Variable
from logproc.formats.times import forms, strftime
from logproc.formats.times.forms import TimeForm

SPACE = r" \t\n\r\v\f"
CONTROLS = "".join(map(chr, range(32)))
NUMBER = r"\d+(?:\.\d+)?"
NUMBERS = rf"(?:{NUMBER}|-)(?:(?:, | : )(?:{NUMBER}|-))*"
"""nginx's values of several upstream servers: `, ` between two of one group, ` : ` between two groups."""
FORWARDED = r"[0-9A-Za-z_.:%\[\]-]+(?:,[ \t]*[0-9A-Za-z_.:%\[\]-]+)*"
"""X-Forwarded-For as proxies write it: where no quotes show its end, the next blank without a comma before it does."""
SERVERS = r"[^\s\",]+?(?:(?:, | : )[^\s\",]+?)*"
REQUEST = r"[!-~]+ [^ ].*? HTTP/\d+(?:\.\d+)?|GET [^ ]+"
"""A request whose end nothing marks but its protocol."""

USUAL = {strftime.CLF: forms.CLF, strftime.ISO: forms.ISO}
"""The times of servers that are written in a form of other logs as well."""


def expression_of(definition: Definition) -> str:
    """Return the expression: a group g0, g1, … for each variable, and those of a TimeForm inside of the one `time`.

    `zone` and `subsecond` may be in other variables, as in Apache's `%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t`. It is to be
    matched against whole lines without their ends.
    """
    parts = definition.parts
    of_time = {id(part): name for name, part in (("zone", zone_of(definition)), ("subsecond", fraction_of(definition)))}
    found, number = ["(?s)^"], 0
    for part, following in zip_longest(parts, parts[1:]):
        if isinstance(part, Literal):
            found.append(strftime.escaped(part.text))
        else:
            found.append(f"(?P<g{number}>{value(definition, part, following, of_time.get(id(part), ''))})")
            number += 1
    return "".join((*found, "$"))


def time_form_of(definition: Definition) -> TimeForm | None:
    """Return the form for the groups minute, second and zone; None without a time."""
    form = next((variable.form for variable in definition.variables if variable.name == "time"), "")
    if not form:
        return None
    if form in strftime.EPOCHS:
        return forms.EPOCH
    if form in USUAL:
        return USUAL[form]
    front, behind = strftime.halves(form)
    minute = "".join(f"%{name}" if name else strftime.escaped(text).replace("%", r"\x25") for name, text in front)
    return forms.calendar_form(form, minute, strftime.with_groups(behind))


def zone_of(definition: Definition) -> Variable | None:
    """Return the variable that holds the zone of a time without one of its own."""
    times = [variable.form for variable in definition.variables if variable.name == "time"]
    if not times or strftime.has_zone(times[0]):
        return None
    return next((variable for variable in definition.variables if variable.form in {"%z", "%Z"}), None)


def fraction_of(definition: Definition) -> Variable | None:
    """Return the variable that holds the fraction of a time, if it is right behind the time and a mark."""
    parts = definition.parts
    for time, mark, found in zip(parts, parts[1:], parts[2:], strict=False):
        is_mark = isinstance(mark, Literal) and mark.text in {".", ","}
        if is_mark and isinstance(time, Variable) and isinstance(found, Variable):
            return found if time.name == "time" and found.form in strftime.FRACTIONS else None
    return None


def value(definition: Definition, variable: Variable, following: Literal | Variable | None, group: str) -> str:
    """Return the expression of a value. group: that of the time which it is as a whole, if any."""
    if variable.form:
        form = strftime.expression(variable.form, groups=variable.name == "time")
        return strftime.grouped(group, form) if group else form
    match variable.kind:
        case "status":
            return r"\d{3}" if definition.dialect == "nginx" else r"\d{3}|-"
        case "bytes":
            return r"\d+|-"
        case "seconds" | "milliseconds" | "microseconds" | "number":
            numbers = NUMBERS if "upstream_" in variable.source else f"{NUMBER}|-"
            return numbers if definition.escape == "default" else f"{numbers}|"
    if variable.shape == "digits":
        return r"\d+|-"
    if variable.name == "forwarded_for" and isinstance(following, Literal) and following.text[0] in SPACE:
        return f"{FORWARDED}|{text(definition, variable, following)}"
    return f".{{{variable.width}}}" if variable.width else text(definition, variable, following)


def text(definition: Definition, variable: Variable, following: Literal | Variable | None) -> str:
    """Return the expression of a text: greedy if what follows cannot occur in it, else as short as possible."""
    stop = following.text[0] if isinstance(following, Literal) else ""
    without = SPACE if variable.shape == "token" else ""
    if definition.escape != "none" and stop and stop < " ":
        without += strftime.escaped(stop)
    greedy = following is None or (bool(stop) and stop in ends_of(definition, variable))
    if variable.shape == "list":
        return SERVERS if stop != '"' else greatest(definition, "")
    if greedy and variable.shape == "text":
        return greatest(definition, without)
    expression = one_of(definition, without) + ("*" if variable.shape == "text" else "+") + ("" if greedy else "?")
    if variable.kind == "request":
        return f"{REQUEST}|{expression}"
    return f'""|{expression}' if variable.shape == "user" and definition.dialect == "apache" else expression


def greatest(definition: Definition, without: str) -> str:
    """Return the expression of a whole value, without alternatives at each byte, which would cost `re` memory."""
    if definition.escape == "none":
        return one_of(definition, without) + "*"
    return rf'[^"\\{without}]*(?:\\.[^"\\{without}]*)*'


def ends_of(definition: Definition, variable: Variable) -> str:
    """Return the characters that never occur in a value and so end it."""
    escaped = "" if definition.escape == "none" else '"' + CONTROLS
    return escaped + (" \t\n\r\v\f" if variable.shape == "token" else "")


def one_of(definition: Definition, without: str) -> str:
    """Return the expression of one byte of a value, escaped or not; `without` lists excluded bytes, besides quotes."""
    if definition.escape == "none":
        return f"[^{without}]" if without else "."
    return rf'(?:[^"\\{without}]|\\.)'
