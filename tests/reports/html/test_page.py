"""The page as text: its policy, its size, what it says, and that it is the same for the same report."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

import pytest
from msgspec.structs import replace

from logproc.model.overview import Headline
from logproc.model.panel import Row
from logproc.model.source import State
from logproc.pipeline.api import analyze
from logproc.reports.html.page import part, render_html
from tests.reports.html.overviews import full, overview, paths, timeline
from tests.reports.snapshots import asked_panel, hour_panel, panel, snapshot, source

TAGS = re.compile(r"<[^>]*>")
STYLE = part("style.css")


def words(text: str) -> str:
    """Return what a person reads, with single blanks."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", text)
    return " ".join(TAGS.sub(" ", body).split())


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    """The hashes in the policy are those of the two elements; no other source of anything is named."""
    text = render_html(full())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    hashes = [
        base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for name in ("style", "script")
        for content in re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    ]
    rules = "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
    assert policy.replace("&#39;", "'") == rules.format(*hashes)


def test_no_address_of_anywhere_is_in_the_page() -> None:
    """The page itself has no URL, but for the name of SVG in the script, and no attribute that fetches or acts."""
    text = render_html(full())
    assert set(re.findall(r"https?://[^\"' ]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<[^>]* (?:src|href|style|on\w+|action)=", text)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_same_report_gives_the_same_page() -> None:
    """Nothing in the page depends on the time or on the place where it is made."""
    assert render_html(full(), "logproc") == render_html(full(), "logproc")


def test_the_size_of_a_usual_page() -> None:
    """A page of an access log with full tables has at most 200 kB, compressed 60 kB."""
    log = "sample_data/shop-access.log"
    text = render_html(analyze(log, top=25)).encode()
    assert len(text) < 200_000
    assert len(gzip.compress(text)) < 60_000


def test_the_headline() -> None:
    """Each number has its tile: with a share, a rate or what belongs to it, and a tone if something is wrong."""
    text = render_html(full())
    tiles = [words(tile) for tile in re.findall(r"<dl class=\"tiles\">(.*?)</dl>", text, re.DOTALL)[0].split("</div>")]
    assert tiles[:-1] == [
        "Requests 998 32.4 per hour",
        "Server errors, 5xx 7 0.7 %",
        "Client errors, 4xx 30 3.0 %",
        "Clients 321 12 bots among them",
        "Duration, p50 20.0 ms p95 300 ms p99 1.20 s",
        "Bytes sent 12.3 MB 12.4 kB each",
        "Lines not parsed 1 0.1 % of 1,000 lines",
    ]
    assert re.findall(r'<div class="(\w+)"><dt>([^<]*)', text) == [
        ("bad", "Server errors, 5xx"),
        ("warn", "Client errors, 4xx"),
        ("warn", "Lines not parsed"),
    ]


def test_no_error_has_no_tone() -> None:
    """A tile is red only if there is something to look at."""
    quiet = replace(overview(), headline=Headline(requests=False, records=10, errors=0))
    text = render_html(snapshot(overview=quiet))
    assert "Errors 0 none" in words(text)
    assert 'class="bad"' not in text


def test_findings_are_sentences() -> None:
    """What is worth a look is told with its numbers."""
    text = words(render_html(full()))
    assert "Failing path /checkout 5 of 9 failed, most with 503 (55.6 %)" in text
    assert "Error message connection to &lt;ip&gt; refused 3 of 7 errors (42.9 %)" in text
    assert "Largest change 2025-07-01 21:00 5xx rose from 30 to 45" in text


def test_panels_that_the_overview_has_better_are_left_out() -> None:
    """Pages stand for paths, browsers for user agents, the chart for hours; a panel of one key is a fact below the title."""
    text = render_html(full())
    heads = [words(head) for head in re.findall(r"<h2>(.*?)</h2>", text)]
    assert heads == [
        *("Worth a look", "Requests over time", "Hours of the week UTC", "Durations", "pages 25 of 100", "not found 4 of 100"),
        *("browsers 1", "status 4", "method 2", "client 2 of 12", "Where every line went"),
    ]
    whole = {"method": panel("method", ("GET", 998, 0)), "user": panel("user", ("alice", 997, 0))}
    shared = render_html(
        replace(full(), panels=whole, overview=overview(panels={"browsers": panel("browsers", ("Firefox", 998, 1))}))
    )
    assert re.findall("<span>([^<]*)<bdi>([^<]*)", shared) == [("browsers ", "Firefox"), ("method ", "GET")]
    assert "user 1" in words(shared)  # one user, but not of every record


def test_the_panels_of_a_user_are_all_tables() -> None:
    """Without an overview each panel is shown, with its metrics; one by time is a chart as well."""
    asked = asked_panel(Row(("/a", "200"), 5, 10, (0.25,)), by=("path", "status"), metrics=("p95:duration",))
    text = render_html(snapshot(panels={"path,status": asked, "hour": hour_panel(3, 0, 5)}))
    assert "path status count % bytes p95 duration" in words(text)
    assert "250 ms" in text
    assert "Records over time" in words(text)
    assert re.findall(r'<path d="([^"]*)" class="by">', text)[0].count("M") == 2
    assert text.count('class="panel"') == 2


def test_what_is_not_complete_is_said_first() -> None:
    """A page of a run that lacks something begins with that; each source has its state and its reason."""
    text = words(
        render_html(snapshot(source("a.log"), source("b.gz", State.INCOMPLETE, reason="cut off", hint="fetch it again")))
    )
    assert "Not complete. 1 of 2 sources could not be read to the end; see below." in text
    assert "b.gz cut off : fetch it again" in text or "b.gz cut off: fetch it again" in text


def test_rejected_lines_and_notes_are_shown() -> None:
    """Each reason with its number and samples; notes with their source."""
    text = words(render_html(snapshot(source(notes=("3 lines had undecodable bytes",)))))
    assert "1 unterminated-quote access.log:7 192.0.2.7" in text
    assert "access.log : 3 lines had undecodable bytes" in text


def test_a_long_table_ends_and_says_so() -> None:
    """A table has at most a thousand rows; the data in the page has all."""
    rows = tuple(Row((f"/{at}",), 1, None) for at in range(1200))
    text = render_html(snapshot(panels={"path": replace(paths("path", 1), rows=rows, distinct=1200)}))
    assert text.count("<th>/") == 1000
    assert "the first 1,000 rows; the data in this page has all 1,200" in text


@pytest.mark.parametrize("hours", [1, 2, 400])
def test_any_number_of_intervals(hours: int) -> None:
    """A single interval has no chart; many have one without gaps."""
    text = render_html(snapshot(overview=overview(timeline=timeline(hours))))
    assert ("over time" in text.partition("<script")[0]) == (hours > 1)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return sum(part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_marks_have_contrast(scheme: int) -> None:
    """Bars, lines and borders that mean something have 3 to 1 against the page (WCAG 2.2, 1.4.11)."""
    colours = dict(re.findall(r"--(\w+(?:-\w+)?): (#\w+);", STYLE.split("@media (prefers-color-scheme: dark)")[scheme][:2000]))
    marks = ("calm", "neutral", "warn", "bad", "worst", "other", "bar")
    assert {
        name: round(contrast(colours[name], colours["page"]), 1)
        for name in marks
        if contrast(colours[name], colours["page"]) < 3
    } == {}
