"""`logproc init`: a config file with every setting, its default and the reason, to be changed."""

from __future__ import annotations

import os
from pathlib import Path

from logproc.model.errors import OutputError
from logproc.reports.output import failure
from logproc.reports.safe import harmless

PLACES = (Path(__file__).with_name("logproc.toml"), Path(__file__).parents[3] / "config" / "logproc.toml")
"""Where the file is if the program is installed, and in a checkout."""
MODE = 0o644
"""Whatever the umask allows: a config file that others may write to is not read."""


def template() -> bytes:
    """Return the text of config/logproc.toml. Raises OutputError if the installation lacks it."""
    for place in PLACES:
        if place.is_file():
            return place.read_bytes()
    raise OutputError("the config file to copy is missing", "install logproc again")


def write_config(path: str) -> None:
    """Write the config file to a path that does not exist yet. Raises OutputError if it does, or cannot be written."""
    content, shown = template(), harmless(path)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, MODE)
    except FileExistsError as error:
        raise OutputError(f"{shown}: exists already", "name another file, or - for stdout") from error
    except (OSError, ValueError) as error:
        raise failure(path, error) if isinstance(error, OSError) else OutputError(f"{shown}: {error}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        raise failure(path, error) from error
