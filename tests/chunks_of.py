"""A chunk made by hand."""

from __future__ import annotations

import numpy

from logproc.model import Chunk


def chunk_of(content: bytes, *, source: int = 0, index: int = 0, first_line: int = 1, name: str | None = "combined") -> Chunk:
    """Return whole lines as a chunk."""
    assert not content or content.endswith(b"\n")
    return Chunk(source, index, 0, first_line, content.count(b"\n"), name, numpy.frombuffer(content, numpy.uint8))
