"""Which format a source is read by: the one that was named, defined, configured or found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from logproc.formats.detection.choice import Choice
from logproc.model.source import Kind, Source
from logproc.pipeline.serial import run_serial
from logproc.settings import Settings
from tests.formats.readings import read
from tests.support import logs
from tests.support.reports_of import sources_of

TIMED = '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent rt=$request_time'
TIMED_LINE = b'192.0.2.7 [2026-03-07T10:00:00+01:00] "GET /x?y=1 HTTP/1.1" 200 12 rt=0.250\n'


def panels_of(path: Path, **knobs: str) -> dict[str, dict[tuple[str, ...], int]]:
    """Return the counts by panel of a file."""
    run = run_serial(sources_of(path), Settings(**knobs))  # type: ignore[arg-type]
    assert run.cause is None
    return {name: {row.key: row.count for row in panel.rows} for name, panel in run.snapshot.panels.items()}


def test_a_definition_of_nginx_reads_what_it_defines(tmp_path: Path) -> None:
    """Each field is found, the time with its zone, the duration in seconds."""
    path = tmp_path / "log"
    path.write_bytes(TIMED_LINE * 2)
    run = run_serial(sources_of(path), Settings(format=TIMED, by=("path,status",), metric=("max:duration",)))
    assert run.snapshot.account.records == 2
    assert [(row.key, row.bytes, row.metrics) for row in run.snapshot.panels["path,status"].rows] == [
        (("/x", "200"), 24, (0.25,))
    ]
    assert run.snapshot.first == 1_772_874_000


def test_a_definition_that_quotes_and_blanks_can_split_goes_the_fast_way() -> None:
    """It becomes a layout, in whatever order its fields stand."""
    fast = Choice.of('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i" %D', None, None, {}).named
    slow = Choice.of(TIMED, None, None, {}).named
    assert fast is not None
    assert slow is not None
    assert [type(form.exact).__name__ for form in (fast, slow)] == ["LayoutReader", "Expression"]
    assert {"client", "path", "duration", "referrer"} <= set(fast.fields)


def test_microseconds_and_milliseconds_become_seconds(tmp_path: Path) -> None:
    """Apache's %D is microseconds, %T seconds, and %{ms}T milliseconds."""
    for variable, text in (("%D", b"250000"), ("%T", b"0"), ("%{ms}T", b"250")):
        path = tmp_path / "log"
        path.write_bytes(b'h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 ' + text + b"\n")
        run = run_serial(sources_of(path), Settings(format=f'%h %l %u %t "%r" %>s %b {variable}', metric=("sum:duration",)))
        assert run.snapshot.panels["total"].rows[0].metrics == (0.25 if text != b"0" else 0,)


def test_a_configuration_of_nginx_tells_which_log_has_which_format(tmp_path: Path) -> None:
    """A log that is named there is read by its format, others by that of them which fits."""
    named, other = tmp_path / "timed.log", tmp_path / "copy.log"
    named.write_bytes(b"damaged\n" + TIMED_LINE)
    other.write_bytes(TIMED_LINE)
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"http {{ log_format timed '{TIMED}';\n server {{ access_log {named} timed; }} }}\n")
    run = run_serial(sources_of(named, other), Settings(nginx_conf=str(conf)))
    assert [(source.format, source.account.records) for source in run.snapshot.sources] == [("timed", 1), ("timed", 1)]


def test_a_pattern_has_the_fields_that_it_names(tmp_path: Path) -> None:
    """Named groups are fields, a time of any form among them."""
    path = tmp_path / "log"
    path.write_bytes(b"2026-03-07 10:00:00|cart|412\nother\n")
    run = run_serial(sources_of(path), Settings(pattern=r"(?P<time>[^|]+)\|(?P<program>\w+)\|(?P<took>\d+)", by=("program",)))
    assert (run.snapshot.account.records, run.snapshot.account.rejected, run.snapshot.first) == (1, 1, 1_772_877_600)


def test_named_patterns_are_tried_on_every_source(tmp_path: Path) -> None:
    """A pattern of the config file is found by itself where it fits most lines, and can be named."""
    path = tmp_path / "log"
    path.write_bytes(b"odd 1\nodd 2\n")
    patterns = (("oddities", r"odd (?P<number>\d+)"),)
    for form in (None, "oddities"):
        run = run_serial(sources_of(path), Settings(patterns=patterns, format=form))
        assert run.snapshot.sources[0].format == "oddities"


@pytest.mark.parametrize("name", ["json", "logfmt", "w3c", "text", "plain", "syslog", "combined"])
def test_each_name_can_be_asked_for(name: str, tmp_path: Path) -> None:
    """A named format is that of the source, whether lines fit it or not."""
    path = tmp_path / "log"
    path.write_bytes(logs.line() + b"\n")
    run = run_serial(sources_of(path), Settings(format=name))
    assert run.snapshot.sources[0].format in {name, "text"}
    assert run.snapshot.account.lines == 1


def test_several_sources_keep_their_own_formats(tmp_path: Path) -> None:
    """One run over an access log, JSON lines and a syslog counts each by its format."""
    contents = {
        "a": logs.line() + b"\n",
        "b": b'{"time": "2026-03-07T10:00:00Z", "level": "info", "msg": "x"}\n',
        "c": b"Mar  7 10:00:00 host sshd[1]: x\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    run = run_serial(sources_of(*(tmp_path / name for name in contents)), Settings())
    assert [source.format for source in run.snapshot.sources] == ["combined", "json", "syslog"]
    assert {"status", "level", "program"} <= set(run.snapshot.panels)


def test_only_files_have_a_path_to_be_known_by(tmp_path: Path) -> None:
    """Standard input is not one of the logs that a configuration names."""
    choice = Choice(of_paths={os.fspath(tmp_path): Choice.of("combined", None, None, {}).named})  # type: ignore[dict-item]
    assert choice.fixed(Source(0, "-", Kind.STDIN, "-")) is None


def test_a_sample_shows_the_order_of_the_dates_of_a_pattern() -> None:
    """Nothing else says whether the day or the month is first; what has its times in one form needs no sample."""
    choice = Choice.of(None, r"(?P<time>[^|]+)\|(?P<id>\d+)", None, {})
    data = b"27/03/2026 10:00:00|1\n02/03/2026 10:00:00|2\n"
    form = choice.detect(data, whole=True)
    assert form
    assert read(form, data).time == [1_774_605_600, 1_772_445_600]
