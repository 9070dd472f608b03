"""Attempts to do harm by what is in a log, a name, an answer or a setting."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS: list[Fault] = []
