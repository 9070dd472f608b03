"""`logproc show`: which records, written how, and to where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from logproc.command.exit_codes import first_of, judged
from logproc.command.outputs import Outputs, check_followed, keep_settings, keep_sources, leave_out
from logproc.command.subcommands.analyze import beside, failures_of, read_headers
from logproc.command.subcommands.diagnostics import is_typed, report_cause, say_sources
from logproc.command.subcommands.follow import say_missing, split_arguments
from logproc.command.terminal import log
from logproc.command.terminal.pager import pager_of
from logproc.command.terminal.screen import Screen, is_terminal, is_utf8
from logproc.model.errors import EXIT_INCOMPLETE, EXIT_OK, Enough, Interrupted, UsageError
from logproc.model.source import Kind, State
from logproc.pipeline.following import Followed
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.pipeline.writing import Writing
from logproc.questions.where.grammar import parse_where
from logproc.questions.zones import parse_zone
from logproc.records.destinations import Write, to_file, to_stdout
from logproc.records.forms import LinesForm, TableForm
from logproc.records.screen.values import PAINTED
from logproc.records.stages.around import Around
from logproc.records.stages.endings import Bytes, Tables
from logproc.records.stages.first_last import First, Last
from logproc.records.stages.merging import Merging
from logproc.records.stages.output import Output
from logproc.records.stages.whole import Whole
from logproc.records.tables.layout import Layout, fields_of
from logproc.reports.output import check_output, known_temporaries, write_stdout
from logproc.threads.grace import within_grace
from logproc.threads.reader import PARSING_WEIGHT
from logproc.threads.signals import unlink_on_second

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logproc.command.terminal.record_pager import RecordPager
    from logproc.model.source import Source
    from logproc.pipeline.serial import Run
    from logproc.settings import Settings

ENDINGS = {".log": "lines", ".txt": "lines", ".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
KEYED_FORMATS = frozenset({"json", "logfmt", "ltsv"})
"""Formats whose fields are the keys of each log."""
LAST_FIRST = 10
"""How many records of those that are there `--follow` begins with."""
CHUNK_BYTES = 4 << 20
"""Smaller than for a report: nothing has to be merged, and the first lines appear sooner."""
SCREEN_CHUNK_BYTES = 256 << 10
LEAST_CHUNK_BYTES = 64 << 10


class Asked(Struct, frozen=True):
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


def show(asked: Asked, screen: Screen) -> int:
    """Write the records that match, and return the exit code. Raises UsageError for what makes no sense."""
    check(asked, screen.settings)
    unlink_on_second(known_temporaries)
    given = read_headers(asked.headers, screen.environ)
    outputs = Outputs((asked.file,) if asked.file else ())
    followed, others = split_arguments(asked.sources) if asked.follow else ([], asked.sources)
    sources = find_sources(others, screen.settings)
    streams = [screen.stdout, screen.stderr]
    sources = tuple(keep_sources(sources, outputs, asked.sources, streams))
    check_followed(followed, outputs, streams, screen.settings)
    settings = screen.settings = with_chunks(screen.settings, asked, sources, for_screen=is_terminal(screen.stdout))
    check_streams(asked, settings, sources)
    openers = Openers.of(settings, given, screen.say_now, sources, grows=asked.follow)
    keep_settings(outputs, settings)
    typed = is_typed(sources, screen)
    log.configure(settings, screen.write, color=screen.colors(screen.stderr))
    with ExitStack() as stack:
        pager = pager_for(asked, screen, typed=typed)
        paint = stack.enter_context(screen.painting()) if pager or paints(asked, screen) else None
        form = form_of(asked, settings)
        output = None if asked.count else opened(asked, screen, stack, sources, form, pager)
        writing = Writing(form, output, asked.merge or asked.follow) if output else None
        left_out = leave_out(outputs, streams)
        # Records with their numbers are read from the start: how many lines are before a place near the end is not known.
        near_end = asked.shows_last and isinstance(form, LinesForm)
        logs = Followed(followed, sources, near_end=near_end, leave_out=left_out) if asked.follow else None
        observers = partial(pager.beside, paint) if pager else partial(beside, paint, lambda: None)
        with pager.paged() if pager else nullcontext():
            run = run_threaded(sources, settings, openers, None, observers, writing=writing, followed=logs)
        if isinstance(run.cause, UsageError):
            raise run.cause
    is_end = isinstance(run.cause, Enough) or (asked.follow and isinstance(run.cause, Interrupted))
    causes = [run.cause] if run.cause and not is_end else []
    if asked.count:
        stream = screen.stdout.buffer if screen.stdout else None
        number = f"{run.snapshot.account.records}\n"
        causes += failures_of([partial(within_grace, partial(write_stdout, stream, number))])
    return finished(run, causes, logs.sources if logs else sources, screen, asked)


def check(asked: Asked, settings: Settings) -> None:
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
    if asked.around is not None and (asked.merge or asked.last or asked.first or asked.form != "lines" or asked.fields):
        raise UsageError("-C shows lines around each match", "leave out --merge, -n, --tail, --fields and --output")
    if asked.count and (asked.file or asked.first or asked.last or asked.around is not None):
        raise UsageError("--count writes only a number", "leave out -o, -n, --tail and -C")
    if asked.partition and asked.form != "parquet":
        raise UsageError("--partition is for Parquet", "add --output parquet")
    if asked.partition and asked.names is not None and "time" not in asked.names:
        raise UsageError("--partition day needs the times", "add time to --fields")
    if settings.anonymize and asked.fields is None and not asked.count:
        raise UsageError("--anonymize cannot find all addresses in whole records", "name the fields to write with --fields")


def check_streams(asked: Asked, settings: Settings, sources: Sequence[Source]) -> None:
    """Raise UsageError if the columns would be those of the stream that happens to be the first.

    The formats of files are known before anything is written.
    """
    named = asked.fields or settings.pattern or (settings.format and settings.format not in KEYED_FORMATS)
    streams = [source for source in sources if source.kind is not Kind.FILE]
    if asked.form in {"csv", "parquet"} and len(streams) == len(sources) > 1 and not named:
        form = "CSV" if asked.form == "csv" else "Parquet"
        raise UsageError(f"{form} has one set of columns, and streams may differ", "name them: --fields time,status,path")


def with_chunks(settings: Settings, asked: Asked, sources: Sequence[Source], *, for_screen: bool) -> Settings:
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


def pager_for(asked: Asked, screen: Screen, *, typed: bool) -> RecordPager | None:
    """Return what shows the records on a terminal; None if they go elsewhere, come as they are written, or are typed there."""
    if asked.file is not None or asked.count or asked.follow or typed or not is_terminal(screen.stdout):
        return None
    from logproc.command.terminal.record_pager import RecordPager

    return RecordPager(screen, pager_of(screen.environ) if screen.has_sequences else None)


def opened(
    asked: Asked,
    screen: Screen,
    stack: ExitStack,
    sources: Sequence[Source],
    form: LinesForm | TableForm,
    pager: RecordPager | None,
) -> Output:
    """Return where the records go, with all stages before it. What has to be closed is on the stack."""
    header = form.header if isinstance(form, TableForm) else bytes
    if asked.file is not None and isinstance(form, TableForm) and asked.form == "parquet":
        zone = parse_zone(screen.settings.tz) if asked.partition else None
        end: Output = stack.enter_context(parquet_output(asked.file, form, zone))
    elif asked.file is not None:
        end = Bytes(*stack.enter_context(to_file(asked.file)), header)
    else:
        write = pager.write if pager else to_stdout(screen.stdout.buffer if screen.stdout else None)
        end = painted(write, header, screen) if screen.settings.paints else Bytes(write, header=header)
    return stages(asked, sources, end)


def stages(asked: Asked, sources: Sequence[Source], end: Output) -> Output:
    """Return an output with the stages before it that the options ask for."""
    if asked.first:
        end = First(asked.first, end)
    has_files = asked.follow and bool(split_arguments(asked.sources)[0])
    if last := asked.last or (LAST_FIRST if has_files and asked.shows_last else None):
        end = Last(last, end)
    if asked.around is not None:
        end = Around(asked.around, end)
    if asked.merge:
        end = Merging([source.index for source in sources if not source.verdict], end)
    return end if isinstance(end, Bytes) else Whole(end)


def painted(write: Write, header: Callable[[], bytes], screen: Screen) -> Output:
    """Return the stage that makes records harmless, and puts them in colours, with what writes them."""
    from logproc.records.screen.highlights import highlights_of
    from logproc.records.screen.paint import Paint, plain

    where = parse_where(screen.settings.where) if screen.settings.where else None
    return Paint(
        Bytes(write, header=lambda: plain(header())),
        color=screen.colors(screen.stdout),
        in_ascii=screen.stdout is not None and not is_utf8(screen.stdout),
        names=painted_fields(screen.settings) or (),
        highlights=tuple(highlights_of(where.tree)) if where else (),
    )


def painted_fields(settings: Settings) -> tuple[str, ...] | None:
    """Return the fields whose values the painter needs, None if there is none."""
    if not settings.paints:
        return None
    where = parse_where(settings.where) if settings.where else None
    return (*settings.paints, *(where.fields if where else ()))


@contextmanager
def parquet_output(path: str, form: TableForm, zone: tzinfo | None) -> Iterator[Tables]:
    """Yield what writes a Parquet file; or, given a zone, a folder with files for each day in it.

    What was not closed is removed at the end.
    """
    from logproc.records.tables.parquet import ParquetFile, ParquetFolder

    tables = Tables(lambda: ParquetFile(path, form.schema) if zone is None else ParquetFolder(path, form.schema, zone))
    try:
        yield tables
    finally:
        tables.discard()


def form_of(asked: Asked, settings: Settings) -> LinesForm | TableForm:
    """Return the form in which the records are written."""
    fields = painted_fields(settings)
    if asked.form == "lines" and asked.fields is None:
        return LinesForm(
            settings.max_line_bytes,
            with_source=asked.with_source,
            around=asked.around is not None,
            timed=asked.merge,
            painted=fields,
        )
    kind = "text" if asked.form == "lines" else asked.form
    return TableForm(kind, asked.names, timed=asked.merge, raw=settings.csv_raw, painted=fields)


def paints(asked: Asked, screen: Screen) -> bool:
    """Whether the progress is painted: not where the records themselves, or a pager behind a pipe, have the terminal."""
    return asked.file is not None or (asked.count and not is_terminal(screen.stdout))


def finished(run: Run, causes: Sequence[BaseException], sources: Sequence[Source], screen: Screen, asked: Asked) -> int:
    """Say what is to be said, and return the exit code."""
    is_enough = isinstance(run.cause, Enough)
    # After -n, that the rest was not read is as it was asked for; that a source could not be read is not.
    failed = [source for source in run.snapshot.sources if source.state is State.FAILED]
    codes = (
        {EXIT_OK, *({EXIT_INCOMPLETE} if failed else ())} if is_enough else {EXIT_OK, *judged(run.snapshot, screen.settings)}
    )

    def diagnose() -> None:
        codes.update(report_cause(cause, sources, screen, debug=asked.debug) for cause in causes)
        if screen.settings.quiet or any(isinstance(cause, BrokenPipeError) for cause in causes):
            return
        if asked.follow:
            say_missing(asked.sources, sources, screen)
        if is_enough:
            for source in failed:
                screen.say(source.source, source.reason or "", source.hint, level="error")
        else:
            say_sources(run.snapshot, screen, "`logproc analyze --rejects FILE` writes them")

    try:
        within_grace(diagnose)
    except Interrupted as error:
        codes.add(error.exit_code)
    return first_of(codes)
