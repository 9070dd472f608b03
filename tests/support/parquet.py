"""Parquet files as `logproc show` writes them, from a run in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from logproc.command.subcommands.show.options import ShowOptions, with_chunks
from logproc.command.subcommands.show.output import form_of, parquet_output, stages
from logproc.pipeline.threaded import run_threaded
from logproc.pipeline.writing import Writing
from logproc.questions.zones import parse_zone
from logproc.records.forms import TableForm
from logproc.settings import Settings
from tests.support.reports_of import sources_of


def as_parquet(path: Path, *logs: Path, fields: str | None = None, by_day: bool = False, **knobs: Any) -> Path:
    """Write the records of some logs to a file, or to a folder with a file for each day; return its path."""
    sources = sources_of(*logs)
    asked = ShowOptions(sources=(), output="parquet", file=os.fspath(path), fields=fields)
    settings = with_chunks(Settings(**knobs), asked, sources, for_screen=False)
    form = form_of(asked, settings)
    assert isinstance(form, TableForm)
    with parquet_output(os.fspath(path), form, parse_zone("UTC") if by_day else None) as output:
        run = run_threaded(sources, settings, writing=Writing(form, stages(asked, sources, output)))
        assert run.cause is None, repr(run.cause)
    return path
