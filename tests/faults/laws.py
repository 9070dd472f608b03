"""What holds for every run, whatever went wrong: accounts that close, states that are honest, output that is harmless."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.faults.fault import NEIGHBOUR, NEIGHBOUR_LINES, Fault, Scene
from tests.support.processes import Ended
from tests.support.schema import valid

CANARY = "hunter2-canary"
"""A secret that some of the faults have in a URL or a header. It may be printed nowhere."""
READ = {"complete", "skipped"}
OWN_LINE = re.compile(r"logproc: |\d{4}-\d\d-\d\dT[\d:.]+Z \[(?:debug|info) *\] ")
"""How a line of stderr begins: a diagnostic, or an event of `--log-level`."""


def hold(fault: Fault, scene: Scene, ended: Ended) -> None:
    """Assert the laws of every run, and what a fault promises besides."""
    assert ended.code == fault.code, f"exit {ended.code}, not {fault.code}: {ended.stderr}"
    assert_says(fault, ended.stderr)
    assert_harmless(ended)
    assert not list(scene.temporary.iterdir()), "a temporary file is left"
    assert not list(scene.folder.rglob(".logproc-*")), "a temporary file is left"
    if ended.stdout.startswith(b"{"):
        assert_honest(ended)
    if not fault.alone:
        assert_untouched(ended)


def assert_says(fault: Fault, stderr: str) -> None:
    """Assert that stderr says what it should, in that order."""
    place = 0
    for piece in fault.says:
        found = stderr.find(piece, place)
        assert found >= 0, f"{piece!r} is not said: {stderr!r}"
        place = found + len(piece)


def assert_harmless(ended: Ended) -> None:
    """Assert that every line of stderr is the program's own, that nothing in it or on stdout steers a terminal, no secret."""
    for line in ended.stderr.splitlines():
        assert OWN_LINE.match(line), ended.stderr
    for text in (ended.stderr, ended.stdout.decode()):
        strange = {character for character in text if not character.isprintable() and character != "\n"}
        assert not strange, strange
        assert CANARY not in text
    assert "Traceback" not in ended.stderr


def assert_honest(ended: Ended) -> None:
    """Assert that the report is strict JSON, that its accounts close, and that it is complete where all sources are."""
    report = valid(json.loads(ended.stdout, parse_constant=refuse))
    for part in [report, *report["sources"]]:
        account = dict(part["account"])
        assert account.pop("lines") == sum(account.values()), part
    for source in report["sources"]:
        assert sum(source["rejected_by_reason"].values()) == source["account"]["rejected"], source
        assert (source["reason"] is None) == (source["state"] == "complete"), source
    for name, count in report["account"].items():
        assert count == sum(source["account"][name] for source in report["sources"]), name
    assert report["complete"] == all(source["state"] in READ for source in report["sources"])
    assert report["complete"] or ended.code, "exit 0 for a report that is not complete"


def assert_untouched(ended: Ended) -> None:
    """Assert that the fault did not affect the sound log beside it."""
    found = next(source for source in ended.report["sources"] if source["source"] == NEIGHBOUR)
    assert found["state"] == "complete"
    assert found["account"] == {**dict.fromkeys(found["account"], 0), "lines": NEIGHBOUR_LINES, "records": NEIGHBOUR_LINES}


def refuse(constant: str) -> Any:
    """Refuse what JSON has no word for."""
    raise AssertionError(constant)
