"""The compiled kernel is numpy's twin, line by line; without it, or with a stale one, numpy does the work."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.lines import lines_of
from logproc.formats.readers.layout import LAYOUTS, Layout
from logproc.formats.readers.native import library
from logproc.formats.readers.native.kernel import cut_lines, find_lines
from logproc.formats.readers.quotes import Quotes
from logproc.model.chunk import Context
from tests.support import logs
from tests.support.processes import ROOT
from tests.support.twins import assert_twins_agree, lines_for, plain, without_kernel
from tools.build_kernel import SOURCE, compiled
from tools.fuzz.kernel import SERVED

COMBINED = next(layout for layout in LAYOUTS if layout.name == "combined")
NEEDS_KERNEL = pytest.mark.needs("the compiled kernel")
TOKENS = ("client", "ident", "user", "host", "time", "status", "bytes", "duration")
QUOTED = ("request", "referrer", "user_agent")


@pytest.fixture
def fresh() -> Iterator[None]:
    """Ask for the library anew, in the test and after it."""
    library.kernel.cache_clear()
    yield
    library.kernel.cache_clear()


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Any layout that the quick reader serves: tokens of fixed width are at the ends of a part."""
    quoted = draw(st.lists(st.sampled_from(QUOTED), unique=True, max_size=3))
    left, parts = list(draw(st.permutations(TOKENS))), []
    for _ in range(len(quoted) + 1):
        names = [left.pop() for _ in range(draw(st.integers(0, min(3, len(left)))))]
        wide = [name for name in names if name in {"time", "status"}]
        at = draw(st.integers(0, len(wide)))
        parts.append((*wide[:at], *(name for name in names if name not in wide), *wide[at:]))
    return Layout("drawn", "", "", tuple(parts), tuple(quoted))


@NEEDS_KERNEL
@pytest.mark.parametrize("layout", SERVED, ids=lambda layout: f"{layout.name}-{len(layout.names)}")
@given(st.integers(0, 2**32), st.integers(0, 3))
def test_twins_agree_on_layouts_of_servers(layout: Layout, seed: int, some: int) -> None:
    """Good, odd and damaged lines of each known layout, and of definitions, give the same records and dictionaries."""
    assert_twins_agree(layout, lines_for(layout, random.Random(seed), 30), layout.texts[some:], seed)


@NEEDS_KERNEL
@given(layouts(), st.integers(0, 2**32))
def test_twins_agree_on_any_layout(layout: Layout, seed: int) -> None:
    """The same for any order of tokens and quotes."""
    assert_twins_agree(layout, lines_for(layout, random.Random(seed), 30), layout.texts, seed)


@NEEDS_KERNEL
@pytest.mark.parametrize("name", logs.NAMES)
@given(st.data())
def test_twins_agree_on_chunks(name: str, data: st.DataObject) -> None:
    """The same for whole chunks as the other readers are tested with, lines of another format among them."""
    layout = next(layout for layout in LAYOUTS if layout.name == name)
    assert_twins_agree(layout, data.draw(logs.contents(name)), layout.texts, data.draw(st.integers(0, 9)))


@NEEDS_KERNEL
@pytest.mark.parametrize("month", b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
def test_twins_agree_on_the_calendar(month: bytes) -> None:
    """Each day from 0 to 32 of each month, in years with and without a leap day and at the ends of the calendar, in zones."""
    times = [
        b"%02d/%b/%04d:%b %b" % (day, month, year, clock, zone)
        for day in range(33)
        for year in (0, 1, 1600, 1900, 1999, 2000, 2023, 2024, 9999)
        for clock in (b"00:00:00", b"23:59:59", b"24:00:00", b"00:60:00", b"00:00:60")
        for zone in (b"+0000", b"-2359", b"+2400", b"+0060", b"*0000", b"+00 0")
    ]
    content = b"".join(logs.line(time=time) + b"\n" for time in times)
    assert assert_twins_agree(COMBINED, content, ("client",)) > 900


@NEEDS_KERNEL
def test_many_values_and_long_ones() -> None:
    """Dictionaries grow, values of all lengths are told apart, and lines may be longer than a block."""
    values = [b"%d" % number for number in range(20_000)] + [b"x" * length for length in (*range(200), 1 << 21)]
    content = b"".join(logs.line(user_agent=value, referrer=value[:9]) + b"\n" for value in [*values, *values[::-1]])
    assert assert_twins_agree(COMBINED, content, COMBINED.texts) == 2 * len(values)
    assert assert_twins_agree(COMBINED, b"\n" * 100_000 + b"\r\n\r", COMBINED.texts) == 0


@NEEDS_KERNEL
def test_values_made_to_collide_are_left_to_numpy() -> None:
    """Whoever knows the hash can make values that share one: then numpy reads the chunk, and no search is long."""
    odd, unit = 0x9E3779B97F4A7C15, 1 << 64
    inverse, values = pow(odd, -1, unit), []
    for number in range(3_000):
        # The first word leads to any state; the second one undoes the difference. Bytes that end a value are not used.
        first = number * 0x0101 % unit | 0x2121212121212121
        state = (24 ^ first) * odd % unit
        state ^= state >> 32
        second = (state ^ (0x1234567 * inverse) % unit) % unit
        values.append(first.to_bytes(8, "little") + second.to_bytes(8, "little") + b"12345678")
    good = [value for value in dict.fromkeys(values) if not set(value) & set(b'"\\\n')]
    content = b"".join(logs.line(user_agent=value) + b"\n" for value in good)
    data = numpy.frombuffer(content, numpy.uint8)
    lines = find_lines(data)
    assert lines is not None
    assert cut_lines(lines, numpy.ones(len(lines), bool), COMBINED, ["user_agent"]) is None
    reader = Quotes(COMBINED)
    found = reader.read(lines, numpy.ones(len(lines), bool), ["user_agent"], Context())
    assert len(found.line) == len(good)


@NEEDS_KERNEL
def test_many_threads_use_it_at_once() -> None:
    """Nothing is shared between calls."""
    reader = Quotes(COMBINED)
    contents = [logs.log(500, seed=seed, damaged=0.2) for seed in range(8)]

    def read(content: bytes) -> object:
        lines = reader.lines(numpy.frombuffer(content, numpy.uint8))
        return plain(reader.read(lines, numpy.ones(len(lines), bool), COMBINED.texts, Context()))

    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(read, contents * 5))
    assert at_once == [read(content) for content in contents] * 5


@NEEDS_KERNEL
def test_the_variable_switches_it_off() -> None:
    """LOGPROC_NATIVE=0 is read when the kernel is first needed."""
    assert library.kernel() is not None
    with without_kernel():
        assert library.kernel() is None
        assert find_lines(numpy.frombuffer(b"\n", numpy.uint8)) is None


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("content", [None, b"", b"not a library", Path(sys.executable)])
def test_what_cannot_be_used_is_not_used(content: bytes | Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, and with a file that is not it, numpy reads the lines, and nothing is said."""
    made = tmp_path / "kernel.native"
    if isinstance(content, Path):
        shutil.copy(content, made)
    elif content is not None:
        made.write_bytes(content)
    monkeypatch.setattr(library, "LIBRARY", made)
    assert library.kernel() is None
    data = numpy.frombuffer(logs.line() + b"\n", numpy.uint8)
    reader = Quotes(COMBINED)
    assert reader.lines(data).marks.tolist() == lines_of(data, 6).marks.tolist()
    assert len(reader.read(reader.lines(data), numpy.ones(1, bool), ["client"], Context()).line) == 1


@NEEDS_KERNEL
@pytest.mark.usefixtures("fresh")
def test_a_stale_library_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was made of another version of the source is as good as none."""
    changed = tmp_path / "kernel.c"
    changed.write_bytes(SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr(library, "SOURCE", changed)
    assert library.kernel() is None


@NEEDS_KERNEL
@pytest.mark.needs("cc")
def test_it_compiles_beside_itself(tmp_path: Path) -> None:
    """The compiler makes a library from the source, and leaves nothing else behind."""
    made = tmp_path / "kernel.native"
    assert compiled(made, "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror") == ""
    assert [path.name for path in tmp_path.iterdir()] == ["kernel.native"]
    assert ctypes.CDLL(str(made)).logproc_source


@pytest.mark.parametrize("compiler", ["false", "/nowhere/cc", f"{sys.executable} -c 1"])
def test_a_compiler_that_fails_counts_as_missing(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then an old library is removed as well, and one line says why."""
    made = tmp_path / "kernel.native"
    made.write_bytes(b"old")
    monkeypatch.setenv("CC", compiler)
    problem = compiled(made)
    assert problem.startswith(compiler.split(maxsplit=1)[0])
    assert "\n" not in problem
    assert list(tmp_path.iterdir()) == []


@NEEDS_KERNEL
def test_the_report_says_which_was_used() -> None:
    """The `run` of a JSON report names it; nothing else differs."""
    command = [sys.executable, "-m", "logproc", "analyze", "sample_data/damaged.log", "--output", "json"]
    outputs = [
        subprocess.run(command, env={"LOGPROC_NATIVE": value}, capture_output=True, text=True, check=False, cwd=ROOT).stdout
        for value in ("1", "0")
    ]
    assert ['"native": true' in output for output in outputs] == [True, False]
    assert ['"native": false' in output for output in outputs] == [False, True]
