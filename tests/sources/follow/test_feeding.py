"""FollowReading: the formats of many logs that appear at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from logproc.formats.detection.choice import Choice
from logproc.model.chunk import Parser
from logproc.model.source import Kind, Source, State
from logproc.sources.follow import feed
from logproc.sources.follow.following import Following
from logproc.sources.follow.reading import FollowReading
from logproc.sources.reading import ReadingOptions, ReadOn, detect_format

LINES = {
    "combined": b'192.0.2.1 - - [07/Mar/2026:10:00:%02d +0000] "GET /%d HTTP/1.1" 200 10 "-" "curl/8"\n',
    "json": b'{"time": "2026-03-07T10:00:%02dZ", "level": "info", "message": "request %d"}\n',
    "spring_boot": b"2026-03-07 10:00:%02d.123  INFO 42 --- [main] o.e.Application : Started in %d s\n",
    "text": b"something of %d without a form, and more of %d\n",
}


def reading_of(folder: Path, add: Callable[[str, str], Source], now: Callable[[], float] = time.monotonic) -> FollowReading:
    """Return what reads all logs of a folder to their ends."""
    following = Following([str(folder)], recursive=True, once=True)
    return FollowReading(following, ReadingOptions(Choice(), 1 << 20, 1 << 20), add, now=now)


def test_formats_of_many_new_logs_are_detected_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the format that it has by itself, every line of it is cut once, and few of them are looked at by themselves."""
    names = list(LINES)
    for number in range(700):
        line = LINES[names[number % len(names)]]
        (tmp_path / f"{number:03}.log").write_bytes(b"".join(line % (second, number) for second in range(number % 30)))
    (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 8)
    alone = 0

    def look(choice: Choice, read_on: ReadOn, head: bytes = b"", max_line_bytes: int = 0) -> tuple[bytes, Parser | None]:
        nonlocal alone
        alone += 1
        return detect_format(choice, read_on, head, max_line_bytes)

    monkeypatch.setattr(feed, "detect_format", look)
    numbers = itertools.count()
    reading = reading_of(tmp_path, lambda name, location: Source(next(numbers), name, Kind.FILE, location))
    chunks = list(reading.chunks())
    contents = {
        index: b"".join(chunk.data.tobytes() for chunk in chunks if chunk.source == index) for index in reading.outcomes
    }
    failed = [outcome.verdict.reason for outcome in reading.outcomes.values() if outcome.verdict.state is State.FAILED]
    assert failed == ["looks binary: skipped"]
    assert alone < 700 // len(names) + 10, "only those that fit no known format"
    assert sorted(filter(None, contents.values())) == sorted(
        content for number in range(700) if (content := (tmp_path / f"{number:03}.log").read_bytes())
    )
    for index, content in contents.items():
        if content:
            _, by_itself = detect_format(Choice(), lambda *_, content=content: (content, True))
            found = reading.outcomes[index].format
            assert found
            assert by_itself
            assert found.name == by_itself.name


@pytest.mark.parametrize(("passes_s", "handed_over"), [(0.0, 500), (1.0, 256)])
def test_after_a_stop_no_more_is_handed_over_than_there_is_time_for(tmp_path: Path, passes_s: float, handed_over: int) -> None:
    """Whoever ends a run does not wait until the formats of all logs are detected that were just read."""
    for number in range(500):
        (tmp_path / f"{number:03}.log").write_bytes(LINES["combined"] % (1, number))
    now_s, sources = 0.0, list[Source]()

    def add(name: str, location: str) -> Source:
        nonlocal now_s
        sources.append(Source(len(sources), name, Kind.FILE, location))
        if len(sources) == 500:
            reading.cancel()
            now_s += passes_s
        return sources[-1]

    reading = reading_of(tmp_path, add, lambda: now_s)
    assert len(list(reading.chunks())) == handed_over
