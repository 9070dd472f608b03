"""What a web server may do to one request, and what becomes of it: one row of a table for each fault."""

from __future__ import annotations

import base64
import gc
import gzip
import lzma
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from logproc.model.errors import LimitError, SourceError, Stopped, UsageError
from logproc.sources.http import HttpOptions, open_url
from logproc.sources.http.framing import declared_length
from tests.sources.http_fetch import CANARY, Fetch, fetch, real_time
from tests.support.fault_server import Answer, FaultServer, Request, Script, closed_port, full_backlog, ranged

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOG = b"".join(b"line %d of the log\n" % number for number in range(300))
ERROR_PAGE = b"<html>this is not a line of the log</html>\n"
BUSY = Answer(ERROR_PAGE, "503 Service Unavailable")


def busy(*, retry_after: str, date: str = "") -> Answer:
    """Return an answer that asks to come again later."""
    headers = {"Retry-After": retry_after} | ({"Date": date} if date else {})
    return Answer(ERROR_PAGE, "429 Too Many Requests", headers)


def encoded(coding: str, data: bytes) -> Answer:
    """Return an answer in some content coding."""
    return Answer(data, headers={"Content-Encoding": coding})


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
COMPLETE: dict[str, tuple[list[Script], list[float]]] = {
    "length": ([Answer(LOG)], []),
    "empty": ([Answer(b"")], []),
    "chunked": ([Answer(LOG, framing="chunked")], []),
    "chunks of one byte": ([Answer(LOG[:60], framing="chunked", piece=1)], []),
    "segments of one byte": ([Answer(LOG[:60], piece=1)], []),
    "equal lengths twice": ([Answer(LOG, headers={"content-length": str(len(LOG))})], []),
    "length beside chunks": ([Answer(LOG, framing="chunked", headers={"Content-Length": "5"})], []),
    "206 of the whole": ([Answer(LOG, "206 OK", {"Content-Range": f"bytes 0-{len(LOG) - 1}/{len(LOG)}"})], []),
    "503 twice": ([BUSY, BUSY, Answer(LOG)], [1.0, 2.0]),
    "every status that may pass": (
        [*(Answer(ERROR_PAGE, f"{status} Busy") for status in (408, 425, 429, 500, 502, 503, 504)), Answer(LOG)],
        [1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 24.0],
    ),
    "Retry-After in seconds": ([busy(retry_after="2"), Answer(LOG)], [2.0]),
    "Retry-After a minute": ([busy(retry_after="60"), Answer(LOG)], [60.0]),
    "Retry-After as a date": ([busy(retry_after="Sun, 06 Nov 1994 08:49:42 GMT", date=DATE), Answer(LOG)], [5.0]),
    "Retry-After a second later": (
        [BUSY, busy(retry_after="Sun, 06 Nov 1994 08:49:38 GMT", date=DATE), Answer(LOG)],
        [1.0, 1.0],
    ),
    "Retry-After that is over": ([busy(retry_after=DATE), Answer(LOG)], [1.0]),
    "Retry-After 0": ([busy(retry_after="0"), Answer(LOG)], [1.0]),
    "Retry-After negative": ([busy(retry_after="-1"), Answer(LOG)], [1.0]),
    "Retry-After junk": ([busy(retry_after="soon"), Answer(LOG)], [1.0]),
    "Retry-After without end": ([busy(retry_after="9" * 5000), Answer(LOG)], [1.0]),
    "closed without a response": ([Answer(head=b""), Answer(LOG)], [1.0]),
    "reset without a response": ([Answer(head=b"", ending="reset"), Answer(LOG)], [1.0]),
    "identity": ([encoded("identity", LOG)], []),
    "gzip": ([encoded("gzip", gzip.compress(LOG))], []),
    "x-gzip": ([encoded("X-GZip", gzip.compress(LOG))], []),
    "gzip of two members": ([encoded("gzip", gzip.compress(LOG[:100]) + gzip.compress(LOG[100:]))], []),
    "deflate": ([encoded("deflate", zlib.compress(LOG))], []),
    "zstd": ([encoded("zstd", zstd.compress(LOG))], []),
    "two layers": ([encoded("zstd, gzip", gzip.compress(zstd.compress(LOG)))], []),
}


@pytest.mark.parametrize("case", COMPLETE)
def test_what_is_whole_is_read_whole(case: str) -> None:
    """Every way to send a body gives the same bytes, no byte of an error page, and waits as long as it has to."""
    scripts, waits = COMPLETE[case]
    with FaultServer() as server:
        result = fetch(server.on("/log", *scripts).url("/log"), HttpOptions(retries=9))
    whole = LOG[:60] if "one byte" in case else b"" if case == "empty" else LOG
    assert (result.what, result.data, result.waits) == ("", whole, waits)
    assert (result.bytes_read, result.notes) == (result.size_bytes or result.bytes_read, [])


def after(tries: int, *scripts: Script) -> tuple[list[Script], int]:
    """Return scripts with the number of requests that they are to see."""
    return list(scripts), tries


FAILED: dict[str, tuple[tuple[list[Script], int], str]] = {
    "401": (after(1, Answer(ERROR_PAGE, "401 Unauthorized")), "401 Unauthorized"),
    "403": (after(1, Answer(ERROR_PAGE, "403 Forbidden")), "403 Forbidden"),
    "404": (after(1, Answer(ERROR_PAGE, "404 Not Found")), "404 Not Found"),
    "410": (after(1, Answer(ERROR_PAGE, "410 Gone")), "410 Gone"),
    "no reason": (after(1, Answer(ERROR_PAGE, "404")), "404"),
    "evil reason": (after(1, Answer(ERROR_PAGE, "404 \x1b[31mred\x9b")), "404 \\x1b[31mred\\x9b"),
    "204": (after(1, Answer(status="204 No Content")), "204 No Content"),
    "304": (after(1, Answer(status="304 Not Modified")), "304 Not Modified"),
    "416": (after(1, Answer(ERROR_PAGE, "416 Range Not Satisfiable")), "416 Range Not Satisfiable"),
    "500 for ever": (after(4, Answer(ERROR_PAGE, "500 Internal Server Error")), "500 after 4 tries"),
    "429 for years": (after(1, busy(retry_after="1000000000")), "429 Too Many Requests, asked to wait 31 years"),
    "429 for a minute": (after(1, busy(retry_after="61")), "429 Too Many Requests, asked to wait 61 s"),
    "206 of a part": (
        after(4, Answer(b"x", "206 OK", {"Content-Range": "bytes 5-5/9"})),
        "sends a part that was not requested (4 tries)",
    ),
    "no HTTP": (after(1, Answer(head=b"220 ftp.example ready\r\n")), "bad response (no status line of HTTP)"),
    "HTTP/2": (after(1, Answer(head=b"HTTP/2 200\r\n\r\n")), "bad response (another HTTP than 1.0 and 1.1)"),
    "endless header": (after(1, Answer(head=b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000)), "bad response (a line over 64 KiB)"),
    "a thousand headers": (after(1, Answer(headers={f"A{n}": "b" for n in range(1000)})), "bad response (over 100 headers)"),
    "a line that is not a header": (
        after(1, Answer(LOG, head=b"HTTP/1.1 200 OK\r\nno header\r\nTransfer-Encoding: chunked\r\n\r\n")),
        "bad response headers",
    ),
    "gzip, chunked": (
        after(1, Answer(LOG, framing="close", headers={"Transfer-Encoding": "gzip, chunked"})),
        "bad response headers",
    ),
    "two lengths": (
        after(1, Answer(LOG, head=b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n")),
        "bad response (two lengths)",
    ),
    "length of junk": (after(1, Answer(LOG, headers={"Content-Length": "+5"})), "bad Content-Length"),
    "br": (after(1, encoded("br", LOG)), "unsupported encoding br"),
    "xz": (after(1, encoded("xz", lzma.compress(LOG))), "unsupported encoding xz"),
    "evil coding": (after(1, encoded("\x1b[31m", LOG)), "unsupported encoding \\x1b[31m"),
    "100 layers": (after(1, encoded(", ".join(["gzip"] * 100), LOG)), "unsupported encoding of 100 layers"),
    "closed for ever": (after(4, Answer(head=b"")), "closed without a response (4 tries)"),
    "302 without a place": (after(1, Answer(ERROR_PAGE, "302 Found")), "302 Found"),
}


@pytest.mark.parametrize("case", FAILED)
def test_what_cannot_be_had_is_named(case: str) -> None:
    """Each refusal has its words, costs as many requests as it deserves, and gives no byte."""
    (scripts, tries), what = FAILED[case]
    with FaultServer() as server:
        result = fetch(server.on("/log", *scripts).url("/log"))
    assert (result.what, result.data, len(server.requests)) == (what, b"", tries)
    assert isinstance(result.error, SourceError)
    assert len(result.waits) == tries - 1


NO_LOG, REJECTED = "such an answer does not contain a log", "the server rejects this request; is the URL right?"
UNABLE = "the server cannot answer this request; report it to its operator"
STATUSES: dict[int, tuple[int, str]] = {
    **dict.fromkeys((201, 202, 205, 207), (1, NO_LOG)),
    204: (1, "there is no log here"),
    **dict.fromkeys((300, 305, 399), (1, "the server does not say where the log is")),
    304: (1, "the request was not conditional; is there a caching proxy?"),
    **dict.fromkeys((400, 402, 405, 406, 409, 411, 499), (1, REJECTED)),
    401: (1, "give credentials with --header 'Authorization: env:VARIABLE'"),
    403: (1, "ask the server's operator for access"),
    404: (1, "is the path right?"),
    407: (1, "a proxy asks for credentials"),
    410: (1, "the log was removed for good"),
    **dict.fromkeys((408, 425, 429, 500, 502, 503, 504, 507, 509, 512, 599), (2, "try later")),
    **dict.fromkeys((501, 505, 506, 508, 510, 511), (1, UNABLE)),
    600: (1, "is this a web server?"),
}


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_says_what_to_do_and_is_tried_again_only_where_that_may_help(status: int) -> None:
    """RFC 9110 names them; unknown ones go by their hundred."""
    with FaultServer() as server:
        result = fetch(server.on("/log", Answer(ERROR_PAGE, f"{status} Words")).url("/log"), HttpOptions(retries=1))
    assert result.error
    assert (len(server.requests), result.error.hint, result.data) == (*STATUSES[status], b"")


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from closing what was forgotten."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("case", FAILED)
def test_no_descriptor_stays_open(case: str) -> None:
    """However a request fails, closing the stream gives back all that the system lent."""
    before = open_descriptors()
    with FaultServer() as server:
        result = fetch(server.on("/log", *FAILED[case][0][0]).url("/log"))
    assert (result.what, open_descriptors()) == (FAILED[case][1], before)


def open_descriptors() -> set[str]:
    """Return the numbers of this process's descriptors."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("text", ["5, 6", "-5", "5.0", "0x5", "\u0665", "", "9" * 19])
def test_a_length_is_one_number(text: str) -> None:
    """Anything else than one decimal number in Content-Length is an error; the same one several times is that one."""
    assert declared_length("5, 5") == 5
    with pytest.raises(SourceError, match="bad Content-Length"):
        declared_length(text)


CUT: dict[str, tuple[Answer, str]] = {
    "FIN": (Answer(LOG, sent=100), f"got 100 of {len(LOG)} bytes (closed too early)"),
    "FIN in a chunk": (
        Answer(LOG, framing="chunked", piece=100, sent=105),
        "got 100 of an unknown number of bytes (closed too early)",
    ),
    "FIN before the last chunk": (
        Answer(LOG[:100], framing="chunked", sent=106),
        "got 100 of an unknown number of bytes (closed too early)",
    ),
    "chunk size of junk": (
        Answer(head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n"),
        "got 1 of an unknown number of bytes (broken chunks)",
    ),
    "silence": (Answer(LOG, sent=100, ending="stall"), f"got 100 of {len(LOG)} bytes (no byte in 0.2s)"),
}


@pytest.mark.parametrize("case", CUT)
def test_a_cut_body_is_named_with_what_came(case: str) -> None:
    """A body that stays cut ends in an error with both numbers, after the bytes that came."""
    answer, what = CUT[case]
    with FaultServer() as server:
        result = fetch(server.on("/log", answer).url("/log"), HttpOptions(retries=1, read_timeout_s=0.2))
    assert result.what == what
    assert (LOG + b"x").startswith(result.data) or result.data == b"x"
    assert len(server.requests) == 2


def test_a_reset_body_is_incomplete() -> None:
    """A reset in the body ends like a cut."""
    with FaultServer() as server:
        result = fetch(server.on("/log", Answer(LOG, sent=100, ending="reset")).url("/log"), HttpOptions(retries=0))
    assert "connection reset" in result.what
    assert LOG.startswith(result.data)


DAMAGED = {
    "cut": gzip.compress(LOG)[:-20],
    "wrong checksum": gzip.compress(LOG)[:-8] + b"\0" * 8,
    "no gzip": LOG,
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_coding_is_an_error(case: str) -> None:
    """A truncated content coding is an error even if the transfer was complete."""
    with FaultServer() as server:
        result = fetch(server.on("/log", encoded("gzip", DAMAGED[case])).url("/log"))
    assert isinstance(result.error, SourceError)
    assert LOG.startswith(result.data)
    assert len(server.requests) == 1


def test_a_length_that_is_not_declared_is_noted() -> None:
    """HTTP/1.0 without a length is complete when the server closes, and says so."""
    with FaultServer() as server:
        result = fetch(server.on("/log", Answer(LOG, framing="close")).url("/log"))
    assert (result.what, result.data, result.notes, result.size_bytes) == ("", LOG, ["length not declared"], None)


def test_a_coded_body_of_nothing_was_cut() -> None:
    """Without a length an empty body may be whole; but no content coding makes nothing of a log."""
    with FaultServer() as server:
        answer = Answer(b"", framing="close", headers={"Content-Encoding": "gzip"})
        result = fetch(server.on("/log", answer).url("/log"))
        plain = fetch(server.on("/plain", Answer(b"", framing="close")).url("/plain"))
    assert (result.what, result.notes) == ("closed too early (4 tries)", [])
    assert (plain.what, plain.notes) == ("", ["length not declared"])


@pytest.mark.parametrize(
    "scripts",
    [
        [Answer(LOG)],
        [Answer(LOG, headers={"ETag": '"1"'}, framing="chunked", sent=len(LOG) + 8), ranged(Answer(LOG))],
    ],
    ids=["200", "416"],
)
def test_after_the_end_there_is_nothing_more(scripts: list[Script]) -> None:
    """Whoever reads on gets no byte, and the server is not asked again."""
    fetching, block = Fetch(), memoryview(bytearray(len(LOG)))
    with FaultServer() as server:
        stream = fetching.open(server.on("/log", *scripts).url("/log"), HttpOptions())
        found = bytearray()
        while count := stream.readinto(block):
            found += block[:count]
        assert [stream.readinto(block), stream.readinto(block)] == [0, 0]
        stream.close()
    assert (bytes(found), len(server.requests)) == (LOG, len(scripts))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_size_of_the_buffer_does_not_matter(size: int) -> None:
    """Buffers of any size get the same bytes."""
    with FaultServer() as server:
        server.on("/log", Answer(LOG, framing="chunked", piece=100))
        assert fetch(server.url("/log"), block_bytes=size).data == LOG


def test_retries_are_told() -> None:
    """Each retry is an event with its number and its wait, spread by the random number, never over half a minute."""
    with FaultServer() as server:
        result = fetch(server.on("/log", BUSY, BUSY, Answer(LOG)).url("/log"), rng=1.0)
    assert result.events == ["retry 1/3 in 1.2 s", "retry 2/3 in 2.5 s"]
    assert result.waits == [1.25, 2.5]


def test_waits_end_where_the_time_does() -> None:
    """A retry that could not begin before the deadline is not waited for: the failure is reported."""
    with FaultServer() as server:
        result = fetch(server.on("/log", BUSY).url("/log"), deadline=1002.5)
    assert (result.what, result.waits) == ("503 after 2 tries", [1.0])


def test_a_wait_that_ends_with_the_time_is_not_begun() -> None:
    """At the deadline itself it is too late for another try."""
    with FaultServer() as server:
        result = fetch(server.on("/log", BUSY).url("/log"), deadline=1001.0)
    assert (result.what, result.waits) == ("503 Service Unavailable", [])


def test_nothing_is_asked_after_the_deadline() -> None:
    """After the deadline no server is asked."""
    with FaultServer() as server:
        result = fetch(server.on("/log", Answer(LOG)).url("/log"), deadline=999.0)
    assert (result.what, type(result.error), server.requests) == ("over --max-time", LimitError, [])


@pytest.mark.parametrize(
    "answer",
    [Answer(LOG, pause_s=0.02, piece=1), Answer(LOG, head_pause_s=0.02), Answer(LOG, sent=10, ending="stall")],
    ids=["body", "headers", "silence"],
)
def test_the_deadline_holds_however_it_drips(answer: Answer) -> None:
    """One byte now and then, in the headers or the body, does not put the deadline off."""
    with FaultServer() as server:
        result = fetch(server.on("/log", answer).url("/log"), **real_time(0.3))
    assert (result.what, type(result.error)) == ("over --max-time", LimitError)
    assert LOG.startswith(result.data)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(LOG, head_pause_s=0.02),
        Answer(head=b"HTTP/1.1 200 " + b"O" * 1000, head_pause_s=0.02),
        Answer(head=b"", ending="stall"),
        Answer(head=b"HTTP/1.1 100 Continue\r\n\r\n" * 40, head_pause_s=0.001, ending="stall"),
    ],
    ids=["dribble", "endless status line", "silence", "continue for ever"],
)
def test_headers_have_to_come_in_time(answer: Answer) -> None:
    """The headers have one limit for all of them, though each byte comes in time."""
    with FaultServer() as server:
        result = fetch(server.on("/log", answer).url("/log"), HttpOptions(retries=0, read_timeout_s=0.3), clock=time.monotonic)
    assert (result.what, result.data) == ("no response headers in 0.3s", b"")


def test_a_connection_has_to_come_in_time() -> None:
    """A listener that never accepts is left after the timeout, once for each try."""
    with full_backlog() as port:
        result = fetch(f"http://127.0.0.1:{port}/", HttpOptions(retries=1, connect_timeout_s=0.2))
    assert (result.what, len(result.waits)) == ("connect timeout after 0.2s (2 tries)", 1)


def test_a_closed_port_refuses() -> None:
    """A port without a listener is reported after the retries."""
    assert fetch(f"http://127.0.0.1:{closed_port()}/").what == "connection refused (4 tries)"


@pytest.mark.parametrize("host", ["name.invalid", "a" * 64 + ".example"])
def test_a_name_without_an_address_is_not_tried_again(host: str) -> None:
    """A name that cannot be resolved is reported at once."""
    result = fetch(f"http://{host}/")
    assert (result.what, result.waits) == ("cannot resolve the host's name", [])


def test_a_stop_ends_the_wait_for_a_retry() -> None:
    """If the wait says that the run is being stopped, Stopped comes out, and no permit stays behind."""
    fetching = Fetch()
    with FaultServer() as server:
        stream = fetching.open(server.on("/log", BUSY).url("/log"), HttpOptions(), wait=lambda _: True)
        with pytest.raises(Stopped):
            stream.readinto(memoryview(bytearray(10)))
        stream.close()
    assert (fetching.held, len(server.requests)) == ([], 1)


def test_permits_are_given_back_before_every_wait() -> None:
    """A permit is held while its server is asked and read, and never during a wait."""
    with FaultServer() as server:
        result = fetch(server.on("/log", BUSY, Answer(LOG, sent=50), Answer(LOG)).url("/log"))
    assert result.permits == [("http", "127.0.0.1", server.port)] * 3
    assert (result.most_held, result.held_in_wait, result.data) == (1, 0, LOG)


def test_a_permit_is_given_back_at_the_end_of_the_body() -> None:
    """At the end of the body the permit is released, even before the stream is closed."""
    fetching = Fetch()
    with FaultServer() as server:
        stream = fetching.open(server.on("/log", Answer(LOG)).url("/log"), HttpOptions())
        block = memoryview(bytearray(1 << 16))
        while stream.readinto(block):
            assert fetching.held
        assert fetching.held == []
        stream.close()


def test_opening_asks_nothing() -> None:
    """Neither opening nor closing makes a connection or takes a permit."""
    fetching = Fetch()
    with FaultServer() as server:
        fetching.open(server.url("/log"), HttpOptions()).close()
        assert (server.requests, fetching.permits) == ([], [])


def test_credentials_and_headers_are_sent() -> None:
    """What stands before the @ becomes Basic authentication, and the headers of the options are sent."""
    with FaultServer() as server:
        fetch(server.on("/log", Answer(LOG)).url("/log"), HttpOptions(headers={"X-Team": "ops"}, user_agent="logproc/1"))
    headers = server.requests[0].headers
    assert headers["authorization"] == "Basic " + base64.b64encode(f"me:{CANARY}".encode()).decode()
    assert (headers["x-team"], headers["user-agent"], "cookie" in headers) == ("ops", "logproc/1", False)


def test_an_authorization_of_the_user_stands_above_the_url() -> None:
    """A header Authorization that was given is sent in place of what the URL says."""
    with FaultServer() as server:
        fetch(server.on("/log", Answer(LOG)).url("/log"), HttpOptions(headers={"authorization": "Bearer abc"}))
    assert server.requests[0].headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": f"{CANARY}\r\nX-B: c"},
        {"X-A\r\nX-B": CANARY},
        {"X-A": f"{CANARY}☃"},
        {"X-A": f" {CANARY}"},
        {"": CANARY},
        {"Range": CANARY},
    ],
)
def test_headers_that_no_request_can_hold_are_refused(headers: dict[str, str]) -> None:
    """A header that would break the request, or the counting, is a usage error that does not show its value."""
    with pytest.raises(UsageError) as caught:
        HttpOptions(headers=headers)
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(HttpOptions(headers={"X-A": CANARY}))


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Set the environment's proxies and .netrc to a server that nobody should ask, and return it."""
    with FaultServer() as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
        netrc = tmp_path / "netrc"
        netrc.write_text("default login trap password trap\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        yield server


def plain_get(url: str, options: HttpOptions) -> bytes:
    """Return what is behind a URL without credentials."""
    stream = Fetch().open(url, options)
    block = memoryview(bytearray(1 << 16))
    count = stream.readinto(block)
    stream.close()
    return bytes(block[:count])


def test_the_environment_takes_no_part(trap: FaultServer) -> None:
    """Proxies and .netrc of the environment see nothing unless asked."""
    with FaultServer() as server:
        assert plain_get(server.on("/log", Answer(b"log\n")).url("/log"), HttpOptions()) == b"log\n"
    assert (trap.requests, "authorization" in server.requests[0].headers) == ([], False)


def test_the_environment_takes_part_if_asked(trap: FaultServer) -> None:
    """With trust_env the proxy is asked, with the credentials of .netrc."""
    trap.on("http://127.0.0.1:1/log", Answer(b"log\n"))
    assert plain_get("http://127.0.0.1:1/log", HttpOptions(trust_env=True)) == b"log\n"
    assert "authorization" in trap.requests[0].headers


def test_a_literal_of_ipv6_is_asked() -> None:
    """An address of IPv6 in brackets works."""
    with FaultServer(host="::1") as server:
        assert plain_get(server.on("/log", Answer(b"log\n")).url("/log", "[::1]"), HttpOptions()) == b"log\n"


def test_a_url_cannot_add_a_header() -> None:
    """Blanks are quoted, quoted line ends stay quoted: the request has the headers it should have."""
    with FaultServer() as server:
        stream = Fetch().open(server.url("/a b%0d%0aX-Evil:%201?c d"), HttpOptions())
        with pytest.raises(SourceError, match="404"):
            stream.readinto(memoryview(bytearray(10)))
        stream.close()
    assert server.requests[0].line == "GET /a%20b%0D%0AX-Evil:%201?c%20d HTTP/1.1"
    assert set(server.requests[0].headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_a_bad_url_is_refused_at_once() -> None:
    """Opening a URL that cannot be asked is a usage error."""
    with pytest.raises(UsageError):
        open_url("http://host:99999/", HttpOptions(), wait=lambda _: False, permit=Fetch().permit, deadline=None)


def test_what_a_stream_waits_for_can_be_seen() -> None:
    """While it waits for a permit, for an answer and between two tries, a stream says so, and nothing while it reads."""
    seen: list[str] = []
    result = Fetch()

    @contextmanager
    def permit(_origin: Any) -> Iterator[None]:
        seen.append(stream.waits_for)
        yield
        seen.append("permit given back")

    def wait(_seconds: float) -> bool:
        seen.append(stream.waits_for)
        return False

    def answer(_request: Request) -> Answer:
        seen.append(stream.waits_for)
        return Answer(LOG)

    with FaultServer() as server:
        url = server.on("/log", BUSY, answer).url("/log")
        stream = result.open(url, HttpOptions(), permit=permit, wait=wait)
        stream.readinto(memoryview(bytearray(10)))
        seen.append(stream.waits_for)
        stream.close()
    assert seen == [
        "waiting for a turn at the server",
        "permit given back",
        "waiting 1 s to try again, 503 Service Unavailable",
        "waiting for a turn at the server",
        "waiting for the server to answer",
        "",
        "permit given back",
    ]
