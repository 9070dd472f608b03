"""`logproc show` as a process: outputs that end early, fail or block, and options that make no sense."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support import logs
from tests.support.processes import ended, logproc, shell, started

CONTENT = logs.log(300, seed=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(CONTENT)
    return path


def test_it_equals_grep(path: Path) -> None:
    """The lines of an access log that match are those that grep finds; `--count` is their number."""
    expected = subprocess.run(["grep", "-aE", '" 5[0-9][0-9] '], input=CONTENT, stdout=subprocess.PIPE, check=True).stdout
    run = logproc("show", path, "--where", "status >= 500")
    assert (run.code, run.stdout, run.stderr) == (0, expected, "")
    assert logproc("show", path, "--where", "status >= 500", "--count").stdout == b"%d\n" % expected.count(b"\n")


def test_stdin_is_written_as_it_comes(path: Path) -> None:
    """Without options it prints the log."""
    with path.open("rb") as file:
        run = logproc("show", stdin=file)
    assert (run.code, run.stdout, run.stderr) == (0, CONTENT, "")


def endless(descriptor: int) -> None:
    """Write a log without an end until nobody reads it."""
    try:
        while True:
            os.write(descriptor, CONTENT)
    except OSError:
        os.close(descriptor)


@pytest.mark.parametrize(("options", "code"), [((), 141), (("-n", "3"), 0)])
def test_an_endless_pipe_ends_with_its_reader(options: tuple[str, ...], code: int) -> None:
    """`| head` ends the run at once and in silence, and so does `-n`."""
    inlet, outlet = os.pipe()
    with started("show", *options, stdin=inlet) as process:
        os.close(inlet)
        writer = threading.Thread(target=endless, args=(outlet,))
        writer.start()
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == CONTENT.splitlines(keepends=True)[0]
        process.stdout.close()
        assert process.wait(30) == code
        assert process.stderr.read() == b""
        writer.join(30)
        assert not writer.is_alive()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_whose_output_nobody_reads(number: signal.Signals) -> None:
    """The writer is blocked on a full pipe; the process ends all the same."""
    inlet, outlet = os.pipe()
    with started("show", "-", stdin=inlet) as process:
        os.close(inlet)
        writer = threading.Thread(target=endless, args=(outlet,))
        writer.start()
        assert process.stdout
        assert process.stdout.read(10) == CONTENT[:10]
        process.send_signal(number)
        assert process.wait(30) == 128 + number
        process.stdout.close()
        writer.join(30)


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    """With `-o`, a run that did not end changes nothing, and leaves no other file."""
    target = tmp_path / "out.log"
    target.write_bytes(b"old\n")
    inlet, outlet = os.pipe()
    with started("show", "-", "-o", target, stdin=inlet) as process:
        os.close(inlet)
        os.write(outlet, CONTENT)
        while len(list(tmp_path.iterdir())) < 2:
            assert process.poll() is None
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        assert ended(process).code == 130
        os.close(outlet)
    assert target.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_said(path: Path) -> None:
    """A write that fails ends the run with one line."""
    for run in (shell('"$@" > /dev/full', "show", path), logproc("show", path, "-o", "/dev/full", "--output", "lines")):
        assert run.code == 4
        assert run.stderr.count("\n") == 1
        assert "no space left" in run.stderr


def test_few_descriptors(tmp_path: Path) -> None:
    """Sources one after the other need few; what merging needs is said, not waited for."""
    for number in range(40):
        (tmp_path / f"{number:02}.log").write_bytes(CONTENT)
    run = shell('ulimit -n 40; "$@"', "show", "-r", tmp_path, "--quiet")
    assert (run.code, run.stdout) == (0, CONTENT)  # the others are copies
    for number in range(40):
        (tmp_path / f"{number:02}.log").write_bytes(logs.log(9, seed=number))
    run = shell('ulimit -n 40; "$@"', "show", "-r", tmp_path)
    assert (run.code, run.stdout) == (0, b"".join(logs.log(9, seed=number) for number in range(40)))
    run = shell('ulimit -n 40; "$@"', "show", "-r", tmp_path, "--merge")
    assert (run.code, run.stdout) == (2, b"")
    assert "ulimit -n" in run.stderr


def test_a_source_that_fails_is_said_after_the_first_records(path: Path) -> None:
    """`-n` ends a run early, but a file that is missing is still an error."""
    run = logproc("show", path.with_name("missing.log"), path, "-n", "1")
    assert (run.code, run.stdout) == (1, CONTENT.splitlines(keepends=True)[0])
    assert "missing.log" in run.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--where", "statos >= 500"), "did you mean 'status'"),
        (("-o", "x.xyz"), "no format has this ending"),
        (("--tail", "0"), "--tail"),
        (("-n", "1", "--tail", "1"), "contradict"),
        (("-C", "1", "--merge"), "-C"),
        (("--count", "-o", "x.log"), "--count"),
        (("--follow", "-o", "x.log"), "> FILE"),
        (("--output", "parquet"), "needs a name"),
        (("--partition", "day"), "Parquet"),
        (("--partition", "day", "--output", "parquet", "-o", "x", "--fields", "status"), "add time to --fields"),
        (("--anonymize",), "--anonymize"),
    ],
)
def test_options_that_make_no_sense(options: tuple[str, ...], word: str, path: Path) -> None:
    """Each is refused with what to do."""
    run = logproc("show", path, *options, cwd=path.parent)
    assert (run.code, run.stdout) == (2, b"")
    assert word in run.stderr


def test_a_record_that_may_go_on_is_shown_at_once(tmp_path: Path) -> None:
    """A followed log with traces: a new record comes within a second, and its further lines when they are written."""
    log = tmp_path / "app.log"
    log.write_text("2026-03-07 10:00:00,000 - shop - INFO - started\n")
    with started("show", "-f", str(log), "--where", "level >= error") as process:
        assert process.stdout is not None
        time.sleep(1)  # it has caught up: what is there does not match
        with log.open("a") as file:
            file.write("2026-03-07 10:00:01,000 - shop - ERROR - refused\n")
            file.flush()
            assert process.stdout.readline().endswith(b"refused\n")
            file.write('Traceback (most recent call last):\n  File "a.py", line 1, in run\n')
            file.flush()
            assert process.stdout.readline().startswith(b"Traceback")
            assert process.stdout.readline().startswith(b"  File")
        process.terminate()
        process.communicate()


def test_following_only_a_pipe_ends_with_it(path: Path) -> None:
    """There is nothing else that could come."""
    with path.open("rb") as file:
        found = logproc("show", "-f", "-", "-q", stdin=file)
    assert (found.code, found.stdout) == (0, CONTENT)


def test_a_misspelt_field_of_a_followed_log_is_refused(path: Path) -> None:
    """It would be absent for ever."""
    found = logproc("show", "-f", str(path), "--fields", "time,statsu")
    assert found.code == 2
    assert "did you mean 'status'?" in found.stderr


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["-C", "1", "--output", "json"], "leave out --output json"),
        (["-C", "1", "-n", "2", "--merge", "--fields", "time"], "leave out -n, --merge and --fields"),
        (["-C", "1", "-o", "x.csv"], "leave out -o x.csv"),
        (["--count", "-C", "0"], "leave out -C"),
    ],
)
def test_what_contradicts_an_option_is_named(path: Path, options: list[str], hint: str) -> None:
    """Only what was given, not all that might have been."""
    run = logproc("show", path, *options)
    assert run.code == 2
    assert run.stderr.endswith(f": {hint}\n")


def test_a_misspelt_field_is_noticed_also_after_enough_records(tmp_path: Path) -> None:
    """A log of JSON may have any field, so it is an error only after the whole log; before that, a warning."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"time":"2026-03-07T10:00:00Z","level":"info","msg":"a"}\n' * 9)
    run = logproc("show", path, "--fields", "levle", "-n", "2")
    warning = "no record that was read has a field 'levle': did you mean 'level'?"
    assert (run.code, run.stdout, run.stderr) == (0, b"-\n-\n", f"logproc: {warning}\n")
    assert logproc("show", path, "--fields", "level", "-n", "2").stderr == ""


LEFT_BEHIND = """
import sys
from logproc.command import cli
from logproc.reports.output import known_temporaries, temporaries
from logproc.threads.signals import unlink_on_second

def run(arguments):
    unlink_on_second(known_temporaries)
    temporaries.add(arguments[0])
    open(arguments[0], "w").close()
    return 130

cli.run = run
cli.main()
"""


def test_what_a_thread_had_begun_to_write_is_removed(tmp_path: Path) -> None:
    """A thread that does not end in time leaves its temporary file; the process removes it when it leaves."""
    with started(tmp_path / "begun.tmp", python=[sys.executable, "-c", LEFT_BEHIND]) as process:
        assert ended(process).code == 130
    assert not list(tmp_path.iterdir())
