"""The progress of a run, as the painter gets it."""

from __future__ import annotations

from logproc.command.terminal.progress import LiveStatus

STATUS = LiveStatus(
    bytes_read=250_000_000,
    bytes_total=1_000_000_000,
    elapsed_s=2.0,
    lines=1_234_567,
    sources_done=3,
    sources_total=12,
    threads=(("reader 1", "access.log.1"), ("worker 10", "parsing")),
    in_flight_bytes=64 << 20,
    budget_bytes=128 << 20,
)
