"""A recording as a picture, a page, Chrome events and a few lines: what is shown is what was recorded."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recording import Lane, Recording, Step
from logproc.reports.trace.chrome import render_chrome
from logproc.reports.trace.page import render_page
from logproc.reports.trace.picture import MOST_ALIKE, render_svg, tick_ns
from logproc.reports.trace.strokes import Stroke, strokes
from logproc.reports.trace.summary import limit, summary_lines

MS = 1_000_000
MOST_BYTES = 300_000
Part = tuple[Doing, int]


def lane(name: str, *parts: Part, start_ms: int = 0, core: float = 1.0) -> Lane:
    """Return a lane whose steps, given as kind and milliseconds, follow one another. core: how much of its work had a core."""
    steps, at_ms = [], start_ms
    for doing, took_ms in parts:
        steps.append(Step(at_ms * MS, (at_ms + took_ms) * MS, doing))
        at_ms += took_ms
    work_ms = sum(took_ms for doing, took_ms in parts if not doing.waits)
    return Lane(name, tuple(steps), int(core * work_ms * MS))


def recording(*lanes: Lane, cores: int = 2) -> Recording:
    return Recording(max(lane.steps[-1].end_ns for lane in lanes), lanes, {gauge: [] for gauge in Gauge}, cores)


def main(wait_ms: int = 1000, start_ms: int = 100, report_ms: int = 50) -> Lane:
    return lane("main", (Doing.START_UP, start_ms), (Doing.WAIT_MESSAGE, wait_ms), (Doing.REPORT, report_ms))


def worker(number: int, work_ms: int, wait_ms: int = 0, core: float = 1.0) -> Lane:
    kinds = (Doing.PARSE, work_ms), (Doing.WAIT_CHUNK, wait_ms)
    return lane(f"worker-{number}", *kinds, start_ms=100, core=core)


def reader(*parts: Part) -> Lane:
    return lane("reader-1", *parts, start_ms=100)


LIMITS: Sequence[tuple[str, Recording]] = (
    ("Starting up is the limit", recording(main(100, 300), worker(1, 90))),
    ("The report is the limit", recording(main(300, 100, 900), worker(1, 290))),
    (
        "Summing up is the limit",
        recording(lane("main", (Doing.WAIT_MESSAGE, 100), (Doing.SUMMARY, 200)), lane("worker-1", (Doing.PARSE, 100))),
    ),
    (
        "Detecting the formats is the limit: it took 58 % of the run, in 1 thread.",
        recording(main(), lane("probe-1", (Doing.DETECT, 666), start_ms=100), lane("reader-1", (Doing.CUT, 5), start_ms=767)),
    ),
    ("The workers are the limit: they worked 90 % of", recording(main(), worker(1, 900, 100), worker(2, 900, 100))),
    ("The GIL, or other programs, are the limit", recording(main(), worker(1, 1000, core=0.5), worker(2, 1000, core=0.5))),
    (
        "The workers are the limit",
        recording(main(), worker(1, 1000, core=0.5), worker(2, 1000, core=0.5), cores=1),
    ),
    (
        "The sources are the limit: the readers waited 90 %",
        recording(main(), reader((Doing.WAIT_DATA, 900), (Doing.READ, 100)), worker(1, 100, 900)),
    ),
    (
        "Unpacking is the limit: the reader worked 100 % of the time, while the workers waited 80 %.",
        recording(main(), reader((Doing.UNPACK, 800), (Doing.CUT, 200)), worker(1, 200, 800)),
    ),
    ("Reading is the limit", recording(main(), reader((Doing.READ, 900), (Doing.CUT, 100)), worker(1, 200, 800))),
    ("Opening files is the limit", recording(main(), reader((Doing.OPEN, 900), (Doing.CUT, 100)), worker(1, 200, 800))),
    ("Cutting into chunks is the limit", recording(main(), reader((Doing.CUT, 1000)), worker(1, 200, 800))),
    (
        "The main thread is the limit: it spent 96 %",
        recording(lane("main", (Doing.HAND_OUT, 1000), (Doing.REPORT, 40)), worker(1, 400, 600)),
    ),
    (
        "Locks are the limit: the workers waited 40 %",
        recording(main(), lane("worker-1", (Doing.PARSE, 600), (Doing.WAIT_LOCK, 400), start_ms=100)),
    ),
    (
        "Memory is the limit: the readers waited 50 %",
        recording(main(), reader((Doing.READ, 500), (Doing.WAIT_MEMORY, 500)), worker(1, 700, 300)),
    ),
    (
        "No single stage is the limit: workers worked 70 % of their time, readers 80 %.",
        recording(main(), reader((Doing.READ, 800), (Doing.WAIT_MEMORY, 200)), worker(1, 700, 300)),
    ),
)


@pytest.mark.parametrize(("words", "found"), LIMITS)
def test_the_limit_is_what_the_rules_say(words: str, found: Recording) -> None:
    """Each rule has a run to which it applies, and the rules before it do not."""
    assert limit(found).startswith(words)


def test_a_run_of_one_thread_has_a_summary() -> None:
    """A run that was stopped before anything started does not make the summary fail."""
    assert summary_lines(recording(lane("main", (Doing.START_UP, 10)))) == [
        "main    0.01 s  100 % start-up; 100 % on a core",
        "Starting up is the limit: most of the run. There was too little to read for anything else to matter.",
    ]


def test_many_threads_of_a_kind_share_a_row() -> None:
    """Up to four have a row each, with the largest share first."""
    few = summary_lines(recording(main(), *(worker(number, 700, 300) for number in range(1, 5))))
    assert [line.split()[0] for line in few[:-1]] == ["main", "worker-1", "worker-2", "worker-3", "worker-4"]
    assert few[1] == "worker-1    1.00 s  70 % parse, 30 % wait for a chunk; 70 % on a core"
    many = summary_lines(recording(main(), *(worker(number, 700, 300) for number in range(1, 6))))
    assert many[1] == "5 workers    5.00 s  70 % parse, 30 % wait for a chunk; 70 % on a core"


def busy(lanes: int, steps: int) -> Recording:
    """Return a run of very many short steps, which do not look alike."""
    kinds = (Doing.READ, Doing.CUT, Doing.WAIT_MEMORY, Doing.UNPACK)
    found = []
    for number in range(lanes):
        at_ns, parts = 0, []
        for step in range(steps):
            took_ns = 500 + 137 * ((step * 31 + number) % 29) + (90_000 if step % 997 == number else 0)
            parts.append(Step(at_ns, at_ns + took_ns, kinds[(step * step + number) % 4], f"file-{step}.log", 12))
            at_ns += took_ns
        found.append(Lane(f"reader-{number + 1}", tuple(parts)))
    values = [(1000 * number, number % 7) for number in range(steps)]
    return Recording(max(lane.steps[-1].end_ns for lane in found), found, {Gauge.BYTES: values, Gauge.QUEUED: values})


@pytest.mark.parametrize(("lanes", "steps"), [(1, 3), (4, 16_000), (15, 16_000), (40, 4_000)])
def test_a_picture_stays_small(lanes: int, steps: int) -> None:
    """Short steps are drawn together. The picture is well-formed, and loads nothing."""
    picture = render_svg(busy(lanes, steps), "logproc <many> & more")
    assert len(picture.encode()) < MOST_BYTES
    root = ElementTree.fromstring(picture)
    assert "logproc <many> & more" in "".join(root.itertext())
    assert not re.search(r"<script|<image|href|url\(|@import", picture)


def test_every_lane_is_drawn_or_named() -> None:
    """Of very many threads of a kind some are drawn, and the picture says how many are not."""
    picture = render_svg(busy(MOST_ALIKE + 3, 2), "x")
    assert [f">reader-{number}<" in picture for number in (1, MOST_ALIKE, MOST_ALIKE + 1)] == [True, True, False]
    assert "3 more threads like reader-1 are not drawn." in picture


def test_a_step_tells_what_it_is() -> None:
    """The pointer on a long step shows kind, duration, lines and source, with nothing that could be markup or a control."""
    steps = (Step(0, 30 * MS, Doing.PARSE, "a<b\x1b.log", 1200), Step(30 * MS, 60 * MS, Doing.COUNT, parts=3))
    picture = render_svg(Recording(60 * MS, [Lane("worker-1", steps)], {}), "x")
    assert "<title>parse: 30 ms, 1,200 lines\\x0aa&lt;b\\x1b.log</title>" in picture.replace("\n", "\\x0a")
    assert "<title>count: 30 ms, 3 steps added up</title>" in picture


def test_strokes_fill_what_the_steps_fill() -> None:
    """Strokes do not overlap, and those that mix steps have shares that add to one."""
    found = strokes(busy(1, 5000).lanes[0].steps, lambda at_ns: at_ns / 10_000, 1.0)
    assert all(one.right <= other.left + 1e-9 for one, other in itertools.pairwise(found))
    assert all(abs(sum(share for _, share in stroke.shares) - 1) < 1e-9 for stroke in found)
    assert any(len(stroke.shares) > 1 for stroke in found)


def test_a_pause_between_short_steps_stays_white() -> None:
    """Steps are not mixed across a time in which the thread did nothing."""
    steps = (Step(0, 1, Doing.READ), Step(100, 101, Doing.READ))
    assert strokes(steps, float, 5.0) == [
        Stroke(0.0, 1.0, ((Doing.READ, 1.0),), steps[0]),
        Stroke(100.0, 101.0, ((Doing.READ, 1.0),), steps[1]),
    ]


@pytest.mark.parametrize(("end_ns", "expected"), [(9, 1), (10, 2), (19, 5), (1_300_000_000, 200_000_000)])
def test_an_axis_has_round_ticks(end_ns: int, expected: int) -> None:
    """At most nine ticks, at 1, 2 or 5 times a power of ten."""
    assert tick_ns(end_ns) == expected


def test_chrome_events_are_as_documented() -> None:
    """Trace Event Format: whole events have a name, a time, a duration, a process and a thread; names are metadata."""
    found = json.loads(render_chrome(busy(2, 50), "logproc a.log"))
    events = found["traceEvents"]
    assert {event["ph"] for event in events} == {"M", "X", "C"}
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert list(names.values()) == ["reader-1", "reader-2"]
    assert next(event for event in events if event["name"] == "process_name")["args"] == {"name": "logproc a.log"}
    whole = [event for event in events if event["ph"] == "X"]
    assert len(whole) == 100
    for event in whole:
        assert event.keys() == {"ph", "pid", "tid", "name", "cat", "ts", "dur", "args"}
        assert event["tid"] in names
        assert event["dur"] > 0
    counted = [event for event in events if event["ph"] == "C"]
    assert all(event.keys() == {"ph", "pid", "name", "ts", "args"} for event in counted)
    assert {event["name"] for event in counted} == {gauge.value for gauge in Gauge}


def test_a_page_holds_the_picture_and_loads_nothing() -> None:
    """The page has the picture, the summary and a policy that forbids everything from elsewhere."""
    page = render_page(busy(1, 10), "logproc '<a>'", ["reader-1 <b>"])
    assert "default-src 'none'" in page
    assert "<svg" in page
    assert "reader-1 &lt;b&gt;" in page
    assert "<script" not in page
