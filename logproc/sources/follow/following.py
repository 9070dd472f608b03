"""Follow logs: one iterator over what happens to all of them."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence

from logproc.model.position import Position
from logproc.model.source import real_path
from logproc.sources.follow.discovery import folders_of
from logproc.sources.follow.one_file import Descriptors, File
from logproc.sources.follow.rotation import Log, Read
from logproc.sources.follow.survey import Survey
from logproc.sources.follow.watcher import Watcher
from logproc.sources.opening import OpenOptions

POLL_S = 0.25
"""How often known files are looked at where changes are not reported."""
SURVEY_S, POLLED_SURVEY_S = 1.5, 1.0
"""How often all folders are looked at, whatever is reported; the latter where changes are not reported."""
QUIET_S = 0.15
"""How long to wait for something new before the caller may flush what it holds."""
GATHER_S = 0.01
"""For so long events gather, so that a busy writer does not wake the reader for each of its lines."""
SHARE = 200
"""A survey takes at most a two-hundredth of the time: with a hundred thousand files it is made less often."""
TURN = 16
"""So many blocks of a log are read before it is the next one's turn. Archives are read in one go, as each needs its decoder."""


class Following:
    """Logs that are followed. One thread iterates over `reads`; `cancel` may be called from any.

    arguments: paths, patterns and, with `recursive`, directories; others, such as URLs, are left to the caller. known: where an
    earlier run stopped, of each log one position or several, the oldest file first. once: end at the end of all files, as they
    are when they are opened. poll_s: how often to look at files whose changes are not reported.
    leave_out: says of a path, and of device and inode of its file, whether it is not to be followed although it was found.
    logs: in the order in which they were found; only ever longer.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        recursive: bool,
        known: Sequence[Position] = (),
        once: bool = False,
        options: OpenOptions | None = None,
        poll_s: float = POLL_S,
        use_inotify: bool = True,
        clock: Callable[[], float] = time.monotonic,
        leave_out: Callable[[str, tuple[int, ...]], bool] = lambda *_: False,
    ) -> None:
        self._descriptors = Descriptors()
        self._survey = Survey(
            arguments,
            recursive=recursive,
            known=known,
            once=once,
            options=options or OpenOptions(),
            clock=clock,
            descriptors=self._descriptors,
            leave_out=leave_out,
        )
        self._arguments, self._once, self._poll_s, self._clock = arguments, once, poll_s, clock
        self._watcher = Watcher(use_inotify=use_inotify and not once)
        self._cancelled = self._names_changed = self._is_behind = False
        self._restless: set[Log] = set()
        self._paths: dict[str, Log] = {}
        self._took: deque[float] = deque(maxlen=4)
        self._surveyed_at = self._polled_at = self._flushed_at = clock()

    @property
    def logs(self) -> list[Log]:
        return self._survey.logs

    def cancel(self) -> None:
        """Make `reads` end soon. Never blocks."""
        self._cancelled = True
        self._watcher.cancel()

    def reads(self, most_bytes: int) -> Generator[Read | None, None, None]:
        """Yield what happens, each time at most `most_bytes`; None when everything that is there was yielded.

        None comes after at most QUIET_S seconds without news, and at least as often when there is a little all the time. Ends
        after `cancel`, and with `once` at the ends of all files. Blocks as the file system does. Failures are notes.
        """
        try:
            self._look()
            is_last_look = False
            while not self._cancelled:
                was_busy = yield from self._read_all(most_bytes)
                if self._once:
                    if is_last_look and not was_busy:
                        return
                    self._look()  # archives whose originals have been read by now
                    is_last_look = True
                elif (yield from self._flush_and_wait(was_busy=was_busy)):
                    self._look()
        finally:
            self._survey.close()
            self._descriptors.close_all()
            self._watcher.close()

    def _read_all(self, most_bytes: int) -> Generator[Read, None, bool]:
        """Yield what the logs that are due have, in turns, until there is nothing more; return whether there was anything."""
        due, was_busy = self._survey.due, False
        self._is_behind = False
        started = self._clock()
        while due and not self._cancelled:
            for log in list(due):
                for turn in range(1 << 30):
                    if self._cancelled or (turn >= TURN and not (log.active and log.active.packed)):
                        break
                    due.pop(log, None)  # before the step, which may find that there is more
                    read = log.step(most_bytes, self._lose)
                    if read is None:
                        (self._restless.add if log.is_restless else self._restless.discard)(log)
                        break
                    was_busy = True
                    self._is_behind |= len(read.data) == most_bytes
                    due[log] = None
                    yield read
            if self._clock() - started > QUIET_S:
                break  # others may have rotated by now
        return was_busy

    def _flush_and_wait(self, *, was_busy: bool) -> Generator[None, None, bool]:
        """Wait for news, and yield None if it is time; return whether to look at the folders."""
        now = self._clock()
        if now - self._flushed_at >= QUIET_S and not (self._survey.due and self._is_behind):
            self._flushed_at = now
            yield None
        if self._survey.due:
            return self._is_survey_due(reported=False)
        events = self._watcher.wait(QUIET_S, pause_s=GATHER_S if was_busy else 0.0)
        for path in events.paths:
            if path in self._paths:
                self._survey.due[self._paths[path]] = None
            elif path in self._survey.undecided:
                events.names = True
        self._names_changed = events.names or self._names_changed
        polls = self._watcher.polling and self._clock() - self._polled_at >= self._poll_s
        if polls:
            self._polled_at = self._clock()
        self._survey.due.update(dict.fromkeys(self.logs if polls else self._restless))
        return self._is_survey_due(reported=self._names_changed)

    def _is_survey_due(self, *, reported: bool) -> bool:
        took = min(self._took)  # one may have been held up
        usual = POLLED_SURVEY_S if self._watcher.polling else SURVEY_S
        return self._clock() - self._surveyed_at >= (2 * took if reported else max(usual, took * SHARE))

    def _lose(self, file: File, is_other: bool) -> None:
        self._survey.lose(file, is_other=is_other)
        if not file.fate:
            self._look()

    def _look(self) -> None:
        """Look at all folders, and watch those in which something may happen."""
        self._names_changed = False
        started = self._clock()
        self._survey.look()
        self._surveyed_at = self._clock()
        self._took.append(self._surveyed_at - started)
        if self._once:
            return
        self._paths, folders = {}, folders_of(self._arguments)
        for log in self.logs:
            for path in {log.location, real_path(log.location), *(file.path for file in log.files if file.path)}:
                folder, name = os.path.split(path)
                self._paths[f"{folder}/{name}" if folder else name] = log
                folders.add(folder)
        self._watcher.watch(folders)
