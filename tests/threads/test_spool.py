"""Spool: pieces come in any order from any thread, and leave whole and in the right one."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from logproc.model.errors import OutputError
from logproc.threads import spool as module
from logproc.threads.spool import Spool
from tests.threads.tools import Call, Halted, TellingLock, arrives, until


def contents(spool: Spool) -> bytes:
    """Return what comes out of a spool."""
    return b"".join(spool.pieces())


def test_pieces_leave_in_the_order_of_their_places() -> None:
    """Whatever order they came in, pieces are sorted by source and chunk."""
    with Spool() as spool:
        for place in [(1, 0), (0, 10), (0, 2), (2, 0), (0, 1)]:
            spool.add(place, b"%d.%d\n" % place)
        assert contents(spool) == b"0.1\n0.2\n0.10\n1.0\n2.0\n"
        assert contents(spool) == b"0.1\n0.2\n0.10\n1.0\n2.0\n"


def test_many_threads_write_as_one_would() -> None:
    """Pieces of many sizes that are written at the same time neither overlap nor get lost."""
    pieces = {(source, index): b"%d.%d " % (source, index) * (index * 97 % 1000) for source in range(4) for index in range(100)}

    def add(source: int) -> None:
        for index in range(100):
            spool.add((source, index), pieces[source, index])

    with Spool() as spool:
        for call in [Call(add, source) for source in range(4)]:
            call.outcome()
        assert contents(spool) == b"".join(pieces[place] for place in sorted(pieces))


def test_two_that_decide_at_once_get_places_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread has seen the end of the file and not yet moved it; another one that comes now does not write over it."""
    second_waits = Event()
    monkeypatch.setattr(module, "Lock", lambda: TellingLock(second_waits))
    with Spool() as spool:
        first = Halted((Spool.add, "self._end += len(text)"), spool.add, (0, 0), b"first")
        arrives(first.arrived)
        second = Call(spool.add, (0, 1), b"other")
        until(lambda: second_waits.is_set() or not second.is_alive())
        first.go_on()
        second.outcome()
        assert contents(spool) == b"firstother"


def test_a_piece_that_is_not_written_yet_is_left_out() -> None:
    """A worker left behind during a write leaves no hole in the output."""
    with Spool() as spool:
        spool.add((0, 0), b"before ")
        unfinished = Halted((Spool.add, "written = 0"), spool.add, (0, 1), b"unfinished")
        arrives(unfinished.arrived)
        spool.add((0, 2), b"after")
        assert contents(spool) == b"before after"
        unfinished.go_on()


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow over a size, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_an_error_of_the_output() -> None:
    """A piece that does not fit raises OutputError, and is not copied, not even in part."""
    with Spool() as spool:
        spool.add((0, 0), b"fits")
        with largest_file(10), pytest.raises(OutputError, match="cannot write rejected lines"):
            spool.add((0, 1), b"does not fit")
        assert contents(spool) == b"fits"


def test_a_folder_that_does_not_exist_is_an_error_of_the_output(tmp_path: Path) -> None:
    """Where no temporary file can be made, the error says what to set."""
    with pytest.raises(OutputError, match="set TMPDIR"):
        Spool(str(tmp_path / "missing"))


def test_only_what_was_counted_leaves() -> None:
    """Told which places were counted, a spool gives their pieces and leaves out those of a worker that came too late."""
    with Spool() as spool:
        for place in [(0, 0), (0, 1), (1, 0)]:
            spool.add(place, b"%d.%d " % place)
        assert b"".join(spool.pieces({(0, 0), (1, 0)})) == b"0.0 1.0 "
