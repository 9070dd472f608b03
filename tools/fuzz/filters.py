"""The language of `--where`: an invalid filter raises UsageError, a valid one accepts or rejects each record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

from logproc.model.columns import Columns, KeyColumn, Numbers
from logproc.model.errors import UsageError
from logproc.questions.where.grammar import MAX_DEPTH, Where, parse_where
from tests.questions.records import records
from tools.fuzz.target import Given, Target, text_of
from tools.fuzz.times import ZONES

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

RECORDS = records(
    [1772877600, 0, None, -62135596800, 253402300799],
    {"bytes": [0, 4096, 2**63 - 1, 1, 5]},
    status=["200", "404", None, "503", "099"],
    client=["10.1.2.3", "::ffff:10.1.2.3", "shop.example", None, "2001:db8::1"],
    path=["/", "/api/v1", "/caf\\xc3\\xa9", "", "/\u00e9"],
    forwarded_for=["10.0.0.1, ::1", "-", None, "1.2.3.4", "256.1.1.1"],
    duration=["0.5", "500ms", None, "1e-9", "NaN"],
    level=["INFO", "error", "true", "1e9999", " 5"],
)
"""Five records, with values of each type that a field can have."""


def run(data: bytes) -> None:
    """Apply a filter to all records at once and to each separately, and its negation."""
    given = Given(data)
    zone, text = given.one_of(ZONES), text_of(given.rest())
    try:
        where = parse_where(text, zone)
    except UsageError:
        return
    mask = mask_of(where, RECORDS)
    for at in range(RECORDS.records):
        assert mask_of(where, RECORDS.keep(numpy.arange(RECORDS.records) == at)).tolist() == [mask[at]]
    if text.count("(") + text.count("not") < MAX_DEPTH - 2:
        assert (mask_of(parse_where(f"not ({text}\n)", zone), RECORDS) == ~mask).all()
        assert (mask_of(parse_where(f"({text}\n) and ({text}\n)", zone), RECORDS) == mask).all()


def mask_of(where: Where, columns: Columns) -> Mask:
    """Return which records a filter accepts."""

    def field(name: str) -> KeyColumn | Numbers | None:
        return columns.keys.get(name) or columns.numbers.get(name)

    mask = where.mask(columns, field)
    assert mask.dtype == bool
    assert mask.shape == (columns.records,)
    return mask


TARGETS = (
    Target(
        "filters",
        run,
        seeds=(
            b'\0status >= 500 and path =~ "^/api" and not client in ("10.0.0.0/8", "::1")',
            b"\1time >= '2026-03-07T10:00' or time < '2026-03-07' and bytes == 4KiB",
            b"\2level in (5, \"INFO\", true,) or `two `` words` is not absent or shape(path) = '/{}'",
            b"\3net:24 contains '10.' or duration > .5ms or duration !~ 'ms$' or forwarded_for != \"::1\"",
            b"\4not not (status != 200) and in in (1, 2) and user is absent",
        ),
        words=(
            *(
                b" and ",
                b" or ",
                b" not ",
                b" in (",
                b" is ",
                b" absent",
                b" contains ",
                b"==",
                b"!=",
                b"<=",
                b"=~",
                b"!~",
                b"(",
            ),
            *(b")", b'"', b"'", b"`", b"\\", b",", b"status", b"time", b"client", b"bytes", b"duration", b"path", b"net:129"),
            *(b"shape(", b"KiB", b"us", b"h", b"1e9", b".", b"-", b"9" * 19, b"(?i)", b"\\p{L}", b"{1000}", b"10.0.0.0/33"),
            *(b"2001:db8::/32", b"2026-03-07T10:00:00.123456789+23:59", b"0001-01-01", b"\xff", b"\xc3\xa9", b"true", b"\n"),
        ),
    ),
)
