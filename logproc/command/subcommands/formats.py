"""`logproc formats`: the list of the known formats, and a page on one of them.

A page shows what the format finds in its example, how its times and records are read, and the definition that would find the
same: for `--format`, `--pattern` or the config file, to copy and to change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy
from msgspec import Struct

from logproc.formats.detection.choice import OTHER_NAMES, own_format
from logproc.formats.detection.detect import detect, fallback
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME, ENTRIES, SAMPLED, listing
from logproc.formats.readers.access_lines import definition_of
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.times.forms import TimeForm
from logproc.model.chunk import Context, Parser
from logproc.model.columns import NO_TIME, Columns
from logproc.model.errors import UsageError, nearest
from logproc.reports.safe import harmless

Style = Callable[[str, str], str]
"""A text and what it is (`name`, `field` or `note`) → the text as a terminal shows it."""
Own = Mapping[str, str | Mapping[str, Any]]
"""A user's own formats by their names, each a pattern or a table."""
MANUALS = {
    **dict.fromkeys(("common", "combined", "vhost_combined"), "Apache manual, mod_log_config"),
    "combined_forwarded": "nginx manual, ngx_http_log_module; its nginx.conf",
    "json": "jsonlines.org; RFC 8259",
    "logfmt": "go-kit, package log; Grafana; Go, log/slog",
    "ltsv": "ltsv.org",
    "w3c": "W3C, extended log file format; IIS manual",
}
"""Whose documentation the formats are from that are not in a file of the catalogue."""
LEARNED = "none, as its fields are learned from the log. `--map FIELD=SOURCE` gives a field another source."
UNITS = {"duration": " s", "bytes": " B"}
NOTES = "  {:<11}{}"


class Shown(Struct, frozen=True):
    """What a page is made of. manual: whose documentation. definition: what is to be copied, with a line that says where to."""

    name: str
    summary: str
    example: str
    form: Parser
    manual: str
    definition: tuple[str, str]


def list_of(own: Own) -> str:
    """Return all formats, each with its summary and its example; those of the user last."""
    formats = [*listing(), *((name, form.summary, form.example) for name, form in own_formats(own).items())]
    return "\n".join(
        "".join(f"{line}\n" for line in (name, *("    " + line for line in (summary, *example.split("\n")) if line)))
        for name, summary, example in formats
    )


def page_of(name: str, own: Own, style: Style) -> str:
    """Return the page on a format. Raises UsageError if there is none of that name, with the nearest one."""
    shown = shown_of(name, own)
    found = read_example(shown.form, shown.example) if shown.example else None
    lines = [style(shown.name, "name") + f": {shown.summary}", ""]
    if shown.example:
        lines += [*(f"    {harmless(line)}" for line in shown.example.split("\n")), ""]
    lines += table_of(fields_of(shown.form), found, style)
    notes = [
        ("times", times_of(shown.form, shown.example)),
        ("records", "of one line or several" if shown.form.multi_line else "of one line"),
        *([("manual", shown.manual)] if shown.manual else []),
    ]
    lines += ["", *(NOTES.format(style(f"{what:<11}", "note"), text).rstrip() for what, text in notes), ""]
    where, definition = shown.definition
    return "\n".join([*lines, style(where, "note"), *(["", definition] if definition else [])]) + "\n"


def shown_of(name: str, own: Own) -> Shown:
    formats = own_formats(own)
    if name in formats:
        form, given = formats[name], own[name]
        if isinstance(given, str):
            return Shown(
                name, "a pattern of yours", "", form, "", ("To name it on the command line:", f"--pattern {quoted(given)}")
            )
        text = ("In the config file it is:", as_toml(name, given))
        return Shown(name, form.summary or "a format of yours", form.example, form, str(given.get("manual", "")), text)
    known = {each: (summary, example) for each, summary, example in listing()}
    if name not in known:
        raise UsageError(f"format {name!r} is unknown", nearest(name, [*formats, *known], "see `logproc formats`", OTHER_NAMES))
    summary, example = known[name]
    if name in SAMPLED:
        content = example.encode() + b"\n"
        form_of_example = detect(content, whole=True) or fallback(content, whole=True) or SAMPLED[name]
        return Shown(name, summary, example, form_of_example, MANUALS.get(name, ""), (f"To change it: {LEARNED}", ""))
    form = BY_NAME[name]
    if isinstance(form.exact, LayoutReader):
        definition = f"--format '{definition_of(form.exact.layout)}'"
        return Shown(name, summary, example, form, MANUALS[name], ("To change it, on the command line:", definition))
    entry = ENTRIES[name]
    where = "To change it, in the config file (logproc.toml):"
    return Shown(name, summary, example, form, entry["manual"], (where, as_toml(f"my_{name}", entry)))


def own_formats(own: Own) -> dict[str, Format]:
    return {name: own_format(name, given) for name, given in own.items()}


def fields_of(form: Parser) -> list[str]:
    return ["time", *(name for name in form.fields if name != "time")] if times_of(form, "") != "none" else [*form.fields]


def read_example(form: Parser, example: str) -> dict[str, str]:
    """Return the fields of the first record of an example, as a report shows them."""
    data = numpy.frombuffer(example.encode() + b"\n", numpy.uint8)
    columns = form.parse(data, Context(reference_s=int(datetime.now(UTC).timestamp())), form.fields, 1 << 20).columns
    return dict(values_of(columns)) if columns is not None and columns.records else {}


def values_of(columns: Columns) -> Iterator[tuple[str, str]]:
    if columns.time[0] != NO_TIME:
        yield "time", datetime.fromtimestamp(int(columns.time[0]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, column in columns.keys.items():
        value = column.keys[int(column.index[0])].as_py()
        if value is not None and name not in columns.numbers:
            yield name, value
    for name, numbers in columns.numbers.items():
        if numbers.valid is None or numbers.valid[0]:
            nanos = 0 if numbers.nanos is None else int(numbers.nanos[0])
            digits = f"{int(numbers.whole[0])}.{nanos:09}".rstrip("0").rstrip(".")
            yield name, digits + (UNITS["duration"] if "duration" in name else UNITS.get(name, ""))


def table_of(fields: list[str], found: Mapping[str, str] | None, style: Style) -> list[str]:
    """Return a row for each field that the example has, and one line with the others."""
    names = [*dict.fromkeys([*(name for name in fields if found and name in found), *(found or {})])]
    width = max(map(len, names), default=0)
    rows = [f"  {style(f'{name:<{width}}', 'field')}  {harmless(found[name])}".rstrip() for name in names] if found else []
    others = ", ".join(name for name in fields if not found or name not in found)
    title = "  not in this line: " if found else "  fields: "
    return rows + ([style(title, "note") + others] if others else [])


def times_of(form: Parser, example: str) -> str:
    """Return how the times of a format are written and which zone they are in."""
    if not isinstance(form, Format):
        return "of each layout"
    if isinstance(form.exact, LayoutReader):
        return "as 17/May/2015:10:05:03 +0000, with the zone" if "time" in form.exact.layout.tokens else "none"
    if not isinstance(form.exact, Expression):
        return "of any known form; those without a zone are in --tz"
    time = form.exact.time
    if time is None:
        return "of any known form; those without a zone are in --tz" if "time" in form.fields else "none"
    written = re.search(time.expression, example)
    return ("as " + written[0].replace("\t", " ") + ", " if written else "") + zone_of(time)


def zone_of(time: TimeForm) -> str:
    if time.epoch:
        return "with the zone" if "[^" in time.expression else "seconds since 1970"
    year = "without a year: the latest that is not after the file's last change; " if time.year_less else ""
    return year + ("with a zone, or else in --tz" if "(?P<zone>" in time.expression else "without a zone: in --tz")


def quoted(text: str) -> str:
    """Return a text between quotes for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def as_toml(name: str, entry: Mapping[str, Any]) -> str:
    return "\n".join([f"[formats.{name}]", *(f"{key} = {toml_value(value)}" for key, value in entry.items())])


def toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, str) and value.isprintable() and "'" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)  # the same in TOML, for lists and booleans too
