"""What a worker of the tests loads first: some paths in a log have it die, or wait, when it parses them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from logproc.pipeline import serial

FOLDER = Path(os.environ.get("TEST_FOLDER", ""))
parse = getattr(serial.parse, "original", serial.parse)
"""Dask loads a file of this kind twice."""


def parsed(plan: Any, chunk: Any, *wanted: Any) -> Any:
    """Parse a chunk, after what is asked for in it. Waits until the gate is open, or this process alone may pass."""
    data = bytes(chunk.data)
    if b"/die" in data:
        os._exit(1)
    if b"/raise" in data:
        raise ValueError
    if b"/wait" in data:
        mark = FOLDER / f"waits.{os.getpid()}"
        mark.touch()
        while not (FOLDER / "gate").exists():
            time.sleep(0.01)
        mark.unlink(missing_ok=True)
    return parse(plan, chunk, *wanted)


parsed.original = parse  # type: ignore[attr-defined]  # a function may have any
serial.parse = parsed  # type: ignore[assignment]  # replaced on purpose
