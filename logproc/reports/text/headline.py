"""The headline of a report: its numbers as tiles, what is the same in all records, and the worst that was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports.key_styles import OUTCOME_STYLES, style_of, title_of, value_segments
from logproc.reports.report_words import facts, finding_key, finding_words
from logproc.reports.text.style import BAD, BAD_NUMBER, BOLD, DIM, PLAIN, WARN, Line, Look, cells_of, flow, padded
from logproc.reports.units import latency, plural, rate, share, size

if TYPE_CHECKING:
    from logproc.model.overview import Finding, Headline
    from logproc.model.snapshot import Snapshot

GAP = 3
MOST_SAME = 40
"""The width of a value that all records share, from which on it is cut."""


def headline(snapshot: Snapshot, look: Look) -> list[Line]:
    """Return the tiles, then one line with the panels of one row: what all records share needs no table."""
    if snapshot.overview is None or not snapshot.overview.headline.records:
        return []
    return [*in_rows(list(tiles(snapshot.overview.headline, look)), look.width), *flow(same_in_all(snapshot, look), look.width)]


Tile = tuple[str, str, Style]


def tiles(found: Headline, look: Look) -> Iterator[Tile]:
    """Yield text, label and style of each number."""
    noun = "request" if found.requests else "record"
    yield f"{found.records:,}", plural(found.records, noun), BOLD
    if found.per_second:
        yield *rate(found.per_second), BOLD
    if found.errors is not None:
        errors = f"{share(found.errors, found.records)} %"
        label = "5xx" if found.errors == found.server_errors else plural(found.errors, "error")
        yield errors, label, BAD_NUMBER if found.errors else BOLD
    if found.client_errors is not None:
        yield f"{share(found.client_errors, found.records)} %", "4xx", WARN if found.client_errors else BOLD
    for name, seconds in found.quantiles.items():
        yield look.text(latency(seconds)), name, BOLD
    if found.clients is not None:
        bots = f", {found.bots:,} {plural(found.bots, 'bot')}" if found.bots else ""
        yield f"{found.clients:,}", plural(found.clients, "client") + bots, BOLD
    if found.bytes is not None:
        yield size(found.bytes), "sent", BOLD


def in_rows(all_tiles: Sequence[Tile], width: int) -> list[Line]:
    """Return tiles side by side, each a number above its label, in as many rows as they need."""
    rows: list[tuple[Line, Line]] = []
    for text, label, style in all_tiles:
        cells = max(cell_len(text), cell_len(label))
        if not rows or cells_of(rows[-1][0]) + GAP + cells > width:
            rows.append(([], []))
        upper, lower = rows[-1]
        gap = [Segment(" " * GAP)] if upper else []
        upper += [*gap, *padded([Segment(text, style)], cells)]
        lower += [*gap, *padded([Segment(label, DIM)], cells)]
    return [line for row in rows for line in row]


def same_in_all(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    for panel in facts(snapshot):
        value = panel.rows[0].key[0]
        shown = look.fit(look.key(value), MOST_SAME)
        yield [Segment(f"{title_of(panel)} ", DIM), *value_segments(panel.by[0], shown, value)]


def worst(snapshot: Snapshot, look: Look) -> list[Line]:
    findings = snapshot.overview.headline.worst if snapshot.overview else ()
    front = max((len(finding.kind) for finding in findings), default=0) + 2
    return [finding_line(finding, front, look) for finding in findings]


def finding_line(finding: Finding, front: int, look: Look) -> Line:
    """Return a finding in one line: its kind, what it is about, and its numbers."""
    rose = finding.kind != "change" or finding.count > finding.of
    styles = {
        "": PLAIN,
        "number": BOLD if not rose else BAD if finding.kind == "change" else BAD_NUMBER,
        "outcome": OUTCOME_STYLES.get(finding.outcome) or style_of("status", finding.outcome),
        "length": DIM,
    }
    numbers = [Segment(look.text(text), styles[what]) for text, what in finding_words(finding)]
    room = max(look.width - front - cells_of(numbers) - 2, 16)
    shown = look.fit(look.key(finding_key(finding)), room)
    about = value_segments("shape(message)", shown, finding.key) if finding.kind == "error message" else [Segment(shown, PLAIN)]
    return [Segment(finding.kind.ljust(front), DIM), *about, Segment("  "), *numbers]
