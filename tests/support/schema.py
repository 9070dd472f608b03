"""JSON reports against docs/report.schema.json. Every report that a test parses goes through `valid`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
FEW_ROWS = 40
"""Rows of a panel, and intervals, that are looked at, at either end: all rows of a panel are written by the same code."""


def valid(document: Any) -> Any:
    """Return a parsed document. Raises AssertionError with the first fault and its place if it is an invalid report."""
    if not (isinstance(document, dict) and "schema" in document and "panels" in document):
        return document
    check = validator()
    fault = next(check.iter_errors(shortened(document)), None) if check else None
    assert fault is None, f"{fault.json_path}: {fault.message}"
    return document


@cache
def validator() -> Any:
    """Return what checks a report: by the schema, and so that a member that the schema does not know is a fault.

    None if the library is not installed; a test of the schema then appears in the summary.
    """
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return None
    return Draft202012Validator(closed(json.loads(SCHEMA.read_text("utf-8"))))


def closed(schema: Any) -> Any:
    """Return a schema that allows only the members that it names: readers ignore others, but tests must find them."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner


def shortened(part: Any) -> Any:
    """Return a report with only the first and last elements of its long lists."""
    if isinstance(part, dict):
        return {name: shortened(member) for name, member in part.items()}
    if isinstance(part, list):
        return [shortened(member) for member in (part if len(part) <= 2 * FEW_ROWS else part[:FEW_ROWS] + part[-FEW_ROWS:])]
    return part
