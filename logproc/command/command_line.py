"""The command that made a report, as somebody else may read it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from logproc.model.patterns import regex
from logproc.sources.names import shown_path, shown_url

URL = regex(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def shown_command(arguments: Iterable[str]) -> str:
    """Return the command as one line for a shell. What may be a secret in a URL is masked, as in the name of its source.

    Values of headers are not on a command line: `--header` takes the name of a variable.

    >>> shown_command(["access log", "https://me:pass@host/log?otp=123456", "-o", "report.html"])
    "logproc 'access log' 'https://***@host/log?otp=***' -o report.html"
    """
    return shlex.join(["logproc", *map(shown_word, arguments)])


def shown_word(word: str) -> str:
    if URL.match(word):
        return shown_url(word)  # with blanks, which belong to it
    return shown_path(URL.sub(lambda found: shown_url(found[0]), word))
