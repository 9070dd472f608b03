# ruff: noqa: E501 - values side by side
"""JSON lines of programs: the same keys in the same order, values of all kinds, and damage."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

import numpy

from logproc.formats.readers.json_lines import JsonReader
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, STANDARD, exactly, in_line_order
from tests.support.logs import edit

TEXTS = (
    *(b'"2026-03-07T10:00:00Z"', b'"info"', b'"-"', b'""', b'"null"', b'"caf\xc3\xa9"', b'"a,b}{:"', b'"1.50"', b'"\x7f"', b'" "'),
    *(b'"2026-03-07T10:00:00.25Z"', b'"2026-02-29T10:00:00Z"', b'"2026-03-07T10:00:00+01:00"', b'"2026-03-07 10:00:00Z"'),
    *(b'"\\n"', b'"\\u0041"', b'"\\""', b'"\t"', b'"\x00"', b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"'),
)  # fmt: skip
PLAIN = (
    *(b"0", b"1", b"200", b"-7", b"1.50", b"0.0000", b"0.0030", b"10.0", b"true", b"false", b"null", b"1772877600.123456"),
    *(b"-0", b"-0.0", b"0.00001", b"0.0001", b"-0.00010", b"1e5", b"1E-7", b"01", b"1.", b".5", b"+1", b"-", b"tru", b"NaN"),
    *(b"999999999999999", b"9999999999999999", b"99999999999999999", b"4194303.99999999", b"4194304.5000", b"0.1234567890123456"),
    *(b"[1]", b"[]", b"{}", b'{"c":1}', b"9223372036854775808", b"-9007199254740993", b"1:2", b"12345678.12345678", b"Infinity"),
    *(b"9.007199254740991", b"9.007199254740992", b"9.007199254740993", b"9.007199254740994", b"0.12345678901234567890", b"9" * 400),
)  # fmt: skip
TOKENS = (
    *(b'"', b"\\", b"{", b"}", b"[", b",", b":", b" ", b"\t", b"\r", b"0", b".", b"e", b"null", b"\xff", b'"a":', b"\x00"),
    b"{}",
)
KEYS = (b"time", b"level", b"msg", b"a", b"b", b"a.b", b"\xc3\xa9", b"", b"status")
WANTED = (*STANDARD, "a.b.c", "a.x", "b.a", "b.b", "msg", "é", "", "x", "raw_level")
USUAL = {b'"': TEXTS[:10], b"0": PLAIN[:12]}


def assert_quick_is_exact(content: bytes, sample: Sequence[bytes], wanted: Collection[str]) -> None:
    """Read lines in the format of a sample, and hold the quick ways equal to the exact one, record by record."""
    form, _ = JsonReader.of_sample(sample)
    data = numpy.frombuffer(content, numpy.uint8).copy()  # of its own, so that a sanitizer knows where it ends
    quick, exact = (in_line_order(way.parse(data, CONTEXT, wanted, MAX_LINE_BYTES)) for way in (form, exactly(form)))
    assert quick == exact


def lines_for(draw: random.Random, count: int) -> bytes:
    """Return lines of up to three programs; few values are odd, and few lines are damaged."""
    programs = [program_for(draw) for _ in range(draw.randint(1, 3))]
    return b"".join(line_of(draw, draw.choice(programs)) + draw.choice((b"\n", b"\n", b"\r\n")) for _ in range(count))


def program_for(draw: random.Random, depth: int = 0) -> list[tuple[bytes, object]]:
    """Return the members of an object: a key with the blank behind its colon, and the kind of its value."""
    kinds = [b'"', b'"', b"0", b"0", *([None] if depth < 2 else [])]
    found: list[tuple[bytes, object]] = []
    for key in draw.sample(KEYS, draw.randint(1, 5)):
        kind = draw.choice(kinds)
        found.append((b'"%b":%b' % (key, draw.choice((b"", b" "))), program_for(draw, depth + 1) if kind is None else kind))
    return found + found[: draw.random() < 0.03]


def line_of(draw: random.Random, program: list[tuple[bytes, object]]) -> bytes:
    odd = draw.choice((0.0, 0.0, 0.0, 0.2))
    text = object_of(draw, program, odd)
    for _ in range(draw.choice((0, 0, 0, 0, 1))):
        text = edit(text, draw.randrange(4), draw.randrange(len(text) + 1), draw.choice(TOKENS), draw.randrange(1, 12))
    return text.replace(b"\n", b"")


def object_of(draw: random.Random, program: list[tuple[bytes, object]], odd: float) -> bytes:
    def value(kind: object) -> bytes:
        if isinstance(kind, list):
            return object_of(draw, kind, odd)
        return draw.choice((*TEXTS, *PLAIN)) if draw.random() < odd else draw.choice(USUAL[b'"' if kind == b'"' else b"0"])

    return b"{%b}" % b",".join(front + value(kind) for front, kind in program)
