"""Reading, parsing and counting in one thread: the specification. A threaded run gives the same report."""

from __future__ import annotations

import json
import time
from collections.abc import Container, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import asdict

from logproc.counting.tally import Tally, count, merge, rejected
from logproc.formats.account import parse_line_ends, parse_unknown
from logproc.model.chunk import Chunk, Probe
from logproc.model.columns import Parsed
from logproc.model.errors import InternalError, SourceError
from logproc.model.snapshot import Snapshot
from logproc.model.source import Kind, Source, State, Verdict, source_name
from logproc.model.trace import NO_TRACE, Doing, Trace
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan, check_fields
from logproc.pipeline.summary import run_info, summarize
from logproc.settings import Settings
from logproc.sources.files.copies import HEAD_BYTES, content_of, without_copies
from logproc.sources.opening import Peek
from logproc.sources.reading import Reading, detect_format
from logproc.threads.hosts import HostLimit
from logproc.threads.spool import Spool
from logproc.threads.stop import Stop


class Run(Struct, frozen=True):
    """The result of a run.

    cause: why it was stopped, None if it was not. left_behind: names of the threads that did not end in time.
    counted: the chunks in the snapshot, as (source, index); None for all. tally: the counts for a comparison, if it is one.
    """

    snapshot: Snapshot
    cause: BaseException | None = None
    left_behind: tuple[str, ...] = ()
    counted: Container[tuple[int, int]] | None = None
    tally: Tally | None = None


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
            counted = plan.bounded(merge([counted, work(plan, spool, source.name, chunk)]))
        tally = plan.bounded(merge([tally, counted]))
        if reading.outcome is None:
            raise InternalError("a source ended without an outcome")
        outcomes[source.index] = reading.outcome
    source_name.set(None)
    info = run_info(time.monotonic() - started, readers=0, workers=0, config_file=settings.config_file)
    cause, kept = check_fields(plan, outcomes.values(), tally), tally if settings.compares else None
    return Run(summarize(sources, outcomes, tally, plan, info), cause, tally=kept)


def work(plan: Plan, spool: Spool | None, source_name: str, chunk: Chunk, trace: Trace = NO_TRACE) -> Tally:
    """Parse and count one chunk. This is all that a worker does, and it shares no state."""
    with trace.span(Doing.PARSE, source_name, chunk.lines):
        parsed = parse(plan, chunk)
    if spool and len(parsed.rejected_lines):
        with trace.span(Doing.REJECTS, source_name):
            spool.add((chunk.source, chunk.index), rejected_lines(plan, source_name, chunk, parsed))
    with trace.span(Doing.COUNT, source_name, chunk.lines):
        return count(chunk, parsed, plan.question, source_name)


def parse(plan: Plan, chunk: Chunk) -> Parsed:
    """Parse a chunk in its format. Without a format, every line that is not blank is rejected."""
    if only_line_ends := parse_line_ends(chunk.data):
        return only_line_ends
    if chunk.format is None:
        return parse_unknown(chunk.data, plan.max_line_bytes)
    return chunk.format.parse(chunk.data, chunk.context, plan.question.wanted, plan.max_line_bytes)


def rejected_lines(plan: Plan, source_name: str, chunk: Chunk, parsed: Parsed) -> bytes:
    lines = (rejected(chunk, parsed, position, plan.question) for position in range(len(parsed.rejected_lines)))
    return b"".join(json.dumps({"source": source_name, **asdict(line)}).encode() + b"\n" for line in lines)


def probe_file(openers: Openers, plan: Plan, source: Source) -> Probe:
    """Detect the format of a regular file from its first bytes. Does not raise SourceError: that becomes the verdict."""
    if source.kind is not Kind.FILE or source.verdict:
        return Probe(0, None)
    peeked = Peek(0, b"", whole=False)

    def read_on(_: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        nonlocal peeked
        peeked = openers.peek(source, wanted_bytes)
        return peeked.head, peeked.whole

    fixed = plan.choice.fixed(source)
    try:
        found = fixed or detect_format(plan.choice, read_on, max_line_bytes=plan.max_line_bytes)[1]
        if fixed:
            read_on(b"", HEAD_BYTES)
    except SourceError as error:
        return Probe(peeked.size_bytes, None, Verdict(State.FAILED, error.what, error.hint, error.exit_code))
    head = peeked.head[:HEAD_BYTES] if peeked.size_bytes else b""
    return Probe(peeked.size_bytes, found, None, head, peeked.whole and len(peeked.head) <= HEAD_BYTES, peeked.packed)
