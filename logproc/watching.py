"""What the threads of a run are doing, for the progress on a terminal and for the watchdog. It only looks: see threads.live."""

from __future__ import annotations

import time

from logproc.pipeline import Crew
from logproc.reports.progress import LiveStatus


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


def figures(crew: Crew) -> tuple[list[str], object]:
    """Return lines with the figures of a run, and what changes whenever it gets on. Takes no lock."""
    in_flight_bytes, waiting = crew.budget.glance()
    readings = [(reader.name, reader.reading) for reader in crew.readers]
    bytes_read = [(name, reading.source.index, reading.bytes_read) for name, reading in readings if reading]
    lines, done = crew.pool.lines, sum(len(reader.outcomes) for reader in crew.readers)
    told = [
        f"{time.monotonic() - crew.started:.1f} s after the start",
        f"{lines:,} lines counted, {done} of {len(crew.to_read)} sources read",
        f"budget: {in_flight_bytes:,} of {crew.budget.limit_bytes:,} bytes in flight, {waiting} waiting for more",
        f"channel: {crew.channel.glance()} chunks between the readers and main",
        *(f"{name} is at byte {reading.bytes_read:,} of {reading.source.name}" for name, reading in readings if reading),
    ]
    return told, (bytes_read, lines, done, in_flight_bytes)


def doing(what: str, name: str) -> str:
    """Return a reader's work in words."""
    return f"{what} {name}" if name and what == "reading" else what
