"""Counts of a chunk, and how to merge them. There is no lock: a Tally has one owner at a time.

Merging is associative and commutative: counts and sums are exact integers, times are compared, and the rejected lines with
the smallest numbers are kept. So the order in which threads finish does not matter, and a property-based test checks it.
(With a limit on the number of keys it does matter: see `Tally.folded`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting import by_interval
from logproc.counting.by_interval import ByInterval, count_by_interval, merge_by_interval
from logproc.counting.counts import Counts, Subjects, Weights, count_columns, fold, merge_counts, weights_of
from logproc.counting.overview.counts import OverviewCounts, count_overview, interval_s, merge_overviews
from logproc.counting.rows import LOW_BITS, LOW_MASK, exact_sum
from logproc.counting.unmatched import ALL_MATCHED, Unmatched
from logproc.formats.account import TOO_LONG
from logproc.formats.columns.odd_bytes import NONE_ODD, OddLines, odd_lines
from logproc.formats.columns.printable import shown
from logproc.formats.columns.units import NOT_A_TIME
from logproc.formats.times.assumed import NOTHING_ASSUMED, Assumed
from logproc.model.columns import NO_TIME, REJECTED_SAMPLES, REJECTED_TEXT_BYTES, Account, Rejected
from logproc.questions.fields.addresses import anonymize_text
from logproc.questions.metrics import VISITOR
from logproc.questions.question import PanelSpec, Question

if TYPE_CHECKING:
    from logproc.model.chunk import Chunk
    from logproc.model.columns import KeyColumn, Numbers, Parsed
    from logproc.questions.metrics import Need
    from logproc.questions.view import View

ASKED_NOTHING = Question()


class SourceTally(Struct, frozen=True):
    """One source: its account, why lines were rejected, the first of those, and how many lines hold odd bytes.

    untimed: how many records have no time, the filtered ones too. assumed: what was assumed about times.
    unread: how many values of a field that is measured are not numbers, or lost digits, by the field and the reason.
    seen: the fields that some record has, the filtered ones too.
    """

    account: Account = field(default_factory=Account)
    reasons: Mapping[str, int] = field(default_factory=dict)
    sample: tuple[Rejected, ...] = ()
    odd: OddLines = NONE_ODD
    unread: Mapping[tuple[str, str], int] = field(default_factory=dict)
    untimed: int = 0
    assumed: Assumed = NOTHING_ASSUMED
    seen: frozenset[str] = frozenset()

    def __add__(self, other: SourceTally) -> SourceTally:
        sample = sorted((*self.sample, *other.sample), key=lambda rejected: rejected.line)[:REJECTED_SAMPLES]
        reasons = Counter(self.reasons) + Counter(other.reasons)
        unread = Counter(self.unread) + Counter(other.unread)
        return SourceTally(
            self.account + other.account,
            reasons,
            tuple(sample),
            self.odd + other.odd,
            unread,
            self.untimed + other.untimed,
            self.assumed + other.assumed,
            self.seen | other.seen,
        )


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
        return sum((source.account for source in self.sources.values()), Account())

    def folded(self, max_keys: int) -> Tally:
        """Return the tally with at most `max_keys` keys per panel. Which are dropped depends on the order of merging."""
        panels = {name: fold(counts, max_keys) for name, counts in self.panels.items()}
        return replace(
            self,
            panels=panels,
            overview=self.overview.folded(max_keys) if self.overview else None,
            by_interval=self.by_interval.folded(max_keys) if self.by_interval else None,
        )


def count(chunk: Chunk, parsed: Parsed, question: Question = ASKED_NOTHING, source_name: str = "") -> Tally:
    """Count the records of a parsed chunk that pass the question's filters; the others are counted as filtered."""
    sample = tuple(rejected(chunk, parsed, at, question) for at in range(min(len(parsed.rejected_lines), REJECTED_SAMPLES)))
    columns, account = parsed.columns, parsed.account
    seen = frozenset[str]()  # of all records, the filtered ones too
    if columns is not None:
        columns = question.prepared(columns, source_name) if columns.records else columns
        texts = (name for name, column in columns.keys.items() if column.keys.null_count < len(column.keys))
        seen = frozenset([*texts, *columns.numbers])
    unmatched = ALL_MATCHED
    untimed = 0 if columns is None else int((columns.time == NO_TIME).sum())
    bad_times = 0 if columns is None or columns.unread_time is None else int(columns.unread_time.sum())
    unread = {("time", NOT_A_TIME): bad_times} if bad_times else {}  # of the filtered records, too
    if columns is not None and columns.records and question.filters:
        every = question.view(columns)
        mask = question.select(every)
        unread |= {key: number for name in question.ordered for key, number in every.unread(name).items()}
        filtered = int((~mask).sum())
        unmatched = Unmatched.of(every, question) if filtered == columns.records else ALL_MATCHED
        further = 0 if columns.further is None else int(columns.further[~mask].sum())  # lines of filtered records
        columns = columns.keep(mask) if filtered else columns
        account = replace(
            account,
            records=account.records - filtered,
            filtered=filtered + further,
            continuation=account.continuation - further,
        )
    odd = odd_lines(chunk.data, parsed.bounds_of(TOO_LONG))
    assumed = Assumed.of_chunk(parsed, chunk.first_line, chunk.last_line)
    source = SourceTally(account, Counter(parsed.rejected_reasons), sample, odd, unread, untimed, assumed, seen=seen)
    if columns is None or not columns.records:
        return Tally(sources={chunk.source: source}, seen=seen, unmatched=unmatched)
    view = question.view(columns)
    tally = counted(view, question)
    measured = {need.field for panel in question.panels for need in panel.needs if need.measures_values}
    measured |= {"bytes"} & columns.numbers.keys()  # the report always sums sizes
    unread |= {key: number for name in measured - question.ordered for key, number in view.unread(name).items()}
    return replace(tally, sources={chunk.source: replace(source, unread=unread)}, seen=seen)


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


def rejected(chunk: Chunk, parsed: Parsed, position: int, question: Question = ASKED_NOTHING) -> Rejected:
    start, end = parsed.rejected_bounds[position]
    text = shown(chunk.data[start : min(end, start + REJECTED_TEXT_BYTES)].tobytes())
    if question.anonymous:
        text = anonymize_text(text)
    return Rejected(chunk.first_line + int(parsed.rejected_lines[position]), parsed.rejected_reasons[position], text)


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
        for index, source in tally.sources.items():
            sources[index] = sources[index] + source if index in sources else source
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
