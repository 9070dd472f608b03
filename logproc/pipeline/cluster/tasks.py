"""What workers do: count a piece, and join the counts of several. Nothing here knows who runs it.

A worker reads and counts with the code of `run_serial`. What comes back is a Part: all that a report needs of what was read.
"""

from __future__ import annotations

import pickle
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache, lru_cache, partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from logproc import __version__
from logproc.counting.tally import Tally, merge
from logproc.model.chunk import Chunk, Context, Outcome, Parser, Probe
from logproc.model.errors import EXIT_INCOMPLETE, InternalError, LogprocError
from logproc.model.source import ByteStream, State, Verdict
from logproc.model.trace.recorder import NO_TRACE
from logproc.pipeline.cluster.pieces import Piece
from logproc.pipeline.cluster.unwanted import stopped_when_unwanted
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan
from logproc.pipeline.readers import Item, start_reading
from logproc.pipeline.serial import work
from logproc.records.tables.from_parquet import Rows
from logproc.settings import Settings
from logproc.sources.cutter import Cutter
from logproc.sources.files.lots import Lot
from logproc.sources.files.ranges import opened_range_of
from logproc.sources.objects.batches import Batch
from logproc.sources.reading import cutter_of
from logproc.threads.hosts import HostLimit
from logproc.threads.stop import Stop

HERE = f"logproc {__version__} on Python {sys.version_info.major}.{sys.version_info.minor}"


class OtherVersionError(LogprocError):
    """A worker has another version of the program, or of Python, than the client."""

    exit_code = EXIT_INCOMPLETE


class Job(Struct, frozen=True):
    """What all tasks of a run share. headers: for web servers, with their values, so it must not be shown."""

    plan: Plan
    settings: Settings
    headers: Mapping[str, str]
    forms: tuple[Parser, ...]

    def __repr__(self) -> str:
        return "Job(…)"


class Part(Struct, frozen=True):
    """The counts of some pieces, and how their sources ended. A range of a source has an outcome of its own."""

    tally: Tally = field(default_factory=Tally)
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)


@lru_cache(maxsize=4)
def job_of(data: bytes) -> Job:
    job: Job = pickle.loads(data)  # noqa: S301 - from the client, as the task itself
    return job


@cache
def hosts_of(most: int) -> HostLimit:
    """Return the limit on connections to one server. It holds for one process: workers do not ask one another."""
    return HostLimit(most, Stop())


def same(data: bytes) -> bytes:
    """Return what every task needs: as a result, it goes to each worker once, and can be had again if that one is gone."""
    return data


def check_sender(sender: str) -> None:
    if sender != HERE:
        raise OtherVersionError(f"a worker has {HERE}, this is {sender}", "install the same on all machines")


def counted(sender: str, data: bytes, piece: Piece, begin: Begin | None = None) -> Part:
    """Read and count one piece. Blocks as its sources do. begin: of a range, if it depends on what is before it.

    Raises OtherVersionError; SourceError for a range of a file that cannot be read to its end, so that the file is read as a
    whole, which finds out what is wrong and where; Stopped, if nobody wants the result.
    """
    check_sender(sender)
    job, stop = job_of(data), Stop()
    with stopped_when_unwanted(stop):
        return counted_range(job, piece, begin, stop) if piece.range else counted_whole(job, piece, stop)


def counted_whole(job: Job, piece: Piece, stop: Stop) -> Part:
    form = None if piece.form is None else job.forms[piece.form]
    probes = {source.index: replace(probe, format=form) for source, probe in zip(piece.sources, piece.probes, strict=False)}
    openers = Openers.of(job.settings, job.headers, None, piece.sources)
    opener = partial(openers.open_source, stop.wait, hosts_of(job.settings.connections_per_host).permit)
    reading = start_reading(item_of(piece, probes), openers, job.plan, opener, probes, NO_TRACE)
    with stop.waking(reading.cancel):
        tally = sum_of(job, piece, reading.chunks())
    return Part(tally, {index: seen_here(outcome, index in probes) for index, outcome in reading.outcomes.items()})


def item_of(piece: Piece, probes: Mapping[int, Probe]) -> Item:
    if not piece.is_lot:
        return piece.sources[0]
    return Lot(piece.sources, tuple(probes.values())) if probes else Batch(piece.sources)


def seen_here(outcome: Outcome, by_client: bool) -> Outcome:
    """Return an outcome that says where a file cannot be opened, if the client could open it."""
    verdict = outcome.verdict
    if not by_client or verdict.state is not State.FAILED or outcome.bytes_read:
        return outcome
    reason = f"{verdict.reason} on the worker {platform.node()}"
    return replace(
        outcome, verdict=Verdict(verdict.state, reason, "every worker must see it at the same path", verdict.exit_code)
    )


class Begin(Struct, frozen=True):
    """Where a range begins, None if it is empty; and what is known there of the lines before it."""

    offset: int | None
    context: Context


def counted_range(job: Job, piece: Piece, begin: Begin | None, stop: Stop) -> Part:
    with opened_range(job, piece, begin) as (stream, cutter, _):
        tally = Tally()
        if stream:
            with stop.waking(stream.cancel):
                tally = sum_of(job, piece, cutter.chunks(stream))
        read = (stream.bytes_read, cutter.bytes_decoded, cutter.lines, tuple(stream.notes)) if stream else ()
    form = cutter.format.outline if isinstance(cutter.format, Rows) else cutter.format
    return Part(tally, {piece.sources[0].index: Outcome(Verdict(State.COMPLETE), form, *read)})


def passed_over(sender: str, data: bytes, piece: Piece, begin: Begin | None = None) -> Begin:
    """Read a range without counting it; return where the next one begins, and what is known there. Raises as `counted`."""
    check_sender(sender)
    stop = Stop()
    with stopped_when_unwanted(stop), opened_range(job_of(data), piece, begin) as (stream, cutter, end):
        if stream:
            with stop.waking(stream.cancel):
                for _ in cutter.chunks(stream):
                    pass
        return Begin(end, cutter.context)


@contextmanager
def opened_range(job: Job, piece: Piece, begin: Begin | None) -> Iterator[tuple[ByteStream | None, Cutter, int | None]]:
    """Open a range of a file; return its text, None if it has none, what cuts it, and where the next one begins.

    begin: where it begins itself, None if that is to be found.
    """
    if piece.range is None or piece.form is None:
        raise InternalError("a range of something that has none")
    part, form, options = piece.range, job.forms[piece.form], job.plan.reading
    context = Context(reference_s=piece.changed_s, zone=options.zone, fractions=options.fractions)
    with closing(opened_range_of(piece.sources[0], piece.probes[0], form, job.plan.max_line_bytes)) as file:
        begin = begin or Begin(file.begin(part.start, context), context)
        start, end = begin.offset, file.begin(part.end, begin.context)
        is_empty = start is None or (end is not None and end <= start)
        stream = None if start is None or is_empty else file.between(start, end)
        cutter = cutter_of(piece.sources[0], options, form, start or 0, end)
        cutter.context = begin.context
        yield stream, cutter, start if is_empty else end


def sum_of(job: Job, piece: Piece, chunks: Iterator[Chunk]) -> Tally:
    sources: Any = {source.index: source for source in piece.sources}  # a worker has only these, and asks by their indexes
    tally = Tally()
    for chunk in chunks:
        tally = job.plan.bounded(merge([tally, work(job.plan, None, sources, chunk)]))
    return tally


def failed(source: int, verdict: Verdict) -> Part:
    """Return the part of a source that cannot be read."""
    return Part(outcomes={source: Outcome(verdict)})


def joined(max_keys: int | None, parts: Sequence[Part]) -> Part:
    """Return the sum of parts in their order. Of a source that is in several, the lines of later ones follow."""
    tallies: list[Tally] = []
    outcomes: dict[int, Outcome] = {}
    forms: dict[int, Parser | None] = {}
    equal: dict[Parser | None, Parser | None] = {}
    for part in parts:
        tallies.append(part.tally.behind({index: outcomes[index].lines for index in part.outcomes.keys() & outcomes.keys()}))
        for index, outcome in part.outcomes.items():
            form = outcome.format
            if id(form) not in forms:  # equal ones become one object: each is larger than all else that is known of a source
                forms[id(form)] = equal.setdefault(form, form)
            found = replace(outcome, format=forms[id(form)])
            outcomes[index] = and_then(outcomes[index], found) if index in outcomes else found
    tally = merge(tallies)
    return Part(tally.folded(max_keys) if max_keys else tally, outcomes)


def and_then(outcome: Outcome, later: Outcome) -> Outcome:
    """Return the outcome of a source that was read in two ranges, each to its end."""
    return replace(
        outcome,
        bytes_read=outcome.bytes_read + later.bytes_read,
        bytes_decoded=outcome.bytes_decoded + later.bytes_decoded,
        lines=outcome.lines + later.lines,
        notes=(*outcome.notes, *later.notes),
    )
