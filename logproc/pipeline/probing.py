"""The first bytes of regular files → what is known of them before they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

from logproc.formats.columns.fields import sought
from logproc.formats.detection.together import formats_of_whole
from logproc.model.chunk import Parser, Probe, mark_of
from logproc.model.errors import SourceError
from logproc.model.source import Kind, Source, State, Verdict
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.pipeline.descriptors import free_descriptors
from logproc.pipeline.openers import Openers, Permit
from logproc.pipeline.plan import Plan
from logproc.records.tables.from_parquet import Rows
from logproc.sources.files.copies import HEAD_BYTES, content_of, without_copies
from logproc.sources.opening import Peek
from logproc.sources.reading import detect_format
from logproc.threads.probe import THREADS, Probed, start_probing
from logproc.threads.stop import Stop

NOT_SHOWN = "is Parquet, which is only analyzed", "read its records with DuckDB, Polars or pandas"
NO_TEXT = "is Parquet, which does not have the text of records", "search their fields, such as message or path"
MOST_AT_ONCE, LEAST_BATCHES = 256, 16
"""How many files are probed together at most, and how many batches there are at least, if there are so many files."""


def start_probing_files(
    files: Sequence[Source],
    openers: Openers,
    plan: Plan,
    stop: Stop,
    permit: Permit,
    put: Callable[[Probed], None],
    trace: Trace = NO_TRACE,
) -> None:
    """Probe regular files in threads, and `put` the probes, in their order, with a verdict on each copy of another file."""

    def look(batch: Sequence[Source]) -> list[Probe]:
        with trace.span(Doing.DETECT, batch[0].name):
            return probe_files(openers, plan, batch)

    def leave_out_copies(probed: Probed) -> None:  # in the thread that probes, because it may read whole files
        content = partial(content_of, partial(openers.open_source, stop.wait, permit), waking=stop.waking)
        put(Probed(without_copies(files, list(chain.from_iterable(probed.probes)), content)))

    threads = max(1, min(THREADS, free_descriptors()))
    start_probing(in_batches(files), look, leave_out_copies, stop, threads)


def in_batches(files: Sequence[Source]) -> list[Sequence[Source]]:
    """Return files in batches to be probed together: of one where there are few, since each may be large, or on a slow disk."""
    size = max(1, min(MOST_AT_ONCE, len(files) // LEAST_BATCHES))
    return [files[start : start + size] for start in range(0, len(files), size)]


def probe_files(openers: Openers, plan: Plan, sources: Sequence[Source]) -> list[Probe]:
    """Probe some regular files: the same as `probe_file` for each, but small plain ones are read in one go.

    A file of a few lines costs more to open through all the layers of a stream, and to compare with every known format, than
    to read. So such files are read whole, and what looks alike is detected together.
    """
    if len(sources) == 1:  # nothing to share: asking every format about one file takes longer than asking one after the other
        return [probe_file(openers, plan, sources[0])]
    smalls = [None if source.verdict else openers.read_small(source) for source in sources]
    contents = [small.content for small in smalls if small]
    together = iter(formats_of_whole(plan.choice, contents))
    found = []
    for source, small in zip(sources, smalls, strict=True):
        if small is None:
            found.append(probe_file(openers, plan, source))
            continue
        form, verdict = next(together), None
        try:
            form = plan.choice.fixed(source) or form or format_of_whole(plan, small.content)
        except SourceError as error:
            verdict = failed(error)
        head = small.content[:HEAD_BYTES]
        found.append(Probe(len(small.content), form, verdict, whole=head == small.content, small=mark_of(head)))
    return found


def format_of_whole(plan: Plan, content: bytes) -> Parser | None:
    """Return the format of a whole source, as `probe_file` finds it. Raises SourceError as `detect_format` does."""
    return detect_format(plan.choice, lambda *_: (content, True), max_line_bytes=plan.max_line_bytes)[1]


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
        if not peeked.footer:
            return Probe(peeked.size_bytes, None, failed(error))
    if peeked.footer:  # it says what is in it, whatever format the logs have
        return probe_parquet(peeked, plan)
    head = peeked.head[:HEAD_BYTES] if peeked.size_bytes else b""
    return Probe(peeked.size_bytes, found, None, head, peeked.whole and len(peeked.head) <= HEAD_BYTES, peeked.packed)


def probe_parquet(peeked: Peek, plan: Plan) -> Probe:
    """Return what is known of a Parquet file; a verdict if it cannot answer the question as its log would."""
    try:
        found = Rows.of(peeked.footer, peeked.size_bytes)
    except SourceError as error:
        return Probe(peeked.size_bytes, None, failed(error))
    wrong = NOT_SHOWN if plan.shows else unanswered(found, plan)
    if wrong:
        return Probe(peeked.size_bytes, None, failed(SourceError(*wrong)))
    return Probe(peeked.size_bytes, found, None, peeked.head[:HEAD_BYTES])


def unanswered(found: Rows, plan: Plan) -> tuple[str, str] | None:
    """Return why a Parquet file cannot answer a question as its log would, and a hint; None if it can."""
    if "text" in sought(plan.question.wanted) and "text" not in found.shown:
        return NO_TEXT
    others = [one for one in plan.choice.maps if (one.field, one.source) not in found.facts.maps]
    if others:
        return f"was written without --map {others[0].field}={others[0].source}", "write it with that option"
    return None


def failed(error: SourceError) -> Verdict:
    return Verdict(State.FAILED, error.what, error.hint, error.exit_code)
