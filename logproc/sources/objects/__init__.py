"""Objects in S3, Google Cloud Storage and Azure: `list_objects` finds them, `open_object` returns one as a stream.

Reading order: this module; `places`, what a name says; `stores`, the three libraries behind fsspec; `stream`, an object read
in blocks; `errors`, what went wrong in plain words. fsspec and the library of a store take up to a second to import, so that
happens when the first object is listed or opened.

Credentials, the endpoint and the region come from where the library of each store looks for them: environment variables and
files of the provider. They are in no name and no option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from importlib.util import find_spec

from msgspec import Struct

from logproc.model.errors import LogprocError
from logproc.model.source import ByteStream, Kind, Listed, Source
from logproc.sources.http.options import Call, CallHere, StartCall
from logproc.sources.limits import Deadline
from logproc.sources.objects.errors import explained
from logproc.sources.objects.places import Place
from logproc.sources.objects.stores import STORES, Store
from logproc.sources.objects.stream import BLOCK_BYTES, ObjectStream

__all__ = ["ObjectOptions", "ObjectStream", "begin", "list_objects", "missing_package", "open_object", "prepare"]

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}


class ObjectOptions(Struct, frozen=True):
    """Options for requests to object stores: see `Settings`. connections: how many at once are kept open to a store."""

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    retries: int = 3
    connections: int = 16


def missing_package(place: Place) -> tuple[str, str] | None:
    """Return what to say, and the hint, if the package that reads such objects is not installed; else None."""
    package = PACKAGES[place.store]
    if find_spec(package):
        return None
    return f"{place.scheme}:// needs the package {package}", f"pip install 'logproc[{place.store}]'"


@lru_cache
def store_of(store: str, account: str, options: ObjectOptions) -> Store:
    """Return the one store that all threads share: it has a thread and a pool of connections of its own."""
    timeouts = options.connect_timeout_s, options.read_timeout_s
    return STORES[store](*timeouts, retries=options.retries, connections=options.connections, account=account)


def prepare(sources: Iterable[Source], options: ObjectOptions) -> None:
    """Make the stores of some sources. Called before there are readers: two that come first would each make one."""
    places = [Place.of(str(source.location)) for source in sources if source.kind is Kind.OBJECT and not source.verdict]
    for store, account in {(place.store, place.account) for place in places}:
        store_of(store, account, options)


def list_objects(
    place: Place, options: ObjectOptions, start_call: StartCall = CallHere, *, deep: bool
) -> list[tuple[str, Listed]]:
    """Return the objects whose names begin as `place` says, in byte order of their names, each with its location.

    deep: also those behind a further `/`. It takes one request for a thousand objects. Raises SourceError.
    """

    def listed() -> list[tuple[str, Listed]]:
        found = store_of(place.store, place.account, options).listed(place, deep=deep)
        return sorted(found, key=lambda item: item[0].encode("utf-8", "surrogatepass"))

    return [(place.sibling(name), known) for name, known in safely(listed, place, start_call)]


def safely(call: Callable[[], list[tuple[str, Listed]]], place: Place, start_call: StartCall) -> list[tuple[str, Listed]]:
    try:
        found: list[tuple[str, Listed]] = start_call(call).wait(None)
    except LogprocError:
        raise
    except Exception as error:
        raise explained(error, place) from error
    return found


def open_object(
    source: Source,
    options: ObjectOptions,
    deadline: Deadline | None = None,
    start_call: StartCall = CallHere,
    start: int = 0,
    begun: Call | None = None,
) -> ByteStream:
    """Return an object as a stream of its bytes from `start` on. No server is contacted before the first `readinto`.

    start_call(function): runs each request so that it can be abandoned; the default blocks until it ends. begun: what `begin`
    has returned for this object. `readinto` blocks until a block of the object is there. It raises SourceError if the object
    cannot be read, and if it is not the one that was listed; LimitError at the deadline, and Stopped after `cancel`, which
    leaves a request behind until it ends by itself.
    """
    place = Place.of(str(source.location))
    store = partial(store_of, place.store, place.account, options)
    return ObjectStream(place, store, source.listed, deadline, start_call, start, begun)


def begin(source: Source, options: ObjectOptions, start_call: StartCall) -> Call:
    """Begin to read an object; return the call, whose result is that of the first `Store.read`."""
    place = Place.of(str(source.location))
    return start_call(lambda: store_of(place.store, place.account, options).read(place, source.listed, 0, BLOCK_BYTES))
