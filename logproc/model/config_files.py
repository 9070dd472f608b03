"""Config files: which one is read if none is named, and the tables in it, `[patterns]` and `[formats.NAME]`.

A config file chooses what is read as what. One that another user left in a folder, such as /tmp, must not decide that: the
first one is read that no other user can have written. The rule is that of ssh and git: the file and each symbolic link on the
way to it belong to this user or to root, nobody else may write to the file, and no folder on the way lets everybody replace it.
A file that the user names is read, whoever wrote it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from logproc.model.errors import UsageError

MOST_LINKS = 40
"""As many symbolic links as Linux follows."""


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return the config file that is used without `--config`, None if there is none that can be trusted."""
    if environ.get("LOGPROC_CONFIG"):
        return Path(environ["LOGPROC_CONFIG"])
    return next((path for path in config_files(environ) if not any(distrust(path))), None)


def distrusted(environ: Mapping[str, str]) -> list[tuple[Path, str, str]]:
    """Return each config file that would be used if it could be trusted, why it is not, and what its owner can do."""
    files = [] if environ.get("LOGPROC_CONFIG") else config_files(environ)
    return [(path, *why) for path, why in takewhile(lambda found: any(found[1]), ((path, distrust(path)) for path in files))]


def config_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the config files that nobody named, in the order in which they are looked for."""
    folder = environ.get("XDG_CONFIG_HOME") or (environ["HOME"] + "/.config" if environ.get("HOME") else None)
    candidates = [Path("logproc.toml"), *([Path(folder, "logproc", "logproc.toml")] if folder else [])]
    return [path for path in candidates if os.path.isfile(path)]  # noqa: PTH113 - is_file raises if the folder may not be entered


def distrust(path: Path) -> tuple[str, str]:
    """Return why a file must not be read unless it is named, and what its owner can do; two empty texts if it may be read."""
    try:
        for _ in range(MOST_LINKS):
            found, folder = path.lstat(), path.parent.stat()
            if found.st_uid not in {0, os.geteuid()}:
                return f"it belongs to another user (uid {found.st_uid})", ""
            if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
                return "anybody may replace it in its folder", "take that right away with `chmod o-w`"
            if not stat.S_ISLNK(found.st_mode):
                others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
                return ("others may write to it", "take that right away with `chmod go-w`") if others else ("", "")
            path = path.parent / path.readlink()
    except OSError:
        pass  # gone, or not to be examined
    return "its rights cannot be examined", ""


def read_patterns(table: Any, where: str) -> tuple[tuple[str, str], ...]:
    """Return the named patterns of a table. Raises UsageError if a name or a pattern is not text."""
    pairs = tuple(table.items()) if isinstance(table, Mapping) else table
    try:
        if all(isinstance(text, str) for name, pattern in pairs for text in (name, pattern)):
            return tuple(pairs)
    except (TypeError, ValueError):  # not pairs
        pass
    raise UsageError(where, "write [patterns] and under it NAME = 'REGEX'")


def read_formats(table: Any, where: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return the formats of a table. Raises UsageError unless each is a table."""
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        raise UsageError(where, "write [formats.NAME] and under it expression = 'REGEX'")
    return tuple(table.items())
