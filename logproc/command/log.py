"""What the program logs about itself, on stderr: the standard library's loggers, with structlog as their formatter.

Every module that has something to log has an ordinary logger, `logging.getLogger(__name__)`. A program that uses logproc
as a library gets its records like those of any other library; the command sets up the handler below.
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
    """Have records of the level asked for, and worse ones, written as a line each. To be called before any thread starts.

    write: takes a line that is fit to be shown. It may be called by any thread.
    From `warning` on nothing is written, because what goes wrong is said in a diagnostic; so such a run never pays for
    the import of structlog.
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
    """Hands each record on as a line.

    Without the handler's lock: a line is written by a single call, and a thread that is stuck in it, because nobody reads
    stderr, must not hold up another one that only wants to log.
    """

    def __init__(self, write: Callable[[str], None], line: logging.Formatter) -> None:
        super().__init__()
        self._write = write
        self.setFormatter(line)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record. One that cannot be written must not end the run."""
        try:
            self._write(self.format(record))
        except Exception:
            return False
        return True


def formatter(*, as_json: bool, color: bool) -> logging.Formatter:
    """Return what turns a record into a line: level, time, thread, logger, the source at hand, and what `extra` has."""
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
    """Return a diagnostic as JSON, in the same shape as a record of the log; empty fields are left out.

    Without structlog: one of the diagnostics is that memory is short, and its import would need more.
    """
    given = {name: value for name, value in fields.items() if value}
    return json.dumps({"event": event, **given, "level": level, "timestamp": timestamp(time.time())})


def add_context(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add when and in which thread a record was made, and the source that the thread works on."""
    record: logging.LogRecord = event["_record"]
    source = source_name.get()
    where = {"thread": record.threadName, **({"source": source} if source else {})}
    return {"timestamp": timestamp(record.created), **where, **event}


def harmless_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep control characters away from the terminal: a field may hold what a server or a log says."""
    return {key: harmless(value) if isinstance(value, str) else value for key, value in event.items()}


def traceback_in_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep structlog's console from writing a traceback below the line: each record is one line."""
    return {("traceback" if key == "exception" else key): value for key, value in event.items()}


def timestamp(seconds: float) -> str:
    """Return a time as a log has it.

    >>> timestamp(1772928000.25)
    '2026-03-08T00:00:00.250000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
