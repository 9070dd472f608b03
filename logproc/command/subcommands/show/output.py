"""Where the records go, and all that happens to them on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING

from logproc.command.subcommands.show.options import ShowOptions
from logproc.command.terminal.screen import Screen, is_utf8
from logproc.model.source import Kind
from logproc.questions.where.grammar import parse_where
from logproc.questions.zones import parse_zone
from logproc.records.destinations import Write, to_file, to_stdout
from logproc.records.forms import LinesForm, TableForm
from logproc.records.output import Output
from logproc.records.piece import Piece
from logproc.records.stages.around import Around
from logproc.records.stages.endings import Bytes, Tables
from logproc.records.stages.first_last import First, Last
from logproc.records.stages.merging import Merging
from logproc.records.stages.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logproc.command.terminal.record_pager import RecordPager
    from logproc.model.source import Source
    from logproc.settings import Settings

LAST_FIRST = 10
"""How many records of those that are there `--follow` begins with."""


def opened(
    asked: ShowOptions,
    screen: Screen,
    stack: ExitStack,
    sources: Sequence[Source],
    form: LinesForm | TableForm,
    pager: RecordPager | None,
) -> Output[Piece]:
    """Return where the records go, with all stages before it. What has to be closed is on the stack."""
    header = form.header if isinstance(form, TableForm) else bytes
    if asked.file is not None and isinstance(form, TableForm) and asked.form == "parquet":
        zone = parse_zone(screen.settings.tz) if asked.partition else None
        end: Output[Piece] = stack.enter_context(parquet_output(asked.file, form, zone))
    elif asked.file is not None:
        end = Bytes(*stack.enter_context(to_file(asked.file)), header)
    else:
        write = pager.write if pager else to_stdout(screen.stdout.buffer if screen.stdout else None)
        end = painted(write, header, screen) if screen.settings.paints else Bytes(write, header=header)
    return stages(asked, sources, end)


def stages(asked: ShowOptions, sources: Sequence[Source], end: Output[Piece]) -> Output[Piece]:
    """Return an output with the stages before it that the options ask for."""
    if asked.first:
        end = First(asked.first, end)
    streams = [source.index for source in sources if source.kind is not Kind.FILE] if asked.follow else []
    if last := asked.last or (LAST_FIRST if asked.follow and asked.shows_last else None):
        end = Last(last, end, streams)
    if asked.around is not None:
        end = Around(asked.around, end)
    if asked.merge:
        end = Merging([source.index for source in sources if not source.verdict], end)
    return end if isinstance(end, Bytes) else Whole(end, streams)


def painted(write: Write, header: Callable[[], bytes], screen: Screen) -> Output[Piece]:
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


def form_of(asked: ShowOptions, settings: Settings) -> LinesForm | TableForm:
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
