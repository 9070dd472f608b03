"""What is between the time and the message is learned, and words of messages are not taken for anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.detect import detect
from tests.formats.readings import read

TIME = "2026-03-07 10:00:%02d"
LEVELS = ["INFO", "ERROR", "WARN", "INFO"]
LOGGERS = ["shop.pay", "shop.web", "shop.pay", "shop.web"]
WORDS = ["Connected to db", "Timeout: no answer", "done", "Lost: upstream closed"]
SPRING = (
    "{time} \x1b[32m{level:>5}\x1b[0;39m \x1b[35m1\x1b[0;39m \x1b[2m---\x1b[0;39m \x1b[2m[main]\x1b[0;39m "
    "\x1b[36m{logger}\x1b[0;39m \x1b[2m:\x1b[0;39m {message}"
)
"""Spring Boot's pattern on a terminal."""
LAYOUTS = {
    "{time} {level} {message}": {"level", "message"},
    "{time} [{level}] {message}": {"level", "message"},
    "{time} {level}: {message}": {"level", "message"},
    "{time} - {level} - {message}": {"level", "message"},
    "[{time}] {level} {message}": {"level", "message"},
    "{time} | {level} | {message}": {"level", "message"},
    "{time}\t{level}\t{message}": {"level", "message"},
    "{time} {level} {logger}: {message}": {"level", "logger", "message"},
    "{time} {level} [{logger}] {message}": {"level", "logger", "message"},
    "{time} [{level}] {logger} - {message}": {"level", "logger", "message"},
    "{time} {level} (main) [{logger}] {message}": {"level", "logger", "message"},
    "[{time}][{level:5}][{logger:12}] {message}": {"level", "logger", "message"},
    "{time} {level} 4711 --- [main] {logger} : {message}": {"level", "logger", "message"},
    "{time} [main] {level} {logger} - {message}": {"level", "logger", "message"},
    "{time} <{level}> {logger}: {message}": {"level", "logger", "message"},
    "\x1b[90m{time}\x1b[0m \x1b[32m{level}\x1b[0m {logger}: {message}": {"level", "logger", "message"},
    "\x1b[31m{time} {level} {logger}: {message}\x1b[0m": {"level", "logger", "message"},
    "\x1b[2m{time}\x1b[0m \x1b[32m{level:>5}\x1b[0m \x1b[2m{logger}\x1b[0m\x1b[2m:\x1b[0m {message}": {
        "level",
        "logger",
        "message",
    },
    SPRING: {"level", "logger", "message"},
    "{time} [\x1b[32m{level}\x1b[39m] {message}": {"level", "message"},
    "{time} {logger}[17]: {level} {message}": {"level", "message"},
}
"""Layouts, and the fields that are found in them."""
MEANT = {"INFO": "info", "ERROR": "error", "WARN": "warning"}


def log(layout: str) -> list[dict[str, str]]:
    """Return four records of a layout, as their fields and the line."""
    records = [
        {"time": TIME % at, "level": level, "logger": logger, "message": message}
        for at, (level, logger, message) in enumerate(zip(LEVELS, LOGGERS, WORDS, strict=True))
    ]
    return [record | {"line": layout.format(**record)} for record in records]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_field_is_where_the_layout_has_it(layout: str) -> None:
    """Level, logger and message are right, and nothing else is a logger."""
    records = log(layout)
    content = "".join(record["line"] + "\n" for record in records).encode()
    form = detect(content, whole=True)
    assert form
    reading = read(form, content)
    assert reading.account.records == 4
    columns = reading.columns
    assert columns["level"] == [MEANT[record["level"]] for record in records]
    assert columns["message"] == [record["message"] for record in records]
    assert columns.get("logger") == ([record["logger"] for record in records] if "logger" in LAYOUTS[layout] else None)
    assert not {"host", "client", "user"} & columns.keys()


PROSE = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9), min_size=2, max_size=8).map(" ".join)


@given(st.lists(PROSE, min_size=5, max_size=30, unique=True))
def test_sentences_stay_whole(messages: list[str]) -> None:
    """Whatever the words of messages are, none of them becomes a field."""
    content = "".join(f"{TIME % (at % 60)} {LEVELS[at % 4]} {message}\n" for at, message in enumerate(messages)).encode()
    form = detect(content, whole=True)
    assert form
    columns = read(form, content).columns
    assert columns["message"] == messages
    assert not {"logger", "host", "program", "thread"} & columns.keys()


def test_lines_without_the_slots_keep_their_text() -> None:
    """One line in twenty may be written by somebody else: its message is all that is behind the time."""
    lines = [record["line"] for record in log("{time} {level} {logger}: {message}")] * 10 + [f"{TIME % 9} no slots here"]
    content = "".join(line + "\n" for line in lines).encode()
    form = detect(content, whole=True)
    assert form
    reading = read(form, content)
    assert reading.account.records == 41
    assert reading.columns["message"][-1] == "no slots here"
    assert reading.columns["level"][-1] is None


def test_a_number_between_the_slots_is_the_process() -> None:
    """It is a field if something surely known follows it."""
    layout = "{time} | {level} | 42 | {logger} | {message}"
    content = "".join(record["line"] + "\n" for record in log(layout)).encode()
    form = detect(content, whole=True)
    assert form
    assert read(form, content, ("pid",)).columns["pid"] == ["42"] * 4


@pytest.mark.parametrize(
    "front", [TIME % 0 + " INFO ", TIME % 0 + " INFO shop.pay: ", f"\x1b[2m{TIME % 0}\x1b[0m \x1b[32mINFO\x1b[0m "]
)
@pytest.mark.parametrize("message", ["\x1b[1mpaid\x1b[0m at once", "\x1b[1;36mpaid\x1b[0m", "paid \x1b[1m7\x1b[0m"])
def test_the_colours_of_a_message_are_part_of_it(front: str, message: str) -> None:
    """Only those that begin in front of it are not."""
    content = f"{front}{message}\n".encode() * 5
    form = detect(content, whole=True)
    assert form
    assert set(read(form, content).columns["message"]) == {message.replace("\x1b", "\\x1b")}


def test_a_level_behind_a_colour_is_found_anywhere() -> None:
    """The letter that ends the colour is not part of the word."""
    content = f"\x1b[32mINFO\x1b[0m {TIME % 0} paid\n".encode() * 5
    form = detect(content, whole=True)
    assert form
    assert set(read(form, content).columns["level"]) == {"info"}
