"""What `--trace FILE` does: start a recorder, and at the end write what it recorded, in the format of the file's ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from logproc.model.errors import UsageError
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.model.trace.recording import Recording
from logproc.reports.safe import harmless


def page(recording: Recording, command: str, summary: Sequence[str]) -> str:
    from logproc.reports.trace.page import render_page

    return render_page(recording, command, summary)


def picture(recording: Recording, command: str, _summary: Sequence[str]) -> str:
    from logproc.reports.trace.picture import render_svg

    return render_svg(recording, command)


def events(recording: Recording, command: str, _summary: Sequence[str]) -> str:
    from logproc.reports.trace.chrome import render_chrome

    return render_chrome(recording, command)


RENDERERS: Mapping[str, Callable[[Recording, str, Sequence[str]], str]] = {".html": page, ".svg": picture, ".json": events}


def check_trace(path: str) -> None:
    """Raise UsageError if the ending of a trace's file is not one of a known format."""
    if Path(path).suffix.lower() not in RENDERERS:
        what = f"--trace {harmless(path)}: its ending decides the format, and this one is not known"
        raise UsageError(what, "use .html or .svg for a picture, .json for Perfetto")


def start_trace(path: str | None) -> Trace:
    """Return a recorder for the calling thread and all others, or one that records nothing if no trace is wanted."""
    if path is None:
        return NO_TRACE
    from logproc.command.process import started_ns
    from logproc.settings import usable_cores
    from logproc.threads.trace import Recorder

    return Recorder(started_ns(), cores=usable_cores())


def rendered(path: str, recording: Recording, command: str, summary: Sequence[str]) -> str:
    return RENDERERS[Path(path).suffix.lower()](recording, command, summary)
