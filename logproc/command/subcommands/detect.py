"""`logproc detect`: which format a file has, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy

from logproc.command.subcommands.suggestions import maps_for
from logproc.formats.columns.fields import Wanted
from logproc.formats.detection.choice import Choice
from logproc.formats.detection.layouts import candidates
from logproc.formats.detection.sample import LINE_BYTES, SAMPLE_LINES, Sample, sample_of
from logproc.formats.engine import Format
from logproc.formats.envelopes.envelope import Envelope
from logproc.formats.mixed import Mixed
from logproc.formats.readers.access_lines import definition_of
from logproc.formats.readers.layout import LayoutReader
from logproc.model.chunk import Context, Parser
from logproc.model.columns import NO_TIME, Parsed
from logproc.model.errors import SourceError
from logproc.model.source import Kind, Source
from logproc.pipeline.openers import Openers, find_sources
from logproc.questions.where.values import FIELD_TYPES
from logproc.records.tables.from_parquet import Rows
from logproc.reports.safe import distinct, harmless
from logproc.reports.units import count as count_of
from logproc.settings import Settings
from logproc.sources.cutter import read_head
from logproc.sources.reading import ReadOn, detect_format
from logproc.threads.hosts import HostLimit
from logproc.threads.stop import Stop

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

MOST_CANDIDATES = 3
PATTERN = "to name parts: --pattern '(?P<level>\\w+) (?P<message>.*)' and the like"
TIMED_PATTERN = PATTERN.replace("'(", "'(?P<time>\\S+ \\S+) (")
UNIT = ", or its unit in place of ms"
LINE_CHARACTERS = 100


def explain(files: Sequence[str], settings: Settings) -> Iterator[tuple[str, bool]]:
    """Yield for each file the lines to show, and whether they are an error."""
    openers = Openers.of(settings)
    for source in find_sources(files, settings):
        if source.verdict:
            said = ("logproc", distinct(source.name), source.verdict.reason, source.verdict.hint)
            yield harmless(": ".join(filter(None, said))), True
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

    peeked = openers.peek(source, 1)
    return of_parquet(source, Rows.of(peeked.footer, peeked.size_bytes)) if peeked.footer else explained(source, read_on)


def of_parquet(source: Source, found: Rows) -> str:
    """Return the lines about a Parquet file that `show` wrote."""
    groups = f"{count_of(found.records, 'record')} in {count_of(len(found.groups), 'group')} of rows"
    lines = [f"{source.name}: parquet", f"  written by logproc show: {groups}", f"  fields: {', '.join(found.shown)}"]
    return "\n".join(map(harmless, lines))


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
    fields = ", ".join(found.fields)
    lines = [f"{source.name}: {found.name}", *shares(found, sample)]
    lines += [f"  fields: {fields}"] if fields else []
    lines += [*misfit(found, sample), *advice(found, sample), *definition(found)]
    return "\n".join(map(harmless, lines))


def shares(found: Parser, sample: Sample) -> list[str]:
    """Return how many lines of a sample each layout has, what the others are, and which other formats they would fit."""
    layouts = layouts_in(found)
    left, lines = numpy.ones(len(sample.lines), bool), []
    data = bytes_of(sample)
    for layout in layouts:
        parts, _ = layout.claimed(layout.lines(data), left, (), Context())
        number = sum(len(part.line) + len(part.aside) for part, _ in parts)
        lines.append(f"  {number / len(sample.lines):6.1%}  {layout.name}: {layout.summary}")
    if isinstance(found, Envelope):
        lines.append(f"          with a log in its messages: {', '.join(form.name for form in layouts_in(found.inner))}")
    account = parsed_sample(found, sample).account
    for number, words in ((account.continuation, "further lines of the record before them"), (account.rejected, "rejected")):
        lines += [f"  {number / len(sample.lines):6.1%}  {words}"] if number else []
    lines.append(f"  of the first {count_of(len(sample.lines), 'line')}")
    names = {layout.name for layout in layouts} | {"access"}  # which nearly all access lines fit
    ranked = sorted((one for one, _ in candidates(sample) if one.format.name not in names), key=lambda one: -one.fitting)
    others = [f"{one.format.name} {one.share:.1%}" for one in ranked[:MOST_CANDIDATES]]
    return lines + ([f"  these fit less, or say less: {', '.join(others)}"] if others else [])


def layouts_in(found: Parser) -> tuple[Format, ...]:
    """Return the formats that lines are looked at with, in their order; of an envelope that of the outer lines."""
    if isinstance(found, Envelope):
        return layouts_in(found.outer)
    if isinstance(found, Mixed):
        return found.layouts
    return (found,) if isinstance(found, Format) else ()


def bytes_of(sample: Sample) -> Bytes:
    return numpy.frombuffer(b"".join(line + b"\n" for line in sample.lines), numpy.uint8)


def parsed_sample(found: Parser, sample: Sample, wanted: Collection[str] = ()) -> Parsed:
    return found.parse(bytes_of(sample), Context(), wanted, LINE_BYTES)


def advice(found: Parser, sample: Sample) -> list[str]:
    """Return what the user may add, given what the format does not say."""
    lines = []
    if order := next((layout.order.assumed for layout in all_layouts(found) if layout.order.assumed), ""):
        lines.append(f"  the dates do not show which of day and month comes first: {order} is assumed")
    if found.name == "plain":
        lines.append(f"  no time and no known format was found: each line is a record; {PATTERN}")
    elif found.name == "text" and not order and not {"logger", "pid", "thread"} & {*found.fields}:
        lines.append(f"  what is behind the time is the message; {TIMED_PATTERN}")
    if found.open_fields:
        columns = parsed_sample(found, sample, Wanted(frozenset(found.fields))).columns
        keys = {} if columns is None else columns.keys
        values = {name: [text for text in column.keys.to_pylist() if text] for name, column in keys.items()}
        own = {name: texts for name, texts in values.items() if name not in FIELD_TYPES and name != "time"}
        has_time = columns is not None and bool((columns.time != NO_TIME).any())
        known = [name for name in found.fields if name in FIELD_TYPES and (name != "time" or has_time)]
        maps = " ".join(maps_for(own, known))
        lines += [f"  other keys look like usual fields: {maps}" + (UNIT if "duration=" in maps else "")] if maps else []
    return lines


def misfit(found: Parser, sample: Sample) -> list[str]:
    """Return the first line of a sample that the format rejects, if there is one."""
    parsed = parsed_sample(found, sample)
    if not len(parsed.rejected_lines):
        return []
    at = int(parsed.rejected_lines[0])
    text = sample.lines[at].decode("utf-8", "backslashreplace")
    return [f"  line {sample.numbers[at]} does not fit {found.name}: {text[:LINE_CHARACTERS]}"]


def definition(found: Parser) -> list[str]:
    """Return the definitions of access logs that nobody named, for the user to name their fields."""
    readers = [layout.exact for layout in all_layouts(found) if layout.name == "access"]
    return [f"  to name its fields: --format '{definition_of(one.layout)}'" for one in readers if isinstance(one, LayoutReader)]


def all_layouts(found: Parser) -> tuple[Format, ...]:
    return (*layouts_in(found), *(layouts_in(found.inner) if isinstance(found, Envelope) else ()))
