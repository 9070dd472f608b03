"""A program that reads what this one writes, such as a pager, started from any thread while others run.

Invariant: the child has none of our signals blocked, and only its own end of the pipe.

`subprocess.Popen` is right in main. In another thread the child would inherit its signal mask, in which our signals are blocked
(see signals), and a `preexec_fn` that changes it runs Python between fork and exec, where a lock of another thread may be held
for ever. `posix_spawn` is told the mask.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Mapping
from contextlib import suppress

from logproc.threads.signals import share_terminal


class Child:
    """A command of the shell that reads from a pipe. From its start on, Ctrl-C is for both: see `signals.share_terminal`.

    inlet: the end of the pipe to write to, unbuffered; a write raises BrokenPipeError once the child has closed its own.
    Raises OSError if it cannot be started.
    """

    def __init__(self, command: str, environ: Mapping[str, str]) -> None:
        outlet, inlet = os.pipe()  # neither is inherited, but for the copy that becomes stdin
        try:
            self._pid = os.posix_spawnp(
                "sh",
                ["sh", "-c", command],
                environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, outlet, 0)],
                setsigmask=(),
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # which Python ignores
            )
        except OSError:
            os.close(inlet)
            raise
        finally:
            os.close(outlet)
        share_terminal()  # not for one that could not be started: nothing would end that
        self.inlet = open(inlet, "wb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor, which `wait` closes

    def has_left(self) -> bool:
        """Return whether the child has closed its end of the pipe. Never blocks."""
        looker = select.poll()
        with suppress(ValueError):  # closed
            looker.register(self.inlet, 0)
            return bool(looker.poll(0))
        return False

    def wait(self) -> int:
        """Close the pipe, and wait for the child's end; return its exit code, negative for a signal."""
        self.inlet.close()
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
