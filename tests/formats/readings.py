"""What a format makes of bytes, as plain data, so that two ways to read them can be held equal."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.detection.detect import detect, fallback
from logproc.formats.engine import Format
from logproc.formats.readers.expression import Expression
from logproc.model.chunk import Context, Parser
from logproc.model.columns import Account, Columns, Numbers, Parsed

if TYPE_CHECKING:
    from logproc.formats.times.forms import TimeForm

REFERENCE_S = 1_773_014_400
"""2026-03-09, two days after the times of the samples: what times without a year go by."""
CONTEXT = Context(reference_s=REFERENCE_S)
MAX_LINE_BYTES = 1 << 20
STANDARD = (
    *("time", "client", "user", "method", "target", "path", "query", "protocol", "status", "bytes", "referrer"),
    *("user_agent", "host", "forwarded_for", "duration", "level", "logger", "program", "pid", "thread", "message"),
)


@cache
def detected(text: bytes) -> Parser:
    """Return the format of a log, once for each: modules of tests ask for it while they are imported."""
    form = detect(text, whole=True) or fallback(text, whole=True)
    assert form is not None
    return form


class Reading(Struct, frozen=True):
    """A parsed chunk as plain data: the columns hold a value for each record, None where it has none."""

    account: Account
    rejected: list[tuple[int, str, tuple[int, int]]]
    time: list[int]
    malformed: list[bool] | None
    columns: dict[str, list[object]]


def bytes_of(content: bytes) -> numpy.typing.NDArray[numpy.uint8]:
    """Return whole lines as a format takes them."""
    assert not content or content.endswith(b"\n")
    return numpy.frombuffer(content, numpy.uint8)


def exactly(form: Format) -> Format:
    """Return a format without its quick readers: what both together must be equal to, for any bytes."""
    return replace(form, quick=())


def by_expression(
    name: str,
    expression: str,
    time: TimeForm | None = None,
    *,
    further: str = "",
    head_bytes: int = 0,
    multi_line: bool = False,
    empty_is_absent: bool = True,
) -> Format:
    """Return a format of lines that an expression fits."""
    reader = Expression(expression, time, further, head_bytes)
    return Format(name, reader, multi_line=multi_line, empty_is_absent=empty_is_absent)


def time_of(form: Parser) -> TimeForm | None:
    """Return the form of the times of a format, None if it has none of its own."""
    return form.exact.time if isinstance(form, Format) and isinstance(form.exact, Expression) else None


def read(form: Parser, content: bytes, wanted: tuple[str, ...] = STANDARD, context: Context = CONTEXT) -> Reading:
    """Return what a format makes of whole lines."""
    return in_line_order(form.parse(bytes_of(content), context, wanted, MAX_LINE_BYTES))


def reading_of(parsed: Parsed) -> Reading:
    """Return a parsed chunk as plain data, its columns checked for their lengths."""
    account, columns = parsed.account, parsed.columns
    assert account.closes
    assert columns is not None
    assert account.records == columns.records == len(columns.time)
    bounds = [(start, end) for start, end in parsed.rejected_bounds.tolist()]
    rejected = list(zip(parsed.rejected_lines.tolist(), parsed.rejected_reasons, bounds, strict=True))
    assert account.rejected == len(rejected)
    malformed = None if columns.malformed is None else columns.malformed.tolist()
    return Reading(account, rejected, columns.time.tolist(), malformed, values_of(columns))


def in_line_order(parsed: Parsed) -> Reading:
    """Return a parsed chunk as plain data, its records in the order of their lines if these are known."""
    reading = reading_of(parsed)
    if parsed.record_lines is None:
        return reading
    order = numpy.argsort(parsed.record_lines).tolist()
    return replace(
        reading,
        time=[reading.time[at] for at in order],
        malformed=reading.malformed and [reading.malformed[at] for at in order],
        columns={name: [values[at] for at in order] for name, values in reading.columns.items()},
    )


def values_of(columns: Columns) -> dict[str, list[object]]:
    """Return each column's values; a number goes before the text of the same name. A column that no record has is left out."""
    found: dict[str, list[object]] = {}
    for name, column in columns.keys.items():
        keys = column.keys.to_pylist()
        assert len(column.index) == columns.records
        assert len(set(keys)) == len(keys)
        found[name] = [keys[at] for at in column.index.tolist()]
    found |= {f"{name} as a number": numbers_of(numbers) for name, numbers in columns.numbers.items()}
    return {name: values for name, values in found.items() if any(value is not None for value in values)}


def numbers_of(numbers: Numbers) -> list[object]:
    """Return numbers as whole billionths, None where a record has none."""
    count = len(numbers.whole)
    nanos = [0] * count if numbers.nanos is None else numbers.nanos.tolist()
    valid = [True] * count if numbers.valid is None else numbers.valid.tolist()
    rows = zip(numbers.whole.tolist(), nanos, valid, strict=True)
    found = [whole * 10**9 + part if is_valid else None for whole, part, is_valid in rows]
    for at, value in zip(numbers.large.at, numbers.large.nanos, strict=True) if numbers.large else ():
        found[at] = value
    return found


def lines_of(text: bytes) -> list[bytes]:
    """Return the lines of a text with their ends."""
    return [line + b"\n" for line in text.removesuffix(b"\n").split(b"\n")]


def read_cut(form: Parser, chunks: list[bytes], max_line_bytes: int = MAX_LINE_BYTES) -> Reading:
    """Read a log chunk by chunk, each with the context that the lines before it leave."""
    context, line, byte, parts = CONTEXT, 0, 0, []
    for chunk in chunks:
        part = reading_of(form.parse(bytes_of(chunk), context, STANDARD, max_line_bytes))
        moved = [(at + line, reason, (start + byte, end + byte)) for at, reason, (start, end) in part.rejected]
        parts.append(replace(part, rejected=moved))
        context = form.follow(context, bytes_of(chunk), max_line_bytes)
        line, byte = line + part.account.lines, byte + len(chunk)
    return joined(parts)


def joined(parts: list[Reading]) -> Reading:
    """Return readings of chunks as one."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    return Reading(
        account=sum((part.account for part in parts), Account()),
        rejected=[rejected for part in parts for rejected in part.rejected],
        time=[time for part in parts for time in part.time],
        malformed=[each for part in parts for each in malformed_of(part)],
        columns={name: [value for part in parts for value in column_of(part, name)] for name in names},
    )


def malformed_of(part: Reading) -> list[bool]:
    """Return which requests are malformed, none where there are no requests."""
    return [False] * part.account.records if part.malformed is None else part.malformed


def column_of(part: Reading, name: str) -> list[object]:
    """Return a column of a reading, of None if no record has it."""
    return part.columns.get(name, [None] * part.account.records)


def records_of(reading: Reading) -> Counter[object]:
    """Return the records of a reading, without an order."""
    names = sorted(reading.columns)
    columns = [reading.columns[name] for name in names]
    return Counter(zip(reading.time, malformed_of(reading), *columns, strict=True))


def same(whole: Reading, cut: Reading) -> None:
    """Hold two readings equal, but for the order of records."""
    assert whole.account == cut.account
    assert whole.rejected == cut.rejected
    assert set(whole.columns) == set(cut.columns)
    assert records_of(whole) == records_of(cut)
