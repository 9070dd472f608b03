"""Waiting for changes: what wakes the watcher, what it forgets, and what it costs to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logproc.sources.follow import Following
from logproc.sources.follow.watcher import Watcher
from tests.sources.follow.reader import Reader


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.close()


def test_a_write_and_a_new_name(tmp_path: Path, watcher: Watcher) -> None:
    """A write tells the path; a new, renamed or deleted file that names have changed."""
    log = tmp_path / "log"
    log.touch()
    watcher.watch([str(tmp_path)])
    log.write_bytes(b"x")
    events = watcher.wait(5)
    assert (events.paths, events.names) == ({str(log)}, False)
    for change in (lambda: log.rename(tmp_path / "new"), log.touch, log.unlink):
        change()
        assert watcher.wait(5).names


def test_a_folder_that_is_not_there_yet(tmp_path: Path, watcher: Watcher) -> None:
    """It does not cause polling, and is watched when it is there."""
    folder = tmp_path / "later"
    watcher.watch([str(folder)])
    assert not watcher.polling
    folder.mkdir()
    watcher.watch([str(folder)])
    (folder / "log").touch()
    assert watcher.wait(5).names


def test_without_inotify_it_polls(tmp_path: Path) -> None:
    """As when no instance is left, or on a network file system."""
    watcher = Watcher(use_inotify=False)
    watcher.watch([str(tmp_path)])
    assert watcher.polling
    watcher.close()


@pytest.mark.parametrize("use_inotify", [True, False])
def test_waiting_costs_nothing(tmp_path: Path, *, use_inotify: bool) -> None:
    """A hundred idle logs need less than one per cent of a core."""
    for number in range(100):
        (tmp_path / f"{number}.log").write_bytes(b"x\n" * number)
    following = Following([f"{tmp_path}/*"], recursive=False, use_inotify=use_inotify)
    reads = following.reads(1 << 16)
    while next(reads) is not None:
        pass
    start, used = time.monotonic(), time.process_time()
    while time.monotonic() - start < 3:
        assert next(reads) is None
    assert (time.process_time() - used) / (time.monotonic() - start) < 0.01
    reads.close()


def test_a_file_that_is_nowhere_is_forgotten(tmp_path: Path) -> None:
    """After a minute, in which its archive might still appear; not the last file of a log, whose folder may be away."""
    now = [0.0]
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    reader = Reader([log], clock=lambda: now[0] + time.monotonic())
    reader.sees(b"one")
    log.unlink()
    log.write_bytes(b"two\n")
    reader.sees(b"one", b"two")
    now[0] += 10
    reader.until(lambda: reader.reads[-1].ends)
    assert len(reader.positions) == 2
    now[0] += 70
    reader.until(lambda: reader.reads[-1].forgotten)
    assert len(reader.positions) == 1
    log.unlink()
    now[0] += 10
    reader.until(lambda: reader.reads[-1].ends)
    now[0] += 70
    reader.stays(2)
    assert len(reader.positions) == 1
    reader.close()
