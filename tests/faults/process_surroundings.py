"""Faults of the surroundings: terminals, locales, folders, descriptors, flags of the interpreter, options beyond reason."""

from __future__ import annotations

import fcntl
import os
import sys
import termios
from collections.abc import Callable

from tests.faults.fault import NEIGHBOUR, Arguments, Fault, Scene, as_process, good, state, with_surroundings
from tests.faults.process_outputs import in_shell
from tests.faults.process_signals import file_written, no_report
from tests.support import logs
from tests.support.processes import COMMAND, ROOT, Ended, ended, started

NO_UTF_8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ISOLATED = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from logproc.__main__ import main; main()"
ODD = logs.line(request="GET /größe HTTP/1.1".encode())
WIDEST = 1000
"""Columns of the widest report."""
ALWAYS_WRONG = ["", "-1", "nan", "inf", "1e400", "x", str(10**30)]
NUMBERS: dict[str, list[str]] = {
    "--readers": ["0", "1025", "1.5"],
    "--workers": ["0", "1025", "1e3"],
    "--chunk-size": ["0", "2GiB", "1e9"],
    "--memory": ["0", "64 parsecs"],
    "--max-line-bytes": ["0", "2GiB"],
    "--max-bytes": ["0", "1.5"],
    "--max-ratio": ["-0.1"],
    "--max-time": ["0", "1e9"],
    "--connections-per-host": ["0", "1025"],
    "--connect-timeout": ["0", "1e9"],
    "--read-timeout": ["0", "1e9"],
    "--retries": ["101", "0.5"],
    "--top": ["1.5"],
    "--max-keys": ["0"],
    "--streams": ["0", "1025"],
}
"""Values of each numeric option that make no sense."""


def odd(scene: Scene) -> Arguments:
    """Have a log with letters that are not ASCII, in a file whose name has some; another file is missing."""
    return [scene.file("größe.log", *[ODD] * 5), "größe-fehlt.log"]


def ascii_alone(_scene: Scene, ended: Ended) -> None:
    """Look whether there is a whole report in ASCII."""
    assert ended.stdout.isascii()
    assert b"5 lines" in ended.stdout
    assert ended.stderr.isascii()


def whole(_scene: Scene, ended: Ended) -> None:
    """Look whether there is a whole report, and no wider than the widest."""
    text = ended.stdout.decode()
    assert "5 lines" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= WIDEST


def same_in_utf_8(_scene: Scene, ended: Ended) -> None:
    """Look whether data are UTF-8 whatever the locale says."""
    assert "größe" in ended.stdout.decode()


def each_value(option: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: with each value of an option that makes no sense; all must end alike."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        runs = [scene.analyze(*arguments, f"{option}={value}") for value in [*ALWAYS_WRONG, *NUMBERS[option]]]
        assert {run.code for run in runs} == {2}
        assert all(option in run.stderr and not run.stdout for run in runs)
        return runs[-1]

    return run


def in_gone_folder(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program in a working directory that is removed."""
    script = 'mkdir gone && cd gone && rmdir ../gone && unset HOME && exec "$@"'
    return scene.process(*arguments, before=["bash", "-c", script, "bash"])


def interpreter(*flags: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program: with flags of the interpreter."""
    return as_process(python=[sys.executable, *flags, *COMMAND[1:]])


def same_as_usual(scene: Scene, ended: Ended) -> None:
    """Look whether the report is what it is without flags."""
    usual = scene.analyze(*mixed(scene), NEIGHBOUR)
    assert {**usual.report, "run": None} == {**ended.report, "run": None}
    assert usual.stderr == ended.stderr


def mixed(scene: Scene) -> Arguments:
    """Have a sound log, a damaged one and none."""
    return [scene.bytes("damaged.log", logs.log(200, damaged=0.3)).name, "missing.log", "--rejects", "rejects"]


def absolute(scene: Scene) -> Arguments:
    """Have a sound log, and name it from the root."""
    return [scene.file("good.log", *good()), scene.folder / NEIGHBOUR]


def to_slow_reader(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with a stdout that does not block, which is a short pipe that is read only when it is full."""
    outlet, inlet = os.pipe()
    fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(inlet, False)
    with (
        os.fdopen(outlet, "rb") as reader,
        started("analyze", "--output", "json", *arguments, cwd=scene.folder, stdout=inlet) as process,
    ):
        os.close(inlet)
        while process.poll() is None and waiting_bytes(outlet) < 4096:
            os.sched_yield()
        output = reader.read()
        run = ended(process)
    return Ended(run.code, output, run.stderr)


def waiting_bytes(outlet: int) -> int:
    """Return how many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(outlet, termios.FIONREAD, bytes(4)), sys.byteorder)


FAULTS: list[Fault] = [
    Fault(
        "P22",
        "stdout and stderr are of ASCII alone (`LANG=C`, `PYTHONIOENCODING=ascii`)",
        odd,
        1,
        ("gr\\xf6\\xdfe-fehlt.log: no such file",),
        "a whole report in ASCII",
        ascii_alone,
        alone=True,
        run=with_surroundings(output="terminal", encoding="ascii"),
    ),
    Fault(
        "P22",
        "the same for data (`--output csv`)",
        odd,
        1,
        ("gr\\xf6\\xdfe-fehlt.log: no such file",),
        "data are UTF-8 always",
        same_in_utf_8,
        alone=True,
        run=with_surroundings(output="csv", encoding="ascii"),
    ),
    Fault(
        "P22",
        "a terminal that knows nothing (`TERM=dumb NO_COLOR=1 LC_ALL=C`)",
        odd,
        1,
        holds="no escape sequence",
        check=ascii_alone,
        alone=True,
        run=as_process(output="terminal", variables={"TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C", **NO_UTF_8}),
    ),
    *(
        Fault(
            "P22",
            f"COLUMNS={columns}",
            lambda _: [NEIGHBOUR],
            holds="a whole report",
            check=whole,
            alone=True,
            run=with_surroundings(output="terminal", variables={"COLUMNS": columns}),
        )
        for columns in ["1", "0", "-5", "garbage", "1000000", "9" * 30]
    ),
    Fault(
        "P23",
        "HOME is not set, the working directory is gone, TMPDIR is missing",
        absolute,
        holds="nothing needs a folder to write to, unless a file is asked for",
        check=state("complete", lines=1),
        alone=True,
        run=in_gone_folder,
    ),
    Fault(
        "P23",
        "-o in a working directory that is gone",
        lambda scene: [*absolute(scene), "-o", "report.json"],
        4,
        ("cannot write report.json: no such file or directory", "make its folder first"),
        "nothing is read before",
        no_report,
        alone=True,
        run=in_gone_folder,
    ),
    Fault(
        "P24",
        "one core, 64 workers and 64 readers",
        lambda scene: [scene.bytes("many.log", logs.log(500)), "--workers", "64", "--readers", "64", "--chunk-size", "1000"],
        holds="the same result",
        check=state("complete", lines=500),
        run=as_process(before=["taskset", "-c", str(min(os.sched_getaffinity(0)))]),
        needs=["taskset"],
    ),
    *(
        Fault(
            "P24",
            f"{option} with values that make no sense, such as {', '.join(values)}, nan, inf and 10^30",
            lambda _: [NEIGHBOUR],
            2,
            (option,),
            "nothing is read before",
            alone=True,
            run=each_value(option),
        )
        for option, values in NUMBERS.items()
    ),
    *(
        Fault(
            "P25",
            f"`python {' '.join(flags)}`",
            mixed,
            1,
            ("missing.log: no such file",),
            "the same report and the same words; no warning",
            same_as_usual,
            run=interpreter(*flags),
        )
        for flags in [("-X", "dev", "-W", "error"), ("-OO", "-B"), ("-u", "-bb")]
    ),
    Fault(
        "P25",
        "`python -I`",
        mixed,
        1,
        ("missing.log: no such file",),
        "the same report and the same words",
        same_as_usual,
        run=as_process(python=[sys.executable, "-I", "-c", ISOLATED]),
    ),
    Fault(
        "P30",
        "stdin, stdout and stderr are closed",
        lambda scene: [scene.file("good.log", *good()), "-o", "report.json", "--rejects", "rejects"],
        4,
        holds="the report is whole in its file, and nothing else",
        check=file_written,
        alone=True,
        run=in_shell('"$@" <&- >&- 2>&-'),
    ),
    Fault(
        "P30",
        "the same with -q",
        lambda scene: [scene.file("good.log", *good()), "-q", "-o", "report.json"],
        holds="the report is whole in its file, and nothing else",
        check=file_written,
        alone=True,
        run=in_shell('"$@" <&- >&- 2>&-'),
    ),
    Fault(
        "P30",
        "stdin is closed and to be read, stderr is closed",
        lambda _: ["-"],
        1,
        check=state("failed"),
        run=in_shell('"$@" <&- 2>&-'),
    ),
    Fault(
        "P30",
        "stdout does not block (O_NONBLOCK), and its reader is slow",
        lambda scene: [scene.bytes("many.log", logs.log(3000)), "--top", "0"],
        holds="every byte of the report",
        check=state("complete", lines=3000),
        run=to_slow_reader,
    ),
]
