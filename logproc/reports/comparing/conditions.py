"""`--fail-on`: conditions on a comparison, for release checks: `error_share +1%`, `new message level >= error`, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from logproc.formats.columns.levels import LEVELS
from logproc.model.comparison import Change, Comparison
from logproc.model.errors import UsageError, nearest
from logproc.model.overview import QUANTILES
from logproc.model.patterns import regex
from logproc.questions.fields.outcomes import CLASSES
from logproc.reports.comparing.difference import seen_from

OPTION = "--fail-on"
SHARES = ("error_share", *CLASSES)
DURATIONS = tuple(f"{name}:duration" for name in QUANTILES)
METRICS = (*SHARES, *DURATIONS, "rate")
NEW_KEYS_OF = ("message", "path", "status", "level", "logger", "client")
STEP = regex(r"(?P<metric>\S+)\s*(?P<sign>[+-])\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%?)")
NEW = regex(r"new\s+(?P<field>\w+)(?:(?:\s+(?P<of>\w+))?\s*(?P<sign>>=|==|=)\s*(?P<value>\w+))?")
EXAMPLES = "write 'error_share +1%', 'p95:duration +20%' or 'new message level >= error'"
ROUNDING = 1e-9
Verdict = Literal["fails", "undecided", "passes"]
MEANT = {
    "messages": "message",
    "paths": "path",
    "clients": "client",
    "statuses": "status",
    "errors": "error_share",
    "5xx_share": "5xx",
    "4xx_share": "4xx",
    "levels": "level",
    "error": "error_share",
}


class Condition(Struct, frozen=True):
    """One condition.

    metric: one of METRICS, which changes by at least `step`: in points of a share (0.01 is one point), relative otherwise;
    a negative step is a fall. Or field: a key of it that is new, with one of the outcomes if any are given. value: of a status.
    """

    text: str
    metric: str = ""
    step: float = 0.0
    field: str = ""
    outcomes: frozenset[str] = frozenset()
    value: str = ""


class Answer(Struct, frozen=True):
    """Whether a condition holds, and the changes because of which it does, or because of which that is undecided.

    undecided: what was measured is as large as the condition says, but may be chance. least: the change that would have been
    found in nine of ten cases, in the unit of the condition's step; None if that is not known.
    """

    condition: Condition
    holds: bool
    because: tuple[Change, ...] = ()
    undecided: bool = False
    least: float | None = None

    @property
    def verdict(self) -> Verdict:
        return "fails" if self.holds else "undecided" if self.undecided else "passes"


def parse_condition(text: str) -> Condition:
    """Return a condition. Raises UsageError, with what was probably meant.

    >>> parse_condition("p95:duration +20%").step, parse_condition("new path status >= 500").outcomes
    (0.2, frozenset({'5xx'}))
    """
    words = " ".join(text.split())
    if words.startswith("new ") or words == "new":
        return parse_new(words)
    match = STEP.fullmatch(words)
    metric = match["metric"] if match else words.partition(" ")[0]
    if metric not in METRICS:
        other = MEANT.get(metric) or (f"{metric}:duration" if f"{metric}:duration" in METRICS else "")
        hint = f"did you mean {other!r}?" if other else nearest(metric, METRICS, EXAMPLES)
        raise UsageError(f"{OPTION} {text!r}: {metric!r} cannot be compared", hint)
    if match is None:
        raise UsageError(f"{OPTION} {text!r}: expected a change behind {metric}", f"write '{metric} +20%' or '{metric} -20%'")
    if not match["unit"]:
        raise UsageError(f"{OPTION} {text!r}: the change has no unit", f"write '{words}%'")
    step = float(match["number"]) / 100
    if not step:
        raise UsageError(f"{OPTION} {text!r}: any change would be one", f"write '{metric} +1%'")
    return Condition(words, metric, step if match["sign"] == "+" else -step)


def parse_new(text: str) -> Condition:
    match = NEW.fullmatch(text)
    if match is None:
        raise UsageError(f"{OPTION} {text!r} is not a condition", EXAMPLES)
    field = match["field"]
    if field not in NEW_KEYS_OF:
        other = MEANT.get(field)
        hint = f"did you mean 'new {other}'?" if other in NEW_KEYS_OF else nearest(field, NEW_KEYS_OF)
        raise UsageError(f"{OPTION} {text!r}: new {field!r} is not looked for", hint)
    if match["sign"] is None:
        return Condition(text, field=field)
    of = {"message": "level", "path": "status", "status": "status", "level": "level"}.get(field)
    if (match["of"] or field) != of:
        hint = f"write 'new {field}'" if of is None else f"write 'new {field} {of} >= {'error' if of == 'level' else 500}'"
        raise UsageError(f"{OPTION} {text!r}: a new {field} has no {match['of'] or 'order'}", hint)
    at_least, value = match["sign"] == ">=", match["value"].lower()
    if of == "level":
        if value not in LEVELS:
            raise UsageError(f"{OPTION} {text!r}: {value!r} is not a level", nearest(value, LEVELS))
        names = LEVELS[LEVELS.index(value) :] if at_least else (value,)
        return Condition(text, field=field, outcomes=frozenset(names))
    if field == "status":
        if not re.fullmatch("[1-5][0-9][0-9]", value):
            raise UsageError(f"{OPTION} {text!r}: {value!r} is not a status", "write 'new status >= 500'")
        return Condition(text, field=field, value=match["sign"].replace("==", "=") + value)
    if value not in {"100", "200", "300", "400", "500"} or not at_least:
        raise UsageError(f"{OPTION} {text!r}: paths are counted by class of status", "write 'new path status >= 500'")
    return Condition(text, field=field, outcomes=frozenset(CLASSES[int(value) // 100 - 1 :]))


def answer(condition: Condition, comparison: Comparison) -> Answer:
    """Say whether a condition holds. Raises UsageError if the logs do not have what it needs."""
    if condition.field:
        found = tuple(change for change in comparison.findings if is_new(change, condition))
        why = "" if found else unknown(condition, comparison)
        if why:
            raise UsageError(f"{OPTION} {condition.text!r} cannot be checked", why)
        unsure = () if found else tuple(change for change in comparison.unsure if is_new(change, condition))
        return Answer(condition, bool(found), found or unsure, undecided=bool(unsure))
    change = change_of(condition.metric, comparison.overall)
    if change is None or change.before is None or change.after is None:
        if condition.metric in CLASSES and change_of("error_share", comparison.overall):
            return Answer(condition, holds=False)  # neither has any
        needed = {"rate": "times", "error_share": "statuses or levels"}.get(condition.metric, "durations")
        raise UsageError(f"{OPTION} {condition.text!r} cannot be checked", f"it needs {needed} on both sides")
    if change.chance is None and condition.metric not in SHARES:
        raise UsageError(f"{OPTION} {condition.text!r} cannot be checked", "a side is too short to know what is chance")
    by = change.after - change.before
    if condition.metric not in SHARES:
        by = by / change.before if change.before else 0.0
    step = condition.step * (1 - ROUNDING)
    exceeded = by >= step if step > 0 else by <= step
    if not exceeded or change.alone:
        return Answer(condition, exceeded, (change,) if exceeded else ())
    least = seen_from(change.error, change.degrees_of_freedom, comparison.rate) if change.error else None
    return Answer(condition, holds=False, because=(change,), undecided=True, least=least)


def unknown(condition: Condition, comparison: Comparison) -> str:
    """Return why a key may be new without being found, "" if it cannot."""
    field = condition.field
    if condition.outcomes and field in {"message", "path"} and comparison.after.of == "report":
        return f"a report does not tell the {'level' if field == 'message' else 'status'} of each {field}: name the log instead"
    if comparison.unknown.get(field):
        return f"one side does not list each {field}: name logs, or reports written with --top 0"
    return ""


def change_of(metric: str, overall: Iterable[Change]) -> Change | None:
    kind = {"error_share": "errors", "rate": "rate"}.get(metric, metric.partition(":")[0])
    return next((change for change in overall if (change.key == metric if metric in CLASSES else change.kind == kind)), None)


def is_new(change: Change, condition: Condition) -> bool:
    if change.field != condition.field:
        return False
    if condition.value:
        sign, value = condition.value.rstrip("0123456789"), condition.value.lstrip(">=")
        fits = change.key >= value if sign == ">=" else change.key == value
        return change.what == "appeared" and fits
    if condition.field == "level" and condition.outcomes:
        return change.what == "appeared" and change.key in condition.outcomes
    if change.kind == "errors":  # a path that had no error before
        return change.what == "appeared" and bool(condition.outcomes) and "5xx" in condition.outcomes
    return change.what == "appeared" and (not condition.outcomes or change.outcome in condition.outcomes)
