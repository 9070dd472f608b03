"""What the shell offers when TAB is pressed: files, and the names that an option takes."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from logproc.settings import kind_of

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows files best."""
    return [CompletionItem(incomplete, type="file")]


def complete_setting(name: str) -> Complete:
    """Return the completion of the option of a setting."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in kind_of(name).choices if word.startswith(incomplete)]

    return complete
