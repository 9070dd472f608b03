"""Events on stderr: of the level asked for, in the shape asked for, with thread and source, and never in the way."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from logproc import events
from logproc import logs as program_logs
from logproc.settings import Settings
from tests import logs
from tests.fault_server import Answer, FaultServer
from tests.processes import analyze


@pytest.fixture(autouse=True)
def no_sink() -> Iterator[None]:
    """Take away what a test has set up."""
    yield
    events._sinks.clear()


def configured(stream: Any, **options: Any) -> Any:
    """Have events written to a stream, and return it."""
    program_logs.configure(Settings(**options), stream, color=False)
    return stream


def test_an_event_is_one_json_line() -> None:
    """As JSON an event has its name, level, time, thread and fields."""
    stream = configured(io.StringIO(), log_level="info", log_format="json")
    events.emit("info", "source ended", lines=7)
    event = json.loads(stream.getvalue())
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "source ended", "level": "info", "lines": 7, "thread": "MainThread"}


@pytest.mark.parametrize(("least", "told"), [("debug", 4), ("info", 3), ("warning", 0), ("error", 0)])
def test_what_is_below_the_level_is_not_told(least: str, told: int) -> None:
    """Events of the level and worse ones are written; none by default, for what is wrong is told in a diagnostic."""
    stream = configured(io.StringIO(), log_level=least)
    for level in ("debug", "info", "warning", "error"):
        events.emit(level, f"an event of level {level}")
    assert stream.getvalue().count("an event of level") == told


@pytest.mark.parametrize("shape", ["console", "json"])
def test_what_a_log_says_does_no_harm(shape: str) -> None:
    """A field with control characters is one line, and shows them."""
    stream = configured(io.StringIO(), log_level="info", log_format=shape)
    events.emit("info", "source ended", reason="first\n\x1b[31msecond", names=["\x1b[0m"])
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_the_source_is_bound_in_its_thread_alone() -> None:
    """Each thread tells events of the source that it set, and no other thread sees that."""
    stream = configured(io.StringIO(), log_level="info", log_format="json")

    def work(name: str) -> None:
        events.source_name.set(name)
        events.emit("info", "at work")

    for name in ("a.log", "b.log"):
        thread = Thread(target=work, args=(name,), name=f"reader of {name}")
        thread.start()
        thread.join()
    events.emit("info", "at work")
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["thread"], event.get("source")) for event in found] == [
        *(("reader of a.log", "a.log"), ("reader of b.log", "b.log")),
        ("MainThread", None),
    ]


def test_a_stream_that_has_gone_ends_nothing() -> None:
    """An event that cannot be written is lost, and that is all."""
    stream = configured(io.StringIO(), log_level="info")
    stream.close()
    events.emit("error", "nobody hears this")


def test_without_a_sink_events_go_nowhere() -> None:
    """In a program that uses logproc as a library nothing is written."""
    events.emit("error", "nobody hears this")


def test_the_reader_of_a_source_tells_its_events(tmp_path: Path) -> None:
    """In a run every source is opened and ended by the thread that reads it, and told so with its name."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(logs.log(10))
    run = analyze("a.log", "b.log", "--log-level", "debug", "--log-format", "json", cwd=tmp_path)
    found = [json.loads(line) for line in run.stderr.splitlines()]
    assert {(event["event"], event["source"]) for event in found} == {
        (event, source) for event in ("source opened", "source ended") for source in ("a.log", "b.log")
    }
    assert all(event["thread"].startswith("reader-") for event in found)


def test_a_retry_is_an_event(tmp_path: Path) -> None:
    """A server that fails at first is asked again, which is an event of level info or worse and no diagnostic."""
    with FaultServer() as server:
        server.on("/log", Answer(status="503 Service Unavailable", headers={"Retry-After": "0"}), Answer(logs.log(5)))
        run = analyze(server.url("/log"), "--log-level", "info", "--log-format", "json", cwd=tmp_path)
    assert run.code == 0
    assert any("retry 1/3" in json.loads(line)["event"] for line in run.stderr.splitlines())
