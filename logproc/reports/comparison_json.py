"""A comparison as JSON, schema 1: docs/diff.md describes its members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from logproc.formats.times.calendar import iso
from logproc.reports.json_report import encode, rows

if TYPE_CHECKING:
    from logproc.model.comparison import Change, Compared, Comparison
    from logproc.reports.comparing.conditions import Answer

SCHEMA = 1


def comparison_json(found: Comparison, answers: Sequence[Answer] = ()) -> str:
    """Return the comparison as a JSON document that ends in LF, with one line per change."""
    members = (
        f'"schema": {SCHEMA}, "kind": "comparison"',
        f'"before": {encode(side(found.before))}',
        f'"after": {encode(side(found.after))}',
        f'"overall": {rows(map(change, found.overall))}',
        f'"findings": {rows(map(change, found.findings))}',
        f'"tested": {found.tested}, "false_discovery_rate": {encode(found.rate)}',
        f'"smallest": {encode({name: digits(value, 3) for name, value in found.smallest.items()})}',
        f'"unknown": {encode(found.unknown)}',
        f'"notes": {encode(found.notes)}',
        f'"conditions": {rows(map(condition, answers))}',
    )
    return "{" + ",\n ".join(members) + "}\n"


def side(compared: Compared) -> dict[str, Any]:
    times = {name: None if time is None else iso(time) for name, time in (("first", compared.first), ("last", compared.last))}
    return {**asdict(compared), **times}


def change(found: Change) -> dict[str, Any]:
    before, after = found.counts
    return {
        "kind": found.kind,
        "field": found.field,
        "key": found.key,
        "outcome": found.outcome,
        "what": found.what,
        "before": digits(found.before),
        "after": digits(found.after),
        "records_before": before,
        "records_after": after,
        "standard_error": digits(found.error, 3),
        "chance": digits(found.chance, 3),
        "finding": found.found,
    }


def condition(answer: Answer) -> dict[str, Any]:
    return {
        "condition": answer.condition.text,
        "verdict": answer.verdict,
        "holds": answer.holds,
        "least": digits(answer.least, 3),
        "because": [change(found) for found in answer.because],
    }


def digits(number: float | None, places: int = 9) -> float | None:
    """Return a number with as many digits as mean something."""
    return None if number is None else float(f"{number:.{places}g}")
