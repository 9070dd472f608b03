"""Draw the two traces in THREADING.md: a run over files, and one over two slow servers: `make traces`.

usage: python -m tools.pictures.traces [FOLDER]

They are measured, not drawn by hand, so they differ from run to run and from machine to machine.
"""

from __future__ import annotations

import bz2
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.fault_server import Answer, FaultServer
from tools.bench.common import logproc
from tools.bench.logs.access_log import write

ROOT = Path(__file__).parents[2]
LINES = 600_000
COMPRESSED_LINES = 60_000
SLOW_LINES = (60_000, 45_000)
PIECE_BYTES = 1 << 17
PAUSES_S = (0.012, 0.02)
SERVERS = ("web1.example.com", "web2.example.com")


def main() -> None:
    """Write the pictures into the folder that the command line names, by default docs/."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    with tempfile.TemporaryDirectory() as folder:
        (target / "trace-files.svg").write_text(files(Path(folder)), "utf-8")
        (target / "trace-urls.svg").write_text(servers(Path(folder)), "utf-8")


def files(folder: Path) -> str:
    """Return the trace of a run over a plain file and two archives."""
    write(folder / "access.log", LINES, seed=1)
    for number in (1, 2):
        write(folder / "older.log", COMPRESSED_LINES, seed=1 + number)
        (folder / f"access.log.{number}.bz2").write_bytes(bz2.compress((folder / "older.log").read_bytes()))
    return traced(folder, ["access.log", "access.log.1.bz2", "access.log.2.bz2"])


def servers(folder: Path) -> str:
    """Return the trace of a run over two servers that send slowly."""
    urls, names = [], []
    with FaultServer() as one, FaultServer() as other:
        for server, lines, pause_s, name in zip((one, other), SLOW_LINES, PAUSES_S, SERVERS, strict=True):
            write(folder / "slow.log", lines, seed=lines)
            server.on("/access.log", Answer((folder / "slow.log").read_bytes(), piece=PIECE_BYTES, pause_s=pause_s))
            urls.append(server.url("/access.log"))
            names.append(f"http://{name}/access.log")
        picture = traced(folder, urls)
    for url, name in zip(urls, names, strict=True):
        picture = picture.replace(url, name)
    return picture


def traced(folder: Path, sources: Sequence[str]) -> str:
    """Return the trace of the second of two runs: in the first one the code may still have to be compiled."""
    for _ in range(2):
        subprocess.run(logproc(*sources, "--trace", "trace.svg"), cwd=folder, check=True, capture_output=True)
    return (folder / "trace.svg").read_text("utf-8")


if __name__ == "__main__":
    main()
