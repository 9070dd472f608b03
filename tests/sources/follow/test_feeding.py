"""FollowReading: the formats of many logs that appear at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from logproc.formats.detection.choice import Choice
from logproc.model.chunk import Chunk, Parser
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


def read(folder: Path) -> tuple[FollowReading, list[Chunk]]:
    """Read all logs of a folder to their ends."""
    sources: list[Source] = []

    def add(name: str, location: str) -> Source:
        sources.append(Source(len(sources), name, Kind.FILE, location))
        return sources[-1]

    following = Following([str(folder)], recursive=True, once=True)
    reading = FollowReading(following, ReadingOptions(Choice(), 1 << 20, 1 << 20), add)
    return reading, list(reading.chunks())


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
    reading, chunks = read(tmp_path)
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
