"""The JSON report, schema 1 (RFC 8259): stable names, one row per line, and valid JSON whatever the logs contain.

Everything that may differ between two runs over the same input is under `run`.

A row has the columns of its key by name (see `key_members`), `count`, `bytes` (null if no log has any), and each metric
by the name it was asked for, null where no record has a value. One with a `status` also has it as a number,
`status_number`, null if it is not one. If keys were dropped, so that counts are not exact, the panel
has `approximate`, with the records of those keys in `other`, and each row has an `error`: how many records its count may
lack. `estimated` holds the relative standard error of metrics that are estimates. `assumed` has the zone, the years and
the order of day and month that times were taken to have where they have none, with the sources of these. `overview` is
null if the user named panels; its `timeline` is null without times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from logproc.formats.times.calendar import iso
from logproc.model.patterns import regex
from logproc.reports.metric_values import MEMBERS, given_up, key_members, rounded
from logproc.reports.safe import numbered

if TYPE_CHECKING:
    from logproc.model.overview import Overview, Timeline
    from logproc.model.panel import Panel, Row
    from logproc.model.snapshot import Snapshot, SourceResult

SCHEMA = 1
STATUS = regex(r"[0-9]{3}")
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def render_json(snapshot: Snapshot) -> str:
    r"""Return the report as a JSON document that ends in LF.

    Texts are as in the log: JSON escapes for unprintable characters let a reader get them back. Half a surrogate pair, which
    valid JSON cannot hold, becomes text: `\xNN` for an undecodable byte, else `\uNNNN`.
    """
    return "{" + ",\n ".join(members(snapshot)) + "}\n"


def members(snapshot: Snapshot) -> Iterator[str]:
    totals = {"bytes": snapshot.bytes, "malformed_requests": snapshot.malformed_requests}
    times = {"first": snapshot.first, "last": snapshot.last}
    panels = ",".join(f"\n  {encode(name)}: {panel(table)}" for name, table in snapshot.panels.items())
    run = asdict(snapshot.run) | {"elapsed_s": round(snapshot.run.elapsed_s, 3)}
    if not snapshot.run.config_files:
        del run["config_files"]
    yield f'"schema": {SCHEMA}, "complete": {encode(snapshot.complete)}'
    yield f'"account": {encode(asdict(snapshot.account))}'
    yield f'"totals": {encode(totals)}'
    yield f'"time": {encode({name: None if time is None else iso(time) for name, time in times.items()})}'
    yield f'"sources": {rows(map(source, snapshot.sources))}'
    yield f'"assumed": {rows(map(asdict, snapshot.assumed))}'
    yield f'"overview": {overview(snapshot.overview) if snapshot.overview else "null"}'
    yield f'"panels": {{{panels}}}'
    yield f'"run": {encode(run)}'


def source(result: SourceResult) -> dict[str, Any]:
    return {
        "source": result.source,
        "state": result.state.value,
        "reason": result.reason,
        "format": result.format,
        "bytes_read": result.bytes_read,
        "bytes_decoded": result.bytes_decoded,
        "account": asdict(result.account),
        "rejected_by_reason": dict(sorted(result.rejected_by_reason.items())),
        "rejected_sample": list(map(asdict, result.rejected_sample)),
        "notes": list(result.notes),
    }


def overview(found: Overview) -> str:
    """Return the overview: one line per interval, finding, step of the histogram, and row."""
    headline = asdict(found.headline)
    parts = {
        "headline": encode({**headline, "worst": list(map(asdict, found.headline.worst))}),
        "timeline": "null" if found.timeline is None else timeline(found.timeline),
        "week": encode(found.week),
        "latency": rows({"from": low, "to": high, "count": count} for low, high, count in found.latency),
        "panels": "{" + ",".join(f"\n   {encode(name)}: {panel(table)}" for name, table in found.panels.items()) + "}",
    }
    return "{" + ",".join(f"\n  {encode(name)}: {text}" for name, text in parts.items()) + "}"


def timeline(found: Timeline) -> str:
    about = {"step": found.step, "step_s": found.step_s, "zone": found.zone, "outcomes": found.outcomes}
    return f'{encode(about)[:-1]}, "intervals": {rows(map(asdict, found.intervals))}}}'


def panel(table: Panel) -> str:
    """Return one panel. The members about inexact numbers are there only if numbers are inexact."""
    about: dict[str, Any] = {"by": table.by, "distinct": table.distinct}
    if other := given_up(table):
        about |= {"approximate": True, "other": dict(zip(MEMBERS, other, strict=True))}
    if table.estimated:
        about["estimated"] = {name: float(f"{error:.2g}") for name, error in table.estimated.items()}
    names = key_members(table.by, table.metrics, approximate=table.approximate)
    lines = (row_of(row, names, table) for row in table.rows)
    return f'{encode(about)[:-1]}, "rows": {rows(lines)}}}'


def row_of(row: Row, names: Sequence[str], table: Panel) -> dict[str, Any]:
    members = {**dict(zip(names, row.key, strict=True)), "count": row.count, "bytes": row.bytes}
    if table.approximate:
        members["error"] = row.error
    if "status" in names:
        members["status_number"] = int(text) if STATUS.fullmatch(text := str(members["status"])) else None
    asked = {name: rounded(name, number) for name, number in zip(table.metrics, row.metrics, strict=True)}
    return {**members, **{name: number for name, number in asked.items() if name not in members}}


def rows(values: Iterable[dict[str, Any]]) -> str:
    """Return an array with one line per value, for grep and diff."""
    lines = ",\n   ".join(map(encode, values))
    return f"[\n   {lines}]" if lines else "[]"


def encode(value: object) -> str:
    """Return a value as JSON that is also safe to show on a terminal. Members of an object may be Decimals."""
    if isinstance(value, dict) and any(isinstance(member, Decimal) for member in value.values()):
        # The encoder would need a float, which rounds.
        return "{" + ", ".join(f"{encode(name)}: {encode(member)}" for name, member in value.items()) + "}"
    text = f"{value:f}" if isinstance(value, Decimal) else ENCODER.encode(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else escape(c) for c in text)


def escape(character: str) -> str:
    """Return the JSON escape of an unprintable character; half a surrogate pair becomes text."""
    if "\ud800" <= character <= "\udfff":
        return "\\" + numbered(character)
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"
