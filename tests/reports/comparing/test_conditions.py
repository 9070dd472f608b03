"""Conditions of --fail-on: how they are read, what is said of wrong ones, and when they hold."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logproc.model.comparison import Change, Compared, Comparison, What
from logproc.model.errors import UsageError
from logproc.reports.comparing.conditions import Condition, answer, parse_condition

REPORT = Compared("b.json", "report", 1000, 0, 3600, 1)
SIDE = Compared("a.log", "log", 1000, 0, 3600, 24)
READ: list[tuple[str, Condition]] = [
    ("error_share +1%", Condition("error_share +1%", "error_share", 0.01)),
    ("error_share  +  0.5 %", Condition("error_share + 0.5 %", "error_share", 0.005)),
    ("5xx +2%", Condition("5xx +2%", "5xx", 0.02)),
    ("rate -50%", Condition("rate -50%", "rate", -0.5)),
    ("p95:duration +20%", Condition("p95:duration +20%", "p95:duration", 0.2)),
    ("new client", Condition("new client", field="client")),
    (
        "new message level >= error",
        Condition("new message level >= error", field="message", outcomes=frozenset({"error", "critical"})),
    ),
    (
        "new message level == WARNING",
        Condition("new message level == WARNING", field="message", outcomes=frozenset({"warning"})),
    ),
    ("new path status >= 400", Condition("new path status >= 400", field="path", outcomes=frozenset({"4xx", "5xx"}))),
    ("new status >= 500", Condition("new status >= 500", field="status", value=">=500")),
    ("new status = 502", Condition("new status = 502", field="status", value="=502")),
]


@pytest.mark.parametrize(("text", "condition"), READ)
def test_conditions_are_read(text: str, condition: Condition) -> None:
    """A metric with a change, or a field whose keys are new."""
    assert parse_condition(text) == condition


WRONG: list[tuple[str, str]] = [
    ("error_shar +1%", "'error_shar' cannot be compared: did you mean 'error_share'?"),
    ("errors +1%", "did you mean 'error_share'?"),
    ("p95 +20%", "did you mean 'p95:duration'?"),
    ("p95:duratoin +20%", "did you mean 'p95:duration'?"),
    ("p95:duration", "expected a change behind p95:duration: write 'p95:duration +20%'"),
    ("p95:duration +20", "the change has no unit: write 'p95:duration +20%'"),
    ("p95:duration > 20%", "expected a change behind"),
    ("error_share +0%", "any change would be one: write 'error_share +1%'"),
    ("new", "is not a condition"),
    ("new mesage", "new 'mesage' is not looked for: did you mean 'message'?"),
    ("new messages", "did you mean 'new message'?"),
    ("new message status >= 500", "a new message has no status: write 'new message level >= error'"),
    ("new message level >= eror", "'eror' is not a level: did you mean 'error'?"),
    ("new path status == 404", "paths are counted by class of status: write 'new path status >= 500'"),
    ("new client level >= error", "a new client has no level: write 'new client'"),
    ("new status >= 5xx", "'5xx' is not a status"),
    ("", "cannot be compared: write 'error_share +1%'"),
    ("grows", "cannot be compared: write 'error_share +1%'"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_wrong_condition_is_explained(text: str, words: str) -> None:
    """The error names what was probably meant."""
    with pytest.raises(UsageError) as caught:
        parse_condition(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("--fail-on ")


def overall(kind: str, before: float | None, after: float | None, chance: float | None, key: str = "") -> Change:
    sure = chance is not None and chance < 0.01
    return Change(kind, "outcome" if key else "", key, "rose", before, after, (1, 1), chance, found=sure, alone=sure)


def finding(field: str, key: str, what: What, outcome: str = "", kind: str = "share") -> Change:
    return Change(kind, field, key, what, 0.0, 0.1, (0, 100), 1e-9, found=True, alone=True, outcome=outcome)


FOUND = Comparison(
    SIDE,
    SIDE,
    overall=(
        overall("rate", 10.0, 4.0, 1e-6),
        overall("errors", 0.01, 0.03, 1e-6),
        overall("share", 0.01, 0.03, 1e-6, "5xx"),
        overall("share", 0.05, 0.09, 0.2, "4xx"),
        overall("p50", 0.1, 0.105, 1e-6),
        overall("p95", 0.2, 0.25, 1e-6),
        overall("p99", 0.5, 0.9, 0.03),
    ),
    findings=(
        finding("message", "disk <n> is full", "appeared", "error"),
        finding("message", "started", "appeared", "info"),
        finding("message", "stopped", "vanished", "critical"),
        finding("status", "502", "appeared"),
        finding("path", "/new", "appeared", "2xx"),
        finding("path", "/old", "appeared", "4xx", kind="errors"),
    ),
    tested=100,
    rate=0.01,
)
HOLDS: dict[str, bool] = {
    "error_share +1%": True,
    "error_share +2%": True,
    "error_share +2.1%": False,
    "error_share -1%": False,
    "5xx +1%": True,
    "4xx +1%": False,
    "3xx +1%": False,  # neither side has any
    "p50:duration +20%": False,
    "p50:duration +5%": True,
    "p95:duration +20%": True,
    "p99:duration +20%": False,
    "rate -50%": True,
    "rate -70%": False,
    "rate +10%": False,
    "new message": True,
    "new message level >= error": True,
    "new message level >= critical": False,
    "new status >= 500": True,
    "new status >= 503": False,
    "new status = 502": True,
    "new path": True,
    "new path status >= 500": True,  # a path that had no such error before
    "new path status >= 400": True,
    "new client": False,
}


MAY_BE_CHANCE = {"4xx +1%", "p99:duration +20%"}


@pytest.mark.parametrize("text", HOLDS)
def test_a_condition_holds_if_the_change_is_large_and_no_chance(text: str) -> None:
    """Both are needed; the changes are named."""
    found = answer(parse_condition(text), FOUND)
    assert found.holds is HOLDS[text]
    assert found.verdict == ("fails" if found.holds else "undecided" if text in MAY_BE_CHANCE else "passes")
    assert bool(found.because) is (found.verdict != "passes")


UNCHECKED: list[tuple[str, Comparison, str]] = [
    ("p95:duration +20%", Comparison(SIDE, SIDE, (), (), 0, 0.01), "it needs durations on both sides"),
    ("error_share +1%", Comparison(SIDE, SIDE, (), (), 0, 0.01), "it needs statuses or levels on both sides"),
    ("rate +1%", Comparison(SIDE, SIDE, (overall("rate", None, None, None),), (), 0, 0.01), "it needs times on both sides"),
    ("new path", replace(FOUND, findings=(), unknown={"path": 3}), "one side does not list each path: name logs"),
    (
        "new message level >= error",
        replace(FOUND, findings=(), after=REPORT),
        "a report does not tell the level of each message",
    ),
    ("new path status >= 500", replace(FOUND, findings=(), after=REPORT), "a report does not tell the status of each path"),
    ("rate +1%", Comparison(SIDE, SIDE, (overall("rate", 1.0, 2.0, None),), (), 0, 0.01), "a side is too short to know"),
]


@pytest.mark.parametrize(("text", "comparison", "words"), UNCHECKED)
def test_a_condition_that_cannot_be_checked_does_not_pass(text: str, comparison: Comparison, words: str) -> None:
    """It is an error, not a silent success."""
    with pytest.raises(UsageError) as caught:
        answer(parse_condition(text), comparison)
    assert words in str(caught.value)


def test_too_few_errors_to_compare_are_not_too_many() -> None:
    """Three errors against none are less than can be told from chance: the condition is not met."""
    few = Comparison(SIDE, SIDE, (overall("errors", 0.0, 0.03, None),), (), 0, 0.01)
    found = answer(parse_condition("error_share +1%"), few)
    assert (found.holds, found.verdict, found.least) == (False, "undecided", None)


UNSURE = replace(
    FOUND,
    overall=(
        Change("share", "outcome", "5xx", "appeared", 0.0, 0.1, (0, 30), 0.2, error=0.05, degrees_of_freedom=20),
        overall("p99", 0.5, 0.9, 0.03),
    ),
    findings=(),
    unsure=(
        replace(finding("status", "500", "appeared"), chance=0.2, found=False),
        replace(finding("message", "started", "appeared", "info"), chance=None, found=False),
    ),
)
VERDICTS: dict[str, tuple[str, list[str]]] = {
    "5xx +1%": ("undecided", ["5xx"]),
    "5xx +10%": ("undecided", ["5xx"]),
    "5xx +11%": ("passes", []),
    "5xx -1%": ("passes", []),
    "p99:duration +20%": ("undecided", [""]),
    "new status": ("undecided", ["500"]),
    "new status >= 500": ("undecided", ["500"]),
    "new status >= 501": ("passes", []),
    "new message": ("undecided", ["started"]),
    "new message level >= error": ("passes", []),
}


@pytest.mark.parametrize("text", VERDICTS)
def test_what_is_large_enough_but_may_be_chance_is_undecided(text: str) -> None:
    """It does not pass: the changes are named, and how large one must be to be told from chance."""
    found = answer(parse_condition(text), UNSURE)
    assert (found.verdict, [change.key for change in found.because]) == VERDICTS[text]
    assert not found.holds
    assert (found.least is not None and 0.15 < found.least < 0.3) is (found.verdict == "undecided" and "5xx" in text)
