"""Records on a terminal: harmless whatever the log has, and in colour where the record has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.command.subcommands.show.options import ShowOptions
from logproc.command.subcommands.show.run import show
from logproc.command.terminal.screen import Screen
from logproc.records.output import nothing
from logproc.records.piece import Piece
from logproc.records.screen.paint import Paint
from logproc.records.screen.values import PAINTED, values_of
from logproc.records.stages.endings import Bytes
from logproc.settings import Settings

TAGS = {"2": "dim", "31": "red", "32": "green", "33": "yellow", "34": "blue", "36": "cyan", "7": "found"}
SGR = re.compile(r"\x1b\[([0-9;]*)m")
Painted = Callable[..., list[str]]
ACCESS = '192.0.2.1 - {user} [07/Mar/2026:00:00:0{second} +0000] "GET {path} HTTP/1.1" {status} {size} "-" "curl/8 {agent}"\n'


def access(status: int = 200, path: str = "/", size: int = 5, user: str = "-", second: int = 1, agent: str = "") -> str:
    return ACCESS.format(status=status, path=path, size=size, user=user, second=second, agent=agent)


def tagged(text: str) -> str:
    """Return a text with its colours as words: `<red>404</>`."""
    return SGR.sub(lambda found: "</>" if found[1] == "0" else f"<{' '.join(TAGS[n] for n in found[1].split(';'))}>", text)


@pytest.fixture
def painted(tmp_path: Path) -> Painted:
    """Return a function that shows logs in colour and returns the lines."""

    def run(*logs: str | bytes, where: str | None = None, names: str = "abc", **asked: Any) -> list[str]:
        paths = []
        for name, log in zip(names, logs, strict=False):
            path = tmp_path / f"{name}.log"
            path.write_bytes(log.encode() if isinstance(log, str) else log)
            paths.append(str(path))
        with (tmp_path / "out").open("w", encoding="utf-8") as out, (tmp_path / "err").open("w") as err:
            code = show(ShowOptions(paths, **asked), Screen(out, err, Settings(where=where, color="always"), {}))
        assert code == 0, (tmp_path / "err").read_text()
        return tagged((tmp_path / "out").read_text("utf-8")).replace(str(tmp_path) + "/", "").splitlines()

    return run


@pytest.mark.parametrize(("status", "color"), [(200, "green"), (301, "blue"), (404, "yellow"), (503, "red")])
def test_a_status_has_the_colour_of_its_severity(painted: Painted, status: int, color: str) -> None:
    (line,) = painted(access(status))
    assert f'HTTP/1.1" <{color}>{status}</> 5 ' in line
    assert "<dim>[07/Mar/2026:00:00:01 +0000]</>" in line


def test_only_the_status_is_coloured_and_not_what_looks_like_one(painted: Painted) -> None:
    """Neither a path, a user, a size, nor a word of the user agent."""
    (line,) = painted(access(404, path="/404", size=404, user="404", agent="404"))
    assert line.count("<yellow>") == 1
    assert '/404 HTTP/1.1" <yellow>404</> 404 "-"' in line


def test_a_status_in_doubt_is_not_coloured(painted: Painted) -> None:
    """In a table without quotes 200 may be any of two columns."""
    head = "#Fields: date time cs-method cs-uri-stem sc-status sc-bytes\n"
    lines = painted(head + "2026-03-07 00:00:01 GET /a 200 200\n2026-03-07 00:00:02 GET /a 404 200\n")
    assert ["<green>" in line or "<yellow>" in line for line in lines] == [False, True]


def test_json(painted: Painted) -> None:
    """Keys and times are dim; a level and a status have their colours under the keys that mean them."""
    log = '{"time":"2026-03-07T00:05:23Z","msg":"error 500","level":"error","n":500,"status":500,"m":{"a":1}}\n'
    assert painted(log * 3)[0] == (
        '{<dim>"time":"2026-03-07T00:05:23Z"</>,<dim>"msg":</>"error 500",<dim>"level":</>"<red>error</>",'
        '<dim>"n":</>500,<dim>"status":</><red>500</>,<dim>"m":</>{<dim>"a":</>1}}'
    )


def test_logfmt(painted: Painted) -> None:
    log = r'time=2026-03-07T10:00:01Z level=warn msg="a \"x\" level=info b=1" path=/a/404 status=404 n=404' + "\n"
    assert painted(log * 3)[0] == (
        r'<dim>time=2026-03-07T10:00:01Z</> <dim>level=</><yellow>warn</> <dim>msg=</>"a \"x\" level=info b=1" '
        "<dim>path=</>/a/404 <dim>status=</><yellow>404</> <dim>n=</>404"
    )


TRACES = """\
2026-03-07 10:00:00,123 INFO [main] app.start - started without ERROR
2026-03-07 10:00:01,123 ERROR [worker-1] app.db - query failed: timeout
Traceback (most recent call last):
  File "x.py", line 3, in <module>
ValueError: timeout of INFO
2026-03-07 10:00:02,123 WARN [main] app.slow - slow
"""


def test_levels_of_text_and_traces(painted: Painted) -> None:
    lines = painted(TRACES)
    assert lines[0] == "<dim>2026-03-07 10:00:00,123</> <green>INFO</> [main] app.start - started without ERROR"
    assert lines[1].startswith("<dim>2026-03-07 10:00:01,123</> <red>ERROR</> [worker-1]")
    assert lines[2:5] == TRACES.splitlines()[2:5]
    assert lines[5].startswith("<dim>2026-03-07 10:00:02,123</> <yellow>WARN</> ")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("path contains '/a'", ["/a"]),
        ("path == '/a/b'", ["/a/b"]),
        ("path in ('/x', '/a/b')", ["/a/b"]),
        ("path =~ '^/A|/b$'", ["/b"]),
        ("path =~ '(?i)(A)/b'", ["a/b"]),
        ("client == '192.0.2.0/24'", ["192.0.2.1"]),
        ("path contains 'a' and method == GET".replace("GET", "'GET'"), ["GET", "a"]),
        ("not path contains 'x'", []),
        ("path != '/'", []),
        ("status == 404", []),
    ],
)
def test_what_the_filter_looks_for_is_found_in_its_field(painted: Painted, where: str, found: list[str]) -> None:
    """And not elsewhere: the user agent has the same texts."""
    (line,) = painted(access(404, path="/a/b", agent="/a /a/b GET a"), where=where)
    assert re.findall("<found>(.*?)</>", line) == found


def test_further_lines_of_a_message_are_searched(painted: Painted) -> None:
    lines = painted(TRACES, where="message contains 'timeout' and level == 'error'")
    assert [line.count("<found>timeout</>") for line in lines] == [1, 0, 0, 1]
    lines = painted(TRACES, where="text =~ '^[A-Z][a-z]+E.*:'")
    assert lines[-1] == "<found>ValueError:</> timeout of INFO"


def test_around_a_match_nothing_is_marked(painted: Painted) -> None:
    """The records around a match have their colours, `--` is dim, and only the match is marked."""
    log = "".join(access(status, path=path) for status, path in ((200, "/a"), (404, "/a"), (200, "/a"), *((200, "/"),) * 4))
    lines = painted(log + access(404, path="/a"), where="status == 404 and path == '/a'", around=1)
    assert [re.findall("<(?:found|dim)>(/a|--)</>", line) for line in lines] == [[], ["/a"], [], ["--"], [], ["/a"]]
    assert [re.findall("<(?:green|yellow)>", line) for line in lines[:3]] == [["<green>"], ["<yellow>"], ["<green>"]]


def test_sources_and_merging(painted: Painted) -> None:
    """Each record keeps its colours and its source, in whatever order it comes."""
    lines = painted(access(200, second=1) + access(500, second=3), access(404, second=2), merge=True, with_source=True)
    assert [line[: line.index("192")] for line in lines] == ["<cyan>a.log: </>", "<cyan>b.log: </>", "<cyan>a.log: </>"]
    assert [re.findall("<(green|yellow|red)>", line) for line in lines] == [["green"], ["yellow"], ["red"]]


@pytest.mark.parametrize(("chosen", "colors"), [({"first": 2}, ["green", "yellow"]), ({"last": 2}, ["yellow", "red"])])
def test_the_first_and_the_last_records(painted: Painted, chosen: dict[str, int], colors: list[str]) -> None:
    lines = painted(access(200) + access(404) + access(500), **chosen)
    assert [re.findall("<(green|yellow|red)>", line) for line in lines] == [[color] for color in colors]


def test_what_could_control_a_terminal_is_shown_as_its_number(painted: Painted) -> None:
    log = TRACES.encode() + b"2026-03-07 10:00:03,1 WARN [main] a - \x1b]0;x\x07\t\xff \xc2\x9b \xe2\x80\xae caf\xc3\xa9\r\n"
    assert painted(log)[-1].endswith("a - \\x1b]0;x\\x07\t\\xff \\x9b \\u202e café")


def written(content: bytes, ends: list[int], *, color: bool, in_ascii: bool = False) -> bytes:
    out: list[bytes] = []
    paint = Paint(Bytes(out.append), color=color, in_ascii=in_ascii)
    values = values_of(None, numpy.full(len(ends), -1), PAINTED)
    paint.take(0, Piece(content, len(ends), numpy.array(ends), values=values), nothing)
    return b"".join(out)


@given(lines=st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=200), color=st.booleans())
def test_whatever_the_log_has_the_terminal_gets_text(lines: list[bytes], color: bool) -> None:
    """Law: besides our own colours only printable text, TABs and the line feeds of the log; and ASCII where that is all."""
    records = [line + b"\n" for line in lines]
    ends = numpy.cumsum([len(record) for record in records]).tolist()
    text = written(b"".join(records), ends, color=color).decode("utf-8")
    assert text.count("\n") == len(lines)
    assert all(c.isprintable() or c in "\n\t" for c in SGR.sub("", text))
    assert written(b"".join(records), ends, color=color, in_ascii=True).isascii()


def test_the_first_lines_come_before_the_rest_is_painted() -> None:
    """A chunk has thousands of lines; the screen does not wait for all of them."""
    out: list[bytes] = []
    content = access().encode() * 1000
    ends = numpy.arange(1, 1001) * (len(content) // 1000)
    Paint(Bytes(out.append), color=True).take(0, Piece(content, 1000, ends), nothing)
    assert out[0].count(b"\n") < 100
    assert b"".join(out).count(b"\n") == 1000


def test_a_hostile_line_takes_no_longer_than_another(painted: Painted) -> None:
    """A line of a million quotes or backslashes: time grows with its length alone."""
    log = '{"level":"info","a":"b"}\n' * 3 + '{"level":"info","a":"' + '\\"' * 400_000 + '"}\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logproc.records.screen.paint.MOST_CHARACTERS", 1 << 20)
        assert len(painted(log)) == 4
