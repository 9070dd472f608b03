"""Random logs of all formats and random questions: the program says what a slow reference says that shares no code with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.fuzz.differential.command import whole_command
from tools.fuzz.differential.compare import case, in_process
from tools.fuzz.differential.logs import NAMES
from tools.fuzz.differential.model import Draw, Line, Log, Record
from tools.fuzz.differential.questions import question
from tools.fuzz.differential.reference import answer

FEW, MANY, COMMANDS = 40, 20_000, 500


def differences(seeds: list[str], folder: Path) -> dict[str, list[str]]:
    """Return what differs, by seed: `python -m tools.fuzz.differential --only SEED` shows more."""
    found = {seed: in_process(case(seed), folder) for seed in seeds}
    return {seed: texts for seed, texts in found.items() if texts}


@pytest.mark.parametrize("part", range(4))
def test_some_questions_have_the_answer_of_the_reference(part: int, tmp_path: Path) -> None:
    """Account, totals, times and rows, with threads and without."""
    assert differences([f"test {part}/{number}" for number in range(FEW)], tmp_path) == {}


@pytest.mark.soak
def test_many_questions_have_the_answer_of_the_reference(tmp_path: Path) -> None:
    """The same for other seeds, which takes ten minutes or more."""
    assert differences([f"soak/{number}" for number in range(MANY)], tmp_path) == {}


@pytest.mark.soak
def test_the_whole_command_has_the_answer_of_the_reference(tmp_path: Path) -> None:
    """Several sources, packed files, standard input, and the file of rejected lines."""
    found = {seed: whole_command(case(seed), tmp_path) for seed in (f"command/{number}" for number in range(COMMANDS))}
    assert {seed: texts for seed, texts in found.items() if texts} == {}


def test_all_formats_are_drawn() -> None:
    """Each of the kinds of logs comes up, nearly all of them within a few hundred seeds."""
    drawn = {log.name for number in range(250) for log in case(f"names/{number}").logs}
    assert len(set(NAMES) - drawn) <= 5


def test_the_reference_can_be_checked_by_hand() -> None:
    """Two records of one hour, one of them filtered by its time, a blank line, a rejected one and one too long."""
    at = 1_772_877_600  # 2026-03-07T10:00:00Z
    lines = [
        Line(b"a", "record", Record(at, {"path": "/a"}), opens=True),
        Line(b"", "blank"),
        Line(b"b", "record", Record(at + 60, {"path": "/b"}), opens=True),
        Line(b"?", "misfit"),
        Line(b"x" * 5000, "long"),
    ]
    log = Log("by hand", {}, lines, multi_line=False, fields=("path",), fixed=True, modified=at, content=b"")
    asked = question(Draw("by hand"), [log], None)
    asked = type(asked)([["hour", "path"]], (), None, at + 1, None, asked.zone, None, None, 0, False, False, False, 4000)
    found = answer([log], asked)
    assert found["account"] == {"lines": 5, "records": 1, "rejected": 2, "blank": 1, "filtered": 1, "continuation": 0}
    assert found["rejects"] == [[4, 5]]
    assert found["panels"]["hour,path"]["rows"] == [{"hour": "2026-03-07T10:00:00Z", "path": "/b", "count": 1, "bytes": None}]
