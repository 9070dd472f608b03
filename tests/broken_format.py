"""A format whose parser breaks after a while, so that an exception comes out of a worker. Run, it is the program with it."""

from __future__ import annotations

from itertools import count
from typing import Any

from logproc.formats import dispatch

NAME = "broken"
LOOKS = 60
"""How often the layout may be looked at: enough for some chunks."""


class Broken:
    """The layout of Combined, which after some looks at it is gone."""

    def __init__(self) -> None:
        self._looks = count()

    def __getattr__(self, name: str) -> Any:
        """Return what the real layout has."""
        if next(self._looks) > LOOKS:
            raise ZeroDivisionError("broken parser")
        return getattr(dispatch.BY_NAME["combined"], name)


if __name__ == "__main__":
    from logproc.__main__ import main

    dispatch.BY_NAME[NAME] = Broken()  # type: ignore[assignment]
    main()
