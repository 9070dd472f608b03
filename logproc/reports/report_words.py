"""What a report shows and says both as text and on its page: which panels, what all records share, what is worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from logproc.model.source import State
from logproc.questions.fields.stretches import stretch_of
from logproc.reports.key_styles import AGENT_PANELS, value_text
from logproc.reports.units import count

if TYPE_CHECKING:
    from logproc.model.overview import Finding
    from logproc.model.panel import Panel
    from logproc.model.snapshot import Snapshot, SourceResult

WORST_FIRST = (State.FAILED, State.INCOMPLETE, State.INTERRUPTED, State.SKIPPED, State.COMPLETE)
INSTEAD = {"path": ("pages", "static files", "not found"), "user_agent": AGENT_PANELS}
"""Which of the overview's panels are shown in place of a usual one."""
Piece = tuple[str, Literal["", "number", "outcome", "length"]]
"""Some words of a finding, and what they are."""


def shown_panels(snapshot: Snapshot) -> list[Panel]:
    """Return the panels to show: of a report with an overview, those that say more than its headline and its chart."""
    overview = snapshot.overview
    if overview is None:
        return list(snapshot.panels.values())
    records, charted = snapshot.account.records, overview.timeline is not None
    return [
        panel
        for panel in with_overview(snapshot)
        if not is_same_in_all(panel, records) and not (charted and is_over_time(panel))
    ]


def facts(snapshot: Snapshot) -> list[Panel]:
    """Return the panels of one row with every record, which need no table; not those of time, because the span is shown."""
    if snapshot.overview is None:
        return []
    records = snapshot.account.records
    return [panel for panel in with_overview(snapshot) if is_same_in_all(panel, records) and not is_over_time(panel)]


def with_overview(snapshot: Snapshot) -> list[Panel]:
    """Return the usual panels, those of the overview in place of the ones that they divide; one key needs no division."""
    rest = dict(snapshot.overview.panels) if snapshot.overview else {}
    found: list[Panel] = []
    for name, panel in snapshot.panels.items():
        parts = [rest.pop(part) for part in INSTEAD.get(name, ()) if part in rest]
        found += parts if parts and not is_same_in_all(panel, snapshot.account.records) else [panel]
    return [*rest.values(), *found]


def is_same_in_all(panel: Panel, records: int) -> bool:
    return len(panel.by) == 1 and panel.distinct == 1 and len(panel.rows) == 1 and panel.rows[0].count == records


def is_over_time(panel: Panel) -> bool:
    return bool(panel.by) and stretch_of(panel.by[0]) is not None


def finding_key(finding: Finding) -> str:
    """Return what a finding is about: a path, a message, or a time."""
    return value_text("second", finding.key).removesuffix(":00") if finding.kind == "change" else finding.key


def finding_words(finding: Finding) -> list[Piece]:
    """Return the numbers of a finding in words."""
    number: Piece = (f"{finding.count:,}", "number")
    if finding.kind == "failing path":
        failed = f" of {finding.of:,} failed"
        if not finding.outcome:
            return [number, (failed, "")]
        how_many = "all" if finding.with_outcome == finding.count else "most"
        return [number, (f"{failed}, {how_many} with ", ""), (finding.outcome, "outcome")]
    if finding.kind == "error message":
        return [number, (f" of {count(finding.of, 'error')}", "")]
    rose = "rose" if finding.count > finding.of else "fell"
    per: list[Piece] = [(f" per {finding.per}", "length")] if finding.per else []
    return [(finding.outcome or "records", "outcome"), (f" {rose} from {finding.of:,} to ", ""), number, *per]


def why_incomplete(snapshot: Snapshot, *, short: bool = False) -> str:
    """Return why not everything was counted, "" if it was. short: for a narrow screen, with the reasons just below."""
    if snapshot.complete:
        return ""
    states = [source.state for source in snapshot.sources]
    if State.INTERRUPTED in states:
        return "the run was interrupted; what was counted until then is shown"
    if faulty := states.count(State.FAILED) + states.count(State.INCOMPLETE):
        return f"{faulty:,} of {count(len(states), 'source')}{': ' if short else ' could not be read to the end; '}see below"
    return "the run ended early; what was counted until then is shown"


def worst_first(sources: Sequence[SourceResult]) -> list[SourceResult]:
    return sorted(sources, key=lambda source: WORST_FIRST.index(source.state))


def assumed(snapshot: Snapshot) -> str:
    """Return in one line what times were taken to be that did not say it, "" without such times."""
    parts = []
    for assumption in snapshot.assumed:
        of = len(assumption.sources)
        where = "" if len(snapshot.sources) == 1 else f" ({of:,} of {count(len(snapshot.sources), 'source')})"
        lacking = "with day and month in doubt" if assumption.of == "order" else f"without a {assumption.of}"
        parts.append(f"{lacking}{where} are taken as {assumption.value}")
    return f"times {', '.join(parts)}" if parts else ""
