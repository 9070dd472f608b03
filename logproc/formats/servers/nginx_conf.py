"""The configuration of nginx → its `log_format`s, and which `access_log`s are written by which.

Logs of `stream` and `mail` are not those of a web server.
"""

from __future__ import annotations

import glob
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from logproc.formats.servers.definition import Definition, Escape
from logproc.formats.servers.nginx_tokens import Directive, Place, directives_in
from logproc.formats.servers.reading import definition_of
from logproc.model.errors import UsageError, system_words

COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
"""The format that nginx always has."""
MOST_BYTES = 16 << 20
DEEPEST = 20
OTHER_LOGS = frozenset({"stream", "mail"})


class LogFormat(Struct, frozen=True):
    """One `log_format`: its strings as one text, read when its definition is asked for: what no log uses may be strange."""

    name: str
    text: str
    escape: Escape
    place: Place

    @property
    def definition(self) -> Definition:
        """The parsed definition. Raises UsageError with the file and the line."""
        try:
            return definition_of(self.text, escape=self.escape, dialect="nginx")
        except UsageError as error:
            raise self.place.fault(f"log_format {self.name}: {error.what}", error.hint) from error


class AccessLog(Struct, frozen=True):
    """One `access_log`: its path as it is written (it may hold variables, or begin with `syslog:`), and its format's name."""

    path: str
    format: str
    place: Place


class ConfDefinitions(Struct, frozen=True):
    """What a configuration says of logs. formats: by name, `combined` among them; access_logs: in order, without `off`.

    files: those that were read for it.
    """

    formats: Mapping[str, LogFormat]
    access_logs: tuple[AccessLog, ...]
    files: tuple[Path, ...] = ()

    def format_of(self, log: AccessLog) -> LogFormat:
        """Return the format of a log. Raises UsageError if it is not defined."""
        if log.format not in self.formats:
            raise log.place.fault(f"unknown log format {log.format!r}", "known are " + ", ".join(self.formats))
        return self.formats[log.format]


class Reading(Struct):
    """What has been read so far."""

    formats: dict[str, LogFormat] = field(default_factory=dict)
    access_logs: list[AccessLog] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def read(self, directives: Iterable[Directive], file: str, include: Callable[[Directive, Place], None]) -> None:
        """Keep the formats and logs that directives define, and call `include` for files to read."""
        for directive in directives:
            place = Place(file, directive.line)
            if OTHER_LOGS & set(directive.blocks):
                continue
            match directive.words:
                case ("log_format", *words):
                    self.add(log_format(words, place))
                case ("access_log", *words):
                    self.access_logs += access_log(words, place)
                case ("include", *_):
                    include(directive, place)

    def add(self, found: LogFormat) -> None:
        """Add a format. Raises UsageError if its name is taken."""
        if found.name in self.formats:
            first = self.formats[found.name].place
            raise found.place.fault(f"duplicate log_format {found.name}", f"the first is in {first.file}, line {first.line}")
        self.formats[found.name] = found

    def done(self) -> ConfDefinitions:
        combined = LogFormat("combined", COMBINED, "default", Place("nginx", 0))
        return ConfDefinitions({"combined": combined, **self.formats}, tuple(self.access_logs), tuple(self.files))


def definitions_in(text: str, file: str = "nginx.conf") -> ConfDefinitions:
    """Return what a text of configuration says of logs; includes are not followed. file: its name in errors.

    Raises UsageError, with file and line, for what nginx does not take either.
    """
    reading = Reading()
    reading.read(directives_in(text, file), file, lambda _directive, _place: None)
    return reading.done()


def read_conf(path: Path) -> ConfDefinitions:
    """Return what a configuration says of logs, its includes followed: those are relative to the folder of this file.

    Raises UsageError, with file and line, if a file cannot be read, but not if a pattern such as `conf.d/*.conf` names none.
    """
    reading = Reading()
    read_file(path, path.parent, (), reading, Place(str(path), 1), 0)
    return reading.done()


def read_file(path: Path, folder: Path, blocks: tuple[str, ...], reading: Reading, place: Place, depth: int) -> None:
    """Read one file and its includes. blocks: those around it; place: where it is named; depth: of includes."""
    if depth > DEEPEST:
        raise place.fault(f"more than {DEEPEST} includes inside each other", "does a file include itself?")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise place.fault(f"cannot read {path}: {system_words(error)}") from error
    if len(content) > MOST_BYTES:
        raise place.fault(f"cannot read {path}: over {MOST_BYTES} bytes", "name a configuration file")
    reading.files.append(path)
    text = content.decode("utf-8", "surrogateescape")

    def include(directive: Directive, place: Place) -> None:
        for found in included(directive, folder, place):
            read_file(found, folder, directive.blocks, reading, place, depth + 1)

    reading.read(directives_in(text, str(path), blocks), str(path), include)


def included(directive: Directive, folder: Path, place: Place) -> list[Path]:
    """Return the files that an `include` names, sorted by name."""
    if len(directive.words) != 2:
        raise place.fault("include takes one file")
    pattern = folder / directive.words[1]
    if not glob.has_magic(directive.words[1]):
        return [pattern]
    return [Path(found) for found in sorted(glob.glob(str(pattern)))]  # noqa: PTH207 - as glob(3), `*` does not match hidden files


def log_format(words: list[str], place: Place) -> LogFormat:
    name, strings = words[0] if words else "", words[1:]
    escape = "default"
    if strings and strings[0].startswith("escape="):
        escape = strings.pop(0).removeprefix("escape=")
    if not strings:
        raise place.fault("log_format takes a name and one string or more")
    if escape not in typing.get_args(Escape):
        raise place.fault(f"unknown log format escaping {escape!r}", "known are " + ", ".join(typing.get_args(Escape)))
    return LogFormat(name, concatenated(strings), typing.cast("Escape", escape), place)


def concatenated(strings: list[str]) -> str:
    """Return strings as one: nginx ends a variable with its string, so a name at the end gets braces.

    >>> concatenated(["$host", "name"])
    '${host}name'
    """
    return "".join([*(re.sub(r"\$(\w+)\Z", r"${\1}", text, flags=re.ASCII) for text in strings[:-1]), strings[-1]])


def access_log(words: list[str], place: Place) -> list[AccessLog]:
    """Return the log that an `access_log` directive names, none for `off`."""
    if not words:
        raise place.fault("access_log takes a path, or off")
    if words == ["off"]:
        return []
    return [AccessLog(words[0], words[1] if len(words) > 1 else "combined", place)]
