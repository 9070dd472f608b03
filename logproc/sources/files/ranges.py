r"""A plain file read in ranges, each by somebody else, who knows nothing of the others.

    offsets     0              64 MiB           128 MiB
    file        aaa\nbbb\nccc\nddddddddddd\neee\nfff\nggg\n
    ranges      aaa  bbb  ccc  ddddddddddd|eee  fff|ggg

The offsets are any bytes. A range begins with the first record that begins at its offset or behind it, and ends where the next
one begins. Where that is depends only on the file and the offset, so neighbours find the same place without a word, no line is
in two ranges, and none is in neither. Records are found as `Cutter` finds them, by the format of the source.
"""

from __future__ import annotations

from contextlib import closing

import numpy
from msgspec import Struct

from logproc.model.chunk import Context, Parser, Probe
from logproc.model.errors import SourceError
from logproc.model.source import ByteStream, Source
from logproc.records.tables.from_parquet import Rows
from logproc.sources.archives.codecs import Unmixed
from logproc.sources.cutter import last_line_end
from logproc.sources.files import open_descriptor
from logproc.sources.files.parquet import footer_of
from logproc.sources.files.regular import SHRANK, RegularFile
from logproc.sources.text import WithoutHoles

WINDOW_BYTES = 1 << 16
CHANGED = "changed while it was read in parts", "read it again"


class Range(Struct, frozen=True):
    """The bytes of a file from one offset to another; to its end if that is None."""

    start: int
    end: int | None


def ranges_of(size_bytes: int, range_bytes: int) -> list[Range]:
    """Return the ranges of a file: as many as it has whole ones, so that none is short. At least one."""
    starts = [number * range_bytes for number in range(max(1, size_bytes // range_bytes))]
    return [Range(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def is_as_on_disk(source: Source, probe: Probe) -> bool:
    """Whether a file can be read in ranges: it is not compressed, and its text is not converted in any way."""
    head = probe.head
    if probe.packed or b"\n" not in head:
        return False
    with closing(RegularFile(open_descriptor(source.location), None)) as file:
        return file.size_bytes == probe.size_bytes and file.read_at(0, len(head)) == head


class RangeOfFile:
    """One range of a file, opened: see `opened_range_of`."""

    def __init__(self, source: Source, probe: Probe, form: Parser, max_line_bytes: int) -> None:
        self._file = RegularFile(open_descriptor(source.location), None)
        self._size_bytes = probe.size_bytes
        self._form = form
        self._max_line_bytes = max_line_bytes

    def check(self, probe: Probe) -> None:
        """Raise SourceError if the file is not what it was when it was probed."""
        if (self._file.size_bytes or 0) < probe.size_bytes:
            raise SourceError(f"shrank from {probe.size_bytes} to {self._file.size_bytes}", SHRANK)
        if self._file.read_at(0, len(probe.head)) != probe.head:
            raise SourceError(*CHANGED)

    def begin(self, offset: int | None, context: Context) -> int | None:
        """Return where the first record begins at an offset or behind it; None if none does, or for an offset of None.

        Only what was there when the file was probed matters: it may grow between two who ask.
        """
        if not offset:
            return offset
        start = self._line_behind(offset - 1)
        while start is not None and (self._form.multi_line or self._form.whole_records):
            window = numpy.frombuffer(self._read(start, WINDOW_BYTES), numpy.uint8)
            window = window[: last_line_end(window)]
            if not len(window):  # a line that is longer, and perhaps than the limit: no record is looked for in it
                window = numpy.frombuffer(self._read(start, self._max_line_bytes + 2), numpy.uint8)
                window = window[: last_line_end(window)]
            found = self._form.starts(window, context, self._max_line_bytes)
            if len(found):
                return start + int(found[0])
            start = self._line_behind(start + max(len(window), 1) - 1)
        return start

    def _line_behind(self, offset: int) -> int | None:
        """Return where the first line begins that begins behind the byte at an offset; None if none does."""
        while data := self._read(offset, WINDOW_BYTES):
            if b"\n" in data:
                return offset + data.index(b"\n") + 1
            offset += len(data)
        return None

    def _read(self, offset: int, size: int) -> bytes:
        return self._file.read_at(offset, min(size, self._size_bytes - offset))

    def between(self, start: int, end: int | None) -> ByteStream:
        """Return the text between two places, as a stream that owns the file."""
        return WithoutHoles(Unmixed(self.bytes_between(start, end), "", before=b"\n" if start else b""))

    def bytes_between(self, start: int, end: int | None) -> ByteStream:
        """Return the bytes between two places as they are in the file."""
        self._file.limit(start, self._size_bytes if end is None else end, is_last=end is None)
        return self._file

    def close(self) -> None:
        self._file.close()


class RangeOfGroups(RangeOfFile):
    """One range of a Parquet file: some groups of rows."""

    def __init__(self, source: Source, probe: Probe, form: Rows, max_line_bytes: int) -> None:
        super().__init__(source, probe, form, max_line_bytes)
        self._rows = form

    def check(self, probe: Probe) -> None:
        """Compare the end of the file, too: it says what is in it."""
        super().check(probe)
        if footer_of(self._file) != self._rows.footer:
            raise SourceError(*CHANGED)

    def begin(self, offset: int | None, _context: Context) -> int | None:
        return self._rows.begin(offset) if offset else offset

    def between(self, start: int, end: int | None) -> ByteStream:
        return self.bytes_between(start, end)


def opened_range_of(source: Source, probe: Probe, form: Parser, max_line_bytes: int) -> RangeOfFile:
    """Open a file of which a range is to be read. Raises SourceError if it is not what it was when it was probed."""
    file: RangeOfFile
    if isinstance(form, Rows):
        file = RangeOfGroups(source, probe, form, max_line_bytes)
    else:
        file = RangeOfFile(source, probe, form, max_line_bytes)
    try:
        file.check(probe)
    except BaseException:
        file.close()
        raise
    return file
