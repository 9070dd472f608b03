"""Draw the README's pictures of a report: `make picture`. The same program and sample_data/ give the same bytes.

usage: python -m tools.picture [FOLDER]

The duration of the run is fixed here, so that a picture changes only if the report does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from logproc.model.snapshot import Snapshot
from logproc.pipeline.serial import run_serial
from logproc.reports.text.terminal import render_svg
from logproc.settings import Settings
from logproc.sources.resolve import resolve

ROOT = Path(__file__).parents[1]
PICTURES = {
    "report.svg": (140, ("shop-access.log", "shop-access.log.1.gz", "damaged.log")),
    "report-80.svg": (80, ("shop-access.log",)),
}
"""Each picture's width in cells, and the logs it shows."""
ROWS = 5
ELAPSED_S = 0.05


def main() -> None:
    """Write the pictures into the folder that the command line names, by default docs/."""
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")


def draw(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (columns, logs) in PICTURES.items():
        title = f"logproc analyze --top {ROWS} " + " ".join(logs)
        (folder / name).write_text(render_svg(report(logs), columns, title), "utf-8")


def report(logs: tuple[str, ...]) -> Snapshot:
    """Return the snapshot of logs in sample_data/, with names relative to it and the fixed duration."""
    sources = resolve([str(ROOT / "sample_data" / log) for log in logs], recursive=False)
    named = tuple(replace(source, name=log) for source, log in zip(sources, logs, strict=True))
    snapshot = run_serial(named, Settings(top=ROWS)).snapshot
    return replace(snapshot, run=replace(snapshot.run, elapsed_s=ELAPSED_S))


if __name__ == "__main__":
    main()
