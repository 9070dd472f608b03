"""Overviews made by hand, with one of everything that a page can show, and with a text wherever one can come from outside."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from logproc.formats.times.calendar import iso
from logproc.model.columns import Rejected
from logproc.model.overview import Finding, Headline, Interval, Overview, Timeline
from logproc.model.panel import Panel, Row
from logproc.model.snapshot import Assumption, Snapshot
from logproc.model.source import State
from tests.reports.snapshots import HOUR_S, NOON, RUN, panel, snapshot, source

OUTCOMES = ("2xx", "3xx", "4xx", "5xx")
BINS = tuple((2**at / 1000, 2 ** (at + 1) / 1000, 100 - (at - 6) ** 2) for at in range(12))


def timeline(hours: int = 31, **changes: object) -> Timeline:
    """Return a timeline of so many hours, without the sixth."""
    numbers = [(hour, (20 + hour, hour % 7, hour % 5, hour % 3)) for hour in range(hours) if hour != 5]
    intervals = tuple(
        Interval(
            iso(NOON + hour * HOUR_S),
            NOON + hour * HOUR_S,
            sum(outcomes) + 1,
            1000 * sum(outcomes),
            outcomes[3],
            outcomes,
            (0.01 * (1 + hour % 4), 0.05, 0.2 + hour / 100),
        )
        for hour, outcomes in numbers
    )
    return replace(Timeline("1 h", HOUR_S, "UTC", OUTCOMES, intervals), **changes)


def overview(**changes: object) -> Overview:
    """Return an overview with everything in it."""
    headline = Headline(
        requests=True,
        records=998,
        per_second=0.009,
        errors=7,
        server_errors=7,
        client_errors=30,
        clients=321,
        bots=12,
        bytes=12_345_678,
        quantiles={"p50": 0.02, "p95": 0.3, "p99": 1.2},
        worst=(
            Finding("failing path", "/checkout", 5, 9, "503"),
            Finding("error message", "connection to <ip> refused", 3, 7, "error"),
            Finding("change", iso(NOON + 9 * HOUR_S), 45, 30, "5xx"),
        ),
    )
    week = tuple(tuple((day * hour) % 50 for hour in range(24)) for day in range(7))
    found = {"pages": paths("pages", 25), "not found": paths("not found", 4), "browsers": panel("browsers", ("Firefox", 5, 1))}
    return replace(Overview(headline, timeline(), week, BINS, found), **changes)


def paths(name: str, number: int) -> Panel:
    """Return a panel by path with so many rows, of 100 paths."""
    rows = tuple(Row((f"/shop/{at}.html",), 100 - at, 1000 * (7 * at % 11)) for at in range(number))
    return Panel(name, ("path",), 100, rows)


def full() -> Snapshot:
    """Return a snapshot with an overview."""
    return snapshot(overview=overview())


def filled(word: Callable[[], str]) -> Snapshot:
    """Return a snapshot in which a word stands wherever text can come from outside; each call gives the next."""
    sources = tuple(
        source(
            word(),
            state,
            reason=word(),
            hint=word(),
            format=word(),
            notes=(word(), word()),
            rejected_by_reason={reason: 2},
            rejected_sample=(Rejected(1, reason, word()), Rejected(2, reason, word())),
        )
        for state in (State.INCOMPLETE, State.FAILED)
        for reason in (word(),)
    )
    by = ("path", "client", "user_agent", "referrer", "status", "level", "host", "shape(message)", "hour")
    single = {name: Panel(name, (name,), 99, tuple(Row((word(),), 9 - at, at) for at in range(3))) for name in by[:-1]}
    columns = (word(), word())
    pair = Panel(",".join(columns), columns, 9, (Row((word(), word()), 3, 1, (word(),)),), metrics=(word(),))
    fact = Panel(word(), (word(),), 1, (Row((word(),), 3, 1),))
    extra = {name: Panel(name, ("path",), 5, (Row((word(),), 4, 4),)) for name in ("pages", "not found", "systems")}
    made = overview()
    worst = tuple(Finding(kind, word(), 3, 9, word()) for kind in ("failing path", "error message", "change", word()))
    course = timeline(zone=word(), step=word(), outcomes=(word(), "4xx", word(), "5xx"))
    intervals = (replace(course.intervals[0], begin=word()), *course.intervals[1:])
    return snapshot(
        *sources,
        panels={**single, pair.name: pair, fact.name: fact},
        assumed=(Assumption("zone", word(), (word(),)),),
        run=replace(RUN, config_files=(word(),), version=word(), python=word()),
        overview=replace(
            made, headline=replace(made.headline, worst=worst), timeline=replace(course, intervals=intervals), panels=extra
        ),
    )
