"""Whether shares differ by more than chance: bursts are chance, what is spread out is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest

from logproc.reports.comparing.difference import ASSUMED_DISPERSION, Sample, differences

BLOCKS, RECORDS = 24, 500
NONE = [0] * BLOCKS
SCATTERED = [0, 3, 1, 0, 2, 2, 1, 0, 4, 1, 0, 2, 1, 3, 0, 0, 2, 1, 1, 3, 0, 2, 1, 2]
SPREAD = [3, 2, 4, 1, 3, 2, 2, 3, 1, 4, 2, 3] * 2


def chance_of(
    before: Sequence[int], after: Sequence[int], *, of: int = RECORDS, block_s: tuple[float, float] = (60, 60)
) -> float:
    samples = [
        Sample(numpy.array([hits], float), numpy.full((1, len(hits)), float(of)), length)
        for hits, length in zip((before, after), block_s, strict=True)
    ]
    return float(differences(*samples).chance[0])


def burst(*places: int, size: int = 60) -> list[int]:
    return [size if at in places else 0 for at in range(BLOCKS)]


CHANCE: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "one burst": (NONE, burst(5)),
    "one burst of everything": (NONE, burst(5, size=RECORDS)),
    "one burst over two blocks": (NONE, burst(5, 6)),
    "bursts on both sides": (burst(3, 9), burst(1, 12, 20)),
    "a long one": (NONE, burst(8, 9, 10, 11, 12)),
    "equal": (SPREAD, SPREAD[::-1]),
}


@pytest.mark.parametrize("name", CHANCE)
def test_a_burst_is_chance(name: str) -> None:
    """What is in few blocks may be chance, however many records it has."""
    assert chance_of(*CHANCE[name]) > 0.01
    assert chance_of(*CHANCE[name][::-1]) == pytest.approx(chance_of(*CHANCE[name]))


FINDINGS: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "new and spread out": (NONE, SPREAD),
    "vanished": (SPREAD, NONE),
    "doubled": ([10 * number for number in SPREAD], [20 * number for number in SPREAD]),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_spread_out_is_more_than_chance(name: str) -> None:
    """A key that is in nearly all blocks of one side, and in none of the other, is a finding."""
    assert chance_of(*FINDINGS[name]) < 1e-5


def counts(hits: Sequence[int], of: int, block_s: float) -> Sample:
    return Sample(numpy.array([hits], float), numpy.full((1, len(hits)), float(of)), block_s)


@pytest.mark.parametrize("errors_before", [0, 1, 5, 24, 120])
def test_a_log_without_errors_before_a_short_one_with_some_does_not_hide_them(errors_before: int) -> None:
    """One error in nine records of a short log is as sure a change from none as from a few."""
    before = counts([errors_before // BLOCKS + (at < errors_before % BLOCKS) for at in range(BLOCKS)], 800, 160)
    after = counts(SCATTERED, 12, 2.5)
    assert differences(before, after).chance[0] < 1e-4
    assert differences(after, before).chance[0] < 1e-4


def test_the_fewer_errors_were_before_the_surer_is_a_rise() -> None:
    """No number of errors before makes a rise surer than none did."""
    after = counts([1, 0, 1, 1, 2, 1] * 4, 12, 2.5)
    chances = [float(differences(counts([each] * BLOCKS, 800, 160), after).chance[0]) for each in (0, 1, 2, 5, 10, 20, 40)]
    assert chances == sorted(chances)


@pytest.mark.parametrize(
    ("before", "after", "of", "block_s"),
    [
        (NONE, SPREAD, (500, 500), (60, 60)),
        (NONE, SCATTERED, (800, 12), (160, 2.5)),
        (SPREAD, [1, 0, 1, 1, 2, 1] * 4, (800, 12), (160, 2.5)),
        (SPREAD, burst(5, 6), (500, 500), (60, 60)),
        ([20], [80], (20_000, 300), (0, 0)),
    ],
)
def test_a_share_and_what_it_leaves_have_the_same_chance(
    before: Sequence[int], after: Sequence[int], of: tuple[int, int], block_s: tuple[float, float]
) -> None:
    """That more requests fail and that fewer succeed is one difference."""
    failed = [counts(hits, number, length) for hits, number, length in zip((before, after), of, block_s, strict=True)]
    succeeded = [Sample(sample.of - sample.hits, sample.of, sample.block_s) for sample in failed]
    one, other = differences(*failed), differences(*succeeded)
    assert one.chance[0] == pytest.approx(other.chance[0])
    assert one.error[0] == pytest.approx(other.error[0])


def test_few_records_are_not_tested() -> None:
    """Of seven records not even seven to none would be a finding."""
    assert numpy.isnan(chance_of(NONE, [1] * 7 + [0] * 17))
    assert chance_of(NONE, [1] * 8 + [0] * 16) < 0.1


def test_without_blocks_a_dispersion_is_assumed() -> None:
    """Of a report only sums are known: then ten times the variance is assumed that independent records would have."""
    independent = chance_of([50] * BLOCKS, [52] * BLOCKS, of=1000)
    sums = chance_of([50 * BLOCKS], [60 * BLOCKS], of=1000 * BLOCKS, block_s=(0, 0))
    assert ASSUMED_DISPERSION == 10
    assert independent > 0.1
    assert sums > 1e-3
    assert chance_of([50 * BLOCKS], [100 * BLOCKS], of=1000 * BLOCKS, block_s=(0, 0)) < 1e-6


def test_a_short_log_borrows_the_dispersion_of_a_long_one() -> None:
    """A session of ten minutes fills a log of ten minutes evenly; a log of a day shows that such sessions come and go."""
    coming_and_going = burst(2, 7, 8, 15, 22, size=150)
    evenly = [75] * BLOCKS
    assert chance_of(coming_and_going, evenly) < 0.01 < chance_of(coming_and_going, evenly, block_s=(3600, 25))


def test_neighbours_that_are_alike_tell_less() -> None:
    """A share that drifts up and down has a larger variance than one that jumps as much."""
    drifting = [10, 10, 10, 10, 30, 30, 30, 30] * 3
    jumping = [10, 30] * 12
    steady = [24, 26] * 12
    assert chance_of(steady, drifting) > chance_of(steady, jumping)


def test_under_the_same_distribution_chances_are_even() -> None:
    """Of samples that do not differ, about one in a hundred has a chance of 1 %, and none a much smaller one."""
    random = numpy.random.default_rng(7)
    keys = 4000
    samples = [
        Sample(random.binomial(RECORDS, random.beta(2, 98, (keys, BLOCKS))).astype(float), numpy.full((1, BLOCKS), 500.0), 60)
        for _ in range(2)
    ]
    chance = differences(*samples).chance
    assert 0.001 < (chance < 0.01).mean() < 0.012
    assert chance.min() > 1e-6
