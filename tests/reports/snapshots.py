"""Snapshots made by hand, with one of everything that a report can contain."""

from __future__ import annotations

from msgspec.structs import replace

from logproc.formats.times.calendar import iso
from logproc.model.columns import Account, Rejected
from logproc.model.panel import Panel, Row
from logproc.model.snapshot import RunInfo, Snapshot, SourceResult
from logproc.model.source import State

NOON = 1_751_371_200
"""2025-07-01T12:00:00Z"""
HOUR_S = 3600
RUN = RunInfo(elapsed_s=0.25, readers=1, workers=2, version="0.1.0", python="3.11.7", gil=True)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


def panel(name: str, *rows: tuple[str, int, int], distinct: int | None = None) -> Panel:
    """Return a panel of one column."""
    return Panel(name, (name,), distinct or len(rows), tuple(Row((key,), count, size) for key, count, size in rows))


def asked_panel(*rows: Row, by: tuple[str, ...] = ("path",), metrics: tuple[str, ...], **changes: object) -> Panel:
    """Return a panel with these columns and metrics."""
    made = Panel(",".join(by) or "total", by, len(rows), rows, metrics)
    return replace(made, **changes)


def hour_panel(*counts: int, first: int = NOON) -> Panel:
    """Return the panel of these counts in consecutive hours; 0 means no row."""
    return panel("hour", *((iso(first + hour * HOUR_S), count, 10 * count) for hour, count in enumerate(counts) if count))


def source(name: str = "access.log", state: State = State.COMPLETE, **changes: object) -> SourceResult:
    """Return a source of 1,000 lines."""
    made = SourceResult(
        source=name,
        state=state,
        reason=None,
        hint="",
        format="combined",
        bytes_read=2048,
        bytes_decoded=2048,
        account=Account(lines=1000, records=998, rejected=1, blank=1),
        rejected_by_reason={"unterminated-quote": 1},
        rejected_sample=(Rejected(7, "unterminated-quote", '192.0.2.7 - - [01/Jul/2025:12:00:07 +0000] "GET /'),),
    )
    return replace(made, **changes)


def snapshot(*sources: SourceResult, **changes: object) -> Snapshot:
    """Return the snapshot of these sources, by default of a complete one."""
    sources = sources or (source(),)
    made = Snapshot(
        complete=all(one.state in {State.COMPLETE, State.SKIPPED} for one in sources),
        account=sum((one.account for one in sources), Account()),
        bytes=12_345_678,
        malformed_requests=0,
        first=NOON,
        last=NOON + 30 * HOUR_S + 59,
        sources=sources,
        panels={table.name: table for table in panels()},
        run=RUN,
    )
    return replace(made, **changes)


def panels() -> tuple[Panel, ...]:
    """Return the panels of an access log."""
    return (
        hour_panel(*(20 + (7 * hour) % 30 for hour in range(31))),
        panel("status", ("200", 700, 12_000_000), ("304", 90, 0), ("404", 9, 345_000), ("500", 1, 678)),
        panel("method", ("GET", 799, 12_345_000), ("POST", 1, 678)),
        panel("path", ("/", 300, 2**70), ("/index.html", 200, 1000), ("/a/" + "long/" * 30 + "end.html", 5, 1), distinct=77),
        panel("client", ("192.0.2.1", 400, 10), ("2001:db8::1", 300, 10), distinct=12),
        panel("user"),
        panel("user_agent", *((AGENT.format(version), 200 - version, 10) for version in range(130, 135)), distinct=50),
    )


def hostile(text: str) -> Snapshot:
    """Return a snapshot with this text wherever text can come from outside."""
    bad = source(
        text,
        State.INCOMPLETE,
        reason=text,
        hint=text,
        format=text,
        notes=(text,),
        rejected_by_reason={text: 1},
        rejected_sample=(Rejected(1, text, text),),
    )
    return snapshot(bad, bad, panels={"path": panel("path", (text, 8, 1)), "status": panel("status", (text, 8, 1))})
