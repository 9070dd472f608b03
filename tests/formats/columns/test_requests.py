"""Requests: three tokens with a protocol, or GET and a target, or none."""

from __future__ import annotations

import re

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.printable import printable, shown
from logproc.formats.columns.requests import MALFORMED, Request, request_columns, split
from logproc.model.columns import KeyColumn

WANTED = ("method", "target", "path", "query", "protocol")
PIECES = [
    b"GET",
    b"POST",
    b"/",
    b"/a",
    b"?",
    b"/a?b?c",
    b" ",
    b" ",
    b" ",
    b"\t",
    b"\r",
    b"HTTP/1.1",
    b"HTTP/",
    b"HTTP/10",
    b"HTTP/1.",
    b"-",
    b"\xff",
    b"",
]
REQUESTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=7).map(b"".join),
    st.lists(st.sampled_from(PIECES), min_size=3, max_size=3).map(b" ".join),
    st.binary(max_size=12),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"GET / HTTP/1.1", Request(b"GET", b"/", b"HTTP/1.1")),
        (b"GET /cart?id=7?8 HTTP/2", Request(b"GET", b"/cart?id=7?8", b"HTTP/2")),
        (b"M-SEARCH * HTTP/1.1", Request(b"M-SEARCH", b"*", b"HTTP/1.1")),
        (b"CONNECT example.com:443 HTTP/10.20", Request(b"CONNECT", b"example.com:443", b"HTTP/10.20")),
        (b"GET ?x HTTP/1.1", Request(b"GET", b"?x", b"HTTP/1.1")),
        (b"GET /\x00\xff HTTP/1.1", Request(b"GET", b"/\x00\xff", b"HTTP/1.1")),
        (b"GET /old?x", Request(b"GET", b"/old?x")),
        (b"GET HTTP/1.1", Request(b"GET", b"HTTP/1.1")),
        (b"POST /old", MALFORMED),
        (b"GET", MALFORMED),
        (b"GET ", MALFORMED),
        (b"", MALFORMED),
        (b"-", MALFORMED),
        (b" / HTTP/1.1", MALFORMED),
        (b"GET  HTTP/1.1", MALFORMED),
        (b"GET /  HTTP/1.1", MALFORMED),
        (b"GET / HTTP/1.1 ", MALFORMED),
        (b"GET /a b HTTP/1.1", Request(b"GET", b"/a b", b"HTTP/1.1")),
        (b"GET /two  blanks HTTP/1.1", Request(b"GET", b"/two  blanks", b"HTTP/1.1")),
        (b"POST /find?q=red shoes HTTP/2.0", Request(b"POST", b"/find?q=red shoes", b"HTTP/2.0")),
        (b"GET /a HTTP/1.0 HTTP/1.1", Request(b"GET", b"/a HTTP/1.0", b"HTTP/1.1")),
        (b"GET  /a b HTTP/1.1", MALFORMED),
        (b"GET /a b  HTTP/1.1", MALFORMED),
        (b"GET /a b", MALFORMED),
        (b"GET /a b HTTP/1.1 c", MALFORMED),
        (b"\x16\x03 /a b HTTP/1.1", MALFORMED),
        (b"GET /a\tb HTTP/1.1", MALFORMED),
        (b"GET /\x0b HTTP/1.1", MALFORMED),
        (b"GET / HTTP/", MALFORMED),
        (b"GET / HTTP/1.", MALFORMED),
        (b"GET / HTTP/.1", MALFORMED),
        (b"GET / HTTP/1.1.1", MALFORMED),
        (b"GET / http/1.1", MALFORMED),
        (b"GET / HTTP/x", MALFORMED),
        (rb"\x16\x03\x01", MALFORMED),
    ],
)
def test_a_request_has_parts_or_none(text: bytes, expected: Request) -> None:
    """Method, target and protocol with one blank between them, none empty and no other white space; or GET and a target.

    With a method of letters, the target may hold blanks.
    """
    assert split(text) == expected
    assert columns([text]) == ([parts(expected)], int(expected is MALFORMED))


def parts(request: Request) -> tuple[str | None, ...]:
    """Return the parts as a column shows them."""
    return tuple(None if getattr(request, name) == b"-" else shown(getattr(request, name)) for name in WANTED)


def columns(texts: list[bytes]) -> tuple[list[tuple[str | None, ...]], int]:
    """Return what the fast way makes of requests, record by record, and how many it calls malformed."""
    distinct = list(dict.fromkeys(texts))
    index = numpy.array([distinct.index(text) for text in texts], numpy.int32)
    found, malformed = request_columns(KeyColumn(pyarrow.array(distinct, pyarrow.binary()), index), WANTED)
    found = {name: printable(column) for name, column in found.items()}
    values = [found[name].keys.take(found[name].index).to_pylist() for name in WANTED]
    return list(zip(*values, strict=True)), int(malformed.sum())


@given(st.lists(REQUESTS, max_size=15))
def test_many_requests_are_what_each_is(texts: list[bytes]) -> None:
    """The columns of many requests hold for each record what the definition makes of it alone."""
    split_texts = [split(text) for text in texts]
    assert columns(texts) == ([parts(request) for request in split_texts], sum(request is MALFORMED for request in split_texts))


@given(REQUESTS)
def test_the_definition_is_the_sentence(text: bytes) -> None:
    """The words of the definition, checked one after the other, say what the expression says."""
    tokens = text.split(b" ")
    if len(tokens) > 3 and re.fullmatch(rb"[A-Za-z][\w-]*", tokens[0]) and tokens[1] and tokens[-2]:
        tokens = [tokens[0], b" ".join(tokens[1:-1]), tokens[-1]]
    well_formed = all(tokens) and not re.search(rb"[\t\n\r\v\f]", text)
    protocol = len(tokens) == 3 and re.fullmatch(rb"HTTP/\d+(\.\d+)?", tokens[-1])
    if well_formed and protocol:
        assert split(text) == Request(tokens[0], tokens[1], tokens[2])
    elif well_formed and len(tokens) == 2 and tokens[0] == b"GET":
        assert split(text) == Request(b"GET", tokens[1])
    else:
        assert split(text) is MALFORMED


def test_keys_are_distinct() -> None:
    """Paths that differ only in their query are one key."""
    texts = [b"GET /a?%d HTTP/1.1" % number for number in range(5)]
    found, _ = request_columns(KeyColumn(pyarrow.array(texts, pyarrow.binary()), numpy.arange(5)), WANTED)
    assert found["path"].keys.to_pylist() == [b"/a"]
    assert found["query"].keys.to_pylist() == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize(
    ("target", "path", "query"), [(b"/a?b?c", b"/a", b"b?c"), (b"/a", b"/a", b"-"), (b"?x", b"", b"x"), (b"/a?", b"/a", b"")]
)
def test_a_target_is_a_path_and_a_query(target: bytes, path: bytes, query: bytes) -> None:
    """The path ends at the first question mark, the query begins behind it; a target without one has no query."""
    assert (Request(b"GET", target).path, Request(b"GET", target).query) == (path, query)


def test_only_what_is_wanted_is_cut() -> None:
    """A column that is not asked for is not made."""
    found, _ = request_columns(KeyColumn(pyarrow.array([b"GET /a?b HTTP/1.1"], pyarrow.binary()), numpy.arange(1)), ["query"])
    assert set(found) == {"query"}
