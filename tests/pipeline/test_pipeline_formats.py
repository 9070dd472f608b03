"""For every format and every question the report is the same bytes for any number of threads, and its account closes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from logproc.model.errors import UsageError
from logproc.pipeline.serial import Run, run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from tests.formats.samples import SAMPLES, Sample
from tests.support import logs
from tests.support.reports_of import report, serial, sources_of, threaded

MODIFIED_S = 1_772_920_000
SOAKED = [(1, 200), (8, 150)]
QUESTIONS: dict[str, dict[str, Any]] = {
    "filtered": {"where": 'level is absent or level != "INFO"', "by": ("hour,level", "shape(message)")},
    "measured": {"by": ("hour",), "metric": ("uniques:path", "p95:bytes", "rate"), "sort": "uniques:path"},
    "timed": {"by": ("level", "minute,logger"), "metric": ("uniques:message",), "since": "2026-03-07 10:00:01"},
    "visitors": {"visitors": True, "client_from": "xff"},
    "bounded": {"max_keys": 3},
    "anonymous": {"anonymize": True},
}


@pytest.mark.parametrize(
    ("workers", "chunk_size"), [(8, 300), *(pytest.param(*each, marks=pytest.mark.soak) for each in SOAKED)]
)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_any_schedule_gives_the_serial_report(sample: Sample, workers: int, chunk_size: int, tmp_path: Path) -> None:
    """Each sample, cut every few lines, gives the bytes of the serial run over the whole."""
    path = tmp_path / "log"
    path.write_bytes(sample.text if sample.text.endswith(b"\n") else sample.text + b"\n")
    os.utime(path, (MODIFIED_S, MODIFIED_S))
    sources = sources_of(path)
    assert threaded(sources, workers=workers, chunk_size=chunk_size) == serial(sources)


@pytest.mark.parametrize("chunk_size", [2000, pytest.param(400, marks=pytest.mark.soak)])
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ["spring-boot-3", "nginx-combined", "go-kit", "zap-json", "caddy"])
def test_any_schedule_answers_a_question_alike(question: str, name: str, chunk_size: int, tmp_path: Path) -> None:
    """Filters, measures and bounds give the same bytes for any number of threads; a bound does so for the same chunk size."""
    text = next(sample.text for sample in SAMPLES if sample.name == name)
    for number in range(3):
        (tmp_path / f"{number}.log").write_bytes(text.rstrip(b"\n").join([b"", b"\n"]) * (1 + number))
    sources = sources_of(*sorted(tmp_path.iterdir()))
    expected = answer(run_serial(sources, Settings(chunk_size=chunk_size, **QUESTIONS[question])))
    for workers in (1, 8):
        knobs = QUESTIONS[question] | {"workers": workers, "readers": workers, "chunk_size": chunk_size}
        assert answer(run_threaded(sources, Settings(**knobs))) == expected


def answer(run: Run) -> str:
    """Return the report of a run, or what is wrong with the question: a field that no source has."""
    if isinstance(run.cause, UsageError):
        return str(run.cause)
    assert run.cause is None
    return report(run.snapshot)


def test_a_bound_keeps_the_sum_and_says_the_error(tmp_path: Path) -> None:
    """With a bound each count is at most its error too small, none too large, and those given up are in `other`."""
    path = tmp_path / "log"
    lines = [logs.line(request=b"GET /%d HTTP/1.1" % (number % 7 if number % 3 else number)) for number in range(3000)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    exact = {row.key: row.count for row in run_serial(sources_of(path), Settings(top=0)).snapshot.panels["path"].rows}
    panel = run_serial(sources_of(path), Settings(top=0, max_keys=20, chunk_size=5000)).snapshot.panels["path"]
    assert panel.approximate
    assert panel.other
    assert sum(row.count for row in panel.rows) + panel.other[0] == 3000
    assert all(row.count <= exact[row.key] <= row.count + row.error for row in panel.rows)
    assert {row.key[0] for row in panel.rows[:7]} == {f"/{number}" for number in range(7)}


def test_without_need_a_bound_changes_nothing(tmp_path: Path) -> None:
    """A bound that no panel reaches gives the report of a run without one."""
    path = tmp_path / "log"
    path.write_bytes(logs.log(300))
    assert threaded(sources_of(path), max_keys=100_000, workers=8, chunk_size=2000) == serial(sources_of(path))


@pytest.mark.parametrize(
    ("where", "hint"), [('nowhere == "x"', "there are bytes, client"), ("statu > 5", "did you mean 'status'?")]
)
def test_a_field_that_no_source_has_is_an_error(where: str, hint: str, tmp_path: Path) -> None:
    """A misspelt field is a usage error with the nearest field, or with all there are, not an empty report."""
    path = tmp_path / "log"
    path.write_bytes(logs.log(30))
    run = run_threaded(sources_of(path), Settings(where=where))
    assert isinstance(run.cause, UsageError)
    assert "no source has a field" in run.cause.what
    assert run.cause.hint.startswith(hint)
