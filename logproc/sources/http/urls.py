"""URLs: which are accepted, how they are sent, and where a redirect may lead. Nothing here connects to a server."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from logproc.model.errors import SourceError, UsageError
from logproc.model.patterns import regex

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454): permits and credentials belong to an origin."""
Permit = Callable[[Origin], AbstractContextManager[object]]

DEFAULT_PORTS = {"http": 80, "https": 443}
UNFIT = regex(r"[\x00-\x1f\x7f\ud800-\udfff]")
SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986, and `%`: what is quoted already stays quoted
TRANSLATED = [ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96")]
"""Addresses whose last 32 bits are one of IPv4: mapped, translated (RFC 2765), compatible (RFC 4291), NAT64 (RFC 6052)."""
NEVER_PUBLIC = [
    ipaddress.ip_network(text) for text in ("64:ff9b:1::/48", "100:0:0:1::/64", "3fff::/20", "5f00::/16", "192.0.0.0/24")
]
"""From the registries of special addresses (RFC 6890). Some releases of Python do not know them yet."""
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
    except ValueError:
        raise UsageError("bad URL: " + reason(url), HINT) from None  # its text may hold the password, and --debug shows it
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

    Raises SourceError for a scheme other than http and https, and for https to http unless that is allowed. Whether its
    address may be connected to is for the transport to say, which knows it.
    """
    try:
        # http.client decodes headers as Latin-1. Quoting their bytes leaves nothing that could end a line of the request.
        address = urljoin(here.url, quote(location.encode("latin-1", "replace"), safe=URL_CHARACTERS))
    except ValueError:  # such as an unclosed bracket; its text may hold a password
        raise SourceError(
            "refused redirect: bad URL: its host is not well formed", "report it to the server's operator"
        ) from None
    scheme = (SCHEME.match(address) or [""])[0].lower()
    if scheme not in DEFAULT_PORTS:
        raise SourceError(f"refused redirect to {scheme[:40]}: URL", "only http and https are followed")
    if scheme == "http" and here.origin[0] == "https" and not allow_downgrade:
        raise SourceError("refused downgrade from https to http", "follow it with --allow-downgrade")
    try:
        target = parse_url(address)
    except UsageError as error:
        raise SourceError(f"refused redirect: {error.what}", "report it to the server's operator") from error
    trusted = here.trusted and target.origin == start.origin
    return Target(target.url, target.origin, start.auth if trusted else None, trusted)


class Reach:
    """Which private addresses the redirects of one request may lead to. A server could reach them through this program.

    From a public address, none. From a private one that the URL names as such, any. From a name with a private address, that
    address and further names. The address that is connected to decides, so that no second lookup can give another one. A
    proxy looks names up itself: then a name counts as public, and only what is private as it is written is refused.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the redirects: the next host is that of the URL itself."""
        self._host = ""
        self._address: str | None = None
        self._addresses: set[str] = set()
        self._is_first = True
        self._is_open = False
        self._was_public = False

    def admit(self, host: str, address: str | None) -> None:
        """Raise SourceError if a redirect must not lead to this host. address: None for that of a proxy."""
        self._host, self._address = host, address
        if self._is_first or self._is_public() or (self._is_open and not self._was_public):
            return
        if self._was_public or (is_private(host) and address not in self._addresses):
            raise SourceError("refused redirect to a private address", "if you mean that address, give its URL")

    def leave(self) -> None:
        """Note that the host admitted last has sent a redirect."""
        self._was_public |= self._is_public()
        self._is_open |= self._is_first and is_private(self._host)
        self._is_first = False
        if self._address:
            self._addresses.add(self._address)

    def _is_public(self) -> bool:
        return is_public(self._address) if self._address else not is_private(self._host)


def is_private(host: str) -> bool:
    """Return whether a host is localhost, or an address in any spelling that is not on the public internet.

    Names are not looked up. For requests through a proxy, which does that itself.

    >>> is_private("127.0.0.1"), is_private("0x7f.1"), is_private("example.org")
    (True, True, False)
    """
    host = host.lower().partition("%")[0].rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        numeric = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return not is_public(str(numeric[0][4][0]))


def is_public(address: str) -> bool:
    """Return whether an address is on the public internet, and so is the address of IPv4 in it, if a gateway translates it.

    >>> is_public("64:ff9b::8.8.8.8"), is_public("64:ff9b::10.0.0.1")
    (True, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local:
            return False
        if any(found in network for network in TRANSLATED):
            found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        else:
            found = found.sixtofour or found  # Teredo, the other tunnel, is in none of Python's public ranges
    return found.is_global and not found.is_multicast and not any(found in network for network in NEVER_PUBLIC)
