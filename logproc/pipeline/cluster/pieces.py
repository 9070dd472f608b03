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
from logproc.settings import Settings
from logproc.sources.files.lots import Lot, in_lots
from logproc.sources.files.ranges import Range, is_as_on_disk, ranges_of

RANGE_BYTES = 64 << 20
"""About a quarter of a second of work: much longer than handing it out takes, short enough to be lost and done again."""
LOT_BYTES = 8 << 20


class Piece(Struct, frozen=True):
    """What one task reads.

    form: the number of its format in the job; None where the worker detects it. changed_s: when the file of a range was last
    changed, as `Context.reference_s`: the same for all its ranges, even if it grows. in_turn: whether what a line means depends
    on those before it, such as the header of a W3C log: somebody has to pass over the range before it first.
    """

    item: Source | Lot
    probe: Probe | None = None
    form: int | None = None
    range: Range | None = None
    changed_s: int = 0
    in_turn: bool = False

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.item.sources if isinstance(self.item, Lot) else (self.item,)

    @property
    def size_bytes(self) -> int:
        """What is read of it, as far as that is known."""
        if self.range and self.probe:
            return (self.probe.size_bytes if self.range.end is None else self.range.end) - self.range.start
        probes = self.item.probes if isinstance(self.item, Lot) else (self.probe,)
        return sum(probe.size_bytes for probe in probes if probe)

    @property
    def shown_range(self) -> str:
        return f", bytes {self.range.start}-{self.range.start + self.size_bytes - 1}" if self.range else ""

    def singly(self) -> list[Piece]:
        """Return its sources as whole pieces, each by itself."""
        if isinstance(self.item, Lot):
            return [Piece(source, probe, self.form) for source, probe in zip(self.item.sources, self.item.probes, strict=True)]
        return [Piece(self.item, self.probe, self.form)]


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
    found: list[list[Piece]] = []
    for item in in_lots(files, [probes[source.index] for source in files], LOT_BYTES):
        probe = item.probes[0] if isinstance(item, Lot) else probes[item.index]
        form = forms.setdefault(probe.format, len(forms)) if probe.format else None
        if isinstance(item, Lot):
            lot = Lot(item.sources, tuple(without_format(probe) for probe in item.probes))
            found.append([Piece(lot, None, form)])
            continue
        ranges: Sequence[Range | None] = ranges_of(probe.size_bytes, range_bytes) if splits(item, probe, settings) else [None]
        about = changed_s.get(item.index, 0), probe.format is not None and not probe.format.by_line
        found.append(
            [Piece(item, without_format(probe), form, part, *about) for part in (ranges if len(ranges) > 1 else [None])]
        )
    found += [[Piece(source)] for source in sources if source.index not in probes]
    return found, tuple(forms)


def without_format(probe: Probe) -> Probe:
    """Return a probe without its format, which is sent only once."""
    return Probe(probe.size_bytes, None, probe.verdict, probe.head, probe.whole, probe.packed, probe.small)


def splits(source: Source, probe: Probe, settings: Settings) -> bool:
    """Whether a file may be read in ranges. A limit is one of the whole source, so that somebody has to read it whole."""
    limited = settings.max_bytes is not None or settings.max_time is not None or settings.encoding is not None
    if limited or probe.format is None:
        return False
    with suppress(SourceError):  # then whoever reads it says what is wrong
        return is_as_on_disk(source, probe)
    return False
