"""Faults of the logs of runs that go on: between two runs, or while one follows them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from logproc.records.state.encode import decode
from logproc.records.state.saved import SavedState
from tests.faults.fault import NEIGHBOUR, NEIGHBOUR_LINES, Arguments, Fault, Scene
from tests.support import logs, processes
from tests.support.processes import Ended

STATE = "kept.state"
OLD, NEW = (logs.log(100, seed=seed).splitlines(keepends=True) for seed in (1, 2))
CHANGED = "a.log: content changed: read from the start"


def append(path: Path, *lines: bytes) -> None:
    with path.open("ab") as file:
        file.writelines(lines)


def counted(path: Path) -> int:
    """Return how many lines there are in a state."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0
    state = decode(content[content.index(b"\n") + 1 :], SavedState)
    return sum(tally.account.lines for tally in state.tally.sources.values())


def is_counted(path: Path, lines: int) -> bool:
    return counted(path) >= lines


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def resumed(change: Callable[[Path], object], first: Sequence[bytes] = OLD) -> Callable[[Scene], Arguments]:
    """Return what runs once, changes the log then, and returns the arguments of the run that goes on."""

    def make(scene: Scene) -> Arguments:
        log = scene.bytes("a.log", b"".join(first))
        assert scene.analyze("a.log", NEIGHBOUR, "--state", STATE).code == 0
        change(log)
        return ["a.log", "--state", STATE]

    return make


def followed(change: Callable[[Path], object], lines: int, first: Sequence[bytes] = OLD) -> dict[str, object]:
    """Return how a run is made that follows the log while it is changed, and ends when that many lines are in the state."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        whole = sum(line.endswith(b"\n") for line in first)
        with processes.started("analyze", "--output", "json", "--follow", *arguments, cwd=scene.folder) as process:
            wait_for(lambda: counted(scene.folder / STATE) == whole + NEIGHBOUR_LINES)
            change(scene.folder / "a.log")
            wait_for(lambda: counted(scene.folder / STATE) == lines + NEIGHBOUR_LINES)
            process.send_signal(signal.SIGTERM)
            return processes.ended(process)

    def make(scene: Scene) -> Arguments:
        scene.bytes("a.log", b"".join(first))
        return ["a.log", "--state", STATE]

    return {"make": make, "run": run}


def has(lines: int) -> Callable[[Scene, Ended], None]:
    """Return a check: the log is complete, and has that many lines, also in the state."""

    def check(scene: Scene, ended: Ended) -> None:
        found = next(each for each in ended.report["sources"] if each["source"] == "a.log")
        assert (found["state"], found["account"]["lines"]) == ("complete", lines), found
        assert counted(scene.folder / STATE) == lines + NEIGHBOUR_LINES

    return check


def both(
    row: str,
    how: str,
    change: Callable[[Path], object],
    lines: int,
    first: Sequence[bytes] = OLD,
    says: Sequence[str] = (),
    says_live: Sequence[str] | None = None,
) -> list[Fault]:
    """Return a fault between two runs with a state, and while one follows the log."""
    holds, check = "each line once", has(lines)
    live = followed(change, lines, first)
    said = says if says_live is None else says_live
    return [
        Fault(row, f"{how}, between two runs", resumed(change, first), says=says, holds=holds, check=check),
        Fault(row, f"{how}, while it is followed", says=said, holds=holds, check=check, **live),  # type: ignore[arg-type]
    ]


def refill(path: Path, *lines: bytes) -> None:
    """Truncate a file and write others into it."""
    path.write_bytes(b"".join(lines))


def recreate(path: Path, *lines: bytes) -> None:
    """Delete a file and write another one, which often gets the same inode."""
    path.unlink()
    path.write_bytes(b"".join(lines))


def rewrite(path: Path, *lines: bytes) -> None:
    """Do as editors do: write another file and put it in the place of the first one."""
    other = path.with_name("a.swp")
    other.write_bytes(b"".join(lines))
    other.replace(path)


def set_back(log: Path) -> None:
    """Have a rotated and a new file that were changed long after now, and a damaged archive."""
    append(log, *NEW[:9])
    log.rename(log.with_name("a.log.1"))
    log.write_bytes(NEW[10])
    for path in log.parent.iterdir():
        os.utime(path, (2**32, 2**32))


def links(log: Path) -> None:
    log.with_name("link.log").symlink_to(log.name)
    log.with_name("hard.log").hardlink_to(log)


def with_links(scene: Scene) -> Arguments:
    return [*resumed(links)(scene), "a.log", "link.log", "hard.log", "*.log"]


PART = OLD[-1][:20]
FAULTS = [
    *both("C5", "a last line without an end", lambda log: append(log, PART, NEW[0][:5], NEW[0][5:]), 100, [*OLD[:-1], PART]),
    Fault(
        "C5",
        "a last line that has not ended yet",
        resumed(lambda log: append(log, PART)),
        holds="it counts when it ends",
        check=has(100),
    ),
    *both(
        "F15",
        "truncated and filled with more",
        lambda log: refill(log, *NEW, *NEW),
        300,
        says=[CHANGED],
        says_live=["a.log: "],  # that it is truncated, if it is looked at while it is empty; else that its content changed
    ),
    *both("F16", "deleted and written again, shorter", lambda log: recreate(log, *NEW[:9]), 109, says=[CHANGED], says_live=[]),
    *both("F16", "deleted and written again, longer", lambda log: recreate(log, *NEW, *NEW), 300, says=[CHANGED], says_live=[]),
    *both("F17", "a log of one byte", lambda log: append(log, b"\n"), 1, [b"x"]),
    *both("F17", "a log of a hundred bytes", lambda log: append(log, b"y" * 99 + b"\n"), 2, [b"x" * 99 + b"\n"]),
    *both("F24", "rewritten with more lines", lambda log: rewrite(log, *OLD, *NEW[:30]), 130, says=["a.log: replaced: "]),
    Fault(
        "P19",
        "a log that is gone",
        resumed(Path.unlink),
        says=["a.log: not found: what was counted of it is kept"],
        holds="its counts",
        check=has(100),
    ),
    *both(
        "P19", "a log that shrank", lambda log: refill(log, *NEW[:5]), 105, says=[CHANGED], says_live=["a.log: truncated from"]
    ),
    Fault("P32", "files of the future", resumed(set_back), holds="each line once", check=has(110)),
    Fault("F9", "a log and its links, in a run that goes on", with_links, holds="each line once", check=has(100)),
]
