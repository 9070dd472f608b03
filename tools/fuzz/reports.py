"""Reports: whatever a log, a name or a server's answer contains, a report is harmless and exact."""

from __future__ import annotations

import re

from logproc.model.panel import Panel, Row
from logproc.reports.csv_report import protect, render_csv, restore
from logproc.reports.json_report import render_json
from logproc.reports.safe import ascii_only, harmless, printable
from logproc.reports.text.style import Look
from logproc.reports.text.terminal import render_terminal
from logproc.sources.names import shown_path, shown_url
from tests.reports.readers import rows_of, strict, valid_text
from tests.reports.snapshots import hostile, snapshot
from tests.reports.texts import MARKUP, STEERING
from tools.fuzz.target import MARK, Given, Target

SGR = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (0, 1, 40, 80, 130)
MOST_BYTES = 16 << 10
"""Escaped, a longer one would exceed the field limit of Python's csv module."""
SIZES = (0, 1, 1023, 10**6, 2**63 - 1, 2**70, None)


def run(data: bytes) -> None:
    """Write reports with external texts in every place where they can occur."""
    given = Given(data)
    look = Look(given.one_of(WIDTHS), given.byte() % 2 == 1, given.byte() % 2 == 1, given.byte() % 2 == 1)
    size = given.one_of(SIZES)
    first, second = (part.decode("utf-8", "surrogatepass" if is_wide(part) else "surrogateescape") for part in two(given))
    check_terminal(first, look)
    check_programs(first, second, size)
    check_texts(first)


def is_wide(text: bytes) -> bool:
    """Whether a text is UTF-8, halves of surrogate pairs allowed."""
    try:
        text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def two(given: Given) -> tuple[bytes, bytes]:
    """Return the two texts of an input."""
    return given.part()[:MOST_BYTES], given.rest()[:MOST_BYTES]


def check_terminal(text: str, look: Look) -> None:
    """Check that the terminal report has no control sequences, except colours if requested."""
    report = render_terminal(hostile(text), look)
    is_harmless(SGR.sub("", report) if look.color else report)
    assert report.isascii() or not look.ascii_only


def check_programs(first: str, second: str, size: int | None) -> None:
    """Check that JSON and CSV give the texts back."""
    table = Panel("pair", ("path", "user"), 2, (Row((first, second), 2, size), Row((second, ""), 1, size)))
    report = snapshot(panels={"pair": table})
    document = render_json(report)
    is_harmless(document)
    rows = strict(document)["panels"]["pair"]["rows"]
    assert [(row["path"], row["user"], row["bytes"]) for row in rows] == [
        (valid_text(first), valid_text(second), size),
        (valid_text(second), "", size),
    ]
    strict(render_json(hostile(first)))
    for raw in (False, True):
        cells = render_csv(snapshot(panels={"path": Panel("path", ("path",), 1, (Row((first,), 1, size),))}), raw=raw)
        is_harmless(cells)
        *_, (_, key, _, _) = rows_of(cells)
        assert (key if raw else restore(key)) == printable(first)


def check_texts(text: str) -> None:
    """Check that escaped texts are harmless, and that escaping is idempotent."""
    for shown in (harmless(text), ascii_only(harmless(text)), shown_path(text), shown_url(text), shown_url(f"http://{text}")):
        assert shown.isprintable()
    assert harmless(harmless(text)) == harmless(text)
    assert restore(protect(text)) == text


def is_harmless(report: str) -> None:
    """Check that a report consists of printable characters and line feeds."""
    assert report.endswith("\n")
    assert all(line.isprintable() for line in report.split("\n"))
    report.encode()


TEXTS = (
    "/index.html",
    "\x1b[31m\x9b\u202egnp",
    "=1+1;@SUM(A1)\t-2",
    'a"b\\c,d\r\n',
    "\ud800\udcff",
    "漢字" * 30,
    "[bold]{0}%s",
    "",
)
TARGETS = (
    Target(
        "reports",
        run,
        seeds=tuple(
            bytes([at, at, at // 2, at // 4, at]) + text.encode("utf-8", "surrogatepass") + MARK + b"=x"
            for at, text in enumerate(TEXTS)
        ),
        words=tuple(character.encode("utf-8", "surrogatepass") for character in (*STEERING, *MARKUP, "＝", "\u0301", "漢")),
    ),
)
