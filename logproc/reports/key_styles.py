"""Keys as people read them: titles of panels, short times, and colours by the meaning of a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from logproc.formats.columns.levels import LEVELS
from logproc.model.patterns import regex
from logproc.questions.fields.stretches import stretch_of
from logproc.reports.text.style import BAD, DIM, GOOD, NEUTRAL, PLAIN, WARN, Line, Look
from logproc.reports.units import clock_text

if TYPE_CHECKING:
    from logproc.model.panel import Panel

STATUS_STYLES = {"2": GOOD, "3": NEUTRAL, "4": WARN, "5": BAD}
LEVEL_STYLES = dict(zip(LEVELS, (DIM, DIM, GOOD, GOOD, WARN, BAD, BAD), strict=True))
OUTCOME_STYLES = {f"{digit}xx": style for digit, style in STATUS_STYLES.items()} | LEVEL_STYLES
AGENT_PANELS = ("browsers", "systems")
PLACEHOLDER = regex(r"(<[a-z0-9]+>)")


def title_of(panel: Panel) -> str:
    """Return the title of a panel: the text for `--by` that gives it, or the name of one that has none.

    >>> from logproc.model.panel import Panel
    >>> [title_of(Panel(name, by, 0, ())) for name, by in (("logger,level", ("logger", "level")), ("not found", ("path",)))]
    ['logger,level', 'not found']
    """
    if panel.by and panel.name in AGENT_PANELS:
        return panel.by[0]
    return panel.name.replace("_", " ") if panel.name.startswith("visitors") else panel.name


def value_text(column: str, value: str) -> str:
    """Return a value of a key as shown.

    >>> value_text("hour", "2015-05-17T10:00:00Z"), value_text("path", "/")
    ('2015-05-17 10:00', '/')
    """
    stretch = stretch_of(column)
    if stretch is None or stretch.name in {"day", "week", "month"}:
        return value
    return clock_text(value) if stretch.length_s % 60 else clock_text(value)[: -len(":00")]


def style_of(column: str, value: str) -> Style:
    if column in {"status", "status_class"}:
        return STATUS_STYLES.get(value[:1], PLAIN)
    return LEVEL_STYLES.get(value, PLAIN) if column == "level" else PLAIN


def severity(column: str, value: str) -> int:
    """Return the rank of a value by severity, 0 for the worst; the same for all values that have none."""
    if column != "level":
        return 0
    return LEVELS[::-1].index(value) if value in LEVELS else len(LEVELS)


def value_segments(column: str, shown: str, value: str) -> Line:
    """Return a shown value in its colours; the placeholders of a shape are dim."""
    if not column.startswith("shape("):
        return [Segment(shown, style_of(column, value))]
    pieces = PLACEHOLDER.split(shown)
    return [Segment(piece, DIM if at % 2 else PLAIN) for at, piece in enumerate(pieces) if piece]


def key_text(by: Sequence[str], key: Sequence[str], look: Look) -> list[str]:
    return [look.key(value_text(column, value)) for column, value in zip(by, key, strict=True)]
