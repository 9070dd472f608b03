"""What a stage is: it takes pieces, in order (see threads.delivery)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from logproc.records.piece import Piece

Release = Callable[[], None]


def nothing() -> None:
    """Release nothing."""


class Output(Protocol):
    """Takes pieces: see `threads.delivery.Output`."""

    def take(self, source: int, piece: Piece, release: Release) -> None:
        """Write the next piece of a source, then, now or later, call `release`."""

    def ended(self, source: int) -> None:
        """All pieces of a source were taken."""

    def caught_up(self) -> None:
        """All that was there when a run began to follow logs was taken."""

    def close(self) -> None:
        """Write what is held back, and finish the file."""
