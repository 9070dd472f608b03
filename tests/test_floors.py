"""The minimum versions in pyproject.toml exclude library releases with known bugs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

FLOORS = {
    "urllib3": (
        2,
        8,
        0,
    ),  # before it no bound on the line of a chunk's size; before 2.6.0 none on bombs; redirects with secrets
    "requests": (2, 32, 4),  # before it .netrc gave passwords to a crafted host (CVE-2024-47081)
}
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("library", FLOORS)
def test_an_installation_refuses_versions_with_known_faults(library: str) -> None:
    """The minimum version is the first one without the bug, or a later one."""
    floors = [re.match(rf"{library}>=([0-9.]+)", dependency) for dependency in PROJECT["dependencies"]]
    (floor,) = (match[1] for match in floors if match)
    assert tuple(map(int, floor.split("."))) >= FLOORS[library]
