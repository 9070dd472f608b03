"""Debian's chromium, driven by playwright: it opens pages, and notes whatever they should not do."""

from __future__ import annotations

import gc
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

COUNT = """() => {
  const found = {};
  for (const element of document.querySelectorAll("*")) found[element.localName] = (found[element.localName] ?? 0) + 1;
  return found;
}"""
TEXTS = """(selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility({visibilityProperty: true})).map((one) => one.innerText)"""
HANDLERS = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  [...element.attributes].filter((one) => /^on|^style$|^href$|^src|^action$/.test(one.name)).map((one) => one.name))"""


@dataclass
class Opened:
    """An open page. noise: what it wrote to the console, asked for, or threw."""

    page: Page
    noise: list[str] = field(default_factory=list)

    def elements(self) -> Counter[str]:
        """Return how many elements of each name the page has."""
        return Counter(self.page.evaluate(COUNT))

    def handlers(self) -> list[str]:
        """Return the attributes that could run something, ask for something, or style by themselves."""
        return list(self.page.evaluate(HANDLERS))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of the visible elements."""
        return list(self.page.evaluate(TEXTS, selector))


@contextmanager
def browser() -> Iterator[Browser]:
    """Start chromium; end it at the end of the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
    gc.collect()


@contextmanager
def opened(chromium: Browser, file: Path, **options: Any) -> Iterator[Opened]:
    """Open a page in a profile of its own. options: those of playwright's `new_context`."""
    context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
    page = context.new_page()
    found = Opened(page)
    noise = found.noise

    def refuse(dialog: Dialog) -> None:
        noise.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda message: noise.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: noise.append(f"error: {error}"))
    page.on("dialog", refuse)
    page.on("request", lambda request: noise.append(f"request: {request.url}"))
    page.goto(file.as_uri())
    noise.remove(f"request: {file.as_uri()}")
    yield found
    context.close()
