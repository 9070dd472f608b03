"""`show` on a terminal: the progress until the first record, then a pager, which has the terminal until its user leaves it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.support.terminal import CTRL_C, Terminal

ROOT = Path(__file__).parents[3]
LOG = str(ROOT / "sample_data" / "shop-access.log")
LINE = '192.0.2.1 - - [07/Mar/2026:00:00:01 +0000] "GET /{} HTTP/1.1" 200 5 "-" "-"\n'
MARKS = "sed -u s/^/P:/"
ASKS = 'trap "echo caught" INT; sed -u s/^/P:/; echo at the end; until read answer < /dev/tty; do :; done; echo left'
pytestmark = pytest.mark.needs("setsid")


def shown(*arguments: str, columns: int = 100, **variables: str) -> tuple[int, list[str]]:
    """Return the exit code, and what is on the screen and behind it."""
    with Terminal(columns, 24) as terminal, terminal.started("show", *arguments, variables=variables) as process:
        return terminal.ended(process), terminal.lines


@pytest.mark.parametrize(
    ("variables", "paged"),
    [
        ({"PAGER": MARKS}, True),
        ({"PAGER": "X=1 sed s/^/P:/"}, True),
        ({"PAGER": "cat", "LOGPROC_PAGER": MARKS}, True),
        ({"PAGER": MARKS, "LOGPROC_PAGER": ""}, False),
        ({"PAGER": "cat"}, False),
        ({"PAGER": "no-such-pager --option"}, False),
        ({"PAGER": "'"}, False),
        ({"PAGER": MARKS, "TERM": "dumb"}, False),
    ],
)
def test_when_there_is_a_pager(variables: dict[str, str], paged: bool) -> None:
    """One that is unknown is none: in its pipe the records would be lost."""
    code, lines = shown(LOG, "-n", "2", columns=400, **variables)
    assert code == 0
    assert [line.startswith("P:198.51") for line in lines] == [paged, paged]
    assert all("198.51" in line for line in lines)


def test_a_number_is_not_paged() -> None:
    assert shown(LOG, "--count", PAGER=MARKS) == (0, ["1000"])


def test_where_nothing_matches_there_is_no_pager() -> None:
    """Nor is anything left of the progress."""
    code, lines = shown(LOG, "--where", "status == 999", PAGER="echo paging; cat")
    assert (code, lines) == (0, ["logproc: none of 1,000 records matches --where"])


def test_a_pager_that_cannot_be_started_is_an_error() -> None:
    code, lines = shown(LOG, PAGER="sh -c 'exit 127'")
    assert code == 4
    assert "the pager could not be started" in lines[-1]


def test_the_pager_inherits_nothing_of_our_signals() -> None:
    """It is started by a thread in which our signals are blocked; and Python ignores SIGPIPE."""
    code, lines = shown(LOG, "-n", "1", PAGER="cat > /dev/null; grep -E '^Sig(Blk|Ign)' /proc/self/status")
    ours = (1 << 31) - 1  # the C library's own come behind
    for number in (signal.SIGINT, signal.SIGQUIT):  # a shell has those ignored in what it runs in the background
        ours &= ~(1 << number - 1) if signal.getsignal(number) is signal.SIG_IGN else ours
    assert (code, [int(line.split()[1], 16) & ours for line in lines]) == (0, [0, 0])


@contextmanager
def searching(tmp_path: Path, terminal: Terminal, pager: str, *arguments: str) -> Iterator[tuple[Popen[bytes], int]]:
    """Start a search in a log with two records, and then in a pipe that does not end; yield process and pipe."""
    (tmp_path / "a.log").write_text(LINE.format("a") + LINE.format("b"))
    os.mkfifo(tmp_path / "pipe.log")
    with terminal.started("show", *arguments, cwd=tmp_path, variables={"PAGER": pager}) as process:
        pipe = os.open(tmp_path / "pipe.log", os.O_WRONLY)
        try:
            os.write(pipe, LINE.format("of-pipe").encode())
            yield process, pipe
        finally:
            os.close(pipe)


def test_leaving_the_pager_ends_the_run_although_nothing_more_is_found(tmp_path: Path) -> None:
    """Nobody writes to the pager any more, so no write fails. Nothing is said, and the exit code is 0."""
    with (
        Terminal(100, 24) as terminal,
        searching(tmp_path, terminal, "sed -u 1q", "a.log", "pipe.log", "--where", "path in ('/a', '/b')") as (process, _),
    ):
        assert terminal.ended(process) == 0
        (line,) = terminal.lines
        assert "GET /a " in line


def test_ctrl_c_stops_the_search_and_the_pager_goes_on(tmp_path: Path) -> None:
    """As in `git log | less`, as often as it is pressed. What is to be said is said when its user has left the pager."""
    with (
        Terminal(100, 24) as terminal,
        searching(tmp_path, terminal, ASKS, "a.log", "pipe.log", "--where", "path in ('/a', '/b')") as (process, _),
    ):
        terminal.watch(until=lambda: "P:192.0.2.1" in terminal.text)
        terminal.type(CTRL_C)
        terminal.watch(until=lambda: "caught" in terminal.text and "at the end" in terminal.text)
        terminal.watch(seconds=0.5)
        terminal.type(CTRL_C)
        terminal.watch(until=lambda: terminal.text.count("caught") == 2)
        assert process.poll() is None
        terminal.type("\n")
        assert terminal.ended(process) == 130
        behind = terminal.lines[terminal.lines.index("left") + 1 :]
    assert behind[0] == "logproc: interrupted by SIGINT"
    assert not any("logproc" in line for line in terminal.rows[: terminal.rows.index("left")])


def test_another_signal_ends_the_pager() -> None:
    """SIGTERM is for the program, which does not leave its pager behind."""
    pager = "cat > /dev/null; echo paging; exec sleep 60"
    with Terminal(80, 24) as terminal, terminal.started("show", LOG, variables={"PAGER": pager}) as process:
        terminal.watch(until=lambda: "paging" in terminal.text)
        process.terminate()
        assert terminal.ended(process) == 143


@pytest.mark.parametrize("pager", [MARKS, "cat"])
def test_the_progress_is_painted_until_the_first_record_comes(tmp_path: Path, pager: str) -> None:
    """It is gone before that, and never comes back, while the search goes on."""
    with (
        Terminal(100, 24) as terminal,
        searching(tmp_path, terminal, pager, "pipe.log", "--where", "path == '/found'") as (process, pipe),
    ):
        terminal.watch(until=lambda: "0 of 1 source" in terminal.text)
        os.write(pipe, LINE.format("found").encode() * 5000)  # a whole chunk
        terminal.watch(until=lambda: "GET /found" in terminal.text)
        assert "of 1 source" not in terminal.text
        seen = len(terminal.seen)
        terminal.watch(seconds=0.5)
        assert b"of 1 source" not in terminal.seen[seen:]
        process.terminate()
        terminal.ended(process)


def test_messages_wait_for_the_end_of_the_pager(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE.format("a") * 5 + "damaged\n")
    code, lines = shown(str(tmp_path / "a.log"), PAGER="sed -u s/^/P:/; sleep 0.5; echo left")
    assert code == 0
    assert [line.split(" ")[0] for line in lines] == [*["P:192.0.2.1"] * 5, "left", "logproc:"]


@pytest.mark.parametrize(("variables", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_that_have_them(tmp_path: Path, variables: dict[str, str], colored: bool) -> None:
    """And harmless are the records on each of them."""
    (tmp_path / "a.log").write_bytes(LINE.format("a").encode().replace(b'"-"\n', b'"\x1b]0;title\x07"\n'))
    with (
        Terminal(60, 24) as terminal,
        terminal.started("show", tmp_path / "a.log", variables={"PAGER": "cat", **variables}) as process,
    ):
        assert terminal.ended(process) == 0
        assert "".join(terminal.rows).rstrip().endswith(r'"\x1b]0;title\x07"')
        assert (b"\x1b[32m200" in terminal.seen) == colored
        assert b"\x07" not in terminal.seen


def test_a_file_gets_the_bytes_of_the_log(tmp_path: Path) -> None:
    """Also where the program is started on a terminal."""
    content = LINE.format("a").encode() + LINE.format("b\x1b[31m").encode() + b"\xff damaged\r\n"
    (tmp_path / "a.log").write_bytes(content)
    with (
        (tmp_path / "out").open("wb") as out,
        Terminal(80, 24) as terminal,
        terminal.started("show", tmp_path / "a.log", stdout=out) as process,
    ):
        assert terminal.ended(process) == 0
    assert (tmp_path / "out").read_bytes() == content[: content.index(b"\xff")]
