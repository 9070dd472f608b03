"""Where the results of a run go, piece by piece and in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Piece_contra = TypeVar("Piece_contra", contravariant=True)
Release = Callable[[], None]


def nothing() -> None:
    """Release nothing."""


class Output(Protocol[Piece_contra]):
    """Takes the pieces of all sources, those of each in their order. One thread calls it; it may block."""

    def take(self, source: int, piece: Piece_contra, release: Release) -> None:
        """Write the next piece of a source, then, now or later, call `release`. Raises Enough if no more is wanted."""

    def ended(self, source: int) -> None:
        """All pieces of a source were taken."""

    def caught_up(self) -> None:
        """All that was there when a run began to follow logs was taken; what comes now is new."""

    def close(self) -> None:
        """Write what is held back, and finish: everything was taken."""
