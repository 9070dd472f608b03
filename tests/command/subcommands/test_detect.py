"""`logproc detect` shows which format a file has, and why."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

from logproc.command.subcommands.detect import explain
from logproc.settings import Settings
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.parquet import as_parquet
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
    assert lines[1].startswith("   66.7%  combined: ")
    assert lines[2] == "   33.3%  rejected"
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
    assert found[3][0].startswith(f"{tmp_path}/plain: plain\n  100.0%  plain: ")


def test_a_parquet_file_says_what_is_in_it(tmp_path: Path) -> None:
    """One that `show` wrote: how many records, and their fields. Others are refused."""
    log = tmp_path / "a.log"
    log.write_bytes(logs.line() + b"\n")
    file = as_parquet(tmp_path / "a.parquet", log)
    ((text, failed),) = explained(file)
    assert not failed
    assert text.startswith(
        f"{file}: parquet\n  written by logproc show: 1 record in 1 group of rows\n  fields: time, client, user"
    )
    file.write_bytes(file.read_bytes()[:-1])
    assert explained(file) == [
        (f"logproc: {file}: is Parquet that is cut off: copy it again; its end says what is in it", True)
    ]


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


def test_each_layout_has_its_share_and_the_rest_is_told(tmp_path: Path) -> None:
    """The shares of all layouts, of further lines and of what is rejected are of the same lines."""
    path = tmp_path / "a.log"
    app = b"2026-03-07 10:00:00 [error] worker: failed\n  at a.b(C.java:1)\n"
    path.write_bytes((logs.line() + b"\n") * 8 + app)
    ((text, _),) = explained(path)
    assert text.splitlines()[0] == f"{path}: combined + text"
    shares = [line.split(":")[0].split(maxsplit=1) for line in text.splitlines() if "%" in line]
    assert shares == [["80.0%", "combined"], ["10.0%", "text"], ["10.0%", "further lines of the record before them"]]


def test_text_says_how_its_parts_are_named(tmp_path: Path) -> None:
    """Where no format is known, the answer is what the lines are taken for, and `--pattern`."""
    plain, text, sure = tmp_path / "plain", tmp_path / "text", tmp_path / "sure"
    sure.write_bytes(b"2026-03-07 10:00:00 started\n")
    plain.write_bytes(b"just words\n")
    text.write_bytes(b"03/04/2026 10:00:00 started\n")
    (of_plain, _), (of_text, _), (of_sure, _) = explained(plain, text, sure)
    assert "100.0%  plain" in of_plain
    assert "no time and no known format was found: each line is a record; to name parts: --pattern" in of_plain
    assert "100.0%  text" in of_text
    assert "day first is assumed" in of_text
    assert "--pattern '(?P<time>" in of_sure
    assert "no known format fits any line" not in of_plain + of_text


def test_keys_that_look_like_fields_are_named_with_their_map(tmp_path: Path) -> None:
    """A key whose values are times, levels, addresses or durations is suggested where the field is missing, and only there."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"seen":"2026-03-07T10:00:00Z","sev":"warn","from":"192.0.2.7","cost_time":12,"n":3}\n')
    ((text, _),) = explained(path)
    assert "--map time=seen --map level=sev --map client=from --map duration=cost_time:ms, or its unit in place of ms" in text
    path.write_text('{"time":"2026-03-07T10:00:00Z","seen":"2026-03-07T10:00:00Z","level":"warn","duration":12}\n')
    ((text, _),) = explained(path)
    assert "--map" not in text


def test_logfmt_has_its_share(tmp_path: Path) -> None:
    """Readers that cut lines count what they take."""
    path = tmp_path / "a.log"
    path.write_text("time=2026-03-07T10:00:00Z level=info msg=x\n" * 3 + "what is this\n")
    ((text, _),) = explained(path)
    assert "75.0%  logfmt" in text
    assert "25.0%  rejected" in text


def test_further_fields_of_an_access_log_are_named_by_a_definition(tmp_path: Path) -> None:
    """In a mixed source and in an envelope, too."""
    extra = logs.line() + b" 0.123 HIT\n"
    path = tmp_path / "a.log"
    for content in (extra * 9, extra * 9 + b"2026-03-07 10:00:00 ERROR failed\n"):
        path.write_bytes(content)
        ((text, _),) = explained(path)
        assert "to name its fields: --format '$remote_addr" in text
        assert "$extra1 $extra2'" in text


def test_a_missing_file_leads_to_its_neighbour(tmp_path: Path) -> None:
    """A misspelt name is shown with the nearest one of its folder."""
    (tmp_path / "access.log").write_bytes(b"")
    (near, failed), (far, _) = explained(tmp_path / "acces.log", tmp_path / "no" / "a.log")
    assert failed
    assert near.endswith("acces.log: no such file: did you mean 'access.log'?")
    assert far.endswith(f"no such file: there is no folder {tmp_path}/no")
