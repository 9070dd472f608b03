"""JSON lines (RFC 8259): one object a line. Nested keys are `a.b`, arrays are their JSON text.

The quick way has Arrow parse a whole chunk, which releases the GIL, with the types that a sample has. A chunk is read the
exact way, a line at a time with msgspec, where Arrow refuses it, and where the two would not agree: text that is
not UTF-8, NaN and Infinity, more than one object in a line, depth, digits without end, numbers that a double rounds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.json

from logproc.formats.columns.aliases import aliases_of, is_access, units_of, with_time
from logproc.formats.columns.fields import absent_once, raw_fields, sought
from logproc.formats.columns.lines import Lines
from logproc.formats.columns.odd_bytes import is_utf8
from logproc.formats.columns.slices import encoded, index_of
from logproc.formats.engine import Format
from logproc.formats.maps import Map, named_units
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.json_values import EXACT_IN_A_DOUBLE, FINE_IN_A_DOUBLE, brackets, object_of, text_of, value_at
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Mask

OPENING, CLOSING, CAPITAL_N, CAPITAL_I = b"{}NI"
LONG_LINE_BYTES = 1000
MOST_BRACKETS = 300
DEEPEST_KEY = 8
KINDS: Mapping[type, str] = {str: "text", bool: "truth", int: "integer", float: "number", Decimal: "number"}
MANY_DIGITS = re.compile(rb"(?<![0-9])[0-9]{7,}+\.[0-9]*[1-9]|\.[0-9]{7,}+[eE]")
"""A number of which a double may lose digits. Linear: each run of digits is tried once."""
ARROW_TYPES = {
    "text": pyarrow.string(),
    "truth": pyarrow.bool_(),
    "integer": pyarrow.int64(),
    "number": pyarrow.float64(),
}


class NotFast(Exception):
    """Arrow cannot, or must not, read this chunk; the exact reader does it instead."""


@dataclass(frozen=True, slots=True)
class JsonReader(Reader):
    """The exact way: a line at a time, with the keys of a sample and what they mean.

    kinds: of each key of the sample the kind of its values, "" where they differ, or are objects or arrays.
    aliases: which keys hold standard columns. nested: the keys whose values are objects.
    """

    kinds: tuple[tuple[str, str], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    nested: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*dict(self.aliases), *dict(self.kinds)]))

    @classmethod
    def of_sample(cls, lines: Sequence[bytes]) -> tuple[Format, Mask]:
        """Return the JSON format for the keys of a sample, and which lines are objects."""
        objects = [object_of(line) if line.lstrip()[:1] == b"{" else "" for line in lines]
        keys = Keys()
        for found in objects:
            if isinstance(found, dict):
                keys.collect(found, "")
        access = is_access(keys.values)
        aliases = with_time(aliases_of(keys.values, access=access), keys.values)
        units = units_of(keys.values, aliases, access=access)
        known = tuple((name, kind_of(found)) for name, found in keys.kinds.items())
        reader = cls(known, tuple(aliases.items()), frozenset(keys.nested))
        return json_format(reader, units, named_units(keys.values, aliases)), numpy.array(
            [isinstance(found, dict) for found in objects], bool
        )

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines are objects."""
        return numpy.array([isinstance(object_of(text), dict) for text in texts.to_pylist()], bool)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        line, reasons, records = [], {}, []
        for at in numpy.flatnonzero(left).tolist():
            found = object_of(lines.text(at))
            if isinstance(found, str):
                reasons[at] = found
            else:
                line.append(at)
                records.append(found)
        columns = {name: texts_at(records, key) for name, key in self.sources(wanted).items()}
        return Found(numpy.array(line, numpy.int64), present(columns), reasons=reasons)

    def sources(self, wanted: Collection[str]) -> dict[str, str]:
        aliases = dict(self.aliases)
        names = raw_fields(tuple(dict.fromkeys([*self.fields, *sought(wanted)])), {*wanted, "time"})
        if "time" in dict(self.kinds) and "time" not in aliases:
            names = tuple(name for name in names if name != "time")  # it has other values: see `with_time`
        return {name: aliases.get(name, name) for name in names}


@dataclass(frozen=True, slots=True)
class ArrowReader(Reader):
    """The quick way: all lines of a chunk are objects, and are read in one call, with the types of the sample."""

    exact: JsonReader

    @property
    def fields(self) -> tuple[str, ...]:
        return self.exact.fields

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        """Return all lines, or none unless Arrow surely reads them as the exact reader does."""
        try:
            columns = self.columns(lines, self.exact.sources(wanted)) if left.all() and is_plain(lines) else None
        except NotFast:
            columns = None
        return Found() if columns is None else Found(numpy.arange(len(lines)), present(columns))

    def columns(self, lines: Lines, sources: Mapping[str, str]) -> dict[str, KeyColumn]:
        """Return the fields of a chunk in which every line is an object. Raises NotFast where that is not certain."""
        kinds, nested = dict(self.exact.kinds), self.exact.nested
        if any("." in source and source not in kinds for source in sources.values()):
            raise NotFast  # it may be one key, or a key within an object: the sample does not show which
        table = read_table(lines.data, schema_of({source: kinds.get(source, "text") for source in sources.values()}, nested))
        if len(table) != len(lines):
            raise NotFast
        columns = {}
        for name, source in sources.items():
            columns[name], rounds = column_at(table, path_of(source, nested))
            # A time is read to the second, which a double of it always holds.
            if rounds and name != "time" and MANY_DIGITS.search(lines.data.data):
                raise NotFast
        return columns


def json_format(reader: JsonReader, units: tuple[tuple[str, int], ...] = (), maps: tuple[Map, ...] = ()) -> Format:
    return Format(
        "json",
        reader,
        ArrowReader(reader),
        "JSON lines: one object a line, of any logger or server",
        '{"time": "2026-03-07T10:00:00Z", "level": "info", "msg": "ready"}',
        units=units,
        maps=maps,
        multi_line=True,
        mixed=True,
        open_fields=True,
    )


@dataclass(slots=True)
class Keys:
    """The keys of objects, those within objects as `a.b`: the kinds of their values, the values, and which hold objects."""

    kinds: dict[str, set[str]] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    nested: set[str] = field(default_factory=set)

    def collect(self, found: dict[str, Any], front: str) -> None:
        """Record the keys of an object, each with the prefix `front`."""
        for key, value in found.items():
            name = front + key
            if isinstance(value, dict) and value and name.count(".") < DEEPEST_KEY:
                self.nested.add(name)
                self.collect(value, name + ".")
            elif value is None:
                self.kinds.setdefault(name, set())
            else:
                self.kinds.setdefault(name, set()).add(KINDS.get(type(value), ""))
                self.values.setdefault(name, []).append(text_of(value).decode("utf-8", "replace"))


def kind_of(kinds: set[str]) -> str:
    """Return the common kind of a key's values; a mix of integers and other numbers is "number"."""
    if kinds == {"integer", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "text" if not kinds else ""


def texts_at(records: list[dict[str, Any]], key: str) -> KeyColumn:
    return KeyColumn(*encoded([pyarrow.array([text_of(value_at(record, key)) for record in records], pyarrow.binary())]))


def present(columns: Mapping[str, KeyColumn]) -> dict[str, Field]:
    """Return as fields the columns that any record has. A size that is missing everywhere is not a size of 0."""
    return {name: Field(column) for name, column in columns.items() if column.keys.slice(0, 2).to_pylist() not in ([], [b"-"])}


def is_plain(lines: Lines) -> bool:
    """Return whether Arrow will surely read a chunk as msgspec would. No line may be blank."""
    data = lines.data
    if not ((data[lines.starts] == OPENING) & (data[lines.ends - 1] == CLOSING)).all():
        return False  # this rules out objects over several lines, and a line with two objects adds a row
    long = numpy.flatnonzero(lines.ends - lines.starts > LONG_LINE_BYTES)
    if any(is_deep(lines.text(line)) for line in long.tolist()):
        return False
    return not (has_word(data, CAPITAL_N, b"aN") or has_word(data, CAPITAL_I, b"nf")) and is_utf8(data)


def is_deep(line: bytes) -> bool:
    """Return whether a line may be nested too deeply for msgspec, or hold a number that it rejects."""
    return brackets(line) > MOST_BRACKETS or re.search(rb"\d{300}", line) is not None


def has_word(data: Bytes, first: int, rest: bytes) -> bool:
    found = numpy.flatnonzero(data[: -len(rest)] == first)
    for at, byte in enumerate(rest, 1):
        found = found[data[found + at] == byte]
    return bool(len(found))


def path_of(name: str, nested: Collection[str]) -> tuple[str, ...]:
    """Return the path to a key; each name in `nested` is an object."""
    for at in range(1, name.count(".") + 1):
        front = ".".join(name.split(".")[:at])
        if front in nested:
            return (front, *path_of_rest(name, front, nested))
    return (name,)


def path_of_rest(name: str, front: str, nested: Collection[str]) -> tuple[str, ...]:
    inner = {key.removeprefix(front + ".") for key in nested if key.startswith(front + ".")}
    return path_of(name.removeprefix(front + "."), inner)


def schema_of(kinds: Mapping[str, str], nested: Collection[str]) -> pyarrow.Schema:
    """Return the schema of some keys. Raises NotFast if a key has values of several kinds."""
    tree: dict[str, Any] = {}
    for name, kind in kinds.items():
        *front, last = path_of(name, nested)
        if not kind:
            raise NotFast
        place = tree
        for step in front:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise NotFast
        if isinstance(place.get(last), dict):
            raise NotFast
        place[last] = ARROW_TYPES[kind]
    return pyarrow.schema(fields_of(tree))


def fields_of(tree: Mapping[str, Any]) -> list[pyarrow.Field]:
    return [
        pyarrow.field(name, pyarrow.struct(fields_of(kind)) if isinstance(kind, dict) else kind) for name, kind in tree.items()
    ]


def read_table(data: Bytes, schema: pyarrow.Schema) -> pyarrow.Table:
    """Return the objects of a chunk as one table; keys outside the schema are ignored."""
    try:
        return pyarrow.json.read_json(
            pyarrow.BufferReader(pyarrow.py_buffer(data)),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise NotFast from error


def column_at(table: pyarrow.Table, path: tuple[str, ...]) -> tuple[KeyColumn, bool]:
    """Return a column, and whether it has doubles that may have lost digits which `number_of` keeps."""
    column = table.column(path[0]).combine_chunks()
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.chunk(0)
    for step in path[1:]:
        column = pyarrow.compute.struct_field(column, step)
    encoded = column.dictionary_encode("encode")
    values = encoded.dictionary
    rounds = False
    if pyarrow.types.is_floating(values.type):
        sizes = numpy.abs(values.fill_null(0).to_numpy())
        if not (sizes < EXACT_IN_A_DOUBLE).all():
            raise NotFast
        rounds = bool((sizes >= FINE_IN_A_DOUBLE).any())
    return absent_once(texts_of_kind(values), index_of(encoded)), rounds


def texts_of_kind(values: pyarrow.Array) -> pyarrow.Array:
    """Return distinct values as binary texts, the same as `text_of` gives."""
    if pyarrow.types.is_string(values.type):
        return pyarrow.compute.fill_null(values, "-").cast(pyarrow.binary())
    return pyarrow.array([text_of(value) for value in values.to_pylist()], pyarrow.binary())
