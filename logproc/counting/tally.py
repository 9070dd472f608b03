"""Counts of a chunk, and how to merge them. There is no lock: a Tally has one owner at a time.

Merging is associative and commutative: counts and sums are exact integers, times are compared, and the rejected lines with
the smallest numbers are kept. So the order in which threads finish does not matter, and a property-based test checks it.
(With a limit on the number of keys it does matter: see `Tally.folded`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting import by_interval
from logproc.counting.by_interval import ByInterval, count_by_interval, merge_by_interval
from logproc.counting.by_source.source_tally import SourceTally, Unread, rejected
from logproc.counting.by_source.split import source_of, split
from logproc.counting.by_source.unmatched import ALL_MATCHED, Unmatched
from logproc.counting.counts import Counts, Subjects, Weights, count_columns, fold, merge_counts, weights_of
from logproc.counting.overview.counts import OverviewCounts, count_overview, interval_s, merge_overviews
from logproc.counting.rows import LOW_BITS, LOW_MASK, exact_sum
from logproc.formats.account import TOO_LONG
from logproc.formats.columns.odd_bytes import NONE_ODD, odd_lines
from logproc.formats.columns.slices import index_of
from logproc.formats.columns.units import NOT_A_TIME
from logproc.formats.times.assumed import Assumed
from logproc.model.columns import NO_TIME, REJECTED_SAMPLES, Account, KeyColumn
from logproc.questions.metrics import VISITOR
from logproc.questions.question import PanelSpec, Question

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.model.chunk import Chunk
    from logproc.model.columns import Columns, Numbers, Parsed
    from logproc.questions.metrics import Need
    from logproc.questions.view import View

ASKED_NOTHING = Question()


class Tally(Struct, frozen=True):
    """All counts of one chunk or of many. It is a value: merging makes a new one.

    panels: by name. first, last: the smallest and largest time of a record. seen: the fields that some record has.
    overview: None if it was not asked for, or there is no record. Its intervals are `interval_s(first, last)` long.
    by_interval: None if logs are not to be compared, or there is no record; its intervals have lengths of their own.
    unmatched: of the chunks whose records were all filtered.
    """

    panels: Mapping[str, Counts] = field(default_factory=dict)
    sources: Mapping[int, SourceTally] = field(default_factory=dict)
    bytes: int = 0
    malformed_requests: int = 0
    first: int | None = None
    last: int | None = None
    seen: frozenset[str] = frozenset()
    overview: OverviewCounts | None = None
    by_interval: ByInterval | None = None
    unmatched: Unmatched = ALL_MATCHED

    @property
    def counts(self) -> tuple[Counts, ...]:
        parts = [*(self.overview.parts if self.overview else ()), *(self.by_interval.parts if self.by_interval else ())]
        return (*self.panels.values(), *parts)

    @property
    def keys(self) -> int:
        """How many usual entries it is as large as: its size in memory, and the cost of merging it."""
        return sum(counts.weight for counts in self.counts)

    @property
    def distinct(self) -> int:
        """How many keys it has, of all its counts together."""
        return sum(len(counts) for counts in self.counts)

    @property
    def account(self) -> Account:
        return Account.sum_of(source.account for source in self.sources.values())

    def behind(self, lines: Mapping[int, int]) -> Tally:
        """Return the same for lines that come behind so many others of their sources; see `SourceTally.behind`."""
        sources = {index: tally.behind(lines[index]) if index in lines else tally for index, tally in self.sources.items()}
        return replace(self, sources=sources)

    def folded(self, max_keys: int) -> Tally:
        """Return the tally with at most `max_keys` keys per panel. Which are dropped depends on the order of merging."""
        panels = {name: fold(counts, max_keys) for name, counts in self.panels.items()}
        return replace(
            self,
            panels=panels,
            overview=self.overview.folded(max_keys) if self.overview else None,
            by_interval=self.by_interval.folded(max_keys) if self.by_interval else None,
        )


class Filtered(Struct, frozen=True):
    """The records of a parsed chunk, and which of them pass the filters.

    every: all records, ready to be counted. kept: which pass, shape (records,); None if all do without being asked.
    columns: those that pass. seen: the fields that some record has, the filtered ones too.
    unmatched: what they were, if none passes. unread: values that the filter could not read as numbers, see SourceTally.
    """

    every: Columns | None
    kept: Mask | None
    columns: Columns | None
    seen: frozenset[str]
    unmatched: Unmatched
    unread: Unread


def filtered(chunk: Chunk, parsed: Parsed, question: Question = ASKED_NOTHING, *names: str) -> Filtered:
    """Return which records of a parsed chunk pass the question's filters. names: of its sources."""
    every, seen = parsed.columns, frozenset[str]()
    if every is not None:
        every = question.prepared(every, names_of_records(chunk, parsed, names)) if every.records else every
        texts = (name for name, column in every.keys.items() if column.keys.null_count < len(column.keys))
        seen = frozenset([*texts, *every.numbers])
    columns, kept, unmatched = every, None, ALL_MATCHED
    unread: dict[tuple[str, str], Integers] = {}
    if every is not None and every.unread_time is not None:  # of the filtered records, too
        unread["time", NOT_A_TIME] = numpy.flatnonzero(every.unread_time)
    if every is not None and every.records and question.filters:
        view = question.view(every)
        kept = question.select(view)
        unread |= {key: records for name in question.ordered for key, records in view.unread(name).items()}
        columns = every if kept.all() else every.keep(kept)
        unmatched = ALL_MATCHED if columns.records else Unmatched.of(view, question)
    return Filtered(every, kept, columns, seen, unmatched, unread)


def count(chunk: Chunk, parsed: Parsed, question: Question = ASKED_NOTHING, *names: str) -> Tally:
    """Count the records of a parsed chunk that pass the question's filters; the others are counted as filtered.

    names: of its sources.
    """
    return count_filtered(chunk, parsed, filtered(chunk, parsed, question, *names), question)


def count_filtered(chunk: Chunk, parsed: Parsed, found: Filtered, question: Question) -> Tally:
    """Count what `filtered` returned for a chunk."""
    columns, kept = found.columns, found.kept
    tally, unread = Tally(unmatched=found.unmatched), dict(found.unread)
    if columns is not None and columns.records:
        view = question.view(columns)
        tally = counted(view, question)
        measured = {need.field for panel in question.panels for need in panel.needs if need.measures_values}
        measured |= {"bytes"} & columns.numbers.keys()  # the report always sums sizes
        number = numpy.arange(columns.records) if kept is None else numpy.flatnonzero(kept)
        of_kept = {key: records for name in measured - question.ordered for key, records in view.unread(name).items()}
        unread |= {key: number[records] for key, records in of_kept.items()}
    unread = {key: records for key, records in unread.items() if len(records)}
    if chunk.parts:
        sources = split(chunk, chunk.parts, parsed, found.every, kept, unread, question)
    else:
        sources = {chunk.source: source_tally(chunk, parsed, found.every, kept, unread, question, found.seen)}
    return replace(tally, sources=sources, seen=found.seen)


def names_of_records(chunk: Chunk, parsed: Parsed, names: Sequence[str]) -> KeyColumn:
    """Return the name of the source of each record."""
    if parsed.sources is not None:
        return parsed.sources
    records = parsed.columns.records if parsed.columns else 0
    if chunk.parts is None or parsed.record_lines is None:
        return KeyColumn(pyarrow.array(names[:1] or [""], pyarrow.string()), numpy.zeros(records, numpy.int64))
    keys = pyarrow.array(names, pyarrow.string()).dictionary_encode()  # two paths may look the same
    return KeyColumn(keys.dictionary, index_of(keys)[source_of(chunk.parts, parsed.record_lines)])


def source_tally(
    chunk: Chunk,
    parsed: Parsed,
    columns: Columns | None,
    kept: Mask | None,
    unread: Unread,
    question: Question,
    seen: frozenset[str],
) -> SourceTally:
    """Return what is known of the one source of a chunk. `split` does the same for many."""
    account = parsed.account
    if columns is not None and kept is not None:
        filtered = int((~kept).sum())
        further = 0 if columns.further is None else int(columns.further[~kept].sum())  # lines of filtered records
        account = replace(
            account,
            records=account.records - filtered,
            filtered=filtered + further,
            continuation=account.continuation - further,
        )
    return SourceTally(
        account,
        Counter(parsed.rejected_reasons),
        tuple(rejected(chunk, parsed, at, question) for at in range(min(len(parsed.rejected_lines), REJECTED_SAMPLES))),
        odd_lines(chunk.data, parsed.bounds_of(TOO_LONG)) if chunk.is_text else NONE_ODD,
        {key: len(records) for key, records in unread.items()},
        0 if columns is None else int((columns.time == NO_TIME).sum()),
        Assumed.of_chunk(parsed, chunk.first_line, chunk.last_line),
        seen,
    )


def counted(view: View, question: Question) -> Tally:
    columns = view.columns
    sizes = columns.numbers["bytes"].whole if "bytes" in columns.numbers else None
    times = columns.time if not (columns.time == NO_TIME).any() else columns.time[columns.time != NO_TIME]
    first, last = (int(times.min()), int(times.max())) if len(times) else (None, None)
    weights = weights_of(sizes)
    return Tally(
        panels=count_panels(view, question.counted, weights),
        bytes=0 if sizes is None else exact_sum(sizes & LOW_MASK, sizes >> LOW_BITS),
        malformed_requests=0 if columns.malformed is None else int(columns.malformed.sum()),
        first=first,
        last=last,
        overview=count_overview(view, weights, first, last) if question.overview else None,
        by_interval=count_by_interval(view, first, last) if question.compares else None,
    )


def count_panels(view: View, panels: Sequence[PanelSpec], weights: Weights | None) -> dict[str, Counts]:
    found = {}
    for panel in panels:
        columns = [view.of_visits(name) if panel.title else view.keys(name) for name in panel.by]
        present = [column for column in columns if column is not None]
        if len(present) == len(columns):
            found[panel.name] = count_columns(present, view.columns.records, weights, subjects(view, panel))
    return found


def subjects(view: View, panel: PanelSpec) -> Subjects:
    found: dict[Need, KeyColumn | Numbers] = {}
    for need in panel.needs:
        subject: KeyColumn | Numbers | None
        if need.field == VISITOR:
            subject = view.visitors()
        elif need.kind == "peaks":
            subject = view.keys(need.field)
        else:
            subject = view.texts(need.field) if need.kind == "uniques" else view.numbers(need.field)
        if subject is not None:
            found[need] = subject
    return found


def merge(tallies: Sequence[Tally]) -> Tally:
    """Return the sum of tallies. Associative and commutative except for the order of keys, which reports do not show."""
    names = dict.fromkeys(name for tally in tallies for name in tally.panels)
    sources: dict[int, SourceTally] = {}
    for tally in tallies:
        both = sources.keys() & tally.sources.keys()  # of most chunks the sources are others: `|` copies them without Python
        sums = {index: sources[index] + tally.sources[index] for index in both}
        sources = {**sources, **tally.sources, **sums}
    firsts = [tally.first for tally in tallies if tally.first is not None]
    lasts = [tally.last for tally in tallies if tally.last is not None]
    first, last = min(firsts, default=None), max(lasts, default=None)
    length_s = interval_s(first, last)
    overviews = [
        tally.overview.lengthened(length_s // interval_s(tally.first, tally.last)) for tally in tallies if tally.overview
    ]
    longest_s = by_interval.interval_s(first, last)
    compared = [
        tally.by_interval.lengthened(longest_s // by_interval.interval_s(tally.first, tally.last))
        for tally in tallies
        if tally.by_interval
    ]
    return Tally(
        panels={name: merge_counts([tally.panels[name] for tally in tallies if name in tally.panels]) for name in names},
        sources=sources,
        bytes=sum(tally.bytes for tally in tallies),
        malformed_requests=sum(tally.malformed_requests for tally in tallies),
        first=first,
        last=last,
        seen=frozenset().union(*(tally.seen for tally in tallies)),
        overview=merge_overviews(overviews),
        by_interval=merge_by_interval(compared),
        unmatched=sum((tally.unmatched for tally in tallies), ALL_MATCHED),
    )
