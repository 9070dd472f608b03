"""Times from log to report: what was assumed is stated, and what could not be read is counted."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.times.assumed import Assumed, Stretch
from logproc.formats.times.forms import ISO
from logproc.formats.times.reading import to_seconds
from logproc.model.snapshot import Snapshot
from logproc.pipeline.api import analyze
from logproc.reports.report_words import assumed as in_one_line

UNKNOWN_YEARS = "times without a year go back by a day or more: if the log is of more than a year, its years are not known"
JANUARY_2026 = int(datetime(2026, 1, 20, tzinfo=UTC).timestamp())


def report_on(folder: Path, *contents: str, changed_s: int = JANUARY_2026, **options: Any) -> Snapshot:
    """Return the report on some logs that were last changed at a moment."""
    paths = [folder / f"{number}.log" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
        os.utime(path, (changed_s, changed_s))
    return analyze(paths, **options)


def syslog(*days: str) -> str:
    return "".join(f"{day} 10:00:00 web sshd[12]: session {number} opened\n" for number, day in enumerate(days))


def days_of(snapshot: Snapshot) -> list[str]:
    return [row.key[0] for row in snapshot.panels["day"].rows]


def test_december_is_of_the_year_before_january(tmp_path: Path) -> None:
    """A log over New Year has two years, and the report states both and the zone in one line."""
    snapshot = report_on(tmp_path, syslog("Dec 30", "Dec 31", "Jan  1", "Jan  2"), by="day")
    assert days_of(snapshot) == ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
    assert [(made.of, made.value) for made in snapshot.assumed] == [("zone", "UTC"), ("year", "2025 to 2026")]
    assert in_one_line(snapshot) == "times without a zone are taken as UTC, without a year are taken as 2025 to 2026"
    assert snapshot.sources[0].notes == ()


@pytest.mark.parametrize("chunk_size", [1, 60, None])
@pytest.mark.parametrize(
    ("days", "unknown"),
    [
        (["Dec 15", "Jan 10", "Dec 20", "Jan  5"], True),
        (["Dec 31", "Jan  1", "Dec 31", "Jan  1"], True),
        (["Jan 10", "Jun 10", "Dec 10", "Jan 11", "Jan 15"], True),
        (["Feb 28", "Feb 29", "Mar  1"], True),
        (["Jan 10", "Jan 11", "Jan 12"], False),
        (["Mar  1", "Jul  1", "Dec 31", "Jan  1", "Jan 19"], False),
        (["Jan 10"], False),
    ],
)
def test_a_log_of_more_than_a_year_says_that_years_are_not_known(
    tmp_path: Path, days: list[str], unknown: bool, chunk_size: int | None
) -> None:
    """Where times go back by a day or more, the year that was assumed cannot be right for all of them."""
    snapshot = report_on(tmp_path, syslog(*days), chunk_size=chunk_size)
    assert snapshot.sources[0].notes == ((UNKNOWN_YEARS,) if unknown else ())


def test_february_29_is_of_the_latest_leap_year(tmp_path: Path) -> None:
    """A day that only leap years have says the year by itself."""
    assert days_of(report_on(tmp_path, syslog("Feb 29"), by="day")) == ["2024-02-29"]


def test_the_note_counts_its_sources(tmp_path: Path) -> None:
    """With several sources the note says how many of them it is about; a log that says all needs none."""
    plain, full = "2026-01-05 10:00:00 INFO a\n", '{"time":"2026-01-05T10:00:00Z","level":"info","msg":"a"}\n'
    snapshot = report_on(tmp_path, plain, full, syslog("Jan  5"), tz="Asia/Kathmandu")
    zone, year = snapshot.assumed
    assert [Path(name).name for name in zone.sources] == ["0.log", "2.log"]
    assert [Path(name).name for name in year.sources] == ["2.log"]
    told = (
        "times without a zone (2 of 3 sources) are taken as Asia/Kathmandu, without a year (1 of 3 sources) are taken as 2026"
    )
    assert in_one_line(snapshot) == told
    assert report_on(tmp_path, full).assumed == ()


@pytest.mark.parametrize(
    ("time", "lacks"),
    [
        ('"2026-01-05T10:00:00Z"', []),
        ('"2026-01-05T10:00:00.123+05:30"', []),
        ("1767607200", []),
        ("1767607200.5", []),
        ('"2026-01-05 10:00:00"', ["zone"]),
        ('"2026-01-05T10:00:00.5"', ["zone"]),
        ('"Jan  5 10:00:00"', ["zone", "year"]),
        ('"Jan  5 2026 10:00:00"', ["zone"]),
        ('"Jan  5 10:00:00 CET"', ["year"]),
        ('"05/Jan/2026:10:00:00 +0100"', []),
    ],
)
@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin"])
def test_only_what_a_time_lacks_is_assumed(tmp_path: Path, time: str, lacks: list[str], tz: str) -> None:
    """A time with a zone or a year needs none, in whatever form it is, in JSON and in logfmt."""
    for line in (f'{{"time":{time},"level":"info","msg":"a"}}\n', f"time={time} level=info msg=a\n"):
        snapshot = report_on(tmp_path, line * 3, tz=tz)
        assert snapshot.account.records == 3
        assert [made.of for made in snapshot.assumed] == lacks, line


GOOD = ["2026-03-07T10:00:00Z", "2026-03-07T11:30:00Z"]
LINES = {
    "json": '{{"time":{},"level":"info","msg":"a"}}',
    "logfmt": "time={} level=info msg=a",
    "pattern": "{} [info] a",
}
BAD = ["yesterday", "true", "2026-02-30T10:00:00Z", "99999999999999999999", "12", "2026-03-07T24:00:00Z", "1e400", "0"]


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("chunk_size", [1, None])
def test_an_unreadable_time_is_told_alike_in_all_formats(tmp_path: Path, kind: str, chunk_size: int | None) -> None:
    """A line whose time cannot be read is rejected as bad-time; one without a time is counted as such.

    A pattern says which lines are records: there it is one without a time, and the report says why.
    """
    quote = (lambda text: text if text.isdigit() or text == "true" else f'"{text}"') if kind == "json" else str
    absent = {"json": "null", "logfmt": "", "pattern": "-"}[kind]
    times = [*GOOD * 8, *BAD, absent]
    content = "".join(LINES[kind].format(quote(time) if time != absent else time) + "\n" for time in times)
    own = {"pattern": r"^(?P<time>\S+) \[(?P<level>\w+)\] (?P<message>.*)$"} if kind == "pattern" else {"format": kind}
    options: dict[str, Any] = own | {"chunk_size": chunk_size}
    questions: list[dict[str, Any]] = [
        {},
        {"since": "2026-03-07T11:00Z"},
        {"until": "2026-03-07T11:00Z"},
        {"by": "hour"},
        {"tz": "Europe/Berlin"},
    ]
    for asked in questions:
        snapshot = report_on(tmp_path, content, **options, **asked)
        account = snapshot.account
        kept = len(BAD) if kind == "pattern" else 0
        filtered = 9 + kept if "since" in asked or "until" in asked else 0
        assert (account.lines, account.records, account.filtered) == (25, 17 + kept - filtered, filtered)
        if kept:
            assert not snapshot.sources[0].rejected_by_reason
            assert snapshot.sources[0].notes == ("9 records without a time", "8 values of time are not times")
        else:
            assert dict(snapshot.sources[0].rejected_by_reason) == {"bad-time": len(BAD)}
            assert snapshot.sources[0].notes == ("1 record without a time",)


def test_a_field_that_only_has_the_name_of_a_time_rejects_nothing(tmp_path: Path) -> None:
    """If the sampled values of `time` are not times, the next field with such a name is the time, if there is one."""
    line = '{"time":0.25,"ts":"2026-03-07T10:00:00Z","level":"info"}\n'
    assert report_on(tmp_path, line * 3, by="hour").panels["hour"].rows[0].key == ("2026-03-07T10:00:00Z",)
    for content in ('{"time":0.25,"level":"info","msg":"a"}\n' * 3, "time=12ms level=info msg=a\n" * 3):
        asked: list[dict[str, Any]]
        asked = [{"by": "hour"}, {"since": "2026-03-07"}, {"where": 'time > "2026-03-07"'}, {"by": "level"}]
        for options in asked:
            snapshot = report_on(tmp_path, content, **options)
            assert snapshot.account.records + snapshot.account.filtered == 3
            assert snapshot.sources[0].notes == (() if options == {"by": "level"} else ("3 records without a time",))


@pytest.mark.parametrize(
    "line",
    [
        '{"L":"INFO","T":"2026-03-07T10:00:00Z","M":"ready"}\n',
        "L=INFO T=2026-03-07T10:00:00Z M=ready\n",
        "L:INFO\tT:2026-03-07T10:00:00Z\tM:ready\n",
    ],
    ids=["json", "logfmt", "ltsv"],
)
def test_a_time_with_a_name_of_its_own_is_noted(tmp_path: Path, line: str) -> None:
    """Nobody asks for what the report does not show, so the note names the key, and the option that takes it."""
    (source,) = report_on(tmp_path, line * 3).sources
    assert source.notes == ("3 records without a time: if T is their time, --map time=T",)
    mapped = report_on(tmp_path, line * 3, map="time=T")
    assert (mapped.sources[0].notes, mapped.first) == ((), 1_772_877_600)


TIMES = st.lists(st.integers(0, 10**6), min_size=1, max_size=12)


@given(TIMES, st.lists(st.integers(0, 12)), st.randoms(use_true_random=False))
@example([0, 86_400, 0], [1], None)
def test_order_is_known_however_a_log_is_cut(times: list[int], cuts: list[int], shuffled: random.Random | None) -> None:
    """Whether times go back is that of neighbours in the log, for any chunks and any order of merging."""
    parts = [Assumed(True, (min(part), max(part)), (stretch(at, part),)) for at, part in cut(times, cuts)]
    if shuffled:
        shuffled.shuffle(parts)
    total = sum(parts, Assumed())
    assert total.goes_back == any(later <= before - 86_400 for before, later in pairwise(times))
    assert (total.years, len(total.stretches)) == ((min(times), max(times)), 1)


def cut(times: Sequence[int], cuts: Sequence[int]) -> list[tuple[int, Sequence[int]]]:
    """Return parts of a list, each with its place."""
    edges = sorted({0, len(times), *(place for place in cuts if place < len(times))})
    return [(start, times[start:end]) for start, end in pairwise(edges)]


def stretch(at: int, times: Sequence[int]) -> Stretch:
    back = any(later <= before - 86_400 for before, later in pairwise(times))
    return Stretch(at, at + len(times) - 1, times[0], times[-1], back)


SECONDS = st.integers(int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2030, 1, 1, tzinfo=UTC).timestamp()))


@given(SECONDS, st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]))
@example(int(datetime(2026, 3, 29, 2, 30, tzinfo=UTC).timestamp()), "Europe/Berlin")
@example(int(datetime(2026, 10, 25, 2, 30, tzinfo=UTC).timestamp()), "Europe/Berlin")
def test_local_times_are_the_first_of_two_and_moved_where_skipped(shown: int, name: str) -> None:
    """Times without a zone are those of zoneinfo with fold=0: an hour shown twice is the first, a skipped one as before it."""
    at, zone = datetime.fromtimestamp(shown, UTC), ZoneInfo(name)
    expected = int(at.replace(tzinfo=zone).timestamp())
    assert to_seconds(ISO, at.strftime("%Y-%m-%d %H:%M:%S").encode(), 0, zone) == expected
