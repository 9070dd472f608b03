"""A source with several layouts: each line is read by its own, and none vanishes in the record above."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.detect import detect
from logproc.formats.mixed import Mixed
from logproc.model.chunk import Parser
from logproc.model.columns import Account
from tests.formats.readings import CONTEXT, Reading, bytes_of, read, read_cut
from tests.support import logs

APP = b"2026-03-07 10:00:00,001 ERROR shop.pay: no amount"
TRACE = b'  File "pay.py", line 7, in pay'
ACCESS = logs.line("combined")
NGINX = b"2026/03/07 10:00:01 [error] 31#31: *5 open() failed, client: 192.0.2.1, server: example.com"
JSON = b'{"time":"2026-03-07T10:00:02Z","level":"warn","msg":"slow","bytes":7}'
OTHER = b"[Sat Mar 07 10:00:00 2026] nobody knows this layout"
KINDS = [APP, TRACE, ACCESS, NGINX, JSON, OTHER, b"", b"gibberish"]
SAMPLE = b"".join(line + b"\n" for line in [APP, TRACE, ACCESS, NGINX, JSON] * 3)


def found() -> Parser:
    """Return the format of a source in which all layouts occur."""
    form = detect(SAMPLE, whole=True)
    assert isinstance(form, Mixed)
    return form


FORM = found()


def test_each_line_is_read_by_its_own_layout() -> None:
    """Fields that the records of one layout do not have are absent there."""
    reading = read(FORM, b"".join(line + b"\n" for line in [APP, ACCESS, NGINX, JSON]))
    assert reading.account == Account(lines=4, records=4)
    columns = {
        name: sorted(str(value) for value in reading.columns[name] if value)
        for name in ("level", "status", "message", "client")
    }
    assert columns["level"] == ["error", "error", "warning"]
    assert columns["status"] == ["200"]
    assert columns["message"] == ["no amount", "open() failed", "slow"]
    assert len(columns["client"]) == 2


def test_a_duration_has_the_unit_of_its_own_layout() -> None:
    """Squid's milliseconds are not seconds because another layout is in the file, whether the field is also a key or not."""
    squid = b"1772877600.659 9307 192.0.2.7 TCP_MISS/200 2904 GET http://example.com/a - HIER_DIRECT/203.0.113.206 -"
    lines = b"".join(line + b"\n" for line in [squid, APP] * 5)
    form = detect(lines, whole=True)
    assert isinstance(form, Mixed)
    assert read(form, lines).columns["duration as a number"].count(9_307_000_000) == 5


@pytest.mark.parametrize(
    ("lines", "records", "rejected", "continuation"),
    [
        ([APP, TRACE, TRACE], 1, 0, 2),
        ([APP, ACCESS, TRACE], 2, 1, 0),
        ([APP, OTHER, TRACE], 1, 1, 1),
        ([ACCESS, b"gibberish"], 1, 1, 0),
        ([TRACE, APP], 1, 1, 0),
    ],
)
def test_what_no_layout_claims_goes_on_with_a_record_of_several_lines(
    lines: list[bytes], records: int, rejected: int, continuation: int
) -> None:
    """Only if it has no time of its own, and the record before it is one that may have several lines."""
    account = read(FORM, b"".join(line + b"\n" for line in lines)).account
    assert (account.records, account.rejected, account.continuation) == (records, rejected, continuation)


def records(reading: Reading) -> list[str]:
    """Return the records in an order of their own, each as the fields that it has."""
    names = sorted(reading.columns)
    rows = zip(reading.time, *(reading.columns[name] for name in names), strict=True)
    return sorted(repr([time, *(pair for pair in zip(names, row, strict=True) if pair[1] is not None)]) for time, *row in rows)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=12))
def test_the_cut_does_not_matter(lines: list[tuple[bytes, bool]]) -> None:
    """Chunks that are cut at any line give the same records, rejects and further lines."""
    chunks = [b""]
    for line, is_last in lines:
        chunks[-1] += line + b"\n"
        chunks += [b""] if is_last else []
    chunks = [chunk for chunk in chunks if chunk]
    whole, cut = read(FORM, b"".join(chunks)), read_cut(FORM, chunks)
    assert (whole.account, whole.rejected, records(whole)) == (cut.account, cut.rejected, records(cut))


@given(st.lists(st.sampled_from(KINDS)))
def test_the_account_closes(lines: list[bytes]) -> None:
    """Every line is in one place, in any mixture."""
    content = b"".join(line + b"\n" for line in lines) or b"\n"
    parsed = FORM.parse(bytes_of(content), CONTEXT, ("level",), 1 << 20)
    assert parsed.account.closes
    assert parsed.account.lines == content.count(b"\n")


def test_one_layout_is_not_a_mixture() -> None:
    """A source of one layout has its format, also with damaged lines among them."""
    form = detect(logs.log(40, damaged=0.2), whole=True)
    assert form is not None
    assert form.name == "combined"
