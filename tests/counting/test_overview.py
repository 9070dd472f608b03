"""The overview is what a loop over the records gives, however they are cut into chunks and merged."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logproc.counting.overview.counts import LENGTHS_S, MOST_INTERVALS, interval_s
from logproc.counting.overview.headline import bound, step_of
from logproc.counting.overview.report import overview_of
from logproc.counting.overview.timeline import lengths
from logproc.counting.tally import Tally, count, merge
from logproc.model.columns import NO_TIME, Account, Columns, KeyColumn, Numbers, Parsed
from logproc.model.overview import Overview
from logproc.questions.question import Question
from tests.support.chunks_of import chunk_of

BOT, PERSON = "Googlebot/2.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"
START = int(datetime(2026, 3, 7, 10, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Record:
    """One record of a made-up log; None is absent."""

    time: int | None
    status: str | None = None
    level: str | None = None
    path: str | None = None
    client: str | None = None
    agent: str | None = None
    message: str | None = None
    size: int = 0
    duration: int | None = None


def keys_of(values: list[str | None]) -> KeyColumn:
    keys = list(dict.fromkeys(values))
    return KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(value) for value in values], numpy.int64))


def tally_of(records: list[Record], question: Question) -> Tally:
    """Return the counts of a chunk."""
    names = {
        "status": "status",
        "level": "level",
        "path": "path",
        "client": "client",
        "user_agent": "agent",
        "message": "message",
    }
    columns: dict[str, list[Any]] = {name: [getattr(one, member) for one in records] for name, member in names.items()}
    durations = [one.duration for one in records]
    numbers = {"bytes": Numbers(numpy.array([one.size for one in records], numpy.int64))}
    if any(number is not None for number in durations):
        has = numpy.array([number is not None for number in durations])
        numbers["duration"] = Numbers(numpy.array([number or 0 for number in durations], numpy.int64), valid=has)
    found = Columns(
        records=len(records),
        time=numpy.array([NO_TIME if one.time is None else one.time for one in records], numpy.int64),
        keys={name: keys_of(values) for name, values in columns.items() if any(value is not None for value in values)},
        numbers=numbers,
    )
    account = Account(lines=len(records), records=len(records))
    nothing = numpy.zeros(0, numpy.int64)
    return count(chunk_of(b"line\n" * len(records)), Parsed(found, account, nothing, (), nothing.reshape(-1, 2)), question)


def overview(chunks: list[list[Record]], zone: Any = UTC, seed: int = 0) -> Overview:
    """Return the overview of records that come in chunks, merged in some order."""
    question = Question(zone=zone)
    tallies = [tally_of(chunk, question) for chunk in chunks if chunk]
    random.Random(seed).shuffle(tallies)
    while len(tallies) > 1:
        tallies = [merge(tallies[:2]), *tallies[2:]] if seed % 2 else [*tallies[2:], merge(tallies[:2])]
    found = overview_of(tallies[0], question, 0, families=False)
    assert found is not None
    return found


RECORDS = st.lists(
    st.builds(
        Record,
        time=st.one_of(st.none(), st.integers(START, START + 500), st.integers(START - 10**8, START + 10**8)),
        status=st.sampled_from(["200", "304", "404", "500", "503", "ok", None]),
        level=st.sampled_from(["info", "error", "critical", None]),
        path=st.sampled_from(["/", "/a", "/b.css", None]),
        client=st.sampled_from(["192.0.2.1", "192.0.2.2", None]),
        agent=st.sampled_from([BOT, PERSON, None]),
        message=st.sampled_from(["one", "two", None]),
        size=st.sampled_from([0, 7, 2**32 - 1, 2**61]),
        duration=st.sampled_from([None, 0, 1, 90]),
    ),
    min_size=1,
    max_size=30,
)


def outcome(record: Record) -> str:
    """Return the class of a status, else the level."""
    named = f"{record.status}"[:1] + "xx"
    return named if record.status is not None and record.status.isdecimal() else record.level or ""


@settings(max_examples=60)
@given(RECORDS, st.integers(1, 7), st.integers(0, 9))
def test_an_overview_is_what_a_loop_counts(records: list[Record], size: int, seed: int) -> None:
    """Counts over time, errors, clients and bots, whatever the chunks and the order of merging."""
    found = overview([records[at : at + size] for at in range(0, len(records), size)], seed=seed)
    outcomes = Counter(map(outcome, records))
    headline = found.headline
    errors = outcomes["5xx"] + outcomes["error"] + outcomes["critical"]
    assert headline.errors == (errors if any(outcomes) else None)
    has_status = sum(outcomes[name] for name in ("2xx", "3xx", "4xx", "5xx"))
    assert headline.client_errors == (outcomes["4xx"] if has_status else None)
    assert headline.requests == (has_status == len(records))
    clients = {one.client for one in records if one.client}
    people = {one.client for one in records if one.client and one.agent != BOT}
    assert (headline.clients, headline.bots) == ((len(clients), len(clients - people)) if clients else (None, None))
    times = [one.time for one in records if one.time is not None]
    if not times:
        assert found.timeline is None
        return
    assert found.timeline is not None
    assert sum(interval.count for interval in found.timeline.intervals) == len(times)
    assert sum(interval.errors for interval in found.timeline.intervals) == sum(
        outcome(one) in {"5xx", "error", "critical"} for one in records if one.time is not None
    )
    assert sum(map(sum, found.week)) == len(times)
    per_outcome = Counter(outcome(one) for one in records if one.time is not None)
    for at, name in enumerate(found.timeline.outcomes):
        assert sum(interval.outcomes[at] for interval in found.timeline.intervals) == per_outcome[name]
    sizes: dict[int, int] = defaultdict(int)
    if found.timeline.step in {"1 s", "10 s", "1 min", "5 min", "15 min", "1 h", "6 h", "day"}:
        for one in records:
            if one.time is not None:
                sizes[one.time // found.timeline.step_s * found.timeline.step_s] += one.size
        assert {one.begin_s: one.bytes for one in found.timeline.intervals} == sizes


@given(RECORDS, st.integers(1, 7), st.integers(0, 9))
@settings(max_examples=40)
def test_how_records_are_cut_and_merged_does_not_matter(records: list[Record], size: int, seed: int) -> None:
    """The overview of one chunk is that of many, number for number."""
    assert overview([records[at : at + size] for at in range(0, len(records), size)], seed=seed) == overview([records])


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_part_never_needs_longer_intervals_than_the_whole(first: int, span: int, start: int, length: int) -> None:
    """So that counts only ever move to longer intervals."""
    inner = first + min(start, span), first + min(start + length, span)
    assert interval_s(*inner) <= interval_s(first, first + span)
    assert all(longer % shorter == 0 for shorter, longer in itertools.pairwise(LENGTHS_S))


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (timedelta(seconds=5), "1 s"),
        (timedelta(hours=1), "10 s"),
        (timedelta(hours=6), "1 min"),
        (timedelta(hours=24), "5 min"),
        (timedelta(days=4), "15 min"),
        (timedelta(days=14), "1 h"),
        (timedelta(days=60), "6 h"),
        (timedelta(days=365), "day"),
        (timedelta(days=7 * 366), "week"),
        (timedelta(days=366 * 20), "month"),
    ],
)
def test_the_length_of_intervals_follows_from_the_span(span: timedelta, step: str) -> None:
    """From seconds to months, so that there are at most as many as a chart has room for."""
    found = overview([[Record(START), Record(START + int(span.total_seconds()))]]).timeline
    assert found is not None
    assert found.step == step
    _, stretch = lengths(START, START + int(span.total_seconds()))
    assert span.total_seconds() / (stretch.length_s or 30 * 86_400) < MOST_INTERVALS


def test_intervals_follow_the_clocks_of_the_zone() -> None:
    """Midnight in Berlin is the beginning of a day there, also when clocks change."""
    berlin = ZoneInfo("Europe/Berlin")
    times = [int(datetime(2026, 3, day, hour, tzinfo=berlin).timestamp()) for day in range(1, 31) for hour in (0, 23)]
    first, last = times[0] - 150 * 86_400, times[-1] + 150 * 86_400
    found = overview([[Record(time) for time in (first, *times, last)]], berlin).timeline
    assert found is not None
    assert (found.step, found.zone) == ("day", "Europe/Berlin")
    assert [(one.begin, one.count) for one in found.intervals][1:-1] == [(f"2026-03-{day:02}", 2) for day in range(1, 31)]


def test_quantiles_are_those_of_all_durations() -> None:
    """Within the error of the sketch, in the headline and over time; records without a duration do not count."""
    records = [Record(START + at // 100, duration=at) for at in range(1, 901)] + [Record(START)] * 50
    found = overview([records[:300], records[300:]])
    for name, value in found.headline.quantiles.items():
        assert value == pytest.approx(float(name[1:]) / 100 * 900, rel=0.02)
    assert sum(number for _, _, number in found.latency) == 900
    assert found.latency[0][0] == 1
    assert found.latency[-1][1] == 1000
    assert found.timeline is not None
    assert found.timeline.intervals[5].quantiles[0] == pytest.approx(550, rel=0.02)
    no_durations = overview([[Record(START)]])
    assert (no_durations.headline.quantiles, no_durations.latency) == ({}, ())
    assert no_durations.timeline is not None
    assert no_durations.timeline.intervals[0].quantiles == ()


@given(st.floats(1e-6, 1e12))
def test_steps_of_the_histogram_hold_their_values(value: float) -> None:
    """Each value is at or above the lower bound of its step and below the upper one; steps are 1, 2, 5, 10 and so on."""
    at = step_of(value)
    assert bound(at) <= value < bound(at + 1)
    assert math.isclose(bound(at + 3), 10 * bound(at))


def test_pages_are_apart_from_static_files_and_from_what_was_not_found() -> None:
    """A request that found nothing is not a view of a page; all three add up to the requests."""
    records = [
        *[Record(START, "200", path="/", size=2**33)] * 3,
        *[Record(START, "404", path="/", size=5)] * 2,
        *[Record(START, "200", path="/app.JS", size=1)] * 4,
        Record(START, "404", path="/gone.png"),
        Record(START, "500", path="/cart"),
    ]
    panels = overview([records[:4], records[4:]]).panels
    rows = {name: [(row.key[0], row.count, row.bytes) for row in panel.rows] for name, panel in panels.items()}
    assert rows == {
        "pages": [("/", 3, 3 * 2**33), ("/cart", 1, 0)],
        "static files": [("/app.JS", 4, 4)],
        "not found": [("/", 2, 10), ("/gone.png", 1, 0)],
    }


def test_the_worst_is_named() -> None:
    """The path with most errors of the server, the error that is logged most, and the largest change."""
    records = [
        *[Record(START + at, "200", path="/") for at in range(600)],
        *[Record(START + 300 + at % 10, "503", path="/pay") for at in range(200)],
        *[Record(START, "404", path="/gone")] * 300,
        *[Record(START + at, level="error", message="disk full") for at in range(7)],
        *[Record(START + at, level="info", message="fine") for at in range(50)],
    ]
    worst = {finding.kind: finding for finding in overview([records[:400], records[400:]]).headline.worst}
    assert (worst["failing path"].key, worst["failing path"].count, worst["failing path"].outcome) == ("/pay", 200, "503")
    assert (worst["error message"].key, worst["error message"].count, worst["error message"].of) == ("disk full", 7, 7)
    assert (worst["change"].key, worst["change"].outcome) == ("2026-03-07T10:05:00Z", "5xx")
    assert (worst["change"].count, worst["change"].of) == (200, 0)


def test_an_even_log_has_no_worst() -> None:
    """Chance is not a change, and a log without errors has no failing path."""
    random_ = random.Random(1)
    records = [Record(START + random_.randrange(3600), "200", path="/") for _ in range(5000)]
    assert overview([records]).headline.worst == ()


def test_a_question_with_panels_of_its_own_has_no_overview() -> None:
    """What was not asked for is not counted."""
    from logproc.questions.question import PanelSpec

    question = Question((PanelSpec(("path",)),))
    tally = tally_of([Record(START, "200", path="/")], question)
    assert tally.overview is None
    assert overview_of(tally, question, 10, families=False) is None


def test_errors_are_of_the_server_only_if_none_is_a_level() -> None:
    """An access log beside a log of an application: their errors are counted together, and those of the server as well."""
    records = [Record(START, "503", path="/")] * 3 + [Record(START, "200", path="/")] * 9 + [Record(START, level="error")] * 2
    headline = overview([records]).headline
    assert (headline.errors, headline.server_errors, headline.client_errors) == (5, 3, 0)
    assert overview([records[-2:]]).headline.server_errors is None
