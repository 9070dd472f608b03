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
import re
import select
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from logproc.errors import OutputError, UsageError
from logproc.reports.safe import harmless

FORMATS: dict[str, Literal["json", "csv", "terminal"]] = {".json": "json", ".csv": "csv", ".txt": "terminal"}
TEMPORARY = ".logproc-{}.tmp"
MODE = 0o600
REFUSED = (
    (stat.S_ISLNK, "is a symbolic link", "name the file it points to"),
    (stat.S_ISDIR, "is a directory", "name a file in it"),
    (stat.S_ISBLK, "is a block device", "name a file"),
    (stat.S_ISSOCK, "is a socket", "name a file"),
)
HINTS = {
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.EFBIG: "raise the limit with `ulimit -f`, or name another place",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "name a file in a folder",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.EACCES: "name a place that you may write to",
    errno.EPERM: "name a place that you may write to",
    errno.EROFS: "name a place that can be written to",
    errno.EIO: "the disk may be failing; name another place",
    errno.ENXIO: "nobody reads the FIFO; start its reader first",
    errno.EPIPE: "its reader went away before the end",
}
MOUNTS = "/proc/self/mountinfo"
OCTAL = re.compile(rb"\\([0-7]{3})")

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
    """Raise OutputError if it is already certain that the path cannot be written; call it before anything is read.

    The folder is asked by making a file in it and taking it away again: permissions do not tell of a disk that is
    read-only, of quotas, or of folders that only look like some, such as /proc.
    """
    target = Path(path)
    with reported(target):
        if is_special(target):
            return
        with temporary_file(target.parent):
            pass
        check_replaceable(target)


def check_replaceable(target: Path) -> None:
    """Raise OSError or OutputError if an existing file cannot be replaced, although its folder takes new ones."""
    here = status(target, follow_symlinks=False)
    if here is None:
        return
    folder = target.parent.stat()
    if not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in {0, here.st_uid, folder.st_uid}:
        raise refusal(target, "another user made it", "name a file in a folder of your own")
    if is_mounted(target):
        raise refusal(target, "is mounted by itself", "mount its folder, or name another file")


def is_mounted(path: Path) -> bool:
    """Return whether a file is a mount of its own, as containers have them: nothing can be renamed into its place."""
    wanted = os.fsencode(os.path.realpath(path))
    try:
        mounts = Path(MOUNTS).read_bytes().splitlines()
    except OSError:
        return False
    return any(OCTAL.sub(lambda octal: bytes([int(octal[1], 8)]), mount.split()[4]) == wanted for mount in mounts)


def place(path: str | Path) -> tuple[int, int, str]:
    """Return what two names for one place have in common: the folder's device and inode, and the file's name in it."""
    target = Path(path)
    with reported(target):
        folder = target.parent.stat()
    return folder.st_dev, folder.st_ino, target.name


def write_atomically(path: str | Path, content: str | Iterable[bytes]) -> None:
    """Write a text as UTF-8, or pieces of bytes one after the other.

    Blocks until it is on the disk, or until the reader of a FIFO has taken it. Raises OutputError with the reason; the old
    file is then as it was, and no temporary file is left.
    """
    target = Path(path)
    pieces = [content.encode()] if isinstance(content, str) else content
    with reported(target):
        if is_special(target):
            write_directly(target, pieces)
        else:
            remove_abandoned(target.parent)
            replace(target, pieces)


def write_stdout(stream: BinaryIO | None, text: str, encoding: str = "utf-8") -> None:
    """Write a text to stdout, what its encoding lacks escaped; blocks as long as its reader does.

    Raises BrokenPipeError if the reader went away, and OutputError if it cannot be written for another reason, such as
    a full disk or a stdout that is closed (`stream` is None).
    """
    if stream is None:
        raise OutputError("cannot write stdout: it is closed", "write to a file with -o")
    try:
        write_whole(stream, text.encode(encoding, "backslashreplace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise failure("stdout", error) from error


def write_line(stream: TextIO | None, line: str) -> None:
    """Write one line, harmless whatever is in it, to stderr. One that is closed (None), full or gone is nobody's fault."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            write_whole(stream.buffer, (harmless(line) + "\n").encode(stream.encoding or "ascii", "backslashreplace"))


def write_whole(stream: BinaryIO, data: bytes) -> None:
    """Write all of some bytes, past the stream's buffer: what nobody takes must not be kept and waited for again at the end.

    Nor does it wait for the buffer's lock, which another thread may hold that is stuck in a write.
    """
    raw: BinaryIO = getattr(stream, "raw", stream)
    view = memoryview(data)
    while view:
        written: int | None = raw.write(view)
        if (
            written is None
        ):  # it does not block (O_NONBLOCK), which is a property of the pipe that any of its users may have set
            wait_for_room(raw)
        else:
            view = view[written:]


def wait_for_room(stream: BinaryIO) -> None:
    """Block until something can be written to a stream."""
    room = select.poll()
    room.register(stream, select.POLLOUT)
    room.poll()


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn an OSError into an OutputError that names the path."""
    try:
        yield
    except OSError as error:
        raise failure(str(path), error) from error


def failure(name: str, error: OSError) -> OutputError:
    """Return the error for something that cannot be written, in the operating system's words."""
    words = error.strerror or str(error) or type(error).__name__
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


def write_directly(path: Path, pieces: Iterable[bytes]) -> None:
    """Write to a FIFO or a device. Opening does not wait: a FIFO that nobody reads is an error (ENXIO)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        kind = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)):
            raise refusal(path, "was replaced meanwhile", "name a file in a folder of your own")
        os.set_blocking(descriptor, True)
        for piece in pieces:
            write_whole(file, piece)


def replace(target: Path, pieces: Iterable[bytes]) -> None:
    """Put a file of some pieces in the place of the target, in one step."""
    with temporary_file(target.parent) as (name, descriptor):
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.writelines(pieces)
        os.fsync(descriptor)
        Path(name).replace(target)
        sync_folder(target.parent)


@contextlib.contextmanager
def temporary_file(folder: Path) -> Iterator[tuple[str, int]]:
    """Give the name and the descriptor of a new file in a folder. It is gone at the end, unless it was renamed."""
    name, descriptor = create_temporary(folder)
    try:
        yield name, descriptor
    finally:
        remove_temporary(name, descriptor)


def remove_temporary(name: str, descriptor: int) -> None:
    """Close a temporary file, and remove it if it was not renamed."""
    with contextlib.suppress(OSError):
        Path(name).unlink()
    temporaries.discard(name)
    os.close(descriptor)


def create_temporary(folder: Path) -> tuple[str, int]:
    """Return the name and the descriptor of a new file that nobody could have guessed, locked as one in use.

    Its mode is set once more because a umask may take from it even what its owner needs.
    """
    while True:
        name = str(folder / TEMPORARY.format(os.urandom(8).hex()))
        temporaries.add(name)  # before it exists: a signal between the two lines then finds nothing to unlink
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
        except BaseException:
            temporaries.discard(name)
            raise
        with contextlib.suppress(OSError):  # a file system without locks: nobody removes anything there either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(OSError):  # one without modes
            os.fchmod(descriptor, MODE)
        try:
            if os.fstat(descriptor).st_nlink:
                return name, descriptor
        except OSError:
            remove_temporary(name, descriptor)
            raise
        remove_temporary(name, descriptor)  # another run took it for abandoned before it was locked


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
