"""The words of a comparison, the same in its text and on its page: titles, numbers, and what it all means."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from logproc.questions.fields.outcomes import ERRORS, WARNINGS
from logproc.reports.units import count, latency, plain, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from logproc.model.comparison import Change, Compared, Comparison
    from logproc.reports.comparing.conditions import Answer

TITLES = {
    "message": "messages",
    "path": "paths",
    "status": "statuses",
    "client": "clients",
    "logger": "loggers",
    "level": "levels",
}
HEADS = ("before", "after", "change", "by chance")
OVERALL = {"rate": "records per second", "errors": "error share"}
MOST_REASONS = 3
SURE = 1e-8
"""Smaller chances are shown as this one: no model is as right as that."""


def shown_overall(found: Comparison) -> list[Change]:
    """Return the numbers of all records to show: of shares, those of what is wrong, unless they are all errors there are."""
    same = {change.counts for change in found.overall if change.kind == "errors"}
    told = (change for change in found.overall if change.kind != "share" or change.key in WARNINGS | ERRORS)
    return [change for change in told if not (change.key in ERRORS and change.counts in same)]


def title_of(change: Change) -> str:
    return OVERALL.get(change.kind, change.key or change.kind)


def findings_by_field(found: Comparison, top: int) -> Iterator[tuple[str, list[Change], int]]:
    """Yield each field that has findings, the first `top` of them (0 for all), and how many more there are."""
    for field, group in groupby(found.findings, lambda change: change.field):
        changes = list(group)
        shown = changes[: top or None]
        yield field, shown, len(changes) - len(shown)


def measured(change: Change) -> str:
    """Return what was measured of a key, "" if it is its share of all records."""
    return "" if change.kind == "share" or not change.field else change.kind


def about(side: Compared, dash: str = "–") -> str:
    words = count(side.records, "record")
    if side.first is not None and side.last is not None:
        words += f", {span(side.first, side.last, dash)}"
    return words


def numbers_of(change: Change) -> tuple[str, ...]:
    """Return the texts in the order of HEADS."""
    return number(change, change.before), number(change, change.after), difference(change), chance(change)


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
    if change.what == "same":
        return "same" if before == after else "≈"  # the difference is less than the error of both
    if not before:
        return "from 0"
    if round(100 * (after / before - 1)) == 0:
        return "0 %"
    return f"{100 * (after / before - 1):+.0f} %" if after < 3 * before else f"×{after / before:.1f}"


def chance(change: Change) -> str:
    if change.chance is None:
        return "too few"
    if not change.found:
        return "possible"
    return f"<1 in {two_digits(1 / SURE)}" if change.chance < SURE else f"1 in {two_digits(1 / change.chance)}"


def two_digits(number: float) -> str:
    """Return a large number with two digits that count.

    >>> two_digits(27_183), two_digits(3_141_592), two_digits(1e8)
    ('27,000', '3.1 million', '100 million')
    """
    return f"{float(f'{number:.2g}') / 1e6:,g} million" if number >= 1e6 else f"{float(f'{number:.2g}'):,.0f}"


def tone(change: Change) -> str:
    """Return whether a change is for the worse (`bad`), for the better (`good`), new or gone (`warn`), or none of these."""
    outcome = change.outcome in ERRORS or change.key in ERRORS or (change.field == "status" and change.key[:1] == "5")
    if change.kind in {"share", "rate"} and not outcome:
        return "warn" if change.what in {"appeared", "vanished"} else ""
    return "bad" if change.what in {"appeared", "rose"} else "good"


def conclusions(found: Comparison) -> Iterator[str]:
    """Yield how many differences are more than chance, and what would have been too small to be seen."""
    number_found = len(found.findings) + sum(change.found for change in shown_overall(found))
    tests = count(found.tested, "difference")
    if found.tested == 0:
        yield "nothing to compare: too few records"
    elif number_found:
        yield f"{number_found:,} of {tests} {'is' if number_found == 1 else 'are'} more than chance"
    else:
        yield f"none of {tests} is more than chance"
    if least := ", ".join(least_seen(found)):
        yield f"too small to detect here: {least}"


def least_seen(found: Comparison) -> Iterator[str]:
    """Yield how large a change of each kind must be to be found."""
    words = {"errors": "error share", "key": "share of a key with 1 % of the records", "p50": "p50", "p95": "p95"}
    for kind, what in words.items():
        if kind in found.smallest:
            unit = "points" if kind in {"errors", "key"} else "%"
            yield f"{what} below {hundredths(found.smallest[kind])} {unit}"


def hundredths(share: float) -> str:
    """Return a share in points or per cent, with two digits that count.

    >>> hundredths(0.0617), hundredths(1.59)
    ('6.2', '159')
    """
    return f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:,.0f}"


def reasons(answer: Answer, key: Callable[[str], str]) -> str:
    """Return because of what a condition is met, or why that cannot be said; "" if it passes. key: makes keys safe to show."""
    shown = [
        key(one.key) if answer.condition.field else f"{number(one, one.before)} → {number(one, one.after)}"
        for one in answer.because[:MOST_REASONS]
    ]
    more = len(answer.because) - len(shown)
    words = ", ".join(shown) + (f" and {more:,} more" if more else "")
    if answer.verdict != "undecided":
        return words
    if answer.because[0].chance is None and not answer.condition.field:
        return f"{words}: too few records to tell it from chance"
    words += ": may be chance"
    if answer.least is not None and answer.least > size_of(answer.because[0]):
        unit = "points" if answer.because[0].kind in {"share", "errors"} else "%"
        words += f"; smaller changes than {hundredths(answer.least)} {unit} cannot be told here"
    return words


def size_of(change: Change) -> float:
    """Return how large a change is, in the unit of conditions: of shares their difference, else relative."""
    before, after = change.before or 0.0, change.after or 0.0
    if change.kind in {"share", "errors"}:
        return abs(after - before)
    return abs(after / before - 1) if before else 0.0


def warnings(found: Comparison) -> Iterator[str]:
    if reports := [side.name for side in (found.before, found.after) if side.of == "report"]:
        name = " and ".join(reports)
        what = f"{name} are reports, and a report" if len(reports) > 1 else f"{name} is a report, which"
        yield (
            f"{what} knows less than its log (only the rows it shows, and not when they occur): "
            "fewer differences are found; name the log instead"
        )
    for field, missing in found.unknown.items():
        yield f"{count(missing, 'key')} of {TITLES.get(field, field)} not compared: one side does not list them"
    yield from found.notes
