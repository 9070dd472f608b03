"""Each sample is recognised as what it is, and counted as a person counts it, but for what is listed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from logproc.formats.known import BY_NAME
from logproc.pipeline.openers import find_sources
from logproc.pipeline.serial import run_serial
from logproc.settings import Settings
from tests.formats.readings import time_of
from tests.formats.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from pathlib import Path

    from logproc.model.snapshot import Snapshot

EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
CHANGED = datetime(2026, 3, 9, tzinfo=UTC)
"""When the files were last changed: two days after the times of the samples."""
FORMATS = {
    "access": {"common", "combined", "vhost_combined", "combined_forwarded"},
    "json": {"json"},
    "logfmt": {"logfmt"},
    "syslog": {"syslog", "syslog_iso", "syslog_5424"},
    "nginx_error": {"nginx_error"},
    "apache_error": {"apache_error"},
    "python": {"python", "python_basic", "airflow", "bracketed", "loguru", "text"},
    "java": {
        *("log4j", "logback", "logback_basic", "spring_boot", "kafka", "tomcat", "zookeeper", "spark", "text"),
    },
    "klog": {"klog", "glog"},
    "w3c": {"w3c"},
    "logcat": {"logcat", "logcat_time", "logcat_brief", "logcat_year"},
    "text": {
        "text",
        "cri",
        "bracketed",
        "mysql_error",
        "redis",
        "ruby",
        "zap_console",
        "heroku",
        "postgresql",
        "env_logger",
        "monolog",
    },
    "plain": {"plain"},
}
"""The formats of each kind of samples."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a sample that are compared."""

    lines: int
    records: int
    blank: int
    other: int
    levels: dict[str, int]
    components: dict[str, int]
    time: tuple[str | None, str | None]


def snapshot_of(sample: Sample, folder: Path, by: tuple[str, ...] = ()) -> Snapshot:
    """Return what the program says of a file that holds a sample."""
    path = folder / "sample.log"
    path.write_bytes(sample.text)
    os.utime(path, (CHANGED.timestamp(), CHANGED.timestamp()))
    settings = Settings(top=0, by=by)
    return run_serial(find_sources([str(path)], settings), settings).snapshot


def rows(snapshot: Snapshot, name: str) -> dict[str, int]:
    """Return the counts of a panel by key."""
    return {row.key[0]: row.count for row in snapshot.panels[name].rows} if name in snapshot.panels else {}


def shown(second: int | None) -> str | None:
    """Return a time as the samples write it."""
    return None if second is None else datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expected(sample: Sample) -> Counted:
    """Return the numbers that a sample says."""
    other = sample.lines - sample.records - sample.blank
    counts = (sample.lines, sample.records, sample.blank, other)
    return Counted(*counts, dict(sample.levels), dict(sample.components), (sample.first, sample.last))


def found(sample: Sample, snapshot: Snapshot, folder: Path) -> Counted:
    """Return the same numbers of a snapshot; components are loggers or programs, whichever the sample means."""
    account = snapshot.account
    levels = (
        rows(snapshot_of(sample, folder, ("raw_level",)), "raw_level") if "level" in snapshot.panels or sample.levels else {}
    )
    logger, program = rows(snapshot, "logger"), rows(snapshot, "program")
    components = program if program == dict(sample.components) else logger
    time = (shown(snapshot.first), shown(snapshot.last))
    if is_year_less(snapshot) and sample.first is None:
        assert CHANGED - timedelta(days=364) < datetime.fromtimestamp(snapshot.last or 0, UTC) < CHANGED + timedelta(days=1)
        time = (None, None)
    other = account.rejected + account.continuation
    return Counted(account.lines, account.records, account.blank, other, levels, components, time)


def is_year_less(snapshot: Snapshot) -> bool:
    """Return whether the times of a log go by when it was last changed."""
    form = BY_NAME.get(snapshot.sources[0].format or "")
    time = time_of(form) if form else None
    return time is not None and time.year_less


@EACH
def test_a_sample_is_counted_as_a_person_counts_it(sample: Sample, tmp_path: Path) -> None:
    """Its format is one of its kind; lines, records, levels, components and times stand in the log.

    What differs is listed, and does differ.
    """
    snapshot = snapshot_of(sample, tmp_path)
    assert (snapshot.sources[0].format or "").split(" > ")[0] in FORMATS[sample.kind]
    wanted, got = expected(sample), found(sample, snapshot, tmp_path)
    differing = {name for name in Counted.__slots__ if getattr(wanted, name) != getattr(got, name)}
    assert differing == sample.differs, (wanted, got)
