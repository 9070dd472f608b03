"""Reports as programs read them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any


def strict(text: str) -> Any:
    """Parse JSON and refuse what RFC 8259 does not know."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    document = json.loads(text.encode("utf-8"), parse_constant=refuse)
    json.dumps(document, ensure_ascii=False).encode("utf-8")  # a lone surrogate that came out of an escape fails here
    return document


def mended(text: str) -> str:
    """Return what stands in valid JSON for a text: half pairs as text, those of an undecodable byte as the byte."""
    names = {chr(code): f"\\u{code:x}" for code in range(0xD800, 0xE000)} | {
        chr(0xDC00 + byte): f"\\x{byte:x}" for byte in range(0x80, 0x100)
    }
    return "".join(names.get(character, character) for character in text)


def rows_of(report: str) -> list[list[str]]:
    """Return the rows as a CSV reader sees them."""
    return list(csv.reader(io.StringIO(report, newline="")))
