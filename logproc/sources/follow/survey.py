"""A look at the folders: which file is where now, which are new, and which log they belong to.

A name says little after a rotation, so each path is first asked for its inode, then for its content:

1. The inode is that of a file which is being read: a descriptor keeps it from being used again, so it is this file, perhaps
   under another name. Of a file without a descriptor, the content is compared. A file that was overwritten since, as by
   `copytruncate`, goes on as another file; what was not read before is searched for as in 3.
2. A log's own name leads to another inode. If its content begins with all that was read, somebody rewrote the file (an editor,
   `rsync`, another target of a link with the same content), and only what follows is new. Otherwise the log was rotated, and
   this is its next file.
3. Any other path. If its content is that of a known file, it is a copy or an archive of it: there is nothing new, unless the
   file was truncated or deleted before its end was read. If it is unknown, and the log was just rotated, it is a file that came
   and went between two looks; else it is a new log, if an argument matches it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence

from logproc.model.errors import SourceError
from logproc.model.position import Position
from logproc.sources.follow.content import Content
from logproc.sources.follow.discovery import PACKED, Place, beside, families_of, family_of, first_of_each, looks_rotated, named
from logproc.sources.follow.known_files import Heads, KnownFiles
from logproc.sources.follow.marks import Marks
from logproc.sources.follow.one_file import QUIET_S, SHORTER, Descriptors, File, age_s
from logproc.sources.follow.rotation import Log
from logproc.sources.follow.settling import settle
from logproc.sources.names import shown_path
from logproc.sources.opening import OpenOptions

ROTATION_S = 10.0
"""For so long after a rotation, an unknown file beside a log may be one that was split off it."""


class Survey:
    """The logs, and where their files are. `look` brings it up to date."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        recursive: bool,
        known: Sequence[Position],
        once: bool,
        options: OpenOptions,
        clock: Callable[[], float],
        descriptors: Descriptors,
        leave_out: Callable[[str, tuple[int, ...]], bool] = lambda *_: False,
    ) -> None:
        self.logs: list[Log] = []
        self.due: dict[Log, None] = {}
        self.undecided: set[str] = set()
        self._arguments, self._recursive, self._once = arguments, recursive, once
        self._options, self._clock, self._descriptors = options, clock, descriptors
        self._leave_out = leave_out
        self._known, self._positions = KnownFiles(), known
        self._numbers = itertools.count(1)
        self._by_location: dict[str, Log] = {}
        self._families: dict[tuple[str, str], Log] = {}
        self._memory: dict[str, tuple[tuple[int, int, int, int], File | None]] = {}
        self._first_seen: dict[str, float] = {}
        self._resumed: dict[Log, float] = {}
        self._is_first = True

    def look(self) -> None:
        """Find out where everything is now. Blocks as long as the file system takes."""
        self._look()
        if self._is_first:
            if self.undecided or any(file.path is None for _, file in self.files()):
                self._look()  # a file that is renamed during a look may be found under neither of its names
            self.due |= dict.fromkeys(settle(self.logs, self._positions))
        self._is_first = False

    def _look(self) -> None:
        self._now = self._clock()
        for file in self._known.forget(self._now, {log.last for log in self.logs}):
            if file.begun:
                self._log_of(file).forgotten.append(file.number)
                self.due[self._log_of(file)] = None
        places = first_of_each(named(self._arguments, recursive=self._recursive))
        if self._is_first and not self.logs:
            self._begin(places)
        places |= first_of_each(beside(self._families.keys(), places.keys()))
        places = {path: place for path, place in places.items() if not self._leave_out(path, place.seen or ())}
        self._inodes = self._known.by_inode()
        self._claimed: dict[str, File] = {}
        self._new: dict[tuple[int, int], File] = {}
        self._heads: dict[Log, Heads] = {}
        for place in places.values():
            self._claim(place)
        for log in list(self.logs):
            self._look_at(log, places.get(log.location) or Place(log.location, matched=True, seen=None))
        rest = [place for place in places.values() if place.path not in self._claimed and place.path not in self._by_location]
        self.undecided = set()
        for place in rest if self._is_first and not self._positions else sorted(rest, key=lambda place: place.order):
            self._look_at_other(place, places)
        self._memory = {path: memory for path, memory in self._memory.items() if path in places}
        self._first_seen = {path: self._first_seen.get(path, self._now) for path in self.undecided}
        self.due |= {log: None for log in self.logs if log.notes}

    def lose(self, file: File, *, is_other: bool) -> None:
        """Forget where a file is. is_other: other content was found in its place.

        If it was overwritten, usually after it was copied, what its descriptor leads to now is another file of the log. It is
        taken over at once: it may be renamed, or deleted, before anybody looks at the folder.
        """
        if is_other:
            self._memory = {path: memory for path, memory in self._memory.items() if memory[1] is not file}
            if self._descriptors.has(file) and not file.is_copy:
                log = self._log_of(file)
                log.overwritten(file, self._new_file(log, file.path, Marks()))
        file.lose(self._descriptors, is_other=is_other)

    def files(self) -> list[tuple[Log, File]]:
        """Return the files that are not finished."""
        return [(log, file) for log in self.logs for file in log.files]

    def close(self) -> None:
        for _, file in self.files():
            file.close(self._descriptors)

    def _begin(self, places: dict[str, Place]) -> None:
        """Create the logs of an earlier run with their files, wherever these are now."""
        locations = {shown_path(path): path for path in places}
        order = {name: number for number, name in enumerate(locations)}
        for position in sorted(self._positions, key=lambda position: order.get(position.name, -1)):
            location = locations.get(position.name, position.name)
            log = self._by_location.get(location) or self._new_log(location)
            file = self._new_file(log, None, Marks.of_position(position), position.lines)
            file.device, file.inode, file.position = position.device, position.inode, position
            file.gone_at = self._now
            log.late += log.waiting
            log.waiting, log.last = [file], file

    def _claim(self, place: Place) -> None:
        """Note where a known file is, if its inode is at this place."""
        if place.seen is None:
            return
        file = self._inodes.get(place.seen[:2])
        if file is None or not self._is_at(file, place):
            return
        own = self._by_location.get(place.path)
        if file.path not in self._claimed or (own and own.location == file.location):
            file.path = place.path  # of several names of a file, that of the log
        self._claimed[place.path] = file
        self._remember(place, file)
        if self._is_first and place.path != file.location:
            self._resumed[self._log_of(file)] = place.seen[3] / 1e9
        if not file.finished and file.stamp != place.seen[2:]:
            self.due[self._log_of(file)] = None

    def _is_at(self, file: File, place: Place) -> bool:
        """Return whether a file with this inode is still at a place, and not another one with the same number."""
        seen = place.seen
        if self._descriptors.has(file) or self._memory.get(place.path) == (seen, file):
            return True
        if not file.finished and file.path == place.path:
            return True  # whether it still holds what was read is compared when it is read on
        try:
            with Content(place.path, self._options) as content:
                if content.status.st_ino != file.inode or not content.continues(file.marks):
                    if file.path in {None, place.path}:
                        self._inodes.pop(file.identity, None)
                        file.lose(self._descriptors, is_other=True)
                    return False
                self._found(file, place, content, is_copy=False)
                return True
        except SourceError:
            return False

    def _found(self, file: File, place: Place, content: Content, *, is_copy: bool) -> None:
        """Note that the content of a file was found at a place, and read it on from there if it is needed.

        It is if the file is nowhere else; also if it was finished before all was read that is there now.
        """
        log = self._log_of(file)
        file.marks.learn(content.head)
        self._remember(place, file)
        is_revived = file.finished and content.is_longer(file.marks)
        if is_revived:
            log.revive(file)
        if is_revived or (not file.finished and file.path is None):
            file.at(place.path, content.status, packed=content.packed)
            file.is_unchanged = self._is_first and not content.packed and not content.is_longer(file.marks)
            file.is_copy = is_copy and not content.packed
            self._inodes[file.identity] = file
            self.due[log] = None

    def _look_at(self, log: Log, place: Place) -> None:
        """Find out whether the name of a log leads to another file than before."""
        newest, owner = log.newest, self._claimed.get(log.location)
        if owner is not None and (owner is newest or not owner.finished):
            owner.gone_at = None
        if owner is not None and self._is_first and owner in log.files:
            log.make_newest(owner)
            newest = owner
        if owner is not None and owner is newest:
            return
        if newest is not None and newest.gone_at is None:
            newest.gone_at = self._now
            self.due[log] = None
        log.rotated_at = self._now
        if place.verdict is not None:
            log.tell_once(place.verdict.reason or "", place.verdict.hint)
        if place.seen is None or owner is not None or self._is_settled(place):
            return
        try:
            with Content(log.location, self._options) as content:
                self._arrived(log, place, content)
        except SourceError as error:
            if os.path.exists(log.location):  # noqa: PTH110
                log.tell_once(error.what, error.hint)

    def _arrived(self, log: Log, place: Place, content: Content) -> None:
        """Another file has the name of the log: the next one, or the same content in another file."""
        elsewhere = {file for path, file in self._claimed.items() if path != log.location}
        file = self._known.owner(content, family=log.family, own_name=True, elsewhere=elsewhere)
        if file is None:
            self._add_new(log, place, content, is_newest=True)
        elif self._log_of(file) is not log:
            self._found(file, place, content, is_copy=True)
        else:
            if not file.finished:
                if file.path is not None or file.position:
                    file.notes.append(f"replaced: {file.marks.offset} known bytes skipped")
                file.lose(self._descriptors, is_other=True)
            self._found(file, place, content, is_copy=False)
            self._claimed[place.path] = file
            file.gone_at = None

    def _look_at_other(self, place: Place, places: dict[str, Place]) -> None:
        seen, family = place.seen, family_of(place.path, self._families)
        log = self._families[family] if family else None
        if seen is None:
            if place.matched:
                self._new_log(place.path)
                self._look_at(self._by_location[place.path], place)
            return
        if seen[:2] in self._new:
            self._remember(place, self._new[seen[:2]])  # the same file by another path: counted once
            return
        if self._is_settled(place):
            return
        if self._is_first and not place.matched and not (log and self._may_have_moved(log)):
            self._remember(place, None)  # it was there before, and nobody asked for it
            return
        try:
            with Content(place.path, self._options) as content:
                self._decide(place, content, log, places)
        except SourceError as error:
            if place.matched and os.path.exists(place.path):  # noqa: PTH110 - otherwise it was renamed since
                log = self._new_log(place.path)
                log.tell_once(error.what, error.hint)
                self._remember(place, None)

    def _is_settled(self, place: Place) -> bool:
        """Return whether it is known what is at a place, and nothing has changed there since, and nothing is searched for."""
        seen, file = self._memory.get(place.path, (None, None))
        if seen is None or seen != place.seen or (file and file.path is None and not file.finished):
            return False
        if file:
            file.seen_at = self._now
        return True

    def _decide(self, place: Place, content: Content, log: Log | None, places: dict[str, Place]) -> None:
        file = self._known.owner(content, family=log.family if log else "", own_name=False, elsewhere=())
        if file is not None:
            is_shorter = content.is_shorter(file.marks)
            file.fate = SHORTER if is_shorter and self._is_first and file.path is None else ""
            if is_shorter:
                self._remember(place, file)  # a copy of what was read, never to be taken for new content
                return
            self._found(file, place, content, is_copy=True)
            if self._is_first and place.seen:
                self._resumed.setdefault(self._log_of(file), place.seen[3] / 1e9)
            return
        is_rotated = bool(log and looks_rotated(place.path, os.path.basename(log.location)))  # noqa: PTH119 - often
        may_grow = not (self._is_first and place.matched) or (is_rotated and not content.packed)
        is_fresh = not self._once and age_s(content.status.st_mtime) < QUIET_S
        is_partial = (content.packed and is_fresh) or (may_grow and not content.head)
        # Both are there while the archive is made. What it holds can be compared when the original has been read.
        has_original = self._is_first and place.path.endswith(PACKED) and place.path.rpartition(".")[0] in places
        # What is not known yet may be read from its original: from a new one, or one whose truncation was not noticed yet.
        is_copy = log is not None and self._heads.setdefault(log, Heads(self._descriptors)).has(content, log.files)
        waited_s = self._now - self._first_seen.get(place.path, self._now)
        if is_partial or has_original or is_copy:
            self.undecided.add(place.path)
        elif log and is_rotated and self._was_split_off(log, place):
            self._add_new(log, place, content, is_newest=False)
        elif place.matched:
            log = self._new_log(place.path)
            self._add_new(log, place, content, is_newest=True)
        elif (self._is_first and not (log and log.is_sought)) or waited_s > ROTATION_S:
            self._remember(place, None)
        else:
            self.undecided.add(place.path)

    def _was_split_off(self, log: Log, place: Place) -> bool:
        """Return whether an unknown file beside a log can be one that had its name between two looks, or two runs."""
        if self._is_first:
            return log in self._resumed and place.seen is not None and place.seen[3] / 1e9 >= self._resumed[log]
        first_seen = self._first_seen.get(place.path, self._now)  # an archive is not looked into before it is complete
        return log.rotated_at is not None and first_seen - log.rotated_at <= ROTATION_S

    def _may_have_moved(self, log: Log) -> bool:
        """Return whether the file that an earlier run read last is under another name now, or not found yet."""
        return log in self._resumed or log.is_sought

    def _new_log(self, location: str) -> Log:
        root = family_of(location, self._families)
        is_root = root is None or not looks_rotated(location, root[1])
        family = location if root is None or is_root else self._families[root].family
        name = shown_path(location) or "''"
        log = Log(name, location, self._descriptors, self._clock, family=family, once=self._once)
        self.logs.append(log)
        self._by_location[location] = log
        if is_root:
            self._families |= {each: log for each in families_of(location) if each not in self._families}
        self.due[log] = None
        return log

    def _new_file(self, log: Log, path: str | None, marks: Marks, lines: int = 0) -> File:
        number, options = next(self._numbers), self._options
        file = File(number, log.location, path, marks, options, family=log.family, lines=lines, once=self._once)
        file.seen_at = self._now
        self._known.add(file)
        return file

    def _add_new(self, log: Log, place: Place, content: Content, *, is_newest: bool) -> None:
        file = self._new_file(log, place.path, Marks())
        file.at(place.path, content.status, packed=content.packed)
        file.gone_at = None if is_newest else self._now
        self._new[file.identity] = file
        self._remember(place, file)
        if not self._is_first and not content.packed:
            self._descriptors.adopt(file, content.duplicate())  # it may be deleted before it is its turn
        log.add(file, is_newest=is_newest)
        self.due[log] = None

    def _log_of(self, file: File) -> Log:
        return self._by_location[file.location]

    def _remember(self, place: Place, file: File | None) -> None:
        if place.seen:
            self._memory[place.path] = place.seen, file
        if file:
            file.seen_at = self._now
