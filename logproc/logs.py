"""structlog, set up once, before any thread: the events of the program itself on stderr, a line each.

What is bound to a context (the source at hand) does not cross threads by itself; `events` says how it does here.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TextIO

from logproc import events
from logproc.settings import Settings

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(settings: Settings, stream: TextIO, *, color: bool) -> None:
    """Send the events of the level asked for, and worse ones, to a stream. Imports structlog only when the first is told.

    From `warning` on nothing is written, for what goes wrong is told in a diagnostic; so such a run never pays for the import.
    """
    least = LEVELS[settings.log_level]
    if least < LEVELS["warning"]:
        sink = Sink(settings, stream, color=color)

        def tell(level: str, event: str, **fields: Any) -> None:
            if LEVELS[level] >= least:
                sink.tell(level, event, **fields)

        events.set_sink(tell)


class Sink:
    """A structlog logger on a stream. Made before the first thread: a logger made by whichever thread comes first is a race."""

    def __init__(self, settings: Settings, stream: TextIO, *, color: bool) -> None:
        import structlog

        renderer: Any = (
            structlog.processors.JSONRenderer()
            if settings.log_format == "json"
            else structlog.dev.ConsoleRenderer(colors=color)
        )
        self._logger = structlog.wrap_logger(
            structlog.PrintLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                thread_name,
                structlog.processors.format_exc_info,
                harmless_values,
                renderer,
            ],
        ).bind()

    def tell(self, level: str, event: str, **fields: Any) -> None:
        """Write one event. A stderr that has gone or is full must not end the run."""
        with suppress(OSError, ValueError):
            getattr(self._logger, level)(event, **fields)


def thread_name(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Add the name of the thread that tells the event."""
    from logproc.threads.live import current_thread_name

    return {**event, "thread": current_thread_name()}


def harmless_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep control characters out of the terminal: a field may hold what a server or a log said."""
    from logproc.reports.safe import harmless

    return {key: harmless(value) if isinstance(value, str) else value for key, value in event.items()}
