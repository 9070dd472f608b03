"""What the user asks of `show`, and what makes no sense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from logproc.model.errors import UsageError
from logproc.model.source import Kind
from logproc.records.screen.values import PAINTED
from logproc.records.tables.layout import Layout, fields_of
from logproc.reports.output import check_output
from logproc.threads.reader import PARSING_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logproc.model.source import Source
    from logproc.settings import Settings

ENDINGS = {".log": "lines", ".txt": "lines", ".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
KEYED_FORMATS = frozenset({"json", "logfmt", "ltsv"})
"""Formats whose fields are the keys of each log."""
CHUNK_BYTES = 4 << 20
"""Smaller than for a report: nothing has to be merged, and the first lines appear sooner."""
SCREEN_CHUNK_BYTES = 256 << 10
LEAST_CHUNK_BYTES = 64 << 10


class ShowOptions(Struct, frozen=True):
    """What the user asked for; see the options of `show`. first, last, around: numbers of records."""

    sources: Sequence[str]
    fields: str | None = None
    output: str | None = None
    file: str | None = None
    first: int | None = None
    last: int | None = None
    around: int | None = None
    with_source: bool = False
    merge: bool = False
    count: bool = False
    partition: str | None = None
    follow: bool = False
    since: bool = False
    headers: Sequence[str] = ()
    debug: bool = False

    @property
    def form(self) -> str:
        """The format of the records: lines, json, csv or parquet."""
        return self.output or ("lines" if self.file is None else ENDINGS[Path(self.file).suffix.lower()])

    @property
    def shows_last(self) -> bool:
        """Whether, with `--follow`, only the last records of those that are there are shown, as by `tail -f`."""
        return not (self.first or self.last or self.since or self.around is not None)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The fields to write; None for all, or for the lines of the log."""
        if self.fields is None:
            return None
        return tuple(dict.fromkeys([*(["source"] if self.with_source else []), *fields_of(self.fields)]))


def check(asked: ShowOptions, settings: Settings) -> None:
    """Raise UsageError for options that contradict one another, and OutputError for a file that cannot be written."""
    if asked.file is not None:
        if asked.output is None and Path(asked.file).suffix.lower() not in ENDINGS:
            raise UsageError(f"{asked.file}: no format has this ending", "use " + ", ".join(ENDINGS) + ", or --output")
        if not asked.partition:
            check_output(asked.file)
    if asked.form == "parquet" and asked.file is None:
        raise UsageError("a Parquet file needs a name", "name one with -o, such as -o records.parquet")
    if asked.first and asked.last:
        raise UsageError("-n and --tail contradict each other", "give one of them")
    if asked.follow and (asked.merge or asked.count or asked.file):  # a file appears under its name at the end
        raise UsageError("--follow never ends", "leave out --merge, --count and -o; `> FILE` writes records as they come")
    form = f"--output {asked.form}" if asked.output else f"-o {asked.file}"
    given = {"-n": asked.first, "--tail": asked.last, "--merge": asked.merge, "--fields": asked.fields}
    if asked.around is not None and (too_much := [*names_of(given), *([form] if asked.form != "lines" else [])]):
        raise UsageError("-C shows lines around each match", f"leave out {all_of(too_much)}")
    given = {"-o": asked.file, "-n": asked.first, "--tail": asked.last, "-C": asked.around is not None}
    if asked.count and (too_much := names_of(given)):
        raise UsageError("--count writes only a number", f"leave out {all_of(too_much)}")
    if asked.partition and asked.form != "parquet":
        raise UsageError("--partition is for Parquet", "add --output parquet")
    if asked.partition and asked.names is not None and "time" not in asked.names:
        raise UsageError("--partition day needs the times", "add time to --fields")
    if settings.anonymize and asked.fields is None and not asked.count:
        raise UsageError("--anonymize cannot find all addresses in whole records", "name the fields to write with --fields")


def names_of(given: Mapping[str, object]) -> list[str]:
    """Return the names of the options that are given."""
    return [name for name, value in given.items() if value]


def all_of(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def check_streams(asked: ShowOptions, settings: Settings, sources: Sequence[Source]) -> None:
    """Raise UsageError if the columns would be those of the stream that happens to be the first.

    The formats of files are known before anything is written.
    """
    named = asked.fields or settings.pattern or (settings.format and settings.format not in KEYED_FORMATS)
    streams = [source for source in sources if source.kind is not Kind.FILE]
    if asked.form in {"csv", "parquet"} and len(streams) == len(sources) > 1 and not named:
        form = "CSV" if asked.form == "csv" else "Parquet"
        raise UsageError(f"{form} has one set of columns, and streams may differ", "name them: --fields time,status,path")


def with_chunks(settings: Settings, asked: ShowOptions, sources: Sequence[Source], *, for_screen: bool) -> Settings:
    """Return the settings of the run: small chunks, and with `--merge` one for each source within half of the memory."""
    fields = [] if asked.names is None else Layout.of_fields(asked.names).asked
    names = [*fields, *(["time"] if asked.merge or asked.form != "lines" else [])]
    size = settings.chunk_size
    if size is None:
        size = min(settings.chunk_bytes, SCREEN_CHUNK_BYTES if for_screen else CHUNK_BYTES)
        if asked.merge:
            size = min(size, settings.memory // (2 * PARSING_WEIGHT * max(1, len(sources))))
            if size < LEAST_CHUNK_BYTES:
                raise UsageError(f"--merge of {len(sources)} sources needs more memory", "raise --memory, or name fewer")
    paints = PAINTED if asked.file is None and (for_screen or settings.color == "always") else ()
    return replace(settings, chunk_size=size, shows=tuple(dict.fromkeys(names)), paints=paints)
