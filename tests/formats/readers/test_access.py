"""A chunk of an access log: the fast way is the exact way, every line is accounted for, and both agree with the oracle."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.panels import panels
from logproc.counting.tally import Tally, count
from logproc.formats.account import parse_unknown
from logproc.formats.known import BY_NAME as FORMATS
from logproc.formats.readers.layout import LAYOUTS, Layout
from logproc.formats.readers.quotes import format_of_layout
from logproc.model.chunk import Context
from logproc.model.columns import Account, Parsed
from logproc.questions.question import Question
from tests.formats.readings import exactly
from tests.support import logs
from tests.support.chunks_of import chunk_of, parse
from tests.support.oracle import truth

BY_NAME = {layout.name: layout for layout in LAYOUTS}
EACH = pytest.mark.parametrize("name", logs.NAMES)
MAX_LINE_BYTES = 1 << 20
Row = tuple[int, int, tuple[tuple[str, str | None], ...]]


def rows(parsed: Parsed) -> Counter[Row]:
    """Return the records with all their columns, without an order."""
    columns = parsed.columns
    if columns is None or not columns.records:
        return Counter()
    texts = {name: [column.keys[at].as_py() for at in column.index.tolist()] for name, column in sorted(columns.keys.items())}
    sizes = columns.numbers["bytes"].whole
    assert {len(columns.time), len(sizes), *map(len, texts.values())} == {columns.records}
    fields = (tuple(zip(texts, values, strict=True)) for values in zip(*texts.values(), strict=True))
    return Counter(zip(columns.time.tolist(), sizes.tolist(), fields, strict=True))


def rejects(parsed: Parsed) -> list[tuple[int, str, list[int]]]:
    """Return the rejected lines: position, reason, bounds."""
    return list(
        zip(parsed.rejected_lines.tolist(), parsed.rejected_reasons, parsed.rejected_bounds.tolist(), strict=True),
    )


def malformed(parsed: Parsed) -> int:
    """Return how many requests are malformed."""
    return 0 if parsed.columns is None or parsed.columns.malformed is None else int(parsed.columns.malformed.sum())


def both(content: bytes, layout: Layout, max_line_bytes: int = MAX_LINE_BYTES) -> Parsed:
    """Parse a chunk in both ways, hold them equal field by field, and return what the fast one gave."""
    data = numpy.frombuffer(content, numpy.uint8)
    form = format_of_layout(layout)
    fast = form.parse(data, Context(), form.fields, max_line_bytes)
    exact = exactly(form).parse(data, Context(), form.fields, max_line_bytes)
    assert fast.account == exact.account
    assert fast.account.closes
    assert fast.account.rejected == len(fast.rejected_lines)
    assert rejects(fast) == rejects(exact)
    assert rows(fast) == rows(exact)
    assert malformed(fast) == malformed(exact)
    return fast


@EACH
@given(data=st.data())
def test_the_fast_way_is_the_exact_way(name: str, data: st.DataObject) -> None:
    """Whatever the lines hold, both ways give the same records, rejects and reasons."""
    content = data.draw(logs.contents(name))
    parsed = both(content, BY_NAME[name])
    assert parsed.account.lines == content.count(b"\n")


@EACH
@given(data=st.data(), limit=st.integers(1, 200))
def test_the_limit_of_a_line_is_the_same_in_both_ways(name: str, data: st.DataObject, limit: int) -> None:
    """A line over the limit is rejected as too long, whichever way would have taken it; its end does not count."""
    content = data.draw(logs.contents(name))
    parsed = both(content, BY_NAME[name], limit)
    lengths = [len(line.removesuffix(b"\r")) for line in content.split(b"\n")[:-1]]
    too_long = [position for position, reason, _ in rejects(parsed) if reason == "line-too-long"]
    assert too_long == [position for position, length in enumerate(lengths) if length > limit]


@EACH
@pytest.mark.parametrize(("lines", "damaged"), [(4000, 1.0), (6000, 0.01)])
def test_the_ways_agree_on_large_chunks(name: str, lines: int, damaged: float) -> None:
    """Many lines of every kind at once, mostly damaged and mostly good, give the same in both ways."""
    both(logs.log(lines, seed=lines, name=name, damaged=damaged), BY_NAME[name])


@EACH
@pytest.mark.parametrize(
    "fields", [dict.fromkeys(logs.USUAL, b"-") | {"time": b"01/Jan/2025:00:00:00 +0000", "status": b"200"}, {}]
)
def test_every_change_of_one_byte_is_the_same_in_both_ways(name: str, fields: dict[str, bytes]) -> None:
    """A line as short as one can be, and a usual one, with each byte left out, and any that means something put there."""
    good = logs.line(name, **fields)
    changed = [good, *(good[:at] + good[at + 1 :] for at in range(len(good)))]
    for token in b'" -[]\\\t\v\r\n/:0a\xff':
        changed += [good[:at] + bytes([token]) + good[at + rest :] for at in range(len(good)) for rest in (0, 1)]
    assert both(b"".join(line + b"\n" for line in changed), BY_NAME[name]).account.records >= len(good)


def test_a_log_of_one_format_is_read_the_same_in_both_ways_as_any_other() -> None:
    """Lines of all formats in one chunk, read by each layout in turn, give the same in both ways."""
    content = b"".join(logs.log(200, seed=1, name=name, damaged=0.3) for name in logs.NAMES)
    for layout in LAYOUTS:
        assert both(content, layout).account.records


@given(st.lists(st.sampled_from(logs.damaged_lines()), max_size=8))
def test_known_damage_is_the_same_in_both_ways(lines: list[bytes]) -> None:
    """Damage that servers, disks and attackers are known for is taken or rejected alike, and good lines beside it are taken."""
    content = b"".join(one + b"\n" for line in lines for one in (line, logs.line()))
    assert both(content, BY_NAME["combined"]).account.records >= len(lines)


@EACH
@given(data=st.data())
def test_the_cut_does_not_matter(name: str, data: st.DataObject) -> None:
    """Two chunks give together what they give as one: no line knows another."""
    first, second = data.draw(logs.contents(name, 5)), data.draw(logs.contents(name, 5))
    whole, *halves = (both(content, BY_NAME[name]) for content in (first + second, first, second))
    assert rows(whole) == rows(halves[0]) + rows(halves[1])
    assert whole.account == halves[0].account + halves[1].account
    assert whole.rejected_reasons == halves[0].rejected_reasons + halves[1].rejected_reasons


@given(logs.contents())
def test_the_end_of_a_line_may_have_a_cr(content: bytes) -> None:
    """A log with CR LF holds what the same log with LF holds."""
    content = content.replace(b"\r\n", b"\n")
    crlf = content.replace(b"\n", b"\r\n")
    plain, windows = both(content.replace(b"\r\n", b"\n"), BY_NAME["combined"]), both(crlf, BY_NAME["combined"])
    if b"\r" not in content:
        assert (rows(plain), plain.account, plain.rejected_reasons) == (
            rows(windows),
            windows.account,
            windows.rejected_reasons,
        )


@given(st.binary(max_size=300))
def test_any_bytes_are_accounted_for(content: bytes) -> None:
    """Bytes of any kind are lines of some kind, in every format and in none."""
    content += b"\n"
    data = numpy.frombuffer(content, numpy.uint8)
    accounts = [format_of_layout(layout).parse(data, Context(), (), MAX_LINE_BYTES).account for layout in LAYOUTS]
    for account in (*accounts, parse_unknown(data, MAX_LINE_BYTES).account):
        assert account.closes
        assert account.lines == content.count(b"\n")


@EACH
def test_an_empty_chunk_holds_nothing(name: str) -> None:
    """Without bytes there are no lines."""
    assert both(b"", BY_NAME[name]).account == Account()


def test_without_a_format_no_line_fits() -> None:
    """Every line that is not blank is rejected as of unknown format, by the limit as too long."""
    data = numpy.frombuffer(logs.line() + b"\n \nshort\n\n", numpy.uint8)
    parsed = parse_unknown(data, 20)
    assert parsed.account == Account(lines=4, rejected=2, blank=2)
    assert rejects(parsed) == [
        (0, "line-too-long", [0, len(logs.line())]),
        (2, "unknown-format", [len(logs.line()) + 3, len(data) - 2]),
    ]


@EACH
def test_a_format_is_found_by_its_name(name: str) -> None:
    """The format of a name reads that format's lines."""
    data = numpy.frombuffer(logs.line(name) + b"\n", numpy.uint8)
    assert FORMATS[name].parse(data, Context(), (), MAX_LINE_BYTES).account == Account(lines=1, records=1)


@EACH
def test_a_record_has_all_columns(name: str) -> None:
    """Every field of a line comes out under its standard name, the request in its parts."""
    fields = [
        field
        for field in ("host", "client", "user", "referrer", "user_agent", "forwarded_for")
        if b"%(" + field.encode() in logs.TEMPLATES[name]
    ]
    ((time, size, texts),) = rows(both(logs.line(name) + b"\n", BY_NAME[name]))
    assert (time, size) == (1431857103, 4263)
    expected = {field: logs.USUAL[field].decode() for field in fields}
    parts = {
        "request": "GET /cart?id=7 HTTP/1.1",
        "method": "GET",
        "target": "/cart?id=7",
        "path": "/cart",
        "query": "id=7",
        "protocol": "HTTP/1.1",
    }
    assert dict(texts) == {**expected, **parts, "status": "200", "request": "GET /cart?id=7 HTTP/1.1"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"user": b"john doe"}, {"user": "john doe"}),
        ({"user": b"a [b] c"}, {"user": "a [b] c"}),
        ({"user": b'"quoted"'}, {"user": '"quoted"'}),
        ({"user": b"-", "referrer": b"-"}, {"user": None, "referrer": None}),
        ({"referrer": b"", "user_agent": b" "}, {"referrer": None, "user_agent": " "}),
        ({"user_agent": rb"\"M\" \\"}, {"user_agent": r"\"M\" \\"}),
        ({"user_agent": b"a\tb\x00\xff\xc3\xa9"}, {"user_agent": r"a\x09b\x00\xffé"}),
        ({"request": b"GET /old?x"}, {"method": "GET", "path": "/old", "protocol": None}),
        ({"request": b"-"}, {"method": None, "path": None, "protocol": None}),
        ({"client": b"::1", "status": b"007"}, {"client": "::1", "status": "007"}),
    ],
)
def test_values_stay_as_they_were_written(fields: dict[str, bytes], expected: dict[str, str | None]) -> None:
    """Text is not unescaped, a dash is absent, an empty value is a value."""
    ((_, _, texts),) = rows(both(logs.line("combined", **fields) + b"\n", BY_NAME["combined"]))
    assert expected.items() <= dict(texts).items()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"-", 0),
        (b"0", 0),
        (b"9" * 18, 10**18 - 1),
        (b"%d" % (2**63 - 1), 2**63 - 1),
        (b"0" * 40 + b"12", 12),
        (b"0" * 5000, 0),
    ],
)
def test_a_size_is_exact(text: bytes, size: int) -> None:
    """Sizes up to 2^63 - 1 are taken as they are, however many zeros stand before them."""
    ((_, found, _),) = rows(both(logs.line(bytes=text) + b"\n", BY_NAME["combined"]))
    assert found == size


def counted(content: bytes) -> Tally:
    """Return the counts of a Combined log."""
    chunk = chunk_of(content)
    return count(chunk, parse(chunk.data, "combined", MAX_LINE_BYTES))


@pytest.mark.parametrize("damaged", [0.0, 0.02, 1.0])
def test_the_oracle_counts_the_same(damaged: float) -> None:
    """Totals, account and all panels are those of a program that shares no code."""
    agrees_with_oracle(logs.log(1500, seed=7, damaged=damaged) + b"\n".join(logs.damaged_lines()) + b"\n")


@given(logs.contents())
def test_the_oracle_counts_any_log_the_same(content: bytes) -> None:
    """The same for whatever the strategies think of."""
    agrees_with_oracle(content)


def agrees_with_oracle(content: bytes) -> None:
    """Compare everything that is counted with the oracle."""
    tally, true = counted(content), truth(content)
    assert tally.account == Account(true.lines, true.records, len(true.rejected), true.blank)
    assert (tally.bytes, tally.malformed_requests) == (true.bytes, true.malformed_requests)
    seconds = [int(moment.timestamp()) for moment in true.times]
    assert (tally.first, tally.last) == (min(seconds, default=None), max(seconds, default=None))
    for name in true.panels:
        panel = panels(tally, Question(), top=0)[name]
        assert {row.key[0]: (row.count, row.bytes) for row in panel.rows} == true.counts(name)


HOSTILE = r"""
import sys, tracemalloc
import numpy
from logproc.formats.readers.layout import LAYOUTS
from logproc.formats.readers.quotes import format_of_layout
from logproc.formats.detection.detect import detect
from logproc.model.chunk import Context
from tests.formats.readings import exactly
from tests.support.logs import line

pytestmark = pytest.mark.usefixtures("quick_reader")

TIME = b'[17/May/2015:10:05:03 +0000]'
FRONT = b'c - u ' + TIME + b' "'
PIECES = [
    b' [', b'[', b'] "', b'\\"', b'"', b'" ', b' "', b'\\', b' ', b'\t', b'a', b'0', b'-', b'{', b'a=', b'" ' + TIME + b' "',
    b' ' + TIME + b' "GET / HTTP/1.1" 200 12 "', b' ' + TIME + b' "\\"', b'" 200 12 "', b'" 200 1',
]
BEGINNINGS = [b'', b'c - u', FRONT, FRONT + b'" 200 ', FRONT + b'" 200 1 "']
FIRST = LAYOUTS[1]

def check(layout, beginning, piece, size):
    text = (beginning + piece * (size // len(piece)))[:size]
    data = numpy.frombuffer(text + b'\n', numpy.uint8)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    form = format_of_layout(layout)
    assert exactly(form).parse(data, Context(), form.fields, size).account.closes
    used = tracemalloc.get_traced_memory()[1] - before
    if used > 20 * size + (1 << 20):
        sys.exit(f'{used} bytes for {size} of {text[:80]} in {layout.name}')

format_of_layout(FIRST).parse(numpy.frombuffer(line() + b'\n', numpy.uint8), Context(), (), 1 << 20)
tracemalloc.start()
for piece in PIECES:
    for beginning in BEGINNINGS:
        for layout in LAYOUTS:
            check(layout, beginning, piece, 16 << 10)
        detect((beginning + piece * (16 << 10))[:16 << 10], whole=True)
for piece in PIECES[:4] + PIECES[-5:]:
    check(FIRST, FRONT[:5], piece, 1 << 20)
    check(FIRST, FRONT, piece, 1 << 20)
"""


@pytest.mark.soak  # every format has a line of 1 MiB in test_linear
@pytest.mark.timeout(150)
def test_a_hostile_line_costs_no_more_than_another() -> None:
    """Lines of up to 1 MiB, made against expressions that go back, take little time, and memory as their length asks for.

    What would be quadratic here takes hours, what is linear seconds: a deadline of two minutes is far from both.
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", HOSTILE], timeout=120, capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")


def test_rejected_lines_stand_in_order() -> None:
    """Rejects of both kinds, too long and of no form, come in the order of the chunk."""
    content = b"".join(line + b"\n" for line in [b"bad", b"x" * 300, logs.line(), b"worse", b"y" * 400])
    found = both(content, BY_NAME["combined"], 200).rejected_lines.tolist()
    assert all(first < second for first, second in pairwise(found))
    assert found == [0, 1, 3, 4]
