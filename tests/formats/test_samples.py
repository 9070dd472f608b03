"""The samples are counted right as far as their own numbers can tell."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.formats.samples import SAMPLES, Sample

KINDS = (
    "access",
    "json",
    "logfmt",
    "syslog",
    "nginx_error",
    "apache_error",
    "python",
    "java",
    "klog",
    "w3c",
    "logcat",
    "text",
    "plain",
)
BLANK = b" \t\r\v\f"

EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def lines_of(text: bytes) -> list[bytes]:
    """Return the lines of a text without their LF; what stands behind the last LF is a line if it is not empty."""
    lines = text.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def test_no_two_samples_have_the_same_name() -> None:
    """A name stands for one sample, and a text for one name."""
    assert max(Counter(sample.name for sample in SAMPLES).values()) == 1
    assert max(Counter(sample.text for sample in SAMPLES).values()) == 1


def test_every_kind_has_a_sample() -> None:
    """The kinds of the samples are those that are known, each at least once."""
    assert {sample.kind for sample in SAMPLES} == set(KINDS)


@EACH
def test_lines_and_blank_lines_are_those_of_the_text(sample: Sample) -> None:
    """The numbers of lines and of blank lines are counted from the text."""
    lines = lines_of(sample.text)
    assert sample.lines == len(lines)
    assert sample.blank == sum(not line.strip(BLANK) for line in lines)


@EACH
def test_no_line_is_counted_twice(sample: Sample) -> None:
    """There are not more records, rejected and blank lines than lines; the rest continues a record or belongs to the format."""
    assert sample.records > 0
    assert sample.rejected >= 0
    assert sample.records + sample.rejected + sample.blank <= sample.lines


@EACH
@pytest.mark.parametrize("column", ["levels", "components"])
def test_no_record_has_two_values_in_a_column(sample: Sample, column: str) -> None:
    """The counts by value are positive, add up to the records at most, and each value stands in the text as often."""
    counts = getattr(sample, column)
    assert sum(counts.values()) <= sample.records
    for value, count in counts.items():
        assert 0 < count <= sample.text.count(value.encode())


@EACH
def test_times_are_in_order(sample: Sample) -> None:
    """First and last are times of UTC, to the second, the first not behind the last; either both are known or none."""
    assert (sample.first is None) == (sample.last is None)
    if sample.first and sample.last:
        assert time_of(sample.first) <= time_of(sample.last)


def time_of(text: str) -> datetime:
    """Return the time that a text like 2026-03-07T10:00:00Z names. Raises ValueError if it has another form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
