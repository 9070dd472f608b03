"""Command-line arguments → sources: globs, directories, links, URLs and objects.

Nothing is opened here, but stores of objects are asked what they have. Each source gets a location, a name for display, and,
if it will not be read, a verdict.
"""

# pathlib would change what was typed: it removes the `./` of `./http:log`.
# ruff: noqa: PTH112, PTH114, PTH116, PTH207

from __future__ import annotations

import glob
import os
import re
import stat
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from logproc.model.errors import EXIT_INCOMPLETE, SourceError
from logproc.model.patterns import regex
from logproc.model.source import REMOTE, Kind, Listed, Seen, Source, State, Verdict, real_path
from logproc.sources.files import STDIN, seen_as
from logproc.sources.files.errors import source_error
from logproc.sources.names import shown_path, shown_url
from logproc.sources.objects import missing_package
from logproc.sources.objects.places import OBJECT, Place, is_deep, literal_prefix, matcher, shown_object

SCHEME = regex(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
WEB_SCHEMES = ("http", "https")
STDIN_ARGUMENT = "-"
MAGIC = regex(r"[*?[]")


class Found(Struct, frozen=True):
    """A source before it has a number. Two paths to the same file have the same `identity`."""

    kind: Kind
    location: str
    identity: Hashable = None
    verdict: Verdict | None = None
    seen: Seen | None = None
    listed: Listed | None = None

    @property
    def name(self) -> str:
        if self.kind is Kind.OBJECT:
            return shown_object(self.location)
        return shown_url(self.location) if self.kind is Kind.URL else shown_path(self.location) or "''"


class ListObjects(Protocol):
    """Lists what is in a store: see `objects.list_objects`."""

    def __call__(self, place: Place, *, deep: bool) -> Sequence[tuple[str, Listed]]: ...


def nothing_listed(place: Place, *, deep: bool) -> Sequence[tuple[str, Listed]]:  # noqa: ARG001 - as ListObjects has them
    return ()


def resolve(arguments: Sequence[str], *, recursive: bool, list_objects: ListObjects = nothing_listed) -> tuple[Source, ...]:
    """Return the sources of `arguments` in their order; those of a glob or a directory in byte order of the path.

    Blocks as long as the file system takes, and `list_objects`. Does not raise: what cannot be read gets a verdict.
    """
    first_names: dict[Hashable, str] = {}
    taken: Counter[str] = Counter()
    sources: list[Source] = []
    for item in (item for argument in arguments for item in find(argument, recursive, list_objects)):
        name = item.name
        if item.kind in REMOTE and item.identity not in first_names:
            taken[name] += 1
            name += f" ({taken[name]})" if taken[name] > 1 else ""  # two that differ only where a secret is masked
        verdict = item.verdict or repeated(item, name, first_names)
        sources.append(Source(len(sources), name, item.kind, item.location, verdict, item.seen, item.listed))
    return tuple(sources)


def repeated(item: Found, name: str, first_names: dict[Hashable, str]) -> Verdict | None:
    if item.identity in first_names:
        thing = {Kind.URL: "URL", Kind.OBJECT: "object"}.get(item.kind, "file")
        return skipped(f"same {thing} as {first_names[item.identity]}: counted once")
    first_names[item.identity] = name
    return None


def failed(reason: str, hint: str = "") -> Verdict:
    return Verdict(State.FAILED, reason, hint, EXIT_INCOMPLETE)


def skipped(reason: str) -> Verdict:
    return Verdict(State.SKIPPED, reason)


def find(argument: str, recursive: bool, list_objects: ListObjects = nothing_listed) -> Iterator[Found]:
    """Yield the sources of one argument. If a file has that name, it is neither a glob nor a URL of an unknown scheme."""
    scheme = SCHEME.match(argument)
    if argument == STDIN_ARGUMENT:
        yield Found(Kind.STDIN, argument, stdin_identity())
    elif scheme and scheme[1].lower() in WEB_SCHEMES:
        yield Found(Kind.URL, argument, argument.partition("#")[0])  # what follows is not sent
    elif OBJECT.fullmatch(argument):
        yield from find_objects(argument, recursive, list_objects)
    elif os.path.lexists(argument):
        yield from find_path(argument, recursive, is_named=True)
    elif scheme:
        from logproc.sources.files.misspelt import hint_for_scheme

        yield Found(Kind.URL, argument, verdict=failed("unsupported URL scheme", hint_for_scheme(argument)))
    elif MAGIC.search(argument):
        paths = sorted(glob.glob(argument, recursive=True), key=os.fsencode)
        if not paths:
            yield Found(Kind.FILE, argument, verdict=failed("no such file", "nothing matches the pattern"))
        for path in paths:
            yield from find_path(path, recursive, is_named=False)
    else:
        yield from find_path(argument, recursive, is_named=True)


def find_objects(argument: str, recursive: bool, list_objects: ListObjects) -> Iterator[Found]:
    """Yield the object that an argument names, those that match its pattern, or, if `recursive`, those below it.

    One that is only named is not asked for here: it is missed when it is read.
    """
    place = Place.of(argument)
    wrong = place.misfit() or missing_package(place)
    is_pattern = bool(MAGIC.search(place.key))
    if not wrong and not is_pattern and not recursive:
        if place.key and not place.key.endswith("/"):
            yield Found(Kind.OBJECT, place.location, place.location)
            return
        wrong = "is a prefix", "use --recursive"
    if wrong:
        yield Found(Kind.OBJECT, argument, verdict=failed(*wrong))
        return
    start = literal_prefix(place.key) if is_pattern else re.sub(r"(?<=[^/])\Z", "/", place.key)
    try:
        found = list_objects(replace(place, key=start), deep=recursive if not is_pattern else is_deep(place.key))
    except SourceError as error:
        yield Found(Kind.OBJECT, argument, verdict=failed(error.what, error.hint))
        return
    matches = matcher(place.key).fullmatch if is_pattern else str.strip
    some = [(location, known) for location, known in found if matches(Place.of(location).key)]
    for location, known in some:
        yield Found(Kind.OBJECT, location, location, listed=known)
    if not some and is_pattern:
        yield Found(Kind.OBJECT, argument, verdict=failed("no such object", "nothing matches the pattern"))
    elif not some and place.key and not place.key.endswith("/"):
        yield Found(Kind.OBJECT, place.location, place.location)  # not a prefix, but an object
    elif not some:
        yield Found(Kind.OBJECT, argument, verdict=skipped("no objects below it"))


def stdin_identity() -> Hashable:
    try:
        return identity(os.fstat(STDIN))
    except OSError:
        return STDIN_ARGUMENT


def identity(status: os.stat_result) -> Hashable:
    return status.st_dev, status.st_ino


def find_path(path: str, recursive: bool, *, is_named: bool) -> Iterator[Found]:
    """Yield the file at `path`, or the files of a directory if `recursive`."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        yield Found(Kind.FILE, path, verdict=missing(path, error))
        return
    if recursive and stat.S_ISDIR(status.st_mode):
        yield from walk(path)
    elif stat.S_ISFIFO(status.st_mode):
        yield Found(Kind.FIFO, path, identity(status), None if is_named else skipped("a FIFO found by a glob"))
    else:
        yield Found(Kind.FILE, path, identity(status), unreadable(status.st_mode), seen_as(status))


def unreadable(mode: int) -> Verdict | None:
    if stat.S_ISDIR(mode):
        return failed("is a directory", "use --recursive")
    return None if stat.S_ISREG(mode) else failed("not a regular file", "name a file, a named pipe or `-`")


def missing(path: str, error: OSError | ValueError) -> Verdict:
    if isinstance(error, ValueError):
        return failed("no such file", "a path cannot contain NUL")
    words = source_error(error)
    if isinstance(error, FileNotFoundError):
        from logproc.sources.files.misspelt import hint_for_missing

        return failed(words.what, "its target does not exist" if os.path.islink(path) else hint_for_missing(path))
    return failed(words.what, words.hint)


def walk(folder: str) -> Iterator[Found]:
    """Yield all files below a directory, hidden ones too, in byte order of the path.

    Links to directories are not followed, nor are links to files elsewhere: who names a directory does not ask for other files.
    """
    is_empty = True
    for path, problem in files_below(folder):
        is_empty = False
        if problem:
            yield Found(Kind.FILE, path, verdict=problem)
        else:
            yield from find_path(path, recursive=False, is_named=False)
    if is_empty:
        yield Found(Kind.FILE, folder, verdict=skipped("no files in the directory"))


def files_below(folder: str) -> Iterator[tuple[str, Verdict | None]]:
    """Yield every path below a directory that is not a directory itself, with a verdict if it will not be read."""
    inside = os.path.join(real_path(folder), "")  # noqa: PTH118 - with the last `/`
    waiting: list[tuple[str, bool]] = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield path, verdict_on_link(path, inside) if os.path.islink(path) else None
            continue
        try:
            with os.scandir(path) as entries:
                found = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            yield path, missing(path, error)
            continue
        waiting += sorted(found, key=lambda item: os.fsencode(item[0]) + b"/" * item[1], reverse=True)


def verdict_on_link(path: str, inside: str) -> Verdict | None:
    """Return why a symbolic link below a directory is not followed; None for one to a file in it. inside: its real path."""
    if os.path.isdir(path):
        return skipped("link to a directory: not followed")
    return None if real_path(path).startswith(inside) else skipped("link out of the directory: not followed")
