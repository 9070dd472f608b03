"""The question of a state: what changes counts is part of it, what does not is not, and differences are named."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from logproc.model.errors import UsageError
from logproc.questions.zones import parse_zone
from logproc.records.state.asked import NOT_ASKED, asked, difference
from logproc.settings import Settings

NOW_S = 1_772_877_600
ASKED = {
    *(
        "encoding",
        "format",
        "pattern",
        "nginx_conf",
        "map",
        "where",
        "since",
        "until",
        "tz",
        "by",
        "metric",
        "sort",
        "visitors",
    ),
    *("client_from", "anonymize", "max_keys", "max_line_bytes", "max_bytes", "compares", "shows", "patterns", "formats"),
}
"""The settings that change counts."""


def of(**settings: Any) -> dict[str, str]:
    """Return the question of some settings."""
    every = Settings(**settings)
    values = {item.name: getattr(every, item.name) for item in fields(Settings)}
    return asked(values, parse_zone(every.tz), NOW_S)


def test_every_setting_was_decided_upon() -> None:
    """A new setting belongs in one of the two sets: the program takes it to be a part of the question meanwhile."""
    assert {item.name for item in fields(Settings)} == NOT_ASKED | ASKED
    assert not NOT_ASKED & ASKED


DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "by": ({"by": ("path",)}, {"by": ("status",)}, "counted with --by path, this run has --by status"),
    "several": ({"by": ("a", "b,c")}, {}, "counted with --by a --by b,c, this run has no --by"),
    "where": ({}, {"where": "status >= 500"}, "counted with no --where, this run has --where 'status >= 500'"),
    "a flag": ({"anonymize": True}, {}, "counted with --anonymize, this run has no --anonymize"),
    "a number": ({"max_keys": 7}, {"max_keys": 8}, "counted with --max-keys 7, this run has --max-keys 8"),
    "a zone": ({}, {"tz": "Europe/Berlin"}, "counted with --tz UTC, this run has --tz Europe/Berlin"),
    "a sort that measures": ({}, {"sort": "p95:duration"}, "counted with no --sort, this run has --sort p95:duration"),
    "metrics": ({"metric": ("rate",)}, {"metric": ("rate,visitors",)}, "--metric rate, this run has --metric rate,visitors"),
    "the order of maps": ({"map": ("a=b", "a=c")}, {"map": ("a=c", "a=b")}, "--map a=b --map a=c, this run"),
    "a table": ({"formats": (("x", {"pattern": "a"}),)}, {}, "[formats] in the config file"),
    "a command": ({"shows": ()}, {}, "counted with `logproc show`, this run has no `logproc show`"),
    "a time": ({"since": "2026-03-07"}, {"since": "2026-03-08"}, "--since 2026-03-07T00:00:00Z, this run"),
}


@pytest.mark.parametrize(("before", "now", "words"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_question_is_named(before: dict[str, Any], now: dict[str, Any], words: str) -> None:
    assert words in difference(of(**before), of(**now))


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "what is shown of records": ({"shows": ()}, {"shows": ("time", "path")}),
    "how it is shown": ({"top": 3, "order": "asc", "sort": "count", "output": "json", "quiet": True}, {"sort": "key"}),
    "how it is read": ({"workers": 1, "memory": 1 << 20, "chunk_size": 99}, {"readers": 3, "retries": 0}),
    "the order of panels": ({"by": ("a", "b")}, {"by": ("b", "a")}),
    "the order of metrics": ({"metric": ("rate, p95:x",)}, {"metric": ("p95:x", "rate")}),
    "the same zone": ({"tz": "UTC"}, {}),
    "the same time": (
        {"since": "2026-03-07 01:00", "tz": "Europe/Berlin"},
        {"since": "2026-03-07T00:00Z", "tz": "Europe/Berlin"},
    ),
}


@pytest.mark.parametrize(("before", "now"), SAME.values(), ids=SAME)
def test_the_same_question_is_the_same(before: dict[str, Any], now: dict[str, Any]) -> None:
    assert difference(of(**before), of(**now)) == ""


@pytest.mark.parametrize("text", ["2h", "now", "yesterday", "today 10:00", "10:00"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_time_that_moves_is_refused(name: str, text: str) -> None:
    """What was counted an hour ago would still be counted when it no longer belongs to the last two."""
    with pytest.raises(UsageError) as refused:
        of(**{name: text})
    assert refused.value.hint.startswith(f"name a fixed time: --{name} '2026-03-0")


def test_the_time_that_is_proposed_is_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError) as refused:
        of(since="2h", tz="Asia/Tokyo")
    assert refused.value.hint == "name a fixed time: --since '2026-03-07 17:00:00'"


@pytest.mark.parametrize("text", ["2026-03-07", "@1772877600", "2026-03-07 10:00:00.5", "07/Mar/2026:10:00:00 +0100"])
def test_a_fixed_time_is_kept(text: str) -> None:
    assert of(since=text)["since"].startswith("2026-03-07T")


def test_a_server_configuration_is_compared_by_its_content(tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text("one")
    before = of(nginx_conf=str(conf))
    conf.write_text("two")
    assert difference(before, of(nginx_conf=str(conf)))


def test_a_configuration_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(UsageError, match="no such file"):
        asked({"nginx_conf": "/nowhere"}, UTC, NOW_S)
