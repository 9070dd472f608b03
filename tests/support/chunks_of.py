"""Chunks made by hand, and their parsing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

from logproc.formats.account import parse_unknown
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Chunk, Context
from logproc.model.columns import Parsed
from logproc.questions.question import Question

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

WANTED = Question().wanted
"""The columns of the usual panels."""


def chunk_of(content: bytes, *, source: int = 0, index: int = 0, first_line: int = 1, name: str | None = "combined") -> Chunk:
    assert not content or content.endswith(b"\n")
    form = BY_NAME[name] if name else None
    return Chunk(source, index, 0, first_line, content.count(b"\n"), form, numpy.frombuffer(content, numpy.uint8))


def parse(data: Bytes, name: str | None, max_line_bytes: int) -> Parsed:
    """Parse whole lines in a named format, with the columns of the usual panels; without a name, no line fits."""
    if name is None:
        return parse_unknown(data, max_line_bytes)
    return BY_NAME[name].parse(data, Context(), WANTED, max_line_bytes)
