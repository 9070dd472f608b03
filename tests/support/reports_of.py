"""Whole runs in this process, and the part of their reports that must be equal."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from logproc.model.columns import Account
from logproc.model.snapshot import RunInfo, Snapshot
from logproc.model.source import Source
from logproc.model.trace.recorder import NO_TRACE
from logproc.pipeline.serial import run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.reports.json_report import render_json
from logproc.settings import Settings
from logproc.sources.resolve import resolve
from logproc.threads.shared_tally import MIN_KEYS, SharedTally
from tests.support.schema import valid

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SAME_RUN = RunInfo(0.0, 0, 0, "", "", gil=True)
Pack = Callable[[bytes], bytes]


def halves(pack: Pack) -> Pack:
    """Return a function that compresses content as two members, split anywhere."""
    return lambda content: pack(content[: len(content) // 2]) + pack(content[len(content) // 2 :])


PACKINGS: dict[str, Pack] = {
    "plain": bytes,
    "crlf": lambda content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "gz": gzip.compress,
    "gz of two members": halves(gzip.compress),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
    "zst of two frames": halves(zstd.compress),
}


def serial(sources: Sequence[Source], **knobs: Any) -> str:
    """Return the report of the serial run."""
    return report(run_serial(sources, Settings(**knobs)).snapshot)


def threaded(sources: Sequence[Source], *, min_keys: int = MIN_KEYS, **knobs: Any) -> str:
    """Return the report of the threaded run. min_keys: the number of keys from which counts are merged during the run."""
    with patch.object(SharedTally.__init__, "__defaults__", (min_keys, None, NO_TRACE)):
        run = run_threaded(sources, Settings(**knobs))
    assert run.cause is None
    assert run.left_behind == ()
    return report(run.snapshot)


def report(snapshot: Snapshot) -> str:
    """Return the JSON of a snapshot without the parts that may differ; assert that its account closes."""
    assert snapshot.account.closes
    assert all(source.account.closes for source in snapshot.sources)
    assert all(sum(source.rejected_by_reason.values()) == source.account.rejected for source in snapshot.sources)
    assert snapshot.account == sum((source.account for source in snapshot.sources), Account())
    text = render_json(replace(snapshot, run=SAME_RUN))
    valid(json.loads(text))
    return text


def sources_of(*arguments: str | Path) -> tuple[Source, ...]:
    return resolve([os.fspath(argument) for argument in arguments], recursive=False)


@contextmanager
def stdin(path: Path) -> Iterator[None]:
    """Use a file as this process's standard input."""
    kept = os.dup(0)
    with path.open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Set the thread switch interval during the block."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(kept)
