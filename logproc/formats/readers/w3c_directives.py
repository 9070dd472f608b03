"""The directives of W3C logs: the names of fields (`#Fields`) and the day (`#Date`) of the lines below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy

from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.reading import value_seconds
from logproc.model.columns import NO_TIME
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.model.arrays import Integers, Mask

HASH = ord("#")
FIELDS = regex(rb"#Fields:|#fields\t")
DATE = regex(rb"#(?:Start-)?Date:\s*(.*)")
NAMES = {
    "c-ip": "client",
    "c-port": "client_port",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-uri": "target",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "time-taken": "duration",
    "cs(user-agent)": "user_agent",
    "cs(referer)": "referrer",
    **dict.fromkeys(("cs-host", "cs(host)"), "host"),
    "x-forwarded-for": "forwarded_for",
    "s-computername": "server",
    "timetakenms": "duration",
    # Zeek
    "id.orig_h": "client",
    "id.orig_p": "client_port",
    "status_code": "status",
    "response_body_len": "bytes",
    "uri": "target",
}
TIMES = {"date-utc": "date", "time-utc": "time", "date-local": "date", "time-local": "time", "ts": "time"}
"""Other names of the date and the time, used where the log has none of that name."""


def directive_lines(lines: Lines, which: Mask) -> Integers:
    """Return the positions of those lines that begin with `#`. None of the lines may be empty."""
    found = numpy.flatnonzero(which)
    directives: Integers = found[lines.data[lines.starts[found]] == HASH]
    return directives


def fields_named(line: bytes) -> tuple[str, ...]:
    """Return the names in a `#Fields` line, empty for other lines."""
    match = FIELDS.match(line)
    return tuple(line[match.end() :].decode("utf-8", "replace").split()) if match else ()


def date_named(line: bytes) -> int | None:
    """Return the moment in a `#Date` line in seconds since 1970, None for other lines."""
    match = DATE.match(line)
    text = match[1].strip() if match else b""
    seconds = (value_seconds(candidate, LAST_S) for candidate in (text, text + b" 00:00:00"))
    return next((found for found in seconds if found is not None), None) if text else None


def dates_above(lines: Lines, aside: Integers, before: int | None) -> Integers:
    """Return the last `#Date` above each line, NO_TIME where there is none.

    aside: the positions of the directives. before: the last one above the first line.
    """
    found = [(line, date) for line in aside.tolist() if (date := date_named(lines.text(line))) is not None]
    at, dates = numpy.array([line for line, _ in found], numpy.int64), [NO_TIME if before is None else before]
    values = numpy.array(dates + [date for _, date in found], numpy.int64)
    return values[numpy.searchsorted(at, numpy.arange(len(lines)), side="right")]


def names_of(directives: tuple[str, ...]) -> tuple[str, ...]:
    """Return unique column names for the fields of a directive."""
    found: Counter[str] = Counter()
    columns = []
    standard = {name.lower() for name in directives}
    for name in directives:
        column = NAMES.get(name.lower(), name)
        if (other := TIMES.get(name.lower())) and not {other, "date" if name == "ts" else other} & standard:
            column = other
        found[column] += 1
        columns.append(column if found[column] == 1 else f"{column}_{found[column]}")
    return tuple(columns)


def by_names(lines: Lines, aside: Integers, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Integers]]:
    """Yield the fields that lines have, and the positions of these lines; lines before any `#Fields` have none.

    aside: the positions of the directives. names: the fields of the lines before the first of them.
    """
    known = {names: 0}
    number, is_named, is_aside = (numpy.zeros(len(lines), kind) for kind in (numpy.int64, bool, bool))
    is_aside[aside] = True
    for line in aside.tolist():
        if found := fields_named(lines.text(line)):
            number[line], is_named[line] = known.setdefault(found, len(known)), True
    # For each line the position of the last #Fields up to it, -1 before the first one.
    latest = numpy.maximum.accumulate(numpy.where(is_named, numpy.arange(len(number)), -1))
    number = numpy.where(latest >= 0, number[latest], 0)
    which = numpy.flatnonzero(~is_aside)
    order = numpy.argsort(number[which], kind="stable")
    bounds = numpy.searchsorted(number[which][order], numpy.arange(len(known) + 1))
    for found, (start, end) in zip(known, pairwise(bounds.tolist()), strict=True):
        if found and end > start:
            yield found, which[order[start:end]]
