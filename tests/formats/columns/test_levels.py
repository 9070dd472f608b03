"""Levels of all logs are on one scale."""

from __future__ import annotations

import operator
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.levels import LEVELS, level_of
from logproc.formats.detection.detect import detect, fallback
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.errors import UsageError
from logproc.questions.view import View
from logproc.questions.where.grammar import parse_where
from tests.formats.readings import read
from tests.questions.records import records

WORDS = {
    "trace": "TRACE trce VRB Verbose trace8 TRACE3 silly DEBUG-4 verbose2",
    "debug": "DEBUG DBG dbug FINE FINEST 20 7 debug5 D1 http DEBU 100 INFO-1 SEVERITY_NUMBER_DEBUG",
    "info": "INFO Information inf LOG Note CONFIG 30 6 200 INFO4 SEVERITY_NUMBER_INFO2",
    "notice": "NOTICE 5 250 INFO+2",
    "warning": "WARN warning WRN W 40 4 300 WARN2 WARN+1 ERROR-2",
    "error": "ERROR err SEVERE fail E 50 3 400 ERRO ERROR4 ERROR+1",
    "critical": "CRITICAL FATAL FTL ALERT emerg PANIC dpanic F C 60 0 1 2 500 550 600 FATA PANI PNC FATAL2 ERROR+8",
}
"""As programs write them, by what they mean."""
MEANT = [(word, level) for level, words in WORDS.items() for word in words.split()]
RELATIONS = {">=": operator.ge, ">": operator.gt, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne}
LOGS = [
    ("syslog", "<34>Oct 11 22:14:15 mx su: x", "critical"),
    ("syslog_5424", "<165>1 2026-03-07T10:00:00Z mx app - - - x", "notice"),
    ("syslog_5424", "<191>1 2026-03-07T10:00:00Z mx app - - - x", "debug"),
    ("syslog", "Oct 11 22:14:15 mx su: x", None),
    ("redis", "1:M 07 Mar 2026 10:00:00.010 . x", "debug"),
    ("redis", "1:M 07 Mar 2026 10:00:00.010 - x", "info"),
    ("redis", "1:M 07 Mar 2026 10:00:00.010 * x", "notice"),
    ("redis", "1:M 07 Mar 2026 10:00:00.010 # x", "warning"),
    ("klog", "E0307 10:00:00.123456    1 a.go:1] x", "error"),
    ("logcat", "03-07 10:00:00.123  17  23 V A: x", "trace"),
    ("nginx_error", "2026/03/07 10:00:00 [emerg] 1#0: x", "critical"),
    ("apache_error", "[Sat Mar 07 10:00:00 2026] [ssl:trace3] [pid 8] x", "trace"),
]


@pytest.mark.parametrize(("word", "level"), MEANT)
def test_words_letters_and_numbers_have_one_meaning(word: str, level: str) -> None:
    """In any case of letters; syslog's numbers and pino's have no number in common."""
    assert {level_of(word), level_of(word.lower()), level_of(word.upper())} == {level}


@given(st.text(max_size=20))
def test_other_words_have_none(word: str) -> None:
    """What is on no scale is not a level, and nothing else than a level comes out."""
    known = {word.lower() for word, _ in MEANT}
    assert level_of(word) in {None, *LEVELS}
    assert level_of("x" + word + "x") is None or "x" + word.lower() + "x" in known


@pytest.mark.parametrize(("name", "line", "level"), LOGS)
def test_each_format_writes_levels_in_its_way(name: str, line: str, level: str | None) -> None:
    """The priority of syslog holds the severity, Redis has signs, and `-` is one of them."""
    assert read(BY_NAME[name], line.encode() + b"\n", ("level",)).columns.get("level", [None]) == [level]


def test_the_word_of_the_log_is_kept() -> None:
    """`raw_level` is what the log says, also where it means no level."""
    lines = b'{"level":"WARN"}\n{"level":"chatty"}\n{"level":40}\n{"msg":"x"}\n'
    columns = read(SAMPLED["json"], lines, ("level", "raw_level")).columns
    assert columns == {"level": ["warning", None, "warning", None], "raw_level": ["WARN", "chatty", "40", None]}


@given(st.lists(st.sampled_from([*LEVELS, None]), min_size=1), st.sampled_from([word for word, _ in MEANT]))
def test_filters_know_the_order(levels: list[str | None], word: str) -> None:
    """Any word of any scale can be compared with, quoted or not; records without a level match nothing."""
    columns, wanted = records([None] * len(levels), level=levels), LEVELS.index(level_of(word) or "")
    view = View(columns, UTC)
    for symbol, holds in RELATIONS.items():
        for written in {word, f'"{word}"'} if word.isalpha() else {f'"{word}"'}:
            found = parse_where(f"level {symbol} {written}").mask(columns, view.field)
            assert found.tolist() == [level is not None and holds(LEVELS.index(level), wanted) for level in levels]


@pytest.mark.parametrize(
    "text", ["level == green", 'level == "green"', "level >= 70", 'level =~ "ERR"', 'level contains "err"']
)
def test_what_is_not_a_level_is_refused(text: str) -> None:
    """The error names the levels, or the field with the log's own words."""
    with pytest.raises(UsageError):
        parse_where(text)


SCALED = [
    ('{"time_unix_nano":"1772877600000000000","severity_number":%s,"body":"x"}', ["1", "6", "9", "16", "17", "24"]),
    ('{"Timestamp":"2026-03-07T10:00:00Z","SeverityNumber":%s,"Body":"x"}', ["4", "5", "12", "13", "20", "21"]),
    ('{"asctime":"2026-03-07 10:00:00","levelno":%s,"message":"x"}', ["5", "10", "20", "30", "40", "50"]),
    ('{"TimeCreated":"2026-03-07T10:00:00Z","Level":%s,"ProviderName":"W","EventID":7}', ["5", None, "4", "3", "2", "1"]),
    ('{"reqId":"a","level":%s,"time":"2026-03-07T10:00:00Z","app":"core","message":"x"}', [None, "0", "1", "2", "3", "4"]),
    ('{"version":"1.1","host":"h","short_message":"x","timestamp":1772877600,"level":%s}', [None, "7", "6", "4", "3", "2"]),
]
"""Loggers whose numbers mean trace, debug, info, warning, error and critical."""


@pytest.mark.parametrize(("line", "numbers"), SCALED)
def test_numbers_are_those_of_the_logger(line: str, numbers: list[str | None]) -> None:
    """OpenTelemetry's, Python's and Windows' numbers have scales of their own, which their names or their company show."""
    levels = ["trace", "debug", "info", "warning", "error", "critical"]
    expected = [level for level, number in zip(levels, numbers, strict=True) if number]
    data = "".join(line % number + "\n" for number in numbers if number).encode()
    found = detect(data, whole=True)
    assert found
    assert read(found, data, ("level",)).columns["level"] == expected


@pytest.mark.parametrize(
    "line",
    ['{"time":"2026-03-07T10:00:00Z","level":%d,"msg":"x"}', "time=2026-03-07T10:00:00Z level=%d msg=x took=1s"],
)
def test_a_small_number_is_on_no_scale_that_nothing_shows(line: str) -> None:
    """Syslog counts down to the worst, and others count up: the number is only what the log says."""
    data = "".join(line % number + "\n" for number in (0, 1, 3, 7)).encode()
    found = detect(data, whole=True)
    assert found
    columns = read(found, data, ("level", "raw_level")).columns
    assert set(columns.get("level", [])) <= {None}
    assert columns["raw_level"] == ["0", "1", "3", "7"]


@pytest.mark.parametrize("text", ["[%d] disk is full", "(%d) disk is full", "<%d> disk is full"])
def test_a_number_in_brackets_is_not_a_level(text: str) -> None:
    """It is a thread or a process, also if it is one of the numbers that some logger has for its levels."""
    data = "".join(f"2026-03-07 10:00:0{number} {text % number}\n" for number in range(8)).encode()
    found = detect(data, whole=True)
    assert found is None or set(read(found, data, ("level",)).columns.get("level", [])) <= {None}


def test_a_channel_and_its_level_are_not_a_logger() -> None:
    """What ends in a level before a colon, as in `app.ERROR:`, is not the name of a logger."""
    data = b"2026-03-07 10:00:00 app.ERROR: disk is full\n2026-03-07 10:00:01 app.INFO: disk is free\n"
    found = detect(data, whole=True) or fallback(data, whole=True)
    assert found
    columns = read(found, data, ("level", "logger")).columns
    assert columns["level"] == ["error", "info"]
    assert set(columns.get("logger", [])) <= {None}
