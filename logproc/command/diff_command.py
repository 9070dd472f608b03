"""The options of `logproc diff`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from logproc.command import process
from logproc.command.prepare import prepare, without
from logproc.command.terminal.screen import Screen
from logproc.command.usage.help import GroupedCommand, GroupedOption, Rows
from logproc.command.usage.options import complete_files, output_files_option, run_options, settings_options
from logproc.model.errors import UsageError

EXAMPLES: Rows = (
    ("logproc diff access.log.1 access.log", "two days"),
    ("logproc diff 'old/*.log' 'new/*.log' --where 'path contains \"/api/\"'", "only some records"),
    ("logproc diff monday.json tuesday.html", "two reports"),
    ("logproc diff app.log --before '2026-03-07 10:00' --after '2026-03-07 10:00'", "one log, in two"),
    ("logproc diff before.log after.log --fail-on 'error_share +1%'", "fail if errors rose"),
)
MORE_EXAMPLES: Rows = (
    ("logproc diff before.log after.log --fail-on 'p95:duration +20%'", "or it became slower"),
    ("logproc diff before.log after.log --fail-on 'new message level >= error' -q", "or has a new error"),
)
CONDITIONS: Rows = (
    ("error_share +1%, 4xx +1%, 5xx +0.5%", "A share of all records rose by so many points."),
    ("p50:duration, p95:duration, p99:duration +20%, rate -50%", "It rose or fell by so much of itself."),
    ("new message, path, status, level, logger, client", "One that was not there before."),
    ("new message level >= error, new path status >= 500, new status >= 500", "The same, only such ones."),
)
CHANCE = (
    "A change counts only if it is more than chance; docs/diff.md says how that is decided. Exit code 6: a condition is met."
)
NOT_COMPARED = {"by", "metric", "sort", "order", "visitors", "csv_raw", "full", "output"}
"""Settings of reports that a comparison does not have; in a config file they may be meant for reports."""


@click.command(
    "diff",
    cls=GroupedCommand,
    examples=EXAMPLES,
    more_examples=MORE_EXAMPLES,
    topics={"Conditions of --fail-on": CONDITIONS},
    closing=CHANCE,
    short_help="Compare two logs or reports: what appeared, vanished, rose and fell.",
)
@click.argument("sources", nargs=-1, metavar="BEFORE [AFTER]", shell_complete=complete_files)
@click.option(
    "--before",
    metavar="TIME",
    help="Of one log: compare its records before this time …",
    cls=GroupedOption,
    group="Questions",
    usual=True,
)
@click.option(
    "--after",
    metavar="TIME",
    help="… with those from this time on. Times are as for --since.",
    cls=GroupedOption,
    group="Questions",
    usual=True,
)
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit with 6 if this has changed, and by more than chance. May be repeated.",
    cls=GroupedOption,
    group="Questions",
    usual=True,
)
@click.option(
    "--output",
    type=click.Choice(["terminal", "json", "html"]),
    default="terminal",
    help="Format on stdout.  [default: terminal]",
    cls=GroupedOption,
    group="Reports",
    usual=True,
)
@output_files_option("Also write the comparison to a file, in the format of its ending: .html .json .txt. May be repeated.")
@settings_options(without=NOT_COMPARED, reworded={"top": {"text": "Changes of each field, 0 for all.", "metavar": "N"}})
@run_options
@click.pass_obj
def diff_command(
    screen: Screen,
    /,
    sources: tuple[str, ...],
    before: str | None,
    after: str | None,
    conditions: tuple[str, ...],
    output: str,
    output_files: tuple[str, ...],
    headers: tuple[str, ...],
    config: Path | None,
    debug: bool,
    **options: Any,
) -> int:
    """Compare two logs or reports: what appeared, vanished, rose and fell, and whether it is more than chance.

    BEFORE and AFTER are each a report of logproc (JSON or HTML) or a log: a file, an archive, a glob in quotes, a URL, or -
    for standard input. With --before and --after, two spans of one log are compared.
    """
    prepare(screen, options, config, headers)
    if options["top"] and not isinstance(screen.settings.top, int):  # one in the config file may be meant for reports
        raise UsageError(f"--top {options['top']}: not for a comparison", "write one number, 0 for all")
    screen.settings = replace(without(NOT_COMPARED, screen.settings), compares=True)
    process.load_libraries()
    from logproc.command.subcommands.diff import Asked, diff

    return diff(Asked(sources, before, after, conditions, output, output_files, headers, debug), screen)
