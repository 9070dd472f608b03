"""The errors of the program, each with its exit code.

A foreign exception (OSError, requests' and the codecs' own) is turned into one of these at one border, the
module that touches the foreign thing. Everything else in the program sees only this small tree.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_USAGE = 2
EXIT_NOTHING_READ = 3
EXIT_OUTPUT = 4
EXIT_STRICT_OR_LIMIT = 5
EXIT_INTERNAL = 70
EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE


class LogprocError(Exception):
    """Base of all: `what` went wrong, and a `hint` at what to do next (may be empty)."""

    exit_code = EXIT_INTERNAL

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}: {hint}" if hint else what)
        self.what = what
        self.hint = hint


class UsageError(LogprocError):
    """An option, a config file or an environment variable is invalid."""

    exit_code = EXIT_USAGE


class OutputError(LogprocError):
    """A report could not be written where it was asked for."""

    exit_code = EXIT_OUTPUT


class SourceError(LogprocError):
    """An expected failure of one source. It changes that source's state; the run goes on."""

    exit_code = EXIT_INCOMPLETE


class LimitError(SourceError):
    """A limit that the user set, or a default against bombs, was reached by one source."""

    exit_code = EXIT_STRICT_OR_LIMIT


class Stopped(LogprocError):
    """Raised out of a wait because the run is being stopped; never an error by itself."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


class Interrupted(LogprocError):
    """A signal asked the program to end; what is known so far is still reported."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}")
        self.exit_code = 128 + signal_number


class InternalError(LogprocError):
    """A fault in the program itself, with the lines it happened at. The cause is its `__cause__`."""

    exit_code = EXIT_INTERNAL

    def __init__(self, what: str, hint: str = "please report it; --debug shows where") -> None:
        super().__init__(what, hint)


def nearest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the hint for a misspelt name: the nearest known one; if none is near, `otherwise`, or all of them.

    >>> nearest("colour", ["color", "columns"]), nearest("x", ["asc", "desc"])
    ("did you mean 'color'?", 'known are asc, desc')
    """
    from difflib import get_close_matches

    names = list(known)
    found = get_close_matches(name, names, 1)
    return f"did you mean {found[0]!r}?" if found else otherwise or "known are " + ", ".join(names)
