"""A run that goes on where an earlier one stopped: only what is new is read, wherever the file is now."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from logproc.model.position import Position
from logproc.sources.follow.one_file import Descriptors, File
from tests.sources.follow.reader import Reader

BIG = [b"%06d %s" % (number, b"x" * 50) for number in range(200)]


def write(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    with path.open("ab") as file:
        file.write(b"\n".join(lines) + end)
    return path


def run(*arguments: Path | str, known: list[Position] | None = None) -> Reader:
    return Reader(arguments, once=True, known=known or []).all()


@pytest.fixture(params=["short", "long"])
def lines(request: pytest.FixtureRequest) -> list[bytes]:
    """Return lines that prove the content by their length, or not."""
    return BIG if request.param == "long" else [b"one", b"two"]


@pytest.fixture
def log(tmp_path: Path, lines: list[bytes]) -> Path:
    return write(tmp_path / "access.log", *lines)


@pytest.fixture
def known(log: Path, lines: list[bytes]) -> list[Position]:
    """Return the position after a first run."""
    first = run(log)
    assert first.lines == lines
    (position,) = first.positions
    assert (position.name, position.offset, position.lines) == (str(log), log.stat().st_size, len(lines))
    return first.positions


def test_nothing_new(log: Path, known: list[Position]) -> None:
    """Nothing is read again, and the position is told again."""
    second = run(log, known=known)
    assert (second.text, second.notes, second.positions) == (b"", [], known)


def test_growth(log: Path, known: list[Position], lines: list[bytes]) -> None:
    """Only what was appended; the incomplete line is left for the next time."""
    write(log, b"three", b"fo", end=b"")
    second = run(log, known=known)
    assert second.lines == [b"three"]
    write(log, b"ur")
    third = run(log, known=second.positions)
    assert third.lines == [b"four"]
    assert third.positions[0].lines == len(lines) + 2


def test_an_incomplete_line_is_read_again(tmp_path: Path) -> None:
    """The position is at the end of a line, the file of one byte included (F17)."""
    log = write(tmp_path / "log", b"x", end=b"")
    first = run(log)
    assert (first.positions[0].offset, first.positions[0].head_size) == (0, 0)
    write(log, b"y")
    assert run(log, known=first.positions).lines == [b"xy"]


@pytest.mark.parametrize("pattern", ["", "*"])
@pytest.mark.parametrize("kind", ["rename", "gzip", "copytruncate", "copytruncate and gzip"])
def test_rotated_in_the_meantime(log: Path, known: list[Position], kind: str, pattern: str) -> None:
    """The rest of the predecessor, then the new file."""
    write(log, b"three")
    old = Path(f"{log}.1")
    if kind.startswith("copytruncate"):
        shutil.copy(log, old)
        os.truncate(log, 0)
    else:
        log.rename(old)
    if kind.endswith("gzip"):
        Path(f"{log}.1.gz").write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
    write(log, b"four")
    second = run(f"{log}{pattern}", known=known)
    assert second.by_log == {str(log): b"three\nfour\n"}
    assert run(f"{log}{pattern}", known=second.positions).text == b""


def test_rotated_several_times(log: Path, known: list[Position]) -> None:
    """Files that came and went in the meantime are read as well, the oldest first; older ones are not."""
    write(Path(f"{log}.4"), b"older")
    os.utime(f"{log}.4", (1, 1))
    write(log, b"three")
    log.rename(f"{log}.3")
    past = Path(f"{log}.3").stat().st_mtime
    Path(f"{log}.2.gz").write_bytes(gzip.compress(b"four\n"))
    os.utime(f"{log}.2.gz", (past + 1, past + 1))
    write(Path(f"{log}.1"), b"five")
    os.utime(f"{log}.1", (past + 2, past + 2))
    write(log, b"six")
    assert run(log, known=known).text == b"three\nfour\nfive\nsix\n"


def test_rewritten(log: Path, known: list[Position], lines: list[bytes]) -> None:
    """A new file with the same content: only what follows is new (F24)."""
    write(log.with_name("swap"), *lines, *BIG[:30]).rename(log)
    assert run(log, known=known).lines == BIG[:30]


@pytest.mark.parametrize("new", [[b"x"], [line.replace(b"x", b"y") for line in BIG], [b"y" * 70] * 999])
def test_other_content(log: Path, known: list[Position], new: list[bytes]) -> None:
    """Shorter or longer, in the same inode or in another one: it is read from the start (F15, F16)."""
    log.write_bytes(b"\n".join(new) + b"\n")
    second = run(log, known=known)
    assert (second.lines, second.notes) == (new, ["content changed: read from the start"])
    assert [position.offset for position in second.positions] == [log.stat().st_size]
    assert run(log, known=second.positions).reads[0].note == ""


def test_gone(log: Path, known: list[Position]) -> None:
    """The log is still there, and a note says that its counts are kept."""
    log.unlink()
    second = run(log, known=known)
    assert (second.text, second.notes) == (b"", ["not found: what was counted of it is kept"])
    assert [one.name for one in second.following.logs] == [str(log)]
    assert second.positions == known


def test_two_files_of_a_log(log: Path) -> None:
    """While late lines may come, a log has two positions; none of its lines is lost or read twice."""
    first = Reader([log])
    first.until(lambda: first.text)
    before = first.text
    log.rename(f"{log}.1")
    write(log, b"new")
    first.until(lambda: first.text == before + b"new\n")
    first.close()
    assert len(first.positions) == 2
    write(Path(f"{log}.1"), b"late")
    write(log, b"newer")
    assert run(log, known=first.positions).lines == [b"late", b"newer"]


def test_archives_are_not_read_again(log: Path, lines: list[bytes]) -> None:
    """An archive that was a log of its own, and a new one that was not there before."""
    Path(f"{log}.1.gz").write_bytes(gzip.compress(b"zero\n"))
    first = run(f"{log}*")
    assert len(first.lines) == len(lines) + 1
    Path(f"{log}.1.gz").rename(f"{log}.2.gz")
    Path(f"{log}.7.gz").write_bytes(gzip.compress(b"seven\n"))
    second = run(f"{log}*", known=first.positions)
    assert second.lines == [b"seven"]
    assert run(f"{log}*", known=second.positions).text == b""


def test_many_logs(tmp_path: Path) -> None:
    """Each log goes on at its own position, whatever the others are called."""
    logs = [write(tmp_path / f"{number}.log", b"banner", b"%d" % number) for number in range(20)]
    first = run(tmp_path / "*.log")
    logs[3].rename(f"{logs[3]}.1")
    write(logs[3], b"banner", b"new")
    write(logs[5], b"more")
    second = run(tmp_path / "*.log*", known=first.positions)
    assert second.by_log == {str(logs[3]): b"banner\nnew\n", str(logs[5]): b"more\n"}


@pytest.mark.parametrize("share", [0, 0.1, 0.7, 1])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_copy_that_is_being_made_when_a_run_starts(log: Path, known: list[Position], share: float, *, is_known: bool) -> None:
    """It is not a new log, however little of it is there, and whatever its neighbours are called."""
    write(Path(f"{log}.1"), b"older")
    before = run(f"{log}*", known=known).positions if is_known else []
    content = log.read_bytes()
    copy = Path(f"{log}.12")
    copy.write_bytes(content[: int(len(content) * share)])
    reader = Reader([f"{log}*"], known=before)
    for _ in range(5):
        reader.step()
    copy.write_bytes(content)
    os.truncate(log, 0)
    write(log, b"new")
    reader.until(lambda: b"new" in reader.text)
    reader.stays()
    expected = {str(log): b"new\n"} if is_known else {str(log): content + b"new\n", f"{log}.1": b"older\n"}
    assert reader.by_log == expected
    reader.close()


def rotated(log: Path, known: list[Position]) -> list[Position]:
    """Rotate a log twice, with a run each time; return the positions in all three files."""
    for number in (2, 1):
        log.rename(f"{log}.{number}")
        write(log, b"after %d" % number)
        known = run(f"{log}*", known=known).positions
    assert len(known) == 3
    return known


def test_a_rotated_file_that_was_deleted(log: Path, known: list[Position]) -> None:
    """Nobody needs to know, and its position is forgotten."""
    known = rotated(log, known)
    Path(f"{log}.2").unlink()
    second = run(f"{log}*", known=known)
    assert (second.text, second.notes, second.positions) == (b"", [], known[1:])


def test_a_folder_that_is_away_for_a_while(log: Path, known: list[Position]) -> None:
    """Nothing is counted again when it is back."""
    known = rotated(log, known)
    log.parent.rename(f"{log.parent}.away")
    second = run(f"{log}*", known=known)
    assert (second.notes, len(second.positions)) == (["not found: what was counted of it is kept"], 3)
    Path(f"{log.parent}.away").rename(log.parent)
    assert run(f"{log}*", known=second.positions).text == b""


def test_a_clock_that_was_set_back(log: Path, known: list[Position]) -> None:
    """An archive that changed in the future is not for ever one that is still being written."""
    Path(f"{log}.0.gz").write_bytes(gzip.compress(b"packed\n"))
    os.utime(f"{log}.0.gz", (2**32, 2**32))
    reader = Reader([f"{log}*"], known=known)
    reader.until(lambda: reader.lines == [b"packed"], 5)
    reader.close()


@pytest.mark.parametrize("more", [1, 100])
@pytest.mark.parametrize("runs", [1, 3])
def test_a_copy_with_less_than_was_read(log: Path, runs: int, more: int) -> None:
    """Lines that came while the log was being copied were read from the log: the copy has nothing new, in any later run."""
    Path(f"{log}.1").write_bytes(log.read_bytes() + b"thr")
    write(log, *([b"three", *[b"four" * 20] * more]))
    known = run(log).positions
    os.truncate(log, 0)
    write(log, b"five")
    reads = []
    for _ in range(runs):
        reader = run(f"{log}*", known=known)
        reads += reader.lines
        known = reader.positions
    assert reads == [b"five"]


def test_a_file_split_off_behind_one_that_was_packed(log: Path, known: list[Position]) -> None:
    """Of a log that was rotated twice between two runs, the archive is known again first; then what came after it is, too."""
    write(log, b"three")
    packed, newer = log.with_name("access.log.1.gz"), log.with_name("access.log.2")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    now = write(newer, b"four").stat().st_mtime
    os.utime(packed, (now - 20, now - 20))
    os.utime(newer, (now - 10, now - 10))
    second = run(log, known=known)
    assert (second.lines, second.notes) == ([b"three", b"four"], [])
    assert run(log, known=second.positions).lines == []


def test_each_of_many_rotated_files_is_looked_into_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that was rotated a hundred times since the last run: the work does not grow with the square of the files."""
    log = write(tmp_path / "access.log", b"old 0", b"old 1")
    known = run(log).positions
    for number in range(100):
        rotated = tmp_path / f"access.log.{100 - number}"
        log.rename(rotated)
        os.utime(rotated, (1_772_920_000 + number, 1_772_920_000 + number))
        write(log, b"new %d" % number)
    looks: list[str | None] = []
    head_now = File.head_now

    def look(file: File, descriptors: Descriptors) -> bytes:
        looks.append(file.path)
        return head_now(file, descriptors)

    monkeypatch.setattr(File, "head_now", look)
    reader = run(f"{log}*", known=known)
    assert sorted(reader.text.split()) == sorted([b"new", b"%d" % number][at] for number in range(100) for at in (0, 1))
    assert len(looks) <= 400
