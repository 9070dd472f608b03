"""The known formats for people: their names, what they are, and a line of each."""

from __future__ import annotations

from logproc.formats.known import FORMATS
from logproc.formats.readers.layout import LAYOUTS

SAMPLED = (
    (
        "json",
        "JSON lines: one object a line, of any logger or server",
        '{"time": "2026-03-07T10:00:00Z", "level": "info", "msg": "ready"}',
    ),
    ("logfmt", "logfmt: `key=value` pairs", 'ts=2026-03-07T10:00:00Z level=info msg="ready" took=3ms'),
    ("w3c", "W3C extended: IIS, CloudFront", "2026-03-07 10:00:00 192.0.2.7 GET /cart 200 4263"),
)
GENERIC = (
    ("text", "Any text with a time in it, and a level where one is found", "[2026-03-07 10:00:00] ERROR: disk is full"),
    ("plain", "Any text: lines are counted, and a level where one is found", "disk is full"),
)


def listing() -> list[tuple[str, str, str]]:
    """Return the name, the summary and an example of each format."""
    return [
        *((layout.name, layout.summary, layout.example) for layout in LAYOUTS),
        *SAMPLED,
        *((form.name, form.summary, form.example) for form in FORMATS),
        *GENERIC,
    ]
