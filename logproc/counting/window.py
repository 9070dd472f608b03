"""Counts of the last minutes: `--window 15m`.

Time is cut into slices, about sixty to a window. A chunk is counted by slice, so that a report at any moment is the sum of the
slices that are in the window then. A slice that has left it is forgotten as a whole: nothing is ever subtracted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.tally import Tally, count_filtered, filtered
from logproc.model.columns import NO_TIME, NUMBERS_OF, Account

if TYPE_CHECKING:
    from logproc.model.chunk import Chunk
    from logproc.model.columns import Parsed
    from logproc.questions.question import Question

SLICES = 60


class Window(Struct, frozen=True):
    """How long a window is, and its slices: slice n holds the seconds from n * slice_s on, since 1970.

    >>> Window(900).slice_s, Window(900).slices_at(9000.0)
    (15, range(540, 661))
    """

    seconds: float

    @property
    def slice_s(self) -> int:
        return math.ceil(self.seconds / SLICES)

    def slices_at(self, now_s: float) -> range:
        """Return the slices that are in the window: from the one with its beginning on, so it is up to a slice longer.

        A record may be as much later than our clock as the window is long: clocks differ. One that is later still is in no
        window, or a wrong year would be in all of them.
        """
        return range(math.floor((now_s - self.seconds) / self.slice_s), math.floor((now_s + self.seconds) / self.slice_s) + 1)


class Sliced(Struct, frozen=True):
    """The counts of one chunk. rest: its account, in which every record is filtered, and what else there is of each source.

    slices: by number, the counts of its records, with accounts to be added: they move records out of the filtered.
    """

    rest: Tally
    slices: Mapping[int, Tally] = field(default_factory=dict)


def count_slices(chunk: Chunk, parsed: Parsed, question: Question, *names: str, window: Window, now_s: float) -> Sliced:
    """Count the records of a parsed chunk that pass the question's filters, and are in the window now.

    now_s: seconds since 1970; a record without a time counts as one of now.
    """
    found = filtered(chunk, parsed, question, *names)
    every = found.every
    if every is None or found.columns is None or not found.columns.records:
        return Sliced(count_filtered(chunk, parsed, found, question))
    passing = numpy.arange(every.records) if found.kept is None else numpy.flatnonzero(found.kept)
    times = found.columns.time
    numbers = numpy.where(times == NO_TIME, int(now_s), times) // window.slice_s
    wanted = window.slices_at(now_s)

    def counted(records: numpy.typing.NDArray[numpy.int64]) -> Tally:
        kept = numpy.zeros(every.records, numpy.bool_)
        kept[records] = True
        return count_filtered(chunk, parsed, replace(found, kept=kept, columns=every.take(records)), question)

    rest = counted(passing[:0])
    slices = {int(number): counted(passing[numbers == number]) for number in numpy.unique(numbers) if int(number) in wanted}
    return Sliced(
        rest,
        {
            number: replace(tally, sources={index: beyond(of, rest.sources[index]) for index, of in tally.sources.items()})
            for number, tally in slices.items()
        },
    )


def beyond(source: SourceTally, rest: SourceTally) -> SourceTally:
    """Return what has to be added to the rest of a source for the account of a slice. Some numbers are negative."""
    numbers = zip(NUMBERS_OF(source.account), NUMBERS_OF(rest.account), strict=True)
    unread = Counter(source.unread) - Counter(rest.unread)
    return SourceTally(Account(*(one - other for one, other in numbers)), unread=unread)
