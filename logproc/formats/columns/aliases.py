"""Which keys of records hold the columns `time`, `level`, `message` and so on, as a sample of them shows.

A field's grammar decides, not its name alone: a `time` of 0.25 is not a time, and a `status` of "ok" is not one of HTTP.
Different loggers of one source have different names, so a column may have several sources, and each record has it from the
first one that fits (see `coalesce`). But keys in the same line are two things: of those only the first counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from logproc.formats.columns.addresses import address_of, bare
from logproc.formats.columns.coalesce import GRAMMAR, Source, zone_text
from logproc.formats.columns.durations import VALUES_TRIED, Values, are_numbers, durations_of, is_number
from logproc.formats.columns.fields import Wanted, raw_fields, sought
from logproc.formats.columns.levels import level_of
from logproc.formats.columns.names import (
    ACCESS,
    ADDRESSES_ONLY,
    ANY_SCALE,
    APPLICATION,
    AS_WRITTEN,
    DATES_AND_CLOCKS,
    DURATIONS,
    FAMILIES,
    INSTANTS,
    LEVEL_SCALES,
    NEXTCLOUD,
    OF_SYSLOG,
    WINDOWS,
    ZONES,
)
from logproc.formats.columns.units import UNKNOWN_POWER
from logproc.formats.maps import Map, named_units
from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.forms import DAY_SHORT, FORMS, MONTH_SHORT
from logproc.formats.times.order import KNOWN, TURNED, Order, order_of
from logproc.formats.times.reading import value_seconds
from logproc.model.patterns import regex

RARE = 10
"""A field is the time, or the status, if one in so many of its values is one: the others are then times that cannot be read."""
SURELY_TIMES = ["time", "timestamp", "@timestamp", "ts", "datetime", "Timestamp", "Time", "@t", "asctime"]
LEAST_DIGITS, LONGEST_TIME = 6, 64
"""How many digits a date or a time of day has at least, and how long it is at most."""
SHORT_FORMS = (DAY_SHORT, MONTH_SHORT)
REQUEST = regex(r"[A-Z]+ \S|[A-Za-z]+ +\S.* HTTP/\d")
UNIT_NAMES = {0: "s", 3: "ms", 6: "us", 9: "ns"}
"""Units of durations by their power of ten."""
NAME = regex(r"[\w.@-]+")
"""A name that can be written in `--map` as it is."""
SERILOG = "@t"
NEVER_RAW = frozenset({"time", "client", "logger", "pid"})
"""Columns that a key of the same name, but of another kind, is not."""

Aliases = dict[str, tuple[Source, ...]]


class Meaning(Struct, frozen=True):
    """What the keys of a sample mean: where each column is, the powers of ten of numbers, and how levels are written.

    maps: durations and sizes whose names end in a unit that is not a power of ten.
    unnamed_time: where no column is the time, the first key whose values all look like times, "" for none.
    """

    aliases: Aliases
    units: tuple[tuple[str, int], ...]
    maps: tuple[Map, ...] = ()
    levels: str = "words"
    order: Order = KNOWN
    unnamed_time: str = ""


def meaning_of(values: Values, lines: Mapping[str, Collection[int]] | None = None, *, access: bool | None = None) -> Meaning:
    """Return what the keys of a sample mean.

    lines: of each key the lines that have it, none if that is not known. access: whether the records describe requests,
    None to find it out.
    """
    if not values:  # detection asks every reader, and most of them find no line of theirs
        return Meaning({}, ())
    access = is_access(values) if access is None else access
    aliases = aliases_of(values, lines, access=access)
    units = units_of(values, aliases, lines, access=access)
    # In Serilog's compact form a record without a level is information.
    every = {line for having in (lines or {}).values() for line in having}
    implicit = "level" not in values and bool(every) and set((lines or {}).get(SERILOG, ())) == every
    if implicit:
        aliases.setdefault("level", (Source(("@l",)),))
    times = [text for source in aliases.get("time", ()) for text in texts_of(source, values)]
    numbers = [name for name, texts in values.items() if are_numbers(texts)]
    maps = named_units(numbers, {*values, *aliases})
    unnamed = "" if "time" in aliases else unnamed_time(values)
    return Meaning(aliases, units, maps, "implicit" if implicit else scale_of(values, aliases), order_of(times), unnamed)


def scale_of(values: Values, aliases: Aliases) -> str:
    """Return how the levels are written: words, letters and numbers, or the numbers of one scale."""
    keys = [key for source in aliases.get("level", ()) for key in source.keys]
    scales = {scale for key in keys for name, scale in LEVEL_SCALES.items() if form_of(name) == form_of(key)}
    if len(WINDOWS & {name.rpartition(".")[2] for name in values}) > 1:
        return "windows"
    if len(scales) == 1 and len(keys) == 1:
        return scales.pop()
    if not keys or not all(form_of(key) in ANY_SCALE for key in keys) or OF_SYSLOG & values.keys():
        return "words"
    return "nextcloud" if values.keys() >= NEXTCLOUD else "unsure"


def texts_of(source: Source, values: Values) -> list[str]:
    """Return some sampled values of a time; if it takes two keys, those of the first with any of the second."""
    first, *second = (list(values[key])[:VALUES_TRIED] for key in source.keys if key in values)
    return [text + source.glue + second[0][0] for text in first] if second and second[0] else first


def hidden_of(names: Collection[str], aliases: Mapping[str, object], wanted: Collection[str] = ()) -> frozenset[str]:
    """Return the names of columns that keys have whose values are of another kind: they do not become columns.

    Those in `wanted` that the user takes for another field are not hidden.
    """
    sources = wanted.sources if isinstance(wanted, Wanted) else frozenset()
    own = {*names, *(name.partition(".")[0] for name in names)}  # `client.id`: `client` is an object
    return (NEVER_RAW | (GRAMMAR.keys() if "status" in aliases else frozenset())) & own - aliases.keys() - sources


def held_by(aliases: Mapping[str, tuple[Source, ...]]) -> frozenset[str]:
    """Return the keys that standard columns are taken from in the first place: they hold nothing else."""
    return frozenset(key for name, sources in aliases.items() for key in sources[0].keys if key != name)


def sources_of(
    fields: Collection[str],
    keys: Collection[str],
    aliases: Mapping[str, tuple[Source, ...]],
    wanted: Collection[str],
    hidden: frozenset[str] = frozenset(),
) -> dict[str, tuple[Source, ...]]:
    """Return where the fields are that are needed for the wanted columns: a name without an alias is a key of its own.

    fields: those of the format. keys: those of the sample. hidden: names that are never fields, whatever is asked for.
    """
    names = raw_fields(tuple(dict.fromkeys([*fields, *sought(wanted)])), {*wanted, "time"})
    hidden |= hidden_of(keys, aliases, wanted)
    if any(source.keys == ("path",) for source in aliases.get("target", ())):  # the path is what is before the query
        hidden |= {"path"}
    return {name: aliases.get(name) or (Source((name,), raw=True),) for name in names if name not in hidden}


def aliases_of(values: Values, lines: Mapping[str, Collection[int]] | None = None, *, access: bool) -> Aliases:
    """Return the sources of each standard column, as far as there are any, given sampled values by key.

    access: whether the records describe requests.
    """
    found: Aliases = {}
    spelled = spellings(values)
    for column, candidates in ({**APPLICATION, **ACCESS} if access else APPLICATION).items():
        names = [name for candidate in candidates for name in spelled(candidate)]
        sources = [] if column != "time" else times_of_two(values)
        sources += [
            Source((name,), sure=all(fitting(column, values[name])))
            for name in dict.fromkeys(names)
            if qualifies(column, name, values[name], access=access)
        ]
        if sources := list(alternatives(sources, lines or {})):
            found[column] = tuple(sources)
    if "logger" in found and "level" not in found and found["logger"][0].keys[0] in AS_WRITTEN:
        found.pop("logger")  # anything has a `name`
    if "time" not in found and (unread := unreadable_times(values)):
        found["time"] = (Source((unread,), sure=False, unread=True),)
    if "request" in found:
        asked = values[found["request"][0].keys[0]]
        if not any(REQUEST.match(text) for text in asked):  # this `request` holds only the target
            found["target"] = (*found.get("target", ()), *found.pop("request"))
    is_path = access and "path" in found and found["path"][0].keys == ("path",)
    if is_path and not found.keys() & {"target", "request"}:  # Envoy's `path` has the query too
        found["target"] = found.pop("path")
    if "logger" in found and not found.keys() & {"time", "message", "level"}:
        # In other data than a log, `name` and `module` are anything.
        others = tuple(source for source in found.pop("logger") if source.keys[0] not in AS_WRITTEN)
        found |= {"logger": others} if others else {}
    if "id.orig_h" in values:
        found.pop("program", None)  # Zeek's `service` is a protocol
    return found


def spellings(values: Values) -> Callable[[str], Iterator[str]]:
    """Return a function from a known name to the keys that are this name: as it is written, then other spellings."""
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in values:
        by_form[form_of(name)].append(name)

    def spelled(name: str) -> Iterator[str]:
        if name in values:
            yield name
        if name not in AS_WRITTEN:
            yield from (other for other in by_form.get(form_of(name), ()) if other not in AS_WRITTEN and other not in DURATIONS)

    return spelled


@lru_cache(maxsize=1 << 12)
def form_of(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def alternatives(sources: list[Source], lines: Mapping[str, Collection[int]]) -> Iterator[Source]:
    """Yield the first source, and those that are never in one line with one before them."""
    having: list[tuple[Source, set[int]]] = []
    for source in sources:
        own = set(lines.get(source.keys[0], ()))
        if not having or (own and all(own.isdisjoint(other) or is_family(before, source) for before, other in having)):
            having.append((source, own))
            yield source


def is_family(first: Source, second: Source) -> bool:
    """Return whether a record without the first source may have the second, although other records have both."""
    return (first.keys[0], second.keys[0]) in FAMILIES or not first.sure


def qualifies(column: str, name: str, texts: Collection[str], *, access: bool) -> bool:
    """Return whether enough of a key's sampled values have the grammar of a column. access: as for `aliases_of`."""
    if column == "time":
        return are_times(texts)
    fits = fitting(column, texts)
    if column == "client" and form_of(name) in ADDRESSES_ONLY and not access:
        fits = [address_of(bare(text)) is not None for text in list(texts)[:VALUES_TRIED] if text not in {"", "-"}]
    if column == "level":  # a word that is on no scale is still what the log says
        return name not in AS_WRITTEN or 2 * sum(fits) >= len(fits)
    return sum(fits) * (RARE if column == "status" else 2) >= len(fits)


def fitting(column: str, texts: Collection[str]) -> list[bool]:
    """Return which of some sampled values have the grammar of a column, absent ones left out."""
    some = [text for text in list(texts)[:VALUES_TRIED] if text not in {"", "-"}]
    if column == "time":
        return list(map(is_time, some))
    if column == "level":
        return [level_of(text) is not None for text in some]
    grammar = re.compile(GRAMMAR.get(column, "(?s).*"))
    return [grammar.fullmatch(text) is not None for text in some]


def are_times(texts: Collection[str]) -> bool:
    """Return whether some of the sampled values are times.

    So a field that only has such a name, as a duration may, does not make a log one of unreadable times.
    """
    some = list(texts)[:VALUES_TRIED]
    return bool(some) and sum(map(is_time, some)) * RARE >= len(some)


def unreadable_times(values: Values) -> str:
    """Return the key whose values are times that cannot be read, by its name and their looks, so that reports say so; or ""."""
    for name in SURELY_TIMES:
        if (texts := list(values.get(name, ()))[:VALUES_TRIED]) and 2 * sum(map(looks_like_time, texts)) > len(texts):
            return name
    return ""


def unnamed_time(values: Values) -> str:
    """Return the first key that could be the time if it had the name of one: its values are times, not numbers."""
    for name, texts in values.items():
        some = list(texts)[:VALUES_TRIED]
        if NAME.fullmatch(name) and some and all(looks_like_time(text) and is_time(text) for text in some):
            return name
    return ""


def has_unreadable_times(aliases: Iterable[tuple[str, tuple[Source, ...]]]) -> bool:
    """Return whether the records of a format have times that cannot be read; they are records without a time then."""
    return any(source.unread for source in dict(aliases).get("time", ()))


def looks_like_time(text: str) -> bool:
    has_digits = len(text) <= LONGEST_TIME and sum(map(str.isdigit, text)) >= LEAST_DIGITS
    return has_digits and (text.count(":") == 2 or not is_number(text))


def is_time(text: str) -> bool:
    return any(value_seconds(text.encode(), LAST_S, forms=forms) is not None for forms in (FORMS, TURNED, SHORT_FORMS))


def times_of_two(values: Values) -> list[Source]:
    """Return the times that take two keys: a date and a time of day, or seconds and nanoseconds."""
    found = []
    spelled = spellings(values)
    for names in DATES_AND_CLOCKS:
        keys = [next(spelled(name), "") for name in names]
        clocks = [text for text in list(values.get(keys[1], ()))[:VALUES_TRIED] if not is_time(text)] if all(keys) else []
        if are_times([f"{date} {clock}" for date in list(values.get(keys[0], ()))[:1] for clock in clocks]):
            zones = [zone for name in ZONES for zone in spelled(name) if are_zones(values, keys, zone)]
            found.append(Source((*keys, *zones[:1]), " ", sure=False))
    instants = (names for names in INSTANTS if names[0] in values and are_times(values[names[0]]))
    return found + [Source(names, ".") for names in instants]


def are_zones(values: Values, keys: Sequence[str], zone: str) -> bool:
    """Return whether the sampled values of a key are zones, and the times of day in another one have none of their own."""
    zones = {text for text in list(values[zone])[:VALUES_TRIED] if text not in {"", "-"}}
    date, clock = (next(iter(values[key])) for key in keys)
    return bool(zones) and all(is_time(f"{date} {clock}{zone_text(text)}") for text in zones)


def is_access(values: Values) -> bool:
    """Return whether the sampled fields describe HTTP requests: there is an HTTP status, and a field for the request."""
    spelled = spellings(values)

    def having(column: str) -> list[str]:
        return [name for candidate in ACCESS[column] for name in spelled(candidate)]

    asked = any(having(column) for column in ("request", "method", "target", "path"))
    return asked and any(is_status(values[name]) for name in having("status"))


def is_status(texts: Collection[str]) -> bool:
    fits = fitting("status", texts)
    return any(fits) and sum(fits) * RARE >= len(fits)


def units_of(
    values: Values, aliases: Aliases, lines: Mapping[str, Collection[int]] | None = None, *, access: bool
) -> tuple[tuple[str, int], ...]:
    """Return the columns that hold numbers, with their powers of ten, and add the duration to the aliases.

    Durations in different units have theirs put behind each number, and the column has none of its own.
    """
    found: dict[str, int] = {}
    for name, power in durations_of(values):
        found.setdefault(name, power)
    known = {name: power for name, power in found.items() if power != UNKNOWN_POWER}
    found = known or found
    sources = list(alternatives([Source((name,)) for name in found], lines or {}))
    powers = [found[source.keys[0]] for source in sources]
    units = {}
    if sources:
        units["duration"] = powers[0] if len(set(powers)) == 1 else 0
        mixed = len(set(powers)) > 1
        named = zip(sources, powers, strict=True)
        aliases["duration"] = tuple(Source(source.keys, unit=UNIT_NAMES[power] if mixed else "") for source, power in named)
    return tuple((units | ({"bytes": 0} if access and "bytes" in aliases else {})).items())
