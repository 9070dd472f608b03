"""Every fault of the catalogue, and the page that lists them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, PAGE, TITLES, page
from tests.faults.fault import NEIGHBOUR, Fault, set_up
from tests.faults.laws import hold
from tests.faults.sentences import SENTENCES


def met(fault: Fault) -> object:
    """Return a fault as a parameter of a test."""
    return pytest.param(fault, id=fault.name, marks=[pytest.mark.needs(*fault.needs)] if fault.needs else [])


@pytest.mark.parametrize("fault", [met(fault) for fault in FAULTS])
def test_the_fault_is_met_as_promised(fault: Fault, tmp_path: Path) -> None:
    """Exit code, message, state and account are as promised, and a sound log beside it is not affected."""
    with set_up(tmp_path) as scene:
        arguments = fault.make(scene)
        ended = fault.run(scene, arguments if fault.alone else [*arguments, NEIGHBOUR])
        hold(fault, scene, ended)
        fault.check(scene, ended)


def test_the_page_is_what_is_tested() -> None:
    """docs/faults.md is generated from the catalogue; `python -m tests.faults.catalogue` writes it again."""
    assert PAGE.read_text("utf-8") == page()


def test_each_fault_has_one_sentence() -> None:
    """Every number that a fault has is a row of the page, under one of its titles, and every row has a fault."""
    assert {fault.row for fault in FAULTS} == set(SENTENCES)
    assert {number[0] for number in SENTENCES} == set(TITLES)
    assert PAGE.read_text("utf-8").count("\n| ") == len(SENTENCES) + len(TITLES)


def test_no_two_faults_have_one_name() -> None:
    """Each entry can be run by its name."""
    assert [name for name, count in Counter(fault.name for fault in FAULTS).items() if count > 1] == []
