"""The errors of the program, each with its exit code.

A module that calls the system or a library translates their exceptions (OSError, those of requests and codecs) into these.
"""

from __future__ import annotations

import errno
import resource
import signal
from collections.abc import Iterable, Mapping

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_USAGE = 2
EXIT_NOTHING_READ = 3
EXIT_OUTPUT = 4
EXIT_STRICT_OR_LIMIT = 5
EXIT_FAIL_ON = 6
EXIT_INTERNAL = 70
EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE


NO_SOURCE = "no source is named", "name a file, a URL, or - for standard input"


class LogprocError(Exception):
    """Base class. `what`: what went wrong. `hint`: what to do about it, or ""."""

    exit_code = EXIT_INTERNAL

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}: {hint}" if hint else what)
        self.what = what
        self.hint = hint


class UsageError(LogprocError):
    """An option, a config file or an environment variable is invalid."""

    exit_code = EXIT_USAGE


class OutputError(LogprocError):
    """A report cannot be written to where it was requested."""

    exit_code = EXIT_OUTPUT


class SourceError(LogprocError):
    """A failure of one source. It changes the state of that source, and the run continues."""

    exit_code = EXIT_INCOMPLETE


class LimitError(SourceError):
    """One source reached a limit, set by the user or by default."""

    exit_code = EXIT_STRICT_OR_LIMIT


class Stopped(LogprocError):
    """Raised by a wait because the run is stopping. Not an error by itself."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


class Enough(LogprocError):
    """No more is wanted, so the run ends early. Not an error."""

    exit_code = EXIT_OK

    def __init__(self) -> None:
        super().__init__("all that was wanted is written")


class Ended(LogprocError):
    """The user has ended a run that goes on. Not an error: its report is whole."""

    exit_code = EXIT_OK

    def __init__(self) -> None:
        super().__init__("ended by the user")


class Interrupted(LogprocError):
    """A signal ended the run early; what was counted so far is reported."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}")
        self.exit_code = 128 + signal_number


class InternalError(LogprocError):
    """A bug in the program. The original exception is the `__cause__`."""

    exit_code = EXIT_INTERNAL

    def __init__(self, what: str, hint: str = "please report it; --debug shows where") -> None:
        super().__init__(what, hint)


def system_words(error: OSError) -> str:
    """Return the system's words for an error as the program writes them, in lower case: `no such file or directory`."""
    words = error.strerror or str(error) or type(error).__name__
    return words[:1].lower() + words[1:]


def too_many_files(error: BaseException | None) -> tuple[str, str] | None:
    """Return what to say, and the hint, if a call failed because no descriptor was free; else None."""
    if not isinstance(error, OSError) or error.errno not in {errno.EMFILE, errno.ENFILE}:
        return None
    if error.errno == errno.ENFILE:
        return "too many open files", "this is the limit of the whole system"
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return "too many open files", f"the limit is {limit}; raise it with `ulimit -n`"


def nearest(
    name: str, known: Iterable[str], otherwise: str = "", usual: Mapping[str, str] | None = None, least: float = 0.6
) -> str:
    """Return a hint for a misspelt name: the nearest known one in any case, or else `otherwise`, or a list of all.

    usual: what names of other programs are called here. least: how alike names must be, from 0 to 1.

    >>> nearest("COLOUR", ["color", "columns"]), nearest("x", ["asc", "desc"]), nearest("x", [], usual={"x": "y"})
    ("did you mean 'color'?", 'known are asc, desc', "did you mean 'y'?")
    """
    from difflib import get_close_matches

    names = list(known)
    if usual and name.lower() in usual:
        return f"did you mean {usual[name.lower()]!r}?"
    lower = {known_name.lower(): known_name for known_name in reversed(names)}
    found = get_close_matches(name.lower(), lower, 1, least)
    return f"did you mean {lower[found[0]]!r}?" if found else otherwise or "known are " + ", ".join(names)
