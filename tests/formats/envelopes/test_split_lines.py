"""Long lines, which container runtimes write in parts, are whole again inside an envelope."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.detect import detect
from logproc.formats.envelopes.envelope import Envelope
from logproc.model.columns import Account
from logproc.sources.cutter import Cutter
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, bytes_of, read, reading_of, records_of
from tests.support import logs
from tests.support.logs import ScriptedStream

TIME = "2026-03-07T10:00:00.5Z"


def docker(text: str, *, ends: bool, stream: str = "stdout") -> str:
    return json.dumps({"log": text + "\n" * ends, "stream": stream, "time": TIME})


def cri(text: str, *, ends: bool, stream: str = "stdout") -> str:
    return f"{TIME} {stream} {'F' if ends else 'P'} {text}"


OUTER: dict[str, Callable[..., str]] = {"docker": docker, "cri": cri}
INNER = {
    "json": '{"level":"error","msg":"order failed","stack":"' + "frame " * 20 + '"}',
    "text": "2026-03-07 10:00:00,123 ERROR shop.pay: order failed " + "very " * 20,
    "access": logs.line("combined").decode(),
}


def in_parts(wrap: Callable[..., str], text: str, size: int, **more: str) -> list[str]:
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    return [wrap(part, ends=number == len(parts), **more) for number, part in enumerate(parts, 1)]


def log_of(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_a_line_in_parts_is_read_as_one(outer: str, inner: str) -> None:
    """Each record is the same as that of a line in one piece; its further parts are further lines."""
    wrap, text = OUTER[outer], INNER[inner]
    whole = [wrap(text, ends=True)] * 10
    form = detect(log_of(whole), whole=True)
    assert isinstance(form, Envelope)
    parts = in_parts(wrap, text, 50)
    content = log_of([*whole, *parts])
    reading = read(form, content)
    reading.columns.pop("tag", None)  # of the first part
    assert reading.account == Account(lines=10 + len(parts), records=11, continuation=len(parts) - 1)
    assert len(set(records_of(reading))) == 1


@pytest.mark.parametrize("outer", OUTER)
def test_lines_of_the_other_stream_may_be_between_the_parts(outer: str) -> None:
    """They are records of their own, and a line in parts that no inner format claims has all of its text."""
    wrap = OUTER[outer]
    first, *rest = in_parts(wrap, INNER["json"], 60)
    content = log_of([first, wrap(INNER["json"], ends=True, stream="stderr"), *rest, *in_parts(wrap, "no layout at all", 5)])
    form = detect(log_of([wrap(INNER["json"], ends=True)] * 10), whole=True)
    assert form
    reading = read(form, content, ("level", "message"))
    assert reading.account.records == 3
    assert sorted(map(str, reading.columns["message"])) == ["no layout at all", "order failed", "order failed"]


@given(
    st.lists(st.sampled_from(sorted(INNER)) | st.just("plain text"), min_size=1, max_size=8),
    st.integers(7, 60),
    st.integers(1, 400),
    st.booleans(),
)
def test_the_size_of_chunks_does_not_matter(texts: list[str], size: int, chunk_bytes: int, mixes: bool) -> None:
    """Chunks are cut between records, also where nobody asks for whole ones."""
    streams = [
        in_parts(cri, INNER.get(text, text), size, stream="stderr" if at % 2 else "stdout") for at, text in enumerate(texts)
    ]
    lines = [line for stream in streams for line in stream]
    if mixes and len(streams) > 1:
        lines = [line for pair in zip(streams[0], streams[1], strict=False) for line in pair] + lines
    content = log_of(lines)
    form = detect(log_of([cri(INNER["json"], ends=True), cri(INNER["text"], ends=True)] * 5), whole=True)
    assert form
    cutter = Cutter(0, chunk_bytes=chunk_bytes, max_line_bytes=MAX_LINE_BYTES)
    cutter.format, cutter.context = form, CONTEXT
    found, account = [], Account()
    for chunk in cutter.chunks(ScriptedStream(content)):
        part = reading_of(form.parse(chunk.data, chunk.context, ("level", "message"), MAX_LINE_BYTES))
        names = sorted(part.columns)
        found += [
            [(name, value) for name, value in zip(names, row, strict=True) if value]
            for row in zip(*(part.columns[name] for name in names), strict=True)
        ]
        account += part.account
    whole = form.parse(bytes_of(content), CONTEXT, ("level", "message"), MAX_LINE_BYTES)
    assert account == whole.account
    reading = reading_of(whole)
    names = sorted(reading.columns)
    rows = zip(*(reading.columns[name] for name in names), strict=True)
    assert sorted(found) == sorted([(name, value) for name, value in zip(names, row, strict=True) if value] for row in rows)
