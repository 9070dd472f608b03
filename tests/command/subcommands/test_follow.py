"""`logproc analyze --follow`: files that are written anew, and files that the run itself writes."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import pytest

from logproc.sources.follow.one_file import CHANGED
from tests.reports.html.chromium import browser
from tests.support import processes
from tests.support.processes import Ended
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

LINE = '10.0.0.1 - - [10/Oct/2025:13:55:{:02}+0000] "GET /a HTTP/1.1" 200 5\n'
PATIENCE_S = 20


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Yield a running browser."""
    with browser() as started:
        yield started


def written(folder: Path, name: str = "access.log", lines: int = 3) -> Path:
    path = folder / name
    with path.open("a") as file:
        file.writelines(LINE.format(at % 60) for at in range(lines))
    return path


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def lines_in(report: Path) -> int:
    with suppress(FileNotFoundError):
        return int(json.loads(report.read_text())["account"]["lines"])
    return 0


def stopped(process: Popen[bytes]) -> Ended:
    process.send_signal(signal.SIGINT)
    return processes.ended(process)


def sources_of(ended: Ended) -> list[str]:
    return [source["source"] for source in ended.report["sources"]]


def test_files_are_written_anew(tmp_path: Path) -> None:
    """At each moment a file is a whole report; the page reloads itself, but not the last one."""
    log, page, report = written(tmp_path), tmp_path / "report.html", tmp_path / "report.json"
    with processes.started("-f", log, "--every", "0.2s", "-o", page, "-o", report, "-q") as process:
        until(lambda: lines_in(report) == 3)
        written(tmp_path)
        until(lambda: lines_in(report) == 6)
        until(lambda: 'http-equiv="refresh"' in page.read_text())
        ended = stopped(process)
    assert (ended.code, lines_in(report)) == (0, 6)
    assert 'http-equiv="refresh"' not in page.read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"access.log", "report.html", "report.json"}


def test_a_folder_that_is_removed_is_said_once(tmp_path: Path) -> None:
    """The run goes on, and writes again as soon as it can."""
    report = tmp_path / "reports" / "report.json"
    report.parent.mkdir()
    with processes.started("-f", written(tmp_path), "--every", "0.2", "-o", report, "-q") as process:
        until(report.exists)
        report.unlink()
        report.parent.rmdir()
        time.sleep(1)
        report.parent.mkdir()
        until(report.exists)
        ended = stopped(process)
    assert ended.code == 0
    assert ended.stderr.count("it is tried again") == ended.stderr.count("\n") == 1


@pytest.mark.parametrize("wrong", ["soon", "0", "5y"])
def test_the_time_between_two_reports_is_checked(tmp_path: Path, wrong: str) -> None:
    """It has the units of other times, and is at least a tenth of a second."""
    ended = processes.analyze("-f", written(tmp_path), "--every", wrong)
    assert ended.code == 2
    assert "--every" in ended.stderr


def test_outputs_in_a_followed_folder_are_not_read(tmp_path: Path) -> None:
    """They would be read, written, and read again; they are known although each is a new file."""
    written(tmp_path)
    report = tmp_path / "report.json"
    with processes.started("-f", "-r", tmp_path, "--every", "0.1", "-o", report, "--output", "json") as process:
        until(lambda: lines_in(report) == 3)
        time.sleep(4)
        ended = stopped(process)
    assert sources_of(ended) == [str(tmp_path / "access.log")]


def test_a_pattern_does_not_match_what_stdout_goes_to(tmp_path: Path) -> None:
    """`logproc show -f 'logs/*' > logs/out.log` writes each record once."""
    written(tmp_path)
    out = tmp_path / "out.log"
    with out.open("wb") as stream, processes.started("show", "-f", f"{tmp_path}/*.log", stdout=stream) as process:
        until(lambda: out.read_text().count("\n") == 3)
        time.sleep(3)
        written(tmp_path)
        until(lambda: out.read_text().count("\n") >= 6)
        time.sleep(3)
        stopped(process)
    assert out.read_text().count("\n") == 6


def test_an_output_must_not_be_a_log_that_is_named(tmp_path: Path) -> None:
    """Also if neither exists yet, and the paths are written differently."""
    ended = processes.analyze("-f", "new.json", "-o", "./new.json", cwd=tmp_path)
    assert ended.code == 2
    assert "new.json would be read and overwritten" in ended.stderr
    log = written(tmp_path)
    with log.open("ab") as stream:
        ended = processes.logproc("show", "-f", log, stdout=stream)
    assert ended.code == 2
    assert "would be read and written: stdout goes to it" in ended.stderr


@pytest.mark.needs("chromium", "playwright")
def test_an_open_page_shows_new_numbers_by_itself(chromium: Browser, tmp_path: Path) -> None:
    """It stays where it was scrolled to, and what was opened stays open."""
    from tests.reports.html.chromium import opened

    page_file = tmp_path / "report.html"
    command: list[str | Path] = ["-f", written(tmp_path), "--every", "1", "-o", page_file, "-q"]
    with processes.started(*command) as process:
        until(page_file.exists)
        with opened(chromium, page_file, viewport={"width": 600, "height": 300}) as found:
            page: Any = found.page
            page.locator("details").first.evaluate("one => { one.open = true; }")
            page.evaluate("scrollTo(0, 200)")
            written(tmp_path, lines=1200)
            page.get_by_text("1,203").first.wait_for(timeout=10_000)
            page.wait_for_timeout(200)
            assert page.evaluate("scrollY") == 200
            assert page.locator("details").first.evaluate("one => one.open")
            assert not [noise for noise in found.noise if not noise.startswith("request: file:")]
        assert stopped(process).code == 0


def timed(at_s: float) -> str:
    return LINE.replace("10/Oct/2025:13:55:{:02}+0000", time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at_s)))


def test_a_window_forgets(tmp_path: Path) -> None:
    """A record counts while it is in the last seconds; then it is filtered, with a note."""
    log, report = tmp_path / "access.log", tmp_path / "report.json"
    log.write_text(timed(time.time() - 100) + timed(time.time()))
    with processes.started("-f", log, "--window", "4s", "--every", "0.2", "-o", report, "-q") as process:
        until(lambda: lines_in(report) == 2)
        account = json.loads(report.read_text())["account"]
        assert (account["records"], account["filtered"]) == (1, 1)
        until(lambda: json.loads(report.read_text())["account"]["filtered"] == 2)
        assert stopped(process).code == 0
    found = json.loads(report.read_text())
    assert found["account"] == {"lines": 2, "records": 0, "rejected": 0, "blank": 0, "filtered": 2, "continuation": 0}
    assert "last 4 s" in json.dumps(found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--window", "1m"], "--window is for --follow"),
        (["--window", "1m", "-f", "--state", "s"], "--state"),
        (["--window", "1m", "-f", "--max-keys", "10"], "--max-keys"),
        (["--every", "1m"], "--every is for --follow"),
        (["--window", "0.5", "-f"], "less than 1 second"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: list[str], words: str) -> None:
    """Before anything is read."""
    ended = processes.analyze(written(tmp_path), *options, cwd=tmp_path)
    assert ended.code == 2
    assert words in ended.stderr


def test_lines_of_a_pipe_are_shown_at_once(tmp_path: Path) -> None:
    """Also while more come all the time: none is held back for half a second."""
    written(tmp_path)
    with processes.started("show", "-f", "-", stdin=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def write(at: int) -> None:
            assert process.stdin is not None
            process.stdin.write(LINE.format(1).replace("/a", f"/{at}.").encode())
            process.stdin.flush()

        write(0)
        seen = process.stdout.readline()
        late = []
        for at in range(1, 60):
            write(at)
            wrote = time.monotonic()
            if at % 20 == 0:
                while f"/{at}." not in seen.decode():
                    seen = process.stdout.readline()
                late.append(time.monotonic() - wrote)
            time.sleep(0.03)
        assert max(late) < 0.5
        stopped(process)


def test_the_last_record_of_a_pipe_is_shown_at_once(tmp_path: Path) -> None:
    """Although it may have further lines; those that come later follow it."""
    out = tmp_path / "out"
    with out.open("wb") as stream, processes.started("show", "-f", "-", stdin=PIPE, stdout=stream) as process:
        assert process.stdin is not None
        error = b"2026-03-07 22:05:36,758 - shop.orders - ERROR - order %d failed\nTraceback (most recent call last):\n"
        said = b"".join(error % at for at in range(5))
        for written in [said, b"KeyError: 1\n", error % 6]:
            process.stdin.write(written)
            process.stdin.flush()
            until(lambda written=written: out.read_bytes().endswith(written))  # type: ignore[misc]
        stopped(process)
    assert out.read_bytes() == said + b"KeyError: 1\n" + error % 6


def test_a_file_that_never_came_is_named(tmp_path: Path) -> None:
    """A name that is misspelt is waited for without end, so the end says that there was nothing of it."""
    with processes.started("-f", "acess.log", written(tmp_path), "--output", "json", cwd=tmp_path) as process:
        time.sleep(2)
        ended = stopped(process)
    assert ended.code == 0
    assert ended.stderr == "logproc: acess.log: there was no such file\n"


def test_a_log_that_came_back_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """What is said of a log that a run with a state has not found is not said by later ones that have."""
    path = written(tmp_path)

    def said() -> str:
        with processes.started("analyze", path, "--state", tmp_path / "state") as process:
            return processes.ended(process).stderr

    assert "not found" not in said()
    path.rename(tmp_path / "elsewhere")
    assert "not found" in said()
    (tmp_path / "elsewhere").rename(path)
    assert "not found" not in said()


def with_state(folder: Path, *arguments: str) -> Ended:
    return processes.analyze(*arguments, "--state", "state", cwd=folder)


def test_a_run_that_goes_on_says_where(tmp_path: Path) -> None:
    """On a terminal: of a few logs by their names, of many in one line. A job of cron would send a mail of it."""
    names = [written(tmp_path, f"{name}.log").name for name in "abcde"]
    with_state(tmp_path, *names)
    ended = with_state(tmp_path, *names)
    assert (ended.code, ended.stderr) == (0, "")
    for some, words in ((names[:1], "a.log: resumed at line 4"), (names, "resumed 5 logs after 15 lines")):
        with Terminal(100, 40) as terminal, terminal.started(*some, "--state", "state", cwd=tmp_path) as process:
            assert terminal.ended(process) == 0
            assert words in terminal.text
            assert terminal.text.count("resumed") == 1


def test_a_log_that_is_not_named_again_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """Its counts stay in the report, which says so."""
    names = [written(tmp_path, f"{name}.log").name for name in "ab"]
    with_state(tmp_path, *names)
    ended = with_state(tmp_path, names[0], "--output", "json")
    assert ended.stderr == "logproc: b.log: not named in this run: what was counted of it is kept\n"
    assert ended.report["account"]["lines"] == 6
    for argument in ("*.log", str(tmp_path)):
        ended = with_state(tmp_path, argument, "-r")
        assert ended.stderr == ""
        (tmp_path / "b.log").rename(tmp_path / "b")
        assert "b.log: not found" in with_state(tmp_path, "*.log").stderr
        (tmp_path / "b").rename(tmp_path / "b.log")


def test_what_an_earlier_run_has_said_is_not_said_again(tmp_path: Path) -> None:
    """It stays in the report, which is about all runs; what happens once more is said once more."""
    log = written(tmp_path)

    def run() -> tuple[str, object]:
        ended = with_state(tmp_path, log.name, "--output", "json")
        return ended.stderr, ended.report["sources"][0]["notes"]

    assert run() == ("", [])
    for path in ("/x", "/y"):
        log.write_text(LINE.format(1).replace("/a", path) * 2)
        assert run() == ("logproc: access.log: content changed: read from the start\n", [CHANGED])
        assert run() == ("", [CHANGED])
