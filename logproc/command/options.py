"""Settings → the options of `logproc analyze`: one for each field, with its text and default from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from logproc.command.completion import complete_files, complete_setting
from logproc.settings import Kind, kind_of, knobs, option_name

SHORT = {"recursive": ("-r",), "quiet": ("-q",)}
METAVARS = {str: "NAME", int: "N", float: "N"}
METAVARS_OF_UNITS = {"seconds": "SECONDS", "bytes": "BYTES"}


class FileName(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """The name of a file to be written."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name. An empty one is what an unset variable leaves."""
        return str(value) or self.fail("the name is empty", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Have the shell complete it."""
        return complete_files(ctx, param, incomplete)


class OneOf(click.Choice):  # type: ignore[type-arg]  # as above
    """A few words, for the help. Like every other value, what was typed is checked by `settings.load`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - click's
        """Return what was typed."""
        return value


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field of Settings."""
    for item in reversed(knobs()):
        command = settings_option(item.name, kind_of(item.name), item.default, item.metadata)(command)
    return command


def settings_option(name: str, kind: Kind, default: Any, metadata: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the option of one field. It takes any text: `settings.load` checks what was typed, as it does for programs."""
    names = [*SHORT.get(name, ()), option_name(name)]
    suffix = "" if default in (None, False, ()) else f"  [default: {default_text(default, metadata['unit'])}]"
    text = metadata["text"] + suffix
    if kind.type is bool:
        return click.option(*names, name, is_flag=True, default=None, help=text)
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
    )


def default_text(default: Any, unit: str) -> str:
    """Return a default as a person would write it."""
    if unit == "bytes" and default % (1 << 20) == 0:
        return f"{default >> 20} MiB"
    return f"{default:g}" if isinstance(default, float) else str(default)
