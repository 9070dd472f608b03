"""A long report on a terminal goes through a pager, as in git: LOGPROC_PAGER, PAGER, or less."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from logproc.model.errors import Interrupted
from logproc.threads.grace import within_grace
from logproc.threads.signals import left_to_child, noted

NO_PAGER = {"", "cat"}
LESS = "FRX"
"""What less is told unless LESS is set: leave if all fits on one screen, show colours, and leave the text on the screen."""


def pager_of(environ: Mapping[str, str]) -> str | None:
    """Return the command of the pager, None for no pager: an empty variable, or `cat`, means that."""
    chosen = next((environ[name] for name in ("LOGPROC_PAGER", "PAGER") if name in environ), None)
    if chosen is not None:
        return None if chosen.strip() in NO_PAGER else chosen
    return "less" if shutil.which("less") else None


def page(text: bytes, command: str, environ: Mapping[str, str]) -> bool:
    """Show a text through a pager; return whether it could be started. Blocks until its user leaves it.

    Ctrl-C belongs to the pager meanwhile. Another signal ends it: raises Interrupted.
    """
    if noted():  # after Ctrl-C nobody wants to be asked for one more key
        return False
    try:
        # A shell, because the variable may have arguments and quotes. Not before: an ignored SIGINT would be inherited.
        through_shell = ["sh", "-c", command]
        env = {"LESS": LESS, **environ}
        pager = subprocess.Popen(through_shell, stdin=subprocess.PIPE, env=env)  # noqa: S603 - the user's own command
    except OSError:
        return False
    with left_to_child():
        try:
            found: bool = within_grace(lambda: fed(pager, text))
        except Interrupted:
            pager.terminate()
            raise
    return found


def fed(pager: subprocess.Popen[bytes], text: bytes) -> bool:
    """Write the text, wait for the end, and return whether the shell found the pager."""
    with suppress(BrokenPipeError):  # the user has seen enough
        pager.communicate(text)
    return pager.wait() not in {126, 127}
