"""Values ↔ bytes. The annotations of the classes are the schema.

    class Counts(Struct):                          [[["string", lengths, text]],
        keys: tuple[pyarrow.Array, ...]      ↔      ["<i2", bytes],
        count: Integers                             …
        …

There is one rule for each kind of type: struct, union, tuple, mapping, set, number, text, array. A value becomes a nested list
of what msgpack has, and that becomes the value again only if everything in it is of the type that the annotations demand. So
bytes name no class and run no code, whoever wrote them: a pickle could do both. A class that gains a field has another
`fingerprint`, so that bytes of another version are refused and never misread.

Integers are stored in the fewest bytes that hold the largest of their array, texts of Arrow as their lengths and their bytes:
counts are mostly small, so this is a fifth of their size in memory, and faster than any compression.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, Literal, TypeVar, Union

import msgspec
import numpy
import pyarrow

from logproc.counting.tally import Tally
from logproc.model.errors import InternalError
from logproc.questions.metrics import Need

if typing.TYPE_CHECKING:
    from logproc.counting.counts import Counts
    from logproc.counting.measures import Measure

Value = TypeVar("Value")
LATE_NAMES = {"Integers": numpy.ndarray, "Need": Need}
"""Names that modules import for type checkers only."""
WIDTHS = ("<i1", "<i2", "<i4", "<i8")
"""The types that integers are stored in."""
TEXTS = {"string": (pyarrow.string(), numpy.int32), "large_string": (pyarrow.large_string(), numpy.int64)}
"""Arrow's types of text, with those of their offsets."""
MOST_TEXT_BYTES = {"string": 2**31 - 1, "large_string": 2**63 - 1}
LEAST_PLAIN, MOST_PLAIN = -(2**63), 2**64 - 1
"""The integers that msgpack has. Others are stored as bytes."""


class MalformedError(Exception):
    """Bytes that are not an encoded value of the expected type."""


class Codec(msgspec.Struct, frozen=True):
    """How values of one type become plain ones, and back.

    schema: the type in words, with all that it consists of. value: raises MalformedError for what is not of the type.
    """

    schema: str
    plain: Callable[[Any], Any]
    value: Callable[[Any], Any]


def encode(value: Any, kind: type) -> bytes:
    """Return a value as bytes. Takes time and memory in proportion to it, mostly without the GIL for large arrays.

    Raises InternalError if it is not of the type that annotations say.
    """
    try:
        return msgspec.msgpack.encode(codec(kind).plain(value))
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise InternalError(f"cannot encode a {kind.__name__}: {error}") from error


def decode(data: bytes | memoryview, kind: type[Value]) -> Value:
    """Return the value that was encoded. Arrays that come back equal those that went in, and belong to the caller.

    Raises MalformedError for anything but the encoding of a value of this type. Executes nothing that the bytes say.
    """
    try:
        rule: Any = codec  # the cache takes a type variable for something that has no hash
        value: Value = rule(kind).value(msgspec.msgpack.decode(data))
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError) as error:
        raise MalformedError(str(error)) from error
    return value


def fingerprint(kind: type) -> str:
    """Return a digest of a type and of all that it consists of: it changes with any class, field or annotation."""
    return blake2b(codec(kind).schema.encode(), digest_size=8).hexdigest()


@cache
def codec(hint: Any) -> Codec:
    """Return the rule for a type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin in {Union, types.UnionType}:
        return union(arguments)
    if origin is Literal:
        return Codec(str(hint), text, lambda plain: one_of(arguments, plain))
    if origin is tuple and arguments[-1] is not Ellipsis:
        items = [codec(argument) for argument in arguments]
        return Codec(schema_of("tuple", items), row(items), lambda plain: tuple(values(items, plain)))
    if origin in {tuple, frozenset}:
        return collection(origin, codec(arguments[0]))
    if origin is Mapping:
        return mapping(*map(codec, arguments))
    if isinstance(hint, type) and (issubclass(hint, msgspec.Struct) or is_dataclass(hint)):
        return struct(hint)
    raise InternalError(f"there is no rule to encode {hint}")


def schema_of(name: str, parts: Iterable[Codec]) -> str:
    return f"{name}({', '.join(part.schema for part in parts)})"


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise MalformedError(what)


def row(items: list[Codec]) -> Callable[[Any], list[Any]]:
    return lambda value: [item.plain(part) for item, part in zip(items, value, strict=True)]


def values(items: list[Codec], plain: Any) -> list[Any]:
    demand(type(plain) is list and len(plain) == len(items), "not a list of the right length")
    return [item.value(part) for item, part in zip(items, plain, strict=True)]


def struct(kind: Any) -> Codec:
    """Return the rule for a class of fields. Those of a dataclass that do not compare are not part of its value."""
    hints = typing.get_type_hints(kind, localns=LATE_NAMES)
    names = [item.name for item in fields(kind) if item.compare] if is_dataclass(kind) else kind.__struct_fields__
    items = [codec(hints[name]) for name in names]

    def plain(value: Any) -> list[Any]:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not a {kind.__name__}")
        return [item.plain(getattr(value, name)) for item, name in zip(items, names, strict=True)]

    described = ", ".join(f"{name}: {item.schema}" for name, item in zip(names, items, strict=True))
    return Codec(f"{kind.__name__}({described})", plain, lambda plain: kind(*values(items, plain)))


def union(kinds: tuple[Any, ...]) -> Codec:
    """Return the rule for one of several classes, or None. No value but None becomes a plain None."""
    some = [kind for kind in kinds if kind is not type(None)]
    if len(some) == 1:
        item = codec(some[0])
        return Codec(
            f"{item.schema} or none",
            lambda value: None if value is None else item.plain(value),
            lambda plain: None if plain is None else item.value(plain),
        )
    items = [codec(kind) for kind in some]

    def value(plain: Any) -> Any:
        demand(type(plain) is list and len(plain) == 2 and plain[0] in range(len(items)), "not one of several classes")
        return items[plain[0]].value(plain[1])

    return Codec(schema_of("one of", items), lambda value: [(at := some.index(type(value))), items[at].plain(value)], value)


def collection(kind: Any, item: Codec) -> Codec:
    """Return the rule for a tuple or a set of any length."""

    def value(plain: Any) -> Any:
        demand(type(plain) is list, "not a list")
        return kind(map(item.value, plain))

    def plain(value: Any) -> list[Any]:
        return [item.plain(part) for part in (sorted(value) if kind is frozenset else value)]

    return Codec(f"{kind.__name__} of {item.schema}", plain, value)


def mapping(key: Codec, of: Codec) -> Codec:
    """Return the rule for a mapping: its order stays, and its keys may be anything."""

    def value(plain: Any) -> dict[Any, Any]:
        demand(type(plain) is list and len(plain) == 2 and len(plain[0]) == len(plain[1]), "not a mapping")
        return dict(zip(map(key.value, plain[0]), map(of.value, plain[1]), strict=True))

    return Codec(schema_of("map", (key, of)), lambda found: [[*map(key.plain, found)], [*map(of.plain, found.values())]], value)


def one_of(allowed: tuple[Any, ...], plain: Any) -> Any:
    demand(plain in allowed, f"{plain!r} is not one of {allowed}")
    return plain


def text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not a text")
    return value


def same(kind: type) -> Codec:
    """Return the rule for a type that msgpack has."""

    def value(plain: Any) -> Any:
        demand(type(plain) is kind, f"not of the type {kind.__name__}")
        return plain

    return Codec(kind.__name__, kind, value)


def plain_integer(value: int) -> int | bytes:
    number = value.__index__()
    if LEAST_PLAIN <= number <= MOST_PLAIN:
        return number
    return number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)


def integer(plain: Any) -> int:
    if type(plain) is bytes:
        return int.from_bytes(plain, "little", signed=True)
    demand(type(plain) is int, "not an integer")
    return int(plain)


def plain_integers(array: Any) -> list[Any]:
    if array.dtype != numpy.int64 or array.ndim != 1:
        raise TypeError(f"an array of {array.dtype} with {array.ndim} dimensions")
    ends = (int(array.min()), int(array.max())) if len(array) else (0, 0)
    width = next(name for name in WIDTHS if numpy.iinfo(name).min <= ends[0] and ends[1] <= numpy.iinfo(name).max)
    return [width, array.astype(width, copy=False).tobytes()]


def integers(plain: Any) -> Any:
    demand(type(plain) is list and len(plain) == 2 and plain[0] in WIDTHS and type(plain[1]) is bytes, "not an array")
    demand(not len(plain[1]) % numpy.dtype(plain[0]).itemsize, "an array that was cut")
    return numpy.frombuffer(plain[1], plain[0]).astype(numpy.int64)


def plain_arrow(array: pyarrow.Array) -> list[Any]:
    name = str(array.type)
    if array.null_count:
        raise TypeError("an array with nulls")
    if array.type == pyarrow.int64():
        return [name, plain_integers(array.to_numpy()), b""]
    _, offset_type = TEXTS[name]
    if not len(array):
        return [name, plain_integers(numpy.zeros(0, numpy.int64)), b""]
    _, offsets, data = array.buffers()
    bounds = numpy.frombuffer(offsets, offset_type)[array.offset : array.offset + len(array) + 1].astype(numpy.int64)
    some = b"" if data is None else memoryview(data)[bounds[0] : bounds[-1]]
    return [name, plain_integers(numpy.diff(bounds)), some]


def arrow_array(plain: Any) -> pyarrow.Array:
    demand(type(plain) is list and len(plain) == 3, "not an array of Arrow")
    name, numbers, data = plain[0], integers(plain[1]), plain[2]
    if name == "int64":
        return pyarrow.array(numbers, pyarrow.int64())
    demand(name in TEXTS and type(data) is bytes, "not an array of texts")
    kind, offset_type = TEXTS[name]
    bounds = numpy.zeros(len(numbers) + 1, numpy.int64)
    numpy.cumsum(numbers, out=bounds[1:])
    is_whole = bounds[-1] == len(data) <= MOST_TEXT_BYTES[name] and (not len(numbers) or int(numbers.min()) >= 0)
    demand(bool(is_whole), "texts of another length")
    buffers = [None, pyarrow.py_buffer(bounds.astype(offset_type)), pyarrow.py_buffer(data)]
    array = pyarrow.Array.from_buffers(kind, len(numbers), buffers)
    try:
        array.validate(full=True)  # the bounds again, and UTF-8
    except pyarrow.ArrowInvalid as error:
        raise MalformedError(str(error)) from error
    return array


SIMPLE: dict[Any, Codec] = {
    bool: same(bool),
    str: Codec("str", text, same(str).value),
    bytes: same(bytes),
    int: Codec("int", plain_integer, integer),
    numpy.ndarray: Codec("integers", plain_integers, integers),
    pyarrow.Array: Codec("array", plain_arrow, arrow_array),
}


def check_sizes(tally: Tally) -> None:
    """Raise MalformedError if the columns of counts are not of one length, or a measure is of other rows."""
    for counts in tally.counts:
        demand(is_consistent(counts), "columns of different lengths")


def is_consistent(counts: Counts) -> bool:
    columns = [*counts.keys, counts.low, counts.high, *([] if counts.errors is None else [counts.errors])]
    return all(len(column) == len(counts) for column in columns) and all(
        measure.size == len(counts) and measure_is_consistent(measure) for measure in counts.measures.values()
    )


def measure_is_consistent(measure: Measure) -> bool:
    columns = [getattr(measure, name) for name in measure.__struct_fields__]
    arrays = [column for column in columns if isinstance(column, numpy.ndarray | pyarrow.Array)]
    row = getattr(measure, "row", None)
    within = row is None or not len(row) or (row.min() >= 0 and row.max() < measure.size)
    return bool(within) and len({len(array) for array in arrays}) == 1
