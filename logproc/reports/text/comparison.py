"""A comparison as text: the two sides, the numbers of all records, then what appeared, vanished, rose and fell by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports import comparison_words as words
from logproc.reports.key_styles import style_of, value_segments
from logproc.reports.text.style import BAD, BOLD, DIM, GOOD, NAME, PLAIN, WARN, Apart, Line, Look, padded, paint, separated

if TYPE_CHECKING:
    from logproc.model.comparison import Change, Comparison
    from logproc.reports.comparing.conditions import Answer

MARKS = {"appeared": "+", "vanished": "-", "rose": "↑", "fell": "↓", "same": "="}
ASCII_MARKS = {**MARKS, "rose": ">", "fell": "<"}
STYLES = {"bad": BAD, "good": GOOD, "warn": WARN, "": BOLD}
VERDICTS = {"fails": BAD, "undecided": WARN, "passes": GOOD}
LEAST_KEY = 12
LEAST_REASON = 30


def render_comparison(found: Comparison, look: Look, top: int, answers: Sequence[Answer] = ()) -> str:
    """Return the comparison as text that ends in LF. top: how many findings of each field to show, 0 for all."""
    return paint(draw(found, look, top, answers), look.color)


def draw(found: Comparison, look: Look, top: int, answers: Sequence[Answer] = ()) -> list[Line]:
    return separated([
        sides(found, look),
        overall(found, look),
        *findings(found, look, top),
        conclusion(found, look),
        list(condition_lines(answers, look)),
    ])  # fmt: skip


def sides(found: Comparison, look: Look) -> list[Line]:
    pairs = (("before", found.before), ("after", found.after))
    abouts = [words.about(side, look.characters.dash) for _, side in pairs]
    room = max(16, look.width - 8 - max(map(cell_len, abouts)) - 2)
    apart = Apart(look)
    names = [apart.fit(look.key(side.name), room) for _, side in pairs]
    width = max(map(cell_len, names))
    return [
        [Segment(title.ljust(8), BOLD), *padded([Segment(name, NAME)], width), Segment(f"  {text}", DIM)]
        for (title, _), name, text in zip(pairs, names, abouts, strict=True)
    ]


def overall(found: Comparison, look: Look) -> list[Line]:
    return table([row_of(change, words.title_of(change), look) for change in words.shown_overall(found)], look, "")


def findings(found: Comparison, look: Look, top: int) -> Iterator[list[Line]]:
    """Yield a table for each field that has findings."""
    for field, changes, more in words.findings_by_field(found, top):
        lines = table([row_of(change, change.key, look) for change in changes], look, words.TITLES.get(field, field))
        yield [*lines, [Segment(f"  {more:,} more: --top 0 shows all", DIM)]] if more else lines


Row = tuple[str, str, Line, tuple[str, ...], Style]
"""The mark, the key, what is behind it, the numbers, and the style of the change."""


def row_of(change: Change, key: str, look: Look) -> Row:
    marks = ASCII_MARKS if look.ascii_only else MARKS
    mark, style = (marks[change.what], STYLES[words.tone(change)]) if change.found else (" ", DIM)
    kind = f" {words.measured(change)}".rstrip()
    return (
        mark,
        key,
        [Segment(kind, DIM)],
        tuple(look.text(in_characters(text, look)) for text in words.numbers_of(change)),
        style,
    )


def table(rows: Sequence[Row], look: Look, title: str) -> list[Line]:
    """Return rows of keys with their numbers, below a title; keys are cut to what the numbers leave."""
    if not rows:
        return []
    widths = [max(map(cell_len, column)) for column in zip(words.HEADS, *(row[3] for row in rows), strict=True)]
    behind = max(cell_len("".join(segment.text for segment in row[2])) for row in rows)
    room = max(LEAST_KEY, look.width - 2 - behind - sum(widths) - 2 * len(widths))
    apart = Apart(look)
    keys = [apart.fit(look.key(row[1]), room) for row in rows]
    width = max([cell_len(title) - 2, *map(cell_len, keys)])
    head = [*padded([Segment(title, BOLD)], 2 + width + behind)]
    lines: list[Line] = [
        [*head, *(Segment("  " + name.rjust(cells), DIM) for name, cells in zip(words.HEADS, widths, strict=True))]
    ]
    for (mark, key, extra, numbers, shade), shown in zip(rows, keys, strict=True):
        column = "shape(message)" if "<" in key else "status" if title == "statuses" else "level" if title == "levels" else ""
        about_key = value_segments(column, shown, key) if column else [Segment(shown, style_of("status", ""))]
        front = padded([Segment(f"{mark} ", shade), *about_key, *extra], 2 + width + behind)
        styles = (PLAIN, PLAIN, shade, DIM)
        lines.append(
            [*front, *(Segment("  " + text.rjust(cells), of) for text, cells, of in zip(numbers, widths, styles, strict=True))]
        )
    return lines


def conclusion(found: Comparison, look: Look) -> list[Line]:
    """Say how many differences are more than chance, and what would have been too small to be seen."""
    first, *rest = words.conclusions(found)
    lines: list[Line] = [[Segment(first, BOLD)]]
    for text in rest:
        lines += [[Segment(part, DIM)] for part in wrap(look.text(text), look.width, subsequent_indent="  ")]
    for text in words.warnings(found):
        lines += [[Segment(part, WARN)] for part in wrap(look.text(text), look.width, break_on_hyphens=False)]
    return lines


def condition_lines(answers: Sequence[Answer], look: Look) -> Iterator[Line]:
    """Yield what each condition comes to; a reason that is too long goes on below."""
    width = max((len(answer.verdict) for answer in answers), default=0)
    for answer in answers:
        text = f"{look.text(answer.condition.text)}  {in_characters(words.reasons(answer, look.key), look)}".rstrip()
        first, *rest = wrap(text, max(look.width - width - 2, LEAST_REASON), subsequent_indent="  ", break_on_hyphens=False)
        yield [Segment(answer.verdict.ljust(width + 2), VERDICTS[answer.verdict]), Segment(first)]
        yield from ([Segment(" " * (width + 2) + part)] for part in rest)


def in_characters(text: str, look: Look) -> str:
    """Return words of ours with characters that the output can show."""
    text = text.replace("×", look.characters.times)
    return text.replace("→", "->").replace("≈", "~") if look.ascii_only else text
