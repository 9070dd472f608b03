"""LTSV: which lines it is, what its labels mean, and which value counts."""

from __future__ import annotations

import pyarrow
import pytest

from logproc.formats.detection.detect import detect
from logproc.formats.readers.ltsv import LtsvReader
from tests.formats.readings import detected, read


@pytest.mark.parametrize(
    "text",
    [
        b"GET:1 POST:2\nGET:3 POST:4\n",
        b"https://a.example/x\thttps://b.example/y\n",
        b"one:1\tno label\n",
        b"10:00:00\t10:00:01\n",
        b"only:one\nfield:each\n",
    ],
)
def test_other_lines_with_colons_are_not_ltsv(text: bytes) -> None:
    """A line has two fields or more, each with a label, and some labels come again in all lines."""
    found = detect(text, whole=True)
    assert found is None or found.name != "ltsv"


def test_the_last_value_of_a_label_counts() -> None:
    """As it is in logfmt and in JSON; a value may hold colons, and be empty."""
    text = b"id:7\tid:8\turl:http://x/\tnone:\nid:9\turl:-\tnone:x\n"
    columns = read(detected(text), text, ("id", "url", "none")).columns
    assert columns == {"id": ["8", "9"], "url": ["http://x/", None], "none": [None, "x"]}


def test_the_host_of_a_request_is_its_client_and_that_of_others_the_machine() -> None:
    """The labels of requests are those of ltsv.org."""
    request = b"host:192.0.2.7\tvhost:shop.example.com\treq:GET / HTTP/1.1\tstatus:200\treqtime_microsec:1500\n"
    columns = read(detected(request), request).columns
    assert columns["client"] == ["192.0.2.7"]
    assert columns["host"] == ["shop.example.com"]
    assert columns["duration as a number"] == [1_500_000]
    other = b"host:web1\tlevel:error\tmsg:no\n"
    columns = read(detected(other), other).columns
    assert (columns["host"], columns["level"], columns["message"]) == (["web1"], ["error"], ["no"])


def test_a_damaged_line_is_not_a_record() -> None:
    """One without labels is rejected, and the others are read."""
    text = b"a:1\tb:2\n" * 9 + b"a:1\tbroken\n"
    account = read(detected(text), text, ("a",)).account
    assert (account.records, account.rejected) == (9, 1)


def test_a_reader_without_a_sample_knows_its_lines() -> None:
    """`--format ltsv` asks for it."""
    texts = pyarrow.array([b"a:1\tb:2", b"a:1", b"a=1\tb=2"], pyarrow.binary())
    assert LtsvReader().fits(texts).tolist() == [True, False, False]


def test_a_small_number_is_a_level_only_where_its_scale_is_known() -> None:
    """As in JSON and logfmt: 3 is an error in syslog and information elsewhere. Beside a key of syslog the scale is known."""
    line = b"time:2026-03-07T10:00:00Z\tlevel:%d\tmsg:ready\n"
    text = line % 3 + line % 6
    columns = read(detected(text), text, ("level", "raw_level")).columns
    assert (columns.get("level"), columns["raw_level"]) == (None, ["3", "6"])
    text = text.replace(b"\tmsg", b"\tfacility:1\tmsg")
    assert read(detected(text), text, ("level",)).columns["level"] == ["error", "info"]
