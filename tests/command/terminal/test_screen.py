"""What a terminal shows after a run: the whole report and nothing of the progress."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logproc.command.terminal.screen import Screen
from logproc.settings import Settings
from tests.command.terminal.live_status import STATUS
from tests.support.fault_server import Answer, FaultServer
from tests.support.terminal import CTRL_C, END_OF_INPUT, Terminal

LINE = '192.0.2.{0} - - [17/May/2015:10:0{1}:03 +0000] "GET /page/{0} HTTP/1.1" {2} 4263 "-" "curl/8.{1}"\n'
CONTENT = "".join(LINE.format(n % 40, n % 10, (200, 200, 304, 404, 500)[n % 5]) for n in range(2000)).encode() + b"odd\n\0\n"
HALF = CONTENT.index(b"\n", len(CONTENT) // 2) + 1
SIZE_AND_TIME = re.compile(r"in [0-9.]+ m?s\s+[0-9.]+ [kM]?B/s")
"""What differs between two runs."""
PAINTED = "in flight"
"""A text that only the progress contains."""
WAITING = "logproc: fifo: waits for a writer"
SEVERAL_STROKES_S = 0.25
QUIET = ("--quiet",)
pytestmark = pytest.mark.needs("setsid")

Scene = Callable[[Terminal, Path, FaultServer, tuple[str, ...]], int]


def watch_progress(terminal: Terminal, options: tuple[str, ...]) -> None:
    """Wait until progress was painted, unless the run is quiet."""
    if options != QUIET:
        terminal.watch(until=lambda: PAINTED in terminal.text)
    terminal.watch(seconds=SEVERAL_STROKES_S)


def from_a_file(terminal: Terminal, folder: Path, _server: FaultServer, options: tuple[str, ...]) -> int:
    """Analyze a file that takes a while."""
    path = folder / "big.log"
    if not path.exists():
        path.write_bytes(CONTENT * 200)
    with terminal.started("analyze", "big.log", "--workers", "1", *options, cwd=folder) as process:
        return terminal.ended(process)


def from_a_pipe(terminal: Terminal, folder: Path, _server: FaultServer, options: tuple[str, ...]) -> int:
    """Analyze standard input that comes slowly."""
    with terminal.started("analyze", "-", *options, cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(CONTENT[:HALF])
        process.stdin.flush()
        watch_progress(terminal, options)
        process.stdin.write(CONTENT[HALF:])
        return terminal.ended(process)


def from_a_fifo(terminal: Terminal, folder: Path, _server: FaultServer, options: tuple[str, ...]) -> int:
    """Analyze a named pipe without a writer at first: a message says so while the progress is painted."""
    path = folder / "fifo"
    if not path.exists():
        os.mkfifo(path)
    with terminal.started("analyze", "fifo", *options, cwd=folder) as process:
        if options != QUIET:
            terminal.watch(until=lambda: WAITING in terminal.text.replace("\n", ""))
            watch_progress(terminal, options)
        path.write_bytes(CONTENT)
        return terminal.ended(process)


def from_a_server(terminal: Terminal, folder: Path, server: FaultServer, options: tuple[str, ...]) -> int:
    """Analyze a log that a server sends slowly."""
    server.on("/slow.log", Answer(CONTENT, piece=len(CONTENT) // 4, pause_s=0.0 if options == QUIET else 0.1))
    with terminal.started("analyze", server.url("/slow.log"), *options, cwd=folder) as process:
        return terminal.ended(process)


def interrupted(terminal: Terminal, folder: Path, server: FaultServer, options: tuple[str, ...]) -> int:
    """Type Ctrl-C while one source waits for its server."""
    server.on("/slow.log", Answer(CONTENT, sent=100, ending="stall"))
    (folder / "a.log").write_bytes(CONTENT)
    with terminal.started("analyze", "a.log", server.url("/slow.log"), *options, cwd=folder) as process:
        assert server.stalled.wait(30)
        watch_progress(terminal, options)
        if options == QUIET:
            process.send_signal(signal.SIGINT)  # which echoes nothing
        else:
            terminal.type(CTRL_C)
        return terminal.ended(process)


SCENES: list[tuple[Scene, int, str]] = [
    (from_a_file, 0, ""),
    (from_a_pipe, 0, ""),
    (from_a_fifo, 0, WAITING),
    (from_a_server, 0, ""),
    (interrupted, 130, ""),
]


def seen(lines: list[str]) -> list[str]:
    """Return lines without the duration of the run, which may shift the rest of the line."""
    return SIZE_AND_TIME.sub("", "\n".join(lines)).split("\n")


SIZES = [(80, 24, 0), (100, 30, 15), (140, 50, 70)]
USUAL = SIZES[1]


def on_screens() -> Iterator[object]:
    """Yield each scene on a usual screen and one of them on all, as parameters; the soak has the others."""
    for scene, code, message in SCENES:
        for size in SIZES:
            marks = [] if size == USUAL or scene is from_a_pipe else [pytest.mark.soak]
            yield pytest.param(scene, code, message, *size, id=f"{scene.__name__}-{size[0]}", marks=marks)


@pytest.mark.parametrize(("scene", "code", "message", "columns", "rows", "before"), tuple(on_screens()))
def test_the_report_is_all_that_a_run_leaves(
    scene: Scene, code: int, message: str, columns: int, rows: int, before: int, tmp_path: Path
) -> None:
    """Below earlier output, screen and scrollback hold the messages and exactly what a quiet run writes."""
    with Terminal(columns, rows) as terminal, Terminal(columns, rows) as quiet, FaultServer() as server:
        assert scene(quiet, tmp_path, server, QUIET) == code
        earlier = [f"line {number} of another program" for number in range(before)]
        terminal.show("".join(f"{line}\n" for line in earlier))
        assert scene(terminal, tmp_path, server, ()) == code
        expected, lines = quiet.lines, terminal.lines
    assert PAINTED.encode() in terminal.seen
    assert lines[:before] == earlier
    assert len(expected) > 20
    said = len(lines) - before - len(expected)
    assert "".join(lines[before : before + said]).startswith(message)
    assert bool(said) == bool(message)
    assert seen(lines[before + said :]) == seen(expected)


def test_a_window_that_gets_smaller_keeps_what_is_not_the_progress(tmp_path: Path) -> None:
    """After a resize no painted line wraps, and only painted lines are erased."""
    with Terminal(100, 30) as terminal:
        terminal.show("before\n")
        with terminal.started("analyze", "-", "--by", "status", cwd=tmp_path, stdin=subprocess.PIPE) as process:
            watch_progress(terminal, ())
            terminal.resize(30, 30)
            watch_progress(terminal, ())
            painted = terminal.rows
            assert process.stdin
            process.stdin.write(CONTENT)
            assert terminal.ended(process) == 0
        assert painted[0] == "before"
        assert terminal.lines[0] == "before"
        assert PAINTED not in terminal.text
        assert terminal.lines[1].startswith("logproc")


def test_where_columns_says_something_else_no_painted_line_wraps(tmp_path: Path) -> None:
    """COLUMNS applies to the report; the progress fits the real window."""
    with Terminal(40, 24) as terminal, (tmp_path / "report").open("wb") as report:
        variables = {"COLUMNS": "200", "LINES": "100"}
        options = {"cwd": tmp_path, "stdin": subprocess.PIPE, "stdout": report, "variables": variables}
        with terminal.started("analyze", "-", **options) as process:
            watch_progress(terminal, ())
            assert all(len(row) < 40 for row in terminal.rows)
            assert process.stdin
            process.stdin.write(CONTENT)
            assert terminal.ended(process) == 0
        assert terminal.lines[0].startswith("logproc: -: skipped 1 NUL byte")
    assert (tmp_path / "report").read_text().startswith("logproc")


def test_no_progress_is_painted_between_typed_lines(tmp_path: Path) -> None:
    """With the terminal as standard input no progress is painted: it would overwrite what is typed."""
    with Terminal(80, 24) as terminal, terminal.started("analyze", "-", "--by", "status", cwd=tmp_path) as process:
        terminal.watch(until=lambda: "end with Ctrl-D" in terminal.text)
        terminal.type(LINE.format(1, 2, 200))
        terminal.watch(seconds=SEVERAL_STROKES_S)
        terminal.type(END_OF_INPUT)
        assert terminal.ended(process) == 0
        assert PAINTED.encode() not in terminal.seen
        assert "1 line = 1 record" in terminal.text


@pytest.mark.parametrize("fault", ["usage", "max-time"])
def test_a_run_that_fails_leaves_its_message_alone(fault: str, tmp_path: Path) -> None:
    """An error that ends a run while progress is shown is written below earlier output."""
    with Terminal(80, 24) as terminal:
        terminal.show("before\n")
        options = ["--where", "statu == 5"] if fault == "usage" else ["--max-time", "0.5"]
        with terminal.started("analyze", "-", *options, cwd=tmp_path, stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write(CONTENT)
            process.stdin.flush()
            watch_progress(terminal, ())
            terminal.ended(process)
        assert PAINTED not in terminal.text
        assert terminal.lines[0] == "before"
        assert terminal.lines[1].startswith("logproc")


@pytest.mark.parametrize("shape", ["console", "json"])
def test_log_lines_are_not_written_into_the_progress(shape: str, tmp_path: Path) -> None:
    """Log lines stay on the screen whole and in order, with the progress below them until it ends."""
    options = ("--log-level", "debug", "--log-format", shape, "--by", "status")
    with Terminal(300, 24) as terminal, (tmp_path / "report").open("wb") as report:
        with terminal.started("analyze", "-", *options, cwd=tmp_path, stdin=subprocess.PIPE, stdout=report) as process:
            watch_progress(terminal, ())
            assert "source opened" in terminal.rows[0]
            assert process.stdin
            process.stdin.write(CONTENT)
            assert terminal.ended(process) == 0
        assert PAINTED.encode() in terminal.seen
        assert ["source opened" in terminal.lines[0], "source ended" in terminal.lines[1]] == [True, True]
        assert PAINTED not in terminal.text


NOTE = "-: skipped 1 NUL byte"
STREAMS: list[tuple[str, str, int, int]] = [
    ('"$@"', "terminal", 1, 0),
    ('"$@" 2> /dev/tty', "terminal", 1, 0),
    ('"$@" > both 2>&1', "terminal", 0, 1),
    ('"$@" 2>&1 | cat > both', "terminal", 0, 1),
    ('"$@" > both', "terminal", 1, 1),
    ('"$@" 2> both', "terminal", 1, 1),
    ('"$@" -o both.txt > /dev/null', "terminal", 1, 0),
    ('"$@" > both', "json", 1, 1),
    ('"$@" --quiet > both', "terminal", 0, 1),
]
"""A shell command, the kind of report, and how often the note appears on the screen and in the file `both`."""


@pytest.mark.parametrize(("script", "output", "on_screen", "in_file"), STREAMS)
def test_a_note_is_said_once_in_one_place(script: str, output: str, on_screen: int, in_file: int, tmp_path: Path) -> None:
    """If report and diagnostics go to the same place, a note is only in the report; otherwise it is in both."""
    (tmp_path / "log").write_bytes(CONTENT)
    (tmp_path / "both").touch()
    arguments = ("analyze", "-", "--by", "status", "--output", output)
    with Terminal(100, 30) as terminal:
        with terminal.started(*arguments, cwd=tmp_path, before=["bash", "-c", f"{{ {script}; }} < log", "bash"]) as process:
            assert terminal.ended(process) == 0
        assert terminal.text.count(NOTE) == on_screen
    assert (tmp_path / "both").read_text().count(NOTE.partition(": ")[2]) == in_file


@contextmanager
def screen_on(terminal: Terminal) -> Iterator[Screen]:
    """Yield a Screen with a terminal as both streams."""
    with terminal.path.open("w") as stdout, terminal.path.open("w") as stderr:
        yield Screen(stdout, stderr, Settings(), {"TERM": "xterm"})


@pytest.mark.parametrize("strokes", [0, 1, 3])
def test_what_is_said_after_the_last_stroke_is_not_lost(strokes: int) -> None:
    """A line waiting for the next stroke is written when the painting ends; later lines are written at once."""
    with Terminal(80, 24) as terminal, screen_on(terminal) as screen:
        with screen.painting() as paint:
            assert paint
            for number in range(strokes):
                screen.say("a.log", f"before stroke {number}")
                paint(STATUS)
            screen.say("a.log", "after the last stroke")
        screen.say("a.log", "at the end")
        terminal.show("")
        said = [*(f"before stroke {number}" for number in range(strokes)), "after the last stroke", "at the end"]
        assert terminal.lines == [f"logproc: a.log: {text}" for text in said]


def test_what_another_program_left_in_front_of_the_cursor_stays() -> None:
    """The progress begins in an empty row: text without a line end is not erased with it."""
    with Terminal(80, 24) as terminal, screen_on(terminal) as screen:
        terminal.show("no line end")
        with screen.painting() as paint:
            assert paint
            paint(STATUS)
            paint(STATUS)
        screen.say("a.log", "at the end")
        terminal.show("")
        assert terminal.lines == ["no line end", "logproc: a.log: at the end"]


@pytest.mark.parametrize(
    ("term", "painted"),
    [("xterm", True), ("vt100", True), ("linux", True), ("dumb", False), ("unknown", False), ("", False), (None, False)],
)
def test_a_terminal_that_knows_no_sequences_gets_none(term: str | None, painted: bool) -> None:
    """With TERM=dumb, as in a shell inside an editor, nothing is painted; neither if TERM is not set."""
    with Terminal(80, 24) as terminal, screen_on(terminal) as screen:
        screen.environ = {} if term is None else {"TERM": term}
        with screen.painting() as paint:
            assert bool(paint) is painted


ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
COLORS = re.compile(rb"\x1b\[[0-9;]*m")
ESCAPE = b"\x1b"


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_such_a_terminal_shows_the_whole_report_without_any(term: str, tmp_path: Path) -> None:
    """Whatever else the environment asks for, no escape sequence is written."""
    variables = {"TERM": term, "CLICOLOR_FORCE": "1", "FORCE_COLOR": "1", "COLUMNS": "junk", "LINES": "0"}
    with Terminal(100, 30) as terminal:
        with terminal.started("analyze", "-", cwd=tmp_path, stdin=subprocess.PIPE, variables=variables) as process:
            assert process.stdin
            process.stdin.write(CONTENT[:HALF])
            process.stdin.flush()
            terminal.watch(seconds=SEVERAL_STROKES_S)
            assert terminal.ended(process) == 0
        assert ESCAPE not in terminal.seen
        assert b"lines = " in terminal.seen


@pytest.mark.parametrize(
    ("variables", "color", "isascii"),
    [
        ({"TERM": "vt100"}, False, False),
        ({"TERM": "linux"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, False),
        ({"TERM": "xterm", **ASCII_ONLY}, True, True),
        ({"TERM": "xterm", "PYTHONIOENCODING": "ascii"}, True, True),
        ({"TERM": "xterm", "PYTHONIOENCODING": "ascii:strict", "COLUMNS": "0"}, True, True),
        ({"TERM": "xterm", "PYTHONIOENCODING": "latin-1", "COLUMNS": "1"}, True, True),
    ],
    ids=str,
)
def test_a_terminal_gets_what_it_can_show(variables: dict[str, str], color: bool, isascii: bool, tmp_path: Path) -> None:
    """Colours only where there are some, and only ASCII where the encoding is not UTF-8; nothing fails to be encoded."""
    (tmp_path / "größe.log").write_bytes(CONTENT.replace(b"/page/1", "/größe/日本".encode()))
    with Terminal(100, 30) as terminal:
        with terminal.started("analyze", "größe.log", "fehlt-ß.log", cwd=tmp_path, variables=variables) as process:
            assert terminal.ended(process) == 1
        assert bool(COLORS.search(terminal.seen)) is color
        assert terminal.seen.isascii() is isascii
        assert b"Traceback" not in terminal.seen
        assert "NOT COMPLETE" in terminal.text


def test_a_view_that_is_left_behind_paints_nothing_later() -> None:
    """A late stroke, from a thread that could not be joined, does not overwrite the report."""
    with Terminal(80, 24) as terminal, screen_on(terminal) as screen:
        with screen.painting() as paint:
            assert paint
            paint(STATUS)
        paint(STATUS)
        screen.say("a.log", "at the end")
        terminal.show("")
        assert terminal.lines == ["logproc: a.log: at the end"]
