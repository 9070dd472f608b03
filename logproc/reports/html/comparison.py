"""The page of a comparison: the look of a report's page, without a script; its JSON is inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from logproc import __version__
from logproc.reports.comparison_json import comparison_json
from logproc.reports.comparison_words import (
    HEADS,
    TITLES,
    about,
    conclusions,
    numbers_of,
    reasons,
    shown_overall,
    title_of,
    tone,
    warnings,
)
from logproc.reports.html.page import dense, embedded, environment, part
from logproc.reports.safe import distinct

if TYPE_CHECKING:
    from logproc.comparing.conditions import Answer
    from logproc.model.comparison import Change, Compared, Comparison

TONES = {"fails": "bad", "undecided": "unsure", "passes": "good"}
"""By verdict the class of its line; the plain look of a line is that of a warning."""


def comparison_html(found: Comparison, answers: Sequence[Answer] = (), command: str = "", top: int = 0) -> str:
    """Return the comparison as an HTML document.

    command: the command that made it, without secrets. top: how many findings of each field to show, 0 for all.
    """
    style = dense(part("style.css") + part("comparison.css"))
    result, *power = conclusions(found)
    return environment().get_template("comparison.html.j2").render(
        policy=policy(style),
        style=Markup(style),  # noqa: S704 - files of this package
        comparison=Markup(embedded(comparison_json(found, answers))),  # noqa: S704 - escaped for its place
        before=side(found.before),
        after=side(found.after),
        result=result,
        power=power,
        warnings=list(warnings(found)),
        conditions=[condition(one) for one in answers],
        tables=list(tables(found, top)),
        heads=HEADS,
        command=command,
        version=__version__,
    )  # fmt: skip


def policy(style: str) -> str:
    """Return the Content-Security-Policy (W3C, level 3): this style, and nothing else from anywhere."""
    found = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{found}'; base-uri 'none'; form-action 'none'"


def side(compared: Compared) -> dict[str, str]:
    return {"name": distinct(compared.name), "about": about(compared)}


def condition(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.condition.text,
        "verdict": answer.verdict,
        "tone": TONES[answer.verdict],
        "because": reasons(answer, distinct),
    }


def tables(found: Comparison, top: int) -> Iterator[dict[str, Any]]:
    """Yield the table of all records, then one for each field that has findings."""
    yield {
        "title": "all records",
        "head": "number",
        "more": 0,
        "rows": [row(one, title_of(one)) for one in shown_overall(found)],
    }
    for field, group in groupby(found.findings, lambda change: change.field):
        changes = list(group)
        shown = changes[: top or None]
        rows = [row(change, distinct(change.key)) for change in shown]
        yield {"title": TITLES.get(field, field), "head": field, "more": len(changes) - len(shown), "rows": rows}


def row(change: Change, key: str) -> dict[str, Any]:
    kind = "" if change.kind == "share" or not change.field else f"{change.kind} "
    what = f"{kind}{change.what}" if change.found else ""
    return {"key": key, "what": what, "numbers": numbers_of(change), "tone": tone(change) if change.found else ""}
