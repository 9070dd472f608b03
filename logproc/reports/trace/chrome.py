"""Chrome trace events, which https://ui.perfetto.dev and chrome://tracing open.

The format is "Trace Event Format" (Google, 2016), in its JSON object form: `X` is a whole step, `C` a counter, `M` a name.
Times are in microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from logproc.model.trace.recording import Recording, Step

PROCESS = 1


def render_chrome(recording: Recording, command: str) -> str:
    """Return the recording as JSON, one event per line."""
    events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events_of(recording, command))
    return f'{{"displayTimeUnit":"ms","traceEvents":[\n{events}\n]}}\n'


def events_of(recording: Recording, command: str) -> Iterator[dict[str, Any]]:
    yield named("process_name", {"name": command})
    for number, lane in enumerate(recording.lanes, 1):
        yield named("thread_name", {"name": lane.name}, number)
        yield named("thread_sort_index", {"sort_index": number}, number)
        yield from whole_steps(lane.steps, number)
    for gauge, values in recording.gauges.items():
        for at_ns, value in values:
            yield {"ph": "C", "pid": PROCESS, "name": gauge.value, "ts": at_ns / 1000, "args": {"value": value}}


def named(what: str, args: dict[str, Any], thread: int = 0) -> dict[str, Any]:
    return {"ph": "M", "pid": PROCESS, "tid": thread, "name": what, "args": args}


def whole_steps(steps: Iterable[Step], thread: int) -> Iterator[dict[str, Any]]:
    for step in steps:
        known = {"source": step.source, "lines": step.lines, "added_up": step.parts if step.parts > 1 else 0}
        event = {
            "ph": "X",
            "pid": PROCESS,
            "tid": thread,
            "name": step.doing.value,
            "cat": "wait" if step.doing.waits else "work",
            "ts": step.start_ns / 1000,
            "dur": (step.end_ns - step.start_ns) / 1000,
        }
        args = {name: value for name, value in known.items() if value}
        yield event | ({"args": args} if args else {})
