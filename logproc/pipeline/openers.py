"""The doors to the outside: finding sources, opening them, a look at their first bytes. A test can hand in others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logproc import __version__
from logproc.model.errors import UsageError
from logproc.model.source import ByteStream, Kind, Source
from logproc.sources import OpenOptions, Peek, check_encoding, open_source, peek, resolve
from logproc.threads.lookup import LookUp

if TYPE_CHECKING:
    from logproc.settings import Settings
    from logproc.sources.http import HttpOptions

Say = Callable[[str, str, str], None]
Wait = Callable[[float], bool]
Permit = Callable[[tuple[str, str, int]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Doors:
    """Two functions.

    open_source: takes how to sleep, how to get a permit for a server, and a source.
    peek: takes a source and a number of bytes.
    """

    open_source: Callable[[Wait, Permit, Source], ByteStream]
    peek: Callable[[Source, int], Peek]

    @classmethod
    def of(cls, settings: Settings, headers: Mapping[str, str] | None = None, say: Say | None = None) -> Doors:
        """Return the real doors. headers: sent to every web server that a source names. say: tells what is waited for."""

        def open_for_reading(wait: Wait, permit: Permit, source: Source) -> ByteStream:
            http = http_options(settings, headers or {}) if source.kind is Kind.URL else None
            options = open_options(settings, http)
            return open_source(source, options, wait=wait, permit=permit, say=say, start_call=LookUp)

        def look(source: Source, wanted_bytes: int) -> Peek:
            return peek(source, open_options(settings, None), wanted_bytes)

        return cls(open_for_reading, look)


def find_sources(arguments: Sequence[str], settings: Settings) -> tuple[Source, ...]:
    """Return the sources that the arguments name. Raises UsageError for an encoding or a URL that is none."""
    if settings.encoding:
        check_encoding(settings.encoding)
    sources = resolve(arguments, recursive=settings.recursive)
    urls = [source for source in sources if source.kind is Kind.URL and not source.verdict]
    if urls:
        check_urls(urls)
    return sources


def check_urls(sources: Sequence[Source]) -> None:
    """Raise UsageError, with its name for people, for a URL that cannot be asked for."""
    from logproc.sources.http import check_url

    for source in sources:
        try:
            check_url(os.fsdecode(source.location))
        except UsageError as error:
            raise UsageError(f"{source.name}: {error.what}", error.hint) from error


def open_options(settings: Settings, http: HttpOptions | None) -> OpenOptions:
    """Return what is asked of every source."""
    return OpenOptions(settings.max_bytes, settings.max_ratio, settings.max_time, settings.encoding, http)


def http_options(settings: Settings, headers: Mapping[str, str]) -> HttpOptions:
    """Return how to ask web servers. Imported here because requests costs 0.2 seconds that a run over files need not pay."""
    from logproc.sources.http import HttpOptions

    return HttpOptions(
        connect_timeout_s=settings.connect_timeout,
        read_timeout_s=settings.read_timeout,
        retries=settings.retries,
        headers=headers,
        trust_env=settings.trust_env,
        allow_downgrade=settings.allow_downgrade,
        user_agent=f"logproc/{__version__}",
    )
