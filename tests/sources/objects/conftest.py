"""One S3 for all tests of objects, and an environment that leads there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from logproc.sources.objects import store_of
from tests.sources.objects.s3_server import S3Server, s3_server, variables
from tests.support.fault_server import FaultServer
from tests.support.leftovers import JOIN_S, threads_left


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    """Run one S3 for all tests. fsspec's thread, which never ends, is started before any test is asked for its threads."""
    from fsspec.asyn import get_loop

    get_loop()
    with s3_server() as found:
        yield found


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a thread behind, other than those of fsspec's event loop, which live as long as the process."""
    before = set(threading.enumerate())
    yield
    left = threads_left(before | {t for t in threading.enumerate() if t.name.startswith("asyncio_")}, time.monotonic() + JOIN_S)
    if left:
        pytest.fail("threads left behind: " + ", ".join(sorted(thread.name for thread in left)))


def lead_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables(endpoint).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """Return the S3, to which the environment leads."""
    lead_to(server.url, monkeypatch)
    yield server
    store_of.cache_clear()


@pytest.fixture
def faulty(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Return a server to which the environment leads, and that answers as a test says."""
    del server
    with FaultServer() as found:
        lead_to(found.url().rstrip("/"), monkeypatch)
        yield found
    store_of.cache_clear()
