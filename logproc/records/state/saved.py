"""What a state is: the counts of all runs so far, the question that they answer, and how far each log was read for them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from logproc.counting.tally import Tally
from logproc.model.position import Position


class SavedLog(Struct, frozen=True):
    """What is kept of one log besides its counts, for the report of a later run.

    name: as displayed. source: its number in `Tally.sources`. positions: of each file that belonged to it and is counted up to
    there, the one that grows last. format: its name. bytes_read, bytes_decoded: of all runs. notes: on reading it.
    """

    name: str
    source: int
    positions: tuple[Position, ...] = ()
    format: str | None = None
    bytes_read: int = 0
    bytes_decoded: int = 0
    notes: tuple[str, ...] = ()


class SavedState(Struct, frozen=True):
    """One commit: a value in which counts and positions fit each other.

    question: the settings that the counts depend on, see `asked`. tally: of exactly the bytes before the positions.
    """

    question: Mapping[str, str]
    logs: tuple[SavedLog, ...]
    tally: Tally

    def tally_for(self, sources: Mapping[str, int]) -> Tally:
        """Return the counts with the sources numbered as in this run.

        sources: the number of each log by its name. A log that has gone needs one too: what was counted stays counted. Raises
        KeyError for a log without a number.
        """
        numbers = {log.source: sources[log.name] for log in self.logs}
        return replace(self.tally, sources={numbers[old]: found for old, found in self.tally.sources.items()})
