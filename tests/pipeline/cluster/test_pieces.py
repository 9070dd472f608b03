"""However a run is cut into pieces, and whoever counts them: the report is that of the serial run."""

from __future__ import annotations

import bz2
import gzip
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logproc.model.errors import SourceError
from logproc.model.source import Source
from logproc.pipeline.cluster.fleet import Fleet, run_on_cluster
from logproc.pipeline.cluster.pieces import pieces_of
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan
from logproc.pipeline.probing import probe_file, probe_files
from logproc.pipeline.serial import Run, run_serial
from logproc.settings import Settings
from logproc.sources.files.ranges import opened_range_of
from tests.formats.samples import SAMPLES, Sample
from tests.pipeline.test_pipeline_formats import QUESTIONS, answer
from tests.support import logs
from tests.support.reports_of import report, serial, sources_of

MODIFIED_S = 1_772_920_000


def on_cluster(client: Any, sources: Sequence[Source], range_bytes: int, **knobs: Any) -> Run:
    """Return the result of a run on a cluster."""
    asked = Settings(**knobs)
    return run_on_cluster(Fleet(client, sources, asked, Openers.of(asked), {}, range_bytes))


def clustered(client: Any, sources: Sequence[Source], range_bytes: int, **knobs: Any) -> str:
    """Return its report."""
    run = on_cluster(client, sources, range_bytes, **knobs)
    assert run.cause is None
    return report(run.snapshot)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    os.utime(path, (MODIFIED_S, MODIFIED_S))
    return path


def count_pieces(sources: Sequence[Source], range_bytes: int) -> int:
    """Return into how many pieces the sources are cut: a test of cuts must have some."""
    plan, openers = Plan.of(Settings()), Openers.of(Settings())
    probes = {source.index: probe for source, probe in zip(sources, probe_files(openers, plan, sources), strict=True)}
    return sum(map(len, pieces_of(sources, probes, Settings(), range_bytes)[0]))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_ranges_of_any_format_give_the_serial_report(sample: Sample, client: Any, tmp_path: Path) -> None:
    """Each sample is read in five ranges, wherever its records, headers and envelopes are then."""
    text = sample.text if sample.text.endswith(b"\n") else sample.text + b"\n"
    sources = sources_of(written(tmp_path / "log", text))
    range_bytes = max(1, len(text) // 5)
    assert clustered(client, sources, range_bytes) == serial(sources)
    assert count_pieces(sources, range_bytes) >= 5 or text.count(b"\n") < 5


@pytest.mark.parametrize("question", sorted(set(QUESTIONS) - {"bounded"}))
@pytest.mark.parametrize("name", ["spring-boot-3", "nginx-combined", "zap-json"])
def test_ranges_answer_a_question_alike(question: str, name: str, client: Any, tmp_path: Path) -> None:
    """Filters, measures and visitors are the same bytes; so are lots, archives and copies beside the ranges."""
    text = next(sample.text for sample in SAMPLES if sample.name == name).rstrip(b"\n") + b"\n"
    for number in range(3):
        written(tmp_path / f"{number}.log", text * (1 + number) + b"odd line\n" * number)
    written(tmp_path / "3.log.gz", gzip.compress(text + b"\x00\x01 what\n"))
    written(tmp_path / "4.log.bz2", bz2.compress(text * 2))
    sources = sources_of(*sorted(tmp_path.iterdir()))
    knobs = QUESTIONS[question]
    assert answer(on_cluster(client, sources, 3000, **knobs)) == answer(run_serial(sources, Settings(**knobs)))


W3C = b"#Fields: date time cs-method cs-uri-stem sc-status\n%b#Fields: time sc-status cs-uri-stem\n#Date: 2026-03-08\n%b"
PIECES = [
    logs.line(),
    logs.line(request=b"POST /x HTTP/1.1", status=b"500"),
    b"not a record\n".rstrip(),
    b"",
    b"\xef\xbb\xbf" + logs.line(),
    b"\0" * 40 + logs.line(),
    logs.line() + b"\0" * 300,
    b"long " * 60,
    logs.line() + b"\r",
    b"\x1f\x8b\x08",
    b"2026-03-07 11:00:00,001 - jobs.mail - ERROR - cannot send",
    b"Traceback (most recent call last):",
    b'  File "/srv/mail.py", line 8, in send',
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.sampled_from(PIECES), min_size=5, max_size=60),
    first=st.sampled_from([logs.line(), PIECES[10], W3C.replace(b"%b", b"")[:51]]),
    range_bytes=st.integers(20, 3000),
    last=st.sampled_from([b"", b"\n", b"\n\n"]),
    max_line_bytes=st.sampled_from([200, 1 << 20]),
)
def test_damage_at_any_place_is_told_alike(
    client: Any, lines: list[bytes], first: bytes, range_bytes: int, last: bytes, max_line_bytes: int
) -> None:
    """Holes of NULs, marks, long lines, further lines, what looks like an archive: for any cuts, what one reader says."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "log", b"\n".join([first] * 3 + lines) + last)
        sources = sources_of(path)
        knobs = {"max_line_bytes": max_line_bytes}
        assert clustered(client, sources, range_bytes, **knobs) == serial(sources, **knobs)


def test_a_header_far_above_is_known_to_every_range(client: Any, tmp_path: Path) -> None:
    """The fields of a W3C log are named once, and again with others: each range knows those in force."""
    rows = b"".join(b"2026-03-07 10:%02d:%02d GET /%d 200\n" % (at // 60, at % 60, at % 7) for at in range(600))
    later = b"".join(b"11:%02d:%02d 404 /%d\n" % (at // 60, at % 60, at % 7) for at in range(600))
    sources = sources_of(written(tmp_path / "iis.log", W3C % (rows, later)))
    assert count_pieces(sources, 1000) > 20
    assert clustered(client, sources, 1000) == serial(sources)
    assert on_cluster(client, sources, 1000).snapshot.account.records == 1200


def test_numbers_of_rejected_lines_are_those_in_the_file(client: Any, tmp_path: Path) -> None:
    """A range counts its lines from one; in the report they are counted from the beginning of the file."""
    lines = [logs.line()] * 500
    for at in (250, 251, 499):
        lines[at] = b"odd %d" % at
    sources = sources_of(written(tmp_path / "log", b"\n".join(lines) + b"\n"))
    (found,) = on_cluster(client, sources, 2000).snapshot.sources
    assert [rejected.line for rejected in found.rejected_sample] == [251, 252, 500]


def test_a_file_that_breaks_off_is_read_again_as_a_whole(client: Any, tmp_path: Path) -> None:
    """An archive behind the text ends a log. What the ranges behind it counted is dropped, and the place is told."""
    text = (logs.line() + b"\n") * 300
    sources = sources_of(written(tmp_path / "log", text + gzip.compress(text) + text))
    run = on_cluster(client, sources, 2000)
    (found,) = run.snapshot.sources
    assert found.account.records == 300
    assert str(len(text)) in (found.reason or "")
    assert report(run.snapshot) == serial(sources)


def test_many_small_files_are_few_pieces(client: Any, tmp_path: Path) -> None:
    """A hundred files of one format are one task."""
    for number in range(100):
        written(tmp_path / f"{number:03}.log", (logs.line(client=b"192.0.2.%d" % number) + b"\n") * 3)
    sources = sources_of(*sorted(tmp_path.iterdir()))
    assert count_pieces(sources, 1 << 20) == 1
    assert clustered(client, sources, 1 << 20) == serial(sources)


def test_a_range_of_a_changed_file_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """A worker lives long: a file that is refused each time must not use up what it may open."""
    path = written(tmp_path / "log", (logs.line() + b"\n") * 50)
    (source,) = sources_of(path)
    probe = probe_file(Openers.of(Settings()), Plan.of(Settings()), source)
    path.write_bytes(b"other\n" * 5000)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert probe.format
    with pytest.raises(SourceError):
        opened_range_of(source, probe, probe.format, 1000)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
