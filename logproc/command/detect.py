"""`logproc detect`: which format a file has, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy

from logproc.formats.choice import Choice
from logproc.formats.detect import candidates
from logproc.formats.engine import Format
from logproc.formats.readers.access_lines import definition_of
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.sample import LINE_BYTES, SAMPLE_LINES, Sample, sample_of
from logproc.model.chunk import Context, Parser
from logproc.model.errors import SourceError
from logproc.model.source import Kind, Source
from logproc.pipeline.openers import Openers, find_sources
from logproc.reports.safe import distinct, harmless
from logproc.settings import Settings
from logproc.sources.cutter import read_head
from logproc.sources.reading import ReadOn, detect_format
from logproc.threads.hosts import HostLimit
from logproc.threads.stop import Stop

MOST_CANDIDATES = 5
LINE_CHARACTERS = 100


def explain(files: Sequence[str], settings: Settings) -> Iterator[tuple[str, bool]]:
    """Yield for each file the lines to show, and whether they are an error."""
    openers = Openers.of(settings)
    for source in find_sources(files, settings):
        if source.verdict:
            yield harmless(f"logproc: {distinct(source.name)}: {source.verdict.reason}"), True
            continue
        try:
            yield from_file(source, openers) if source.kind is Kind.FILE else from_stream(source, openers), False
        except SourceError as error:
            yield harmless(f"logproc: {distinct(source.name)}: {error}"), True


def from_file(source: Source, openers: Openers) -> str:
    """Return the lines about a file. Raises SourceError if it cannot be read or is not text."""

    def read_on(_: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        peeked = openers.peek(source, wanted_bytes)
        return peeked.head, peeked.whole

    return explained(source, read_on)


def from_stream(source: Source, openers: Openers) -> str:
    """Return the lines about a pipe or a URL. Blocks until its first lines are there. Raises as `from_file` does."""
    never = Stop()
    with closing(openers.open_source(never.wait, HostLimit(1, never).permit, source)) as stream:

        def read_on(head: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
            head, whole = read_head(stream, head, wanted_bytes)
            if not head:
                stream.readinto(memoryview(bytearray(1)))  # `read_head` does not raise: a stream that failed fails again
            return head, whole

        return explained(source, read_on)


def explained(source: Source, read_on: ReadOn) -> str:
    whole = False

    def read_and_note(head: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        nonlocal whole
        head, whole = read_on(head, wanted_bytes)
        return head, whole

    head, found = detect_format(Choice(), read_and_note)
    if found is None:
        return harmless(f"{distinct(source.name)}: no line to examine")
    sample = sample_of(head, SAMPLE_LINES[0], whole=whole)
    ranked = sorted((candidate for candidate, _ in candidates(sample)), key=lambda candidate: -candidate.fitting)
    lines = [f"{source.name}: {found.name}", *(f"  {one.share:6.1%}  {one.format.name}" for one in ranked[:MOST_CANDIDATES])]
    lines += ["  no known format fits any line" if not ranked else f"  of the first {len(sample.lines)} lines"]
    fields = ", ".join(found.fields)
    lines += [f"  fields: {fields}"] if fields else []
    return "\n".join(map(harmless, [*lines, *misfit(found, sample), *definition(found)]))


def misfit(found: Parser, sample: Sample) -> list[str]:
    """Return the first line of a sample that the format rejects, if there is one."""
    data = numpy.frombuffer(b"".join(line + b"\n" for line in sample.lines), numpy.uint8)
    parsed = found.parse(data, Context(), (), LINE_BYTES)
    if not len(parsed.rejected_lines):
        return []
    at = int(parsed.rejected_lines[0])
    text = sample.lines[at].decode("utf-8", "backslashreplace")
    return [f"  line {sample.numbers[at]} does not fit {found.name}: {text[:LINE_CHARACTERS]}"]


def definition(found: Parser) -> list[str]:
    """Return the definition of an access log that nobody named, for the user to name its fields."""
    reader = found.exact if isinstance(found, Format) else None
    if found.name != "access" or not isinstance(reader, LayoutReader):
        return []
    return [f"  to name its fields: --format '{definition_of(reader.layout)}'"]
