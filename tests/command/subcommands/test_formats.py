"""`logproc formats NAME`: the page on a format says what it finds, and its definition finds the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from logproc.command.subcommands.formats import page_of, read_example, shown_of
from logproc.formats.custom import format_of_table
from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME, ENTRIES, SAMPLED, listing
from tests.support.processes import Ended, logproc

NAMES = [name for name, _, _ in listing()]
OWN = """
[patterns]
ticket = '(?P<id>\\w+)[|](?P<program>\\w+)'

[formats.shop]
summary = "The shop's log"
example = "2026-03-07 10:00:00 |ERROR| no stock"
time = "iso"
expression = '{time} [|](?P<level>\\w+)[|] {message}'
multi_line = true
"""


def said(run: Ended) -> str:
    return run.stdout.decode()


def plain(text: str, _what: str) -> str:
    return text


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_what_the_format_finds_in_its_example(name: str) -> None:
    """Each field with its value, and the fields of other lines; the example and whose documentation it is from."""
    page, shown = page_of(name, {}, plain), shown_of(name, {})
    found = read_example(shown.form, shown.example)
    assert found
    assert page.startswith(f"{name}: {shown.summary}\n")
    rows = dict(re.findall(r"^  (\S+) +(.*)$", page, re.MULTILINE))
    assert {field: rows[field] for field in found} == {field: value.rstrip() for field, value in found.items()}
    assert shown.manual or name in {"text", "plain"}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_table_of_a_page_is_the_format(name: str) -> None:
    """In the config file it is another format that finds the same in the example."""
    page = page_of(name, {}, plain)
    ((mine, table),) = tomllib.loads(page[page.index("[formats.") :])["formats"].items()
    form = format_of_table(mine, table, "test")
    assert mine == f"my_{name}"
    found = read_example(form, table["example"])
    assert found == read_example(BY_NAME[name], BY_NAME[name].example)


@pytest.mark.parametrize("name", sorted({*BY_NAME} - {*ENTRIES}))
def test_the_definition_of_a_page_is_the_format(name: str) -> None:
    """`--format` takes what the page has for the usual access logs."""
    definition = re.search(r"--format '(.*)'", page_of(name, {}, plain))
    assert definition
    form = Choice.of(definition[1], None, None, {}).named
    assert form is not None
    assert read_example(form, BY_NAME[name].example) == read_example(BY_NAME[name], BY_NAME[name].example)


def test_every_format_has_a_page() -> None:
    """Those that are learned from a sample say so."""
    assert {*BY_NAME, *SAMPLED} == set(NAMES)
    for name in SAMPLED:
        assert "learned from the log" in page_of(name, {}, plain)


def test_a_format_of_the_config_file_has_a_page(tmp_path: Path) -> None:
    """Its table is as the file has it, a pattern is one for `--pattern`, and the list ends with both."""
    (tmp_path / "logproc.toml").write_text(OWN, "utf-8")
    shop = logproc("formats", "shop", cwd=tmp_path)
    assert (shop.code, shop.stderr) == (0, "")
    page = said(shop)
    assert "  level      error\n  message    no stock\n" in page
    assert "records    of one line or several" in page
    assert tomllib.loads(page[page.index("[formats.") :])["formats"] == tomllib.loads(OWN)["formats"]
    ticket = said(logproc("formats", "ticket", cwd=tmp_path))
    assert "fields: id, program" in ticket
    assert "--pattern '(?P<id>\\w+)[|](?P<program>\\w+)'" in ticket
    assert re.findall(r"^\S+$", said(logproc("formats", cwd=tmp_path)), re.MULTILINE) == [*NAMES, "ticket", "shop"]
    wrong = logproc("formats", "shup", cwd=tmp_path)
    assert (wrong.code, wrong.stderr) == (2, "logproc: format 'shup' is unknown: did you mean 'shop'?\n")


def test_a_page_is_plain_text_but_on_a_terminal() -> None:
    """Nothing but text goes into a pipe; styles mark the name, the fields and the notes."""
    styled = page_of("gin", {}, lambda text, what: f"<{what}>{text}</>")
    assert re.sub("<(name|field|note)>|</>", "", styled) == page_of("gin", {}, plain)
    assert "\x1b" not in said(logproc("formats", "gin", "uvicorn"))


def test_times_say_which_zone_they_have() -> None:
    """Whether with a zone, without, without a year, or none."""
    notes = {
        name: re.search("times +(.*)", page_of(name, {}, plain)) for name in ("combined", "gin", "syslog", "squid", "morgan")
    }
    texts = {name: note[1] for name, note in notes.items() if note}
    assert texts["combined"].endswith("with the zone")
    assert texts["gin"].endswith("without a zone: in --tz")
    assert "without a year" in texts["syslog"]
    assert texts["squid"].endswith("seconds since 1970")
    assert texts["morgan"] == "none"
