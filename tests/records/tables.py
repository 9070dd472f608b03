"""Logs → the tables of their records, in the way of a run; and columns made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.formats.columns.fields import Wanted
from logproc.formats.detection.detect import detect
from logproc.model.chunk import Context, Parser
from logproc.model.columns import NO_TIME, Columns, KeyColumn, Numbers
from logproc.questions.question import Question
from logproc.questions.view import View
from logproc.records.tables.layout import Layout
from logproc.records.tables.table import in_order, table_of

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

LONGEST = 1 << 20


def format_of(sample: bytes) -> Parser:
    found = detect(sample, whole=True)
    assert found is not None
    return found


def table_of_log(
    content: bytes,
    fields: Sequence[str] | None = None,
    *,
    sample: bytes | None = None,
    source: str = "a.log",
    kept: Mask | None = None,
) -> pyarrow.Table:
    """Return the records of a log in the format of a sample, by default of itself, with some fields, by default all."""
    form = format_of(sample or content)
    layout = Layout.of_formats([form]) if fields is None else Layout.of_fields(fields)
    question = Question(asked=layout.asked if fields else ())
    wanted = Wanted.everything(form, question.wanted)
    parsed = form.parse(numpy.frombuffer(content, numpy.uint8), Context(fractions=True), wanted, LONGEST)
    assert parsed.columns is not None
    assert parsed.record_lines is not None
    kept = numpy.ones(parsed.columns.records, bool) if kept is None else kept
    records = in_order(kept, parsed.record_lines)
    return checked(table_of(question.view(parsed.columns), records, parsed.record_lines[records] + 1, source, layout))


def keys_of(texts: Sequence[str | None]) -> KeyColumn:
    """Return texts as a column, without duplicates among its keys."""
    keys = list(dict.fromkeys(texts))
    return KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(text) for text in texts], numpy.int64))


def table_by_hand(
    keys: Mapping[str, Sequence[str | None]],
    numbers: Mapping[str, Numbers] | None = None,
    times: Sequence[int | None] | None = None,
    *,
    names: Sequence[str] | None = None,
    source: str = "a.log",
) -> pyarrow.Table:
    """Return a table of records with such texts and numbers. times: in nanoseconds. names: of the columns; by default all."""
    count = len(next(iter([*keys.values(), times or ()]))) if keys or times else len(next(iter((numbers or {}).values())).whole)
    moments = [None] * count if times is None else times
    seconds = numpy.array([NO_TIME if time is None else time // 10**9 for time in moments], numpy.int64)
    nanos = numpy.array([0 if time is None else time % 10**9 for time in moments], numpy.int64)
    columns = Columns(count, seconds, {name: keys_of(texts) for name, texts in keys.items()}, numbers or {}, nanos=nanos)
    layout = Layout(tuple(names or ("time", *keys, *(numbers or {}), "source", "line")))
    return checked(table_of(View(columns), numpy.arange(count), numpy.arange(1, count + 1), source, layout))


def checked(table: pyarrow.Table) -> pyarrow.Table:
    table.validate(full=True)
    return table


def rows_of(table: pyarrow.Table) -> list[dict[str, Any]]:
    """Return what the records of a table have, by name: times in nanoseconds, what is in `other` as texts beside the rest."""
    rows = []
    for row in table.cast(with_plain_times(table.schema)).to_pylist():
        other = dict(row.pop("other", None) or {})
        rows.append({name: value for name, value in row.items() if value is not None} | other)
    return rows


def with_plain_times(schema: pyarrow.Schema) -> pyarrow.Schema:
    return pyarrow.schema(
        [field.with_type(pyarrow.int64()) if pyarrow.types.is_timestamp(field.type) else field for field in schema]
    )
