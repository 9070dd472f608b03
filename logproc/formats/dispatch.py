"""A format's name → its parser.

Imported with the pipeline and not when the first chunk comes: an import inside a worker holds a lock that the other
workers then wait for, and competes with them for the GIL. It took 0.1 of 1.2 seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logproc.errors import UsageError
from logproc.formats.access import parse as parse_access
from logproc.formats.layout import LAYOUTS

if TYPE_CHECKING:
    from logproc.model import Bytes, Parsed

BY_NAME = {layout.name: layout for layout in LAYOUTS}


def check_format(name: str) -> None:
    """Raise UsageError if there is no format of that name."""
    if name not in BY_NAME:
        raise UsageError(f"--format {name!r} is unknown", "known are " + ", ".join(BY_NAME) + "; see `logproc formats`")


def parse(data: Bytes, format_name: str | None, max_line_bytes: int) -> Parsed:
    """Return what a chunk's whole lines are in the format of that name; without one, no line fits."""
    return parse_access(data, BY_NAME[format_name] if format_name else None, max_line_bytes)
