"""The headline of a report: its numbers as tiles, what is the same in all records, and the worst that was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports.key_styles import style_of, title_of, value_segments, value_text
from logproc.reports.text.style import BAD, BAD_NUMBER, BOLD, DIM, PLAIN, WARN, Line, Look, cells_of, flow, padded
from logproc.reports.units import count, latency, plural, rate, share, size

if TYPE_CHECKING:
    from logproc.model.overview import Finding, Headline
    from logproc.model.panel import Panel
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
    """Yield each panel whose one row has all records."""
    for panel in snapshot.panels.values():
        if is_same_in_all(panel, snapshot.account.records):
            value = panel.rows[0].key[0]
            shown = look.fit(look.key(value_text(panel.by[0], value)), MOST_SAME)
            yield [Segment(f"{title_of(panel)} ", DIM), *value_segments(panel.by[0], shown, value)]


def is_same_in_all(panel: Panel, records: int) -> bool:
    """Return whether a panel is a line of the headline: it has one row, with every record."""
    return len(panel.by) == 1 and panel.distinct == 1 and len(panel.rows) == 1 and panel.rows[0].count == records


def worst(snapshot: Snapshot, look: Look) -> list[Line]:
    findings = snapshot.overview.headline.worst if snapshot.overview else ()
    front = max((len(finding.kind) for finding in findings), default=0) + 2
    return [finding_line(finding, front, look) for finding in findings]


def finding_line(finding: Finding, front: int, look: Look) -> Line:
    """Return a finding in one line: its kind, what it is about, and its numbers."""
    style = style_of("status", finding.outcome) if finding.outcome[:1].isdigit() else style_of("level", finding.outcome)
    numbers: Line
    match finding.kind:
        case "failing path":
            numbers = [
                Segment(f"{finding.count:,}", BAD_NUMBER),
                Segment(f" of {finding.of:,} failed, {'all' if finding.with_outcome == finding.count else 'most'} with "),
                Segment(look.text(finding.outcome), style),
            ]
        case "error message":
            numbers = [Segment(f"{finding.count:,}", BAD_NUMBER), Segment(f" of {count(finding.of, 'error')}")]
        case _:
            rose = finding.count > finding.of
            numbers = [
                Segment(look.text(finding.outcome), style),
                Segment(" rose" if rose else " fell"),
                Segment(f" from {finding.of:,} to "),
                Segment(f"{finding.count:,}", BAD if rose else BOLD),
                Segment(f" per {finding.per}" if finding.per else "", DIM),
            ]
    key = look.key(value_text("second", finding.key).removesuffix(":00") if finding.kind == "change" else finding.key)
    room = max(look.width - front - cells_of(numbers) - 2, 16)
    shown = look.fit(key, room)
    column = "shape(message)" if finding.kind == "error message" else "path"
    about = value_segments(column, shown, finding.key) if column.startswith("shape") else [Segment(shown, PLAIN)]
    return [Segment(finding.kind.ljust(front), DIM), *about, Segment("  "), *numbers]
