"""Pages in place of logs, from servers and in files: recognised in every spelling, and no log is taken for one."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from logproc import analyze
from logproc.sources.unreadable import PAGE_BYTES, is_page
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer

REST = "<title>Sign in</title>\n<form>\n<input name=user>\n</form></html>\n" * 3
STARTS = [
    "<!DOCTYPE html>\n<html>",
    "<!doctype HTML>",
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">',
    "<!DOCTYPE\n  html>",
    "<html>",
    "<HTML lang=en>",
    "<Html\n>",
    "\ufeff<!DOCTYPE html>",
    " \t<html>",
    "\r\n \t<html>",
    "<!-- saved from the net -->\n<!-- twice --><html>",
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">',
    '\ufeff<?xml version="1.0"?><!-- a --><html xmlns="http://www.w3.org/1999/xhtml">',
    "<head>",
    "<body bgcolor=white>",
    "<h1>Sign in</h1>",
    "<meta charset=utf-8>",
    "<script>",
    "<pre>",
]
CALLED_SO = ["<span>", "<main>", "<img/>", " <strong>No</strong>"]
"""Starts of a page only where the server says that it is one."""
LOGS = [
    "<13>Oct 11 22:14:15 host app: one",
    "<134>1 2026-03-07T00:00:00Z host app 1 - - one",
    "<log4j:event logger='a'>",
    "<event id='1'>",
    "<headline>",
    "<-- one",
    "<> one",
    "< html>",
    "2026-03-07 00:00:00 INFO <html>",
    "html",
]
TYPES = ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml", "text/plain", "application/octet-stream", ""]
PACKS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
REFUSED = ("failed", "looks like an HTML page, not a log", 0)


def fates(*answers: Answer) -> list[tuple[str, str | None, int]]:
    """Return what became of the bodies of a server: state, reason, number of lines."""
    with FaultServer() as server:
        for number, answer in enumerate(answers):
            server.on(f"/{number}", answer)
        snapshot = analyze([server.url(f"/{number}") for number in range(len(answers))], retries=0)
    return [(source.state.value, source.reason, source.account.lines) for source in snapshot.sources]


@pytest.mark.parametrize("media_type", TYPES)
def test_a_page_is_not_a_log_however_it_begins(media_type: str) -> None:
    """Whatever its server calls it."""
    headers = {"Content-Type": media_type} if media_type else {}
    assert set(fates(*(Answer((start + REST).encode(), headers=headers) for start in STARTS))) == {REFUSED}


@pytest.mark.parametrize("media_type", ["text/html", "text/plain"])
def test_a_page_is_not_a_log_however_it_is_sent(media_type: str) -> None:
    """Packed as a file or for the transfer, in other encodings, byte by byte."""
    headers = {"Content-Type": media_type}
    pages = [
        (start + REST).encode(encoding)
        for start in (STARTS[0], *STARTS[4:8], STARTS[11])
        for encoding in ("utf-8", "utf-16", "utf-16-be")
    ]
    answers = [Answer(pack(page), headers=headers) for page, pack in itertools.product(pages, PACKS.values())]
    answers += [Answer(zlib.compress(page), headers={**headers, "Content-Encoding": "deflate"}) for page in pages]
    answers += [Answer(page[:400], headers=headers, framing="chunked", piece=1) for page in pages[::3]]
    assert set(fates(*answers)) == {REFUSED}


def test_what_the_server_calls_a_page_may_begin_with_more_tags() -> None:
    """The type decides where the start could be that of something else."""
    called, not_called = ({"Content-Type": media_type} for media_type in ("text/html", "text/plain"))
    assert set(fates(*(Answer((start + REST).encode(), headers=called) for start in CALLED_SO))) == {REFUSED}
    assert not {REFUSED} & set(fates(*(Answer((start + REST).encode(), headers=not_called) for start in CALLED_SO)))


@pytest.mark.parametrize("media_type", TYPES)
def test_a_log_is_a_log_whatever_its_server_calls_it(media_type: str) -> None:
    """Its content decides: formats that are known, and text of any kind."""
    headers = {"Content-Type": media_type} if media_type else {}
    bodies = [logs.log(20), gzip.compress(logs.log(20)), *("".join(f"{line}\n" for _ in range(20)).encode() for line in LOGS)]
    pieces = (1, 1 << 16) if media_type in {"text/html", ""} else (1 << 16,)
    answers = [Answer(body, headers=headers, framing="chunked", piece=piece) for body in bodies for piece in pieces]
    assert set(fates(*answers)) == {("complete", None, 20)}


def test_a_page_around_a_log_is_a_page_where_the_server_says_so() -> None:
    """Lines in a page are not those of the log: `&` is written in another way in it."""
    page = b"<!DOCTYPE html>\n<pre>\n" + logs.log(50) + b"</pre>\n"
    assert fates(Answer(page, headers={"Content-Type": "text/html"})) == [REFUSED]


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_page_in_a_file_is_refused_too(pack: str, encoding: str, tmp_path: Path) -> None:
    """Such as a page that a script has saved as a log."""
    starts = [start for start in STARTS if encoding == "utf-8" or not start.startswith("\r\n")]  # is refused as UTF-16
    for number, start in enumerate(starts):
        (tmp_path / f"{number:02}.log").write_bytes(PACKS[pack]((start + REST).encode(encoding)))
    found = analyze(str(tmp_path / "*.log")).sources
    assert [(source.state.value, source.reason) for source in found] == [REFUSED[:2]] * len(starts)


@pytest.mark.parametrize("piece", [b"<!---->", b"<!--", b" ", b"<?xml?>", b"<!-- ", b"--><!--", b"<"])
def test_looking_for_a_page_is_linear(piece: bytes) -> None:
    """No start of a text takes longer than its length."""
    head = (piece * PAGE_BYTES)[:PAGE_BYTES]
    begin = time.perf_counter()
    assert not is_page(head, called_so=True)
    assert time.perf_counter() - begin < 0.5
