"""A report without a record says why: the log ends before, begins later, or has no such value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logproc.pipeline.serial import run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from tests.support.reports_of import sources_of

LINES = (
    (5, "GET", "/products", 200),
    (6, "POST", "/cart", 404),
    (7, "GET", "/checkout", 500),
)
LOG = "".join(
    f'192.0.2.{n} - - [07/Mar/2026:{hour:02}:30:09 +0000] "{method} {path} HTTP/1.1" {status} 5 "-" "-"\n' * 40
    for n, (hour, method, path, status) in enumerate(LINES)
)
NONE_MATCHES = "none of 120 records matches --where"
REASONS: list[tuple[dict[str, Any], str]] = [
    ({"since": "2026-03-08"}, "no record since 8 Mar 2026 00:00 UTC: the log ends 7 Mar 2026 07:30 UTC"),
    ({"since": "2026-03-07 07:30:10"}, "no record since 7 Mar 2026 07:30:10 UTC: the log ends 7 Mar 2026 07:30:09 UTC"),
    ({"since": "2026-03-07 07:30:09"}, ""),
    ({"until": "2026-03-07"}, "no record before 7 Mar 2026 00:00 UTC: the log begins 7 Mar 2026 05:30 UTC"),
    (
        {"until": "2026-03-07 06:00", "tz": "Europe/Berlin"},
        "no record before 7 Mar 2026 06:00 Europe/Berlin: the log begins 7 Mar 2026 06:30 Europe/Berlin",
    ),
    ({"until": "2026-03-07 05:30:10"}, ""),
    ({"since": "2026-03-07 06:31", "until": "2026-03-07 07:00"}, "none of 120 records matches --since and --until"),
    ({"where": "status == 999"}, NONE_MATCHES),
    ({"where": 'method == "get"'}, f"{NONE_MATCHES}: no method is 'get': did you mean 'GET'?"),
    ({"where": 'path == "/prodcts"'}, f"{NONE_MATCHES}: no path is '/prodcts': did you mean '/products'?"),
    ({"where": 'path == "/nothing/like/it"'}, f"{NONE_MATCHES}: no path is '/nothing/like/it'"),
    ({"where": 'status > 1 and (method == "get")'}, f"{NONE_MATCHES}: no method is 'get': did you mean 'GET'?"),
    ({"where": 'method == "POST" and status == 200'}, NONE_MATCHES),
    ({"where": 'not method != "get"'}, NONE_MATCHES),
    ({"where": 'method == "POST"'}, ""),
    (
        {"where": 'method == "get"', "until": "2026-03-07 06:00"},
        "none of 120 records matches --where and --until: no method is 'get': did you mean 'GET'?",
    ),
    ({}, ""),
]


@pytest.mark.parametrize(("asked", "reason"), REASONS, ids=lambda value: str(value) if isinstance(value, dict) else "")
@pytest.mark.parametrize("chunk_size", [1, 1000, 1 << 20])
def test_an_empty_report_says_why(asked: dict[str, Any], reason: str, chunk_size: int, tmp_path: Path) -> None:
    """The same words however the log is cut, and whichever thread reads it; the exit code stays that of a sound run."""
    log = tmp_path / "a.log"
    log.write_text(LOG)
    settings = Settings(chunk_size=chunk_size, **asked)
    sources = sources_of(log)
    for run in run_serial(sources, settings), run_threaded(sources, settings):
        assert run.snapshot.empty == reason
        assert bool(run.snapshot.account.records) is not bool(reason)
        assert run.snapshot.sources[0].exit_code == 0


def test_times_are_those_of_all_logs(tmp_path: Path) -> None:
    """The latest record of any log is the end; a log without records has no say."""
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "b.log").write_text(LOG.replace("Mar/2026", "Feb/2026"))
    (tmp_path / "c.log").touch()
    run = run_threaded(sources_of(*(tmp_path / name for name in ("a.log", "b.log", "c.log"))), Settings(until="2026-01-01"))
    assert run.snapshot.empty == "no record before 1 Jan 2026 00:00 UTC: the log begins 7 Feb 2026 05:30 UTC"


def test_a_log_without_times_is_not_said_to_end(tmp_path: Path) -> None:
    """What has no time is neither before nor after."""
    log = tmp_path / "a.jsonl"
    log.write_text('{"message": "x"}\n')
    assert run_serial(sources_of(log), Settings(since="1h")).snapshot.empty == "none of 1 record has a time to compare"
    found = run_serial(sources_of(log), Settings(where='message == "y"')).snapshot.empty
    assert found == "the only record does not match --where: no message is 'y'"


def test_very_many_values_are_not_compared(tmp_path: Path) -> None:
    """Beyond two thousand, no value is called missing."""
    log = tmp_path / "a.jsonl"
    log.write_text("".join(f'{{"message": "m{n}"}}\n' for n in range(2100)))
    for chunk_size in (1 << 20, 4000):
        settings = Settings(where='message == "m"', chunk_size=chunk_size)
        assert run_serial(sources_of(log), settings).snapshot.empty == "none of 2,100 records matches --where"
