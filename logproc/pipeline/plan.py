"""Settings → what a run does with each source and each record. Made before the first thread starts, and never changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.detection.choice import Choice
from logproc.formats.maps import parse_maps
from logproc.model.chunk import Outcome
from logproc.model.errors import UsageError
from logproc.model.source import REMOTE, Kind
from logproc.questions.fields.derived import FIELDS, SHAPE
from logproc.questions.metrics import check_sketches, parse_metrics
from logproc.questions.names import hint_for
from logproc.questions.question import SOURCE, Question, panels_for, sort_of, unknown_fields, with_sort
from logproc.questions.timespan import parse_moment
from logproc.questions.view import TIME_FIELDS
from logproc.questions.where.grammar import parse_where
from logproc.questions.zones import parse_zone
from logproc.sources.reading import ReadingOptions

if TYPE_CHECKING:
    from logproc.counting.tally import Tally
    from logproc.model.chunk import Parser
    from logproc.model.source import Source
    from logproc.settings import Settings


FEW_STREAMS = 16
LEAST_CHUNK_BYTES = 1 << 20


class Plan(Struct, frozen=True):
    """What to count, how to find the formats, and how to read the sources.

    families: whether the report has the browsers and systems of user agents. shows: whether records are written as they are.
    """

    question: Question
    choice: Choice
    reading: ReadingOptions
    top: int | tuple[int, ...]
    max_line_bytes: int
    families: bool = False
    shows: bool = False

    @classmethod
    def of(cls, settings: Settings, now_s: int | None = None, sources: Sequence[Source] = ()) -> Plan:
        """Return the plan for settings. Raises UsageError for an invalid format, filter, field or time.

        now_s: the time that `--since 2h` counts back from, in seconds since 1970; by default now.
        """
        now_s = int(time.time()) if now_s is None else now_s
        zone = parse_zone(settings.tz)
        own = {**dict(settings.patterns), **dict(settings.formats)}
        choice = replace(Choice.of(settings.format, settings.pattern, settings.nginx_conf, own), maps=parse_maps(settings.map))
        question = question_of(settings, now_s)
        check_top(settings, question)
        whole = question.needs_whole_records or settings.shows is not None
        fractions = question.needs_fractions or "time" in (settings.shows or ())
        size = chunk_bytes(settings, sources)
        reading = ReadingOptions(choice, size, settings.max_line_bytes, now_s, zone, whole, fractions)
        return cls(
            question, choice, reading, settings.top, settings.max_line_bytes, settings.families, settings.shows is not None
        )

    def bounded(self, tally: Tally) -> Tally:
        return tally.folded(self.question.max_keys) if self.question.max_keys else tally


def check_top(settings: Settings, question: Question) -> None:
    """Raise UsageError if more numbers are in `--top` than any panel has fields."""
    most = max((len(panel.by) for panel in question.panels), default=0)
    if settings.by and isinstance(settings.top, tuple) and len(settings.top) > max(most, 1):
        top, by = ",".join(map(str, settings.top)), settings.by[0]
        hint = f"write --top {settings.top[0]}, or name a field for each number: --by {by},status"
        raise UsageError(f"--top {top} has more numbers than --by has fields", hint)


def chunk_bytes(settings: Settings, sources: Sequence[Source]) -> int:
    """Return the chunk size for some sources: smaller if many streams are read at once.

    A reader asks for memory only with a chunk in hand, so what the readers have in hand comes on top of the budget.
    """
    kinds = Counter(source.kind for source in sources)
    streams = min(settings.streams, sum(kinds[kind] for kind in REMOTE)) + kinds[Kind.FIFO]
    if settings.chunk_size is not None or streams <= FEW_STREAMS:
        return settings.chunk_bytes
    return min(settings.chunk_bytes, max(LEAST_CHUNK_BYTES, settings.chunk_bytes * FEW_STREAMS // streams))


def question_of(settings: Settings, now_s: int) -> Question:
    zone = parse_zone(settings.tz)
    metrics = parse_metrics(",".join(settings.metric), zone)
    sort = sort_of(settings.sort, metrics, zone)
    metrics = with_sort(metrics, sort)
    panels = (
        ()
        if settings.compares or settings.shows is not None
        else panels_for(settings.by, metrics, sort, visitors=settings.visitors)
    )
    check_sketches(need for panel in panels for need in panel.needs)
    where = None if settings.where is None else parse_where(settings.where, zone)
    named = [name for panel in panels if settings.by and not panel.title for name in panel.by]
    measured = [name for metric in metrics if metric.need for name in metric.need.required]
    since, until = (
        None if text is None else parse_moment(f"--{name}", text, zone, now_s)
        for name, text in (("since", settings.since), ("until", settings.until))
    )
    if since is not None and until is not None and since >= until:
        raise UsageError("--since is not before --until", "no record can be between them")
    return Question(
        panels=panels,
        where=where,
        since=since,
        until=until,
        zone=zone,
        metrics=metrics,
        sort=sort,
        descending=None if settings.order is None else settings.order == "desc",
        from_forwarded=settings.client_from == "xff",
        anonymous=settings.anonymize,
        max_keys=settings.max_keys,
        asked=(
            *(settings.shows or ()),
            *named,
            *measured,
            *(where.fields if where else ()),
            *(found.source for found in parse_maps(settings.map)),
        ),
        asked_by=bool(settings.by),
        optional=settings.paints,
        compares=settings.compares,
        kinds=tuple((found.field, found.unit.kind) for found in parse_maps(settings.map) if found.unit),
    )


def check_fields_early(plan: Plan, formats: Sequence[Parser | None]) -> None:
    """Raise UsageError for a field that no source can have, if all formats are known and list all their fields."""
    known = [form for form in formats if form is not None]
    if known and len(known) == len(formats) and not any(form.open_fields for form in known):
        fields = {name for form in known for name in form.fields}
        if unknown := unknown_fields(plan.question, fields):
            raise no_such_field(unknown, fields)


def check_fields(plan: Plan, outcomes: Iterable[Outcome], tally: Tally) -> UsageError | None:
    """Return the error for a field that was in no source; None if all fields were found, or no line was read."""
    formats = [outcome.format for outcome in outcomes if outcome.format is not None]
    fields = {name for form in formats for name in form.fields}
    unknown = unknown_fields(plan.question, fields | tally.seen)
    return no_such_field(unknown, fields) if unknown and formats and tally.account.lines else None


def no_such_field(unknown: Sequence[str], fields: Iterable[str]) -> UsageError:
    derived = [name for name, (base, _) in FIELDS.items() if base in fields]
    shaped = SHAPE.fullmatch(unknown[0])
    name = shaped[1] if shaped else unknown[0]
    return UsageError(f"no source has a field {name!r}", hint_for(name, {"time", SOURCE, *TIME_FIELDS, *fields}, derived))
