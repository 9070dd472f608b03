"""Choose the format of a source: named, defined by the user, or detected from its first bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.custom import format_of_pattern, format_of_table
from logproc.formats.detection import detect as detection
from logproc.formats.detection.layouts import ordered
from logproc.formats.detection.sample import SAMPLE_LINES, sample_of
from logproc.formats.engine import Format
from logproc.formats.envelopes.envelope import Envelope
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.formats.maps import Map
from logproc.formats.mixed import Mixed
from logproc.formats.readers.expression import Expression
from logproc.formats.servers.formats import format_of_definition
from logproc.formats.times.order import KNOWN
from logproc.model.errors import UsageError, nearest
from logproc.model.source import Kind, real_path

if TYPE_CHECKING:
    from logproc.model.chunk import Parser
    from logproc.model.source import Source

OTHER_NAMES = {
    **dict.fromkeys(("apache", "apache2", "httpd", "nginx", "access", "apache_combined", "ncsa", "web"), "combined"),
    **dict.fromkeys(("clf", "apache_common"), "common"),
    **dict.fromkeys(
        ("jsonl", "ndjson", "json_lines", "docker", "pino", "bunyan", "zap", "gelf", "ecs", "journald_json"), "json"
    ),
    **dict.fromkeys(("rfc5424", "syslog5424"), "syslog_5424"),
    **dict.fromkeys(("rfc3164", "syslog3164"), "syslog"),
    **dict.fromkeys(("kubernetes", "k8s", "containerd"), "cri"),
    **dict.fromkeys(("haproxy",), "haproxy_http"),
    **dict.fromkeys(("mysql", "mariadb"), "mysql_error"),
    **dict.fromkeys(("elb", "alb"), "aws_alb"),
    **dict.fromkeys(("django_server", "runserver"), "django"),
    **dict.fromkeys(("key_value", "kv", "keyvalue"), "logfmt"),
    "postgres": "postgresql",
    "php": "php_errors",
    "dotnet": "dotnet_console",
    "mongo": "mongodb_old",
    "spring": "spring_boot",
    "raw": "plain",
}
"""What formats are called elsewhere."""


class Choice(Struct, frozen=True):
    """How the format of each source is chosen.

    named: the format of all sources. sampled: the name of one that still depends on a sample, such as `json`.
    of_paths: the formats of files by their real path. own: formats that are asked before the known ones.
    option: the option that the choice comes from, "" if none was given. maps: the sources of fields, whichever the format.
    """

    named: Format | None = None
    sampled: str | None = None
    of_paths: Mapping[str, Format] | None = None
    own: tuple[Format, ...] = ()
    option: str = ""
    maps: tuple[Map, ...] = ()

    @classmethod
    def of(cls, form: str | None, pattern: str | None, nginx_conf: str | None, patterns: Mapping[str, Any]) -> Choice:
        """Return the choice that options ask for. Raises UsageError if one of them cannot be read.

        form: the name of a format or of one of `patterns`, or the definition of nginx or Apache as it is in their files.
        patterns: a user's own formats by their names, each a pattern or a table as those of the catalogue.
        """
        if sum(option is not None for option in (form, pattern, nginx_conf)) > 1:
            raise UsageError("--format, --pattern and --nginx-conf exclude one another", "give one of them")
        if pattern is not None:
            return cls(named=format_of_pattern("pattern", pattern, "--pattern"), option="--pattern")
        if nginx_conf is not None:
            return of_nginx(Path(nginx_conf))
        own = {name: own_format(name, pattern) for name, pattern in patterns.items()}
        if form is None:
            return cls(own=tuple(own.values()))
        if form in SAMPLED:
            return cls(sampled=form, option="--format")
        return cls(named=own.get(form) or BY_NAME.get(form) or definition_or_error(form, own), option="--format")

    def fixed(self, source: Source) -> Parser | None:
        """Return the format of a source if it is known before its content is read, else None."""
        if self.of_paths and source.kind is Kind.FILE:
            found = self.of_paths.get(real_path(os.fsdecode(source.location)))
            if found:
                return self.mapped(found)
        return None if self.named and needs_order(self.named) else self.mapped(self.named)

    def detect(self, sample: bytes, *, whole: bool) -> Parser | None:
        """Return the format that a sample fits, None if there is none."""
        if self.named:
            return self.mapped(ordered(self.named, sample_of(sample, SAMPLE_LINES[1], whole=whole)))
        found = self._own(sample, whole=whole) or detection.detect(sample, whole=whole, only=self.sampled)
        return self.mapped(found)

    def fallback(self, sample: bytes, *, whole: bool) -> Parser | None:
        """Return the format for a sample that `detect` could not place; None if it holds no line."""
        if self.sampled and self.sampled not in detection.GENERIC:
            return self.mapped(SAMPLED[self.sampled])
        return self.mapped(detection.fallback(sample, whole=whole, only=self.sampled))

    def mapped(self, found: Parser | None) -> Parser | None:
        return with_maps(found, self.maps) if self.maps else found

    def _own(self, sample: bytes, *, whole: bool) -> Format | None:
        """Return the user's format that fits most lines of a sample, None unless it fits more than half of them."""
        lines = sample_of(sample, SAMPLE_LINES[1], whole=whole)
        counts = [int(form.fits(lines.whole_texts).sum()) for form in self.own]
        best = max(range(len(counts)), key=counts.__getitem__, default=-1)
        return self.own[best] if best >= 0 and counts[best] * 2 > len(lines.lines) else None


def needs_order(form: Format) -> bool:
    """Return whether only a sample shows which number of a date is the day: its times are of any form."""
    reader = form.exact
    return isinstance(reader, Expression) and reader.time is None and "time" in reader.raw and form.order is KNOWN


def with_maps(found: Parser | None, maps: tuple[Map, ...]) -> Parser | None:
    """Return a format whose fields come from the sources that it has. Which it has depends on the sample, never on a chunk."""
    if isinstance(found, Envelope):
        return replace(found, outer=mapped(found.outer, maps), inner=mapped(found.inner, maps))
    return mapped(found, maps) if isinstance(found, Format | Mixed) else found


@overload
def mapped(form: Format, maps: tuple[Map, ...]) -> Format: ...
@overload
def mapped(form: Mixed, maps: tuple[Map, ...]) -> Mixed: ...
def mapped(form: Format | Mixed, maps: tuple[Map, ...]) -> Format | Mixed:
    if isinstance(form, Mixed):
        return replace(form, layouts=tuple(mapped(layout, maps) for layout in form.layouts))
    known = form.fields
    fitting = [found for found in maps if found.source in known or (form.open_fields and found.field not in known)]
    named = {found.field for found in fitting}
    own = [found for found in form.maps if found.field not in named]
    if "time" in named:  # the order of day and month is that of another field
        form = replace(form, keeps_untimed=True, order=KNOWN)
    return replace(form, maps=(*fitting, *own)) if fitting else form


def own_format(name: str, pattern: str | Mapping[str, Any]) -> Format:
    if isinstance(pattern, str):
        return format_of_pattern(name, pattern, f"pattern {name!r}")
    return format_of_table(name, pattern, f"format {name!r}")


def of_nginx(path: Path) -> Choice:
    """Return the choice for an nginx configuration: each log it names has that log's format, other sources whichever fits."""
    from logproc.formats.servers.nginx_conf import read_conf

    found = read_conf(path)
    used = {log.format: found.format_of(log) for log in found.access_logs} or dict(found.formats)
    formats = {name: format_of_definition(form.definition, name) for name, form in used.items()}
    of_paths = {os.path.realpath(log.path): formats[log.format] for log in found.access_logs if "$" not in log.path}
    return Choice(of_paths=of_paths, own=tuple(formats.values()), option="--nginx-conf")


def definition_or_error(text: str, own: Mapping[str, Format]) -> Format:
    """Return the format of a definition. Raises UsageError for other text, with the nearest known name."""
    if "$" not in text and "%" not in text:
        see = "see `logproc formats`; without --format it is detected"
        raise UsageError(f"--format {text!r} is unknown", nearest(text, [*own, *BY_NAME, *SAMPLED], see, OTHER_NAMES))
    from logproc.formats.servers.reading import definition_of

    return format_of_definition(definition_of(text), "custom")
