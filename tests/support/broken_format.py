"""A format whose parser fails after a while, so that a worker raises. As a script: the program with this format."""

from __future__ import annotations

from itertools import count
from typing import Any

from logproc.formats import known

NAME = "broken"
CHUNKS = 3
"""How many chunks it parses before it fails."""


class Broken:
    """Combined, which fails after some chunks."""

    name = NAME

    def __init__(self) -> None:
        self._parsed = count()

    def parse(self, *arguments: Any) -> Any:
        """Parse like Combined, or fail."""
        if next(self._parsed) >= CHUNKS:
            raise ZeroDivisionError("broken parser")
        return known.BY_NAME["combined"].parse(*arguments)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of Combined."""
        return getattr(known.BY_NAME["combined"], name)


if __name__ == "__main__":
    from logproc.__main__ import main

    known.BY_NAME[NAME] = Broken()  # type: ignore[assignment]  # it has all that the pipeline asks of a format
    main()
