"""A comparison as text, as JSON and as a page: everything found is there, and nothing of a log controls what shows it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from logproc.model.comparison import Change, Compared, Comparison
from logproc.reports.comparing.conditions import Answer, Condition
from logproc.reports.comparison_json import comparison_json
from logproc.reports.html.comparison import comparison_html
from logproc.reports.text.comparison import render_comparison
from logproc.reports.text.style import Look

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e"
BEFORE = Compared("old/access.log", "log", 50_000, 1_772_877_600, 1_772_963_999, 24)
AFTER = Compared("new/access.log", "report", 52_345, 1_772_964_000, 1_773_050_399, 1)


def change(
    kind: str, field: str, key: str, what: Any, numbers: tuple[float | None, float | None], chance: float | None
) -> Change:
    counts = tuple(None if number is None else round(10_000 * number) for number in numbers)
    return Change(kind, field, key, what, *numbers, (counts[0], counts[1]), chance, found=chance is not None and chance < 1e-3)


FOUND = Comparison(
    BEFORE,
    AFTER,
    overall=(
        change("rate", "", "", "rose", (3.5, 3.6), 0.4),
        change("errors", "", "", "rose", (0.001, 0.0325), 1e-20),
        change("share", "outcome", "4xx", "fell", (0.1, 0.08), 0.02),
        change("p95", "", "", "rose", (0.25, 0.5), 4e-6),
        change("p99", "", "", "rose", (0.9, 1.5), None),
    ),
    findings=(
        change("share", "status", "502", "appeared", (0.0, 0.03), 1e-7),
        change("share", "message", "disk <n> of " + "very " * 30 + "long is full", "appeared", (0.0, 0.0123), 1e-9),
        change("share", "message", HOSTILE, "vanished", (0.02, 0.0), 3e-7),
        change("errors", "path", "/checkout", "rose", (0.01, 0.2), 2e-6),
        change("p50", "path", "/search", "fell", (0.5, 0.1), 1e-5),
        change("share", "path", "/", "rose", (0.01, 0.05), 1e-5),
    ),
    tested=1234,
    rate=0.01,
    smallest={"errors": 0.0123, "key": 0.0045, "p50": 0.12},
    unknown={"path": 40},
    notes=("new/access.log: not everything was read",),
)
NONE = Comparison(BEFORE, AFTER, FOUND.overall[:1], (), 200, 0.01, {"errors": 0.0123})
ANSWERS = (
    Answer(Condition("error_share +1%"), holds=True, because=(FOUND.overall[1],)),
    Answer(Condition("new client", field="client"), holds=False),
    Answer(Condition("4xx +1%", "4xx", 0.01), holds=False, because=(FOUND.overall[2],), undecided=True, least=0.03),
    Answer(Condition("p99:duration +1%"), holds=False, because=(FOUND.overall[4],), undecided=True),
    Answer(
        Condition("new status", field="status"),
        holds=False,
        because=tuple(change("share", "status", key, "appeared", (0.0, 0.01), None) for key in ("500", "501", "503", "504")),
        undecided=True,
    ),
)
LOOKS = {
    "80 columns": Look(80, terminal=True),
    "140 columns": Look(140, color=True, terminal=True),
    "40 columns": Look(40, terminal=True),
    "ASCII": Look(80, ascii_only=True, terminal=True),
    "a pipe": Look(100),
}


@pytest.mark.parametrize("name", LOOKS)
def test_the_text_fits_and_cannot_control_a_terminal(name: str) -> None:
    """No line of a terminal is too wide but in the narrowest, and there is no sequence but for colours."""
    look = LOOKS[name]
    text = render_comparison(FOUND, look, 10, ANSWERS)
    plain = render_comparison(FOUND, Look(look.columns, ascii_only=look.ascii_only, terminal=look.terminal), 10, ANSWERS)
    assert ("\x1b" in text) is look.color
    assert all(line.isprintable() for line in plain.split("\n"))
    if look.terminal and look.columns >= 80:
        assert max(map(cell_len, plain.split("\n"))) <= look.columns
    if look.ascii_only:
        assert plain.isascii()


def lines_of(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_text_says_what_was_found() -> None:
    """Numbers before and after, the change, and the chance; where it may be chance that is said."""
    lines = lines_of(render_comparison(FOUND, Look(100), 10, ANSWERS))
    for line in (
        "records per second 3.5 3.6 +3 % possible",
        "↑ error share 0.1 % 3.25 % +3.15 points <1 in 100 million",
        "4xx 10.0 % 8 % -2.00 points possible",
        "↑ p95 250 ms 500 ms +100 % 1 in 250,000",
        "p99 900 ms 1.50 s +67 % too few",
        "+ 502 0 3 % new, 300 1 in 10 million",
        "↑ /checkout errors 1 % 20.0 % +19.00 points 1 in 500,000",
        "↓ /search p50 500 ms 100 ms -80 % 1 in 100,000",
        "↑ / 1 % 5 % ×5.0 1 in 100,000",
        "8 of 1,234 differences are more than chance",
        "40 keys of paths not compared: one side does not list them",
        "new/access.log: not everything was read",
        "fails error_share +1% 0.1 % → 3.25 %",
        "passes new client",
        "undecided new status 500, 501, 503 and 1 more: may be chance",
        "new/access.log is a report, which knows less than its log (only the rows it shows, and not when they",
        "occur): fewer differences are found; name the log instead",
    ):
        assert line in lines


def test_without_findings_one_line_says_so_and_what_could_not_be_seen() -> None:
    """The power of a comparison belongs to its result."""
    lines = lines_of(render_comparison(replace(NONE, after=BEFORE), Look(100), 10))
    assert lines[-2:] == [
        "none of 200 differences is more than chance",
        "too small to detect here: error share below 1.2 points",
    ]


def test_an_undecided_condition_says_what_could_be_told() -> None:
    """The numbers, why it is not decided, and from what size on it would be."""
    lines = lines_of(render_comparison(FOUND, Look(100), 10, ANSWERS))
    assert "undecided 4xx +1% 10.0 % → 8 %: may be chance; smaller changes than 3 points cannot be told here" in lines
    assert "undecided p99:duration +1% 900 ms → 1.50 s: too few records to tell it from chance" in lines


def test_two_numbers_that_a_sketch_cannot_tell_apart_are_not_the_same() -> None:
    """`same` stands beside equal numbers only."""
    alike = replace(NONE, overall=(change("p50", "", "", "same", (0.748, 0.733), 1.0),))
    for look, mark in ((Look(100), "≈"), (Look(100, ascii_only=True), "~")):
        assert f"p50 748 ms 733 ms {mark} possible" in lines_of(render_comparison(alike, look, 10))


def test_rows_beyond_top_are_counted() -> None:
    """--top bounds the rows of each field."""
    lines = lines_of(render_comparison(FOUND, Look(100), 1))
    assert "2 more: --top 0 shows all" in lines
    assert not any("/search" in line for line in lines)


def test_the_json_is_the_documented_one() -> None:
    """All members are there, and nothing unprintable is in the text."""
    text = comparison_json(FOUND, ANSWERS)
    assert "\x1b" not in text
    found = json.loads(text)
    assert list(found) == [
        *("schema", "kind", "before", "after", "overall", "findings", "tested", "false_discovery_rate"),
        *("smallest", "unknown", "notes", "conditions"),
    ]
    assert found["before"] == {
        "name": "old/access.log",
        "of": "log",
        "records": 50_000,
        "first": "2026-03-07T10:00:00Z",
        "last": "2026-03-08T09:59:59Z",
        "blocks": 24,
    }
    assert found["findings"][2] == {
        "kind": "share",
        "field": "message",
        "key": HOSTILE,
        "outcome": "",
        "what": "vanished",
        "before": 0.02,
        "after": 0.0,
        "records_before": 200,
        "records_after": 0,
        "standard_error": None,
        "chance": 3e-7,
        "finding": True,
    }
    assert [(one["condition"], one["holds"]) for one in found["conditions"]] == [
        ("error_share +1%", True),
        ("new client", False),
        ("4xx +1%", False),
        ("p99:duration +1%", False),
        ("new status", False),
    ]


def test_the_json_has_three_verdicts() -> None:
    """Of one that is undecided it has the changes too."""
    found = json.loads(comparison_json(FOUND, ANSWERS))["conditions"]
    assert [one["verdict"] for one in found] == ["fails", "passes", "undecided", "undecided", "undecided"]
    assert [one["key"] for one in found[4]["because"]] == ["500", "501", "503", "504"]
    assert found[2]["least"] == 0.03


class Page(HTMLParser):
    """Collects the elements of a page, and the content of its JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.json = ""
        self.text: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.json += data
        self.text.append(data)


def test_the_page_holds_the_comparison_and_no_script() -> None:
    """Log text is text; the only script element is data; the policy forbids everything but the style."""
    text = comparison_html(FOUND, ANSWERS, command="logproc diff a b", top=0)
    page = Page()
    page.feed(text)
    assert page.elements.count("script") == 1
    assert "img" not in page.elements
    assert not [name for name in page.attributes if name.startswith("on") or name in {"src", "href"}]
    assert json.loads(page.json) == json.loads(comparison_json(FOUND, ANSWERS))
    assert "default-src 'none'; style-src 'sha256-" in text.replace("&#39;", "'")
    assert "\x1b" not in text
    shown = " ".join(page.text)
    for words in (
        "8 of 1,234 differences are more than chance",
        "/checkout",
        "errors rose",
        "+19.00 points",
        "logproc diff a b",
        "undecided",
        "500, 501, 503 and 1 more: may be chance",
    ):
        assert words in shown
