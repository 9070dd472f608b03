"""Every request of the program refused, once or for good: the right exit code, an honest report, nothing left behind."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.fault import Scene, in_process, set_up
from tests.faults.laws import assert_harmless, assert_honest
from tests.support import logs
from tests.support.fault_server import Answer, ranged
from tests.support.leftovers import JOIN_S, threads_left
from tests.support.processes import Ended
from tests.support.schema import valid
from tests.torture.calls import CALLS, Call, refusing

BEFORE = "the old report\n"
KNOBS = ["--chunk-size", "4K", "--workers", "2", "--retries", "1", "--read-timeout", "1", "--output", "json"]
IN_SUITE = (1,)
LOG = b"\n".join([*(logs.line(client=b"192.0.2.%d" % (number % 200)) for number in range(150)), b"no record", b""])


@dataclass(frozen=True)
class Input:
    """A kind of input: how it is made in a scene."""

    name: str

    def make(self, scene: Scene) -> list[str]:
        """Make it, and return what names it."""
        if self.name == "file":
            return [os.fspath(scene.bytes("a.log", LOG))]
        if self.name == "archive":
            return [
                os.fspath(scene.bytes("a.log.gz", gzip.compress(LOG[: len(LOG) // 2]) + gzip.compress(LOG[len(LOG) // 2 :])))
            ]
        scene.server.on("/a.log", ranged(Answer(LOG, piece=5000)))
        return [scene.server.url("/a.log")]


INPUTS = [Input("file"), Input("archive"), Input("URL")]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Make a place where faults happen."""
    with set_up(tmp_path) as scene:
        yield scene


def analyze(scene: Scene, arguments: list[str]) -> Ended:
    """Run the program with a report and rejected lines that go to files, which were there before."""
    for name in ("report.json", "rejects"):
        (scene.folder / name).write_text(BEFORE)
    outputs = ["-o", "report.json", "--rejects", "rejects"]
    return in_process("analyze", *arguments, *KNOBS, *outputs)


def without_run(text: str | bytes) -> dict[str, object]:
    """Return a report without what may differ."""
    return {name: part for name, part in valid(json.loads(text)).items() if name != "run"}


def hold(scene: Scene, call: Call, ended: Ended, sound: dict[str, object]) -> None:
    """Assert that a run whose request was refused ended as it may."""
    assert ended.code in {*call.codes}, (ended.code, ended.stderr)
    assert_harmless(ended)
    if ended.stdout:
        assert_honest(ended)
    if ended.code == 0:
        assert without_run(ended.stdout) == sound
    else:
        assert ended.stderr, "a failure that nobody is told of"
    assert not list(scene.temporary.iterdir()), "a temporary file is left"
    assert {path.name for path in scene.folder.iterdir()} <= {"a.log", "a.log.gz", "neighbour.log", "report.json", "rejects"}
    written = (scene.folder / "report.json").read_text()
    assert written == BEFORE or without_run(written) == without_run(ended.stdout), "a report that is neither old nor new"


def torture(scene: Scene, call: Call, kind: Input, numbers: Iterator[int], *, stays: bool) -> int:
    """Let each of a number of calls fail, each in its own run; return how many runs met the failure."""
    arguments, before = kind.make(scene), set(threading.enumerate())
    sound = without_run(analyze(scene, arguments).stdout)
    met = 0
    for number in numbers:
        with refusing(call, number, stays=stays) as refusal:
            ended = analyze(scene, arguments)
        if not refusal.refused:
            break
        met += 1
        try:
            hold(scene, call, ended, sound)
        except AssertionError as error:
            error.add_note(
                f"{kind.name}, {call.name}, request {number}, {'and all later' if stays else 'once'}: {ended.stderr}"
            )
            raise
        assert not [thread for thread in threads_left(before, monotonic() + JOIN_S) if "fault server" not in thread.name]
    return met


@pytest.mark.parametrize("kind", INPUTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_the_first_request(call: Call, kind: Input, scene: Scene) -> None:
    """The first request of each kind."""
    torture(scene, call, kind, iter(IN_SUITE), stays=False)


@pytest.mark.soak
@pytest.mark.parametrize("stays", [False, True], ids=["once", "for good"])
def test_every_request(*, stays: bool, tmp_path: Path) -> None:
    """Every request of every kind over every kind of input, and the numbers of refusals that were met."""
    total = 0
    for kind in INPUTS:
        for place, call in enumerate(CALLS):
            folder = tmp_path / f"{kind.name}-{place}"
            folder.mkdir()
            with set_up(folder) as scene:
                met = torture(scene, call, kind, count(1), stays=stays)
            total += met
            print(f"\n{kind.name}: {call.name}: {met} refused", end="")
    print(f"\n{total} requests refused {'for good' if stays else 'once'}, and all held")
