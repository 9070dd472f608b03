"""The command line: options → Settings, a run, its report, an exit code. The only module that touches stdout and stderr."""

from __future__ import annotations

import os
import sys
import traceback
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from logproc import __version__, process
from logproc.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_INCOMPLETE,
    EXIT_INTERNAL,
    EXIT_OK,
    EXIT_OUTPUT,
    EXIT_USAGE,
    Interrupted,
    LogprocError,
)
from logproc.settings import Settings, knobs, load, option_name, parse_size
from logproc.threads.signals import GRACE_S, bounded

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
    1  a report was printed, but some source is not complete
    2  an option, a variable or the config file makes no sense
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


class FileName(click.ParamType):  # type: ignore[type-arg]  # as below
    """The name of a file to be written."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. An empty one is what a variable leaves that was not set."""
        return str(value) or self.fail("the name is empty", param, ctx)


class Size(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """A number of bytes, such as 65536, 64K or 4MiB."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        try:
            return parse_size(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field of Settings, with its text and default from there."""
    hints = typing.get_type_hints(Settings)
    for item in reversed(knobs()):
        command = settings_option(item.name, hints[item.name], item.default, item.metadata)(command)
    return command


def settings_option(name: str, hint: Any, default: Any, metadata: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the option of one field."""
    names = [*SHORT.get(name, ()), option_name(name)]
    shown = "" if default in (None, False, ()) else f"  [default: {shown_default(default, metadata['unit'])}]"
    text = metadata["text"] + shown
    if hint is bool:
        return click.option(*names, name, is_flag=True, default=None, help=text)
    kinds = (
        [kind for kind in typing.get_args(hint) if kind is not type(None)] if type(None) in typing.get_args(hint) else [hint]
    )
    several = typing.get_origin(kinds[0]) is tuple
    kind = typing.get_args(kinds[0])[0] if several else kinds[0]
    if typing.get_origin(kind) is typing.Literal:
        option_type: Any = click.Choice(typing.get_args(kind))
    else:
        option_type = Size() if metadata["unit"] == "bytes" else {int: click.INT, float: click.FLOAT, str: click.STRING}[kind]
    metavar = (
        metadata["metavar"]
        or {"seconds": "SECONDS", "bytes": "BYTES"}.get(metadata["unit"])
        or {str: "NAME", int: "N", float: "N"}.get(kind)
    )
    return click.option(*names, name, type=option_type, default=None, multiple=several, metavar=metavar, help=text)


SHORT = {"recursive": ("-r",), "quiet": ("-q",)}


def shown_default(default: Any, unit: str) -> str:
    """Return a default as a person would write it."""
    if unit == "bytes" and default % (1 << 20) == 0:
        return f"{default >> 20} MiB"
    return f"{default:g}" if isinstance(default, float) else str(default)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, no_args_is_help=True)
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

    Start with `logproc analyze FILE`. `logproc COMMAND --help` tells more.
    """


@cli.command("analyze", epilog=EXAMPLES)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCES...")
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
    input, in any mix. Formats and packing are told from the content, not from the name. Every line is accounted for.
    """
    process.configure(os.environ)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    with bounded(GRACE_S):
        settings = load(given, config, os.environ)
    process.check_address_space(settings.memory, settings.worker_count)
    from logproc.analysis import Outputs, Screen, analyze

    screen = Screen(sys.stdout, sys.stderr, settings)
    return analyze(sources, screen, Outputs(output_files, rejects), headers, debug=debug)


@cli.command()
def formats() -> None:
    """List the formats that are known, with an example line of each."""
    from logproc.formats.known import listing

    for name, summary, example in listing():
        tell(f"{name}\n    {summary}\n    {example}\n")


@cli.command("detect", short_help="Tell which format files have, and why.")
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--encoding", metavar="NAME", help="Text encoding of the files if they are not bytes of ASCII, such as utf-16.")
def detect_command(files: tuple[str, ...], encoding: str | None) -> int:
    """Tell which format each file has: the candidates, how many of its first lines fit each, and the first that does not.

    Only the first bytes are read. Name a format that is told wrong with `logproc analyze --format NAME`.
    """
    process.configure(os.environ)
    process.check_address_space(0, 1)
    from logproc.explain import explain

    code = EXIT_OK
    for text, failed in explain(files, Settings(encoding=encoding)):
        (complain if failed else tell)(text)
        code = EXIT_INCOMPLETE if failed else code
    return code


@cli.command(short_help="List the threading patterns in the code, with place, reason and test.")
def patterns() -> None:
    """List the threading patterns: where each lives in the code, why there, and the test that shows what breaks without it."""
    from logproc.patterns import table

    tell(table().removesuffix("\n"))


def print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the program's version, the interpreter's, and those of the libraries that parsing and speed depend on."""
    if not wanted:
        return
    from importlib.metadata import version

    from logproc.summary import gil_enabled

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
        return int(cli.main(list(arguments), prog_name="logproc", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        say(error.format_message().rstrip("."), "see `logproc analyze --help`")
        return EXIT_USAGE
    except LogprocError as error:
        say(str(error))
        return error.exit_code
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except SystemExit as done:  # click itself leaves: with 0 after a shell's completion, with 1 where nobody reads its help
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

    with bounded():
        if sys.stdout is None:
            write_stdout(None, text)
        else:
            write_stdout(sys.stdout.buffer, text + "\n", sys.stdout.encoding)


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
    with suppress(Interrupted), bounded():
        write_line(sys.stderr, line)


def shout(line: str) -> None:
    """Write a line to stderr with what is there already: an import may need more memory than there is."""
    if sys.stderr is not None:
        with suppress(OSError, MemoryError):
            sys.stderr.write(line)
            sys.stderr.flush()
