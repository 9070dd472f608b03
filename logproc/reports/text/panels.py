"""The panels as tables: key, bar, count, share, bytes and what else was asked for; two abreast where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports.key_styles import TIMES, key_text, title_of, value_segments, value_text
from logproc.reports.metric_values import MEMBERS, figure, given_up
from logproc.reports.text.style import BAR, BOLD, DIM, PLAIN, TWO_ABREAST, Line, Look, cells_of, flow, padded
from logproc.reports.units import count, share, size

if TYPE_CHECKING:
    from logproc.model.snapshot import Panel, Row

BETWEEN_PANELS = 4
SHARE_CELLS = 5
SIZE_CELLS = 8
LEAST_KEY = 16
LEAST_BAR = 8
MOST_BAR = 24
ROOM_FOR_BAR = 34
"""Cells in which a bar and a key have room even if the key is cut."""
MOST_IN_TIME = 100
"""Rows of a screen's table over time, which is not cut by `--top`."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers: what stands above it in one or two lines, its text in each row, the cells that these take at least.

    cells: those it takes, the two blanks before it included.
    """

    head: tuple[str, str]
    texts: tuple[str, ...]
    style: Style = PLAIN
    least: int = 0
    cells: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", 2 + max(self.least, *map(cell_len, self.head), *map(len, self.texts)))


@dataclass(frozen=True, slots=True)
class Grid:
    """How a table is laid out. key: the cells of the key's columns, two blanks between them; bar: 0 without one.

    left_out: the metrics that a screen has no room for.
    """

    key: tuple[int, ...]
    bar: int
    numbers: tuple[Numbers, ...]
    left_out: int = 0

    @property
    def key_cells(self) -> int:
        """The cells of the whole key."""
        return sum(self.key) + 2 * (len(self.key) - 1)

    @property
    def bar_cells(self) -> int:
        """The cells of the bar with the two blanks before it."""
        return 2 + self.bar if self.bar else 0


def panel_columns(panels: Sequence[Panel], records: int, look: Look) -> list[Line]:
    """Return all panels that have rows: two abreast on a wide screen, but those of long keys below, over its whole width."""
    shown = [panel for panel in panels if panel.rows]
    counts = max((len(f"{row.count:,}") for panel in shown for row in panel.rows), default=0)
    tables = [Table(panel, records, max(counts, len("count")), look) for panel in shown]
    half = (look.width - BETWEEN_PANELS) // 2
    if not (look.terminal and look.width >= TWO_ABREAST):
        return [line for table in tables for line in table.lines(look.width)]
    if len(tables) == 1:
        return tables[0].lines(min(look.width, tables[0].widest))
    columns: tuple[list[Line], list[Line]] = ([], [])
    wide = [table for table in tables if table.is_wide(half)]
    for table in tables:
        if table not in wide:
            min(columns, key=len).extend(table.lines(half))
    return [*side_by_side(*columns, half), *(line for table in wide for line in table.lines(look.width))]


def side_by_side(left: list[Line], right: list[Line], room: int) -> list[Line]:
    """Return two columns of lines as one."""
    empty: Line = []
    pairs = zip_longest(left, right, fillvalue=empty)
    return [[*padded(one, room + BETWEEN_PANELS), *other] if other else one for one, other in pairs]


@dataclass(frozen=True, slots=True)
class Table:
    """One panel to be drawn. records: what shares are of; count: the cells of counts, so that all panels' are in line."""

    panel: Panel
    records: int
    count: int
    look: Look

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that are shown."""
        over_time = self.panel.by[0] in TIMES
        return self.panel.rows[: self.look.most(MOST_IN_TIME)] if over_time else self.panel.rows

    @property
    def longest(self) -> tuple[int, ...]:
        """The cells of the longest value in each column of the key."""
        texts = [key_text(self.panel.by, row.key, self.look) for row in self.rows]
        return tuple(max(map(cell_len, column)) for column in zip(*texts, strict=True))

    @property
    def widest(self) -> int:
        """The cells that leave no key cut and give the bar all that it may have."""
        grid = Grid(self.longest, MOST_BAR, self.numbers())
        return max(grid.key_cells, 3 * MOST_BAR) + grid.bar_cells + cells_of_numbers(grid.numbers)

    def is_wide(self, room: int) -> bool:
        """Return whether more than half of the keys, as messages, are longer than half the room or than what numbers leave."""
        if any(column.startswith("shape(") for column in self.panel.by):
            return True
        most = min(room // 2, room - cells_of_numbers(self.numbers()))
        keys = ["  ".join(key_text(self.panel.by, row.key, self.look)) for row in self.rows]
        return sum(cell_len(key) > most for key in keys) > len(keys) / 2

    def lines(self, room: int) -> list[Line]:
        """Return the panel with its title in that many cells, and an empty line."""
        grid = self.grid(room)
        bars = [max(number_of(row, self.panel), 0) for row in self.panel.rows]
        most = max(bars)
        hidden = len(self.panel.rows) - len(self.rows)
        return [
            *self.heads(grid),
            *(self.row(at, row, bar_of(bars[at], most, grid.bar, self.look), grid) for at, row in enumerate(self.rows)),
            *([self.other_row(grid)] if self.panel.other else []),
            *([[Segment(f"and {count(hidden, 'row')} more: see --output csv", DIM)]] if hidden else []),
            *([[Segment(f"and {count(grid.left_out, 'metric')} more: see --output csv", DIM)]] if grid.left_out else []),
            [],
        ]

    def numbers(self) -> tuple[Numbers, ...]:
        """Return the columns of numbers; that of bytes only where a log has them."""
        rows = [*self.rows, *([self.other] if self.panel.other else [])]
        found = [
            Numbers(("count", ""), tuple(f"{row.count:,}" for row in rows), BOLD, self.count),
            Numbers(("%", ""), tuple(share(row.count, self.records) for row in rows), DIM, SHARE_CELLS),
        ]
        if any(row.bytes is not None for row in rows):
            sizes = tuple("" if row.bytes is None else size(row.bytes) for row in rows)
            found.append(Numbers(("bytes", ""), sizes, PLAIN, SIZE_CELLS))
        return (*found, *(self.metric(at, name) for at, name in enumerate(self.panel.metrics) if name not in MEMBERS))

    def metric(self, at: int, name: str) -> Numbers:
        """Return the column of one metric; before the name of an estimated one stands a `~`."""
        estimate = "~" if name in self.panel.estimated else ""
        head = self.look.fit(estimate + name.replace(":", " ", 1), 2 * MOST_BAR)
        return Numbers((head, ""), tuple(figure(name, row.metrics[at], self.look) for row in self.rows), PLAIN)

    @property
    def other(self) -> Row:
        """The keys that were given up, as a row."""
        number, sizes = given_up(self.panel) or (0, None)
        return replace(self.panel.rows[0], key=("other",), count=number, bytes=sizes, metrics=())

    def grid(self, room: int) -> Grid:
        """Return the layout for that many cells. A bar gives its cells to the keys, down to eight."""
        longest = self.longest
        wanted = sum(longest) + 2 * (len(longest) - 1)
        numbers = self.numbers()
        if room - cells_of_numbers(numbers) < wanted + 2 + LEAST_BAR:
            numbers = tuple(map(in_two_lines, numbers))
        kept = fitting(numbers, room - min(LEAST_KEY, wanted)) if self.look.terminal else numbers
        free = room - cells_of_numbers(kept)
        full = 0 if free < min(ROOM_FOR_BAR, wanted + 2 + LEAST_BAR) else min(MOST_BAR, free // 3)
        bar = min(full, max(LEAST_BAR, free - wanted - 2))
        key = max(free - bar - (2 if bar else 0), 1)
        return Grid(
            self.key_columns(key, longest), bar, kept, left_out=sum(column not in (*kept, numbers[1]) for column in numbers)
        )

    def key_columns(self, room: int, longest: tuple[int, ...]) -> tuple[int, ...]:
        """Return the cells of the key's columns: as they need, the last with what is left, the longest with what is missing."""
        between = 2 * (len(longest) - 1)
        if not self.look.terminal:
            longest = tuple(min(cells, 2 * self.look.width) for cells in longest)
            room = max(room, sum(longest) + between)
        cells = [min(length, room) for length in longest]
        while sum(cells) + between > room and max(cells) > 1:
            cells[cells.index(max(cells))] -= 1
        cells[-1] += max(room - between - sum(cells), 0)
        return tuple(cells)

    def heads(self, grid: Grid) -> list[Line]:
        """Return the title with the names of the columns beside it, or below it where it has no room."""
        cells = grid.key_cells + grid.bar_cells
        title = self.title(cells)
        upper = "".join((column.head[0] if column.head[1] else "").rjust(column.cells) for column in grid.numbers)
        lower = "".join((column.head[1] or column.head[0]).rjust(column.cells) for column in grid.numbers)
        heads = [upper, lower] if upper.strip() else [lower]
        fronts = [title, *[[]] * (len(heads) - 1)] if cells_of(title) <= cells else [[]] * len(heads)
        lines = [[*padded(front, cells), Segment(head, DIM)] for front, head in zip(fronts, heads, strict=True)]
        return lines if cells_of(title) <= cells else [title, *lines]

    def title(self, room: int) -> Line:
        """Return the name, how many keys there are, and how far counts may be wrong."""
        shown = len(self.rows)
        keys = f"{self.panel.distinct:,}" if shown == self.panel.distinct else f"{shown:,} of {self.panel.distinct:,}"
        told = f"  {keys}"
        if self.panel.approximate:
            told += f"  approximate: error {self.look.characters.at_most} {max(row.error for row in self.panel.rows):,}"
        name = self.look.fit(title_of(self.panel), max(room - len(told), LEAST_KEY))
        return [Segment(name, BOLD), Segment(told, DIM)]

    def row(self, at: int, row: Row, bar: str, grid: Grid) -> Line:
        return [
            *self.key(row, grid),
            *([Segment("  "), *padded([Segment(bar, BAR)], grid.bar)] if grid.bar else []),
            *(Segment(column.texts[at].rjust(column.cells), column.style) for column in grid.numbers),
        ]

    def key(self, row: Row, grid: Grid) -> Line:
        """Return the columns of a key side by side."""
        line: Line = []
        for column, value, cells in zip(self.panel.by, row.key, grid.key, strict=True):
            shown = self.look.fit(value_text(column, value), cells)
            line += [*([Segment("  ")] if line else []), *padded(value_segments(column, shown, value), cells)]
        return line

    def other_row(self, grid: Grid) -> Line:
        """Return the line of the keys that were given up, which no metric is told of."""
        front = padded([Segment("other", DIM)], grid.key_cells + grid.bar_cells)
        texts = (column.texts[len(self.rows) :] for column in grid.numbers)
        return [
            *front,
            *(Segment("".join(text).rjust(column.cells), DIM) for text, column in zip(texts, grid.numbers, strict=True)),
        ]


def fitting(numbers: tuple[Numbers, ...], room: int) -> tuple[Numbers, ...]:
    """Return what fits of columns of numbers: the share goes first, then they go from the right; the count stays."""
    if cells_of_numbers(numbers) > room:
        numbers = (numbers[0], *numbers[2:])
    while len(numbers) > 1 and cells_of_numbers(numbers) > room:
        numbers = numbers[:-1]
    return numbers


def cells_of_numbers(numbers: Sequence[Numbers]) -> int:
    return sum(column.cells for column in numbers)


def in_two_lines(column: Numbers) -> Numbers:
    """Return a column of numbers with the function of its metric above the field."""
    function, _, field = column.head[0].partition(" ")
    return replace(column, head=(function, field))


def number_of(row: Row, panel: Panel) -> float:
    """Return what a row's bar shows: the number that the panel is sorted by, 0 if it is absent; by default the count."""
    if panel.sorted_by == "bytes":
        return row.bytes or 0
    if panel.sorted_by in panel.metrics:
        return row.metrics[panel.metrics.index(panel.sorted_by)] or 0
    return row.count


def bar_of(number: float, most: float, cells: int, look: Look) -> str:
    """Return a bar as long as the number is of the largest; what is there at all has an eighth of a cell."""
    eighths = max(1, round(8 * cells * number / most)) if number else 0
    drawn = look.characters.bars
    return drawn[8] * (eighths // 8) + (drawn[eighths % 8] if eighths % 8 else "")


def total_line(panel: Panel, look: Look) -> list[Line]:
    """Return what is known of all records, in one line of numbers."""
    row = panel.rows[0]
    estimated = ["~" if name in panel.estimated else "" for name in panel.metrics]
    figures = [
        (mark + name.replace(":", " ", 1), figure(name, number, look))
        for mark, name, number in zip(estimated, panel.metrics, row.metrics, strict=True)
        if name not in MEMBERS
    ]
    figures = [("count", f"{row.count:,}"), *([("bytes", size(row.bytes))] if row.bytes is not None else []), *figures]
    pieces: list[Line] = [[Segment(f"{look.fit(name, 2 * MOST_BAR)} ", DIM), Segment(text, BOLD)] for name, text in figures]
    pieces[0] = [Segment("total  ", BOLD), *pieces[0]]
    return flow(pieces, look.width, indent=len("total  "))
