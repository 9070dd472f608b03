"""Every format reads a log the same wherever it is cut, and accounts for every line of it, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logproc.model.chunk import Parser
from tests.formats.readings import CONTEXT, STANDARD, bytes_of, detected, lines_of, read, read_cut, reading_of, same
from tests.formats.samples import SAMPLES, Sample


def format_of(sample: Sample) -> Parser:
    """Return the format of a sample."""
    return detected(sample.text)


EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
FORMS = list({format_of(sample).name: sample for sample in SAMPLES}.values())
ONE_A_FORMAT = pytest.mark.parametrize("sample", FORMS, ids=lambda sample: format_of(sample).name)
A_FEW = settings(max_examples=settings().max_examples // 3)
STEPS = [7, pytest.param(1, marks=pytest.mark.soak)]
OTHERS = [
    b"",
    b" \t",
    b"garbage",
    b"\x00\xff\xfe",
    b"#Fields: date time x",
    b"#",
    b"{",
    b"}",
    b'"',
    b"=",
    b"[",
    b"\tat a.b(C.java:1)",
]


def cuts(lines: list[bytes], step: int) -> Iterator[list[bytes]]:
    """Yield the lines as one chunk each, and as two chunks, cut at every `step`-th line end."""
    yield lines
    for at in range(1, len(lines), step):
        yield [b"".join(lines[:at]), b"".join(lines[at:])]


@pytest.mark.parametrize("step", STEPS)
@EACH
def test_the_cut_does_not_matter(sample: Sample, step: int) -> None:
    """Cut at any line end, within an entry of several lines too, a log gives what it gives as a whole.

    But for a log whose lines may be in parts: that is only cut at records.
    """
    form, lines = format_of(sample), lines_of(sample.text)
    if form.whole_records:
        return
    whole = read(form, b"".join(lines))
    for chunks in cuts(lines, step):
        same(whole, read_cut(form, chunks))


@ONE_A_FORMAT
@A_FEW
@given(data=st.data())
def test_a_damaged_log_is_accounted_for(sample: Sample, data: st.DataObject) -> None:
    """Lines of a sample, torn, shuffled and between others, are each counted once, wherever they are cut."""
    form, good = format_of(sample), lines_of(sample.text)
    some = st.lists(
        st.one_of(st.sampled_from(good), st.sampled_from(good).map(lambda line: line[: len(line) // 2] + b"\n")), max_size=6
    )
    lines = data.draw(some) + [line + b"\n" for line in data.draw(st.lists(st.sampled_from(OTHERS), max_size=3))]
    lines = data.draw(st.permutations(lines))
    bounds = sorted({0, len(lines), *data.draw(st.lists(st.integers(0, len(lines)), max_size=3))})
    content = b"".join(lines)
    whole = read(form, content)
    assert whole.account.lines == content.count(b"\n")
    same(whole, read_cut(form, [b"".join(lines[start:end]) for start, end in pairwise(bounds)]))


@ONE_A_FORMAT
@A_FEW
@given(content=st.binary(max_size=120), limit=st.integers(1, 200))
def test_any_bytes_are_accounted_for(sample: Sample, content: bytes, limit: int) -> None:
    """Any bytes behind a line of a format are lines of some kind, and those over the limit are too long."""
    form = format_of(sample)
    content = lines_of(sample.text)[0] + content + b"\n"
    reading = reading_of(form.parse(bytes_of(content), CONTEXT, STANDARD, limit))
    assert reading.account.lines == content.count(b"\n")
    lengths = [len(line.removesuffix(b"\r")) for line in content.split(b"\n")[:-1]]
    too_long = [line for line, reason, _ in reading.rejected if reason == "line-too-long"]
    assert too_long == [at for at, length in enumerate(lengths) if length > limit]


@EACH
def test_what_is_not_wanted_changes_nothing(sample: Sample) -> None:
    """The account, the times and each column are the same, whichever columns are asked for with it."""
    form, content = format_of(sample), b"".join(lines_of(sample.text))
    whole = read(form, content)
    for name in ("level", "message", "client", "path", "status"):
        alone = read(form, content, (name,))
        assert (alone.account, alone.time, alone.rejected) == (whole.account, whole.time, whole.rejected)
        assert alone.columns.get(name) == whole.columns.get(name)
