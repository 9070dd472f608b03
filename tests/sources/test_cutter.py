"""A source is cut into chunks of whole lines: no byte is lost or doubled, however the bytes come and wherever they are cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from itertools import accumulate

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.tally import Tally, count, merge
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Chunk
from logproc.model.errors import SourceError, Stopped
from logproc.sources import cutter
from logproc.sources.cutter import LINE_BYTES, Cutter, last_line_end, line_end_near_middle, read_head
from tests.support.chunks_of import chunk_of, parse
from tests.support.logs import ScriptedStream, line

MARK = b"\xef\xbb\xbf"
MIB = 1 << 20
PIECES = [b"a", b"bc", b"\n", b"\n", b"\r\n", b"\r", b" ", b"x" * 17, b"y" * 60, b"z" * 700, MARK, b"\0", b"\xff\n"]
CONTENTS = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)
SIZES = st.lists(st.integers(1, 40), max_size=4)


class Clock:
    """A clock that advances by a fixed number of seconds at each call."""

    def __init__(self, step_s: float = 0.0) -> None:
        self.now = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        """Return the time."""
        self.now += self.step_s
        return self.now


CUTS = st.fixed_dictionaries(
    {
        "chunk_bytes": st.integers(1, 80),
        "max_line_bytes": st.integers(1, 40),
        "block_bytes": st.sampled_from([4, 7, 16, 64, MIB]),
        "clock_step_s": st.sampled_from([0.0, 0.4, 2.0]),
        "head_bytes": st.integers(0, 30),
    }
)
"""Everything about a cut that must not affect the content. A small block size imitates a large source."""
Cut = Mapping[str, float]


def cut(stream: ScriptedStream, how: Cut, head: bytes = b"") -> Iterator[Chunk]:
    """Yield the chunks of a stream, cut in some way."""
    yield from cutter_of(how).chunks(stream, head)


def cutter_of(how: Cut) -> Cutter:
    """Return a cutter of a source of number 3."""
    clock = Clock(how.get("clock_step_s", 0.0))
    return Cutter(
        3, chunk_bytes=int(how.get("chunk_bytes", MIB)), max_line_bytes=int(how.get("max_line_bytes", MIB)), clock=clock
    )


def cut_all(content: bytes, sizes: list[int], how: Cut) -> tuple[list[Chunk], Cutter]:
    """Return all chunks of a content, the first bytes of which were read before as the head, and the cutter."""
    head = content[: int(how.get("head_bytes", 0))]
    cutter = cutter_of(how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logproc.sources.cutter.MIN_BLOCK_BYTES", how.get("block_bytes", MIB))
        return list(cutter.chunks(ScriptedStream(content[len(head) :], sizes), head)), cutter


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines of a source with their ends; the last one gets one if it has none and is not empty."""
    content = content.removeprefix(MARK)
    content += b"\n" if content and not content.endswith(b"\n") else b""
    return [text + b"\n" for text in content.split(b"\n")[:-1]]


def is_too_long(text: bytes, max_line_bytes: float) -> bool:
    """Return whether a line with its end is over the limit."""
    return len(text.removesuffix(b"\n").removesuffix(b"\r")) > max_line_bytes


@given(CONTENTS, SIZES, CUTS)
def test_chunks_are_the_lines_of_the_source(content: bytes, sizes: list[int], how: Cut) -> None:
    """Joined, the chunks are the source; of a line that is too long as much as shows it is enough."""
    found, _ = cut_all(content, sizes, how)
    expected = lines_of(content)
    data = b"".join(chunk.data.tobytes() for chunk in found)
    if any(is_too_long(text, how["max_line_bytes"]) for text in expected):
        texts = [text + b"\n" for text in data.split(b"\n")[:-1]]
        assert [is_too_long(text, how["max_line_bytes"]) for text in texts] == [
            is_too_long(text, how["max_line_bytes"]) for text in expected
        ]
        assert all(whole == text or whole.startswith(text[:-1]) for whole, text in zip(expected, texts, strict=True))
    else:
        assert data == b"".join(expected)


@given(CONTENTS, SIZES, CUTS)
def test_chunks_are_numbered_without_a_gap(content: bytes, sizes: list[int], how: Cut) -> None:
    """Indexes, line numbers and byte offsets follow one another, and every chunk holds whole lines of its own source."""
    found, cutter = cut_all(content, sizes, how)
    ends = list(accumulate(len(text) for text in lines_of(content)))
    next_line = 1
    for index, chunk in enumerate(found):
        data = chunk.data.tobytes()
        assert (chunk.source, chunk.index, chunk.first_line) == (3, index, next_line)
        assert data.endswith(b"\n")
        assert chunk.lines == data.count(b"\n") >= 1
        assert len(data) <= how["chunk_bytes"] or chunk.lines == 1
        next_line = chunk.last_line + 1
        end_offset = ends[chunk.last_line - 1] + len(MARK) * content.startswith(MARK)
        assert chunk.byte_offset + len(data) == end_offset
    assert cutter.lines == next_line - 1 == len(ends)
    assert cutter.bytes_decoded == len(content)


@given(CONTENTS, SIZES, CUTS)
def test_offsets_lead_back_into_the_source(content: bytes, sizes: list[int], how: Cut) -> None:
    """Where no line is too long, a chunk is what stands in the source at its offset."""
    found, _ = cut_all(content, sizes, {**how, "max_line_bytes": MIB})
    for chunk in found:
        data = chunk.data.tobytes()
        assert (content + b"\n")[chunk.byte_offset :].startswith(data)


LOG_PIECES = [
    line(),
    line(status=b"x"),
    b"bad",
    b"x" * 300,
    b"x" * 700,
    b"y" * 515 + b"\r",
    b"z" * 20 + b"\r" + b"z" * 900,
    b"",
    b" ",
]
LOGS = st.lists(st.sampled_from(LOG_PIECES), max_size=8).map(b"\n".join)


def plain(tally: Tally) -> object:
    """Return what a report shows of the lines and records."""
    return tally.sources, tally.bytes, tally.malformed_requests, tally.first, tally.last


@given(
    LOGS,
    st.lists(st.integers(1, 500), max_size=4),
    CUTS,
    st.one_of(st.sampled_from([140, 510, 511, 512, 514, 600]), st.integers(1, 1000)),
)
def test_the_cut_changes_no_count_reason_or_text(content: bytes, sizes: list[int], how: Cut, limit: int) -> None:
    """A line that is too long gives the same count, reason, number and text whether it meets a cut or not."""
    found, _ = cut_all(content, sizes, {**how, "max_line_bytes": limit})
    parts = [count(chunk, parse(chunk.data, "combined", limit)) for chunk in found]
    whole = chunk_of(b"".join(lines_of(content)), source=3)
    expected = [count(whole, parse(whole.data, "combined", limit))] if content else []
    assert plain(merge(parts)) == plain(merge(expected))


@given(CONTENTS, SIZES, CUTS)
def test_a_failure_comes_after_the_whole_lines(content: bytes, sizes: list[int], how: Cut) -> None:
    """The lines that arrived before the error are yielded; the piece after the last LF is not a line."""
    head = content[: int(how["head_bytes"])]
    cutter = cutter_of({**how, "max_line_bytes": MIB})
    found: list[Chunk] = []
    stream = ScriptedStream(content[len(head) :], sizes, SourceError("broke"))
    with pytest.raises(SourceError, match="broke"):
        found.extend(cutter.chunks(stream, head))
    whole = content[: content.rfind(b"\n") + 1]
    assert b"".join(chunk.data.tobytes() for chunk in found) == whole.removeprefix(MARK)
    assert (cutter.lines, cutter.bytes_decoded) == (whole.count(b"\n"), len(content))


def test_a_failure_inside_a_line_that_is_too_long_is_told() -> None:
    """A source that breaks off within an overlong line has given the lines before it, and not that one."""
    content = b"first\n" + b"x" * (3 * MIB)
    cutter = cutter_of({"max_line_bytes": 100})
    found: list[Chunk] = []
    with pytest.raises(SourceError):
        found.extend(cutter.chunks(ScriptedStream(content, [MIB], SourceError("broke"))))
    assert [chunk.data.tobytes() for chunk in found] == [b"first\n"]
    assert cutter.bytes_decoded == len(content)


def test_a_stop_goes_through_at_once() -> None:
    """Exceptions other than SourceError are raised unchanged."""

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        list(cut(ScriptedStream(b"a\n", before_read=stop), {}))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 0),
        (MARK, 0),
        (b"\n", 1),
        (b"\n\n\n", 3),
        (MARK + b"\n", 1),
        (b"a", 1),
        (b"\r", 1),
        (MARK + MARK, 1),
        (b"\xef\xbb", 1),
    ],
)
def test_a_small_source_has_the_lines_it_has(content: bytes, lines: int) -> None:
    """An empty source has no lines, each LF ends one, and a byte order mark is not part of the first."""
    found, cutter = cut_all(content, [], {})
    assert (sum(chunk.lines for chunk in found), cutter.lines, cutter.bytes_decoded) == (lines, lines, len(content))


def test_a_byte_order_mark_is_dropped_once() -> None:
    """The mark at the start belongs to no line, one at the start of a later line or chunk does."""
    found, _ = cut_all(MARK + b"a\n" + MARK + b"b\n", [1], {"chunk_bytes": 1})
    assert [(chunk.byte_offset, chunk.data.tobytes()) for chunk in found] == [(3, b"a\n"), (5, MARK + b"b\n")]


def test_a_slow_source_is_handed_out_after_a_second() -> None:
    """Lines of a source that trickles do not wait until a chunk is full, and those of a quick one do."""
    clock = Clock()

    def wait() -> None:
        clock.now += 0.6

    cutter = Cutter(0, chunk_bytes=MIB, max_line_bytes=MIB, clock=clock)
    stream = ScriptedStream(b"".join(b"%d\n" % number for number in range(10)), [2], before_read=wait)
    assert [chunk.lines for chunk in cutter.chunks(stream)] == [2, 2, 2, 2, 2]
    wait_never = Cutter(0, chunk_bytes=MIB, max_line_bytes=MIB, clock=Clock())
    assert [chunk.lines for chunk in wait_never.chunks(ScriptedStream(b"1\n" * 10, [2]))] == [10]


def test_a_slow_line_is_waited_for() -> None:
    """A second without a whole line yields nothing: a chunk contains only whole lines."""
    found, _ = cut_all(b"a" * 50 + b"\n" + b"b", [1], {"clock_step_s": 5.0})
    assert [chunk.data.tobytes() for chunk in found] == [b"a" * 50 + b"\n", b"b\n"]


def test_a_line_without_an_end_is_never_held_whole() -> None:
    """A line of 48 MiB takes the memory of a few blocks, and the line after it is read."""
    content = b"A" * (48 * MIB) + b"\nnext\n"
    stream = ScriptedStream(content, [MIB])
    tracemalloc.start()
    try:
        found = [(len(chunk.data), chunk.lines) for chunk in cut(stream, {"chunk_bytes": MIB, "max_line_bytes": MIB})]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB
    assert sum(lines for _, lines in found) == 2
    assert sum(size for size, _ in found) < 2 * MIB


def test_blocks_are_large() -> None:
    """A source that has its bytes ready is asked about once for each mebibyte, not for each line."""
    stream = ScriptedStream(b"line\n" * (8 * MIB // 5))
    assert len(list(cut(stream, {"chunk_bytes": 4 * MIB}))) >= 2
    assert stream.calls <= 10


def test_real_blocks_meet_in_the_middle_of_lines() -> None:
    """A source of several mebibytes, read in blocks of the real size, is the same as it was."""
    content = b"".join(b"%d %b\n" % (number, b"x" * (number % 997)) for number in range(9000))
    assert len(content) > 4 * MIB
    for how in ({"chunk_bytes": 1}, {"chunk_bytes": 300_000}, {"chunk_bytes": 3 * MIB}):
        found, cutter = cut_all(content, [999_983], how)
        assert b"".join(chunk.data.tobytes() for chunk in found) == content
        assert cutter.lines == 9000


@pytest.mark.parametrize(
    ("chunk_bytes", "lines"), [(1, [1] * 6), (3, [1] * 6), (4, [2, 2, 2]), (11, [5, 1]), (12, [6]), (99, [6])]
)
def test_a_chunk_is_as_full_as_it_can_be(chunk_bytes: int, lines: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that are there go into a chunk as long as they fit, and one that fits nowhere is a chunk of its own."""
    monkeypatch.setattr("logproc.sources.cutter.LINE_BYTES", 2)
    found, _ = cut_all(b"a\n" * 6, [], {"chunk_bytes": chunk_bytes})
    assert [chunk.lines for chunk in found] == lines


def test_chunks_know_their_format() -> None:
    """Every chunk carries the format that its cutter was given."""
    cutter = cutter_of({"chunk_bytes": 1})
    cutter.format = BY_NAME["common"]
    assert [chunk.format for chunk in cutter.chunks(ScriptedStream(b"a\nb\n"))] == [BY_NAME["common"]] * 2


@given(CONTENTS)
def test_the_last_line_end_is_found(content: bytes) -> None:
    """The position after the last LF, 0 without one."""
    assert last_line_end(numpy.frombuffer(content, numpy.uint8)) == content.rfind(b"\n") + 1


@pytest.mark.parametrize("tail", [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 200_000])
def test_the_last_line_end_is_found_however_far_back(tail: int) -> None:
    """It is found even before a long incomplete line."""
    assert last_line_end(numpy.frombuffer(b"ab\n" + b"x" * tail, numpy.uint8)) == 3


@given(st.binary(max_size=60), SIZES, st.integers(0, 20), st.integers(1, 80), st.booleans())
def test_the_first_bytes_are_read_on(content: bytes, sizes: list[int], start: int, wanted: int, fails: bool) -> None:
    """As many bytes as wanted come, or all there are and the word that this is all, also where the source fails."""
    head = content[: min(start, wanted)]
    stream = ScriptedStream(content[len(head) :], sizes, SourceError("broke") if fails else None)
    found, whole = read_head(stream, head, wanted)
    assert found == content[:wanted]
    assert whole is (len(content) < wanted)


@pytest.mark.parametrize(
    "content",
    [b"x\n" * 100, b"\r\n" * 99, b"a" * 50 + b"\n" * 60, b"\n" * 60 + b"a" * 50 + b"\n", b"ab\n" * 40 + b"c" * 300 + b"\n"],
)
def test_a_chunk_has_no_more_lines_than_it_may(content: bytes) -> None:
    """Many short lines make several chunks, wherever a long one stands: each line costs memory, whatever is in it."""
    found = list(Cutter(0, chunk_bytes=7 * LINE_BYTES, max_line_bytes=1 << 20).chunks(ScriptedStream(content)))
    assert b"".join(chunk.data.tobytes() for chunk in found) == content
    assert max(chunk.lines for chunk in found if chunk.data.max() > 10) <= 7
    assert [chunk.lines for chunk in found] == [chunk.data.tobytes().count(b"\n") for chunk in found]


def test_line_feeds_alone_are_one_chunk() -> None:
    """No line of them costs memory, so that a bomb of line feeds is counted fast."""
    cutter = Cutter(0, chunk_bytes=7 * LINE_BYTES, max_line_bytes=1 << 20)
    assert [chunk.lines for chunk in cutter.chunks(ScriptedStream(b"\n" * 700))] == [700]


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"\n\n", 1),
        (b"a\nb\nccc\ndd\n", 4),
        (b"aaaaaa\nb\nc\n", 7),
        (b"aaaaaaaa\n", 9),
        (b"a\nbbbbbbbbb\n", 2),
        (b"aaaaaa\t\0a\nb\n", 10),
    ],
)
def test_lines_are_halved_at_a_line_end(content: bytes, end: int) -> None:
    """Behind the last line that ends in the first half, or the first one of all if it is longer than that."""
    assert line_end_near_middle(numpy.frombuffer(content, numpy.uint8)) == end


class LiveStream(ScriptedStream):
    """A stream that is silent after each piece, and raises Stopped after the last one."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(b"".join(pieces), [len(piece) for piece in pieces])
        self.asked: list[float] = []

    def ready_within(self, seconds: float) -> bool:
        """Return False: nothing comes for now."""
        self.asked.append(seconds)
        return False

    def readinto(self, buffer: memoryview) -> int:
        """Give the next piece."""
        return super().readinto(buffer) or self.stop()

    def stop(self) -> int:
        """Do what a stream does behind `cancel`."""
        raise Stopped


def until_stopped(chunks: Iterator[Chunk]) -> list[bytes]:
    """Return the bytes of the chunks before Stopped."""
    found: list[bytes] = []
    with pytest.raises(Stopped):
        found.extend(chunk.data.tobytes() for chunk in chunks)
    return found


def test_a_stream_that_is_quiet_hands_over_what_it_has() -> None:
    """Whole lines are handed out as soon as nothing has come for a fifth of a second; a piece of a line waits for its rest."""
    stream = LiveStream(b"one\ntw", b"o\n", b"thr", b"ee\nfour\nfi")
    assert until_stopped(cutter_of({}).chunks(stream)) == [b"one\n", b"two\n", b"three\nfour\n"]
    assert set(stream.asked) == {cutter.QUIET_S}


def test_a_stop_loses_no_whole_line() -> None:
    """The lines that have arrived are yielded before Stopped is raised; the piece after them is not a line."""

    class Busy(LiveStream):
        def ready_within(self, _seconds: float) -> bool:
            return True

    cutter = cutter_of({})
    assert until_stopped(cutter.chunks(Busy(b"one\ntwo\nthr"))) == [b"one\ntwo\n"]
    assert (cutter.lines, cutter.bytes_decoded) == (2, 11)


@pytest.mark.parametrize(
    ("pieces", "found"),
    [((b"one\n", b"two\n"), b"one\n"), ((b"on", b"e\n", b"two\n"), b"one\n"), ((b"on", b"e"), b"one")],
    ids=["quiet behind a line", "quiet within a line", "stopped"],
)
def test_a_sample_does_not_wait_for_a_live_stream(pieces: tuple[bytes, ...], found: bytes) -> None:
    """A format is judged by the whole lines that are there when nothing comes, and by all there is at a stop."""
    assert read_head(LiveStream(*pieces), b"", 1 << 18) == (found, False)


def test_a_sample_does_not_wait_for_a_slow_stream_for_ever() -> None:
    """Lines that come one by one, never long apart, are a sample after a few seconds."""
    clock = Clock(cutter.SAMPLE_S / 3)
    assert read_head(ScriptedStream(b"a line\n" * 1000, [7]), b"", 1 << 18, clock) == (b"a line\n" * 4, False)


LONG = b"x\t" + b"y\0z\t" * 300
"""A line that is too long, with bytes below LF all over."""


@pytest.mark.parametrize("block_bytes", [4, 7, 64, MIB])
@pytest.mark.parametrize("last", [b"", b"\tnext\n", b"\0", b"a\n\tb\n"])
def test_only_a_line_feed_ends_a_line_that_is_too_long(last: bytes, block_bytes: int) -> None:
    """Neither a TAB nor a NUL does, wherever the blocks are cut."""
    found, _ = cut_all(b"first\n" + LONG + b"\n" + last, [50], {"max_line_bytes": 40, "block_bytes": block_bytes})
    first, long, *rest = b"".join(chunk.data.tobytes() for chunk in found).splitlines(keepends=True)
    assert (first, b"".join(rest)) == (b"first\n", last + b"\n" if last == b"\0" else last)
    assert LONG.startswith(long[:-1])
    assert is_too_long(long, 40)


@pytest.mark.parametrize("behind", [b"", b"\tnext\nmore", b"\n\n"])
@pytest.mark.parametrize("head", [b"", b"first\n", MARK + b"\t1\n2\n"])
def test_a_line_that_is_too_long_is_passed_over_in_a_head(head: bytes, behind: bytes) -> None:
    """The lines before it are chunks, it is one too, and what was read behind it is the next head."""
    cutter = Cutter(3, chunk_bytes=MIB, max_line_bytes=40)
    stream = ScriptedStream(LONG[200:] + b"\n" + behind, [100])
    found, rest = list[Chunk](), b""

    def passing() -> Iterator[Chunk]:
        nonlocal rest
        rest = yield from cutter.pass_over(stream, head + LONG[:200])

    found.extend(passing())
    found.extend(cutter.chunks(stream, rest))
    text, front = b"".join(chunk.data.tobytes() for chunk in found), head.removeprefix(MARK)
    long, _, after = text.removeprefix(front).partition(b"\n")
    assert text.startswith(front)
    assert LONG.startswith(long)
    assert is_too_long(long, 40)
    assert after == b"".join(lines_of(behind))
    assert (cutter.lines, cutter.bytes_decoded) == (text.count(b"\n"), len(head) + len(LONG) + 1 + len(behind))
    assert found[-1].last_line == cutter.lines
