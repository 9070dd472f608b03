"""A cluster in this process, with a scheduler and two workers that are threads: quick enough for many small runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.leftovers import JOIN_S, threads_left

OF_THE_LIBRARY = ("Dask", "0-Dask", "1-Dask", "IO loop", "Profile", "asyncio")
"""How the names of the threads begin that `distributed` keeps for as long as it is loaded, or as its cluster runs."""


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a thread of ours behind."""
    before = set(threading.enumerate())
    yield
    left = threads_left(before, time.monotonic() + JOIN_S, OF_THE_LIBRARY)
    assert not [thread.name for thread in left]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return a client of that cluster."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    address = {"processes": False, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with distributed.Client(**address, set_as_default=False) as connected:
        yield connected
