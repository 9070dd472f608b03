"""One side of a comparison from a report: JSON, or the JSON that a page embeds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from logproc.formats.times.calendar import seconds_of
from logproc.model.comparison import Compared
from logproc.model.errors import UsageError, system_words
from logproc.model.overview import QUANTILES
from logproc.model.patterns import regex
from logproc.reports.comparing.side import BLOCKS, Keyed, Side

HEAD_BYTES = 64 << 10
MOST_BYTES = 256 << 20
JSON_HEAD = regex(rb'\s*\{\s*"schema"\s*:\s*\d')
PAGE_HEAD = regex(rb"\s*<!doctype html", re.IGNORECASE)
EMBEDDED = regex(r'<script[^>]*\bid="logproc-report"[^>]*>(.*?)</script>', re.DOTALL)
COMPARISON = 'id="logproc-comparison">'
SCHEMA = 1
PANELS = {"status": "status", "logger": "logger", "path": "path", "client": "client", "shape(message)": "message"}
"""The panels that are compared, and what a comparison calls them."""


def read_report(path: Path) -> Mapping[str, Any] | None:
    """Return the report in a file, None if it is not one. Raises UsageError for a report that cannot be compared."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not (JSON_HEAD.match(head) or PAGE_HEAD.match(head)):
                return None
            text = (head + file.read(MOST_BYTES)).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path}: {system_words(error)}", "name a report or a log") from error
    if PAGE_HEAD.match(head):
        if COMPARISON in text:
            raise UsageError(f"{path}: this is a comparison already", "name a report or a log")
        embedded = EMBEDDED.search(text)
        if embedded is None:
            raise UsageError(f"{path}: a page without a report in it", "name one that logproc wrote, or a log")
        text = embedded[1]
    return checked(path, text)


def checked(path: Path, text: str) -> Mapping[str, Any] | None:
    try:
        report = json.loads(text)
    except ValueError:
        return None  # a log of JSON objects
    if not isinstance(report, dict) or "account" not in report or "panels" not in report:
        if isinstance(report, dict) and report.get("kind") == "comparison":
            raise UsageError(f"{path}: this is a comparison already", "name a report or a log")
        return None
    if report.get("schema") != SCHEMA:
        raise UsageError(f"{path}: a report of schema {report.get('schema')}", "this version compares schema 1")
    if not report.get("overview"):
        raise UsageError(f"{path}: a report without an overview", "write it without --by, or compare the logs")
    return report


def side_of_report(name: str, report: Mapping[str, Any]) -> Side:
    """Return the side of a report. Raises UsageError if it lacks what every report has."""
    try:
        return read_side(name, report)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{name}: the report is damaged: {error!r}", "write it again, or compare the logs") from error


def read_side(name: str, report: Mapping[str, Any]) -> Side:
    first, last = (seconds_or_none(report["time"][end]) for end in ("first", "last"))
    records = int(report["account"]["records"])
    timeline = report["overview"]["timeline"] or {"intervals": [], "outcomes": [], "step_s": 1}
    blocks = blocks_of(timeline)
    number = max(blocks, default=-1) + 1 or 1
    by_block = numpy.zeros(number)
    for block, interval in zip(blocks, timeline["intervals"], strict=True):
        by_block[block] += interval["count"]
    keyed = {"outcome": outcomes_of(timeline, blocks, number)}
    for panel, field in PANELS.items():
        if panel in report["panels"]:
            keyed[field] = keyed_of(report["panels"][panel], panel)
    quantiles_by_interval = {}
    for at, quantile in enumerate(QUANTILES):
        some = [
            interval for interval in timeline["intervals"] if interval["quantiles"] and interval["quantiles"][at] is not None
        ]
        values = [interval["quantiles"][at] for interval in some]
        quantiles_by_interval[quantile] = (
            numpy.array(values, float),
            numpy.array([interval["count"] for interval in some], float),
        )
    notes = () if report["complete"] else (f"{name}: the report is of a run that did not read everything",)
    return Side(
        Compared(name, "report", records, first, last, number),
        by_block,
        keyed,
        quantiles={name: float(value) for name, value in report["overview"]["headline"]["quantiles"].items()},
        quantiles_by_interval=quantiles_by_interval,
        notes=notes,
    )


def seconds_or_none(text: str | None) -> int | None:
    return None if text is None else seconds_of(text)


def blocks_of(timeline: Mapping[str, Any]) -> list[int]:
    """Return the block of each interval."""
    numbers = [interval["begin_s"] // timeline["step_s"] for interval in timeline["intervals"]]
    if not numbers:
        return []
    first, size = min(numbers), max(numbers) - min(numbers) + 1
    return [(number - first) * min(BLOCKS, size) // size for number in numbers]


def outcomes_of(timeline: Mapping[str, Any], blocks: Sequence[int], number: int) -> Keyed:
    names = timeline["outcomes"]
    entries = [
        (row, block, count)
        for block, interval in zip(blocks, timeline["intervals"], strict=True)
        for row, count in enumerate(interval["outcomes"])
    ]
    columns = numpy.array(entries, numpy.int64).reshape(-1, 3)
    return Keyed(pyarrow.array(names, pyarrow.string()), columns[:, 0], columns[:, 1], columns[:, 2], number)


def keyed_of(panel: Mapping[str, Any], column: str) -> Keyed:
    rows = [] if panel.get("approximate") else panel["rows"]  # else any count may be too small
    counts = numpy.array([row["count"] for row in rows], numpy.int64)
    keys = pyarrow.array([row[column] for row in rows], pyarrow.string())
    complete = panel["distinct"] <= len(rows)
    return Keyed(keys, numpy.arange(len(rows)), numpy.zeros(len(rows), numpy.int64), counts, 1, complete)
