"""What becomes of the files of an earlier run, once it is known which of them are still there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from logproc.model.position import Position
from logproc.sources.follow.one_file import AWAY, CHANGED, DELETED, NOT_FOUND, age_s
from logproc.sources.follow.rotation import GRACE_S, Log


def settle(logs: Iterable[Log], positions: Sequence[Position]) -> Iterator[Log]:
    """Finish the files that have nothing new, and decide what it means that others were not found; yield their logs.

    positions: where the earlier run stopped, the last file of each log last. Older files of a log were deleted if any other of
    its files is there; otherwise perhaps a disk is not mounted, and they will be back.
    """
    latest = {position.name: position for position in positions}
    for log in logs:
        is_there = any(file.path is not None for file in log.files)
        for file in log.files:
            if file.path is None and file.position:
                if file.fate:
                    pass  # a shorter copy of it is there
                elif file.position is latest[file.position.name]:
                    file.fate = NOT_FOUND if log.newest is file else CHANGED
                else:
                    file.fate = DELETED if is_there else AWAY
                yield log
        unchanged = [file for file in log.late if file.is_unchanged and age_s(file.modified_s) >= GRACE_S]
        for file in unchanged:  # no writer has it open any more
            file.finished = True
        log.late = [file for file in log.late if not file.finished]
