"""A hook of MkDocs: the page on threads is THREADING.md, which is kept beside README.md and not in docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

THREADING = Path(__file__).parents[1] / "THREADING.md"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the text of a page. Links in THREADING.md are relative to the project's root, those of pages to docs/."""
    if page.file.src_uri != "threads.md":
        return markdown
    return THREADING.read_text("utf-8").replace("](docs/", "](")
