"""Sources → pieces: what one task reads. That is a range of a large plain file, a lot of small files, or one whole source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from msgspec import Struct

from logproc.model.chunk import Parser, Probe
from logproc.model.errors import SourceError, UsageError
from logproc.model.source import Kind, Source
from logproc.records.tables.from_parquet import Rows
from logproc.settings import Settings
from logproc.sources.files.lots import Lot, in_lots
from logproc.sources.files.ranges import Range, is_as_on_disk, ranges_of
from logproc.sources.objects.batches import Batch, with_batches

RANGE_BYTES = 32 << 20
"""About an eighth of a second of work: much longer than handing it out takes, short enough to be lost and done again."""
MOST_RANGES = 4000
"""Of more bytes than so many ranges have, each range is larger: the scheduler needs about a millisecond for a task."""
LOT_BYTES = 8 << 20
MOST_READERS = 64
"""So many workers shall have something to do with small objects, if there are enough of these."""


class Piece(Struct, frozen=True):
    """What one task reads: some sources, or a range of one.

    probes: of the sources that are regular files; none for others. form: the number of their format in the job; None where the
    worker detects it. is_lot: whether they are small files or objects, read together. changed_s: when the file of a range was
    last changed, as `Context.reference_s`: the same for all its ranges, even if it grows. in_turn: whether what a line means
    depends on those before it, such as the header of a W3C log: somebody has to pass over the range before it first.
    """

    sources: tuple[Source, ...]
    probes: tuple[Probe, ...] = ()
    form: int | None = None
    is_lot: bool = False
    range: Range | None = None
    changed_s: int = 0
    in_turn: bool = False

    @property
    def size_bytes(self) -> int:
        """What is read of it, as far as that is known."""
        sizes = sum(probe.size_bytes for probe in self.probes)
        sizes += sum(source.listed.size_bytes for source in self.sources if source.listed)
        return (sizes if self.range.end is None else self.range.end) - self.range.start if self.range else sizes

    @property
    def shown_range(self) -> str:
        return f", bytes {self.range.start}-{self.range.start + self.size_bytes - 1}" if self.range else ""

    def singly(self) -> list[Piece]:
        """Return its sources as whole pieces, each by itself."""
        return [Piece((source,), self.probes[at : at + 1], self.form) for at, source in enumerate(self.sources)]


def for_workers(source: Source) -> Source:
    """Return a source as every worker can find it. Raises UsageError for one that only this machine has.

    What tells a file from a later one of the same name, its device and inode, differs between machines: its head does not.
    """
    if source.kind in {Kind.STDIN, Kind.FIFO}:
        raise UsageError(f"{source.name} is only on this machine", "write it to a file that the workers see, or omit --cluster")
    if source.kind is not Kind.FILE:
        return source
    return replace(source, location=os.path.abspath(source.location), seen=None)  # noqa: PTH100 - as it was typed


def pieces_of(
    sources: Sequence[Source], probes: Mapping[int, Probe], settings: Settings, range_bytes: int = RANGE_BYTES
) -> tuple[list[list[Piece]], tuple[Parser, ...]]:
    """Return the pieces, those of one file together, and the formats that they name.

    sources: those that will be read. probes: of the regular files, by their indexes.
    """
    forms: dict[Parser, int] = {}
    changed_s = {source.index: int(source.seen[3] / 1e9) for source in sources if source.seen}
    sources = [for_workers(source) for source in sources]
    files = [source for source in sources if source.index in probes]
    range_bytes = max(range_bytes, sum(probe.size_bytes for probe in probes.values()) // MOST_RANGES)
    found: list[list[Piece]] = []
    for item in in_lots(files, [probes[source.index] for source in files], LOT_BYTES):
        some = item.sources if isinstance(item, Lot) else (item,)
        known = [probes[source.index] for source in some]
        form = forms.setdefault(known[0].format, len(forms)) if known[0].format else None
        piece = Piece(some, tuple(map(without_format, known)), form, isinstance(item, Lot))
        if len(ranges := ranges_in(known[0], range_bytes)) > 1 and splits(some[0], known[0], settings):
            about = changed_s.get(item.index, 0), not (known[0].format and known[0].format.by_line)
            found.append([Piece(some, piece.probes, form, False, part, *about) for part in ranges])
        else:
            found.append([piece])
    others = [source for source in sources if source.index not in probes]
    remote = others if settings.max_keys else with_batches(others, MOST_READERS)
    found += [[Piece(item.sources, is_lot=True) if isinstance(item, Batch) else Piece((item,))] for item in remote]
    return found, tuple(forms)


def ranges_in(probe: Probe, range_bytes: int) -> list[Range]:
    """Return the ranges of a file: of text by bytes, of Parquet a range for each group of rows, which is as long a task."""
    if not isinstance(probe.format, Rows):
        return ranges_of(probe.size_bytes, range_bytes)
    groups = probe.format.groups
    starts = [0, *(group.start for group in groups[1:])][:: len(groups) // MOST_RANGES + 1]
    return [Range(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def without_format(probe: Probe) -> Probe:
    """Return a probe without its format, which is sent only once."""
    return Probe(probe.size_bytes, None, probe.verdict, probe.head, probe.whole, probe.packed, probe.small)


def splits(source: Source, probe: Probe, settings: Settings) -> bool:
    """Whether a file may be read in ranges. A limit is one of the whole source, so that somebody has to read it whole."""
    limited = settings.max_bytes is not None or settings.max_time is not None or settings.encoding is not None
    if limited or probe.format is None:
        return False
    if isinstance(probe.format, Rows):
        return True
    with suppress(SourceError):  # then whoever reads it says what is wrong
        return is_as_on_disk(source, probe)
    return False
