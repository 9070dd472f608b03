"""Parquet files that `show` wrote, read group by group: see `records.tables.from_parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

import numpy
from msgspec.structs import replace

from logproc.model.chunk import Chunk
from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.records.tables.from_parquet import END_BYTES, MAGIC, Rows
from logproc.sources.cutter import Cutter
from logproc.sources.files.regular import REWRITTEN, SHRANK, RegularFile

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

HEAD = MAGIC + b"\x15"
"""What a file begins with: the header of a page or the footer, whose first field is a number. So it is not a line of text."""
CUT_OFF = "is Parquet that is cut off", "copy it again; its end says what is in it"


def is_parquet(file: ByteStream) -> TypeGuard[RegularFile]:
    """Return whether a file is Parquet. Raises SourceError if it cannot be read."""
    return isinstance(file, RegularFile) and file.read_at(0, len(HEAD)) == HEAD


def footer_of(file: RegularFile) -> bytes:
    """Return the last bytes of a Parquet file, which say what is in it. Raises SourceError if these are not there."""
    size = file.size_bytes or 0
    end = file.read_at(max(0, size - END_BYTES), END_BYTES)
    length = int.from_bytes(end[:4], "little") + END_BYTES
    if not end.endswith(MAGIC) or length > size - len(MAGIC):
        raise SourceError(*CUT_OFF)
    footer = file.read_at(size - length, length)
    if len(footer) != length:
        raise SourceError(*CUT_OFF)
    return footer


class GroupCutter(Cutter):
    """Cuts a Parquet file into its groups of rows, or a range of it: from one group to another one, or to its end."""

    def __init__(self, source: int, form: Rows, start: int = 0, end: int | None = None) -> None:
        super().__init__(source, chunk_bytes=0, max_line_bytes=0)
        self.format: Rows = form
        self._start, self._end = start, end

    def chunks(self, stream: ByteStream, head: bytes = b"") -> Iterator[Chunk]:
        """Yield a chunk for each group that has rows. Blocks and raises as the stream does."""
        carry = numpy.frombuffer(head, numpy.uint8)

        def read_to(place: int) -> Bytes:
            nonlocal carry
            size = place - self._start - self.bytes_decoded
            data = numpy.empty(size, numpy.uint8)
            filled = min(size, len(carry))
            data[:filled], carry = carry[:filled], carry[filled:]
            while filled < size:
                count = stream.readinto(data[filled:].data)
                if not count:
                    shrunk = self._start + self.bytes_decoded + filled
                    raise SourceError(f"shrank from {self.format.size_bytes} to {shrunk}", SHRANK)
                filled += count
            self.bytes_decoded += size
            return data

        footer = self.format.size_bytes - len(self.format.footer)
        end = footer if self._end is None else self._end
        for number, group in enumerate(self.format.groups):
            if self._start <= group.start < end and group.records:
                read_to(group.start)
                data, form, size = read_to(group.end), replace(self.format, number=number), max(1, group.unpacked_bytes)
                place = self.chunks_cut, group.start, self.lines + 1, group.records
                yield Chunk(self.source, *place, form, data, self.context, unpacked_bytes=size)
                self.chunks_cut += 1
                self.lines += group.records
        read_to(end)
        if self._end is None and read_to(self.format.size_bytes).tobytes() != self.format.footer:
            raise SourceError(*REWRITTEN)
        if stream.readinto(memoryview(bytearray(1))):  # also sees whether what was read is still there
            raise SourceError(*REWRITTEN)
