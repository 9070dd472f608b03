"""Sides of comparisons, read from files as a run reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from logproc.pipeline.serial import run_serial
from logproc.reports.comparing.side import Side, side_of_log
from logproc.settings import Settings
from tests.support.reports_of import sources_of


def side_of(path: Path, **knobs: Any) -> Side:
    """Read a log in this thread and return it as one side of a comparison."""
    run = run_serial(sources_of(path), Settings(compares=True, **knobs))
    assert run.cause is None
    assert run.tally is not None
    return side_of_log(path.name, run.tally)
