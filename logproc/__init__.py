"""logproc: logs into counts, with threads.

    from logproc import analyze

    snapshot = analyze(["access.log.gz", "https://example.com/app.log"])
    snapshot.panels["path"].table()  # a pyarrow.Table: path, count, bytes

Reading order: `model` (the types that all rooms share), `sources` (bytes in), `formats` (lines → columns), `questions` and
`counting` (columns → counts), then `pipeline.serial`: a whole run without threads. After that `threads`, one pattern per file,
and `pipeline.threaded`; THREADING.md explains both. Then `reports` and `command`.
"""

# This imports nothing: it also runs when the command starts, before that can handle signals. Type checkers know the name.
TYPE_CHECKING = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    from logproc.model.columns import Account
    from logproc.model.errors import LogprocError
    from logproc.model.panel import Panel, Row
    from logproc.model.snapshot import Snapshot, SourceResult
    from logproc.model.source import State
    from logproc.pipeline.api import analyze
    from logproc.settings import Settings

__all__ = ["Account", "LogprocError", "Panel", "Row", "Settings", "Snapshot", "SourceResult", "State", "__version__", "analyze"]

_HOMES = {
    "Account": "logproc.model.columns",
    "LogprocError": "logproc.model.errors",
    "Panel": "logproc.model.panel",
    "Row": "logproc.model.panel",
    "Settings": "logproc.settings",
    "Snapshot": "logproc.model.snapshot",
    "SourceResult": "logproc.model.snapshot",
    "State": "logproc.model.source",
    "analyze": "logproc.pipeline.api",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562): `import logproc` alone costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'logproc' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    return found
