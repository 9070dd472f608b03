"""The model of a cluster: its limits, and what keys cost."""

from __future__ import annotations

import pytest

from tools.bench.cluster_model import Costs, JoinCost, estimate

COSTS = Costs(count_s=3e-9, worker_s=1e-3, scheduler_s=1e-3, client_s=5e-4, start_s=0.5, summary_s=0.0)
FEW = JoinCost(keys=1000, most_keys=1000, join_s=1e-7, pack_s=3e-8, key_bytes=40.0)
MANY = JoinCost(keys=10**6, most_keys=10**8, join_s=1e-7, pack_s=3e-8, key_bytes=40.0)


@pytest.mark.parametrize(
    ("workers", "storage_bps", "limit"), [(4, 1e12, "workers"), (64, 1e9, "storage"), (4000, 1e12, "scheduler")]
)
def test_the_slowest_part_is_the_limit(workers: int, storage_bps: float, limit: str) -> None:
    """Few workers are the limit themselves, many read all that the storage has, and very many wait for the scheduler."""
    found = estimate(COSTS, FEW, workers, storage_bps=storage_bps)
    assert found.limit == limit
    assert 0 < found.busy < 1


def test_twice_the_workers_take_half_the_time_until_keys_are_many() -> None:
    """With few keys work is shared; with a hundred million the last joins are not."""
    few, many = ([estimate(COSTS, join, workers).seconds for workers in (64, 128)] for join in (FEW, MANY))
    assert few[0] / few[1] > 1.9
    assert many[0] / many[1] < 1.2
    assert many[0] > 3 * few[0]


def test_a_part_never_has_more_keys_than_there_are() -> None:
    """Each level joins eight parts, up to the number of distinct keys."""
    assert [MANY.part_keys(level) for level in range(4)] == [10**6, 8 * 10**6, 64 * 10**6, 10**8]
