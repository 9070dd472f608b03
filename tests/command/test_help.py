"""Help texts compared with stored files, so that every change of words shows up in a diff.

To update the files: UPDATE_HELP=1 .venv/bin/python -m pytest tests/command/test_help.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).with_name("help")
COMMANDS = {
    "logproc": ["--help"],
    "analyze": ["analyze", "--help"],
    "formats": ["formats"],
    "formats-help": ["formats", "--help"],
    "formats-traefik": ["formats", "traefik"],
    "threads": ["threads"],
}
COLUMNS = 100
LINE_NUMBER = re.compile(r"(\.py):\d+")


def said(*arguments: str) -> str:
    """Return what a command prints at the stored width, with line numbers of code as N."""
    environ = {**os.environ, "COLUMNS": str(COLUMNS), "PYTHONPATH": str(ROOT)}
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


@pytest.mark.parametrize("name", ["logproc", "analyze", "formats-help"])
def test_help_fits_its_terminal(name: str) -> None:
    """No line of a help text is wider than the terminal."""
    assert max(map(len, said(*COMMANDS[name]).splitlines())) <= COLUMNS


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
