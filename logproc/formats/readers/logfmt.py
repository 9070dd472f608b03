r"""logfmt, as go-kit, Grafana, logrus and Heroku write it: `ts=2024-05-07T10:58:13Z level=info msg="user \"x\" left" took=3ms`.

    line  = { blank }, pair, { blank, { blank }, pair }, { blank } ;       at least one pair has a value
    pair  = key, [ "=", ( '"', { any byte but '"' and "\" | "\", any byte }, '"' | { any byte but '"' and blanks } ) ] ;
    key   = byte, { byte } ;                                                neither blank, '"' nor "="
    blank = any byte up to 0x20 ;

A value may hold `=`. A key without one has the empty text. Of a key that comes twice the last value counts, as in JSON.

The fast way cuts a chunk at the blanks outside of quotes, all at once; lines with a backslash, an odd number of quotes
or a quote where none should be are left to the exact way, one expression of `re`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy

from logproc.formats.columns.fields import columns_of, complete, raw_fields, times_of, with_absent
from logproc.formats.columns.printable import key_column
from logproc.formats.columns.slices import Slices, encode, places
from logproc.formats.format import sought
from logproc.formats.readers.expression import Sorting
from logproc.formats.readers.quotes import Lines, blank_lines, lines_of
from logproc.model import Context, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.model import Bytes, Integers, Mask

QUOTE, EQUALS, LF = b'"=\n'
LAST_BLANK = 0x20
PAIR = re.compile(rb'([^\x00-\x20="]++)(?:=(?:"((?:[^"\\]++|\\.)*+)"|([^\x00-\x20"]*+)))?(?:[\x00-\x20]++|\Z)', re.DOTALL)
BLANKS = bytes(range(LAST_BLANK + 1))
ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b'"': b'"', b"\\": b"\\", b"/": b"/"}


@dataclass(frozen=True, slots=True)
class LogfmtFormat:
    """logfmt, with the keys of a sample and what they mean.

    keys: those of the sample. aliases: which of them hold standard columns. units: as in a Layout.
    """

    keys: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, int], ...] = ()
    name: str = field(default="logfmt", init=False)
    open_fields: bool = field(default=True, init=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that records have, as far as the sample says."""
        return columns_of(tuple(dict.fromkeys([*dict(self.aliases), *self.keys])))

    def follow(self, context: Context, _data: Bytes, _max_line_bytes: int) -> Context:
        """Return the context as it is: a line says all about itself."""
        return context

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk of whole lines, the last one ended by LF."""
        lines = lines_of(data, 0)
        too_long = lines.ends - lines.starts > max_line_bytes
        found = fast_pairs(data, lines, ~too_long)
        return self.to_parsed(data, lines, too_long, found, context, wanted)

    def parse_exactly(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk by the exact way alone: what `parse` must be equal to, for any bytes."""
        lines = lines_of(data, 0)
        too_long = lines.ends - lines.starts > max_line_bytes
        found = Pairs.none(data, len(too_long))
        return self.to_parsed(data, lines, too_long, found, context, wanted)

    def to_parsed(
        self, data: Bytes, lines: Lines, too_long: Mask, fast: Pairs, context: Context, wanted: Collection[str]
    ) -> Parsed:
        """Return the result for a chunk: what the fast way left is read exactly."""
        exact, reasons = exact_pairs(data, lines, numpy.flatnonzero(~fast.good & ~too_long & ~blank_lines(data, lines)))
        good = fast.good.copy()
        good[list(exact)] = True
        row = numpy.cumsum(good) - 1
        aliases = dict(self.aliases)
        names = raw_fields(tuple(dict.fromkeys([*aliases, *self.keys, *sought(wanted)])), {*wanted, "time"})
        columns = fast.columns({name: aliases.get(name, name) for name in names}, exact, row, int(good.sum()))
        time = times_of(columns.pop("time", None), int(good.sum()), context)
        sorting = Sorting(data, lines, good, good, too_long, reasons=reasons)
        completed = complete(columns, time, dict(self.units), wanted, optional=True)
        return sorting.parsed(completed.records, completed)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of the lines that the fast way takes.

    good: which lines these are. line: of each pair the position of its line. keys, values: where they are in the data.
    """

    good: Mask
    line: Any
    keys: Slices
    values: Slices

    @classmethod
    def none(cls, data: Bytes, lines: int) -> Pairs:
        """Return the pairs of no line."""
        nowhere = numpy.empty(0, numpy.int32)
        return cls(numpy.zeros(lines, bool), nowhere, Slices(data, nowhere, nowhere), Slices(data, nowhere, nowhere))

    def columns(
        self, sources: Mapping[str, str], exact: Mapping[int, Mapping[bytes, bytes]], row: Any, records: int
    ) -> dict[str, KeyColumn]:
        """Return a column for each name in `sources` whose key any record has.

        exact: the pairs of further lines by their position; row: of each line that is a record its place among them.
        """
        keys, key_of = encode(self.keys, [])
        number = {key: at for at, key in enumerate(keys.to_pylist())}
        others: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        for line, pairs in exact.items():
            for key, value in pairs.items():
                others[key].append((line, value))
        found = {}
        for name, source in sources.items():
            key = source.encode()
            which = numpy.flatnonzero(key_of == number.get(key, -1))
            if len(which) or key in others:
                found[name] = self.column(which, others.get(key, []), row, records)
        return found

    def column(self, which: Any, others: list[tuple[int, bytes]], row: Any, records: int) -> KeyColumn:
        """Return the column of one key: its values in the pairs `which`, and in other lines."""
        values = Slices(self.values.data, self.values.starts[which], self.values.ends[which])
        dictionary, index = encode(values, [value for _, value in others])
        dictionary, absent = with_absent(dictionary)
        of_record = numpy.full(records, absent, numpy.int64)
        lines = numpy.concatenate([self.line[which], numpy.array([line for line, _ in others], numpy.int64)])
        of_record[row[lines]] = index  # of several pairs of one line the last is kept
        return key_column(dictionary, of_record)


def fast_pairs(data: Bytes, lines: Lines, candidates: Mask) -> Pairs:
    """Return the pairs of the lines that need no closer look."""
    quotes = places(data == QUOTE)
    regular = candidates.copy()
    regular[numpy.searchsorted(lines.ends, lines.backslashes)] = False
    quote_line = numpy.searchsorted(lines.ends, quotes)
    regular &= numpy.bincount(quote_line, minlength=len(regular)) % 2 == 0
    if not regular.all():
        quotes = quotes[regular[quote_line]]
    blanks = places(data <= LAST_BLANK)
    blanks = blanks[numpy.searchsorted(quotes, blanks) % 2 == 0]  # those that stand outside of quotes
    edges = numpy.concatenate([numpy.array([-1], numpy.int32), blanks])
    tokens = numpy.flatnonzero(numpy.diff(edges) > 1)
    start, end = edges[tokens] + 1, edges[tokens + 1]
    line = numpy.searchsorted(lines.ends, start)
    keep = regular[line]
    if not keep.all():
        start, end, line = start[keep], end[keep], line[keep]
    return cut_pairs(data, quotes, start, end, line, regular)


def cut_pairs(data: Bytes, quotes: Any, start: Any, end: Any, line: Any, regular: Mask) -> Pairs:
    """Cut tokens at their first `=`; a line with a token that is not as it should be is left."""
    nowhere = numpy.array([len(data) + 1] * 3, numpy.int32)
    equals, quotes = (numpy.concatenate([found, nowhere]) for found in (places(data == EQUALS), quotes))
    equal = equals[numpy.searchsorted(equals, start)]
    at = numpy.searchsorted(quotes, start)
    opening, closing, next_quote = (quotes[at + number] for number in range(3))
    has_value, quoted = equal < end, opening < end
    key_end = numpy.minimum(equal, end)
    good = (key_end > start) & (~quoted | ((opening == equal + 1) & (closing == end - 1) & (next_quote >= end)))
    bad = numpy.bincount(line[~good], minlength=len(regular)) > 0
    valued = numpy.bincount(line[has_value], minlength=len(regular)) > 0
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


def exact_pairs(data: Bytes, lines: Lines, which: Integers) -> tuple[dict[int, dict[bytes, bytes]], dict[int, str]]:
    """Return the pairs of lines by their position, and why the others are no records."""
    found, reasons = {}, {}
    for line in which.tolist():
        pairs = pairs_of(lines.text(data, line))
        if isinstance(pairs, str):
            reasons[line] = pairs
        else:
            found[line] = pairs
    return found, reasons


def pairs_of(line: bytes) -> dict[bytes, bytes] | str:
    r"""Return the pairs of a line, or the reason why it is no record. This is the definition.

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
        found.pop(key, None)
        found[key] = unescaped(quoted) if quoted is not None else bare or b""
        valued = valued or quoted is not None or bare is not None
        at = match.end()
    return found if valued else "no-match"


def unescaped(text: bytes) -> bytes:
    r"""Return a quoted value without its escapes, which are those of JSON; any other stays as it is."""
    return ESCAPE.sub(character, text) if b"\\" in text else text


def character(match: re.Match[bytes]) -> bytes:
    """Return what an escape stands for."""
    if match[1]:
        code = int(match[1], 16)
        return match[0] if 0xD800 <= code < 0xE000 else chr(code).encode()
    return ESCAPED.get(match[2], match[0])
