"""The page in a browser: what a mouse, a keyboard, a phone and a printer get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from logproc.reports.html.page import render_html
from logproc.reports.json_report import render_json
from tests.reports.html.chromium import Opened, opened
from tests.reports.html.overviews import full

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.needs("chromium", "playwright")
CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(channel);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, .area")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.localName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
FIRST_ROW = ["2025-07-01", "12:00", "21", "20", "0", "0", "0", "20.0", "kB", "10.0", "ms", "50.0", "ms", "200", "ms"]
SHAPES = """() => {
  const short = (value) => Number.isNaN(parseFloat(value)) ? value : parseFloat(value).toFixed(1);
  const words = (one) => [...one.attributes].map((at) => `${at.name}=${short(at.value)}`).sort().join(" ") + one.textContent;
  return ["rect", "line", "path", "text"].map((name) =>
    [...document.querySelectorAll(`figure[data-mode] .plot ${name}`)].map(words));
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with one of everything."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(full(), "logproc analyze access.log -o report.html"), "utf-8")
    return path


@pytest.fixture
def page(chromium: Browser, file: Path) -> Iterator[Opened]:
    """Yield the open page; whatever it asked for or complained of in the end fails the test."""
    with opened(chromium, file, permissions=["clipboard-read", "clipboard-write"]) as found:
        yield found
        assert found.noise == []


def keys(page: Opened) -> list[str]:
    return [text.removesuffix("copy").strip() for text in page.texts("#t1 tbody th")]


def bars(page: Opened, name: str) -> int:
    """Return how many bars of a class the chart shows."""
    return (page.page.locator(f"#time figure.shown path.{name}").get_attribute("d") or "").count("M")


def test_the_page_holds_the_json_report(page: Opened) -> None:
    """The embedded data is the JSON report, and the browser reads it as such."""
    text = page.page.locator("#logproc-report").text_content() or ""
    assert json.loads(text) == json.loads(render_json(full()))


def test_rows_beyond_the_first_are_shown_on_request(page: Opened) -> None:
    """Ten rows at first, then all, then ten again; the number of keys stands beside the title."""
    assert len(keys(page)) == 10
    assert page.texts("#t1 h2") == ["Pages 25 of 100"]
    page.page.get_by_role("button", name="Show all 25").click()
    assert len(keys(page)) == 25
    page.page.get_by_role("button", name="Show 10").click()
    assert len(keys(page)) == 10


def test_tables_are_sorted_by_any_column(page: Opened) -> None:
    """Numbers begin with the largest, keys with the first; a second click turns the order round. All rows take part."""
    table = page.page.locator("#t1")
    assert table.locator("th[aria-sort]").inner_text() == "count"
    table.get_by_role("button", name="count").click()
    assert keys(page)[:2] == ["/shop/24.html", "/shop/23.html"]
    assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    table.get_by_role("button", name="path", exact=True).click()
    assert keys(page)[:3] == ["/shop/0.html", "/shop/1.html", "/shop/2.html"]
    table.get_by_role("button", name="bytes").click()
    assert keys(page)[0] == "/shop/3.html"  # 10,000 bytes, the first of three
    table.get_by_role("button", name="bytes").press("Enter")
    assert keys(page)[0] == "/shop/0.html"


def test_tables_are_searched(page: Opened) -> None:
    """A search looks at all rows, also those that are not shown yet, in any case."""
    search = page.page.get_by_label("Search pages")
    search.fill("/SHOP/2")
    assert keys(page) == ["/shop/2.html", "/shop/20.html", "/shop/21.html", "/shop/22.html", "/shop/23.html", "/shop/24.html"]
    assert page.texts("#t1 h2") == ["Pages 6 of 25 found"]
    search.fill("")
    assert len(keys(page)) == 10


def test_keys_are_copied(page: Opened) -> None:
    """The button beside a key, which appears with the mouse or the keyboard, copies it; the command has one too."""
    page.page.locator("#t1 tbody tr").nth(1).hover()
    page.page.locator("#t1").get_by_role("button", name="Copy /shop/1.html").click()
    assert page.page.evaluate("navigator.clipboard.readText()") == "/shop/1.html"
    page.page.get_by_role("button", name="Copy the command").press("Enter")
    assert page.page.evaluate("navigator.clipboard.readText()") == "logproc analyze access.log -o report.html"


def test_the_chart_has_switches(page: Opened) -> None:
    """One chart is shown at a time: counts, bytes, errors, durations."""
    captions = []
    for name in ("Requests", "Bytes", "Error share", "Durations"):
        button = page.page.get_by_role("button", name=name, exact=True)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        captions += page.texts("#time figcaption")
    assert captions == [
        "Requests per 1 h, UTC",
        "Bytes per 1 h, UTC",
        "Share of errors per 1 h, UTC",
        "Duration per 1 h, logarithmic, UTC",
    ]
    assert len(page.page.locator("[aria-pressed=true]").all()) == 1


def test_the_script_draws_what_the_page_came_with(page: Opened, chromium: Browser, file: Path) -> None:
    """Bars, lines and labels are the same with and without JavaScript, in each of the four charts."""
    for name in ("Bytes", "Error share", "Durations"):
        page.page.get_by_role("button", name=name, exact=True).click()
    with opened(chromium, file, java_script_enabled=False) as still:
        assert page.page.evaluate(SHAPES) == still.page.evaluate(SHAPES)


def test_a_tooltip_follows_the_mouse(page: Opened) -> None:
    """It names the interval and its numbers, and goes when the mouse does."""
    area = page.page.locator("#time .area").first
    area.hover(position={"x": 5, "y": 50})
    assert page.texts(".tip")[0].split() == ["2025-07-01", "12:00", "all", "21", "2xx", "20"]
    page.page.mouse.move(5, 5)
    assert page.texts(".tip") == []


def test_a_brush_zooms(page: Opened) -> None:
    """Dragging over some bars shows these alone, in every chart; a button brings the others back."""
    area = page.page.locator("#time .area").first.bounding_box()
    assert area
    assert bars(page, "o2") == 30
    page.page.mouse.move(area["x"] + 0.30 * area["width"], area["y"] + 50)
    page.page.mouse.down()
    page.page.mouse.move(area["x"] + 0.60 * area["width"], area["y"] + 60, steps=3)
    assert page.page.locator(".brush").is_visible()
    page.page.mouse.up()
    assert bars(page, "o2") == 10
    page.page.get_by_role("button", name="Bytes", exact=True).click()
    assert bars(page, "by") == 10
    page.page.get_by_role("button", name="Whole time").click()
    assert bars(page, "by") == 30
    assert not page.page.get_by_role("button", name="Whole time").is_visible()


def test_everything_works_with_the_keyboard(page: Opened) -> None:
    """Tab comes to the switches and the chart, arrows move, Shift and arrows select, Enter zooms, Escape goes back."""
    keyboard = page.page.keyboard
    focus = "document.activeElement.textContent.slice(0, 12)"
    keyboard.press("Tab")
    assert page.page.evaluate(focus) == "Requests"
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(4):
        keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.getAttribute('class')") == "area"
    assert "Arrow keys" in page.texts("#hint")[0]
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    assert page.texts(".tip")[0].startswith("2025-07-01 13:00")
    assert (page.page.locator("#said").text_content() or "").startswith("2025-07-01 13:00: all 25, 2xx 21")
    for _ in range(3):
        keyboard.press("Shift+ArrowRight")
    keyboard.press("Enter")
    assert bars(page, "o2") == 4
    keyboard.press("Escape")
    assert bars(page, "o2") == 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(chromium: Browser, file: Path, scheme: str) -> None:
    """Every text has the contrast of WCAG's AA, 4.5 to 1, in both schemes, and these differ."""
    with opened(chromium, file, color_scheme=scheme) as page:
        page.page.get_by_text("These numbers as a table").click()
        assert page.page.evaluate(CONTRAST) == []
        background = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 28)")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_phone_scrolls_in_one_direction(chromium: Browser, file: Path, script: bool) -> None:
    """At 360 pixels nothing is wider than the screen."""
    with opened(chromium, file, viewport={"width": 360, "height": 740}, is_mobile=True, java_script_enabled=script) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.noise == []


def test_without_javascript_everything_is_there(chromium: Browser, file: Path) -> None:
    """All rows, all four charts and the account can be read; nothing is offered that needs a script."""
    with opened(chromium, file, java_script_enabled=False) as page:
        assert len(keys(page)) == 25
        assert page.page.locator("figure").count() == len(
            [one for one in page.page.locator("figure").all() if one.is_visible()]
        )
        assert page.texts(".account") == ["1,000 lines = 998 records + 1 rejected + 1 blank"]
        assert page.texts("button, input, .hint") == []
        page.page.get_by_text("These numbers as a table").click()
        assert page.texts(".times tbody tr")[0].split() == FIRST_ROW
        assert page.noise == []


def test_it_prints(page: Opened) -> None:
    """A PDF of a few pages, without the controls."""
    pdf = page.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 6
    page.page.emulate_media(media="print")
    assert page.texts(".switches, input, summary, .copy, .more") == []
