"""Draw README's picture of the page with Debian's chromium: `make picture`.

usage: python -m tools.pictures.page [FILE]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from logproc.reports.html.page import render_html
from tools.pictures.report import ROOT, report

LOG = "api.jsonl"
SIZE = {"width": 1120, "height": 1090}


def main() -> None:
    """Write the picture, by default to docs/page.png: from the title to the durations."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/page.png"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "report.html"
        page.write_text(render_html(report((LOG,)), f"logproc analyze {LOG} -o report.html"), "utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict
        tab.goto(page.as_uri())
        tab.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    main()
