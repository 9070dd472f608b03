"""A chunk of JSON lines read by Arrow in one call, with the types that a sample has: what the quick way of `json_lines` needs.

A name with dots may be one key, or keys of objects in one another, and differs from line to line. So all its paths are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.json

from logproc.formats.columns.fields import absent_once, either
from logproc.formats.columns.lines import LF, Lines
from logproc.formats.columns.odd_bytes import is_utf8
from logproc.formats.columns.printable import absent_as_null
from logproc.formats.columns.slices import BLANK, arrow, index_of, mask
from logproc.formats.readers.json_values import EXACT_IN_A_DOUBLE, FINE_IN_A_DOUBLE, brackets
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask

OPENING, CLOSING, COMMA = b"{},"
BEHIND_WORDS = numpy.isin(numpy.arange(256), list(b" \t\r\n,]}i"))
"""What follows the NaN, Inf and Infinity that Arrow takes for numbers: not what follows the text `Info`."""
NEARLY_A_SECOND = b"999"
LEAST_WITHOUT_EXPONENT = 1e-4
"""Python writes smaller numbers with an exponent, Arrow later."""
LONG_LINE_BYTES = 1000
MOST_BRACKETS = 300
MOST_STEPS = 4
Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a value through objects: {"log": {"level": …}} is ("log", "level"), {"log.level": …} ("log.level",)."""
MANY_DIGITS = regex(rb"(?<![0-9])[0-9]{7,}+\.[0-9]*[1-9]|\.[0-9]{7,}+[eE]")
"""A number of which a double may lose digits. Linear: each run of digits is tried once."""
FINER_THAN_DOUBLES = (
    r"(?:^|[^0-9])(?:[1-7][0-9]{9}\.[0-9]{6}|[089][0-9]{9}\.[0-9]{5}|[0-9]{11}\.[0-9]{4}|[0-9]{12}\.[0-9]{3}|[0-9]{13}\.[0-9]{2}"
    r"|[0-9]{14}\.[0-9]|[0-9]{15,}\.)[0-9]*[1-9]|\.[0-9]{7,}[eE]"
)
"""A number since 1970 whose shortest text as a double may be another one: it has more than 15 digits, or 16 if below 8 * 10**9,
where doubles are less than a microsecond apart."""
ARROW_TYPES = {
    "text": pyarrow.string(),
    "truth": pyarrow.bool_(),
    "integer": pyarrow.int64(),
    "number": pyarrow.float64(),
    "texts": pyarrow.list_(pyarrow.string()),
}


class NotFast(Exception):
    """Arrow cannot, or must not, read this chunk; the exact reader does it instead."""


def objects_among(lines: Lines, left: Mask) -> tuple[Mask, Bytes]:
    """Return which lines look like objects, and the data with nothing but these. Raises NotFast where Arrow may differ.

    Left out are other lines, and the commas of an array that has an object on each line.
    """
    data, starts, ends = lines.data, lines.starts, lines.ends
    last = data[ends - 1]
    rows = left & (data[starts] == OPENING) & (ends > starts)
    comma = rows & (last == COMMA) & (data[ends - 2] == CLOSING)
    rows &= (last == CLOSING) | comma
    if not rows.any():
        raise NotFast
    if comma.any() or not rows.all():
        # Of each byte, how many rows begin before it minus how many end: 1 within a row.
        edges = numpy.zeros(len(data) + 1, numpy.int8)
        edges[starts[rows]] = 1
        edges[(ends - comma)[rows]] -= 1
        inside = numpy.cumsum(edges[:-1], dtype=numpy.int8).view(bool)
        data = numpy.where(inside | (data == LF), data, numpy.uint8(BLANK))
    if not is_plain(lines, rows, data):
        raise NotFast
    return rows, data


def is_plain(lines: Lines, rows: Mask, data: Bytes) -> bool:
    """Return whether Arrow will surely read some lines, each one object, as msgspec would."""
    long = numpy.flatnonzero(rows & (lines.ends - lines.starts > LONG_LINE_BYTES))
    if any(is_deep(lines.text(line)) for line in long.tolist()):
        return False
    return not (has_word(data, b"NaN") or has_word(data, b"Inf")) and is_utf8(data)


def is_deep(line: bytes) -> bool:
    """Return whether a line may be nested too deeply for msgspec, or hold a number that it rejects."""
    return brackets(line) > MOST_BRACKETS or re.search(rb"\d{300}", line) is not None


def has_word(data: Bytes, word: bytes) -> bool:
    """Return whether some lines hold a word of three letters that ends as a value of JSON does, or goes on with an `i`.

    Two letters are compared at once, at the even and at the odd places: 0.6 ms for 8 MB, where a look at each byte takes 0.95.
    """
    found = numpy.concatenate([2 * numpy.flatnonzero(pairs_from(data, start) == pair_of(word)) + start for start in (0, 1)])
    found = found[found < len(data) - len(word)]
    return bool(((data[found + 2] == word[2]) & BEHIND_WORDS[data[found + 3]]).any())


def pairs_from(data: Bytes, start: int) -> Integers:
    """Return each two bytes as one number, from the first or the second byte on."""
    return data[start : start + (len(data) - start) // 2 * 2].view(numpy.uint16)


def pair_of(word: bytes) -> Integers:
    return numpy.frombuffer(word[:2], numpy.uint16)


def paths_of(name: str, kinds: Mapping[Path, str]) -> list[Path]:
    """Return all paths that a key may be at, in the order of `value_at`: the name is one key, or some of its dots are steps.

    Raises NotFast if the sample does not show the key, so that it may be of any kind.
    """
    steps = name.count(".")
    if steps > MOST_STEPS or (steps and not any(path in kinds for path in cuts(name))):
        raise NotFast
    return list(cuts(name))


def cuts(name: str) -> Iterator[Path]:
    yield (name,)
    for at, character in enumerate(name):
        if character == ".":
            yield from ((name[:at], *rest) for rest in cuts(name[at + 1 :]))


def schema_of(paths: Iterable[Sequence[Path]], kinds: Mapping[Path, str]) -> pyarrow.Schema:
    """Return the schema of some paths. Raises NotFast if a value has several kinds, or is one beside an object."""
    tree: dict[str, Any] = {}
    for path in (path for several in paths for path in several):
        known = next((path[:end] for end in range(1, len(path)) if path[:end] in kinds), path)
        kind = kinds.get(known, "text")
        if not kind:
            raise NotFast
        place = tree
        for step in known[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise NotFast
        if isinstance(place.get(known[-1]), dict):
            raise NotFast
        place[known[-1]] = ARROW_TYPES[kind]
    return pyarrow.schema(fields_of(tree))


def fields_of(tree: Mapping[str, Any]) -> list[pyarrow.Field]:
    return [
        pyarrow.field(name, pyarrow.struct(fields_of(kind)) if isinstance(kind, dict) else kind) for name, kind in tree.items()
    ]


def other_kinds(found: pyarrow.Schema, asked: pyarrow.Schema, kinds: Mapping[Path, str]) -> dict[Path, str]:
    """Return the paths to values that were neither asked for nor are in a sample, each with its kind."""
    known = {*kinds, *(path for path, _ in leaves(asked))}
    return {path: kind_of_type(kind) for path, kind in leaves(found) if path not in known}


def leaves(fields: Iterable[pyarrow.Field], front: Path = ()) -> Iterator[tuple[Path, pyarrow.DataType]]:
    """Yield the paths to the values of a schema, and their types."""
    for field in fields:
        path = (*front, field.name)
        if pyarrow.types.is_struct(field.type):
            yield from leaves(field.type, path)
        else:
            yield path, field.type


def kind_of_type(found: pyarrow.DataType) -> str:
    """Return the kind of values of which Arrow has found a type; text that looks like a time is still text."""
    if pyarrow.types.is_temporal(found) or pyarrow.types.is_null(found):
        return "text"
    return next((kind for kind, known in ARROW_TYPES.items() if known == found), "")


def read_table(data: Bytes, schema: pyarrow.Schema, others: str = "ignore") -> pyarrow.Table:
    """Return the objects of a chunk as one table. others: what to do with keys outside the schema, ignore or infer them."""
    try:
        return pyarrow.json.read_json(
            pyarrow.BufferReader(pyarrow.py_buffer(data)),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=others),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:  # wrong JSON, and a number of another type
        raise NotFast from error


def has_finer_times(data: Bytes, *, fractions: bool) -> bool:
    """Return whether a number in some lines may be a time that a double does not hold. By RE2, 25 times as fast as `re`.

    fractions: whether to the last digit. Otherwise to the second: only `….9999999` may become the next one.
    """
    if not fractions and data.tobytes().find(NEARLY_A_SECOND) < 0:
        return False
    offsets = pyarrow.py_buffer(numpy.array([0, len(data)], numpy.int32))
    whole = pyarrow.Array.from_buffers(pyarrow.binary(), 1, [None, offsets, pyarrow.py_buffer(data)])
    return bool(pyarrow.compute.match_substring_regex(whole, FINER_THAN_DOUBLES)[0].as_py())


def column_at(table: pyarrow.Table, path: Path, *, as_texts: bool) -> tuple[KeyColumn, bool, bool] | None:
    """Return a column, whether it has doubles that may have lost digits which `number_of` keeps, and whole ones of these.

    None if there is none, because the sample has another value in place of an object.

    as_texts: whether an array of texts is a list of them, as `column_text_of` has it.
    """
    column = table.column(path[0]).combine_chunks()
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.chunk(0)
    for step in path[1:]:
        if not pyarrow.types.is_struct(column.type):
            return None
        column = pyarrow.compute.struct_field(column, step)
    if pyarrow.types.is_list(column.type):
        if not as_texts or column.flatten().null_count:
            raise NotFast
        column = pyarrow.compute.binary_join(column, ", ")
    encoded = column.dictionary_encode("encode")
    values = encoded.dictionary
    rounds = whole = False
    if pyarrow.types.is_floating(values.type):
        sizes = numpy.abs(values.fill_null(0).to_numpy())
        if not (sizes < EXACT_IN_A_DOUBLE).all():
            raise NotFast
        large = sizes[sizes >= FINE_IN_A_DOUBLE]
        rounds, whole = bool(len(large)), bool((large == numpy.floor(large)).any())
    return absent_once(texts_of_kind(values), index_of(encoded)), rounds, whole


def first_of(columns: Sequence[KeyColumn]) -> KeyColumn:
    """Return the first column that is not absent, record by record."""
    found, *others = [column for column in columns if column.keys.slice(0, 2).to_pylist() != [b"-"]] or list(columns[:1])
    for other in others:
        found = either(KeyColumn(absent_as_null(found.keys), found.index), other)
    return found


def texts_of_kind(values: pyarrow.Array) -> pyarrow.Array:
    """Return distinct values as binary texts, the same as `text_of` gives."""
    texts = texts_of_doubles(values) if pyarrow.types.is_floating(values.type) else values.cast(pyarrow.string())
    return pyarrow.compute.fill_null(texts, "-").cast(pyarrow.binary())


def texts_of_doubles(values: pyarrow.Array) -> pyarrow.Array:
    """Return doubles below 2^53 as `number_text` writes them: those that Arrow writes as Python does many at once."""
    numbers = values.fill_null(0).to_numpy()
    whole = numbers == numpy.floor(numbers)
    texts = pyarrow.compute.if_else(
        mask(whole), arrow(numbers.astype(numpy.int64), pyarrow.int64()).cast(pyarrow.string()), values.cast(pyarrow.string())
    )
    odd = ~whole & ((numpy.abs(numbers) < LEAST_WITHOUT_EXPONENT) | (numpy.abs(numbers) >= FINE_IN_A_DOUBLE))
    if odd.any():
        others = pyarrow.array([repr(number) for number in numbers[odd].tolist()], pyarrow.string())
        texts = pyarrow.compute.replace_with_mask(texts, mask(odd), others)
    return pyarrow.compute.if_else(values.is_valid(), texts, None) if values.null_count else texts
