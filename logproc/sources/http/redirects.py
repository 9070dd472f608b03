"""From a URL to the server that answers: redirects, followed one by one, with one permit at a time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from logproc.errors import SourceError
from logproc.sources.http.connection import Reply, Session
from logproc.sources.http.transport import Link
from logproc.sources.http.urls import Permit, Target, redirected
from logproc.sources.names import shown_path

if TYPE_CHECKING:
    from logproc.sources.http import HttpOptions

MOST_REDIRECTS = 10
REDIRECTS = {301, 302, 303, 307, 308}


class Fetcher:
    """Gets the answer to one URL. What it holds for the answer, a connection and a permit, `let_go` gives back."""

    def __init__(self, start: Target, options: HttpOptions, link: Link, permit: Permit) -> None:
        self._start = self._here = start
        self._options = options
        self._link = link
        self._permit = permit
        self._session: Session | None = None
        self._held = ExitStack()

    def fetch(self, only_at: str, conditions: Mapping[str, str]) -> Reply:
        """Return the first answer that is no redirect; `conditions` are headers sent to the URL `only_at` alone.

        Blocks for a permit and for each server's headers. Holds at most one permit at any time: that of the host asked now.
        Raises SourceError for a redirect that is refused, and what `Session.ask` does.
        """
        here = self._here = self._start
        self._link.public_only = False
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._ask(here, conditions if here.url == only_at else {})
            location = reply.headers.get("Location") if reply.status in REDIRECTS else None
            if not location:
                return reply
            self.let_go()
            here = redirected(here, self._start, location, allow_downgrade=self._options.allow_downgrade)
            self._here = here
            # Also for names, which `redirected` does not look up: who was outside once cannot point back inside.
            self._link.public_only |= self._link.is_public
        raise SourceError(f"too many redirects ({MOST_REDIRECTS})", "name the log's own address instead")

    @property
    def elsewhere(self) -> str:
        """The server that a redirect led to, empty if it is the one that was named. What else is in a URL may be secret."""
        scheme, host, port = self._here.origin
        return "" if self._here.origin == self._start.origin else f"{scheme}://{shown_path(host)}:{port}"

    def let_go(self) -> None:
        """Close the connection of the last answer, then give its permit back."""
        self._held.close()

    def close(self) -> None:
        """Let go of everything. The next `fetch` would begin anew."""
        self.let_go()
        if self._session:
            self._session.close()
            self._session = None

    def _ask(self, target: Target, conditions: Mapping[str, str]) -> Reply:
        self._held.enter_context(self._permit(target.origin))
        headers = {**(self._options.headers if target.trusted else {}), **conditions}
        reply = self._open_session().ask(target, headers)
        self._held.callback(reply.close)
        return reply

    def _open_session(self) -> Session:
        if self._session is None:
            options = self._options
            self._session = Session(
                self._link, user_agent=options.user_agent, trust_env=options.trust_env, ca_file=options.ca_file
            )
        return self._session
