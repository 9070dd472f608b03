"""Wait until something may have happened to the files of some folders.

inotify reports changes of a folder on a descriptor, which one `poll` waits for together with the pipe that `cancel` closes.
It does not report everything: not what another machine writes to a network file system, nor what is written through `mmap`.
So whoever waits looks at all files from time to time as well; where inotify does not work at all, more often.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from inotify_simple import INotify, flags
from msgspec import Struct

MASK = (
    flags.MODIFY
    | flags.ATTRIB
    | flags.CREATE
    | flags.MOVED_FROM
    | flags.MOVED_TO
    | flags.DELETE
    | flags.DELETE_SELF
    | flags.MOVE_SELF
    | flags.ONLYDIR
)
CONTENT = flags.MODIFY | flags.ATTRIB
REMOTE = {0x6969, 0xFF534D42, 0xFE534D42, 0x517B, 0x65735546, 0x01021997, 0x5346414F, 0x00C36400, 0x47504653, 0x0BD00BD0}
"""`f_type` of NFS, CIFS, SMB2, SMB, FUSE, 9p, AFS, Ceph, GPFS and Lustre: what others write there is not reported."""


class Events(Struct):
    """What was reported. paths: files whose content may have changed. names: whether files came, went or were renamed."""

    paths: set[str]
    names: bool = False


class Watcher:
    """Watches folders. One thread uses it; `cancel` may be called from any.

    polling: whether some folder cannot be watched, so that its files must be looked at more often.
    """

    def __init__(self, *, use_inotify: bool = True) -> None:
        self._woken, waker = os.pipe()
        # deque.pop is atomic, so only one of `cancel` and `close` closes the waker, and only once.
        self._waker = deque([waker])
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        self._folders: dict[int, str] = {}
        self._watched: dict[str, int] = {}
        self._unwatched: set[str] = set()
        self._inotify: INotify | None = None
        if use_inotify:
            with suppress(OSError):  # EMFILE: this user has no instance left
                self._inotify = INotify(nonblocking=True)
                self._poll.register(self._inotify.fileno(), select.POLLIN)

    @property
    def polling(self) -> bool:
        return bool(self._unwatched)

    def watch(self, folders: Iterable[str]) -> None:
        """Watch exactly these folders. One that does not exist, or that cannot be watched, is not an error."""
        wanted = set(folders)
        for folder in self._watched.keys() - wanted:
            number = self._watched.pop(folder)
            if self._folders.pop(number, None) is not None and self._inotify:
                with suppress(OSError):
                    self._inotify.rm_watch(number)
        self._unwatched = {folder for folder in wanted - self._watched.keys() if not self._add(folder)}

    def _add(self, folder: str) -> bool:
        """Watch a folder if it exists; return False if that is not possible."""
        path = folder or "."
        if self._inotify is None or file_system(path) in REMOTE:
            return False
        try:
            number = int(self._inotify.add_watch(path, MASK))
        except OSError as error:  # ENOSPC: no watch is left
            return error.errno in {errno.ENOENT, errno.ENOTDIR}
        self._folders[number] = folder
        self._watched[folder] = number
        return True

    def wait(self, seconds: float, *, pause_s: float = 0.0) -> Events:
        """Return what was reported, after at most `seconds`; nothing then, or after `cancel`.

        pause_s: the least time to wait, in which events gather: a busy writer makes one for each of its lines.
        """
        if pause_s and self._is_cancelled(pause_s):
            return Events(set())
        ready = self._poll.poll(max(0.0, seconds - pause_s) * 1000)
        if not self._inotify or not any(descriptor != self._woken for descriptor, _ in ready):
            return Events(set())
        events = Events(set())
        for number, mask, _, name in self._inotify.read(timeout=0):
            folder = self._folders.get(number)
            if mask & flags.IGNORED:  # the folder is gone; one of the same name is watched by the next `watch`
                self._watched.pop(self._folders.pop(number, ""), None)
            if mask & CONTENT and folder is not None and name:
                events.paths.add(f"{folder}/{name}" if folder else name)
            else:
                events.names = True  # also for Q_OVERFLOW: events were lost, so look at everything
        return events

    def _is_cancelled(self, seconds: float) -> bool:
        only_woken = select.poll()
        only_woken.register(self._woken, select.POLLIN)
        return bool(only_woken.poll(seconds * 1000))

    def cancel(self) -> None:
        """Make this wait, and every later one, return at once: closing one end of a pipe wakes every later `poll`."""
        with suppress(IndexError):
            os.close(self._waker.pop())

    def close(self) -> None:
        self.cancel()
        os.close(self._woken)
        if self._inotify:
            self._inotify.close()


def file_system(folder: str) -> int:
    """Return the type of the file system that a folder is in, as `statfs` tells it; 0 if it is unknown."""
    buffer = ctypes.create_string_buffer(256)
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(folder), buffer):
        return 0
    return ctypes.c_long.from_buffer(buffer).value & 0xFFFFFFFF
