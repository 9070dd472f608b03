"""Formats of a user's own, as a table of a config file has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from logproc.formats.custom import format_of_table
from logproc.formats.detection.choice import Choice
from logproc.formats.known import FORMATS, TABLES, format_of_entry
from logproc.model.errors import UsageError
from logproc.pipeline.serial import run_serial
from logproc.settings import load
from tests.formats.readings import read
from tests.support.reports_of import sources_of

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSION = r"{time} {level} \((?P<worker>\w+)\) took=(?P<duration>\S+)"
TABLE = {"time": "iso", "expression": EXPRESSION, "multi_line": True}
LINES = b"2026-03-07 10:00:00 INFO (a1) took=1.5\n  more of it\n2026-03-07 10:00:01 ERROR (a2) took=3ms\n"


def test_a_table_describes_a_format() -> None:
    """The time has a known form, words in braces are pieces, other groups are fields, and a duration is a number."""
    reading = read(format_of_table("own", TABLE, "format"), LINES, ("level", "worker", "duration"))
    assert (reading.account.records, reading.account.continuation) == (2, 1)
    assert reading.time == [1772877600, 1772877601]
    assert reading.columns["level"] == ["info", "error"]
    assert reading.columns["worker"] == ["a1", "a2"]
    assert reading.columns["duration as a number"] == [1_500_000_000, 3_000_000]


def test_a_table_without_a_form_of_time_may_have_a_group_of_that_name() -> None:
    """Then a time of any known form is read, as in a pattern."""
    form = format_of_table("own", {"expression": "(?P<time>[^|]*)[|](?P<message>.*)"}, "format")
    assert read(form, b"2026-03-07T10:00:00Z|x\n", ("message",)).time == [1772877600]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({}, "no expression"),
        ({"expression": "x"}, "no named group"),
        ({"expression": "{time}", "time": "iso"}, "no named group"),
        ({"expression": "(?P<a>x)", "time": "iso"}, "go together"),
        ({"expression": "{time} (?P<a>x)"}, "go together"),
        ({"expression": "{time} (?P<a>x)", "time": "noon"}, "'noon' is unknown"),
        ({"expression": "(?P<a>x", "summary": ""}, "missing"),
        ({"expression": 7}, "is not a text"),
        ({"expression": "(?P<a>x)", "multi_line": "yes"}, "is not true or false"),
        ({"expression": "(?P<a>x)", "further": "(?P<b>"}, "missing"),
        ({"expression": "(?P<a>x)", "colour": "red"}, "unknown key 'colour'"),
        ({"expression": "(?P<a>x)", "units": "ms"}, "units is not a table"),
        ({"expression": "(?P<a>x)", "units": {"a": "weeks"}}, "unit 'weeks' of a is unknown"),
        ({"expression": "(?P<a>x)", "sums": {"b": ["a", "c"]}}, "b is not a sum of fields"),
        ({"expression": "(?P<a>x)", "sums": {"b": "a"}}, "b is not a sum of fields"),
    ],
)
def test_a_table_that_describes_nothing_is_refused(table: dict[str, Any], what: str) -> None:
    """The message says what is wrong, and which format it is in."""
    with pytest.raises(UsageError) as caught:
        format_of_table("own", table, "format 'own'")
    assert what in caught.value.what
    assert caught.value.what.startswith("format 'own'")


def test_a_config_file_has_formats_of_the_same_shape(tmp_path: Path) -> None:
    """A format of a config file is found by its lines, and by its name."""
    config, log = tmp_path / "logproc.toml", tmp_path / "log"
    config.write_text(f"[formats.ours]\ntime = 'iso'\nexpression = '{EXPRESSION}'\nmulti_line = true\n")
    log.write_bytes(LINES)
    given: tuple[dict[str, str], ...] = ({}, {"format": "ours"})
    for options in given:
        run = run_serial(sources_of(log), load(options, config, {}))
        assert run.snapshot.sources[0].format == "ours"
        assert run.snapshot.account.records == 2
    for text in ("formats = 1", "[formats]\nours = 'x'"):
        config.write_text(text)
        with pytest.raises(UsageError, match="formats"):
            load({}, config, {})


def test_the_catalogue_is_made_of_the_same_tables() -> None:
    """What a known format is, a user's own could be."""
    entries = [item for table in TABLES for item in table["formats"].items()]
    for name, entry in entries:
        assert replace(format_of_table(name, entry, name), keeps_untimed=False) == format_of_entry(name, entry)
    assert [form.name for form in FORMATS] == [name for name, _ in entries]
    assert Choice.of("ours", None, None, {"ours": dict(entries)["klog"]}).named is not None
