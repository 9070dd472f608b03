"""Which files there are: those that the arguments name, and those beside a log that may have been split off it."""

# pathlib would change what was typed: it removes the `./` of `./http:log`.
# ruff: noqa: PTH119, PTH120

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from logproc.model.patterns import regex
from logproc.model.source import Kind, Verdict, real_path
from logproc.sources.archives.magic import ENDINGS
from logproc.sources.files import seen_as
from logproc.sources.resolve import MAGIC, find

PACKED = tuple("." + ending.decode() for ending in ENDINGS)
ROTATED = regex(
    r"(?:[.\-_~]\d[\d.\-_:TZ]*|[.\-_~]?(?:old|bak|prev|copy|\d{6}[\d.\-_:TZ]*)?)"
    r"(?:\.(?:gz|bz2|xz|zst))?"
)
"""What rotation puts behind the name of a log: a number, a date, the ending of an archive. `log.12` is not one of `log.1`."""


class Place(Struct, frozen=True):
    """A path and the file that it leads to. matched: whether an argument names it. seen: None if it cannot be read.

    verdict: why it cannot be read, if not because it does not exist.
    """

    path: str
    matched: bool
    seen: tuple[int, int, int, int] | None
    verdict: Verdict | None = None

    @property
    def order(self) -> tuple[bool, int]:
        """Plain files before archives, so that an archive is compared with what is being read already; then by age."""
        return self.path.endswith(PACKED), self.seen[3] if self.seen else 0


def first_of_each(places: Iterable[Place]) -> dict[str, Place]:
    """Return places by path. Of several with one path it is the first one."""
    found: dict[str, Place] = {}
    for place in places:
        found.setdefault(place.path, place)
    return found


def named(arguments: Sequence[str], *, recursive: bool) -> Iterator[Place]:
    """Yield the regular files that the arguments lead to, and those named one by one that do not exist yet.

    Standard input, pipes and URLs are left out. Blocks as long as the file system takes.
    """
    for argument in arguments:
        for item in find(argument, recursive):
            if item.kind is not Kind.FILE or (item.seen is None and (MAGIC.search(argument) or item.location != argument)):
                continue  # a pattern that nothing matches, or a file of a folder that is gone by now
            readable = item.seen if item.verdict is None else None
            verdict = None if item.verdict and item.verdict.reason == "no such file" else item.verdict
            yield Place(item.location, matched=True, seen=readable, verdict=verdict)


def beside(families: Collection[tuple[str, str]], known: Collection[str]) -> Iterator[Place]:
    """Yield the files whose name begins with that of a log in the same folder. Those at paths that are known are left out.

    families: folder and name of each log.
    """
    for folder in {folder for folder, _ in families}:
        try:
            with os.scandir(folder or ".") as entries:
                names = [entry.name for entry in entries]
        except OSError:
            continue
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - "" stays ""
            if path in known or family_of(path, families) is None:
                continue
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            if (status.st_mode & 0o170000) == 0o100000:
                yield Place(path, matched=False, seen=seen_as(status))


def family_of(path: str, families: Collection[tuple[str, str]]) -> tuple[str, str] | None:
    """Return folder and name of the log that a file is beside, None if there is none.

    Of several logs with such a name it is the one that it may have been split off, and then the one with the longest name.
    """
    folder, name = os.path.split(path)
    fitting = [(folder, name[:size]) for size in range(len(name) - 1, 0, -1) if (folder, name[:size]) in families]
    return next((family for family in fitting if looks_rotated(path, family[1])), fitting[0] if fitting else None)


def families_of(location: str) -> Iterator[tuple[str, str]]:
    """Yield folder and name of a log, as it is named and, for a link, where it leads to."""
    yield os.path.split(location)
    real = real_path(location)
    if os.path.islink(location):  # noqa: PTH114
        yield os.path.split(real)


def looks_rotated(path: str, name: str) -> bool:
    """Return whether a path looks like that of a file that was split off the log `name`."""
    return ROTATED.fullmatch(os.path.basename(path).removeprefix(name)) is not None


def folders_of(arguments: Sequence[str]) -> set[str]:
    """Return the folders in which the arguments alone let files appear: for a pattern, those before its first wildcard."""
    folders = set()
    for argument in arguments:
        fixed = argument
        while MAGIC.search(fixed):
            fixed = os.path.dirname(fixed)
        folders.add(fixed if os.path.isdir(fixed) else os.path.dirname(fixed))  # noqa: PTH112
    return folders
