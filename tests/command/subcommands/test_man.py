"""The manual page: accepted by groff without a warning, and complete."""

from __future__ import annotations

import subprocess

import click
import pytest

from logproc.command.cli import cli
from logproc.command.subcommands.man import manual, marked, roff
from logproc.command.usage.help import EXIT_CODES, GroupedCommand

PAGE = manual(cli)
OPTIONS = [
    (name, option.opts[-1])
    for name, command in cli.commands.items()
    if not command.hidden
    for option in command.params
    if isinstance(option, click.Option)
]


@pytest.mark.needs("groff")
@pytest.mark.parametrize("device", ["utf8", "ascii"])
def test_groff_accepts_it(device: str) -> None:
    """No warning of any kind, neither with UTF-8 nor with ASCII, and every example can be copied from it."""
    run = subprocess.run(
        ["groff", "-man", "-ww", f"-T{device}", "-P-c", "-rLL=160n"], input=PAGE.encode(), capture_output=True, check=True
    )
    assert run.stderr == b""
    assert b"access.log --where 'status >= 500'" in run.stdout
    assert b"--by path --metric p95:duration" in run.stdout


@pytest.mark.needs("man")
def test_man_shows_it() -> None:
    """`logproc man | man -l -` says nothing but the page."""
    run = subprocess.run(["man", "--warnings", "-l", "-"], input=PAGE.encode(), capture_output=True, check=True)
    assert run.stderr == b""
    assert b"EXIT STATUS" in run.stdout


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_it_has_every_option(command: str, option: str) -> None:
    """Each option of each command has an entry."""
    assert command in cli.commands
    assert f"{roff(option)}" in PAGE


def test_it_has_every_text_command_and_code() -> None:
    """The words of the help are in it, as are all commands and exit codes."""
    for name in "analyze", "diff":
        command = cli.commands[name]
        assert isinstance(command, GroupedCommand)
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                assert marked(option.help) in PAGE
        for line, _ in (*command.examples, *command.more_examples):
            assert f"\n{roff(line)}\n" in PAGE
        for condition, text in (row for rows in command.topics.values() for row in rows):
            assert f"{roff(condition)}\\fR\n{marked(text)}\n" in PAGE
        assert marked(command.closing) in PAGE
    for name, command in cli.commands.items():
        assert (f".SS logproc {name} " in PAGE) is not command.hidden
    for _, text in EXIT_CODES:
        assert marked(text) in PAGE


@pytest.mark.parametrize("text", [".x", "'x", "\\fBx", "a-b", "…", "~^`"])
def test_signs_of_roff_are_escaped(text: str) -> None:
    """No sign of a text is a request or an escape, and the page is ASCII."""
    escaped = roff(text)
    assert escaped.isascii()
    assert not escaped.startswith((".", "'"))
    assert "-" not in escaped.replace(r"\-", "")
