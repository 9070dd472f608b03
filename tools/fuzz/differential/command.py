"""Runs of the whole command: several sources, packed or on standard input, their formats given or detected."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.fuzz.differential.compare import Case, compared
from tools.fuzz.differential.reference import answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".log": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}
SECONDS = 60


def whole_command(found: Case, folder: Path) -> list[str]:
    """Run the command over files and return the differences of its report and of its rejected lines."""
    draw, paths, piped = found.draw, [], None
    for number, source in enumerate(found.logs):
        ending = draw.choice(tuple(PACKED))
        path = folder / f"{number}{ending}"
        path.write_bytes(PACKED[ending](source.content))
        os.utime(path, (source.modified, source.modified))
        if piped is None and not source.yearless and draw.chance(0.2):
            piped = path
        paths.append("-" if path is piped else os.fspath(path))
    rejects = folder / "rejects.jsonl"
    rejects.unlink(missing_ok=True)
    knobs = {**found.options, "chunk_size": draw.choice((500, 5000, 1 << 20)), "workers": draw.choice((1, 2, 3))}
    arguments = [argument for name, value in knobs.items() for argument in option(name, value)]
    command = [
        sys.executable,
        "-m",
        "logproc",
        "analyze",
        "--output",
        "json",
        "-q",
        "--rejects",
        os.fspath(rejects),
        *arguments,
        *paths,
    ]
    with Path(piped or os.devnull).open("rb") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode not in {0, 1, 3} or (done.stderr and not done.stdout):
        return [f"exit code {done.returncode}: {done.stderr.decode()}"]
    report = done.stdout.decode()
    return [*compared(found, report), *of_rejects(found, paths, rejects)]


def option(name: str, value: object) -> list[str]:
    """Return a setting as arguments."""
    flag = "--" + name.replace("_", "-")
    if value is True:
        return [flag]
    values = value if isinstance(value, tuple) else (value,)
    return [f"{flag}={each}" for each in values]


def of_rejects(found: Case, paths: list[str], rejects: Path) -> list[str]:
    """Return whether other lines were written as rejected than those that are."""
    given: dict[str, list[int]] = {path: [] for path in paths}
    for line in rejects.read_text("utf-8").splitlines() if rejects.exists() else ():
        rejected = json.loads(line)
        given.setdefault(rejected["source"].replace("<stdin>", "-").replace("stdin", "-"), []).append(rejected["line"])
    expected = dict(zip(paths, answer(found.logs, found.question)["rejects"], strict=True))
    return [] if given == expected else [f"rejected lines: program {given}\n    reference {expected}"]
