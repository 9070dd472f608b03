"""A long report on a terminal goes through a pager, which has the terminal until its user leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terminal import CTRL_C, Terminal

ROOT = Path(__file__).parents[3]
LOG = str(ROOT / "sample_data" / "shop-access.log")
MARKS = "sed s/^/P:/"
ASKS = 'trap "echo caught" INT; cat > /dev/null; echo paging; until read answer < /dev/tty; do :; done; echo left'
pytestmark = pytest.mark.needs("setsid")


def shown(*arguments: str, rows: int = 24, **variables: str) -> tuple[int, list[str]]:
    """Return the exit code, and what is on the screen and behind it."""
    with Terminal(80, rows) as terminal, terminal.started("analyze", LOG, *arguments, variables=variables) as process:
        return terminal.ended(process), terminal.lines


@pytest.mark.parametrize(
    ("arguments", "rows", "variables", "paged"),
    [
        (["--full"], 24, {"PAGER": MARKS}, True),
        (["--full"], 24, {"PAGER": "cat", "LOGPROC_PAGER": MARKS}, True),
        (["--full"], 24, {"PAGER": MARKS, "LOGPROC_PAGER": ""}, False),
        (["--full"], 24, {"PAGER": "cat"}, False),
        (["--full"], 24, {"PAGER": "no-such-pager"}, False),
        (["--full"], 24, {"PAGER": MARKS, "TERM": "dumb"}, False),
        (["--full"], 200, {"PAGER": MARKS}, False),
        ([], 10, {"PAGER": MARKS}, False),
        (["--full", "--output", "json"], 24, {"PAGER": MARKS}, False),
    ],
)
def test_only_a_long_report_is_paged(arguments: list[str], rows: int, variables: dict[str, str], paged: bool) -> None:
    """The whole report where it does not fit the screen; everything else is written as it is."""
    code, lines = shown(*arguments, rows=rows, **variables)
    assert code == 0
    marked = [line.startswith("P:") for line in lines]
    assert any(marked) == paged
    assert any("1,000" in line or "1000" in line for line in lines)


def test_ctrl_c_belongs_to_the_pager() -> None:
    """The program waits on until the user leaves the pager, and ends as if nothing had happened."""
    with Terminal(80, 24) as terminal:
        with terminal.started("analyze", LOG, "--full", variables={"PAGER": ASKS}) as process:
            terminal.watch(until=lambda: "paging" in terminal.text)
            terminal.type(CTRL_C)
            terminal.watch(until=lambda: "caught" in terminal.text)
            assert process.poll() is None
            terminal.type("\n")
            assert terminal.ended(process) == 0
        assert "left" in terminal.text


def test_a_pager_that_reads_nothing_is_not_an_error() -> None:
    """Who leaves early has seen enough; files are written before."""
    code, lines = shown("--full", PAGER="true")
    assert (code, lines) == (0, [])


def test_another_signal_ends_the_pager() -> None:
    """SIGTERM is for the program, which does not leave its pager behind."""
    with (
        Terminal(80, 24) as terminal,
        terminal.started(
            "analyze", LOG, "--full", variables={"PAGER": "cat > /dev/null; echo paging; exec sleep 60"}
        ) as process,
    ):
        terminal.watch(until=lambda: "paging" in terminal.text)
        process.terminate()
        assert terminal.ended(process) == 143
