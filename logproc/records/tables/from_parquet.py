"""A Parquet file that `show` wrote as a format of logs: what it parses is not lines, but the bytes of a group of rows.

So a group goes the way of every chunk: a reader reads it, a worker takes the wanted columns out of it, and counts them. Each
record is one line of the account. What comes back is what the format of the log would give, but for what the file does not
have: lines that could not be read, the text of records of one line, and how durations were spelled.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.fields import Wanted
from logproc.formats.raw import no_lines
from logproc.model.chunk import Context
from logproc.model.columns import Account, Parsed
from logproc.model.errors import SourceError
from logproc.questions.question import SOURCE
from logproc.records.tables.columns import columns_of, keys_of
from logproc.records.tables.facts import SCHEMA, Facts
from logproc.records.tables.layout import OTHER, OURS, TEXT, TIME, WHOLE, type_of

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers

MAGIC = b"PAR1"
END_BYTES = 8
"""The length of the footer, 4 bytes, and the magic again."""
WRITE_IT = "write the records of a log to it by `logproc show LOG -o FILE.parquet`"
FOREIGN = "is Parquet that `logproc show` did not write", WRITE_IT
LATER = "was written by a later version of logproc", "install that version"
BROKEN = "is Parquet with a damaged footer", "write it again"
DAMAGED = "damaged-rows"


class Group(Struct, frozen=True):
    """A group of rows: where its bytes are in the file, how many records it has, and its size in memory as a table, roughly."""

    start: int
    end: int
    records: int
    unpacked_bytes: int


class Rows(Struct, frozen=True, eq=False):
    """The format of one file. Frozen, so threads can share it.

    metadata: what pyarrow knows of the file. names: its columns. footer: its last bytes, to see whether it is still the same.
    number: the group that `parse` gets.
    """

    metadata: Any
    facts: Facts
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    footer: bytes
    size_bytes: int
    number: int = 0

    @classmethod
    def of(cls, footer: bytes, size_bytes: int) -> Rows:
        """Return the format of a file, given its last bytes. Raises SourceError for one that `show` did not write."""
        import pyarrow.parquet  # not above: it takes 20 ms, and most runs read no Parquet

        try:
            metadata = pyarrow.parquet.read_metadata(pyarrow.BufferReader(MAGIC + footer))
            schema = metadata.schema.to_arrow_schema()
        except (pyarrow.ArrowException, OSError) as error:
            raise SourceError(*BROKEN) from error
        facts = Facts.read(metadata.metadata)
        if facts is None or any(not fits(field) for field in schema):
            raise SourceError(*FOREIGN)
        if facts.schema > SCHEMA:
            raise SourceError(*LATER)
        groups = tuple(group_of(metadata.row_group(number)) for number in range(metadata.num_row_groups))
        places = [len(MAGIC), *(place for group in groups for place in (group.start, group.end)), size_bytes - len(footer)]
        if any(place > following for place, following in pairwise(places)):
            raise SourceError(*BROKEN)
        return cls(metadata, facts, tuple(schema.names), groups, footer, size_bytes)

    @property
    def name(self) -> str:
        return "parquet"

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns, and what they were taken from by `--map`, which may be asked for again."""
        return (*self.shown, *(source for _, source in self.facts.maps))

    @property
    def shown(self) -> tuple[str, ...]:
        left_out = {*OURS, WHOLE} if self.facts.has_text else OURS
        return tuple(name for name in self.names if name not in left_out)

    @property
    def open_fields(self) -> bool:
        return OTHER in self.names

    @property
    def multi_line(self) -> bool:
        return False

    @property
    def whole_records(self) -> bool:
        return False

    @property
    def by_line(self) -> bool:
        return True

    @property
    def records(self) -> int:
        return sum(group.records for group in self.groups)

    @property
    def outline(self) -> Rows:
        """The same for who does not read: small, however many groups there are."""
        return replace(self, metadata=None, groups=(), footer=b"")

    def begin(self, place: int) -> int | None:
        """Return where the first group begins that begins at a place in the file or behind it; None if none does."""
        return next((group.start for group in self.groups if group.start >= place), None)

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:  # noqa: ARG002 - as every format
        return context

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:  # noqa: ARG002 - as every format
        return no_lines()

    def parse(
        self,
        data: Bytes,
        context: Context,
        wanted: Collection[str],
        max_line_bytes: int,  # noqa: ARG002 - as every format
    ) -> Parsed:
        """Return the wanted columns of a group of rows. If its bytes are damaged, all its records are rejected."""
        group = self.groups[self.number]
        searches = isinstance(wanted, Wanted) and "message" in wanted.searched and not self.facts.loses_lines
        needed = {TIME, SOURCE, OTHER, *([WHOLE] if searches and self.facts.has_text else [])}
        account, nowhere = Account(lines=group.records, records=group.records), no_lines().reshape(0, 2)
        try:
            table = self._table(data, [name for name in self.names if name in needed or name in wanted])
        except (pyarrow.ArrowException, OSError):
            account, all_of_them = Account(lines=group.records, rejected=group.records), numpy.arange(group.records)
            return Parsed(None, account, all_of_them, (DAMAGED,) * group.records, numpy.zeros((group.records, 2), numpy.int64))
        columns = columns_of(table, wanted, self.facts, context)
        sources = keys_of(table, SOURCE) if SOURCE in self.names else None
        lines = numpy.arange(group.records)
        return Parsed(columns, account, no_lines(), (), nowhere, record_lines=lines, sources=sources)

    def _table(self, data: Bytes, names: list[str]) -> pyarrow.Table:
        """Return some columns of a group. Raises ArrowException or OSError if its bytes are damaged."""
        import pyarrow.parquet

        group = self.groups[self.number]
        file = pyarrow.PythonFile(Window(data, group.start, self.size_bytes), "r")
        texts = [name for name in names if type_of(name) == TEXT]
        reader = pyarrow.parquet.ParquetFile(
            file, metadata=self.metadata, read_dictionary=texts, page_checksum_verification=True
        )
        table = reader.read_row_group(self.number, names, use_threads=False).unify_dictionaries()
        if len(table) != group.records:
            raise pyarrow.ArrowInvalid("the group has not as many rows as its metadata says")
        return table


class Window:
    """The bytes of a file from an offset on, as an open file. One thread uses it."""

    def __init__(self, data: Bytes, start: int, size_bytes: int) -> None:
        self._data, self._start, self._size_bytes, self._at = data, start, size_bytes, 0
        self.closed = False

    def size(self) -> int:
        return self._size_bytes

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size_bytes)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> memoryview:
        start = max(self._at - self._start, 0)
        found = self._data[start : None if size < 0 else start + size]
        self._at += len(found)
        return found.data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def fits(field: pyarrow.Field) -> bool:
    """Return whether a column has the type that `show` writes it with."""
    kind = type_of(field.name)
    return bool(field.type == (pyarrow.string() if kind == TEXT else kind))


def group_of(group: Any) -> Group:
    columns = [group.column(number) for number in range(group.num_columns)]
    starts = [column.dictionary_page_offset or column.data_page_offset for column in columns]
    ends = [start + column.total_compressed_size for start, column in zip(starts, columns, strict=True)]
    return Group(min(starts, default=0), max(ends, default=0), group.num_rows, group.total_byte_size)
