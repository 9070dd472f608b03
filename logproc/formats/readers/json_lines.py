"""JSON lines (RFC 8259): one object a line. Nested keys are `a.b`, arrays are their JSON text.

Lines with the same keys are cut at the text between their values, where the compiled kernel is installed (see `skeletons`).
Others are parsed by Arrow, a whole chunk at once, which releases the GIL, with the types that a sample has. A chunk is read the
exact way, a line at a time with msgspec, where Arrow refuses it, and where the two would not agree: text that is
not UTF-8, NaN and Infinity, more than one object in a line, depth, digits without end, numbers that a double rounds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import field
from msgspec.structs import replace

from logproc.formats.columns.aliases import Meaning, held_by, meaning_of, sources_of
from logproc.formats.columns.coalesce import Source, chosen
from logproc.formats.columns.fields import Wanted, again, asks_for_others, sought, with_others
from logproc.formats.columns.lines import Lines, plain_lines
from logproc.formats.columns.odd_bytes import is_utf8
from logproc.formats.columns.slices import encoded
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.json_table import (
    MANY_DIGITS,
    NotFast,
    Path,
    column_at,
    first_of,
    has_finer_times,
    objects_among,
    other_kinds,
    paths_of,
    read_table,
    schema_of,
)
from logproc.formats.readers.json_values import (
    DEEPEST_KEY,
    IN_ONE_LINE,
    column_text_of,
    is_bracket,
    object_of,
    text_of,
    value_at,
)
from logproc.formats.readers.native.kernel import cut_parts, find_lines
from logproc.formats.readers.sampled import UNKNOWN, Sampled, format_of_keys
from logproc.formats.readers.skeletons import SAMPLE, are_valid, meant, usual_skeleton, with_controls
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Mask

OPENINGS = frozenset({b"{", b"[", b","})
MOST_SKELETONS = 3
KINDS: Mapping[type, str] = {str: "text", bool: "truth", int: "integer", float: "number", Decimal: "number"}


class JsonReader(Reader, frozen=True):
    """The exact way: a line at a time, with the keys of a sample and what they mean.

    kinds: of each path to a value of the sample the kind of its values, "" where they differ.
    aliases: which keys hold standard columns. levels: how levels are written, as for a Format.
    in_parts: whether lines are in a key `log` with their end, as docker has them: one without it goes on in the next object.
    """

    kinds: tuple[tuple[Path, str], ...] = ()
    aliases: tuple[tuple[str, tuple[Source, ...]], ...] = ()
    levels: str = "words"
    in_parts: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*dict(self.aliases), *self.names]))

    @property
    def held(self) -> frozenset[str]:
        return held_by(dict(self.aliases))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(".".join(path) for path, _ in self.kinds))

    @classmethod
    def of_sample(cls, lines: Sequence[bytes]) -> tuple[Format, Mask]:
        """Return the JSON format for the keys of a sample, and which lines are objects, or brackets of an array of them."""
        objects = [object_of(line) if line.lstrip()[:1] in OPENINGS else "" for line in lines]
        keys = Keys()
        for number, found in enumerate(objects):
            if isinstance(found, dict):
                keys.collect(found, (), number)
        meaning = meaning_of(keys.values, keys.lines)
        objects_at = {path[:end] for path in keys.kinds for end in range(1, len(path))}
        known = tuple((path, kind_of(found)) for path, found in keys.kinds.items() if found or path not in objects_at)
        aliases = tuple(meaning.aliases.items())
        ended = [text.endswith("\n") for text in keys.values.get("log", ())]
        reader = cls(known, aliases, meaning.levels, in_parts=2 * sum(ended) > len(ended))
        fits = numpy.array([isinstance(found, dict) or found == IN_ONE_LINE for found in objects], bool)
        if fits.any():
            fits |= numpy.array([is_bracket(line) for line in lines], bool)
        return json_format(reader, meaning), fits

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines are objects."""
        return numpy.array([isinstance(object_of(text), dict) for text in texts.to_pylist()], bool)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        line, aside, reasons, records = [], [], {}, []
        for at in numpy.flatnonzero(left).tolist():
            text = lines.text(at)
            found = object_of(text)
            if isinstance(found, dict):
                line.append(at)
                records.append(found)
            elif is_bracket(text):
                aside.append(at)
            else:
                reasons[at] = found
        keys = {".".join(path) for record in records for path in paths_in(record)} if asks_for_others(wanted) else set()
        unnamed = keys.difference(self.names, sought(wanted))
        columns = {
            name: chosen(name, sources, partial(texts_at, records, name, raw=sources[0].raw, in_keys=name in unnamed))
            for name, sources in self.sources(with_others(wanted, keys, self.names)).items()
        }
        at_lines, asides = (numpy.array(found, numpy.int64) for found in (line, aside))
        return Found(at_lines, self.present(columns), aside=asides, reasons=reasons)

    def sources(self, wanted: Collection[str]) -> dict[str, tuple[Source, ...]]:
        """Return where the fields are that are needed for the wanted columns."""
        return sources_of(self.fields, self.names, dict(self.aliases), wanted)

    def present(self, columns: Mapping[str, KeyColumn]) -> dict[str, Field]:
        """Return as fields the columns that any record has. A size that is missing everywhere is not a size of 0.

        Docker keeps the end of each line in its JSON; it is not part of the message.
        """
        if "message" in columns:
            tag = {"tag": tags_of(columns["message"])} if self.in_parts and "tag" not in self.fields else {}
            columns = {**columns, **tag, "message": without_line_ends(columns["message"])}
        return {
            name: Field(column)
            for name, column in columns.items()
            if column.keys.slice(0, 2).to_pylist() not in ([], [b"-"]) or (name == "level" and self.levels == "implicit")
        }


class ArrowReader(Reader, frozen=True):
    """The quick way: all objects of a chunk are read in one call, with the types of the sample. Other lines are left."""

    exact: JsonReader

    @property
    def fields(self) -> tuple[str, ...]:
        return self.exact.fields

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return all objects, or none unless Arrow surely reads them as the exact reader does."""
        try:
            rows, data = objects_among(lines, left)
            columns = self.columns(data, int(rows.sum()), wanted, fractions=context.fractions)
        except NotFast:
            return Found()
        return Found(numpy.flatnonzero(rows), self.exact.present(columns))

    def columns(self, data: Bytes, rows: int, wanted: Collection[str], *, fractions: bool = False) -> dict[str, KeyColumn]:
        """Return the fields of a chunk of so many objects. Raises NotFast where that is not certain."""
        kinds, sources, any_key = dict(self.exact.kinds), self.exact.sources(wanted), asks_for_others(wanted)
        paths = paths_by_key(sources, kinds)
        schema = schema_of(paths.values(), kinds)
        table = read_table(data, schema, others="infer" if any_key else "ignore")
        if any_key and (more := other_kinds(table.schema, schema, kinds)):
            # Once more, with their types given: Arrow takes some texts for times.
            kinds |= more
            sources = self.exact.sources(with_others(wanted, map(".".join, more), self.exact.names))
            paths = paths_by_key(sources, kinds)
            table = read_table(data, schema_of(paths.values(), kinds))
        if len(table) != rows:
            raise NotFast

        def values_of(name: str, raw: bool, key: str) -> KeyColumn:
            columns = [column_at(table, path, as_texts=not raw and name != "message") for path in paths[key]]
            found = [column for column in columns if column]
            if name == "time":  # a double of one holds its second, unless it was rounded up to a whole one
                loses = any(rounds and (fractions or whole) for _, rounds, whole in found)
                loses = loses and has_finer_times(data, fractions=fractions)
            else:
                loses = any(rounds for _, rounds, _ in found) and MANY_DIGITS.search(data.data) is not None
            if loses:
                raise NotFast
            return first_of([column for column, *_ in found])

        return {name: chosen(name, several, partial(values_of, name, several[0].raw)) for name, several in sources.items()}


def paths_by_key(sources: Mapping[str, tuple[Source, ...]], kinds: Mapping[Path, str]) -> dict[str, list[Path]]:
    """Return the paths of all keys of some sources. Raises NotFast where they are not certain."""
    return {key: paths_of(key, kinds) for several in sources.values() for source in several for key in source.keys}


def paths_in(found: Mapping[str, Any], front: Path = ()) -> Iterator[Path]:
    """Yield the paths to the values in an object, as `Keys` has them."""
    for key, value in found.items():
        path = (*front, key)
        if isinstance(value, dict) and len(path) <= DEEPEST_KEY:
            yield from paths_in(value, path)
        elif value is not None:
            yield path


class SkeletonReader(Reader, frozen=True):
    """The quickest way: the lines of the usual skeleton, cut. Another one like it takes those of the next skeleton."""

    exact: JsonReader

    @property
    def fields(self) -> tuple[str, ...]:
        return self.exact.fields

    def lines(self, data: Bytes) -> Lines:
        return find_lines(data) or plain_lines(data)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return lines that are as one line is; none where there is no kernel, or a wanted value is an object."""
        skeleton = usual_skeleton([lines.text(line) for line in numpy.flatnonzero(left)[:SAMPLE].tolist()])
        if not skeleton:
            return Found()
        sources = self.exact.sources(with_others(wanted, skeleton.names, self.exact.names))
        keys = {key for several in sources.values() for source in several for key in source.keys}
        if skeleton.objects & keys or not is_utf8(lines.data):
            return Found()
        moment = key_of_time(sources, wanted)
        moment = moment if skeleton.has_moment(moment) else None
        parts, are_texts = skeleton.cut(keys, moment)
        cut = cut_parts(lines, left & ~with_controls(lines), parts, len(are_texts))
        if not cut:
            return Found()
        good = numpy.ones(len(cut.line), bool)
        values = dict(zip(are_texts, cut.columns, strict=True))
        for name in [name for name, is_text in are_texts.items() if not is_text]:
            good &= are_valid(values[name])
            values[name] = meant(values[name]) if name in keys else values[name]
        absent = KeyColumn(pyarrow.array([b"-"], pyarrow.binary()), numpy.zeros(len(good), numpy.int32))
        columns = {
            name: chosen(name, several, lambda key: values.get(key, absent))
            for name, several in sources.items()
            if moment is None or name != "time"
        }
        time, nanos = (None, None) if moment is None else (cut.time, cut.nanos.astype(numpy.int64))
        return Found(cut.line, self.exact.present(columns), time=time, nanos=nanos if context.fractions else None).keep(good)


def key_of_time(sources: Mapping[str, tuple[Source, ...]], wanted: Collection[str]) -> str | None:
    """Return the key that is the time of all records, and nothing else; None if there is none."""
    keys = [key for several in sources.values() for source in several for key in source.keys]
    times = [key for source in sources.get("time", ()) for key in source.keys]
    if len(times) != 1 or keys.count(times[0]) != 1 or (isinstance(wanted, Wanted) and "time" in wanted.sources):
        return None
    return times[0]


def json_format(reader: JsonReader, meaning: Meaning = UNKNOWN) -> Format:
    return format_of_keys(
        "json",
        reader,
        reader.aliases,
        replace(meaning, levels=reader.levels),
        quick=(*[SkeletonReader(reader)] * MOST_SKELETONS, ArrowReader(reader)),
        summary="JSON lines: one object a line, of any logger or server",
        example='{"time": "2026-03-07T10:00:00Z", "level": "info", "msg": "ready"}',
        multi_line=True,
        in_parts=reader.in_parts,
    )


class Keys(Sampled):
    """The keys of objects, those within objects as `a.b`, with the kinds of their values by path."""

    kinds: dict[Path, set[str]] = field(default_factory=dict)

    def collect(self, found: dict[str, Any], front: Path, line: int) -> None:
        """Record the keys of an object in a line, each with the path in `front` before it."""
        for key, value in found.items():
            path = (*front, key)
            if isinstance(value, dict) and len(path) <= DEEPEST_KEY:
                self.collect(value, path, line)
                continue
            kinds = self.kinds.setdefault(path, set())
            if value is not None:
                kinds.add(kind_of_value(value))
                self.add(".".join(path), text_of(value), line)


def kind_of_value(value: Any) -> str:
    if isinstance(value, list):
        return "texts" if all(isinstance(part, str) for part in value) else ""
    return KINDS.get(type(value), "")


def kind_of(kinds: set[str]) -> str:
    """Return the common kind of a key's values; a mix of integers and other numbers is "number"."""
    if kinds == {"integer", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "text" if not kinds else ""


def without_line_ends(column: KeyColumn) -> KeyColumn:
    """Return texts without the line end that they may have behind them."""
    if not pyarrow.compute.any(pyarrow.compute.ends_with(column.keys, b"\n")).as_py():
        return column
    return again(pyarrow.compute.replace_substring_regex(column.keys, rb"\r?\n$", b""), column.index)


def tags_of(messages: KeyColumn) -> KeyColumn:
    """Return `P` for each message that goes on in the next one, and null for the others, as container runtimes tag them."""
    ends = pyarrow.compute.ends_with(messages.keys, b"\n").to_numpy(zero_copy_only=False)
    index = numpy.where(ends, 0, 1)[messages.index]
    return KeyColumn(pyarrow.array([b"-", b"P"], pyarrow.binary()), index.astype(numpy.int32))


def texts_at(records: list[dict[str, Any]], column: str, key: str, *, raw: bool, in_keys: bool) -> KeyColumn:
    """Return the texts of a column from a key.

    raw: whether arrays and objects stay JSON. in_keys: whether what an object holds is in columns of its own, and not in this.
    """
    values = (value_at(record, key) for record in records)
    if in_keys and key.count(".") < DEEPEST_KEY:
        values = (None if isinstance(value, dict) else value for value in values)
    texts = [text_of(value) if raw else column_text_of(value, column) for value in values]
    return KeyColumn(*encoded([pyarrow.array(texts, pyarrow.binary())]))
