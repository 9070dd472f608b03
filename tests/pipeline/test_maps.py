"""Fields whose source, time form or unit the user names, or their own name does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from logproc import analyze
from logproc.formats.custom import format_of_table
from logproc.model.columns import NO_TIME
from logproc.model.errors import UsageError
from tests.formats.readings import read

if TYPE_CHECKING:
    from pathlib import Path

    from logproc.model.snapshot import Snapshot

ACCESS = '192.0.2.{} - - [07/Mar/2026:10:0{}:00 +0000] "GET /{} HTTP/1.1" 200 5 "-" "curl/8" {}\n'


def asked(folder: Path, content: str, **options: Any) -> Snapshot:
    log = folder / "some.log"
    log.write_text(content)
    return analyze([log], **options)


def rows(snapshot: Snapshot, panel: str) -> dict[tuple[str | None, ...], tuple[Any, ...]]:
    return {row.key: (row.count, *row.metrics) for row in snapshot.panels[panel].rows}


@pytest.mark.parametrize("chunk_size", [1, None])
def test_a_time_has_the_name_that_the_user_gives(tmp_path: Path, chunk_size: int | None) -> None:
    """It comes from nowhere else: what the log calls time is another field then. A bad one is told, and the record stays."""
    lines = [
        '{"begun":1772877600240,"time":"2020-01-01T00:00:00Z","job":"a"}\n',
        '{"time":"2020-01-01T00:00:00Z","job":"a"}\n',
        '{"begun":"soon","job":"a"}\n',
    ]
    for given in ("time=begun", "time=begun:ms"):
        found = asked(tmp_path, "".join(lines), map=given, by="minute,job", chunk_size=chunk_size)
        assert rows(found, "minute,job") == {("2026-03-07T10:00:00Z", "a"): (1,)}
        assert found.sources[0].notes == ("2 records without a time", "1 value of time is not a time")
        assert found.account.records == 3


def test_a_pattern_has_its_time_in_a_form(tmp_path: Path) -> None:
    """Day first, as the form says, and a filter goes by it."""
    content = "05-04-2026 10:00:00 a\n06-04-2026 10:00:00 b\n"
    options = {"pattern": r"(?P<when>\S+ \S+) (?P<job>\w+)", "map": "time=when:%d-%m-%Y %H:%M:%S"}
    assert rows(asked(tmp_path, content, by="day", **options), "day") == {("2026-04-05",): (1,), ("2026-04-06",): (1,)}
    assert rows(asked(tmp_path, content, by="job", since="2026-04-06", **options), "job") == {("b",): (1,)}
    assert rows(asked(tmp_path, content, by="when", **options), "when")[("05-04-2026 10:00:00",)] == (1,)


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ('{"job":"a","times":{"all":515}}\n{"job":"a","times":{"all":15}}\n', {"map": "duration=times.all:ms"}, 0.515),
        ("job=a all=2.5\njob=a all=30s\n", {"map": "duration=all:min"}, 150),
        (ACCESS.format(1, 0, "x", 44) + ACCESS.format(1, 1, "x", 2044), {"map": "duration=extra1:ms"}, 2.044),
        ("a 7\na 9\n", {"pattern": r"(?P<job>\w) (?P<n>\d+)", "map": "duration=n:us"}, 0.000009),
        ("a 7\na 9\n", {"pattern": r"(?P<job>\w) (?P<latency_us>\d+)"}, 0.000009),
        ("a 7 3\n", {"pattern": r"(?P<job>\w) (?P<wait_ms>\d+) (?P<responseTimeMs>\d+)"}, 0.003),
        ('{"job":"a","durationMillis":515}\n', {}, 0.515),
        ('{"job":"a","duration":"2s","elapsed_ms":515}\n', {}, 2),
        ("job=a exec_time_ns=1500000000 x=1\n", {}, 1.5),
        ("job=a tookh=2 took_h=2 x=1\n", {}, 7200),
        ('{"job":"a","elapsed_ms":"soon","res":{"latency-in-us":20}}\n', {}, 0.00002),
        ('{"job":"a","elapsed_ms":1500}\n{"job":"a","took_us":"3"}\n{"job":"a","all":2}\n', {"map": "duration=all:s"}, 2),
    ],
)
def test_a_duration_has_its_unit(tmp_path: Path, content: str, options: dict[str, Any], expected: float) -> None:
    """From the option, from the name, or from the value itself, which goes first."""
    found = asked(tmp_path, content, metric="max:duration", by="status" if "extra1" in str(options) else "job", **options)
    (row,) = next(iter(found.panels.values())).rows
    assert row.metrics == (expected,)
    assert asked(tmp_path, content, where=f"duration >= {expected:.9f}", **options).account.records == 1


def test_a_size_has_its_unit(tmp_path: Path) -> None:
    """A name in KiB makes the bytes of the report, and a filter compares them."""
    content = "".join(f'{{"job":"a","size_kib":{number}}}\n' for number in (3, 0.5, '"1 MB"'))
    found = asked(tmp_path, content, by="job", metric="sum:bytes")
    assert (found.bytes, rows(found, "job")) == (1_003_584, {("a",): (3, 1_003_584)})
    assert asked(tmp_path, content, where="bytes > 1KiB").account.records == 2


def test_any_field_may_have_another_source(tmp_path: Path) -> None:
    """A request is divided, a level is one of the scale, and the source stays a field too."""
    content = '{"what":"GET /a?x=1 HTTP/1.1","how":"W","peer":"192.0.2.1"}\n'
    given = ["request=what", "level=how", "client=peer"]
    found = asked(tmp_path, content, map=given, by=["path,level,client", "how"])
    assert rows(found, "path,level,client") == {("/a", "warning", "192.0.2.1"): (1,)}
    assert rows(found, "how") == {("W",): (1,)}


@pytest.mark.parametrize("content", ['{"job":"a","client":"two words"}\n', 'job=a client="two words"\n'])
def test_a_field_may_come_from_one_whose_name_means_something_else(tmp_path: Path, content: str) -> None:
    """What is not an address is not a client, but the user may still take it for another field."""
    found = asked(tmp_path, content * 2, map="user=client", by="user")
    assert rows(found, "user") == {("two words",): (2,)}


def test_the_order_of_day_and_month_is_not_that_of_another_field(tmp_path: Path) -> None:
    """A date with slashes under a name of the user's needs its form; without one it is unreadable, and told."""
    content = '{"begun":"03/07/2026 10:00","time":"07/03/2026 10:00"}\n{"begun":"03/27/2026 10:00","time":"27/03/2026 10:00"}\n'
    found = asked(tmp_path, content, map="time=begun", by="day")
    assert found.sources[0].notes == ("2 records without a time", "2 values of time are not times")
    days = rows(asked(tmp_path, content, map="time=begun:%m/%d/%Y %H:%M", by="day"), "day")
    assert days == {("2026-03-07",): (1,), ("2026-03-27",): (1,)}
    read_by_pattern = asked(tmp_path, content, pattern=".*?(?P<time>../../.... ..:..).*", by="day")
    assert rows(read_by_pattern, "day") == days  # the first of the two, whose order its own values show


def test_a_format_of_a_config_file_has_sources_of_its_own() -> None:
    """A table `map` of a format says what options say; a group that does not exist is a usage error."""
    table = {"expression": r"(?P<when>\S+) (?P<job>\w+) (?P<n>\d+)", "map": {"time": "when:%d.%m.%Y", "duration": "n:ms"}}
    reading = read(format_of_table("jobs", table, "format"), b"05.04.2026 a 250\nx b 1\n", ("duration", "job"))
    assert reading.columns["duration as a number"] == [250_000_000, 1_000_000]
    assert (reading.time, reading.columns["job"]) == ([1775347200, NO_TIME], ["a", "b"])
    for wrong, fault in (({"duration": "m:ms"}, "there is no group 'm'"), ({"duration": 5}, "not a table of texts")):
        with pytest.raises(UsageError, match=fault):
            format_of_table("jobs", table | {"map": wrong}, "format")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("duration", "names no field and its source"),
        ("duration=n:miles", "the unit 'miles' is unknown"),
        ("bytes=n:ms", "ms is not a unit of bytes"),
        ("duration=n:KiB", "KiB is not a unit of duration"),
        (["duration=n", "duration=m"], "names the source of duration twice"),
        ("duration=nothing", "no source has a field 'nothing'"),
        ("time=n:%H", "has no date"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(tmp_path: Path, given: Any, fault: str) -> None:
    """It is found before or while the log is read, and says why."""
    with pytest.raises(UsageError, match=fault):
        asked(tmp_path, '{"job":"a","n":1}\n', map=given, by="job")


def test_numbers_with_commas_are_read_or_told(tmp_path: Path) -> None:
    """What may be a decimal comma, a pair or thousands is not a number; the report says how many there were."""
    values = ["52.1,13.4", "0,250", "3,000", "n/a", "1,204.5", "1,000,000"]
    content = "".join(f'{{"job":"a","amount":"{value}"}}\n' for value in values)
    found = asked(tmp_path, content, by="job", metric="sum:amount")
    assert rows(found, "job") == {("a",): (6, 1_001_204.5)}
    assert found.sources[0].notes[-1] == "4 values of amount are not numbers"


def test_filters_read_what_metrics_read(tmp_path: Path) -> None:
    """Units, blanks before them, lists of upstream times, and -1 where nothing was measured."""
    content = "".join(
        f'{{"n":{at},"took":"{took}","upstream_time":"{times}"}}\n'
        for at, (took, times) in enumerate([("250 ms", "0.5, 0.75"), ("1m10s", "-"), ("900µs", "1 : 2"), ("-1", "0.1")])
    )
    for where, expected in {
        "took > 200ms": [0, 1],
        "took < 1ms": [2],
        "took <= 900µs": [2],
        "took == 70": [1],
        "upstream_time > 1": [0, 2],
        "upstream_time == 1.25": [0],
        "took < 0": [],
    }.items():
        found = asked(tmp_path, content, where=where, by="n")
        assert sorted(row.key[0] or "" for row in found.panels["n"].rows) == list(map(str, expected)), where


def test_an_empty_field_is_absent(tmp_path: Path) -> None:
    """Whichever the format: as `-` is, and as a missing one."""
    line = '192.0.2.7 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "{}" "{}"\n'
    for content in (
        line.format("", "curl/8") + line.format("-", "curl/8") + line.format("https://example.org/", ""),
        '{"referrer":"","user_agent":"x"}\n{"user_agent":"x"}\n{"referrer":"https://example.org/","user_agent":""}\n',
        'referrer="" user_agent=x a=1\nreferrer= user_agent=x a=1\nreferrer=https://example.org/ user_agent="" a=1\n',
    ):
        found = asked(tmp_path, content, by=["referrer", "user_agent"], where="referrer is absent or user_agent is absent")
        assert (found.account.records, len(found.panels["referrer"].rows), len(found.panels["user_agent"].rows)) == (3, 1, 1)


def test_a_filter_tells_of_what_is_not_a_number(tmp_path: Path) -> None:
    """Where it looks for smaller or larger numbers; a text that is only compared with a number is told of by nobody."""
    content = "".join(f'{{"job":"a","wait":"{value}"}}\n' for value in ["0,250", "1,500", "2s", "soon"])
    found = asked(tmp_path, content, where="wait > 1s", by="job")
    assert rows(found, "job") == {("a",): (1,)}
    assert found.sources[0].notes == ("3 values of wait are not numbers",)
    both = asked(tmp_path, content, where="not wait <= 1", by="job", metric="max:wait")
    assert both.sources[0].notes == ("3 values of wait are not numbers",)
    assert asked(tmp_path, content, where="wait == 404", by="job").sources[0].notes == ()


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"(?P<date>\S+) (?P<time>\S+) (?P<job>\w+)", "2026-03-07 10:00:07 a"),
        (r"(?P<date>\S+) (?P<time>\S+) (?P<job>\w+)", "monday 2026-03-07T10:00:07Z a"),
        (r"(?P<day>\S+) at (?P<time>\S+) (?P<job>\w+)", "7.3.2026 at 10:00:07 a"),
        (r"(?P<timestamp>\S+) (?P<job>\w+)", "2026-03-07T10:00:07Z a"),
        (r"(?P<ts>\S+) (?P<job>\w+)", "1772877607.25 a"),
        (r"(?P<date>\S+ \S+) (?P<job>\w+)", "2026-03-07 10:00:07 a"),
        (r"(?P<date>\S+) (?P<time>\S+ \w+) (?P<job>\w+)", "2026-03-07 10:00:07 AM a"),
    ],
)
def test_groups_of_a_pattern_are_its_time(tmp_path: Path, pattern: str, line: str) -> None:
    """A date and a time of day in two groups, or a group with one of the usual names."""
    found = asked(tmp_path, line + "\n", pattern=pattern, by="second,job")
    assert rows(found, "second,job") == {("2026-03-07T10:00:07Z", "a"): (1,)}
    assert found.sources[0].notes == ()


@pytest.mark.parametrize(
    "line",
    ['{"time":"%s","job":"a"}', "time=%s job=a level=info", "time:%s\tjob:a\tlevel:info"],
    ids=["json", "logfmt", "ltsv"],
)
def test_times_that_nobody_can_read_are_told(tmp_path: Path, line: str) -> None:
    """Their records stay, without a time. A duration that has the name is not one of them."""
    content = "".join(line % clock + "\n" for clock in ("10:00:07", "10:00:08"))
    found = asked(tmp_path, content, by="job")
    assert rows(found, "job") == {("a",): (2,)}
    assert found.sources[0].notes == ("2 values of time are not times",)
    assert asked(tmp_path, line % "0.000123" + "\n", by="job").sources[0].notes == ()


def test_a_request_may_have_two_blanks_or_small_letters(tmp_path: Path) -> None:
    """The first is malformed, the second is one; neither is a path as a whole."""
    line = '{"time":"2026-03-07T10:00:00Z","remote_addr":"192.0.2.7","request":"%s","status":200}\n'
    found = asked(tmp_path, line % "GET  /twice HTTP/1.1" + line % "get /low HTTP/1.1", by="path")
    assert rows(found, "path") == {("/low",): (1,)}
    assert found.malformed_requests == 1


def test_a_mean_of_whole_numbers_has_all_their_digits(tmp_path: Path) -> None:
    """Also where a double has not."""
    found = asked(tmp_path, '{"job":"a","n":9007199254740993}\n' * 2, by="job", metric="mean:n")
    assert rows(found, "job") == {("a",): (2, 9007199254740993)}


@pytest.mark.parametrize("name", ["client", "ip", "clientAddress", "remote_ip"])
def test_addresses_are_clients_of_messages_too(tmp_path: Path, name: str) -> None:
    """In whatever spelling; a name of somebody is not an address."""
    line = '{"time":"2026-03-07T10:00:00Z","level":"info","msg":"hi","%s":"%s"}\n'
    content = "".join(line % (name, text) for text in ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7:80"))
    assert rows(asked(tmp_path, content, by="client"), "client") == {("192.0.2.7",): (3,)}
    with pytest.raises(UsageError, match="no source has a field 'host'"):
        asked(tmp_path, content.replace("192.0.2.7", "acme"), by="host")


def test_the_clients_of_apache_keep_their_last_group(tmp_path: Path) -> None:
    """It looks like a port, which is there or not."""
    line = "[Sat Mar 07 10:00:00.1 2026] [core:error] [pid 4:tid 7] [client %s] AH1: x\n"
    texts = ["2001:db8::7", "2001:db8::7:52000", "2001:db8:0:0:0:0:0:7", "[2001:db8::7]:443", "2001:DB8::7%eth0"]
    found = asked(tmp_path, "".join(line % text for text in texts), by="client")
    assert rows(found, "client") == {("2001:db8::7",): (5,)}
