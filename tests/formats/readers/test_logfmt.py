"""logfmt: the fast way is the exact way, and the exact way is what go-kit, Grafana, logrus and Heroku write."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.formats.columns.aliases import Meaning
from logproc.formats.columns.coalesce import Source
from logproc.formats.columns.lines import plain_lines
from logproc.formats.columns.slices import texts_of
from logproc.formats.engine import Format
from logproc.formats.readers.logfmt import PairsReader, logfmt_format, pairs_of
from logproc.formats.readers.logfmt_layout import layout_of, of_layouts
from logproc.model.columns import Account
from tests.formats.readings import (
    CONTEXT,
    MAX_LINE_BYTES,
    STANDARD,
    Reading,
    bytes_of,
    exactly,
    joined,
    read,
    reading_of,
    records_of,
    same,
)

FORM = logfmt_format(
    PairsReader(
        keys=("ts", "level", "msg", "took", "status", "url"),
        aliases=tuple(
            (column, (Source((key,)),))
            for column, key in [("time", "ts"), ("message", "msg"), ("duration", "took"), ("target", "url"), ("level", "level")]
        ),
    ),
    Meaning({}, units=(("duration", 0),)),
)
WANTED = (*STANDARD, "msg", "a", "b", "a.b", "")
USUAL = rb'ts=2026-03-07T10:00:00.123Z level=info msg="user \"x\" left" took=3ms url=/cart?id=7 done status=200'
CLEAN = USUAL.replace(rb"\"x\"", b"x = y")
MEANINGFUL = b'"=\\ \t\r\n\x00\x1f!a-\x7f\xff'
PIECES = [
    *(b"a=1", b"a=2", b"b=", b"b", b"a.b=x", b"-=-", b"msg=", b"ts=2026-03-07T10:00:00Z", b'ts="2026-03-07 10:00:00"', b"ts=?"),
    *(b"level=info", b'level="warn"', b"took=1.5ms", b"took=x", b'url="/a?b"', b"status=200", b'msg="a b"', b'msg=""', b'""'),
    *(
        b'msg="a = b"',
        rb'msg="a \" b"',
        rb'msg="\\"',
        rb"msg=a\b",
        rb'msg="\u00e9\ud800\n\q"',
        b"=",
        b"=a",
        b'"',
        b'a="',
        b'"a"=b',
    ),
    *(b"a==b", b'a="b"c', b'a=b"c"', b"\xff=\xfe", b"\xc3\xa9=\xc3\xa9", b"\x00", b"\r", b"\t", b" ", b"  ", b"\\"),
]
LINES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map(b" ".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join),
    st.text('a=" \\\t', max_size=20).map(str.encode),
    st.sampled_from([USUAL, CLEAN]),
    st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")),
)


def both(content: bytes, form: Format = FORM, max_line_bytes: int = MAX_LINE_BYTES) -> Reading:
    """Parse a chunk in both ways, hold them equal field by field, and return what the fast one gave."""
    data = bytes_of(content)
    fast, exact = (reading_of(way(data, CONTEXT, WANTED, max_line_bytes)) for way in (form.parse, exactly(form).parse))
    same(fast, exact)
    return fast


@given(st.lists(LINES, max_size=8))
def test_the_fast_way_is_the_exact_way(lines: list[bytes]) -> None:
    """Whatever the lines hold, both ways give the same records, rejects and reasons."""
    content = b"".join(line + b"\n" for line in lines)
    assert both(content).account.lines == content.count(b"\n")


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 5), LINES), max_size=12))
def test_lines_of_one_layout_are_read_in_both_ways_alike(pairs: list[bytes], rest: list[tuple[int, bytes]]) -> None:
    """Lines with the same keys, some with other values or pairs, and others between them."""
    values = (b"1", b"", b'""', b'"a b"', b"x=y", b"\xff")
    lines = []
    for value, other in rest:
        line = b" ".join(pair.partition(b"=")[0] + b"=" + values[value] if value else pair for pair in pairs)
        lines += [line, line, other, b" ".join(pairs)]
    both(b"".join(line + b"\n" for line in lines))


def test_a_layout_is_cut_as_one_expression() -> None:
    """What all lines have in common is learned from some of them; one value may be in quotes only where it needs them."""
    sample = [b"level=info msg=ready n=1", b'level=info msg="not ready" n=', b"level=info n=2"]
    assert layout_of(sample)[1] == ["level", "msg", "n"]
    lines = plain_lines(bytes_of(b"".join(line + b"\n" for line in sample)))
    left = numpy.ones(3, bool)
    layouts = [
        (which.tolist(), {key: texts_of(part.data, part.starts, part.ends).to_pylist() for key, part in found.items()})
        for which, found in of_layouts(lines, left, {"msg", "n", "other"})
    ]
    assert layouts == [([0, 1], {"msg": [b"ready", b"not ready"], "n": [b"1", b""]}), ([2], {"n": [b"2"]})]
    assert not left.any()


@pytest.mark.parametrize("line", [b"a=1 a=2", b'a="x\\"y"', b"a=1  b=2", b"a=1 b", b"a=1 ", b"a=" + b"x" * 5000, b"\xff=1"])
def test_other_lines_have_no_layout(line: bytes) -> None:
    """A key that comes twice, a backslash, further blanks, a key without a value: these are read as before."""
    assert layout_of([line]) == ("", [])


@given(st.lists(LINES, max_size=8), st.integers(1, 60))
def test_the_limit_of_a_line_is_the_same_in_both_ways(lines: list[bytes], limit: int) -> None:
    """A line over the limit is rejected as too long, whichever way would have taken it."""
    reading = both(b"".join(line + b"\n" for line in lines), max_line_bytes=limit)
    too_long = [line for line, reason, _ in reading.rejected if reason == "line-too-long"]
    content = b"".join(line + b"\n" for line in lines).split(b"\n")[:-1]
    assert too_long == [at for at, line in enumerate(content) if len(line.removesuffix(b"\r")) > limit]


@pytest.mark.parametrize("good", [USUAL, CLEAN, b'a="" b=c', b"a=b"])
def test_every_change_of_one_byte_is_the_same_in_both_ways(good: bytes) -> None:
    """A usual line with each byte left out, and any that means something put there, is read alike."""
    changed = [good, *(good[:at] + good[at + 1 :] for at in range(len(good)))]
    for byte in MEANINGFUL:
        changed += [good[:at] + bytes([byte]) + good[at + rest :] for at in range(len(good) + 1) for rest in (0, 1)]
    reading = both(b"".join(line + b"\n" for line in changed))
    assert reading.account.records > len(changed) // 2


@given(st.lists(LINES, max_size=8), st.integers(1, 40))
def test_pieces_of_a_chunk_are_the_chunk(lines: list[bytes], piece_bytes: int) -> None:
    """A chunk of many tokens is read in pieces, and they have together what it has as a whole."""
    data = bytes_of(b"".join(line + b"\n" for line in lines))
    whole = reading_of(FORM.parse(data, CONTEXT, WANTED, 30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logproc.formats.readers.logfmt.SPARSE", len(data) + 1)
        patch.setattr("logproc.formats.readers.logfmt.DENSE_BYTES", piece_bytes)
        same(reading_of(FORM.parse(data, CONTEXT, WANTED, 30)), whole)


@given(st.lists(LINES, max_size=5), st.lists(LINES, max_size=5))
def test_the_cut_does_not_matter(first: list[bytes], second: list[bytes]) -> None:
    """Two chunks have together the records that they have as one: no line knows another."""
    parts = [b"".join(line + b"\n" for line in lines) for lines in (first, second)]
    whole, cut = both(b"".join(parts)), joined([both(part) for part in parts])
    assert whole.account == cut.account
    assert records_of(whole) == records_of(cut)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (rb'level=info msg="a \"b\"" done url=/?a=b', {"level": "info", "msg": 'a "b"', "done": "", "url": "/?a=b"}),
        (rb'msg="tab\there\nand \u00e9 \/ \\"', {"msg": "tab\there\nand é / \\"}),
        (rb'msg="\q \ud800 \u12"', {"msg": r"\q \ud800 \u12"}),
        (b"a=1 a=2", {"a": "2"}),
        (b"  a=b\t c=\x1f", {"a": "b", "c": ""}),
        (b'a="" b=', {"a": "", "b": ""}),
        (b"a==b", {"a": "=b"}),
    ],
)
def test_a_line_is_pairs(line: bytes, expected: dict[str, str]) -> None:
    """Values are without their quotes and escapes; of a key that comes twice the last value counts."""
    assert pairs_of(line) == {key.encode(): value.encode() for key, value in expected.items()}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"only words here", "no-match"),
        (b"", "no-match"),
        (b"=a", "no-match"),
        (b'a="b"c', "no-match"),
        (b'a=b"c"', "no-match"),
        (b'"a"=b', "no-match"),
        (b'a="b', "unterminated-quote"),
        (rb'a="b\"', "no-match"),
        (b'a=b msg="torn he', "unterminated-quote"),
    ],
)
def test_a_line_that_is_not_logfmt_has_a_reason(line: bytes, reason: str) -> None:
    """A line without a pair or without any value is rejected, with the reason."""
    assert pairs_of(line) == reason


def test_fields_have_their_standard_names() -> None:
    """Columns are found by the keys that the sample has for them; durations are numbers of seconds."""
    reading = read(FORM, CLEAN + b"\n", STANDARD)
    assert reading.time == [1772877600]
    assert reading.columns["message"] == ["user x = y left"]
    assert reading.columns["path"] == ["/cart"]
    assert reading.columns["query"] == ["id=7"]
    assert reading.columns["duration as a number"] == [3_000_000]


def test_a_key_that_the_sample_lacks_is_found() -> None:
    """Any key can be asked for, whether the sample had it or not; lines without it have none."""
    assert read(FORM, b"a=1\nb=2\n\nlevel=info\n", ("b",)).columns == {"b": [None, "2", None]}


def test_a_long_value_costs_no_more_than_another() -> None:
    """A megabyte of blanks, quotes or escapes in one line is read in a moment, by either way."""
    for piece in (b" ", b'"', b"\\", b'\\"', b'" ', b"a=", b'a="b" ', b"="):
        line = b'a="' + piece * ((1 << 19) // len(piece)) + b'"\n'
        account = both(line).account
        assert account == replace(Account(), lines=1, records=account.records, rejected=1 - account.records)
