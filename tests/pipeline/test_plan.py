"""Settings become a plan, or a usage error that says what to write instead."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logproc.model.errors import UsageError
from logproc.pipeline.plan import Plan
from logproc.questions.metrics import parse_metrics
from logproc.settings import Settings

NANO = 10**9
NOON_S = 1_772_884_800


def plan(**knobs: Any) -> Plan:
    """Return the plan of settings, made at noon of 7 March 2026."""
    return Plan.of(Settings(**knobs), now_s=NOON_S)


def test_without_a_question_the_usual_panels_are_made() -> None:
    """The plan of the defaults filters nothing and measures nothing."""
    question = plan().question
    assert [panel.name for panel in question.panels][:3] == ["hour", "status", "method"]
    assert (question.filters, question.metrics, question.zone) == (False, (), UTC)


def test_times_count_from_the_start_of_the_run() -> None:
    """A relative time counts back from now, a time of day is today's in the zone, a date its midnight there."""
    question = plan(since="2h", until="13:30", tz="Europe/Berlin").question
    assert (question.since, question.until) == ((NOON_S - 7200) * NANO, (NOON_S + 1800) * NANO)
    assert question.zone == ZoneInfo("Europe/Berlin")
    assert plan(since="2026-03-07").question.since == (NOON_S - 12 * 3600) * NANO


def test_what_is_needed_is_wanted() -> None:
    """The columns to be parsed are those of panels, filters and metrics, and of what these are computed from."""
    wanted = plan(by=("shape(path),hour",), metric=("p95:duration",), where='bot == "bot"').question.wanted
    assert set(wanted) >= {"path", "time", "duration", "user_agent", "bytes"}


@pytest.mark.parametrize("by", [(), ("path",)])
def test_what_is_sorted_by_is_shown(by: tuple[str, ...]) -> None:
    """--sort adds its metric once, after the requested ones; count, bytes and key are always there."""
    assert plan(by=by, sort="p95:duration").question.metrics == parse_metrics("p95:duration")
    assert plan(by=by, sort="rate", metric=("p95:duration",)).question.metrics == parse_metrics("p95:duration,rate")
    assert plan(by=by, sort="rate", metric=("rate", "p95:duration")).question.metrics == parse_metrics("rate,p95:duration")
    assert [plan(by=by, sort=sort).question.metrics for sort in ("count", "bytes", "key")] == [()] * 3
    assert "duration" in plan(by=by, sort="p95:duration").question.wanted


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"where": "status >"}, "column"),
        ({"where": ""}, "--where is empty: leave it out, or write a filter"),
        ({"where": " \n"}, "--where is empty"),
        ({"since": ""}, "--since '' is not a time"),
        ({"until": ""}, "--until '' is not a time"),
        ({"where": 'path =~ "("'}, "missing )"),
        ({"since": "yesterday evening"}, "is not a time"),
        ({"since": "10:00", "until": "09:00"}, "not before --until"),
        ({"tz": "Nowhere/City"}, "not a known zone"),
        ({"by": ("path,path",)}, "--by 'path,path': path is named twice: name it once"),
        ({"by": ("",)}, "does not name fields"),
        ({"by": ("path,,",)}, "does not name fields"),
        ({"by": ("net:300",)}, "not a network"),
        ({"metric": ("p95",)}, "needs a field"),
        ({"metric": ("median:bytes",)}, "--metric 'median:bytes' is unknown: write p50:bytes"),
        ({"metric": ("avg:duration",)}, "write mean:duration"),
        ({"metric": ("p95",)}, "--metric 'p95' needs a field: write p95:duration"),
        ({"metric": ("uniq:client",)}, "did you mean 'uniques:client'?"),
        ({"metric": ("volume",)}, "known are count, bytes, rate"),
        ({"sort": "median:bytes"}, "--sort 'median:bytes' is unknown"),
        ({"format": "COMBINED"}, "did you mean 'combined'?"),
        ({"format": "combinde"}, "did you mean 'combined'?"),
        ({"format": "$remote_user$http_referer"}, "column"),
        ({"format": "%h %Q"}, "column"),
        ({"pattern": "(?P<a>x"}, "missing )"),
        ({"pattern": "(?P<a>(?!x))"}, "invalid perl operator"),
        ({"pattern": "no group"}, "no named group"),
        ({"pattern": r"(?P<a>x)\Q"}, "--pattern: missing ):"),
        ({"pattern": r"\Q(?P<a>\E(?P<b>x)"}, "where no group begins"),
        ({"pattern": "(?P<a>x)(?P<a>y)"}, "call the other one a_2"),
        ({"pattern": "(?P<a>\udcf3)"}, "no UTF-8"),
        ({"nginx_conf": "/nowhere/nginx.conf"}, "nginx.conf"),
        ({"pattern": "(?P<a>x)", "format": "json"}, "exclude one another"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(knobs: dict[str, Any], words: str) -> None:
    """Each message says what is wrong, and where, or what is known."""
    with pytest.raises(UsageError) as caught:
        plan(**knobs)
    assert words in str(caught.value)
