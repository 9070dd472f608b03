"""From the raw fields of records to their columns: the same rules for every format.

Raw fields are bytes. They are split and joined as bytes, and made printable at the very end, so that a request with a TAB
is the same request in every log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.addresses import canonical_keys
from logproc.formats.columns.printable import absent_as_null, printable
from logproc.formats.columns.quantities import numbers_of, sizes_of
from logproc.formats.columns.requests import COLUMNS as REQUEST_COLUMNS
from logproc.formats.columns.requests import request_columns
from logproc.formats.columns.slices import ABSENT, index_of
from logproc.formats.columns.units import Unit
from logproc.model.columns import Columns, KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.chunk import Parser

EMPTY = pyarrow.scalar(b"", pyarrow.binary())
REQUEST = "request"
TARGET_COLUMNS = ("path", "query")
TARGET = r"(?s)^(?:https?://[^/?]*)?(?P<path>[^?]*)(?P<mark>\??)(?P<query>.*)$"


@dataclass(frozen=True, slots=True)
class Wanted(Collection[str]):
    """The columns that a parser is asked for.

    sought: those that were named, to be looked for in each record; usual: those that are taken where a sample has them. The
    difference matters where records may have any field: looking for what is not there costs as much as for what is.
    searched: those of them that a filter searches, further lines of a record included.
    sources: those that the user takes for another field, so that they are what they are, whatever their name means elsewhere.
    others: whether all other keys are asked for, where records may have any.
    """

    sought: frozenset[str] = frozenset()
    usual: frozenset[str] = frozenset()
    searched: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    others: bool = False

    @classmethod
    def everything(cls, form: Parser, wanted: Collection[str] = ()) -> Wanted:
        """Return all that the records of a format have, and what is named anyway. Of records of several lines also the text.

        An envelope finds only at its end which lines belong together; others look for the text only where there are such.
        """
        # The request is there for those without parts. Where a sample has none, it may be an object, whose keys are columns.
        requests = {REQUEST} if REQUEST in form.fields else set()
        text = {"text"} if form.multi_line else set()
        names = frozenset({*form.shown, *requests, *sought(wanted), *(() if form.by_line else text)})
        searched = wanted.searched if isinstance(wanted, Wanted) else frozenset()
        return cls(names, searched=searched | text, others=form.open_fields)

    def __contains__(self, name: object) -> bool:
        return self.others or name in self.sought or name in self.usual

    def __iter__(self) -> Iterator[str]:
        return iter(self.sought | self.usual)

    def __len__(self) -> int:
        return len(self.sought | self.usual)


def asks_for_others(wanted: Collection[str]) -> bool:
    """Return whether keys that nobody has named are asked for."""
    return isinstance(wanted, Wanted) and wanted.others


def with_others(wanted: Collection[str], found: Iterable[str], names: Collection[str]) -> Collection[str]:
    """Return what to look for, with the keys found in records that a sample does not have, if those are asked for.

    names: the keys of the sample. A `time` is left out: what the sample does not show to be one must not become one.
    """
    return {*sought(wanted), *({*found} - {*names, "time"})} if asks_for_others(wanted) else wanted


def sought(wanted: Collection[str]) -> Collection[str]:
    """Return the columns to look for in each record: all of them, unless a Wanted names some."""
    return wanted.sought if isinstance(wanted, Wanted) else wanted


def columns_of(fields: Collection[str], *, has_requests: bool = True, has_targets: bool = True) -> tuple[str, ...]:
    """Return the columns of records with these fields, those derived from a request or a target included.

    has_requests, has_targets: whether a field `request` or `target` is one.
    """
    found = list(fields)
    derived = [
        *(REQUEST_COLUMNS if has_requests and "request" in fields else ()),
        *(TARGET_COLUMNS if has_targets and "target" in fields else ()),
    ]
    derived += ["raw_level"] if "level" in fields else []
    derived += ["client_port"] if "client" in fields else []
    return tuple(dict.fromkeys([*found, *derived]))


def raw_fields(fields: Collection[str], wanted: Collection[str]) -> tuple[str, ...]:
    """Return the fields that a reader must extract for `complete` to build the wanted columns."""
    needed = set(wanted) | {"request"}
    if needed & set(TARGET_COLUMNS):
        needed.add("target")
    if "raw_level" in needed:
        needed.add("level")
    if "client_port" in needed:
        needed.add("client")
    return tuple(name for name in fields if name in needed)


def complete(
    raw: Mapping[str, KeyColumn],
    time: Integers,
    units: Mapping[str, Unit],
    wanted: Collection[str],
    *,
    mixed: bool = False,
    open_fields: bool = False,
    has_requests: bool = True,
    has_targets: bool = True,
) -> Columns:
    """Return the columns of records: what a request, a target or a client holds is added, and all is made printable.

    raw: fields as bytes, null where absent. units: of the columns that hold a number, how it is read.
    mixed: whether records of other things than requests are among them. One without a request is not malformed then.
    open_fields: whether records may have any fields. One without a size has none then, whatever others have.
    has_requests, has_targets: whether a field `request` or `target` is one.
    """
    fields, malformed = dict(raw), None
    has_target = has_targets and "target" in raw  # where a request has it, it comes with its path and its query
    if has_requests and "request" in fields:
        request = fields["request"]
        parts, malformed = request_columns(request, wanted)
        if mixed:
            malformed &= request.keys.is_valid().to_numpy(zero_copy_only=False)[request.index]
        fields = filled(fields, parts)
    if "user" in fields:
        fields["user"] = without_dashes(fields["user"])
    if "client" in fields and (addresses := canonical_keys(fields["client"].keys)):
        clients, ports = addresses
        index = fields["client"].index
        fields["client"] = again(clients, index)
        if "client_port" in wanted:
            fields = filled(fields, {"client_port": again(ports, index)})
    if has_target:
        missing = [name for name in TARGET_COLUMNS if name in wanted and not (name in fields and is_full(fields[name]))]
        fields = filled(fields, {name: part_of_target(fields["target"], name) for name in missing})
    keys = {name: printable(column) for name, column in fields.items() if name in wanted}
    numbers = {name: numbers_of(keys[name], unit) for name, unit in units.items() if name in keys}
    if "bytes" in numbers:
        numbers["bytes"] = sizes_of(numbers["bytes"], keys.pop("bytes"), always=not open_fields)
    return Columns(len(time), time, keys, numbers, malformed)


def filled(columns: Mapping[str, KeyColumn], others: Mapping[str, KeyColumn]) -> dict[str, KeyColumn]:
    """Return columns, in which the records that have nothing get what the others have.

    Record by record, so that it does not matter which other records are in the same chunk.
    """
    found = {**others, **columns}
    for name in columns.keys() & others.keys():
        if not is_full(columns[name]):
            found[name] = either(columns[name], others[name])
    return found


def without_dashes(column: KeyColumn) -> KeyColumn:
    """Return users of which those that are only dashes and blanks are absent: Jetty writes ` - `, Nextcloud `--`."""
    dashes = pyarrow.compute.match_substring_regex(column.keys, "^[ -]*-[ -]*$")
    if not pyarrow.compute.any(dashes).as_py():
        return column
    return again(pyarrow.compute.if_else(dashes, pyarrow.scalar(None, column.keys.type), column.keys), column.index)


def is_full(column: KeyColumn) -> bool:
    return not column.keys.null_count


def either(first: KeyColumn, second: KeyColumn) -> KeyColumn:
    """Return the first column's values, and the second column's where the first is absent."""
    has = first.keys.is_valid().to_numpy(zero_copy_only=False)[first.index]
    index = numpy.where(has, first.index, len(first.keys) + second.index.astype(numpy.int64))
    return again(pyarrow.concat_arrays([first.keys, second.keys]), index)


def part_of_target(column: KeyColumn, name: str) -> KeyColumn:
    found = pyarrow.compute.extract_regex(column.keys, pattern=TARGET)
    has = column.keys.is_valid()
    if name == "query":
        has = pyarrow.compute.and_(has, pyarrow.compute.not_equal(found.field("mark"), EMPTY))
    column = again(pyarrow.compute.if_else(has, found.field(name), ABSENT), column.index)
    return KeyColumn(absent_as_null(column.keys), column.index)


def with_absent(keys: pyarrow.Array) -> tuple[pyarrow.Array, int]:
    """Return distinct binary values with `-` (absent) among them, and the position of `-`."""
    found = pyarrow.compute.index(keys, ABSENT).as_py()
    if found >= 0:
        return keys, found
    return pyarrow.concat_arrays([keys, pyarrow.array([b"-"], pyarrow.binary())]), len(keys)


def absent_once(keys: pyarrow.Array, index: Any) -> KeyColumn:
    """Return a column of binary values in which `-` is only once in the dictionary."""
    if (pyarrow.compute.sum(pyarrow.compute.equal(keys, ABSENT)).as_py() or 0) < 2:
        return KeyColumn(keys, index)
    found = keys.dictionary_encode()
    return KeyColumn(found.dictionary, index_of(found)[index])


def again(values: pyarrow.Array, index: Any) -> KeyColumn:
    """Return the column whose n-th record has `values[index[n]]`, with a dictionary of distinct values."""
    found = values.dictionary_encode("encode")
    return KeyColumn(found.dictionary, found.indices.to_numpy(zero_copy_only=False)[index])
