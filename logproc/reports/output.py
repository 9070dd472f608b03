"""The way of a finished report to a file or to stdout: the old file or the new one, whole, never a part of either.

A file is written under a temporary name in the same folder, forced to the disk and renamed (rename(2) replaces in
one step). Both it and the report are readable by their owner alone. A symbolic link as a target is refused, because
in a folder that others may write to, it is a way to have one's report written over another file; a FIFO or a device,
directly or by a link such as /dev/stdout, is written to as it is.

A run that was killed leaves its temporary file behind. The next one that writes to that folder removes it: whoever
writes such a file holds a lock on it (flock(2)), and the lock ends with its process.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from logproc.errors import OutputError, UsageError
from logproc.reports.safe import harmless

FORMATS: dict[str, Literal["json", "csv", "terminal"]] = {".json": "json", ".csv": "csv", ".txt": "terminal"}
Writer = Callable[[BinaryIO], None]
TEMPORARY = ".logproc-{}.tmp"
REFUSED = (
    (stat.S_ISLNK, "is a symbolic link", "name the file it points to"),
    (stat.S_ISDIR, "is a directory", "name a file in it"),
    (stat.S_ISBLK, "is a block device", "name a file"),
    (stat.S_ISSOCK, "is a socket", "name a file"),
)
HINTS = {
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.ENOENT: "make its folder first",
    errno.ENXIO: "nobody reads the FIFO",
}

# Names of the temporary files that may exist now. Only main writes reports, and a signal handler runs in main between
# two of its steps, so neither can see the set half changed; a lock would let a handler wait for the code it stopped.
temporaries: set[str] = set()


def known_temporaries() -> tuple[str, ...]:
    """Return the temporary files to unlink if the process leaves at once; some may not exist (yet, or any more)."""
    return tuple(temporaries)


def format_for(path: str | Path) -> Literal["json", "csv", "terminal"]:
    """Return the format that a file's ending asks for; raises UsageError for an ending that means nothing."""
    form = FORMATS.get(Path(path).suffix.lower())
    if form is None:
        raise UsageError(f"{harmless(str(path))}: no format has this ending", "use " + ", ".join(FORMATS))
    return form


def check_output(path: str | Path) -> None:
    """Raise OutputError if it is already certain that the path cannot be written; call it before anything is read."""
    target = Path(path)
    with reported(target):
        if is_special(target):
            return
        if not target.parent.is_dir():
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        replaceable = os.access(target, os.W_OK) or not target.exists()
        if not (replaceable and os.access(target.parent, os.W_OK | os.X_OK)):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def write_atomically(path: str | Path, content: str | Writer) -> None:
    """Write a text as UTF-8, or what a function writes into the file that it is given, piece by piece.

    Blocks until it is on the disk, or until the reader of a FIFO has taken it. Raises OutputError with the reason; the old
    file is then as it was, and no temporary file is left.
    """
    target = Path(path)
    write = writer_of(content) if isinstance(content, str) else content
    with reported(target):
        if is_special(target):
            write_directly(target, write)
        else:
            remove_abandoned(target.parent)
            replace(target, write)


def write_stdout(stream: BinaryIO | None, text: str) -> None:
    """Write a text as UTF-8 to stdout; blocks as long as its reader does.

    Raises BrokenPipeError if the reader went away, and OutputError if it cannot be written for another reason, such as
    a full disk or a stdout that is closed (`stream` is None).
    """
    if stream is None:
        raise OutputError("cannot write stdout: it is closed", "write to a file with -o")
    try:
        stream.write(text.encode())
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise failure("stdout", error) from error


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn an OSError into an OutputError that names the path."""
    try:
        yield
    except OSError as error:
        raise failure(str(path), error) from error


def failure(name: str, error: OSError) -> OutputError:
    """Return the error for something that cannot be written, in the operating system's words."""
    words = error.strerror or str(error)
    return OutputError(f"cannot write {harmless(name)}: {words[:1].lower()}{words[1:]}", HINTS.get(error.errno or 0, ""))


def is_special(path: Path) -> bool:
    """Return whether the path is a FIFO or a character device, to be written to as it is.

    Raises OutputError for what is never written: see REFUSED, and what another user put into a folder open to all.
    """
    here = status(path, follow_symlinks=False)
    if here is None:
        return False
    end = status(path, follow_symlinks=True)
    if end is not None and (stat.S_ISFIFO(end.st_mode) or stat.S_ISCHR(end.st_mode)):
        if path.parent.stat().st_mode & stat.S_IWOTH and not {here.st_uid, end.st_uid} <= {0, os.geteuid()}:
            raise refusal(path, "another user made it", "name a file in a folder of your own")
        return True
    for is_kind, what, hint in REFUSED:
        if is_kind(here.st_mode):
            raise refusal(path, what, hint)
    return False


def refusal(path: Path, what: str, hint: str) -> OutputError:
    """Return the error for a path that is not written to."""
    return OutputError(f"cannot write {harmless(str(path))}: {what}", hint)


def status(path: Path, *, follow_symlinks: bool) -> os.stat_result | None:
    """Return what stands at a path, None if there is nothing."""
    try:
        return path.stat(follow_symlinks=follow_symlinks)
    except FileNotFoundError:
        return None


def writer_of(text: str) -> Writer:
    """Return a function that writes a text as UTF-8."""

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    return write


def write_directly(path: Path, write: Writer) -> None:
    """Write to a FIFO or a device. Opening does not wait: a FIFO that nobody reads is an error (ENXIO)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "wb") as file:
        os.set_blocking(descriptor, True)
        write(file)


def replace(target: Path, write: Writer) -> None:
    """Put a file with what is written in the place of the target, in one step."""
    name, descriptor = create_temporary(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(descriptor)
            Path(name).replace(target)
        sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    finally:
        temporaries.discard(name)


def create_temporary(folder: Path) -> tuple[str, int]:
    """Return the name and the descriptor of a new file that nobody could have guessed, locked as one in use."""
    while True:
        name = str(folder / TEMPORARY.format(secrets.token_hex(8)))
        temporaries.add(name)  # before it exists: a signal between the two lines then finds nothing to unlink
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except BaseException:
            temporaries.discard(name)
            raise
        with contextlib.suppress(OSError):  # a file system without locks: nobody removes anything there either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return name, descriptor
        os.close(descriptor)  # another run took it for abandoned before it was locked
        temporaries.discard(name)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files in a folder whose writers were killed."""
    for path in folder.glob(TEMPORARY.format("[0-9a-f]" * 16)):
        with contextlib.suppress(OSError):  # gone by now, in use, or not ours: let it be
            remove_unlocked(path)


def remove_unlocked(path: Path) -> None:
    """Remove an own file that no process holds a lock on; raises OSError if one does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Force a rename in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what file systems say that cannot do this for a folder, such as CIFS
            raise
    finally:
        os.close(descriptor)
