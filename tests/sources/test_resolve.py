"""What was typed, and the sources that it names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from logproc.model.source import Kind, Source, State, real_path
from logproc.sources.resolve import resolve


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a bit of everything, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.log", "a.log", ".hidden.log", "d/z.log", "d.log", "d/.h", "d/e/x.log", "[x].log", "http:/h/x", "-n.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("line\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "hard.log").hardlink_to(tmp_path / "a.log")
    (tmp_path / "soft.log").symlink_to("a.log")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "d/up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe.fifo")
    return tmp_path


def told(sources: tuple[Source, ...]) -> list[tuple[str, str | None]]:
    """Return name and reason of every source."""
    return [(source.name, source.verdict.reason if source.verdict else None) for source in sources]


NO_FILE, TWICE = "no such file", "same file as a.log: counted once"


@pytest.mark.parametrize(
    ("arguments", "recursive", "expected"),
    [
        (["b.log", "a.log"], False, [("b.log", None), ("a.log", None)]),
        (["missing", "a.log"], False, [("missing", NO_FILE), ("a.log", None)]),
        (["a.log/x"], False, [("a.log/x", NO_FILE)]),
        (
            ["a.log", "hard.log", "soft.log", "./a.log"],
            False,
            [("a.log", None), ("hard.log", TWICE), ("soft.log", TWICE), ("./a.log", TWICE)],
        ),
        (["?.log"], False, [("a.log", None), ("b.log", None), ("d.log", None)]),
        (["[ab].log", "b*"], False, [("a.log", None), ("b.log", None), ("b.log", "same file as b.log: counted once")]),
        (["[x].log"], False, [("[x].log", None)]),
        (["*.nothing"], False, [("*.nothing", NO_FILE)]),
        (["*.fifo", "pipe.fifo"], False, [("pipe.fifo", "a FIFO found by a glob"), ("pipe.fifo", None)]),
        (["d"], False, [("d", "is a directory")]),
        (["d"], True, [("d/.h", None), ("d/e/x.log", None), ("d/up", "link to a directory: not followed"), ("d/z.log", None)]),
        (["empty"], True, [("empty", "no files in the directory")]),
        (["loop"], False, [("loop", "too many symbolic links")]),
        (["dangling"], False, [("dangling", NO_FILE)]),
        (["x" * 300], False, [("x" * 300, "path too long")]),
        (["-n.log", "-", "-"], False, [("-n.log", None), ("-", None), ("-", "same file as -: counted once")]),
        (["/dev/zero"], False, [("/dev/zero", "not a regular file")]),
        (["a\0b"], False, [(r"a\x00b", NO_FILE)]),
        (["ftp://h/x"], False, [("ftp://h/x", "unsupported URL scheme")]),
        (["./http://h/x"], False, [("./http://h/x", None)]),
        (["HTTP://u:p@h/x"], False, [("HTTP://***@h/x", None)]),
        (
            ["http://h/?token=a"] * 2,
            False,
            [("http://h/?token=***", None), ("http://h/?token=***", "same URL as http://h/?token=***: counted once")],
        ),
        (["http://h/[a-z]*"], False, [("http://h/[a-z]*", None)]),
        ([""], False, [("''", NO_FILE)]),
    ],
)
def test_resolve(folder: Path, arguments: list[str], recursive: bool, expected: list[tuple[str, str | None]]) -> None:
    """Every argument becomes sources with a name each, and a reason if one is not to be read."""
    assert folder == Path.cwd()
    assert told(resolve(arguments, recursive=recursive)) == expected


def test_a_walk_goes_in_byte_order_of_the_paths(folder: Path) -> None:
    """Directories are walked so that the paths come in byte order, each file once."""
    sources = resolve(["."], recursive=True)
    names = [source.name for source in sources]
    assert folder == Path.cwd()
    assert names == sorted(names, key=os.fsencode)
    assert {"./.hidden.log", "./d.log", "./d/e/x.log", "./[x].log"} < set(names)
    assert [source.index for source in sources] == list(range(len(names)))


def test_kinds(folder: Path) -> None:
    """A source is a file, standard input, a named pipe or a URL; a URL keeps its secrets where it is opened."""
    sources = resolve(["a.log", "-", "pipe.fifo", "http://u:p@h/"], recursive=False)
    assert folder == Path.cwd()
    assert [source.kind for source in sources] == [Kind.FILE, Kind.STDIN, Kind.FIFO, Kind.URL]
    assert sources[3].location == "http://u:p@h/"


def test_left_out_is_not_a_fault(folder: Path) -> None:
    """What a rule leaves out is skipped, what cannot be read has failed with exit code 1."""
    verdicts = [source.verdict for source in resolve(["a.log", "hard.log", "missing"], recursive=False)]
    assert folder == Path.cwd()
    assert [(verdict.state, verdict.exit_code) if verdict else None for verdict in verdicts] == [
        None,
        (State.SKIPPED, 0),
        (State.FAILED, 1),
    ]


def test_odd_names_stay_on_one_line(folder: Path) -> None:
    """A name of arbitrary bytes is found by a glob, displayed escaped, and opened unchanged."""
    name = os.fsdecode(b"odd\n\x1b\xff")
    (folder / name).touch()
    (source,) = resolve(["odd*"], recursive=False)
    assert (source.name, source.location) == (r"odd\x0a\x1b\xff", name)


def test_a_socket_is_not_a_file(folder: Path) -> None:
    """A socket in the file system is not opened."""
    assert folder == Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert told(resolve(["socket"], recursive=False)) == [("socket", "not a regular file")]


def test_a_deep_tree_is_walked(folder: Path) -> None:
    """A tree deeper than Python's recursion limit is walked to its end."""
    deep = "deep/" + "n/" * 1500
    subprocess.run(["mkdir", "-p", deep], check=True)
    Path(deep, "x.log").touch()
    try:
        sources = resolve(["deep"], recursive=True)
    finally:
        # pytest's own clearing up would run into the limit.
        subprocess.run(["rm", "-r", folder / "deep"], check=True)
    assert told(sources) == [(deep + "x.log", None)]


def test_urls_that_differ_only_in_their_secrets_have_names_of_their_own() -> None:
    """What is masked does not make two logs one; what is not sent does not make one log two."""
    urls = ["http://h/a?key=1", "http://h/a?key=2", "http://me:x@h/a", "http://you:x@h/a", "http://h/a?key=2#part"]
    found = resolve(urls, recursive=False)
    names = ["http://h/a?key=***", "http://h/a?key=*** (2)", "http://***@h/a", "http://***@h/a (2)"]
    assert [source.name for source in found[:4]] == names
    assert [source.verdict for source in found[:4]] == [None] * 4
    assert found[4].verdict is not None
    assert found[4].verdict.reason == "same URL as http://h/a?key=*** (2): counted once"
    assert "key=1" not in repr(found)


def test_a_link_that_is_removed_while_it_is_read(tmp_path: Path) -> None:
    """Its path is told as it is; a log that is a link is switched or removed at any moment."""
    link = tmp_path / "link"
    toggle = f"import os\nwhile True: os.symlink('target', {str(link)!r}); os.unlink({str(link)!r})"
    process = subprocess.Popen([sys.executable, "-c", toggle])
    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert real_path(str(link)) in {str(link), str(tmp_path / "target")}
    process.kill()
    process.wait()
