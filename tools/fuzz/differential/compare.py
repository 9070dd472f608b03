"""One run of the fuzz: draw logs and a question, ask the program, and compare its report with the reference."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from logproc.model.errors import UsageError
from logproc.model.snapshot import RunInfo
from logproc.pipeline.serial import Run, run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.reports.json_report import render_json
from logproc.settings import load
from logproc.sources.resolve import resolve
from tools.fuzz.differential.logs import NAMES, log
from tools.fuzz.differential.model import Draw, Log
from tools.fuzz.differential.questions import ZONES, Question, question, zone_of
from tools.fuzz.differential.reference import answer

NO_RUN = RunInfo(0.0, 0, 0, "", "", gil=True)


UNDETECTED = {"nginx definition", "nginx main", "apache definition", "pattern", "definition"}
"""Formats that nothing but an option can name."""
LEARNED = {"access"}
"""Formats that no option can name."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one seed stands for."""

    seed: str
    logs: Sequence[Log]
    question: Question
    options: Mapping[str, Any]
    draw: Draw


def case(seed: str, kinds: Sequence[str] = NAMES) -> Case:
    """Return some logs and a question: of one format that is given, or of any that are detected."""
    draw = Draw(seed)
    zone_name = draw.choice(ZONES)
    detected = draw.chance(0.25) and not UNDETECTED.issuperset(kinds)
    detected = detected or LEARNED.issuperset(kinds)
    names = [name for name in kinds if name not in (UNDETECTED if detected else LEARNED)]
    name = draw.choice(names)
    count = 1 if name == "definition" else draw.choice((1, 1, 1, 1, 2, 3))  # each definition is of one log
    logs = [log(draw, zone_of(zone_name), draw.choice(names) if detected else name, clean=detected) for _ in range(count)]
    logs = list({tuple(line.content for line in each.lines): each for each in logs}.values())  # copies count once
    asked = question(draw, logs, zone_name)
    asked = dataclasses.replace(asked, max_line_bytes=min(asked.max_line_bytes, 4000)) if holds_long(logs) else asked
    options = {**asked.options, "max_line_bytes": asked.max_line_bytes, **({} if detected else logs[0].options)}
    return Case(seed, logs, asked, options, draw)


def holds_long(logs: Sequence[Log]) -> bool:
    return any(line.kind == "long" for log in logs for line in log.lines)


def is_utf8(each: Log) -> bool:
    try:
        return not each.content.decode().startswith("\ufeff")
    except UnicodeDecodeError:
        return False


def written(folder: Path, logs: Sequence[Log], encoding: str | None) -> list[Path]:
    paths = []
    for number, each in enumerate(logs):
        path = folder / f"{number}.log"
        path.write_bytes(each.content.decode().encode(encoding) if encoding else each.content)
        os.utime(path, (each.modified, each.modified))
        paths.append(path)
    return paths


def in_process(found: Case, folder: Path) -> list[str]:
    """Ask the program in this process, with threads and without, and return the differences."""
    draw, encoding = found.draw, None
    if draw.chance(0.05) and all(map(is_utf8, found.logs)):
        encoding = draw.choice(("utf-16", "utf-16-le", "utf-32"))
    paths = written(folder, found.logs, encoding)
    sources = resolve([os.fspath(path) for path in paths], recursive=False)
    longest = max(len(log.content) for log in found.logs) + 1
    options = {**found.options, "chunk_size": 1 + longest // draw.choice((1, 1, 2, 5)), "encoding": encoding}
    knobs = {"chunk_size": 1 + longest // draw.choice((1, 2, 3, 9)), "workers": draw.choice((1, 2, 3))}
    try:
        serial = told(run_serial(sources, load(options)))
        threaded = told(run_threaded(sources, load({**options, **knobs})))
    except UsageError as error:
        return [f"refused: {error}"]
    differences = compared(found, serial)
    if serial != threaded:
        lines = difflib.unified_diff(serial.splitlines(), threaded.splitlines(), "serial", "threaded", "", "", 0, "")
        differences.append("\n    ".join([f"threads give another report: {knobs}", *lines]))
    return differences


def told(run: Run) -> str:
    """Return the report of a run, or why there is none."""
    return f"error: {run.cause!r}" if run.cause else render_json(replace(run.snapshot, run=NO_RUN))


def compared(found: Case, report: str) -> list[str]:
    """Return in which members a report differs from the reference."""
    if report.startswith("error"):
        return [report]
    given, expected = json.loads(report), answer(found.logs, found.question)
    pairs = [(name, given[name], expected[name]) for name in ("account", "totals", "time")]
    pairs += [
        (f"source {at}", source["account"], account)
        for at, (source, account) in enumerate(zip(given["sources"], expected["sources"], strict=True))
    ]
    if "format" not in found.options and "pattern" not in found.options:
        pairs += [("format", source["format"], each.name) for source, each in zip(given["sources"], found.logs, strict=True)]
    for source, each in zip(given["sources"], found.logs, strict=True):
        short = [line for line in each.lines if len(line.content) <= found.question.max_line_bytes]
        untimed = sum(line.kind == "rejected" for line in short)
        reasons = source["rejected_by_reason"]
        pairs += [
            ("reasons", sum(reasons.values()), source["account"]["rejected"]),
            ("long", reasons.get("line-too-long", 0), len(each.lines) - len(short)),
            ("bad times", min(reasons.get("bad-time", 0), untimed), untimed),  # a line cut in its time may be another
        ]
    for name, panel in expected["panels"].items():
        given_panel = given["panels"].get(name, {})
        if panel["usual"] and not panel["rows"] and not given_panel:
            continue
        pairs += [(f"{name}: {member}", given_panel.get(member), panel[member]) for member in ("by", "distinct")]
        pairs.append((f"{name}: rows", *both(given_panel.get("rows", []), panel["rows"], found.question)))
    return [f"{name}: {difference(have, want)}" for name, have, want in pairs if want != have]


def difference(have: Any, want: Any) -> str:
    """Return both sides; of lists only the first place where they differ."""
    if isinstance(have, list) and isinstance(want, list):
        at = next(
            (at for at, pair in enumerate(zip(have, want, strict=False)) if pair[0] != pair[1]), min(len(have), len(want))
        )
        have, want = (f"{len(rows)} rows, [{at}] {rows[at : at + 1]}" for rows in (have, want))
    return f"program {have}\n    reference {want}"


def both(given: list[Any], expected: list[Any], asked: Question) -> tuple[Any, Any]:
    """Return the rows of both, without an order where they are sorted by a number that may be 1 % off."""
    if not (asked.sort or "")[1:2].isdigit():
        return given, expected
    if asked.top:
        return len(given), len(expected)
    order = lambda row: [str(value) for value in row.values() if isinstance(value, str)]  # noqa: E731
    return sorted(given, key=order), sorted(expected, key=order)
