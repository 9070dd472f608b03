"""Bodies that are cut: whatever declares their end and however they are packed, only a whole one is complete."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import os
import ssl
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from unittest.mock import patch

import pytest
import trustme

from logproc import analyze
from logproc.sources.http import HttpOptions
from tests.sources.http_fetch import fetch, real_time
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer, ranged

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES = 40
LOG = b"".join(logs.line(bytes=b"%d" % number) + b"\n" for number in range(LINES))
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "zstd": zstd.compress,
}
FILES: dict[str, Callable[[bytes], bytes]] = {
    "log.gz": gzip.compress,
    "log.bz2": bz2.compress,
    "log.xz": lzma.compress,
    "log.zst": zstd.compress,
}
BODIES = {
    "identity": ("", LOG),
    **{f"coding {name}": (name, pack(LOG)) for name, pack in CODINGS.items()},
    **{f"file {name}": ("", pack(LOG)) for name, pack in FILES.items()},
    "coding br": ("br", LOG),
    "coding xz": ("xz", lzma.compress(LOG)),
}
UNDONE_BY_NOBODY = {"coding br", "coding xz"}
Framing = Literal["length", "chunked", "close"]
Ending = Literal["close", "notify", "reset", "stall"]
CUTS: dict[str, Callable[[bytes], int]] = {
    "start": lambda _: 0,
    "first byte": lambda _: 1,
    "middle": lambda framed: len(framed) // 2,
    "one byte before the end": lambda framed: len(framed) - 1,
    "whole": len,
}
CHUNK_CUTS: dict[str, Callable[[bytes], int]] = {
    "within a size line": lambda framed: (
        framed.index(b"\r\n", framed.index(b"\r\n") + 2 + int(framed.partition(b"\r\n")[0], 16)) + 3
    ),
    "before the last chunk": lambda framed: len(framed) - len(b"0\r\n\r\n"),
    "within the last size line": lambda framed: len(framed) - len(b"\r\n\r\n"),
    "before the line end of the last size line": lambda framed: len(framed) - len(b"\n\r\n"),
    "behind the last chunk": lambda framed: len(framed) - len(b"\r\n"),
}


@dataclass(frozen=True)
class Case:
    """One body: how its end is declared, how it is packed, where it is cut, how the connection ends."""

    framing: Framing
    packing: str
    cut: str
    ending: Ending
    tls: bool

    @property
    def answer(self) -> Answer:
        """The response."""
        coding, body = BODIES[self.packing]
        headers = {"Content-Encoding": coding} if coding else {}
        whole = Answer(body, framing=self.framing, headers=headers, piece=len(body) // 3 + 1, ending=self.ending)
        cut = {**CUTS, **CHUNK_CUTS}[self.cut]
        return Answer(
            body, framing=self.framing, headers=headers, piece=whole.piece, ending=self.ending, sent=cut(whole.body_bytes())
        )

    @property
    def is_complete(self) -> bool:
        """Whether the client can know that it got everything, or cannot know that it did not."""
        answer = self.answer
        if self.framing == "length":
            return answer.sent == len(answer.body)
        if self.framing == "chunked":
            return answer.body_bytes().endswith((b"\r\n0\r\n", b"\r\n0\r\n\r", b"\r\n0\r\n\r\n"))
        ended = self.ending == ("notify" if self.tls else "close")
        is_empty = self.packing.startswith("file") and not answer.sent  # a file of no bytes is empty, not packed
        return ended and (self.packing == "identity" or answer.sent == len(answer.body) or is_empty)

    @property
    def allowed(self) -> set[tuple[str, int]]:
        """States and numbers of lines that may be reported: several where a decoder can stop in more than one place."""
        sent = self.answer.sent or 0
        if self.packing in UNDONE_BY_NOBODY:
            return {("failed", 0)}
        somewhere = {("failed", 0), *(("incomplete", lines) for lines in range(LINES + 1))}
        is_tail = self.framing == "close" and (self.packing == "identity" or not sent)  # its end is where the server says
        if self.is_complete:
            whole = {("complete", len(LOG[:sent].splitlines()) if is_tail else LINES)}
            return whole | somewhere if self.ending == "reset" else whole  # a reset may overtake the last bytes
        if self.packing == "identity" and self.framing != "chunked" and self.ending != "reset":
            return {("incomplete" if sent else "failed", LOG[:sent].count(b"\n"))}
        return somewhere

    @property
    def path(self) -> str:
        """The path of its URL."""
        words = (self.framing, self.cut, self.ending, self.packing)
        return "/" + "/".join(word.replace(" ", "-") for word in words)


def cases(*, tls: bool) -> Iterator[Case]:
    """Yield every combination."""
    endings: tuple[Ending, ...] = ("close", "notify", "reset") if tls else ("close", "reset")
    framings: tuple[Framing, ...] = ("length", "chunked", "close")
    for framing, packing, ending in itertools.product(framings, BODIES, endings):
        for cut in (*CUTS, *(CHUNK_CUTS if framing == "chunked" else ())):
            yield Case(framing, packing, cut, ending, tls)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the authority of the server's certificate."""
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Iterator[str]:
    """Have the authority trusted where the environment takes part."""
    path = str(tmp_path / "authority.pem")
    authority.cert_pem.write_to_path(path)
    with patch.dict(os.environ, REQUESTS_CA_BUNDLE=path, no_proxy="*"):
        yield path


@pytest.mark.parametrize("tls", [False, True], ids=["TCP", "TLS"])
def test_a_body_is_complete_only_as_a_whole(context: ssl.SSLContext, bundle: str, *, tls: bool) -> None:
    """A source is complete exactly if its last byte came, and only whole lines of a cut one are counted."""
    table = list(cases(tls=tls))
    with FaultServer(tls=context if tls else None) as server:
        for case in table:
            server.on(case.path, case.answer)
        urls = [server.url(case.path) for case in table]
        snapshot = analyze(urls, trust_env=bool(bundle), retries=0, connections_per_host=32, streams=32, format="plain")
    found = {case: (source.state.value, source.account.lines) for case, source in zip(table, snapshot.sources, strict=True)}
    wrong = {case: found[case] for case in table if found[case] not in case.allowed}
    assert not wrong, f"{len(wrong)} of {len(table)}: {list(wrong.items())[:5]}"
    for case, source in zip(table, snapshot.sources, strict=True):
        if source.state.value == "complete":
            assert ("length not declared" in source.notes) == (case.framing == "close"), (case, source)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("packing", ["identity", "coding gzip", "file log.zst"])
def test_a_cut_under_tls_is_gone_on_with(framing: str, packing: str, context: ssl.SSLContext, bundle: str) -> None:
    """After a cut the next try asks for the rest, or for all of it where parts are not to be had; each byte comes once."""
    coding, body = BODIES[packing]
    how = cast("Framing", framing)
    whole = Answer(body, framing=how, headers={"Content-Encoding": coding} if coding else {}, piece=len(body) // 3 + 1)
    cut = Answer(body, framing=how, headers=whole.headers, piece=whole.piece, sent=len(body) // 2)
    with FaultServer(tls=context) as server:
        server.on("/parts", ranged(cut), ranged(whole, framing="length", ending="notify"))
        server.on("/whole", cut, Answer(body, framing=how, headers=whole.headers, ending="notify"))
        for path in ("/parts", "/whole"):
            result = fetch(server.url(path), HttpOptions(ca_file=bundle))
            expected = LOG if packing != "file log.zst" else body
            assert (result.what, result.data, result.waits) == ("", expected, [1.0]), path
    assert ["range" in request.headers for request in server.requests] == [False, True, False, False]


def test_a_whole_body_without_the_end_of_tls_is_asked_for_its_rest(context: ssl.SSLContext, bundle: str) -> None:
    """Where a server never says that its body has ended, a request for what follows shows that nothing does."""
    with FaultServer(tls=context) as server:
        server.on("/log", ranged(Answer(LOG, framing="close")))
        result = fetch(server.url("/log"), HttpOptions(ca_file=bundle))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 2)


def test_without_the_end_of_tls_and_without_parts_a_body_stays_incomplete(context: ssl.SSLContext, bundle: str) -> None:
    """No number of tries turns a cut into an end."""
    with FaultServer(tls=context) as server:
        result = fetch(server.on("/log", Answer(LOG, framing="close")).url("/log"), HttpOptions(ca_file=bundle))
    assert (result.what, result.data) == (f"got {len(LOG)} of an unknown number of bytes (closed too early)", LOG)
    assert len(server.requests) == 4


@pytest.mark.parametrize("ending", ["close", "reset", "stall"])
def test_behind_the_last_chunk_nothing_can_be_missing(ending: Ending) -> None:
    """A server that says no more after the size of the last chunk has sent everything."""
    framed = Answer(LOG, framing="chunked").body_bytes()
    with FaultServer() as server:
        server.on(
            "/log", Answer(LOG, framing="chunked", sent=len(framed) - 2, ending=ending, pause_s=0.1, piece=len(framed) - 2)
        )
        result = fetch(server.url("/log"), HttpOptions(read_timeout_s=0.3), **real_time(20))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 1)
