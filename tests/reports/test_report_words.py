"""What text and page of a report say in the same way."""

from __future__ import annotations

from msgspec.structs import replace

from logproc.formats.times.calendar import iso
from logproc.model.overview import Finding
from logproc.model.snapshot import Snapshot
from logproc.reports.html.contents import fact_texts, findings, tables
from logproc.reports.report_words import facts, finding_key, finding_words, shown_panels
from logproc.reports.text.headline import same_in_all
from logproc.reports.text.style import Look, paint
from tests.reports.html.overviews import overview, paths
from tests.reports.snapshots import NOON, hour_panel, panel, snapshot


def one_of_each() -> Snapshot:
    """Return a report in which all records share path, client and hour, with panels of pages and systems."""
    single = panel("path", ("/only", 998, 0)), panel("client", ("192.0.2.1", 998, 0)), hour_panel(998)
    others = panel("user_agent", ("one", 900, 0), ("other", 98, 0)), panel("status", ("200", 998, 0))
    parts = {
        "pages": replace(paths("pages", 1), distinct=1),
        "systems": replace(panel("systems", ("Linux", 998, 0)), by=("os",)),
    }
    return snapshot(panels={one.name: one for one in (*single, *others)}, overview=overview(panels=parts))


def test_what_all_records_share_is_a_fact_and_not_a_panel() -> None:
    """One path is not divided into pages and files, and the hour of a short log is in its span."""
    report = one_of_each()
    assert [one.name for one in facts(report)] == ["path", "client", "systems", "status"]
    assert shown_panels(report) == []


def test_text_and_page_have_the_same_facts() -> None:
    """In the same order; only the titles are those of a page and those for `--by`."""
    lines = paint(same_in_all(one_of_each(), Look()), color=False).splitlines()
    assert lines == ["path /only", "client 192.0.2.1", "os Linux", "status 200"]
    assert [value for _, value in fact_texts(one_of_each())] == [line.split()[-1] for line in lines]
    assert tables(one_of_each(), 10) == []


def test_findings_have_their_numbers() -> None:
    """One error is not a plural, a path may fail without a status, and an interval may begin within a minute."""
    change = Finding("change", iso(NOON + 30), 50, 2, "5xx", per="10 s")
    found = Finding("error message", "lost", 1, 1, "error"), Finding("failing path", "/a", 3, 9), change
    words = ["".join(text for text, _ in finding_words(one)) for one in found]
    assert words == ["1 of 1 error", "3 of 9 failed", "5xx rose from 2 to 50 per 10 s"]
    assert finding_key(change) == "2025-07-01 12:00:30"
    assert [one.words for one in findings(replace(overview().headline, worst=found))] == [
        "1 of 1 error (100.0 %)",
        "3 of 9 failed (33.3 %)",
        words[2],
    ]
