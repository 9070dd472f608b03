"""The command line: options → Settings, a run, its report, an exit code. The only module that touches stdout and stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from logproc import __version__
from logproc.command import process
from logproc.command.click_errors import Commands, words_of
from logproc.command.completion import VARIABLE, answer, complete_files
from logproc.command.options import FileName, settings_options
from logproc.model.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_INCOMPLETE,
    EXIT_INTERNAL,
    EXIT_OK,
    EXIT_OUTPUT,
    EXIT_USAGE,
    Interrupted,
    LogprocError,
)
from logproc.settings import Settings, load
from logproc.threads.grace import within_grace

HELP = {"-h", "--help"}
OUT_OF_MEMORY = "logproc: out of memory: lower --memory, --readers or --workers, or allow the process more\n"
EXAMPLES = """
\b
Examples:
  logproc analyze access.log
  logproc analyze access.log.gz https://example.com/app.log -
  logproc analyze --recursive /var/log/nginx -o report.json
  ssh web1 cat /var/log/nginx/access.log | logproc analyze - --output csv
  logproc analyze 'access.log*' --top 0 --output json | jq .panels.path
  logproc analyze app.log --where 'level == "ERROR"' --since 2h --by 'logger,shape(message)'
  logproc analyze access.log --by path --metric p95:duration,uniques:client --sort p95:duration

\b
Each setting is also a variable (LOGPROC_MAX_TIME) and a key of the config file (max-time).
An option wins over the variable, the variable over the file.

\b
Exit codes:
    0  every source was read to its end, and the report was written
    1  a report was printed, but some source is incomplete
    2  an option, a variable or the config file is wrong
    3  nothing usable was read
    4  an output could not be written
    5  a --strict rule or a limit was hit
   70  an error inside the program
  129  ended by SIGHUP; the report says that it is partial
  130  ended by Ctrl-C (SIGINT), likewise
  143  ended by SIGTERM, likewise
  152  over its time on the processor (ulimit -t), likewise
  141  the reader of stdout went away
"""


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, no_args_is_help=True
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *args: print_version(*args),  # noqa: PLW0108 - it stands below, where it is read
    help="Show the versions of logproc, Python and the libraries, and exit.",
)
def cli() -> None:
    """Count what is in logs of any kind: files, archives, standard input and URLs, read with threads.

    Start with `logproc analyze FILE`. For more, see `logproc COMMAND --help`.
    """


@cli.command("analyze", epilog=EXAMPLES)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCES...", shell_complete=complete_files)
@settings_options
@click.option(
    "-o",
    "--output-file",
    "output_files",
    multiple=True,
    type=FileName(),
    metavar="FILE",
    help="Write the report to a file as well, as its ending says: .json .csv .txt. May be repeated.",
)
@click.option(
    "--rejects",
    type=FileName(),
    metavar="FILE",
    help="Write every rejected line with its source, number and reason (JSON lines).",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: env:VARIABLE'",
    help="Send a header to the web servers of the URLs; its value comes from a variable. May be repeated.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from this file.  [default: $LOGPROC_CONFIG, ./logproc.toml, the user's config folder]",
)
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
def analyze_command(
    sources: tuple[str, ...],
    output_files: tuple[str, ...],
    rejects: str | None,
    headers: tuple[str, ...],
    config: Path | None,
    debug: bool,
    **options: Any,
) -> int:
    """Read logs and print what is in them.

    SOURCES are files (plain, gz, bz2, xz, zst), globs, directories with --recursive, http(s) URLs, and - for standard
    input, in any mix. Formats and compression are detected from the content, not from the name. Every line is accounted for.
    """
    process.configure(os.environ)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    settings = load(given, config, os.environ)
    process.check_address_space(settings.memory, settings.worker_count)
    from logproc.command.analyze import Outputs, analyze
    from logproc.command.screen import Screen

    screen = Screen(sys.stdout, sys.stderr, settings)
    return analyze(sources, screen, Outputs(output_files, rejects), headers, debug=debug)


@cli.command()
def formats() -> None:
    """List the known formats, with an example line of each."""
    from logproc.formats.known import listing

    for name, summary, example in listing():
        tell(f"{name}\n    {summary}\n    {example}\n")


@cli.command("detect", short_help="Show which format files have, and why.")
@click.argument("files", nargs=-1, required=True, metavar="FILES...", shell_complete=complete_files)
@click.option("--encoding", metavar="NAME", help="Text encoding of the files, such as utf-16.")
def detect_command(files: tuple[str, ...], encoding: str | None) -> int:
    """Show which format each file has: the candidates, the share of its first lines that fits each, and the first misfit.

    Only the first bytes are read. If the answer is wrong, name the format with `logproc analyze --format NAME`.
    """
    process.configure(os.environ)
    process.check_address_space(0, 1)
    from logproc.command.detect import explain

    code = EXIT_OK
    for text, failed in explain(files, Settings(encoding=encoding)):
        (complain if failed else tell)(text)
        code = EXIT_INCOMPLETE if failed else code
    return code


@cli.command(short_help="Show the threading patterns in the code, each with its invariant and a test.")
def threads() -> None:
    """Show the threading patterns in this program's code.

    For each: where it is, what always holds there, the lines of code that matter, and the test that fails without it.
    """
    from logproc.command.threading_patterns import listing

    tell(listing().removesuffix("\n"))


@cli.command(hidden=True)
@click.pass_context
def patterns(context: click.Context) -> None:
    """Show the threading patterns: the former name of `logproc threads`."""
    context.invoke(threads)


def print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the program's version, the interpreter's, and those of the libraries that parsing and speed depend on."""
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import version

    from logproc.pipeline.summary import gil_enabled

    tell(f"logproc {__version__}")
    tell(f"Python {sys.version.split()[0]}, {'with' if gil_enabled() else 'without'} GIL")
    tell(", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "isal", "requests", "urllib3", "rich")))
    context.exit()


def main() -> NoReturn:
    """Run the command line and leave with its exit code.

    Without Python's own clean-up: it would wait for a reader that is stuck in a name look-up and for workers that are
    in the middle of a chunk, and flush a stdout whose reader has gone. All that has to be written is written.
    """
    os._exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; return its exit code. Every expected failure becomes one line on stderr."""
    try:
        if asked := os.environ.get(VARIABLE):
            return EXIT_OK if answer(cli, asked) else EXIT_USAGE
        return int(cli.main(list(arguments), prog_name="logproc", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        command = next((f"logproc {word}" for word in arguments[:1] if word in cli.commands), "logproc")
        say(words_of(error, command))
        return EXIT_USAGE
    except LogprocError as error:
        say(str(error))
        return error.exit_code
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except SystemExit as done:  # click itself leaves, with 1 where nobody reads its help
        return EXIT_BROKEN_PIPE if done.code else EXIT_OK
    except Exception as error:  # the last door: no traceback without --debug
        return tell_unexpected(error, arguments)


def tell_unexpected(error: Exception, arguments: Sequence[str]) -> int:
    """Tell of an error that nobody expected, with --debug where it comes from; return the exit code."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    if isinstance(error, MemoryError):
        shout(OUT_OF_MEMORY)
        return EXIT_INTERNAL
    if isinstance(error, OSError) and HELP.intersection(arguments):  # of click, which writes the help
        say(f"cannot write stdout: {error.strerror}")
        return EXIT_OUTPUT
    if isinstance(error, ImportError):
        last_line = str(error).strip().rpartition("\n")[2].removeprefix("Original error was: ")
        say(f"cannot load a library: {last_line}", "install logproc again, or allow the process more memory")
        return EXIT_INTERNAL
    say(f"internal error: {error!r}", "please report it; --debug shows where")
    return EXIT_INTERNAL


def tell(text: str) -> None:
    """Write lines to stdout. Raises OutputError where that cannot be done, BrokenPipeError where nobody reads them."""
    from logproc.reports.output import write_stdout

    if sys.stdout is None:
        write_stdout(None, text)
    else:
        within_grace(partial(write_stdout, sys.stdout.buffer, text + "\n", sys.stdout.encoding))


def say(*parts: str) -> None:
    """Write one diagnostic to stderr, on one harmless line."""
    complain(": ".join(["logproc", *parts]))


def complain(line: str) -> None:
    """Write one line to stderr. One that has gone, or that nobody reads, is nobody's fault."""
    try:
        from logproc.reports.output import write_line
    except (ImportError, MemoryError, OSError):  # there may be no memory for a module more
        shout(ascii(line)[1:-1] + "\n")
        return
    with suppress(Interrupted):
        within_grace(partial(write_line, sys.stderr, line))


def shout(line: str) -> None:
    """Write a line to stderr with what is there already: an import may need more memory than there is."""
    if sys.stderr is not None:
        with suppress(OSError, MemoryError):
            sys.stderr.write(line)
            sys.stderr.flush()
