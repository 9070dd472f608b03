"""A format whose parser breaks after a while, so that an exception comes out of a worker. Run, it is the program with it."""

from __future__ import annotations

from itertools import count
from typing import Any

from logproc.formats import known

NAME = "broken"
CHUNKS = 3
"""How many chunks it parses before it breaks."""


class Broken:
    """Combined, which after some chunks breaks."""

    name = NAME

    def __init__(self) -> None:
        self._parsed = count()

    def parse(self, *arguments: Any) -> Any:
        """Return what Combined makes of a chunk."""
        if next(self._parsed) >= CHUNKS:
            raise ZeroDivisionError("broken parser")
        return known.BY_NAME["combined"].parse(*arguments)

    def __getattr__(self, name: str) -> Any:
        """Return what Combined has."""
        return getattr(known.BY_NAME["combined"], name)


if __name__ == "__main__":
    from logproc.__main__ import main

    known.BY_NAME[NAME] = Broken()  # type: ignore[assignment]  # it has all that the pipeline asks of a format
    main()
