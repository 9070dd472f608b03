"""What a format is to the rest of the program: a name, a parser of chunks, and what it has to know from before a chunk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logproc.model import Bytes, Context, Parsed


@dataclass(frozen=True, slots=True)
class Wanted(Collection[str]):
    """The columns that a parser is asked for.

    sought: those that were named, to be looked for in each record; usual: those that are taken where a sample has them. The
    difference matters where records may have any field: looking for what is not there costs as much as for what is.
    """

    sought: frozenset[str] = frozenset()
    usual: frozenset[str] = frozenset()

    def __contains__(self, name: object) -> bool:
        return name in self.sought or name in self.usual

    def __iter__(self) -> Iterator[str]:
        return iter(self.sought | self.usual)

    def __len__(self) -> int:
        return len(self.sought | self.usual)


def sought(wanted: Collection[str]) -> Collection[str]:
    """Return the columns to be looked for in each record: all, unless it is said which."""
    return wanted.sought if isinstance(wanted, Wanted) else wanted


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
