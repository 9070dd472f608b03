"""Web servers: whatever the headers and bodies, the result is a log or an error that says what is wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from logproc.model.errors import SourceError, UsageError
from logproc.sources.http import HttpOptions
from logproc.sources.http.framing import declared_length
from logproc.sources.http.options import CallHere
from logproc.sources.http.urls import Reach, is_private, parse_url, redirected
from logproc.sources.http.urls import Target as Address
from logproc.sources.http.versions import Version, content_range, read_date, retry_after_s, span
from tests.sources.http_fetch import Fetch, fetch
from tools.fuzz.target import MARK, Given, Target, text_of

STARTS = ("https://example.org/a/b?c=1", "http://user:word@example.org:8080/", "http://127.0.0.1/")
HOST = "127.0.0.1"


def run_headers(data: bytes) -> None:
    """Read a URL, a redirect and the headers about versions."""
    given = Given(data)
    start, downgrade = parse_url(given.one_of(STARTS)), given.byte() % 2 == 1
    check_url(text_of(given.part()))
    check_redirect(start, given.part().decode("latin-1"), downgrade=downgrade)
    names = ("Content-Range", "Retry-After", "Last-Modified", "Date", "ETag", "Content-Encoding")
    check_versions({name: given.part().decode("latin-1") for name in names})


def check_url(url: str) -> None:
    """Check that a URL is refused, or valid in a request."""
    with suppress(UsageError):
        check_address(parse_url(url))


def check_address(address: Address) -> None:
    """Check that an address is http(s), ASCII, and the same when parsed again."""
    scheme, host, port = address.origin
    assert scheme in {"http", "https"}
    assert host
    assert 0 < port < 2**16
    assert address.url.isascii()
    assert address.url.isprintable()
    assert " " not in address.url
    again = parse_url(address.url)
    assert (again.url, again.origin) == (address.url, address.origin)


def check_redirect(start: Address, location: str, *, downgrade: bool) -> None:
    """Check that a redirect leads to http(s), and takes no secret elsewhere; and that a private address is not reached."""
    try:
        address = redirected(start, start, location, allow_downgrade=downgrade)
    except SourceError:
        return
    check_address(address)
    assert downgrade or start.origin[0] == "http" or address.origin[0] == "https"
    assert address.auth is None or address.origin == start.origin
    reach, is_open = Reach(), is_private(start.origin[1])
    reach.admit(start.origin[1], address_of(start))
    reach.leave()
    try:
        reach.admit(address.origin[1], address_of(address))
    except SourceError:
        assert not is_open
        assert is_private(address.origin[1])
    else:
        assert is_open or not is_private(address.origin[1])


def address_of(target: Address) -> str | None:
    """Return the address of a host that is one, in any spelling. Names are not looked up, as behind a proxy."""
    try:
        found = socket.getaddrinfo(target.origin[1], None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


def check_versions(headers: dict[str, str]) -> None:
    """Check that a header gives a number within its bounds, or nothing."""
    first, last, size = content_range(headers)
    assert all(number is None or number >= 0 for number in (first, last, size))
    seconds = retry_after_s(headers)
    if seconds is not None:
        assert seconds > 0
        span(seconds)
    version = Version.of(STARTS[0], headers)
    assert version.validator.isprintable()
    assert version.modified_s is None or isinstance(version.modified_s, float)
    version.same_part({**headers, "ETag": ""})
    with suppress(SourceError):
        length = declared_length(headers["Content-Range"])
        assert length is None or length >= 0
    date = read_date(headers["Date"])
    assert date is None or date.tzinfo


def run_body(data: bytes) -> None:
    """Fetch from a server that answers each connection with the next part of the input, byte for byte, and closes."""
    given = Given(data)
    block_bytes, answers = 1 + 37 * given.byte(), given.rest().split(MARK)[:4]
    with serving(answers) as port:
        fetched = fetch(
            f"http://{HOST}:{port}/a.log",
            HttpOptions(retries=2),
            block_bytes=block_bytes,
            start_call=partial(only_to, port),
            of=Fetch,
        )
    assert fetched.error is None or isinstance(fetched.error, SourceError)
    assert fetched.error is None or fetched.what.isprintable()
    assert fetched.bytes_read <= sum(map(len, answers))
    if not fetched.error and len(answers) == 1 and is_plain(answers[0]):
        assert fetched.data in answers[0]


def is_plain(answer: bytes) -> bool:
    """Whether an answer contains a body unchanged."""
    head = answer.lower()
    return b"content-encoding" not in head and b"transfer-encoding" not in head


def only_to(port: int, look_up: Callable[[], Any]) -> CallHere:
    """Return a resolver that only knows our server."""
    arguments = look_up.args if isinstance(look_up, partial) else ()
    if arguments[:2] != (HOST, port):
        return CallHere(no_such_host)
    return CallHere(look_up)


def no_such_host() -> Any:
    """Fail like a resolver that finds no host."""
    raise socket.gaierror(socket.EAI_NONAME, "not known")


@contextmanager
def serving(answers: Sequence[bytes]) -> Iterator[int]:
    """Yield the port of a server that answers each connection with the next answer, and then closes."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=answer_all, args=(listener, answers), name="fuzz server")
        thread.start()
        try:
            yield port
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answer_all(listener: socket.socket, answers: Sequence[bytes]) -> None:
    """Answer one connection after the other until the listener is shut down."""
    left = list(answers)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            read_request(connection)
            if left:
                connection.sendall(left.pop(0))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass


def read_request(connection: socket.socket) -> None:
    """Read up to the end of a request's headers, or of the connection."""
    request = b""
    while b"\r\n\r\n" not in request and (more := connection.recv(1 << 16)):
        request += more


HEADERS = (
    (b"http://example.org/a b?c=\xc3\xa9#x", b"/next?x=%41", b"bytes 5-9/10", b"120", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    (b"HTTPS://u:p@[::1]:8443/", b"//example.com\\@127.0.0.1/", b"bytes */10", b"Sun, 06 Nov 1994 08:49:37 GMT", b"x"),
    (b"http://b\xc3\xbccher.example/", b"http://0x7f.1/", b"bytes 0-0/*", b"-1", b"Sunday, 06-Nov-94 08:49:37 +9999"),
)
PACKED = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00"
ANSWERS = (
    b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nETag: "1"\r\n\r\nhello\nworld\n',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;x=y\r\nhello\n\r\n0\r\nTrailer: 1\r\n\r\n",
    b"HTTP/1.0 200\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n\r\nhello\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED,
    b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nETag: "1"\r\n\r\nhello\n'
    + MARK
    + b'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 6-11/12\r\nContent-Length: 6\r\nETag: "1"\r\n\r\nworld\n',
    b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello\n"
    + MARK
    + b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello\nworld\n",
    b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nETag: "1"\r\n\r\nhello\nworld'
    + MARK
    + b"HTTP/1.1 416 No\r\nContent-Range: bytes */11\r\n\r\nno",
    b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    + MARK
    + b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n"
    + MARK
    + b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx\n",
)
WORDS = (
    *(b"HTTP/1.1 ", b"200", b"206", b"416", b"302", b"503", b"\r\n", b"\r\n\r\n", b"\n\n", b"Content-Length: ", b"0\r\n\r\n"),
    *(b"Transfer-Encoding: chunked", b"Content-Encoding: ", b"gzip", b"deflate", b"zstd", b"xz", b"bytes 6-11/12", b"ETag: W/"),
    *(
        b"Location: ",
        b"http://",
        b"//",
        b"@",
        b"[::1]",
        b"%0d%0a",
        b"localhost",
        b"file:",
        b":0",
        b":99999",
        b"..",
        b"\\",
        b"#",
    ),
    *(b"Retry-After: ", b"GMT", b"+9999", b"9" * 20, b"-1", b"f" * 16, b";", b"\0", b"\x80", MARK, PACKED),
)
TARGETS = (
    Target(
        "headers",
        run_headers,
        seeds=tuple(bytes([at, at]) + MARK.join(parts) for at, parts in enumerate(HEADERS)),
        words=WORDS,
        found={"a redirect to a bracket that is not closed": b"\0\0http://a/" + MARK + b"http://[::1/"},
    ),
    Target("bodies", run_body, seeds=tuple(b"\x40" + answer for answer in ANSWERS), words=WORDS),
)
