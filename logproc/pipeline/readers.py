"""How many threads read which sources."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from logproc.model.chunk import Probe
from logproc.model.errors import InternalError, UsageError
from logproc.model.source import REMOTE, ByteStream, Kind, Source
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import Trace
from logproc.pipeline.descriptors import free_descriptors, shared_out
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan
from logproc.pipeline.probing import probe_files
from logproc.settings import Settings
from logproc.sources.files.lots import Lot, LotReading, in_lots
from logproc.sources.files.small_file import Small
from logproc.sources.http.urls import parse_url
from logproc.sources.objects.batches import Batch, BatchReading, Requests, with_batches
from logproc.sources.reading import Reading
from logproc.threads.reader import ToDo

if TYPE_CHECKING:
    from logproc.pipeline.writing import Writing

MOST_PIPES = 1024
Item = Source | Lot | Batch
"""What a reader takes from its list."""
logger = logging.getLogger(__name__)


def wanted_readers(
    sources: Sequence[Source],
    probes: Sequence[Probe],
    plan: Plan,
    settings: Settings,
    openers: Openers,
    writing: Writing | None,
    *,
    follows: bool = False,
) -> dict[str, tuple[int, ToDo[Any]]]:
    """Return how many readers there are of each kind, and their lists: some for all files, some for what is remote, one a pipe.

    Raises UsageError if sources are to be merged and there are not enough descriptors for all of them.

    A slow server must not delay a local file. And a pipe must not wait for another one to end: its writer, or the writer of
    both, may wait for a reader, or may never come. probes: of the regular files among the sources.

    Where the records are written in the order of the sources, the first one that is not done must never wait for a later one
    (see threads.delivery): they are taken in their order, small files are not put together, and there are no more readers of
    URLs than permits for one server. Where several are merged, each needs a reader of its own.
    """
    files = [source for source in sources if source.kind is Kind.FILE]
    remote: list[Any] = [source for source in sources if source.kind in REMOTE]
    pipes = [source for source in sources if source.kind in {Kind.FIFO, Kind.STDIN}]
    in_order = plan.question.max_keys or writing
    to_read = list(files) if in_order else in_lots(files, probes, plan.reading.chunk_bytes)
    servers = {source: parse_url(os.fsdecode(source.location)).origin for source in remote if source.kind is Kind.URL}
    connections = settings.connections_per_host  # not to a store of objects: it has any number of servers behind one name
    streams = min(settings.streams, len(remote), *([connections] if writing and servers else []))
    if openers.begin and not in_order:
        remote = with_batches(remote, streams)
    wanted: dict[str, tuple[int, ToDo[Any]]] = {
        "reader": (settings.reader_count(len(to_read)), ToDo(to_read)),
        "stream": (streams, ToDo(remote) if writing else ToDo(remote, servers.get, connections)),
        "pipe": (min(MOST_PIPES, len(pipes)), ToDo(pipes)),
    }
    if writing and writing.side_by_side:
        wanted |= {
            "reader": (len(files), ToDo(files)),
            "stream": (len(remote), ToDo(remote)),
            "pipe": (len(pipes), ToDo(pipes)),
        }
    if follows:  # a log that is followed has no end, so each needs a reader of its own
        wanted["stream"] = len(remote), ToDo(remote)
    affordable = shared_out(free_descriptors(), {name: number for name, (number, _) in wanted.items()})
    for name, (number, _) in wanted.items():
        if affordable[name] < number and writing and writing.side_by_side:
            together = "followed at once" if follows else "merged"
            raise UsageError(
                f"{len(sources)} sources are too many to be {together}", "raise the limit of open files with `ulimit -n`"
            )
        if affordable[name] < number:
            few = f"only {affordable[name]} of {number} threads for {name}s: raise the limit of open files with `ulimit -n`"
            logger.log(logging.WARNING if name == "pipe" else logging.INFO, few)  # a pipe may wait for ever
    return {name: (affordable[name], to_do) for name, (_, to_do) in wanted.items()}


def start_reading(
    item: Item,
    openers: Openers,
    plan: Plan,
    opener: Callable[..., ByteStream],
    probes: Mapping[int, Probe],
    trace: Trace,
    caught_up: Callable[[int], None] = lambda _: None,
) -> Reading | LotReading | BatchReading:
    """Return the reading of an item. opener(source), opener(source, call): as `Requests.open`. caught_up: see `Reading`."""

    def alone(source: Source) -> Reading:
        return Reading(source, opener, plan.reading, probes.get(source.index), caught_up)

    def probe(sources: Sequence[Source], read_small: Callable[[Source], Small | None]) -> Sequence[Probe]:
        return probe_files(replace(openers, read_small=read_small), plan, sources)

    if isinstance(item, Batch) and openers.begin:
        requests = Requests(openers.begin, opener, probe, lambda source: trace.span(Doing.WAIT_DATA, source.name))
        return BatchReading(item, requests, plan.reading)
    if isinstance(item, Batch):
        raise InternalError("a batch that cannot be requested")
    if isinstance(item, Lot):
        return LotReading(item, openers.read_small, alone, plan.reading)
    return alone(item)
