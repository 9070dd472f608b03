"""Signals, each in a real process: noted anywhere, raised where main waits, and the second one means now."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30
BEGIN = """
import signal, sys, threading
from logproc.errors import Interrupted
from logproc.threads.signals import SECOND_AFTER_S, install, interruptible, noted, unlink_on_second
time_s = 0.0
install(lambda: time_s)
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


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_raises_where_main_may_be_interrupted(name: str) -> None:
    """Inside the block the handler raises Interrupted, which knows the exit code."""
    script = f"""
try:
    with interruptible():
        signal.raise_signal(signal.{name})
        print("not here")
except Interrupted as error:
    print(error.what, error.exit_code, noted())
"""
    number = signal.Signals[name].value
    assert told(script) == f"interrupted by {name} {128 + number} {number}"


def test_a_signal_elsewhere_is_raised_at_the_next_place() -> None:
    """Outside it is only noted: a step that has to be finished is finished; then the next block does not even begin."""
    script = """
signal.raise_signal(signal.SIGTERM)
print("finished", noted())
try:
    with interruptible():
        print("not here")
except Interrupted as error:
    print(error.exit_code)
"""
    assert told(script).split() == ["finished", "15", "143"]


def test_the_permission_ends_with_the_block() -> None:
    """Behind the block, also behind one that failed, a signal is noted again and does not raise."""
    script = """
try:
    with interruptible():
        raise ValueError
except ValueError:
    signal.raise_signal(signal.SIGINT)
    print("finished", noted())
"""
    assert told(script) == "finished 2"


def test_without_a_signal_nothing_is_noted() -> None:
    """A block without a signal is a block like any other."""
    assert told("with interruptible():\n    print(noted())") == "None"


def test_a_signal_wakes_main_out_of_a_queue() -> None:
    """Main that waits in `get` for what never comes is woken by Ctrl-C."""
    script = """
from queue import Queue
try:
    with interruptible():
        print("waiting", flush=True)
        Queue().get()
except Interrupted as error:
    print(error.exit_code)
"""
    with started([sys.executable, "-c", BEGIN + script]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE_S)[0] == b"130\n"


def test_the_second_signal_means_now(tmp_path: Path) -> None:
    """It unlinks the temporary files, also if some do not exist, and the process leaves with 128 and the signal's number."""
    temporary, kept = tmp_path / "temporary", tmp_path / "kept"
    temporary.touch()
    kept.touch()
    script = """
unlink_on_second(lambda: (sys.argv[1] + "-missing", sys.argv[1]))
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
with lock:
    signal.raise_signal(signal.SIGINT)
    time_s += SECOND_AFTER_S
    signal.raise_signal(signal.SIGINT)
"""
    assert python(script).returncode == 130


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """`timeout` signals a program and at once its whole group: that is no second signal, and the report is written."""
    script = """
signal.raise_signal(signal.SIGTERM)
time_s += SECOND_AFTER_S / 2
signal.raise_signal(signal.SIGTERM)
print("finished", noted())
"""
    assert told(script) == "finished 15"


@pytest.mark.parametrize("name", ["HUP", "INT"])
def test_what_is_ignored_stays_ignored(name: str) -> None:
    """Under `nohup`, or in the background of a shell, the program is not ended by what it was told to ignore."""
    script = BEGIN + f"signal.raise_signal(signal.SIG{name})\nprint(noted())"
    command = ["sh", "-c", f'trap \'\' {name}; exec "$0" -c "$1"', sys.executable, script]
    assert subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=True).stdout == "None\n"


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and end it whatever happens."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_during_a_run_gives_the_report_of_what_was_read(tmp_path: Path) -> None:
    """A source that goes silent does not hold the program: it ends with 130, and the report says that it is partial."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "logproc", "analyze", str(pipe), "--output", "json"]
    with started(command) as process, pipe.open("wb", buffering=0) as writer:  # opening blocks until the reader opens it
        writer.write(LINE)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE_S)
    report = json.loads(output)
    assert process.returncode == 130
    assert (report["complete"], report["sources"][0]["state"]) == (False, "interrupted")
    assert b"Traceback" not in errors


def test_a_write_that_nobody_takes_is_given_up_some_time_after_the_signal() -> None:
    """In `bounded` a signal does not raise at once, but main that is stuck in a full pipe is woken in the end."""
    script = """
import os
from logproc.threads.signals import bounded
outlet, inlet = os.pipe()
try:
    with bounded():
        signal.raise_signal(signal.SIGTERM)
        print("going on")
        os.write(inlet, bytes(1 << 20))
except Interrupted as error:
    print(error.exit_code)
print(signal.getitimer(signal.ITIMER_REAL)[0])
"""
    assert told(script).splitlines() == ["going on", "143", "0.0"]


def test_what_is_done_in_time_is_not_given_up() -> None:
    """A block that ends soon after a signal, or that begins after it, is a block like any other."""
    script = """
from logproc.threads.signals import bounded
with bounded():
    signal.raise_signal(signal.SIGTERM)
with bounded():
    print("written", noted(), signal.getitimer(signal.ITIMER_REAL)[0] > 0)
"""
    assert told(script) == "written 15 True"


def test_the_time_that_is_left_after_a_signal_is_bounded_for_all_waits_together() -> None:
    """A wait that begins when the grace is over is given the least of it, and `least_s` can be more."""
    script = """
from logproc.threads.signals import GRACE_S, LEAST_GRACE_S, bounded
signal.raise_signal(signal.SIGTERM)
time_s += 10 * GRACE_S
for least_s in (LEAST_GRACE_S, 30.0):
    with bounded(least_s):
        print(0 < signal.getitimer(signal.ITIMER_REAL)[0] <= least_s, signal.getitimer(signal.ITIMER_REAL)[0] > least_s / 2)
"""
    assert told(script).split() == ["True"] * 4
