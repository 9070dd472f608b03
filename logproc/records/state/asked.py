"""Which settings the counts of a state depend on, in words, so that a run with other ones can be refused by name.

A setting is part of the question unless it is listed as not: a new one that is forgotten here refuses too much, never mixes
two kinds of counts.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any

from logproc.formats.times.calendar import iso
from logproc.model.errors import UsageError, system_words
from logproc.model.knobs import option_name
from logproc.questions.metrics import split_outside
from logproc.questions.timespan import parse_moment

NOT_ASKED = frozenset(
    {
        *("recursive", "order", "top", "full", "output", "csv_raw", "strict", "quiet", "color", "log_level", "log_format"),
        *("memory", "max_ratio", "max_time", "connections_per_host", "connect_timeout", "read_timeout", "retries"),
        *("trust_env", "allow_downgrade", "readers", "streams", "workers", "chunk_size", "config_file", "families", "paints"),
    }
)
"""Settings that change what is read, how fast, or what is shown, but not how a line is counted."""
TABLES = frozenset({"patterns", "formats"})
"""Tables of the config file. They are compared by their digests."""
COUNTED_ANYWAY = frozenset({"count", "bytes", "key", "rate"})
"""Orders of rows that need no counts of their own."""
LATER_S = 400 * 86_400 + 12_345
"""A time that is another one so many seconds later is not fixed."""
MOST_NAMED = 3


def asked(values: Mapping[str, Any], zone: tzinfo, now_s: int) -> dict[str, str]:
    """Return the settings that counts depend on, as text by their names, without those that are not given.

    values: the settings by name. zone: that of `tz`. Raises UsageError for a time such as `2h`, which moves with the clock:
    what was counted in an earlier run would not move with it.
    """
    given = {name: value for name, value in values.items() if name not in NOT_ASKED and value not in (None, (), False)}
    found = {name: words(name, value) for name, value in given.items() if name != "sort" or value not in COUNTED_ANYWAY}
    if values.get("shows") is not None:  # which fields are shown changes no counts, but a report needs more of them
        found["shows"] = "True"
    found |= {name: fixed(name, found[name], zone, now_s) for name in ("since", "until") if name in found}
    return dict(sorted((found | {"tz": str(zone)}).items()))


def words(name: str, value: Any) -> str:
    if name in TABLES:
        return digest(repr(sorted(value)).encode())
    if name == "nginx_conf":
        return f"{value} ({digest_of_file(value)})"
    if name == "metric":
        value = ",".join(sorted({metric.strip() for part in value for metric in split_outside(part)}))
    several = sorted(value) if isinstance(value, tuple) and name != "map" else value
    return f" {option_name(name)} ".join(several) if isinstance(several, list | tuple) else str(several)


def fixed(name: str, text: str, zone: tzinfo, now_s: int) -> str:
    """Return a time as ISO 8601 in UTC. Raises UsageError if it depends on when it is asked."""
    option = option_name(name)
    moment, later = (parse_moment(option, text, zone, now) for now in (now_s, now_s + LATER_S))
    seconds, nanos = divmod(moment, 10**9)
    if moment != later:
        example = datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        raise UsageError(
            f"{option} {text}: moves with the clock, but what a state holds is counted already",
            f"name a fixed time: {option} '{example}'",
        )
    return iso(seconds) + (f" and {nanos} ns" if nanos else "")


def digest(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()


def digest_of_file(path: str) -> str:
    try:
        return digest(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"--nginx-conf {path}: {system_words(error)}", "name the file with the log_format lines") from error


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return in words which settings differ, "" for none.

    >>> difference({"by": "path", "tz": "UTC"}, {"by": "status", "where": "status >= 500", "tz": "UTC"})
    "counted with --by path and no --where, this run has --by status and --where 'status >= 500'"
    """
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if not names:
        return ""
    then, today = (" and ".join(option(name, found.get(name)) for name in names[:MOST_NAMED]) for found in (before, now))
    return f"counted with {then}, this run has {today}"


def option(name: str, value: str | None) -> str:
    """Return a setting as it is written on the command line."""
    shown = f"[{name}] in the config file" if name in TABLES else "`logproc show`" if name == "shows" else option_name(name)
    if value is None:
        return f"no {shown}"
    if value == "True":
        return shown
    return f"{shown} {value if f' {shown} ' in value else shlex.quote(value)}"
