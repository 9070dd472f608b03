"""A file that is locked while a run uses a state, so that a second run is refused and not mixed in.

The lock is `flock` on a file of its own, because the state itself is replaced at each commit, and a lock belongs to a file,
not to a name. The system lets go of it when the process ends, however it ends, so a file that was left behind by `kill -9`
locks nothing. At the end the file is removed, under the lock; whoever opened it just before finds that it is no longer the one
of that name, and opens the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path

from logproc.model.errors import OutputError

MODE = 0o600
PID_BYTES = 20
NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


class FileLock:
    """A lock among processes. For one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, what: str) -> None:
        """Take the lock. Never blocks. Raises OutputError if another process has it, and OSError if there can be none.

        what: the thing that is locked, for the error.
        """
        while self._descriptor is None:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, MODE)
            try:
                self._descriptor = self._locked(descriptor, what)
            finally:
                if self._descriptor is None:
                    os.close(descriptor)
        allow_owner(self._descriptor)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Remove the file, and let go of the lock. Does nothing without it."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                if is_file(self._descriptor, self.path):
                    self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None

    def _locked(self, descriptor: int, what: str) -> int | None:
        """Return the descriptor with the lock, or None if the file was removed meanwhile."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_uid != os.geteuid():
            raise OutputError(f"cannot lock {what}: {self.path.name} is not a file of this program", "name another place")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, PID_BYTES, 0).strip().decode("ascii", "replace")
            user = f"pid {pid}" if pid.isdecimal() else "another run"
            raise OutputError(f"{what} is in use by {user}", "wait for its end, or name another file") from error
        except OSError as error:
            if error.errno in NO_LOCKS:
                raise OutputError(f"cannot lock {what}: the file system has no locks", "name a file on a local disk") from error
            raise
        return descriptor if is_file(descriptor, self.path) else None


def allow_owner(descriptor: int) -> None:
    """Let the owner, and nobody else, use a new file: a umask may have taken even the owner's rights."""
    with contextlib.suppress(OSError):  # some file systems have no modes
        os.fchmod(descriptor, MODE)


def is_file(descriptor: int, path: Path) -> bool:
    """Whether a path is the name of an open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False
