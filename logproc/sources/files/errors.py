"""Errors of the file system in plain words."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from logproc.model.errors import SourceError, too_many_files

Result = TypeVar("Result")

NOT_A_FILE = ("not a regular file", "name a file, a named pipe or `-`")
WORDS = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.ENOTDIR: ("no such file", "a part of the path is not a directory"),
    errno.EACCES: ("permission denied", "run as a user who may read it"),
    errno.EPERM: ("permission denied", "run as a user who may read it"),
    errno.EISDIR: ("is a directory", "use --recursive"),
    errno.ELOOP: ("too many symbolic links", "the links form a circle"),
    errno.ENAMETOOLONG: ("path too long", "use a shorter path"),
    errno.ENXIO: NOT_A_FILE,
}


def source_error(error: OSError) -> SourceError:
    """Translate an error of open or stat into plain words."""
    what, hint = too_many_files(error) or WORDS.get(error.errno or 0, ((error.strerror or type(error).__name__).lower(), ""))
    return SourceError(what, hint)


def read(system_call: Callable[[], Result], offset: int) -> Result:
    """Return the result of a read. Raises SourceError with the byte offset if it fails."""
    try:
        return system_call()
    except OSError as error:
        what = "I/O error" if error.errno == errno.EIO else source_error(error).what
        raise SourceError(f"{what} at byte {offset}", "what comes before it is counted; check the disk") from error
