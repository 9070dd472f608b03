"""The options of `logproc show`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from logproc.command import process
from logproc.command.prepare import prepare, without
from logproc.command.terminal.screen import Screen
from logproc.command.usage.help import GroupedCommand, GroupedOption, Rows
from logproc.command.usage.options import FileName, complete_files, follow_options, run_options, settings_options

EXAMPLES: Rows = (
    ("logproc show access.log --where 'status >= 500'", "the lines of failed requests"),
    ("logproc show app.log --where 'level >= error' --since 2h", "errors, with their traces"),
    ("logproc show app.log --where 'message contains timeout' -C 3", "and what was around them"),
    ("logproc show access.log --fields time,status,path", "only some fields"),
    ("logproc show 'web*/access.log' --merge --source", "several logs in one order of time"),
    ("logproc show -f app.log --where 'level >= warning'", "as they come"),
    ("logproc show access.log.gz -o access.parquet", "for DuckDB, Polars or pandas"),
)
MORE_EXAMPLES: Rows = (
    ("logproc show app.log --where 'level == error' --output json | jq .message", "for programs"),
    ("logproc show 'access.log*' --where 'status == 404' --count", "only their number"),
)
NOT_SHOWN = {"by", "metric", "sort", "order", "visitors", "top", "full", "output", "max_keys", "strict"}
"""Settings of reports that have no meaning here; in a config file they may be meant for reports."""

REWORDED = {
    "where": {"text": "Only records that match, such as `status >= 500`."},
    "since": {"text": "Only records from this time on: `2026-03-07 10:00`, `10:00`, `yesterday`, or `2h` (ago)."},
    "until": {"text": "Only records before this time."},
    "color": {"text": "Colours of the records on a terminal."},
    "quiet": {"text": "No progress and no diagnostics."},
}


def show_option(*names: str, **about: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, cls=GroupedOption, group="Records", usual=True, **about)


@click.command(
    "show",
    cls=GroupedCommand,
    examples=EXAMPLES,
    more_examples=MORE_EXAMPLES,
    short_help="Print the records that match: the log's own lines, fields, JSON, CSV or Parquet.",
)
@click.argument("sources", nargs=-1, metavar="SOURCES...", shell_complete=complete_files)
@show_option("--fields", metavar="FIELD,...", help="Write only these fields of each record, such as time,status,path.")
@show_option(
    "--output",
    type=click.Choice(["lines", "json", "csv", "parquet"]),
    help="Format: the lines of the log, JSON lines, CSV, or Parquet.  [default: lines, or by the ending of -o]",
)
@show_option(
    "-o",
    "--output-file",
    type=FileName(),
    metavar="FILE",
    help="Write to a file, in the format of its ending: .log .txt .jsonl .csv .parquet.",
)
@show_option("-n", "--first", type=click.IntRange(1), metavar="N", help="Only the first N records that match.")
@show_option("--tail", type=click.IntRange(1), metavar="N", help="Only the last N records that match.")
@show_option("-C", "--context", type=click.IntRange(0), metavar="N", help="Also N records before and after each match.")
@show_option("--source", "with_source", is_flag=True, help="Begin each line with the name of its source.")
@show_option("--merge", is_flag=True, help="Put the records of several sources in one order of time.")
@show_option("--count", is_flag=True, help="Print only how many records match.")
@show_option(
    "--partition",
    type=click.Choice(["day"]),
    help="With Parquet: a folder with files for each day in --tz, as day=2026-03-07/…",
)
@settings_options(without=NOT_SHOWN, reworded=REWORDED)
@follow_options
@run_options
@click.pass_obj
def show_command(
    screen: Screen,
    /,
    sources: tuple[str, ...],
    fields: str | None,
    output: str | None,
    output_file: str | None,
    first: int | None,
    tail: int | None,
    context: int | None,
    with_source: bool,
    merge: bool,
    count: bool,
    partition: str | None,
    follow: bool,
    headers: tuple[str, ...],
    config: Path | None,
    debug: bool,
    **options: Any,
) -> int:
    """Print the records that match: whole records, as the log has them, in its order.

    SOURCES and filters are as for `analyze`. Lines that could not be read are not records: `analyze --rejects` writes them.
    """
    from logproc.command.usage.misread import check_filter

    if not sources and not process.is_piped():
        raise click.MissingParameter(ctx=click.get_current_context(), param_type="argument")
    check_filter(options.get("where"), sources, screen.stdout)
    prepare(screen, options, config, headers)
    screen.settings = without(NOT_SHOWN, screen.settings)
    process.load_libraries()
    from logproc.command.subcommands.show.options import ShowOptions
    from logproc.command.subcommands.show.run import show

    asked = ShowOptions(
        sources=sources or ("-",),
        fields=fields,
        output=output,
        file=output_file,
        first=first,
        last=tail,
        around=context,
        with_source=with_source,
        merge=merge,
        count=count,
        partition=partition,
        follow=follow,
        since=options.get("since") is not None,
        headers=headers,
        debug=debug,
    )
    return show(asked, screen)
