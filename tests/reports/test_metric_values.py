"""Values of metrics, for programs and for people."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.reports.metric_values import figure, key_members, rounded
from logproc.reports.text.style import Look

FIGURES = [
    ("p95:duration", 0.0123, "12.3 ms"),
    ("mean:duration", 1.25, "1.25 s"),
    ("sum:duration", 7380, "2 h 03 min"),
    ("max:duration", 0.0000004, "400 ns"),
    ("min:duration", 0, "0 s"),
    ("min:duration", -0.5, "-500 ms"),
    ("uniques:duration", 12345, "12,345"),
    ("uniques:client", 12345, "12,345"),
    ("mean:bytes", 49972.3, "50.0 kB"),
    ("min:bytes", -1, "-1"),
    ("rate", 0.11111, "0.111/s"),
    ("rate", 1234.5, "1,234/s"),
    ("p50:queue", 0.333333, "0.3333"),
    ("sum:queue", 2**70, "1,180,591,620,717,411,303,424"),
    ("p95:duration", None, "–"),
]


@pytest.mark.parametrize(("metric", "number", "text"), FIGURES)
def test_a_number_has_the_unit_of_its_field(metric: str, number: float | None, text: str) -> None:
    """Durations and bytes have units, rates are per second, all others have commas."""
    assert figure(metric, number, Look()) == text


def test_microseconds_have_a_spelling_in_ascii() -> None:
    """Where stdout is not UTF-8 they are `us`."""
    assert figure("p50:duration", 0.00004, Look()) == "40.0 µs"
    assert figure("p50:duration", 0.00004, Look(ascii_only=True)) == "40.0 us"


@pytest.mark.parametrize(
    ("metric", "number", "expected"),
    [
        ("p99.9:duration", 0.123456789, 0.123457),
        ("mean:bytes", 359489526.0, 359489526.0),
        ("mean:duration", 1 / 3, 0.333333333333333),
        ("rate", 1 / 3, 0.333333),
        ("sum:duration", 123456789.123456, 123456789.123456),
        ("min:duration", 0.123456789, 0.123456789),
        ("max:bytes", 2**63, 2**63),
        ("mean:duration", math.nan, None),
        ("max:duration", math.inf, None),
        ("p95:duration", None, None),
    ],
)
def test_programs_get_what_is_known(metric: str, number: float | None, expected: float | None) -> None:
    """Quotients and percentiles have six digits, sums and extremes all; NaN and infinities are null."""
    assert rounded(metric, number) == expected


@given(st.sampled_from(["p95:duration", "mean:x", "sum:x", "rate"]), st.floats())
def test_what_programs_get_is_json(metric: str, number: float) -> None:
    """Every number is valid in RFC 8259."""
    json.dumps(rounded(metric, number), allow_nan=False)


def test_no_column_of_a_key_hides_a_number() -> None:
    """Only a column named like a number of its row gets `by:`."""
    assert key_members(("count", "error", "path"), (), approximate=False) == ["by:count", "error", "path"]
    assert key_members(("error", "rate"), ("rate",), approximate=True) == ["by:error", "by:rate"]
