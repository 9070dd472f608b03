"""Hints: a name that is misspelt, or that another program has, leads to ours."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest

from logproc.command.cli import cli
from logproc.command.usage.click_errors import COMMANDS, OTHER_OPTIONS, options_of
from logproc.formats.detection.choice import OTHER_NAMES as OTHER_FORMATS
from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.errors import UsageError
from logproc.questions.metrics import parse_metric
from logproc.questions.names import OTHER_NAMES, STANDARD, hint_for
from logproc.questions.timespan import parse_moment
from logproc.questions.where.grammar import parse_where
from logproc.questions.zones import parse_zone

ACCESS = ("time", "client", "user", "method", "path", "target", "query", "status", "bytes", "referrer", "user_agent")
COMPUTED = ("browser", "status_class", "ext")


def hint(call: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    return caught.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ip", "did you mean 'client'?"),
        ("remote_addr", "did you mean 'client'?"),
        ("url", "did you mean 'path' or 'target'?"),
        ("useragent", "did you mean 'user_agent'?"),
        ("ua", "did you mean 'user_agent'?"),
        ("verb", "did you mean 'method'?"),
        ("metod", "did you mean 'method'?"),
        ("code", "did you mean 'status'?"),
        ("size", "did you mean 'bytes'?"),
        ("referer", "did you mean 'referrer'?"),
        ("statusclass", "did you mean 'status_class'?"),
        ("shap(path)", "did you mean 'shape(path)'?"),
        ("querry(id)", "did you mean 'query(id)'?"),
        ("evry(5m)", "did you mean 'every(5m)'?"),
        ("evry", "write every(5m)"),
        ("net", "write net:24"),
        ("level", "there are " + ", ".join(sorted(ACCESS))),
        ("elephant", "there are " + ", ".join(sorted(ACCESS))),
    ],
)
def test_a_field_that_no_source_has(name: str, expected: str) -> None:
    """The field's usual name, or else the nearest one, or else all; a standard field that a log lacks is not misspelt."""
    assert hint_for(name, ACCESS, COMPUTED) == expected


def test_a_key_of_the_log_may_have_the_other_name() -> None:
    """Who asks for a duration is led to the key that is probably one."""
    assert hint_for("duration", ["time", "latency"]) == "did you mean 'latency'?"
    assert hint_for("ip", ["time", "message"]) == "there are message, time"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("level => error", "write `>=`"),
        ("status => 500", "write `>=`"),
        ("status =< 500", "write `<=`"),
        ("status <> 500", "write `!=`"),
        ("status === 500", "write `==`"),
        ("status =! 500", "write `!=`"),
        ("status > > 500", ""),
        ("levl >= error", "did you mean 'level'?"),
        ("severity >= error", "did you mean 'level'?"),
        ("weekdy == Mon", "did you mean 'weekday'?"),
        ("levl == blue", 'write a text in quotes: "blue"'),
        ("path == cart", 'write a text in quotes: "cart"'),
        ("level >= wran", "did you mean 'warn'?"),
        ("level >= erorr", "did you mean 'error'?"),
        ("weekday == Mondy", "did you mean 'Monday'?"),
        ('shap(path) == "/x"', "did you mean 'shape(path)'?"),
        ("count(x) == 3", "write a field, such as shape(path) or query(NAME)"),
    ],
)
def test_a_filter_that_cannot_be_read(where: str, expected: str) -> None:
    """Operators of other languages, misspelt fields and misspelt levels are told apart."""
    assert hint(lambda: parse_where(where)) == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("avg:duration", "write mean:duration"),
        ("avrage:bytes", "did you mean 'mean:bytes'?"),
        ("meen:bytes", "did you mean 'mean:bytes'?"),
        ("pct95:duration", "write p95:duration"),
        ("p(95):duration", "write p95:duration"),
        ("percentile:duration", "write p95:duration"),
        ("95:duration", "write p95:duration"),
        ("hits", "did you mean 'count'?"),
        ("cuont", "did you mean 'count'?"),
        ("traffic", "did you mean 'bytes'?"),
    ],
)
def test_a_metric_that_is_unknown(metric: str, expected: str) -> None:
    """Names of other programs, percentiles in other notations, and misspelt ones with their field."""
    assert hint(lambda: parse_metric(metric)) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Berlin", "did you mean 'Europe/Berlin'?"),
        ("europe/berln", "did you mean 'Europe/Berlin'?"),
        ("New York", "did you mean 'America/New_York'?"),
        ("CEST", "did you mean 'Europe/Berlin'?"),
        ("utc+2", "write 'Etc/GMT-2': its sign is the other way round"),
        ("-05:00", "write 'Etc/GMT+5': its sign is the other way round"),
    ],
)
def test_a_zone_that_is_unknown(zone: str, expected: str) -> None:
    """A city, an abbreviation or an offset leads to a name that is known."""
    assert hint(lambda: parse_zone(zone)) == expected
    parse_zone(expected.split("'")[1])


@pytest.mark.parametrize(
    ("text", "expected"), [("2 hours ago", "write 2h"), ("90 secs", "write 90s"), ("yesteday", "did you mean 'yesterday'?")]
)
def test_a_time_in_words(text: str, expected: str) -> None:
    """A length of time in words leads to ours."""
    assert hint(lambda: parse_moment("--since", text, parse_zone("UTC"), 0)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nginx", "combined"), ("Apache", "combined"), ("jsonl", "json"), ("rfc5424", "syslog_5424"), ("combind", "combined")],
)
def test_a_format_that_is_unknown(name: str, expected: str) -> None:
    """The format of a server is found by the server's name."""
    assert hint(lambda: Choice.of(name, None, None, {})) == f"did you mean {expected!r}?"


def test_all_hints_lead_somewhere() -> None:
    """What a hint names exists."""
    assert set(OTHER_FORMATS.values()) <= {*BY_NAME, *SAMPLED}
    assert not OTHER_FORMATS.keys() & {*BY_NAME, *SAMPLED}
    assert {*OTHER_NAMES} <= {*STANDARD, "pid", "source", "every"}
    assert isinstance(cli, click.Group)
    analyze = options_of(cli.commands["analyze"])
    assert {option.split()[0] for option in OTHER_OPTIONS.values()} <= {*analyze}
    assert not OTHER_OPTIONS.keys() & {*analyze}
    assert {*COMMANDS.values()} <= cli.commands.keys()
