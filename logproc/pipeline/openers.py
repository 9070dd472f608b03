"""How sources are found, opened and peeked at. Tests inject fakes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from logproc import __version__
from logproc.model.errors import UsageError
from logproc.model.source import ByteStream, Kind, Source
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.sources.files.small_file import Small, read_small
from logproc.sources.http import HttpOptions, check_url, headers_by_url
from logproc.sources.http.options import Call
from logproc.sources.objects import ObjectOptions, begin, list_objects, prepare
from logproc.sources.opening import OpenOptions, Peek, open_source, peek
from logproc.sources.resolve import resolve
from logproc.sources.text import check_encoding
from logproc.threads.lookup import LookUp
from logproc.threads.signals import blocked
from logproc.threads.unpackers import Unpackers

if TYPE_CHECKING:
    from logproc.settings import Settings

UNPACKED_SHARE = 2
"""What several threads have unpacked of archives may take half as many bytes as `--memory`, in addition to it."""
Say = Callable[[str, str, str], None]
Wait = Callable[[float], bool]
Permit = Callable[[tuple[str, str, int]], AbstractContextManager[None]]


class Openers(Struct, frozen=True):
    """open_source(wait, permit, source, begun): open a source; see `sources.opening`. peek(source, n_bytes): its first bytes.

    unpackers: help `open_source` with archives while a threaded run has them open; by default they never do.
    read_small(source): the whole of a small plain file; None for any other, and where an option asks for a closer look.
    begin(source): request a small object, see `sources.objects`; None where an option asks for a closer look.
    """

    open_source: Callable[..., ByteStream]
    peek: Callable[[Source, int], Peek]
    unpackers: Unpackers = field(default_factory=lambda: Unpackers(1, 0))
    read_small: Callable[[Source], Small | None] = lambda _: None
    begin: Callable[[Source], Call] | None = None

    @classmethod
    def of(
        cls,
        settings: Settings,
        headers: Mapping[str, str] | None = None,
        say: Say | None = None,
        sources: Iterable[Source] = (),
        trace: Trace = NO_TRACE,
        *,
        grows: bool = False,
        last_bytes: int = 0,
    ) -> Openers:
        """Return the real openers. say: called when a named pipe has no writer. trace: records opening, reading and unpacking.

        grows: whether the logs behind URLs are followed. last_bytes: so much of them is enough to begin with, 0 for all.
        headers: for the servers of the URLs among `sources`, as in `http.headers_by_url`. Raises UsageError as that does.
        """

        def open_for_reading(wait: Wait, permit: Permit, source: Source, begun: Call | None = None) -> ByteStream:
            headers_for = by_url.get(os.fsdecode(source.location), {})
            own = replace(options, http=http_options(settings, headers_for, grows=grows, last_bytes=last_bytes))
            calls: dict[str, Any] = {"start_call": LookUp, "start_request": start_request, "begun": begun}
            with trace.span(Doing.OPEN, source.name):
                return open_source(source, own, wait=wait, permit=permit, say=say, unpackers=unpackers, **calls)

        sources, stores = list(sources), object_options(settings)
        with blocked():
            prepare(sources, stores)
        urls = [os.fsdecode(source.location) for source in sources if source.kind is Kind.URL and not source.verdict]
        by_url = headers_by_url(headers or {}, urls)
        limits = settings.max_bytes, settings.max_ratio, settings.max_time
        options = OpenOptions(*limits, settings.encoding, None if trace is NO_TRACE else trace.span, objects=stores)
        unpackers = Unpackers(settings.worker_count, settings.memory // UNPACKED_SHARE, trace)
        is_limited = options.encoding or options.max_time_s is not None or options.max_bytes is not None

        def read_whole(source: Source) -> Small | None:
            if is_limited:
                return None
            with trace.span(Doing.READ, source.name):
                return read_small(source)

        def begin_read(source: Source) -> Call:
            return begin(source, stores, start_request)

        begins = None if is_limited else begin_read
        return cls(open_for_reading, lambda source, n_bytes: peek(source, options, n_bytes), unpackers, read_whole, begins)


def find_sources(arguments: Sequence[str], settings: Settings) -> tuple[Source, ...]:
    """Return the sources that the arguments name. Raises UsageError for an unknown encoding or an invalid URL.

    Blocks until the file system, and the stores of what is a pattern of objects, have said what there is.
    """
    if settings.encoding is not None:
        check_encoding(settings.encoding)
    listing = partial(list_objects, options=object_options(settings), start_call=start_request)
    sources = resolve(arguments, recursive=settings.recursive, list_objects=listing)
    for source in sources:
        if source.kind is Kind.URL and not source.verdict:
            try:
                check_url(os.fsdecode(source.location))
            except UsageError as error:
                raise UsageError(f"{source.name}: {error.what}", error.hint) from error
    return sources


def start_request(call: Callable[[], Any]) -> LookUp:
    return LookUp(call, "object store")


def object_options(settings: Settings) -> ObjectOptions:
    return ObjectOptions(settings.connect_timeout, settings.read_timeout, settings.retries, settings.streams)


def http_options(settings: Settings, headers: Mapping[str, str], *, grows: bool = False, last_bytes: int = 0) -> HttpOptions:
    return HttpOptions(
        connect_timeout_s=settings.connect_timeout,
        read_timeout_s=settings.read_timeout,
        retries=settings.retries,
        headers=headers,
        trust_env=settings.trust_env,
        allow_downgrade=settings.allow_downgrade,
        user_agent=f"logproc/{__version__}",
        grows=grows,
        last_bytes=last_bytes,
    )
