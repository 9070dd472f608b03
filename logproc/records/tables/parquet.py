"""Records as Parquet: one file, or a folder with one for each day. A file is there as a whole, or not at all.

Text has dictionaries, pages are compressed with zstd, and each group of rows has the smallest and the largest time, line and
number in it, so that DuckDB and Polars skip groups by time. Text has no such bounds: they would take a third of the time, and
skip nothing, because nearly every group has nearly every path. One thread writes.
"""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.times.calendar import DAY_S
from logproc.questions.view import offsets
from logproc.records.tables.cells import NANO, column_of
from logproc.records.tables.layout import LINE, TEXT, TIME
from logproc.reports.output import (
    MODE,
    is_special,
    opened_directly,
    put_in_place,
    refusal,
    reported,
    sync_folder,
    temporaries,
    temporary_file,
    temporary_folder,
)

GROUP_ROWS, GROUP_BYTES = 1 << 17, 64 << 20
"""Rows of a group, and bytes of their tables, whichever comes first. DuckDB has as many rows. Twice as many make the file 5 %
smaller, and take twice the memory."""
FEW_VALUES, RISING = frozenset({"status"}), frozenset({TIME, LINE})
"""Numbers with a dictionary, and those of which the differences are written: an eighth of the file less, and faster."""
MOST_OPEN = 8
"""Days written at a time. A log is in order of time but for its zones and its delays, so two are usual."""
NO_DAY = "__HIVE_DEFAULT_PARTITION__"
"""The folder of records without a time, as Hive, DuckDB and Polars call it."""


class Groups:
    """Pieces gathered to groups of rows, and written to an open file. Its owner opens, syncs and closes that.

    Dictionaries of texts of which nearly each record has its own cost more than they save, and are dissolved. The first group
    decides which columns that are, because a file has one schema.
    """

    def __init__(self, file: BinaryIO, schema: pyarrow.Schema) -> None:
        self.rows = self.bytes = 0
        self._file = file
        self._schema = schema
        self._pieces: list[pyarrow.Table] = []
        self._writer: Any = None

    @property
    def fill(self) -> float:
        """How full the group is that is being gathered: 1 is full."""
        return max(self.rows / GROUP_ROWS, self.bytes / GROUP_BYTES)

    def add(self, table: pyarrow.Table) -> None:
        while self.rows + len(table) >= GROUP_ROWS:
            rest = GROUP_ROWS - self.rows
            self._gather(table[:rest])
            self.flush()
            table = table[rest:]
        self._gather(table)
        if self.fill >= 1:
            self.flush()

    def _gather(self, table: pyarrow.Table) -> None:
        if len(table):
            self._pieces.append(table)
            self.rows += len(table)
            self.bytes += table.nbytes

    def flush(self) -> None:
        """Write the gathered rows as one group. Blocks until the file has taken them."""
        if self._pieces:
            pieces, self._pieces, self.rows, self.bytes = self._pieces, [], 0, 0
            self._begin(pieces)
            # A writer keeps a dictionary only while all it is given is the same one.
            table = pyarrow.concat_tables(piece.cast(self._schema) for piece in pieces).unify_dictionaries()
            self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def _begin(self, pieces: Sequence[pyarrow.Table]) -> None:
        if self._writer is not None:
            return
        import pyarrow.parquet  # not above: it takes 20 ms, and most runs write no Parquet

        names = self._schema.names
        texts = [field.name for field in self._schema if field.type == TEXT]
        for name in texts:
            if is_mostly_distinct([chunk for piece in pieces for chunk in piece.column(name).chunks]):
                at = names.index(name)
                self._schema = self._schema.set(at, self._schema.field(at).with_type(pyarrow.string()))
        plain = [field.name for field in self._schema if not pyarrow.types.is_nested(field.type) and field.name not in texts]
        self._writer = pyarrow.parquet.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            use_dictionary=[*texts, *FEW_VALUES.intersection(names)],
            column_encoding=dict.fromkeys(RISING.intersection(names), "DELTA_BINARY_PACKED"),
            write_statistics=plain,
            write_page_checksum=True,  # or who reads a damaged page again may get other values, and not know it
            store_schema=False,  # or Polars and pandas would read texts as categories, which have no functions of texts
        )
        self._writer.add_key_value_metadata(self._schema.metadata or {})  # as that of the schema it is not stored either

    def close(self) -> None:
        self.flush()
        self._begin([])
        self._writer.close()
        self._file.flush()

    def discard(self) -> None:
        """Let go of everything: what is in the file is of no use. Harmless after `close`."""
        if self._writer is not None and self._writer.is_open:
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer.is_open = False  # or its finalizer would try again


def is_mostly_distinct(columns: Sequence[pyarrow.DictionaryArray]) -> bool:
    """Return whether dictionaries have more than half as many texts as there are records."""
    return 2 * sum(len(column.dictionary) for column in columns) > sum(map(len, columns))


class ParquetFile:
    """One Parquet file. It appears at `close`, in one step, in place of an old one; a FIFO or device is written to directly.

    All methods raise OutputError with the reason, and block as long as the disk or the reader of a FIFO does. One thread at a
    time uses it.
    """

    def __init__(self, path: str | Path, schema: pyarrow.Schema) -> None:
        self._target = Path(path)
        self._stack = ExitStack()
        with reported(self._target), ExitStack() as stack:
            special = is_special(self._target)
            place = opened_directly(self._target) if special else temporary_file(self._target.parent)
            name, descriptor = stack.enter_context(place)
            self._temporary = None if special else Path(name)
            self._file: BinaryIO = stack.enter_context(os.fdopen(descriptor, "wb", closefd=False))
            self._groups = Groups(self._file, schema)
            self._stack = stack.pop_all()

    def write(self, table: pyarrow.Table) -> None:
        with reported(self._target):
            self._groups.add(table)

    def close(self) -> None:
        """Write the rest, sync, and put the file in its place."""
        with reported(self._target), self._stack:
            try:
                self._groups.close()
            except BaseException:
                self._groups.discard()
                raise
            if self._temporary is not None:
                put_in_place(self._file.fileno(), self._temporary, self._target)

    def discard(self) -> None:
        """Remove what was written. Harmless after `close`. Does not raise."""
        with contextlib.suppress(OSError), self._stack:
            self._groups.discard()


class ParquetFolder:
    """A folder with Parquet files by day in a zone, `day=2026-03-07/part-0.parquet`, as DuckDB and Polars read them.

    The folder must not exist, or be empty: old files beside new ones would be records twice. It appears at `close`, in one
    step. At most MOST_OPEN days are open; one that comes again later gets another part. Otherwise as ParquetFile.
    """

    def __init__(self, path: str | Path, schema: pyarrow.Schema, zone: tzinfo = UTC) -> None:
        self._target = Path(path)
        self._schema = schema
        self._zone = zone
        self._open: OrderedDict[str, tuple[Groups, BinaryIO]] = OrderedDict()
        self._parts: dict[str, int] = {}
        self._stack = ExitStack()
        with reported(self._target):
            if self._target.is_symlink() or (self._target.exists() and not is_empty(self._target)):
                raise refusal(self._target, "there is something already", "name a new folder")
            self._folder = self._stack.enter_context(temporary_folder(self._target.parent))

    def write(self, table: pyarrow.Table) -> None:
        with reported(self._target):
            for day, rows in by_day(table, self._zone):
                self._groups_of(day).add(rows)
                while sum(groups.fill for groups, _ in self._open.values()) >= 2:
                    max((groups for groups, _ in self._open.values()), key=lambda groups: groups.fill).flush()

    def _groups_of(self, day: str) -> Groups:
        if day not in self._open:
            if len(self._open) >= MOST_OPEN:
                self._finish(next(iter(self._open)))
            number = self._parts.get(day, 0)
            self._parts[day] = number + 1
            folder = self._folder / f"day={day}"
            folder.mkdir(exist_ok=True)
            path = str(folder / f"part-{number}.parquet")
            temporaries.add(path)
            self._stack.callback(temporaries.discard, path)
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb")
            self._stack.callback(file.close)
            self._open[day] = Groups(file, self._schema), file
        self._open.move_to_end(day)
        return self._open[day][0]

    def _finish(self, day: str) -> None:
        groups, file = self._open[day]
        groups.close()
        os.fsync(file.fileno())
        file.close()
        del self._open[day]

    def close(self) -> None:
        """Write the rest, sync, and put the folder in its place."""
        with reported(self._target), self._stack:
            try:
                for day in list(self._open):
                    self._finish(day)
                for day in self._parts:
                    sync_folder(self._folder / f"day={day}")
                sync_folder(self._folder)
                self._folder.rename(self._target)  # rename(2) takes the place of an empty folder
                sync_folder(self._target.parent)
            except BaseException:
                self._let_go()
                raise

    def discard(self) -> None:
        """Remove what was written. Harmless after `close`. Does not raise."""
        with contextlib.suppress(OSError), self._stack:
            self._let_go()

    def _let_go(self) -> None:
        for groups, _ in self._open.values():
            groups.discard()
        self._open.clear()


def is_empty(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is None


def by_day(table: pyarrow.Table, zone: tzinfo) -> Iterator[tuple[str, pyarrow.Table]]:
    """Yield the days of the records by the clocks of a zone, in order, and the records of each."""
    time = column_of(table, TIME)
    seconds = time.view(pyarrow.int64()).fill_null(0).to_numpy() // NANO
    known = time.is_valid().to_numpy(zero_copy_only=False)
    days = (seconds + offsets(seconds, known, zone)) // DAY_S
    if not known.all():
        yield NO_DAY, table.filter(pyarrow.array(~known))
    for day in numpy.unique(days[known]).tolist():
        these = known & (days == day)
        yield str(numpy.datetime64(day, "D")), table if these.all() else table.filter(pyarrow.array(these))
