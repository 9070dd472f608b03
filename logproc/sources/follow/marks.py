"""Digests by which the content of a log is known again, whatever its file is called now.

A name can be given to another file, and an inode number is used again as soon as a file is deleted. Content cannot lie: a file
is the one that was read if its first bytes, and the last ones before the offset, are those that were read.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from logproc.model.position import MARK_BYTES, Position

START_BYTES = 6


def digest(data: bytes) -> str:
    """Return the digest of at most MARK_BYTES bytes, in hexadecimal."""
    return blake2b(data, digest_size=16).hexdigest()


def starts_of(head: bytes) -> bytes:
    """Return the digests of the first bytes of a file up to each line end in `head`, behind each other."""
    found, taken = bytearray(), blake2b(digest_size=START_BYTES)
    for line in re.findall(rb"[^\n]*\n", head):
        taken.update(line)
        found += taken.digest()
    return bytes(found)


class Marks:
    """What is remembered of a file up to `offset`, in decoded bytes.

    head: the first bytes, at most MARK_BYTES of them; None if only their digest is known, from a state. The bytes before the
    offset are not kept, only their digest: with ten thousand files they would be 40 MB, and the file has them. starts: see
    Position; only where the first bytes are not known.
    """

    def __init__(self, offset: int = 0, head: bytes | None = b"", head_digest: str = "", tail_digest: str = "") -> None:
        self.offset = offset
        self.starts = b""
        self.head = head
        self.head_size = min(offset, MARK_BYTES)
        self.head_digest = head_digest or digest(head or b"")
        self.tail_digest = tail_digest or digest(b"")

    @classmethod
    def of_position(cls, position: Position) -> Marks:
        marks = cls(position.offset, None, position.head, position.tail)
        marks.starts = position.starts
        return marks

    @property
    def is_strong(self) -> bool:
        """Whether an equal beginning proves the same content. A short one may be a banner that every new file begins with."""
        return self.head_size == MARK_BYTES

    @property
    def tail_size(self) -> int:
        return min(self.offset, MARK_BYTES)

    def extend(self, before: bytes, data: bytes) -> None:
        """Move on behind `data`. before: the last `tail_size` bytes, which the caller has compared."""
        if self.head_size < MARK_BYTES:  # then `before` is all that was read
            self.head = (before + data[:MARK_BYTES])[:MARK_BYTES]
            self.head_size = len(self.head)
            self.head_digest = digest(self.head)
        self.offset += len(data)
        self.tail_digest = digest((before + data)[-MARK_BYTES:] if len(data) < MARK_BYTES else data[-MARK_BYTES:])

    def learn(self, head: bytes) -> None:
        """Keep the first bytes of a file of which only their digest was known: a copy may be shorter while it is being made."""
        if self.head is None and len(head) >= self.head_size and self.begins(head):
            self.head = head[: self.head_size]

    def begins(self, head: bytes) -> bool:
        """Return whether a file whose first bytes are `head` begins as the one that was read, as far as both are known."""
        if len(head) >= self.head_size:
            return digest(head[: self.head_size]) == self.head_digest
        if self.head is not None:
            return self.head.startswith(head)
        return b"\n" in head and self.starts.startswith(starts_of(head))


class Trail:
    """How far one file was taken by whoever processes it, which may be less than was read. Gives the positions for a state."""

    def __init__(self, name: str, device: int, inode: int, marks: Marks, before: bytes, lines: int) -> None:
        self._name, self._device, self._inode = name, device, inode
        self._head = before if marks.head_size < MARK_BYTES else None  # then `before` is all that was read
        self._head_digest, self._head_size = marks.head_digest, marks.head_size
        self._starts = marks.starts or starts_of(marks.head or before[: marks.head_size])
        self._tail = before[-MARK_BYTES:]
        self.offset, self.lines = marks.offset, lines
        self._fixed: Position | None = None

    def take(self, data: bytes | memoryview, lines: int) -> None:
        """Move on behind the next bytes of the file, which are `lines` whole lines."""
        if self._head is not None:
            self._head = (self._head + bytes(data[:MARK_BYTES]))[:MARK_BYTES]
            self._head_size, self._head_digest, self._starts = len(self._head), digest(self._head), starts_of(self._head)
            self._head = self._head if self._head_size < MARK_BYTES else None
        self._tail = (self._tail + bytes(data[-MARK_BYTES:]))[-MARK_BYTES:]
        self.offset += len(data)
        self.lines += lines

    @classmethod
    def of_position(cls, position: Position) -> Trail:
        """Return the trail of a file that nobody can find, and that nothing more is taken of."""
        marks = Marks.of_position(position)
        trail = cls(position.name, position.device, position.inode, marks, b"", position.lines)
        trail._fixed = position
        return trail

    @property
    def position(self) -> Position:
        """Where the file was taken to."""
        if self._fixed:
            return self._fixed
        tail = digest(self._tail)
        head = self._head_size, self._head_digest
        return Position(self._name, self._device, self._inode, self.offset, self.lines, *head, tail, self._starts)
