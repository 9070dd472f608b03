"""Settings: every knob of a run, with its default, unit and limits, and where its value comes from.

Later ones win: default < config file (TOML) < `LOGPROC_…` variables < command-line options. A setting has one name everywhere:
the option `--max-line-bytes` is the key `max-line-bytes` of the config file and the variable `LOGPROC_MAX_LINE_BYTES`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from logproc.model.config_files import config_path, read_formats, read_patterns
from logproc.model.errors import UsageError, nearest, system_words
from logproc.model.knobs import Kind, check, convert_one, knob, option_name, parts_of

MEBIBYTE = 1 << 20
CONFIG_BYTES = MEBIBYTE
TABLES: Mapping[str, Callable[[Any, str], Any]] = {"patterns": read_patterns, "formats": read_formats}
"""Settings that are tables, which no option can hold, and what reads them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs. None means that the program chooses when the run starts."""

    recursive: bool = knob(False, "Read the files in directories and their subdirectories.", group="Sources", usual=True)
    encoding: str | None = knob(
        None,
        "Text encoding of all sources, such as utf-16; needed if it is not UTF-8 or another superset of ASCII.",
        group="Sources",
    )
    format: str | None = knob(
        None,
        "Format of all sources: a name of `logproc formats`, or a definition of nginx or Apache; detected if not given.",
        group="Formats",
        usual=True,
    )
    pattern: str | None = knob(
        None, "Format of all sources as a regular expression (RE2) with named groups.", metavar="REGEX", group="Formats"
    )
    nginx_conf: str | None = knob(None, "Read the log formats from this nginx configuration.", metavar="FILE", group="Formats")
    map: tuple[str, ...] = knob(
        (), "Take FIELD from SOURCE: duration=took:ms. Repeatable.", metavar="FIELD=SOURCE[:FORM]", group="Formats"
    )
    where: str | None = knob(
        None, "Count only records that match, such as `status >= 500`.", metavar="FILTER", group="Questions", usual=True
    )
    since: str | None = knob(
        None,
        "Count only records from this time on: `2026-03-07 10:00`, `10:00`, `yesterday`, or `2h` (ago).",
        metavar="TIME",
        group="Questions",
        usual=True,
    )
    until: str | None = knob(None, "Count only records before this time.", metavar="TIME", group="Questions", usual=True)
    tz: str | None = knob(
        None,
        "Time zone of hours, days, and times without an offset, such as Europe/Berlin or local; UTC if not given.",
        group="Questions",
        usual=True,
    )
    by: tuple[str, ...] = knob(
        (),
        "Count by these fields instead of the usual panels, such as status or `every(5m)`; `logproc detect` lists a log's."
        " Repeatable.",
        metavar="FIELD[,FIELD]",
        group="Questions",
        usual=True,
    )
    metric: tuple[str, ...] = knob(
        (),
        "Also show for each key: uniques:client, p95:duration, mean:…, min:…, max:…, sum:…, rate, visitors, "
        "`share(status >= 500)`, peak(1s), first:time, last:time.",
        metavar="METRIC[,METRIC]",
        group="Questions",
        usual=True,
    )
    sort: str | None = knob(
        None,
        "Order rows by count, bytes, key or a metric, which is then also shown.",
        metavar="METRIC",
        group="Questions",
        usual=True,
    )
    order: Literal["asc", "desc"] | None = knob(None, "Order rows ascending or descending.", group="Questions")
    visitors: bool = knob(
        False,
        "Count visitors (distinct clients with their user agents) per day and in total: people, bots and unknown.",
        group="Questions",
    )
    client_from: Literal["xff"] | None = knob(
        None, "Take the client from X-Forwarded-For if the log has it.", group="Questions"
    )
    anonymize: bool = knob(
        False, "Truncate addresses to /24 (IPv4) and /48 (IPv6) before anything is counted or shown.", group="Questions"
    )
    top: int | tuple[int, ...] = knob(
        10,
        "Rows of each panel, 0 for all. `10,3`: three rows within each of the first ten values of the first field.",
        least=0,
        metavar="N[,N]",
        group="Reports",
        usual=True,
    )
    full: bool = knob(
        False,
        "On a terminal, show the whole report and not only its headline; through a pager if it is long.",
        group="Reports",
        usual=True,
    )
    output: Literal["terminal", "json", "csv", "html"] = knob(
        "terminal", "Format of the report on stdout.", group="Reports", usual=True
    )
    csv_raw: bool = knob(
        False, "Write keys to CSV unchanged, even those that a spreadsheet would run as a formula.", group="Reports"
    )
    strict: tuple[Literal["no-rejects", "no-notes"], ...] = knob(
        (), "Exit with 5 if a line was rejected, or if there is a note.", group="Reports"
    )
    quiet: bool = knob(False, "No progress and no diagnostics; with -o, no report on stdout either.", group="Reports")
    color: Literal["auto", "always", "never"] = knob("auto", "Colours in the terminal report.", group="Reports")
    log_level: Literal["debug", "info", "warning", "error"] = knob(
        "warning", "Lowest level of messages on stderr.", group="Reports"
    )
    log_format: Literal["console", "json"] = knob("console", "Format of messages on stderr.", group="Reports")
    max_keys: int | None = knob(
        None, "Most keys of a panel; beyond that the smallest are counted as `other`.", least=1, group="Limits"
    )
    memory: int = knob(
        128 * MEBIBYTE, "Memory for chunks in flight, including their parsing.", unit="bytes", least=1, group="Limits"
    )
    max_line_bytes: int = knob(
        MEBIBYTE,
        "A longer line is rejected and never held in memory whole.",
        unit="bytes",
        least=1,
        most=1 << 30,
        group="Limits",
    )
    max_bytes: int | None = knob(None, "Decoded bytes after which a source is cut off.", unit="bytes", least=1, group="Limits")
    max_ratio: float | None = knob(
        1000.0, "Most decoded bytes per byte read, checked beyond 64 MiB; 0 for no limit.", least=0, group="Limits"
    )
    max_time: float | None = knob(
        None,
        "Seconds of reading after which a source is cut off; waiting for its turn is not counted.",
        unit="seconds",
        least=0.001,
        group="Limits",
    )
    connections_per_host: int = knob(4, "Simultaneous connections to one web server.", least=1, most=1024, group="Web")
    connect_timeout: float = knob(10.0, "Seconds to wait for a connection.", unit="seconds", least=0.001, group="Web")
    read_timeout: float = knob(
        30.0,
        "Seconds to wait for the headers of a response, and then for each next byte.",
        unit="seconds",
        least=0.001,
        group="Web",
    )
    retries: int = knob(3, "Retries after a temporary failure of a web server or store.", least=0, most=100, group="Web")
    trust_env: bool = knob(False, "Use proxy variables and .netrc for HTTP.", group="Web")
    allow_downgrade: bool = knob(False, "Follow a redirect from https to http.", group="Web")
    readers: int | None = knob(None, "Threads that read files; min(4, files) if not given.", least=1, most=1024, group="Tuning")
    streams: int = knob(
        16,
        "Threads that read URLs and objects; further ones wait. Each pipe has a thread of its own.",
        least=1,
        most=1024,
        group="Tuning",
    )
    workers: int | None = knob(
        None, "Threads that parse and count; the usable cores if not given.", least=1, most=1024, group="Tuning"
    )
    chunk_size: int | None = knob(
        None,
        "Bytes of whole lines in one unit of work; 8 MiB, or less if memory is short.",
        unit="bytes",
        least=1,
        most=1 << 30,
        group="Tuning",
    )
    config_file: str | None = field(default=None, metadata={"table": True})  # the one that was read, for the report
    families: bool = field(default=False, metadata={"table": True})  # whether the report names browsers and systems
    shows: tuple[str, ...] | None = field(
        default=None, metadata={"table": True}
    )  # the fields that `show` writes; None: a report
    paints: tuple[str, ...] = field(default=(), metadata={"table": True})  # the fields it colours, where a log has them
    compares: bool = field(default=False, metadata={"table": True})  # whether the counts are for a comparison, not for a report
    patterns: tuple[tuple[str, str], ...] = field(default=(), metadata={"table": True})
    formats: tuple[tuple[str, dict[str, Any]], ...] = field(default=(), metadata={"table": True})

    def __post_init__(self) -> None:
        for item in knobs():
            check(option_name(item.name), getattr(self, item.name), item.metadata)

    @property
    def chunk_bytes(self) -> int:
        """The chunk size in force: 8 MiB, or less if `memory` is short: an eighth of each worker's share of it.

        Each worker has room for two chunks and for parsing, which takes three times the bytes of a chunk; as much again stays
        in the thread's malloc arena for its next one.
        """
        if self.chunk_size is not None:
            return self.chunk_size
        return max(1, min(8 * MEBIBYTE, self.memory // (8 * self.worker_count)))

    @property
    def worker_count(self) -> int:
        """The number of worker threads in force: by default one per core that this process may use."""
        return self.workers or usable_cores()

    def reader_count(self, files: int) -> int:
        """Return how many threads read regular files, given the number of files."""
        return min(self.readers or 4, files)


def knobs() -> tuple[Field[Any], ...]:
    """Return the fields that are options, keys and variables; tables can only be given in the config file."""
    return tuple(item for item in fields(Settings) if "table" not in item.metadata)


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_config(path: Path) -> dict[str, Any]:
    """Return the values of a config file by field name.

    Raises UsageError if it cannot be read, is not TOML, or has an unknown key.
    """
    import tomllib  # only needed if there is a file

    try:
        with path.open("rb") as file:
            content = file.read(CONFIG_BYTES + 1)
        if len(content) > CONFIG_BYTES:
            raise UsageError(f"config {path}: over {CONFIG_BYTES} bytes", "name a config file")
        document = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError(f"config {path}: {system_words(error)}", "name another one with --config") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"config {path}: {error}", "fix the file, or name another one with --config") from error
    known = {item.name.replace("_", "-"): item.name for item in knobs()}
    tables = {name: read(document.pop(name), f"config {path}: {name}") for name, read in TABLES.items() if name in document}
    for key in document:
        if key not in known:
            raise UsageError(f"config {path}: unknown key {key!r}", nearest(key, known))
    values = {known[key]: convert(known[key], value, f"config {path}: {key}:") for key, value in document.items()}
    return values | tables


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return each `LOGPROC_…` variable that is not a setting, with a hint at what was probably meant."""
    prefix, known = "LOGPROC_", ["CONFIG", "NATIVE", "PAGER", *(item.name.upper() for item in knobs())]
    names = [name.removeprefix(prefix) for name in environ if name.startswith(prefix)]
    otherwise = "see `logproc analyze --help`"
    # Compared without the prefix, which would make all names alike.
    return {
        prefix + name: nearest(name, known, otherwise).replace("'", prefix, 1).replace("'", "")
        for name in names
        if name not in known
    }


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the `LOGPROC_…` variables by field name. Raises UsageError for a bad value."""
    values = {}
    for item in knobs():
        variable = "LOGPROC_" + item.name.upper()
        if environ.get(variable):
            values[item.name] = convert(item.name, environ[variable], f"{variable}:")
    return values


def read_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by field name, whether they were typed or passed by a program.

    Raises UsageError for an unknown name or a bad value.
    """
    known = {*TABLES, *(item.name for item in knobs())}
    for name in options:
        if name not in known:
            raise UsageError(f"unknown option {name!r}", nearest(name, known))
    return {
        name: TABLES[name](value, name) if name in TABLES else convert(name, value, option_name(name))
        for name, value in options.items()
    }


@cache
def hints() -> dict[str, Any]:
    """Return the annotations of Settings. Each call of `get_type_hints` evaluates all of them, which takes 1 ms."""
    return get_type_hints(Settings)


@cache
def kind_of(name: str) -> Kind:
    """Return what a setting takes, from its annotation in Settings."""
    hint = hints()[name]
    optional = type(None) in get_args(hint)
    if optional:
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is UnionType:
        hint = get_args(hint)[0]  # `top` is a number, or several: see `convert`
    several = get_origin(hint) is tuple
    if several:
        hint = get_args(hint)[0]
    return Kind(hint, get_args(hint) if get_origin(hint) is Literal else (), several, optional)


def convert(name: str, value: Any, where: str) -> Any:
    """Return the value in the type of the setting `name`; text is parsed, and split if several values are allowed.

    Raises UsageError, which begins with `where` the value comes from.
    """
    knob = next(item for item in knobs() if item.name == name)
    kind = kind_of(name)
    if kind.several:
        return tuple(convert_one(kind, part, knob.metadata["unit"], where) for part in parts_of(name, value, where))
    if value is None and kind.optional:
        return None
    if name == "top" and value == "all":
        raise UsageError(f"{where} 'all' is not a number", "write 0 for all rows")
    parts = parts_of(name, value, where) if name == "top" and isinstance(value, str | list | tuple) else [value]
    numbers = tuple(convert_one(kind, part, knob.metadata["unit"], where) for part in parts)
    converted = numbers[0] if len(numbers) == 1 else numbers
    check(where, converted, knob.metadata)
    return converted


def load(options: Mapping[str, Any], config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in force: defaults, then the config file, then the environment, then `options`.

    A program passes only options: with neither `config` nor `environ`, nothing but `options` counts.
    """
    values: dict[str, Any] = {}
    if environ is not None:
        path = config or config_path(environ)
        values = (read_config(path) | {"config_file": str(path)} if path else {}) | read_environment(environ)
    return Settings(**values | read_options(options))
