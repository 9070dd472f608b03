"""Faults of files that are rewritten between finding and reading them, or while they are read."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.faults.fault import Arguments, Fault, Scene, good, state
from tests.faults.files import before_it_is_opened
from tests.support import logs
from tests.support.processes import Ended

LINES = 24_000
OLD = logs.log(LINES, seed=1)
NEW = logs.log(LINES, seed=2)
"""Each over 3 MiB, which is read in several blocks."""
REWRITTEN = "rewritten while it was read after"


def stored(content: bytes, members: int = 8) -> bytes:
    """Return a gzip file of several members that is as large as its content."""
    lines = content.splitlines(keepends=True)
    size = len(lines) // members
    return b"".join(gzip.compress(b"".join(lines[at : at + size]), 0, mtime=0) for at in range(0, len(lines), size))


def in_place(content: bytes) -> Callable[[Path], object]:
    """Return a change that truncates a file and fills it again, as `copytruncate` and a busy writer do."""
    return lambda path: path.write_bytes(content)


def by_rename(content: bytes) -> Callable[[Path], object]:
    """Return a change that puts another file in the place of one."""

    def change(path: Path) -> None:
        other = path.with_name("other")
        other.write_bytes(content)
        other.replace(path)

    return change


def edited_at(place: int, content: bytes) -> Callable[[Path], object]:
    """Return a change of some bytes within a file."""

    def change(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(place)
            file.write(content)

    return change


def dated_back(path: Path) -> None:
    """Truncate a file, fill it again, and give it the time that it had."""
    path.write_bytes(NEW * 2)
    os.utime(path, ns=(0, 0))


def touched(path: Path) -> None:
    """Change the times of a file and nothing else."""
    os.utime(path)


def after_block(change: Callable[[Path], object], content: bytes) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program in which `a.log` is changed when its reading is behind the first MiB."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        path = scene.folder / "a.log"
        path.write_bytes(content)
        os.utime(path, ns=(0, 0))
        real = os.preadv
        to_change = [path]

        def read(descriptor: int, buffers: Any, offset: int) -> int:
            if to_change and offset >= 1 << 20:
                change(to_change.pop())
            return real(descriptor, buffers, offset)

        with patch.object(os, "preadv", read):
            found = scene.analyze(*arguments, "--readers", "1", "--chunk-size", "64K")
        assert not to_change, "nothing was changed"
        return found

    return run


def a_log(scene: Scene) -> Arguments:
    """Make a log; `after_block` writes it."""
    return [scene.file("a.log", *good(4)).name]


def told(how: str, change: Callable[[Path], object], says: str = REWRITTEN, content: bytes = OLD) -> Fault:
    """Return a fault in which a file is no longer what was read."""
    return Fault(
        "F15",
        how,
        a_log,
        code=1,
        says=[f"a.log: {says}"],
        holds="a mix is never complete",
        run=after_block(change, content),
        check=state("incomplete"),
    )


def harmless(how: str, change: Callable[[Path], object], content: bytes = OLD) -> Fault:
    """Return a change that does not affect what was read."""
    holds = "what was there when it was opened"
    check = state("complete", lines=LINES, records=LINES)
    return Fault("F15", how, a_log, holds=holds, run=after_block(change, content), check=check)


FAULTS = [
    told("truncated and filled with as much while it is read", in_place(NEW[: len(OLD)].ljust(len(OLD), b"x"))),
    told("truncated and filled with more while it is read", in_place(NEW * 2)),
    told("truncated and filled with a little less while it is read", in_place(NEW[: len(OLD) - 4000]), "shrank from"),
    told("truncated and filled with much less while it is read", in_place(NEW[:9000]), "shrank from"),
    told("edited at its beginning while it is read", edited_at(0, b"9")),
    told("edited in the middle while it is read", edited_at(700_000, b"\n")),
    told("filled again with the same first lines", in_place(OLD[:500_000] + NEW * 2)),
    told("filled again and dated back", dated_back),
    told("a packed file that is written again while it is read", in_place(stored(NEW)), "", stored(OLD)),
    told("a packed file that is edited while it is read", edited_at(700_000, b"\0\0"), "", stored(OLD)),
    harmless("touched while it is read", touched),
    harmless("replaced by rename while it is read: the one that was opened is whole", by_rename(NEW * 2)),
    harmless("a packed file that is replaced by rename while it is read", by_rename(stored(NEW)), stored(OLD)),
    harmless("made longer while it is read", lambda path: path.write_bytes(OLD + NEW)),
    *(
        Fault(
            "F15",
            f"rewritten between finding and reading, with {what}",
            a_log,
            code=1,
            says=["a.log: rewritten before it was read: it was probably rotated; run again"],
            holds="lines of another log",
            run=before_it_is_opened(in_place(content)),
            check=state("failed", lines=0),
        )
        for what, content in {
            "other lines": logs.log(9),
            "lines of another format": b'{"time": "2026-03-07T10:00:00Z", "msg": "new"}\n' * 9,
            "fewer of its lines": good()[0] + b"\n",
            "nothing": b"",
        }.items()
    ),
]
