"""For every format and every question the report is the same bytes for any number of threads, and its account closes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

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


@pytest.mark.parametrize(
    ("workers", "chunk_size"),
    [(8, 4000), *(pytest.param(*each, marks=pytest.mark.soak) for each in ((1, 2000), (8, 2000), (1, 400), (8, 400)))],
)
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ["spring-boot-3", "nginx-combined", "go-kit", "zap-json", "caddy"])
def test_any_schedule_answers_a_question_alike(question: str, name: str, workers: int, chunk_size: int, tmp_path: Path) -> None:
    """Filters, measures and bounds give the same bytes for any number of threads; a bound does so for the same chunk size."""
    text = next(sample.text for sample in SAMPLES if sample.name == name)
    for number in range(3):
        (tmp_path / f"{number}.log").write_bytes(text.rstrip(b"\n").join([b"", b"\n"]) * (1 + number))
    sources = sources_of(*sorted(tmp_path.iterdir()))
    expected = answer(run_serial(sources, Settings(chunk_size=chunk_size, **QUESTIONS[question])))
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


ALONE = """
{"time": "2026-03-07T10:00:00Z", "status": 200, "request": "GET /a HTTP/1.1", "size": 512, "user_agent": "curl/8.5.0"}
{"time": "2026-03-07T10:00:01Z", "status": 404, "request": "GET /b HTTP/1.1", "size": 0, "level": "info"}
{"time": "2026-03-07T10:00:02Z", "status": 204, "request": "GET /a HTTP/1.1"}
{"time": "2026-03-07T10:00:03Z", "status": 204, "request": "GET /a HTTP/1.1"}
""".lstrip()
OF_A_RECORD: list[dict[str, Any]] = [
    {"where": "bytes < 100"},
    {"where": "bytes is absent"},
    {"by": ("bytes",)},
    {"metric": ("mean:bytes", "min:bytes", "uniques:bytes", "p50:bytes")},
    {"by": ("bot",)},
    {"where": 'bot == "unknown"'},
    {"visitors": True},
    {"where": "status != 200"},
]


@pytest.mark.parametrize("knobs", OF_A_RECORD, ids=str)
def test_a_record_is_counted_as_it_is_alone(knobs: dict[str, Any], tmp_path: Path) -> None:
    """What a record lacks does not depend on the records in the same chunk: neither its size nor what its user agent is."""
    path = tmp_path / "log"
    path.write_text(ALONE)
    assert serial(sources_of(path), chunk_size=1, **knobs) == serial(sources_of(path), **knobs)


def test_a_size_that_a_record_lacks_is_not_0(tmp_path: Path) -> None:
    """Where records may have any fields, the mean is that of the sizes that are there."""
    path = tmp_path / "log"
    path.write_text(ALONE)
    row = run_serial(sources_of(path), Settings(metric=("mean:bytes", "min:bytes"))).snapshot.panels["total"].rows[0]
    assert (row.count, row.bytes, row.metrics) == (4, 512, (256.0, 0))
    assert run_serial(sources_of(path), Settings(where="bytes == 0")).snapshot.account.records == 1


@pytest.mark.parametrize("sort", ["p50:n", "mean:n", "min:n", "max:n", "sum:n"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_keys_without_a_number_are_last_in_the_order_of_keys(sort: str, order: Literal["asc", "desc"], tmp_path: Path) -> None:
    """Whatever numbers the keys before them have."""
    numbers = {"b": 3, "x": None, "c": 700, "a": None, "y": None, "d": 12, "e": None}
    path = tmp_path / "log"
    path.write_text("".join(json.dumps({"k": key, "n": number}) + "\n" for key, number in numbers.items()))
    settings = Settings(by=("k",), sort=sort, order=order)
    rows = [row.key[0] for row in run_serial(sources_of(path), settings).snapshot.panels["k"].rows]
    assert rows == [*("cdb" if order == "desc" else "bdc"), *"aexy"]


def test_clients_are_visitors_in_a_log_without_user_agents(tmp_path: Path) -> None:
    """As with `--visitors`, and of no known kind."""
    path = tmp_path / "log"
    path.write_bytes(
        b"".join(logs.line(client=client, user_agent=b"-").rsplit(b' "', 2)[0] + b"\n" for client in (b"a", b"b", b"a"))
    )
    found = run_serial(sources_of(path), Settings(metric=("visitors",), visitors=True)).snapshot
    assert found.sources[0].format == "common"
    assert found.panels["total"].rows[0].metrics == (2,)
    assert [(row.key, row.count, row.metrics) for row in found.panels["visitors"].rows] == [(("unknown",), 3, (2,))]


def test_a_record_without_a_client_has_that_of_the_proxy(tmp_path: Path) -> None:
    """With `--client-from xff`, whether other records of the same chunk have a client or not."""
    path = tmp_path / "log"
    lines = ['"remote_addr": "10.0.0.1"', '"xff": "203.0.113.9"', '"remote_addr": "10.0.0.1", "xff": "203.0.113.9, 10.0.0.2"']
    path.write_text("".join(f'{{"status": 200, "request": "GET /a HTTP/1.1", {line}}}\n' for line in lines))
    for chunk_size in (1, 1 << 20):
        settings = Settings(by=("client",), client_from="xff", chunk_size=chunk_size)
        panel = run_serial(sources_of(path), settings).snapshot.panels["client"]
        assert {row.key: row.count for row in panel.rows} == {("10.0.0.1",): 1, ("203.0.113.9",): 2}


def test_a_client_without_a_user_agent_is_one_visitor(tmp_path: Path) -> None:
    """Whether the records of the same chunk have one, or another log has."""
    request = '{{"remote_addr": "192.0.2.1", "status": 200, "request": "GET /a HTTP/1.1"{}}}\n'
    path, other = tmp_path / "log", tmp_path / "other"
    path.write_text(request.format(', "user_agent": "curl"') + request.format("") * 3)
    other.write_text(request.format(""))
    for chunk_size in (1, 1 << 20):
        settings = Settings(metric=("visitors",), chunk_size=chunk_size)
        assert run_serial(sources_of(path, other), settings).snapshot.panels["total"].rows[0].metrics == (2,)


def test_a_record_without_a_client_is_not_a_visit(tmp_path: Path) -> None:
    """What an application writes between its requests is nobody's visit, and nor are the records of a log without clients."""
    request = '{"remote_addr": "192.0.2.1", "status": 200, "request": "GET /a HTTP/1.1", "user_agent": "curl/8.5.0"}'
    for content, expected in ((f'{request}\n{{"level": "info"}}\n', [(("bot",), 1, (1,))]), ("I/App( 7): message\n", [])):
        path = tmp_path / "log"
        path.write_text(content)
        panel = run_serial(sources_of(path), Settings(visitors=True)).snapshot.panels["visitors"]
        assert [(row.key, row.count, row.metrics) for row in panel.rows] == expected


def test_a_log_without_times_can_be_asked_for_them(tmp_path: Path) -> None:
    """No comparison holds for a time that is not there, as with `--since`."""
    path = tmp_path / "log"
    path.write_bytes(b"I/App( 7): message\n")
    runs = [run_serial(sources_of(path), Settings(where=where)) for where in ('time < "2026-01-01"', "time is absent")]
    assert [(run.cause, run.snapshot.account.records) for run in runs] == [(None, 0), (None, 1)]
