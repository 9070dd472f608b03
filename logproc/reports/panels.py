"""The panels as tables: key, bar, count, share and bytes; two abreast where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports.look import BAD, BAR, BOLD, DIM, GOOD, NEUTRAL, PLAIN, TWO_ABREAST, WARN, Line, Look, padded
from logproc.reports.units import share, size

if TYPE_CHECKING:
    from logproc.model import Panel, Row

BETWEEN_PANELS = 4
SHARE_CELLS = 5
SIZE_CELLS = 8
STATUS_STYLES = {"2": GOOD, "3": NEUTRAL, "4": WARN, "5": BAD}


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a panel's columns; two blanks stand between them, and no bar if it has none."""

    key: int
    count: int
    bar: int

    @property
    def numbers(self) -> int:
        """The cells behind the key."""
        return 2 + self.count + 2 + SHARE_CELLS + (2 + self.bar if self.bar else 0) + 2 + SIZE_CELLS


def panel_columns(panels: Sequence[Panel], records: int, look: Look) -> list[Line]:
    """Return all panels that have rows: two abreast on a wide screen, but those of long keys below, over its whole width."""
    shown = [panel for panel in panels if panel.rows]
    counts = max((len(f"{panel.rows[0].count:,}") for panel in shown), default=0)
    half = (look.width - BETWEEN_PANELS) // 2

    def table(panel: Panel, room: int) -> list[Line]:
        return [*panel_table(panel, records, look, grid_for(panel, room, max(counts, len("count")), look)), []]

    if not (look.terminal and look.width >= TWO_ABREAST):
        return [line for panel in shown for line in table(panel, look.width)]
    columns: tuple[list[Line], list[Line]] = ([], [])
    wide = [panel for panel in shown if has_long_keys(panel, half // 2, look)]
    for panel in shown:
        if panel not in wide:
            min(columns, key=len).extend(table(panel, half))
    return [*side_by_side(*columns, half), *(line for panel in wide for line in table(panel, look.width))]


def has_long_keys(panel: Panel, cells: int, look: Look) -> bool:
    """Return whether more than half of a panel's keys are longer than that."""
    return sum(cell_len(key_text(row, look)) > cells for row in panel.rows) > len(panel.rows) / 2


def side_by_side(left: list[Line], right: list[Line], room: int) -> list[Line]:
    """Return two columns of lines as one."""
    empty: Line = []
    return [[*padded(one, room + BETWEEN_PANELS), *other] for one, other in zip_longest(left, right, fillvalue=empty)]


def grid_for(panel: Panel, room: int, count: int, look: Look) -> Grid:
    """Return the columns of a panel: a bar gives its cells to the keys, down to eight."""
    free = room - Grid(0, count, 0).numbers
    full = 0 if free < 34 else min(24, free // 3)
    longest = max(cell_len(key_text(row, look)) for row in panel.rows)
    bar = min(full, max(8, free - longest - 2))
    key = free - bar - (2 if bar else 0)
    return Grid(key if look.terminal else max(key, min(longest, 2 * look.width)), count, bar)


def key_text(row: Row, look: Look) -> str:
    """Return a key as it may be shown."""
    return "  ".join(map(look.text, row.key))


def panel_table(panel: Panel, records: int, look: Look, grid: Grid) -> list[Line]:
    """Return one panel with its title."""
    name = look.text(panel.name.replace("_", " "))
    shown = f"{panel.distinct:,}" if len(panel.rows) == panel.distinct else f"{len(panel.rows):,} of {panel.distinct:,}"
    title = padded([Segment(name, BOLD), Segment(f"  {shown}", DIM)], grid.key)
    bar = " " * (2 + grid.bar if grid.bar else 0)
    heads = f"{bar}  {'count':>{grid.count}}  {'%':>{SHARE_CELLS}}  {'bytes':>{SIZE_CELLS}}"
    most = max(row.count for row in panel.rows)
    return [[*title, Segment(heads, DIM)], *(panel_row(row, panel.by, records, most, look, grid) for row in panel.rows)]


def panel_row(row: Row, by: Sequence[str], records: int, most: int, look: Look, grid: Grid) -> Line:
    """Return the line of one key."""
    key = look.fit("  ".join(row.key), grid.key)
    bar = bar_of(row.count, most, grid.bar, look)
    return [
        *padded([Segment(key, style_of(row, by))], grid.key),
        *([Segment("  "), *padded([Segment(bar, BAR)], grid.bar)] if grid.bar else []),
        Segment(f"  {row.count:>{grid.count},}", BOLD),
        Segment(f"  {share(row.count, records):>{SHARE_CELLS}}", DIM),
        Segment(f"  {size(row.bytes):>{SIZE_CELLS}}"),
    ]


def style_of(row: Row, by: Sequence[str]) -> Style:
    """Return the style of a key: a status has the colour of its class."""
    return STATUS_STYLES.get(row.key[0][:1], PLAIN) if by[0] == "status" else PLAIN


def bar_of(number: int, most: int, cells: int, look: Look) -> str:
    """Return a bar as long as the number is of the largest; what is there at all has an eighth of a cell."""
    eighths = max(1, round(8 * cells * number / most)) if number else 0
    drawn = look.characters.bars
    return drawn[8] * (eighths // 8) + (drawn[eighths % 8] if eighths % 8 else "")
