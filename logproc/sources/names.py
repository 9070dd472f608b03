"""Paths and URLs for display: one printable line, with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

SECRET_PARAMETER = re.compile(
    r"token|secret|passw|pwd|passphrase|signature|auth|credential|session|api[-_.]?key|access[-_.]?key|jwt|bearer"
    r"|hmac|ticket|assertion|saml|cookie|private"
    r"|^(?:pass|key|sig|code|sid|x-amz-.*|x-goog-.*)$|[-_.](?:key|sig|pass|code)$",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*:[/\\]*)([^/\\?#]*)(.*)", re.DOTALL | re.IGNORECASE)
LEAST_SECRET = 4
NO_PORT = re.compile(r":(?![0-9]*\Z)[^\[\]]*\Z")


def shown_path(path: str | bytes) -> str:
    r"""Return a path as one printable line: controls, line ends, bidi marks and bytes that are not UTF-8 become `\xNN`.

    >>> shown_path("a\nb\x1b[31m")
    'a\\x0ab\\x1b[31m'
    """
    text = path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path
    return "".join(map(shown_character, text))


def shown_url(url: str) -> str:
    """Return a URL as one printable line, with `***` for user and password and for the values of secret parameters.

    >>> shown_url("http://me:pass@host/log?token=abc&day=3")
    'http://***@host/log?token=***&day=3'
    """
    address, hash_mark, fragment = masked_credentials(url).partition("#")
    address, question_mark, query = address.partition("?")
    query, fragment = ("".join(map(masked_parameter, re.split("([&;])", part))) for part in (query, fragment))
    return shown_path(address + question_mark + query + hash_mark + fragment)


def masked_credentials(url: str) -> str:
    """Mask user and password of a URL, even if a `/`, `?` or `#` in the password makes the URL invalid."""
    match = ADDRESS.match(url)
    if not match:
        return url
    scheme, authority, rest = match.groups()
    if "@" in authority:
        return f"{scheme}***@{authority.rpartition('@')[2]}{rest}"
    if "@" in rest and (NO_PORT.search(authority) or rest[0] in "?#"):
        return f"{scheme}***@{rest.rpartition('@')[2]}"
    return url


def masked_parameter(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}=***" if equals and SECRET_PARAMETER.search(unquote_plus(name)) else part


def secret_parameters(query: str) -> list[str]:
    """Return the values of a query's secret parameters, both raw and decoded."""
    values = [part.partition("=")[2] for part in re.split("[&;]", query) if masked_parameter(part) != part]
    return [*values, *map(unquote_plus, values)]


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Mask all secrets in a text, except those under four characters, which may occur there by chance."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, "***")
    return text


def shown_character(character: str) -> str:
    if character.isprintable():
        return character
    is_byte = "\udc80" <= character <= "\udcff"
    raw = character.encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in raw)
