"""Outputs of a run besides the report on stdout, which must not replace what the run reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from logproc.command.subcommands.trace import check_trace
from logproc.model.errors import OutputError, UsageError
from logproc.model.source import Kind, Source, State, Verdict
from logproc.reports.output import check_output, format_for, is_special, is_temporary, place
from logproc.sources.resolve import MAGIC, resolve

if TYPE_CHECKING:
    from logproc.settings import Settings


class Outputs(Struct, frozen=True):
    """Where results go besides stdout: files for the report, one for the rejected lines, and one for the trace of the run."""

    files: Sequence[str] = ()
    rejects: str | None = None
    trace: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.files, *filter(None, (self.rejects, self.trace)))

    def by_identity(self) -> dict[tuple[int, int], str]:
        """Return the outputs that exist as files already, by device and inode."""
        return {found: path for path in self.paths if (found := identity(path))}


def check_outputs(outputs: Outputs) -> None:
    """Raise UsageError or OutputError if an output cannot be written, before anything is read."""
    for path in outputs.files:
        if path in ("json", "csv", "terminal", "html"):
            raise UsageError(f"-o {path}: -o takes a file", f"use --output {path} for stdout")
        if path == "-":
            raise UsageError("-o -: -o takes a file", "use --output json, csv or html for stdout")
        format_for(path)
    if outputs.trace:
        check_trace(outputs.trace)
    for path in outputs.paths:
        check_output(path)
    places = [place(path) for path in outputs.paths if not is_special(Path(path))]
    if len(set(places)) < len(places):
        raise UsageError("two outputs go to one file", "name another file for one of them")


def keep_sources(
    sources: Sequence[Source],
    outputs: Outputs,
    arguments: Sequence[str] = (),
    streams: Sequence[TextIO | None] = (),
) -> Sequence[Source]:
    """Return the sources without those that the run itself writes to, even where the two paths differ.

    Raises UsageError if an output would replace a source, or if stdout or stderr (streams) goes to one that an argument names.
    One that was only found, such as the report in `--recursive . > report.txt`, is skipped.
    """
    written = outputs.by_identity()
    named = zip(("stdout", "stderr"), map(descriptor_of, streams), strict=False)
    streamed = {found: (name, descriptor) for name, descriptor in named if (found := identity(descriptor))}
    for found in written.keys() & streamed.keys():
        if not is_special(Path(written[found])):
            what = f"two outputs go to one file: {written[found]} and {streamed[found][0]}"
            raise UsageError(what, "name another file for one of them")
    kept = []
    for source in sources:
        read = identity(0 if source.kind is Kind.STDIN else source.location) if written or streamed else None
        if read in written:
            other = "" if written[read] == source.name else f" as {written[read]}"
            raise UsageError(f"{source.name} would be read and overwritten{other}", "name another file for the output")
        if read in streamed:
            name, descriptor = streamed[read]
            if source.kind is Kind.STDIN or source.location in arguments:
                what = f"{source.name} would be read and written: {name} goes to it"
                lost = "" if os.fstat(descriptor).st_size else "; it is empty already: `>` truncates before the program starts"
                raise UsageError(what + lost, "send the output elsewhere")
            kept.append(replace(source, verdict=Verdict(State.SKIPPED, f"{name} goes to it: not read")))
        else:
            kept.append(source)
    return kept


def leave_out(
    outputs: Outputs, streams: Sequence[TextIO | None] = (), state: str | None = None
) -> Callable[[str, tuple[int, ...]], bool]:
    """Return what says of a path, and of device and inode of its file, whether the run itself writes there.

    Such a file is never followed: each line that is written would be read, and written again. Paths are compared, too, because
    a file that is written anew is another one each time. state: the file of the state.
    """
    beside = [f"{state}{ending}" for ending in ("", ".lock", ".tmp")] if state else []
    names = {Path(path).name for path in (*outputs.paths, *beside)}
    places = {place(path) for path in (*outputs.paths, *beside)}
    streamed = {found for stream in streams if (found := identity(descriptor_of(stream)))}

    def is_written(path: str, seen: tuple[int, ...]) -> bool:
        name = os.path.basename(path)  # noqa: PTH119 - often called: pathlib takes ten times as long
        if seen[:2] in streamed or is_temporary(name):
            return True
        with suppress(OutputError):  # its folder is gone
            return name in names and place(path) in places
        return False

    return is_written


def check_followed(files: Sequence[str], outputs: Outputs, streams: Sequence[TextIO | None], settings: Settings) -> None:
    """Raise UsageError if a file that is named, not only found, would be followed and written by one run, and for a folder."""
    found = resolve(files, recursive=settings.recursive)
    for source in found:
        if source.verdict and source.verdict.hint == "use --recursive":
            raise UsageError(f"{source.name}: is a directory", "use --recursive")
    for path in files:
        if not MAGIC.search(path) and any(place(path) == place(output) for output in outputs.paths):
            raise UsageError(f"{path} would be read and overwritten", "name another file for the output")
    keep_sources(found, Outputs(), files, streams)


def keep_settings(outputs: Outputs, settings: Settings) -> None:
    """Raise UsageError if an output would replace the config file, or the configuration of nginx or a file that it includes."""
    written = outputs.by_identity()
    read = [settings.config_file] if settings.config_file else []
    if written and settings.nginx_conf is not None:
        from logproc.formats.servers.nginx_conf import read_conf

        read += map(str, read_conf(Path(settings.nginx_conf)).files)
    for file in read:
        if path := written.get(identity(file) or (0, 0)):
            raise UsageError(f"{path} holds settings of this run and would be overwritten", "name another file for the output")


def descriptor_of(stream: TextIO | None) -> int:
    """Return the descriptor of a stream, -1 if it has none: it is closed, or in memory."""
    with suppress(OSError, ValueError):
        return stream.fileno() if stream else -1
    return -1


def identity(file: str | bytes | int | Path) -> tuple[int, int] | None:
    """Return device and inode of a regular file or a FIFO, None for anything else."""
    with suppress(OSError, ValueError):
        found = os.stat(file)  # noqa: PTH116 - a descriptor as well as a path
        return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode) else None
    return None
