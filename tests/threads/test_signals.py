"""Signals, each in a real process: the first is a message that main takes, nothing is raised, and the second one means now."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30
BEGIN = """
import signal, sys, threading
from queue import SimpleQueue
from logproc.model.errors import Interrupted
from logproc.threads.grace import GRACE_S, LEAST_GRACE_S, within_grace
from logproc.threads.signals import SECOND_AFTER_S, SIGNALS, blocked, install, noted, unlink_on_second, waking
time_s = 0.0
install(lambda: time_s)
messages = SimpleQueue()
def wake():
    messages.put("woken")
"""
LINE = b'192.0.2.1 - - [07/Mar/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n'


def python(script: str, *arguments: str, begin: str = BEGIN) -> subprocess.CompletedProcess[str]:
    """Run a script with the handlers installed, and return how it ended."""
    command = [sys.executable, "-c", begin + script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False)


def told(script: str, *arguments: str, begin: str = BEGIN) -> str:
    """Return what a script that ends well prints."""
    run = python(script, *arguments, begin=begin)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.strip()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU"])
def test_the_first_signal_is_noted_and_wakes_main(name: str) -> None:
    """Whatever main is doing is done to its end; the number and a message are what the handler leaves."""
    script = f"""
with waking(wake):
    signal.raise_signal(signal.{name})
    print("finished", noted()[0], messages.get())
"""
    assert told(script) == f"finished {signal.Signals[name].value} woken"


def test_a_signal_that_came_before_the_wait_is_a_message_of_it() -> None:
    """Where main does not wait the signal is noted; the next wait begins with the message."""
    script = """
with waking(wake):
    pass
signal.raise_signal(signal.SIGTERM)
print(noted()[0], messages.empty())
with waking(wake):
    print(messages.get())
"""
    assert told(script).split() == ["15", "True", "woken"]


def test_without_a_signal_nothing_is_noted() -> None:
    """A wait without a signal is a wait like any other."""
    assert told("with waking(wake):\n    print(noted(), messages.empty())") == "None True"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_before_the_run_a_signal_ends_the_process_at_once(tmp_path: Path, name: str) -> None:
    """Nothing has been read, so there is nothing to report: not a word, no temporary file, and 128 and the signal's number."""
    temporary = tmp_path / "temporary"
    temporary.touch()
    script = f"""
unlink_on_second(lambda: sys.argv[1:])
signal.raise_signal(signal.{name})
print("not here")
"""
    run = python(script, str(temporary))
    assert (run.returncode, run.stdout, run.stderr) == (128 + signal.Signals[name], "", "")
    assert not temporary.exists()


def test_a_signal_wakes_main_out_of_its_wait() -> None:
    """Main that waits for a message which never comes is woken by Ctrl-C."""
    script = """
with waking(wake):
    print("waiting", flush=True)
    print(messages.get(), noted()[0])
"""
    with started([sys.executable, "-c", BEGIN + script]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE_S)[0] == b"woken 2\n"


def test_a_signal_that_comes_just_before_main_sleeps_wakes_it() -> None:
    """Main has looked whether a signal has come, and sleeps in the kernel when ours would have its turn: the pipe wakes it.

    A handler that does not wake main imitates one that has not run yet.
    """
    script = """
import os
with waking(wake):
    signal.signal(signal.SIGTERM, lambda *_: None)
    os.kill(os.getpid(), signal.SIGTERM)
    print(messages.get(timeout=20))
"""
    assert told(script) == "woken"


BUSY = """
import time
def work():
    while True:
        sum(range(1000))
def rest():
    threading.Event().wait()
with waking(wake):
    for target in (work, work, rest, rest):
        with blocked():
            threading.Thread(target=target, daemon=True).start()
    print("waiting", flush=True)
    messages.get()
    print(time.monotonic(), flush=True)
    import os
    os._exit(0)
"""


@pytest.mark.parametrize("numbers", [[signal.SIGINT], [signal.SIGINT, signal.SIGTERM]], ids=["one", "two at once"])
def test_main_is_woken_at_once_however_busy_the_others_are(numbers: Sequence[signal.Signals]) -> None:
    """All threads except main block our signals, so the kernel can deliver them only to main, also two at once."""
    with started([sys.executable, "-c", BEGIN + BUSY]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        sent_s = time.monotonic()
        for number in numbers:
            process.send_signal(number)
        assert float(process.communicate(timeout=PATIENCE_S)[0]) - sent_s < 0.3


def test_a_signal_aimed_at_one_thread_stays_there() -> None:
    """What `tgkill` sends to a thread that blocks it is pending in that thread: neither main nor the thread is disturbed."""
    script = """
leave = threading.Event()
with waking(wake):
    with blocked():
        thread = threading.Thread(target=leave.wait)
        thread.start()
    signal.pthread_kill(thread.ident, signal.SIGINT)
    print(noted(), messages.empty(), thread.is_alive())
    signal.raise_signal(signal.SIGTERM)
    print(messages.get(), noted()[0])
    leave.set()
    thread.join()
"""
    assert told(script).split() == ["None", "True", "True", "woken", "15"]


def test_a_block_of_signals_is_put_back() -> None:
    """Behind the start of a thread main takes signals again, and what came meanwhile is delivered."""
    script = """
with waking(wake):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with blocked():
        signal.raise_signal(signal.SIGINT)
        print(noted(), set(SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, []))
    print(noted()[0], signal.pthread_sigmask(signal.SIG_BLOCK, []) == before)
"""
    assert told(script).split() == ["None", "True", "2", "True"]


def test_every_thread_of_a_run_but_main_blocks_our_signals(tmp_path: Path) -> None:
    """Readers, workers, the closer and the threads of libraries: proc(5) shows for each what it blocks."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "logproc", "analyze", str(pipe), "--format", "combined", "--output", "json"]
    ours = sum(1 << number - 1 for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU))
    with started(command) as process, pipe.open("wb", buffering=0) as writer:
        writer.write(LINE * 1000)
        deadline = time.monotonic() + PATIENCE_S
        tasks = Path(f"/proc/{process.pid}/task")
        while len(list(tasks.iterdir())) < 4 and time.monotonic() < deadline:  # main, the reader, the closer, a worker
            time.sleep(0.05)
        until_taken(writer.fileno())
        masks = {task.name: int(field(task / "status", "SigBlk"), 16) & ours for task in tasks.iterdir()}
        process.send_signal(signal.SIGINT)
        report = json.loads(process.communicate(timeout=PATIENCE_S)[0])
    assert len(masks) > 3
    assert masks.pop(str(process.pid)) == 0
    assert set(masks.values()) == {ours}
    assert report["account"]["lines"] == 1000


def field(path: Path, name: str) -> str:
    """Return a field of a status file of proc(5)."""
    return next(line.split()[1] for line in path.read_text().splitlines() if line.startswith(name + ":"))


def test_the_second_signal_means_now(tmp_path: Path) -> None:
    """It unlinks the temporary files, also if some do not exist, and the process leaves with 128 and the signal's number."""
    temporary, kept = tmp_path / "temporary", tmp_path / "kept"
    temporary.touch()
    kept.touch()
    script = """
unlink_on_second(lambda: (sys.argv[1] + "-missing", sys.argv[1]))
with waking(wake):
    signal.raise_signal(signal.SIGINT)
    print("first", flush=True)
    time_s += SECOND_AFTER_S
    signal.raise_signal(signal.SIGTERM)
    print("not here")
"""
    run = python(script, str(temporary))
    assert (run.returncode, run.stdout, run.stderr) == (128 + signal.SIGTERM, "first\n", "")
    assert not temporary.exists()
    assert kept.exists()


def test_the_second_signal_does_not_wait_for_a_lock() -> None:
    """Whatever main holds when it comes, and whatever threads still run, the process leaves."""
    script = """
lock = threading.Lock()
threading.Thread(target=threading.Event().wait).start()
with lock, waking(wake):
    signal.raise_signal(signal.SIGINT)
    time_s += SECOND_AFTER_S
    signal.raise_signal(signal.SIGINT)
"""
    assert python(script).returncode == 130


def test_ctrl_c_never_ends_a_process_whose_pager_has_the_terminal() -> None:
    """It stops the run, once; when the pager is waited for it is forgotten, and another signal is noted as ever."""
    script = """
from logproc.threads.signals import left_to_child, share_terminal
with waking(wake):
    share_terminal()
    signal.raise_signal(signal.SIGINT)
    time_s = SECOND_AFTER_S + 1
    signal.raise_signal(signal.SIGINT)
    print(noted()[0], end=" ")
    with left_to_child():
        print(noted(), end=" ")
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        print(noted()[0])
"""
    assert told(script) == f"{signal.SIGINT.value} None {signal.SIGTERM.value}"


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """`timeout` signals a program and then its group: that does not count as a second signal, and the report is written."""
    script = """
with waking(wake):
    signal.raise_signal(signal.SIGTERM)
    time_s += SECOND_AFTER_S / 2
    signal.raise_signal(signal.SIGTERM)
    print("finished", noted()[0])
"""
    assert told(script) == "finished 15"


@pytest.mark.parametrize("name", ["HUP", "INT"])
def test_what_is_ignored_stays_ignored(name: str) -> None:
    """Under `nohup`, or in the background of a shell, ignored signals do not end the program."""
    script = BEGIN + f"signal.raise_signal(signal.SIG{name})\nprint(noted())"
    command = ["sh", "-c", f'trap \'\' {name}; exec "$0" -c "$1"', sys.executable, script]
    assert subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=True).stdout == "None\n"


@contextmanager
def started(command: Sequence[str], stderr: Any = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and end it whatever happens."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr)
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_during_a_run_gives_the_report_of_what_was_read(tmp_path: Path) -> None:
    """A source that goes silent does not hold the program: it ends with 130, and its report holds every whole line."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "logproc", "analyze", str(pipe), "--output", "json"]
    with started(command) as process, pipe.open("wb", buffering=0) as writer:  # opening blocks until the reader opens it
        writer.write(LINE * 3 + LINE[:20])
        until_taken(writer.fileno())
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE_S)
    report = json.loads(output)
    assert process.returncode == 130
    assert (report["complete"], report["sources"][0]["state"]) == (False, "interrupted")
    assert report["account"]["records"] == report["account"]["lines"] == 3
    assert b"Traceback" not in errors


def until_taken(pipe: int) -> None:
    """Wait until the reader of a pipe has taken all that is in it (FIONREAD, ioctl_pipe(2))."""
    deadline = time.monotonic() + PATIENCE_S
    while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
        assert time.monotonic() < deadline, "nobody reads"
        time.sleep(0.01)


def test_whoever_sends_sigusr1_sees_the_stacks_of_all_threads(tmp_path: Path) -> None:
    """The handler is C, so it works while main waits; the run continues undisturbed."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "logproc", "analyze", str(pipe), "--output", "json"]
    with (tmp_path / "stderr").open("wb") as stderr, started(command, stderr=stderr) as process:
        with pipe.open("wb", buffering=0) as writer:
            writer.write(LINE)
            until_taken(writer.fileno())
            process.send_signal(signal.SIGUSR1)
            deadline = time.monotonic() + PATIENCE_S
            while (shown := (tmp_path / "stderr").read_text()).count("File ") < 20 and time.monotonic() < deadline:
                time.sleep(0.01)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert shown.startswith("Thread 0x")
    assert "threads/channel.py" in shown  # main, in its one wait
    assert "threads/reader.py" in shown
    assert (process.returncode, json.loads(output)["account"]["lines"]) == (0, 1)


def test_sigusr1_is_ignored_where_stderr_is_closed() -> None:
    """Its descriptor may belong to an output by then."""
    script = BEGIN + "signal.raise_signal(signal.SIGUSR1)\nprint('goes on')"
    command = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, script]
    assert (
        subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=True).stdout == "goes on\n"
    )


def test_a_write_that_nobody_takes_is_given_up_some_time_after_the_signal() -> None:
    """A signal does not end a wait for a reader at once, but main does not wait for it for ever."""
    script = """
import os
outlet, inlet = os.pipe()
install()
def write():
    os.kill(os.getpid(), signal.SIGTERM)
    print("going on", flush=True)
    os.write(inlet, bytes(1 << 20))
try:
    within_grace(write)
except Interrupted as error:
    print(error.exit_code, flush=True)
os._exit(0)
"""
    assert told(script).splitlines() == ["going on", "143"]


def test_what_is_done_in_time_is_not_given_up() -> None:
    """A call that ends soon after a signal, or that begins after it, is a call like any other; what it raises is raised."""
    script = """
import os
install()
within_grace(lambda: os.kill(os.getpid(), signal.SIGTERM))
within_grace(lambda: print("written", noted()[0]))
try:
    within_grace(lambda: 1 / 0)
except ZeroDivisionError:
    print("raised")
"""
    assert told(script) == "written 15\nraised"


def test_the_time_that_is_left_after_a_signal_is_bounded_for_all_waits_together() -> None:
    """A wait that begins when the grace is over is given the least of it, and not the whole once more."""
    script = """
import os, time
install()
within_grace(lambda: os.kill(os.getpid(), signal.SIGTERM))
time.sleep(GRACE_S)
begun_s = time.monotonic()
try:
    within_grace(threading.Event().wait)
except Interrupted:
    print(LEAST_GRACE_S <= time.monotonic() - begun_s < GRACE_S, flush=True)
os._exit(0)
"""
    assert told(script) == "True"


def test_a_call_that_is_worth_it_is_given_more_time_after_a_signal() -> None:
    """The only report of a run of days is not lost because it takes a second to make."""
    script = """
import os, time
install()
within_grace(lambda: os.kill(os.getpid(), signal.SIGTERM))
time.sleep(GRACE_S)
print(within_grace(lambda: time.sleep(1) or 7, least_s=5.0))
"""
    assert told(script) == "7"


def test_work_in_python_is_left_behind_after_a_signal() -> None:
    """A loop that never looks for a signal does not keep main; the result of a call that ends is returned."""
    script = """
import os, time
install()
print(within_grace(lambda: 7))
def work():
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass
begun_s = time.monotonic()
try:
    within_grace(work)
except Interrupted as error:
    print(error.exit_code, time.monotonic() - begun_s < 2 * GRACE_S, flush=True)
os._exit(0)
"""
    assert told(script) == "7\n130 True"
