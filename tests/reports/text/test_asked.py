"""Times, shares and stretches of time as people read them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logproc.model.panel import Panel, Row
from logproc.reports.json_report import render_json
from logproc.reports.key_styles import value_text
from logproc.reports.metric_values import figure
from logproc.reports.text.style import Look
from logproc.reports.text.terminal import render_terminal
from tests.reports.snapshots import snapshot

TIMES = ("2026-03-07T10:00:00Z", "2026-03-08T11:30:05+01:00")
SHARE = "share(status >= 500)"


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("second", "2026-03-07T10:00:07Z", "2026-03-07 10:00:07"),
        ("every(90s)", "2026-03-07T10:01:30", "2026-03-07 10:01:30"),
        ("every(5m)", "2026-03-07T10:05:00Z", "2026-03-07 10:05"),
        ("every(1d)", "2026-03-07T00:00:00Z", "2026-03-07 00:00"),
        ("week", "2026-W10", "2026-W10"),
        ("month", "2026-03", "2026-03"),
        ("hour_of_day", "09", "09"),
        ("query(t)", "2026-03-07T10:00:00Z", "2026-03-07T10:00:00Z"),
    ],
)
def test_a_stretch_is_shown_as_fine_as_it_is(column: str, value: str, shown: str) -> None:
    """Seconds only where they differ; what merely looks like a time stays."""
    assert value_text(column, value) == shown


def test_times_and_shares_are_for_people() -> None:
    """A time without its offset, a share in per cent; a missing one is a dash."""
    assert [figure("first:time", time, Look()) for time in TIMES] == ["2026-03-07 10:00:00", "2026-03-08 11:30:05"]
    assert [figure(SHARE, number, Look()) for number in (0.25, 1.0, 0.0, 0.0001)] == ["25.0 %", "100.0 %", "0.0 %", "<0.1 %"]
    assert figure("last:time", "2026-03-07T11:00:00.123456+01:00", Look()) == "2026-03-07 11:00:00.123456"
    assert figure("last:time", None, Look()) == figure("rate", None, Look())


@pytest.mark.parametrize("sorted_by", ["last:time", SHARE, None])
def test_rows_with_times_are_drawn(sorted_by: str | None) -> None:
    """Whatever they are sorted by: a time has no length, so the bar is that of the count. JSON has every digit."""
    metrics = ("last:time", SHARE)
    rows = tuple(
        Row((path,), 3 - at, None, (time, 1 / (3 + at))) for at, (path, time) in enumerate(zip("ab", TIMES, strict=True))
    )
    shown = replace(snapshot(), panels={"path": Panel("path", ("path",), 2, rows, metrics, sorted_by=sorted_by)})
    text = render_terminal(shown, Look())
    assert "2026-03-08 11:30:05" in text
    assert "33.3 %" in text
    assert f'"last:time": "{TIMES[1]}", "{SHARE}": 0.25}}' in render_json(shown)
    assert "0.3333333333333333}" in render_json(shown)
