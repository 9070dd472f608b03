"""Bytes of a log → columns. `names()` lists what is known, `parse` reads a chunk, `detect` tells which format a sample has.

In the order to read: `layout` (what a line looks like), `pattern` (one line, exactly), `delimited` (a chunk at
once), `access` (the two together), `request`, `times`, `shown`, `slices`, `detect`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logproc.formats.layout import LAYOUTS, Layout

if TYPE_CHECKING:
    from logproc.model import Bytes, Parsed

__all__ = ["LAYOUTS", "Layout", "names", "parse"]

BY_NAME = {layout.name: layout for layout in LAYOUTS}


def names() -> tuple[str, ...]:
    """Return the names that `--format` takes."""
    return tuple(BY_NAME)


def parse(data: Bytes, format_name: str | None, max_line_bytes: int) -> Parsed:
    """Return what a chunk's whole lines are in the format of that name; without one, no line fits."""
    from logproc.formats.access import parse as parse_access

    return parse_access(data, BY_NAME[format_name] if format_name else None, max_line_bytes)
