"""Tail probabilities against exact sums, closed forms and published tables."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.reports.comparing.chance import benjamini_hochberg, critical_t, incomplete_beta, two_sided_binomial, two_sided_t

# Student's t with both tails: Abramowitz and Stegun, "Handbook of Mathematical Functions", table 26.10, and its later digits.
TABLE = [
    (1, 0.05, 12.70620),
    (1, 0.01, 63.65674),
    (5, 0.05, 2.570582),
    (10, 0.05, 2.228139),
    (10, 0.01, 3.169273),
    (10, 0.001, 4.586894),
    (30, 0.05, 2.042272),
    (30, 0.001, 3.645959),
    (120, 0.01, 2.617421),
]


@pytest.mark.parametrize(("degrees_of_freedom", "tails", "t"), TABLE)
def test_students_distribution_is_that_of_the_table(degrees_of_freedom: int, tails: float, t: float) -> None:
    """The probability of the table's bound is the table's, and the other way round."""
    assert two_sided_t(t, degrees_of_freedom) == pytest.approx(tails, rel=2e-6)
    assert critical_t(tails, degrees_of_freedom) == pytest.approx(t, rel=2e-6)


@pytest.mark.parametrize("t", [0.1, 1.0, 5.0, 40.0, 1e4])
def test_far_tails_are_exact(t: float) -> None:
    """With one, two or very many degrees of freedom there are closed forms; they hold far out, where little is left."""
    root = math.sqrt(t * t + 2)
    assert two_sided_t(t, 1) == pytest.approx(2 / math.pi * math.atan2(1, t), rel=1e-9)
    assert two_sided_t(t, 2) == pytest.approx(2 / (root * (root + t)), rel=1e-9)
    assert two_sided_t(-t, 2) == two_sided_t(t, 2)
    if t < 6:
        assert two_sided_t(t, 1e9) == pytest.approx(math.erfc(t / math.sqrt(2)), rel=1e-5)


@given(st.integers(1, 80), st.integers(0, 80), st.fractions(Fraction(1, 50), Fraction(49, 50)))
def test_the_incomplete_beta_function_is_a_binomial_tail(part: int, other: int, share: Fraction) -> None:
    """For whole numbers it is a sum of binomial probabilities (DLMF 8.17.5)."""
    whole = part + other
    tail = sum(math.comb(whole, k) * share**k * (1 - share) ** (whole - k) for k in range(part, whole + 1))
    assert incomplete_beta(part, other + 1, float(share)) == pytest.approx(float(tail), rel=1e-8, abs=1e-14)


@given(st.floats(0.05, 3000), st.floats(0.05, 3000), st.floats(0, 1))
def test_the_incomplete_beta_function_is_a_share(a: float, b: float, x: float) -> None:
    """It is between 0 and 1, and the rest is that of the other side."""
    found = incomplete_beta(a, b, x)
    assert -1e-12 <= found <= 1 + 1e-12
    assert found + incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


SPLITS = [(10, 0, 0.5, 2 / 2**10), (0, 10, 0.5, 2 / 2**10), (5, 5, 0.5, 1.0), (8, 0, 0.25, 2 / 4**8), (0, 0, 0.5, 1.0)]


@pytest.mark.parametrize(("part", "other", "share", "chance"), SPLITS)
def test_a_split_of_counts_is_a_binomial_test(part: int, other: int, share: float, chance: float) -> None:
    """Both tails count, and never more than everything."""
    assert two_sided_binomial(part, other, share) == pytest.approx(chance)


DISCOVERIES: list[tuple[list[float], float, float]] = [
    ([], 0.01, -1),
    ([0.02], 0.01, -1),
    ([0.01], 0.01, 0.01),
    # The example of Benjamini and Hochberg (1995), section 3: of fifteen tests the first four are findings.
    (
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0],
        0.05,
        0.0095,
    ),
    ([0.04, 0.03, 0.049], 0.05, 0.049),  # a larger one brings in the smaller ones
]


@pytest.mark.parametrize(("chances", "rate", "bound"), DISCOVERIES)
def test_discoveries_are_those_of_benjamini_and_hochberg(chances: list[float], rate: float, bound: float) -> None:
    """The largest chance below its line is the bound."""
    assert benjamini_hochberg(chances, rate) == bound
