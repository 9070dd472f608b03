"""The words of a comparison, the same in its text and on its page: titles, numbers, and what it all means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from logproc.questions.fields.outcomes import ERRORS, WARNINGS
from logproc.reports.units import count, latency, plain, span

if TYPE_CHECKING:
    from logproc.model.comparison import Change, Compared, Comparison

TITLES = {
    "message": "messages",
    "path": "paths",
    "status": "statuses",
    "client": "clients",
    "logger": "loggers",
    "level": "levels",
}
HEADS = ("before", "after", "change", "chance")
OVERALL = {"rate": "records per second", "errors": "error share"}
SURE = 1e-8
"""Smaller chances are shown as this one: no model is as right as that."""


def shown_overall(found: Comparison) -> list[Change]:
    """Return the numbers of all records to show: of shares, those of what is wrong, unless they are all errors there are."""
    same = {change.counts for change in found.overall if change.kind == "errors"}
    told = (change for change in found.overall if change.kind != "share" or change.key in WARNINGS | ERRORS)
    return [change for change in told if not (change.key in ERRORS and change.counts in same)]


def title_of(change: Change) -> str:
    return OVERALL.get(change.kind, change.key or change.kind)


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
    if change.what == "same" or not before:
        return "same"
    if round(100 * (after / before - 1)) == 0:
        return "0 %"
    return f"{100 * (after / before - 1):+.0f} %" if after < 3 * before else f"×{after / before:.1f}"


def chance(change: Change) -> str:
    if change.chance is None:
        return "too few"
    if not change.found:
        return "may be"
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
        yield f"no change: none of {tests} is more than chance"
    if least := ", ".join(least_seen(found)):
        yield f"could not be seen: changes of less than {least}"


def least_seen(found: Comparison) -> Iterator[str]:
    """Yield how large a change of each kind must be to be found."""
    words = {"errors": "the error share", "key": "the share of a key with 1 % of the records", "p50": "p50", "p95": "p95"}
    for kind, what in words.items():
        if kind in found.smallest:
            unit = "points" if kind in {"errors", "key"} else "%"
            least = 100 * found.smallest[kind]
            yield f"{least:.2g} {unit} of {what}" if least < 99.5 else f"{least:,.0f} {unit} of {what}"


def warnings(found: Comparison) -> Iterator[str]:
    for field, missing in found.unknown.items():
        yield f"{count(missing, 'key')} of {TITLES.get(field, field)} not compared: one side does not list them"
    yield from found.notes
