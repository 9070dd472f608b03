"""The forms in which records are written: the lines of the log, or tables as JSON, CSV, text between TABs, or Parquet.

A form makes the pieces of chunks. That happens in the workers; `begin` is called by main before any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy
from msgspec.structs import replace

from logproc.formats.columns.fields import Wanted
from logproc.records.piece import Piece
from logproc.records.screen.values import values_of
from logproc.records.selection import piece_of, times_of
from logproc.records.tables.csv_lines import csv_header, csv_lines
from logproc.records.tables.facts import Facts
from logproc.records.tables.field_lines import field_lines
from logproc.records.tables.json_lines import json_lines
from logproc.records.tables.layout import OTHER, Layout
from logproc.records.tables.table import in_order, table_of

if TYPE_CHECKING:
    import pyarrow

    from logproc.counting.tally import Filtered
    from logproc.model.chunk import Chunk, Parser
    from logproc.model.columns import Parsed
    from logproc.questions.question import Question

NO_RECORDS = Piece(b"", 0, numpy.empty(0, numpy.int64))


class Form(Protocol):
    """How records are written."""

    def begin(self, formats: Sequence[Parser]) -> None:
        """Decide on the columns, given the formats of all files, or that of the first chunk. Later calls do nothing."""

    def wanted(self, form: Parser, question: Question) -> Collection[str]:
        """Return the columns that a format has to deliver."""

    def piece(self, chunk: Chunk, parsed: Parsed, found: Filtered, question: Question, name: str) -> Piece:
        """Return the records of a chunk that pass. name: of its source."""


class LinesForm:
    """The log's own lines.

    with_source: begin each with the name of its source. around: with the units that do not match. timed: with the times of the
    records, to merge sources. painted: the fields whose values a painter needs, None for no painter.
    """

    def __init__(
        self,
        max_line_bytes: int,
        *,
        with_source: bool = False,
        around: bool = False,
        timed: bool = False,
        painted: Sequence[str] | None = None,
    ) -> None:
        self._max_line_bytes = max_line_bytes
        self._painted = painted
        self._with_source, self._around, self._timed = with_source, around, timed

    def begin(self, formats: Sequence[Parser]) -> None:
        """Nothing: lines have no columns."""

    def wanted(self, form: Parser, question: Question) -> Collection[str]:  # noqa: ARG002 - all formats have lines
        return question.wanted

    def piece(self, chunk: Chunk, parsed: Parsed, found: Filtered, question: Question, name: str) -> Piece:  # noqa: ARG002
        prefix = f"{name}: " if self._with_source else ""
        return piece_of(
            chunk,
            parsed,
            found,
            prefix=prefix,
            max_line_bytes=self._max_line_bytes,
            around=self._around,
            timed=self._timed,
            painted=self._painted,
        )


class TableForm:
    """Records as tables with typed columns, written in one of several ways.

    names: the columns, None for all fields. kind: json, csv, text or parquet. raw: CSV cells that a spreadsheet would take for
    a formula stay as they are. Each record of JSON has the fields of its own format, whatever others there are; CSV and Parquet
    have one set of columns.
    """

    def __init__(
        self,
        kind: str,
        names: Sequence[str] | None,
        *,
        timed: bool = False,
        raw: bool = False,
        painted: Sequence[str] | None = None,
    ) -> None:
        self._painted = painted
        self.layout = None if names is None else Layout.of_fields(names)
        self._kind, self._timed, self._raw = kind, timed, raw
        self._own_layout = names is None and kind == "json"
        self._everything = names is None or OTHER in names
        self._facts: Facts | None = None

    def begin(self, formats: Sequence[Parser]) -> None:
        if self.layout is None and formats:
            self.layout = Layout.of_formats(formats)
        if self._kind == "parquet" and self.layout and formats and not self._facts:
            self.layout = replace(self.layout, exact=True)
            self._facts = Facts.of(formats, self.layout)

    def wanted(self, form: Parser, question: Question) -> Collection[str]:
        return Wanted.everything(form, question.wanted) if self._everything else question.wanted

    @property
    def schema(self) -> pyarrow.Schema:
        """The columns; if no source has a format, those that all have. Of Parquet, its metadata says what is not in them."""
        layout = self.layout or Layout.of_formats([])
        facts = self._facts or Facts.of([], layout)
        return layout.schema.with_metadata(facts.metadata) if self._kind == "parquet" else layout.schema

    def header(self) -> bytes:
        """Return what comes before all records."""
        return csv_header(self.schema, raw=self._raw) if self._kind == "csv" else b""

    def piece(self, chunk: Chunk, parsed: Parsed, found: Filtered, question: Question, name: str) -> Piece:
        every, lines = found.every, parsed.record_lines
        layout = Layout.of_formats([chunk.format]) if self._own_layout and chunk.format else self.layout
        if every is None or lines is None or not every.records or layout is None:
            return NO_RECORDS
        records = in_order(numpy.ones(every.records, bool) if found.kept is None else found.kept, lines)
        if not len(records):
            return NO_RECORDS
        table = table_of(question.view(every), records, lines[records] + chunk.first_line, name, layout)
        times = times_of(every, records) if self._timed else None
        if self._kind == "parquet":
            return Piece(table, len(records), times=times)
        write: Callable[[Any], Any] = {"json": json_lines, "text": field_lines}.get(self._kind, self._csv)
        content, ends = write(table)
        values = None if self._painted is None else values_of(every, records, self._painted)
        return Piece(content, len(records), ends, times=times, values=values)

    def _csv(self, table: Any) -> Any:
        return csv_lines(table, raw=self._raw)
