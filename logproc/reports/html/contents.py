"""What stands on the page: tiles, findings and tables, as texts that the template escapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

from logproc.questions.fields.outcomes import ERRORS
from logproc.reports.html.charts import bar, class_of
from logproc.reports.key_styles import value_text
from logproc.reports.metric_values import figure, given_up
from logproc.reports.report_words import facts, finding_key, finding_words, is_over_time, shown_panels
from logproc.reports.safe import distinct
from logproc.reports.text.style import Apart, Look
from logproc.reports.units import count, latency, rate, share, size

if TYPE_CHECKING:
    from logproc.model.overview import Finding, Headline
    from logproc.model.panel import Panel, Row
    from logproc.model.snapshot import Snapshot

CELLS = 160
"""The longest key that is shown whole."""
TITLE = 2000
"""The most characters of a key in the tooltip of a cut one."""
MOST_ROWS = 1000
LOOK = Look(terminal=True)  # so that keys are cut, and different ones stay different


class Tile(Struct, frozen=True):
    """A number of the headline. tone: `bad`, `warn` or empty."""

    label: str
    value: str
    notes: tuple[str, ...] = ()
    tone: str = ""


class Cell(Struct, frozen=True):
    """A cell of a table. title: what is cut off, or the exact number. cut: whether even the title is cut."""

    text: str
    title: str = ""
    tone: str = ""
    cut: bool = False


class TableRow(Struct, frozen=True):
    """A row of a table. bar: its share of the largest."""

    keys: tuple[Cell, ...]
    numbers: tuple[Cell, ...]
    bar: Markup


class Table(Struct, frozen=True):
    """A panel as a table. first: the rows that are shown at once. wide: whether it needs the whole width."""

    name: str
    title: str
    distinct: int
    key_heads: tuple[str, ...]
    number_heads: tuple[str, ...]
    lines: tuple[TableRow, ...]
    notes: tuple[str, ...]
    first: int
    wide: bool
    over_time: bool


def tiles(snapshot: Snapshot) -> Iterator[Tile]:
    """Yield the tiles: those of the headline, or what every report has."""
    account = snapshot.account
    if snapshot.overview:
        yield from headline_tiles(snapshot.overview.headline)
    else:
        yield Tile("Records", f"{account.records:,}", (f"of {count(account.lines, 'line')}",))
        if snapshot.bytes:
            yield Tile("Bytes sent", size(snapshot.bytes))
        yield from (Tile(name, figure(name, number, LOOK)) for name, number in totals(snapshot.panels))
    if account.rejected:
        part = f"{share(account.rejected, account.lines)} % of {count(account.lines, 'line')}"
        yield Tile("Lines not parsed", f"{account.rejected:,}", (part,), "warn")


def headline_tiles(headline: Headline) -> Iterator[Tile]:
    pace = (" ".join(rate(headline.per_second)),) if headline.per_second else ()
    yield Tile("Requests" if headline.requests else "Records", f"{headline.records:,}", pace)
    if headline.errors is not None:
        label = "Server errors, 5xx" if headline.errors == headline.server_errors else "Errors"
        yield outcome_tile(label, headline.errors, headline, "bad")
    if headline.client_errors is not None:
        yield outcome_tile("Client errors, 4xx", headline.client_errors, headline, "warn")
    if headline.clients is not None:
        bots = (f"{count(headline.bots, 'bot')} among them",) if headline.bots else ()
        yield Tile("Clients", f"{headline.clients:,}", bots)
    if headline.quantiles:
        (name, value), *others = headline.quantiles.items()
        yield Tile(f"Duration, {name}", latency(value), tuple(f"{name} {latency(value)}" for name, value in others))
    if headline.bytes is not None:
        each = (f"{size(headline.bytes // headline.records)} each",) if headline.records else ()
        yield Tile("Bytes sent", size(headline.bytes), each)


def outcome_tile(label: str, number: int, headline: Headline, tone: str) -> Tile:
    return Tile(label, f"{number:,}", (f"{share(number, headline.records)} %" if number else "none",), tone if number else "")


def totals(panels: Mapping[str, Panel]) -> Iterator[tuple[str, float | int | Decimal | str | None]]:
    for panel in panels.values():
        if not panel.by and panel.rows:
            yield from zip(panel.metrics, panel.rows[0].metrics, strict=True)


class FindingWords(Struct, frozen=True):
    """A finding in words. tone: as in Tile."""

    kind: str
    key: Cell
    words: str
    tone: str


def findings(headline: Headline) -> list[FindingWords]:
    return [finding(one) for one in headline.worst]


def finding(found: Finding) -> FindingWords:
    words = "".join(text for text, _ in finding_words(found))
    if found.kind in {"failing path", "error message"}:
        words += f" ({share(found.count, found.of)} %)"
    titles = {"failing path": "Failing path", "error message": "Error message", "change": "Largest change"}
    grave = found.kind != "change" or found.outcome in ERRORS
    key = cell(finding_key(found), Apart(LOOK))
    return FindingWords(titles.get(found.kind, found.kind), key, words, "bad" if grave else "warn")


def cell(text: str, apart: Apart, tone: str = "") -> Cell:
    """Return a key as a cell: cut in the middle if it is long, with more of it as the title."""
    shown = distinct(text)
    if len(shown) <= CELLS:
        return Cell(apart.fit(shown, CELLS), tone=tone)
    short = apart.fit(shown, CELLS)
    return Cell(
        short, shown if len(shown) <= TITLE else f"{shown[:TITLE]}… ({len(text):,} characters)", tone, len(shown) > TITLE
    )


def tables(snapshot: Snapshot, first: int) -> list[Table]:
    """Return the tables: the overview's first, without totals, which are tiles."""
    own = snapshot.overview.panels if snapshot.overview else {}
    found = sorted(shown_panels(snapshot), key=lambda panel: panel.name not in own)
    return [table(panel, snapshot.account.records, first) for panel in found if panel.by and panel.rows]


def fact_texts(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(title_of_table(panel), distinct(panel.rows[0].key[0])[:CELLS]) for panel in facts(snapshot)]


def table(panel: Panel, records: int, first: int) -> Table:
    rows = panel.rows[:MOST_ROWS]
    most = max((row.count for row in rows), default=0)
    with_bytes = any(row.bytes is not None for row in rows)
    exact = panel.metrics
    aparts = [Apart(LOOK) for _ in panel.by]
    lines = tuple(
        TableRow(
            tuple(cell(value_text(name, value), apart, tone_of(name, value))
                  for name, value, apart in zip(panel.by, row.key, aparts, strict=True)),
            tuple(numbers(row, panel, records, with_bytes)),
            bar(row.count / most if most else 0),
        )
        for row in rows
    )  # fmt: skip
    heads = ["count", "%", *(["bytes"] if with_bytes else []), *(name.replace(":", " ").replace("_", " ") for name in exact)]
    names = ["message" if name == "shape(message)" else name.replace("_", " ") for name in panel.by]
    long = max((sum(len(part.text) for part in line.keys) for line in lines), default=0) > 48
    return Table(
        panel.name,
        title_of_table(panel),
        panel.distinct,
        tuple(names),
        tuple(heads),
        lines,
        tuple(notes(panel, len(rows))),
        first,
        wide=long or len(panel.by) > 2 or len(heads) > 4,
        over_time=is_over_time(panel),
    )


def title_of_table(panel: Panel) -> str:
    """Return the title of a table.

    >>> from logproc.model.panel import Panel
    >>> panels = ("systems", ("os",)), ("user_agent", ("user_agent",)), ("path,shape(message)", ("path", "shape(message)"))
    >>> [title_of_table(Panel(name, by, 0, ())) for name, by in panels]
    ['systems', 'user agent', 'path, message']
    """
    if panel.by == ("shape(message)",):
        return "messages"
    names = panel.by if panel.name == ",".join(panel.by) else (panel.name,)
    return ", ".join("message" if name == "shape(message)" else name.replace("_", " ") for name in names)


def numbers(row: Row, panel: Panel, records: int, with_bytes: bool) -> Iterable[Cell]:
    yield Cell(f"{row.count:,}", f"{row.error:,} more at most" if row.error else "")
    yield Cell(share(row.count, records))
    if with_bytes:
        yield Cell("–") if row.bytes is None else Cell(size(row.bytes), f"{row.bytes:,}" if row.bytes >= 1000 else "")
    for name, value in zip(panel.metrics, row.metrics, strict=True):
        shown = figure(name, value, LOOK)
        yield Cell(shown, "" if value is None or shown == str(value) else str(value))


def notes(panel: Panel, shown: int) -> Iterator[str]:
    if other := given_up(panel):
        yield f"{other[0]:,} records have other keys, which were not kept (--max-keys)"
    if panel.estimated:
        yield ", ".join(f"{name} within {100 * error:.1f} %" for name, error in panel.estimated.items())
    if shown < len(panel.rows):
        yield f"the first {shown:,} rows; the data in this page has all {len(panel.rows):,}"


def tone_of(column: str, value: str) -> str:
    """Return the class of a key whose value says how well it went."""
    if column in {"status", "status_class"}:
        return class_of(f"{value[:1]}xx")
    return class_of(value) if column == "level" else ""
