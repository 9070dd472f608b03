"""Parts of the faults of web servers: a log with distinguishable lines, responses that contain it, checks of what was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from logproc.pipeline.openers import Openers
from tests.faults.fault import NEIGHBOUR_LINES, Arguments, Fault, Scene, source
from tests.support import logs
from tests.support.fault_server import Answer, Script
from tests.support.processes import Ended

LINES = [logs.line(bytes=b"%d" % (1 << number)) for number in range(10)]
"""Lines whose sizes are powers of two: the sum shows which of them were counted, and how often."""
NEIGHBOUR_BYTES = NEIGHBOUR_LINES * int(logs.USUAL["bytes"])
BODY = b"".join(line + b"\n" for line in LINES)
SIZE = len(BODY)
HALF = len(b"".join(line + b"\n" for line in LINES[:5])) + 20
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n" % SIZE
CHUNKS = b"Transfer-Encoding: chunked\r\n"
ONE_CHUNK = b"%x\r\n%b\r\n" % (SIZE, BODY)
ETAG = {"ETag": '"1"'}
PAGE = b"<!DOCTYPE html>\n<html><title>Sign in</title>\n<form>\n</form></html>\n"
ONCE = ("--retries", "0")
TOLD = ("--log-level", "info")
Check = Callable[[Scene, Ended], object]


def raw(head: bytes, body: bytes = BODY, **changes: Any) -> Answer:
    """Return a response whose head is given as bytes, without the empty line after it."""
    return Answer(body, head=head + b"\r\n", **changes)


def chunked(body: bytes) -> Answer:
    """Return an answer in chunks, which are written as they go over the wire."""
    return raw(OK + CHUNKS, body)


def coded(coding: str, body: bytes) -> Answer:
    """Return an answer in a content coding."""
    return Answer(body, headers={"Content-Encoding": coding})


def moved(location: str, status: str = "302 Found") -> Answer:
    """Return a redirect."""
    return Answer(PAGE, status, {"Location": location})


def part(first: int, size: int | str = SIZE, **headers: str) -> Answer:
    """Return a 206 with the bytes from `first` on."""
    return Answer(BODY[first:], "206 Partial Content", {"Content-Range": f"bytes {first}-{SIZE - 1}/{size}", **headers})


CUT = Answer(BODY, headers=ETAG, sent=HALF)


@dataclass(frozen=True)
class Fate:
    """What has to become of the first source: its state, and so many first lines of the log, each counted once.

    requests: how many requests the server got, None if that does not matter.
    """

    state: str = "complete"
    lines: int = len(LINES)
    requests: int | None = 1

    def __call__(self, scene: Scene, ended: Ended) -> None:
        """Assert it."""
        found, counted = source(ended), ended.report["totals"]["bytes"] - NEIGHBOUR_BYTES
        account = found["account"]
        assert (found["state"], account["lines"], account["records"]) == (self.state, self.lines, self.lines), found
        assert counted == (1 << self.lines) - 1, "these are not the first lines, each once"
        assert self.requests in {None, len(scene.server.requests)}, scene.server.requests


def noted(ended: Ended, note: str) -> None:
    """Assert that the report of the first source has a note, and no other."""
    assert source(ended)["notes"] == [note]


def also(*checks: Check) -> Check:
    """Return a look that takes several."""

    def check(scene: Scene, ended: Ended) -> None:
        for one in checks:
            one(scene, ended)

    return check


def without_pauses(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with retries that do not wait; their log messages show how long they would have waited."""
    of = Openers.of

    def hasty(*settings: Any, **options: Any) -> Openers:
        openers = of(*settings, **options)
        return Openers(
            lambda _wait, permit, of_source: openers.open_source(lambda _seconds: False, permit, of_source), openers.peek
        )

    with patch.object(Openers, "of", hasty):
        return scene.analyze(*arguments, *TOLD)


def waits(*least_s: float) -> Check:
    """Return a look at the pauses before each retry: as long as these, or up to a quarter longer."""

    def check(_scene: Scene, ended: Ended) -> None:
        found = [float(text) for text in re.findall(r"retry \d+/\d+ in ([\d.]+) s", ended.stderr)]
        assert len(found) == len(least_s), found
        for seconds, least in zip(found, least_s, strict=True):
            assert least <= seconds <= 1.25 * least + 0.05, found

    return check


def web(row: str, how: str, *scripts: Script, options: Sequence[str] = ONCE, **promised: Any) -> Fault:
    """Return the fault of a server that gives these answers to one URL."""
    return Fault(row, how, lambda scene: [scene.server.on("/log", *scripts).url("/log"), *options], **promised)


def failing(row: str, how: str, *scripts: Script, says: str, requests: int = 1, **promised: Any) -> Fault:
    """Return the fault of a server whose answers hold no log."""
    fate = Fate("failed", 0, requests)
    holds = promised.pop("holds", "no line is counted" if requests > 1 else "one request, no line is counted")
    return web(row, how, *scripts, code=1, says=[f"/log: {says}"], check=fate, holds=holds, **promised)


def reading(row: str, how: str, *scripts: Script, holds: str = "all lines, each once", **promised: Any) -> Fault:
    """Return the fault of a server whose log is read to its end all the same."""
    promised.setdefault("check", Fate())
    return web(row, how, *scripts, holds=holds, **promised)


def at(url: str) -> Callable[[Scene], Arguments]:
    """Return how a URL is given that needs no server."""
    return lambda _scene: [url, *ONCE]
