"""Help texts compared with stored files, so that every change of words shows up in a diff.

To update the files: UPDATE_HELP=1 .venv/bin/python -m pytest tests/command/usage/test_help.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from logproc.command.cli import cli
from logproc.command.exit_codes import EXIT_ORDER
from logproc.command.usage.help import EXIT_CODES
from logproc.model.knobs import GROUPS, option_name
from logproc.settings import knobs
from tests.support.processes import environment

ROOT = Path(__file__).parents[3]
STORED = Path(__file__).with_name("help")
COMMANDS = {
    "logproc": ["--help"],
    "analyze": ["analyze", "--help"],
    "diff": ["diff", "--help"],
    "analyze-all": ["analyze", "--help-all"],
    "diff-all": ["diff", "--help-all"],
    "formats": ["formats"],
    "formats-help": ["formats", "--help"],
    "formats-traefik": ["formats", "traefik"],
    "threads": ["threads"],
}
COLUMNS = 100
LINE_NUMBER = re.compile(r"(\.py):\d+")


def said(*arguments: str, **variables: str) -> str:
    """Return what a command prints at the stored width, with line numbers of code as N."""
    environ = environment(**{"COLUMNS": str(COLUMNS), **variables})
    command = [sys.executable, "-m", "logproc", *arguments]
    run = subprocess.run(command, env=environ, capture_output=True, check=True)
    assert run.stderr == b""
    return LINE_NUMBER.sub(r"\1:N", run.stdout.decode())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_words_are_those_that_are_stored(name: str) -> None:
    """Help texts, formats and threading patterns are those in the stored files."""
    stored, text = STORED / f"{name}.txt", said(*COMMANDS[name])
    if os.environ.get("UPDATE_HELP"):
        stored.write_text(text, "utf-8")
    assert text == stored.read_text("utf-8")


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", ["logproc", "analyze", "analyze-all", "diff", "diff-all", "formats-help"])
def test_help_fits_its_terminal(name: str, columns: int) -> None:
    """No line of a help text is wider than the terminal."""
    assert max(map(len, said(*COMMANDS[name], COLUMNS=str(columns)).splitlines())) <= columns


def headings(text: str) -> list[str]:
    return re.findall(r"^(\S.*):$", text, re.MULTILINE)


def test_examples_come_first_and_options_in_groups() -> None:
    """The short help has a dozen or so options, the whole help each one of them, both in the same groups."""
    assert headings(said("--help")) == ["Examples", "Options", "Commands"]
    short, whole = said("analyze", "--help"), said("analyze", "--help-all")
    usual = {item.metadata["group"] for item in knobs() if item.metadata["usual"]}
    assert headings(short) == ["Examples", *(group for group in GROUPS if group in usual), "Following", "Help"]
    assert headings(whole) == ["Examples", *GROUPS, "Following", "Cluster", "Help", "Exit codes"]
    names = {option.opts[-1] for option in cli.commands["analyze"].params if isinstance(option, click.Option)}
    assert {name for name in names if re.search(rf"^  (?:-\w, )?{name}\b", whole, re.MULTILINE)} == names
    listed = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", short, re.MULTILINE))
    asked = {option_name(item.name) for item in knobs() if item.metadata["usual"]}
    assert listed == asked | {"--output-file", "--follow", "--state", "--help", "--help-all"}
    assert 10 <= len(asked) <= 14


def test_a_comparison_has_its_options_in_the_same_groups() -> None:
    """`diff` has the help of `analyze`, and behind the options the conditions of --fail-on."""
    short, whole = said("diff", "--help"), said("diff", "--help-all")
    conditions = "Conditions of --fail-on"
    assert headings(short) == ["Examples", "Sources", "Formats", "Questions", "Reports", "Help", conditions]
    assert headings(whole) == ["Examples", *GROUPS, "Help", conditions, "Exit codes"]
    shared = {option.opts[-1]: option.help for option in cli.commands["analyze"].params if isinstance(option, click.Option)}
    for option in cli.commands["diff"].params:
        if isinstance(option, click.Option) and option.opts[-1] not in {"--output", "--output-file", "--top"}:
            assert option.help == shared.get(option.opts[-1], option.help)


def test_every_exit_code_is_explained() -> None:
    """The help has a line for each code that the program can end with."""
    assert [code for code, _ in EXIT_CODES] == sorted({0, 6, *EXIT_ORDER})


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=str,
)
def test_help_has_colours_where_a_report_has(variables: dict[str, str], colored: bool) -> None:
    """Headings, examples and options have styles on a terminal, or if colours are forced; the words are the same."""
    for command in COMMANDS["logproc"], COMMANDS["analyze"], COMMANDS["analyze-all"]:
        text = said(*command, **variables)
        assert ("\x1b[" in text) is colored
        assert re.sub(r"\x1b\[\d+m", "", text) == said(*command)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_offered_to_each_shell(shell: str) -> None:
    """The completion variable makes the program print a function for the shell."""
    environ = {**os.environ, "_LOGPROC_COMPLETE": f"{shell}_source", "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-m", "logproc"], env=environ, capture_output=True, text=True, check=True)
    assert "_logproc_completion" in run.stdout
    assert run.stderr == ""


def test_completion_knows_the_options() -> None:
    """The shells are offered the options of the command."""
    asked = {"_LOGPROC_COMPLETE": "bash_complete", "COMP_WORDS": "logproc\nanalyze\n--max-", "COMP_CWORD": "2"}
    environ = {**os.environ, **asked, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-m", "logproc"], env=environ, capture_output=True, text=True, check=True)
    assert {"plain,--max-bytes", "plain,--max-time"} <= set(run.stdout.splitlines())
