"""The few doors through which the program asks for what may be refused, and a way to have the k-th request refused.

Nothing of the program is replaced: what fails is the call of the operating system, of a codec or of a library, with the very
error that it fails with where a disk breaks, a peer goes away or the memory is used up.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any
from unittest.mock import patch

import pyarrow
from requests import Session

from logproc.model.errors import EXIT_INCOMPLETE, EXIT_INTERNAL, EXIT_NOTHING_READ, EXIT_OK, EXIT_OUTPUT
from logproc.pipeline import serial
from logproc.sources import decoders
from logproc.threads import shared_tally

SOURCE = {EXIT_INCOMPLETE, EXIT_NOTHING_READ}
"""How a run ends whose source failed: it may be read in part, or not at all."""


def system_error(number: int) -> Callable[[], OSError]:
    """Return a maker of an error of the operating system."""
    return lambda: OSError(number, os.strerror(number))


def no_thread() -> RuntimeError:
    """Return CPython's error where the operating system has no thread to give."""
    return RuntimeError("can't start new thread")


@dataclass(frozen=True, slots=True)
class Door:
    """One call that may be refused: the object and the name it is called by, the error, and the codes a run may end with."""

    name: str
    owner: Any
    attribute: str
    error: Callable[[], BaseException]
    codes: frozenset[int]

    @classmethod
    def of(cls, name: str, owner: Any, attribute: str, error: Callable[[], BaseException], codes: set[int]) -> Door:
        """Return a door; that nothing happens is always allowed, where the program can do without what was refused."""
        return cls(name, owner, attribute, error, frozenset(codes))


DOORS: Sequence[Door] = [
    Door.of("open", os, "open", system_error(errno.EMFILE), {EXIT_OK, EXIT_OUTPUT, *SOURCE}),
    Door.of("stat of what is open", os, "fstat", system_error(errno.EIO), {EXIT_OK, EXIT_OUTPUT, *SOURCE}),
    Door.of("read of a file", os, "preadv", system_error(errno.EIO), {EXIT_OK, *SOURCE}),  # the look before is done again
    Door.of("pipe", os, "pipe", system_error(errno.EMFILE), {EXIT_OK, *SOURCE}),
    Door.of(
        "decompression", decoders.DeflateMember, "decompress", lambda: decoders.DamagedError("damaged"), {EXIT_OK, *SOURCE}
    ),
    Door.of("memory to decompress", decoders.DeflateMember, "decompress", MemoryError, {EXIT_INTERNAL}),
    Door.of("request", Session, "get", lambda: ConnectionResetError(errno.ECONNRESET, "reset"), {EXIT_OK, *SOURCE}),
    Door.of("connection", socket.socket, "connect_ex", system_error(errno.ENETUNREACH), {EXIT_OK, *SOURCE}),
    Door.of("socket", socket.socket, "dup", system_error(errno.EMFILE), {EXIT_OK, *SOURCE}),
    Door.of("receive", socket.SocketIO, "readinto", system_error(errno.ECONNRESET), {EXIT_OK, *SOURCE}),
    Door.of("send", socket.socket, "sendall", system_error(errno.EPIPE), {EXIT_OK, *SOURCE}),
    Door.of("name look-up", socket, "getaddrinfo", lambda: socket.gaierror(socket.EAI_AGAIN, "later"), {EXIT_OK, *SOURCE}),
    Door.of("start of a thread", Thread, "start", no_thread, {EXIT_OK, EXIT_INTERNAL}),
    Door.of("submit", ThreadPoolExecutor, "submit", MemoryError, {EXIT_OK, EXIT_INTERNAL}),
    Door.of("parsing", serial, "parse", pyarrow.ArrowMemoryError, {EXIT_INTERNAL}),
    Door.of("counting", serial, "count", MemoryError, {EXIT_INTERNAL}),
    Door.of("merge", shared_tally, "merge", MemoryError, {EXIT_INTERNAL}),
    Door.of("temporary file", tempfile, "TemporaryFile", system_error(errno.ENOSPC), {EXIT_OUTPUT}),
    Door.of("write of rejected lines", os, "pwrite", system_error(errno.ENOSPC), {EXIT_OUTPUT}),
    Door.of("fsync", os, "fsync", system_error(errno.EIO), {EXIT_OUTPUT}),
    Door.of("replace", os, "replace", system_error(errno.EIO), {EXIT_OUTPUT}),
    Door.of("open file to write", os, "fdopen", system_error(errno.ENOMEM), {EXIT_OK, EXIT_OUTPUT}),
]


@dataclass(slots=True)
class Refusal:
    """The refusal of the k-th request at a door, and of all later ones if it `stays`. refused: how many were."""

    door: Door
    number: int
    stays: bool
    refused: int = 0
    _asked: int = 0
    _lock: Any = field(default_factory=Lock)

    def refuses(self) -> bool:
        """Count a request, and return whether it is refused."""
        with self._lock:
            self._asked += 1
            refused = self._asked >= self.number if self.stays else self._asked == self.number
            self.refused += refused
            return refused


@contextmanager
def refusing(door: Door, number: int, *, stays: bool) -> Iterator[Refusal]:
    """Have the request of that number at a door refused, counted from 1."""
    refusal, real = Refusal(door, number, stays), getattr(door.owner, door.attribute)

    def call(*arguments: Any, **options: Any) -> Any:
        by_a_test = sys._getframe(1).f_globals["__name__"].startswith("tests.")
        if not by_a_test and refusal.refuses():
            raise door.error()
        return real(*arguments, **options)

    with ExitStack() as stack:
        stack.enter_context(patch.object(door.owner, door.attribute, call))
        yield refusal
