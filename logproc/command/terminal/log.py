"""The program's log on stderr: the standard library's loggers, with structlog as their formatter.

Every module that logs has an ordinary logger, `logging.getLogger(__name__)`. A program that uses logproc as a library gets its
records like those of any other library; the command sets up the handler below.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from logproc.model.source import source_name
from logproc.reports.safe import harmless
from logproc.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

LOGGER: Final = logging.getLogger("logproc")


def configure(settings: Settings, write: Callable[[str], None], *, color: bool) -> None:
    """Write each record of at least the given level as one line. Call it before any thread starts.

    write: takes a line that is safe to show. Any thread may call it.
    At `warning` and above nothing is written, because problems are reported by diagnostics; such a run never pays for the
    import of structlog.
    """
    forget()
    level: int = getattr(logging, settings.log_level.upper())
    if level < logging.WARNING:
        LOGGER.addHandler(LineHandler(write, formatter(as_json=settings.log_format == "json", color=color)))
        LOGGER.setLevel(level)


def forget() -> None:
    """Undo `configure`."""
    LOGGER.setLevel(logging.NOTSET)
    for handler in [handler for handler in LOGGER.handlers if isinstance(handler, LineHandler)]:
        LOGGER.removeHandler(handler)


class LineHandler(logging.Handler):
    """Passes each record on as a line.

    Without the handler's lock: a line is written in a single call, and a thread that is stuck in it because nothing reads
    stderr must not hold up the others.
    """

    def __init__(self, write: Callable[[str], None], line: logging.Formatter) -> None:
        super().__init__()
        self._write = write
        self.setFormatter(line)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record. If that fails, the run goes on."""
        try:
            self._write(self.format(record))
        except Exception:
            return False
        return True


def formatter(*, as_json: bool, color: bool) -> logging.Formatter:
    """Return the formatter of a line: level, time, thread, logger, the current source, and what `extra` holds."""
    import structlog

    renderers: list[Processor] = (
        [structlog.processors.JSONRenderer()]
        if as_json
        else [traceback_in_line, structlog.dev.ConsoleRenderer(colors=color, pad_event_to=0)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            add_context,
            structlog.processors.format_exc_info,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, harmless_values, *renderers],
    )


def json_line(level: str, event: str, **fields: str) -> str:
    """Return a diagnostic as JSON, in the shape of a log record; empty fields are left out.

    Without structlog: one of the diagnostics is that memory is short, and importing it would need more.
    """
    given = {name: value for name, value in fields.items() if value}
    return json.dumps({"event": event, **given, "level": level, "timestamp": timestamp(time.time())})


def add_context(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add the time and the thread of a record, and the source that the thread is working on."""
    record: logging.LogRecord = event["_record"]
    source = source_name.get()
    where = {"thread": record.threadName, **({"source": source} if source else {})}
    return {"timestamp": timestamp(record.created), **where, **event}


def harmless_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: a field may hold text from a server or a log."""
    return {key: harmless(value) if isinstance(value, str) else value for key, value in event.items()}


def traceback_in_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Rename the key, for which structlog's console would write a traceback on lines of its own."""
    return {("traceback" if key == "exception" else key): value for key, value in event.items()}


def timestamp(seconds: float) -> str:
    """Return a time in ISO 8601, in UTC.

    >>> timestamp(1772928000.25)
    '2026-03-08T00:00:00.250000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
