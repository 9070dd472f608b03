r"""The CSV report: `panel,key,count,bytes`, one row a key, quoted by RFC 4180; lines end in LF, as Unix tools expect.

Behind these four stands a column for each metric that was asked for, in the order in which panels first have them, and if
keys were given up (`--max-keys`), so that counts are not exact, `error`: by how much a count may be too small. A number that
is not there is an empty cell. Which metrics are estimates is told by the JSON report.

The first rows say what the report is worth, in the same columns:

    complete    true or false, with the records and the bytes of the whole report
    account     lines, records, rejected, blank, filtered, continuation: lines is the sum of the others
    state       how many sources ended in that state
    rejected    how many lines were rejected for that reason
    other       records and bytes of the keys that were given up, by panel

A panel of one of these names has `by:` before it. A key of several columns is a JSON array, that of no column is empty.
What is not printable in a key is shown as `\xNN` or `\uNNNN`; the JSON report has it exactly.

No key is a formula to a spreadsheet: a `'` stands before = + - @ TAB CR, their full-width forms and `'` itself where
one of them opens a cell, or would open one in a program that cuts at semicolons, TABs or line ends, quotes or not.
To have the key back, drop one `'` at these places, as `restore` does. With `raw` no key is changed so.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from logproc.reports.metric_values import MEMBERS, given_up, rounded
from logproc.reports.safe import harmless

if TYPE_CHECKING:
    from logproc.model.snapshot import Panel, Row, Snapshot

HEADER = ("panel", "key", *MEMBERS)
FIRST_ROWS = ("complete", "account", "state", "rejected", "other")
CELL_START = r"(?:(?<=[;\t\r\n])|^)(\"*)"
FORMULA = re.compile(CELL_START + r"(?=['=+\-@\t\r＝＋－＠])")
GUARD = re.compile(CELL_START + "'")


def render_csv(snapshot: Snapshot, *, raw: bool = False) -> str:
    """Return the report as CSV with a header. raw: with keys that a spreadsheet may run as formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    safe = harmless if raw else guarded
    further = further_columns(snapshot.panels.values())
    writer.writerow([*HEADER, *map(safe, further)])
    blank = [None] * len(further)
    writer.writerows([name, safe(key), *numbers, *blank] for name, key, *numbers in first_rows(snapshot))
    for panel in snapshot.panels.values():
        name = safe(f"by:{panel.name}" if panel.name in FIRST_ROWS else panel.name)
        writer.writerows([name, safe(key_text(row.key)), *numbers_of(row, panel, further)] for row in panel.rows)
    return text.getvalue()


def further_columns(panels: Iterable[Panel]) -> list[str]:
    """Return the columns behind `bytes`: the metrics, and the error where counts have one."""
    panels = list(panels)
    metrics = [name for panel in panels for name in panel.metrics if name not in MEMBERS]
    return list(dict.fromkeys([*metrics, *(["error"] if any(panel.approximate for panel in panels) else [])]))


def numbers_of(row: Row, panel: Panel, further: Sequence[str]) -> list[float | int | None]:
    """Return the cells of a row behind its key."""
    metrics = {name: rounded(name, number) for name, number in zip(panel.metrics, row.metrics, strict=True)}
    if panel.approximate:
        metrics["error"] = row.error
    return [row.count, row.bytes, *map(metrics.get, further)]


def guarded(text: str) -> str:
    """Return a text from outside as a cell that no spreadsheet takes for a formula."""
    return protect(harmless(text))


def protect(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> protect("=1+1"), protect("/index.html"), protect("Bot; =1+1;@SUM(A1)")
    ("'=1+1", '/index.html', "Bot; =1+1;'@SUM(A1)")
    """
    return FORMULA.sub(r"\1'", cell)


def restore(cell: str) -> str:
    """Return what `protect` was given."""
    return GUARD.sub(r"\1", cell)


def first_rows(snapshot: Snapshot) -> Iterator[tuple[str, str, int, int | None]]:
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
        if other := given_up(panel):
            yield "other", panel.name, *other


def key_text(key: tuple[str, ...]) -> str:
    return "".join(key) if len(key) <= 1 else json.dumps(key, ensure_ascii=False)
