"""Random faults of a web server with one log: what is counted is always the beginning of one version of the log.

A plan is a list of answers to the requests for one URL. Each may be of another version of the log, cut or reset anywhere,
stalled, a wrong part, an error page, a redirect, broken chunks. What a server may not do is to call two versions by one
strong ETag or date: nobody could tell them apart.

Each line carries the number of its version and its own, so that a look at the report tells every mixture, every line that
came twice, and every one that is missing without a word.
"""

from __future__ import annotations

import gzip
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from logproc.model.snapshot import Snapshot
from logproc.model.source import State
from logproc.pipeline.openers import Openers
from logproc.pipeline.serial import run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer, Request, Script
from tests.support.reports_of import sources_of

PLANS = 10_000
SAMPLE = 100
DATES = [f"Sun, 0{day} Nov 1994 08:49:37 GMT" for day in (1, 2, 3, 4)]
NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
SETTINGS = Settings(format="combined", by=("path",), top=0, retries=3, read_timeout=0.05, connect_timeout=5.0)
PAGE = Answer(b"<html>busy</html>\n", "503 Service Unavailable")


@dataclass(frozen=True)
class Version:
    """One version of the log. number: identifies it. paths: those of its lines, in order."""

    number: int
    paths: tuple[str, ...]

    @property
    def body(self) -> bytes:
        """Its bytes."""
        return b"".join(logs.line(request=f"GET {path} HTTP/1.1".encode()) + b"\n" for path in self.paths)


def versions(random_: random.Random) -> list[Version]:
    """Return versions of a log: one, the same with more lines, a shorter one, another of the same length."""
    count = random_.randrange(1, 30)
    first = tuple(f"/1/{number}" for number in range(count))
    grown = first + tuple(f"/2/{number}" for number in range(random_.randrange(1, 9)))
    return [
        Version(1, first),
        Version(2, grown),
        Version(3, first[: count // 2]),
        Version(4, tuple(p.replace("/1/", "/4/") for p in first)),
    ]


class Plan:
    """The answers to the requests for one log, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.versions = versions(self.random)
        self.zipped = self.random.random() < 0.3
        self.validator = self.random.choice(["strong", "strong", "weak", "date", "young date", "none"])
        self.scripts = [self.script() for _ in range(self.random.randrange(1, 7))]

    def script(self) -> Script:
        """Return the answer to one request, or a function of the request."""
        version = self.random.choice([*self.versions[:1] * 4, *self.versions])
        whole = Answer(self.packed(version.body), headers=self.headers(version))
        kinds: list[Callable[[Answer], Script]] = [
            *[self.cut] * 6,
            *[self.minding] * 4,
            lambda whole: whole,
            lambda _: PAGE,
            lambda _: replace(PAGE, status="429 Slow Down", headers={"Retry-After": "1"}),
            lambda _: Answer(head=b""),
            lambda _: Answer(head=b"HTTP/1.1 200 OK\r\nContent-Le", ending="reset"),
            lambda _: Answer(b"", "302 Found", {"Location": "?again"}),
            lambda _: Answer(b"no\n", "416 Range Not Satisfiable", {"Content-Range": f"bytes */{self.place(whole)}"}),
            self.wrong_part,
            self.broken_chunks,
            lambda whole: replace(whole, length=len(whole.body) + 7),
            lambda whole: replace(whole, body=whole.body + b"GET junk\n", length=len(whole.body)),
        ]
        return self.random.choice(kinds)(whole)

    def packed(self, body: bytes) -> bytes:
        """Return a body in the coding of this log."""
        return gzip.compress(body, mtime=0) if self.zipped else body

    def headers(self, version: Version) -> dict[str, str]:
        """Return the validators of a version; strong ones are always true."""
        validators = {
            "strong": {"ETag": f'"{version.number}"'},
            "weak": {"ETag": 'W/"1"'},
            "date": {"Last-Modified": DATES[version.number - 1], "Date": NOW},
            "young date": {"Last-Modified": NOW, "Date": NOW},
            "none": {},
        }[self.validator]
        return {**validators, **({"Content-Encoding": "gzip"} if self.zipped and self.random.random() < 0.95 else {})}

    def place(self, whole: Answer) -> int:
        """Return a place in a body, its end included."""
        return self.random.randrange(len(whole.body) + 1)

    def cut(self, whole: Answer) -> Answer:
        """Return an answer that may be cut anywhere, in any way."""
        framing = self.random.choice(["length", "length", "chunked", "close"])
        piece = self.random.choice([1 << 16, 700, 64])
        ending = self.random.choice([*["close"] * 10, *["reset"] * 9, "stall"])
        changed: Any = {"framing": framing, "piece": piece, "ending": ending}
        return replace(whole, sent=self.place(whole), **changed)

    def minding(self, whole: Answer) -> Script:
        """Return an answer that honours Range, perhaps ignores If-Range, and perhaps cuts the part."""
        careless, cut = self.random.random() < 0.2, self.random.random() < 0.5
        sent = self.place(whole) if cut else None

        def of(request: Request) -> Answer:
            asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
            known = (whole.headers.get("ETag"), whole.headers.get("Last-Modified"))
            if not asked or (request.headers.get("if-range") not in known and not careless):
                return replace(whole, sent=sent)
            first, size = int(asked[1]), len(whole.body)
            if first >= size:
                return Answer(b"no\n", "416 Range Not Satisfiable", {**whole.headers, "Content-Range": f"bytes */{size}"})
            headers = {**whole.headers, "Content-Range": f"bytes {first}-{size - 1}/{size}"}
            return replace(whole, body=whole.body[first:], status="206 Partial Content", headers=headers, sent=sent)

        return of

    def wrong_part(self, whole: Answer) -> Answer:
        """Return a part that was not requested, perhaps with wrong headers."""
        first, size = self.place(whole), len(whole.body)
        content_range = f"bytes {first}-{size - 1}/{self.random.choice([size, size + 1, '*'])}"
        headers = {**whole.headers, "Content-Range": content_range}
        # One byte more or less than the range contradicts it. Other bytes, as many as it says, would be a lie that nobody sees.
        start = max(0, first + self.random.randrange(-1, 2))
        return replace(whole, body=whole.body[start:], status="206 Partial Content", headers=headers)

    def broken_chunks(self, whole: Answer) -> Answer:
        """Return an answer with broken chunk framing."""
        place = self.place(whole)
        framed = b"%x\r\n%b\r\n-5\r\n" % (place, whole.body[:place]) if place else b"junk"
        head = "".join(f"{name}: {value}\r\n" for name, value in {**whole.headers, "Transfer-Encoding": "chunked"}.items())
        return Answer(framed, head=f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())


def hasty_openers() -> Openers:
    """Return the real openers, with retries that do not wait."""
    openers = Openers.of(SETTINGS)

    def open_source(_wait: Any, permit: Callable[[Any], AbstractContextManager[None]], source: Any) -> Any:
        return openers.open_source(lambda _seconds: False, permit, source)

    return Openers(open_source, openers.peek)


def judge(plan: Plan, snapshot: Snapshot) -> str:
    """Assert that what was counted is one version, or the beginning of one and a state or a note says so; name the outcome."""
    found, counted = snapshot.sources[0], {row.key[0]: row.count for row in snapshot.panels["path"].rows}
    undeclared = "length not declared" in found.notes
    assert set(counted.values()) <= {1}, "a line was counted twice"
    assert found.account.records == len(counted), found
    # Where the server does not say how long the log is, its end may be anywhere, within a line as well.
    assert found.account.rejected <= undeclared, found
    alike = [version for version in plan.versions if set(counted) == set(version.paths[: len(counted)])]
    assert alike, f"a mixture: {sorted(counted)}"
    if found.state is State.COMPLETE:
        whole = any(len(version.paths) == len(counted) for version in alike)
        assert whole or undeclared, "lines are missing without a word"
        return "complete, length not declared" if undeclared else "complete"
    assert found.state in {State.FAILED, State.INCOMPLETE}
    assert found.reason
    return f"{found.state.value}: {kind_of(found.reason)}"


def kind_of(reason: str) -> str:
    """Return a reason without its numbers and places."""
    inner = re.search(r"bytes \((.*)\)", reason)
    words = re.sub(r" after \d+ lines?$| \(\d+ tries\)| at http\S+|; first: .*", "", inner[1] if inner else reason)
    return re.sub(r"\d+", "N", words)


def outcomes(run: Callable[..., Any], seeds: range) -> Iterator[str]:
    """Yield the outcome of each plan."""
    openers = hasty_openers()
    with FaultServer() as server:
        for seed in seeds:
            plan = Plan(seed)
            server.on("/log", *plan.scripts)
            ended = run(sources_of(server.url("/log")), SETTINGS, openers)
            server.requests.clear()
            try:
                assert ended.cause is None, ended.cause
                yield judge(plan, ended.snapshot)
            except AssertionError as error:
                error.add_note(f"plan {seed}: {plan.scripts}")
                raise


def test_some_plans_mix_and_lose_nothing() -> None:
    """A hundred plans, read with threads: each gives the beginning of one version, and says so if it is not all."""
    assert len(Counter(outcomes(run_threaded, range(SAMPLE)))) > 5


@pytest.mark.soak
def test_no_plan_mixes_versions_or_loses_a_line() -> None:
    """Ten thousand plans: never a mix of two versions, a repeated line, or a missing line without a state that says so."""
    counts = Counter(outcomes(run_serial, range(PLANS)))
    assert counts.total() == PLANS
    print(f"\n{PLANS:,} plans: no mixture, no line twice, none lost without a word")
    for outcome, count in counts.most_common():
        print(f"{count:>6,}  {outcome}")
