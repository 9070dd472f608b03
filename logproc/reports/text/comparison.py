"""A comparison as text: the two sides, the numbers of all records, then what appeared, vanished, rose and fell by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.questions.fields.outcomes import ERRORS, WARNINGS
from logproc.reports.key_styles import style_of, value_segments
from logproc.reports.text.style import BAD, BOLD, DIM, GOOD, NAME, PLAIN, WARN, Apart, Line, Look, padded, paint
from logproc.reports.units import count, latency, plain, span

if TYPE_CHECKING:
    from logproc.comparing.conditions import Answer
    from logproc.model.comparison import Change, Compared, Comparison

TITLES = {
    "message": "messages",
    "path": "paths",
    "status": "statuses",
    "client": "clients",
    "logger": "loggers",
    "level": "levels",
}
MARKS = {"appeared": "+", "vanished": "-", "rose": "↑", "fell": "↓", "same": "="}
ASCII_MARKS = {**MARKS, "rose": ">", "fell": "<"}
KINDS = {"share": "share", "errors": "errors"}
HEADS = ("before", "after", "change", "chance")
LEAST_KEY = 12
OVERALL = {"rate": "records per second", "errors": "error share"}
SURE = 1e-8
"""Smaller chances are shown as this one: no model is as right as that."""


def render_comparison(found: Comparison, look: Look, top: int, answers: Sequence[Answer] = ()) -> str:
    """Return the comparison as text that ends in LF. top: how many findings of each field to show, 0 for all."""
    return paint(draw(found, look, top, answers), look.color)


def draw(found: Comparison, look: Look, top: int, answers: Sequence[Answer] = ()) -> list[Line]:
    parts = [
        sides(found, look),
        overall(found, look),
        *findings(found, look, top),
        conclusion(found, look),
        [condition_line(answer, look) for answer in answers],
    ]
    lines: list[Line] = []
    for part in parts:
        lines += ([[]] if lines and part else []) + part
    return lines


def sides(found: Comparison, look: Look) -> list[Line]:
    pairs = (("before", found.before), ("after", found.after))
    abouts = [about(side, look) for _, side in pairs]
    room = max(16, look.width - 8 - max(map(cell_len, abouts)) - 2)
    apart = Apart(look)
    names = [apart.fit(look.key(side.name), room) for _, side in pairs]
    width = max(map(cell_len, names))
    return [
        [Segment(title.ljust(8), BOLD), *padded([Segment(name, NAME)], width), Segment(f"  {text}", DIM)]
        for (title, _), name, text in zip(pairs, names, abouts, strict=True)
    ]


def about(side: Compared, look: Look) -> str:
    words = count(side.records, "record")
    if side.first is not None and side.last is not None:
        words += f", {span(side.first, side.last, look.characters.dash)}"
    return words


def overall(found: Comparison, look: Look) -> list[Line]:
    same = {change.counts for change in found.overall if change.kind == "errors"}  # 5xx are often all errors
    told = [change for change in found.overall if is_told(change) and not (change.key in ERRORS and change.counts in same)]
    return table([row_of(change, OVERALL.get(change.kind, change.key or change.kind), look) for change in told], look, "")


def is_told(change: Change) -> bool:
    """Whether a number of all records is shown: of shares, those of what is wrong."""
    return change.kind != "share" or change.key in WARNINGS | ERRORS


def findings(found: Comparison, look: Look, top: int) -> Iterator[list[Line]]:
    """Yield a table for each field that has findings."""
    for field, group in groupby(found.findings, lambda change: change.field):
        changes = list(group)
        shown = changes[: top or None]
        rows = [row_of(change, change.key, look) for change in shown]
        lines = table(rows, look, TITLES.get(field, field))
        if len(shown) < len(changes):
            lines.append([Segment(f"  {len(changes) - len(shown):,} more: --top 0 shows all", DIM)])
        yield lines


Row = tuple[str, str, Line, tuple[str, ...], Style]
"""The mark, the key, what is behind it, the numbers, and the style of the change."""


def row_of(change: Change, key: str, look: Look) -> Row:
    marks = ASCII_MARKS if look.ascii_only else MARKS
    judged = change.found
    mark = marks[change.what] if judged else " "
    kind = f" {change.kind}" if change.field and change.kind != "share" else ""
    numbers = (number(change, change.before), number(change, change.after), difference(change), chance(change))
    return mark, key, [Segment(kind, DIM)], tuple(map(look.text, numbers)), style(change)


def style(change: Change) -> Style:
    """Return the colour of a change: what is worse is red, what is better green."""
    if not change.found:
        return DIM
    bad = change.kind not in {"share", "rate"} or change.outcome in ERRORS or change.key in ERRORS or change.key[:1] == "5"
    bad = bad and (change.field != "client")
    if not bad:
        return WARN if change.what in {"appeared", "vanished"} else BOLD
    return BAD if change.what in {"appeared", "rose"} else GOOD


def number(change: Change, value: float | None) -> str:
    if value is None:
        return "?"
    if change.kind in {"share", "errors"}:
        return "0" if not value else f"{100 * value:.3g} %" if value < 0.1 else f"{100 * value:.1f} %"
    return plain(value, 3) if change.kind == "rate" else latency(value)


def difference(change: Change) -> str:
    """Return a change in points of a share, or relative; of a key that appeared, how many records it has."""
    before, after = change.before, change.after
    if before is None or after is None:
        return "?"
    records = [number for number in change.counts if number]
    if change.kind == "share" and change.field not in {"", "outcome"} and not (before and after) and records:
        return f"{'new' if after else 'gone'}, {records[-1]:,}"
    if change.kind == "errors" or change.field == "outcome":
        return f"{100 * (after - before):+.2f} points" if before != after else "same"
    if change.what == "same" or not before:
        return "same"
    return f"{100 * (after / before - 1):+.0f} %" if after < 3 * before else f"×{after / before:.1f}"


def chance(change: Change) -> str:
    if change.chance is None:
        return "too few"
    if not change.found:
        return "may be"
    return f"<1 in {1 / SURE:.0e}".replace("e+0", "e") if change.chance < SURE else f"1 in {two_digits(1 / change.chance)}"


def two_digits(number: float) -> str:
    """Return a large number with two digits that count.

    >>> two_digits(27_183), two_digits(3_141_592)
    ('27,000', '3.1 million')
    """
    return f"{float(f'{number:.2g}') / 1e6:,.2g} million" if number >= 1e6 else f"{float(f'{number:.2g}'):,.0f}"


def table(rows: Sequence[Row], look: Look, title: str) -> list[Line]:
    """Return rows of keys with their numbers, below a title; keys are cut to what the numbers leave."""
    if not rows:
        return []
    widths = [max(map(cell_len, column)) for column in zip(HEADS, *(row[3] for row in rows), strict=True)]
    behind = max(cell_len("".join(segment.text for segment in row[2])) for row in rows)
    room = max(LEAST_KEY, look.width - 2 - behind - sum(widths) - 2 * len(widths))
    apart = Apart(look)
    keys = [apart.fit(look.key(row[1]), room) for row in rows]
    width = max([cell_len(title) - 2, *map(cell_len, keys)])
    head = [*padded([Segment(title, BOLD)], 2 + width + behind)]
    lines: list[Line] = [[*head, *(Segment("  " + name.rjust(cells), DIM) for name, cells in zip(HEADS, widths, strict=True))]]
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
    number_found = len(found.findings) + sum(change.found for change in found.overall)
    tests = count(found.tested, "difference")
    if found.tested == 0:
        first = "nothing to compare: too few records"
    elif number_found:
        are = "is" if number_found == 1 else "are"
        first = f"{number_found:,} of {tests} {are} more than chance"
    else:
        first = f"no change: none of {tests} is more than chance"
    lines: list[Line] = [[Segment(first, BOLD)]]
    if found.smallest:
        least = "could not be seen: changes of less than " + ", ".join(least_seen(found))
        lines += [[Segment(part, DIM)] for part in wrap(least, look.width, subsequent_indent="  ")]
    for field, missing in found.unknown.items():
        words = f"{count(missing, 'key')} of {TITLES.get(field, field)} not compared: a report lists only its first rows"
        lines.append([Segment(look.text(words), WARN)])
    lines += [[Segment(look.text(note), WARN)] for note in found.notes]
    return lines


def least_seen(found: Comparison) -> Iterator[str]:
    """Yield how large a change of each kind must be to be found."""
    words = {"errors": "the error share", "key": "the share of a key with 1 % of the records", "p50": "p50", "p95": "p95"}
    for kind, what in words.items():
        if kind in found.smallest:
            unit = "points" if kind in {"errors", "key"} else "%"
            yield f"{plain(100 * found.smallest[kind], 2)} {unit} of {what}"


def condition_line(answer: Answer, look: Look) -> Line:
    mark = Segment("fails  " if answer.holds else "passes ", BAD if answer.holds else GOOD)
    because = look.fit(", ".join(reason(change, look) for change in answer.because[:3]), look.width // 2)
    return [mark, Segment(look.text(answer.condition.text)), *([Segment(f"  {because}", DIM)] if because else [])]


def reason(change: Change, look: Look) -> str:
    return look.key(change.key) if change.field else f"{number(change, change.before)} to {number(change, change.after)}"
