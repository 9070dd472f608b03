"""What a format is to the rest of the program: a name, a parser of chunks, and what it has to know from before a chunk."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logproc.model import Bytes, Context, Parsed


class Format(Protocol):
    """One format of lines. Frozen, and the same for all threads.

    fields: the columns that its records have, as far as that is known before they are read.
    open_fields: whether records may have fields beyond these.
    """

    @property
    def name(self) -> str:
        """The name that reports and `--format` use."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that records have."""

    @property
    def open_fields(self) -> bool:
        """Whether records may have other fields as well."""

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines, given the one before them."""

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return what whole lines are: the records with the columns that are wanted, and what became of all other lines."""
