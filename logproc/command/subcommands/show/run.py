"""A run of `show`."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from logproc.command.exit_codes import first_of, judged
from logproc.command.outputs import Outputs, check_followed, keep_settings, keep_sources, leave_out
from logproc.command.subcommands.analyze import beside, failures_of, read_headers
from logproc.command.subcommands.diagnostics import is_typed, report_cause, say_sources
from logproc.command.subcommands.follow import refuse_objects, say_missing, split_arguments
from logproc.command.subcommands.show.options import ShowOptions, check, check_streams, with_chunks
from logproc.command.subcommands.show.output import form_of, opened
from logproc.command.terminal import log
from logproc.command.terminal.pager import pager_of
from logproc.command.terminal.screen import Screen, is_terminal
from logproc.model.errors import EXIT_INCOMPLETE, EXIT_OK, Enough, Interrupted, UsageError
from logproc.model.source import State
from logproc.pipeline.following import Followed
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.pipeline.writing import Writing
from logproc.records.forms import LinesForm
from logproc.reports.output import known_temporaries, write_stdout
from logproc.threads.grace import within_grace
from logproc.threads.signals import unlink_on_second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logproc.command.terminal.record_pager import RecordPager
    from logproc.model.source import Source
    from logproc.pipeline.serial import Run


LAST_BYTES = 8 << 20
"""With `--follow`, the last records are searched for in so much of a log behind a URL."""


def show(asked: ShowOptions, screen: Screen) -> int:
    """Write the records that match, and return the exit code. Raises UsageError for what makes no sense."""
    check(asked, screen.settings)
    unlink_on_second(known_temporaries)
    given = read_headers(asked.headers, screen.environ)
    outputs = Outputs((asked.file,) if asked.file else ())
    followed, others = split_arguments(asked.sources) if asked.follow else ([], asked.sources)
    if asked.follow:
        refuse_objects(others)
    sources = find_sources(others, screen.settings)
    streams = [screen.stdout, screen.stderr]
    sources = tuple(keep_sources(sources, outputs, asked.sources, streams))
    check_followed(followed, outputs, streams, screen.settings)
    settings = screen.settings = with_chunks(screen.settings, asked, sources, for_screen=is_terminal(screen.stdout))
    check_streams(asked, settings, sources)
    form = form_of(asked, settings)
    # Records with their numbers are read from the start: how many lines are before a place near the end is not known.
    near_end = asked.follow and asked.shows_last and isinstance(form, LinesForm)
    last_bytes = LAST_BYTES if near_end and not settings.encoding else 0
    openers = Openers.of(settings, given, screen.say_now, sources, grows=asked.follow, last_bytes=last_bytes)
    keep_settings(outputs, settings)
    typed = is_typed(sources, screen)
    log.configure(settings, screen.write, color=screen.colors(screen.stderr))
    with ExitStack() as stack:
        pager = pager_for(asked, screen, typed=typed)
        paint = stack.enter_context(screen.painting()) if pager or paints(asked, screen) else None
        output = None if asked.count else opened(asked, screen, stack, sources, form, pager)
        writing = Writing(form, output, asked.merge or asked.follow) if output else None
        left_out = leave_out(outputs, streams)
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


def pager_for(asked: ShowOptions, screen: Screen, *, typed: bool) -> RecordPager | None:
    """Return what shows the records on a terminal; None if they go elsewhere, come as they are written, or are typed there."""
    if asked.file is not None or asked.count or asked.follow or typed or not is_terminal(screen.stdout):
        return None
    from logproc.command.terminal.record_pager import RecordPager

    return RecordPager(screen, pager_of(screen.environ) if screen.has_sequences else None)


def paints(asked: ShowOptions, screen: Screen) -> bool:
    """Whether the progress is painted: not where the records themselves, or a pager behind a pipe, have the terminal."""
    return asked.file is not None or (asked.count and not is_terminal(screen.stdout))


def finished(run: Run, causes: Sequence[BaseException], sources: Sequence[Source], screen: Screen, asked: ShowOptions) -> int:
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
        if is_enough and run.unknown:  # perhaps a later record has it: a log of JSON may have any
            what = run.unknown.what.replace("no source has", "no record that was read has")
            screen.say("", what, run.unknown.hint, level="warning")
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
