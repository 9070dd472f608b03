"""Faults of archives."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS: list[Fault] = []
