"""What `logproc analyze` does after its options are parsed: check, run, report, choose the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from logproc.command.exit_codes import first_of, judged
from logproc.command.outputs import Outputs, check_outputs, keep_settings, keep_sources
from logproc.command.subcommands.diagnostics import is_typed, report_cause, report_sources, worth_showing
from logproc.command.terminal import log
from logproc.command.terminal.screen import Screen, is_terminal, is_utf8, terminal_size
from logproc.model.errors import (
    EXIT_OK,
    Interrupted,
    OutputError,
    UsageError,
)
from logproc.model.patterns import regex
from logproc.model.snapshot import Snapshot
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.model.trace.recording import Recording
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.serial import Run
from logproc.pipeline.threaded import Crew, run_threaded
from logproc.reports.output import (
    format_for,
    known_temporaries,
    write_atomically,
    write_stdout,
)
from logproc.threads.grace import LEAST_GRACE_S, REPORT_S, within_grace
from logproc.threads.live import Companion, LiveView
from logproc.threads.shared_tally import MANY_KEYS
from logproc.threads.signals import unlink_on_second
from logproc.threads.spool import Spool

if TYPE_CHECKING:
    from logproc.command.subcommands.follow import GoingOn
    from logproc.command.terminal.progress import LiveStatus
    from logproc.reports.text.style import Look
    from logproc.settings import Settings

Observe = Callable[["Crew"], Sequence["Companion"]]
"""Makes the threads that observe a run."""
PAGE_ROWS = 25
"""Rows of each panel for a page, which shows the first `--top` of them and the others on request."""
HEADER = regex(r"\s*(?:(?P<host>\S+)\s+)?(?P<name>[^\s:]+)\s*:\s*env:(?P<variable>\S+)\s*")
MANY_KEYS_COUNTED = f"counting over {MANY_KEYS:,} keys takes much memory", "bound it with --max-keys, or count by fewer fields"


def analyze(
    arguments: Sequence[str],
    screen: Screen,
    outputs: Outputs,
    headers: Sequence[str],
    trace: Trace = NO_TRACE,
    going_on: GoingOn | None = None,
    cluster: str | None = None,
    *,
    debug: bool,
) -> int:
    """Read the sources that the arguments name, write the reports, and return the exit code.

    going_on: for a run that follows logs, or goes on where an earlier one stopped. cluster: as `--cluster`. Raises UsageError
    and OutputError for what is wrong before anything is read, and UsageError for a field that no source has.
    """
    check_outputs(outputs)
    settings = screen.settings = replace(screen.settings, families=for_people(screen.settings, outputs))
    unlink_on_second(known_temporaries)
    run_settings = with_page_rows(settings, outputs)
    given = read_headers(headers, screen.environ)
    named = arguments if going_on is None else going_on.others(arguments)
    sources = keep_sources(find_sources(named, settings), outputs, arguments, [screen.stdout, screen.stderr])
    grows = going_on is not None and going_on.follows
    openers = Openers.of(settings, given, screen.say_now, sources, trace, grows=grows)
    keep_settings(outputs, settings)
    typed = is_typed(sources, screen)
    log.configure(settings, screen.write, color=screen.colors(screen.stderr))
    say_many_keys = cache(partial(screen.say, "", *MANY_KEYS_COUNTED, level="warning"))  # so that it is said once
    with ExitStack() as stack:
        spool = stack.enter_context(Spool()) if outputs.rejects else None
        followed = going_on.begin(arguments, sources, outputs, stack) if going_on else None
        with ExitStack() as painted:  # ends before anything is written
            paint = painted.enter_context(painting(screen, going_on, typed=typed))
            if cluster is not None:
                from logproc.command.subcommands.cluster import run_there

                run = run_there(cluster, stack, sources, run_settings, openers, given, paint)
            else:
                observers: list[Observe] = [partial(beside, paint, say_many_keys)]
                if going_on:
                    observers.append(going_on.observers(painted, partial(rewritten, outputs, screen), typed=typed))
                run = run_threaded(sources, run_settings, openers, spool, partial(all_of, observers), trace, followed=followed)
        trace.between(Doing.REPORT)
        if isinstance(run.cause, UsageError):
            raise run.cause  # for a question that makes no sense, an error and not an empty report, and no state of it
        least_s = REPORT_S if going_on else LEAST_GRACE_S
        unsaved = failures_of([partial(within_grace, going_on.finish, least_s=least_s)]) if going_on else []
        ended = going_on is not None and going_on.is_end(run.cause)
        causes = [
            *write_reports(run, screen, outputs, spool, least_s),
            *unsaved,
            *([run.cause] if run.cause and not ended else []),
        ]
    recording, words = trace.recording(), list[str]()
    if outputs.trace and recording:
        causes += failures_of([partial(write_trace, outputs.trace, recording, screen, words)])
    codes = {EXIT_OK, *judged(run.snapshot, settings)}

    def diagnose() -> None:
        codes.update(report_cause(cause, sources, screen, debug=debug) for cause in causes)
        if not settings.quiet:
            if settings.max_keys is None and sum(panel.distinct for panel in run.snapshot.panels.values()) > MANY_KEYS:
                say_many_keys()
            report_sources(run.snapshot, screen, followed.told_before() if followed else {})
            if going_on and followed and going_on.follows:
                going_on.say_missing(followed.sources)
            for line in words:
                screen.say("", line, level="info")

    try:
        within_grace(diagnose)
    except Interrupted as error:
        codes.add(error.exit_code)
    return first_of(codes)


def for_people(settings: Settings, outputs: Outputs) -> bool:
    """Whether a report names browsers and systems: a page or a whole text does. For others loading ua-parser takes too long."""
    forms = {format_for(path) for path in outputs.files}
    return settings.full or settings.output == "html" or bool(forms & {"html", "terminal"})


def with_page_rows(settings: Settings, outputs: Outputs) -> Settings:
    """Return the settings of a run whose panels have enough rows for a page, if one is wanted; other reports get fewer."""
    if isinstance(settings.top, int) and settings.top and "html" in {settings.output, *map(format_for, outputs.files)}:
        return replace(settings, top=max(settings.top, PAGE_ROWS))
    return settings


def read_headers(headers: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with their values from the environment. A key is a name, or a host and a name.

    Raises UsageError for a value on the command line, where other users of the machine can see it. The error does not repeat
    what may be such a value, as after a forgotten colon or `env:`.
    """
    found = {}
    for header in headers:
        match = HEADER.fullmatch(header)
        name = match["name"] if match else header.partition(":")[0].strip()
        option = f"--header {name}" if ":" in header and " " not in name else "--header"
        if not match:
            raise UsageError(f"{option}: its value must come from a variable", "write --header 'Name: env:VARIABLE'")
        host, variable = match["host"], match["variable"]
        if variable not in environ:
            shown = f"the variable {variable}" if variable.isidentifier() and variable.isupper() else "its variable"
            raise UsageError(f"{option}: {shown} is not set", "export it first")
        found[f"{host} {name}" if host else name] = environ[variable]
    return found


def painting(
    screen: Screen, going_on: GoingOn | None, *, typed: bool
) -> AbstractContextManager[Callable[[LiveStatus], None] | None]:
    """Return the context in which the progress is painted, if it is: not over what the user types, or a live report."""
    return nullcontext() if typed or (going_on and going_on.follows) else screen.painting()


def all_of(observers: Iterable[Observe], crew: Crew) -> list[Companion]:
    return [companion for make in observers for companion in make(crew)]


def rewritten(outputs: Outputs, screen: Screen, every_s: float, snapshot: Snapshot) -> None:
    """Write the files of a report while its run goes on. For any thread. Raises OutputError."""
    for path in outputs.files:
        form = format_for(path)
        write_atomically(path, render(snapshot, form, screen, to_stdout=False, reload_s=every_s))


def beside(paint: Callable[[LiveStatus], None] | None, say_many_keys: Callable[[], None], crew: Crew) -> list[Companion]:
    """Return the thread that paints the progress, if it is painted at all; have many keys reported while they are counted."""
    if not crew.settings.quiet:
        crew.shared.on_many_keys(say_many_keys)
    if not paint:
        return []
    from logproc.command.terminal.progress import status_of

    return [LiveView(lambda: paint(status_of(crew)))]


def render(snapshot: Snapshot, form: str, screen: Screen, *, to_stdout: bool, reload_s: float | None = None) -> str:
    """Return the report in the format `html`, `json`, `csv` or `terminal`. reload_s: see `render_html`."""
    top = screen.settings.top
    if form == "html":
        from logproc.command.command_line import shown_command
        from logproc.reports.html.page import render_html

        return render_html(snapshot, shown_command(screen.arguments), top if isinstance(top, int) else 0, reload_s)
    if isinstance(top, int):
        snapshot = snapshot.first_rows(top)
    if form == "json":
        from logproc.reports.json_report import render_json

        return render_json(snapshot)
    if form == "csv":
        from logproc.reports.csv_report import render_csv

        return render_csv(snapshot, raw=screen.settings.csv_raw)
    from logproc.reports.text.terminal import render_terminal

    return render_terminal(snapshot, look_of(screen, to_stdout=to_stdout))


def look_of(screen: Screen, *, to_stdout: bool) -> Look:
    """Return what stdout can show, or how a text in a file looks."""
    from logproc.reports.text.style import Look

    if not to_stdout or screen.stdout is None:
        return Look()
    terminal = is_terminal(screen.stdout)
    whole = screen.settings.full or not terminal
    colors, ascii_only = screen.colors(screen.stdout), not is_utf8(screen.stdout)
    return Look(screen.columns, colors, ascii_only, terminal, whole, terminal_size().lines)


def write_reports(
    run: Run, screen: Screen, outputs: Outputs, spool: Spool | None, least_s: float = LEAST_GRACE_S
) -> list[BaseException]:
    """Write the report to each output; return the failures. least_s: how long rendering may take after a signal."""
    snapshot = run.snapshot
    tasks: list[Callable[[], None]] = []
    tasks += [partial(write_file, snapshot, path, screen, least_s) for path in outputs.files]
    if spool and outputs.rejects:  # only those that the report counts: a run that stops early may have read more
        tasks.append(partial(write_out, outputs.rejects, spool.pieces(run.counted)))
    if not (screen.settings.quiet and outputs.files) and (screen.settings.output != "terminal" or worth_showing(snapshot)):
        to_stdout = partial(write_to_stdout, snapshot, screen, least_s)
        tasks = [*tasks, to_stdout] if pages(screen) else [to_stdout, *tasks]  # files do not wait for the user of a pager
    return failures_of(tasks)


def failures_of(tasks: Iterable[Callable[[], None]]) -> list[BaseException]:
    """Write each output. If one fails the others are still written; return the failures."""
    failures: list[BaseException] = []
    for task in tasks:
        try:
            task()
        except (BrokenPipeError, OutputError, Interrupted, MemoryError) as error:
            failures.append(error)
    return failures


def write_to_stdout(snapshot: Snapshot, screen: Screen, least_s: float) -> None:
    text = within_grace(partial(render, snapshot, screen.settings.output, screen, to_stdout=True), least_s=least_s)
    if screen.stdout is not None and pages(screen) and text.count("\n") >= terminal_size().lines:
        from logproc.command.terminal.pager import page, pager_of

        pager = pager_of(screen.environ)
        if pager and page(text.encode(screen.stdout.encoding, "backslashreplace"), pager, screen.environ):
            return
    within_grace(partial(write_stdout, screen.stdout.buffer if screen.stdout else None, text))


def pages(screen: Screen) -> bool:
    """Whether a long report goes through a pager."""
    settings = screen.settings
    return settings.full and settings.output == "terminal" and is_terminal(screen.stdout) and screen.has_sequences


def write_file(snapshot: Snapshot, path: str, screen: Screen, least_s: float) -> None:
    write_out(path, within_grace(partial(render, snapshot, format_for(path), screen, to_stdout=False), least_s=least_s))


def write_trace(path: str, recording: Recording, screen: Screen, words: list[str]) -> None:
    """Write what the threads did; add it to `words` in a few lines."""
    from logproc.command.command_line import shown_command
    from logproc.command.subcommands.trace import rendered
    from logproc.reports.trace.summary import summary_lines

    words += summary_lines(recording)
    write_out(path, within_grace(partial(rendered, path, recording, shown_command(screen.arguments), words)))


def write_out(path: str, content: str | Iterable[bytes]) -> None:
    """Write to a file, whole. Given up some time after a signal: a disk may be slow, the reader of a pipe may take nothing."""
    try:
        within_grace(partial(write_atomically, path, content))
    except Interrupted:
        for name in known_temporaries():
            Path(name).unlink(missing_ok=True)
        raise
