"""Regular expressions that are compiled at their first use.

A run uses few of the program's 160, and compiling them all took a tenth of the time to start.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Stands for a `re.Pattern` with all its methods. Safe in threads: at worst two compile the same."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile, and keep what was asked for: it is found without this method from then on."""
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` does, for constants of modules: compiled when it is first used."""
    return cast("re.Pattern[AnyStr]", _Pattern(pattern, flags))
