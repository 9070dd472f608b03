"""Filters see whole records: their further lines and trailing fields, wherever a source is cut."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from logproc.model.columns import Account
from logproc.model.snapshot import Snapshot
from logproc.pipeline.serial import run_serial
from logproc.settings import Settings
from tests.support.reports_of import report, sources_of, threaded

PYTHON = b"""\
2026-03-07 11:00:00,001 - jobs.mail - ERROR - cannot send
Traceback (most recent call last):
  File "/srv/mail.py", line 8, in send
    smtp.login(user)
smtplib.SMTPAuthenticationError: (535, b'denied')
2026-03-07 11:00:01,001 - jobs.mail - INFO - sent
2026-03-07 11:00:02,001 - jobs.disk - ERROR - cannot write

\tnested \xff text
OSError: [Errno 28] No space left on device
2026-03-07 11:00:03,001 - jobs.disk - INFO - OSError is gone
"""
NGINX = b"""\
2026/03/07 11:00:00 [error] 1#0: *1 open() "/srv/x" failed, client: 192.0.2.1, server: a, request: "GET /x HTTP/1.1", host: "a"
2026/03/07 11:00:01 [error] 1#0: *2 upstream timed out, client: 192.0.2.2, server: a, request: "POST /y HTTP/1.1", host: "b"
"""
ACCESS = b"""\
192.0.2.1 - - [07/Mar/2026:11:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8.1"
192.0.2.2 - - [07/Mar/2026:11:00:01 +0000] "GET /b HTTP/1.1" 404 5 "-" "Wget/1.2"
"""
BESIDE = PYTHON + b'{"time":"2026-03-07T11:00:04Z","level":"error","message":"OSError"}\n' * 9 + PYTHON


def answered(path: Path, **knobs: Any) -> Snapshot:
    run = run_serial(sources_of(path), Settings(top=0, **knobs))
    assert run.cause is None
    return run.snapshot


def account_of(snapshot: Snapshot) -> Account:
    (found,) = snapshot.sources
    return found.account


def written(folder: Path, content: bytes) -> Path:
    path = folder / "app.log"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "where", "records", "filtered"),
    [
        (PYTHON, 'message contains "SMTPAuthenticationError"', 1, 5),
        (PYTHON, 'message contains "OSError"', 2, 6),
        (PYTHON, 'message not contains "OSError"', 2, 4),
        (PYTHON, 'message =~ "^OSError: .* device$"', 1, 7),
        (PYTHON, 'message =~ "send$"', 1, 5),
        (PYTHON, 'message == "cannot write"', 1, 7),
        (PYTHON, r'message contains "\tnested \\xff"', 1, 7),
        (PYTHON, r'text =~ "disk - ERROR(?s:.*)Errno (28|30)"', 1, 7),
        (PYTHON, 'text contains "mail - INFO"', 1, 9),
        (PYTHON, 'text !~ "Traceback"', 3, 5),
        (PYTHON, 'level == "info"', 2, 8),
        (NGINX, 'text contains "/y"', 1, 1),
        (NGINX, 'message contains "/y"', 0, 2),
        (ACCESS, 'text =~ "(?i)WGET"', 1, 1),
        (ACCESS, 'text == "x" or text is absent', 0, 2),
    ],
)
def test_a_filter_sees_the_whole_record(content: bytes, where: str, records: int, filtered: int, tmp_path: Path) -> None:
    """What does not fit is filtered with all its lines; `^` and `$` match at each line."""
    account = account_of(answered(written(tmp_path, content), where=where))
    blank = sum(not line for line in content.splitlines())
    lines = len(content.splitlines())
    assert (account.records, account.filtered) == (records, filtered)
    assert account == Account(lines, records, 0, blank, filtered, lines - records - blank - filtered)


@pytest.mark.parametrize(("where", "share"), [('message contains "OSError"', 0.5), ('text =~ "mail - INFO|535"', 0.5)])
def test_a_share_is_that_of_whole_records(where: str, share: float, tmp_path: Path) -> None:
    """As those that a filter leaves, wherever the source is cut."""
    path = written(tmp_path, PYTHON)
    for size in (1, 150, 1 << 20):
        (row,) = answered(path, metric=(f"share({where})",), chunk_size=size).panels["total"].rows
        assert row.metrics == (share,)


def test_the_text_of_a_record_can_be_counted_by(tmp_path: Path) -> None:
    """As a key it is on one line."""
    panel = answered(written(tmp_path, PYTHON), by=("text",), where='level == "error" and logger == "jobs.disk"').panels["text"]
    (row,) = panel.rows
    assert row.key[0] == (
        r"2026-03-07 11:00:02,001 - jobs.disk - ERROR - cannot write\x0a\x0a\x09nested \xff text"
        r"\x0aOSError: [Errno 28] No space left on device"
    )


@pytest.mark.parametrize("content", [PYTHON * 4, BESIDE, PYTHON.replace(b"\n", b"\r\n") * 2], ids=["text", "mixed", "crlf"])
@pytest.mark.parametrize("where", ['message contains "OSError"', 'text =~ "Errno|535"', 'level == "info"'])
def test_the_answer_does_not_depend_on_cuts(content: bytes, where: str, tmp_path: Path) -> None:
    """Chunks of any size, by any number of threads."""
    path = written(tmp_path, content)
    expected = report(answered(path, where=where))
    for size in (1, 30, 150, 400, 1000):
        assert report(answered(path, where=where, chunk_size=size)) == expected, size
    assert threaded(sources_of(path), where=where, chunk_size=150, workers=4, top=0) == expected


def test_a_very_long_record_has_a_limit(tmp_path: Path) -> None:
    """Lines that begin behind `max_line_bytes` are not searched, and go on with the record, whatever the size of chunks is."""
    draw = random.Random(7)
    first = b"2026-03-07 11:00:00,001 - a.b - ERROR - x\n"
    further = [b"  frame %d" % at + b"." * draw.randrange(60) + b"\n" for at in range(200)]
    path = written(tmp_path, b"".join([first, *further]) * 3 + first)
    near = sum(len(first) + sum(map(len, further[:at])) < 2000 for at in range(200))
    for size in (1, 100, 1900, 2100, 5000, 1 << 20):
        knobs: dict[str, Any] = {"max_line_bytes": 2000, "chunk_size": size}
        late = account_of(answered(path, where='message contains "frame 199"', **knobs))
        assert late == Account(604, 0, 0, 0, 4 + 3 * near, 3 * (200 - near))
        assert account_of(answered(path, where=f'message contains "frame {near - 1}"', **knobs)).records == 3
        assert account_of(answered(path, where=f'message contains "frame {near}."', **knobs)).records == 0
