"""Faults of the process and of the system around it."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS: list[Fault] = []
