"""What `logproc show` writes, from a run in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from logproc.command.subcommands.show.options import ShowOptions, with_chunks
from logproc.command.subcommands.show.output import form_of, stages
from logproc.model.errors import Enough
from logproc.model.snapshot import Snapshot
from logproc.model.source import Source
from logproc.pipeline.openers import Openers
from logproc.pipeline.threaded import run_threaded
from logproc.pipeline.writing import Writing
from logproc.records.stages.endings import Bytes
from logproc.settings import Settings
from tests.support.reports_of import sources_of

ASKED = {"fields", "output", "file", "first", "last", "around", "with_source", "merge", "count"}


def shown(*paths: str | Path, **options: Any) -> bytes:
    """Return what `show` writes for some files. options: fields of `ShowOptions`, and settings."""
    return run_of(sources_of(*paths), **options)[0]


def run_of(sources: Sequence[Source], openers: Openers | None = None, **options: Any) -> tuple[bytes, Snapshot]:
    """Return what `show` writes for some sources, and the account of the run."""
    asked = ShowOptions(sources=(), **{name: value for name, value in options.items() if name in ASKED})
    knobs = Settings(**{name: value for name, value in options.items() if name not in ASKED})
    settings = with_chunks(knobs, asked, sources, for_screen=False)
    parts: list[bytes] = []
    output = stages(asked, sources, Bytes(lambda data: parts.append(bytes(data))))
    run = run_threaded(sources, settings, openers, writing=Writing(form_of(asked, settings), output, asked.merge))
    assert run.cause is None or isinstance(run.cause, Enough), repr(run.cause)
    assert run.left_behind == ()
    return b"".join(parts), run.snapshot
