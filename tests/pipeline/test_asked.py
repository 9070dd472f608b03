"""Questions about random access logs, in chunks of any size, with the answers of plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logproc.model.errors import UsageError
from logproc.model.snapshot import Snapshot
from logproc.pipeline.api import analyze
from logproc.pipeline.plan import Plan
from logproc.pipeline.serial import run_serial
from logproc.reports.metric_values import figure
from logproc.reports.text.style import Look
from logproc.settings import Settings, load
from tests.support import logs
from tests.support.reports_of import report, serial, sources_of, threaded

BEGIN = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""Berlin's clocks go forward five hours later."""
CHUNKS = (1, 400, 1 << 20)


@dataclass(frozen=True)
class Record:
    """What one line says."""

    source: str
    time: datetime
    path: str
    status: int
    client: str


def made(folder: Path, seed: int) -> tuple[list[Record], list[Path]]:
    """Write two logs of few seconds, paths and clients, not in order of time."""
    randomly = random.Random(seed)
    found, paths = [], [folder / "web.log", folder / "api.log"]
    for path in paths:
        lines = []
        for _ in range(60):
            time = BEGIN + timedelta(hours=randomly.randrange(0, 40, 8), seconds=randomly.randrange(4))
            record = Record(
                str(path),
                time,
                f"/p{randomly.randrange(4)}",
                randomly.choice([200, 404, 500, 503]),
                f"192.0.2.{randomly.randrange(3)}",
            )
            found.append(record)
            request, client = f"GET {record.path} HTTP/1.1".encode(), record.client.encode()
            stamp = f"{time:%d/%b/%Y:%H:%M:%S} +0000".encode()
            status = str(record.status).encode()
            lines.append(logs.line(time=stamp, request=request, status=status, client=client) + b"\n")
        path.write_bytes(b"".join(lines))
    return found, paths


def rows_of(paths: Sequence[Path], **knobs: Any) -> dict[tuple[str, ...], tuple[int, tuple[Any, ...]]]:
    """Return the count and the metrics of each key of the one panel asked for; alike in chunks of any size."""
    asked = [Settings(**knobs, top=0, chunk_size=size) for size in CHUNKS]
    runs = [run_serial(sources_of(*paths), settings).snapshot for settings in asked]
    assert len({report(run) for run in runs}) == 1
    (panel,) = runs[0].panels.values()
    return {row.key: (row.count, row.metrics) for row in panel.rows}


def grouped(records: Sequence[Record], key: str) -> dict[tuple[str, ...], list[Record]]:
    """Return the records of each value of a field."""
    found: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        found[str(getattr(record, key)),].append(record)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_what_is_measured_of_each_key_is_exact(seed: int, tmp_path: Path) -> None:
    """Its share of failures, its first and last time, and its largest second and day."""
    records, paths = made(tmp_path, seed)
    berlin = ZoneInfo("Europe/Berlin")
    asked = ("share(status in (500, 503))", "first:time", "last:time", "peak(1s)", "peak(1d)")
    expected = {}
    for key, some in grouped(records, "path").items():
        times = [record.time for record in some]
        expected[key] = (
            len(some),
            (
                sum(record.status >= 500 for record in some) / len(some),
                min(times).astimezone(berlin).isoformat(),
                max(times).astimezone(berlin).isoformat(),
                max(Counter(times).values()),
                max(Counter(time.astimezone(berlin).date() for time in times).values()),
            ),
        )
    assert rows_of(paths, by=("path",), metric=asked, tz="Europe/Berlin") == expected


@pytest.mark.parametrize("seed", range(3))
def test_a_share_is_of_the_records_that_count(seed: int, tmp_path: Path) -> None:
    """Those that `--where` leaves; its own filter may look at clocks and sources, and is read in the zone."""
    records, paths = made(tmp_path, seed)
    failed = [record for record in records if record.status != 200]
    noon = [record.time.astimezone(ZoneInfo("Europe/Berlin")).hour >= 12 for record in failed]
    of_web = [record.source.endswith("web.log") for record in failed]
    metric = ("share(hour_of_day >= 12)", f'share(source == "{paths[0]}")', "share(status == 200)", "share(user is absent)")
    found = rows_of(paths, where="status != 200", by=("protocol",), metric=metric, tz="Europe/Berlin")
    assert found == {("HTTP/1.1",): (len(failed), (sum(noon) / len(failed), sum(of_web) / len(failed), 0.0, 0.0))}


def test_a_source_is_a_field(tmp_path: Path) -> None:
    """To count by, to filter by and to measure; whatever a log itself calls so."""
    records, paths = made(tmp_path, 7)
    expected = {
        (*key, path): len(some)
        for key, of_key in grouped(records, "source").items()
        for (path,), some in grouped(of_key, "path").items()
    }
    assert {key: count for key, (count, _) in rows_of(paths, by=("source,path",)).items()} == expected
    assert rows_of(paths, by=("source",), where='source =~ "api"', metric=("uniques:source",)) == {(str(paths[1]),): (60, (1,))}
    own = tmp_path / "own.jsonl"
    own.write_text('{"level": "info", "source": "elsewhere", "message": "a"}\n' * 2)
    assert rows_of([own], by=("source",)) == {(str(own),): (2, ())}


def test_all_threads_give_the_answers_of_one(tmp_path: Path) -> None:
    """New measures and fields, too."""
    _, paths = made(tmp_path, 11)
    sources = sources_of(*paths)
    knobs: dict[str, Any] = {
        "by": ("source,path", "every(8h),status", "week", "hour_of_day"),
        "metric": ("share(status >= 500)", "peak(1m)", "first:time", "last:time", "rate"),
        "top": (2, 1),
        "chunk_size": 300,
    }
    assert threaded(sources, min_keys=1, **knobs) == serial(sources, **knobs)


def test_the_rate_of_a_month_is_by_its_seconds(tmp_path: Path) -> None:
    """February has 28 days; of a week in a month it is by the week."""
    path = tmp_path / "log"
    path.write_bytes(
        logs.line(time=b"28/Feb/2026:10:00:00 +0000") + b"\n" + logs.line(time=b"01/Mar/2026:10:00:00 +0000") + b"\n"
    )
    rates = {key: metrics for key, (_, metrics) in rows_of([path], by=("month",), metric=("rate",)).items()}
    assert rates == {("2026-02",): (1 / (28 * 86400),), ("2026-03",): (1 / (31 * 86400),)}
    assert [metrics for _, metrics in rows_of([path], by=("month,week",), metric=("rate",)).values()] == [
        (1 / (7 * 86400),)
    ] * 2


def test_records_without_a_time_have_none_to_show(tmp_path: Path) -> None:
    """Neither a first one nor a peak; they are not taken for the year 1970 or before."""
    path = tmp_path / "log"
    path.write_text('{"level": "info", "message": "a"}\n{"level": "error", "message": "b", "time": "2026-03-07T10:00:00Z"}\n')
    found = rows_of([path], by=("level",), metric=("first:time", "last:time", "peak(1s)"))
    assert found == {("info",): (1, (None,) * 3), ("error",): (1, ("2026-03-07T10:00:00Z", "2026-03-07T10:00:00Z", 1))}


def snapshot_of(path: Path, **knobs: Any) -> Snapshot:
    """Return the result of a run over one file."""
    return run_serial(sources_of(path), Settings(**knobs)).snapshot


def test_visitors_of_a_log_without_user_agents_are_clients(tmp_path: Path) -> None:
    """The report says so, for each such source; not of a log that has them, nor where nobody asked for visitors."""
    path = tmp_path / "common.log"
    path.write_bytes(
        b"".join(logs.line("common", client=client) + b"\n" for client in (b"192.0.2.1", b"192.0.2.2", b"192.0.2.1"))
    )
    said = "no user agents: each client counts as one visitor"
    assert snapshot_of(path, metric=("visitors",)).panels["total"].rows[0].metrics == (2,)
    assert [
        said in snapshot_of(path, **knobs).sources[0].notes for knobs in ({"visitors": True}, {"metric": ("visitors",)}, {})
    ] == [
        True,
        True,
        False,
    ]
    path.write_bytes(logs.line() + b"\n")
    assert snapshot_of(path, visitors=True).sources[0].notes == ()


@pytest.mark.parametrize(
    "definition",
    [
        '%{X-Forwarded-For}i %l %u %t "%r" %>s %b',
        '$http_x_forwarded_for - $remote_user [$time_local] "$request" $status $body_bytes_sent',
    ],
)
def test_a_list_of_proxies_in_front_is_one_field(definition: str, tmp_path: Path) -> None:
    """What follows it keeps its place; the first address is the client, and without any there is none."""
    path = tmp_path / "log"
    lists = ["203.0.113.9, 10.0.0.2,10.0.0.3", "unknown, 203.0.113.9:4711", "[2001:db8::1]:80", "-"]
    path.write_text("".join(f'{chain} - alice [07/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5\n' for chain in lists))
    found = rows_of([path], format=definition, client_from="xff", by=("client,user",))
    assert {key: count for key, (count, _) in found.items()} == {("203.0.113.9", "alice"): 2, ("2001:db8::1", "alice"): 1}
    assert {key for (key,) in rows_of([path], format=definition, by=("forwarded_for",))} == set(lists[:3])


def test_parameters_are_anonymous_after_they_are_decoded(tmp_path: Path) -> None:
    """An address in a link is cut however it was written."""
    path = tmp_path / "log"
    for value in (b"192.0.2.77", b"192%2E0%2E2%2e77", b"2001%3Adb8%3A1%3A2%3A%3A77"):
        path.write_bytes(logs.line(request=b"GET /a?ip=" + value + b" HTTP/1.1", referrer=b"http://192.0.2.77/") + b"\n")
        (key,) = rows_of([path], by=("query(ip),referrer_host",), anonymize=True)
        assert "77" not in "".join(key), key
        assert key[1] == "192.0.2.0"


@pytest.mark.parametrize(
    ("by", "hint"),
    [
        ("wek", "did you mean 'week'?"),
        ("hour_of_the_day", "did you mean 'hour_of_day'?"),
        ("referer_host", "did you mean 'referrer_host'?"),
        ("sources", "did you mean 'source'?"),
        ("parameter", "write query(NAME)"),
        ("every", "write every(5m)"),
    ],
)
def test_a_misspelt_field_has_a_hint(by: str, hint: str, tmp_path: Path) -> None:
    """New names are among the known ones."""
    path = tmp_path / "log"
    path.write_bytes(logs.line() + b"\n")
    cause = run_serial(sources_of(path), Settings(by=(by,))).cause
    assert isinstance(cause, UsageError)
    assert cause.hint == hint


def test_a_moment_is_nothing_to_count_by() -> None:
    """Its stretches are."""
    with pytest.raises(UsageError, match="a time is a moment") as caught:
        Plan.of(Settings(by=("status,time",)))
    assert "every(5m)" in caught.value.hint


@pytest.mark.parametrize("value", ["10,3", [10, 3], (10, 3), " 10, 3"])
def test_top_may_be_several_numbers(value: Any) -> None:
    """From the command line, a config file or a program."""
    assert load({"top": value}).top == (10, 3)
    assert load({"top": "7"}).top == load({"top": [7]}).top == 7


@pytest.mark.parametrize("value", ["", "10,", "10,x", "10,-1", [10, 2.5], (), [[1]]])
def test_top_is_numbers(value: Any) -> None:
    """Every one of them is checked."""
    with pytest.raises(UsageError, match="--top"):
        load({"top": value})


def test_a_panel_that_no_record_is_in_says_so(tmp_path: Path) -> None:
    """It does not vanish silently: the first source with records has a note; one that has some rows has none."""
    log = tmp_path / "access.log"
    log.write_text('192.0.2.7 - - [07/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"\n')
    empty = tmp_path / "empty.log"
    empty.write_text("\n")
    snapshot = analyze([empty, log], by=["user", "path", "user,path"])
    assert [source.notes for source in snapshot.sources] == [
        ("empty",),
        ("no record has user to count by", "no record has user and path to count by"),
    ]


def test_a_number_of_rows_without_a_field_is_refused(tmp_path: Path) -> None:
    """`--top 10,3` is of two fields: with one the 3 would be ignored."""
    log = tmp_path / "access.log"
    log.write_text('192.0.2.7 - - [07/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5\n')
    with pytest.raises(UsageError) as caught:
        analyze(log, by="path", top="10,3")
    assert caught.value.hint == "write --top 10, or name a field for each number: --by path,status"
    assert analyze(log, by=["path", "path,status"], top="10,3").complete


def test_a_mapped_number_has_its_unit(tmp_path: Path) -> None:
    """A field that the user says to be a duration or a size is shown as one; of others nothing is known."""
    log = tmp_path / "app.jsonl"
    log.write_text('{"time":"2026-03-07T10:00:00Z","took":12,"sent":3,"n":4}\n')
    metrics = ["max:lat", "max:volume", "max:n", "uniques:lat", "max:duration"]
    maps = ["lat=took:ms", "volume=sent:kB", "duration=took:ms"]
    panel = analyze(log, metric=metrics, map=maps).panels["total"]
    assert panel.kinds == {"max:lat": "duration", "max:volume": "size", "max:duration": "duration"}
    row = zip(panel.metrics, panel.rows[0].metrics, strict=True)
    figures = [figure(name, number, Look(), panel.kinds.get(name)) for name, number in row]
    assert figures == ["12.0 ms", "3.0 kB", "4", "1", "12.0 ms"]
