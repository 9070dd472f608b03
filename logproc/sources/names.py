"""Paths and URLs for display: one printable line, with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import unquote, unquote_plus

from logproc.model.patterns import regex

HARMLESS = regex(
    r"(?:per_)?page|page_size|format|output|type|version|from|to|since|until|start|end|begin|after|before|date|day|week|month"
    r"|year|hour|minute|tz|timezone|lines?|limit|offset|count|max|tail|head|size|skip|level|sort|order|lang|raw|download|follow"
    r"|timestamps|stdout|stderr",
    re.IGNORECASE,
)
"""Parameters whose values are shown, if these are short and plain. A list of secret ones would never be complete."""
PLAIN_VALUE = regex(r"[\w.:+, /-]{0,40}")
BEFORE_SECRETS = regex(r"(?:web)?hooks?|tokens?|secrets?|api[-_]?keys?", re.IGNORECASE)
"""After one of these, the rest of a path is a secret."""
TOKEN = regex(
    r"eyJ[\w-]{8,}\.|(?:A[KS]IA|AGPA|AIDA|AROA)[A-Z0-9]{12,}|AIza[\w-]{20,}"
    r"|(?:gh[a-z]|glpat|xox[a-z]|sk|pk|rk|npm|pypi|dop_v1|hf)[-_]\w{12,}"
    r"|(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,})|[A-Z0-9]{20,}"
)
"""JWT, keys of AWS and Google, tokens of well-known services; UUIDs and long hexadecimal and Base32, which serve as tokens."""
WORD = regex(r"[A-Za-z0-9]{16,}")
LONG_WORD = 24
ADDRESS = regex(r"([a-z][a-z0-9+.-]*:[/\\]*)([^/\\?#]*)(.*)", re.DOTALL | re.IGNORECASE)
LEAST_SECRET = 4
NO_PORT = regex(r":(?![0-9]*\Z)[^\[\]]*\Z")


def shown_path(path: str | bytes) -> str:
    r"""Return a path as one printable line: controls, line ends, bidi marks and bytes that are not UTF-8 become `\xNN`.

    >>> shown_path("a\nb\x1b[31m")
    'a\\x0ab\\x1b[31m'
    """
    text = path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path
    return text if text.isprintable() else "".join(map(shown_character, text))


def shown_url(url: str) -> str:
    """Return a URL as one printable line, with `***` for what may be a secret.

    That is user and password, what looks like a token in the path, and the values of all parameters but a few.

    >>> shown_url("http://me:pass@host/log?otp=123456&day=3")
    'http://***@host/log?otp=***&day=3'
    """
    address, hash_mark, fragment = masked_credentials(url).partition("#")
    address, question_mark, query = address.partition("?")
    scheme, authority, path = match.groups() if (match := ADDRESS.match(address)) else ("", "", address)
    path = "".join(mask or text for text, mask in path_parts(path))
    query, fragment = ("".join(mask or text for text, mask in parameters(part)) for part in (query, fragment))
    return shown_path(scheme + authority + path + question_mark + query + hash_mark + fragment)


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
    return f"{scheme}{authority.partition(':')[0]}:***{rest}" if NO_PORT.search(authority) else url


def path_parts(path: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a path, each with what to show instead, or "". A part behind `;` is a parameter."""
    is_secret = False
    for number, part in enumerate(re.split("([/;])", path)):
        if number % 2 or not part:
            separator = part
            yield part, ""
        elif number and separator == ";":
            yield from parameters(part)
        else:
            text = unquote(part)
            yield part, "***" if is_secret or looks_secret(text) or ("@" in text and ":" in text) else ""
            is_secret |= bool(BEFORE_SECRETS.fullmatch(text))


def parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a query or fragment, each with what to show instead, or ""."""
    for part in re.split("([&;])", query):
        name, equals, value = (unquote_plus(piece) for piece in part.partition("="))
        is_shown = not value if equals else part in {"", "&", ";"}
        if looks_secret(name) or not (is_shown or (HARMLESS.fullmatch(name) and is_plain(value))):
            yield part, f"{part.partition('=')[0]}=***" if equals and not looks_secret(name) else "***"
        else:
            yield part, ""


def is_plain(value: str) -> bool:
    return bool(PLAIN_VALUE.fullmatch(value)) and not looks_secret(value)


def looks_secret(text: str) -> bool:
    """Return whether a text contains a token: one of a known kind, or a long word that changes its kind of character often.

    >>> looks_secret("ProductionServer2026"), looks_secret("zyx57W2v1u123ew11")
    (False, True)
    """
    return bool(TOKEN.search(text)) or any(is_random(word) for word in WORD.findall(text))


def is_random(word: str) -> bool:
    """Return whether small letters, capitals and digits alternate as in a random word. In a name they come in groups.

    Of random words of Base62, 99 % are found; `MyApplicationServer01` and `accesslog20260307` are not taken for one.
    """
    kinds = ["digit" if character.isdigit() else "capital" if character.isupper() else "small" for character in word]
    changes = [pair for pair in pairwise(kinds) if pair[0] != pair[1]]
    within_words = len(changes) - changes.count(("capital", "small"))
    return len(changes) >= 0.3 * len(word) or (len(word) >= LONG_WORD and within_words >= 0.2 * len(word))


def secrets_in(url: str) -> list[str]:
    """Return what `shown_url` masks in the path and the query of a URL, both raw and decoded."""
    address, _, query = url.partition("#")[0].partition("?")
    match = ADDRESS.match(address)
    parts = [*path_parts(match[3] if match else address), *parameters(query)]
    values = [text.removeprefix(mask.removesuffix("***")) for text, mask in parts if mask]
    return [*values, *map(unquote, values), *map(unquote_plus, values)]


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
