r"""The CSV report: `panel,key,count,bytes`, one row a key, quoted by RFC 4180; lines end in LF, as Unix tools expect.

The first rows say what the report is worth, in the same four columns:

    complete    true or false, with the records and the bytes of the whole report
    account     lines, records, rejected, blank, filtered, continuation: lines is the sum of the others
    state       how many sources ended in that state
    rejected    how many lines were rejected for that reason

A key of several columns is a JSON array. What is not printable in a key is shown as `\xNN` or `\uNNNN`; the JSON
report has it exactly.

No key is a formula to a spreadsheet: a `'` stands before = + - @ TAB CR, their full-width forms and `'` itself where
one of them opens a cell, or would open one in a program that cuts at semicolons, TABs or line ends, quotes or not.
To have the key back, drop one `'` at these places, as `restore` does.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from logproc.reports.safe import harmless

if TYPE_CHECKING:
    from logproc.model import Snapshot

HEADER = ("panel", "key", "count", "bytes")
CELL_START = r"(?:(?<=[;\t\r\n])|^)(\"*)"
FORMULA = re.compile(CELL_START + r"(?=['=+\-@\t\r＝＋－＠])")
GUARD = re.compile(CELL_START + "'")


def render_csv(snapshot: Snapshot) -> str:
    """Return the report as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((protect(harmless(panel)), protect(harmless(key)), *numbers) for panel, key, *numbers in rows(snapshot))
    return text.getvalue()


def protect(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> protect("=1+1"), protect("/index.html"), protect("Bot; =1+1;@SUM(A1)")
    ("'=1+1", '/index.html', "Bot; =1+1;'@SUM(A1)")
    """
    return FORMULA.sub(r"\1'", cell)


def restore(cell: str) -> str:
    """Return what `protect` was given."""
    return GUARD.sub(r"\1", cell)


def rows(snapshot: Snapshot) -> Iterator[tuple[str, str, int, int | None]]:
    """Yield the rows behind the header, None where there is no number."""
    yield "complete", str(snapshot.complete).lower(), snapshot.account.records, snapshot.bytes
    for name, lines in asdict(snapshot.account).items():
        yield "account", name, lines, None
    for state, sources in sorted(Counter(source.state.value for source in snapshot.sources).items()):
        yield "state", state, sources, None
    reasons: Counter[str] = Counter()
    for source in snapshot.sources:
        reasons.update(source.rejected_by_reason)
    for reason, lines in sorted(reasons.items()):
        yield "rejected", reason, lines, None
    for panel in snapshot.panels.values():
        for row in panel.rows:
            yield panel.name, key_text(row.key), row.count, row.bytes


def key_text(key: tuple[str, ...]) -> str:
    """Return a key as one cell."""
    return key[0] if len(key) == 1 else json.dumps(key, ensure_ascii=False)
