"""Why a report is empty: what the filters ask for, beside what the log has."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from logproc.model.errors import nearest
from logproc.questions.view import offset_s
from logproc.questions.where.predicates import BILLION
from logproc.questions.where.sought import sought
from logproc.reports.units import count, day, moment

if TYPE_CHECKING:
    from logproc.counting.by_source.unmatched import Unmatched
    from logproc.counting.tally import Tally
    from logproc.questions.question import Question


def why_empty(tally: Tally, question: Question) -> str:
    """Return why no record was counted although the log has some, or ""."""
    found = tally.unmatched
    if tally.account.records or not found.records:
        return ""
    return outside(found, question) or unlike(found, question)


def outside(found: Unmatched, question: Question) -> str:
    """Return that the log ends before `--since` or begins after `--until`, or that it has no times, or ""."""
    since, until = (None if bound is None else bound // BILLION for bound in (question.since, question.until))
    if found.first is None or found.last is None:
        return (
            f"none of {count(found.records, 'record')} has a time to compare" if since is not None or until is not None else ""
        )
    if since is not None and found.last < since:
        bound, end = both(since, found.last, question.zone)
        return f"no record since {bound}: the log ends {end}"
    if until is not None and found.first >= until:
        bound, begin = both(until, found.first, question.zone)
        return f"no record before {bound}: the log begins {begin}"
    return ""


def unlike(found: Unmatched, question: Question) -> str:
    """Return how many records were looked at, and the values that the filter names but no record has."""
    options = [f"--{name}" for name in ("where", "since", "until") if getattr(question, name) is not None]
    looked_at = f"none of {count(found.records, 'record')} matches {' and '.join(options)}"
    if found.records == 1:
        looked_at = f"the only record does not match {' and '.join(options)}"
    for name, text in sought(question.where.tree) if question.where else ():
        values = found.values.get(name)
        if values is not None and text not in values:
            return f"{looked_at}: no {name} is {text!r}{near(text, values)}"
    return looked_at


def near(text: str, values: frozenset[str]) -> str:
    hint = nearest(text, sorted(values), "none")
    return f": {hint}" if hint.startswith("did") else ""


def both(one: int, other: int, zone: tzinfo) -> tuple[str, str]:
    """Return two moments for people, with seconds only if they are in the same minute."""
    clock = "%H:%M:%S" if one // 60 == other // 60 else "%H:%M"
    local = [moment(seconds + offset_s(seconds, zone)) for seconds in (one, other)]
    first, second = (f"{day(time)} {time.year} {time:{clock}} {zone}" for time in local)
    return first, second
