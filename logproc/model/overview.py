"""What a report says before its panels: a headline, the course over time, and the worst that was found."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from logproc.model.panel import Panel

QUANTILES = ("p50", "p95", "p99")
"""The quantiles of durations in a headline and over time."""


class Finding(Struct, frozen=True):
    """One thing worth a look.

    kind: `failing path`, `error message` or `change`. key: the path, the shape of the message, or the beginning of the
    interval. count: how many records. of: out of how many: those of the path, all errors, or those of the interval before.
    outcome: the status or level of most of them; of a change, what rose (`records`, or an outcome). with_outcome: how many of
    them have it. per: the length of the intervals of a change, in words.
    """

    kind: str
    key: str
    count: int
    of: int
    outcome: str = ""
    with_outcome: int = 0
    per: str = ""


class Headline(Struct, frozen=True):
    """The numbers of a whole run.

    requests: whether all records are requests (have a status), so that they are called so. per_second: over the time from
    the first to the last record; None without times, or if that is less than a second.
    errors: records with status 500 or more, or, without a status, with level error or above; None if no record has either.
    server_errors, client_errors: records with status 500 to 599, and 400 to 499; None if no record has a status.
    clients: distinct clients; bots: those of them whose every user agent is a declared bot's; both None without clients.
    quantiles: of `duration`, in seconds, by the names of QUANTILES; empty without durations. Their relative error is that of
    the sketch (see `counting/measures/buckets.py`).
    """

    requests: bool
    records: int
    per_second: float | None = None
    errors: int | None = None
    server_errors: int | None = None
    client_errors: int | None = None
    clients: int | None = None
    bots: int | None = None
    bytes: int | None = None
    quantiles: Mapping[str, float] = field(default_factory=dict)
    worst: tuple[Finding, ...] = ()


class Interval(Struct, frozen=True):
    """The records of one interval of time.

    begin: its label, as in a panel by hour (`2026-03-07T10:00:00Z`, without `Z` in another zone), or the name of the day, week
    or month. begin_s: the same as seconds since 1970 by the clocks of the zone. outcomes: the records of each of
    `Timeline.outcomes`; they may sum up to less than `count`. errors: as in the headline. quantiles: in the order of QUANTILES,
    empty without durations.
    """

    begin: str
    begin_s: int
    count: int
    bytes: int | None
    errors: int
    outcomes: tuple[int, ...]
    quantiles: tuple[float | None, ...] = ()


class Timeline(Struct, frozen=True):
    """The records over time, in intervals whose length follows from the span.

    step: the length in words: `1 s`, `10 s`, `1 min`, `5 min`, `15 min`, `1 h`, `6 h`, `day`, `week` or `month`. step_s: in
    seconds (a month: 30 days). zone: its name, as given with --tz, or `UTC`. outcomes: status classes (`2xx`) and levels, in
    order of gravity.
    intervals: in order of time; those without records are left out.
    """

    step: str
    step_s: int
    zone: str
    outcomes: tuple[str, ...]
    intervals: tuple[Interval, ...]


class Overview(Struct, frozen=True):
    """headline, timeline: see there; timeline is None without times.

    week: records by weekday (Monday first) and hour of the day, 7 rows of 24 numbers; empty without times.
    latency: a histogram of durations: from, to (in seconds; the first is from 0), and the number of records.
    panels: `pages`, `static files`, `not found`, `browsers` and `systems`, where the log has what they need.
    """

    headline: Headline
    timeline: Timeline | None = None
    week: tuple[tuple[int, ...], ...] = ()
    latency: tuple[tuple[float, float, int], ...] = ()
    panels: Mapping[str, Panel] = field(default_factory=dict)
