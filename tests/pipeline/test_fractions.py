"""Fractions of seconds from the log to the answer, for each kind of log: in filters, in spans and as first and last times."""

from __future__ import annotations

import json
import operator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc import analyze
from logproc.formats.engine import Format
from logproc.model.chunk import Context
from logproc.reports.csv_report import render_csv
from logproc.reports.json_report import render_json
from tests.formats.readings import bytes_of, detected, exactly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


SECOND_S = 1_772_877_600
"""2026-03-07 10:00:00."""
W3C = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
ZEEK = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\n"
NGINX = "$remote_addr $msec $status $body_bytes_sent"
APACHE = '%h [%{%d/%b/%Y:%T}t.%{usec_frac}t %{%z}t] "%r" %>s %b'
DOCKER = '{{"log":"{inner}\\n","stream":"stdout","time":"{outer}"}}'
IN_DOCKER = DOCKER.replace("{inner}", "{:%Y-%m-%d %H:%M:%S},{ms} INFO main: ready").replace(
    "{outer}", "2026-03-07T12:00:00.987654321Z"
)
KINDS: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "text": ("", "{:%Y-%m-%dT%H:%M:%S}.{ns}Z INFO ready", 9, {}),
    "comma": ("", "{:%Y-%m-%d %H:%M:%S},{ms} INFO [main] app.Main: ready", 3, {}),
    "brackets": ("", "[{:%Y-%m-%d %H:%M:%S}.{us}] ready now", 6, {}),
    "json": ("", '{{"time":"{:%Y-%m-%dT%H:%M:%S}.{ns}Z","msg":"ready"}}', 9, {}),
    "json offset": ("", '{{"time":"{:%Y-%m-%dT%H:%M:%S}.{ns}+00:00","msg":"ready"}}', 9, {}),
    "json float": ("", '{{"ts":{s}.{us},"msg":"ready"}}', 6, {}),
    "json fine float": ("", '{{"ts":{s}.{ns},"msg":"ready"}}', 9, {}),
    "json ms": ("", '{{"ts":{s}{ms},"msg":"ready"}}', 3, {}),
    "json us": ("", '{{"ts":{s}{us},"msg":"ready"}}', 6, {}),
    "json ns": ("", '{{"ts":{s}{ns},"msg":"ready"}}', 9, {}),
    "json two keys": ("", '{{"timestamp":{{"seconds":{s},"nanos":{n}}},"msg":"ready"}}', 9, {}),
    "logfmt": ("", "ts={:%Y-%m-%dT%H:%M:%S}.{ns}Z level=info msg=ready", 9, {}),
    "klog": ("", "I{:%m%d %H:%M:%S}.{us}       1 main.go:7] ready", 6, {}),
    "syslog": ("", "{:%Y-%m-%dT%H:%M:%S}.{us}+00:00 web app[7]: ready", 6, {}),
    "postgresql": ("", "{:%Y-%m-%d %H:%M:%S}.{ms} UTC [7] LOG:  ready", 3, {}),
    "w3c": (W3C, "{:%Y-%m-%d %H:%M:%S}.{ms} 192.0.2.1 GET / 200", 3, {}),
    "zeek": (ZEEK, "{s}.{us}\tC1\t192.0.2.1", 6, {}),
    "ltsv": ("", "time:{:%Y-%m-%dT%H:%M:%S}.{us}Z\thost:192.0.2.1\tstatus:200", 6, {}),
    "nginx": ("", "192.0.2.1 {s}.{ms} 200 5", 3, {"format": NGINX}),
    "apache": ("", '192.0.2.1 [{:%d/%b/%Y:%H:%M:%S}.{us} +0000] "GET / HTTP/1.1" 200 5', 6, {"format": APACHE}),
    "apache epoch": ("", "192.0.2.1 {s}.{ms} 200 5", 3, {"format": "%h %{sec}t.%{msec_frac}t %>s %b"}),
    "apache us": ("", "192.0.2.1 {s}{us} 200 5", 6, {"format": "%h %{usec}t %>s %b"}),
    "squid": (
        "",
        "{s}.{ms}     87 192.0.2.1 TCP_MISS/200 512 GET http://example.com/ - HIER_DIRECT/192.0.2.2 text/html",
        3,
        {},
    ),
    "logcat": ("", "{:%m-%d %H:%M:%S}.{ms}  1702  2395 D WindowManager: ready", 3, {}),
    "map": ("", '{{"begun":"{:%d.%m.%Y %H-%M-%S}.{ms}","msg":"ready"}}', 3, {"map": "time=begun:%d.%m.%Y %H-%M-%S.%f"}),
    "map us": ("", '{{"begun":{s}{us},"msg":"ready"}}', 6, {"map": "time=begun:us"}),
    "docker": ("", IN_DOCKER, 3, {}),
}
"""For each kind of log: what is above its lines, a line, how many digits its fractions have, and settings."""
NANOS = (123_456_789, 500_000_000, 0, 999_999_999)


def line_of(kind: str, nanos: int) -> str:
    digits = f"{nanos:09}"
    at = datetime.fromtimestamp(SECOND_S, UTC)
    layout = KINDS[kind][1]
    return layout.format(at, s=SECOND_S, ms=digits[:3], us=digits[:6], ns=digits, n=nanos)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(folder: Path, kind: str) -> tuple[Path, list[int], dict[str, Any]]:
    """Return a log, what its times have behind the second, and the settings that it needs."""
    above, _, digits, settings = KINDS[kind]
    path = folder / "some.log"
    path.write_text(above + "".join(line_of(kind, nanos) + "\n" for nanos in NANOS * 2))
    unit = 10 ** (9 - digits)
    return path, [nanos // unit * unit for nanos in NANOS * 2], settings


def text_of(nanos: int) -> str:
    return f"2026-03-07T10:00:00.{nanos:09}Z"


@pytest.mark.parametrize("chunk_size", [1, None])
def test_first_and_last_are_exact(tmp_path: Path, kind: str, chunk_size: int | None) -> None:
    """As short as thousands allow; reports of all kinds have the same text, and the span of the run is in whole seconds."""
    path, times, settings = written(tmp_path, kind)
    found = analyze([path], metric="first:time,last:time", chunk_size=chunk_size, **settings)
    last = f"{max(times):09}"
    shown = f"2026-03-07T10:00:00.{last[:3] if last.endswith('000000') else last[:6] if last.endswith('000') else last}Z"
    assert found.panels["total"].rows[0].metrics == ("2026-03-07T10:00:00Z", shown)
    assert found.account.records == len(times)
    report = json.loads(render_json(found))
    assert report["panels"]["total"]["rows"][0]["last:time"] == shown
    assert report["time"] == {"first": "2026-03-07T10:00:00Z", "last": "2026-03-07T10:00:00Z"}
    assert shown in render_csv(found)


RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def test_filters_compare_exactly(tmp_path: Path, kind: str) -> None:
    """Each relation with each bound, and both ends of a span: as shares in one run, some of them as filters of their own."""
    path, times, settings = written(tmp_path, kind)
    asked = [(name, bound) for name in RELATIONS for bound in NANOS]
    expected = {(name, bound): sum(RELATIONS[name](time, bound) for time in times) for name, bound in asked}
    shares = ",".join(f'share(time {name} "{text_of(bound)}")' for name, bound in asked)
    (row,) = analyze([path], metric=shares, **settings).panels["total"].rows
    assert dict(zip(asked, row.metrics, strict=True)) == {each: count / len(times) for each, count in expected.items()}
    turn = list(KINDS).index(kind)
    for name, bound in asked[turn % 5 :: 5]:  # each of them in five kinds of logs
        assert analyze([path], where=f'time {name} "{text_of(bound)}"', **settings).account.records == expected[name, bound]
    for bound in NANOS[turn % 2 :: 2]:
        assert analyze([path], since=text_of(bound), **settings).account.records == expected[">=", bound]
        assert analyze([path], until=text_of(bound), **settings).account.records == expected["<", bound]


def test_stretches_and_peaks_are_of_whole_seconds(tmp_path: Path, kind: str) -> None:
    """A second holds all its fractions, whether they were read or not."""
    path, times, settings = written(tmp_path, kind)
    for metric in ("peak(1s)", "peak(1s),last:time"):
        found = analyze([path], by="second", metric=metric, **settings).panels["second"]
        assert [(row.key, row.count, row.metrics[0]) for row in found.rows] == [
            (("2026-03-07T10:00:00Z",), len(times), len(times))
        ]


def test_lines_with_and_without_a_fraction_are_of_one_log(tmp_path: Path) -> None:
    """Of text, JSON and logfmt, with a point and a comma, and with digits that no nanosecond has."""
    ends = ("", ".5", ",25", ".1234567899", "")
    for layout in (
        "2026-03-07 10:00:00{} INFO ready",
        '{{"time":"2026-03-07T10:00:00{}+02:00","msg":"ready"}}',
        'ts="2026-03-07 10:00:00{}" msg=ready',
    ):
        path = tmp_path / "log"
        path.write_text("".join(layout.format(end) + "\n" for end in ends * 3))
        hour = "08" if "+02" in layout else "10"
        counts = {
            bound: analyze([path], where=f'time <= "2026-03-07T{hour}:00:00{bound}Z"').account.records
            for bound in ("", ".123456788", ".123456789", ".25", ".5")
        }
        assert counts == {"": 6, ".123456788": 6, ".123456789": 9, ".25": 12, ".5": 15}, layout


def test_a_first_time_is_sorted_by_its_fraction(tmp_path: Path) -> None:
    """Also where the seconds are equal, and shown in the zone of the report."""
    path = tmp_path / "log"
    path.write_text("".join(f"{text_of(nanos)} {level} ready\n" for nanos, level in ((7, "INFO"), (5, "WARN"), (6, "ERROR"))))
    found = analyze([path], by="level", metric="first:time", sort="first:time", order="asc", tz="Europe/Berlin")
    assert [row.metrics for row in found.panels["level"].rows] == [
        (f"2026-03-07T11:00:00.00000000{digit}+01:00",) for digit in (5, 6, 7)
    ]


def test_lines_of_two_layouts_keep_their_own(tmp_path: Path) -> None:
    """Access lines have whole seconds, application lines between them have fractions."""
    access = '192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"\n'
    path = tmp_path / "log"
    path.write_text((access + "2026-03-07 10:00:00,500 ERROR [main] app.Main: failed\n") * 20)
    assert analyze([path], where='time > "2026-03-07 10:00:00"').account.records == 20
    assert analyze([path], where='time == "2026-03-07 10:00:00"').account.records == 20
    assert analyze([path], until="2026-03-07 10:00:00.4").account.records == 20


def test_a_time_is_never_put_together_from_two(tmp_path: Path) -> None:
    """What docker adds to a whole second of the program itself is of another time; a line without one has docker's."""
    log = [
        DOCKER.format(inner="2026-03-07 10:00:00 INFO main: ready", outer="2026-03-07T10:00:00.25Z"),
        DOCKER.format(inner="no time here", outer="2026-03-07T10:00:01.25Z"),
    ]
    path = tmp_path / "log"
    path.write_text("\n".join([log[0]] * 9 + [log[1]]) + "\n")
    found = analyze([path], metric="first:time,last:time")
    assert found.panels["total"].rows[0].metrics == ("2026-03-07T10:00:00Z", "2026-03-07T10:00:01.250Z")


@example([Decimal("1772877600.999999999"), Decimal("1772877600.5")], 9)
@given(
    st.lists(st.decimals(min_value=10**9, max_value=10**10 - 1, allow_nan=False, places=None), min_size=1, max_size=5),
    st.integers(0, 9),
)
def test_numbers_in_json_are_times_to_the_last_digit(numbers: list[Any], places: int) -> None:
    """Whichever way reads them: a double that would lose digits is not used."""
    texts = [f"{number:.{places}f}" for number in numbers]
    content = "".join(f'{{"ts":{text},"msg":"ready"}}\n' for text in texts).encode()
    form = detected(b'{"ts":1772877600.5,"msg":"ready"}\n' * 3)
    expected = [int(text.partition(".")[2].ljust(9, "0")) for text in texts]
    assert isinstance(form, Format)
    for way in (form, exactly(form)):
        whole = way.parse(bytes_of(content), Context(), {"time"}, 1 << 20).columns
        columns = way.parse(bytes_of(content), Context(fractions=True), {"time"}, 1 << 20).columns
        assert columns is not None
        assert whole is not None
        assert columns.time.tolist() == whole.time.tolist() == [int(text.partition(".")[0]) for text in texts]
        assert (columns.nanos.tolist() if columns.nanos is not None else [0] * len(texts)) == expected
