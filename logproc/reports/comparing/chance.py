"""Tail probabilities of the distributions that tests of a difference need, and the control of false discoveries.

The incomplete beta function is the continued fraction of DLMF 8.17.22 (https://dlmf.nist.gov/8.17), evaluated by the modified
method of Lentz (Thompson and Barnett, "Coulomb and Bessel functions", J. Comput. Phys. 64, 1986). Relative errors are below
1e-9 for the arguments that occur here; tests compare it with published tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

TINY = 1e-300
ENOUGH = 1e-13
MOST_TERMS = 20_000


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b), for a, b > 0 and x from 0 to 1.

    >>> round(incomplete_beta(2, 3, 0.4), 6), incomplete_beta(1, 1, 0.25)
    (0.5248, 0.25)
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly; DLMF 8.17.4
        return 1 - incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * fraction(a, b, x))


def fraction(a: float, b: float, x: float) -> float:
    value, upper, lower = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        m = term // 2
        if term % 2:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / ((1 + step * lower) or TINY)
        upper = (1 + step / upper) or TINY
        value *= upper * lower
        if abs(upper * lower - 1) < ENOUGH:
            break
    return value


def two_sided_t(t: float, degrees_of_freedom: float) -> float:
    """Return the probability that Student's t is at least as far from 0, on either side (DLMF 8.17; Abramowitz 26.7.1).

    >>> round(two_sided_t(2.228139, 10), 6), two_sided_t(0, 5)
    (0.05, 1.0)
    """
    return incomplete_beta(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t))


def critical_t(tails: float, degrees_of_freedom: float) -> float:
    """Return the t that has this probability outside of -t to t.

    >>> round(critical_t(0.05, 10), 4)
    2.2281
    """
    low, high = 0.0, 1.0
    while two_sided_t(high, degrees_of_freedom) > tails:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_t(middle, degrees_of_freedom) > tails else (low, middle)
    return high


def two_sided_binomial(part: float, other: float, share: float) -> float:
    """Return the two-sided probability of a split of `part` to `other`, if each goes to `part` with a probability.

    part, other: counts, which may be fractions: a binomial distribution is then continued by the beta function.

    >>> round(two_sided_binomial(10, 0, 0.5), 6)
    0.001953
    """
    upper = incomplete_beta(part, other + 1, share) if part > 0 else 1.0
    lower = incomplete_beta(other, part + 1, 1 - share) if other > 0 else 1.0
    return min(1.0, 2 * min(upper, lower))


def benjamini_hochberg(chances: Sequence[float], rate: float) -> float:
    """Return the largest chance that counts as a finding, so that of all findings at most this rate is false on average; or -1.

    Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995). It also holds if tests depend
    on one another positively, as those of a path and of its errors do (Benjamini and Yekutieli, Ann. Stat. 29, 2001).

    >>> benjamini_hochberg([0.001, 0.008, 0.2], 0.05), benjamini_hochberg([0.5], 0.05)
    (0.008, -1)
    """
    ordered = sorted(chances)
    passing = [chance for rank, chance in enumerate(ordered, 1) if chance <= rate * rank / len(ordered)]
    return max(passing, default=-1)
