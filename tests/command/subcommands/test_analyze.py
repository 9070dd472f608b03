"""Unit tests of the decisions behind `logproc analyze`: exit codes, diagnostics, colours, outputs."""

from __future__ import annotations

import io
import os
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from logproc.command.exit_codes import EXIT_ORDER, judged
from logproc.command.outputs import Outputs, check_outputs, keep_sources
from logproc.command.subcommands.analyze import look_of, read_headers, write_reports
from logproc.command.subcommands.diagnostics import report_cause, report_sources
from logproc.command.terminal.screen import Screen
from logproc.model.errors import InternalError, Interrupted, LogprocError, OutputError, UsageError
from logproc.model.snapshot import Snapshot
from logproc.model.source import State
from logproc.pipeline.serial import Run
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from logproc.threads.pool import WorkerFailed
from logproc.threads.spool import Spool
from tests.support import logs
from tests.support.chunks_of import chunk_of
from tests.support.reports_of import sources_of

CONTENT = logs.log(20, damaged=0.5, seed=4)


class Terminal(io.TextIOWrapper):
    """A text stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def stream(kind: type[io.TextIOWrapper] = io.TextIOWrapper, encoding: str = "utf-8") -> io.TextIOWrapper:
    """Return a text stream into memory."""
    return kind(io.BytesIO(), encoding=encoding)


def written(text: TextIO | None) -> str:
    assert isinstance(text, io.TextIOWrapper)
    assert isinstance(text.buffer, io.BytesIO)
    text.flush()
    return text.buffer.getvalue().decode(text.encoding)


def screen(stdout: TextIO | None = None, environ: dict[str, str] | None = None, **knobs: Any) -> Screen:
    return Screen(stdout or stream(), stream(), Settings(**knobs), environ or {})


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Return the snapshot of a run over a file with damaged lines, an empty file, and a missing one."""
    (tmp_path / "a.log").write_bytes(CONTENT)
    (tmp_path / "b.log").touch()
    return run_threaded(sources_of(*(tmp_path / name for name in ("a.log", "b.log", "c.log"))), Settings()).snapshot


@pytest.mark.parametrize(
    ("is_terminal", "environ", "color", "expected"),
    [
        *((True, {"TERM": term}, "auto", True) for term in ("xterm", "xterm-256color", "linux", "screen.xterm", "ansi", "new")),
        *((True, {"TERM": term}, "auto", False) for term in ("", "dumb", "DUMB", "unknown", "vt100", "vt220", "xterm-mono")),
        (True, {}, "auto", False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, "auto", False),
        (True, {"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1", "FORCE_COLOR": "1"}, "auto", False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, "auto", True),
        (False, {"TERM": "xterm", "CLICOLOR_FORCE": "1", "FORCE_COLOR": "1"}, "auto", True),
        (False, {"FORCE_COLOR": "1"}, "auto", True),
        (False, {"FORCE_COLOR": "3", "TERM": "dumb"}, "auto", True),
        (False, {"CLICOLOR_FORCE": "1"}, "auto", True),
        (False, {"CLICOLOR_FORCE": "0"}, "auto", False),
        (False, {"CLICOLOR_FORCE": "", "FORCE_COLOR": ""}, "auto", False),
        (False, {"CLICOLOR_FORCE": "1", "FORCE_COLOR": "0"}, "auto", False),
        (False, {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, "auto", False),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": ""}, "auto", True),
        (False, {"FORCE_COLOR": "1"}, "never", False),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, "always", True),
        (True, {"TERM": "vt100", "FORCE_COLOR": "1"}, "auto", True),
        (True, {"TERM": "xterm", "FORCE_COLOR": "0"}, "auto", False),
        (True, {"TERM": "xterm", "FORCE_COLOR": "false"}, "auto", False),
        *((True, {"TERM": term, "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, "auto", False) for term in ("", "dumb")),
        (False, {}, "auto", False),
        (False, {"NO_COLOR": "1"}, "always", True),
        (True, {}, "never", False),
    ],
)
def test_colours(is_terminal: bool, environ: dict[str, str], color: str, expected: bool) -> None:
    """--color decides, then NO_COLOR, then FORCE_COLOR, then CLICOLOR_FORCE, then whether there is a terminal with colours."""
    out = stream(Terminal if is_terminal else io.TextIOWrapper)
    assert screen(environ=environ, color=color).colors(out) is expected
    assert screen(environ=environ).colors(None) is False


@pytest.mark.parametrize(
    ("out", "columns", "expected"),
    [("pipe", None, 120), ("pipe", "90", 90), ("terminal", "90", 90), ("no terminal", None, 100)],
)
def test_a_piped_report_is_as_wide_as_the_terminal_of_stderr(
    out: str, columns: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COLUMNS first; else the terminal where the user sees errors is probably where the report is read, too."""
    environ = {} if columns is None else {"COLUMNS": columns}
    monkeypatch.delenv("COLUMNS", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    main, terminal = os.openpty()
    try:
        termios.tcsetwinsize(terminal, (24, 120))
        with open(terminal, "w", closefd=False) as err:
            shown = Screen(
                stream(Terminal) if out == "terminal" else stream(io.TextIOWrapper),
                stream(io.TextIOWrapper) if out == "no terminal" else err,
                Settings(),
                environ,
            )
            assert shown.columns == look_of(shown, to_stdout=True).columns == expected
            assert look_of(shown, to_stdout=False).columns == 100
    finally:
        os.close(main)
        os.close(terminal)


@pytest.mark.parametrize(
    ("parts", "encoding", "expected"),
    [
        (("a.log", "no such file", "check the path"), "utf-8", "logproc: a.log: no such file: check the path\n"),
        (("a.log", "no such file", ""), "utf-8", "logproc: a.log: no such file\n"),
        (("one\ntwo\x1b[31m", "é"), "utf-8", "logproc: one\\x0atwo\\x1b[31m: é\n"),
        (("", "é"), "ascii", "logproc: \\xe9\n"),
    ],
)
def test_a_diagnostic_is_one_harmless_line(parts: tuple[str, str], encoding: str, expected: str) -> None:
    """A diagnostic is always one line that the stream can show, without empty parts."""
    to = Screen(None, stream(encoding=encoding), Settings())
    to.say(*parts)
    assert written(to.stderr) == expected


def test_a_closed_stderr_is_not_an_error() -> None:
    """A missing or closed stderr raises nothing."""
    closed = stream()
    closed.close()
    Screen(None, None, Settings()).say("", "nobody")
    Screen(None, closed, Settings()).say("", "nobody")


HEADERS: list[tuple[list[str], dict[str, str], dict[str, str] | str]] = [
    ([], {}, {}),
    (["Cookie: env:JAR"], {"JAR": "a=b"}, {"Cookie": "a=b"}),
    ([" X-Key :env:KEY", "Accept: env:ACCEPT"], {"KEY": "k", "ACCEPT": "*/*"}, {"X-Key": "k", "Accept": "*/*"}),
    (
        ["a.example X-Key: env:KEY", "b:80  X-Key : env:ACCEPT"],
        {"KEY": "k", "ACCEPT": "*"},
        {"a.example X-Key": "k", "b:80 X-Key": "*"},
    ),
    (
        ["https://a.example X-Key: env:KEY", "[::1]:80 Key: env:KEY"],
        {"KEY": "k"},
        {"https://a.example X-Key": "k", "[::1]:80 Key": "k"},
    ),
    (["Cookie a=b: env"], {}, "^--header: its value must come from a variable"),
    (["a.example Cookie: a=b"], {}, "^--header: its value must come from a variable"),
    (["Cookie: a=b"], {}, "its value must come from a variable"),
    (["Cookie"], {}, "its value must come from a variable"),
    (["Cookie: env:"], {}, "its value must come from a variable"),
    (["Cookie: env:JAR"], {}, "the variable JAR is not set"),
]


@pytest.mark.parametrize(("given", "environ", "expected"), HEADERS)
def test_headers_come_from_variables(given: list[str], environ: dict[str, str], expected: dict[str, str] | str) -> None:
    """A header's value comes from a variable, never from the command line; the error does not repeat it."""
    if isinstance(expected, dict):
        assert read_headers(given, environ) == expected
        return
    with pytest.raises(UsageError, match=expected) as caught:
        read_headers(given, environ)
    assert "a=b" not in str(caught.value)


def test_the_order_of_exit_codes_is_the_documented_one() -> None:
    """If several codes apply: 70, 129 to 152, 141, 4, 2, 5, 3, 6, 1, 0."""
    assert EXIT_ORDER == (70, 129, 130, 143, 152, 141, 4, 2, 5, 3, 6, 1)


CAUSES: list[tuple[BaseException, int, str]] = [
    (Interrupted(2), 130, "interrupted by SIGINT"),
    (Interrupted(15), 143, "interrupted by SIGTERM"),
    (KeyboardInterrupt(), 130, ""),
    (InternalError("cannot start threads", "allow more"), 70, "cannot start threads: allow more"),
    (WorkerFailed(chunk_of(CONTENT), ValueError("x")), 70, r"internal error at .*a.log, lines 1-\d+: ValueError('x')"),
    (WorkerFailed(chunk_of(CONTENT), OutputError("full", "x")), 4, "full: x"),
    (WorkerFailed(chunk_of(CONTENT), MemoryError()), 70, "out of memory: lower --memory"),
    (MemoryError(), 70, "out of memory: lower --memory"),
    (BrokenPipeError(), 141, ""),
    (ValueError("x"), 70, "internal error"),
]


@pytest.mark.parametrize(("cause", "code", "message"), CAUSES, ids=lambda value: type(value).__name__)
def test_the_cause_of_an_early_end_is_reported(cause: BaseException, code: int, message: str, tmp_path: Path) -> None:
    """Each cause has its exit code and one line; only --debug shows a traceback."""
    (tmp_path / "a.log").touch()
    to = screen()
    assert report_cause(cause, sources_of(tmp_path / "a.log"), to, debug=False) == code
    assert written(to.stderr).count("\n") == (1 if message else 0)
    assert message.partition(r".*")[0] in written(to.stderr)
    assert "Traceback" not in written(to.stderr)
    if not isinstance(cause, LogprocError):
        report_cause(cause, (), to, debug=True)
        assert type(cause).__name__ in written(to.stderr)


def test_what_is_odd_is_said_on_stderr(snapshot: Snapshot) -> None:
    """Reasons, notes and the number of rejected lines go to stderr. For the exceptions see test_screen."""
    to = screen(output="json")
    report_sources(snapshot, to)
    said = written(to.stderr).splitlines()
    assert [line.rpartition("/")[2].partition(":")[0] for line in said[:2]] == ["b.log", "c.log"]
    assert said[2].startswith(f"logproc: {snapshot.account.rejected} of {snapshot.account.lines} lines rejected: ")
    assert len(said) == 3


@pytest.mark.parametrize(
    ("strict", "codes"),
    [((), {0, 1}), (("no-rejects",), {0, 1, 5}), (("no-notes",), {0, 1, 5}), (("no-rejects", "no-notes"), {0, 1, 5})],
)
def test_strict_rules(strict: Any, codes: set[int], snapshot: Snapshot) -> None:
    """A broken rule adds 5 to the codes of the sources."""
    assert judged(snapshot, Settings(strict=strict)) == codes


def test_nothing_read_is_3(tmp_path: Path) -> None:
    """If every source failed the code is 3; a skipped source did not fail."""
    (tmp_path / "a.log").touch()
    failed = run_threaded(sources_of(tmp_path / "missing"), Settings()).snapshot
    skipped = run_threaded(sources_of(tmp_path / "a.log", tmp_path / "a.log"), Settings()).snapshot
    assert 3 in judged(failed, Settings())
    assert skipped.sources[1].state is State.SKIPPED
    assert judged(skipped, Settings()) == {0}


@pytest.fixture
def spool() -> Iterator[Spool]:
    """Yield a spool with two pieces in the wrong order."""
    with Spool() as spool:
        spool.add((1, 0), b"second\n")
        spool.add((0, 0), b"first\n")
        yield spool


def test_reports_go_where_they_were_asked_for(snapshot: Snapshot, spool: Spool, tmp_path: Path) -> None:
    """Stdout, each file and the rejected lines are written."""
    to = screen(output="csv")
    outputs = Outputs([str(tmp_path / "x.json"), str(tmp_path / "x.txt")], str(tmp_path / "rejects"))
    assert write_reports(Run(snapshot), to, outputs, spool) == []
    assert written(to.stdout).startswith("panel,")
    assert (tmp_path / "x.json").read_text().startswith('{"schema": 1')
    assert "records" in (tmp_path / "x.txt").read_text()
    assert (tmp_path / "rejects").read_text() == "first\nsecond\n"


def test_a_report_that_fails_is_reported_and_the_others_are_written(snapshot: Snapshot, tmp_path: Path) -> None:
    """A closed stdout and a missing folder are one error each; the other outputs are written."""
    to = Screen(None, stream(), Settings(output="json"))
    outputs = Outputs([str(tmp_path / "gone" / "x.json"), str(tmp_path / "x.json")])
    failures = write_reports(Run(snapshot), to, outputs, None)
    assert [str(failure)[:13] for failure in failures] == ["cannot write "] * 2
    assert (tmp_path / "x.json").exists()


def test_outputs_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    """Two outputs in one file, or one over a source, are refused whatever their paths; a device may be given twice."""
    (tmp_path / "a.log").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="two outputs go to one file"):
        check_outputs(Outputs([str(tmp_path / "x.json")], str(tmp_path / "link" / "x.json")))
    with pytest.raises(UsageError, match="would be read and overwritten"):
        keep_sources(sources_of(tmp_path / "a.log"), Outputs((), str(tmp_path / "link" / "a.log")))
    check_outputs(Outputs((), os.devnull))
    keep_sources(sources_of("-", tmp_path / "a.log"), Outputs([str(tmp_path / "x.json")], os.devnull))
