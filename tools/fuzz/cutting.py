"""The cutter: whatever the sizes of blocks, pieces and chunks, a source gives the same lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from unittest.mock import patch

from logproc.counting.by_source.source_tally import rejected
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.chunk import Chunk
from logproc.model.columns import Account, Rejected
from logproc.questions.question import Question
from logproc.sources.cutter import Cutter
from tests.formats.readings import CONTEXT, STANDARD, joined, reading_of, records_of
from tests.formats.samples import SAMPLES
from tests.support.logs import ScriptedStream
from tools.fuzz.target import Given, Target

LONGEST = 1 << 20
FORMS = (
    BY_NAME["combined"],
    SAMPLED["w3c"],
    SAMPLED["plain"],
    *(form for form in BY_NAME.values() if getattr(form, "multi_line", False)),
)
"""An access log, and all formats that depend on what precedes a chunk."""
LIMITS = (LONGEST, 1, 7, 40, 600)
BLOCKS = (4, 16, 64, LONGEST)
MOST_CHUNKS = 100
"""More would only make inputs slow."""
MARK = b"\xef\xbb\xbf"
NO_QUESTION = Question()


@dataclass(frozen=True, slots=True)
class Cut:
    """How a source arrives and is cut: sizes in bytes. head: how much is read beforehand to detect the format."""

    chunk: int = LONGEST
    block: int = LONGEST
    piece: int = LONGEST
    head: int = 0


def run(data: bytes) -> None:
    """Cut a source in some way; its chunks must give the same as the source in one piece."""
    given = Given(data)
    form, limit = given.one_of(FORMS), given.one_of(LIMITS)
    chunk, block, piece, head = 1 + given.byte(), given.one_of(BLOCKS), 1 + given.byte(), given.byte() % 40
    content = given.rest()
    least = len(content) // MOST_CHUNKS
    cut = Cut(max(chunk, least), max(block, least), max(piece, least), head)
    whole, parts = cut_up(form, content, limit, Cut()), cut_up(form, content, limit, cut)
    lines = lines_of(content)
    found = meaning(whole, limit)
    assert found == meaning(parts, limit)
    assert found[0].lines == len(lines)
    assert {at for at, line in enumerate(lines, 1) if len(line) > limit} == {
        line.line for line in found[1] if line.reason == "line-too-long"
    }


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines of a source without their ends."""
    lines = content.removeprefix(MARK).split(b"\n")
    return [line.removesuffix(b"\r") for line in (lines if lines[-1] else lines[:-1])]


def cut_up(form: Format, content: bytes, limit: int, cut: Cut) -> list[Chunk]:
    """Return the chunks of a source; assert that their numbers are consistent."""
    cutter = Cutter(0, chunk_bytes=cut.chunk, max_line_bytes=limit, clock=lambda: 0.0)
    cutter.format, cutter.context = form, CONTEXT
    head = content[: cut.head]
    with patch("logproc.sources.cutter.MIN_BLOCK_BYTES", cut.block):
        found = list(cutter.chunks(ScriptedStream(content[len(head) :], [cut.piece]), head))
    assert cutter.bytes_decoded == len(content)
    line = 1
    for index, chunk in enumerate(found):
        assert (chunk.index, chunk.first_line, chunk.data.tobytes().count(b"\n")) == (index, line, chunk.lines)
        assert chunk.lines == 1 or len(chunk.data) <= cut.chunk
        line += chunk.lines
    return found


def meaning(found: list[Chunk], limit: int) -> tuple[Account, list[Rejected], Counter[object]]:
    """Return the account, the rejected lines, and the records (unordered) of chunks."""
    readings, lines = [], []
    for chunk in found:
        assert chunk.format
        parsed = chunk.format.parse(chunk.data, chunk.context, STANDARD, limit)
        readings.append(reading_of(parsed))
        lines += [rejected(chunk, parsed, at, NO_QUESTION) for at in range(len(parsed.rejected_lines))]
    reading = joined(readings)
    return reading.account, lines, records_of(reading)


TARGETS = (
    Target(
        "cutter",
        run,
        seeds=(
            *(bytes([at, 0, 20, 1, 9, 3]) + sample.text[:300] for at, sample in enumerate(SAMPLES)),
            bytes([2, 1, 0, 0, 0, 0]) + MARK + b"a\r\n\r\n \t\n" + b"x" * 90,
            bytes([0, 2, 30, 2, 2, 5]) + b"A" * 700 + b"\r\nshort\n" + b"B" * 9,
            bytes([1, 3, 50, 1, 5, 30]) + b"#Fields: date time x\n2026-03-07 10:00:00 1\n#Fields: time y\n10:00:01 2\n",
        ),
        found={
            "records without a date were rejected where others of their chunk have one": (
                b"\1\3\0\0\0\0#Fields: date time x\n2026-03-07 10:00:00 1\n#Fields: time y\n10:00:01 2\n"
            ),
        },
        words=(b"\n", b"\r\n", b"\r", MARK, b"\0", b"#Fields: date time cs-method\n", b"x" * 64, b"\tat a.b(C.java:1)\n"),
    ),
)
