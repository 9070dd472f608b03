"""Whether the share of some records differs between two logs by more than chance, for many keys at once.

Records of a log are not independent: a client sends hundreds of requests within a minute and then none, a failing disk writes
the same message again and again. So the variance of a share is not that of a binomial distribution. It is estimated from blocks
of time within each log, as of the ratio of two sums (Cochran, "Sampling Techniques", 1977, section 6.4), with what neighbouring
blocks have in common (Newey and West, Econometrica 55, 1987). A key that is in one block only is then never far
from chance, however many records it has. Divided by the binomial variance it is the dispersion, which is at least 1, and drawn
towards that of all keys. The binomial variance is that of each log's own share, or that of the common one if it is larger: a
short log in which a key is new has a large variance because the share is large there, not because its records come in bursts.
The statistic has Student's distribution with the blocks' degrees of freedom (Satterthwaite 1946).

Few records of a key are not normal. For rare keys the chance is also that of the exact binomial test of how the records divide
between the logs, with all counts divided by the dispersion; the larger of both counts. For keys that nearly all records have it
is that of the other records, so that a share and what it leaves have the same chance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy
from msgspec import Struct

from logproc.reports.comparing.chance import critical_t, two_sided_binomial, two_sided_t

if TYPE_CHECKING:
    import numpy.typing

    Floats = numpy.typing.NDArray[numpy.float64]

LAGS = 3
"""A block may be like so many before it: a load or a latency that drifts up and down is longer than a block."""
MUCH_LONGER = 1.5
LEAST_BLOCKS = 8
"""With fewer blocks a variance is not estimated from them."""
ASSUMED_DISPERSION = 10.0
"""Where a variance cannot be estimated: of reports, which have no counts by time, and of logs without times."""
ASSUMED_DEGREES = 23
PRIOR_DEGREES = 4
"""How strongly a dispersion is drawn towards that of all keys: as if so many blocks more had it (Smyth, Stat. Appl. Genet. Mol.
Biol. 3, 2004, section 4)."""
LEAST_COUNT = 8
"""With fewer records of a key in both logs, not even all of them in one log would be a finding by itself (0.5**6 > 1 %), so
it is not tested (Tarone, Biometrics 46, 1990)."""
RARE = 0.1
MAYBE = 2.0
"""From so many standard errors on a chance is computed; for fewer that of a normal distribution is enough."""
POWER_Z = 1.2816
"""A difference is seen with a probability of 90 % if it is by so many standard errors above what counts as a finding."""


class Sample(Struct, frozen=True):
    """Of each key and block: how many records it has (hits), and out of how many, shape (keys, blocks); `of` may be one row.

    block_s: the length of a block; 0 if there is only one.
    """

    hits: Floats
    of: Floats
    block_s: float


class Differences(Struct, frozen=True):
    """Of each key: its shares, the standard error of their difference, its degrees of freedom, and the chance of such a one.

    chance: NaN if it is not tested.
    """

    before: Floats
    after: Floats
    error: Floats
    degrees_of_freedom: Floats
    chance: Floats


def seen_from(error: float, degrees_of_freedom: float, chance: float) -> float:
    """Return the least difference that would be found in nine of ten pairs of logs, if this chance makes a finding."""
    return error * (critical_t(chance, degrees_of_freedom) + POWER_Z)


def differences(before: Sample, after: Sample) -> Differences:
    """Return how the shares of each key differ. Both samples have the same keys in the same order."""
    hits = before.hits.sum(1), after.hits.sum(1)
    of = before.of.sum(1), after.of.sum(1)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        shares = hits[0] / of[0], hits[1] / of[1]
        common = (hits[0] + hits[1]) / (of[0] + of[1])
        own = sum(share * (1 - share) / number for share, number in zip(shares, of, strict=True))
        binomial = numpy.fmax(common * (1 - common) * (1 / of[0] + 1 / of[1]), own)
        first, second = (variance(sample, share, common) for sample, share in ((before, shares[0]), (after, shares[1])))
        if before.block_s > MUCH_LONGER * after.block_s:
            second = at_least(second, of[1], first, of[0], rarer(hits[0], of[0]), common)
        elif after.block_s > MUCH_LONGER * before.block_s:
            first = at_least(first, of[0], second, of[1], rarer(hits[1], of[1]), common)
        total = first.variance + second.variance
        degrees = total**2 / (first.variance**2 / first.degrees_of_freedom + second.variance**2 / second.degrees_of_freedom)
        degrees = numpy.where(numpy.isfinite(degrees), degrees, ASSUMED_DEGREES)
        dispersion = total / binomial
        if first.estimated or second.estimated:
            usual = typical(dispersion, rarer(hits[0] + hits[1], of[0] + of[1]))
            dispersion = (degrees * dispersion + PRIOR_DEGREES * usual) / (degrees + PRIOR_DEGREES)
            degrees = degrees + PRIOR_DEGREES
        dispersion = numpy.where(numpy.isfinite(dispersion), numpy.maximum(dispersion, 1), 1)
        error = numpy.sqrt(dispersion * binomial)
        t = (shares[1] - shares[0]) / error
    tested = (hits[0] + hits[1] >= LEAST_COUNT) & (of[0] > 0) & (of[1] > 0) & (binomial > 0) & numpy.isfinite(t)
    chance = numpy.full(len(common), numpy.nan)
    records = [numpy.broadcast_to(number, common.shape) for number in of]
    for at in numpy.flatnonzero(tested).tolist():
        chance[at] = math.erfc(abs(t[at]) / math.sqrt(2))
        if abs(t[at]) < MAYBE:
            continue
        chance[at] = two_sided_t(float(t[at]), float(degrees[at]))
        if min(common[at], 1 - common[at]) < RARE:
            few = [hit[at] if common[at] < RARE else number[at] - hit[at] for hit, number in zip(hits, records, strict=True)]
            parts = float(few[1] / dispersion[at]), float(few[0] / dispersion[at])
            chance[at] = max(chance[at], two_sided_binomial(*parts, float(records[1][at] / (records[0][at] + records[1][at]))))
    return Differences(*shares, error, degrees, chance)


class Variance(Struct, frozen=True):
    """The variance of each key's share in one log, and its degrees of freedom. estimated: from blocks, not assumed."""

    variance: Floats
    degrees_of_freedom: Floats
    estimated: bool


def variance(sample: Sample, share: Any, common: Any) -> Variance:
    of = sample.of.sum(1)
    blocks = (sample.of > 0).sum(1)
    assumed = ASSUMED_DISPERSION * numpy.fmax(common * (1 - common), share * (1 - share)) / of
    if sample.of.shape[1] < LEAST_BLOCKS:
        return Variance(assumed, numpy.full(len(common), float(ASSUMED_DEGREES)), estimated=False)
    rest = sample.hits - share[:, None] * sample.of
    alike = numpy.zeros(len(rest))
    for lag in range(1, LAGS + 1):
        alike += 2 * (1 - lag / (LAGS + 1)) * (rest[:, lag:] * rest[:, :-lag]).sum(1)
    alike = numpy.maximum(alike, 0)
    enough = blocks >= LEAST_BLOCKS
    effective = numpy.maximum(of**2 / (sample.of**2).sum(1), 2)  # Kish: so many blocks of equal size tell as much
    squares = ((rest**2).sum(1) + alike) * effective / (effective - 1)
    found = numpy.where(enough, squares / of**2, numpy.fmax(assumed, squares / of**2))
    degrees = effective - 1
    return Variance(found, numpy.broadcast_to(degrees, common.shape), estimated=True)


def at_least(short: Variance, of_short: Any, long: Variance, of_long: Any, fewest_long: Any, common: Any) -> Variance:
    """Return the variance of the side with much shorter blocks, with at least the dispersion that the other side shows.

    A burst may fill most of a short log. Then its blocks do not show that it is one, but those of a longer log do: those of
    the same key, or if that is rare there, those of its other keys.
    """
    binomial = common * (1 - common)
    dispersion = long.variance * of_long / binomial
    usual = typical(dispersion, fewest_long)
    least = numpy.fmax(dispersion, usual) * binomial / of_short
    degrees = numpy.where(least > short.variance, long.degrees_of_freedom, short.degrees_of_freedom)
    return Variance(numpy.maximum(short.variance, least), degrees, short.estimated)


def rarer(hits: Any, of: Any) -> Any:
    """Return how many records have a key or do not have it, whichever is less: so much there is to show a dispersion."""
    return numpy.minimum(hits, of - hits)


def typical(dispersion: Any, fewest: Any) -> float:
    """Return the median dispersion of the keys that have enough records to show one, at least 1."""
    some = dispersion[(fewest >= 10 * LEAST_COUNT) & numpy.isfinite(dispersion)]
    return max(1.0, float(numpy.median(some))) if len(some) else 1.0
