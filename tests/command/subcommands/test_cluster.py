"""`--cluster local`: the options of `analyze` mean there what they mean without it, or are refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import logs
from tests.support.processes import Ended, analyze

ANSWERS: list[list[str]] = [
    ["--by", "status,path", "--metric", "p95:bytes,uniques:client", "--top", "3"],
    ["--where", "status >= 400", "--max-keys", "4", "--strict", "no-rejects"],
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_bytes(logs.log(400) + b"odd line\n")
    return path


def without_run(found: Ended) -> Any:
    return {name: value for name, value in found.report.items() if name != "run"}


@pytest.mark.parametrize("options", ANSWERS, ids=str)
def test_the_same_answer_exit_code_and_files(options: list[str], log: Path, tmp_path: Path) -> None:
    """A report of a cluster is that of one process: on stdout, in files, and as an exit code. Nothing else is said."""
    here, there = (
        analyze(log, *options, *more, "--output", "json", "-o", tmp_path / f"{name}.csv")
        for name, more in (("here", []), ("there", ["--cluster", "local", "--workers", "1"]))
    )
    assert without_run(there) == without_run(here)
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert (there.code, there.stderr) == (here.code, here.stderr)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rejects", "x.jsonl"], "--rejects does not work with --cluster"),
        (["--trace", "x.json"], "--trace does not work with --cluster"),
        (["--follow"], "--follow does not work with --cluster"),
        (["--state", "x.state"], "--state does not work with --cluster"),
        (["-"], "standard input is only on this machine"),
    ],
    ids=str,
)
def test_what_needs_the_lines_here_is_refused(options: list[str], words: str, log: Path, tmp_path: Path) -> None:
    """One line that says which option, before anything is started; no traceback and no file."""
    found = analyze(log, *options, "--cluster", "local", cwd=tmp_path)
    assert found.code == 2
    assert words in found.stderr
    assert found.stderr.count("\n") == 1
    assert not list(tmp_path.glob("x.*"))
