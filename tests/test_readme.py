"""README.md is true: its commands are run, its Python is run, and its tables are those of the program.

To have outputs and tables written anew: UPDATE_README=1 .venv/bin/python -m pytest tests/test_readme.py
"""

from __future__ import annotations

import doctest
import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from logproc import errors
from logproc.cli import cli
from logproc.formats.known import listing
from tests.picture import PICTURES, draw

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
UPDATE = bool(os.environ.get("UPDATE_README"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PACE = re.compile(r"in [\d.]+ s   [\d.]+ [kMG]?B/s")
DEFAULT = re.compile(r"  \[default: (.*)\]$")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [match[2] for match in BLOCK.finditer(README.read_text("utf-8")) if match[1] == language]


def written(old: str, new: str, place: str = "{}") -> str:
    """Return what README says in a place, after it was written anew if that is asked for."""
    if UPDATE:
        README.write_text(README.read_text("utf-8").replace(place.format(old), place.format(new)), "utf-8")
        return new
    return old


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with what the commands of README need: the sample logs, and a command `logproc` of this interpreter."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "logproc"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m logproc "$@"\n', "utf-8")
    command.chmod(0o755)
    return tmp_path


def run_console(block: str, folder: Path) -> Iterator[str]:
    """Yield each command of a block, with its prompt, followed by what it prints to stdout and stderr."""
    kept = {"HOME": str(folder), "LANG": "C.UTF-8", "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        run = subprocess.run(
            ["bash", "-c", f"exec 2>&1; {command}"],
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        yield f"$ {command}\n{run.stdout.decode()}"


def paceless(text: str) -> str:
    """Return a report without the time that it took."""
    return PACE.sub("in T s   R MB/s", text)


CONSOLES = [
    pytest.param(block, marks=pytest.mark.needs("bash", *(["jq"] if "jq " in block else [])), id=block.splitlines()[0][2:50])
    for block in blocks("console")
]


@pytest.mark.parametrize("block", CONSOLES)
def test_commands_print_what_is_shown(block: str, folder: Path) -> None:
    """Every command of a console block, run in turn, prints what stands below it."""
    real = "".join(run_console(block, folder))
    assert paceless(written(block, real)) == paceless(real)


@pytest.mark.parametrize("block", blocks("pycon"))
def test_python_prints_what_is_shown(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python session runs as it is shown."""
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(block, {}, "README.md", None, None)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example, out=report.append)
    assert "".join(report) == ""
    assert example.examples


def place_of(name: str) -> str:
    """Return the marks of a name, with `{}` for what stands between them."""
    return f"<!-- {name} -->\n{{}}<!-- /{name} -->"


def marked(name: str) -> str:
    """Return what stands between the marks of a name."""
    match = re.search(place_of(name).format("(.*?)"), README.read_text("utf-8"), re.DOTALL)
    assert match, f"README.md has no place {name}"
    return match[1]


def options_table() -> str:
    """Return the options of `logproc analyze` as a table."""
    rows = ["| option | default | |", "|---|---|---|"]
    command = cli.get_command(click.Context(cli), "analyze")
    assert command
    for option in command.params:
        if isinstance(option, click.Option):
            text, metavar = option.help or "", value_of(option)
            default = DEFAULT.search(text)
            names = ", ".join(f"`{name}`" for name in option.opts[:-1]) + (", " if option.opts[1:] else "")
            shown = f"{names}`{option.opts[-1]}{metavar}`".replace("|", r"\|")
            rows.append(f"| {shown} | {default[1] if default else ''} | {DEFAULT.sub('', text)} |")
    return "\n".join(rows) + "\n"


def value_of(option: click.Option) -> str:
    """Return what stands behind the name of an option, nothing for a flag."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + "|".join(option.type.choices)
    return f" {option.metavar}"


def test_options_are_those_of_the_command() -> None:
    """The table of options has every option with its default and its text."""
    assert written(marked("options"), options_table(), place_of("options")) == options_table()


def test_exit_codes_are_those_of_the_program() -> None:
    """Every exit code has a row."""
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")} | {129, 130, 143}
    rows = re.findall(r"^\| (\d+) \|", marked("exit-codes"), re.MULTILINE)
    assert {int(code) for code in rows} == codes


def test_formats_are_those_that_are_known() -> None:
    """Every format has a row with its summary, in the order of `logproc formats`."""
    table = "| name | |\n|---|---|\n" + "".join(f"| `{name}` | {summary} |\n" for name, summary, _ in listing())
    assert written(marked("formats"), table, place_of("formats")) == table


def test_there_is_a_place_for_the_benchmark() -> None:
    """The marks between which the table of `make bench` stands are there."""
    assert marked("bench")


def test_the_pictures_show_the_report_of_today(tmp_path: Path) -> None:
    """What `make picture` draws has the words and numbers of the pictures in docs/."""
    draw(tmp_path)
    assert {name: words(tmp_path / name) for name in PICTURES} == {name: words(ROOT / "docs" / name) for name in PICTURES}


def words(picture: Path) -> list[str]:
    """Return the text of a picture; how rich draws it may change with its version."""
    body = re.sub(r"<style>.*?</style>", "", picture.read_text("utf-8"), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).split()
