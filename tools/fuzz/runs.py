"""Whole serial runs: any bytes and any question give one report that accounts for each line, however chunks are cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logproc.model.errors import LogprocError, UsageError
from logproc.model.snapshot import Snapshot
from logproc.model.source import ByteStream, Kind, Source, State
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan
from logproc.pipeline.serial import run_serial
from logproc.reports.csv_report import render_csv
from logproc.reports.text.style import Look
from logproc.reports.text.terminal import render_terminal
from logproc.settings import Settings
from logproc.sources.archives.codecs import decoded
from logproc.sources.limits import ReadOptions
from logproc.sources.opening import Peek, read_up_to
from tests.reports.readers import strict
from tests.support.logs import ScriptedStream
from tests.support.reports_of import report
from tools.fuzz.cutting import MOST_CHUNKS
from tools.fuzz.formats import SEEDS
from tools.fuzz.formats import WORDS as LINES
from tools.fuzz.reports import is_harmless
from tools.fuzz.target import MARK, Given, Target, text_of

QUESTIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {"by": ("level", "program"), "metric": ("p95:duration", "rate")},
    {"by": ("hour,status", "shape(path)"), "metric": ("uniques:client", "sum:bytes", "mean:duration"), "top": 0},
    {"where": "status >= 400 or level in ('ERROR', 'error')", "since": "2015-05-17", "until": "2026-12-31"},
    {"visitors": True, "client_from": "xff", "anonymize": True},
    {"by": ("net:24", "minute"), "sort": "bytes", "order": "asc", "max_keys": 2},
    {"tz": "Europe/Berlin", "top": 1, "max_line_bytes": 50},
)
FORMATS = (
    None,
    None,
    None,
    "combined",
    "json",
    "logfmt",
    "w3c",
    "text",
    "plain",
    '$remote_addr [$time_local] "$request" $status',
)
CHUNK_SIZES = (1, 50, 1000, 1 << 20)
NOW_S = 1_773_014_400.0


class Dated(ScriptedStream):
    """A stream with a fixed modification time, so that no clock is involved."""

    def __init__(self, content: bytes, piece_bytes: int) -> None:
        super().__init__(content, [piece_bytes])
        self.modified_s = NOW_S


def run(data: bytes) -> None:
    """Run over two sources, in chunks of two sizes, and write every report."""
    given = Given(data)
    knobs = dict(given.one_of(QUESTIONS)) | {"format": given.one_of(FORMATS)}
    piece, size = 1 + given.byte(), given.one_of(CHUNK_SIZES)
    text, contents = text_of(given.part()), [given.part(), given.rest()]
    if text:
        knobs["where"] = text
    try:
        Plan.of(Settings(**knobs))
    except UsageError:
        return
    least = sum(map(len, contents)) // MOST_CHUNKS
    piece, size = max(piece, least), max(size, least)
    whole = run_over(contents, Settings(**knobs), 1 << 16)
    if "max_keys" not in knobs:  # which keys are given up depends on the chunks, and is said to
        assert report(whole) == report(run_over(contents, Settings(**knobs, chunk_size=size), piece))
    write(whole)


def run_over(contents: list[bytes], settings: Settings, piece_bytes: int) -> Snapshot:
    """Return the snapshot of a run over some files."""
    sources = [Source(at, f"file {at}", Kind.FIFO if at else Kind.FILE, str(at)) for at in range(len(contents))]

    def open_source(_wait: Any, _permit: Any, source: Source) -> ByteStream:
        return decoded(Dated(contents[source.index], piece_bytes), ReadOptions())

    def peek(source: Source, wanted_bytes: int) -> Peek:
        stream = decoded(Dated(contents[source.index], piece_bytes), ReadOptions())
        head, whole = read_up_to(stream, wanted_bytes)
        return Peek(len(contents[source.index]), head, whole)

    done = run_serial(sources, settings, Openers(open_source, peek))
    assert done.cause is None or isinstance(done.cause, LogprocError)
    for found in done.snapshot.sources:
        assert found.state in {State.COMPLETE, State.INCOMPLETE, State.FAILED}
        assert found.account.lines or found.state is not State.COMPLETE or not found.bytes_decoded
    return done.snapshot


def write(snapshot: Snapshot) -> None:
    """Write a snapshot in every format; each must be harmless."""
    strict(report(snapshot))
    is_harmless(report(snapshot))
    is_harmless(render_csv(snapshot))
    is_harmless(render_terminal(snapshot, Look(80, terminal=True)))


TARGETS = (
    Target(
        "runs",
        run,
        seeds=tuple(
            bytes([at % len(QUESTIONS), 0, 40, at]) + MARK + SEEDS[at][:300] + MARK + SEEDS[-at][:200]
            for at in range(len(SEEDS))
        ),
        words=(*LINES, MARK, b"\xef\xbb\xbf", b"\xff\xfea\0", b"\x1f\x8b\x08", b"status > 4", b" and ", b"level is absent"),
    ),
)
