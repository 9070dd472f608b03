"""The command line: options → Settings, a run, its report, an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from logproc import __version__
from logproc.command import process
from logproc.command.analyze_command import analyze_command
from logproc.command.diff_command import diff_command
from logproc.command.process import OUT_OF_MEMORY
from logproc.command.show_command import show_command
from logproc.command.terminal.screen import Screen
from logproc.command.usage.click_errors import Commands, with_command, words_of
from logproc.command.usage.options import complete_files, complete_setting
from logproc.model.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_INCOMPLETE,
    EXIT_OK,
    EXIT_USAGE,
    InternalError,
    Interrupted,
    LogprocError,
    UsageError,
    too_many_files,
)
from logproc.reports.output import failure, write_stdout
from logproc.reports.safe import harmless
from logproc.settings import Settings, load
from logproc.threads.grace import within_grace
from logproc.threads.signals import unlink_temporaries

HELP = {"-h", "--help", "--help-all"}
STYLES: Mapping[str, Mapping[str, Any]] = {"name": {"bold": True}, "field": {"fg": "cyan"}, "note": {"dim": True}}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    options_metavar="[OPTIONS]",
    subcommand_metavar="FILE... | COMMAND ...",
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *args: print_version(*args),  # noqa: PLW0108 - defined below, in reading order
    help="Show the versions of logproc, Python and the libraries, and exit.",
)
def cli() -> None:
    """Analyze logs of any kind: files, archives, standard input and URLs, read with threads.

    `logproc FILE` is `logproc analyze FILE`: `logproc analyze --help` shows what can be asked, and `logproc detect FILE` which
    fields a log has.
    """


cli.add_command(analyze_command)
cli.add_command(diff_command)
cli.add_command(show_command)


@cli.command("formats", short_help="List the known formats, or show one with its fields and its definition.")
@click.argument("names", nargs=-1, metavar="[NAMES]...", shell_complete=complete_setting("format"))
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Read formats of your own from this file.")
@click.pass_obj
def formats_command(screen: Screen, /, names: tuple[str, ...], config: Path | None) -> None:
    """List the known formats, each with an example line, and then those of your config file.

    With NAMES, show what each of these formats finds in its example, how its times are read, whose documentation it is from,
    and a definition of the same that you can copy and change.
    """
    process.configure(os.environ)
    settings = load({}, config, os.environ)
    own: dict[str, Any] = {**dict(settings.patterns), **dict(settings.formats)}
    process.load_libraries()
    from logproc.command.subcommands.formats import list_of, page_of

    if not names:
        write_lines(list_of(own))
        return
    style = styled if screen.colors(sys.stdout) else plain
    write_lines("\n".join(page_of(name, own, style) for name in names).removesuffix("\n"))


def plain(text: str, _what: str) -> str:
    return text


def styled(text: str, what: str) -> str:
    return click.style(text, **STYLES[what])


@cli.command("detect", short_help="Show which format files have, and why.")
@click.argument("files", nargs=-1, metavar="FILES...", shell_complete=complete_files)
@click.option("--encoding", metavar="NAME", help="Text encoding of the files, such as utf-16.")
@click.pass_obj
def detect_command(screen: Screen, /, files: tuple[str, ...], encoding: str | None) -> int:
    """Show which format each file has: the candidates, the share of its first lines that each fits, and the first misfit.

    Only the first bytes are read. If the answer is wrong, name the format with `logproc analyze --format NAME`.
    """
    if not files and not process.is_piped():
        raise click.MissingParameter(ctx=click.get_current_context(), param_type="argument")
    process.configure(os.environ)
    process.check_address_space(0, 1)
    process.load_libraries()
    from logproc.command.subcommands.detect import explain

    files = files or ("-",)
    code = EXIT_OK
    if "-" in files and os.isatty(0):
        screen.say("-", "reading what you type", "end with Ctrl-D", level="info")
    for text, failed in explain(files, Settings(encoding=encoding)):
        if failed:
            write_stderr(partial(screen.write, text))
            code = EXIT_INCOMPLETE
        else:
            write_lines(text)
    return code


@cli.command(short_help="Show the threading patterns in the code, with their invariants and tests.")
def threads() -> None:
    """Show the threading patterns in this program's code.

    For each: its file, its invariant, the lines of code that matter, and the test that fails without it.
    """
    from logproc.command.subcommands.threading_patterns import listing

    write_lines(listing().removesuffix("\n"))


@cli.command(short_help="Write a config file with every setting, to be changed.")
@click.argument("file", default="logproc.toml", metavar="[FILE]", shell_complete=complete_files)
def init(file: str) -> None:
    """Write a config file with every setting, its default and the reason.

    It goes to FILE, or else to `logproc.toml` in the current folder, where logproc reads it; with `-` to standard output. A
    file that exists is left as it is.
    """
    from logproc.command.subcommands.init import template, write_config

    if file == "-":
        write_lines(template().decode().removesuffix("\n"))
        return
    write_config(file)
    read = "every run in this folder reads it" if file == "logproc.toml" else f"--config {file} reads it"
    write_lines(harmless(f"{file}: written; {read}"))


@cli.command(short_help="Print the manual page: logproc man | man -l -")
def man() -> None:
    """Print the manual page in roff: `logproc man | man -l -` shows it, `logproc man > logproc.1` keeps it."""
    from logproc.command.subcommands.man import manual

    write_lines(manual(cli).removesuffix("\n"))


@cli.command(hidden=True)
@click.pass_context
def patterns(context: click.Context) -> None:
    """Show the threading patterns: the old name of `logproc threads`."""
    context.invoke(threads)


def print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the versions of the program, the interpreter, and the libraries that parsing and speed depend on."""
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import version

    from logproc.model.snapshot import gil_enabled

    write_lines(f"logproc {__version__}")
    write_lines(f"Python {sys.version.split()[0]}, {'with' if gil_enabled() else 'without'} GIL")
    write_lines(", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "isal", "requests", "urllib3", "rich")))
    context.exit()


def main() -> NoReturn:
    """Run the command line and leave with its exit code.

    Without Python's own clean-up: it would wait for a reader that is stuck in a name look-up and for workers in the middle of
    a chunk, and flush a stdout whose reader has gone. Everything that has to be written has been written by then; what a thread
    that was left behind had begun to write is removed.
    """
    code = run(sys.argv[1:])
    unlink_temporaries()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; return its exit code. Every expected failure becomes one line on stderr."""
    settings = Settings(log_format="json" if wants_json(arguments, os.environ) else "console")
    screen = Screen(sys.stdout, sys.stderr, settings, arguments=arguments)
    try:
        if asked := os.environ.get("_LOGPROC_COMPLETE"):
            from logproc.command.usage.completion import answer

            return EXIT_OK if answer(cli, asked) else EXIT_USAGE
        arguments = with_command(arguments, cli, piped=process.is_piped())
        color = screen.colors(screen.stdout)
        return int(cli.main(arguments, prog_name="logproc", standalone_mode=False, obj=screen, color=color) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except SystemExit as done:  # raised by click, with 1 if stdout was closed while it wrote its help
        return EXIT_BROKEN_PIPE if done.code else EXIT_OK
    except Exception as error:
        reported = failure_of(error, arguments)
        if "--debug" in arguments:
            write_stderr(partial(screen.show_traceback, error))
        write_stderr(partial(screen.say, "", reported.what, reported.hint))
        return reported.exit_code


def wants_json(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Return whether errors that come before the settings are read should be JSON as well."""
    _, found, rest = "\0".join(arguments).replace("--log-format=", "--log-format\0").rpartition("--log-format\0")
    return (rest.partition("\0")[0] if found else environ.get("LOGPROC_LOG_FORMAT")) == "json"


def failure_of(error: Exception, arguments: Sequence[str]) -> LogprocError:
    """Return the error to report: its text, hint and exit code."""
    if isinstance(error, LogprocError):
        return error
    if isinstance(error, click.ClickException):
        return UsageError(*words_of(error, cli, arguments))
    if isinstance(error, MemoryError):
        return InternalError(*OUT_OF_MEMORY)
    if isinstance(error, OSError) and HELP.intersection(arguments):  # click writes the help
        return failure("stdout", error)
    if words := too_many_files(error):  # even an import needs a descriptor
        return InternalError(*words)
    if isinstance(error, ImportError):
        last_line = str(error).strip().rpartition("\n")[2].removeprefix("Original error was: ")
        return InternalError(f"cannot load a library: {last_line}", "install logproc again, or allow the process more memory")
    return InternalError(f"internal error: {error!r}")


def write_lines(text: str) -> None:
    """Write lines to stdout. Raises OutputError if that fails, BrokenPipeError if its reader has gone."""
    if sys.stdout is None:
        write_stdout(None, text)
    else:
        within_grace(partial(write_stdout, sys.stdout.buffer, text + "\n", sys.stdout.encoding))


def write_stderr(write: Callable[[], None]) -> None:
    """Make a call that writes to stderr. Blocks until it returns; after a signal, for a short grace only."""
    with suppress(Interrupted):
        within_grace(write)
