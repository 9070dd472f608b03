"""URLs: which may be asked at all, how one is written on the wire, and where a redirect may lead. Nothing here connects."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from logproc.errors import SourceError, UsageError

Origin = tuple[str, str, int]
"""Scheme, host and port: what RFC 6454 calls the origin, and what permits and credentials are for."""
Permit = Callable[[Origin], AbstractContextManager[object]]

DEFAULT_PORTS = {"http": 80, "https": 443}
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # those of RFC 3986; `%` as well, as what is quoted already stays so
HINT = "write it as http://host[:port]/path or https://…"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL as it goes over the wire, without what may stand before an @, which is `auth`: user and password.

    trusted: whether it may be sent what the user gave for the start: credentials and headers.
    """

    url: str = field(repr=False)
    origin: Origin
    auth: tuple[bytes, bytes] | None = field(default=None, repr=False)
    trusted: bool = True


def check_url(url: str) -> None:
    """Raise UsageError if `url` cannot be asked for. Names are not looked up."""
    parse_url(url)


def parse_url(url: str) -> Target:
    """Return the target of `url`: characters that no URL holds percent-encoded, the host's name in ASCII (RFC 5890).

    Raises UsageError, with the reason and without the URL, as that may hold a password.
    """
    if UNFIT.search(url):
        raise UsageError("bad URL: it holds a control character, or what is no UTF-8", HINT)
    scheme = SCHEME.match(url)
    if not scheme or scheme[0].lower() not in DEFAULT_PORTS:
        raise UsageError("bad URL: it begins with neither http:// nor https://", HINT)
    try:
        parts = urlsplit(prepared(url))
        port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError as error:
        raise UsageError("bad URL: " + reason(url), HINT) from error
    if not port:
        raise UsageError("bad URL: " + reason(url), HINT)
    host = parts.hostname or ""
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    return Target(address, (parts.scheme, host, port), credentials(parts.netloc))


def prepared(url: str) -> str:
    """Return the URL as requests sends it. Raises ValueError, as all of requests' refusals of a URL are."""
    import requests

    if urlsplit(url).port == 0:
        raise ValueError  # requests leaves a port 0 out, and would ask another one
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return str(request.url)


def reason(url: str) -> str:
    """Tell what is wrong with a URL that was refused."""
    try:
        if not urlsplit(url).hostname:
            return "it names no host"
        if urlsplit(url).port == 0:
            return "port 0 cannot be asked"
    except ValueError as error:
        return "its port is no number from 1 to 65535" if "ort" in str(error) else "its host is not well formed"
    return "its host is not well formed"


def credentials(netloc: str) -> tuple[bytes, bytes] | None:
    """Return user and password from before the @, None if there is none."""
    before, at, _ = netloc.rpartition("@")
    user, _, password = before.partition(":")
    return (unquote_to_bytes(user), unquote_to_bytes(password)) if at else None


def redirected(here: Target, start: Target, location: str, *, allow_downgrade: bool) -> Target:
    """Return where a redirect leads. Once it has left the origin of `start`, nothing that was given for that is sent.

    Raises SourceError if it leads where none may: to another scheme than http and https, from https to http unless that is
    allowed, and from a public start to an address of this machine or its own network (what a server could not reach
    itself, and would use this program to reach).
    """
    try:
        # http.client gives headers as Latin-1; quoting their bytes leaves nothing that could end a line of the request.
        address = urljoin(here.url, quote(location.encode("latin-1", "replace"), safe=URL_CHARACTERS))
    except ValueError as error:  # as for a bracket that is not closed
        raise SourceError("refused redirect: bad URL: its host is not well formed", "ask who runs the server") from error
    scheme = (SCHEME.match(address) or [""])[0].lower()
    if scheme not in DEFAULT_PORTS:
        raise SourceError(f"refused redirect to {scheme[:40]}: URL", "only http and https are followed")
    if scheme == "http" and here.origin[0] == "https" and not allow_downgrade:
        raise SourceError("refused downgrade from https to http", "follow it with --allow-downgrade")
    try:
        target = parse_url(address)
    except UsageError as error:
        raise SourceError(f"refused redirect: {error.what}", "ask who runs the server") from error
    if is_private(target.origin[1]) and not is_private(start.origin[1]):
        raise refused_private()
    trusted = here.trusted and target.origin == start.origin
    return Target(target.url, target.origin, start.auth if trusted else None, trusted)


def refused_private() -> SourceError:
    """Return the error of a redirect from outside to the inside."""
    return SourceError("refused redirect to a private address", "name that address itself if it is meant")


def is_private(host: str) -> bool:
    """Whether a host is this machine's name for itself, or an address, in any spelling, that is not of the public internet.

    >>> is_private("127.0.0.1"), is_private("0x7f.1"), is_private("example.org")
    (True, True, False)
    """
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return True
    try:
        numeric = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return not is_public(str(numeric[0][4][0]))


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the public internet."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global
