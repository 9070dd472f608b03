"""The page of a comparison: the look of a report's page, without a script; its JSON is inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from logproc import __version__
from logproc.reports import comparison_words as words
from logproc.reports.comparison_json import comparison_json
from logproc.reports.html.page import dense, embedded, environment, part, policy
from logproc.reports.safe import distinct

if TYPE_CHECKING:
    from logproc.model.comparison import Change, Compared, Comparison
    from logproc.reports.comparing.conditions import Answer

TONES = {"fails": "bad", "undecided": "unsure", "passes": "good"}
"""By verdict the class of its line; the plain look of a line is that of a warning."""


def comparison_html(found: Comparison, answers: Sequence[Answer] = (), command: str = "", top: int = 0) -> str:
    """Return the comparison as an HTML document.

    command: the command that made it, without secrets. top: how many findings of each field to show, 0 for all.
    """
    style = dense(part("style.css") + part("comparison.css"))
    result, *power = words.conclusions(found)
    return environment().get_template("comparison.html.j2").render(
        policy=policy(style),
        style=Markup(style),  # noqa: S704 - files of this package
        comparison=Markup(embedded(comparison_json(found, answers))),  # noqa: S704 - escaped for its place
        before=side(found.before),
        after=side(found.after),
        result=result,
        power=power,
        warnings=list(words.warnings(found)),
        conditions=[condition(one) for one in answers],
        tables=list(tables(found, top)),
        heads=words.HEADS,
        command=command,
        version=__version__,
    )  # fmt: skip


def side(compared: Compared) -> dict[str, str]:
    return {"name": distinct(compared.name), "about": words.about(compared)}


def condition(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.condition.text,
        "verdict": answer.verdict,
        "tone": TONES[answer.verdict],
        "because": words.reasons(answer, distinct),
    }


def tables(found: Comparison, top: int) -> Iterator[dict[str, Any]]:
    """Yield the table of all records, then one for each field that has findings."""
    yield {
        "title": "all records",
        "head": "number",
        "more": 0,
        "rows": [row(one, words.title_of(one)) for one in words.shown_overall(found)],
    }
    for field, changes, more in words.findings_by_field(found, top):
        rows = [row(change, distinct(change.key)) for change in changes]
        yield {"title": words.TITLES.get(field, field), "head": field, "more": more, "rows": rows}


def row(change: Change, key: str) -> dict[str, Any]:
    what = f"{words.measured(change)} {change.what}".strip() if change.found else ""
    return {"key": key, "what": what, "numbers": words.numbers_of(change), "tone": words.tone(change) if change.found else ""}
