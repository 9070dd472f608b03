"""Draw the README's pictures of a report and of the progress: `make picture`.

usage: python -m tools.pictures.report [FOLDER]

The same program and sample_data/ give the same bytes. The duration of the run is fixed here, so that a picture changes only
if the report does.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from msgspec.structs import replace

from logproc.command.terminal.progress import LiveStatus, status_lines
from logproc.model.snapshot import Snapshot
from logproc.pipeline.serial import run_serial
from logproc.reports.text.style import Look
from logproc.settings import Settings
from logproc.sources.resolve import resolve
from tools.pictures.terminal_svg import render_svg, svg

ROOT = Path(__file__).parents[2]
LOGS = ("shop-access.log", "shop-access.log.1.gz", "damaged.log")
PICTURES = {"report.svg": (100, 30, LOGS), "full-report.svg": (140, None, LOGS)}
"""Each picture's width in cells, its height (None for the whole report), and the logs it shows."""
PROGRESS = "progress.svg"
STATUS = LiveStatus(
    bytes_read=3_412_000_000,
    bytes_total=8_120_000_000,
    elapsed_s=9.0,
    lines=16_084_112,
    sources_done=2,
    sources_total=6,
    threads=(
        ("file-1", "reading access.log.2.gz"),
        ("file-2", "waiting for memory"),
        ("url-1", "reading https://web2.example.com/app.log"),
        ("worker-1", "parsing lines 15,918,204 to 15,956,811"),
        ("worker-2", "parsing lines 128,104 to 163,990"),
    ),
    in_flight_bytes=118_000_000,
    budget_bytes=134_217_728,
)
ROWS = 5
ELAPSED_S = 0.05


def main() -> None:
    """Write the pictures into the folder that the command line names, by default docs/."""
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")


def draw(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (columns, rows, logs) in PICTURES.items():
        title = f"logproc {'--full ' if rows is None else ''}{' '.join(logs)}"
        (folder / name).write_text(render_svg(report(logs), columns, title, rows), "utf-8")
    look = Look(80, color=True, terminal=True)
    title = "logproc 'access.log*' https://web2.example.com/app.log"
    (folder / PROGRESS).write_text(svg(status_lines(STATUS, look), look, title), "utf-8")


def report(logs: tuple[str, ...]) -> Snapshot:
    """Return the snapshot of logs in sample_data/, with names relative to it and the fixed duration."""
    sources = resolve([str(ROOT / "sample_data" / log) for log in logs], recursive=False)
    named = tuple(dataclasses.replace(source, name=log) for source, log in zip(sources, logs, strict=True))
    snapshot = run_serial(named, Settings(top=ROWS, families=True)).snapshot
    return replace(snapshot, run=replace(snapshot.run, elapsed_s=ELAPSED_S))


if __name__ == "__main__":
    main()
