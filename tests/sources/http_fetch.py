"""How the tests of http fetch: the whole body in one call, on a clock that moves only when somebody waits."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from logproc.model.errors import LogprocError
from logproc.model.source import ByteStream
from logproc.sources.http import HttpOptions, open_url

CANARY = "canary-7f3a"
"""Stands in every URL as password and as token, and must come out nowhere."""
Origin = tuple[str, str, int]


@dataclass
class Fetch:
    """What became of one fetch: the bytes, the error if there was one, and all that was asked of the rest of the program."""

    data: bytes = b""
    error: LogprocError | None = None
    waits: list[float] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    permits: list[Origin] = field(default_factory=list)
    held: list[Origin] = field(default_factory=list)
    most_held: int = 0
    held_in_wait: int = 0
    size_bytes: int | None = None
    bytes_read: int = 0
    now: float = 1000.0

    @property
    def what(self) -> str:
        """The words of the error."""
        return self.error.what if self.error else ""

    def clock(self) -> float:
        """Return the time, which stands still between two waits."""
        return self.now

    def wait(self, seconds: float) -> bool:
        """Let the time pass."""
        self.waits.append(seconds)
        self.held_in_wait = max(self.held_in_wait, len(self.held))
        self.now += seconds
        return False

    @contextmanager
    def permit(self, origin: Origin) -> Iterator[None]:
        """Count the permits in use."""
        self.permits.append(origin)
        self.held.append(origin)
        self.most_held = max(self.most_held, len(self.held))
        try:
            yield
        finally:
            self.held.remove(origin)

    def open(self, url: str, options: HttpOptions, *, rng: float = 0.0, **changes: Any) -> ByteStream:
        """Open the URL with all that this fetch records."""
        given: dict[str, Any] = {"wait": self.wait, "permit": self.permit, "deadline": None, "clock": self.clock}
        given |= {"rng": lambda: rng}
        return open_url(url, options, **{**given, **changes})


def fetch(
    url: str, options: HttpOptions | None = None, *, block_bytes: int = 1 << 16, of: Callable[[], Fetch] = Fetch, **changes: Any
) -> Fetch:
    """Read all that there is behind a URL."""
    result = of()
    address = url.replace("://", f"://me:{CANARY}@", 1) + f"?token={CANARY}"
    stream = result.open(address, options or HttpOptions(), **changes)
    block = memoryview(bytearray(block_bytes))
    handler = logging.Handler()
    handler.emit = lambda record: result.events.append(record.getMessage())  # type: ignore[method-assign]  # of this one only
    logger = logging.getLogger("logproc.sources.http")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        while count := stream.readinto(block):
            result.data += bytes(block[:count])
    except LogprocError as error:
        result.error = error
    finally:
        stream.close()
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    result.size_bytes, result.bytes_read, result.notes = stream.size_bytes, stream.bytes_read, stream.notes
    assert not result.held, "a permit was not given back"
    assert CANARY not in f"{result.error!r} {result.error} {result.events} {result.notes}"
    assert CANARY not in "".join(traceback.format_exception(result.error))
    return result


def real_time(seconds: float) -> dict[str, Any]:
    """Return the arguments for a deadline `seconds` from now on the real clock."""
    return {"clock": time.monotonic, "deadline": time.monotonic() + seconds}
