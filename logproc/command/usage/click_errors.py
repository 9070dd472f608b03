"""Errors in a command line, worded as the program words its own: what is wrong, and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from logproc.command.usage.help import FIRST_EXAMPLES, Command, Context, Formatter
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
    **{f"--{name}": f"--output {name}" for name in ("json", "csv", "html")},
    **dict.fromkeys(("--format-json", "--json-output"), "--output json"),
    **dict.fromkeys(("--no-color", "--no-colour", "--nocolor"), "--color never"),
    **dict.fromkeys(("-v", "--verbose"), "--log-level info"),
    "-F": "--follow",
}
"""What other programs call the options."""
NOT_HERE = {
    **dict.fromkeys(("--tail", "--context", "-C", "--merge", "--count"), "`logproc show` prints records, see its --help"),
    **dict.fromkeys(("-f", "--follow", "--state"), "`logproc analyze` has it, see its --help"),
    **dict.fromkeys(("-V", "--version"), "write `logproc --version`"),
}
"""Hints for options that there are not, or elsewhere."""
VALUES = {
    "--where": "'status >= 500'",
    "--by": "path,status",
    "--metric": "p95:duration",
    "--sort": "bytes",
    "--since": "2h",
    "--until": "'2026-03-07 10:00'",
    "--tz": "Europe/Berlin",
    "--output-file": "report.html",
    "--format": "combined",
}
"""What an option that lacks its value could have."""


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
        from logproc.sources.files.misspelt import CHECK, hint_for_missing

        for number in range(2, len(args) + 1):
            if Path(" ".join(args[:number])).is_file():
                raise UsageError(f"no such command or file {name!r}", f"put the name in quotes: '{' '.join(args[:number])}'")
        hint = nearest(name, known, "the commands are " + ", ".join(known), COMMANDS)
        otherwise = hint_for_missing(name) if hint.startswith("the") else CHECK
        raise UsageError(f"no such command or file {name!r}", hint if otherwise == CHECK else otherwise)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, and leave file names to the shell: `logproc FILE` is `logproc analyze FILE`."""
        from logproc.command.usage.completion import file_names

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


def words_of(error: click.ClickException, group: click.Group, arguments: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong with a command line, and what to do next."""
    context: click.Context | None = getattr(error, "ctx", None)
    name = next((word for word in arguments[:1] if word in group.commands), "")
    see = f"see `logproc {name} --help`".replace("  ", " ")
    if isinstance(error, click.NoSuchOption) and context:
        from logproc.command.usage.misread import single_dash

        hint = single_dash(arguments, known_options(context)) if not error.option_name.startswith("--") else ""
        return f"no such option {error.option_name}", hint or other_option(error.option_name, context) or see
    if isinstance(error, click.MissingParameter):
        if name == "analyze":
            what, hint = NO_SOURCE
            return what, f"{hint}; {see}"
        return "no file is named", see
    if isinstance(error, click.BadOptionUsage) and (hint := value_of(error.option_name, group.commands.get(name, group))):
        return f"{error.option_name} needs a value", f"{hint}; {see}"
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:], see


def other_option(name: str, context: click.Context) -> str:
    """Return a hint at the option that was probably meant, or ""."""
    options = known_options(context)
    if name in NOT_HERE and "--output" in options:
        return NOT_HERE[name]
    if name in OTHER_OPTIONS:
        return f"did you mean {OTHER_OPTIONS[name]!r}?" if OTHER_OPTIONS[name].split()[0] in options else ""
    known = {option.lstrip("-"): option for option in options if option.startswith("--")}
    hint = nearest(name.lstrip("-"), known, " ").strip()  # the dashes would make all names alike
    return hint.replace("'", "'--", 1) if name.startswith("--") else ""


def value_of(name: str, command: click.Command) -> str:
    """Return a hint at what follows an option, or "" if nothing does."""
    for option in command.params:
        if isinstance(option, click.Option) and name in option.opts and not option.is_flag:
            long = option.opts[-1]
            words = VALUES.get(long) or (
                "|".join(option.type.choices) if isinstance(option.type, click.Choice) else option.metavar or "VALUE"
            )
            return f"write {name} {words}"
    return ""


def known_options(context: click.Context) -> list[str]:
    """Return the options of a command; those of `analyze` are also options without a command."""
    command: Any = context.command
    return options_of(command) + (options_of(command.commands["analyze"]) if isinstance(command, click.Group) else [])


def options_of(command: click.Command) -> list[str]:
    return [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
