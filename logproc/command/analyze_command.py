"""The options of `logproc analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from logproc.command import process
from logproc.command.prepare import prepare
from logproc.command.terminal.screen import Screen
from logproc.command.usage.help import GroupedCommand, GroupedOption, Rows
from logproc.command.usage.options import (
    FileName,
    Seconds,
    complete_files,
    follow_options,
    output_files_option,
    run_options,
    settings_options,
)
from logproc.model.errors import UsageError
from logproc.model.trace.doing import Doing

EXAMPLES: Rows = (
    ("logproc access.log", "what is in it"),
    ("logproc app.log.gz https://example.com/app.log", "a file and a URL"),
    ("logproc -r /var/log/nginx -o report.html", "a folder, as a page"),
    ("logproc access.log --by path,status --top 20", "count by fields"),
    ("logproc access.log --where 'status >= 500'", "only some records"),
    ("logproc access.log --by path --metric p95:duration", "which paths are slow"),
    ("logproc app.log --since 2h --by 'shape(message)'", "messages, by shape"),
)
MORE_EXAMPLES: Rows = (
    ("ssh web1 cat /var/log/nginx/access.log | logproc --output csv", "a pipe; a table"),
    ("logproc 'access.log*' --top 0 --output json | jq .panels.path", "for programs"),
    ("logproc access.log --by path --metric uniques:client --sort uniques:client", "most clients first"),
)


@click.command("analyze", cls=GroupedCommand, examples=EXAMPLES, more_examples=MORE_EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCES...", shell_complete=complete_files)
@settings_options()
@output_files_option("Also write the report to a file, in the format of its ending: .json .csv .txt .html. May be repeated.")
@click.option(
    "--rejects",
    type=FileName(),
    metavar="FILE",
    help="Write each rejected line with its source, number and reason (JSON lines).",
    cls=GroupedOption,
    group="Reports",
)
@click.option(
    "--trace",
    type=FileName(),
    metavar="FILE",
    help="Write what each thread did and when, as a time line (.html, .svg) or for Perfetto (.json); say what is the limit.",
    cls=GroupedOption,
    group="Tuning",
)
@follow_options
@click.option(
    "--every",
    type=Seconds(0.1),
    metavar="TIME",
    help="With --follow, write the files of -o anew so often, such as 5s; a page loads itself again.",
    cls=GroupedOption,
    group="Following",
)
@click.option(
    "--window",
    type=Seconds(1),
    metavar="TIME",
    help="With --follow, report only the records of the last so many seconds, minutes or hours, such as 15m.",
    cls=GroupedOption,
    group="Following",
)
@click.option(
    "--state",
    type=FileName(),
    metavar="FILE",
    help="Keep in this file what was counted and how far each log was read: the next run counts only what is new.",
    cls=GroupedOption,
    group="Following",
    usual=True,
)
@click.option(
    "--cluster",
    metavar="WHERE",
    help="Read and count on the workers of a Dask cluster: tcp://HOST:8786, the file of a scheduler, or local.",
    cls=GroupedOption,
    group="Cluster",
)
@run_options
@click.pass_obj
def analyze_command(
    screen: Screen,
    /,
    sources: tuple[str, ...],
    output_files: tuple[str, ...],
    rejects: str | None,
    trace: str | None,
    follow: bool,
    every: float | None,
    window: float | None,
    state: str | None,
    cluster: str | None,
    headers: tuple[str, ...],
    config: Path | None,
    debug: bool,
    **options: Any,
) -> int:
    """Read logs and report what is in them.

    SOURCES are files (plain, gz, bz2, xz, zst), globs, directories with --recursive, http(s) URLs, and - for standard
    input, in any mix. Without any, a standard input that is a pipe or a file is read. Formats and compression are detected
    from the content, not from the name. Every line is accounted for.
    """
    from logproc.command.subcommands.trace import start_trace
    from logproc.command.usage.misread import check_filter, taken_as_value

    recorder = start_trace(trace)

    if not sources and not process.is_piped():
        if taken := taken_as_value(options):
            raise UsageError("no source is named", taken)
        raise click.MissingParameter(ctx=click.get_current_context(), param_type="argument")
    check_filter(options.get("where"), sources, screen.stdout)
    prepare(screen, options, config, headers)
    with recorder.span(Doing.LOAD):
        process.load_libraries()
        from logproc.command.outputs import Outputs
        from logproc.command.subcommands.analyze import analyze

    if cluster is not None:
        from logproc.command.subcommands.cluster import check_cluster

        check_cluster({"--follow": follow, "--state": state, "--rejects": rejects, "--trace": trace})
    going_on = None
    if follow or (state, every, window) != (None, None, None):
        from logproc.command.subcommands.follow import FollowOptions, GoingOn

        going_on = GoingOn(FollowOptions(follow, every, state, window), screen)
    outputs = Outputs(output_files, rejects, trace)
    return analyze(sources or ("-",), screen, outputs, headers, recorder, going_on, cluster, debug=debug)
