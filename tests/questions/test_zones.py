"""`--tz local` is the zone of this machine with its daylight saving time, as the C library has it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import UsageError
from logproc.questions.view import offsets
from logproc.questions.zones import local_zone

DATABASE = Path("/usr/share/zoneinfo")
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
ZONES = [
    *("Europe/Berlin", ":Europe/Berlin", f"{DATABASE}/Europe/Berlin", f":{DATABASE}/Europe/Berlin", "Etc/UTC", ""),
    *("Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Pacific/Chatham", "Europe/Dublin"),
    *(BERLIN, "EST5EDT", "EST5", "<+0530>-5:30", "NZST-12NZDT,M9.5.0,M4.1.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1"),
    *("UTC0", "AAA-1BBB,J60/2,J300/2", "AAA5:17:30", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"),
]
MOMENTS = [
    *range(-(2**31), 2**31, 40_000_003),
    *(
        int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        for year in (1999, 2026, 2037, 2038, 2400)
        for month in range(1, 13)
    ),
    # Around the changes of 2026 in Berlin and New York, each second that may be the first of a new offset.
    *(start + step for start in (1774746000, 1792890000, 1772953200, 1793512800) for step in (-3600, -1, 0, 1, 899, 900, 3600)),
]
REFERENCE = """
import json, os, sys, time
for name in json.loads(sys.argv[1]):
    os.environ["TZ"] = name
    time.tzset()
    print(json.dumps([time.localtime(moment).tm_gmtoff for moment in json.loads(sys.argv[2])]))
"""


@pytest.fixture(scope="module")
def of_libc() -> dict[str, list[int]]:
    """Return the offsets of all zones at all moments, from the C library."""
    command = [sys.executable, "-c", REFERENCE, json.dumps(ZONES), json.dumps(MOMENTS)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(zip(ZONES, map(json.loads, lines), strict=True))


def offsets_at(moments: Sequence[int], name: str) -> list[int]:
    zone = local_zone({"TZ": name})
    found = offsets(numpy.array(moments, numpy.int64), numpy.ones(len(moments), bool), zone)
    each: list[int] = numpy.broadcast_to(found, len(moments)).tolist()
    return each


@pytest.mark.parametrize("name", ZONES)
def test_local_time_is_that_of_the_c_library(name: str, of_libc: dict[str, list[int]]) -> None:
    """At every moment, in summer and in winter and at the second of a change, TZ gives the offset that it gives to C."""
    pairs = list(zip(MOMENTS, offsets_at(MOMENTS, name), of_libc[name], strict=True))
    first = 0 if "," in name else min(MOMENTS)  # before 1970 the C library ignores the rules of a POSIX string
    assert [pair for pair in pairs if pair[1] != pair[2] and pair[0] >= first] == []


@given(st.lists(st.integers(-62_135_596_800, 253_402_300_799), min_size=1, max_size=20), st.sampled_from(ZONES))
def test_many_offsets_are_what_each_is(moments: list[int], name: str) -> None:
    """Each record has the offset of its own second, whatever other records are in the chunk."""
    assert offsets_at(moments, name) == [offsets_at([moment], name)[0] for moment in moments]


@pytest.mark.parametrize(
    "name",
    [
        "XXX99:99:99",
        "XXX24:30",
        "Nowhere/City",
        "XX1",
        "AAA3BBB,59,299/5",
        "CET-1CEST,M13.5.0,M10.5.0",
        "/etc/passwd",
        "/nowhere",
        "\0",
        "a" * 9,
    ],
)
def test_a_zone_that_does_not_exist_is_an_error_of_usage(name: str) -> None:
    """An unknown zone is told with its name; it never becomes UTC in silence."""
    with pytest.raises(UsageError, match=r"--tz local: TZ=.* is not a known zone"):
        local_zone({"TZ": name})


def test_summer_time_without_rules_has_the_usual_ones() -> None:
    """POSIX leaves them to the system: here they are those of the United States, from March to November."""
    zone = local_zone({"TZ": "CET-1CEST"})
    hours = [datetime(2026, month, 15, 12, tzinfo=zone).astimezone(UTC).hour for month in (1, 3, 10, 11)]
    assert hours == [11, 10, 10, 11]


def test_without_tz_it_is_the_zone_of_the_system(tmp_path: Path) -> None:
    """The system's zone is a link into the database, its data, or its name; where there is nothing, UTC."""
    link, data, name, nothing = (tmp_path / name for name in ("link", "data", "name", "nothing"))
    data.write_bytes((DATABASE / "Europe/Berlin").read_bytes())
    name.write_text("Europe/Berlin\n")
    link.symlink_to(DATABASE / "Europe/Berlin")
    summer = datetime(2026, 7, 1, tzinfo=local_zone({}, data, nothing))
    for zone in (local_zone({}, link, nothing), local_zone({}, nothing, name)):
        assert str(zone) == "Europe/Berlin"
        assert summer.utcoffset() == datetime(2026, 7, 1, tzinfo=zone).utcoffset()
    assert local_zone({}, nothing, nothing) is UTC
    link.unlink()
    link.symlink_to("/nowhere/zoneinfo/Etc/UTC")
    assert local_zone({}, link, nothing) is UTC


def test_a_system_zone_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Data that is not a zone is an error, not UTC."""
    (tmp_path / "localtime").write_text("Europe/Berlin")
    with pytest.raises(UsageError, match=r"--tz local: the zone of .*localtime is not a known zone"):
        local_zone({}, tmp_path / "localtime")
