"""What the commands that read logs do before their libraries load: settings, remarks on those not used, limits."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from logproc.command import process
from logproc.command.terminal.screen import Screen
from logproc.model.config_files import distrusted
from logproc.settings import Settings, knobs, load, unknown_variables


def prepare(screen: Screen, options: Mapping[str, Any], config: Path | None, headers: Sequence[str]) -> None:
    """Give the screen the settings in force, and prepare the process for a run with them.

    Raises UsageError for a wrong setting, InternalError if the process may not have the memory of a run.
    """
    process.configure(os.environ)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    screen.settings = load(given, config, os.environ)
    if not screen.settings.quiet:
        remark(screen, config, headers)
    process.check_address_space(screen.settings.memory, screen.settings.worker_count)


def without(names: Collection[str], settings: Settings) -> Settings:
    """Return settings in which those with these names have their defaults."""
    defaults: dict[str, Any] = {item.name: item.default for item in knobs() if item.name in names}
    return replace(settings, **defaults)


def remark(screen: Screen, config: Path | None, headers: Sequence[str]) -> None:
    """Say which config files and variables are not used although they look as if they should be."""
    for path, why, what_to_do in () if config else distrusted(os.environ):
        hint = "; ".join(filter(None, (what_to_do, f"--config {path} reads it")))
        screen.say(str(path), f"not read: {why}", hint, level="warning")
    named = {header.rpartition("env:")[2].strip() for header in headers}  # the user's own, for a header
    for name, hint in unknown_variables(os.environ).items():
        if name in named:
            continue
        screen.say("", f"the variable {name} is unknown", hint, level="warning")
