"""A writer of numbered lines and a rotator, each a process: `rotating.py write|rotate LOG DONE|COUNT SEED [KIND]…`.

Each file that ever had lines is kept: those that the rotator deletes have another link in `kept/`.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import sys
import time
from pathlib import Path

OPEN_S = 60.0
OPEN_TIMES = 3
"""So often in a row the reader must be found to hold a file. It may also open one for a moment, to compare it with others."""
KINDS = ["rename", "copytruncate", "gzip", "delete", "link"]


def write_lines(log: Path, done: Path, random_numbers: random.Random) -> None:
    """Write lines until `done` exists. As a server does, look only from time to time whether the name leads elsewhere."""
    number = 0
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptor = os.open(log, flags)
    (log.parent / "kept" / "inode").write_text(str(os.fstat(descriptor).st_ino))
    while not done.exists():
        for _ in range(random_numbers.choice([1, 5, 50, 300])):
            os.write(descriptor, b"line %08d %s\n" % (number, b"." * random_numbers.randrange(100)))
            number += 1
        time.sleep(random_numbers.choice([0, 0.001, 0.01]))
        try:
            inode = log.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if inode != os.fstat(descriptor).st_ino:
            os.close(descriptor)
            descriptor = os.open(log, flags)
            new = log.parent / "kept" / "inode.new"
            new.write_text(str(os.fstat(descriptor).st_ino))
            new.rename(log.parent / "kept" / "inode")
    (log.parent / "kept" / "lines").write_text(str(number))


def rotate(log: Path, count: int, random_numbers: random.Random, of_kinds: list[str]) -> None:
    """Rotate so many times, some ten times a second; one of the kinds may be `slowly`, for once a second."""
    kinds: dict[str, int] = {}
    slower = 10 if "slowly" in of_kinds else 1
    of_kinds = [kind for kind in of_kinds if kind != "slowly"]
    for number in range(count):
        time.sleep(slower * random_numbers.choice([0.01, 0.05, 0.1, 0.2]))
        kind = random_numbers.choice(of_kinds)
        kinds[kind] = kinds.get(kind, 0) + 1
        rotate_once(log, kind, number)
    print(*(f"{kind} {kinds[kind]}" for kind in sorted(kinds)))


def rotate_once(log: Path, kind: str, number: int) -> None:
    old = Path(f"{log}.{number}")
    kept = log.parent / "kept"
    if kind == "copytruncate":
        shutil.copy(log, old)
        time.sleep(0.005 * (number % 2))  # what is written now is lost
        os.truncate(log, 0)
        return
    if kind in {"link", "delete"}:  # the file will be nowhere, so nobody could read it who has not opened it by now
        wait_until_open(log)
    inode = log.stat().st_ino
    target = Path(os.path.realpath(log))
    if kind == "link":
        if not log.is_symlink():
            os.link(log, kept / f"link-{number}")
        fresh = kept / f"target-{number}"
        fresh.touch()
        (kept / "link").symlink_to(fresh)
        (kept / "link").rename(log)
    elif kind == "delete":
        if not log.is_symlink():
            os.link(log, kept / f"deleted-{number}")
        log.unlink()
    else:
        log.rename(old)
    while (kept / "inode").read_text() == str(inode):
        time.sleep(0.001)
    if kind == "gzip":
        with old.open("rb") as plain, gzip.open(f"{old}.gz", "wb", 1) as packed:
            shutil.copyfileobj(plain, packed)
        old.unlink()
        if target.parent == kept:
            target.unlink()


def wait_until_open(log: Path) -> None:
    """Wait until the process that started this one holds the log open. How long that takes depends on the machine."""
    end, seen, times = time.monotonic() + OPEN_S, log.stat(), 0
    while times < OPEN_TIMES:
        is_open = any(is_of(descriptor, seen) for descriptor in Path(f"/proc/{os.getppid()}/fd").iterdir())
        times = times + 1 if is_open else 0
        assert time.monotonic() < end, f"{log} is not opened"
        time.sleep(0.03)


def is_of(descriptor: Path, seen: os.stat_result) -> bool:
    """Return whether a descriptor of a process is still open, and leads to this file."""
    try:
        return os.path.samestat(descriptor.stat(), seen)
    except OSError:
        return False


if __name__ == "__main__":
    action, location, amount, seed, *kinds_wanted = sys.argv[1:]
    if action == "write":
        write_lines(Path(location), Path(amount), random.Random(seed))
    else:
        rotate(Path(location), int(amount), random.Random(seed), kinds_wanted or KINDS)
