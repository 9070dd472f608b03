"""One source from opening to its outcome: every way in which that can end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Outcome, Probe
from logproc.model.errors import LimitError, SourceError, Stopped
from logproc.model.source import ByteStream, Kind, Source, State, Verdict
from logproc.sources.reading import Reading, ReadingOptions, detect_format
from tests.support import logs
from tests.support.logs import ScriptedStream

STREAM = Source(0, "stdin", Kind.STDIN, "-")
FILE = Source(0, "a.log", Kind.FILE, "a.log")
OPTIONS = ReadingOptions(Choice(), chunk_bytes=1 << 20, max_line_bytes=1 << 20)
LOG = logs.log(20)


def reading_of(
    stream: ByteStream, source: Source = STREAM, options: ReadingOptions = OPTIONS, probe: Probe | None = None
) -> Reading:
    """Return the reading of a source that opens as the stream."""
    return Reading(source, lambda _: stream, options, probe)


def outcome_of(reading: Reading) -> Outcome:
    """Read all of a source and return how it ended."""
    for _ in reading.chunks():
        pass
    assert reading.outcome
    return reading.outcome


def read(content: bytes, sizes: Sequence[int] = (), error: SourceError | None = None) -> tuple[Outcome, int]:
    """Read a stream; return its outcome and how many lines came before it."""
    stream = ScriptedStream(content, sizes, error)
    reading = reading_of(stream)
    lines = sum(chunk.lines for chunk in reading.chunks())
    assert stream.closed
    assert reading.outcome
    return reading.outcome, lines


def test_a_source_that_ends_by_itself_is_complete() -> None:
    """All lines came; the outcome has the format and the bytes."""
    assert read(LOG) == (Outcome(Verdict(State.COMPLETE), BY_NAME["combined"], len(LOG), len(LOG), lines=20), 20)


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_source_is_complete(content: bytes) -> None:
    """A source that is empty or has only blank lines is complete, and has no format."""
    assert read(content) == (Outcome(Verdict(State.COMPLETE), None, len(content), len(content), len(content)), len(content))


def test_a_source_that_breaks_off_is_incomplete() -> None:
    """The reason says what happened and after how many lines; the truncated line does not count."""
    outcome, lines = read(LOG + b"cut", error=SourceError("connection lost", "try again"))
    assert outcome.verdict == Verdict(State.INCOMPLETE, "connection lost after 20 lines", "try again", exit_code=1)
    assert (outcome.bytes_decoded, outcome.lines, lines) == (len(LOG) + 3, 20, 20)


def test_a_source_of_which_nothing_came_has_failed() -> None:
    """If nothing was read, the reason is only that of the error."""
    outcome, lines = read(b"", error=SourceError("no such host", "check the name"))
    assert (outcome.verdict, lines) == (Verdict(State.FAILED, "no such host", "check the name", exit_code=1), 0)
    assert outcome.notes == ()


def test_a_limit_is_an_exit_code_of_its_own() -> None:
    """What a limit cut is incomplete and asks for the code of limits."""
    outcome, _ = read(LOG, error=LimitError("over --max-bytes"))
    assert (outcome.verdict.state, outcome.verdict.exit_code) == (State.INCOMPLETE, 5)


def test_a_source_that_cannot_be_opened_has_failed() -> None:
    """An error of the opener is the outcome."""

    def refuse(_: Source) -> ByteStream:
        raise SourceError("permission denied", "ask its owner")

    outcome = outcome_of(Reading(STREAM, refuse, OPTIONS))
    assert outcome == Outcome(Verdict(State.FAILED, "permission denied", "ask its owner", exit_code=1))


@pytest.mark.parametrize("content", [bytes(5000), "ä line\n".encode("utf-16"), logs.log(9).decode().encode("utf-16-le")])
def test_what_is_not_text_has_failed(content: bytes) -> None:
    """Binary files and UTF-16 give no lines and a reason."""
    outcome, lines = read(content)
    assert (outcome.verdict.state, lines) == (State.FAILED, 0)
    assert outcome.verdict.reason in {"looks binary: skipped", "looks like UTF-16"}


def test_another_error_is_not_caught() -> None:
    """A fault of the program itself goes through, and the source is closed."""

    def fault() -> None:
        raise ZeroDivisionError

    stream = ScriptedStream(LOG, before_read=fault)
    with pytest.raises(ZeroDivisionError):
        list(reading_of(stream).chunks())
    assert stream.closed


@pytest.mark.parametrize("where", ["source", "probe"])
def test_a_source_with_a_verdict_is_not_opened(where: str) -> None:
    """What is not to be read has its outcome before anything is opened."""
    verdict = Verdict(State.SKIPPED, "same file as b.log: counted once")

    def never(_: Source) -> ByteStream:
        pytest.fail("opened")

    source = Source(0, "a.log", Kind.FILE, "a.log", verdict if where == "source" else None)
    reading = Reading(source, never, OPTIONS, Probe(9, None, verdict) if where == "probe" else None)
    assert outcome_of(reading) == Outcome(verdict)
    assert (reading.bytes_read, reading.size_bytes) == (0, None)


@pytest.mark.parametrize(
    ("source", "asked", "probed", "expected"),
    [
        (STREAM, None, None, "combined"),
        (STREAM, "common", None, "common"),
        (FILE, None, "vhost_combined", "vhost_combined"),
        (FILE, "common", "common", "common"),
        (FILE, None, None, "combined"),
    ],
)
def test_the_format_is_the_users_or_the_probes_or_found(
    source: Source, asked: str | None, probed: str | None, expected: str
) -> None:
    """A named format holds; a file has that of its probe; a stream is recognised by its first bytes, which are not lost."""
    options = ReadingOptions(Choice(BY_NAME[asked] if asked else None), 1 << 20, 1 << 20)
    probe = Probe(len(LOG), BY_NAME[probed]) if probed else None
    reading = reading_of(ScriptedStream(LOG, [100]), source, options, probe)
    chunks = list(reading.chunks())
    assert {chunk.format for chunk in chunks} == {BY_NAME[expected]}
    assert b"".join(chunk.data.tobytes() for chunk in chunks) == LOG


def test_a_probed_file_without_a_format_is_looked_at_again() -> None:
    """A probe finds no format if no line ends in the first bytes; the reader reads further and may find one."""
    reading = reading_of(ScriptedStream(LOG), FILE, OPTIONS, Probe(len(LOG), None))
    assert [chunk.format for chunk in reading.chunks()] == [BY_NAME["combined"]]


@pytest.mark.parametrize("sizes", [[], [1_000_003], [5 << 20, 1]], ids=["large", "small", "one by one"])
@pytest.mark.parametrize("front", [b"", b"\xef\xbb\xbf", b" \n\n"], ids=["nothing", "a mark", "blank lines"])
@pytest.mark.parametrize("rest", [LOG, b""], ids=["a log", "nothing"])
def test_the_format_is_found_behind_lines_that_are_too_long(sizes: list[int], front: bytes, rest: bytes) -> None:
    """Huge lines at the beginning of a source have no format; the lines after them determine it."""
    content = front + b"A" * (5 << 20) + b"\n" + b"B" * (6 << 20) + b"\n" + rest
    reading = reading_of(ScriptedStream(content, sizes if rest else []))
    chunks = list(reading.chunks())
    assert reading.outcome
    assert reading.outcome.format == (BY_NAME["combined"] if rest else None)
    assert (reading.outcome.bytes_decoded, reading.outcome.lines) == (len(content), content.count(b"\n"))
    assert all(chunk.data.nbytes <= 2 << 20 for chunk in chunks)
    whole = b"".join(chunk.data.tobytes() for chunk in chunks if chunk.format)
    assert whole == rest


def test_a_source_of_one_line_that_is_too_long_has_one_line() -> None:
    """Also if the line does not end."""
    reading = reading_of(ScriptedStream(b"A" * (5 << 20)))
    assert [(chunk.lines, chunk.format) for chunk in reading.chunks()] == [(1, None)]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=5), st.sampled_from(logs.NAMES))
def test_the_format_does_not_depend_on_how_the_bytes_come(sizes: list[int], name: str) -> None:
    """A stream is recognised by its bytes, whatever the sizes in which they come, and none is lost."""
    content = logs.line(name)[:-4] + b"\n" + logs.log(30, name=name, damaged=0.3)
    reading = reading_of(ScriptedStream(content, sizes))
    assert b"".join(chunk.data.tobytes() for chunk in reading.chunks()) == content
    assert reading.outcome
    assert reading.outcome.format == BY_NAME[name]


@pytest.mark.parametrize("size", [1000, 65_536, 1 << 30])
def test_a_huge_damaged_first_line_does_not_hide_the_format(size: int) -> None:
    """A stream that opens with a line longer than the first sample is recognised by what follows it."""
    content = b"x" * 300_000 + b"\n" + LOG
    reading = reading_of(ScriptedStream(content, [size]))
    assert b"".join(chunk.data.tobytes() for chunk in reading.chunks()) == content
    assert reading.outcome
    assert reading.outcome.format == BY_NAME["combined"]


def test_a_sample_grows_only_where_it_must() -> None:
    """The first 256 KiB are asked for, and more only if they hold less than a hundred lines, none of them of a known format."""

    def asked_for(content: bytes) -> list[int]:
        asked = []

        def read_on(head: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
            asked.append(wanted_bytes)
            assert content.startswith(head)
            return content[:wanted_bytes], len(content) < wanted_bytes

        detect_format(Choice(), read_on)
        return asked

    assert asked_for(logs.log(9) + b"x\n" * 300_000) == [256 << 10]
    assert asked_for(b"unknown\n") == [256 << 10]
    assert asked_for(b"unknown\n" * 100_000) == [256 << 10]
    assert asked_for((b"unknown" * 1000 + b"\n") * 1000) == [256 << 10, 4 << 20]


def test_the_counters_follow_the_stream() -> None:
    """How many bytes came, and of how many, can be seen while a source is read."""
    reading = reading_of(ScriptedStream(LOG, [50]), options=ReadingOptions(Choice(BY_NAME["combined"]), 1, 1 << 20))
    assert (reading.bytes_read, reading.size_bytes) == (0, None)
    next(iter(reading.chunks()))
    assert (reading.bytes_read, reading.size_bytes) == (len(LOG), len(LOG))


def test_notes_of_the_stream_are_in_the_outcome() -> None:
    """What a codec noticed is handed on."""
    stream = ScriptedStream(LOG)
    stream.notes.append("3 bytes after end ignored")
    assert outcome_of(reading_of(stream)).notes == ("3 bytes after end ignored",)


class StoppedStream(ScriptedStream):
    """A stream that raises Stopped once it is cancelled, as real ones do."""

    def readinto(self, buffer: memoryview) -> int:
        """Give the next piece."""
        if self.cancelled:
            raise Stopped
        return super().readinto(buffer)


def test_a_cancel_ends_the_reading() -> None:
    """A cancelled source raises Stopped, is closed and counts as interrupted."""
    stream = StoppedStream(LOG, [len(LOG) // 2])
    reading = reading_of(stream, options=ReadingOptions(Choice(BY_NAME["combined"]), 1, 1 << 20))
    stream._before_read = reading.cancel
    with pytest.raises(Stopped):
        list(reading.chunks())
    assert stream.closed
    assert reading.outcome
    assert reading.outcome.verdict == Verdict(State.INTERRUPTED, "interrupted")


def test_a_cancel_before_the_opening_is_not_lost() -> None:
    """A source that is cancelled while it is being opened, or before, is not read."""
    stream = StoppedStream(LOG)

    def open_slowly(_: Source) -> ByteStream:
        reading.cancel()
        return stream

    reading = Reading(STREAM, open_slowly, OPTIONS)
    with pytest.raises(Stopped):
        list(reading.chunks())
    assert (stream.calls, stream.closed) == (0, True)


def test_a_reader_that_goes_away_closes_the_source() -> None:
    """An iteration that is given up in the middle leaves nothing open, and the source counts as interrupted."""
    stream = ScriptedStream(LOG)
    reading = reading_of(stream, options=ReadingOptions(Choice(BY_NAME["combined"]), 1, 1 << 20))
    chunks = reading.chunks()
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # it is a generator
    assert stream.closed
    assert reading.outcome
    assert reading.outcome.verdict.state is State.INTERRUPTED


def long_line(name: str, size: int, number: int) -> bytes:
    """Return a line of some format whose last field, or request, has so many bytes."""
    filler = b"x" * size
    second = b"%02d" % (number % 60)
    return {
        "json": b'{"time": "2026-03-07T10:00:%b", "level": "info", "blob": "%b"}\n',
        "logfmt": b'ts=2026-03-07T10:00:%b level=info blob="%b"\n',
        "combined": b'192.0.2.7 - - [07/Mar/2026:10:00:%b +0000] "GET /?%b HTTP/1.1" 200 5 "-" "curl"\n',
    }[name] % (second, filler)


@pytest.mark.parametrize("name", ["json", "logfmt", "combined"])
@pytest.mark.parametrize(
    ("sizes", "most", "rejected"),
    [
        ([70_000] * 5, 1 << 20, 0),
        ([1_000_000] * 5, 1 << 20, 0),
        ([1_000_000] + [5] * 50, 1 << 20, 0),
        ([3_000_000] + [5] * 50, 1 << 20, 1),
        ([5_000_000] + [5] * 50, 1 << 20, 1),
        ([5_000_000] * 2, 8 << 20, 0),
        ([900_000], 1 << 20, 0),
    ],
    ids=["70 kB", "1 MB", "first", "first too long", "first beyond the sample", "beyond the sample", "only"],
)
def test_long_lines_have_the_format_of_short_ones(name: str, sizes: list[int], most: int, rejected: int) -> None:
    """A format is found in lines of any length up to the limit, and behind one that is longer."""
    content = b"".join(long_line(name, size, number) for number, size in enumerate(sizes))
    options = ReadingOptions(Choice(), chunk_bytes=1 << 20, max_line_bytes=most)
    reading = reading_of(ScriptedStream(content), options=options)
    parsed = [chunk.format.parse(chunk.data, chunk.context, (), most) for chunk in reading.chunks() if chunk.format]
    assert reading.outcome
    assert reading.outcome.format
    assert reading.outcome.format.name == name
    assert sum(part.account.records for part in parsed) == len(sizes) - rejected


def test_a_file_with_another_beginning_than_when_it_was_probed_is_not_read() -> None:
    """Its lines may be those of a log that was rotated, and be counted elsewhere. One that has grown is read."""
    for head, expected in ((LOG[:2000], State.COMPLETE), (b"x" + LOG[:1999], State.FAILED), (LOG + b"more", State.FAILED)):
        outcome = outcome_of(reading_of(ScriptedStream(LOG), FILE, OPTIONS, Probe(9, BY_NAME["combined"], head=head)))
        assert (outcome.verdict.state, outcome.lines) == (expected, 20 if expected is State.COMPLETE else 0)
