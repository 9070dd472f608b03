"""All files of all logs that were read, and whose content a file is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from logproc.model.position import MARK_BYTES
from logproc.sources.follow.content import Content
from logproc.sources.follow.marks import digest
from logproc.sources.follow.one_file import Descriptors, File

KEPT_S = 60.0
"""A finished file that has not been seen anywhere for so long is forgotten: nobody will compress it any more."""


class KnownFiles:
    """The files that were read, in any log. Those that are finished are kept as long as they, or copies of them, are seen."""

    def __init__(self) -> None:
        self._files: list[File] = []
        self._by_family: dict[str, list[File]] = {}
        self._by_head: dict[tuple[int, str], list[File]] = {}

    def __iter__(self) -> Iterator[File]:
        return iter(self._files)

    def add(self, file: File) -> None:
        self._files.append(file)
        self._enter(file)

    def _enter(self, file: File) -> None:
        if file.marks.offset:
            self._by_family.setdefault(file.family, []).append(file)
            self._by_head.setdefault((file.marks.head_size, file.marks.head_digest), []).append(file)

    def by_inode(self) -> dict[tuple[int, int], File]:
        """Return the files by device and inode. One that is being read goes before a finished one: inodes are used again."""
        files = sorted(self._files, key=lambda file: not file.finished)
        return {file.identity: file for file in files if file.inode and (file.marks.offset or not file.finished)}

    def forget(self, now: float, last: Collection[File | None]) -> list[File]:
        """Forget the finished files that are no longer seen, and return them. Take note of how far the others were read.

        last: the last file of each log, which is never forgotten: a whole folder may be away for a while.
        """
        old = [file for file in self._files if file.finished and now - file.seen_at >= KEPT_S and file not in last]
        forgotten = set(old)
        self._files = [file for file in self._files if file not in forgotten]
        self._by_family, self._by_head = {}, {}
        for file in self._files:
            self._enter(file)
        return old

    def owner(self, content: Content, *, family: str, own_name: bool, elsewhere: Collection[File]) -> File | None:
        """Return the file whose content this is, or of which it is a shorter copy; None if it is new.

        family: of the log that the path belongs to by its name, see Log. own_name: whether the path is that of the log itself.
        elsewhere: the files that were just seen under another name, with their inode.

        A long beginning (MARK_BYTES) proves the content. A short one may be a banner with which each new file begins. So it
        counts only within a family; and for the log's own name only if the file it belonged to is nowhere else: if that was
        renamed, this is a new file. A shorter copy under the log's own name is not a copy: the log was truncated.
        """
        shorter = None
        for file in sorted(self._beginning_with(content.head, family), key=lambda file: -file.marks.offset):
            is_strong = file.marks.is_strong and len(content.head) >= file.marks.head_size
            if not is_strong and (file.family != family or (own_name and file in elsewhere)):
                continue
            continues = content.continues(file.marks)
            if continues:
                return file
            if continues is None and not own_name:
                shorter = shorter or file
        return shorter

    def _beginning_with(self, head: bytes, family: str) -> set[File]:
        sizes = {size for size, _ in self._by_head if size <= len(head)}
        found = {file for size in sizes for file in self._by_head.get((size, digest(head[:size])), ())}
        longer = (file for file in self._by_family.get(family, ()) if file.marks.head_size > len(head) > 0)
        return found | {file for file in longer if file.marks.begins(head)}


class Heads:
    """What the files of a log begin with now, read or not, during one look.

    Each head is read once, unless it is short and its file was just written to. (For every new file among thousands, the heads
    of all others were read: for twenty minutes.)
    """

    def __init__(self, descriptors: Descriptors) -> None:
        self._descriptors = descriptors
        self._heads: set[bytes] = set()
        self._files: set[File] = set()

    def has(self, content: Content, files: Iterable[File]) -> bool:
        """Return whether a content begins as one of the files, as far as both go."""
        growing = [self._read(file) for file in files if file not in self._files]
        if content.head in self._heads:
            return True
        short = self._heads if len(content.head) < MARK_BYTES else (head for head in self._heads if len(head) < MARK_BYTES)
        return any(map(content.begins_as, (*growing, *short)))

    def _read(self, file: File) -> bytes:
        head = file.head_now(self._descriptors)
        if len(head) == MARK_BYTES or file.is_quiet(self._descriptors):
            self._files.add(file)
            self._heads |= {head} if head else set()  # that of a file that is gone is not the head of an empty one
        return head
