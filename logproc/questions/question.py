"""What a run is asked: which records count, what they are counted by, and what is shown for each key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy

from logproc.formats.columns.fields import Wanted
from logproc.model.columns import NO_TIME, Columns
from logproc.model.errors import UsageError
from logproc.questions.fields.addresses import anonymize, anonymize_within, client_from
from logproc.questions.metrics import VISITOR, Metric, Need, parse_metric
from logproc.questions.view import TIME_FIELDS, UNITS_S, View, base_of
from logproc.questions.where.grammar import Where

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.columns import KeyColumn

ADDRESSES = ("client", "forwarded_for")


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """What a panel counts by.

    whole: all its rows are shown. needs: what is measured of each key besides its count.
    usual: it is one of the panels that nobody asked for by name, so no log need have its fields.
    """

    by: tuple[str, ...]
    whole: bool = False
    needs: tuple[Need, ...] = ()
    title: str = ""
    usual: bool = False

    @property
    def name(self) -> str:
        """Its name in reports."""
        return self.title or ",".join(self.by) or "total"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it counts by and measures."""
        return (*self.by, *(name for need in self.needs for name in fields_of(need)))

    @property
    def in_order(self) -> bool:
        """Whether its rows are in the order of time rather than of counts."""
        return bool(self.by) and self.by[0] in UNITS_S


ACCESS_PANELS = ("hour", "status", "method", "protocol", "path", "client", "user", "referrer", "user_agent")
"""The panels of an access log, shown without a row where a run has no record at all."""
DEFAULT_PANELS = (
    PanelSpec(("hour",), whole=True, usual=True),
    PanelSpec(("status",), whole=True, usual=True),
    PanelSpec(("method",), whole=True, usual=True),
    PanelSpec(("protocol",), whole=True, usual=True),
    PanelSpec(("level",), whole=True, usual=True),
    PanelSpec(("hour", "level"), whole=True, usual=True),
    PanelSpec(("logger",), usual=True),
    PanelSpec(("program",), usual=True),
    PanelSpec(("path",), usual=True),
    PanelSpec(("client",), usual=True),
    PanelSpec(("forwarded_for",), usual=True),
    PanelSpec(("user",), usual=True),
    PanelSpec(("host",), usual=True),
    PanelSpec(("referrer",), usual=True),
    PanelSpec(("user_agent",), usual=True),
    PanelSpec(("shape(message)",), usual=True),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of all records.

    since, until: seconds since 1970; a record of `until` itself does not count. zone: whose clocks hours and days go by.
    asked: the fields that were named, which some source has to have; asked_by: whether panels were named.
    sort: the metric that rows are ordered by; descending: from large to small; None: as suits the panel.
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
    wanted: Wanted = field(init=False)

    def __post_init__(self) -> None:
        usual = [name for panel in self.panels if panel.usual for name in panel.by]
        sought = [name for panel in self.panels for name in (panel.fields[len(panel.by) :] if panel.usual else panel.fields)]
        sought += [*(self.where.fields if self.where else ()), *self.asked]
        own = set(sought) - TIME_FIELDS  # a log may have a field `device` of its own, which then is meant
        extra = ["bytes", *(ADDRESSES if self.from_forwarded else ())]
        wanted = Wanted(frozenset([*map(base_of, sought), *own]), frozenset([*map(base_of, usual), *extra]))
        object.__setattr__(self, "wanted", wanted)

    @property
    def filters(self) -> bool:
        """Whether some records may not count."""
        return self.where is not None or self.since is not None or self.until is not None

    def prepared(self, columns: Columns) -> Columns:
        """Return the columns as they are to be counted: clients as they are asked for, then without what is to stay secret."""
        keys = dict(columns.keys)
        if self.from_forwarded and "client" in keys:
            keys["client"] = client_from(keys.get("forwarded_for"), keys["client"])
        if self.anonymous:
            keys |= {
                name: anonymous(name, keys[name])
                for name in keys
                if name in {*ADDRESSES, "message", "referrer", "host", "target", "path", "query"}
            }
        return Columns(columns.records, columns.time, keys, columns.numbers, columns.malformed)

    def select(self, view: View) -> Mask:
        """Return which records count."""
        time = view.columns.time
        mask = numpy.ones(view.columns.records, bool)
        if self.since is not None:
            mask &= (time != NO_TIME) & (time >= self.since)
        if self.until is not None:
            mask &= (time != NO_TIME) & (time < self.until)
        if self.where is not None:
            mask &= self.where.mask(view.columns, view.field)
        return mask


def anonymous(name: str, column: KeyColumn) -> KeyColumn:
    """Return a column without what tells one person from another."""
    return anonymize(column) if name == "client" else anonymize_within(column)


def fields_of(need: Need) -> tuple[str, ...]:
    """Return the fields that are measured together: a visitor is a client with its user agent."""
    return tuple(need.field.split(",")) if need.field == VISITOR else (need.field,)


def panels_for(by: Sequence[str], metrics: Sequence[Metric], sort: Metric | None, *, visitors: bool) -> tuple[PanelSpec, ...]:
    """Return the panels of a question: one for each `--by`, or else one over all records for the metrics and the usual ones.

    What rows are sorted by is measured in the usual panels as well, but for those in the order of time.
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
    """Return the fields of one `--by`. Raises UsageError for none, for one twice, or one written wrong."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"--by {text!r} does not name fields", "write --by status or --by hour,path")
    for name in names:
        base_of(name)
    return names


def sort_of(text: str | None, metrics: Iterable[Metric]) -> Metric | None:
    """Return the metric to sort by, None for the usual order. Raises UsageError for an unknown one."""
    if text is None:
        return None
    if text == "key":
        return Metric("key", "key")
    known = {metric.name: metric for metric in metrics}
    return known.get(text) or parse_metric(text, "--sort")


def with_sort(metrics: tuple[Metric, ...], sort: Metric | None) -> tuple[Metric, ...]:
    """Return the metrics to be shown: what rows are sorted by is one of them."""
    shown_anyway = sort is None or sort in metrics or sort.function in {"count", "bytes", "key"}
    return metrics if sort is None or shown_anyway else (*metrics, sort)


def unknown_fields(question: Question, known: Collection[str]) -> list[str]:
    """Return the fields that are asked for and that no source has."""
    bases = {name: base_of(name) for name in question.asked}
    return [name for name, base in bases.items() if base not in known and name not in known and name not in TIME_FIELDS]
