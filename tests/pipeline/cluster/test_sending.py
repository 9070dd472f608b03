"""Whatever the question and the format: a worker in another process gets what the client has."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from logproc.formats.detection.choice import Choice
from logproc.pipeline.plan import Plan
from logproc.questions.zones import parse_zone
from logproc.settings import Settings
from tests.formats.samples import SAMPLES, Sample

FILTERS = [
    'path =~ "^/a" and not (status in (404, 410) or bytes < 10kB)',
    'message contains "x" or user is absent',
    'client == "10.0.0.1" and duration >= 200ms',
    'time >= "2026-03-07 10:00" and hour_of_day == "10"',
    'level >= "error" and shape(message) != "a"',
]
QUESTIONS: list[dict[str, Any]] = [
    *({"where": where} for where in FILTERS),
    {"by": ("every(5m),status", "shape(path)"), "metric": ("p95:duration", "share(status >= 500)", "peak(1s)", "first:time")},
    {"visitors": True, "client_from": "xff", "anonymize": True, "tz": "Europe/Berlin", "since": "2h"},
    {"map": ("duration=took:ms", "level=severity"), "max_keys": 5, "sort": "bytes"},
    {"format": "combined"},
    {"pattern": r"(?P<level>\w+) (?P<message>.*)"},
    {"format": '$remote_addr [$time_local] "$request" $status'},
    {"patterns": (("own", r"(?P<client>\S+)"),)},
]


@pytest.mark.parametrize("knobs", QUESTIONS, ids=str)
def test_a_plan_can_be_sent(knobs: dict[str, Any]) -> None:
    """What arrives asks for the same columns and filters by the same words."""
    plan = Plan.of(Settings(**knobs))
    sent = pickle.loads(pickle.dumps(plan))
    assert sent.question.wanted == plan.question.wanted
    assert pickle.dumps(sent) == pickle.dumps(pickle.loads(pickle.dumps(sent)))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_format_can_be_sent(sample: Sample) -> None:
    """What arrives is equal, so that many sources of one format share it again when their counts are joined."""
    form = Choice().detect(sample.text, whole=True)
    assert pickle.loads(pickle.dumps(form)) == form
    assert hash(pickle.loads(pickle.dumps(form))) == hash(form)


@pytest.mark.parametrize("tz", ["EST5EDT,M3.2.0,M11.1.0", ":/usr/share/zoneinfo/Europe/Paris", "Foo3"])
def test_a_zone_without_a_name_can_be_sent(tz: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone of this machine need not be known on others."""
    from datetime import UTC, datetime

    monkeypatch.setenv("TZ", tz)
    zone = parse_zone("local")
    sent = pickle.loads(pickle.dumps(zone))
    for month in (1, 7):
        moment = datetime(2026, month, 1, tzinfo=UTC)
        assert moment.replace(tzinfo=sent).utcoffset() == moment.replace(tzinfo=zone).utcoffset()
