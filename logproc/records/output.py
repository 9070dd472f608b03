"""Where the results of a run go, piece by piece and in order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

Piece_contra = TypeVar("Piece_contra", contravariant=True)
Release = Callable[[], None]
FILES = -1
"""Stands for the sources that are files, of which more may appear."""


def nothing() -> None:
    """Release nothing."""


def group_of(source: int, streams: Collection[int]) -> int:
    """Return what a source catches up with: itself if it is one of the streams, otherwise all files."""
    return source if source in streams else FILES


class Output(Protocol[Piece_contra]):
    """Takes the pieces of all sources, those of each in their order. One thread calls it; it may block."""

    def take(self, source: int, piece: Piece_contra, release: Release) -> None:
        """Write the next piece of a source, then, now or later, call `release`. Raises Enough if no more is wanted."""

    def ended(self, source: int) -> None:
        """All pieces of a source were taken."""

    def caught_up(self, of: int) -> None:
        """All that was there when a run began to follow logs was taken; what comes now is new.

        of: the source, if it is a stream, each of which catches up by itself; FILES for all files together.
        """

    def close(self) -> None:
        """Write what is held back, and finish: everything was taken."""
