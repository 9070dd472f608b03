"""Errors in a command line, worded as the program words its own: what is wrong, and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from logproc.command.help import FIRST_EXAMPLES, Command, Context, Formatter
from logproc.model.errors import NO_SOURCE, UsageError, nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = dict.fromkeys(("stats", "report", "count", "summary", "summarize", "parse", "read", "top", "query"), "analyze")
"""What other programs call the commands."""
OTHER_OPTIONS = {
    **dict.fromkeys(("--group-by", "--groupby", "--field", "--fields", "--group", "--key"), "--by"),
    **dict.fromkeys(("--filter", "--query", "--grep", "--match", "--search"), "--where"),
    **dict.fromkeys(("--limit", "--head", "--max-rows", "-n"), "--top"),
    **dict.fromkeys(("--from", "--start", "--after", "--begin"), "--since"),
    **dict.fromkeys(("--to", "--end", "--before"), "--until"),
    **dict.fromkeys(("--timezone", "--time-zone", "--zone"), "--tz"),
    **dict.fromkeys(("--input-format", "--type"), "--format"),
    **dict.fromkeys(("--metrics", "--agg", "--aggregate", "--stat", "--stats"), "--metric"),
    **{f"--{name}": f"--output {name}" for name in ("json", "csv")},
}
"""What other programs call the options."""


class Commands(click.Group):
    """The commands. The error for an unknown name suggests the nearest one."""

    context_class = Context
    command_class = Command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help: examples before everything else."""
        assert isinstance(formatter, Formatter)  # noqa: S101 - Context makes no other
        self.format_usage(ctx, formatter)
        formatter.write_examples(FIRST_EXAMPLES)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name, the command and its arguments. Raises UsageError for an unknown name."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        known = [command for command in self.list_commands(ctx) if not self.commands[command].hidden]
        raise UsageError(f"no such command or file {name!r}", nearest(name, known, usual=COMMANDS))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, and leave file names to the shell: `logproc FILE` is `logproc analyze FILE`."""
        from logproc.command.completion import file_names

        return super().shell_complete(ctx, incomplete) or file_names(incomplete)


def with_command(arguments: Sequence[str], group: click.Group, *, piped: bool) -> list[str]:
    """Return the arguments with the command `analyze` if they leave it out, beginning with a source or one of its options.

    A command's name wins over a file's. piped: whether standard input is a pipe or a file, which is read if there are no
    arguments at all.

    >>> from logproc.command.cli import cli
    >>> lines = "a.log", "detect a.log", "--top 3 a.log", "help detect", "help"
    >>> [with_command(line.split(), cli, piped=False)[:2] for line in lines]
    [['analyze', 'a.log'], ['detect', 'a.log'], ['analyze', '--top'], ['detect', '--help'], ['--help']]
    """
    if not arguments:
        return ["analyze", "-"] if piped else []
    first, *rest = arguments
    if first == "help":
        return [*rest[:1], "--help"]
    if first in group.commands or first.partition("=")[0] in options_of(group):
        return list(arguments)
    of_analyze = first.startswith("-") and (first == "-" or first.partition("=")[0] in options_of(group.commands["analyze"]))
    if of_analyze and "analyze" in rest and not Path("analyze").exists():
        rest.remove("analyze")  # `logproc --top 3 analyze FILE`
        return ["analyze", first, *rest]
    return ["analyze", *arguments] if of_analyze or is_source(first) else list(arguments)


def is_source(name: str) -> bool:
    """Whether a word looks like a file, a glob or a URL."""
    return any(sign in name for sign in "./*") or Path(name).exists()


def words_of(error: click.ClickException, command: str) -> tuple[str, str]:
    """Return what is wrong with a command line, and what to do next. command: `logproc analyze` and the like."""
    context: click.Context | None = getattr(error, "ctx", None)
    see = f"see `{command} --help`"
    if isinstance(error, click.NoSuchOption) and context:
        return f"no such option {error.option_name}", other_option(error.option_name, context) or see
    if isinstance(error, click.MissingParameter):
        if command == "logproc analyze":
            what, hint = NO_SOURCE
            return what, f"{hint}; {see}"
        return "no file is named", see
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:], see


def other_option(name: str, context: click.Context) -> str:
    """Return a hint at the option that was probably meant, or ""."""
    command: Any = context.command
    options = options_of(command) + (options_of(command.commands["analyze"]) if isinstance(command, click.Group) else [])
    if name in OTHER_OPTIONS:
        return f"did you mean {OTHER_OPTIONS[name]!r}?" if OTHER_OPTIONS[name].split()[0] in options else ""
    known = {option.lstrip("-"): option for option in options if option.startswith("--")}
    hint = nearest(name.lstrip("-"), known, " ").strip()  # the dashes would make all names alike
    return hint.replace("'", "'--", 1) if name.startswith("--") else ""


def options_of(command: click.Command) -> list[str]:
    return [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
