"""The file of `--state`: one commit, which is the former or the new one after any crash, and refused if it is anything else.

    logproc state 1 a44f0f2ec9f03fd8 0.1.0 3891 5e1c…
    (what `encode` gives)

The line has the format, the fingerprint of the classes, the version of the program, how many bytes follow, and the digest of
all else.

A commit is written under another name in the same folder, synced to the disk, and renamed, which replaces the file in one step;
then the folder is synced, or a crash of the machine could undo the rename after the run has gone on. Without the first sync
the name could be on the disk before the content, and the state be empty.

A state that cannot be used is refused, never passed over: counting from zero in silence would look like a quiet day. There is
no option to start anew: in a crontab it would stay, and each run would throw away what the one before has counted. A file
is removed once.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Self

from logproc import __version__
from logproc.model.errors import UsageError, system_words
from logproc.model.patterns import regex
from logproc.records.state.asked import difference
from logproc.records.state.encode import MalformedError, check_sizes, decode, encode, fingerprint
from logproc.records.state.lock import MODE, FileLock, allow_owner
from logproc.records.state.saved import SavedState
from logproc.reports.output import REFUSED, failure, put_in_place, refusal, write_whole
from logproc.reports.safe import harmless

FORMAT = 1
"""To be raised when counts of the same classes mean something else, such as other bounds of buckets."""
MAGIC = b"logproc state "
HEADER = regex(rb"logproc state (\d{1,9}) ([0-9a-f]{16}) (\S{1,40}) (\d{1,15}) ([0-9a-f]{64})\n")
MOST_HEADER_BYTES = 200
START_ANEW = "start anew: remove it, or name another file"


class StateFile:
    """The state of a run in a file. For one thread at a time: main locks and loads, then the committer saves.

    Beside the file are, while a run uses it, `FILE.lock`, and `FILE.tmp` during a commit.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = harmless(str(path))
        if not self.path.name:  # `.` and `/`
            raise self._refused("is a directory", "name a file")
        self._temporary = self.path.with_name(f"{self.path.name}.tmp")
        self._lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))

    def lock(self) -> None:
        """Take the file for this run, and remove what a run that was killed has left of a commit.

        Never blocks. Raises OutputError if another run has it, or if it certainly cannot be written.
        """
        with self._reported():
            self._check_kind()
            self._lock.take(f"state {self.name}")
            self._temporary.unlink(missing_ok=True)
            if self.path.exists() and not os.access(self.path, os.W_OK):
                raise refusal(self.path, "is read-only", "make it writable, or name another file")

    def load(self, question: Mapping[str, str]) -> SavedState | None:
        """Return the state, or None if there is no file yet.

        question: of this run, see `asked`. Raises UsageError if the file is not a state, is damaged, or belongs to another
        question or version.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(system_words(error), "make it readable, or name another file") from error
        with os.fdopen(descriptor, "rb") as file:
            try:
                state = self._read(file)
            except OSError as error:
                raise self._refused(f"cannot be read: {system_words(error)}") from error
        if differs := difference(state.question, question):
            raise self._refused(differs, f"use the same options; or {START_ANEW}")
        return state

    def save(self, state: SavedState) -> None:
        """Replace the file. Blocks until state and folder are on the disk.

        Raises OutputError with the reason, such as a full disk; the former state is then unchanged, and saving may be
        tried again.
        """
        body = encode(state, SavedState)
        front = MAGIC + f"{FORMAT} {fingerprint(SavedState)} {__version__} {len(body)} ".encode()
        header = front + digest_of(front, body).encode() + b"\n"
        with self._reported():
            descriptor = self._created()
            try:
                with os.fdopen(descriptor, "wb", buffering=0) as file:
                    write_whole(file, header)
                    write_whole(file, body)
                    put_in_place(descriptor, self._temporary, self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    self._temporary.unlink()
                raise

    def close(self) -> None:
        """Let go of the file. Does nothing if it was not locked."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _created(self) -> int:
        """Create the temporary file. Its name is known, because only the holder of the lock has one."""
        with contextlib.suppress(FileNotFoundError):  # a commit that failed may not have been able to remove it
            self._temporary.unlink()
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
        allow_owner(descriptor)
        return descriptor

    def _read(self, file: BinaryIO) -> SavedState:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise self._refused("is not a file", "name a file")
        header = file.readline(MOST_HEADER_BYTES)
        if not header:
            raise self._refused("is empty")
        if not header.startswith(MAGIC):
            if MAGIC.startswith(header):
                raise self._refused("is cut")
            raise self._refused("is not a state of logproc", "name another file")
        number = re.match(rb"\d{1,9}(?= )", header[len(MAGIC) :])
        if number and int(number[0]) != FORMAT:
            age = "a newer" if int(number[0]) > FORMAT else "an older"
            raise self._refused(f"was written by {age} version of logproc", f"use that version; or {START_ANEW}")
        match = HEADER.fullmatch(header)
        if not match:
            raise self._refused("is damaged")
        schema, version, length, digest = (part.decode("ascii", "replace") for part in match.groups()[1:])
        size = found.st_size - len(header)  # known before anything is read, however large the file is
        if size < int(length):
            raise self._refused(f"is cut: {size} of {length} bytes are there")
        body = file.read(int(length))
        if size != int(length) or len(body) != size or digest_of(header[: match.start(5)], body) != digest:
            raise self._refused("is damaged: its checksum is another one")
        if schema != fingerprint(SavedState):
            raise self._refused(
                f"was written by logproc {version}, which counts differently", f"use that version; or {START_ANEW}"
            )
        try:
            state = decode(body, SavedState)
            check_sizes(state.tally)
        except MalformedError as error:
            raise self._refused(f"is damaged: {error}") from error
        return state

    def _check_kind(self) -> None:
        try:
            kind = self.path.stat(follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        for is_kind, what, hint in (*REFUSED, (lambda mode: not stat.S_ISREG(mode), "is not a regular file", "name a file")):
            if is_kind(kind):
                raise refusal(self.path, what, hint)

    def _refused(self, what: str, hint: str = START_ANEW) -> UsageError:
        return UsageError(f"state {self.name}: {harmless(what)}", hint)

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise failure(f"state {self.path}", error) from error


def digest_of(front: bytes, body: bytes) -> str:
    digest = blake2b(front, digest_size=32)
    digest.update(body)
    return digest.hexdigest()
