"""Events for the log of the program itself: a door that any layer may speak into, and one sink behind it.

The sink (structlog, see `logs`) is set once, before the first thread starts: a logger made by whichever thread
comes first is a race. Until then, and in programs that use logproc as a library, events go nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Sink = Callable[..., None]

source_name: ContextVar[str | None] = ContextVar("source_name", default=None)
"""The source at hand. A context variable does not cross threads by itself (on free-threaded 3.14 it does), so
each thread that works on a source sets it."""

_sinks: list[Sink] = []


def set_sink(sink: Sink) -> None:
    """Send all events to `sink(level, event, **fields)`. To be called before any thread is started."""
    _sinks[:] = [sink]


def forget_sink() -> None:
    """Send events nowhere again, as before `set_sink`."""
    _sinks.clear()


def emit(level: str, event: str, **fields: Any) -> None:
    """Tell an event of the level `debug`, `info`, `warning` or `error`."""
    for sink in _sinks:
        source = source_name.get()
        sink(level, event, **({"source": source} if source else {}), **fields)
