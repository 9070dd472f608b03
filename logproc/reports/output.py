"""Writing a finished report to a file or stdout. A file is replaced as a whole or stays unchanged.

A file is written under a temporary name in the same folder, synced to disk, and renamed: rename(2) replaces the target in
one step. Only the owner can read it. A symbolic link as the target is refused, because in a folder that others can write to
it would let them choose the file to overwrite. A FIFO or device, even through a link such as /dev/stdout, is written to
directly.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from logproc.model.errors import OutputError, UsageError, system_words, too_many_files
from logproc.reports.safe import harmless

Form = Literal["json", "csv", "terminal", "html"]
FORMATS: dict[str, Form] = {".json": "json", ".csv": "csv", ".txt": "terminal", ".html": "html"}
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
    errno.EBUSY: "if the file is mounted by itself, as in a container, mount its folder instead",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EACCES: "name a place that you may write to",
    errno.EPERM: "name a place that you may write to",
    errno.EROFS: "name a place that can be written to",
    errno.EIO: "the disk may be failing; name another place",
    errno.ENXIO: "nothing reads the FIFO; start its reader first",
    errno.EPIPE: "its reader closed the pipe before the end",
}

# Temporary files that may exist now. A signal handler reads this between any two bytecodes, so there is no lock: it could wait
# for the very code that it interrupted. Other threads may write files, too; each call of a method of a set is atomic.
temporaries: set[str] = set()


def known_temporaries() -> tuple[str, ...]:
    """Return the files to delete if the process must exit at once. Some may not exist yet, or no longer."""
    return tuple(temporaries.copy())


def format_for(path: str | Path) -> Form:
    """Return the format for a file's extension. Raises UsageError for an unknown one."""
    form = FORMATS.get(Path(path).suffix.lower())
    if form is None:
        name, is_plain = harmless(str(path)), re.fullmatch(r"[\w-]+", str(path))
        what = f"the ending decides the format, as in {name}.html" if is_plain else "no format has this ending"
        raise UsageError(f"{name}: {what}", "use " + ", ".join(FORMATS))
    return form


def check_output(path: str | Path) -> None:
    """Raise OutputError if the path certainly cannot be written, before any source is read.

    Creates and removes a file in the folder: permission bits do not show a read-only disk, a quota, or a folder such as /proc
    that takes no files.
    """
    target = Path(path)
    with reported(target):
        if is_special(target):
            return
        with temporary_file(target.parent):
            pass
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def place(path: str | Path) -> tuple[int, int, str]:
    """Return device and inode of the folder, and the name in it: equal for different spellings of a path."""
    target = Path(path)
    with reported(target):
        folder = target.parent.stat()
    return folder.st_dev, folder.st_ino, target.name


def is_temporary(name: str) -> bool:
    """Return whether a file has a name that `write_atomically` gives to those that it renames when they are complete."""
    before, after = TEMPORARY.split("{}")
    return name.startswith(before) and name.endswith(after)


def write_atomically(path: str | Path, content: str | Iterable[bytes]) -> None:
    """Write text as UTF-8, or pieces of bytes in order.

    Blocks until the data is on disk, or until the reader of a FIFO has taken it. Raises OutputError with the reason; the old
    file is then unchanged and no temporary file remains.
    """
    target = Path(path)
    pieces = [content.encode()] if isinstance(content, str) else content
    with reported(target):
        if is_special(target):
            write_directly(target, pieces)
        else:
            replace(target, pieces)


def write_stdout(stream: BinaryIO | None, text: str, encoding: str = "utf-8") -> None:
    """Write text to stdout, escaping what its encoding lacks. Blocks as long as its reader does.

    Raises BrokenPipeError if the reader has gone, and OutputError for any other failure, such as a full disk or a closed stdout
    (`stream` is None).
    """
    if stream is None:
        raise OutputError("cannot write stdout: it is closed", "write to a file with -o")
    try:
        write_whole(stream, text.encode(encoding, "backslashreplace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise failure("stdout", error) from error


def write_whole(stream: BinaryIO, data: bytes) -> None:
    """Write all of the data, past the stream's buffer.

    A buffer would keep what nobody reads and wait for it again at exit, and a thread stuck in a write may hold its lock.
    """
    raw: BinaryIO = getattr(stream, "raw", stream)
    view = memoryview(data)
    while view:
        written: int | None = raw.write(view)
        view = view[written or 0 :]
        if written is None:  # the pipe is full and does not block (O_NONBLOCK), which any process that has it may have set
            room = select.poll()
            room.register(raw, select.POLLOUT)
            room.poll()


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failure(str(path), error) from error


def failure(name: str, error: OSError) -> OutputError:
    _, hint = too_many_files(error) or ("", HINTS.get(error.errno or 0, ""))
    return OutputError(f"cannot write {harmless(name)}: {system_words(error)}", hint)


def is_special(path: Path) -> bool:
    """Return whether the path is a FIFO or character device, which is written to directly.

    Raises OutputError for the kinds in REFUSED, and for a FIFO or device that another user put into a world-writable folder.
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
    return OutputError(f"cannot write {harmless(str(path))}: {what}", hint)


def status(path: Path, *, follow_symlinks: bool) -> os.stat_result | None:
    try:
        return path.stat(follow_symlinks=follow_symlinks)
    except FileNotFoundError:
        return None


def write_directly(path: Path, pieces: Iterable[bytes]) -> None:
    with opened_directly(path) as (_, descriptor), os.fdopen(descriptor, "wb", buffering=0, closefd=False) as file:
        for piece in pieces:
            write_whole(file, piece)


@contextlib.contextmanager
def opened_directly(path: Path) -> Iterator[tuple[str, int]]:
    """Open a FIFO or device; yield name and descriptor. Does not block: a FIFO without a reader is an error (ENXIO)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        kind = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)):
            raise refusal(path, "was replaced in the meantime", "name a file in a folder of your own")
        os.set_blocking(descriptor, True)
        yield str(path), descriptor
    finally:
        os.close(descriptor)


def replace(target: Path, pieces: Iterable[bytes]) -> None:
    with temporary_file(target.parent) as (name, descriptor):
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.writelines(pieces)
        put_in_place(descriptor, Path(name), target)


def put_in_place(descriptor: int, written: Path, target: Path) -> None:
    """Give a file that is written its name. Blocks until content and name are on the disk.

    Without the first sync a crash of the machine could leave the name and not the content; without the last one it could undo
    the rename after the program has gone on.
    """
    os.fsync(descriptor)
    written.replace(target)
    sync_folder(target.parent)


@contextlib.contextmanager
def temporary_file(folder: Path) -> Iterator[tuple[str, int]]:
    """Create a file with an unpredictable name; yield name and descriptor. It is removed at the end unless renamed."""
    name = str(folder / TEMPORARY.format(os.urandom(8).hex()))
    temporaries.add(name)  # before the file exists, so that a signal between the two steps cannot miss it
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
        try:
            with contextlib.suppress(OSError):  # some file systems have no modes
                os.fchmod(descriptor, MODE)  # a umask may have taken even the owner's rights
            yield name, descriptor
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            os.close(descriptor)
    finally:
        temporaries.discard(name)


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Create a folder with an unpredictable name, and yield it. It is removed at the end, with all in it, unless renamed."""
    folder = parent / TEMPORARY.format(os.urandom(8).hex())
    folder.mkdir(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # CIFS and others cannot sync a folder
            raise
    finally:
        os.close(descriptor)
