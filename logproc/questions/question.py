"""What the user asks of a run: which records count, what they are counted by, and what is shown for each key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy
from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from logproc.formats.columns.fields import Wanted
from logproc.model.columns import NO_TIME, Columns, KeyColumn
from logproc.model.errors import UsageError
from logproc.questions.fields.addresses import anonymize, anonymize_within, client_from
from logproc.questions.fields.derived import derive
from logproc.questions.fields.recode import absent_column
from logproc.questions.fields.stretches import stretch_of
from logproc.questions.metrics import VISITOR, Metric, Need, parse_metric, split_outside
from logproc.questions.view import TIME_FIELDS, View, base_of, is_time_field
from logproc.questions.where.grammar import Where
from logproc.questions.where.predicates import BILLION, ordered_fields

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

ADDRESSES = ("client", "forwarded_for")
SOURCE = "source"
"""The field with the name of a record's source, whatever the log itself calls so."""
HOLDING_ADDRESSES = frozenset({*ADDRESSES, "message", "referrer", "host", "target", "path", "query", "request", "upstream"})


class PanelSpec(Struct, frozen=True):
    """What a panel counts by.

    whole: show all rows. needs: what to measure for each key besides its count. usual: one of the default panels, whose
    fields a log may lack.
    """

    by: tuple[str, ...]
    whole: bool = False
    needs: tuple[Need, ...] = ()
    title: str = ""
    usual: bool = False

    @property
    def name(self) -> str:
        return self.title or ",".join(self.by) or "total"

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.by, *(name for need in self.needs for name in need.fields))

    @property
    def is_hourly(self) -> bool:
        """Whether it is the usual panel by hour, without measures."""
        return self.usual and self.by == ("hour",) and not self.needs

    @property
    def in_order(self) -> bool:
        """Whether its rows are sorted by time, or by the hour of the day, rather than by count."""
        return bool(self.by) and (self.by[0] == "hour_of_day" or stretch_of(self.by[0]) is not None)


ACCESS_PANELS = ("hour", "status", "method", "protocol", "path", "client", "user", "referrer", "user_agent")
"""The panels of an access log. They are shown, empty, even if a run has no record at all."""
SHOWN_WHOLE = (("hour",), ("status",), ("method",), ("protocol",), ("level",), ("hour", "level"))
SHOWN_TOP = ("logger", "program", "path", "client", "forwarded_for", "user", "host", "referrer", "user_agent", "shape(message)")
DEFAULT_PANELS = (
    *(PanelSpec(by, whole=True, usual=True) for by in SHOWN_WHOLE),
    *(PanelSpec((name,), usual=True) for name in SHOWN_TOP),
)
OVERVIEW_FIELDS = ("status", "level", "path", "client", "user_agent", "message", "duration")
"""What the overview counts, where records have it."""
COMPARED_FIELDS = ("status", "level", "logger", "path", "client", "message", "duration")
"""What the comparison of two logs counts, where records have it."""


class Question(Struct, frozen=True):
    """What the user asks of all records.

    since, until: nanoseconds since 1970; `until` is exclusive. zone: the time zone of hours and days.
    asked: fields named by the user, which some source must have. asked_by: whether the user named panels.
    optional: fields that are not named, to be delivered where a source has them.
    kinds: fields that the user says to be a "duration" or a "size".
    sort: the metric to sort rows by. descending: None for the panel's usual direction.
    wanted: the columns that formats have to deliver. filters_of: the filters of metrics, by what they are called.
    by_source: whether a record's source is a field. parameters: the fields that are parameters of queries.
    overview: whether the report begins with an overview: not if the user named panels.
    compares: whether to count what the comparison of two logs needs.
    """

    panels: tuple[PanelSpec, ...] = DEFAULT_PANELS
    where: Where | None = None
    since: int | None = None
    until: int | None = None
    zone: tzinfo = UTC
    metrics: tuple[Metric, ...] = ()
    sort: Metric | None = None
    descending: bool | None = None
    from_forwarded: bool = False
    anonymous: bool = False
    max_keys: int | None = None
    asked: tuple[str, ...] = ()
    asked_by: bool = False
    optional: tuple[str, ...] = ()
    compares: bool = False
    kinds: tuple[tuple[str, str], ...] = ()
    # These four follow from the others, whatever they are given.
    wanted: Wanted = Wanted()
    filters_of: Mapping[str, Where] = field(default_factory=dict)
    by_source: bool = False
    parameters: tuple[str, ...] = ()

    @property
    def overview(self) -> bool:
        return any(panel.usual for panel in self.panels)

    @property
    def counted(self) -> tuple[PanelSpec, ...]:
        """The panels to count: not by hour if the overview is, whose intervals add up to hours."""
        return tuple(panel for panel in self.panels if not (self.overview and panel.is_hourly))

    def __post_init__(self) -> None:
        usual = [name for panel in self.panels if panel.usual for name in panel.by]
        sought = [name for panel in self.panels for name in (panel.fields[len(panel.by) :] if panel.usual else panel.fields)]
        sought += [*(self.where.fields if self.where else ()), *self.asked]
        named_source = SOURCE in sought
        own = {name for name in sought if name != SOURCE and not is_time_field(name)}  # a log's own `device` is not derived
        sought = [name for name in sought if name != SOURCE]
        extra = [
            "bytes",
            *self.optional,
            *(OVERVIEW_FIELDS if self.overview else ()),
            *(COMPARED_FIELDS if self.compares else ()),
            *(ADDRESSES if self.from_forwarded else ()),
        ]
        needs = [need for panel in self.panels for need in panel.needs]
        filters = [*([self.where] if self.where else ()), *(need.where for need in needs if need.where)]
        searched = frozenset(name for where in filters for name in where.searched)
        wanted = Wanted(frozenset([*map(base_of, sought), *own]), frozenset([*map(base_of, usual), *extra]), searched)
        force_setattr(self, "wanted", wanted)
        force_setattr(self, "filters_of", {need.field: need.where for need in needs if need.where})
        force_setattr(self, "by_source", named_source)
        force_setattr(self, "parameters", tuple(name for name in dict.fromkeys(sought) if name.startswith("query(")))

    @property
    def ordered(self) -> frozenset[str]:
        """The fields whose numbers the filter compares: a value that is not a number is left out, and said to be."""
        return ordered_fields(self.where.tree) if self.where else frozenset()

    @property
    def filters(self) -> bool:
        return self.where is not None or self.since is not None or self.until is not None

    @property
    def needs_fractions(self) -> bool:
        """Whether the answer depends on the fractions of times. A bound at a whole second does not ask for them."""
        wheres = [*([self.where] if self.where else ()), *self.filters_of.values()]
        ends = any(need.field == "time" for panel in self.panels for need in panel.needs)
        within = any(bound is not None and bound % BILLION for bound in (self.since, self.until))
        return ends or within or any(where.fractions for where in wheres)

    @property
    def needs_whole_records(self) -> bool:
        """Whether the answer depends on the further lines of records."""
        return self.filters or "text" in self.wanted or bool(self.wanted.searched)

    @property
    def asks_for_times(self) -> bool:
        """Whether the user named times, in a filter or to count by."""
        named = {name for panel in self.panels if not panel.usual for name in panel.by}
        compared = self.where is not None and any(name == "time" or is_time_field(name) for name in self.where.fields)
        filtered = self.since is not None or self.until is not None or compared
        return filtered or any(map(is_time_field, named))

    @property
    def counts_visitors(self) -> bool:
        return any(need.field == VISITOR for panel in self.panels for need in panel.needs)

    def view(self, columns: Columns) -> View:
        return View(columns, self.zone, self.filters_of)

    def prepared(self, columns: Columns, source: KeyColumn | None = None) -> Columns:
        """Return the columns ready to count: clients replaced by forwarded ones, and addresses anonymized, if asked for.

        source: the name of the source of each record.
        """
        keys = dict(columns.keys)
        if self.by_source and source is not None:
            keys[SOURCE] = source
        if self.from_forwarded and {"client", "forwarded_for"} & keys.keys():
            keys["client"] = client_from(keys.get("forwarded_for"), keys.get("client") or absent_column(columns.records))
        if self.anonymous:
            for name in self.parameters if "query" in keys else ():  # decoded first: `192%2E0.2.1` is an address
                derived = derive(name)
                if derived and name not in keys:
                    keys[name] = anonymize_within(derived.apply(keys["query"]))
            for name in HOLDING_ADDRESSES & keys.keys():
                keys[name] = (anonymize if name == "client" else anonymize_within)(keys[name])
        searched = columns.searched
        if self.anonymous:
            searched = {name: anonymize_within(column) for name, column in searched.items()}
        return replace(columns, keys=keys, searched=searched)

    def select(self, view: View) -> Mask:
        mask = numpy.ones(view.columns.records, bool)
        if self.since is not None:
            mask &= (view.columns.time != NO_TIME) & ~is_before(view.columns, self.since)
        if self.until is not None:
            mask &= (view.columns.time != NO_TIME) & is_before(view.columns, self.until)
        if self.where is not None:
            mask &= self.where.mask(view.columns, view.field)
        return mask


def is_before(columns: Columns, moment: int) -> Mask:
    """Return which records are before a moment, in nanoseconds since 1970; anything for a record without a time."""
    second, nanos = divmod(moment, BILLION)
    before: Mask = columns.time < second
    if nanos:
        before |= (columns.time == second) & (nanos > (0 if columns.nanos is None else columns.nanos))
    return before


def panels_for(by: Sequence[str], metrics: Sequence[Metric], sort: Metric | None, *, visitors: bool) -> tuple[PanelSpec, ...]:
    """Return the panels of a question: one for each `--by`, or the usual ones, after a total if metrics are asked for.

    The usual panels also measure the sort metric, except those in order of time.
    """
    needs = tuple(dict.fromkeys(metric.need for metric in (*metrics, *([sort] if sort else [])) if metric.need))
    found = [PanelSpec(split_fields(text), needs=needs) for text in by]
    if not by:
        of_sort = (sort.need,) if sort and sort.need else ()
        usual = [panel if panel.in_order else replace(panel, needs=of_sort) for panel in DEFAULT_PANELS]
        found = [*([PanelSpec((), needs=needs)] if metrics else []), *usual]
    if visitors:
        need = (Need("uniques", VISITOR),)
        found += [PanelSpec(("day", "bot"), True, need, "visitors_by_day"), PanelSpec(("bot",), True, need, "visitors")]
    return tuple({panel.name: panel for panel in found}.values())


def split_fields(text: str) -> tuple[str, ...]:
    """Return the fields of one `--by`. Raises UsageError for an empty, repeated or invalid name."""
    names = tuple(name.strip() for name in split_outside(text))
    if twice := next((name for name in names if names.count(name) > 1 and name), ""):
        raise UsageError(f"--by {text!r}: {twice} is named twice", "name it once")
    if not all(names):
        blank = text.endswith(",") and any(names)
        hint = f"put no blank behind the comma: --by {text}status" if blank else "write --by status or --by hour,path"
        raise UsageError(f"--by {text!r} does not name fields", hint)
    for name in names:
        if name == "time":
            raise UsageError(f"--by {text!r}: a time is a moment", "count by second, minute, hour, day or every(5m)")
        base_of(name)
    return names


def sort_of(text: str | None, metrics: Iterable[Metric], zone: tzinfo = UTC) -> Metric | None:
    """Return the metric to sort by, None for the usual order. Raises UsageError for an unknown one."""
    if text is None:
        return None
    if text == "key":
        return Metric("key", "key")
    return next((metric for metric in metrics if metric.name == text), None) or parse_metric(text, "--sort", zone)


def with_sort(metrics: tuple[Metric, ...], sort: Metric | None) -> tuple[Metric, ...]:
    shown_anyway = sort is None or sort in metrics or sort.function in {"count", "bytes", "key"}
    return metrics if sort is None or shown_anyway else (*metrics, sort)


def unknown_fields(question: Question, known: Collection[str]) -> list[str]:
    bases = {name: base_of(name) for name in question.asked}
    if question.from_forwarded and "forwarded_for" in known:
        known = {*known, "client"}
    known = {*known, SOURCE, "time", "text", *TIME_FIELDS}  # without times, no record has what they compare: as with `--since`
    return [name for name, base in bases.items() if not {name, base} & known]
