"""Reports as SVG pictures of a terminal. Not in the program: rich's Console takes longer to load than a report to draw."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme

from logproc.reports.text.style import Line, Look
from logproc.reports.text.terminal import draw

if TYPE_CHECKING:
    from logproc.model.snapshot import Snapshot

COLORS = [(41, 41, 41), (224, 82, 99), (152, 187, 90), (222, 184, 77), (97, 150, 205), (190, 130, 200), (96, 167, 186)]
THEME: Final = TerminalTheme((41, 41, 41), (217, 217, 217), [*COLORS, (217, 217, 217)])
# Rich's own frame fetches a font. This one names common fonts, in a size at which full blocks join.
FRAME: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: 21px/{line_height}px "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }}
.{unique_id}-title {{ font: bold 18px "DejaVu Sans", Helvetica, Arial, sans-serif }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def render_svg(snapshot: Snapshot, columns: int, title: str, rows: int | None = None) -> str:
    """Return the report as an SVG picture of a terminal of that width: the whole of it, or its headline on so many rows."""
    look = Look(columns, color=True, terminal=True, whole=rows is None, rows=rows or 24)
    return svg(draw(snapshot, look), look, title)


def svg(lines: Iterable[Line], look: Look, title: str) -> str:
    """Return lines as a self-contained SVG picture of a terminal."""
    console = Console(
        file=io.StringIO(), record=True, width=look.width, force_terminal=True, color_system="truecolor", _environ={}
    )
    console.print(Segments(segment for line in lines for segment in [*line, Segment.line()]), soft_wrap=True)
    return console.export_svg(title=look.text(title), theme=THEME, code_format=FRAME, unique_id="report")
