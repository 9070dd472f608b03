"""One request over one connection: requests' Session over a `Transport`, and the body of the response."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import http.cookiejar
import io
import logging
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3.connection

from logproc.model.errors import LogprocError, SourceError
from logproc.sources.http.framing import Chunked, cut, declared_length
from logproc.sources.http.options import HttpOptions
from logproc.sources.http.transport import PassingError, Receiving, Transport, shown
from logproc.sources.http.urls import Target
from logproc.sources.names import secrets_in, without_secrets

# urllib3 logs tracebacks and whole URLs, secrets included. Our errors contain what matters.
logging.getLogger("urllib3").propagate = False

MOST_AT_ONCE = 1 << 18
INTERIM = {102, 103, 104}
"""Interim responses (RFC 9110, 15.2) that http.client does not skip."""
NO_COOKIES = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
BAD_RESPONSES = (
    (http.client.LineTooLong, "a line over 64 KiB", "report it to the server's operator"),
    (http.client.BadStatusLine, "no status line of HTTP", "is this a web server, and the port right?"),
    (http.client.UnknownProtocol, "another HTTP than 1.0 and 1.1", "is this a web server, and the port right?"),
    (requests.exceptions.InvalidHeader, "two lengths", "the server contradicts itself; report it to its operator"),
    (http.client.HTTPException, "over 100 headers", "report it to the server's operator"),
)
"""Exceptions of http.client and requests: what is wrong with the response, and what to do. The first match applies."""
OPEN_HEADERS = {"user-agent", "accept", "accept-encoding", "range", "if-range", "if-none-match", "if-modified-since"}
"""Request headers without secrets."""
UNKNOWN = ("it cannot be read", "is this a web server?")
PROXY_FAULTS = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


class Response(http.client.HTTPResponse):
    """A response of http.client that receives through a transport. Appended to `found`, because urllib3 hides it."""

    def __init__(
        self, connection: socket.socket, *args: Any, transport: Transport, found: list[Response], **kwargs: Any
    ) -> None:
        super().__init__(connection, *args, **kwargs)
        self.receiving = Receiving(connection, self.fp.detach(), transport)
        self.fp = io.BufferedReader(self.receiving)
        found.clear()
        found.append(self)

    def begin(self) -> None:
        """Read the headers. Raises PassingError if the server closes before they end, which http.client ignores."""
        try:
            super().begin()
        except http.client.RemoteDisconnected as error:
            raise PassingError("closed without a response", "try later") from error
        except http.client.HTTPException:
            if not self.receiving.ended:
                raise
        if self.receiving.ended:
            raise PassingError("closed within its headers", "try later")

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]  # a private method of http.client, which skips only status 100
        return version, http.client.CONTINUE if status in INTERIM else status, reason

    def ready_within(self, seconds: float) -> bool:
        """Wait at most `seconds` for data or the end of the connection; return whether there is any.

        Data may be buffered, under TLS in two places, so the buffers are checked before the socket. A line end by itself does
        not count: it separates two chunks, and the next one may be far away.
        """
        self.receiving.patient = False
        try:
            here = self.fp.peek(1)
        finally:
            self.receiving.patient = True
        return bool(here.strip(b"\r\n")) or self.receiving.wait(seconds)

    def has_more(self) -> bool:
        """Return whether more bytes than the body have already arrived. Does not block."""
        self.receiving.patient = False
        more = self.fp.peek(1)
        return bool(more.strip(b"\r\n")) and not more.startswith(b"HTTP/")


class OverTransport:
    """Mixin that makes a connection of urllib3 use a transport. Its response is appended to `found`."""

    response_class: Any
    sock: Any
    _tunnel_headers: Mapping[str, str]

    def __init__(self, *args: Any, transport: Transport, found: list[Response], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.transport = transport
        self.response_class = functools.partial(Response, transport=transport, found=found)

    def _new_conn(self: Any) -> socket.socket:
        connection: socket.socket = self.transport.connect(self.host, self.port)
        return connection

    def connect(self) -> None:
        """Connect, including TLS; then start the time limit for the headers."""
        try:
            super().connect()  # type: ignore[misc]  # of the next class in the MRO
        except OSError as error:
            if str(error).startswith("Tunnel connection failed"):  # with the reason phrase of a proxy
                error = OSError(without_secrets(str(error), secrets_in_headers(self._tunnel_headers)))
            raise self.transport.explain(error, handshake=True) from error
        if hasattr(self.sock, "suppress_ragged_eofs"):  # True by default: a cut connection would look like one that ended
            self.sock.suppress_ragged_eofs = False
        self.transport.expect("no response headers in", self.transport.read_timeout_s)


class PlainConnection(OverTransport, urllib3.connection.HTTPConnection):
    """A connection without TLS."""


class TlsConnection(OverTransport, urllib3.connection.HTTPSConnection):
    """A connection with TLS."""


class Adapter(requests.adapters.HTTPAdapter):
    """requests' adapter with our connections, direct or through a proxy."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self.transport = transport
        self.found: list[Response] = []
        self.proxy_secrets: list[str] = []

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return requests' connection pool, changed to make our connections."""
        proxy = requests.utils.select_proxy(request.url, proxies)
        self.proxy_secrets = secrets_in_headers(self.proxy_headers(proxy)) if proxy else []
        self.transport.expect_host(urlsplit(request.url).hostname or "", proxied=bool(proxy))
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        kind = TlsConnection if pool.scheme == "https" else PlainConnection
        pool.ConnectionCls = functools.partial(kind, transport=self.transport, found=self.found)
        return pool


class Session(requests.Session):
    """requests' Session of one source. It is not thread-safe: only the thread that reads the source uses it."""

    def __init__(self, transport: Transport, options: HttpOptions) -> None:
        super().__init__()
        self.transport = transport
        self.trust_env = options.trust_env
        self.verify = options.ca_file or True
        self.timeout = transport.connect_timeout_s, transport.read_timeout_s  # for sending; the transport limits all else
        self.headers.clear()
        encoding = "identity" if options.grows else "gzip"
        self.headers.update({"User-Agent": options.user_agent, "Accept": "*/*", "Accept-Encoding": encoding})
        self.cookies.set_policy(NO_COOKIES)  # cookies are never sent, not even to the same server
        self.adapter = Adapter(transport)
        for scheme in ("http://", "https://"):
            self.mount(scheme, self.adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None. Otherwise requests reads the whole body of a redirect, even with allow_redirects=False."""

    def ask(self, target: Target, headers: Mapping[str, str]) -> Reply:
        """Send one GET; return the reply when its headers are complete.

        Raises PassingError or another SourceError if there is none, LimitError after the deadline, Stopped after `cancel`.
        """
        self.transport.check()
        given = any(name.lower() == "authorization" for name in headers)
        auth: Any = (lambda request: request) if given else target.auth
        try:
            answer = self.get(target.url, headers=headers, auth=auth, timeout=self.timeout, stream=True, allow_redirects=False)
        except BaseException as error:
            self._clear_away()
            if isinstance(error, (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)):
                cause = root(error)
                # The errors of requests and urllib3 contain the whole URL, and a traceback would print it.
                raise self._explain(cause) from (None if cause is error else cause)
            raise
        secrets = [*secrets_of(answer.request), *self.adapter.proxy_secrets]
        return Reply(target.url, answer, self.adapter.found.pop(), self.transport, secrets)

    def _clear_away(self) -> None:
        """Close what a failed request left open. urllib3 does not close a response whose headers it cannot read."""
        self.transport.drop()
        while self.adapter.found:
            self.adapter.found.pop().close()

    def _explain(self, cause: BaseException) -> LogprocError:
        if isinstance(cause, PROXY_FAULTS):
            return SourceError("bad proxy", "look at http_proxy and https_proxy, or leave --trust-env out")
        if "certificate bundle" in str(cause) or getattr(cause, "reason", "") == "NO_CERTIFICATE_OR_CRL_FOUND":
            return SourceError("no certificates to trust", "look at REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE")
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return self.transport.explain(cause)
        words, hint = next(((words, hint) for kind, words, hint in BAD_RESPONSES if isinstance(cause, kind)), UNKNOWN)
        return SourceError(f"bad response ({words})", hint)


def secrets_of(request: requests.PreparedRequest) -> list[str]:
    """Return the secrets of a request. A server may send them back in its reason phrase, where they must be masked."""
    return [*secrets_in_headers(request.headers), *secrets_in(request.url or "")]


def secrets_in_headers(headers: Mapping[str, str]) -> list[str]:
    values = [str(value) for name, value in headers.items() if name.lower() not in OPEN_HEADERS]
    words = [word for value in values for word in (value, *re.split("[ ,;]+", value))]
    parts = [part for word in words for part in word.split("=")]
    return [*words, *parts, *credentials_in(words)]


def credentials_in(words: Iterable[str]) -> Iterator[str]:
    """Yield user and password from each word that is Basic credentials (RFC 7617)."""
    for word in words:
        with contextlib.suppress(ValueError):
            yield from base64.b64decode(word, validate=True).decode("latin-1").split(":", 1)


def root(error: BaseException) -> BaseException:
    """Return the innermost exception of http.client or the system in a chain of causes."""
    found, inner = error, error.__cause__ or error.__context__
    while inner is not None:
        if isinstance(inner, (http.client.HTTPException, OSError)) and not isinstance(inner, requests.RequestException):
            found = inner
        inner = inner.__cause__ or inner.__context__
    return found


class Reply:
    """The response to one request: its headers, then its body, which ends where the server declared, or with an error."""

    def __init__(
        self, url: str, answer: requests.Response, response: Response, transport: Transport, secrets: Iterable[str]
    ) -> None:
        self.url = url
        self._answer = answer
        self._response = response
        self._transport = transport
        self.status = answer.status_code
        self.reason = shown(without_secrets(answer.reason or "", secrets))
        self.headers: Mapping[str, str] = answer.headers
        self._left: int | None = None
        self._chunked: Chunked | None = None

    @property
    def declared(self) -> bool:
        """Whether the server declared where the body ends."""
        return self._chunked is not None or self._left is not None

    @property
    def has_length(self) -> bool:
        return self._left is not None

    def begin_body(self) -> int | None:
        """Return the declared length of the body, or None. Raises SourceError if the headers are invalid."""
        coding = self.headers.get("Transfer-Encoding", "identity").lower()
        # After a line that is not a header, http.client takes all further headers, such as the length, for text.
        if self._response.msg.get_payload() or coding not in {"chunked", "identity"}:
            raise SourceError(
                "bad response headers", "they do not say where the log begins and ends; report it to the server's operator"
            )
        if coding == "chunked":
            self._chunked = Chunked(self._response.fp)
        else:
            self._left = declared_length(self.headers.get("Content-Length"))
        self._transport.expect("no byte in", self._transport.read_timeout_s, whole=False)
        return self._left

    def receive(self, buffer: memoryview) -> int:
        """Fill `buffer` with the next bytes; return their number, 0 at the end of the body.

        Blocks until there is a byte. Raises PassingError if the body is incomplete, LimitError after the deadline, and Stopped
        after `cancel`.
        """
        if self._chunked:
            return self._chunked.receive(buffer)
        if self._left is None:
            return self._receive_some(buffer)
        buffer = buffer[: self._left]
        if not len(buffer):
            return 0
        count = self._receive_some(buffer)
        if not count:
            raise cut()
        self._left -= count
        return count

    def _receive_some(self, buffer: memoryview) -> int:
        # Not `readinto1`: for a large buffer it copies what came with the headers, and then waits for more.
        data = self._response.fp.read1(min(len(buffer), MOST_AT_ONCE))
        if not data and self._response.receiving.cut:
            raise cut()
        buffer[: len(data)] = data
        return len(data)

    def ready_within(self, seconds: float) -> bool:
        """Wait at most `seconds` until `receive` would not block; return whether that is so."""
        return self._left == 0 or self._response.ready_within(seconds)

    def has_more(self) -> bool:
        """Return whether more than the declared body has arrived. To be called at the end of the body."""
        return self.declared and self._response.has_more()

    def close(self) -> None:
        """Close the connection, also in the middle of a body."""
        self._transport.drop()
        self._answer.close()
