"""The program's log: level, format, thread and source of a record, and that logging never blocks the run."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest

from logproc.command.terminal import log as program_logs
from logproc.model.source import source_name
from logproc.settings import Settings
from tests.faults.fault import in_process
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import analyze, ended, started

LOGGER = logging.getLogger("logproc.tests")


@pytest.fixture(autouse=True)
def no_handler() -> Iterator[None]:
    """Remove the handler that a test has set up."""
    yield
    program_logs.forget()


def configured(*, color: bool = False, **options: Any) -> list[str]:
    """Configure the log to append its lines to a list, and return the list."""
    lines: list[str] = []
    program_logs.configure(Settings(**options), lines.append, color=color)
    return lines


def test_a_record_is_one_json_line() -> None:
    """As JSON a record has its message, level, time, logger, thread and extra fields."""
    lines = configured(log_level="info", log_format="json")
    LOGGER.info("source %s", "ended", extra={"lines": 7})
    (line,) = lines
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "source ended", "level": "info", "lines": 7, "logger": "logproc.tests", "thread": "MainThread"}


@pytest.mark.parametrize(("least", "written"), [("debug", 4), ("info", 3), ("warning", 0), ("error", 0)])
def test_what_is_below_the_level_is_not_written(least: str, written: int) -> None:
    """Records of at least the level are written; none by default, because diagnostics report problems."""
    lines = configured(log_level=least)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        LOGGER.log(level, "a record")
    assert len(lines) == written


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("shape", ["console", "json"])
def test_what_a_log_says_does_no_harm(shape: str, color: bool) -> None:
    """Fields and tracebacks with control characters are written on one line, escaped."""
    lines = configured(log_level="info", log_format=shape, color=color)
    error = ValueError("\x1b[5mred")
    LOGGER.error("\x1b[5mended", exc_info=error, extra={"reason": "first\n\x1b[5msecond", "names": ["\x1b[5m"]})
    assert len(lines) == 1
    assert "\x1b[5m" not in lines[0]
    assert "\n" not in lines[0]
    assert "ValueError" in lines[0]


def test_the_source_is_bound_in_its_thread_alone() -> None:
    """Each thread logs its own source."""
    lines = configured(log_level="info", log_format="json")

    def work(name: str) -> None:
        source_name.set(name)
        LOGGER.info("at work")

    for name in ("a.log", "b.log"):
        thread = Thread(target=work, args=(name,), name=f"reader of {name}")
        thread.start()
        thread.join()
    LOGGER.info("at work")
    found = [json.loads(line) for line in lines]
    assert [(event["thread"], event.get("source")) for event in found] == [
        *(("reader of a.log", "a.log"), ("reader of b.log", "b.log")),
        ("MainThread", None),
    ]


def test_a_line_that_cannot_be_written_ends_nothing() -> None:
    """A line that cannot be written is lost, and the run continues."""

    def write(_line: str) -> None:
        raise OSError("gone")

    program_logs.configure(Settings(log_level="info"), write, color=False)
    LOGGER.error("nobody hears this")


def test_a_thread_that_is_stuck_in_a_write_holds_up_no_other() -> None:
    """While one thread is blocked writing to stderr, the others can still log."""
    stuck, go_on = Event(), Event()
    lines: list[str] = []

    def write(line: str) -> None:
        if "first" in line:
            stuck.set()
            go_on.wait(30)
        lines.append(line)

    program_logs.configure(Settings(log_level="info"), write, color=False)
    thread = Thread(target=LOGGER.info, args=("first",))
    thread.start()
    try:
        assert stuck.wait(30)
        LOGGER.info("second")
        assert len(lines) == 1
    finally:
        go_on.set()
        thread.join()


def test_a_library_writes_nothing_by_itself() -> None:
    """A program that uses logproc and does not configure logging gets nothing on stderr."""
    script = "import logging; from logproc import analyze; logging.getLogger('logproc.sources').error('nobody asked for this')"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (run.stdout, run.stderr) == (b"", b"")


def test_a_program_gets_the_records_of_the_library(caplog: pytest.LogCaptureFixture) -> None:
    """The records come from loggers below `logproc`."""
    with caplog.at_level(logging.DEBUG, "logproc"):
        LOGGER.debug("source opened")
    assert [(record.name, record.message) for record in caplog.records] == [("logproc.tests", "source opened")]


@pytest.mark.parametrize(("level", "expected"), [("warning", False), ("info", True)])
def test_structlog_is_imported_only_for_a_log_that_is_written(level: str, expected: bool) -> None:
    """A run with the default level does not import it."""
    script = (
        "import sys; from logproc import settings; from logproc.command.terminal import log as logs;"
        f"logs.configure(settings.Settings(log_level={level!r}), print, color=False); print('structlog' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == f"{expected}\n"


def test_the_reader_of_a_source_tells_its_events(tmp_path: Path) -> None:
    """Each source is logged as opened and ended by the thread that reads it, with its name."""
    for name, count in (("a.log", 10), ("b.log", 11)):
        (tmp_path / name).write_bytes(logs.log(count))
    run = analyze("a.log", "b.log", "--log-level", "debug", "--log-format", "json", cwd=tmp_path)
    found = [json.loads(line) for line in run.stderr.splitlines()]
    assert {(event["event"], event["source"]) for event in found} == {
        (event, source) for event in ("source opened", "source ended") for source in ("a.log", "b.log")
    }
    assert all(event["thread"].startswith("reader-") for event in found)


AS_JSON = ("--log-format", "json")
SAID: list[tuple[list[str], int, dict[str, str]]] = [
    (
        ["good.log"],
        0,
        {"event": "2 of 12 lines rejected: 2 no-match", "hint": "--rejects FILE writes them", "level": "warning"},
    ),
    (["missing.log"], 3, {"event": "no such file", "source": "missing.log", "level": "error"}),
    (["empty.log"], 0, {"event": "empty", "source": "empty.log", "level": "warning"}),
    (["good.log", "--where", "statu == 5"], 2, {"event": "no source has a field 'statu'", "level": "error"}),
    (
        ["good.log", "--header", "Cookie: env:JAR"],
        2,
        {"event": "--header Cookie: the variable JAR is not set", "hint": "export it first"},
    ),
    (["good.log", "-o", "missing/x.json"], 4, {"event": "cannot write missing/x.json", "level": "error"}),
    (["good.log", "--debug", "--where", "statu == 5"], 2, {"level": "error"}),
    (["good.log", "--log-level", "debug"], 0, {"event": "source opened", "source": "good.log", "level": "debug"}),
]
"""Arguments, the exit code, and how the members of one line begin."""


@pytest.mark.parametrize(("arguments", "code", "expected"), SAID)
def test_each_line_of_stderr_is_json(arguments: list[str], code: int, expected: dict[str, str], tmp_path: Path) -> None:
    """With --log-format json, notes, hints and errors are objects with level, event and timestamp."""
    (tmp_path / "good.log").write_bytes(logs.log(10) + b"odd\nodd\n")
    (tmp_path / "empty.log").touch()
    run = analyze(*arguments, *AS_JSON, cwd=tmp_path)
    said = [json.loads(line) for line in run.stderr.splitlines()]
    assert run.code == code
    assert all(set(line) >= {"level", "event", "timestamp"} for line in said)
    assert any(all(str(line.get(name)).startswith(value) for name, value in expected.items()) for line in said), said


def test_an_interrupt_is_said_as_json(tmp_path: Path) -> None:
    """An interrupt is one JSON line, and so are messages during a wait."""
    os.mkfifo(tmp_path / "fifo")
    with started("analyze", "fifo", *AS_JSON, cwd=tmp_path) as process:
        assert process.stderr
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        run = ended(process)
    said = [json.loads(line) for line in [first.decode(), *run.stderr.splitlines()]]
    assert (said[0]["source"], said[0]["level"]) == ("fifo", "info")
    assert said[-1]["event"] == "interrupted by SIGINT" or said[1]["event"] == "interrupted by SIGINT"
    assert run.code == 130


def test_an_internal_error_is_said_as_json() -> None:
    """With --debug the traceback is a member of a JSON object."""
    with patch("logproc.command.subcommands.analyze.run_threaded", side_effect=ValueError("\x1b[5m")):
        run = in_process("analyze", os.devnull, "--debug", "--log-format", "json")
    traced, said = (json.loads(line) for line in run.stderr.splitlines())
    assert run.code == 70
    assert "Traceback" in traced["exception"]
    assert said["event"].startswith("internal error: ValueError")


@pytest.mark.parametrize(
    ("arguments", "variables", "event"),
    [
        (["analyze", "--log-format", "json"], {}, "no source is named"),
        (["analyze", "--log-format=json", "x", "--no-such"], {}, "no such option --no-such"),
        (["analyze", "x", "--log-format", "json", "--top", "many"], {}, "--top 'many' is not a whole number"),
        (["analyse", "x"], {"LOGPROC_LOG_FORMAT": "json"}, "no such command or file 'analyse'"),
        (["analyze", "x", "--config", "json.toml"], {}, "out of memory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_before_the_run_is_said_as_json(
    arguments: list[str], variables: dict[str, str], event: str, tmp_path: Path
) -> None:
    """An error in the command line, or too little memory for the libraries, is one JSON object with a hint, too."""
    (tmp_path / "json.toml").write_text("log-format = 'json'")
    with chdir(tmp_path), patch("resource.getrlimit", return_value=(1 << 20, 1 << 20)):
        run = in_process(*arguments, variables=variables)
    said = json.loads(run.stderr)
    assert (said["event"], said["level"]) == (event, "error")
    assert said["hint"]


def test_the_last_log_format_wins() -> None:
    """If the option is repeated, an error of the command line has the last format, as the run would have."""
    run = in_process("analyze", "--log-format", "json", "--log-format", "console", variables={"LOGPROC_LOG_FORMAT": "json"})
    assert run.stderr.startswith("logproc: no source is named")


def test_a_retry_is_an_event(tmp_path: Path) -> None:
    """A retry is logged at level info or above, and is not a diagnostic."""
    with FaultServer() as server:
        server.on("/log", Answer(status="503 Service Unavailable", headers={"Retry-After": "0"}), Answer(logs.log(5)))
        run = analyze(server.url("/log"), "--log-level", "info", "--log-format", "json", cwd=tmp_path)
    assert run.code == 0
    assert any("retry 1/3" in json.loads(line)["event"] for line in run.stderr.splitlines())
