"""Reading, parsing and counting in one thread: the specification. A threaded run gives the same report."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Container, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import asdict

from logproc.counting.by_source.source_tally import rejected
from logproc.counting.by_source.split import can_split
from logproc.counting.tally import Tally, count, merge
from logproc.counting.window import Sliced, count_slices
from logproc.formats.account import parse_line_ends, parse_unknown
from logproc.model.chunk import Chunk
from logproc.model.columns import Parsed
from logproc.model.errors import InternalError, UsageError
from logproc.model.snapshot import Snapshot
from logproc.model.source import Source, source_name
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan, check_fields
from logproc.pipeline.probing import probe_file
from logproc.pipeline.summary import run_info, summarize
from logproc.settings import Settings
from logproc.sources.files.copies import content_of, without_copies
from logproc.sources.reading import Reading
from logproc.threads.hosts import HostLimit
from logproc.threads.sliding import SlidingTally
from logproc.threads.spool import Spool
from logproc.threads.stop import Stop


class Run(Struct, frozen=True):
    """The result of a run.

    cause: why it was stopped, None if it was not. left_behind: names of the threads that did not end in time.
    counted: the chunks in the snapshot, as (source, index); None for all. tally: the counts for a comparison, if it is one.
    unknown: for a field that was in no source, as far as these were read.
    """

    snapshot: Snapshot
    cause: BaseException | None = None
    left_behind: tuple[str, ...] = ()
    counted: Container[tuple[int, int]] | None = None
    tally: Tally | None = None
    unknown: UsageError | None = None


def run_serial(
    sources: Sequence[Source], settings: Settings, openers: Openers | None = None, spool: Spool | None = None
) -> Run:
    """Read, parse and count everything in the calling thread, one source after the other. Blocks until all is done."""
    openers, started, plan = openers or Openers.of(settings), time.monotonic(), Plan.of(settings, sources=sources)
    never = Stop()
    tally, outcomes = Tally(), {}
    opener = partial(openers.open_source, never.wait, HostLimit(1, never).permit)
    probes = [probe_file(openers, plan, source) for source in sources]
    for source, probe in zip(sources, without_copies(sources, probes, partial(content_of, opener)), strict=True):
        reading = Reading(source, opener, plan.reading, probe)
        counted = Tally()
        for chunk in reading.chunks():
            counted = plan.bounded(merge([counted, work(plan, spool, sources, chunk)]))
        tally = plan.bounded(merge([tally, counted]))
        if reading.outcome is None:
            raise InternalError("a source ended without an outcome")
        outcomes[source.index] = reading.outcome
    source_name.set(None)
    info = run_info(time.monotonic() - started, readers=0, workers=0, config_file=settings.config_file)
    cause, kept = check_fields(plan, outcomes.values(), tally), tally if settings.compares else None
    return Run(summarize(sources, outcomes, tally, plan, info), cause, tally=kept)


def work(plan: Plan, spool: Spool | None, sources: Sequence[Source], chunk: Chunk, trace: Trace = NO_TRACE) -> Tally:
    """Parse and count one chunk. This is all that a worker does, and it shares no state.

    A chunk of many small sources is parsed and counted once, where that gives what each source by itself would give.
    """
    if chunk.parts and (chunk.format is None or chunk.format.by_line):
        parsed = traced_parse(plan, sources, chunk, trace)
        if can_split(parsed):
            return counted(plan, spool, sources, chunk, parsed, trace)
    parts = [counted(plan, spool, sources, part, traced_parse(plan, sources, part, trace), trace) for part in chunk.each()]
    return parts[0] if len(parts) == 1 else merge(parts)


def traced_parse(plan: Plan, sources: Sequence[Source], chunk: Chunk, trace: Trace) -> Parsed:
    with trace.span(Doing.PARSE, sources[chunk.source].name, chunk.lines):
        return parse(plan, chunk)


def counted(plan: Plan, spool: Spool | None, sources: Sequence[Source], chunk: Chunk, parsed: Parsed, trace: Trace) -> Tally:
    keep_rejected(plan, spool, sources, chunk, parsed, trace)
    with trace.span(Doing.COUNT, sources[chunk.source].name, chunk.lines):
        return count(chunk, parsed, plan.question, *(sources[source].name for source in chunk.sources))


def slide(
    plan: Plan, spool: Spool | None, sources: Sequence[Source], chunk: Chunk, sliding: SlidingTally, trace: Trace = NO_TRACE
) -> Sliced:
    """Parse and count one chunk of one source for a window that moves. As `work`, it shares no state."""
    parsed = traced_parse(plan, sources, chunk, trace)
    keep_rejected(plan, spool, sources, chunk, parsed, trace)
    name = sources[chunk.source].name
    with trace.span(Doing.COUNT, name, chunk.lines):
        return count_slices(chunk, parsed, plan.question, name, window=sliding.window, now_s=sliding.now())


def keep_rejected(
    plan: Plan, spool: Spool | None, sources: Sequence[Source], chunk: Chunk, parsed: Parsed, trace: Trace
) -> None:
    """Add the rejected lines of a parsed chunk to the spool, if there is one."""
    if spool and len(parsed.rejected_lines):
        with trace.span(Doing.REJECTS, sources[chunk.source].name):
            for source, lines in rejected_lines(plan, sources, chunk, parsed):
                spool.add((source, chunk.index), lines)


def parse(plan: Plan, chunk: Chunk, wanted: Collection[str] | None = None) -> Parsed:
    """Parse a chunk in its format. Without a format, every line that is not blank is rejected.

    wanted: the columns, by default those of the question.
    """
    if only_line_ends := parse_line_ends(chunk.data):
        return only_line_ends
    if chunk.format is None:
        return parse_unknown(chunk.data, plan.max_line_bytes)
    columns = plan.question.wanted if wanted is None else wanted
    return chunk.format.parse(chunk.data, chunk.context, columns, plan.max_line_bytes)


def rejected_lines(plan: Plan, sources: Sequence[Source], chunk: Chunk, parsed: Parsed) -> Iterator[tuple[int, bytes]]:
    """Yield the rejected lines of each source as lines of JSON."""
    places = ((chunk.place_of(line)[0], position) for position, line in enumerate(parsed.rejected_lines.tolist()))
    for source, some in groupby(places, key=itemgetter(0)):
        lines = (rejected(chunk, parsed, position, plan.question) for _, position in some)
        objects = ({"source": sources[source].name, **asdict(line)} for line in lines)
        yield source, b"".join(json.dumps(found).encode() + b"\n" for found in objects)
