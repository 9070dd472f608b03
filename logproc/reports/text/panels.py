"""The panels as tables: key, bar, count, share, bytes and metrics; on a wide screen two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import force_setattr, replace
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from logproc.reports.key_styles import key_text, title_of, value_segments
from logproc.reports.metric_values import MEMBERS, figure, given_up
from logproc.reports.report_words import is_over_time
from logproc.reports.text.style import BAR, BOLD, DIM, PLAIN, TWO_ABREAST, Apart, Line, Look, cells_of, flow, padded
from logproc.reports.units import count, share, size

if TYPE_CHECKING:
    from logproc.model.panel import Panel, Row

BETWEEN_PANELS = 4
SHARE_CELLS = 5
SIZE_CELLS = 8
LEAST_KEY = 16
LEAST_BAR = 8
MOST_BAR = 24
ROOM_FOR_BAR = 34
"""The least width for a bar and a cut key."""
MOST_IN_TIME = 100
"""Rows of a table over time on a screen; `--top` does not limit it."""


class Numbers(Struct, frozen=True):
    """A column of numbers: its head in one or two lines, and its text in each row.

    least: its minimum width. cells: its width, with two blanks before it.
    """

    head: tuple[str, str]
    texts: tuple[str, ...]
    style: Style = PLAIN
    least: int = 0
    cells: int = 0  # whatever it is given

    def __post_init__(self) -> None:
        force_setattr(self, "cells", 2 + max(self.least, *map(cell_len, self.head), *map(len, self.texts)))


class Grid(Struct, frozen=True):
    """The layout of a table. key: the widths of the key's columns, with two blanks between them. bar: 0 for no bar.

    left_out: how many metrics a screen has no room for. rest: the blanks between bar and numbers.
    """

    key: tuple[int, ...]
    bar: int
    numbers: tuple[Numbers, ...]
    left_out: int = 0
    rest: int = 0

    @property
    def key_cells(self) -> int:
        return sum(self.key) + 2 * (len(self.key) - 1)

    @property
    def bar_cells(self) -> int:
        return 2 + self.bar + self.rest if self.bar else 0


def panel_columns(panels: Sequence[Panel], records: int, look: Look) -> list[Line]:
    """Return all panels that have rows: on a wide screen two side by side, and below them those with long keys."""
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
    empty: Line = []
    pairs = zip_longest(*columns, fillvalue=empty)
    both = ([*padded(left, half + BETWEEN_PANELS), *right] if right else left for left, right in pairs)
    return [*both, *(line for table in wide for line in table.lines(look.width))]


class Table(Struct, frozen=True):
    """One panel to draw. records: what shares refer to. count: the width of counts, the same in all panels."""

    panel: Panel
    records: int
    count: int
    look: Look

    @property
    def rows(self) -> Sequence[Row]:
        return self.panel.rows[: self.look.most(MOST_IN_TIME)] if is_over_time(self.panel) else self.panel.rows

    @property
    def longest(self) -> tuple[int, ...]:
        texts = [key_text(self.panel.by, row.key, self.look) for row in self.rows]
        return tuple(max(map(cell_len, column)) for column in zip(*texts, strict=True))

    @property
    def widest(self) -> int:
        """The width at which no key is cut and the bar has its full length."""
        grid = Grid(self.longest, MOST_BAR, self.numbers())
        return max(grid.key_cells, 3 * MOST_BAR) + grid.bar_cells + cells_of_numbers(grid.numbers)

    def is_wide(self, room: int) -> bool:
        """Whether most keys, or messages in general, need more than half the room or than the numbers leave."""
        if any(column.startswith("shape(") for column in self.panel.by):
            return True
        most = min(room // 2, room - cells_of_numbers(self.numbers()))
        keys = ["  ".join(key_text(self.panel.by, row.key, self.look)) for row in self.rows]
        return sum(cell_len(key) > most for key in keys) > len(keys) / 2

    def lines(self, room: int) -> list[Line]:
        grid = self.grid(room)
        bars = [max(number_of(row, self.panel), Fraction(0)) for row in self.panel.rows]
        most = max(bars)
        hidden = len(self.panel.rows) - len(self.rows)
        return [
            *self.heads(grid),
            *(self.row(at, key, bar_of(bars[at], most, grid.bar, self.look), grid) for at, key in enumerate(self.keys(grid))),
            *([self.other_row(grid)] if self.panel.other else []),
            *([[Segment(f"and {count(hidden, 'row')} more: see --output csv", DIM)]] if hidden else []),
            *([[Segment(f"and {count(grid.left_out, 'metric')} more: see --output csv", DIM)]] if grid.left_out else []),
            [],
        ]

    def numbers(self) -> tuple[Numbers, ...]:
        """Return the columns of numbers; bytes only if a log has them."""
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
        """Return the column of one metric. The name of an estimate starts with `~`."""
        estimate = "~" if name in self.panel.estimated else ""
        head = self.look.fit(self.look.text(estimate + name.replace(":", " ", 1)), 2 * MOST_BAR)
        return Numbers(
            (head, ""), tuple(figure(name, row.metrics[at], self.look, self.panel.kinds.get(name)) for row in self.rows), PLAIN
        )

    @property
    def other(self) -> Row:
        number, sizes = given_up(self.panel) or (0, None)
        return replace(self.panel.rows[0], key=("other",), count=number, bytes=sizes, metrics=())

    def grid(self, room: int) -> Grid:
        """Return the layout for that width. The bar shrinks to eight cells before keys are cut."""
        longest = self.longest
        wanted = sum(longest) + 2 * (len(longest) - 1)
        numbers = self.numbers()
        if room - cells_of_numbers(numbers) < wanted + 2 + LEAST_BAR:
            heads = (column.head[0].partition(" ") for column in numbers)  # the metric's function above its field
            numbers = tuple(replace(column, head=head[::2]) for column, head in zip(numbers, heads, strict=True))
        kept = fitting(numbers, room - min(LEAST_KEY, wanted)) if self.look.terminal else numbers
        free = room - cells_of_numbers(kept)
        full = 0 if free < min(ROOM_FOR_BAR, wanted + 2 + LEAST_BAR) else min(MOST_BAR, free // 3)
        bar = min(full, max(LEAST_BAR, free - wanted - 2))
        key = max(free - bar - (2 if bar else 0), 1)
        columns = self.key_columns(min(key, max(wanted, LEAST_KEY)) if bar else key, longest)
        rest = max(
            free - bar - 2 - sum(columns) - 2 * (len(columns) - 1), 0
        )  # numbers stay at the right edge, bars at the keys
        left_out = sum(column not in (*kept, numbers[1]) for column in numbers)
        return Grid(columns, bar, kept, left_out, rest)

    def key_columns(self, room: int, longest: tuple[int, ...]) -> tuple[int, ...]:
        """Return the widths of the key's columns. The longest ones give way; the last takes what is left."""
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
        """Return the title beside the names of the columns, or above them where it has no room."""
        cells = grid.key_cells + grid.bar_cells
        title = self.title(cells)
        upper = "".join((column.head[0] if column.head[1] else "").rjust(column.cells) for column in grid.numbers)
        lower = "".join((column.head[1] or column.head[0]).rjust(column.cells) for column in grid.numbers)
        heads = [upper, lower] if upper.strip() else [lower]
        fronts = [title, *[[]] * (len(heads) - 1)] if cells_of(title) <= cells else [[]] * len(heads)
        lines = [[*padded(front, cells), Segment(head, DIM)] for front, head in zip(fronts, heads, strict=True)]
        return lines if cells_of(title) <= cells else [title, *lines]

    def title(self, room: int) -> Line:
        shown = len(self.rows)
        keys = f"{self.panel.distinct:,}" if shown == self.panel.distinct else f"{shown:,} of {self.panel.distinct:,}"
        about = f"  {keys}"
        if self.panel.approximate:
            about += f"  approximate: error {self.look.characters.at_most} {max(row.error for row in self.panel.rows):,}"
        name = self.look.fit(self.look.text(title_of(self.panel)), max(room - len(about), LEAST_KEY))
        return [Segment(name, BOLD), Segment(about, DIM)]

    def row(self, at: int, key: Line, bar: str, grid: Grid) -> Line:
        return [
            *key,
            *([Segment("  "), *padded([Segment(bar, BAR)], grid.bar_cells - 2)] if grid.bar else []),
            *(Segment(column.texts[at].rjust(column.cells), column.style) for column in grid.numbers),
        ]

    def keys(self, grid: Grid) -> Iterator[Line]:
        """Yield the key of each row. No two are alike, even where they are cut."""
        columns = [(column, cells, Apart(self.look)) for column, cells in zip(self.panel.by, grid.key, strict=True)]
        for row in self.rows:
            line: Line = []
            texts = key_text(self.panel.by, row.key, self.look)
            for (column, cells, apart), text, value in zip(columns, texts, row.key, strict=True):
                shown = value_segments(column, apart.fit(text, cells), value)
                line += [*([Segment("  ")] if line else []), *padded(shown, cells)]
            yield line

    def other_row(self, grid: Grid) -> Line:
        front = padded([Segment("other", DIM)], grid.key_cells + grid.bar_cells)
        texts = (column.texts[len(self.rows) :] for column in grid.numbers)
        return [
            *front,
            *(Segment("".join(text).rjust(column.cells), DIM) for text, column in zip(texts, grid.numbers, strict=True)),
        ]


def fitting(numbers: tuple[Numbers, ...], room: int) -> tuple[Numbers, ...]:
    """Return the columns that fit: the share is dropped first, then columns from the right, never the count."""
    if cells_of_numbers(numbers) > room:
        numbers = (numbers[0], *numbers[2:])
    while len(numbers) > 1 and cells_of_numbers(numbers) > room:
        numbers = numbers[:-1]
    return numbers


def cells_of_numbers(numbers: Sequence[Numbers]) -> int:
    return sum(column.cells for column in numbers)


def number_of(row: Row, panel: Panel) -> Fraction:
    """Return the number that a row's bar shows: what the panel is sorted by, 0 if missing; by default the count."""
    if panel.sorted_by == "bytes":
        return Fraction(row.bytes or 0)
    if panel.sorted_by in panel.metrics:
        number = row.metrics[panel.metrics.index(panel.sorted_by)]
        return Fraction(row.count) if isinstance(number, str) else Fraction(number or 0)
    return Fraction(row.count)  # of any size: a sum may exceed any float


def bar_of(number: Fraction, most: Fraction, cells: int, look: Look) -> str:
    """Return a bar in proportion to the largest number, at least an eighth of a cell unless it is 0."""
    eighths = max(1, round(8 * cells * number / most)) if number else 0
    drawn = look.characters.bars
    return drawn[8] * (eighths // 8) + (drawn[eighths % 8] if eighths % 8 else "")


def total_line(panel: Panel, look: Look) -> list[Line]:
    row = panel.rows[0]
    estimated = ["~" if name in panel.estimated else "" for name in panel.metrics]
    figures = [
        (mark + name.replace(":", " ", 1), figure(name, number, look, panel.kinds.get(name)))
        for mark, name, number in zip(estimated, panel.metrics, row.metrics, strict=True)
        if name not in MEMBERS
    ]
    figures = [("count", f"{row.count:,}"), *([("bytes", size(row.bytes))] if row.bytes is not None else []), *figures]
    pieces: list[Line] = [
        [Segment(f"{look.fit(look.text(name), 2 * MOST_BAR)} ", DIM), Segment(text, BOLD)] for name, text in figures
    ]
    pieces[0] = [Segment("total  ", BOLD), *pieces[0]]
    return flow(pieces, look.width, indent=len("total  "))
