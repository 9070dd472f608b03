"""`logproc detect` shows which format a file has, and why."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

from logproc.command.detect import explain
from logproc.settings import Settings
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.reports_of import stdin


def explained(*paths: Path) -> list[tuple[str, bool]]:
    return list(explain([str(path) for path in paths], Settings()))


def test_candidates_shares_and_the_first_misfit_are_shown(tmp_path: Path) -> None:
    """The format, how many lines fit it, its fields, and the first line that does not fit, with its number."""
    path = tmp_path / "a.log"
    path.write_bytes(logs.line() + b"\n\nwhat is this\n" + logs.line() + b"\n")
    ((text, failed),) = explained(path)
    assert not failed
    lines = text.splitlines()
    assert lines[0] == f"{path}: combined"
    assert lines[1].split() == ["66.7%", "combined"]
    assert "  of the first 3 lines" in lines
    assert any(line.startswith("  fields: client, user, time") for line in lines)
    assert lines[-1] == "  line 3 does not fit combined: what is this"


def test_files_that_cannot_be_examined_are_reported(tmp_path: Path) -> None:
    """A missing, a binary and an empty file each get a line; the others are unaffected."""
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "plain").write_bytes(b"just words\n")
    found = explained(tmp_path / "missing", tmp_path / "binary", tmp_path / "empty", tmp_path / "plain")
    assert [failed for _, failed in found] == [True, True, False, False]
    assert "no such file" in found[0][0]
    assert "looks binary" in found[1][0]
    assert "no line to examine" in found[2][0]
    assert found[3][0].startswith(f"{tmp_path}/plain: plain\n  no known format fits any line")


def test_standard_input_a_fifo_and_a_url_can_be_examined(tmp_path: Path) -> None:
    """Where a log comes from makes no difference."""
    content = logs.log(300)
    path, fifo = tmp_path / "a.log", tmp_path / "fifo"
    path.write_bytes(content)
    os.mkfifo(fifo)
    writer = Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    ((expected, _),) = explained(path)
    with FaultServer() as server, stdin(path):
        url = server.on("/log", Answer(content)).url("/log")
        found = list(explain(["-", str(fifo), url], Settings()))
        (failed,) = explain([server.url("/missing")], Settings())
    writer.join()
    assert failed[1]
    assert "404" in failed[0]
    assert found == [(expected.replace(str(path), name, 1), False) for name in ("-", str(fifo), url)]


def test_no_control_byte_of_a_log_reaches_the_terminal(tmp_path: Path) -> None:
    """The quoted line is escaped."""
    path = tmp_path / "a.log"
    path.write_bytes(logs.line() + b"\n\x1b[31mred\n")
    ((text, _),) = explained(path)
    assert "\x1b" not in text
    assert r"\x1b[31mred" in text
