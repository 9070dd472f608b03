"""Following redirects one by one, with one permit at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack

from logproc.model.errors import SourceError
from logproc.sources.http.connection import Reply, Session
from logproc.sources.http.options import HttpOptions
from logproc.sources.http.transport import Transport
from logproc.sources.http.urls import Permit, Target, redirected
from logproc.sources.names import shown_path

logger = logging.getLogger(__name__)
MOST_REDIRECTS = 10
REDIRECTS = {301, 302, 303, 307, 308}


def server(target: Target) -> str:
    scheme, host, port = target.origin
    return f"{scheme}://{shown_path(host)}:{port}"


class Fetcher:
    """Requests one URL. It holds the connection and a permit until `release`.

    waits_for: as in `ByteStream`. Only the thread that reads assigns it; the live view may read it at any time.
    """

    def __init__(self, start: Target, options: HttpOptions, transport: Transport, permit: Permit) -> None:
        self._start = self._here = start
        self._options = options
        self._transport = transport
        self._permit = permit
        self._session: Session | None = None
        self._held = ExitStack()
        self.waits_for = ""

    def fetch(self, only_at: str, conditions: Mapping[str, str]) -> Reply:
        """Return the first response that is not a redirect. `conditions`: headers sent only to the URL `only_at`.

        Blocks for a permit and for each server's headers. Never holds more than one permit. Raises SourceError for a redirect
        that is refused, and what `Session.ask` raises.
        """
        here = self._here = self._start
        self._transport.reach.begin()
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._ask(here, conditions if here.url == only_at else {})
            location = reply.headers.get("Location") if reply.status in REDIRECTS else None
            if not location:
                return reply
            self.release()
            self._transport.reach.leave()
            here = redirected(here, self._start, location, allow_downgrade=self._options.allow_downgrade)
            self._here = here
        raise SourceError(f"too many redirects ({MOST_REDIRECTS})", "name the log's own address instead")

    @property
    def elsewhere(self) -> str:
        """The server that a redirect led to, "" if it is the original one. The rest of its URL may be secret."""
        return "" if self._here.origin == self._start.origin else server(self._here)

    def release(self) -> None:
        """Close the connection of the last response, then release its permit."""
        self._held.close()

    def close(self) -> None:
        self.release()
        if self._session:
            self._session.close()
            self._session = None

    def _ask(self, target: Target, conditions: Mapping[str, str]) -> Reply:
        self.waits_for = "waiting for a turn at the server"
        self._held.enter_context(self._permit(target.origin))
        self.waits_for = "waiting for the server to answer"
        given = self._options.headers if target.trusted else {}
        if given:
            logger.debug("headers sent", extra={"server": server(target), "headers": ", ".join(given)})
        headers = {**given, **conditions}
        if self._session is None:
            self._session = Session(self._transport, self._options)
        reply = self._session.ask(target, headers)
        self._held.callback(reply.close)
        self.waits_for = ""
        return reply
