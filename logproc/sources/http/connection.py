"""One request over one connection: requests' Session on connections that use a `Link`, and the framing of what comes back."""

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

from logproc.errors import LogprocError, SourceError
from logproc.sources.http.framing import Chunked, cut, declared_length
from logproc.sources.http.link import Link, PassingError, Receiving, shown
from logproc.sources.http.urls import Target
from logproc.sources.names import secret_parameters, without_secrets

# urllib3 logs whole URLs, secrets included, and tracebacks. What matters of it is in our errors.
logging.getLogger("urllib3").propagate = False

MOST_AT_ONCE = 1 << 18
INTERIM = {102, 103, 104}
NO_COOKIES = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
BAD_RESPONSES = (
    (http.client.LineTooLong, "a line over 64 KiB", "ask who runs the server"),
    (http.client.BadStatusLine, "no status line of HTTP", "is this a web server, and the port right?"),
    (http.client.UnknownProtocol, "another HTTP than 1.0 and 1.1", "is this a web server, and the port right?"),
    (requests.exceptions.InvalidHeader, "two lengths", "the server contradicts itself, ask who runs it"),
    (http.client.HTTPException, "over 100 headers", "ask who runs the server"),
)
"""What is wrong with an answer, by the first of these exceptions that fits, and what to do."""
OPEN_HEADERS = {"user-agent", "accept", "accept-encoding", "range", "if-range"}
"""Headers of a request that hold nothing secret."""
UNKNOWN = ("it cannot be taken", "is this a web server?")
PROXY_FAULTS = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


class Response(http.client.HTTPResponse):
    """A response of http.client that receives through a link, to which it shows itself: urllib3 hides it."""

    def __init__(self, connection: socket.socket, *args: Any, link: Link, found: list[Response], **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        self.receiving = Receiving(connection, self.fp.detach(), link)
        self.fp = io.BufferedReader(self.receiving)
        found[:] = [self]

    def begin(self) -> None:
        """Read the headers. Raises PassingError if the server closes before their end, which http.client does not see."""
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
        """Read a status line. http.client skips interim answers (RFC 9110, 15.2) only if their status is 100."""
        version, status, reason = super()._read_status()  # type: ignore[misc]  # private to http.client
        return version, http.client.CONTINUE if status in INTERIM else status, reason

    def ready_within(self, seconds: float) -> bool:
        """Return whether something has come within so many seconds, the end of the connection included.

        What is buffered counts, under TLS in two places, so it is looked for before the socket is asked. A line end alone does
        not: it is what stands between two chunks, and the next chunk may be far away.
        """
        self.receiving.patient = False
        try:
            here = self.fp.peek(1)
        finally:
            self.receiving.patient = True
        return bool(here.strip(b"\r\n")) or self.receiving.wait(seconds)

    def has_more(self) -> bool:
        """Whether bytes are here that nobody asked for, beyond what was received. Does not block."""
        self.receiving.patient = False
        more = self.fp.peek(1)
        return bool(more.strip(b"\r\n")) and not more.startswith(b"HTTP/")


class Linked:
    """What makes a connection of urllib3 use a link. `found` holds the response in the end."""

    response_class: Any

    def __init__(self, *args: Any, link: Link, found: list[Response], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.link = link
        self.response_class = functools.partial(Response, link=link, found=found)

    def _new_conn(self: Any) -> socket.socket:
        connection: socket.socket = self.link.connect(self.host, self.port)
        return connection

    def connect(self) -> None:
        """Connect, with TLS where it belongs. Then the headers have to come in time."""
        try:
            super().connect()  # type: ignore[misc]  # of the class that stands behind this one
        except OSError as error:
            raise self.link.explain(error, greeting=True) from error
        self.link.expect("no response headers in", self.link.read_timeout_s)


class LinkedConnection(Linked, urllib3.connection.HTTPConnection):
    """A plain connection."""


class LinkedTlsConnection(Linked, urllib3.connection.HTTPSConnection):
    """A connection under TLS."""


class Adapter(requests.adapters.HTTPAdapter):
    """requests' adapter, with connections that use a link, direct or through a proxy."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link
        self.found: list[Response] = []

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return requests' pool, told to make our connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = LinkedTlsConnection if pool.scheme == "https" else LinkedConnection
        pool.ConnectionCls = functools.partial(kind, link=self.link, found=self.found)
        return pool


class Session(requests.Session):
    """requests' Session of one source. It is not thread-safe: the thread that reads the source uses it alone."""

    def __init__(self, link: Link, *, user_agent: str, trust_env: bool, ca_file: str | None) -> None:
        super().__init__()
        self.link = link
        self.trust_env = trust_env
        self.verify = ca_file or True
        self.timeout = (link.connect_timeout_s, link.read_timeout_s)  # for sending; all else is the link's
        self.headers.clear()
        self.headers.update({"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip"})
        self.cookies.set_policy(NO_COOKIES)  # what one server sets is for no other, and not for the next try
        self.adapter = Adapter(link)
        for scheme in ("http://", "https://"):
            self.mount(scheme, self.adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: requests would read the whole body of a redirect, however long, even if told not to follow."""

    def ask(self, target: Target, headers: Mapping[str, str]) -> Reply:
        """Send one GET. Blocks until the headers of the answer are there.

        Raises PassingError or another SourceError if there is none, LimitError after the deadline, Stopped after `cancel`.
        """
        self.link.check()
        given = any(name.lower() == "authorization" for name in headers)
        auth: Any = (lambda request: request) if given else target.auth
        try:
            answer = self.get(target.url, headers=headers, auth=auth, timeout=self.timeout, stream=True, allow_redirects=False)
        except BaseException as error:
            self._clear_away()
            if isinstance(error, (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)):
                cause = root(error)
                # What requests and urllib3 say holds the whole URL, and a traceback would print it.
                raise self._explain(cause) from (None if cause is error else cause)
            raise
        return Reply(target.url, answer, self.adapter.found.pop(), self.link)

    def _clear_away(self) -> None:
        """Close what a failed request left open: urllib3 forgets a response whose headers it cannot take."""
        self.link.drop()
        while self.adapter.found:
            self.adapter.found.pop().close()

    def _explain(self, cause: BaseException) -> LogprocError:
        if isinstance(cause, PROXY_FAULTS):
            return SourceError("bad proxy", "look at http_proxy and https_proxy, or leave --trust-env out")
        if "certificate bundle" in str(cause) or getattr(cause, "reason", "") == "NO_CERTIFICATE_OR_CRL_FOUND":
            return SourceError("no certificates to trust", "look at REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE")
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return self.link.explain(cause)
        words, hint = next(((words, hint) for kind, words, hint in BAD_RESPONSES if isinstance(cause, kind)), UNKNOWN)
        return SourceError(f"bad response ({words})", hint)


def secrets_of(request: requests.PreparedRequest) -> list[str]:
    """Return what a request held that nobody else may see: a server may send it back in the words of its answer."""
    values = [str(value) for name, value in request.headers.items() if name.lower() not in OPEN_HEADERS]
    words = [word for value in values for word in (value, *re.split("[ ,;]+", value))]
    parts = [part for word in words for part in word.split("=")]
    return [*words, *parts, *credentials_in(words), *secret_parameters(urlsplit(request.url or "").query)]


def credentials_in(words: Iterable[str]) -> Iterator[str]:
    """Yield user and password from each word that is both in the coding of RFC 7617."""
    for word in words:
        with contextlib.suppress(ValueError):
            yield from base64.b64decode(word, validate=True).decode("latin-1").split(":", 1)


def root(error: BaseException) -> BaseException:
    """Return the exception of http.client or of the system that lies deepest below what was wrapped round it."""
    found, inner = error, error.__cause__ or error.__context__
    while inner is not None:
        if isinstance(inner, (http.client.HTTPException, OSError)) and not isinstance(inner, requests.RequestException):
            found = inner
        inner = inner.__cause__ or inner.__context__
    return found


class Reply:
    """The answer to one request: its headers, then its body, whose end is where the server said, or an error."""

    def __init__(self, url: str, answer: requests.Response, response: Response, link: Link) -> None:
        self.url = url
        self._answer = answer
        self._response = response
        self._link = link
        self.status = answer.status_code
        self.reason = shown(without_secrets(answer.reason or "", secrets_of(answer.request)))
        self.headers: Mapping[str, str] = answer.headers
        self._left: int | None = None
        self._chunked: Chunked | None = None

    @property
    def declared(self) -> bool:
        """Whether the server said where the body ends."""
        return self._chunked is not None or self._left is not None

    @property
    def has_length(self) -> bool:
        """Whether it said so by a number of bytes."""
        return self._left is not None

    def begin_body(self) -> int | None:
        """Return the length of the body as declared, None if it is not. Raises SourceError if the headers contradict."""
        coding = self.headers.get("Transfer-Encoding", "identity").lower()
        # Behind a line that is no header, http.client takes the headers that follow for text, the length among them.
        if self._response.msg.get_payload() or coding not in {"chunked", "identity"}:
            raise SourceError("bad response headers", "they do not say where the log begins and ends, ask who runs the server")
        if coding == "chunked":
            self._chunked = Chunked(self._response.fp)
        else:
            self._left = declared_length(self.headers.get("Content-Length"))
        self._link.expect("no byte in", self._link.read_timeout_s, whole=False)
        return self._left

    def receive(self, buffer: memoryview) -> int:
        """Fill `buffer` with what comes next, 0 at the end of the body.

        Blocks until there is a byte. Raises PassingError if the body is cut, SourceError if it is too slow, LimitError after
        the deadline, Stopped after `cancel`.
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
        """Give what is there, or else what one receive brings.

        Not by `readinto1`: where the buffer is a large one, it first copies what came with the headers and then waits for more.
        """
        data = self._response.fp.read1(min(len(buffer), MOST_AT_ONCE))
        buffer[: len(data)] = data
        return len(data)

    def ready_within(self, seconds: float) -> bool:
        """Return whether `receive` has something to return or to raise, as soon as it has, or False after so many seconds."""
        return self._left == 0 or self._response.ready_within(seconds)

    def has_more(self) -> bool:
        """Whether the server sent more than it declared; only what is here already is seen. To be asked at the end."""
        return self.declared and self._response.has_more()

    def close(self) -> None:
        """Close the connection, even with a body half read."""
        self._link.drop()
        self._answer.close()
