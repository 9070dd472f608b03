"""URLs: which are accepted, how they are sent, and where a redirect may lead. Nothing here connects to a server."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from logproc.model.errors import SourceError, UsageError

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454): permits and credentials belong to an origin."""
Permit = Callable[[Origin], AbstractContextManager[object]]

DEFAULT_PORTS = {"http": 80, "https": 443}
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986, and `%`: what is quoted already stays quoted
BAD_HOST = "its host is not well formed"
HINT = "write it as http://host[:port]/path or https://…"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL as it is sent, with user and password in `auth`.

    trusted: whether it may receive the credentials and headers that the user gave for the first URL.
    """

    url: str = field(repr=False)
    origin: Origin
    auth: tuple[bytes, bytes] | None = field(default=None, repr=False)
    trusted: bool = True


def check_url(url: str) -> None:
    """Raise UsageError if `url` cannot be requested. Names are not looked up."""
    parse_url(url)


def parse_url(url: str) -> Target:
    """Return the target of `url`, with invalid characters percent-encoded and the host name in ASCII (RFC 5890).

    Raises UsageError with the reason, but without the URL, which may contain a password.
    """
    if UNFIT.search(url):
        raise UsageError("bad URL: it contains a control character, or is not UTF-8", HINT)
    scheme = SCHEME.match(url)
    if not scheme or scheme[0].lower() not in DEFAULT_PORTS:
        raise UsageError("bad URL: it does not start with http:// or https://", HINT)
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
    """Return the URL as requests would send it. Raises ValueError for a URL that requests refuses."""
    import requests

    if urlsplit(url).port == 0:
        raise ValueError  # requests drops a port 0 and would use the default port
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return str(request.url)


def reason(url: str) -> str:
    try:
        if not urlsplit(url).hostname:
            return "it has no host name"
        if urlsplit(url).port == 0:
            return "port 0 cannot be used"
    except ValueError as error:
        return "its port is not a number from 1 to 65535" if "ort" in str(error) else BAD_HOST
    return BAD_HOST


def credentials(netloc: str) -> tuple[bytes, bytes] | None:
    before, at, _ = netloc.rpartition("@")
    user, _, password = before.partition(":")
    return (unquote_to_bytes(user), unquote_to_bytes(password)) if at else None


def redirected(here: Target, start: Target, location: str, *, allow_downgrade: bool) -> Target:
    """Return the target of a redirect. Once a redirect has left the origin of `start`, targets are no longer trusted.

    Raises SourceError for a scheme other than http and https, for https to http unless that is allowed, and for a redirect
    from a public address to this machine or its network, which a server could otherwise reach through this program.
    """
    try:
        # http.client decodes headers as Latin-1. Quoting their bytes leaves nothing that could end a line of the request.
        address = urljoin(here.url, quote(location.encode("latin-1", "replace"), safe=URL_CHARACTERS))
    except ValueError as error:  # such as an unclosed bracket
        raise SourceError(
            "refused redirect: bad URL: its host is not well formed", "report it to the server's operator"
        ) from error
    scheme = (SCHEME.match(address) or [""])[0].lower()
    if scheme not in DEFAULT_PORTS:
        raise SourceError(f"refused redirect to {scheme[:40]}: URL", "only http and https are followed")
    if scheme == "http" and here.origin[0] == "https" and not allow_downgrade:
        raise SourceError("refused downgrade from https to http", "follow it with --allow-downgrade")
    try:
        target = parse_url(address)
    except UsageError as error:
        raise SourceError(f"refused redirect: {error.what}", "report it to the server's operator") from error
    if is_private(target.origin[1]) and not is_private(start.origin[1]):
        raise refused_private()
    trusted = here.trusted and target.origin == start.origin
    return Target(target.url, target.origin, start.auth if trusted else None, trusted)


def refused_private() -> SourceError:
    return SourceError("refused redirect to a private address", "if you mean that address, give its URL")


def is_private(host: str) -> bool:
    """Return whether a host is localhost, or an address in any spelling that is not on the public internet.

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
    return ipaddress.ip_address(address.partition("%")[0]).is_global
