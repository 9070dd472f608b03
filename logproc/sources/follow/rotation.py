"""One log: the files that had its name, one after the other, and the order in which their bytes are read.

A file whose name now leads to another one is read to its end, then the next one from its start. But a writer may keep the old
file open for some seconds, as servers do that finish their requests first. So the old one is looked at until nothing has come
for GRACE_S, while the next one is being read. Its late lines go between lines of the next file, never into the middle of one:
the caller may put the bytes of a log behind each other.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from logproc.model.errors import SourceError
from logproc.sources.follow.content import GONE, Lost
from logproc.sources.follow.marks import Trail
from logproc.sources.follow.one_file import SILENT, USELESS, Descriptors, File, age_s

GRACE_S = 5.0
TRIES = 5
"""How often a file is looked for that is gone again when it is opened: each rotation renames it."""

Lose = Callable[[File, bool], None]


class Read(Struct):
    """What happened to a log, in order.

    file: the number of the file, different for every file of every log. data: the next decoded bytes of this file, b"" if only
        something else is told. It is another file than that of the Read before only if that one stopped at the end of a line,
        or had `ends`.
    begins: set with the first Read of a file: its start, or where an earlier run stopped.
    ends: no more will come from this file; an incomplete last line is a line now.
    forgotten: the file is nowhere any more, so its position is of no use. Until then it is, also after `ends`: by it the next
        run knows that a file which matches the arguments, or its archive, was read.
    note: what the user must know, "" for nothing.
    """

    log: Log
    file: int
    data: bytes = b""
    begins: Trail | None = None
    ends: bool = False
    forgotten: bool = False
    note: str = ""


class Log:
    """A log: one source of the report. name: for display. location: its path.

    family: the location of the log that it was split off by its name, such as `access.log` of `access.log.2`; its own if none.
    active: the file being read. waiting: files to be read after it, the newest last. late: files that may still get late lines.
    last: the file that its name led to last, even if that is finished. forgotten: numbers of files that are nowhere any more.
    rotated_at: when it was last seen that the name leads to another file than before, or to none.
    """

    def __init__(
        self, name: str, location: str, descriptors: Descriptors, clock: Callable[[], float], *, family: str = "", once: bool
    ) -> None:
        self.name, self.location, self.family = name, location, family or location
        self.active: File | None = None
        self.waiting: list[File] = []
        self.late: list[File] = []
        self.last: File | None = None
        self.forgotten: list[int] = []
        self.notes: list[str] = []
        self.rotated_at: float | None = None
        self.failure = ""
        self._descriptors, self._clock, self._once = descriptors, clock, once

    def __repr__(self) -> str:
        return f"Log({self.name!r})"

    @property
    def newest(self) -> File | None:
        return self.waiting[-1] if self.waiting else self.active

    @property
    def files(self) -> list[File]:
        """The files that are not finished, the oldest first."""
        return [*self.late, *([self.active] if self.active else []), *self.waiting]

    @property
    def is_sought(self) -> bool:
        """Whether one of its files is not found yet. What was split off after that one is known only once it is."""
        return any(file.path is None for file in self.files)

    @property
    def is_restless(self) -> bool:
        """Whether the log must be looked at again even if nothing is reported."""
        return bool(self.late or self.waiting or (self.active and (self.active.gone_at is not None or self.active.packed)))

    def add(self, file: File, *, is_newest: bool) -> None:
        """Add a file that is to be read from its offset.

        is_newest: whether the name of the log leads to it. Another one was split off in the meantime: it is read before those
        that wait, or, if the newest is being read already, as a late one.
        """
        if is_newest or self.newest is None:
            self.last = file
            self.waiting.append(file)
        elif self.waiting:
            newest = [self.waiting.pop()] if self.waiting[-1].path == self.location else []
            others = sorted([*self.waiting, file], key=lambda other: (other.position is None, other.modified_s))
            self.waiting = [*others, *newest]
        else:
            self.late.append(file)

    def make_newest(self, file: File) -> None:
        """Note that the name of the log leads to this file. For the first look of a run that goes on."""
        self.late = [other for other in [*self.late, *self.waiting] if other is not file]
        self.waiting = [file]
        self.last = file

    def overwritten(self, file: File, successor: File) -> None:
        """Add what is in the place of a file now that was overwritten. It is read after that, and before the next file."""
        successor.device, successor.inode, successor.gone_at = file.device, file.inode, file.gone_at
        self._descriptors.hand_over(file, successor)
        self.rotated_at = file.gone_at = self._clock()
        if file in self.late:
            self.late.append(successor)
        else:
            self.waiting.insert(self.waiting.index(file) + 1 if file in self.waiting else 0, successor)
        if self.last is file:
            self.last = successor

    def revive(self, file: File) -> None:
        """Read a finished file on, as a late one: a copy has more of it than could be read."""
        file.finished, file.gone_at = False, self._clock()
        self.late.append(file)

    def tell_once(self, what: str, hint: str) -> None:
        """Add a note about the path of the log, if it is not the same as before."""
        note = f"{what}: {hint}" if hint else what
        if self.failure != note:
            self.failure = note
            self.notes.append(note)

    def step(self, most_bytes: int, lost: Lose) -> Read | None:
        """Return what happened next; None if nothing did.

        lost: called if a file is no longer where it was, or (True) holds something else there. It finds out where the content
            is, and adds new files to the log.
        """
        if self.forgotten:
            return Read(self, self.forgotten.pop(), forgotten=True)
        while True:
            if self.active is None and self.waiting:
                self.active = self.waiting.pop(0)
            if self.active is None or self.active.at_line_end:
                for late in list(self.late):
                    read = self._step_late(late, most_bytes, lost)
                    if read or not late.at_line_end:
                        return read
            file = self.active
            if file is None:
                return Read(self, 0, note=self._take_notes()) if self.notes else None
            read = self._step_active(file, most_bytes, lost)
            if read or self.active is file:
                return read

    def _step_active(self, file: File, most_bytes: int, lost: Lose) -> Read | None:
        data, failure = self._read(file, most_bytes, lost)
        if data:
            return self._tell(file, data)
        if failure or file.is_ended:
            return self._finish(file, note=failure)
        if self.waiting and file.at_line_end:
            self.active = None
            self.late.append(file)
            return self._tell(file) if self._has_news(file) else None
        # Its last line is incomplete. The writer may still complete it, and until then no line of the next file may follow.
        if self._is_over(file) or (self._once and self.waiting):
            data, failure = self._read(file, most_bytes, lost, last=True)
            return self._tell(file, data) if data else self._finish(file, note=failure)
        return self._tell(file) if self._has_news(file) else None

    def _step_late(self, file: File, most_bytes: int, lost: Lose) -> Read | None:
        is_over = self._is_over(file)
        data, failure = self._read(file, most_bytes, lost, whole_lines=not is_over, last=is_over)
        if data:
            return self._tell(file, data)
        if is_over or failure or file.is_ended:
            return self._finish(file, note=failure)
        return self._tell(file) if self._has_news(file) else None

    def _read(
        self, file: File, most_bytes: int, lost: Lose, *, whole_lines: bool = False, last: bool = False
    ) -> tuple[bytes, str]:
        """Return the next bytes of a file, or what happened to it if the rest is nowhere."""
        what = ""
        for _ in range(TRIES):
            was_open = self._descriptors.has(file)
            try:
                data = file.read(most_bytes, self._descriptors, whole_lines=whole_lines, last=last)
            except Lost as reason:
                what = what or file.fate or reason.what
                if not was_open:  # then this may be any file that was given the same inode number
                    self._descriptors.close(file)
                lost(file, reason.what != GONE)
                if file.path is None:
                    break
            except SourceError as error:
                if file.failure != str(error):
                    file.failure = str(error)
                    file.notes.append(file.failure)
                # Without a next file, it is tried again: somebody may mend its rights.
                return b"", "" if not (self._once or self.waiting) else file.failure
            else:
                file.failure = ""
                if data and not last:
                    file.grown_at = self._clock()
                return data, ""
        return b"", what

    def _is_over(self, file: File) -> bool:
        """Return whether a file that is gone from its name will get no more lines."""
        if file.gone_at is None:
            return False
        if self._once:  # nobody waits here, so the file must have been quiet before
            return age_s(file.modified_s) >= GRACE_S
        return self._clock() - max(file.gone_at, file.grown_at) >= GRACE_S

    def _has_news(self, file: File) -> bool:
        return bool(file.notes or self.notes or (file.trail and not file.begun))

    def _tell(self, file: File, data: bytes = b"", *, ends: bool = False, note: str = "") -> Read:
        if not file.trail and ends and file.position:
            file.trail = Trail.of_position(file.position)  # not found, and still to be counted on
        begins, file.begun = None if file.begun else file.trail, file.begun or file.trail is not None
        notes = [*file.notes, *([note] if note and note not in {*file.notes, *SILENT} else [])]
        file.notes.clear()
        forgotten = ends and file.fate in USELESS
        return Read(self, file.number, data, begins, ends, forgotten, "; ".join(filter(None, [self._take_notes(), *notes])))

    def _take_notes(self) -> str:
        note = "; ".join(self.notes)
        self.notes.clear()
        return note

    def _finish(self, file: File, *, note: str = "") -> Read:
        file.close(self._descriptors)
        file.finished = True
        if file is self.active:
            self.active = None
        else:
            self.late.remove(file)
        return self._tell(file, ends=True, note=note)
