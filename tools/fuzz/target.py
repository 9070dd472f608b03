"""Fuzz targets, and how the bytes of an input become choices and texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
MARK = b"\x1e"
"""Separates the texts of an input: ASCII's record separator."""


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the program, and a function that raises where something does not hold that must hold for any input.

    seeds: inputs that reach deep; words: pieces that mean something to it, which mutations put in.
    found: inputs that once failed, by what was wrong.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    found: Mapping[str, bytes] = field(default_factory=dict)


class Given:
    """The bytes of an input, consumed from the front: choices first, then texts. After the end everything is 0 or empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def byte(self) -> int:
        """Take a number from 0 to 255."""
        taken, self._data = self._data[:1], self._data[1:]
        return taken[0] if taken else 0

    def one_of(self, values: Sequence[T]) -> T:
        """Take one of at most 256 values."""
        return values[self.byte() % len(values)]

    def part(self) -> bytes:
        """Take a text up to its mark, or to the end."""
        taken, _, self._data = self._data.partition(MARK)
        return taken

    def rest(self) -> bytes:
        """Take all that is left."""
        taken, self._data = self._data, b""
        return taken


def text_of(data: bytes) -> str:
    """Decode bytes like a command-line argument: bytes that are not UTF-8 become halves of surrogate pairs (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")
