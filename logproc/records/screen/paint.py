"""The last stage before a terminal: what is written there is harmless, and in colours where the terminal has them.

It runs in the writer's thread, so that only what is really printed costs anything. A loop over lines in Python is fast enough
here: a person reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy
from msgspec.structs import replace
from rich.color import ColorSystem
from rich.style import Style

from logproc.records.output import Output, nothing
from logproc.records.screen.highlights import Highlight
from logproc.records.screen.places import level_in, pairs_of, place_of, time_in
from logproc.records.screen.values import FIRST_FIELD, MATCHES, PAINTED, PREFIX
from logproc.records.stages.around import SEPARATOR
from logproc.reports.key_styles import LEVEL_STYLES, STATUS_STYLES
from logproc.reports.safe import ascii_only, harmless
from logproc.reports.text.style import BAR, DIM, PLAIN

if TYPE_CHECKING:
    from logproc.records.piece import Piece

FEW = 64
"""So many records are painted before they are written: the first screen comes at once."""
MOST_CHARACTERS = 16 << 10
"""What comes behind in a line is harmless, but has no colours."""
SEARCHED = {"message", "text"}
"""Fields in which filters see the further lines of a record."""
RUN = re.compile(rb"(.)\1*", re.DOTALL)
STYLES = list({id(style): style for style in (PLAIN, DIM, BAR, *STATUS_STYLES.values(), *LEVEL_STYLES.values())}.values())
CODES = {id(style): code for code, style in enumerate(STYLES)}
FOUND = 0x80
"""Added to the code of a style: what the filter has found is reversed, in the colour that it has."""


def sequences(style: Style) -> tuple[str, str]:
    before, _, behind = style.render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    return before, behind


SGR = {
    code | found: sequences(style + Style(reverse=True) if found else style)
    for code, style in enumerate(STYLES)
    for found in (0, FOUND)
}


class Paint:
    """Lets pieces of bytes pass as text that is safe to show.

    color: whether to use colours (SGR). in_ascii: whether the terminal shows only ASCII. names: the fields in the table of each
    piece (see `values`), PAINTED first. highlights: what the filter looks for, by field.
    """

    def __init__(
        self,
        behind: Output[Piece],
        *,
        color: bool,
        in_ascii: bool = False,
        names: Sequence[str] = PAINTED,
        highlights: Sequence[Highlight] = (),
    ) -> None:
        self._behind = behind
        self._color = color
        self._in_ascii = in_ascii
        self._at = {name: at for at, name in enumerate(names, FIRST_FIELD)}
        self._highlights = highlights
        self._last: dict[int, Any] = {}  # what is known of the last record of each source

    def take(self, source: int, piece: Piece, release: Callable[[], None]) -> None:
        table, ends = piece.values, [] if piece.ends is None else piece.ends.tolist()
        front = self._painted(piece.front, self._last.get(source), further=True) if piece.front else b""
        for first in range(0, max(len(ends), 1), FEW):
            few = ends[first : first + FEW]
            starts = [ends[first - 1] if first else 0, *few][: len(few)]
            rows = [None] * len(few) if table is None else table[first : first + FEW]
            out = [self._painted(bytes(piece.content[a:b]), row) for a, b, row in zip(starts, few, rows, strict=True)]
            self._pass_on(source, piece, out, front if first == 0 else b"", first + FEW >= len(ends))
        if table is not None and len(table):
            self._last[source] = table[-1]
        release()

    def ended(self, source: int) -> None:
        self._last.pop(source, None)
        self._behind.ended(source)

    def caught_up(self, of: int) -> None:
        self._behind.caught_up(of)

    def close(self) -> None:
        self._behind.close()

    def _pass_on(self, source: int, piece: Piece, out: list[bytes], front: bytes, is_last: bool) -> None:
        data, ends = b"".join(out), numpy.cumsum([len(record) for record in out])
        is_open = piece.is_open if is_last else None
        self._behind.take(
            source, replace(piece, content=data, records=len(out), ends=ends, front=front, is_open=is_open), nothing
        )

    def _painted(self, record: bytes, row: Any, *, further: bool = False) -> bytes:
        lines = record.decode("utf-8", "surrogateescape").split("\n")
        last = lines.pop()
        out = [self._line(line.removesuffix("\r"), row, further or at > 0) + "\n" for at, line in enumerate(lines)]
        if last:
            out.append(self._line(last, row, further or bool(lines)))
        return "".join(out).encode("utf-8", "backslashreplace")

    def _line(self, line: str, row: Any, further: bool) -> str:
        if not self._color:
            return self._safe(line)
        prefix = "" if row is None else row[PREFIX] or ""  # that between two groups has none
        line = line[len(prefix) :]
        codes = self._codes(line[:MOST_CHARACTERS], row, further)
        pieces = [styled(self._safe(prefix), CODES[id(BAR)])] if prefix else []
        pieces += [styled(self._safe(line[run.start() : run.end()]), run[1][0]) for run in RUN.finditer(codes)]
        return "".join(pieces) + self._safe(line[MOST_CHARACTERS:])

    def _codes(self, line: str, row: Any, further: bool) -> bytearray:
        """Return the code of the style of each character."""
        codes = bytearray(len(line))

        def color(span: tuple[int, int] | None, style: Style) -> None:
            if span:
                codes[span[0] : span[1]] = bytes([CODES[id(style)]]) * (span[1] - span[0])

        if line + "\n" == SEPARATOR.decode():
            color((0, len(line)), DIM)
        if row is None:
            return codes
        pairs = []
        if not further:
            for key, pair in pairs_of(line):
                color(key, DIM)
                pairs.append(pair)
            color(time_in(line, pairs), DIM)
            level, raw_level, status = (row[self._at[name]] for name in PAINTED)
            if level in LEVEL_STYLES and raw_level:
                color(level_in(line, raw_level, pairs) or level_in(line, level, pairs), LEVEL_STYLES[level])
            if status and status[0] in STATUS_STYLES:
                color(place_of(line, "status", status, pairs), STATUS_STYLES[status[0]])
        if row[MATCHES]:
            for start, end in self._found(line, row, pairs, further):
                for at in range(start, end):
                    codes[at] |= FOUND
        return codes

    def _found(self, line: str, row: Any, pairs: list[tuple[str, int, int]], further: bool) -> Iterator[tuple[int, int]]:
        """Yield where the filter has found something."""
        for highlight in self._highlights:
            at = self._at.get(highlight.field)
            value = row[at] if at is not None else None
            if highlight.field in SEARCHED and not highlight.whole and (further or highlight.field == "text"):
                yield from highlight.find(line)
            elif further or value is None:
                continue
            elif (place := place_of(line, highlight.field, value, pairs)) is None:
                if highlight.literal:  # the log writes the value in another way, as with escapes of JSON
                    yield from highlight.find(line)
            elif not highlight.whole:
                yield from ((place[0] + start, place[0] + end) for start, end in highlight.find(value))
            elif highlight.holds(value):
                yield place

    def _safe(self, text: str) -> str:
        safe = text if text.isascii() and text.isprintable() else "\t".join(map(harmless, text.split("\t")))
        return ascii_only(safe) if self._in_ascii else safe


def plain(data: bytes) -> bytes:
    """Return lines, such as a header, as text that is safe to show."""
    return "\n".join(map(harmless, data.decode("utf-8", "surrogateescape").split("\n"))).encode("utf-8", "backslashreplace")


def styled(text: str, code: int) -> str:
    before, behind = SGR[code]
    return f"{before}{text}{behind}"
