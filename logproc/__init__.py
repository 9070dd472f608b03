"""logproc: logs into counts, with threads.

    from logproc import analyze

    snapshot = analyze(["access.log.gz", "https://example.com/app.log"])
    snapshot.panels["path"].table()  # a pyarrow.Table: path, count, bytes

Read the rooms in this order: `model`, `sources`, `formats`, `questions`, `counting`, and `pipeline.serial`, which does
everything without threads. Then `threads`, with one pattern per file, and `pipeline.threaded`. THREADING.md explains these.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from logproc.model.columns import Account
    from logproc.model.errors import LogprocError
    from logproc.model.snapshot import Panel, Row, Snapshot, SourceResult
    from logproc.model.source import State
    from logproc.pipeline.api import analyze
    from logproc.settings import Settings

__all__ = ["Account", "LogprocError", "Panel", "Row", "Settings", "Snapshot", "SourceResult", "State", "__version__", "analyze"]

logging.getLogger(__name__).addHandler(logging.NullHandler())  # a library logs nothing by default

_HOMES = {
    "Account": "logproc.model.columns",
    "LogprocError": "logproc.model.errors",
    "Panel": "logproc.model.snapshot",
    "Row": "logproc.model.snapshot",
    "Settings": "logproc.settings",
    "Snapshot": "logproc.model.snapshot",
    "SourceResult": "logproc.model.snapshot",
    "State": "logproc.model.source",
    "analyze": "logproc.pipeline.api",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562): `import logproc` alone costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'logproc' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
