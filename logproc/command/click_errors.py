"""Errors in a command line, worded as the program words its own: what is wrong, and what was probably meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from logproc.model.errors import NO_SOURCE, UsageError, nearest

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
    """The commands. The error for an unknown name suggests the nearest one, or `analyze` if it looks like a source."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name, the command and its arguments. Raises UsageError for an unknown name."""
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        known = [command for command in self.list_commands(ctx) if not self.commands[command].hidden]
        hint = f"write `logproc analyze {name}`" if is_source(name) else nearest(name, known, usual=COMMANDS)
        raise UsageError(f"no such command {name!r}", hint)


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
    if isinstance(command, click.Group) and name in options_of(command.commands["analyze"]):
        return f"write it after the command: `logproc analyze {name} …`"
    if name in OTHER_OPTIONS:
        return f"did you mean {OTHER_OPTIONS[name]!r}?" if OTHER_OPTIONS[name].split()[0] in options_of(command) else ""
    known = {option.lstrip("-"): option for option in options_of(command) if option.startswith("--")}
    hint = nearest(name.lstrip("-"), known, " ").strip()  # the dashes would make all names alike
    return hint.replace("'", "'--", 1) if name.startswith("--") else ""


def options_of(command: click.Command) -> list[str]:
    return [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
