"""Faults of the network and of web servers."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS: list[Fault] = []
