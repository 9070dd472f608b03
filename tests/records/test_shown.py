"""What `show` writes: whole records in the order of the log, wherever it is cut and whoever is faster."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest

from logproc.model.errors import Ended
from logproc.pipeline.following import Followed
from logproc.pipeline.threaded import Crew, run_threaded
from logproc.pipeline.writing import Writing
from logproc.records.forms import LinesForm
from logproc.records.piece import Piece
from logproc.records.stages.around import Around
from logproc.records.stages.endings import Bytes
from logproc.records.stages.whole import Whole
from logproc.settings import Settings
from logproc.threads.live import Companion
from tests.formats.samples import SAMPLES, Sample
from tests.support.reports_of import PACKINGS, sources_of
from tests.support.shown import run_of, shown

Record = tuple[int, bool, bytes]
"""When it was, in seconds; whether it is an error; its lines."""
ERRORS = "level == error"
CLEAN = [sample for sample in SAMPLES if not sample.rejected and not sample.blank and not sample.text.startswith(b"#")]
SEEDS = pytest.mark.parametrize("seed", range(12))


@pytest.mark.parametrize("sample", CLEAN, ids=lambda sample: sample.name)
def test_without_a_filter_it_is_the_log(sample: Sample, tmp_path: Path) -> None:
    """Every byte comes out once and in order, in chunks of any size; a last line without its end gets one."""
    path = tmp_path / "a.log"
    path.write_bytes(sample.text)
    for size in (None, 300, 1):
        got, snapshot = run_of(sources_of(path), chunk_size=size, workers=3)
        if snapshot.account.rejected or snapshot.account.blank:
            return
        assert got == sample.text.removesuffix(b"\n") + b"\n"


def log(seed: int) -> list[Record]:
    """Return records in order of time, some with traces of any length, with blank lines in them."""
    rng, time, records = random.Random(seed), 0, []
    for number in range(rng.choice([1, 5, 40])):
        time += rng.choice([0, 0, 1, 3])
        level = rng.choice(["ERROR", "INFO", "INFO"])
        lines = [f"2026-03-07 11:{time // 60:02}:{time % 60:02},001 - a.b - {level} - event {number}\n"]
        if rng.random() < 0.4:
            lines.append("Traceback (most recent call last):\n")
            for line in range(rng.choice([0, 1, 3, 30])):
                lines += ["\n"] * (rng.random() < 0.2)
                lines.append(f'  File "/srv/m{number}.py", line {line}, in send\n')
            lines.append("OSError: x\n")
        records.append((time, level == "ERROR", "".join(lines).encode()))
    return records


def logs(folder: Path, seed: int) -> tuple[list[Path], list[list[Record]]]:
    records = [log(seed * 3 + number) for number in range(seed % 3 + 1)]
    paths = [folder / f"{number}.log" for number in range(len(records))]
    for path, found in zip(paths, records, strict=True):
        path.write_bytes(joined(found))
    return paths, records


def joined(records: list[Record]) -> bytes:
    return b"".join(text for _, _, text in records)


def around(records: list[Record], most: int) -> bytes:
    """Return the errors and `most` records around each, as `grep -C` does."""
    near = {place + step for place, record in enumerate(records) if record[1] for step in range(-most, most + 1)}
    places = sorted(near & set(range(len(records))))
    gaps = [b"--\n" if at and places[at - 1] + 1 != place else b"" for at, place in enumerate(places)]
    return b"".join(gap + records[place][2] for gap, place in zip(gaps, places, strict=True))


def knobs_of(seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    return {
        "chunk_size": rng.choice([None, 1, 100, 700, 3000]),
        "workers": rng.choice([1, 8]),
        "readers": rng.choice([1, 2, 4]),
        "max_line_bytes": rng.choice([120, 300, 1 << 20]),
        "format": "python",
    }


@SEEDS
@pytest.mark.parametrize("memory", [1, 20_000, 128 << 20])
def test_records_come_whole_and_in_order(seed: int, memory: int, tmp_path: Path) -> None:
    """All, those that match, the first, the last and those around, also of records that several chunks share."""
    paths, logs_of = logs(tmp_path, seed)
    knobs = {**knobs_of(seed), "memory": memory}
    records = [record for found in logs_of for record in found]
    errors = [record for record in records if record[1]]
    most = seed % 4 + 1
    assert shown(*paths, **knobs) == joined(records)
    got, snapshot = run_of(sources_of(*paths), where=ERRORS, **knobs)
    assert got == joined(errors)
    assert snapshot.account.records == len(errors)
    assert shown(*paths, where=ERRORS, first=most, **knobs) == joined(errors[:most])
    assert shown(*paths, where=ERRORS, last=most, **knobs) == joined(errors[-most:])
    groups = [group for found in logs_of if (group := around(found, most - 1))]
    assert shown(*paths, where=ERRORS, around=most - 1, **knobs) == b"--\n".join(groups)


class Kept:
    """An end that keeps what it is given."""

    def __init__(self) -> None:
        self.content = b""

    def take(self, source: int, piece: Piece, release: Callable[[], None]) -> None:  # noqa: ARG002
        self.content += bytes(piece.content)
        release()

    def ended(self, source: int) -> None:
        """Nothing."""

    def caught_up(self, of: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def test_what_is_around_a_match_is_of_its_source() -> None:
    """Also where the chunks of several logs come in turns, as they do when these are followed."""
    kept = Kept()
    stage = Around(1, kept)
    for source, lines, matching in (
        (0, [b"a1\n", b"a2\n"], []),
        (1, [b"b1\n", b"b2\n"], [1]),
        (0, [b"a3\n"], [0]),
        (1, [b"b3\n", b"b4\n"], []),
    ):
        chosen = numpy.isin(numpy.arange(len(lines)), matching)
        content = b"".join(lines)
        stage.take(source, Piece(content, len(lines), numpy.arange(1, len(lines) + 1) * 3, chosen=chosen), lambda: None)
    assert kept.content == b"b1\nb2\n--\na2\na3\n--\nb3\n"


def test_what_a_run_that_follows_has_read_when_it_is_ended_is_written(tmp_path: Path) -> None:
    """Ctrl-C is how it ends: no line that was read and counted is lost."""
    path, content, crews = tmp_path / "a.log", joined(log(2)) * 9, list[Crew]()
    path.write_bytes(content)

    class Ending(Bytes):
        """Ends the run with the first piece."""

        def take(self, source: int, piece: Piece, release: Callable[[], None]) -> None:
            super().take(source, piece, release)
            crews[0].stop.set(Ended())

    def beside(crew: Crew) -> Sequence[Companion]:
        crews.append(crew)
        return ()

    settings, written = Settings(chunk_size=100, workers=2, format="python"), list[bytes]()
    writing = Writing(LinesForm(1 << 20), Whole(Ending(lambda part: written.append(bytes(part)))), side_by_side=True)
    run_threaded([], settings, beside=beside, writing=writing, followed=Followed([str(path)]))
    assert b"".join(written) == content


@SEEDS
def test_merging_is_a_stable_sort(seed: int, tmp_path: Path) -> None:
    """For sources in order of time."""
    paths, logs_of = logs(tmp_path, seed)
    errors = [record for found in logs_of for record in found if record[1]]
    assert shown(*paths, where=ERRORS, merge=True, **knobs_of(seed)) == joined(sorted(errors, key=lambda record: record[0]))


def test_a_record_out_of_time_comes_behind_the_one_before_it(tmp_path: Path) -> None:
    """The records of one source stay in their order when sources are merged."""
    line = "2026-03-07 11:00:{:02},001 - a.b - INFO - {}\n".format
    (tmp_path / "a.log").write_text(line(5, "a1") + line(1, "a2") + line(7, "a3"), "utf-8")
    (tmp_path / "b.log").write_text(line(2, "b1") + line(6, "b2"), "utf-8")
    got = shown(tmp_path / "a.log", tmp_path / "b.log", merge=True, format="python")
    assert [text.split()[-1] for text in got.decode().splitlines()] == ["b1", "a1", "a2", "b2", "a3"]


@SEEDS
def test_each_line_begins_with_its_source(seed: int, tmp_path: Path) -> None:
    """With `--source`, also the further lines of a record."""
    paths, logs_of = logs(tmp_path, seed)
    expected = [
        f"{path}: ".encode() + line
        for path, found in zip(paths, logs_of, strict=True)
        for line in joined(found).splitlines(True)
    ]
    assert shown(*paths, with_source=True, **knobs_of(seed)) == b"".join(expected)


@pytest.mark.parametrize("packing", PACKINGS)
def test_archives_and_crlf(packing: str, tmp_path: Path) -> None:
    """Of an archive its content comes out; CRLF stays CRLF."""
    content = joined(log(4))
    path = tmp_path / "a.log"
    path.write_bytes(PACKINGS[packing](content))
    assert shown(path, format="python") == (PACKINGS["crlf"](content) if packing == "crlf" else content)


def test_another_encoding_comes_as_utf8(tmp_path: Path) -> None:
    """A byte order mark is not part of a record."""
    content = joined(log(4))
    (tmp_path / "a.log").write_bytes(content.decode().encode("utf-16"))
    assert shown(tmp_path / "a.log", format="python", encoding="utf-16") == content


@SEEDS
def test_records_of_several_containers_come_each_as_a_whole(seed: int, tmp_path: Path) -> None:
    """Lines of two containers lie between one another; a record comes whole, in the order in which records begin."""
    rng, left = random.Random(seed), [[], []]  # type: tuple[random.Random, list[list[tuple[int, int, bool, bytes]]]]
    for container in range(2):
        for number, (_, is_error, text) in enumerate(log(seed * 2 + container)):
            for line in text.replace(b"\n\n", b"\n").splitlines():
                left[container].append((container, number, is_error, b"web-%d  | %s\n" % (container + 1, line)))
    lines = []
    while any(left):
        some = rng.choice([waiting for waiting in left if waiting])
        lines += [some.pop(0) for _ in range(min(len(some), rng.choice([1, 2, 5])))]
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(text for *_, text in lines))
    groups: dict[tuple[int, int], bytes] = {}
    for container, number, is_error, text in lines:
        if is_error:
            groups[container, number] = groups.get((container, number), b"") + text
    for size in (None, 700, 1):
        assert shown(path, where=ERRORS, chunk_size=size, workers=2) == b"".join(groups.values())
