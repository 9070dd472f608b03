"""Counts are exact and merge in any order; panels show them in a fixed order."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter, defaultdict

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.counts import Counts
from logproc.counting.measures.totals import NANOS
from logproc.counting.panels import all_counts
from logproc.counting.panels import panels as panels_of
from logproc.counting.tally import Tally, count, merge
from logproc.formats.columns.odd_bytes import OddLines
from logproc.formats.times.assumed import Assumed
from logproc.model.columns import (
    NO_TIME,
    REJECTED_SAMPLES,
    REJECTED_TEXT_BYTES,
    Account,
    Columns,
    KeyColumn,
    Numbers,
    Parsed,
    Rejected,
)
from logproc.model.panel import Panel
from logproc.questions.metrics import VISITOR, Need
from logproc.questions.question import PanelSpec, Question
from tests.counting.numbers_of import bytes_of
from tests.support import logs
from tests.support.chunks_of import chunk_of, parse

MAX_LINE_BYTES = 1 << 20
SIZES = st.one_of(
    st.integers(0, 5000), st.integers(0, 2**63 - 1), st.sampled_from([0, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1])
)
RECORDS = st.lists(st.tuples(st.integers(-(10**6), 10**6), SIZES, st.sampled_from(["a", "b", "c", "é", None])), max_size=12)
Record = tuple[int, int, "str | None"]


def tally_of(records: list[Record], *, source: int = 0, first_line: int = 1, rejected: int = 0) -> Tally:
    """Return the counts of a chunk of records (time, bytes, path) and of rejected lines behind them."""
    keys = list(dict.fromkeys(path for _, _, path in records))
    columns = Columns(
        records=len(records),
        time=numpy.array([time for time, _, _ in records], numpy.int64),
        numbers={"bytes": Numbers(numpy.array([size for _, size, _ in records], numpy.int64))},
        keys={
            "path": KeyColumn(
                pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(path) for _, _, path in records], int)
            )
        },
        malformed=numpy.array([path is None for _, _, path in records], bool),
    )
    content = b"".join(b"line %d\n" % number for number in range(len(records) + rejected))
    chunk = chunk_of(content, source=source, first_line=first_line)
    bounds = numpy.array([[0, 4]] * rejected, numpy.int64).reshape(-1, 2)
    account = Account(lines=len(records) + rejected, records=len(records), rejected=rejected)
    return count(
        chunk, Parsed(columns, account, numpy.arange(len(records), len(records) + rejected), ("no-match",) * rejected, bounds)
    )


def panels(tally: Tally, top: int) -> dict[str, Panel]:
    """Return the usual panels."""
    return panels_of(tally, Question(), top)


def plain(tally: Tally) -> dict[str, object]:
    """Return a tally as plain data without an order."""
    return {
        "panels": {name: counted(counts) for name, counts in all_counts(tally, Question()) if len(counts)},
        "sources": {index: (source.account, dict(source.reasons), source.sample) for index, source in tally.sources.items()},
        "totals": (tally.bytes, tally.malformed_requests, tally.first, tally.last, tally.account),
    }


def counted(counts: Counts) -> dict[object, tuple[int, int]]:
    """Return counts and sums by key, each of which is there once."""
    found = {key: (int(counts.count[at]), bytes_of(counts, at)) for at, key in enumerate(counts.keys[0].to_pylist())}
    assert len(found) == len(counts)
    return found


@given(RECORDS)
def test_a_tally_is_what_a_loop_counts(records: list[Record]) -> None:
    """Counts and sums of each key and hour are exact, also far beyond 2^63; an absent key has none."""
    tally = tally_of(records)
    paths: dict[str, list[int]] = defaultdict(list)
    hours: dict[int, list[int]] = defaultdict(list)
    for time, size, path in records:
        hours[time // 3600].append(size)
        if path is not None:
            paths[path].append(size)
    by_hour = {key: (len(sizes), sum(sizes)) for key, sizes in hours.items()}
    by_path = {key: (len(sizes), sum(sizes)) for key, sizes in paths.items()}
    assert plain(tally)["panels"] == ({"hour": by_hour} if by_hour else {}) | ({"path": by_path} if by_path else {})
    assert tally.bytes == sum(size for _, size, _ in records)
    times = [time for time, _, _ in records]
    assert (tally.first, tally.last) == ((min(times), max(times)) if times else (None, None))
    assert tally.malformed_requests == sum(path is None for _, _, path in records)


CHUNKS = st.lists(st.tuples(RECORDS, st.integers(0, 2), st.integers(0, 5)), max_size=6)


def tallies_of(drawn: list[tuple[list[Record], int, int]]) -> list[Tally]:
    """Return the tallies of chunks of three sources, with consecutive line numbers in each."""
    lines: Counter[int] = Counter()
    found = []
    for records, source, rejected in drawn:
        found.append(tally_of(records, source=source, first_line=lines[source] + 1, rejected=rejected))
        lines[source] += len(records) + rejected
    return found


@given(CHUNKS, st.randoms(use_true_random=False))
def test_merging_is_associative_and_commutative(drawn: list[tuple[list[Record], int, int]], random_: random.Random) -> None:
    """Tallies merged in any order and in any groups are the same sum."""
    tallies = tallies_of(drawn)
    expected = plain(merge(tallies))
    shuffled = list(tallies)
    random_.shuffle(shuffled)
    while len(shuffled) > 1:
        at = random_.randrange(len(shuffled))
        group, shuffled = shuffled[at : at + 3], shuffled[:at] + shuffled[at + 3 :]
        shuffled.insert(random_.randrange(len(shuffled) + 1), merge(group))
        if len(group) == 1:
            random_.shuffle(shuffled)
    assert plain(merge(shuffled)) == expected


@given(CHUNKS)
def test_merging_is_counting_all_at_once(drawn: list[tuple[list[Record], int, int]]) -> None:
    """The merged tallies of chunks count what one chunk of all records would."""
    merged = plain(merge(tallies_of(drawn)))
    whole = plain(tally_of([record for records, _, _ in drawn for record in records]))
    assert merged["panels"] == whole["panels"]
    assert merged["totals"][:4] == whole["totals"][:4]  # type: ignore[index]


@given(RECORDS)
def test_nothing_changes_nothing(records: list[Record]) -> None:
    """Merging with an empty tally, or a single one, changes nothing."""
    tally = tally_of(records)
    assert plain(merge([tally])) == plain(merge([Tally(), tally])) == plain(merge([tally, Tally(), Tally()])) == plain(tally)
    assert plain(merge([])) == plain(Tally())


def test_sums_stay_exact_over_many_merges() -> None:
    """The largest sizes, added a thousand times in growing groups, lose no digit."""
    largest = 2**63 - 1
    one = tally_of([(0, largest, "a"), (0, largest, "a"), (0, 1, "b")])
    tally = one
    for _ in range(10):
        tally = merge([tally, tally])
    times = 2**10
    assert counted(tally.panels["path"]) == {"a": (2 * times, 2 * largest * times), "b": (times, times)}
    assert tally.bytes == (2 * largest + 1) * times


def test_many_sizes_in_one_chunk_are_exact() -> None:
    """A hundred thousand sizes near 2^53 and 2^63 in one chunk sum to what Python's integers say."""
    random_ = random.Random(1)
    records: list[Record] = [
        (0, random_.choice([2**53 + 1, 2**63 - 1 - random_.randrange(9)]), "ab"[number % 2]) for number in range(100_000)
    ]
    tally = tally_of(records)
    assert tally.bytes == sum(size for _, size, _ in records)
    assert counted(tally.panels["path"])["b"] == (50_000, sum(size for _, size, path in records if path == "b"))


def test_hours_may_be_far_apart() -> None:
    """Two records thousands of years apart are two hours, and the gap takes no memory."""
    first, last = -62135596800, 253402300799
    tracemalloc.start()
    try:
        tally = tally_of([(last, 2, "a"), (first, 1, "a")])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    assert counted(dict(all_counts(tally, Question()))["hour"]) == {first // 3600: (1, 1), last // 3600: (1, 2)}
    assert [row.key for row in panels(tally, 1)["hour"].rows] == [("0001-01-01T00:00:00Z",), ("9999-12-31T23:00:00Z",)]


def test_an_hour_without_records_has_no_row() -> None:
    """Empty hours between two records are left out."""
    found = panels(tally_of([(7200, 1, "a"), (0, 1, "a"), (7201, 1, "a")]), 10)["hour"]
    assert [(row.key[0], row.count) for row in found.rows] == [("1970-01-01T00:00:00Z", 1), ("1970-01-01T02:00:00Z", 2)]


def path_panel(counts: dict[str, int], top: int) -> Panel:
    """Return the panel of paths with these counts."""
    return panels(tally_of([(0, 1, path) for path, number in counts.items() for _ in range(number)]), top)["path"]


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), st.integers(1, 4), max_size=15),
    st.integers(0, 20),
)
def test_the_first_rows_are_the_first_of_all(counts: dict[str, int], top: int) -> None:
    """Rows are sorted by count, then by the key's UTF-8 bytes; `top` only limits them, 0 means all."""
    order = sorted(counts, key=lambda key: (-counts[key], key.encode()))
    panel = path_panel(counts, top)
    assert [row.key for row in panel.rows] == [(key,) for key in (order[:top] if top else order)]
    assert [row.count for row in panel.rows] == [counts[row.key[0]] for row in panel.rows]
    assert panel.distinct == len(counts)


def test_ties_are_broken_by_bytes() -> None:
    """Equal counts are in order of UTF-8 bytes, which is not that of a dictionary or of UTF-16."""
    keys = ["\U0001f600", "\uffff", "é", "z", "a", "Z", ""]
    assert [row.key[0] for row in path_panel(dict.fromkeys(keys, 2), 0).rows] == [
        "",
        "Z",
        "a",
        "z",
        "é",
        "\uffff",
        "\U0001f600",
    ]
    assert [row.key[0] for row in path_panel(dict.fromkeys(keys, 2), 3).rows] == ["", "Z", "a"]


def tally_of_log(content: bytes, name: str = "combined", first_line: int = 1) -> Tally:
    """Return the counts of a chunk of a log."""
    chunk = chunk_of(content, first_line=first_line, name=name)
    return count(chunk, parse(chunk.data, name, MAX_LINE_BYTES))


WHOLE = ["hour", "status", "method", "protocol"]
PANELS = [*WHOLE, "path", "client", "forwarded_for", "user", "host", "referrer", "user_agent"]


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("common", {"host", "forwarded_for"}),
        ("combined", {"host", "forwarded_for"}),
        ("vhost_combined", {"forwarded_for"}),
        ("combined_forwarded", {"host"}),
    ],
)
def test_a_report_has_the_panels_of_its_logs(name: str, absent: set[str]) -> None:
    """Panels have a fixed order; virtual hosts and proxies appear only if a log has such a column."""
    assert list(panels(tally_of_log(logs.log(20, name=name), name), 5)) == [panel for panel in PANELS if panel not in absent]


@pytest.mark.parametrize("content", [b"", b"garbage\n"])
def test_a_report_without_records_has_empty_panels(content: bytes) -> None:
    """Without records the usual panels are there, without rows."""
    found = panels(merge([Tally(), tally_of_log(content)]), 10)
    assert {name: (panel.distinct, panel.rows) for name, panel in found.items()} == {
        name: (0, ()) for name in PANELS if name not in {"host", "forwarded_for"}
    }


def test_some_panels_are_shown_whole() -> None:
    """Hours, statuses, methods and protocols are never cut, the others are."""
    lines = [
        logs.line(
            time=b"17/May/2015:%02d:05:03 +0000" % at, status=b"%d" % (200 + at), request=b"M%d /%d HTTP/%d" % (at, at, at)
        )
        for at in range(20)
    ]
    found = panels(tally_of_log(b"\n".join(lines) + b"\n"), 3)
    assert {name: len(panel.rows) for name, panel in found.items() if panel.distinct == 20} == dict.fromkeys(WHOLE, 20) | {
        "path": 3
    }


def test_a_panel_is_a_table() -> None:
    """A panel can be converted to an Arrow table, with sums beyond int64 as decimals."""
    small, large = (panels(tally_of([(0, size, "a"), (0, size, "a")]), 1)["path"].table() for size in (5, 2**63 - 1))
    assert small.to_pylist() == [{"path": "a", "count": 2, "bytes": 10}]
    assert small.schema.field("bytes").type == pyarrow.int64()
    assert [int(value) for value in large["bytes"].to_pylist()] == [2**64 - 2]


def test_the_first_rejected_lines_are_kept() -> None:
    """Each source keeps its first three rejected lines, in whatever order chunks are merged."""
    chunks = [tally_of_log(b"bad %d\nworse %d\n" % (first, first), first_line=first) for first in (1, 3, 5)]
    merged = merge(chunks[::-1])
    assert merged.sources[0].account == Account(lines=6, rejected=6)
    assert dict(merged.sources[0].reasons) == {"no-match": 6}
    assert [rejected.line for rejected in merged.sources[0].sample] == [1, 2, 3]
    assert len(merged.sources[0].sample) == REJECTED_SAMPLES


def test_a_rejected_line_is_shown_cut_and_escaped() -> None:
    """Its text is the first 512 bytes, without its end, and contains no control character."""
    tally = tally_of_log(logs.line() + b"\n\x1b[31m" + b"x" * 1000 + b"\r\n", first_line=100)
    (found,) = tally.sources[0].sample
    assert found == Rejected(101, "no-match", r"\x1b[31m" + "x" * (REJECTED_TEXT_BYTES - 5))
    (short,) = tally_of_log(b"short\r\n").sources[0].sample
    assert short.text == "short"


def test_the_account_of_all_sources_is_their_sum() -> None:
    """Accounts of sources are kept apart and add up."""
    tally = merge([tally_of([(0, 1, "a")], source=0, rejected=2), tally_of([(0, 1, "a")] * 3, source=4)])
    assert {index: source.account.records for index, source in tally.sources.items()} == {0: 1, 4: 3}
    assert tally.account == Account(lines=6, records=4, rejected=2)
    assert tally.account.closes


def test_a_tally_knows_how_many_keys_it_holds() -> None:
    """Its weight is the keys of all its panels, and those of its overview: here two paths and two intervals."""
    assert tally_of([(0, 1, "a"), (3600, 1, "b"), (3600, 1, None)]).keys == 4
    assert Tally().keys == 0


def test_sources_add_up() -> None:
    """The sum of two halves of a source is the whole."""
    first = SourceTally(Account(lines=2, rejected=2), {"a": 2}, (Rejected(3, "a", ""), Rejected(9, "a", "")))
    second = SourceTally(Account(lines=2, rejected=2), {"a": 1, "b": 1}, (Rejected(1, "a", ""), Rejected(5, "b", "")))
    total = first + second
    assert (total.account, dict(total.reasons)) == (Account(lines=4, rejected=4), {"a": 3, "b": 1})
    assert [rejected.line for rejected in total.sample] == [1, 3, 5]
    lost = ("duration", "lost")
    halves = [
        SourceTally(odd=OddLines(nul=number), unread={lost: number}, untimed=number, assumed=Assumed(zone=number == 3))
        for number in (3, 4)
    ]
    assert halves[0] + halves[1] == SourceTally(odd=OddLines(nul=7), unread={lost: 7}, untimed=7, assumed=Assumed(zone=True))


def test_only_what_passes_the_filters_is_counted() -> None:
    """The others are filtered. Which fields a log has, and how many records have no time, is known from all records."""
    lost = Numbers(numpy.array([1, 2, 4, 8]), unread={"lost": numpy.array([True, False, True, True])})
    columns = Columns(
        records=4,
        time=numpy.array([5, 20, NO_TIME, 10]),
        keys={
            "path": KeyColumn(pyarrow.array(["a", "b"]), numpy.array([0, 1, 0, 1])),
            "user": KeyColumn(pyarrow.array(["me", None]), numpy.array([0, 1, 1, 1])),
            "host": KeyColumn(pyarrow.array([None], pyarrow.string()), numpy.zeros(4, int)),
        },
        numbers={"bytes": lost, "duration": lost, "idle": lost},
        malformed=numpy.array([True, False, True, True]),
    )
    parsed = Parsed(columns, Account(lines=4, records=4), numpy.zeros(0, int), (), numpy.zeros((0, 2), int))
    panel = PanelSpec(("path",), needs=(Need("totals", "duration"),))
    chunk = chunk_of(b"line\n" * 4, source=3)
    some, whole, none = (count(chunk, parsed, Question((panel,), since=since)) for since in (10 * NANOS, None, 100 * NANOS))
    assert [tally.seen for tally in (some, whole, none)] == [frozenset({"path", "user", "bytes", "duration", "idle"})] * 3
    assert [tally.sources[3].untimed for tally in (some, whole, none)] == [1, 1, 1]
    assert [(tally.sources[3].account.records, tally.sources[3].account.filtered) for tally in (some, whole, none)] == [
        (2, 2),
        (4, 0),
        (0, 4),
    ]
    assert [(tally.first, tally.last, tally.bytes, tally.malformed_requests) for tally in (some, whole, none)] == [
        (10, 20, 10, 1),
        (5, 20, 15, 3),
        (None, None, 0, 0),
    ]
    assert [dict(tally.sources[3].unread) for tally in (some, whole, none)] == [
        {("bytes", "lost"): 1, ("duration", "lost"): 1},
        {("bytes", "lost"): 3, ("duration", "lost"): 3},
        {},
    ]
    assert counted(some.panels["path"]) == {"b": (2, 10)}
    assert not none.panels


def test_what_merged_tallies_have_is_what_some_of_them_has() -> None:
    """Fields that only one of two sources has, and times of which only one has any."""
    timeless, early, late = (
        Tally(seen=frozenset(name), first=time, last=time) for name, time in zip("xyz", (None, 1, 7), strict=True)
    )
    merged = merge([timeless, late, early])
    assert (merged.seen, merged.first, merged.last) == (frozenset("xyz"), 1, 7)


def test_a_panel_is_counted_where_a_log_has_all_its_fields() -> None:
    """A panel of a field that is not there is left out; so is the measure of one, but not its panel."""
    columns = Columns(
        records=2,
        time=numpy.array([0, 1]),
        keys={"path": KeyColumn(pyarrow.array(["a", "b"]), numpy.array([0, 1]))},
        numbers={"duration": Numbers(numpy.array([3, 4]))},
    )
    parsed = Parsed(columns, Account(lines=2, records=2), numpy.zeros(0, int), (), numpy.zeros((0, 2), int))
    needs = (Need("totals", "duration"), Need("totals", "idle"), Need("uniques", "path"))
    visitors = Need("uniques", VISITOR)
    specs = (PanelSpec(("path",), needs=(*needs, visitors)), PanelSpec(("path", "user")), PanelSpec(()))
    tally = count(chunk_of(b"line\n" * 2), parsed, Question(specs))
    assert list(tally.panels) == ["path", "total"]
    assert list(tally.panels["path"].measures) == [needs[0], needs[2]]
    assert tally.panels["total"].count.tolist() == [2]
    assert (tally.distinct, tally.bytes, tally.malformed_requests) == (3, 0, 0)


def test_lines_with_odd_bytes_are_counted_but_for_those_that_are_too_long() -> None:
    """Lines over the limit are skipped, because the cuts decide how much of them is there."""
    content = logs.line(client=b"\xff") + b"\n" + logs.line(client=b"\0\xff") + b"\n\xff" + b"x" * 2000 + b"\0\n\0\n"
    chunk = chunk_of(content)
    tally = count(chunk, parse(chunk.data, "combined", 1000))
    assert tally.sources[0].odd == OddLines(undecodable=2, nul=2)
    assert merge([tally, tally]).sources[0].odd == OddLines(undecodable=4, nul=4)
