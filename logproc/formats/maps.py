"""Where a field comes from, as a user says it: `time=started_at`, `time=date:%d/%m/%Y %H:%M:%S`, `duration=took:ms`.

FIELD=SOURCE[:FORM]: the source is a field as the log has it; the form is that of a time, or the unit of a number. A name that
ends in a unit, such as `took_ms` or `size_kib`, says the same by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.fields import Wanted, asks_for_others, sought
from logproc.formats.columns.units import LONG_NAMES, Unit, unit_named, unit_of
from logproc.formats.times.given import GivenForm, given_form
from logproc.model.errors import UsageError
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.formats.raw import Found

TEXT = regex(r"(?P<field>[A-Za-z_@][\w.@-]*)\s*=\s*(?P<source>[^:]+)(?::(?P<form>.+))?", re.DOTALL)
HINT = "write FIELD=SOURCE or FIELD=SOURCE:FORM, as in duration=took:ms or 'time=date:%d/%m/%Y %H:%M:%S'"
UNITS = "ns, us, ms, s, min, h, B, kB, MB, GB, KiB, MiB, GiB"
STEMS = {
    "duration": "duration took elapsed latency dur rt requesttime responsetime timetaken timespent totaltime processtime"
    " processingtime exectime executiontime querytime runtime requestduration responseduration responselatency requestlatency"
    " upstreamtime elapsedtime",
    "bytes": "size bytes bytessent sent bodysize bodybytessent responsesize contentlength length bodybytes",
}
"""Names, as far as the unit, of the fields that are also the duration or the size of a record, the likeliest first."""
TIMES = (
    *("timestamp", "ts", "datetime", "date_time", "asctime", "time_local", "time_iso8601", "log_time", "logtime"),
    *("event_time", "eventtime", "date"),
)
"""Groups of a pattern that are the time, if no group is called so, the likeliest first."""
DATES_AND_CLOCKS = (("date", "time"), ("date", "clock"), ("day", "time"), ("log_date", "log_time"))
"""Groups with a date and a time of day."""
OUTER = regex(
    r"^(?:res|req|response|request|http|http_?request|event|attributes|properties|fields|meta|record|data|context)\.",
    re.IGNORECASE,
)
"""Objects that such a field may be in."""
CAPITAL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
OWN_UNITS = {"kb": "kB", "mb": "MB", "gb": "GB", "kib": "KiB", "mib": "MiB", "gib": "GiB", "b": "B", "bytes": "B"}
"""Units as names have them, in lower case. Those of durations are lower case anyway."""
DIVIDED = regex(r"(?P<stem>.+?)(?:_in)?_(?P<unit>(?!min$)[a-z]+)")
"""`latency_min` is rather the smallest than in minutes."""
RUN_TOGETHER = regex(
    rf"(?P<stem>.+?)(?:in)?(?P<unit>{'|'.join(unit for unit in (*LONG_NAMES, 'ms', 'us', 'ns', *OWN_UNITS) if len(unit) > 1)})"
)
"""A unit of one letter needs something between: `durations` are several, not seconds."""


class Map(Struct, frozen=True):
    """The source of a field. unit: how its numbers are read. form: how its times are written; None for any known form.

    date: the field with the date, if the source may only have the time of day.
    """

    field: str
    source: str
    unit: Unit | None = None
    form: GivenForm | None = None
    date: str = ""


def parse_maps(texts: Iterable[str], option: str = "--map") -> tuple[Map, ...]:
    """Return what options say. Raises UsageError for what cannot be read, and for a field that comes twice."""
    maps = tuple(parse_map(text, option) for text in texts)
    fields = [found.field for found in maps]
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice:
        raise UsageError(f"{option} names the source of {twice} twice", "name it once")
    return maps


def parse_map(text: str, option: str = "--map") -> Map:
    """Return what one text says. Raises UsageError.

    >>> parse_map("duration=took:ms").unit.power, parse_map("time = started_at").source
    (3, 'started_at')
    """
    match = TEXT.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{option} {text!r} names no field and its source", HINT)
    field, source, form = match["field"], match["source"].strip(), match["form"]
    if field == "time":
        return Map(field, source, form=given_form(form, option) if form else None)
    if form is None:
        return Map(field, source, unit_of(field) if field in STEMS else None)
    unit = unit_named(form.strip())
    if unit is None:
        raise UsageError(f"{option} {text!r}: the unit {form.strip()!r} is unknown", f"known are {UNITS}")
    if unit_of(field).kind not in {"", unit.kind}:
        raise UsageError(f"{option} {text!r}: {form.strip()} is not a unit of {field}", f"known are {UNITS}")
    return Map(field, source, replace(unit, lists="upstream" in source))


def maps_of_table(table: Mapping[str, str], option: str) -> tuple[Map, ...]:
    """Return what a table of a config file says: `map = {duration = "took:ms"}`."""
    return parse_maps((f"{field}={source}" for field, source in table.items()), option)


def named_units(names: Collection[str], taken: Collection[str]) -> tuple[Map, ...]:
    """Return the sources of the duration and the size, if names of fields end in their unit.

    taken: fields that have a source already.

    >>> [(found.field, found.source) for found in named_units(["wait_ms", "tookMs", "size_kib"], ["time"])]
    [('duration', 'tookMs'), ('bytes', 'size_kib')]
    """
    return tuple(found for field in STEMS if field not in {*names, *taken} for found in named_with_unit(field, names)[:1])


def named_with_unit(field: str, names: Collection[str]) -> list[Map]:
    """Return all sources of a duration or a size whose names end in their unit, the likeliest first."""
    stems, kind = STEMS[field].split(), unit_of(field).kind
    candidates = [(stem, Map(field, name, unit)) for name in names for stem, unit in [divided(name)] if unit]
    fitting = [
        (stems.index(stem), found) for stem, found in candidates if stem in stems and found.unit and found.unit.kind == kind
    ]
    return [found for _, found in sorted(fitting, key=lambda candidate: candidate[0])]


def divided(name: str) -> tuple[str, Unit | None]:
    """Return a name as far as its unit, in lower case without dividers, and the unit.

    >>> divided("res.responseTimeMs") == divided("response-time-in-ms") == ("responsetime", unit_named("ms"))
    True
    >>> divided("latency_min"), named_with_unit("duration", ["durations", "latencys"])
    (('', None), [])
    """
    words = CAPITAL.sub("_", OUTER.sub("", name)).replace("-", "_").replace(".", "_").lower()
    for pattern, text in ((DIVIDED, words), (RUN_TOGETHER, words.replace("_", ""))):
        match = pattern.fullmatch(text)
        if match and (unit := unit_named(OWN_UNITS.get(match["unit"], match["unit"]))):
            return match["stem"].replace("_", ""), unit
    return "", None


def named_times(names: Collection[str]) -> tuple[Map, ...]:
    """Return the source of the time of records of text, by the names of their fields; none if that is the field `time` alone.

    >>> named_times(["ts"])[0].source, named_times(["date", "time"])[0].date, named_times(["time"])
    ('ts', 'date', ())
    """
    for date, clock in DATES_AND_CLOCKS:
        if {date, clock} <= {*names}:
            return (Map("time", clock, date=date),)
    if "time" in names:
        return ()
    return tuple(Map("time", name) for name in TIMES if name in names)[:1]


def widened(wanted: Collection[str], maps: Collection[Map]) -> Wanted:
    """Return the fields that a reader has to look for, the sources of those that are wanted among them."""
    needed = [found for found in maps if found.field in wanted or found.field not in STEMS]
    sources = frozenset(name for found in needed for name in (found.source, found.date) if name)
    usual = wanted.usual if isinstance(wanted, Wanted) else frozenset()
    searched = wanted.searched if isinstance(wanted, Wanted) else frozenset()
    return Wanted(sources.union(sought(wanted)), usual, searched, sources, asks_for_others(wanted))


def with_sources(part: Found, maps: Collection[Map]) -> Found:
    """Return records whose fields come from their sources, and from nowhere else."""
    fields = {name: values for name, values in part.fields.items() if all(name != found.field for found in maps)}
    fields |= {found.field: part.fields[found.source] for found in maps if found.source in part.fields}
    numbers = {name: values for name, values in part.numbers.items() if name not in fields}
    if all(found.field != "time" for found in maps):
        return replace(part, fields=fields, numbers=numbers)
    return replace(part, fields=fields, numbers=numbers, time=None, nanos=None, zoneless=None, undated=None)
