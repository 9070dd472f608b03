"""The options of `logproc analyze` and `logproc diff`: one for each field of Settings, and those of a single run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from logproc.command.usage.help import GroupedOption, help_all_option
from logproc.model.knobs import Kind, option_name
from logproc.settings import kind_of, knobs

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHORT = {"recursive": ("-r",), "quiet": ("-q",)}
METAVARS = {str: "NAME", int: "N", float: "N"}
METAVARS_OF_UNITS = {"seconds": "SECONDS", "bytes": "BYTES"}


def complete_files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave file names to the shell."""
    from logproc.command.usage.completion import file_names

    return file_names(incomplete)


def complete_setting(name: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return the completion of a setting's option. Its module is loaded only when a shell asks."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from logproc.command.usage.completion import values_of

        return values_of(name, incomplete)

    return complete


class FileName(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """The name of an output file."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. An empty one, as from an unset shell variable, is an error."""
        return str(value) or self.fail("the name is empty", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return complete_files(ctx, param, incomplete)


class Seconds(click.ParamType):  # type: ignore[type-arg]  # as above
    """A time in seconds, or with a unit: `5`, `5s`, `15m`, `1h`."""

    name = "seconds"

    def __init__(self, least: float) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the time in seconds."""
        from logproc.questions.timespan import seconds_of

        seconds = value if isinstance(value, float) else seconds_of(value)
        if seconds is None:
            self.fail(f"{value!r} is not a time: write it as 5s, 15m or 1h", param, ctx)
        if seconds < self._least:
            self.fail(f"{value} is less than {self._least:g} seconds", param, ctx)
        return seconds


class OneOf(click.Choice):  # type: ignore[type-arg]  # as above
    """Choices that are shown in the help but not checked: `settings.load` checks every value."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - click's
        return value


def settings_options(
    without: Collection[str] = (), reworded: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command an option for each field of Settings.

    without: fields that the command does not have. reworded: what is another text or metavar in this command.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for item in reversed(knobs()):
            if item.name not in without:
                about = item.metadata | (reworded or {}).get(item.name, {})
                command = settings_option(item.name, kind_of(item.name), item.default, about)(command)
        return command

    return decorate


def output_files_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command `-o FILE`."""
    return click.option(
        "-o",
        "--output-file",
        "output_files",
        multiple=True,
        type=FileName(),
        metavar="FILE",
        help=text,
        cls=GroupedOption,
        group="Reports",
        usual=True,
    )


def follow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command that can follow logs."""
    return click.option(
        "-f",
        "--follow",
        is_flag=True,
        help="Read on as the logs grow, through rotation; new files that match are read, too. Ctrl-C ends it.",
        cls=GroupedOption,
        group="Following",
        usual=True,
    )(command)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command that reads logs with the options that are not settings: a value of theirs belongs to one run."""
    header = click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="'[HOST] NAME: env:VARIABLE'",
        help="Send a header to the server of the URLs, or of those at HOST[:PORT] if there are several, and to no other; its"
        " value comes from a variable. May be repeated.",
        cls=GroupedOption,
        group="Web",
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read settings from this file.  [default: $LOGPROC_CONFIG, ./logproc.toml, the user's config folder]",
        cls=GroupedOption,
        group="Tuning",
    )
    debug = click.option(
        "--debug", is_flag=True, help="Show where in the program an error came from.", cls=GroupedOption, group="Tuning"
    )
    return header(config(debug(help_all_option(command))))


def settings_option(name: str, kind: Kind, default: Any, metadata: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the decorator for one field. The option takes any text; `settings.load` checks it, as it does for programs."""
    names = [*SHORT.get(name, ()), option_name(name)]
    suffix = "" if default in (None, False, ()) else f"  [default: {default_text(default, metadata['unit'])}]"
    text = metadata["text"] + suffix
    place: dict[str, Any] = {"cls": GroupedOption, "group": metadata["group"], "usual": metadata["usual"]}
    if kind.type is bool:
        return click.option(*names, name, is_flag=True, default=None, help=text, **place)
    metavar = metadata["metavar"] or METAVARS_OF_UNITS.get(metadata["unit"]) or METAVARS.get(kind.type)
    return click.option(
        *names,
        name,
        type=OneOf(kind.choices) if kind.choices else click.STRING,
        default=None,
        multiple=kind.several,
        metavar=metavar,
        shell_complete=complete_files if metavar == "FILE" else complete_setting(name),
        help=text,
        **place,
    )


def default_text(default: Any, unit: str) -> str:
    if unit == "bytes" and default % (1 << 20) == 0:
        return f"{default >> 20} MiB"
    return f"{default:g}" if isinstance(default, float) else str(default)
