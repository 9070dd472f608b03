"""Random questions: which records, counted by what, measured how, as options for the program and as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from tools.fuzz.differential.fields import LEVELS, SCALE
from tools.fuzz.differential.model import EPOCH, Draw, Log, Moment
from tools.fuzz.differential.values import WEEKDAYS

NANO = Fraction(1, 10**9)
SECOND_CHARACTERS = len("2026-03-07T10:00:00")
ZONES = (
    None,
    None,
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
)
TIME_FIELDS = ("hour", "day", "minute", "weekday")
DERIVED = {
    "status": ("status_class",),
    "path": ("ext", "shape(path)"),
    "client": ("net:24", "net:8", "net:0", "net:48", "net:128"),
    "user_agent": ("bot", "browser", "os", "device"),
}
NUMERIC = (
    "status",
    "bytes",
    "duration",
    "pid",
    "thread",
    "took",
    "n",
    "odd",
    "cart.items.count",
    "customer.id",
    "id",
    "flag",
    "connection",
)
NETWORKS = (
    "192.0.2.0/24",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "::ffff:192.0.2.0/120",
    "10.1.2.3/8",
)
LARGE = tuple((str(number), Fraction(number)) for number in (-3, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 10**20))
EXPRESSIONS = ("^/", "a", r"\d+", "^$", "[^a-z]", "o{2}|x", "(?i)INFO", r"\.", "e$", "^-", '"', r"\\")


@dataclass(frozen=True, slots=True)
class Filter:
    """One node of `--where`. kind: and, or, not, absent, or the operator of a comparison. text: as the program gets it."""

    kind: str
    text: str
    parts: Sequence[Filter] = ()
    field: str = ""
    values: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. since, until: in seconds since 1970. options: the settings that say all of it to the program."""

    by: Sequence[Sequence[str]]
    metrics: Sequence[str]
    where: Filter | None
    since: Moment | None
    until: Moment | None
    zone: tzinfo
    sort: str | None
    order: str | None
    top: int
    anonymous: bool
    forwarded: bool
    visitors: bool
    max_line_bytes: int
    options: Mapping[str, Any] = field(default_factory=dict)


def zone_of(name: str | None) -> tzinfo:
    return UTC if name in {None, "UTC"} else ZoneInfo(str(name))


def question(draw: Draw, logs: Sequence[Log], zone_name: str | None) -> Question:
    """Return a question about some logs. Of their fields it names only those that a record has."""
    zone = zone_of(zone_name)
    had = {name for log in logs for line in log.lines if line.record for name in (*line.record.texts, *line.record.numbers)}
    fields = sorted({name for log in logs for name in log.fields if name in had})
    every = [*TIME_FIELDS, *fields, *(more for name in fields for more in DERIVED.get(name, ()))]
    by = [draw.sample(every, min(len(every), draw.choice((1, 1, 1, 2, 2, 3, 4)))) for _ in range(draw.choice((0, 1, 1, 1, 2)))]
    by = list({",".join(names): names for names in by}.values())
    metrics = some_metrics(draw, fields)
    sort = draw.choice((None, None, "count", "bytes", "key", *metrics)) if draw.chance(0.5) else None
    times = sorted(line.record.time for log in logs for line in log.lines if line.record and line.record.time is not None)
    since, until = bounds(draw, times)
    where = condition(draw, fields, logs, times) if fields and draw.chance(0.6) else None
    chosen: dict[str, Any] = {
        "tz": zone_name,
        "by": tuple(",".join(names) for names in by),
        "metric": tuple(metrics),
        "where": where and where.text,
        "since": since and spelled(draw, since, zone),
        "until": until and spelled(draw, until, zone),
        "sort": sort,
        "order": draw.choice(("asc", "desc")) if draw.chance(0.2) else None,
        "top": draw.choice((0, 0, 0, 1, 3, 10)),
        "anonymize": draw.chance(0.1),
        "client_from": "xff" if draw.chance(0.1) else None,
        "visitors": draw.chance(0.05),
        "max_line_bytes": draw.choice((1000, 4000, 1 << 20)),
    }
    options = {name: value for name, value in chosen.items() if value is not None and value is not False and value != ()}
    return Question(
        by, metrics, where, since, until, zone, sort, chosen["order"], chosen["top"], chosen["anonymize"],
        chosen["client_from"] is not None, chosen["visitors"], chosen["max_line_bytes"], options,
    )  # fmt: skip


def some_metrics(draw: Draw, fields: Sequence[str]) -> list[str]:
    numeric = [name for name in fields if name in NUMERIC]
    found = []
    for _ in range(draw.choice((0, 0, 1, 2, 3))):
        kind = draw.choice(
            (
                "sum",
                "mean",
                "min",
                "max",
                "p50",
                "p95",
                "p0",
                "p100",
                "p99.9",
                "uniques",
                "uniques",
                "rate",
                "visitors",
                "count",
            )
        )
        if kind in {"rate", "count"} or (kind == "visitors" and "client" in fields):
            found.append(kind)
        elif kind == "uniques" and fields:
            found.append(f"uniques:{draw.choice([*fields, 'hour', 'day'])}")
        elif numeric and kind != "visitors":
            found.append(f"{kind}:{draw.choice(numeric)}")
    return list(dict.fromkeys(found))


def bounds(draw: Draw, times: Sequence[Moment]) -> tuple[Moment | None, Moment | None]:
    """Return `since` and `until`, often the very time of a record."""
    if not times or draw.chance(0.6):
        return None, None
    first, last = sorted(draw.choice(times) + draw.choice((0, 0, 1, -1, 3600, NANO, -NANO)) for _ in range(2))
    if first == last:
        last += 1
    return draw.choice(((first, None), (None, last), (first, last)))


def spelled(draw: Draw, moment: Moment, zone: tzinfo, *, bare: bool = True) -> str:
    """Return a moment as people write it. bare: also as a number, or without an offset where that is not ambiguous."""
    seconds, rest = floor(moment), moment - floor(moment)
    behind = f"{draw.choice('.,')}{int(rest / NANO):09}".rstrip("0") if rest else ""
    if bare and 0 <= seconds < 10**12 and draw.chance(0.2):
        return f"@{seconds}{behind.replace(',', '.')}"
    whole = EPOCH + timedelta(seconds=seconds)
    local = whole.astimezone(zone).replace(tzinfo=None, fold=0)
    if bare and draw.chance(0.5) and local.replace(tzinfo=zone) - EPOCH == whole - EPOCH:
        return local.isoformat(sep=draw.choice(" T")) + behind
    text = whole.astimezone(timezone(timedelta(minutes=draw.choice((0, 120, -210))))).isoformat()
    return text[:SECOND_CHARACTERS] + behind + text[SECOND_CHARACTERS:]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def condition(draw: Draw, fields: Sequence[str], logs: Sequence[Log], times: Sequence[Moment], depth: int = 0) -> Filter:
    """Return a tree of comparisons, three levels deep at the most."""
    kind = draw.choice(("one", "one", "one", "not", "and", "or")) if depth < 3 else "one"
    if kind == "one":
        return comparison(draw, fields, logs, times)
    parts = [condition(draw, fields, logs, times, depth + 1) for _ in range(1 if kind == "not" else draw.choice((2, 3)))]
    if kind == "not":
        return Filter("not", f"not ({parts[0].text})", parts)
    return Filter(kind, "(" + f" {kind} ".join(part.text for part in parts) + ")", parts)


def comparison(draw: Draw, fields: Sequence[str], logs: Sequence[Log], times: Sequence[Moment]) -> Filter:
    derived = [more for name in fields for more in DERIVED.get(name, ()) if more not in {"bot", "browser", "os", "device"}]
    name = draw.choice([*fields, *fields, *derived, "time", "hour", "weekday"])
    if draw.chance(0.1) and name != "time":
        absent = draw.choice(("", "not "))
        return Filter("absent" if not absent else "present", f"{spelled_field(name)} is {absent}absent", field=name)
    if name == "time":
        values = [(draw.choice(times) if times else 0) + draw.choice((0, 0, 1, -1, 86_400, NANO, -NANO)) for _ in range(2)]
        return ordered(draw, name, [(quoted(spelled(draw, value, UTC, bare=False)), value) for value in values])
    if name in {"client", "forwarded_for"}:
        return of_client(draw, name, logs)
    if name in {"status", "bytes", "duration"}:
        return ordered(draw, name, [of_number(draw, name, logs) for _ in range(2)])
    if name in NUMERIC and name != "thread" and draw.chance(0.5):
        return ordered(draw, name, [of_number(draw, name, logs) for _ in range(2)])
    if name == "level":
        words = [draw.choice((*SCALE, *(word for word in LEVELS if word.isalpha()))) for _ in range(2)]
        return ordered(draw, name, [(quoted(word), SCALE.index(LEVELS.get(word, word))) for word in words])
    return of_text(draw, name, logs)


def spelled_field(name: str) -> str:
    return "`" + name.replace("`", "``") + "`" if re.search("[^A-Za-z0-9_.@:-]", name) else name


def ordered(draw: Draw, name: str, values: Sequence[tuple[str, Any]]) -> Filter:
    """Return a comparison by size, or with several values."""
    operator = draw.choice(("==", "=", "!=", "<", "<=", ">", ">=", "in", "not in"))
    if "in" in operator:
        return Filter(
            operator,
            f"{spelled_field(name)} {operator} ({', '.join(text for text, _ in values)})",
            (),
            name,
            [value for _, value in values],
        )
    return Filter(operator, f"{spelled_field(name)} {operator} {values[0][0]}", (), name, [values[0][1]])


def of_number(draw: Draw, name: str, logs: Sequence[Log]) -> tuple[str, Fraction]:
    held = [line.record.numbers[name] for log in logs for line in log.lines if line.record and name in line.record.numbers]
    if held and draw.chance(0.6):
        value = draw.choice(held)
        return decimal(value), value
    choices = {
        "bytes": (("1kB", Fraction(1000)), ("0.5KiB", Fraction(512)), ("1MiB", Fraction(1 << 20)), ("0", Fraction(0))),
        "duration": (("250ms", Fraction(1, 4)), ("1.5s", Fraction(3, 2)), ("1m", Fraction(60)), ("15us", Fraction(15, 10**6))),
    }.get(
        name,
        (("200", Fraction(200)), ("404", Fraction(404)), ("7", Fraction(7)), ("99.5", Fraction(199, 2)), *LARGE),
    )
    return draw.choice(choices)


def decimal(value: Fraction) -> str:
    """Return a number of billionths in digits."""
    nanos = int(value * 10**9)
    sign = "-" if nanos < 0 else ""
    return f"{sign}{abs(nanos) // 10**9}.{abs(nanos) % 10**9:09}"


def of_client(draw: Draw, name: str, logs: Sequence[Log]) -> Filter:
    held = [line.record.texts[name] for log in logs for line in log.lines if line.record and name in line.record.texts]
    values = [draw.choice([*NETWORKS, *held, *held, "192.0.2.1", "2001:db8::2", "localhost"]) for _ in range(2)]
    values = [value if "/" in value and value in NETWORKS else value.replace("/", "") for value in values]
    operator = draw.choice(("==", "!=", "in", "not in"))
    if "in" in operator:
        return Filter(operator, f"{spelled_field(name)} {operator} ({', '.join(map(quoted, values))})", (), name, values)
    return Filter(operator, f"{spelled_field(name)} {operator} {quoted(values[0])}", (), name, values[:1])


def of_text(draw: Draw, name: str, logs: Sequence[Log]) -> Filter:
    held = [line.record.texts[name] for log in logs for line in log.lines if line.record and name in line.record.texts]
    values = [draw.choice([*held, *held, "a", "", "GET", "2xx", "Mon"]) for _ in range(2)]
    kind = draw.choice(("ordered", "ordered", "contains", "not contains", "=~", "!~"))
    if kind == "ordered" and name in TIME_FIELDS:  # not as texts: only what begins a stretch or is a weekday is a value
        days = [draw.choice(WEEKDAYS) for _ in range(2)]
        return Filter("in", f"weekday in ({', '.join(map(quoted, days))})", (), "weekday", days)
    if kind == "ordered":
        return ordered(draw, name, [(quoted(value), value) for value in values])
    if kind.endswith("contains"):
        start = draw.randrange(len(values[0]) + 1)
        piece = values[0][start : start + draw.choice((1, 3))]
        return Filter(kind, f"{spelled_field(name)} {kind} {quoted(piece)}", (), name, [piece])
    expression = draw.choice(EXPRESSIONS)
    return Filter(kind, f"{spelled_field(name)} {kind} {quoted(expression)}", (), name, [expression])
