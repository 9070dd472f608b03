"""How far a log was read, for a run that goes on where an earlier one ended."""

from __future__ import annotations

from msgspec import Struct

MARK_BYTES = 4096
"""How much of a log is hashed to know it again: at its start, and before the position."""


class Position(Struct, frozen=True):
    """How far a log was read, and how it is recognized later. All sizes and hashes are of decoded bytes.

    So a log and its compressed copy have the same position, and content decides, not a name or an inode.

    name: of the log, as displayed. device, inode: of the file that was read; a hint where to look first.
    offset: the bytes read, up to the end of a line; lines: how many lines these are.
    head: the digest of the first `head_size` bytes, which is `min(offset, MARK_BYTES)`. tail: the digest of as many bytes
        before the offset. Both are BLAKE2b of 16 bytes, in hexadecimal.
    starts: the digests, of 6 bytes, of the first bytes up to each line end among the first MARK_BYTES: by the digest of all of
        them, a shorter copy would not be recognized.
    directives, date_s, in_record: what its format must know of the lines before, see `model.chunk.Context`.
    """

    name: str
    device: int
    inode: int
    offset: int
    lines: int
    head_size: int
    head: str
    tail: str
    starts: bytes = b""
    directives: tuple[str, ...] = ()
    date_s: int | None = None
    in_record: bool = False
