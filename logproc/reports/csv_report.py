r"""The CSV report: `panel,key,count,bytes`, one row per key, quoted as in RFC 4180; lines end in LF, as Unix tools expect.

Then follow a column for each metric asked for, in the order in which panels first have them, and with dropped keys
(`--max-keys`) a column `error`: how many records a count may lack. A missing number is an empty cell. The JSON report says
which metrics are estimates.

The first rows describe how complete the report is, in the same columns:

    complete    true or false, with the records and bytes of the whole report
    account     lines, records, rejected, blank, filtered, continuation: lines is the sum of the others
    state       how many sources ended in that state
    rejected    how many lines were rejected for that reason
    other       records and bytes of the dropped keys, by panel

A panel with one of these names gets the prefix `by:`. A key of several columns is a JSON array, the key of a total is empty.
Unprintable characters in a key are shown as `\xNN` or `\uNNNN`; the JSON report has them exactly.

Spreadsheets run no key as a formula: a `'` precedes = + - @ TAB CR, their full-width forms and `'` itself at the start of a
cell, and wherever a program that splits at semicolons, TABs or line ends, quoted or not, would start one. `restore` drops
these again. With `raw` keys are not changed.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from logproc.model.patterns import regex
from logproc.reports.metric_values import MEMBERS, Number, given_up, rounded
from logproc.reports.safe import printable

if TYPE_CHECKING:
    from logproc.model.panel import Panel, Row
    from logproc.model.snapshot import Snapshot

HEADER = ("panel", "key", *MEMBERS)
FIRST_ROWS = ("complete", "account", "state", "rejected", "other")
CELL_START = r"(?:(?<=[;\t\r\n])|^)(\"*)"
FORMULA = regex(CELL_START + r"(?=['=+\-@\t\r＝＋－＠])")
GUARD = regex(CELL_START + "'")


def render_csv(snapshot: Snapshot, *, raw: bool = False) -> str:
    """Return the report as CSV with a header. raw: do not protect keys from being run as formulas by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")

    def safe(text: str) -> str:
        return printable(text) if raw else protect(printable(text))

    further = further_columns(snapshot.panels.values())
    writer.writerow([*HEADER, *map(safe, further)])
    blank = [None] * len(further)
    writer.writerows([name, safe(key), *numbers, *blank] for name, key, *numbers in first_rows(snapshot))
    for panel in snapshot.panels.values():
        name = safe(f"by:{panel.name}" if panel.name in FIRST_ROWS else panel.name)
        writer.writerows([name, safe(key_text(row.key)), *numbers_of(row, panel, further)] for row in panel.rows)
    return text.getvalue()


def further_columns(panels: Iterable[Panel]) -> list[str]:
    panels = list(panels)
    metrics = [name for panel in panels for name in panel.metrics if name not in MEMBERS]
    return list(dict.fromkeys([*metrics, *(["error"] if any(panel.approximate for panel in panels) else [])]))


def numbers_of(row: Row, panel: Panel, further: Sequence[str]) -> list[Number]:
    metrics = {name: rounded(name, number) for name, number in zip(panel.metrics, row.metrics, strict=True)}
    if panel.approximate:
        metrics["error"] = row.error
    return [row.count, row.bytes, *map(metrics.get, further)]


def protect(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> protect("=1+1"), protect("/index.html"), protect("Bot; =1+1;@SUM(A1)")
    ("'=1+1", '/index.html', "Bot; =1+1;'@SUM(A1)")
    """
    return FORMULA.sub(r"\1'", cell)


def restore(cell: str) -> str:
    """Return the text that `protect` was given."""
    return GUARD.sub(r"\1", cell)


def first_rows(snapshot: Snapshot) -> Iterator[tuple[str, str, int, int | None]]:
    """Yield the rows after the header; None is an empty cell."""
    yield "complete", str(snapshot.complete).lower(), snapshot.account.records, snapshot.bytes
    yield from (("account", name, lines, None) for name, lines in asdict(snapshot.account).items())
    states = Counter(source.state.value for source in snapshot.sources)
    yield from (("state", state, sources, None) for state, sources in sorted(states.items()))
    yield from (("rejected", reason, lines, None) for reason, lines in sorted(snapshot.rejected_by_reason.items()))
    for panel in snapshot.panels.values():
        if other := given_up(panel):
            yield "other", panel.name, *other


def key_text(key: tuple[str, ...]) -> str:
    return "".join(key) if len(key) <= 1 else json.dumps(key, ensure_ascii=False)
