"""Nothing from a log becomes markup, script, style, a URL or a template, whichever field it is in."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from logproc.pipeline.api import analyze
from logproc.reports.html.page import render_html
from logproc.reports.json_report import render_json
from tests.formats.samples import SAMPLES
from tests.reports.html.chromium import opened
from tests.reports.html.overviews import filled
from tests.reports.html.payloads import PAYLOADS, PLAIN
from tests.reports.snapshots import panel, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

BROWSER = pytest.mark.needs("chromium", "playwright")
DATA = re.compile(r'<script type="application/json" id="logproc-report">(.*?)</script>', re.DOTALL)
FIELDS = (
    *("path", "query", "target", "method", "protocol", "client", "user", "referrer", "user_agent", "host", "status"),
    *("level", "raw_level", "logger", "program", "pid", "thread", "message", "text", "container", "stream"),
    *("file", "source", "traceId", "userId", "attr.error", "http_user_agent", "req.headers.user-agent", "cs(Cookie)"),
)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "script", "body", "header", "main", "section", "footer", "h1", "h2", "h3"),
    *("p", "b", "strong", "bdi", "span", "small", "code", "dl", "div", "dt", "dd", "ul", "li", "button", "input", "figure"),
    *("figcaption", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "svg", "defs", "pattern", "g", "rect"),
    *("path", "line", "circle", "text"),
}
"""What a page is made of."""
PARSED = """(text) => {
  const all = [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("*")];
  const acts = all.flatMap((one) => one.getAttributeNames()).filter((name) => /^(on.*|style|href|src.*|action)$/.test(name));
  return [all.map((one) => one.localName).join(" "), acts];
}"""
TOKEN = re.compile(rb"[^\s\"'\[\](){},;=|]+")


def words_from(texts: tuple[str, ...]) -> Callable[[], str]:
    """Return a function that gives these texts in turn, numbered so that no two are equal."""
    number = itertools.count()
    return lambda: f"{texts[next(number) % len(texts)]}{next(number):x}"


def page_with(start: int) -> str:
    """Return a page with payloads in all places; with each next start, each place has the next payload."""
    return render_html(filled(words_from((*PAYLOADS[start:], *PAYLOADS[:start]))), f"logproc analyze {PAYLOADS[start]}")


@BROWSER
def test_no_payload_has_an_effect_in_any_place(chromium: Browser, tmp_path: Path) -> None:
    """Each payload in each place of a report gives the elements that a harmless word gives, and no attribute that acts.

    Some of these pages are opened: no dialog, no request, no message of the console.
    """
    path = tmp_path / "report.html"
    path.write_text(render_html(filled(words_from(("word",))), "logproc analyze word"), "utf-8")
    with opened(chromium, path) as page:
        parsed = page.page.evaluate(PARSED, path.read_text("utf-8"))
        harmless = page.elements()
        for start in range(len(PAYLOADS)):
            assert page.page.evaluate(PARSED, page_with(start)) == parsed
        assert page.noise == []
    for start in range(0, len(PAYLOADS), 18):
        path.write_text(page_with(start), "utf-8")
        with opened(chromium, path) as page:
            assert page.elements() == harmless
            assert page.handlers() == []
            assert page.noise == []


def mutated(text: bytes, payloads: Iterator[str]) -> bytes:
    """Return a log often enough to be recognised, then each of its first lines with each of its words replaced in turn."""
    lines = text.splitlines()[:2]
    made = []
    for line in lines:
        for word in TOKEN.finditer(line):
            payload = next(payloads)
            inside = json.dumps(payload)[1:-1] if line.startswith(b"{") else payload
            made.append(line[: word.start()] + inside.encode() + line[word.end() :])
    return b"\n".join([*[text.rstrip(b"\n")] * (1 + 2 * len(made) // (1 + text.count(b"\n"))), *made, b""])


@BROWSER
def test_no_payload_has_an_effect_in_any_field_of_any_format(chromium: Browser, tmp_path: Path) -> None:
    """Each word of a log of each format is replaced by a payload; the page of all these logs has no elements of theirs."""
    payloads = itertools.cycle(PLAIN)
    paths = []
    for sample in SAMPLES:
        paths.append(tmp_path / f"{sample.name}.log")
        paths[-1].write_bytes(mutated(sample.text, payloads))
    report = analyze(paths, by=FIELDS, top=0)
    found = {name: sum("alert(1)" in row.key[0] for row in table.rows) for name, table in report.panels.items()}
    assert {name for name, number in found.items() if number} >= {
        *("path", "target", "query", "user", "referrer", "user_agent", "host", "logger", "message", "text", "raw_level"),
    }
    path = tmp_path / "report.html"
    path.write_text(render_html(report, "logproc"), "utf-8")
    with opened(chromium, path) as page:
        assert set(page.elements()) <= ELEMENTS
        assert page.elements()["script"] <= 3
        assert page.handlers() == []
        assert page.noise == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_data_stays_inside_its_element(payload: str) -> None:
    """The JSON report in the page has no `<`, is read back in full, and the page shows no character without ink."""
    report = snapshot(panels={"path": panel("path", (payload, 8, 1))})
    text = render_html(report)
    data = DATA.findall(text)
    assert len(data) == 1
    assert not set(data[0]) & set("<>&\u2028\u2029")
    assert json.loads(data[0]) == json.loads(render_json(report))
    assert text.replace("\n", "").isprintable()
    text.encode()


def test_a_long_key_is_cut_and_its_title_says_so() -> None:
    """A key of a megabyte is shown in 160 characters; two that differ in their middle do not look alike."""
    long = "/" + "a" * 1_000_000
    keys = (f"{long}1{long}", f"{long}2{long}")
    text = render_html(snapshot(panels={"path": panel("path", *((key, 8, 1) for key in keys))}))
    cells = re.findall(r'<th title="([^"]*)" data-place="([^"]*)">([^<]*)<td', text)
    assert [place for _, place, _ in cells] == ["0 0", "1 0"]
    assert len({shown for _, _, shown in cells}) == 2
    assert {len(shown) for _, _, shown in cells} == {160}
    assert all(title.endswith("… (2,000,003 characters)") for title, _, _ in cells)


@BROWSER
def test_a_long_key_is_copied_whole_and_visibly(chromium: Browser, tmp_path: Path) -> None:
    """What the page has cut is copied from its data; characters that a terminal would obey are written as numbers."""
    key = "/" + "a" * 5000 + "\u202e\n;reboot"
    path = tmp_path / "report.html"
    path.write_text(render_html(snapshot(panels={"path": panel("path", (key, 8, 1))})), "utf-8")
    with opened(chromium, path, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.page.locator("th .copy").press("Enter")
        copied = page.page.evaluate("navigator.clipboard.readText()")
        assert copied == "/" + "a" * 5000 + "\\u{202e}\\u{a};reboot"
        assert page.noise == []
