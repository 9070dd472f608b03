"""Faults of the process and of the system around it."""

from __future__ import annotations

from tests.faults import process_limits, process_outputs, process_signals, process_surroundings
from tests.faults.fault import Fault

FAULTS: list[Fault] = sorted(
    [
        *process_signals.FAULTS,
        *process_outputs.FAULTS,
        *process_limits.FAULTS,
        *process_surroundings.FAULTS,
    ],
    key=lambda fault: (fault.row[0], int(fault.row[1:].rstrip("+"))),
)
