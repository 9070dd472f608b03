"""Many small files: they share chunks, probes and questions of detection, and the report is that of one after the other."""

from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from logproc.formats.detection.choice import Choice
from logproc.formats.detection.together import formats_of_whole
from logproc.model.chunk import Chunk
from logproc.model.errors import SourceError, Stopped
from logproc.model.source import Source, State
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan
from logproc.pipeline.probing import probe_files
from logproc.pipeline.serial import parse, run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from logproc.sources.archives.magic import FOREIGN, MAGICS
from logproc.sources.files import lots
from logproc.sources.files.lots import Lot, LotReading, in_lots
from logproc.sources.files.small_file import LEAST_BYTES, SMALL_BYTES, Small, is_plain, read_small
from logproc.sources.reading import Reading, detect_format
from logproc.threads.spool import Spool
from tests.support import logs
from tests.support.reports_of import report, serial, sources_of, threaded

SAMPLES = {path.stem: path.read_bytes() for path in sorted(Path("tests/formats/samples").rglob("*.log"))}
OLD_S = 1_700_000_000
TRACE = b"java.lang.IllegalStateException: no stock\n\tat shop.Cart.add(Cart.java:7)\n"


def text(number: int, *, trace: bool) -> bytes:
    """Return some lines of an application, with a traceback or without."""
    first = b"2026-03-07 10:00:%02d,123 ERROR [worker-1] shop.Cart: order %d failed\n" % (number % 60, number)
    second = b"2026-03-07 10:01:%02d,123 INFO [worker-2] shop.Web: served\n" % (number % 60)
    return first + TRACE * trace + second


def objects(number: int) -> bytes:
    """Return some lines of JSON, the last of which is not valid."""
    record = {"time": f"2026-03-07T10:00:{number % 60:02}Z", "level": "warn", "message": f"order {number}", "bytes": "7 apples"}
    return json.dumps(record).encode() + b"\n" + json.dumps({**record, "level": "info"}).encode() + b'\n{"level": \n'


KINDS: dict[str, Callable[[int], bytes]] = {
    "access": lambda number: logs.log(3, seed=number),
    "damaged access": lambda number: logs.log(12, damaged=0.3, seed=number),
    "common": lambda number: b'192.0.2.%d - - [07/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5\n' % (number % 200) * 2,
    "text": lambda number: text(number, trace=number % 2 == 0),
    "text that begins with a trace": lambda number: TRACE + text(number, trace=True),
    "a trace alone": lambda _: TRACE,
    "json": objects,
    "json with a trace": lambda number: objects(number)[: -len(b'{"level": \n')] + TRACE,
    "syslog without a year": lambda number: b"Mar  7 10:00:%02d web1 sshd[12]: Failed password\n" % (number % 60) * 2,
    "no final line end": lambda number: logs.log(2, seed=number)[:-1],
    "a mark in front": lambda number: b"\xef\xbb\xbf" + logs.log(2, seed=number),
    "bytes that are not text": lambda number: text(number, trace=False) + b"2026-03-07 10:02:00,000 INFO [w] a.B: \xff\xfe\n",
    "utf-8": lambda number: text(number, trace=False).replace(b"served", "bedient für 3 €".encode()),
    "utf-16": lambda number: text(number, trace=False).decode().encode("utf-16"),
    "gz": lambda number: gzip.compress(logs.log(3, seed=number)),
    "a cut gz": lambda number: gzip.compress(logs.log(3, seed=number))[:-9],
    "empty": lambda _: b"",
    "one byte": lambda _: b"x",
    "line feeds": lambda _: b"\n" * 40,
    "blank lines": lambda _: b" \t \r\n" * 9,
    "crlf": lambda number: logs.log(3, seed=number).replace(b"\n", b"\r\n"),
    "cr": lambda number: logs.log(3, seed=number).replace(b"\n", b"\r"),
    "NULs": lambda number: logs.log(1, seed=number) + bytes(40) + logs.log(1, seed=number + 1),
    "a long line": lambda number: logs.log(1, seed=number) + b"x" * 3000 + b"\n" + logs.log(1, seed=number),
}
PIECES = st.one_of(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 5)),
    st.tuples(st.sampled_from(sorted(SAMPLES)), st.integers(0, 5)),
)
KNOBS = st.fixed_dictionaries(
    {},
    optional={
        "by": st.sampled_from([("source",), ("source,level",), ("hour", "path"), ("query(page)",)]),
        "where": st.sampled_from(
            ["status >= 300", "level = error", "text contains 'Cart'", "bytes > 100", "message contains 'at'"]
        ),
        "since": st.just("2026-03-07T10:00:30Z"),
        "metric": st.sampled_from([("bytes",), ("p95:duration", "uniques:client")]),
        "anonymize": st.booleans(),
        "max_keys": st.just(20),
        "tz": st.just("Europe/Berlin"),
        "max_line_bytes": st.sampled_from([60, 500]),
    },
)


def content_of(piece: tuple[str, int]) -> bytes:
    """Return the content of a file: of a kind, or some lines of a sample of the formats."""
    name, number = piece
    if name in KINDS:
        return KINDS[name](number)
    lines = SAMPLES[name].splitlines(keepends=True)
    start = number * len(lines) // 6
    return b"".join(lines[start : start + 2 * (number + 1)])


def written(folder: str | Path, contents: Iterable[bytes]) -> tuple[Source, ...]:
    """Write files that were last changed long ago, each at its own second; return them as sources."""
    paths = []
    for number, content in enumerate(contents):
        path = Path(folder, f"{number:05}.log")
        path.write_bytes(content)
        os.utime(path, (OLD_S + number, OLD_S + number))
        paths.append(path)
    return sources_of(*paths)


@settings(deadline=None)
@given(
    pieces=st.lists(PIECES, min_size=1, max_size=14),
    knobs=KNOBS,
    lot_bytes=st.sampled_from([1, 700, 3000, 1 << 20]),
    least_batches=st.sampled_from([1, 3, 16]),
)
@example(pieces=[("text", 2), ("a trace alone", 0), ("text", 4)] * 2, knobs={}, lot_bytes=1 << 20, least_batches=1)
@example(pieces=[("json", 0), ("json with a trace", 0)] * 3, knobs={"by": ("source",)}, lot_bytes=1 << 20, least_batches=1)
@example(pieces=[("syslog without a year", n) for n in range(5)], knobs={}, lot_bytes=1 << 20, least_batches=1)
def test_any_small_files_give_the_serial_report(
    pieces: list[tuple[str, int]], knobs: dict[str, Any], lot_bytes: int, least_batches: int
) -> None:
    """Whatever the files, the question and the sizes of lots and batches: the same bytes as one file after the other."""
    with tempfile.TemporaryDirectory() as folder:
        sources = written(folder, map(content_of, pieces))
        with patch.object(lots, "LOT_BYTES", lot_bytes), patch("logproc.pipeline.probing.LEAST_BATCHES", least_batches):
            found = run_threaded(sources, Settings(**knobs))
        expected = run_serial(sources, Settings(**knobs))
        assert repr(found.cause) == repr(expected.cause)
        if expected.cause is None:  # a field that no format has is known before anything is read, if all formats are
            assert report(found.snapshot) == report(expected.snapshot)


@pytest.mark.parametrize("name", ["access", "text", "json", "utf-8"])
def test_files_of_one_kind_share_a_chunk(name: str, tmp_path: Path) -> None:
    """A hundred files of one kind are parsed in a few calls, and each keeps its own account."""
    parsed: list[Chunk] = []
    sources = written(tmp_path, (KINDS[name](number) for number in range(100)))
    with patch("logproc.pipeline.serial.parse", parse_into(parsed)):
        found = threaded(sources)
    assert len(parsed) <= 25, "they do not share chunks"
    assert found == serial(sources)


def parse_into(parsed: list[Chunk]) -> Callable[..., Any]:
    """Return `parse`, which also notes the chunks."""

    def noting(plan: Any, chunk: Chunk) -> Any:
        parsed.append(chunk)
        return parse(plan, chunk)

    return noting


@settings(deadline=None)
@given(pieces=st.lists(PIECES, min_size=1, max_size=20))
@example(pieces=[(name, number) for name in ("access", "text", "json") for number in range(6)])
def test_what_is_detected_together_is_what_each_is_by_itself(pieces: list[tuple[str, int]]) -> None:
    """The format of a whole file is the one that `detect` finds, or none: then `detect` is asked."""
    contents = [content for content in map(content_of, pieces) if is_plain(content)]
    choice = Choice()
    for content, found in zip(contents, formats_of_whole(choice, contents), strict=True):
        if found is not None:
            assert found == choice.detect(content, whole=True)


def test_every_sample_is_detected_together_as_by_itself() -> None:
    """All samples at once, whole and in pieces, and with damaged bytes."""
    chance = random.Random(13)
    contents = []
    for sample in SAMPLES.values():
        lines = sample.splitlines(keepends=True)[:99]
        contents += [b"".join(lines), b"".join(lines[:1]), b"".join(chance.sample(lines, min(len(lines), 5)))]
        damaged = bytearray(b"".join(lines))
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.choice(b' "{}[]=:,x')
        contents.append(bytes(damaged))
    contents = [content for content in contents if content]
    choice = Choice()
    found = formats_of_whole(choice, contents)
    assert sum(form is not None for form in found) > len(contents) // 2
    wrong = [
        (content[:200], form, alone)
        for content, form in zip(contents, found, strict=True)
        if form is not None and form != (alone := choice.detect(content, whole=True))
    ]
    assert not wrong


@given(content=st.one_of(st.binary(max_size=400), st.sampled_from(sorted(KINDS)).map(lambda kind: KINDS[kind](1))))
@example(content=b"BZh91AY&SY" + b"text\n" * 9)
@example(content=b"text\n" * 9 + b"BZh91AY&SY")
@example(content=b"a\n" + b"x" * 255 + b"ustar" + b"x" * 200)
def test_the_short_way_reads_what_the_long_way_reads(content: bytes) -> None:
    """A file that is read in one go has the bytes that come through all layers of a stream."""
    with tempfile.TemporaryDirectory() as folder:
        (source,) = written(folder, [content])
        small = read_small(source)
        if small is None:
            return
        assert (small.content, small.changed_s) == (content, OLD_S)
        peeked = Openers.of(Settings()).peek(source, SMALL_BYTES)
        assert (peeked.head, peeked.whole, peeked.packed, peeked.size_bytes) == (content, True, False, len(content))


def test_no_archive_is_plain() -> None:
    """None of the known archives is taken for text, at the beginning and behind a line."""
    for name, magic in (*MAGICS, *FOREIGN):
        for content in (magic + b"\n" * 20, b"text\n" + magic + b"text\n" * 9):
            assert not is_plain(content), name


def test_a_small_file_must_be_regular_steady_and_neither_short_nor_long(tmp_path: Path) -> None:
    """All others go the long way: too short, too long, a folder, a pipe, just changed, replaced, unreadable, not there."""
    plain = logs.log(1)
    (good,) = written(tmp_path, [plain])
    assert read_small(good) == Small(plain, OLD_S)
    path = Path(os.fsdecode(good.location))
    os.mkfifo(tmp_path / "fifo")
    assert read_small(replace(good, location=str(tmp_path / "fifo"))) is None
    assert read_small(replace(good, location=str(tmp_path))) is None
    assert read_small(replace(good, location=str(tmp_path / "missing"))) is None
    for content in (b"x\n" * (SMALL_BYTES // 2 + 1), b"x\n" * (LEAST_BYTES // 2 - 1)):
        path.write_bytes(content)
        os.utime(path, (OLD_S, OLD_S))
        assert read_small(replace(good, seen=None)) is None
    path.write_bytes(plain)
    assert read_small(replace(good, seen=None)) is None, "it was changed just now"
    (other,) = written(tmp_path, [plain * 2])
    assert read_small(replace(other, seen=(1, 2, 3, 4))) is None, "it was replaced"


def changed(path: Path, way: str) -> None:
    """Change a file between its probing and its reading."""
    content = path.read_bytes()
    if way == "vanishes":
        path.unlink()
    elif way == "grows":
        path.write_bytes(content + logs.log(2, seed=77))
    elif way == "is rewritten":
        path.write_bytes(logs.log(5, seed=99))
    elif way == "shrinks":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.chmod(0)
    if way != "vanishes":
        os.utime(path, (OLD_S, OLD_S))


@pytest.mark.parametrize("way", ["vanishes", "grows", "is rewritten", "shrinks"])
def test_a_file_that_changes_after_it_was_probed(way: str, tmp_path: Path) -> None:
    """Its own outcome says so, as that of a file which is read by itself; those of the others in the lot stay."""
    sources = written(tmp_path, (logs.log(3, seed=number) for number in range(9)))
    fifth = Path(os.fsdecode(sources[4].location))
    openers, first_reading = Openers.of(Settings()), iter([True])

    def probed_then_changed(source: Source) -> Small | None:
        small = read_small(source)
        if source.index == 8 and next(first_reading, False):  # the last one is probed: the readers come next
            changed(fifth, way)
        return small

    with patch("logproc.pipeline.probing.LEAST_BATCHES", 1):
        found = run_threaded(sources, Settings(), structs.replace(openers, read_small=probed_then_changed)).snapshot
    others = [source for source in found.sources if source.source != str(fifth)]
    assert all((source.state, source.account.records) == (State.COMPLETE, 3) for source in others)
    result = found.sources[4]
    expected = {
        "vanishes": (State.FAILED, "no such file", 0),
        "grows": (State.COMPLETE, None, 5),
        "is rewritten": (State.FAILED, "rewritten before it was read", 0),
        "shrinks": (State.FAILED, "rewritten before it was read", 0),
    }
    assert (result.state, result.reason, result.account.records) == expected[way]


def test_rejected_lines_are_numbered_in_their_own_file(tmp_path: Path) -> None:
    """In the report and in what `--rejects` writes: the same as one file after the other."""
    sources = written(tmp_path, (logs.log(9, damaged=0.4, seed=number) for number in range(40)))
    with Spool() as one, Spool() as other:
        found, expected = run_threaded(sources, Settings(), spool=one), run_serial(sources, Settings(), spool=other)
        assert report(found.snapshot) == report(expected.snapshot)
        assert list(one.pieces(found.counted)) == list(other.pieces())
        rows = [json.loads(line) for piece in other.pieces() for line in piece.splitlines()]
    assert len(rows) > 40
    assert max(row["line"] for row in rows) <= 9


def test_equal_small_files_are_counted_once(tmp_path: Path) -> None:
    """The first of equal files counts, among many others and beside an archive of the same content."""
    contents = [logs.log(4, seed=number % 7) for number in range(20)]
    sources = written(tmp_path, [*contents, gzip.compress(contents[3]), gzip.compress(contents[5])[:-20]])
    found = json.loads(threaded(sources))
    assert threaded(sources) == serial(sources)
    assert [source["state"] for source in found["sources"]].count("complete") == 7


def test_what_breaks_off_within_its_head_is_compared_without_comparing_all(tmp_path: Path) -> None:
    """A short archive that breaks off is a part of the first file, by name or by content, that begins with it."""
    contents = [logs.log(3, seed=number) for number in range(12)]
    for number, content in enumerate(contents):
        for name, packed in ((f"{number}.log", content), (f"{number}.log.gz", gzip.compress(content)[:-30])):
            (tmp_path / name).write_bytes(packed)
            os.utime(tmp_path / name, (OLD_S, OLD_S))
    sources = sources_of(*sorted(tmp_path.iterdir()))
    assert threaded(sources) == serial(sources)
    states = [source["state"] for source in json.loads(threaded(sources))["sources"]]
    assert states.count("skipped") == 12


def reading_of(sources: Sequence[Source], stop_behind: int | None = None) -> LotReading:
    """Return a lot being read, which is cancelled behind some of its sources."""
    openers, plan = Openers.of(Settings()), Plan.of(Settings(), sources=sources)
    (lot,) = in_lots(sources, probe_files(openers, plan, sources), 1 << 20)
    assert isinstance(lot, Lot)

    def read(source: Source) -> Small | None:
        if source.index == stop_behind:
            reading.cancel()
        return openers.read_small(source)

    def alone(source: Source) -> Reading:
        return Reading(source, lambda _: pytest.fail("none is read by itself"), plan.reading)

    reading = LotReading(lot, read, alone, plan.reading)
    return reading


def test_an_interrupted_lot_hands_over_what_it_has_read(tmp_path: Path) -> None:
    """After `cancel`, the sources that were read are in one chunk and have an outcome; the others have none."""
    reading = reading_of(written(tmp_path, (logs.log(3, seed=number) for number in range(9))), stop_behind=4)
    chunks = reading.chunks()
    assert next(chunks).sources == (0, 1, 2, 3, 4)
    with pytest.raises(Stopped):
        next(chunks)
    assert [outcome.lines for outcome in reading.outcomes.values()] == [3] * 5
    assert (reading.lines, reading.bytes_read) == (15, sum(outcome.bytes_read for outcome in reading.outcomes.values()))


def test_a_chunk_of_many_gives_each_source_as_it_was(tmp_path: Path) -> None:
    """The parts of a chunk are the chunks that their sources have by themselves."""
    contents = [logs.log(3, seed=1), b"\xef\xbb\xbf" + logs.log(2, seed=2)[:-1], logs.log(4, seed=3)]
    (chunk,) = reading_of(written(tmp_path, contents)).chunks()
    bodies = [content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\n") + b"\n" for content in contents]
    each = list(chunk.each())
    assert [part.data.tobytes() for part in each] == bodies
    assert [(part.source, part.index, part.first_line, part.lines) for part in each] == [
        (0, 0, 1, 3),
        (1, 0, 1, 2),
        (2, 0, 1, 4),
    ]
    assert [part.context.reference_s for part in each] == [OLD_S, OLD_S + 1, OLD_S + 2]
    assert [chunk.place_of(line) for line in range(9)] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 1),
        (1, 2),
        *((2, n) for n in (1, 2, 3, 4)),
    ]


def test_small_files_do_not_wait_behind_a_large_one(tmp_path: Path) -> None:
    """Lots stand in the list at the place of their first file, a large file at its own."""
    contents = [logs.log(3, seed=1), logs.log(400, seed=2), logs.log(3, seed=3), logs.log(3, seed=4)]
    sources = written(tmp_path, contents)
    plan = Plan.of(Settings(), sources=sources)
    found = in_lots(sources, probe_files(Openers.of(Settings()), plan, sources), 5000)
    assert [item.index for item in found] == [0, 1]
    assert isinstance(found[0], Lot)
    assert threaded(sources) == serial(sources)


def test_fixed_and_own_formats_hold_for_small_files_too(tmp_path: Path) -> None:
    """With --format, --pattern and formats of the user's own, small files are what they are by themselves."""
    sources = written(tmp_path, [*(KINDS["access"](number) for number in range(5)), *(KINDS["text"](n) for n in range(5))])
    for knobs in (
        {"format": "combined"},
        {"format": "json"},
        {"pattern": r"(?P<first>\S+) .*"},
        {"patterns": {"own": r"(?P<first>\d+)-.*"}},
    ):
        assert threaded(sources, **knobs) == serial(sources, **knobs)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_pieces_of_each_sample_as_many_files(name: str, tmp_path: Path) -> None:
    """Each format of the samples, cut into files of three lines: the report is the serial one."""
    lines = SAMPLES[name].splitlines(keepends=True)
    sources = written(tmp_path, (b"".join(lines[start : start + 3]) for start in range(0, len(lines), 3)))
    with patch("logproc.pipeline.probing.LEAST_BATCHES", 1):
        assert threaded(sources, by=("source",)) == serial(sources, by=("source",))


def test_what_is_wrong_with_a_whole_file_is_said_of_it(tmp_path: Path) -> None:
    """A page, a report of this program and JSON over several lines are refused among logs, as by themselves."""
    page = b"<!doctype html>\n<html><body>not a log</body></html>\n"
    laid_out = json.dumps([{"a": 1, "b": 2}] * 5, indent=2).encode() + b"\n"
    sources = written(tmp_path, [logs.log(2), page, logs.log(2, seed=4), laid_out, logs.log(2, seed=5)])
    found = json.loads(threaded(sources))
    assert threaded(sources) == serial(sources)
    assert [source["state"] for source in found["sources"]] == ["complete", "failed", "complete", "failed", "complete"]
    with pytest.raises(SourceError):
        detect_format(Choice(), lambda *_: (page, True))
