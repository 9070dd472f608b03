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
    """Cuts a Parquet file into its groups of rows."""

    def __init__(self, source: int, form: Rows) -> None:
        super().__init__(source, chunk_bytes=0, max_line_bytes=0)
        self.format: Rows = form

    def chunks(self, stream: ByteStream, head: bytes = b"") -> Iterator[Chunk]:
        """Yield a chunk for each group that has rows. Blocks and raises as the stream does."""
        carry = numpy.frombuffer(head, numpy.uint8)

        def read(size: int) -> Bytes:
            nonlocal carry
            data = numpy.empty(size, numpy.uint8)
            filled = min(size, len(carry))
            data[:filled], carry = carry[:filled], carry[filled:]
            while filled < size:
                count = stream.readinto(data[filled:].data)
                if not count:
                    raise SourceError(f"shrank from {self.format.size_bytes} to {self.bytes_decoded + filled}", SHRANK)
                filled += count
            self.bytes_decoded += size
            return data

        for number, group in enumerate(self.format.groups):
            read(group.start - self.bytes_decoded)
            data = read(group.end - group.start)
            if group.records:
                yield Chunk(
                    self.source,
                    self.chunks_cut,
                    group.start,
                    self.lines + 1,
                    group.records,
                    replace(self.format, number=number),
                    data,
                    self.context,
                    unpacked_bytes=max(1, group.unpacked_bytes),
                )
                self.chunks_cut += 1
                self.lines += group.records
        read(self.format.size_bytes - len(self.format.footer) - self.bytes_decoded)
        footer = read(len(self.format.footer)).tobytes()
        if footer != self.format.footer or stream.readinto(memoryview(bytearray(1))):
            raise SourceError(*REWRITTEN)
