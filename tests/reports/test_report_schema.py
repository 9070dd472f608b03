"""docs/report.schema.json: valid itself, complete, and strict enough to find a report that is not as it says.

Every report that the suite parses is checked against it: see `tests/support/schema.py`.
"""

from __future__ import annotations

import copy
import json
import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fault import in_process
from tests.support.schema import SCHEMA, closed, valid

jsonschema = pytest.importorskip("jsonschema")
ROOT = Path(__file__).parents[2]
QUESTIONS = [
    ["sample_data/shop-access.log", "sample_data/api.jsonl"],
    ["sample_data/damaged.log", "missing.log"],
    ["sample_data/worker-log.txt", "--top", "0"],
    ["sample_data/shop-access.log", "--by", "status,path", "--metric", "p95:bytes,uniques:client,first:time"],
    ["sample_data/shop-access.log", "--by", "path", "--max-keys", "3"],
    ["sample_data/shop-access.log", "--where", "status == 999"],
]


def report_of(*arguments: str) -> Any:
    with chdir(ROOT):
        return json.loads(in_process("analyze", "-q", "--output", "json", *arguments).stdout or "null")


def test_the_schema_is_valid() -> None:
    """It follows JSON Schema 2020-12, also where only the tests are stricter."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator.check_schema(closed(schema))


@pytest.mark.parametrize("arguments", QUESTIONS, ids=" ".join)
def test_reports_of_every_kind_are_valid(arguments: list[str]) -> None:
    """With and without an overview, with metrics, dropped keys, rejected lines and failed sources."""
    report = report_of(*arguments)
    assert valid(report)["schema"] == 1
    assert (report["overview"] is None) is ("--by" in arguments or not report["account"]["records"])


def broken(report: Any, *path: str | int, value: Any = None) -> Any:
    """Return a copy with another value in one place; with None, without the member."""
    changed = copy.deepcopy(report)
    *way, last = path
    inner = changed
    for step in way:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("complete",), None),
        (("schema",), 2),
        (("new",), 1),
        (("account", "lines"), -1),
        (("account", "skipped"), 0),
        (("sources", 0, "state"), "done"),
        (("overview", "headline", "records"), 1.5),
        (("overview", "timeline", "intervals", 0, "quantiles"), ["fast"]),
        (("overview", "week", 0), [1]),
        (("panels", "status", "rows", 0, "count"), None),
        (("panels", "status", "rows", 0, "status_number"), 2.5),
        (("panels", "status", "rows", 0, "status"), [200]),
        (("panels", "status", "approximate"), True),
    ],
    ids=str,
)
def test_what_is_not_as_it_says_is_found(path: tuple[str | int, ...], value: Any) -> None:
    """A member that is missing, unknown or of another type is a fault, wherever it is."""
    report = report_of("sample_data/shop-access.log")
    valid(report)
    with pytest.raises(AssertionError):
        valid(broken(report, *path, value=value))


def test_a_status_is_also_a_number() -> None:
    """Rows with a status keep it as text and have it as a number as well, whatever the other columns are."""
    for by in ("status", "status,path", "path,status"):
        rows = report_of("sample_data/shop-access.log", "--by", by)["panels"][by]["rows"]
        assert {type(row["status"]) for row in rows} == {str}
        assert all(row["status_number"] == int(row["status"]) for row in rows)
    assert "status_number" not in report_of("sample_data/shop-access.log", "--by", "path")["panels"]["path"]["rows"][0]


def test_a_status_that_is_a_word_has_no_number(tmp_path: Path) -> None:
    """In logs of applications a status may be anything."""
    log = tmp_path / "a.jsonl"
    log.write_text(
        "".join(f'{{"time":"2026-03-07T10:00:0{n}Z","status":{s}}}\n' for n, s in enumerate(('"ok"', "200", '"1e2"')))
    )
    rows = report_of(str(log), "--by", "status")["panels"]["status"]["rows"]
    assert {row["status"]: row["status_number"] for row in rows} == {"ok": None, "200": 200, "1e2": None}


def test_the_page_names_every_member() -> None:
    """The table in docs/reports.md has each member of a report."""
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    members = json.loads(SCHEMA.read_text("utf-8"))["properties"]
    named = re.findall(
        r"`(\w+)(?:\[\])?`", " ".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    )
    assert set(members) <= set(named)
