"""What a command says about its surroundings before it begins: config files and variables that are not used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from logproc.command.terminal.screen import Screen
from logproc.model.config_files import distrusted
from logproc.settings import unknown_variables


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
