"""Readers of reports, as programs use them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from tests.support.schema import valid


def strict(text: str) -> Any:
    """Parse JSON and refuse what RFC 8259 does not allow."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    document = json.loads(text.encode("utf-8"), parse_constant=refuse)
    json.dumps(document, ensure_ascii=False).encode("utf-8")  # a lone surrogate that came out of an escape fails here
    return valid(document)


def valid_text(text: str) -> str:
    """Return the text that valid JSON has in place of a text: half pairs as text, undecodable bytes as bytes."""
    names = {chr(code): f"\\u{code:x}" for code in range(0xD800, 0xE000)} | {
        chr(0xDC00 + byte): f"\\x{byte:x}" for byte in range(0x80, 0x100)
    }
    return "".join(names.get(character, character) for character in text)


def rows_of(report: str) -> list[list[str]]:
    """Return the rows as a CSV reader parses them."""
    return list(csv.reader(io.StringIO(report, newline="")))
