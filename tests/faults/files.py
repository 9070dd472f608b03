"""Faults of files and folders."""

from __future__ import annotations

import os
import pty
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.faults.fault import NEIGHBOUR, Arguments, Fault, Scene, as_process, good, state
from tests.support.processes import Ended, ended, started

LINE = good()[0] + b"\n"
SEVERAL = LINE * 4
ODD_NAMES = {
    b"a\nb.log": r"a\x0ab.log",
    b"a\x1b[31mb.log": r"a\x1b[31mb.log",
    b"a\xffb.log": r"a\xffb.log",
    "a\u202eb.log".encode(): r"a\xe2\x80\xaeb.log",
    b"[x].log": "[x].log",
    b"*.log": "*.log",
    b"http:": "http:",
    b"%s{0}.log": "%s{0}.log",
    b" ": " ",
}
"""Names of files, and how they are shown."""
WITHOUT_RIGHTS = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root may read everything except these."""


def named(*arguments: str) -> Callable[[Scene], Arguments]:
    """Return how to make a fault that is only in the arguments."""
    return lambda _: list(arguments)


def all_states(*expected: str) -> Callable[[Scene, Ended], None]:
    """Return a look at the states of all sources but the neighbour."""

    def check(_scene: Scene, ended: Ended) -> None:
        found = [found["state"] for found in ended.report["sources"] if found["source"] != NEIGHBOUR]
        assert found == list(expected)

    return check


def fed(*pieces: bytes) -> Callable[[Scene], Arguments]:
    """Return how to make a named pipe into which a thread writes some pieces, as soon as somebody reads."""

    def make(scene: Scene) -> Arguments:
        path = scene.folder / "fifo"
        os.mkfifo(path)

        def write() -> None:
            with path.open("wb", buffering=0) as pipe:
                for piece in pieces:
                    pipe.write(piece)

        writer = threading.Thread(target=write)
        writer.start()
        scene.stack.callback(writer.join)
        return ["fifo"]

    return make


def a_fifo(scene: Scene) -> Arguments:
    """Make a named pipe into which nobody writes."""
    os.mkfifo(scene.folder / "a.fifo")
    return ["*.fifo"]


def a_named_fifo(scene: Scene) -> Arguments:
    """Make one and name it."""
    a_fifo(scene)
    return ["a.fifo"]


def a_tree(scene: Scene) -> Arguments:
    """Make a folder with all that may be in one: files twice, links in circles and out of it, broken ones, a FIFO, a socket."""
    folder = scene.folder / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "a.log").write_bytes(LINE)
    (folder / "below" / "b.log").write_bytes(LINE * 2)
    (folder / "c.hard").hardlink_to(folder / "a.log")
    for name, target in {
        "d.soft": "a.log",
        "e.gone": "nowhere",
        "f.self": "f.self",
        "g.up": "..",
        "h.out": "../" + NEIGHBOUR,
        "h.out.gone": "../nowhere",
        "h.out.folder": "/",
    }.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "i.fifo")
    a_socket(folder / "j.socket")
    return ["--recursive", "tree"]


def a_socket(path: Path) -> Path:
    """Make a socket that nobody listens to."""
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(path.parent)  # the path of a socket has 107 bytes at most
        listener.bind(path.name)
        os.chdir(before)
    return path


def when_it_is_read(change: Callable[[Path], object]) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program in which `a.log` is changed when its reading begins: it is open, and not yet read."""
    return lambda scene, arguments: run_with_change(scene, arguments, change, "preadv")


def before_it_is_opened(change: Callable[[Path], object]) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program in which `a.log` changes after its probe, before it is read."""
    return lambda scene, arguments: run_with_change(scene, arguments, change, "open")


def run_with_change(scene: Scene, arguments: Arguments, change: Callable[[Path], object], call: str) -> Ended:
    """Run the program; at the first call of one kind for the reading of `a.log`, which is the second opening, change it."""
    path = scene.folder / "a.log"
    real_open, real_read = os.open, os.preadv
    openings: list[int] = []
    to_change = [path]

    def opened(name: Any, *flags: Any, **options: Any) -> int:
        is_it = os.fsdecode(name).endswith("a.log") if isinstance(name, (str, bytes)) else False
        if is_it and openings and call == "open" and to_change:
            change(to_change.pop())
        descriptor = real_open(name, *flags, **options)
        if is_it:
            openings.append(descriptor)
        return descriptor

    def read(descriptor: int, *rest: Any) -> int:
        if len(openings) > 1 and descriptor == openings[1] and call == "preadv" and to_change:
            change(to_change.pop())
        return real_read(descriptor, *rest)

    with patch.object(os, "open", opened), patch.object(os, "preadv", read):
        found = scene.analyze(*arguments, "--readers", "1")
    assert not to_change, "nothing was changed"
    return found


def append(content: bytes) -> Callable[[Path], object]:
    """Return a change that makes a file longer."""

    def change(path: Path) -> None:
        with path.open("ab") as file:
            file.write(content)

    return change


def rotate(path: Path) -> None:
    """Move a log to the name of an older one, whose own becomes older still, and begin a new one."""
    older = path.with_name("a.log.1")
    older.replace(path.with_name("a.log.2"))
    path.replace(older)
    path.write_bytes(LINE * 9)


def replaced(path: Path) -> None:
    """Put another file in the place of one."""
    other = path.with_name("other")
    other.write_bytes(LINE * 9)
    other.replace(path)


def a_log(scene: Scene) -> Arguments:
    """Make a log of four lines."""
    return [scene.bytes("a.log", SEVERAL).name]


def hears_of_the_wait(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program, wait until it says that it waits, and then write what it waits for."""
    with started("analyze", "--output", "json", *arguments, cwd=scene.folder) as process:
        assert process.stderr
        said = process.stderr.readline()
        (scene.folder / "a.fifo").write_bytes(LINE)
        found = ended(process)
    return Ended(found.code, found.stdout, said.decode() + found.stderr)


def at_a_terminal(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with a terminal as its standard input, at which somebody types a line and ends it."""
    ours, its = pty.openpty()
    try:
        with started("analyze", "--output", "json", *arguments, cwd=scene.folder, stdin=its) as process:
            os.write(ours, LINE + b"\x04")
            return ended(process)
    finally:
        os.close(ours)
        os.close(its)


def shell(script: str) -> list[str]:
    """Return the words that run the program by a line of the shell, in which it is `"$@"`."""
    return ["bash", "-c", script, "bash"]


def failing_disk(number: int) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program in which the n-th read of `a.log` by a thread fails."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        path = scene.folder.resolve() / "a.log"
        injection = ["-e", "trace=preadv,preadv2", "-e", f"inject=preadv,preadv2:error=EIO:when={number}"]
        return scene.process(*arguments, before=["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(path), *injection])

    return run


def without_rights(scene: Scene) -> Arguments:
    """Make a log that nobody may read."""
    scene.bytes("a.log", LINE).chmod(0)
    return ["a.log"]


def folder_without_rights(scene: Scene) -> Arguments:
    """Make a folder that nobody may look into, within one."""
    (scene.folder / "tree" / "closed").mkdir(parents=True)
    (scene.folder / "tree" / "a.log").write_bytes(LINE)
    (scene.folder / "tree" / "closed").chmod(0)
    scene.stack.callback((scene.folder / "tree" / "closed").chmod, 0o755)
    return ["-r", "tree"]


def many_files(scene: Scene) -> Arguments:
    """Make more files than may be open at once."""
    (scene.folder / "many").mkdir()
    for number in range(300):
        (scene.folder / "many" / f"{number}.log").write_bytes(LINE * (number + 1))
    return ["-r", "many"]


def odd_names(scene: Scene) -> Arguments:
    """Make files with names that are nothing but names."""
    for number, name in enumerate(ODD_NAMES, 1):
        scene.bytes(name, LINE * number)
    return ["--", *(os.fsdecode(name) for name in ODD_NAMES)]


def names_are_shown(_scene: Scene, ended: Ended) -> None:
    """Assert that each file was read, under its name as it can be shown."""
    found = {found["source"]: found["account"]["records"] for found in ended.report["sources"] if found["source"] != NEIGHBOUR}
    assert found == {name: number for number, name in enumerate(ODD_NAMES.values(), 1)}


def all_of_many(_scene: Scene, ended: Ended) -> None:
    """Assert that no file was left out."""
    assert sum(found["state"] == "complete" for found in ended.report["sources"]) >= 300


def sums_to(ended: Ended, records: int | None = None, at_least: int = 0) -> None:
    """Assert how many records there are in all."""
    found = ended.report["account"]["records"]
    assert found == records if records is not None else found >= at_least


def link(scene: Scene, target: str) -> str:
    """Make `a.log` a symbolic link."""
    (scene.folder / "a.log").symlink_to(target)
    return "a.log"


def hard_link(scene: Scene) -> str:
    """Give `a.log` a second name, and a symbolic link to it a third that a glob finds."""
    (scene.folder / "b.log").hardlink_to(scene.folder / "a.log")
    (scene.folder / "c.log").symlink_to("a.log")
    return "b.log"


def dashed(scene: Scene) -> Arguments:
    """Make a file whose name begins with a dash."""
    scene.bytes("-q", LINE)
    return ["./-q", "--"]


FAULTS = [
    Fault("F1", "a path that is not there", named("missing.log"), code=1, says=["missing.log: no such file: check the path"]),
    Fault("F1", "an empty path", named(""), code=1, says=["logproc: '': no such file"]),
    Fault(
        "F1",
        "a glob that nothing matches",
        named("*.nothing"),
        code=1,
        says=["*.nothing: no such file: nothing matches the pattern"],
    ),
    Fault(
        "F1",
        "nothing that is there at all",
        named("missing.log", "*.nothing"),
        code=3,
        says=["missing.log: no such file", "*.nothing: no such file"],
        holds="a report that says so",
        check=all_states("failed", "failed"),
        alone=True,
    ),
    Fault(
        "F2",
        "a file that may not be read",
        without_rights,
        code=1,
        says=["a.log: permission denied: run as a user who may read it"],
        run=as_process(before=WITHOUT_RIGHTS),
        needs=["setpriv"],
    ),
    Fault(
        "F2",
        "a folder that may not be looked into, within one that is read",
        folder_without_rights,
        code=1,
        says=["tree/closed: permission denied"],
        run=as_process(before=WITHOUT_RIGHTS),
        check=all_states("complete", "failed"),
        needs=["setpriv"],
    ),
    Fault("F3", "a directory", named("."), code=1, says=[".: is a directory: use --recursive"]),
    Fault(
        "F3",
        "a folder with links in circles and out of it, files twice, a FIFO, a socket",
        a_tree,
        code=1,
        says=[
            "tree/c.hard: same file as tree/a.log: counted once",
            "tree/d.soft: same file as tree/a.log: counted once",
            "tree/e.gone: no such file: its target does not exist",
            "tree/f.self: too many symbolic links",
            "tree/g.up: link to a directory: not followed",
            "tree/h.out: link out of the directory: not followed",
            "tree/h.out.folder: link to a directory: not followed",
            "tree/h.out.gone: link out of the directory: not followed",
            "tree/i.fifo: a FIFO found by a glob",
            "tree/j.socket: not a regular file",
        ],
        holds="each file counts once",
        check=lambda _scene, ended: sums_to(ended, 1 + 2),
        alone=True,
    ),
    Fault("F4", "a FIFO that a glob finds", a_fifo, says=["a.fifo: a FIFO found by a glob"], check=all_states("skipped")),
    Fault(
        "F4",
        "a FIFO that is named, into which nobody writes for two seconds",
        a_named_fifo,
        says=["a.fifo: waits for a writer: a FIFO ends when its last writer closes it"],
        holds="what comes then is read",
        run=hears_of_the_wait,
        check=state("complete", lines=1, records=1),
    ),
    Fault(
        "F5",
        "a FIFO whose writer sends half a line and closes",
        fed(LINE, good()[0]),
        holds="the half line counts: the source ended by itself",
        check=state("complete", lines=2, records=2),
    ),
    Fault("F6", "an endless device", named("/dev/zero"), code=1, says=["/dev/zero: not a regular file"]),
    Fault("F6", "a terminal as a file", named("/dev/tty"), code=1, says=["/dev/tty: not a regular file"]),
    Fault(
        "F6",
        "a socket",
        lambda scene: [a_socket(scene.folder / "a.socket").name],
        code=1,
        says=["a.socket: not a regular file: name a file, a named pipe or `-`"],
    ),
    Fault(
        "F6",
        "a file that the kernel makes up, with a size of 0",
        named("/proc/self/status"),
        says=["/proc/self/status: plain text"],
        holds="what is in it is read",
        check=lambda _scene, ended: sums_to(ended, at_least=20),
    ),
    Fault("F7", "a link to itself", lambda scene: [link(scene, "a.log")], code=1, says=["a.log: too many symbolic links"]),
    Fault(
        "F7",
        "a link to nothing",
        lambda scene: [link(scene, "nowhere")],
        code=1,
        says=["a.log: no such file: its target does not exist"],
    ),
    Fault(
        "F9",
        "one file by its name, a hard link, a symbolic link, another spelling and two globs",
        lambda scene: [*a_log(scene), hard_link(scene), "./a.log", "a.*", "*.log"],
        says=[
            "b.log: same file as a.log: counted once",
            "./a.log: same file as a.log: counted once",
            "a.log: same file as a.log: counted once",
        ],
        holds="it counts once",
        check=lambda _scene, ended: sums_to(ended, 4 + 5),
        alone=True,
    ),
    Fault(
        "F9",
        "one file by its name and on standard input",
        named("-", NEIGHBOUR),
        says=[f"{NEIGHBOUR}: same file as -: counted once"],
        holds="it counts once",
        run=as_process(before=shell(f'exec "$@" < {NEIGHBOUR}')),
        check=all_states("complete"),
        alone=True,
    ),
    Fault(
        "F10",
        "a file that grows while it is read",
        a_log,
        says=[f"a.log: grew: read up to {len(SEVERAL)}"],
        holds="what was there when it was opened",
        run=when_it_is_read(append(LINE)),
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "F10",
        "a file that ended within a line and grows while it is read",
        lambda scene: [scene.bytes("a.log", SEVERAL + LINE[:9]).name],
        says=[f"a.log: grew: read up to {len(SEVERAL + LINE)}"],
        holds="the line that was half written is whole",
        run=when_it_is_read(append(LINE[9:] + LINE)),
        check=state("complete", lines=5, records=5),
    ),
    Fault(
        "F11",
        "a file that is cut while it is read",
        a_log,
        code=1,
        says=[f"a.log: shrank from {len(SEVERAL)} to {len(LINE) + 9} after 1 lines: "],
        holds="the lines before the cut",
        run=when_it_is_read(lambda path: os.truncate(path, len(LINE) + 9)),
        check=state("incomplete", lines=1, records=1),
    ),
    Fault(
        "F12",
        "a file that loses its name while it is read",
        a_log,
        holds="it is read to its end",
        run=when_it_is_read(Path.unlink),
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "F13",
        "a file in whose place another one comes while it is read",
        a_log,
        holds="the one that was opened is read to its end",
        run=when_it_is_read(replaced),
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "F14",
        "a file that is gone before it is opened",
        a_log,
        code=1,
        says=["a.log: no such file"],
        run=before_it_is_opened(Path.unlink),
        check=state("failed", lines=0),
    ),
    Fault(
        "F14",
        "a file in whose place another one is before it is opened",
        a_log,
        code=1,
        says=["a.log: replaced before it was opened: it was probably rotated; run again"],
        holds="the other file may be one that was read already",
        run=before_it_is_opened(replaced),
        check=state("failed", lines=0),
    ),
    Fault(
        "F14",
        "logs that are rotated before they are opened",
        lambda scene: [*a_log(scene), scene.bytes("a.log.1", SEVERAL * 2).name],
        code=1,
        says=["a.log: replaced before it was opened", "a.log.1: replaced before it was opened"],
        holds="no line counts twice",
        run=before_it_is_opened(rotate),
        check=all_states("failed", "failed"),
    ),
    Fault(
        "F18",
        "names with a line end, an escape, a byte that is not text, a mark that turns writing, a bracket, `http:`",
        odd_names,
        holds="each is a name, shown on one line",
        check=names_are_shown,
    ),
    Fault(
        "F18", "a name that looks like an option", dashed, holds="`./` and `--` make a name of it", check=all_states("complete")
    ),
    Fault(
        "F18",
        "a name with a line end that is not there",
        named("a\nlogproc: b.log"),
        code=1,
        says=[r"logproc: a\x0alogproc: b.log: no such file"],
        holds="one line of stderr",
    ),
    Fault(
        "F19",
        "the disk fails in the middle of a file",
        lambda scene: [scene.bytes("a.log", LINE * 4000).name],
        code=1,
        says=["a.log: I/O error at byte 262144 after 1885 lines: what comes before it is counted"],
        holds="the lines before it",
        run=failing_disk(3),
        check=state("incomplete", lines=1885, records=1885),
        needs=["strace"],
    ),
    Fault(
        "F19",
        "the disk fails at the first byte",
        a_log,
        code=1,
        says=["a.log: I/O error at byte 0"],
        run=failing_disk(1),
        check=state("failed", lines=0),
        needs=["strace"],
    ),
    Fault(
        "F21",
        "300 files where 40 may be open",
        many_files,
        holds="each is read",
        run=as_process(before=shell('ulimit -n 40; exec "$@"')),
        check=all_of_many,
    ),
    Fault(
        "F23",
        "standard input is closed",
        named("-"),
        code=1,
        says=["-: stdin is closed: pipe a log into it, or name a file"],
        run=as_process(before=shell('exec "$@" <&-')),
        check=state("failed"),
    ),
    Fault("F23", "standard input twice", named("-", "-"), says=["-: empty", "-: same file as -: counted once"]),
    Fault("F23", "standard input is /dev/null", named("-"), says=["-: empty"], run=as_process()),
    Fault(
        "F23",
        "standard input is a terminal",
        named("-"),
        says=["-: reading what you type: end with Ctrl-D"],
        holds="what is typed is read",
        run=at_a_terminal,
        check=state("complete", lines=1, records=1),
    ),
    Fault("F26", "a name of 300 bytes", named("n" * 300), code=1, says=["n: path too long: use a shorter path"]),
    Fault("F26", "a path of 5,000 bytes", named("/".join(["n" * 99] * 50)), code=1, says=["n: path too long"]),
    Fault("F26", "a path with a NUL", named("a\0b"), code=1, says=[r"a\x00b: no such file: a path cannot contain NUL"]),
]
