"""The source that a thread works on, for the lines of the program's own log."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

source_name: ContextVar[str | None] = ContextVar("source_name", default=None)
"""The name of the source at hand. A new thread does not inherit the value of a context variable (on free-threaded 3.14 it
does), so each thread sets it when it begins to work on a source."""


def emit(level: str, event: str, **fields: Any) -> None:
    """Log an event. Only until every module has a logger of its own."""
    logging.getLogger(__name__).log(getattr(logging, level.upper()), event, extra=fields)
