"""TAB in a real bash at a terminal: what the command line is afterwards."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logproc.command.usage.completion import joined
from tests.support.processes import environment, logproc
from tests.support.ready_command import ready_command

PROMPT = "ready> "
PATIENCE_S = 30


class Terminal:
    """A bash on a pty, without user settings, with the program's completion switched on."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self._main, other = pty.openpty()
        path = f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        variables = environment(PATH=path, PS1=PROMPT, TERM="dumb", HOME=str(folder), INPUTRC="/dev/null")
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=folder,
            env=variables,
            start_new_session=True,
        )
        os.close(other)
        self._text = ""
        self._cleared = 0
        self.until(PROMPT)
        for line in SET_UP:
            self.send(line + "\n")
            self.clear()

    def send(self, keys: str) -> None:
        self._text = ""
        os.write(self._main, keys.encode())

    def until(self, pattern: str) -> str:
        """Wait until the terminal shows a pattern; return its last group, or the whole match."""
        deadline = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self._text, re.DOTALL)):
            ready, _, _ = select.select([self._main], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} does not come, but {self._text!r}"
            self._text += os.read(self._main, 4096).decode()
        return match[match.lastindex or 0]

    def completed(self, line: str) -> str:
        """Return the command line after TAB."""
        self.send(f"{line}\t{SHOW_LINE}")
        found = self.until("LINE<(.*?)>")
        self.clear()
        return found

    def offered(self, line: str) -> set[str]:
        """Return the words listed at the second TAB."""
        self.send(f"{line}\t\t{SHOW_LINE}")
        found = self.until("\n(.*)LINE<")
        self.clear()
        return set(found.partition(PROMPT)[0].split())

    def clear(self) -> None:
        """Remove the line and wait for a new prompt; the echoed number tells it from a redrawn one."""
        self._cleared += 1
        self.send(f"\x15echo cleared {self._cleared}\n")  # Ctrl-U removes the line
        self.until(f"\ncleared {self._cleared}\r\n.*{PROMPT}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)


SHOW_LINE = "\x18\x0c"
SET_UP = (
    "bind 'set enable-bracketed-paste off'; bind 'set completion-query-items 0'; bind 'set page-completions off'",
    r"""bind -x '"\C-x\C-l": printf "LINE<%s>\n" "$READLINE_LINE"'; stty cols 200""",
    'eval "$(_LOGPROC_COMPLETE=bash_source logproc)"',
)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Start a shell in a folder with a few files."""
    folder = tmp_path_factory.mktemp("completion")
    for name in ("access.log", "with blank.log", "settings.toml", "nginx.conf"):
        (folder / name).touch()
    (folder / "reports").mkdir()
    with ready_command(tmp_path_factory.mktemp("ready")) as commands:
        shell = Terminal(folder, commands)
        yield shell
        shell.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("logproc ana", "logproc analyze "),
        ("logproc analyze acc", "logproc analyze access.log "),
        ("logproc analyze wi", "logproc analyze with\\ blank.log "),
        ("logproc analyze access.log rep", "logproc analyze access.log reports/"),
        ("logproc detect acc", "logproc detect access.log "),
        ("logproc analyze -o rep", "logproc analyze -o reports/"),
        ("logproc analyze --rejects acc", "logproc analyze --rejects access.log "),
        ("logproc analyze --config set", "logproc analyze --config settings.toml "),
        ("logproc analyze --nginx-conf ngi", "logproc analyze --nginx-conf nginx.conf "),
        ("logproc analyze --nginx-conf=ngi", "logproc analyze --nginx-conf=nginx.conf "),
        ("logproc analyze --anon", "logproc analyze --anonymize "),
        ("logproc analyze --format logf", "logproc analyze --format logfmt "),
        ("logproc analyze --format=logf", "logproc analyze --format=logfmt "),
        ("logproc analyze --output js", "logproc analyze --output json "),
        ("logproc analyze --by hour,pa", "logproc analyze --by hour,path "),
        ("logproc analyze --by hour --by status_", "logproc analyze --by hour --by status_class "),
        ("logproc analyze --by net", "logproc analyze --by net:24 "),
        ("logproc analyze --by shape\\(mes", "logproc analyze --by shape\\(message\\) "),
        ("logproc analyze --by 'shape(mes", "logproc analyze --by 'shape(message)' "),
        ("logproc analyze --by every", "logproc analyze --by every\\(5m\\) "),
        ("logproc analyze --by query\\(", "logproc analyze --by query\\("),
        ("logproc analyze --by referrer_", "logproc analyze --by referrer_host "),
        ("logproc analyze --metric shar", "logproc analyze --metric share\\("),
        ("logproc analyze --metric first:", "logproc analyze --metric first:time "),
        ("logproc analyze --metric p9", "logproc analyze --metric p9"),
        ("logproc analyze --metric p95", "logproc analyze --metric p95:"),
        ("logproc analyze --metric p95:du", "logproc analyze --metric p95:duration "),
        ("logproc analyze --metric=p95:du", "logproc analyze --metric=p95:duration "),
        ("logproc analyze --metric rate,p95:du", "logproc analyze --metric rate,p95:duration "),
        ("logproc analyze --metric p95:duration,uniq", "logproc analyze --metric p95:duration,uniques:"),
        ("logproc analyze --metric p95:duration,uniques:user_", "logproc analyze --metric p95:duration,uniques:user_agent "),
        ("logproc analyze 'a log' --metric p95:duration acc", "logproc analyze 'a log' --metric p95:duration access.log "),
        ("logproc analyze --sort p95:dur", "logproc analyze --sort p95:duration "),
        ("logproc analyze --sort ke", "logproc analyze --sort key "),
        ("logproc analyze --tz Europe/Berl", "logproc analyze --tz Europe/Berlin "),
        ("logproc analyze --no-such acc", "logproc analyze --no-such access.log "),
        ("logproc --version ana", "logproc --version analyze "),
    ],
)
def test_tab_completes(typed: str, completed: str, terminal: Terminal) -> None:
    """Files are completed where files are expected, names where names are, also after a comma, colon or equals sign."""
    assert terminal.completed(typed) == completed


def test_tab_twice_lists_what_there_is(terminal: Terminal) -> None:
    """The fields that a metric can take are listed; a field already typed is not offered again."""
    assert terminal.offered("logproc analyze --metric p95:") == {"bytes", "duration"}
    assert terminal.offered("logproc analyze --output ") == {"terminal", "json", "csv", "html"}
    assert terminal.offered("logproc analyze --by path,status") == {"path,status", "path,status_class"}
    assert terminal.completed("logproc analyze --by status,st") == "logproc analyze --by status,status_class "
    assert terminal.offered("logproc analyze ") == {
        "access.log",
        "with",
        "blank.log",
        "settings.toml",
        "nginx.conf",
        "reports/",
    }


@pytest.mark.parametrize("words", [["p95", ":", "du"], ["--sort", "=", "p95", ":"], ["a", ":", "", ""]])
def test_words_are_joined_without_losing_any_character(words: list[str]) -> None:
    """However bash splits the words, no character is lost."""
    assert "".join(joined(words)) == "".join(words)


@pytest.mark.parametrize(
    "value", ["", "x", "_", "bash", "bash_", "bash_complete", "zsh_complete", "\x1b_source", "bash_comp_\n"]
)
def test_an_odd_value_of_the_variable_is_quiet(value: str) -> None:
    """An unknown value of the variable prints nothing; an empty one counts as unset."""
    run = logproc("formats", variables={"_LOGPROC_COMPLETE": value})
    assert run.stderr == ""
    assert (run.code, bool(run.stdout)) == ((2, False) if value else (0, True))


@pytest.mark.parametrize(
    "variables",
    [
        {"COMP_CWORD": "2"},
        {"COMP_WORDS": "logproc"},
        {"COMP_WORDS": "", "COMP_CWORD": "9"},
        {"COMP_WORDS": "a", "COMP_CWORD": "x"},
    ],
    ids=str,
)
def test_a_shell_that_asks_oddly_gets_no_message(variables: dict[str, str]) -> None:
    """Missing words or a position that is not a number never give an error message."""
    run = logproc(variables={"_LOGPROC_COMPLETE": "bash_complete", **variables})
    assert (run.stderr, run.code in {0, 2}) == ("", True)
