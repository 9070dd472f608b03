"""The same log under two names, such as `access.log.1` and the `access.log.1.gz` that is being made from it.

Only files whose first decoded bytes are equal can be copies, so other runs pay nothing. Candidates are read to their end and
hashed before any line is counted: what was counted could not be taken back.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext

from msgspec import Struct
from msgspec.structs import replace

from logproc.model.chunk import Probe
from logproc.model.errors import EXIT_INCOMPLETE, LimitError, SourceError
from logproc.model.source import ByteStream, Source, State, Verdict
from logproc.sources.archives.magic import ENDINGS
from logproc.sources.files.small_file import read_small

HEAD_BYTES = 2048
BLOCK_BYTES = 1 << 20


class Content(Struct, frozen=True):
    """The decoded bytes of a source: how many, their hash, and whether the source ended without a failure."""

    size: int
    digest: bytes
    whole: bool


ContentOf = Callable[[Source, int | None], Content | None]
"""Takes a source and the number of bytes to read, None for all; returns None if it cannot be opened, or is over a limit."""


def without_copies(sources: Sequence[Source], probes: Sequence[Probe], content: ContentOf) -> list[Probe]:
    """Return the probes; those of files with the same content as another file get a verdict, so that they are not read.

    Of several equal files the first one counts. An archive that breaks off and holds only the beginning of another file does
    not count either. If its name says that it is being made from that file, nothing is missing; otherwise it has failed, since
    nobody knows what its rest was. Blocks until all candidates are read.
    """
    found = list(probes)
    for group in groups(probes, lambda index: head_of(sources[index])):
        contents = {index: known for index in group if (known := content(sources[index], None))}
        firsts: dict[tuple[int, bytes], int] = {}
        for index, known in sorted(contents.items(), key=lambda item: not item[1].whole):  # stable, and whole files first
            first = firsts.setdefault((known.size, known.digest), index)
            verdict = None
            if first != index:
                verdict = Verdict(State.SKIPPED, f"same content as {sources[first].name}: counted once")
            elif not known.whole:
                wholes = [sources[other] for other, its in contents.items() if its.whole and its.size > known.size]
                verdict = verdict_on_cut(sources[index], known, wholes, content)
            found[index] = replace(probes[index], verdict=verdict)
    return found


def head_of(source: Source) -> bytes:
    small = read_small(source)
    return small.content[:HEAD_BYTES] if small else b""


def verdict_on_cut(source: Source, known: Content, wholes: Sequence[Source], content: ContentOf) -> Verdict | None:
    """Return the verdict on a file that breaks off, if what it holds is the beginning of another one; else None."""
    for other in wholes:
        is_named_so = without_ending(source) == os.path.abspath(os.fsencode(other.location))  # noqa: PTH100 - bytes
        if is_named_so or known.size >= HEAD_BYTES:
            same = content(other, known.size)
            if same and same.digest == known.digest:
                if is_named_so:
                    return Verdict(State.SKIPPED, f"unfinished copy of {other.name}: counted once")
                reason = f"breaks off, and what it holds is in {other.name}: counted once"
                return Verdict(State.FAILED, reason, "the archive is incomplete; fetch it again", EXIT_INCOMPLETE)
    return None


def without_ending(source: Source) -> bytes:
    """Return the absolute path of an archive without its `.gz`, `.zst` …; b"" if it has no such ending."""
    front, ending = os.path.splitext(os.path.abspath(os.fsencode(source.location)))  # noqa: PTH100, PTH122 - bytes
    return front if ending[1:].lower() in ENDINGS else b""


def groups(probes: Sequence[Probe], head_of: Callable[[int], bytes]) -> list[list[int]]:
    """Return the indexes of files that may be equal, in groups: plain files only if another one has the same size.

    head_of: returns the head of a file that was not kept.
    """
    by_mark: dict[tuple[int, int], list[int]] = {}
    for index, probe in enumerate(probes):
        if probe.mark[0] and not probe.verdict:
            by_mark.setdefault(probe.mark, []).append(index)
    broken = [
        index
        for index, probe in enumerate(probes)
        if probe.packed and not probe.whole and 0 < len(probe.head) < HEAD_BYTES  # it breaks off within its head
    ]
    if broken:
        add_longer(broken, probes, by_mark, head_of)
    found = []
    for group in by_mark.values():
        sizes = Counter(probes[index].size_bytes for index in group)
        any_packed = any(probes[index].packed for index in group)
        candidates = [index for index in group if any_packed or sizes[probes[index].size_bytes] > 1]
        found += [sorted(candidates)] if len(candidates) > 1 else []
    return found


def add_longer(
    broken: Sequence[int],
    probes: Sequence[Probe],
    by_mark: dict[tuple[int, int], list[int]],
    head_of: Callable[[int], bytes],
) -> None:
    """Add each file that breaks off within its head to the first group whose head begins with it.

    Sorted, the heads that begin with the same bytes are neighbours: no file is compared with all others.
    """
    groups = [(probes[group[0]].head or head_of(group[0]), number) for number, group in enumerate(by_mark.values())]
    members = list(by_mark.values())
    groups.sort()
    for index in broken:
        head = probes[index].head
        at = bisect_left(groups, (head, -1))
        longer = []
        while at < len(groups) and groups[at][0].startswith(head):
            longer += [groups[at][1]] if groups[at][0] != head else []
            at += 1
        if longer:
            members[min(longer)].append(index)


def content_of(
    open_source: Callable[[Source], ByteStream],
    source: Source,
    most_bytes: int | None,
    waking: Callable[[Callable[[], None]], AbstractContextManager[object]] = lambda _: nullcontext(),
) -> Content | None:
    """Read a source and return its content. Blocks as the source does. waking: a context in which a stop cancels the stream."""
    from hashlib import blake2b  # not above: it loads OpenSSL, and few runs have files of one size

    hashed, size, whole = blake2b(digest_size=16), 0, False
    buffer = memoryview(bytearray(BLOCK_BYTES))
    try:
        stream = open_source(source)
        with closing(stream), waking(stream.cancel):
            while most_bytes is None or size < most_bytes:
                count = stream.readinto(buffer if most_bytes is None else buffer[: most_bytes - size])
                if not count:
                    whole = True
                    break
                hashed.update(buffer[:count])
                size += count
    except LimitError:
        return None
    except SourceError:
        pass  # such as a truncated archive: what was read until then counts
    return Content(size, hashed.digest(), whole) if size else None
