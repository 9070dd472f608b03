"""Faults of the state of a run, and of runs that are killed."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.faults.fault import NEIGHBOUR, NEIGHBOUR_LINES, Arguments, Fault, Scene, as_process
from tests.faults.going_on import NEW, OLD, STATE, append, counted, has, is_counted, resumed, wait_for
from tests.support import processes
from tests.support.processes import Ended

ANEW = "start anew: remove it, or name another file"
DISK = """
mkdir disk && mount -t tmpfs -o size=128k none disk || exit 98
fill() { head -c 1M /dev/zero >disk/fill 2>/dev/null; cat new >>a.log; }
until_saved() { until [ -s disk/kept.state ]; do sleep .02; done; }
end() { code=$?; cp disk/kept.state .; cat out; exit $code; }
"""
"""Functions of the shell, and a small disk that only they see."""


def killed(scene: Scene) -> Arguments:
    """Kill some runs that follow a growing log, the last one after it has saved."""
    log = scene.bytes("a.log", b"")
    for number in range(4):
        with processes.started("analyze", "a.log", NEIGHBOUR, "--state", STATE, "-q", "--follow", cwd=scene.folder) as process:
            append(log, *OLD[25 * number : 25 * number + 25])
            if number % 2:
                wait_for(partial(is_counted, scene.folder / STATE, 25 * number + 1))
            else:
                time.sleep(0.2 * number)
            process.kill()
    return ["a.log", "--state", STATE]


def killed_at(call: str) -> Callable[[Scene], Arguments]:
    """Return what kills runs at the first, second, third … such call that concerns the state, until one is not killed."""

    def make(scene: Scene) -> Arguments:
        log = scene.bytes("a.log", OLD[0])
        files = [
            f"-P{name}" for name in (STATE, f"{STATE}.tmp", scene.folder / STATE, scene.folder / f"{STATE}.tmp", scene.folder)
        ]
        for number in range(1, 50):
            append(log, OLD[number])
            inject = f"-einject={call}:signal=KILL:when={number}"
            before = ["strace", "-f", "-qq", f"-o{os.devnull}", *files, f"-etrace={call}", inject]
            ended = scene.process("a.log", NEIGHBOUR, "--state", STATE, before=before)
            if ended.code == 0:
                assert number > 1, f"the program does not call {call}"
                append(log, *OLD[number + 1 :])
                return ["a.log", "--state", STATE]
        raise AssertionError("killed for ever")

    return make


def in_use(scene: Scene) -> Arguments:
    """Have another run that uses the state."""
    scene.bytes("a.log", b"".join(OLD))
    command = processes.started("analyze", "a.log", NEIGHBOUR, "--state", STATE, "-q", "--follow", cwd=scene.folder)
    scene.other = scene.stack.enter_context(command)
    wait_for(lambda: counted(scene.folder / STATE))
    return ["a.log", "--state", STATE]


def other_is_unharmed(scene: Scene, ended: Ended) -> None:
    """Look whether the first run goes on."""
    assert not ended.stdout
    assert scene.other is not None
    append(scene.folder / "a.log", *NEW)
    wait_for(lambda: counted(scene.folder / STATE) == 200 + NEIGHBOUR_LINES)
    scene.other.send_signal(signal.SIGTERM)
    assert scene.other.wait(20) == 0


class Trap:
    """Makes a file if it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch executed",)


def with_state(change: Callable[[bytes], bytes]) -> Callable[[Scene], Arguments]:
    """Return what changes the bytes of the state between two runs."""

    def spoil(log: Path) -> None:
        path = log.with_name(STATE)
        path.write_bytes(change(path.read_bytes()))
        shutil.copy(path, log.with_name("spoilt"))

    return resumed(spoil)


def is_refused(scene: Scene, ended: Ended) -> None:
    """Look whether there is no report, nothing was executed, and the state is as it was."""
    assert not ended.stdout
    assert not (scene.folder / "executed").exists()
    assert (scene.folder / STATE).read_bytes() == (scene.folder / "spoilt").read_bytes()


def refused(how: str, change: Callable[[bytes], bytes], reason: str, hint: str = ANEW) -> Fault:
    says = [f"state {STATE}: {reason}", hint]
    return Fault("P18", how, with_state(change), code=2, says=says, holds="the state", check=is_refused, alone=True)


def huge(log: Path) -> None:
    path = log.with_name(STATE)
    path.write_bytes(b"")
    os.truncate(path, 1 << 30)


def on_disk(scene: Scene) -> Arguments:
    """Have a log, what is appended to it later, and a state on a small disk."""
    scene.bytes("a.log", b"".join(OLD))
    scene.bytes("new", b"".join(NEW))
    return ["a.log", "--state", f"disk/{STATE}"]


def disk_fault(how: str, script: str, lines: int, says: Sequence[str], code: int = 4) -> Fault:
    """Return a fault of the disk that has the state. lines: of the log, in the state at the end."""
    run = as_process(before=["unshare", "-m", "bash", "-c", DISK + script, "bash"])
    follows = "--follow" in script
    check = has(lines) if not code else is_kept(lines + NEIGHBOUR_LINES * follows)
    return Fault(
        "P31",
        how,
        on_disk,
        code,
        says,
        "the state of the run before",
        check,
        alone=not follows,
        run=run,
        needs=["mount"],
    )


def is_kept(lines: int) -> Callable[[Scene, Ended], None]:
    """Return a check: there is no report, and the state is that of the run before."""

    def check(scene: Scene, _ended: Ended) -> None:
        assert counted(scene.folder / STATE) == lines
        assert not (scene.folder / f"{STATE}.tmp").exists()

    return check


def folder_removed(scene: Scene, arguments: Arguments) -> Ended:
    """Run with a state whose folder is removed before the end, and is there again then if a file `again` is."""
    folder = scene.folder / "var"
    folder.mkdir()
    with processes.started("analyze", "--output", "json", "--follow", *arguments, cwd=scene.folder) as process:
        wait_for(lambda: counted(folder / STATE) == 100 + NEIGHBOUR_LINES)
        shutil.rmtree(folder)
        append(scene.folder / "a.log", *NEW)
        assert process.stderr is not None
        said = process.stderr.readline()
        if (scene.folder / "again").exists():
            folder.mkdir()
        process.send_signal(signal.SIGTERM)
        ended = processes.ended(process)
        return Ended(ended.code, ended.stdout, said.decode() + ended.stderr)


def for_removal(scene: Scene, *, again: bool) -> Arguments:
    scene.bytes("a.log", b"".join(OLD))
    if again:
        scene.bytes("again", b"")
    return ["a.log", "--state", f"var/{STATE}"]


def matched(scene: Scene) -> Arguments:
    """Have a state among the files that are read."""
    scene.bytes("a.log", b"".join(OLD))
    for _ in range(2):
        assert scene.analyze("*", "--state", STATE).code == 0
    return ["*", "--state", STATE]


FAULTS = [
    Fault("P4", "killed four times", killed, holds="each line once", check=has(100)),
    *(
        Fault(
            "P5",
            f"killed at each {call} of the state",
            killed_at(call),
            holds="each line once",
            check=has(100),
            needs=["ptrace"],
        )
        for call in ("write", "fsync", "rename")
    ),
    Fault(
        "P17",
        "two runs with one state",
        in_use,
        4,
        [f"state {STATE} is in use by pid", "wait for its end, or name another file"],
        "the first run",
        other_is_unharmed,
        alone=True,
    ),
    refused("a state of 0 bytes", lambda _: b"", "is empty"),
    refused("a state that is cut", lambda state: state[:-9], "is cut"),
    refused("a state that is damaged", lambda state: state[:-9] + b"x" + state[-8:], "is damaged"),
    refused(
        "a state of another version", lambda state: state.replace(b"state 1 ", b"state 9 ", 1), "was written by a newer", "use"
    ),
    refused("a pickle", lambda _: pickle.dumps(Trap()), "is not a state of logproc", "name another file"),
    Fault("P18", "a state of 1 GiB", resumed(huge), 2, [f"state {STATE}: is not a state"], "time and memory", alone=True),
    disk_fault("a full disk", '"$@" >/dev/null && fill; "$@" >out; end', 100, ["no space left on device"]),
    disk_fault(
        "a read-only disk", '"$@" >/dev/null && mount -o remount,ro disk; "$@" >out; end', 100, ["read-only file system"]
    ),
    disk_fault(
        "a disk that is full while a log is followed",
        '"$@" --follow >out & until_saved; fill; sleep 1.5; kill $!; wait $!; end',
        100,
        ["no space left on device", "the run goes on", "no space left on device"],
    ),
    disk_fault(
        "a disk that is full for a while",
        '"$@" --follow >out & until_saved; fill; sleep 1.5; rm disk/fill; kill $!; wait $!; end',
        200,
        ["no space left on device", "the run goes on"],
        code=0,
    ),
    Fault(
        "P31",
        "the folder of the state is removed",
        partial(for_removal, again=False),
        4,
        ["the run goes on", "make its folder first"],
        "the report",
        run=folder_removed,
    ),
    Fault(
        "P31",
        "the folder of the state is removed for a while",
        partial(for_removal, again=True),
        says=["the run goes on"],
        holds="each line once",
        run=folder_removed,
    ),
    Fault("P27", "a state among the logs", matched, holds="the logs alone", check=has(100)),
]
