"""Keys as people read them."""

from __future__ import annotations

import pytest
from rich.style import Style

from logproc.reports.key_styles import severity, style_of, value_segments
from logproc.reports.text.style import BAD, DIM, GOOD, NEUTRAL, PLAIN, WARN

STYLES = [
    ("level", BAD, ["error", "critical"]),
    ("level", WARN, ["warning"]),
    ("level", GOOD, ["info", "notice"]),
    ("level", DIM, ["debug", "trace"]),
    ("level", PLAIN, ["errors", ""]),
    ("raw_level", PLAIN, ["ERROR"]),
    ("status", GOOD, ["200"]),
    ("status", NEUTRAL, ["304"]),
    ("status_class", WARN, ["4xx"]),
    ("status", BAD, ["500"]),
    ("path", PLAIN, ["ERROR", "500"]),
]


@pytest.mark.parametrize(("column", "style", "values"), STYLES)
def test_a_value_has_the_colour_of_its_meaning(column: str, style: Style, values: list[str]) -> None:
    """Levels have the colours of how bad they are, statuses those of their class."""
    assert {value: style_of(column, value) for value in values} == dict.fromkeys(values, style)


def test_the_worst_is_first() -> None:
    """Critical is worse than an error; values that are not levels are last."""
    levels = ["other", "trace", "debug", "info", "notice", "warning", "error", "critical"]
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
