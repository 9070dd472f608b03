"""The parts of a terminal report around its tables: what was read, the account, problems, and what to try next."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment

from logproc.model.source import State
from logproc.reports.report_words import assumed, why_incomplete, worst_first
from logproc.reports.text.style import (
    BAD,
    BAD_NUMBER,
    BOLD,
    DIM,
    GOOD,
    GOOD_NUMBER,
    LOUD,
    NAME,
    NEUTRAL,
    PLAIN,
    WARN,
    Apart,
    Line,
    Look,
    flow,
)
from logproc.reports.units import count, duration, plural, size, span

if TYPE_CHECKING:
    from logproc.model.columns import Account
    from logproc.model.panel import Panel
    from logproc.model.snapshot import Snapshot, SourceResult

MOST_ROWS = 10
STATE_STYLES = {State.COMPLETE: GOOD, State.SKIPPED: NEUTRAL}
STATE_CELLS = max(len(state.value) for state in State)


def head(snapshot: Snapshot, look: Look) -> list[Line]:
    lines = [*flow(what_was_read(snapshot, look), look.width), *flow(where_it_went(snapshot, look), look.width)]
    why = look.text(snapshot.empty)
    return [*lines, *([Segment(row, WARN)] for row in (textwrap.wrap(why, look.width) if look.terminal else [why]) if why)]


def what_was_read(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    sources = snapshot.sources
    name = look.fit(look.key(sources[0].source), look.width // 2) if len(sources) == 1 else count(len(sources), "source")
    yield [Segment("logproc", NAME), Segment("  "), Segment(name, BOLD)]
    if snapshot.formats:
        yield [Segment(look.text(", ".join(snapshot.formats)), GOOD)]
    read, decoded = sum(source.bytes_read for source in sources), sum(source.bytes_decoded for source in sources)
    unpacked = f" ({size(decoded)} unpacked)" if decoded > read else ""
    yield [Segment(f"{size(read)}{unpacked} in {duration(snapshot.run.elapsed_s)}")]
    if snapshot.run.elapsed_s > 0:
        yield [Segment(f"{size(int(decoded / snapshot.run.elapsed_s))}/s", DIM)]
    for path in snapshot.run.config_files:
        yield [Segment(f"settings of {look.fit(look.key(path), look.width // 2)}", DIM)]


def where_it_went(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    yield account_sum(snapshot.account)
    if snapshot.overview is None and (
        snapshot.bytes or any(row.bytes is not None for panel in snapshot.panels.values() for row in panel.rows[:1])
    ):
        yield [Segment(size(snapshot.bytes), BOLD), Segment(" sent")]
    if snapshot.malformed_requests:
        words = plural(snapshot.malformed_requests, "malformed request")
        yield [Segment(f"{snapshot.malformed_requests:,}", BOLD), Segment(f" {words}", WARN)]
    if snapshot.first is not None and snapshot.last is not None:
        yield [Segment(span(snapshot.first, snapshot.last, look.characters.dash), DIM)]


def account_sum(account: Account) -> Line:
    line = [
        Segment(f"{account.lines:,}", BOLD),
        Segment(f" {plural(account.lines, 'line')} = "),
        Segment(f"{account.records:,}", GOOD_NUMBER),
        Segment(f" {plural(account.records, 'record')}"),
    ]
    parts = (
        (account.rejected, "rejected", BAD_NUMBER),
        (account.blank, "blank", BOLD),
        (account.filtered, "filtered", BOLD),
        (account.continuation, "continuation", BOLD),
    )
    for number, words, style in parts:
        if number:
            line += [Segment(" + "), Segment(f"{number:,}", style), Segment(f" {words}")]
    return line


def warning(snapshot: Snapshot) -> list[Line]:
    why = why_incomplete(snapshot, short=True)
    return [[Segment(" NOT COMPLETE ", LOUD), Segment(f" {why}", BAD_NUMBER)]] if why else []


def sources_table(snapshot: Snapshot, look: Look, most: int = MOST_ROWS) -> list[Line]:
    """Return the sources, the worst first, with reasons and hints; nothing for a single complete source."""
    if len(snapshot.sources) == 1 and snapshot.sources[0].state is State.COMPLETE:
        return []
    ranked = worst_first(snapshot.sources)
    shown = ranked[: look.most(most)]
    number = max(7, *(len(f"{source.account.lines:,}") for source in shown))
    heads = f"  {'lines':>{number}}  {'rejected':>8}  {'read':>8}"
    lines: list[Line] = [[Segment("source".ljust(STATE_CELLS), BOLD), Segment(heads, DIM)]]
    mixed = len(snapshot.formats) > 1
    apart = Apart(look)
    for source in shown:
        lines += source_rows(source, number, mixed, look, apart)
    hidden = Counter(source.state.value for source in ranked[len(shown) :])
    states = ", ".join(f"{number:,} {state}" for state, number in hidden.items())
    return [*lines, [Segment(f"and {hidden.total():,} more: {states}", DIM)]] if hidden else lines


def source_rows(source: SourceResult, number: int, mixed: bool, look: Look, apart: Apart) -> list[Line]:
    """Return a source's line, with its format if there are several, and below it what went wrong and what to do."""
    numbers = f"  {source.account.lines:>{number},}  {source.account.rejected:>8,}  {size(source.bytes_read):>8}  "
    indent = STATE_CELLS + len(numbers)
    line = [Segment(source.state.value.ljust(STATE_CELLS), STATE_STYLES.get(source.state, BAD)), Segment(numbers)]
    form = f"  {look.text(source.format)}" if mixed and source.format else ""
    line += [Segment(apart.fit(look.key(source.source), max(look.width - indent - len(form), 12))), Segment(form, DIM)]
    why = ": ".join(filter(None, (source.reason, source.hint)))
    indent = 2 + STATE_CELLS
    rows = textwrap.wrap(look.text(why), look.width - indent) if look.terminal else [look.text(why)]
    return [line, *([Segment(" " * indent + row, WARN)] for row in rows if why)]


def rejected_lines(snapshot: Snapshot, look: Look) -> list[Line]:
    if not snapshot.account.rejected:
        return []
    ranked = list(snapshot.rejected_by_reason.items())
    shown, apart = ranked[: look.most(MOST_ROWS)], Apart(look)
    lines: list[Line] = [[Segment(f"{count(snapshot.account.rejected, 'line')} rejected", BAD_NUMBER)]]
    for reason, number in shown:
        lines.append([Segment(f"{number:>7,}", BOLD), Segment(f"  {look.text(reason)}", BAD)])
        for source, line in snapshot.rejected_sample(reason)[: 3 if len(ranked) == 1 else 1]:
            place = f"{' ' * 9}{apart.fit(look.key(source), look.width // 3)}:{line.line}  "
            lines.append(
                [Segment(place, DIM), Segment(look.fit(look.key(line.text), max(look.width - cell_len(place), 12)), PLAIN)]
            )
    rest = ranked[len(shown) :]
    return [*lines, [Segment(f"and {len(rest):,} more {plural(len(rest), 'reason')}", DIM)]] if rest else lines


def rejected_line(snapshot: Snapshot, look: Look) -> list[Line]:
    """Return how many lines were rejected and why, in one line."""
    number = snapshot.account.rejected
    if not number:
        return []
    why = look.text(", ".join(f"{lines:,} {reason}" for reason, lines in snapshot.rejected_by_reason.items()))
    front = f"{count(number, 'line')} rejected"
    return [[Segment(front, BAD_NUMBER), Segment(f": {look.fit(why, max(look.width - len(front) - 2, 12))}")]]


def notes(snapshot: Snapshot, look: Look) -> list[Line]:
    texts = snapshot.notes
    shown = texts[: look.most(MOST_ROWS)]
    lines: list[Line] = [[Segment("note  ", WARN), Segment(f"{look.key(source)}: {look.text(note)}")] for source, note in shown]
    if snapshot.assumed:
        lines.insert(0, [Segment("note  ", WARN), Segment(look.text(assumed(snapshot)))])
    rest = len(texts) - len(shown)
    return [*lines, [Segment(f"and {rest:,} more {plural(rest, 'note')}", DIM)]] if rest else lines


def note_line(snapshot: Snapshot, look: Look) -> list[Line]:
    """Return the first note in one line, with the number of others."""
    lines = notes(snapshot, replace(look, terminal=False))
    more = f"  and {len(lines) - 1:,} more {plural(len(lines) - 1, 'note')}" if len(lines) > 1 else ""
    return [
        [*line[:-1], Segment(look.fit(line[-1].text, look.width - len("note  ") - len(more))), Segment(more, DIM)]
        for line in lines[:1]
    ]


def try_next(snapshot: Snapshot, look: Look) -> list[Line]:
    """Return, on a screen, a dim line of options that would show more."""
    if not look.terminal or snapshot.empty:
        return []
    if snapshot.overview is not None and not look.whole:
        options = ["--full shows all panels", *questions(snapshot.panels)[:1], "-o report.html makes a page"]
        return flow(([Segment(words, DIM)] for words in options), look.width)[:1]
    options = ["-o report.json keeps the report", "--output csv for a table"]
    options[:0] = questions(snapshot.panels)
    if snapshot.account.rejected:
        options.insert(0, "--rejects FILE keeps the rejected lines")
    if any(len(panel.rows) < panel.distinct for panel in snapshot.panels.values()):
        options.insert(0, "--top 0 shows every key")
    return flow(([Segment(words, DIM)] for words in options), look.width)


def questions(panels: Mapping[str, Panel]) -> list[str]:
    """Return options that show more of what went wrong: only its records, and its messages or paths.

    Only for the usual report.
    """
    levels, statuses = panels.get("level"), panels.get("status")
    if "hour" not in panels:
        return []
    found = {row.key[0] for row in levels.rows} if levels else set()
    if len(found) > 1 and found & {"error", "critical"}:
        return ["--where 'level >= error' shows only these", "--by 'level,shape(message)' for their messages"]
    if statuses and any(row.key[0].startswith("5") for row in statuses.rows):
        return ["--where 'status >= 500' shows only these", "--by path,status for their paths"]
    return []
