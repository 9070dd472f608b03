"""How a terminal report is drawn: styles, characters, and lines of styled text.

A line is a list of rich's segments, whose text is never parsed as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from unicodedata import category

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from logproc.reports.safe import ascii_only, distinct, harmless

Line = list[Segment]

LEAST_WIDTH = 40
TWO_ABREAST = 120
PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(dim=True)
NAME = Style(color="cyan", bold=True)
BAR = Style(color="cyan")
GOOD = Style(color="green")
GOOD_NUMBER = Style(color="green", bold=True)
WARN = Style(color="yellow")
BAD = Style(color="red")
BAD_NUMBER = Style(color="red", bold=True)
LOUD = Style(color="red", bold=True, reverse=True)
NEUTRAL = Style(color="blue")


class Characters(Struct, frozen=True):
    """The characters of a report; the blocks grow by eighths, from empty to full."""

    columns: str
    bars: str
    rest: str
    ellipsis: str
    dash: str
    at_most: str
    times: str


UNICODE = Characters(" ▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█", "░", "…", "–", "≤", "×")
ASCII = Characters(" ....::::", " ----====", ".", "...", "-", "<=", "x")


class Look(Struct, frozen=True):
    """What the output device can show.

    columns: the width in cells, at least 40 is used.
    color: whether to use escape sequences for colour (SGR), the only ones that a report contains.
    ascii_only: for a stdout that is not UTF-8.
    terminal: whether this is a screen. If not, keys are never cut, lists are complete, and nothing is side by side.
    whole: whether to show all panels; if not, a report that has an overview is its headline, which fits the screen.
    rows: the height of the screen.
    """

    columns: int = 100
    color: bool = False
    ascii_only: bool = False
    terminal: bool = False
    whole: bool = True
    rows: int = 24

    @property
    def width(self) -> int:
        return max(self.columns, LEAST_WIDTH)

    @property
    def characters(self) -> Characters:
        return ASCII if self.ascii_only else UNICODE

    def text(self, value: str) -> str:
        """Return a sentence with text from outside, safe to show."""
        return ascii_only(harmless(value)) if self.ascii_only else harmless(value)

    def key(self, value: str) -> str:
        """Return a part of a key, or the name of a source, safe to show and unlike any other."""
        return distinct(value, in_ascii=self.ascii_only)

    def fit(self, shown: str, cells: int) -> str:
        """Return a text that is safe to show, on a screen cut in the middle to that many cells."""
        return cut(shown, cells, self.characters.ellipsis) if self.terminal else shown

    def most(self, rows: int) -> int | None:
        return rows if self.terminal else None


class Apart:
    """Cuts the texts of one list so that different ones stay different: where they would not, a number is in the gap."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._of_text: dict[tuple[str, int], str] = {}
        self._text_of: dict[str, str] = {}
        self._alike: Counter[str] = Counter()

    def fit(self, shown: str, cells: int) -> str:
        """Return a text, on a screen cut in the middle to that many cells. Only in a few cells two may still look alike."""
        if (shown, cells) not in self._of_text:
            self._of_text[shown, cells] = self._fit(shown, cells)
        return self._of_text[shown, cells]

    def _fit(self, shown: str, cells: int) -> str:
        first = short = self._look.fit(shown, cells)
        ellipsis = self._look.characters.ellipsis
        while self._look.terminal and self._text_of.setdefault(short.rstrip(" "), shown) != shown:
            self._alike[first] += 1
            number = f"{self._alike[first] + 1}"
            gap = next((gap for gap in (ellipsis + number + ellipsis, number) if cell_len(gap) <= cells), None)
            if gap is None:
                break
            short = cut_out(shown, cells, gap)
        return short


def cut(text: str, cells: int, ellipsis: str) -> str:
    """Return a text of at most that many cells. The middle is cut, because logs differ at both ends.

    >>> cut("http://www.example.com/presentations/logstash/", 24, "…")
    'http://www.e…s/logstash/'
    """
    return text if cell_len(text) <= cells else cut_out(text, cells, ellipsis)


def cut_out(text: str, cells: int, gap: str) -> str:
    """Return a text with that gap in its middle, of exactly that many cells."""
    rest = max(cells - cell_len(gap), 0)
    end = set_cell_size(text[::-1], rest // 2)[::-1]
    while end and category(end[0]).startswith("M"):  # the marks of a letter that was cut off
        end = end[1:]
    return set_cell_size(set_cell_size(text, rest - rest // 2) + gap + end, cells)


def cells_of(line: Line) -> int:
    return sum(cell_len(segment.text) for segment in line)


def padded(line: Line, cells: int) -> Line:
    missing = cells - cells_of(line)
    return [*line, Segment(" " * missing)] if missing > 0 else line


def flow(pieces: Iterable[Line], width: int, gap: int = 3, indent: int = 0) -> list[Line]:
    """Return the pieces side by side, in as many lines as they need."""
    lines: list[Line] = []
    for piece in pieces:
        if lines and cells_of(lines[-1]) + gap + cells_of(piece) <= width:
            lines[-1] += [Segment(" " * gap), *piece]
        else:
            lines.append([Segment(" " * (indent if lines else 0)), *piece])
    return lines


def separated(parts: Iterable[list[Line]]) -> list[Line]:
    """Return the parts one after the other, with an empty line between two."""
    lines: list[Line] = []
    for part in parts:
        lines += ([[]] if lines and any(lines[-1]) and part else []) + part
    return lines


def paint(lines: Iterable[Line], color: bool) -> str:
    """Return the lines as text, each ended by LF and without trailing blanks, in colour if asked for."""
    system = ColorSystem.STANDARD if color else None
    pieces: list[str] = []
    for line in lines:
        end = len(line)
        while end and not line[end - 1].text.strip(" "):
            end -= 1
        for at, segment in enumerate(line[:end]):
            shown = segment.text.rstrip(" ") if at == end - 1 else segment.text
            pieces.append((segment.style or PLAIN).render(shown, color_system=system))
        pieces.append("\n")
    return "".join(pieces)
