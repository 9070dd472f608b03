"""A hundred thousand logs of every format, damaged anywhere: the account closes, and threads change no byte of the report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, given, seed
from hypothesis import strategies as st

from logproc.model.source import Source, State
from logproc.pipeline.serial import run_serial
from logproc.settings import Settings
from tests.formats.samples import SAMPLES
from tests.support import logs
from tests.support.reports_of import report, serial, sources_of, switch_interval, threaded

pytestmark = pytest.mark.soak
PARTS = 50
EXAMPLES = 2_000
"""Examples of each law in each part: a hundred thousand in all."""
MODIFIED_S = 1_772_920_000
LONGEST_LINE_BYTES = 500
Change = tuple[int, int, bytes, int]
CHANGES: st.SearchStrategy[list[Change]] = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 800), st.sampled_from(logs.TOKENS), st.integers(1, 12)), max_size=5
)
LINES = st.tuples(st.sampled_from([sample.text.splitlines(keepends=True) for sample in SAMPLES]), st.integers(0, 9)).map(
    lambda drawn: b"".join(drawn[0][drawn[1] : drawn[1] + 8] or drawn[0][:8])
)
"""A few lines of a format: many logs find more than long ones."""
TEXTS = st.one_of(st.tuples(LINES, CHANGES).map(lambda drawn: logs.edited(*drawn)), logs.contents(max_lines=5))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder for the files of one part."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def hard(part: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator that tries a law many times, with different examples in each part."""

    def decorate(law: Callable[..., None]) -> Callable[..., None]:
        many = hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, derandomize=False, database=None, suppress_health_check=list(HealthCheck)
        )
        return seed(part)(many(law))

    return decorate


def written(folder: Path, texts: Sequence[bytes]) -> tuple[Source, ...]:
    """Write texts as files of one age and return them as sources."""
    paths = [folder / f"{number}.log" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
        os.utime(path, (MODIFIED_S, MODIFIED_S))
    return sources_of(*paths)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_log_closes_its_account(part: int, folder: Path) -> None:
    """For any text every line and every byte is accounted for: the lines are those that a plain count finds."""

    @hard(part)
    @given(text=TEXTS, chunk_size=st.sampled_from([300, None]))
    def law(text: bytes, chunk_size: int | None) -> None:
        run = run_serial(written(folder, [text]), Settings(max_line_bytes=LONGEST_LINE_BYTES, chunk_size=chunk_size))
        report(run.snapshot)
        (source,) = run.snapshot.sources
        if source.state is State.COMPLETE:
            ended = text if b"\n" in text else text.replace(b"\r", b"\n")  # as on the old Macintosh
            assert source.account.lines == ended.count(b"\n") + bool(text and not ended.endswith(b"\n"))
            assert source.bytes_decoded == len(text)

    law()


@pytest.mark.parametrize("part", range(PARTS))
def test_any_log_closes_its_account_and_any_schedule_gives_the_serial_report(part: int, folder: Path) -> None:
    """For any text, chunk size, budget and number of threads the report has the same bytes, and the accounts close."""

    @hard(part)
    @given(
        texts=st.lists(TEXTS, min_size=1, max_size=2),
        chunk_size=st.sampled_from([1, 300, 300, 1000, 1000, None]),
        memory=st.sampled_from([1, 20_000, 1 << 27]),
        threads=st.tuples(st.integers(1, 3), st.integers(1, 4)),
        interval=st.sampled_from([0.005, 1e-6]),
    )
    def law(texts: list[bytes], chunk_size: int | None, memory: int, threads: tuple[int, int], interval: float) -> None:
        sources = written(folder, texts)
        knobs = {"max_line_bytes": LONGEST_LINE_BYTES, "chunk_size": chunk_size}
        with switch_interval(interval):
            found = threaded(sources, readers=threads[0], workers=threads[1], memory=memory, min_keys=20, **knobs)
        assert found == serial(sources, max_line_bytes=LONGEST_LINE_BYTES)

    law()
