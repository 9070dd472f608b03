"""A state file: what was saved is loaded, anything else is refused with what to do, and only one run has it."""

from __future__ import annotations

import os
import pickle
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.tally import Tally
from logproc.model.columns import Account
from logproc.model.errors import EXIT_OUTPUT, EXIT_USAGE, OutputError, UsageError
from logproc.model.position import Position
from logproc.records.state import state_file
from logproc.records.state.lock import FileLock
from logproc.records.state.saved import SavedLog, SavedState
from logproc.records.state.state_file import StateFile
from tests.records.state.tallies import plain, question, some_tally
from tests.records.state.test_encode import Bomb
from tests.support.processes import environment
from tests.threads.tools import Call, Halted, arrives

ASKED = {"by": "path", "tz": "UTC"}
AT = Position("a.log", 7, 8, 2000, 30, 2000, "ab" * 16, "cd" * 16)
NUMBERS = {"a.log": 0, "b.log": 1, "c.log": 2}
ANEW = "start anew: remove it, or name another file"
HOLDER = """
import sys
from logproc.records.state.state_file import StateFile
StateFile(sys.argv[1]).lock()
print("locked", flush=True)
sys.stdin.read()
"""


def state_of(seed: int = 3) -> SavedState:
    """Return a state with counts of everything."""
    logs = tuple(SavedLog(name, number, (AT,), "combined", 2000, 2000, ("a note",)) for name, number in NUMBERS.items())
    return SavedState(ASKED, logs, some_tally(seed, question("metrics")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.state"


@pytest.fixture
def saved(path: Path) -> Path:
    """Return the path of a state."""
    with StateFile(path) as file:
        file.lock()
        file.save(state_of())
    return path


def refusal(path: Path) -> str:
    """Return why a file is refused, and what to do."""
    with pytest.raises(UsageError) as refused:
        StateFile(path).load(ASKED)
    assert refused.value.exit_code == EXIT_USAGE
    return str(refused.value).removeprefix(f"state {path}: ")


def test_what_was_saved_is_loaded(saved: Path) -> None:
    found = StateFile(saved).load(ASKED)
    assert found is not None
    assert plain(found.tally) == plain(state_of().tally)
    assert (found.question, found.logs) == (ASKED, state_of().logs)


@pytest.mark.parametrize("name", [".", "/"])
def test_a_folder_without_a_name_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        StateFile(name)


def test_without_a_file_there_is_no_state(path: Path) -> None:
    with StateFile(path) as file:
        file.lock()
        assert file.load(ASKED) is None


def test_only_the_owner_can_read_it_and_nothing_is_left_beside_it(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert list(saved.parent.iterdir()) == [saved]


def test_the_same_state_is_the_same_bytes(saved: Path) -> None:
    """A run that finds nothing new changes nothing."""
    before, found = saved.read_bytes(), StateFile(saved).load(ASKED)
    assert found is not None
    StateFile(saved).save(found)
    assert saved.read_bytes() == before


def test_sources_get_the_numbers_of_this_run() -> None:
    """The same logs may be named in another order, and new ones among them."""
    logs = (SavedLog("a.log", 0), SavedLog("b.log", 1))
    ones, twos = SourceTally(Account(1, 1)), SourceTally(Account(2, 2))
    tally = SavedState({}, logs, Tally(sources={0: ones, 1: twos})).tally_for({"b.log": 0, "new": 1, "a.log": 2})
    assert tally.sources == {2: ones, 0: twos}


def with_body(content: bytes, change: Callable[[bytes], bytes], schema: bytes | None = None) -> bytes:
    """Return a state with something else in it, and a digest that fits."""
    header, _, body = content.partition(b"\n")
    body = change(body)
    words = header.split()
    front = b" ".join([*words[:3], schema or words[3], words[4], b"%d " % len(body)])
    return front + blake2b(front + body, digest_size=32).hexdigest().encode() + b"\n" + body


def later_format(content: bytes) -> bytes:
    return content.replace(b"state 1 ", b"state 2 ", 1)


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", f"is empty: {ANEW}"),
    "cut in the first word": (lambda content: content[:7], f"is cut: {ANEW}"),
    "cut in the first line": (lambda content: content[:40], f"is damaged: {ANEW}"),
    "cut": (lambda content: content[:-1], " bytes are there: "),
    "longer": (lambda content: content + b"\0", f"is damaged: its checksum is another one: {ANEW}"),
    "a bit": (lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:], "is damaged: its checksum"),
    "foreign": (lambda _: b"127.0.0.1 - - [17/May/2015]\n", "is not a state of logproc: name another file"),
    "a pickle": (lambda _: pickle.dumps(Bomb()), "is not a state of logproc: name another file"),
    "a pickle inside": (lambda content: with_body(content, lambda _: pickle.dumps(Bomb())), "is damaged: "),
    "from the future": (later_format, f"was written by a newer version of logproc: use that version; or {ANEW}"),
    "from the past": (lambda content: content.replace(b"state 1 ", b"state 0 ", 1), "was written by an older version"),
    "other classes": (
        lambda content: with_body(content, lambda body: body, b"0" * 16),
        f"was written by logproc 0.1.0, which counts differently: use that version; or {ANEW}",
    ),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_state_is_refused(saved: Path, change: Callable[[bytes], bytes], words: str) -> None:
    """Never from zero in silence, never executed; and the file stays as it is."""
    content = change(saved.read_bytes())
    saved.write_bytes(content)
    assert words in refusal(saved)
    assert saved.read_bytes() == content


@pytest.mark.parametrize(
    "front", [b"", b"logproc state 1 0000000000000000 1 9999999999 " + b"0" * 64 + b"\n"], ids=["zeros", "named"]
)
def test_a_gibibyte_is_refused_at_once(path: Path, front: bytes) -> None:
    """How long it should be is known from the first line; the file is not read for it."""
    path.write_bytes(front)
    os.truncate(path, 1 << 30)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28), hard))
    try:
        assert refusal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@given(st.data())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_found(saved: Path, data: Any) -> None:
    """Whatever bytes are changed or missing: refused, and never another state."""
    content = saved.read_bytes()
    at = data.draw(st.one_of(st.integers(0, 120), st.integers(0, len(content) - 1)))
    other = data.draw(st.binary(max_size=3).filter(lambda other: other != content[at : at + 1]))
    damaged = saved.with_name("damaged")
    damaged.write_bytes(content[:at] + other + content[at + 1 :])
    assert refusal(damaged)


def test_another_question_is_refused_by_name(saved: Path) -> None:
    with pytest.raises(UsageError) as refused:
        StateFile(saved).load({"by": "status", "tz": "UTC"})
    what = "counted with --by path, this run has --by status"
    assert str(refused.value) == f"state {saved}: {what}: use the same options; or {ANEW}"


def locked(path: Path) -> str:
    """Return why a file cannot be used."""
    with StateFile(path) as file, pytest.raises(OutputError) as refused:
        file.lock()
    assert refused.value.exit_code == EXIT_OUTPUT
    return str(refused.value)


def linked(path: Path) -> None:
    """Put another name of a file where the lock will be."""
    path.with_name("y").write_text("precious")
    path.with_name("x.state.lock").hardlink_to(path.with_name("y"))


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), "is a directory: name a file in it"),
    "a link": (lambda path: path.symlink_to("elsewhere"), "is a symbolic link: name the file it points to"),
    "a FIFO": (os.mkfifo, "is not a regular file: name a file"),
    "no folder": (lambda path: path.parent.rmdir(), "no such file or directory: make its folder first"),
    "a link as the lock": (lambda path: path.with_name("x.state.lock").symlink_to("elsewhere"), "too many levels"),
    "a FIFO as the lock": (
        lambda path: os.mkfifo(path.with_name("x.state.lock")),
        "x.state.lock is not a file of this program",
    ),
    "somebody's file as the lock": (linked, "x.state.lock is not a file of this program"),
}


@pytest.mark.parametrize(("make", "words"), KINDS.values(), ids=KINDS)
def test_what_cannot_be_a_state_is_refused_before_anything_is_read(
    path: Path, make: Callable[[Path], object], words: str
) -> None:
    make(path)
    assert words in locked(path)
    assert not path.parent.exists() or not path.with_name("y").exists() or path.with_name("y").read_text() == "precious"


def test_a_link_is_not_followed_when_it_is_loaded(saved: Path) -> None:
    link = saved.with_name("link")
    link.symlink_to(saved)
    assert refusal(link)


def run_without_rights(script: str, path: Path) -> str:
    """Run a script as a user who may not write everywhere; return what it writes."""
    before = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    command = [*before, sys.executable, "-c", script, os.fspath(path)]
    return subprocess.run(command, capture_output=True, check=False, text=True, env=environment()).stderr


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o400, 0o700), (0o600, 0o500)], ids=["file", "folder"])
def test_a_read_only_state_is_refused_before_anything_is_read(saved: Path, file_mode: int, folder_mode: int) -> None:
    saved.chmod(file_mode)
    saved.parent.chmod(folder_mode)
    error = run_without_rights("import sys;" + HOLDER, saved)
    saved.parent.chmod(0o700)
    assert f"cannot write {'state ' if folder_mode == 0o500 else ''}{saved}: " in error, error


def test_a_full_disk_leaves_the_former_state(saved: Path) -> None:
    """The limit of a file's size stands for a disk that is full after some bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(OutputError) as refused:
            StateFile(saved).save(state_of(4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(refused.value).startswith(f"cannot write state {saved}: file too large")
    found = StateFile(saved).load(ASKED)
    assert found is not None
    assert plain(found.tally) == plain(state_of().tally)
    assert list(saved.parent.iterdir()) == [saved]
    StateFile(saved).save(state_of(4))  # and with room it goes on


def test_no_umask_takes_the_state_from_its_owner(path: Path) -> None:
    old = os.umask(0o777)
    try:
        with StateFile(path) as file:
            file.lock()
            file.save(state_of())
            assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    finally:
        os.umask(old)


def test_what_a_killed_run_left_is_removed(saved: Path) -> None:
    saved.with_name("x.state.tmp").write_bytes(b"half")
    with StateFile(saved) as file:
        file.lock()
        assert not saved.with_name("x.state.tmp").exists()


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that has the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_second_run_is_refused(path: Path, holder: subprocess.Popen[str]) -> None:
    assert locked(path) == f"state {path} is in use by pid {holder.pid}: wait for its end, or name another file"


def test_a_killed_run_holds_no_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert path.with_name("x.state.lock").exists()
    with StateFile(path) as file:
        file.lock()


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(path: Path) -> None:
    """A run has opened the file of the lock; the run that had it ends and removes it; a third one makes it anew."""
    with StateFile(path) as first, StateFile(path) as second:
        first.lock()
        waiting: Halted[str] = Halted((FileLock._locked, "fcntl.flock"), locked, path)
        arrives(waiting.arrived)
        first.close()
        second.lock()
        assert waiting.go_on().startswith(f"state {path} is in use by pid ")


def test_of_many_runs_one_has_the_state(path: Path) -> None:
    """The file of the lock is removed while others open it: without a second look two would have one each."""
    together, inside, most = Barrier(4), list[int](), list[int]()

    def compete() -> None:
        together.wait()
        for _ in range(300):
            with StateFile(path) as file:
                try:
                    file.lock()
                except OutputError:
                    continue
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    for call in [Call(compete) for _ in range(4)]:
        call.outcome()
    assert set(most) == {1}
    assert not list(path.parent.iterdir())


def test_state_file_is_synced_before_and_after_the_rename(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of calls is what a power failure tests; nothing else here can."""
    calls = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        calls.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    StateFile(saved).save(state_of())
    assert calls == ["file", "rename", "folder"]


def test_the_version_of_counts_is_part_of_the_format() -> None:
    """Whoever changes what counts mean, and not their classes, raises the number; this test only says where."""
    assert state_file.FORMAT == 1
