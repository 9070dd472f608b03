"""The command line: for each kind of input its exit code, its line on stderr, and the state of each source.

Where streams, signals, the environment or the interpreter matter the program is a process of its own; elsewhere it runs in this
one, as starting Python and loading numpy and pyarrow takes fifty times as long as a small run.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fault import in_process
from tests.support import broken_format, logs
from tests.support.fault_server import Answer, FaultServer, closed_port
from tests.support.processes import COMMAND, NOBODY, ROOT, Ended, analyze, logproc, nobody_runs_python, shell, started
from tests.support.schema import valid

GOOD = logs.log(50)
CUT = gzip.compress(logs.log(3000))[:-2000]
LONG_LINE_BYTES = 20_000_000
FILES: dict[str, bytes] = {
    "good.log": GOOD,
    "junk.log": b"this is not a log\n" * 5,
    "empty.log": b"",
    "blank.log": b"\n \n\r\n",
    "binary.log": bytes(range(256)) * 20,
    "cut.gz": CUT,
    "nul.log": GOOD + logs.line(request=b"GET /\0 HTTP/1.1") + b"\n\0\0\0\n" + GOOD,
    "utf8.log": GOOD + logs.line(request=b"GET /\xff\xfe HTTP/1.1") + b"\n",
    "utf16.log": GOOD.decode().encode("utf-16"),
    "damaged.log": GOOD + b"".join(line + b"\n" for line in logs.damaged_lines()),
    "bad.toml": b"colour = 'always'\n",
    "no.toml": b"top = \n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a file of each kind of content; no test changes it."""
    folder = tmp_path_factory.mktemp("cli")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    with (folder / "long.log").open("wb") as file:
        file.write(GOOD)
        file.writelines(b"A" * 1_000_000 for _ in range(LONG_LINE_BYTES // 1_000_000))
        file.write(b"\n" + GOOD)
    (folder / "folder").mkdir()
    (folder / "folder" / "inner.log").write_bytes(GOOD)
    (folder / "same.log").symlink_to("good.log")
    return folder


def here(*arguments: str | os.PathLike[str], cwd: Path, variables: Mapping[str, str] | None = None) -> Ended:
    with chdir(cwd):
        return in_process(*(os.fspath(argument) for argument in arguments), variables=variables)


def analyze_here(*arguments: str | os.PathLike[str], cwd: Path, variables: Mapping[str, str] | None = None) -> Ended:
    return here("analyze", "--output", "json", *arguments, cwd=cwd, variables=variables)


SOURCES: list[tuple[list[str], int, str, list[str]]] = [
    (["good.log"], 0, "", ["complete"]),
    (["missing.log"], 3, "missing.log: no such file: check the path", ["failed"]),
    (["good.log", "missing.log"], 1, "missing.log: no such file: check the path", ["complete", "failed"]),
    (["good.log", "no*such"], 1, "no*such: no such file: nothing matches the pattern", ["complete", "failed"]),
    (["empty.log"], 0, "empty.log: empty", ["complete"]),
    (["blank.log"], 0, "blank.log: empty", ["complete"]),
    (["binary.log"], 3, "binary.log: looks binary: skipped", ["failed"]),
    (["good.log", "binary.log"], 1, "binary.log: looks binary: skipped", ["complete", "failed"]),
    (["cut.gz"], 1, r"cut.gz: truncated at byte \d+ after \d+ lines", ["incomplete"]),
    (
        ["junk.log", "--format", "combined"],
        3,
        "junk.log: 0 of 5 lines match; first: this is not a log: check --format",
        ["failed"],
    ),
    (["good.log", "junk.log", "--format", "combined"], 1, "junk.log: 0 of 5 lines match", ["complete", "failed"]),
    (["long.log"], 0, "1 of 101 lines rejected: 1 over --max-line-bytes", ["complete"]),
    (["nul.log"], 0, "nul.log: skipped 3 NUL bytes", ["complete"]),
    (["utf8.log"], 0, "utf8.log: 1 line had undecodable bytes", ["complete"]),
    (["utf16.log"], 3, "utf16.log: looks like UTF-16: use --encoding", ["failed"]),
    (["utf16.log", "--encoding", "utf-16"], 0, "", ["complete"]),
    (["folder"], 3, "folder: is a directory: use --recursive", ["failed"]),
    (["folder", "--recursive"], 0, "", ["complete"]),
    (["good.log", "./good.log"], 0, "./good.log: same file as good.log: counted once", ["complete", "skipped"]),
    (["same.log", "good.log"], 0, "good.log: same file as same.log: counted once", ["complete", "skipped"]),
    (["good.log", "--max-bytes", "1000"], 5, "good.log: over --max-bytes 1000 after 8 lines", ["incomplete"]),
    (["damaged.log", "--strict", "no-rejects"], 5, r"\d+ of \d+ lines rejected", ["complete"]),
    (["empty.log", "--strict", "no-notes"], 5, "empty.log: empty", ["complete"]),
    (["good.log", "--strict", "no-rejects", "--strict", "no-notes"], 0, "", ["complete"]),
    (["http://127.0.0.1:1/log", "good.log"], 1, "http://127.0.0.1:1/log: ", ["failed", "complete"]),
    (["ftp://example.com/log", "good.log"], 1, "ftp://example.com/log: unsupported URL scheme", ["failed", "complete"]),
]
"""Arguments, exit code, a line of stderr, and the states."""


@pytest.mark.parametrize(
    ("arguments", "code", "message", "states"),
    SOURCES,
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else None,
)
def test_sources_end_in_a_state_a_line_and_a_code(
    arguments: list[str], code: int, message: str, states: list[str], folder: Path
) -> None:
    """Every kind of source ends with its state, one clear line and its exit code, and the account closes."""
    run = analyze_here(*arguments, "--retries", "0", cwd=folder)
    assert [source["state"] for source in run.report["sources"]] == states
    assert run.code == code
    assert is_said(message, run.stderr)
    check_account(run.report)
    assert run.report["complete"] == (set(states) <= {"complete", "skipped"})


def is_said(message: str, stderr: str) -> bool:
    """Whether one line of stderr holds the message; without a message, whether stderr is empty."""
    lines = stderr.splitlines()
    assert all(line.startswith("logproc: ") for line in lines), stderr
    if not message:
        return not lines
    pattern = message if "\\d" in message else re.escape(message)
    return any(re.search(pattern, line) for line in lines)


def check_account(report: Any) -> None:
    """Assert that the account of a report closes."""
    for part in [report, *report["sources"]]:
        account = dict(part["account"])
        assert account.pop("lines") == sum(account.values())
    assert sum(source["account"]["lines"] for source in report["sources"]) == report["account"]["lines"]


USAGE: list[tuple[list[str], int, str]] = [
    (["analyze"], 2, "no source is named: name a file, a URL, or - for standard input; see `logproc analyze --help`"),
    (["detect"], 2, "no file is named: see `logproc detect --help`"),
    (["analyze", "--no-such", "good.log"], 2, "no such option --no-such: see `logproc analyze --help`"),
    (["analyze", "--formt", "json", "good.log"], 2, "no such option --formt: did you mean '--format'?"),
    (["detect", "--where", "x", "good.log"], 2, "no such option --where: see `logproc detect --help`"),
    (
        ["analyze", "good.log", "--metric"],
        2,
        "--metric needs a value: write --metric p95:duration; see `logproc analyze --help`",
    ),
    (["formats", "./xyz"], 2, "format './xyz' is unknown: see `logproc formats`"),
    (["formats", "trafik"], 2, "format 'trafik' is unknown: did you mean 'traefik'?"),
    (["analyse", "good.log"], 2, "no such command or file 'analyse': did you mean 'analyze'?"),
    (
        ["pattern"],
        2,
        "no such command or file 'pattern': the commands are analyze, detect, diff, formats, init, man, show, threads",
    ),
    (["--tpo", "3", "good.log"], 2, "no such option --tpo: did you mean '--top'?"),
    (["analyze", "good.log", "--by", "paht"], 2, "no source has a field 'paht': did you mean 'path'?"),
    (["analyze", "good.log", "--metric", "avg:bytes"], 2, "--metric 'avg:bytes' is unknown: write mean:bytes"),
    (["analyze", "good.log", "--where", "path", "==", "/"], 2, "put the whole filter in quotes: --where 'path == \"/\"'"),
    (["analyze", "good.log", "--where", "path == GET"], 2, 'write a text in quotes: "GET"'),
    (["analyze", "good.log", "-o", "json"], 2, "-o takes a file: use --output json"),
    (["analyze", "good.log", "-o", "report.pdf"], 2, "no format has this ending: use .json, .csv, .txt"),
    (["analyze", "good.log", "-o", "nowhere/report.json"], 4, "nowhere/report.json: no such file or directory"),
    (["analyze", "good.log", "-o", "folder/x.json", "--rejects", "folder/../folder/x.json"], 2, "two outputs go to one file"),
    (["analyze", "good.log", "--rejects", "same.log"], 4, "same.log: is a symbolic link"),
    (["analyze", "same.log", "--rejects", "good.log"], 2, "same.log would be read and overwritten"),
    (["analyze", "-r", ".", "--rejects", "folder/inner.log"], 2, "folder/inner.log would be read and overwritten"),
    (["analyze", "good.log", "--readers", "0"], 2, "--readers 0: at least 1"),
    (["analyze", "good.log", "--workers", "many"], 2, "--workers 'many' is not a whole number"),
    (["analyze", "good.log", "--memory", "lots"], 2, "--memory 'lots' is not a size: write 65536"),
    (["analyze", "good.log", "--format", "combind"], 2, "--format 'combind' is unknown: did you mean 'combined'?"),
    (["analyze", "good.log", "--encoding", "elvish"], 2, "--encoding 'elvish' is unknown"),
    (["analyze", "http://127.0.0.1:99999/"], 2, "bad URL"),
    (["analyze", "good.log", "--config", "bad.toml"], 2, "config bad.toml: unknown key 'colour'"),
    (["analyze", "good.log", "--config", "no.toml"], 2, "config no.toml: "),
    (["analyze", "good.log", "--config", "nowhere.toml"], 2, "config nowhere.toml: "),
    (["analyze", "good.log", "--header", "Cookie: secret"], 2, "--header Cookie: its value must come from a variable"),
    (["analyze", "good.log", "--header", "Cookie: env:NO_SUCH"], 2, "the variable NO_SUCH is not set"),
    (["analyze", "--no-\x1b[31m", "good.log"], 2, r"\x1b[31m"),
]
"""Arguments, exit code, and the only line of stderr."""


@pytest.mark.parametrize(
    ("arguments", "code", "message"), USAGE, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_usage_errors_come_before_anything_is_read(arguments: list[str], code: int, message: str, folder: Path) -> None:
    """A wrong option, config or output ends the program before it reads anything, with one line and no report."""
    before = sorted(folder.rglob("*"))
    run = here(*arguments, cwd=folder)
    assert (run.code, run.stdout, run.stderr.count("\n")) == (code, b"", 1)
    assert is_said(message, run.stderr)
    assert sorted(folder.rglob("*")) == before


SHORT: list[tuple[list[str], list[str]]] = [
    (["good.log"], ["analyze", "good.log"]),
    (["./good.log", "same.log"], ["analyze", "./good.log", "same.log"]),
    (["--by", "path", "good.log"], ["analyze", "--by", "path", "good.log"]),
    (["--top=3", "good.log"], ["analyze", "--top=3", "good.log"]),
    (["--by", "path", "analyze", "good.log"], ["analyze", "--by", "path", "good.log"]),
    (["no/such.log"], ["analyze", "no/such.log"]),
    (["help"], ["--help"]),
    (["help", "detect"], ["detect", "--help"]),
    (["-V"], ["--version"]),
]


@pytest.mark.parametrize(("short", "whole"), SHORT, ids=" ".join)
def test_the_usual_command_may_be_left_out(short: list[str], whole: list[str], folder: Path) -> None:
    """What begins with a source, or with an option of `analyze`, is `logproc analyze`; `help` is `--help`."""
    expected, run = here(*whole, cwd=folder), here(*short, cwd=folder)
    assert (run.code, run.stdout[:10], run.stderr) == (expected.code, expected.stdout[:10], expected.stderr)


def test_an_empty_report_says_why_on_both_streams(folder: Path) -> None:
    """In the report and in one line on stderr, which --quiet leaves out; the exit code is that of any sound run."""
    why = "none of 50 records matches --where: no method is 'get': did you mean 'GET'?"
    asked = ["good.log", "--where", 'method == "get"']
    for more, said in (([], f"logproc: {why}\n"), (["-q"], "")):
        run = here(*asked, *more, cwd=folder)
        assert (run.code, run.stdout.decode().splitlines()[2], run.stderr) == (0, why, said)
    assert here(*asked, "--output", "json", cwd=folder).report["account"]["filtered"] == 50


def test_the_name_of_a_command_wins_over_that_of_a_file(folder: Path) -> None:
    """`./formats` is the file."""
    (folder / "formats").write_bytes(GOOD)
    assert b"combined_forwarded" in here("formats", cwd=folder).stdout
    assert here("./formats", "--output", "json", cwd=folder).report["account"]["records"] == 50


def test_standard_input_is_read_without_arguments_if_it_is_a_pipe_or_a_file(folder: Path) -> None:
    """From /dev/null, as for a daemon, there is the help, with the code for wrong usage."""
    for arguments in ([], ["analyze"], ["--top", "3"]):
        with (folder / "good.log").open("rb") as log:
            assert b"50 lines = 50 records" in logproc(*arguments, stdin=log).stdout
        assert b"50 lines = 50 records" in shell('cat good.log | "$@"', *arguments, cwd=folder).stdout
    assert logproc().code == 2


def test_a_wrong_value_of_the_environment_is_named(folder: Path) -> None:
    """An invalid variable is named, with code 2."""
    run = analyze_here("good.log", cwd=folder, variables={"LOGPROC_TOP": "many"})
    assert run.code == 2
    assert "LOGPROC_TOP" in run.stderr


@pytest.mark.needs("setpriv")
@pytest.mark.skipif(not nobody_runs_python(), reason="only root can change to another user, which must be able to run Python")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    """An unreadable file fails by itself; a home directory without permission is not an error."""
    for name in ("secret.log", "open.log"):
        (tmp_path / name).write_bytes(GOOD)
    (tmp_path / "secret.log").chmod(0)
    (tmp_path / "home").mkdir(mode=0)
    variables = {"HOME": str(tmp_path / "home")}
    with opened_to_all(tmp_path):
        run = analyze("secret.log", "open.log", cwd=tmp_path, before=NOBODY, variables=variables)
    assert run.code == 1
    assert is_said("secret.log: permission denied", run.stderr)
    assert [source["state"] for source in run.report["sources"]] == ["failed", "complete"]


class opened_to_all:  # noqa: N801 - used as a function is
    """Let every user enter a folder and its parents while the block runs."""

    def __init__(self, folder: Path) -> None:
        self._modes = {path: path.stat().st_mode for path in [folder, *folder.parents[:-1]] if not path.stat().st_mode & 1}

    def __enter__(self) -> None:
        for path, mode in self._modes.items():
            path.chmod(mode | 0o5)

    def __exit__(self, *_: object) -> None:
        for path, mode in self._modes.items():
            path.chmod(mode & 0o7777)


STREAMS: list[tuple[str, list[str], int, str]] = [
    ('"$@" >&-', [], 4, "cannot write stdout: it is closed"),
    ('"$@" > /dev/full', [], 4, "cannot write stdout: no space left on device"),
    ('"$@" 2>&-', [], 0, ""),
    ('"$@" 2> /dev/full', ["missing.log", "--log-level", "debug"], 1, ""),
    ('"$@" <&-', ["-"], 1, "-: stdin is closed"),
    ('"$@" < cut.gz', ["-"], 1, "-: truncated at byte"),
    ('"$@" < empty.log', ["-", "-"], 0, "-: same file as -: counted once"),
    ('"$@" > >(exec 0<&-; true); true', [], 0, ""),
]
"""A shell command, further sources, the exit code, and a line of stderr."""


@pytest.mark.parametrize(("script", "more", "code", "message"), STREAMS)
def test_streams_that_are_closed_full_or_used_twice(
    script: str, more: list[str], code: int, message: str, folder: Path
) -> None:
    """Whatever the state of the standard streams, the exit code is right and there is no traceback."""
    run = shell(script, "analyze", "--output", "json", "good.log", *more, cwd=folder)
    assert run.code == code
    assert is_said(message, run.stderr)


@pytest.mark.parametrize(
    "arguments",
    [["analyze", "good.log"], ["analyze", "good.log", "--output", "csv"], ["analyze", "--help"], ["formats"], ["--version"]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_not_an_error(arguments: list[str], folder: Path) -> None:
    """If the reader of stdout has gone, as after `| head -1`, the program ends silently with 141."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        run = logproc(*arguments, cwd=folder, stdout=pipe)
    assert (run.code, run.stderr) == (141, "")


@pytest.mark.parametrize("command", ["--help", "formats", "threads", "--version"])
def test_every_command_reports_a_full_disk(command: str) -> None:
    """If stdout cannot be written, the exit code is 4, whichever command writes it."""
    with Path("/dev/full").open("wb") as full:
        run = logproc(command, stdout=full)
    message = "logproc: cannot write stdout: no space left on device: free some space, or name another place\n"
    assert (run.code, run.stderr) == (4, message)


def test_a_report_of_the_terminal_is_plain_in_a_pipe(folder: Path) -> None:
    """In a pipe the report has every panel, whole words, and no escape sequence."""
    run = here("analyze", "damaged.log", cwd=folder)
    assert run.code == 0
    assert b"\x1b" not in run.stdout
    assert all(name in run.stdout for name in (b"status", b"pages", b"client", b"user_agent"))


@pytest.mark.parametrize(
    "variables",
    [
        {"COLUMNS": "1"},
        {"NO_COLOR": "1", "TERM": "dumb"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_narrow_dumb_and_ascii_terminals(variables: dict[str, str], folder: Path) -> None:
    """A terminal of one column, without colours, or with ASCII only still gets the whole report."""
    run = logproc("analyze", "utf8.log", cwd=folder, variables=variables)
    assert (run.code, run.stderr) == (0, "logproc: utf8.log: 1 line had undecodable bytes\n")
    assert b"\x1b" not in run.stdout
    assert b"51 lines" in run.stdout
    if "COLUMNS" not in variables and "NO_COLOR" not in variables:
        assert run.stdout.isascii()


def test_colours_if_requested(folder: Path) -> None:
    """With --color always the report has colours in a pipe as well."""
    assert b"\x1b[" in here("analyze", "good.log", "--color", "always", cwd=folder).stdout


def test_quiet_is_quiet(folder: Path, tmp_path: Path) -> None:
    """With -q stderr is empty and the report goes only to its file; without -o it is on stdout."""
    path = tmp_path / "report.json"
    run = analyze_here("good.log", "missing.log", "-q", "-o", path, cwd=folder)
    assert (run.code, run.stdout, run.stderr) == (1, b"", "")
    assert valid(json.loads(path.read_text()))["account"]["lines"] == 50
    assert analyze_here("good.log", "-q", cwd=folder).report["account"]["lines"] == 50


def test_files_by_ending_and_stdout_besides(folder: Path, tmp_path: Path) -> None:
    """Each -o is written in the format of its ending, readable only by its owner; stdout still gets the report."""
    paths = [tmp_path / f"report.{ending}" for ending in ("json", "csv", "txt")]
    run = analyze_here("good.log", *(part for path in paths for part in ("-o", str(path))), cwd=folder)
    assert run.code == 0
    without_run = [{**report, "run": None} for report in (run.report, valid(json.loads(paths[0].read_text())))]
    assert without_run[0] == without_run[1]
    assert paths[1].read_text().startswith("panel,key,count,bytes")
    assert "50 lines" in paths[2].read_text()
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_page_has_more_rows_than_the_other_reports(tmp_path: Path) -> None:
    """JSON beside -o report.html has the rows that --top says; the page has 25, and the command that made it."""
    log, path = tmp_path / "many.log", tmp_path / "report.html"
    line = '192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET /{} HTTP/1.1" 200 5 "-" "-"\n'
    log.write_text("".join(line.format(at) for at in range(50)))
    run = analyze_here(log.name, "-o", path.name, "--top", "3", cwd=tmp_path)
    assert (run.code, run.stderr) == (0, "")
    assert len(run.report["panels"]["path"]["rows"]) == 3
    assert len(run.report["panels"]["status"]["rows"]) == 1
    text = path.read_text("utf-8")
    assert text.count("<th>/") == 25
    assert "logproc analyze --output json many.log -o report.html --top 3" in text
    on_stdout = here("analyze", log.name, "--output", "html", "--top", "40", cwd=tmp_path)
    assert on_stdout.stdout.decode().count("<th>/") == 40


def test_one_output_that_fails_does_not_keep_the_others(folder: Path, tmp_path: Path) -> None:
    """If stdout cannot be written, the file still is, and the code is 4."""
    path = tmp_path / "report.json"
    with Path("/dev/full").open("wb") as full:
        run = analyze("good.log", "-o", path, cwd=folder, stdout=full)
    assert run.code == 4
    assert valid(json.loads(path.read_text()))["complete"]


def test_rejected_lines_are_all_written_in_order(folder: Path, tmp_path: Path) -> None:
    """--rejects holds every rejected line with source, number and reason, in order, the same for any number of threads."""
    found = []
    for threads, size in (("1", "8MiB"), ("2", "300"), ("8", "1")):
        path = tmp_path / f"{threads}.jsonl"
        knobs = ["--workers", threads, "--readers", threads, "--chunk-size", size]
        run = analyze_here("damaged.log", "nul.log", "junk.log", "--rejects", path, *knobs, cwd=folder)
        found.append(path.read_bytes())
    lines = [json.loads(line) for line in found[0].splitlines()]
    places = [(["damaged.log", "nul.log", "junk.log"].index(line["source"]), line["line"]) for line in lines]
    assert found[0] == found[1] == found[2]
    assert places == sorted(set(places))
    assert len(lines) == run.report["account"]["rejected"]
    for source in run.report["sources"]:
        reasons = [line["reason"] for line in lines if line["source"] == source["source"]]
        assert {reason: reasons.count(reason) for reason in reasons} == source["rejected_by_reason"]
        sample = [{**line, "source": None} for line in lines if line["source"] == source["source"]][:3]
        assert sample == [{"source": None, **line} for line in source["rejected_sample"]]


def test_rejects_may_go_to_a_pipe(folder: Path) -> None:
    """--rejects takes a device such as /dev/stderr."""
    run = logproc("analyze", "junk.log", "-q", "-o", "/dev/null", "--rejects", "/dev/stdout", cwd=folder)
    assert run.code == 2  # /dev/null has no ending
    run = shell('"$@" -o >(cat > /dev/null) --rejects /dev/stdout', "analyze", "junk.log", "-q", cwd=folder)
    assert run.code == 2  # neither has a descriptor
    run = analyze("junk.log", "--format", "combined", "--rejects", "/dev/stderr", cwd=folder)
    assert run.stderr.count('"reason": "bad-time"') == 5


def test_a_header_comes_from_a_variable_and_is_never_shown(tmp_path: Path) -> None:
    """The value is sent to the server and appears in no output."""
    with FaultServer() as server:
        server.on("/log", Answer(GOOD))
        run = analyze_here(
            server.url("/log"), "--header", "X-Key: env:KEY", "--log-level", "debug", cwd=tmp_path, variables={"KEY": "canary"}
        )
        sent = server.requests[0].headers
    assert run.code == 0
    assert sent["x-key"] == "canary"
    assert b"canary" not in run.stdout + run.stderr.encode()


SERVERS: dict[str, tuple[Answer, int, str, str]] = {
    "404": (Answer(b"<html>\n", status="404 Not Found"), 1, "404", "failed"),
    "500": (Answer(b"oops\n", status="500 Internal Server Error"), 1, "500 after 2 tries", "failed"),
    "half a body": (Answer(GOOD, sent=3000), 1, "got 3000 of 5845 bytes", "incomplete"),
    "reset": (Answer(GOOD, sent=3000, ending="reset"), 1, "after", "incomplete"),
    "silence": (Answer(head=b"", ending="stall"), 1, "no response headers in 0.3s (2 tries)", "failed"),
    "silence in the body": (
        Answer(GOOD, sent=3000, ending="stall"),
        1,
        "got 3000 of 5845 bytes (no byte in 0.3s) after 25 lines",
        "incomplete",
    ),
    "redirect to a file": (
        Answer(status="302 Found", headers={"Location": "file:///etc/passwd"}),
        1,
        "refused redirect to file:",
        "failed",
    ),
    "an answer": (Answer(GOOD), 0, "", "complete"),
}


@pytest.mark.parametrize("fault", SERVERS)
def test_a_failing_server_is_reported_and_affects_no_other_source(fault: str, folder: Path) -> None:
    """An error, silence, half a body or a forbidden redirect has its line, state and code; other sources are unaffected."""
    answer, code, message, state = SERVERS[fault]
    with FaultServer() as server:
        server.on("/log", answer)
        run = analyze_here(server.url("/log"), "good.log", "--retries", "1", "--read-timeout", "0.3", cwd=folder)
        others = {request.target for request in server.requests}
    assert run.code == code
    assert is_said(message, run.stderr)
    first, second = run.report["sources"]
    assert (first["state"], second["state"], second["account"]["records"]) == (state, "complete", 50)
    assert first["account"]["lines"] in ({0} if state == "failed" else {50} if state == "complete" else range(20, 30))
    assert others == {"/log"}
    check_account(run.report)


def test_a_port_that_nobody_listens_on(folder: Path) -> None:
    """A refused connection fails only its own source."""
    run = analyze_here(f"http://127.0.0.1:{closed_port()}/", "good.log", "--retries", "0", cwd=folder)
    assert (run.code, run.report["account"]["records"]) == (1, 50)
    assert is_said("refused", run.stderr)


def test_an_exception_in_a_worker_is_70_with_source_and_lines(folder: Path) -> None:
    """An exception in a parser ends the run: the error names the source and the lines, and the partial report is printed."""
    python = [sys.executable, str(ROOT / "tests" / "support" / "broken_format.py")]
    arguments = ["good.log", "--format", broken_format.NAME, "--chunk-size", "300", "--workers", "2"]
    run = analyze(*arguments, cwd=folder, python=python)
    assert run.code == 70
    assert is_said(r"internal error at good.log, lines \d+-\d+: ZeroDivisionError\('broken parser'\)", run.stderr)
    assert run.report["complete"] is False
    assert 0 < run.report["account"]["records"] < 50
    check_account(run.report)


def test_debug_shows_the_traceback(folder: Path) -> None:
    """With --debug an internal error is shown with its traceback and all causes."""
    python = [sys.executable, str(ROOT / "tests" / "support" / "broken_format.py")]
    run = analyze("good.log", "--format", broken_format.NAME, "--debug", "--chunk-size", "300", cwd=folder, python=python)
    assert run.code == 70
    assert "ZeroDivisionError: broken parser" in run.stderr
    assert "Traceback" in run.stderr


@pytest.mark.parametrize("flags", [["-X", "dev", "-W", "error"], ["-O"], ["-I"]], ids=" ".join)
def test_the_interpreters_flags_change_nothing(flags: list[str], folder: Path) -> None:
    """With warnings as errors, without assertions or isolated, report and stderr are the same."""
    python = [sys.executable, *flags, *COMMAND[1:]] if flags != ["-I"] else [sys.executable, "-I", "-c", ISOLATED]
    usual = analyze_here("good.log", "cut.gz", "damaged.log", "missing.log", cwd=folder)
    run = analyze("good.log", "cut.gz", "damaged.log", "missing.log", cwd=folder, python=python)
    assert (run.code, run.stderr) == (usual.code, usual.stderr)
    assert {**run.report, "run": None} == {**usual.report, "run": None}


ISOLATED = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from logproc.__main__ import main; main()"


def test_the_environment_changes_no_number(folder: Path) -> None:
    """Time zone, locale and hash seed do not change the report."""
    reports = []
    for zone, seed in (("UTC", "0"), ("America/New_York", "1"), ("Asia/Kathmandu", "2")):
        variables = {"TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        reports.append(
            {**analyze("good.log", "damaged.log", "--top", "0", cwd=folder, variables=variables).report, "run": None}
        )
    assert reports[0] == reports[1] == reports[2]


def test_without_a_home_or_a_folder_to_write_to(folder: Path, tmp_path: Path) -> None:
    """Nothing needs a home, a temporary folder or a current directory unless a file is asked for."""
    gone = tmp_path / "gone"
    gone.mkdir()
    run = shell(
        f'cd {gone} && rmdir {gone} && unset HOME && TMPDIR=/nowhere "$@"', "analyze", folder / "good.log", "--output", "json"
    )
    assert (run.code, run.stderr, run.report["account"]["records"]) == (0, "", 50)


def test_where_stderr_is_a_terminal_the_progress_is_gone_at_the_end(tmp_path: Path) -> None:
    """With a terminal on stderr the report on stdout is the same, and the progress is erased."""
    main, other = os.openpty()
    os.mkfifo(tmp_path / "fifo")
    with os.fdopen(main, "rb", buffering=0) as screen, os.fdopen(other, "wb") as terminal:
        with started("analyze", "fifo", "--output", "json", cwd=tmp_path, stderr=terminal) as process:
            with (tmp_path / "fifo").open("wb") as writer:
                seen = screen.read(1 << 16)  # blocks until something is painted
                writer.write(GOOD)
            output, _ = process.communicate()
        seen += screen.read(1 << 16)
    assert valid(json.loads(output))["account"]["records"] == 50
    assert b"pipe-1" in seen
    assert b"\x1b[" in seen
    assert seen.endswith(b"\x1b[2K")


def test_an_unfinished_line_typed_at_a_pipe_counts() -> None:
    """A last line without LF counts if the stream ended by itself."""
    with started("analyze", "-", "--output", "json", stdin=subprocess.PIPE) as process:
        output, errors = process.communicate(GOOD[:-1])
    assert (valid(json.loads(output))["account"]["records"], errors) == (50, b"")


def test_a_field_that_no_source_has_is_an_error_and_no_report(folder: Path) -> None:
    """A misspelt field is a one-line error with the nearest field; stdout stays empty, and the code is 2."""
    run = here("analyze", "good.log", "--where", "statu == 5", cwd=folder)
    assert (run.code, run.stdout) == (2, b"")
    assert run.stderr == "logproc: no source has a field 'statu': did you mean 'status'?\n"
