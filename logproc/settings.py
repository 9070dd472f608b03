"""Settings: every knob of a run, with its default, unit and limits, and where its value may come from.

Later wins: default < config file (TOML) < `LOGPROC_…` variables < options of the command line. One table, so
that a name holds everywhere: the option `--max-line-bytes` is the key `max-line-bytes` of the config file and
the variable `LOGPROC_MAX_LINE_BYTES`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_type_hints

from logproc.errors import UsageError

MEBIBYTE = 1 << 20
MOST = {"bytes": 1 << 60, "seconds": 366 * 86_400, "": 1 << 48}
"""What a knob of a unit may be that has no limit of its own: the operating system takes no wait that is much longer."""
CONFIG_BYTES = MEBIBYTE
SIZE = re.compile(r"(\d+)\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def knob(
    default: Any, text: str, *, unit: str = "", least: float | None = None, most: float | None = None, metavar: str = ""
) -> Any:
    """Return a field of Settings that says what it is for; the help texts and config/logproc.toml are held equal to it."""
    return field(default=default, metadata={"text": text, "unit": unit, "least": least, "most": most, "metavar": metavar})


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs. None means: chosen by the program when the run starts."""

    format: str | None = knob(
        None,
        "Format of all sources: a name of `logproc formats`, or a definition of nginx or Apache; found by itself if not given.",
    )
    pattern: str | None = knob(None, "Format of all sources as an expression of RE2 with named groups.", metavar="REGEX")
    nginx_conf: str | None = knob(None, "Take the formats of logs from this configuration of nginx.", metavar="FILE")
    where: str | None = knob(None, "Count only records for which this holds, such as `status >= 500`.", metavar="FILTER")
    since: str | None = knob(None, "Count only records from this time on: `2026-03-07 10:00`, `10:00`, `2h`.", metavar="TIME")
    until: str | None = knob(None, "Count only records before this time.", metavar="TIME")
    tz: str | None = knob(
        None, "Zone of times without an offset, of hours and of days, such as Europe/Berlin or local; UTC if not given."
    )
    by: tuple[str, ...] = knob(
        (), "Count by these fields, in place of the usual panels. May be repeated.", metavar="FIELD[,FIELD]"
    )
    metric: tuple[str, ...] = knob(
        (),
        "Tell these of each key: uniques:client, p95:duration, mean:…, min:…, max:…, sum:…, rate, visitors.",
        metavar="METRIC[,METRIC]",
    )
    sort: str | None = knob(None, "Order rows by count, bytes, key or a metric.", metavar="METRIC")
    order: Literal["asc", "desc"] | None = knob(None, "Order rows from small to large, or from large to small.")
    visitors: bool = knob(
        False, "Count visitors, a client with its user agent: by day and in all, people, bots and unknown apart."
    )
    client_from: Literal["xff"] | None = knob(None, "Take the client from X-Forwarded-For where the log has it.")
    anonymize: bool = knob(False, "Cut addresses to /24 and /48 before anything is counted or shown.")
    max_keys: int | None = knob(None, "Keys a panel may hold; the smallest are folded into `other` beyond that.", least=1)
    readers: int | None = knob(None, "Threads that read files; min(4, files) if not given.", least=1, most=1024)
    workers: int | None = knob(None, "Threads that parse and count; the usable cores if not given.", least=1, most=1024)
    chunk_size: int | None = knob(
        None,
        "Bytes of whole lines in one unit of work; 8 MiB, or less if memory is short.",
        unit="bytes",
        least=1,
        most=1 << 30,
    )
    memory: int = knob(128 * MEBIBYTE, "Bound on chunks in flight, their parsing included.", unit="bytes", least=1)
    max_line_bytes: int = knob(MEBIBYTE, "A longer line is rejected and never held whole.", unit="bytes", least=1, most=1 << 30)
    max_bytes: int | None = knob(None, "Decoded bytes after which a source is cut.", unit="bytes", least=1)
    max_ratio: float | None = knob(1000.0, "Decoded bytes to bytes read, watched beyond 64 MiB, 0 for no limit.", least=0)
    max_time: float | None = knob(None, "Seconds after which a source is cut.", unit="seconds", least=0.001)
    connections_per_host: int = knob(4, "Connections to one web server at once.", least=1, most=1024)
    connect_timeout: float = knob(10.0, "Seconds to wait for a connection.", unit="seconds", least=0.001)
    read_timeout: float = knob(
        30.0, "Seconds to wait for the headers of a response, and then for its next byte.", unit="seconds", least=0.001
    )
    retries: int = knob(3, "Further attempts after a web server failed in a way that may pass.", least=0, most=100)
    top: int = knob(10, "Rows of each panel, 0 for all.", least=0)
    output: Literal["terminal", "json", "csv"] = knob("terminal", "What is written to stdout.")
    csv_raw: bool = knob(False, "Keys in CSV as they are, also where a spreadsheet would run one as a formula.")
    recursive: bool = knob(False, "Read the files of directories, and of the directories in them.")
    encoding: str | None = knob(None, "Text encoding of all sources if they are not bytes of ASCII, such as utf-16.")
    trust_env: bool = knob(False, "Let proxy variables and .netrc take part in HTTP.")
    allow_downgrade: bool = knob(False, "Follow a redirect from https to http.")
    strict: tuple[Literal["no-rejects", "no-notes"], ...] = knob((), "Exit with 5 if a line was rejected, or a note was made.")
    quiet: bool = knob(False, "No progress and no diagnostics; with -o no report on stdout either.")
    color: Literal["auto", "always", "never"] = knob("auto", "Colours in the terminal report.")
    stall: float = knob(
        30.0, "Seconds without any progress after which --debug shows what every thread is doing.", unit="seconds", least=0.1
    )
    log_level: Literal["debug", "info", "warning", "error"] = knob("warning", "Least level of the events on stderr.")
    log_format: Literal["console", "json"] = knob("console", "Shape of the events on stderr.")
    patterns: tuple[tuple[str, str], ...] = field(default=(), metadata={"table": True})
    formats: tuple[tuple[str, dict[str, Any]], ...] = field(default=(), metadata={"table": True})

    def __post_init__(self) -> None:
        for item in knobs():
            check(option_name(item.name), getattr(self, item.name), item.metadata)

    @property
    def chunk_bytes(self) -> int:
        """The chunk size in force: 8 MiB, and so little that each worker has room for two, with what parsing one takes.

        That is three times its bytes, and as much again stays with a thread's part of the heap for its next one.
        """
        if self.chunk_size is not None:
            return self.chunk_size
        return max(1, min(8 * MEBIBYTE, self.memory // (8 * self.worker_count)))

    @property
    def worker_count(self) -> int:
        """The number of worker threads in force: by default one for each core this process may use."""
        return self.workers or usable_cores()

    def reader_count(self, files: int) -> int:
        """Return how many threads read regular files, given how many of them there are."""
        return min(self.readers or 4, files)


def knobs() -> tuple[Field[Any], ...]:
    """Return the fields that are options, keys and variables; the table `patterns` is of the config file alone."""
    return tuple(item for item in fields(Settings) if "table" not in item.metadata)


def usable_cores() -> int:
    """Return how many cores this process may use, where the system tells, else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check(where: str, value: Any, limits: Mapping[str, Any]) -> None:
    """Raise UsageError, which names `where` the value comes from, if a number is out of its limits (or is not a number)."""
    least = limits["least"]
    if value is None or least is None:
        return
    most = limits["most"] or MOST[limits["unit"]]
    if not value >= least:
        raise UsageError(f"{where} {value}", f"at least {least}")
    if value > most:
        raise UsageError(f"{where} {value}", f"at most {most}")


def option_name(name: str) -> str:
    """Return the name of a knob as it stands on the command line."""
    return "--" + name.replace("_", "-")


def parse_size(text: str) -> int:
    """Return the bytes that a text such as `4194304`, `64K`, `4MiB` or `1 GB` names (all powers of 1024).

    >>> parse_size("4MiB")
    4194304
    """
    match = SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no size such as 65536, 64K or 4MiB")
    return int(match[1]) * SIZE_UNITS.get((match[2] or "").upper(), 1)


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return the config file that a run without `--config` uses, None if there is none."""
    if environ.get("LOGPROC_CONFIG"):
        return Path(environ["LOGPROC_CONFIG"])
    folder = environ.get("XDG_CONFIG_HOME") or (environ["HOME"] + "/.config" if environ.get("HOME") else None)
    candidates = [Path("logproc.toml"), *([Path(folder, "logproc", "logproc.toml")] if folder else [])]
    return next((path for path in candidates if os.path.isfile(path)), None)  # noqa: PTH113 - is_file raises if it may not look


def read_config(path: Path) -> dict[str, Any]:
    """Return the values of a config file by the names of the fields.

    Raises UsageError if it cannot be read, is no TOML, or has a key that means nothing.
    """
    try:
        with path.open("rb") as file:
            content = file.read(CONFIG_BYTES + 1)
        if len(content) > CONFIG_BYTES:
            raise UsageError(f"config {path}: over {CONFIG_BYTES} bytes", "name a config file")
        document = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError(f"config {path}: {error.strerror}", "name another one with --config") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"config {path}: {error}", "mend the file, or name another one with --config") from error
    known = {item.name.replace("_", "-"): item.name for item in knobs()}
    patterns = read_patterns(document.pop("patterns", {}), path)
    formats = read_formats(document.pop("formats", {}), path)
    for key in document:
        if key not in known:
            raise UsageError(f"config {path}: unknown key {key!r}", "known are " + ", ".join(sorted(known)))
    values = {known[key]: convert(known[key], value, f"config {path}: {key}") for key, value in document.items()}
    return values | ({"patterns": patterns} if patterns else {}) | ({"formats": formats} if formats else {})


def read_patterns(table: Any, path: Path) -> tuple[tuple[str, str], ...]:
    """Return the named patterns of a config file. Raises UsageError for what is no text under a name."""
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise UsageError(f"config {path}: patterns", "write [patterns] and under it NAME = 'REGEX'")
    return tuple(table.items())


def read_formats(table: Any, path: Path) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return the formats of a config file. Raises UsageError for what is not a table under a name."""
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        raise UsageError(f"config {path}: formats", "write [formats.NAME] and under it expression = 'REGEX'")
    return tuple(table.items())


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the `LOGPROC_…` variables by the names of the fields; raises UsageError for a bad one."""
    values = {}
    for item in knobs():
        variable = "LOGPROC_" + item.name.upper()
        if environ.get(variable):
            values[item.name] = convert(item.name, environ[variable], variable)
    return values


def convert(name: str, value: Any, where: str) -> Any:
    """Return the value in the type of the knob `name`; text is parsed. Raises UsageError that names `where` it comes from."""
    import msgspec

    knob = next(item for item in fields(Settings) if item.name == name)
    try:
        if isinstance(value, str) and knob.metadata["unit"] == "bytes":
            value = parse_size(value)
        elif isinstance(value, str) and isinstance(knob.default, tuple):
            value = value.split(";" if knob.name == "by" else ",")
        value = msgspec.convert(value, get_type_hints(Settings)[name], strict=not isinstance(value, (str, list)))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{where}: {error}", "see `logproc analyze --help`") from error
    check(where + ":", value, knob.metadata)
    return value


def load(options: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings in force: defaults, then the config file, then the environment, then `options`."""
    path = config or config_path(environ)
    values = (read_config(path) if path else {}) | read_environment(environ) | dict(options)
    return replace(Settings(), **values)
