r"""logfmt, as go-kit, Grafana, logrus and Heroku write it: `ts=2024-05-07T10:58:13Z level=info msg="user \"x\" left" took=3ms`.

    line  = { blank }, pair, { blank, { blank }, pair }, { blank } ;       the first pair has a value
    pair  = key, [ "=", ( '"', { any byte but '"' and "\" | "\", any byte }, '"' | { any byte but '"' and blanks } ) ] ;
    key   = byte, { byte } ;                                                neither blank, '"' nor "="
    blank = any byte up to 0x20 ;

A value may hold `=`. A key without one has the empty text. Of a key that comes twice the last value counts, as in JSON.

The quick way cuts lines with the same keys as one expression (see `logfmt_layout`), and all others at the blanks outside
of quotes, many at once. Lines with a backslash, an odd number of quotes or a quote where none should be are left to the exact
way, one expression of `re`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.aliases import Meaning, held_by, meaning_of, sources_of
from logproc.formats.columns.coalesce import Source, chosen, is_simple
from logproc.formats.columns.fields import EMPTY, asks_for_others, with_absent, with_others
from logproc.formats.columns.lines import Lines, lines_of
from logproc.formats.columns.slices import Raw, Slices, encoded, offsets_and_data, places
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.logfmt_layout import of_layouts
from logproc.formats.readers.sampled import UNKNOWN, Sampled, format_of_keys
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask

    Part = tuple[Integers, dict[str, tuple[Integers, Raw]]]
    """Lines that are records, and by key the lines that have it, and its values."""

QUOTE, EQUALS = b'"='
LINE_FEED = pyarrow.scalar(b"\n", pyarrow.binary())
LAST_BLANK = 0x20
SPARSE, DENSE_BYTES = 8, 1 << 18
"""Where more than one byte in eight is a blank or a quote, so many bytes of a chunk are read at a time."""
PAIR = regex(rb'([^\x00-\x20="]++)(?:=(?:"((?:[^"\\]++|\\.)*+)"|([^\x00-\x20"]*+)))?(?:[\x00-\x20]++|\Z)', re.DOTALL)
FIRST_PAIR = regex(rb'[\x00-\x20]*[\w@.][^\x00-\x20=",;({]*=')
BLANKS = bytes(range(LAST_BLANK + 1))
KEY = regex(rb"[A-Za-z_@$.\x80-\xff][\w.@$/:+#%\x80-\xff-]*")
ENDS_OF_CODE = (b",", b";", b"(", b"{", b"):", b"),", b"\\")
"""How a value does not end: `host=None, port=80):` and `a=1; b=2` are not pairs of logfmt."""
ESCAPE = regex(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b'"': b'"', b"\\": b"\\", b"/": b"/"}


class PairsReader(Reader, frozen=True):
    """The exact way: a line at a time, with the keys of a sample and what they mean.

    keys: those of the sample. aliases: which of them hold standard columns.
    """

    keys: tuple[str, ...] = ()
    aliases: tuple[tuple[str, tuple[Source, ...]], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*dict(self.aliases), *self.keys]))

    @property
    def held(self) -> frozenset[str]:
        return held_by(dict(self.aliases))

    @classmethod
    def of_sample(cls, lines: Sequence[bytes]) -> tuple[Format, Mask]:
        """Return logfmt with the keys of a sample, and which lines fit: two values or more, and more than bare words."""
        keys = Sampled()
        fits = numpy.zeros(len(lines), bool)
        for at, line in enumerate(lines):
            pairs = pairs_of(line) if b"=" in line else ""
            valued = 0 if isinstance(pairs, str) else sum(bool(value) for value in pairs.values())
            begins = FIRST_PAIR.match(line) is not None and not (pairs and ends_with_commas(pairs))
            if begins and not isinstance(pairs, str) and valued >= 2 and valued * 2 > len(pairs) and are_of_log(pairs):
                fits[at] = True
                for key, value in pairs.items():
                    keys.add(key.decode("utf-8", "replace"), value, at)
        meaning = meaning_of(keys.values, keys.lines)
        if "level" not in meaning.aliases and "at" in keys.values:  # Heroku's router
            meaning.aliases["level"] = (Source(("at",)),)
        return logfmt_format(cls(tuple(keys.values), tuple(meaning.aliases.items())), meaning), fits

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        line: list[int] = []
        reasons: dict[int, str] = {}
        values: dict[bytes, list[bytes]] = defaultdict(list)
        of: dict[bytes, list[int]] = defaultdict(list)
        for at in numpy.flatnonzero(left).tolist():
            pairs = pairs_of(lines.text(at))
            if isinstance(pairs, str):
                reasons[at] = pairs
                continue
            for key, value in pairs.items():
                values[key].append(value)
                of[key].append(len(line))
            line.append(at)

        def found(key: str) -> Field | None:
            name = key.encode()
            if name not in values:
                return None
            return Field(pyarrow.array(values[name], pyarrow.binary()), numpy.array(of[name], numpy.int64))

        sources = self.sources(wanted, {key.decode("utf-8", "replace") for key in values})
        return Found(numpy.array(line, numpy.int64), fields_of(sources, len(line), found), reasons=reasons)

    def sources(self, wanted: Collection[str], found: Collection[str] = ()) -> dict[str, tuple[Source, ...]]:
        """Return where the fields are that are needed for the wanted columns. found: the keys of all records."""
        return sources_of(self.fields, self.keys, dict(self.aliases), with_others(wanted, found, self.keys))


def fields_of(
    sources: Mapping[str, tuple[Source, ...]], records: int, found: Callable[[str], Field | None]
) -> dict[str, Field]:
    """Return the fields of some records. found: a key → its values, None if no record has it."""
    fields: dict[str, Field] = {}
    for name, several in sources.items():
        having = {key: field for source in several for key in source.keys if (field := found(key))}
        if having and is_simple(name, several) and not several[0].glue:
            fields[name] = having[several[0].keys[0]]
        elif having:
            column = chosen(name, several, partial(column_of, having, records))
            if column.keys.slice(0, 2).to_pylist() != [b"-"]:
                fields[name] = Field(column)
    return fields


def column_of(having: Mapping[str, Field], records: int, key: str) -> KeyColumn:
    """Return the values of a key as a column of all records, `-` where one has none."""
    if key not in having:
        return KeyColumn(pyarrow.array([b"-"], pyarrow.binary()), numpy.zeros(records, numpy.int32))
    of = having[key].of
    keys, index = encoded([having[key].values])
    if of is None or (len(of) == records and (of == numpy.arange(records)).all()):
        return KeyColumn(keys, index)
    keys, absent = with_absent(keys)
    spread = numpy.full(records, absent, numpy.int32)
    spread[of] = index
    return KeyColumn(keys, spread)


class CutReader(Reader, frozen=True):
    """The quick reader: cuts lines of one layout as one expression, and all others at the blanks outside quotes."""

    exact: PairsReader

    @property
    def fields(self) -> tuple[str, ...]:
        return self.exact.fields

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        sources = self.exact.sources(wanted)
        any_key = asks_for_others(wanted)
        keys = wanted if any_key else {key for several in sources.values() for source in several for key in source.keys}
        rest = left.copy()
        parts: list[Part] = [
            (which, {key: (which, found) for key, found in values.items()}) for which, values in of_layouts(lines, rest, keys)
        ]
        parts += others(lines, numpy.flatnonzero(rest), keys)
        good = numpy.zeros(len(lines), bool)
        for which, _ in parts:
            good[which] = True
        record = numpy.cumsum(good) - 1

        def found(key: str) -> Field | None:
            having = [values[key] for _, values in parts if key in values]
            if not having:
                return None
            column = KeyColumn(*encoded([values for _, values in having]))
            if len(parts) == 1 and having[0][0] is parts[0][0]:  # all records have it, in order
                return Field(column)
            return Field(column, record[numpy.concatenate([which for which, _ in having])])

        line = numpy.flatnonzero(good)
        if any_key:
            sources = self.exact.sources(wanted, {key for _, values in parts for key in values})
        return Found(line, fields_of(sources, len(line), found))


def others(lines: Lines, which: Integers, keys: Collection[str]) -> Iterator[Part]:
    """Yield those of some lines that can be cut at blanks, and for each of some keys which lines have it, and its values.

    A part of the lines at a time where tokens are short, because the positions of a token take some 50 bytes.
    """
    if not len(which):
        return
    texts = pyarrow.compute.binary_join_element_wise(lines.texts(which), EMPTY, LINE_FEED)
    data = numpy.ascontiguousarray(offsets_and_data(texts)[1])
    again = lines_of(data, 0)
    bounds = numpy.append(again.starts, len(data))
    for first, end in pieces(again):
        some = again if end - first == len(again) else lines_of(data[bounds[first] : bounds[end]], 0)
        pairs = fast_pairs(some)
        names, name_of = encoded([pairs.keys])
        values: dict[str, tuple[Integers, Raw]] = {}
        for at, name in enumerate(names.to_pylist()):
            if (key := name.decode("utf-8", "replace")) in keys and key.encode() == name:
                of = numpy.flatnonzero(name_of == at)
                slices = Slices(some.data, pairs.values.starts[of], pairs.values.ends[of])
                # Encoded at once: the positions of all fields together would take more memory than the chunk.
                values[key] = (which[first + pairs.line[of]], KeyColumn(*encoded([slices])))
        yield which[first + numpy.flatnonzero(pairs.good)], values


def pieces(lines: Lines) -> Sequence[tuple[int, int]]:
    """Return lines as ranges to be cut one after the other."""
    marks = numpy.count_nonzero(lines.data <= LAST_BLANK) + numpy.count_nonzero(lines.data == QUOTE)
    if marks <= len(lines.data) // SPARSE:
        return [(0, len(lines))]
    bounds = numpy.unique(numpy.searchsorted(lines.starts, range(0, len(lines.data), DENSE_BYTES))).tolist()
    return list(pairwise([*bounds, len(lines)]))


def logfmt_format(reader: PairsReader, meaning: Meaning = UNKNOWN) -> Format:
    return format_of_keys(
        "logfmt",
        reader,
        reader.aliases,
        meaning,
        quick=(CutReader(reader),),
        summary="logfmt: `key=value` pairs",
        example='ts=2026-03-07T10:00:00Z level=info msg="ready" took=3ms',
    )


def ends_with_commas(pairs: Mapping[bytes, bytes] | str) -> bool:
    """Return whether commas divide the pairs of a line: `a=1, b=2, c=3` is not logfmt, where `1,` would be a value."""
    return not isinstance(pairs, str) and len(pairs) > 1 and all(value.endswith(b",") for value in list(pairs.values())[:-1])


class Pairs(Struct, frozen=True):
    """The pairs of the lines that the quick way takes.

    good: which lines these are. line: of each pair the position of its line. keys, values: where they are in the data.
    """

    good: Mask
    line: Any
    keys: Slices
    values: Slices


def fast_pairs(lines: Lines) -> Pairs:
    """Return the pairs of the lines that can be cut without a closer look."""
    data = lines.data
    quotes = places(data == QUOTE)
    # `ends` is sorted, so the line that holds a position is the first one that does not end before it.
    quote_line = numpy.searchsorted(lines.ends, quotes)
    regular = numpy.bincount(quote_line, minlength=len(lines)) % 2 == 0
    regular[numpy.searchsorted(lines.ends, lines.backslashes)] = False
    if not regular.all():
        quotes = quotes[regular[quote_line]]
    blanks = places(data <= LAST_BLANK)
    # All regular lines have an even number of quotes, so those before a blank tell whether it is inside of a pair of them.
    blanks = blanks[numpy.searchsorted(quotes, blanks) % 2 == 0]
    edges = numpy.concatenate([numpy.array([-1], numpy.int32), blanks])
    # A token is what is between two blanks that are not neighbours. Line feeds count as blanks, so none goes over a line end.
    tokens = numpy.flatnonzero(numpy.diff(edges) > 1)
    start, end = edges[tokens] + 1, edges[tokens + 1]
    line = numpy.searchsorted(lines.ends, start)
    keep = regular[line]
    if not keep.all():
        start, end, line = start[keep], end[keep], line[keep]
    return cut_pairs(data, quotes, start, end, line, regular)


def cut_pairs(data: Bytes, quotes: Any, start: Any, end: Any, line: Any, regular: Mask) -> Pairs:
    """Cut tokens at their first `=`. Lines with an irregular token are left to the exact reader."""
    # For each token, one element an array: its first `=` and the next three quotes from its start on, which may be behind its
    # end. Positions behind the data are put in for what is not there, so that every token has all four.
    nowhere = numpy.array([len(data) + 1] * 3, numpy.int32)
    equals, quotes = (numpy.concatenate([found, nowhere]) for found in (places(data == EQUALS), quotes))
    equal = equals[numpy.searchsorted(equals, start)]
    at = numpy.searchsorted(quotes, start)
    opening, closing, next_quote = (quotes[at + number] for number in range(3))
    has_value, quoted = equal < end, opening < end
    key_end = numpy.minimum(equal, end)
    good = (key_end > start) & (~quoted | ((opening == equal + 1) & (closing == end - 1) & (next_quote >= end)))
    bad = numpy.bincount(line[~good], minlength=len(regular)) > 0
    # Tokens are in the order of their lines, so the first one of a line is where the line changes.
    first = numpy.diff(line, prepend=-1) != 0
    valued = numpy.bincount(line[has_value & first], minlength=len(regular)) > 0
    fitting = regular & ~bad & valued
    keep = fitting[line]
    value_start = numpy.where(has_value, equal + 1 + quoted, end)
    value_end = numpy.where(quoted, end - 1, end)
    return Pairs(
        fitting,
        line[keep],
        Slices(data, start[keep], key_end[keep]),
        Slices(data, value_start[keep].astype(numpy.int32), value_end[keep].astype(numpy.int32)),
    )


def pairs_of(line: bytes) -> dict[bytes, bytes] | str:
    r"""Return the pairs of a line, or the reason why it is not a record. This is the definition.

    >>> pairs_of(rb'level=info msg="a \"b\"" done url=/?a=b')
    {b'level': b'info', b'msg': b'a "b"', b'done': b'', b'url': b'/?a=b'}
    """
    if b"=" not in line and b'"' not in line:
        return "no-match"
    found: dict[bytes, bytes] = {}
    at, valued = len(line) - len(line.lstrip(BLANKS)), False
    while at < len(line):
        match = PAIR.match(line, at)
        if not match:
            return "unterminated-quote" if line.count(b'"', at) % 2 else "no-match"
        key, quoted, bare = match.groups()
        if not found and quoted is None and bare is None:
            return "no-match"  # text that holds pairs further on
        found.pop(key, None)
        found[key] = unescaped(quoted) if quoted is not None else bare or b""
        valued = valued or quoted is not None or bare is not None
        at = match.end()
    return found if valued else "no-match"


def are_of_log(pairs: Mapping[bytes, bytes]) -> bool:
    """Return whether pairs may be those of a log: in source code and markup, values end in commas and brackets."""
    return all(map(KEY.fullmatch, pairs)) and not any(value.endswith(ENDS_OF_CODE) for value in pairs.values())


def unescaped(text: bytes) -> bytes:
    return ESCAPE.sub(character, text) if b"\\" in text else text


def character(match: re.Match[bytes]) -> bytes:
    if match[1]:
        code = int(match[1], 16)
        return match[0] if 0xD800 <= code < 0xE000 else chr(code).encode()
    return ESCAPED.get(match[2], match[0])
