"""What the threads of a run are doing, for the progress on a terminal. It only looks: see threads.live."""

from __future__ import annotations

import time

from logproc.command.progress import LiveStatus
from logproc.pipeline.threaded import Crew


def status(crew: Crew) -> LiveStatus:
    """Return what a run is doing now. Every number in it may be a moment old, and none is used for anything else."""
    looks = [(reader, reader.reading) for reader in crew.readers]  # once each: the next look may see None
    readings = [reading for _, reading in looks if reading]
    outcomes = [outcome for reader in crew.readers for outcome in list(reader.outcomes.values())]
    totals = [crew.probes[source.index].size_bytes if source.index in crew.probes else None for source in crew.to_read]
    threads = [(reader.name, doing(reader.doing, reading.source.name if reading else "")) for reader, reading in looks]
    return LiveStatus(
        bytes_read=sum(reading.bytes_read for reading in readings) + sum(outcome.bytes_read for outcome in outcomes),
        bytes_total=None if None in totals else sum(total or 0 for total in totals),
        elapsed_s=time.monotonic() - crew.started,
        lines=crew.pool.lines,
        sources_done=len(outcomes),
        sources_total=len(crew.to_read),
        threads=(*threads, *sorted(crew.pool.doing.copy().items())),
        in_flight_bytes=crew.budget.in_flight_bytes,
        budget_bytes=crew.budget.limit_bytes,
    )


def doing(what: str, name: str) -> str:
    """Return a reader's work in words."""
    return f"{what} {name}" if name and what == "reading" else what
