"""The options of `logproc diff`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from logproc.command import process
from logproc.command.remarks import remark
from logproc.command.terminal.screen import Screen
from logproc.command.usage.options import FileName, complete_files, options_without
from logproc.settings import load

EXAMPLES_OF_DIFF = """
\b
Examples:
  logproc diff access.log.1 access.log
  logproc diff 'old/*.log' 'new/*.log' --where 'path contains "/api/"'
  logproc diff monday.json tuesday.html
  logproc diff app.log --before '2026-03-07 10:00' --after '2026-03-07 10:00'
  logproc diff before.log after.log --fail-on 'error_share +1%' --fail-on 'p95:duration +20%'
  logproc diff before.log after.log --fail-on 'new message level >= error' --quiet

\b
Conditions of --fail-on:
  error_share +1%, 4xx +1%, 5xx +0.5%   a share of all records rose by so many points
  p50:duration, p95:duration, p99:duration +20%, rate -50%   rose or fell by so much of itself
  new message, path, status, level, logger, client   one that was not there before
  new message level >= error, new path status >= 500, new status >= 500

\b
A change counts only if it is more than chance; docs/diff.md says how that is decided.
Exit code 6: a condition of --fail-on is met. The other codes are those of `logproc analyze`.
"""
NOT_COMPARED = {"by", "metric", "sort", "order", "visitors", "csv_raw", "full", "output"}
"""Settings of reports that a comparison does not have."""


@click.command(
    "diff", epilog=EXAMPLES_OF_DIFF, short_help="Compare two logs or reports: what appeared, vanished, rose and fell."
)
@click.argument("sources", nargs=-1, metavar="BEFORE [AFTER]", shell_complete=complete_files)
@click.option("--before", metavar="TIME", help="Of one log: compare its records before this time …")
@click.option("--after", metavar="TIME", help="… with those from this time on. Times are as for --since.")
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit with 6 if this has changed, and by more than chance. May be repeated.",
)
@click.option(
    "--output",
    type=click.Choice(["terminal", "json", "html"]),
    default="terminal",
    help="Format on stdout.  [default: terminal]",
)
@click.option(
    "-o",
    "--output-file",
    "output_files",
    multiple=True,
    type=FileName(),
    metavar="FILE",
    help="Also write the comparison to a file, in the format of its ending: .html .json .txt. May be repeated.",
)
@options_without(NOT_COMPARED)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'[HOST] NAME: env:VARIABLE'",
    help="Send a header to the server of the URLs; its value comes from a variable. May be repeated.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Read settings from this file.")
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
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
    process.configure(os.environ)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    screen.settings = load(given, config, os.environ)
    if not screen.settings.quiet:
        remark(screen, config, headers)
    process.check_address_space(screen.settings.memory, screen.settings.worker_count)
    from logproc.command.subcommands.diff import Asked, diff

    return diff(Asked(sources, before, after, conditions, output, output_files, headers, debug), screen)
