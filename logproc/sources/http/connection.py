"""One request over one connection: requests' Session on connections that use a `Link`, and the framing of what comes back."""

from __future__ import annotations

import functools
import http.client
import io
import logging
import socket
from collections.abc import Mapping
from typing import Any

import requests
import requests.adapters
import urllib3.connection

from logproc.errors import LogprocError, SourceError
from logproc.sources.http.link import Link, PassingError, Receiving, shown
from logproc.sources.http.urls import Target

# urllib3 logs whole URLs, secrets included, and tracebacks. What matters of it is in our errors.
logging.getLogger("urllib3").propagate = False


class Response(http.client.HTTPResponse):
    """A response of http.client that receives through a link, to which it shows itself: urllib3 hides it."""

    def __init__(self, connection: socket.socket, *args: Any, link: Link, found: list[Response], **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        self.fp = io.BufferedReader(Receiving(connection, self.fp.detach(), link))
        found[:] = [self]

    def receive(self, buffer: memoryview) -> int:
        """Fill `buffer` with what one receive brings, straight into it where no chunk sizes have to be taken out."""
        if self.chunked:
            data = self.read1(len(buffer))
            buffer[: len(data)] = data
            return len(data)
        return self.fp.readinto1(buffer)


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
            raise self.link.explain(error) from error
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
            if isinstance(error, (requests.RequestException, http.client.HTTPException, urllib3.exceptions.HTTPError)):
                raise self._explain(error) from error
            raise
        return Reply(target.url, answer, self.adapter.found.pop(), self.link)

    def _clear_away(self) -> None:
        """Close what a failed request left open: urllib3 forgets a response whose headers it cannot take."""
        self.link.drop()
        while self.adapter.found:
            self.adapter.found.pop().close()

    def _explain(self, error: Exception) -> LogprocError:
        cause = root(error)
        if isinstance(cause, http.client.RemoteDisconnected):
            return PassingError("closed without a response", "try later")
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return self.link.explain(cause)
        return SourceError(f"bad response ({type(cause).__name__})", "is this a web server?")


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
        self.reason = shown(answer.reason or "")
        self.headers: Mapping[str, str] = answer.headers
        self._left: int | None = None

    @property
    def declared(self) -> bool:
        """Whether the server said where the body ends."""
        return self._response.chunked or self._left is not None

    def begin_body(self) -> int | None:
        """Return the length of the body as declared, None if it is not. Raises SourceError if the headers contradict."""
        coding = self.headers.get("Transfer-Encoding", "chunked").lower()
        # Behind a line that is no header, http.client takes the headers that follow for text, the length among them.
        if self._response.msg.get_payload() or coding != "chunked":
            raise SourceError("bad response headers", "where the body begins and ends cannot be told from them")
        if not self._response.chunked:
            self._left = declared_length(self.headers.get("Content-Length"))
        self._link.expect("no byte in", self._link.read_timeout_s, whole=False)
        return self._left

    def receive(self, buffer: memoryview) -> int:
        """Fill `buffer` with what comes next, 0 at the end of the body.

        Blocks until there is a byte. Raises PassingError if the body is cut, LimitError after the deadline, Stopped after
        `cancel`.
        """
        if self._left is not None:
            buffer = buffer[: self._left]
        if not len(buffer) or self._response.isclosed():
            return 0
        try:
            count = self._response.receive(buffer)
        except http.client.HTTPException as error:
            self._link.check()
            raise PassingError("closed too early", "try later") from error
        if self._left is not None:
            if not count:
                raise PassingError("closed too early", "try later")
            self._left -= count
        return count

    def close(self) -> None:
        """Close the connection, even with a body half read."""
        self._link.drop()
        self._answer.close()


def declared_length(text: str | None) -> int | None:
    """Return the number in Content-Length (RFC 9110, 8.6: several must be equal). Raises SourceError if it is none."""
    if text is None:
        return None
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not value.isascii() or not value.isdigit() or len(value) > 18:
        raise SourceError("bad Content-Length", "the server contradicts itself")
    return int(value)
