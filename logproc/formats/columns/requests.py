"""The request of an access log, `GET /cart?id=7 HTTP/1.1`, as the columns method, target, path, query and protocol.

A request is `METHOD SP TARGET SP HTTP/digits[.digits]` (RFC 9112, section 3), none empty and no other white
space, or exactly `GET SP TARGET` (HTTP/0.9). Servers log targets with blanks as clients send them (`GET /my file.pdf
HTTP/1.1`): where a protocol closes the request, all between it and a method is the target, but for blanks at its ends.
Other text, such as a TLS hello, is a malformed request.

Work is done on the distinct requests of a chunk and not on its rows: thousands of values, not tens of thousands.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct

from logproc.formats.columns.printable import ABSENT, absent_as_null
from logproc.formats.columns.slices import BLANK, Slices, arrow, encoded, offsets_and_data, places, rows_of
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask, Positions

TEXT = rb"[^ \t\n\r\v\f]+"
PROTOCOL = regex(rb"HTTP/[0-9]+(?:\.[0-9]+)?")
METHOD = rb"[A-Za-z][A-Za-z0-9_-]*"
REQUEST = regex(
    rb"(%(text)b) (%(text)b) (%(protocol)b)|(%(method)b) (%(text)b(?: +%(text)b)+) (%(protocol)b)|(GET) (%(text)b)"
    % {b"text": TEXT, b"method": METHOD, b"protocol": PROTOCOL.pattern}
)
QUESTION_MARK = ord("?")


class Request(Struct, frozen=True):
    """One request. A request of HTTP/0.9 has no protocol."""

    method: bytes
    target: bytes
    protocol: bytes = ABSENT

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """The target after its first `?`; absent without one."""
        return self.target.partition(b"?")[2] if b"?" in self.target else ABSENT


MALFORMED = Request(ABSENT, ABSENT)
COLUMNS = ("method", "target", "path", "query", "protocol")


def split(text: bytes) -> Request:
    """Return the parts of one request, MALFORMED for any other text. This is the definition.

    >>> split(b"GET /cart?id=7 HTTP/1.1")
    Request(method=b'GET', target=b'/cart?id=7', protocol=b'HTTP/1.1')
    """
    match = REQUEST.fullmatch(text)
    if not match:
        return MALFORMED
    method, target, *protocol = filter(None, match.groups())
    return Request(method, target, *protocol)


def request_columns(request: KeyColumn, wanted: Collection[str]) -> tuple[dict[str, KeyColumn], Mask]:
    """Return those of method, target, path, query and protocol that are wanted, and which records have a malformed request.

    request: the requests as bytes. An absent one is malformed.
    """
    parts, regular = split_many(request.keys, wanted)
    irregular = numpy.flatnonzero(~regular)
    texts = request.keys.take(arrow(irregular, pyarrow.int64())).to_pylist()
    others = [MALFORMED if text is None else split(text) for text in texts]
    order = numpy.empty(len(request.keys), numpy.int32)  # from a request's place in the dictionary to its place below
    order[numpy.concatenate([numpy.flatnonzero(regular), irregular])] = numpy.arange(len(order), dtype=numpy.int32)
    columns = {}
    for name, slices in parts.items():
        rest = [pyarrow.array([getattr(other, name) for other in others], pyarrow.binary())] if others else []
        values, value_of = encoded([slices, *rest])
        columns[name] = KeyColumn(absent_as_null(values), value_of[order][request.index])
    malformed = numpy.zeros(len(order), bool)
    malformed[irregular] = [other is MALFORMED for other in others]
    return columns, malformed[request.index]


def split_many(dictionary: pyarrow.Array, wanted: Collection[str]) -> tuple[dict[str, Slices], Mask]:
    """Return the parts of the requests that have three tokens and a valid protocol, and which requests these are."""
    offsets, data = offsets_and_data(dictionary)
    # `bounds` has the shape (2, n): where the first and the second blank are in each request that has two.
    bounds, regular = rows_of(places(data == BLANK), offsets, 2)
    begin, end = offsets[:-1][regular], offsets[1:][regular]
    method = Slices(data, begin, bounds[0])
    target = Slices(data, bounds[0] + 1, bounds[1])
    protocol = Slices(data, bounds[1] + 1, end)
    good = (method.lengths > 0) & (target.lengths > 0) & ~Slices(data, begin, end).with_space()
    values, value_of = encoded([protocol])
    good &= numpy.array([PROTOCOL.fullmatch(value) is not None for value in values.to_pylist()], bool)[value_of]
    regular[regular] = good
    parts = {"method": method.keep(good), "target": target.keep(good), "protocol": protocol.keep(good)}
    if "path" in wanted or "query" in wanted:
        target, first = parts["target"], question_marks(parts["target"])
        parts["path"] = Slices(target.data, target.starts, first)
        if "query" in wanted:
            parts["query"] = behind(target, first)
    return {name: parts[name] for name in COLUMNS if name in wanted}, regular


def question_marks(target: Slices) -> Positions:
    """Return where the path of each target ends: at its first `?`, or at its end."""
    marks = numpy.append(places(target.data == QUESTION_MARK), numpy.int32(len(target.data)))
    first: Positions = numpy.minimum(target.ends, marks[numpy.searchsorted(marks, target.starts)])
    return first


def behind(target: Slices, first: Positions) -> Slices:
    """Return the queries, which start after the `?` at the positions `first`; `-` for targets without one."""
    with_query = first < target.ends
    if with_query.all():
        return Slices(target.data, first + 1, target.ends)
    offsets, packed = Slices(target.data, first[with_query] + 1, target.ends[with_query]).packed()
    lengths = numpy.ones(len(target) + 1, numpy.int32)
    lengths[0], lengths[1:][with_query] = 0, numpy.diff(offsets)
    bounds = lengths.cumsum(dtype=numpy.int32)
    data = numpy.full(bounds[-1], ABSENT[0], numpy.uint8)
    data[numpy.repeat(with_query, lengths[1:])] = packed
    return Slices(data, bounds[:-1], bounds[1:])
