"""Which request headers go to which URL: each belongs to one server, and no other gets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from logproc.model.errors import UsageError
from logproc.sources.http.options import HttpOptions
from logproc.sources.http.urls import SCHEME, Origin, parse_url


def headers_by_url(headers: Mapping[str, str], urls: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the headers for each URL. A key of `headers` is a name, or a host and a name: `HOST NAME`.

    HOST is a host of the URLs, with its port or as `https://HOST` if only that server is meant. Without HOST, all URLs must
    be of one server. Raises UsageError if they are not, if no URL is of that host, and for a header that cannot be sent.
    """
    if not headers:
        return {}
    if not isinstance(headers, Mapping):
        raise UsageError("headers are not a mapping of names to values", "write {'Name': 'value'}")
    check(headers)
    origins = {url: parse_url(url).origin for url in urls}
    found: dict[str, dict[str, str]] = {url: {} for url in origins}
    for key, value in headers.items():
        host, name = split(key)
        if not host and len(set(origins.values())) > 1:
            raise UsageError(
                f"--header {name}: the URLs are of several servers", f"name its host: --header 'HOST {name}: env:VARIABLE'"
            )
        mine = [url for url, origin in origins.items() if not host or is_at(origin, host)]
        if host and not mine:  # what was typed is not repeated: it may be a secret at the wrong place
            raise UsageError("--header: no URL is of the host that it names", "write --header 'HOST NAME: env:VARIABLE'")
        for url in mine:
            found[url][name] = value
    return found


def check(headers: Mapping[str, str]) -> None:
    """Raise UsageError for a header that cannot be sent."""
    named = {split(key)[1] if isinstance(key, str) else key: value for key, value in headers.items()}
    HttpOptions(headers=named)


def split(key: str) -> tuple[str, str]:
    host, _, name = key.strip().rpartition(" ")
    return host.strip(), name


def is_at(origin: Origin, host: str) -> bool:
    """Return whether a server is at `host`, in the spelling of a URL: `HOST`, `HOST:PORT` or `https://HOST:PORT`."""
    try:
        if SCHEME.match(host) and "://" in host:
            return parse_url(host).origin == origin
        wanted = parse_url(f"http://{host}").origin
        return wanted[1] == origin[1] and (urlsplit(f"//{host}").port in {None, origin[2]})
    except (UsageError, ValueError):
        return False
