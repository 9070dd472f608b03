"""What people mistype, and the line that puts them right."""

from __future__ import annotations

import shlex
from contextlib import chdir
from pathlib import Path

import pytest

from tests.faults.fault import in_process
from tests.support import logs
from tests.support.processes import shell

LOG = logs.log(50)
WRITE = 'write "2026-03-07 10:00", "2026-03-07", "10:00", "yesterday", "2h" (two hours ago) or "@1772877600"'
COMMANDS = "the commands are analyze, detect, diff, formats, init, man, show, threads"
# A command line, the exit code, and how the only line on stderr ends.
HINTS: list[tuple[str, int, str]] = [
    # options
    ("access.log --wher x", 2, "no such option --wher: did you mean '--where'?"),
    ("access.log --json", 2, "no such option --json: did you mean '--output json'?"),
    ("access.log --html", 2, "no such option --html: did you mean '--output html'?"),
    ("access.log --no-color", 2, "no such option --no-color: did you mean '--color never'?"),
    ("access.log -v", 2, "no such option -v: did you mean '--log-level info'?"),
    ("-F access.log", 2, "no such option -F: did you mean '--follow'?"),
    ("access.log --tail 3", 2, "no such option --tail: `logproc show` prints records, see its --help"),
    ("diff access.log --follow", 2, "no such option --follow: `logproc analyze` has it, see its --help"),
    ("access.log --version", 2, "no such option --version: write `logproc --version`"),
    ("access.log -top 3", 2, "no such option -t: did you mean '--top'?"),
    ("access.log -by=path", 2, "no such option -b: did you mean '--by'?"),
    ("access.log -zzz", 2, "no such option -z: see `logproc analyze --help`"),
    ("-minus.log", 2, "no such option -m: ./-minus.log is the file"),
    ("detect --json access.log", 2, "no such option --json: see `logproc detect --help`"),
    # options without a value, or with one that was not meant
    ("access.log --by", 2, "--by needs a value: write --by path,status; see `logproc analyze --help`"),
    ("access.log -o", 2, "-o needs a value: write -o report.html; see `logproc analyze --help`"),
    ("access.log --color", 2, "--color needs a value: write --color auto|always|never; see `logproc analyze --help`"),
    ("access.log --memory", 2, "--memory needs a value: write --memory BYTES; see `logproc analyze --help`"),
    ("detect --encoding", 2, "--encoding needs a value: write --encoding NAME; see `logproc detect --help`"),
    ("--by access.log", 2, "no source is named: access.log was taken as the value of --by"),
    ("--by path", 2, "no source is named: name a file, a URL, or - for standard input; see `logproc analyze --help`"),
    ("access.log --by path, status", 2, "--by 'path,' does not name fields: put no blank behind the comma: --by path,status"),
    ("access.log --color=yes", 2, "--color 'yes' is unknown: did you mean 'always'?"),
    ("access.log --order descending", 2, "--order 'descending' is unknown: did you mean 'desc'?"),
    ("access.log --top all", 2, "--top 'all' is not a number: write 0 for all rows"),
    ("access.log --top x", 2, "--top 'x' is not a whole number: write it in digits"),
    # outputs
    ("access.log --output jsno", 2, "--output 'jsno' is unknown: did you mean 'json'?"),
    ("access.log --output text", 2, "--output 'text' is unknown: did you mean 'terminal'?"),
    ("access.log --output report.json", 2, "--output 'report.json' is unknown: write -o report.json"),
    ("access.log -o report", 2, "report: the ending decides the format, as in report.html: use .json, .csv, .txt, .html"),
    ("access.log -o report.htm", 2, "report.htm: no format has this ending: use .json, .csv, .txt, .html"),
    ("access.log -o json", 2, "-o json: -o takes a file: use --output json for stdout"),
    ("access.log -o -", 2, "-o -: -o takes a file: use --output json, csv or html for stdout"),
    # commands and files
    ("anlyze access.log", 2, "no such command or file 'anlyze': did you mean 'analyze'?"),
    ("acces", 2, "no such command or file 'acces': did you mean 'access.log'?"),
    ("my log.log", 2, "no such command or file 'my': put the name in quotes: 'my log.log'"),
    (
        "nonsense",
        2,
        f"no such command or file 'nonsense': {COMMANDS}",
    ),
    ("acess.log", 3, "acess.log: no such file: did you mean 'access.log'?"),
    ("access.log.", 3, "access.log.: no such file: did you mean 'access.log'?"),
    ("logs/Access.log", 3, "logs/Access.log: no such file: did you mean 'access.log'?"),
    ("b.log", 3, "b.log: no such file: check the path"),
    ("lgs/access.log", 3, "lgs/access.log: no such file: there is no folder lgs"),
    ("''", 3, "'': no such file: the name is empty; is a variable not set?"),
    ("logs", 3, "logs: is a directory: use --recursive"),
    ("detect acess.log", 1, "acess.log: no such file: did you mean 'access.log'?"),
    (
        "\u2013-top",
        2,
        "no such command or file '\u2013-top': did you mean '--top'? It begins with a dash that no keyboard types",
    ),
    # URLs
    ("http:/host/x", 3, "http:/host/x: no such file: did you mean 'http://host/x'?"),
    ("https:host/x.log", 3, "https:host/x.log: no such file: did you mean 'https://host/x.log'?"),
    ("http//host.example/x", 3, "http//host.example/x: no such file: did you mean 'http://host.example/x'?"),
    ("htp://host/x", 3, "htp://host/x: unsupported URL scheme: did you mean 'http://host/x'?"),
    ("httpss://u:secret@host/x", 3, "unsupported URL scheme: did you mean 'https://***@host/x'?"),
    ("www.example.com/x.log", 3, "www.example.com/x.log: no such file: did you mean 'http://www.example.com/x.log'?"),
    ("example.com:8080/x", 3, "example.com:8080/x: no such file: did you mean 'http://example.com:8080/x'?"),
    ("hdfs://host/x.log", 3, "hdfs://host/x.log: unsupported URL scheme: http, https, s3, gs and az are known"),
    ("file:///access.log", 3, "file:///access.log: unsupported URL scheme: write the path alone, without file://"),
    ("web1:/var/log/x.log", 3, "web1:/var/log/x.log: no such file: write ssh web1 cat /var/log/x.log | logproc"),
    (
        "ssh://me:pw@web1/var/log/x",
        3,
        "ssh://***@web1/var/log/x: unsupported URL scheme: write ssh web1 cat /var/log/x | logproc",
    ),
    # filters
    ("access.log --where status == 500", 2, "only the field arrived: put the whole filter in quotes: --where 'status == 500'"),
    ("access.log --where path == /", 2, "only the field arrived: put the whole filter in quotes: --where 'path == \"/\"'"),
    ("--where path == / access.log", 2, "only the field arrived: put the whole filter in quotes: --where 'path == \"/\"'"),
    ("access.log --where status in '(1,2)'", 2, "put the whole filter in quotes: --where 'status in (1,2)'"),
    ("access.log --where status", 2, "put the whole filter in quotes: --where 'status == 200'"),
    ("access.log --where 'path == /'", 2, '/ means nothing at column 9: write a text in quotes: "/"'),
    ("access.log --where 'path startswith \"/a\"'", 2, 'found `startswith` at column 6: write =~ "^…"'),
    ("access.log --where 'path like \"/a\"'", 2, 'found `like` at column 6: write contains "…"'),
    ("access.log --where 'status > 1, status < 9'", 2, "found `,` at column 11: write `and`"),
    # times and zones
    ("access.log --tz Berlin", 2, "--tz 'Berlin' is not a known zone: did you mean 'Europe/Berlin'?"),
    ("access.log --since 'last week'", 2, "--since 'last week' is not a time: write 7d"),
    ("access.log --since 2026-3-7", 2, "--since '2026-3-7' is not a time: write 2026-03-07"),
    ("access.log --since 7.3.2026", 2, "--since '7.3.2026' is not a time: put the year first: " + WRITE),
    ("access.log --since 2026-2-30", 2, f"--since '2026-2-30' is not a time: {WRITE}"),
    ("access.log --until 'next week'", 2, f"that is in the future: {WRITE}"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with some logs."""
    folder = tmp_path_factory.mktemp("mistyped")
    (folder / "logs").mkdir()
    for name in ("access.log", "a.log", "my log.log", "-minus.log", "logs/access.log"):
        (folder / name).write_bytes(LOG)
    return folder


@pytest.mark.parametrize(("line", "code", "said"), HINTS, ids=[line for line, _, _ in HINTS])
def test_what_is_mistyped_is_put_right(line: str, code: int, said: str, folder: Path) -> None:
    """One line says what is wrong and what was meant, and nothing is written anywhere else."""
    before = sorted(folder.rglob("*"))
    with chdir(folder):
        run = in_process(*shlex.split(line))
    assert (run.code, run.stdout, run.stderr.count("\n")) == (code, b"", 1), run.stderr
    assert run.stderr.startswith("logproc: ")
    assert run.stderr.endswith(f"{said}\n")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("filter_", "meant", "made"),
    [
        ("status >= 500", "status >= 500", "="),
        ("status >=500", "status >= 500", "=500"),
        ("status > 500", "status > 500", "500"),
    ],
)
def test_a_filter_that_the_shell_took_apart(filter_: str, meant: str, made: str, tmp_path: Path) -> None:
    """Without quotes, the shell sends the report to a file called `=` or `500`; the line names it."""
    (tmp_path / "access.log").write_bytes(LOG)
    run = shell(f'"$@" --where {filter_}', "access.log", cwd=tmp_path)
    assert (run.code, run.stdout) == (2, b"")
    hint = f"put the whole filter in quotes: --where '{meant}'; the shell made the file {made!r}, remove it"
    assert run.stderr == f"logproc: --where status: only the field arrived: {hint}\n"
    assert (tmp_path / made).read_bytes() == b""


def test_a_report_that_is_sent_to_a_file_is_not_a_mistake(tmp_path: Path) -> None:
    """`--where` with a whole filter may go anywhere."""
    (tmp_path / "access.log").write_bytes(LOG)
    run = shell("\"$@\" --where 'status == 200' > 500", "access.log", cwd=tmp_path)
    assert (run.code, run.stderr) == (0, "")
    assert b"50 lines" in (tmp_path / "500").read_bytes()


def test_detect_reads_a_pipe_as_analyze_does(tmp_path: Path) -> None:
    """Without arguments, standard input is read if it is a pipe or a file."""
    (tmp_path / "access.log").write_bytes(LOG)
    assert shell('cat access.log | "$@"', "detect", cwd=tmp_path).stdout.startswith(b"-: c")
