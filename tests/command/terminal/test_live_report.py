"""The live report of a run that follows logs, on a real terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.command.terminal.live_report import ENTER, LEAVE, FullScreen, LiveReport, View
from tests.support import processes
from tests.support.terminal import CTRL_C, Terminal

CTRL_Z = "\x1a"
LINE = '10.0.0.1 - - [10/Oct/2025:13:55:{:02}+0000] "GET /a HTTP/1.1" 200 5\n'
ENTERED, LEFT = ENTER.encode(), LEAVE.encode()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(100, 24) as opened:
        yield opened


def log_of(folder: Path, lines: int = 3) -> Path:
    path = folder / "access.log"
    path.write_text("".join(LINE.format(at % 60) for at in range(lines)))
    return path


def bottom(terminal: Terminal) -> str:
    return terminal.rows[-1]


def below(terminal: Terminal) -> str:
    """Return what the terminal shows after the whole screen was given back."""
    screen = pyte.Screen(100, 60)
    pyte.ByteStream(screen).feed(bytes(terminal.seen.rpartition(LEFT)[2]))
    return "\n".join(row.rstrip() for row in screen.display)


def is_usual(terminal: Terminal) -> bool:
    """Whether what is typed is echoed, and read by lines."""
    flags = termios.tcgetattr(terminal.inside)[3]
    return bool(flags & termios.ICANON) and bool(flags & termios.ECHO)


def watch_count(terminal: Terminal, lines: int) -> None:
    terminal.watch(until=lambda: f"  {lines} lines" in bottom(terminal))


def test_the_report_grows_with_the_log_and_q_ends_it(terminal: Terminal, tmp_path: Path) -> None:
    """What is waited for is said; lines appear on the screen; the final report is on the screen as it was before."""
    with terminal.started("-f", "access.log", cwd=tmp_path) as process:
        terminal.watch(until=lambda: "Waiting for lines of access.log" in terminal.text)
        terminal.watch(until=lambda: bottom(terminal).startswith("q ends  0 lines"))
        assert not is_usual(terminal)
        log = log_of(tmp_path)
        watch_count(terminal, 3)
        assert "3 lines = 3 records" in terminal.text
        with log.open("a") as file:
            file.write(LINE.format(9))
        watch_count(terminal, 4)
        assert "1 log" in bottom(terminal)
        terminal.type("q")
        assert terminal.ended(process) == 0
    assert is_usual(terminal)
    assert "4 lines = 4 records" in below(terminal)
    assert "q ends" not in below(terminal)


def test_a_line_is_on_the_screen_soon_after_it_came(terminal: Terminal, tmp_path: Path) -> None:
    """A report that is painted quickly does not wait for its next second, also just after it was painted."""
    log, waits = log_of(tmp_path), []
    with terminal.started("-f", log) as process:
        watch_count(terminal, 3)
        for number in range(4, 11):
            with log.open("a") as file:
                file.write(LINE.format(number))
            written_s = time.monotonic()
            watch_count(terminal, number)
            waits.append(time.monotonic() - written_s)
        terminal.type("q")
        assert terminal.ended(process) == 0
    assert sorted(waits)[len(waits) // 2] < 0.75


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_as_q_does(terminal: Terminal, tmp_path: Path, number: signal.Signals) -> None:
    """A run that follows has no other end, so this one is not a failure, and the sources are complete."""
    with terminal.started("-f", log_of(tmp_path)) as process:
        watch_count(terminal, 3)
        process.send_signal(number)
        assert terminal.ended(process) == 0
    assert is_usual(terminal)
    assert "3 lines = 3 records" in below(terminal)
    assert "interrupted" not in below(terminal)


def test_ctrl_c_is_a_key_that_ends_the_run(terminal: Terminal, tmp_path: Path) -> None:
    """Keys are read without Enter, but those that make signals still do."""
    with terminal.started("-f", log_of(tmp_path)) as process:
        watch_count(terminal, 3)
        terminal.type(CTRL_C)
        assert terminal.ended(process) == 0


TWO_SIGNALS = """
import os, signal, sys, time
from logproc.command.terminal.live_report import full_screen
from logproc.threads import signals
signals.install()
with signals.waking(lambda: None), full_screen(sys.stdout, 0):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
"""


def test_a_second_signal_leaves_a_usable_terminal(terminal: Terminal) -> None:
    """It ends the process at once, without any clean-up but this."""
    command = [sys.executable, "-c", TWO_SIGNALS]
    with terminal.started(python=command) as process:
        assert terminal.ended(process) == 130
    assert terminal.seen.count(ENTERED) == terminal.seen.count(LEFT) == 1
    assert is_usual(terminal)


def state_of(process: Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_ctrl_z_gives_the_terminal_back_until_the_run_goes_on(terminal: Terminal, tmp_path: Path) -> None:
    """While the run is stopped, the shell has a usual terminal; then the report is painted anew."""
    log = log_of(tmp_path)
    with terminal.started("-f", log) as process:
        watch_count(terminal, 3)
        terminal.type(CTRL_Z)
        terminal.watch(until=lambda: state_of(process) == "T")
        terminal.watch(until=lambda: terminal.seen.count(LEFT) == 1)
        assert is_usual(terminal)
        with log.open("a") as file:
            file.write(LINE.format(9))
        process.send_signal(signal.SIGCONT)
        terminal.watch(until=lambda: terminal.seen.count(ENTERED) == 2)
        watch_count(terminal, 4)
        assert not is_usual(terminal)
        terminal.type("q")
        assert terminal.ended(process) == 0
    assert is_usual(terminal)


def test_another_size_is_painted_at_once(terminal: Terminal, tmp_path: Path) -> None:
    """The footer is in the last row of any window; a low one has only that."""
    with terminal.started("-f", log_of(tmp_path)) as process:
        watch_count(terminal, 3)
        terminal.resize(72, 8)
        terminal.watch(until=lambda: "more rows at the end" in bottom(terminal))
        before = len(terminal.seen)
        terminal.resize(72, 1)
        terminal.watch(until=lambda: len(terminal.seen) > before and bottom(terminal).startswith("q ends"))
        terminal.type("q")
        assert terminal.ended(process) == 0


def test_nothing_is_painted_while_nothing_happens(terminal: Terminal, tmp_path: Path) -> None:
    """Once no lines have come for some seconds, the picture stays the same, and is not written again."""
    with terminal.started("-f", log_of(tmp_path)) as process:
        terminal.watch(until=lambda: "  0 in the last 5 s" in bottom(terminal))
        before = len(terminal.seen)
        terminal.watch(seconds=2.5)
        assert len(terminal.seen) == before
        terminal.type("q")
        assert terminal.ended(process) == 0


@pytest.mark.parametrize("options", [["--quiet"], ["--output", "json"]])
def test_other_outputs_have_no_live_report(terminal: Terminal, tmp_path: Path, options: list[str]) -> None:
    """Then nothing is written until the end; and where the report is not quiet, a line on stderr says so."""
    with terminal.started("-f", log_of(tmp_path), *options) as process:
        waits = b"the report comes at the end; end with Ctrl-C"
        terminal.watch(seconds=1.5)
        assert (waits in terminal.seen) == ("--quiet" not in options)
        terminal.type(CTRL_C)
        assert terminal.ended(process) == 0
    assert ENTERED not in terminal.seen


def test_a_terminal_without_sequences_gets_the_report_at_the_end(terminal: Terminal, tmp_path: Path) -> None:
    """A dumb terminal would show escape sequences as text."""
    with terminal.started("-f", log_of(tmp_path), variables={"TERM": "dumb"}) as process:
        terminal.watch(until=lambda: b"the report comes at the end" in terminal.seen)
        time.sleep(0.5)
        terminal.type(CTRL_C)
        assert terminal.ended(process) == 0
    assert b"\x1b" not in terminal.seen
    assert "3 lines = 3 records" in terminal.text


def test_colours_can_be_turned_off(terminal: Terminal, tmp_path: Path) -> None:
    """NO_COLOR counts for the live report as for any other."""
    with terminal.started("-f", log_of(tmp_path), variables={"NO_COLOR": "1"}) as process:
        watch_count(terminal, 3)
        terminal.type("q")
        assert terminal.ended(process) == 0
    assert not re.search(rb"\x1b\[[0-9;]*m", terminal.seen)


def test_keys_come_from_the_terminal_when_the_log_is_standard_input(terminal: Terminal) -> None:
    """`cmd | logproc -f -` can be ended with q; its source is complete as far as it was read."""
    piped = ["sh", "-c", '(printf \'%s\' "$0"; exec sleep 40) | "$@"', LINE.format(1)]
    with terminal.started("-f", "-", before=piped):
        watch_count(terminal, 1)
        assert bottom(terminal).startswith("q ends")
        terminal.type("q")
        terminal.watch(until=lambda: "1 line = 1 record" in below(terminal))
        terminal.watch(seconds=0.5)
    assert "interrupted" not in below(terminal)
    assert "NOT COMPLETE" not in below(terminal)


def test_a_pipe_gets_nothing_until_the_end(tmp_path: Path) -> None:
    """Then it gets the report."""
    with processes.started("-f", log_of(tmp_path), "--output", "json") as process:
        assert process.stdout is not None
        time.sleep(1.5)
        os.set_blocking(process.stdout.fileno(), False)
        assert process.stdout.read() is None
        os.set_blocking(process.stdout.fileno(), True)
        process.send_signal(signal.SIGINT)
        ended = processes.ended(process)
    assert (ended.code, ended.report["account"]["lines"]) == (0, 3)


def test_messages_wait_until_the_terminal_is_given_back(terminal: Terminal, tmp_path: Path) -> None:
    """They are shown above the footer, and again at the end: on the whole screen they would be painted over."""
    gone = tmp_path / "gone"
    gone.mkdir()
    with terminal.started("-f", log_of(tmp_path), "-o", gone / "x.json", "--every", "0.2") as process:
        terminal.watch(until=(gone / "x.json").exists)
        (gone / "x.json").unlink()
        gone.rmdir()
        terminal.watch(until=lambda: "cannot write" in terminal.rows[-2])
        gone.mkdir()
        terminal.watch(until=(gone / "x.json").exists)
        terminal.type("q")
        assert terminal.ended(process) == 0
    assert below(terminal).count("it is tried again") == 1


@given(
    lines=st.lists(st.just("x"), max_size=30),
    size=st.tuples(st.integers(1, 200), st.integers(1, 40)),
    note=st.sampled_from(["", "a note"]),
)
def test_the_rows_fill_the_screen_and_no_more(lines: list[str], size: tuple[int, int], note: str) -> None:
    """Whatever there is to show: the last row is the footer."""
    with Terminal(10, 10) as terminal, os.fdopen(os.dup(terminal.inside), "w") as stream:
        screen = FullScreen(stream, None)
        report = LiveReport(screen, lambda *_: View(lines), lambda: 0, lambda: 0, lambda: None)
        rows = report.rows(View(lines, ["3 logs"], note), os.terminal_size(size), 0.0)
    assert len(rows) == size[1]
    assert rows[-1] == "" or "Ctrl-C ends".startswith(rows[-1][:11])
    assert all(len(row) <= size[0] for row in rows)
