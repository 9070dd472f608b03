"""What `logproc diff` does after its options are parsed: read both sides, compare, report, choose the exit code."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from msgspec import Struct, structs

from logproc.command.exit_codes import first_of, judged
from logproc.command.outputs import Outputs, check_outputs, identity, keep_settings, keep_sources
from logproc.command.subcommands.analyze import beside, failures_of, look_of, read_headers, write_out
from logproc.command.subcommands.diagnostics import report_cause, say_sources
from logproc.command.terminal import log
from logproc.command.terminal.screen import Screen
from logproc.model.comparison import Comparison
from logproc.model.errors import (
    EXIT_FAIL_ON,
    EXIT_NOTHING_READ,
    EXIT_OK,
    UsageError,
)
from logproc.model.knobs import option_name
from logproc.model.source import Kind, Source
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.questions.timespan import parse_moment
from logproc.questions.zones import parse_zone
from logproc.reports.comparing.compare import compare
from logproc.reports.comparing.conditions import OPTION, Answer, Condition, answer, parse_condition
from logproc.reports.comparing.report import read_report, side_of_report
from logproc.reports.comparing.side import Side, side_of_log
from logproc.reports.comparison_words import reasons
from logproc.reports.output import format_for, write_stdout
from logproc.reports.safe import distinct
from logproc.settings import Settings
from logproc.threads.grace import within_grace

WAYS = "write `logproc diff A B`, or `logproc diff LOG --before TIME --after TIME`"
FORMS = ("terminal", "json", "html")


class Asked(Struct, frozen=True):
    """What to compare, and how to tell it.

    before, after: the times that part one log in two, None for two sources. conditions: the texts of --fail-on.
    """

    sources: Sequence[str]
    before: str | None
    after: str | None
    conditions: Sequence[str]
    output: str
    files: Sequence[str]
    headers: Sequence[str]
    debug: bool


def diff(asked: Asked, screen: Screen) -> int:
    """Compare two logs or reports, write the comparison, and return the exit code.

    Raises UsageError and OutputError for what is wrong before anything is read, and for a condition that cannot be checked.
    """
    conditions = [parse_condition(text) for text in asked.conditions]
    settings = screen.settings
    spans = spans_of(asked, settings)
    check_forms(asked)
    check_outputs(Outputs(asked.files))
    keep_settings(Outputs(asked.files), settings)
    to_read = [prepared(name, span, asked, screen) for name, span in spans]
    log.configure(settings, screen.write, color=screen.colors(screen.stderr))
    codes = {EXIT_OK}
    sides = []
    for one in to_read:
        side, found = (one, set[int]()) if isinstance(one, Side) else read_log(one, asked, screen)
        codes |= found
        if side is None:
            return first_of(codes)
        sides.append(side)
    before, after = sides
    comparison = compare(before, after)
    answers, failures = answers_to(conditions, comparison)
    if any(found.holds for found in answers):
        codes.add(EXIT_FAIL_ON)
    codes |= write_all(comparison, answers, asked, screen)
    if not settings.quiet:
        for undecided in (found for found in answers if found.verdict == "undecided"):
            what = f"{OPTION} {undecided.condition.text!r} is undecided"
            screen.say("", what, reasons(undecided, distinct), level="warning")
    codes |= {report_cause(failure, (), screen, debug=asked.debug) for failure in failures}
    return first_of(codes)


def answers_to(conditions: Sequence[Condition], comparison: Comparison) -> tuple[list[Answer], list[UsageError]]:
    """Return the answers, and an error for each condition that cannot be checked: it must not pass unseen."""
    answers, failures = [], []
    for condition in conditions:
        try:
            answers.append(answer(condition, comparison))
        except UsageError as error:
            failures.append(error)
    return answers, failures


def spans_of(asked: Asked, settings: Settings) -> list[tuple[str, Mapping[str, str]]]:
    """Return the name of each side, and the settings that part it from the other. Raises UsageError for neither way."""
    if asked.before is None and asked.after is None:
        if len(asked.sources) != 2:
            if len(asked.sources) == 1:
                raise UsageError("only one source given", "name two, or --before and --after")
            what = f"{len(asked.sources)} sources" if asked.sources else "no source is named"
            raise UsageError(f"{what}: a comparison is of two", f"{WAYS}; several files of one side are a glob in quotes")
        if list(asked.sources) == ["-", "-"]:
            raise UsageError("standard input cannot be both sides", "name a file for one of them")
        return [(name, {}) for name in asked.sources]
    if asked.before is None or asked.after is None:
        missing = "--before" if asked.before is None else "--after"
        raise UsageError(
            f"{missing} is missing", "two spans of a log are --before TIME --after TIME, perhaps with the same time"
        )
    if len(asked.sources) != 1:
        raise UsageError(f"{len(asked.sources)} sources with --before and --after", WAYS)
    zone, now_s = parse_zone(settings.tz), int(time.time())
    times = (("--before", asked.before), ("--after", asked.after))
    end, begin = (parse_moment(option, text, zone, now_s) for option, text in times)
    if end > begin:
        raise UsageError("--before is after --after", "records between them would be on both sides")
    return [(asked.sources[0], {"until": asked.before}), (asked.sources[0], {"since": asked.after})]


def check_forms(asked: Asked) -> None:
    for path in asked.files:
        if format_for(path) not in FORMS:
            raise UsageError(f"-o {path}: not for a comparison", "use .html, .json or .txt")


class Unread(Struct, frozen=True):
    """One side that is a log, before it is read."""

    sources: Sequence[Source]
    settings: Settings
    openers: Openers
    span: Mapping[str, str]


def prepared(name: str, span: Mapping[str, str], asked: Asked, screen: Screen) -> Side | Unread:
    """Return the side of a report, or what to read. Raises UsageError for what is wrong, before any log is read."""
    settings = screen.settings
    report = read_report(Path(name)) if name != "-" else None
    if report is not None:
        for option in ("where", "since", "until", "client_from", "anonymize"):
            if getattr(settings, option):
                raise UsageError(f"{name} is a report: {option_name(option)} cannot be applied", "name the log instead")
        if span:
            raise UsageError(f"{name} is a report", "--before and --after part a log")
        if identity(name) in Outputs(asked.files).by_identity():
            raise UsageError(f"{name} would be read and overwritten", "name another file for the output")
        return side_of_report(name, report)
    settings = replace(settings, since=span.get("since", settings.since), until=span.get("until", settings.until))
    found = find_sources([name], settings)
    if span and any(source.kind in {Kind.STDIN, Kind.FIFO} for source in found):
        raise UsageError(f"{found[0].name} can be read only once", "--before and --after need a file or a URL")
    sources = keep_sources(found, Outputs(asked.files), [name], [screen.stdout, screen.stderr])
    given = read_headers(asked.headers, screen.environ)
    return Unread(sources, settings, Openers.of(settings, given, screen.say_now, sources), span)


def read_log(unread: Unread, asked: Asked, screen: Screen) -> tuple[Side | None, set[int]]:
    """Read a log. Returns None if there is nothing to compare, and why as exit codes."""
    sources, span = unread.sources, unread.span
    with screen.painting() as paint:
        run = run_threaded(sources, unread.settings, unread.openers, None, partial(beside, paint, lambda: None))
    if isinstance(run.cause, UsageError):
        raise run.cause
    codes = judged(run.snapshot, unread.settings)
    if not screen.settings.quiet:
        say_sources(run.snapshot, screen, "`logproc analyze --rejects FILE` writes them")
    if run.cause is not None:  # what was read until then is not the whole log
        return None, codes | {report_cause(run.cause, sources, screen, debug=asked.debug)}
    if run.tally is None or EXIT_NOTHING_READ in codes:
        return None, codes
    name = sources[0].name + (f" and {len(sources) - 1:,} more" if len(sources) > 1 else "")
    if span:
        name += f" {'before' if 'until' in span else 'from'} {next(iter(span.values()))}"
    if not run.snapshot.account.records:
        given = [option for option in ("where", "since", "until") if getattr(screen.settings, option)]
        hint = f"check {' and '.join(map(option_name, given))}" if given else "it is empty, or nothing in it is a record"
        raise UsageError(f"{name}: no record to compare", "write the day too: --before '2026-03-07 10:00'" if span else hint)
    side = side_of_log(name, run.tally)
    incomplete = () if run.snapshot.complete else (f"{name}: not everything was read",)
    return structs.replace(side, notes=(*side.notes, *incomplete)), codes


def write_all(comparison: Comparison, answers: Sequence[Answer], asked: Asked, screen: Screen) -> set[int]:
    """Write the comparison to each output; return the exit codes of what failed."""
    draw = partial(render, comparison, answers, screen=screen)
    tasks = [partial(write_out, path, draw(format_for(path), to_stdout=False)) for path in asked.files]
    if not (screen.settings.quiet and asked.files):
        text = draw(asked.output, to_stdout=True)
        stream = screen.stdout.buffer if screen.stdout else None
        tasks.insert(0, partial(within_grace, partial(write_stdout, stream, text)))
    return {report_cause(failure, (), screen, debug=asked.debug) for failure in failures_of(tasks)}


def render(comparison: Comparison, answers: Sequence[Answer], form: str, *, screen: Screen, to_stdout: bool) -> str:
    if form == "json":
        from logproc.reports.comparison_json import comparison_json

        return comparison_json(comparison, answers)
    top = screen.settings.top if isinstance(screen.settings.top, int) else screen.settings.top[0]
    if form == "html":
        from logproc.command.command_line import shown_command
        from logproc.reports.html.comparison import comparison_html

        return comparison_html(comparison, answers, shown_command(screen.arguments), top)
    from logproc.reports.text.comparison import render_comparison

    return render_comparison(comparison, look_of(screen, to_stdout=to_stdout), top, answers)
