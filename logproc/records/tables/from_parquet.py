"""A Parquet file that `show` wrote as a format of logs: what it parses is not lines, but the bytes of a group of rows.

So a group goes the way of every chunk: a reader reads it, a worker takes the wanted columns out of it, and counts them. Each
record is one line of the account. What comes back is what the format of the log would give, but for what the file does not
have: lines that could not be read, the text of records of one line, and how durations were spelled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.account import joined_at
from logproc.formats.columns.fields import REQUEST, Wanted, either, sought
from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.units import unit_of
from logproc.formats.raw import no_lines
from logproc.formats.times.reading import read_values
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME, Account, Columns, KeyColumn, Large, Numbers, Parsed
from logproc.model.errors import SourceError
from logproc.questions.question import SOURCE
from logproc.questions.view import keys_of_numbers
from logproc.records.tables.cells import NANO, column_of
from logproc.records.tables.facts import SCHEMA, Facts
from logproc.records.tables.layout import OTHER, OURS, TEXT, TIME, WHOLE, other_name, type_of

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask

MAGIC = b"PAR1"
END_BYTES = 8
"""The length of the footer, 4 bytes, and the magic again."""
WRITE_IT = "write the records of a log to it by `logproc show LOG -o FILE.parquet`"
FOREIGN = "is Parquet that `logproc show` did not write", WRITE_IT
LATER = "was written by a later version of logproc", "install that version"
BROKEN = "is Parquet with a damaged footer", "write it again"
DAMAGED = "damaged-rows"
MOST_WHOLE = 2.0**63


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

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:  # noqa: ARG002
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


def columns_of(table: pyarrow.Table, wanted: Collection[str], facts: Facts, context: Context) -> Columns:
    """Return the wanted columns of a table as the format of the log would give them."""
    records, names = len(table), set(table.column_names)
    fields = names - {TIME, *OURS, *([WHOLE] if facts.has_text else [])}
    typed = {name for name in fields if type_of(name) != TEXT}
    ours = {TIME, *typed, *([REQUEST] if facts.requests else [])}
    late = set(sought(wanted)) - fields - ours
    other = in_other(column_of(table, OTHER), late | ours) if OTHER in names else {}
    measured = fields.intersection(facts.numbers)
    # A key that is null in all records is not a field of theirs: in a log it would not be there either.
    fields -= {name for name in typed - measured if name not in other and table.column(name).null_count == records}
    keys = {name: keys_of(table, name) for name in fields - measured} | {name: other[name] for name in other.keys() & late}
    keys |= {name: either(other[name], keys[name]) for name in ((typed & fields) - measured) & other.keys()}
    numbers = {name: numbers_of(keys[name], unit) for name, unit in facts.units.items() if name in keys}
    for name in measured:
        found = numbers_in(column_of(table, name))
        numbers[name] = replace(found, unread=numbers_of(other[name], unit_of(name)).unread) if name in other else found
    time, nanos = times_of(column_of(table, TIME) if TIME in names else None, other.get(TIME), records, context)
    malformed = present(other[REQUEST]) if facts.requests and REQUEST in other else None
    searched = {}
    if facts.has_text and WHOLE in names and "message" in keys:
        searched["message"] = with_further_lines(keys["message"], keys_of(table, WHOLE))
    return Columns(records, time, keys, numbers, malformed, nanos, searched=searched)


def with_further_lines(message: KeyColumn, text: KeyColumn) -> KeyColumn:
    """Return messages with the further lines of their records. text: all lines of these, for records of several lines."""
    which = numpy.flatnonzero(present(text))
    rest = pyarrow.compute.replace_substring_regex(text.keys, r"^[^\n]*\n", "")
    return joined_at(message, which, KeyColumn(rest, text.index[which]))


def keys_of(table: pyarrow.Table, name: str) -> KeyColumn:
    """Return a column of a table as texts."""
    column = column_of(table, name)
    if pyarrow.types.is_floating(column.type):
        return keys_of_numbers(numbers_in(column))
    if not pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return key_column(column.indices, column.dictionary.cast(pyarrow.string()))


def key_column(indices: pyarrow.Array, texts: pyarrow.Array) -> KeyColumn:
    """Return distinct texts, and the place of the text of each record among them, as a column. A null is a text, the last."""
    if not indices.null_count:
        return KeyColumn(texts, indices.to_numpy())
    return KeyColumn(pyarrow.concat_arrays([texts, pyarrow.nulls(1, texts.type)]), indices.fill_null(len(texts)).to_numpy())


def in_other(column: pyarrow.MapArray, names: Iterable[str]) -> dict[str, KeyColumn]:
    """Return those of some fields that any record has in `other`."""
    entries = column.keys.dictionary_encode()
    if not len(entries):
        return {}
    of = numpy.repeat(numpy.arange(len(column)), numpy.diff(column.offsets.to_numpy()))
    codes, found = entries.indices.to_numpy(), {}
    places = {key: place for place, key in enumerate(entries.dictionary.to_pylist())}
    for name in names:
        place = places.get(other_name(name))
        if place is not None:
            which = numpy.flatnonzero(codes == place)
            values = column.items.take(pyarrow.array(which)).dictionary_encode()
            index = numpy.full(len(column), len(values.dictionary), numpy.int64)
            index[of[which]] = values.indices.to_numpy()
            found[name] = KeyColumn(pyarrow.concat_arrays([values.dictionary, pyarrow.nulls(1, pyarrow.string())]), index)
    return found


def present(column: KeyColumn) -> Mask:
    found: Mask = column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
    return found


def times_of(
    column: pyarrow.Array | None, beyond: KeyColumn | None, records: int, context: Context
) -> tuple[Integers, Integers | None]:
    """Return the seconds of some records, and the nanoseconds behind them if they are needed.

    beyond: the times that do not fit the column, as RFC 3339 has them.
    """
    seconds, nanos = numpy.full(records, NO_TIME), numpy.zeros(records, numpy.int64)
    if column is not None:
        seconds, nanos = numpy.divmod(column.view(pyarrow.int64()).fill_null(0).to_numpy(), NANO)
        if column.null_count:
            absent = column.is_null().to_numpy(zero_copy_only=False)
            seconds[absent], nanos[absent] = NO_TIME, 0
    if beyond is not None:
        values = read_values(beyond.keys, context.reference_s, fractions=True)
        has = present(beyond)
        seconds[has] = values.seconds[beyond.index[has]]
        if values.nanos is not None:
            nanos[has] = values.nanos[beyond.index[has]]
    return seconds, nanos if context.fractions and nanos.any() else None


def numbers_in(column: pyarrow.Array) -> Numbers:
    """Return the whole numbers or the doubles of a column.

    A double with a decimal of nine digits behind the point, as long as it has 15 in all, becomes that decimal again.
    """
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.fill_null(0).to_numpy()
    if pyarrow.types.is_integer(column.type):
        return Numbers(values.astype(numpy.int64, copy=False), valid=None if valid.all() else valid)
    is_large = numpy.abs(values) >= MOST_WHOLE
    at = numpy.flatnonzero(is_large & numpy.isfinite(values))
    large = Large(at, numpy.array([int(value) * NANO for value in values[at].tolist()], object)) if len(at) else None
    valid = valid & numpy.isfinite(values) & ~is_large
    values = numpy.where(valid, values, 0.0)
    whole = numpy.floor(values)  # what is behind the point is exact then, and is rounded only once
    nanos = numpy.rint((values - whole) * NANO).astype(numpy.int64)
    whole = whole.astype(numpy.int64) + nanos // NANO
    nanos %= NANO
    return Numbers(whole, nanos if nanos.any() else None, None if valid.all() else valid, large)
