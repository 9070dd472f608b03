"""Faults of what a report is written to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.faults.fault import NEIGHBOUR_LINES, Arguments, Fault, Scene, as_process, good
from tests.faults.process_signals import during, fifo, file_written, no_report
from tests.support import logs
from tests.support.processes import Ended
from tests.support.schema import valid

OLD = b"the old report\n"
SMALL_DISK = "mount -t tmpfs -o size=64k none small && cp old.csv small/report.csv && head -c 50k /dev/zero > small/fill"
SEEN = 'code=$?; cp -a small/. seen; exit "$code"'
MANY = logs.log(3000, damaged=0.9)
FULL = "free some space"
CONFIGURATION = {
    "config.json": b"top = 3\n",
    "nginx.conf": b"http { include inner.conf; access_log good.log plain; }\n",
    "inner.conf": b"log_format plain '$remote_addr $request';\n",
}


def with_output(name: str, *more: str) -> Callable[[Scene], Arguments]:
    """Return what names an output, beside a source that would be waited for for ever: nothing may be read before."""
    return lambda scene: [*fifo(scene), "-o", name, *more]


def in_shell(script: str, **options: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: as `"$@"` in a script of the shell."""
    return as_process(before=["bash", "-c", script, "bash"], **options)


def in_namespace(script: str, **options: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: as `"$@"` in a script that may mount what it likes."""
    return as_process(before=["unshare", "-m", "bash", "-c", script, "bash"], **options)


def nobody_reads(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with a stdout whose reader has gone."""
    outlet, inlet = os.pipe()
    os.close(outlet)
    with os.fdopen(inlet, "wb") as stdout:
        return scene.process(*arguments, stdout=stdout)


def small_disk(scene: Scene) -> Arguments:
    """Have folders for a disk that is almost full, and for what was on it in the end; more is to be written than fits."""
    for name in ("small", "seen"):
        (scene.folder / name).mkdir()
    scene.bytes("old.csv", OLD)
    scene.bytes("many.log", MANY)
    return ["many.log", "--top", "0", "-q", "-o", "small/report.csv"]


def report_is_seen(scene: Scene, ended: Ended) -> None:
    """Look whether the report is on the disk."""
    assert valid(json.loads((scene.folder / "seen" / "report.json").read_bytes()))["account"] == ended.report["account"]


def rejects_agree(scene: Scene, ended: Ended) -> None:
    """Look whether the rejected lines are those that the report counts, and nothing new is on the disk."""
    old_report_stays(scene, ended)
    lines = (scene.folder / "rejects").read_bytes().splitlines()
    assert len([json.loads(line) for line in lines]) == ended.report["account"]["rejected"]


def sound(scene: Scene) -> Arguments:
    """Have a sound log."""
    return [scene.file("good.log", *good())]


def one_line(_scene: Scene, ended: Ended) -> None:
    """Look whether stdout got one line."""
    assert ended.stdout.count(b"\n") == 1


def old_report_stays(scene: Scene, _ended: Ended) -> None:
    """Look whether the disk holds the old report, byte for byte, and nothing new."""
    assert sorted(path.name for path in (scene.folder / "seen").iterdir()) == ["fill", "report.csv"]
    assert (scene.folder / "seen" / "report.csv").read_bytes() == OLD


def replaced(scene: Scene) -> Arguments:
    """Have an old report that is to be replaced."""
    scene.bytes("report.csv", OLD)
    scene.file("good.log", *good())
    return ["good.log", "-q", "-o", "report.csv"]


def not_replaced(scene: Scene, ended: Ended) -> None:
    """Look whether the old report is as it was."""
    assert (scene.folder / "report.csv").read_bytes() == OLD
    no_report(scene, ended)


def over_input(*arguments: str) -> Callable[[Scene], Arguments]:
    """Return what makes a log that has several names, one of them that of the output."""

    def make(scene: Scene) -> Arguments:
        path = scene.file("log.csv", *good())
        (scene.folder / "hard.csv").hardlink_to(path)
        (scene.folder / "link.log").symlink_to("log.csv")
        return arguments

    return make


def with_configuration(*arguments: str) -> Callable[[Scene], Arguments]:
    """Return what makes a config file and a configuration of nginx, and names one of them as the output as well."""

    def make(scene: Scene) -> Arguments:
        for name, content in CONFIGURATION.items():
            scene.bytes(name, content)
        (scene.folder / "hard.json").hardlink_to(scene.folder / "config.json")
        return [*sound(scene), *arguments]

    return make


def configuration_stays(scene: Scene, ended: Ended) -> None:
    """Look whether all configuration is as it was."""
    assert {name: (scene.folder / name).read_bytes() for name in CONFIGURATION} == CONFIGURATION
    no_report(scene, ended)


def report_of_neighbours(scene: Scene, _ended: Ended) -> None:
    """Look whether the report in the directory holds the lines of the logs beside it."""
    assert valid(json.loads((scene.folder / "report.json").read_bytes()))["account"]["records"] == 1 + NEIGHBOUR_LINES


def log_stays(scene: Scene, ended: Ended) -> None:
    """Look whether the log is still there."""
    assert (scene.folder / "log.csv").read_bytes() == (scene.folder / "hard.csv").read_bytes() == good()[0] + b"\n"
    no_report(scene, ended)


def inject(calls: str, error: str, when: str = "1") -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: the operating system fails some of its calls."""
    injection = f"{calls}:error={error}:when={when}"
    return as_process(before=["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={injection}"])


def foreign_fifo(scene: Scene) -> Arguments:
    """Have a FIFO that another user made, in a folder that is open to all."""
    shared = scene.folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    os.mkfifo(shared / "report.csv")
    os.chown(shared / "report.csv", 12345, 12345)
    return [*fifo(scene), "-o", "shared/report.csv"]


def private(scene: Scene, ended: Ended) -> None:
    """Check that the report exists and only its owner can read it."""
    path = scene.folder / "report.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert valid(json.loads(path.read_bytes()))["account"] == ended.report["account"]


OUTPUT_NAMES: list[tuple[str, str, Callable[[Scene], object], int, tuple[str, ...]]] = [
    ("-o in a folder that is missing", "no/r.csv", lambda _: 0, 4, ("cannot write no/r.csv: no such file", "make its folder")),
    ("-o is a directory", "r.csv", lambda scene: (scene.folder / "r.csv").mkdir(), 4, ("is a directory", "name a file in it")),
    (
        "-o is a symbolic link",
        "r.csv",
        lambda scene: (scene.folder / "r.csv").symlink_to("neighbour.log"),
        4,
        ("is a symbolic link", "name the file it points to"),
    ),
    ("-o is a link that leads nowhere", "r.csv", lambda scene: (scene.folder / "r.csv").symlink_to("x"), 4, ("symbolic link",)),
    ("-o below a file", "neighbour.log/r.csv", lambda _: 0, 4, ("not a directory", "name a file in a folder")),
    ("-o with a name of 300 letters", "r" * 300 + ".csv", lambda _: 0, 4, ("file name too long", "choose a shorter name")),
    ("-o in a folder that only looks like one", "/proc/r.csv", lambda _: 0, 4, ("cannot write /proc/r.csv",)),
    ("-o without a name", "", lambda _: 0, 2, ("-o", "the name is empty")),
    ("-o with an ending that means nothing", "r.pdf", lambda _: 0, 2, ("no format has this ending", "use .json, .csv, .txt")),
]
"""How it is made, the name, what makes it, the exit code, and what is said."""


def named(name: str, prepare: Callable[[Scene], object]) -> Callable[[Scene], Arguments]:
    """Return what makes an output that cannot be written."""

    def make(scene: Scene) -> Arguments:
        prepare(scene)
        return with_output(name)(scene)

    return make


OTHER_FILE = "name another file"


def keeps_log(how: str, arguments: list[str], *says: str, script: str = '"$@"') -> Fault:
    """Return a fault: an output would replace the log that is read. The program, run by this script, refuses; the log stays."""
    make = over_input(*arguments)
    return Fault("P27", how, make, 2, says, "the log", log_stays, alone=True, run=in_shell(script))


FAULTS: list[Fault] = [
    Fault("P7", "the reader of stdout has gone", sound, 141, check=no_report, alone=True, run=nobody_reads),
    Fault(
        "P7",
        "`| head -1` on a long report",
        lambda scene: [
            scene.file("many.log", *(logs.line(request=b"GET /%d HTTP/1.1" % n) for n in range(20_000))),
            "--top",
            "0",
        ],
        141,
        holds="one line came through",
        check=one_line,
        alone=True,
        run=in_shell('"$@" | head -1; exit "${PIPESTATUS[0]}"', output="csv"),
    ),
    Fault(
        "P7",
        "stdout is closed (`>&-`)",
        lambda scene: [*sound(scene), "-o", "report.json"],
        4,
        ("cannot write stdout: it is closed", "write to a file with -o"),
        "what is written to a file",
        file_written,
        alone=True,
        run=in_shell('"$@" >&-'),
    ),
    Fault(
        "P8",
        "stdout is /dev/full",
        lambda scene: [*sound(scene), "-o", "report.json"],
        4,
        ("cannot write stdout: no space left on device", FULL),
        "what is written to a file",
        file_written,
        alone=True,
        run=in_shell('"$@" > /dev/full'),
    ),
    Fault("P8", "stderr is /dev/full", lambda _: ["missing.log"], 1, run=in_shell('"$@" 2> /dev/full')),
    Fault(
        "P8",
        "--rejects is /dev/full",
        lambda scene: [scene.bytes("many.log", MANY), "--rejects", "/dev/full"],
        4,
        ("cannot write /dev/full: no space left on device", FULL),
    ),
    Fault(
        "P9",
        "-o on a disk of 64 KiB",
        small_disk,
        4,
        ("cannot write small/report.csv: no space left on device", FULL),
        "the old report, byte for byte; no temporary file",
        old_report_stays,
        alone=True,
        run=in_namespace(f'{SMALL_DISK} && "$@"; {SEEN}'),
        needs=["a mount namespace"],
    ),
    Fault(
        "P9",
        "--rejects on a disk that fills while they are collected",
        lambda scene: [*small_disk(scene)[:2], "0", "--rejects", "rejects"],
        4,
        ("cannot write rejected lines to a temporary file: no space left on device", "set TMPDIR to a folder with space"),
        "no temporary file; the rejected lines are those that the partial report counts",
        rejects_agree,
        alone=True,
        run=in_namespace(f'{SMALL_DISK} && TMPDIR=small "$@"; {SEEN}'),
        needs=["a mount namespace"],
    ),
    *(
        Fault("P10", how, named(name, prepare), code, says, "nothing is read before", no_report, alone=True)
        for how, name, prepare, code, says in OUTPUT_NAMES
    ),
    Fault(
        "P10",
        "-o on a disk that is read-only",
        lambda scene: [*small_disk(scene), *fifo(scene)],
        4,
        ("cannot write small/report.csv: read-only file system", "name a place that can be written to"),
        "nothing is read before",
        no_report,
        alone=True,
        run=in_namespace('mount -t tmpfs -o ro none small && "$@"'),
        needs=["a mount namespace"],
    ),
    Fault(
        "P10",
        "-o is a file that is a mount of its own, as containers have them",
        replaced,
        4,
        ("cannot write report.csv: device or resource busy", "if the file is mounted by itself", "mount its folder"),
        "the file is unchanged",
        not_replaced,
        alone=True,
        run=in_namespace('cp report.csv other && mount --bind other report.csv && "$@"'),
        needs=["a mount namespace"],
    ),
    Fault(
        "P10",
        "-o on another device than the working directory",
        lambda scene: ["-o", "small/report.json", small_disk(scene)[0]],
        holds="it is written as anywhere",
        check=report_is_seen,
        run=in_namespace(f'mount -t tmpfs none small && "$@"; {SEEN}'),
        needs=["a mount namespace"],
    ),
    Fault(
        "P10",
        "two -o go to one file by different names",
        lambda scene: [*with_output("r.csv", "-o", f"../{scene.folder.name}/r.csv")(scene)],
        2,
        ("two outputs go to one file", "name another file for one of them"),
        "nothing is read before",
        no_report,
        alone=True,
    ),
    Fault(
        "P10",
        "-o is a FIFO that nobody reads",
        lambda scene: ["-o", *fifo(scene, "r.csv")],
        4,
        ("cannot write r.csv", "nothing reads the FIFO; start its reader first"),
        "stdout gets its report",
    ),
    Fault(
        "P10",
        "the folder of -o is removed during the run",
        named("out/r.csv", lambda scene: (scene.folder / "out").mkdir()),
        4,
        ("cannot write out/r.csv: no such file or directory", "make its folder first"),
        "stdout gets its report",
        run=during(lambda process: Path(f"/proc/{process.pid}/cwd/out").rmdir(), ends=True),
    ),
    Fault(
        "P10",
        "a directory takes the place of -o during the run",
        lambda scene: [*fifo(scene), "-o", "r.csv"],
        4,
        ("cannot write r.csv: is a directory", "name a file in it"),
        "stdout gets its report",
        run=during(lambda process: Path(f"/proc/{process.pid}/cwd/r.csv").mkdir(), ends=True),
    ),
    *(
        Fault(
            "P11",
            f"{error} in {what}",
            replaced,
            4,
            (f"cannot write report.csv: {words}",),
            "the old report; no temporary file",
            not_replaced,
            alone=True,
            run=inject(calls, error),
            needs=["ptrace"],
        )
        for what, calls, error, words in [
            ("fsync", "fsync", "EIO", "input/output error: the disk may be failing"),
            ("rename", "rename,renameat,renameat2", "EIO", "input/output error: the disk may be failing"),
            ("rename", "rename,renameat,renameat2", "ENOSPC", "no space left on device: free some space"),
        ]
    ),
    Fault(
        "P11",
        "EIO in the fsync of the folder, after the rename",
        replaced,
        4,
        ("cannot write report.csv: input/output error",),
        "it is not claimed that the report is safe",
        no_report,
        alone=True,
        run=inject("fsync", "EIO", "2"),
        needs=["ptrace"],
    ),
    keeps_log("-o is the log itself", ["log.csv", "-o", "log.csv"], "log.csv would be read and overwritten", OTHER_FILE),
    keeps_log(
        "-o is a hard link of a log that is read by a symbolic one",
        ["link.log", "-o", "hard.csv"],
        "link.log would be read and overwritten as hard.csv",
        OTHER_FILE,
    ),
    keeps_log(
        "--rejects is the log that is read from stdin",
        ["-", "--rejects", "log.csv"],
        "- would be read and overwritten as log.csv",
        OTHER_FILE,
        script='"$@" < log.csv',
    ),
    keeps_log(
        "stdout is added to the log",
        ["link.log"],
        "link.log would be read and written: stdout goes to it: send the output elsewhere",
        script='"$@" >> log.csv',
    ),
    keeps_log(
        "stdout is added to the log that is read from stdin",
        ["-"],
        "- would be read and written: stdout goes to it",
        script='"$@" < log.csv >> hard.csv',
    ),
    Fault(
        "P27",
        "stdout replaces the log",
        over_input("log.csv"),
        2,
        ("log.csv would be read and written: stdout goes to it; it is empty already: `>` truncates",),
        "the message",
        no_report,
        alone=True,
        run=in_shell('"$@" > log.csv'),
    ),
    Fault(
        "P27",
        "stderr is added to the log",
        over_input("log.csv"),
        2,
        ("logproc: log.csv would be read and written: stderr goes to it",),
        "it is not read",
        no_report,
        alone=True,
        run=in_shell('"$@" 2>> log.csv; code=$?; tail -n 1 log.csv >&2; exit "$code"'),
    ),
    Fault(
        "P27",
        "stdout goes to a file in the directory that is read",
        lambda scene: [*sound(scene), "-r", "."],
        holds="the report",
        says=("./report.json: stdout goes to it: not read",),
        check=report_of_neighbours,
        alone=True,
        run=in_shell('"$@" > report.json'),
    ),
    *(
        Fault(
            "P27",
            f"an output is {what}",
            with_configuration(*arguments),
            2,
            (f"{arguments[-1]} holds settings of this run and would be overwritten: name another file",),
            "the configuration",
            configuration_stays,
            alone=True,
        )
        for what, arguments in {
            "the config file": ("--config", "config.json", "-o", "config.json"),
            "a hard link of the config file": ("--config", "config.json", "--rejects", "hard.json"),
            "the configuration of nginx": ("--nginx-conf", "nginx.conf", "--rejects", "nginx.conf"),
            "a file that the configuration of nginx includes": ("--nginx-conf", "nginx.conf", "--rejects", "inner.conf"),
        }.items()
    ),
    Fault(
        "P27",
        "-o and stdout are one file",
        lambda scene: [*sound(scene), "-o", "report.csv"],
        2,
        ("two outputs go to one file: report.csv and stdout: name another file",),
        "nothing is read",
        alone=True,
        run=in_shell('"$@" > report.csv'),
    ),
    Fault(
        "S7",
        "a FIFO that another user made stands at -o in a folder open to all",
        foreign_fifo,
        4,
        ("cannot write shared/report.csv: another user made it", "name a file in a folder of your own"),
        "nothing is read before, nothing is given away",
        no_report,
        alone=True,
    ),
    Fault(
        "S8", "umask 777", lambda _: ["-o", "report.json"], holds="mode 0600", check=private, run=in_shell('umask 777; "$@"')
    ),
]
