"""The JSON report, schema 1 (RFC 8259): stable names, a row a line, strictly valid whatever the logs hold.

Everything that may differ between two runs over the same input is under `run`; all else depends on the input alone.

A row has the columns of its key under their names (see `figures.key_members`), `count`, `bytes` (null where no log has
any), and each metric that was asked for under the name that it was asked by, null where no record of the key has it.
Where keys were given up, so that counts are not exact, the panel has `approximate`, and in `other` what those keys had;
each row has the `error` by which its count may be too small. `estimated` has the standard error of the metrics that are
estimates, as a part of each number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from logproc.reports.metric_values import MEMBERS, given_up, key_members, rounded
from logproc.reports.safe import numbered
from logproc.reports.units import iso

if TYPE_CHECKING:
    from logproc.model.columns import Account
    from logproc.model.snapshot import Panel, Row, RunInfo, Snapshot, SourceResult

SCHEMA = 1
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def render_json(snapshot: Snapshot) -> str:
    r"""Return the report as a JSON document with one LF at its end.

    Texts are as the log has them: what is not printable is escaped by JSON's own rule, so that a reader gets it back.
    Half a surrogate pair, which valid JSON cannot hold, becomes text: an undecodable byte `\xNN`, any other `\uNNNN`.
    """
    return "{" + ",\n ".join(members(snapshot)) + "}\n"


def members(snapshot: Snapshot) -> Iterator[str]:
    """Yield the members of the document in the schema's order."""
    totals = {"bytes": snapshot.bytes, "malformed_requests": snapshot.malformed_requests}
    yield f'"schema": {SCHEMA}, "complete": {encode(snapshot.complete)}'
    yield f'"account": {encode(account(snapshot.account))}'
    yield f'"totals": {encode(totals)}'
    yield f'"time": {encode({"first": time(snapshot.first), "last": time(snapshot.last)})}'
    yield f'"sources": {rows(map(source, snapshot.sources))}'
    yield f'"panels": {{{panels(snapshot.panels)}}}'
    yield f'"run": {encode(run(snapshot.run))}'


def account(lines: Account) -> dict[str, int]:
    """Return an account, its sum first."""
    return {
        "lines": lines.lines,
        "records": lines.records,
        "rejected": lines.rejected,
        "blank": lines.blank,
        "filtered": lines.filtered,
        "continuation": lines.continuation,
    }


def time(seconds: int | None) -> str | None:
    """Return a time of the report, null where there was no record."""
    return None if seconds is None else iso(seconds)


def source(result: SourceResult) -> dict[str, Any]:
    """Return what became of one source."""
    sample = [{"line": line.line, "reason": line.reason, "text": line.text} for line in result.rejected_sample]
    return {
        "source": result.source,
        "state": result.state.value,
        "reason": result.reason,
        "format": result.format,
        "bytes_read": result.bytes_read,
        "bytes_decoded": result.bytes_decoded,
        "account": account(result.account),
        "rejected_by_reason": dict(sorted(result.rejected_by_reason.items())),
        "rejected_sample": sample,
        "notes": list(result.notes),
    }


def panels(by_name: Mapping[str, Panel]) -> str:
    return ",".join(f"\n  {encode(name)}: {panel(by_name[name])}" for name in by_name)


def panel(table: Panel) -> str:
    """Return one panel. What says that its numbers are not exact is there only where they are not."""
    about: dict[str, Any] = {"by": table.by, "distinct": table.distinct}
    if other := given_up(table):
        about |= {"approximate": True, "other": dict(zip(MEMBERS, other, strict=True))}
    if table.estimated:
        about["estimated"] = {name: float(f"{error:.2g}") for name, error in table.estimated.items()}
    names = key_members(table.by, table.metrics, approximate=table.approximate)
    lines = (row_of(row, names, table) for row in table.rows)
    return f'{encode(about)[:-1]}, "rows": {rows(lines)}}}'


def row_of(row: Row, names: Sequence[str], table: Panel) -> dict[str, Any]:
    """Return one row: its key by column, count and bytes, its error where keys were given up, and what else was asked for."""
    members = {**dict(zip(names, row.key, strict=True)), "count": row.count, "bytes": row.bytes}
    if table.approximate:
        members["error"] = row.error
    asked = {name: rounded(name, number) for name, number in zip(table.metrics, row.metrics, strict=True)}
    return {**members, **{name: number for name, number in asked.items() if name not in members}}


def run(info: RunInfo) -> dict[str, Any]:
    """Return what may differ between two runs."""
    return {
        "elapsed_s": round(info.elapsed_s, 3),
        "readers": info.readers,
        "workers": info.workers,
        "version": info.version,
        "python": info.python,
        "gil": info.gil,
    }


def rows(values: Iterator[dict[str, Any]]) -> str:
    """Return an array with a line for each value, so that it can be searched and compared by line."""
    lines = ",\n   ".join(map(encode, values))
    return f"[\n   {lines}]" if lines else "[]"


def encode(value: object) -> str:
    """Return a value as JSON that is also safe to show on a terminal."""
    text = ENCODER.encode(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else escape(c) for c in text)


def escape(character: str) -> str:
    r"""Return the JSON escape of a character that is not printable; a lone surrogate is not a character and becomes text."""
    if "\ud800" <= character <= "\udfff":
        return "\\" + numbered(character)
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"
