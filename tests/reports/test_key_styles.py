"""Keys as people read them."""

from __future__ import annotations

import pytest
from rich.style import Style

from logproc.reports.key_styles import severity, style_of, value_segments
from logproc.reports.text.style import BAD, DIM, GOOD, NEUTRAL, PLAIN, WARN

STYLES = [
    ("level", BAD, ["ERROR", "error", "Fatal", "CRIT", "severe", "panic", "E", "F", "emerg", "alert"]),
    ("level", WARN, ["WARN", "warning", "W"]),
    ("level", GOOD, ["INFO", "info", "notice", "I"]),
    ("level", DIM, ["DEBUG", "trace", "D", "verbose"]),
    ("level", PLAIN, ["30", "3", "0", "errors", "", "audit"]),
    ("status", GOOD, ["200"]),
    ("status", NEUTRAL, ["304"]),
    ("status_class", WARN, ["4xx"]),
    ("status", BAD, ["500"]),
    ("path", PLAIN, ["ERROR", "500"]),
]


@pytest.mark.parametrize(("column", "style", "values"), STYLES)
def test_a_value_has_the_colour_of_its_meaning(column: str, style: Style, values: list[str]) -> None:
    """Levels are recognized by words and letters in any case, never by numbers; statuses by their class."""
    assert {value: style_of(column, value) for value in values} == dict.fromkeys(values, style)


def test_the_worst_is_first() -> None:
    """Fatal is worse than an error; values without a severity are last."""
    levels = ["30", "debug", "info", "warn", "error", "fatal"]
    assert sorted(levels, key=lambda level: severity("level", level)) == levels[::-1]


def test_what_stands_for_something_in_a_message_is_dim() -> None:
    """Placeholders are dim, words are plain, and nothing is lost."""
    segments = value_segments("shape(message)", "took <n> ms on <ip>", "")
    assert [(segment.text, segment.style) for segment in segments] == [
        ("took ", PLAIN),
        ("<n>", DIM),
        (" ms on ", PLAIN),
        ("<ip>", DIM),
    ]
