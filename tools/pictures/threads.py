"""Draw the pictures of THREADING.md: the threads of a run, a time line of one run, and one of Ctrl-C.

usage: python -m tools.pictures.threads [FOLDER]

They are drawn here and committed, so that they show wherever the page is read. They explain; they are not measurements.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
INK, QUIET, PAPER = "#1f2933", "#5c6b7a", "#ffffff"
BLUE, GREEN, AMBER, ROSE, GREY = "#d6e6f7", "#d8f0dd", "#fbe9c6", "#f7d9dc", "#e9edf1"
FONT = "ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif"
MONO = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"


def main() -> None:
    """Write the pictures into the folder that the command line names, by default docs/."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    for name, picture in pictures().items():
        (folder / name).write_text(picture, "utf-8")


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    return {"crew.svg": crew(), "run.svg": timeline(RUN), "ctrl-c.svg": timeline(CTRL_C)}


def drawing(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    """Return a whole SVG, with a background of its own: pages may be dark."""
    arrow = (
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{QUIET}"/></marker>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
        f"<title>{escape(title)}</title><defs>{arrow}</defs>"
        f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, size: int = 13, *, fill: str = INK, anchor: str = "start", font: str = FONT) -> str:
    """Return one line of text."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="{font}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def box(x: int, y: int, width: int, height: int, fill: str, *lines: str) -> str:
    """Return a box with a name and, smaller below it, what else there is to say."""
    top = y + height / 2 + 5 - 8 * (len(lines) - 1)
    written = [
        text(x + width / 2, top + 16 * number, line, 11 if number else 13, fill=QUIET if number else INK, anchor="middle")
        for number, line in enumerate(lines)
    ]
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="{fill}" stroke="{QUIET}" stroke-width="1"/>'
    return "".join([frame, *written])


def arrow(path: str, *, dashed: bool = False) -> str:
    """Return a line with a tip; the path is that of SVG."""
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{QUIET}" stroke-width="1.4" marker-end="url(#tip)"{dashes}/>'


def crew() -> str:
    """Return the picture of the threads of a run and of what they share."""
    parts = [
        text(24, 32, "The threads of a run, and what goes between them", 17),
        text(
            24,
            52,
            "blue: a thread · green: shared by threads · amber: data, owned by one thread at a time",
            12,
            fill=QUIET,
        ),
        box(24, 96, 108, 40, AMBER, "app.log"),
        box(24, 146, 108, 40, AMBER, "old.log.gz"),
        box(24, 226, 108, 40, AMBER, "https://…"),
        box(182, 96, 124, 40, BLUE, "reader-1", "Thread subclass"),
        box(182, 146, 124, 40, BLUE, "reader-2"),
        box(182, 226, 124, 40, BLUE, "stream-1"),
        arrow("M132 116H180"),
        arrow("M132 166H180"),
        arrow("M132 246H180"),
        text(157, 108, "open", 11, fill=QUIET, anchor="middle"),
        box(384, 96, 112, 170, GREEN, "Channel", "one SimpleQueue:", "put never blocks,", "get is the only", "wait of main"),
        arrow("M306 116H382"),
        arrow("M306 166H382"),
        arrow("M306 246H382"),
        text(348, 108, "Chunk", 11, fill=QUIET, anchor="middle"),
        box(568, 146, 110, 70, BLUE, "main", "get → submit"),
        arrow("M496 181H566"),
        text(531, 173, "get", 11, fill=QUIET, anchor="middle"),
        box(764, 110, 124, 40, BLUE, "worker-1", "ThreadPoolExecutor"),
        box(764, 212, 124, 40, BLUE, "worker-2"),
        arrow("M678 168C720 168 720 130 762 130"),
        arrow("M678 194C720 194 720 232 762 232"),
        text(700, 130, "submit", 11, fill=QUIET, anchor="middle"),
        box(950, 146, 126, 70, GREEN, "SharedTally", "Lock, for an", "append only"),
        arrow("M888 130C925 130 925 165 948 165"),
        arrow("M888 232C925 232 925 197 948 197"),
        text(913, 184, "Tally", 11, fill=QUIET, anchor="middle"),
        arrow("M826 110C826 70 440 70 440 94", dashed=True),
        text(633, 76, "DONE, one for each chunk", 11, fill=QUIET, anchor="middle"),
        box(182, 312, 124, 40, BLUE, "closer", "joins all readers"),
        arrow("M306 332C370 332 425 320 425 268"),
        text(352, 348, "END, once", 11, fill=QUIET),
        box(560, 312, 126, 40, ROSE, "signal handler", "runs inside main"),
        arrow("M560 332C500 332 455 320 455 268"),
        text(496, 348, "WAKE", 11, fill=QUIET),
        arrow("M623 312V218", dashed=True),
        text(630, 268, "a note", 11, fill=QUIET),
        box(714, 312, 126, 40, BLUE, "signals", "reads the self-pipe"),
        arrow("M777 352V374H440V268"),
        text(712, 369, "WAKE", 11, fill=QUIET),
        box(
            182,
            392,
            504,
            44,
            GREEN,
            "ByteBudget",
            "Condition: a reader waits here until enough bytes are free for its chunk",
        ),
        arrow("M196 266V290H160V414H180", dashed=True),
        text(128, 340, "take", 11, fill=QUIET),
        arrow("M862 252V414H688", dashed=True),
        text(870, 330, "give, when counted", 11, fill=QUIET),
        box(
            182,
            456,
            894,
            44,
            GREEN,
            "Stop",
            "Event: set once, seen by all; the sleep of every retry; calls a waker for each wait that does not know of it",
        ),
        box(950, 262, 126, 44, AMBER, "Snapshot", "→ report"),
        arrow("M1013 216V260"),
    ]
    return drawing(
        1100, 524, "Readers put chunks into one queue, main submits them to workers, which add to a shared tally", parts
    )


@dataclass(frozen=True)
class Lane:
    """A thread and what it does: pieces as (from, to, kind, words), times in units of the picture."""

    name: str
    pieces: Sequence[tuple[float, float, str, str]]


@dataclass(frozen=True)
class TimeLine:
    """A picture of lanes; marks are moments with words, drawn through all lanes."""

    title: str
    lanes: Sequence[Lane]
    marks: Sequence[tuple[float, str]]
    legend: Sequence[str]


KINDS = {
    "work": (BLUE, "works"),
    "outside": (AMBER, "waits for the outside"),
    "inside": (GREY, "waits for other threads"),
    "end": (GREEN, "ends the run"),
}

RUN = TimeLine(
    "One run over two files: the workers are the limit",
    [
        Lane(
            "main",
            [
                (0, 3, "work", "sources"),
                (3, 6, "inside", "get"),
                (6, 8, "work", "start"),
                (8, 54, "inside", "get → submit, get → submit, …"),
                (54, 60, "end", "report"),
            ],
        ),
        Lane("probe", [(3, 6, "outside", "peek")]),
        Lane(
            "reader-1",
            [
                (8, 12, "outside", "read"),
                (12, 14, "work", "cut"),
                (14, 18, "outside", "read"),
                (18, 27, "inside", "take"),
                (27, 31, "outside", "read"),
                (31, 36, "inside", "take"),
            ],
        ),
        Lane(
            "reader-2",
            [
                (8, 15, "outside", "read .gz"),
                (15, 17, "work", "cut"),
                (17, 24, "outside", "read .gz"),
                (24, 33, "inside", "take"),
            ],
        ),
        Lane(
            "worker-1",
            [
                (14, 26, "work", "parse, count"),
                (26, 28, "work", "add"),
                (28, 40, "work", "parse, count"),
                (40, 42, "work", "add"),
                (42, 52, "work", "parse, count"),
                (52, 54, "work", "add"),
            ],
        ),
        Lane(
            "worker-2",
            [
                (17, 31, "work", "parse, count"),
                (31, 33, "work", "add"),
                (33, 48, "work", "parse, count"),
                (48, 50, "work", "add"),
            ],
        ),
        Lane("closer", [(8, 36, "inside", "join reader-1, join reader-2")]),
    ],
    [(36, "END"), (54, "last DONE")],
    ["work", "outside", "inside", "end"],
)

CTRL_C = TimeLine(
    "Ctrl-C while one file is read and one server is silent",
    [
        Lane(
            "main",
            [
                (0, 16, "inside", "get"),
                (16, 19, "work", "handler"),
                (19, 22, "work", "Stop.set"),
                (22, 40, "inside", "get, until all have ended"),
                (40, 54, "end", "partial report, exit 130"),
            ],
        ),
        Lane("reader-1", [(0, 10, "outside", "read"), (10, 22, "inside", "take"), (22, 26, "work", "hand over")]),
        Lane("stream-1", [(0, 22, "outside", "recv"), (22, 28, "work", "wakes, ends")]),
        Lane(
            "worker-1",
            [
                (0, 13, "work", "parse, count"),
                (13, 15, "work", "add"),
                (15, 31, "work", "parse, count"),
                (31, 34, "work", "add"),
            ],
        ),
        Lane(
            "worker-2",
            [
                (0, 9, "work", "parse, count"),
                (9, 11, "work", "add"),
                (26, 37, "work", "parse, count"),
                (37, 40, "work", "add"),
            ],
        ),
        Lane("closer", [(0, 28, "inside", "join reader-1, join stream-1")]),
    ],
    [(16, "SIGINT"), (28, "END"), (40, "last DONE")],
    ["work", "outside", "inside", "end"],
)


def timeline(line: TimeLine) -> str:
    """Return the picture of a time line."""
    left, scale, step = 110, 15.5, 40
    bottom = 84 + step * len(line.lanes)
    parts = [text(24, 32, line.title, 17)]
    x = 24.0
    for kind in line.legend:
        fill, words = KINDS[kind]
        parts += [
            f'<rect x="{x:g}" y="46" width="14" height="14" rx="3" fill="{fill}" stroke="{QUIET}"/>',
            text(x + 20, 58, words, 12, fill=QUIET),
        ]
        x += 40 + 7 * len(words)
    for number, lane in enumerate(line.lanes):
        y = 80 + step * number
        parts += [
            text(24, y + 20, lane.name, 13, font=MONO),
            f'<path d="M{left} {y + 15}H{left + 61 * scale:g}" stroke="{GREY}" stroke-width="1"/>',
        ]
        for start, end, kind, words in lane.pieces:
            fill, from_x, width = KINDS[kind][0], left + start * scale, (end - start) * scale
            parts += [
                f'<rect x="{from_x:g}" y="{y}" width="{width:g}" height="30" rx="4" fill="{fill}" stroke="{QUIET}"/>',
                text(from_x + width / 2, y + 19, words, 11 if len(words) * 6 < width else 9, anchor="middle"),
            ]
    for moment, words in line.marks:
        x = left + moment * scale
        parts += [
            f'<path d="M{x:g} 74V{bottom}" stroke="#b4232f" stroke-width="1.2" stroke-dasharray="4 3"/>',
            text(x, bottom + 14, words, 11, fill="#b4232f", anchor="middle"),
        ]
    parts.append(text(left + 61 * scale, bottom + 14, "time →", 11, fill=QUIET, anchor="end"))
    return drawing(1080, bottom + 30, line.title, parts)


if __name__ == "__main__":
    main()
