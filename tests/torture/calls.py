"""The calls that may fail, and a way to let the k-th one fail.

Nothing in the program is replaced: a call of the operating system, a codec or a library fails, with the error that it has
when a disk breaks, a peer goes away, or memory runs out.
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
from logproc.sources.archives import decoders
from logproc.threads import shared_tally

SOURCE = {EXIT_INCOMPLETE, EXIT_NOTHING_READ}
"""Exit codes of a run whose source failed: after a part, or at once."""


def system_error(number: int) -> Callable[[], OSError]:
    """Return a function that makes an OSError."""
    return lambda: OSError(number, os.strerror(number))


def no_thread() -> RuntimeError:
    """Return CPython's error if the operating system refuses a thread."""
    return RuntimeError("can't start new thread")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that may fail: its owner and attribute, the error, and the exit codes that a run may then have."""

    name: str
    owner: Any
    attribute: str
    error: Callable[[], BaseException]
    codes: frozenset[int]

    @classmethod
    def of(cls, name: str, owner: Any, attribute: str, error: Callable[[], BaseException], codes: set[int]) -> Call:
        return cls(name, owner, attribute, error, frozenset(codes))


CALLS: Sequence[Call] = [
    Call.of("open", os, "open", system_error(errno.EMFILE), {EXIT_OK, EXIT_OUTPUT, *SOURCE}),
    Call.of("stat of what is open", os, "fstat", system_error(errno.EIO), {EXIT_OK, EXIT_OUTPUT, *SOURCE}),
    Call.of(
        "read of a file", os, "preadv", system_error(errno.EIO), {EXIT_OK, *SOURCE}
    ),  # a failed probe is repeated by the reader
    Call.of("pipe", os, "pipe", system_error(errno.EMFILE), {EXIT_OK, *SOURCE}),
    Call.of(
        "decompression", decoders.DeflateMember, "decompress", lambda: decoders.DamagedError("damaged"), {EXIT_OK, *SOURCE}
    ),
    Call.of("memory to decompress", decoders.DeflateMember, "decompress", MemoryError, {EXIT_INTERNAL}),
    Call.of("request", Session, "get", lambda: ConnectionResetError(errno.ECONNRESET, "reset"), {EXIT_OK, *SOURCE}),
    Call.of("connection", socket.socket, "connect_ex", system_error(errno.ENETUNREACH), {EXIT_OK, *SOURCE}),
    Call.of("socket", socket.socket, "dup", system_error(errno.EMFILE), {EXIT_OK, *SOURCE}),
    Call.of("receive", socket.SocketIO, "readinto", system_error(errno.ECONNRESET), {EXIT_OK, *SOURCE}),
    Call.of("send", socket.socket, "sendall", system_error(errno.EPIPE), {EXIT_OK, *SOURCE}),
    Call.of("name look-up", socket, "getaddrinfo", lambda: socket.gaierror(socket.EAI_AGAIN, "later"), {EXIT_OK, *SOURCE}),
    Call.of("start of a thread", Thread, "start", no_thread, {EXIT_OK, EXIT_INTERNAL}),
    Call.of("submit", ThreadPoolExecutor, "submit", MemoryError, {EXIT_OK, EXIT_INTERNAL}),
    Call.of("parsing", serial, "parse", pyarrow.ArrowMemoryError, {EXIT_INTERNAL}),
    Call.of("counting", serial, "count", MemoryError, {EXIT_INTERNAL}),
    Call.of("merge", shared_tally, "merge", MemoryError, {EXIT_INTERNAL}),
    Call.of("temporary file", tempfile, "TemporaryFile", system_error(errno.ENOSPC), {EXIT_OUTPUT}),
    Call.of("write of rejected lines", os, "pwrite", system_error(errno.ENOSPC), {EXIT_OUTPUT}),
    Call.of("fsync", os, "fsync", system_error(errno.EIO), {EXIT_OUTPUT}),
    Call.of("replace", os, "replace", system_error(errno.EIO), {EXIT_OUTPUT}),
    Call.of("open file to write", os, "fdopen", system_error(errno.ENOMEM), {EXIT_OK, EXIT_OUTPUT}),
]


@dataclass(slots=True)
class Refusal:
    """The failure of the k-th call, and of all later ones if it `stays`. refused: how many have failed."""

    call: Call
    number: int
    stays: bool
    refused: int = 0
    _asked: int = 0
    _lock: Any = field(default_factory=Lock)

    def refuses(self) -> bool:
        """Count a call, and return whether it fails."""
        with self._lock:
            self._asked += 1
            refused = self._asked >= self.number if self.stays else self._asked == self.number
            self.refused += refused
            return refused


@contextmanager
def refusing(call: Call, number: int, *, stays: bool) -> Iterator[Refusal]:
    """Let a call fail the `number`-th time, counted from 1."""
    refusal, real = Refusal(call, number, stays), getattr(call.owner, call.attribute)

    def replaced(*arguments: Any, **options: Any) -> Any:
        by_a_test = sys._getframe(1).f_globals["__name__"].startswith("tests.")
        if not by_a_test and refusal.refuses():
            raise call.error()
        return real(*arguments, **options)

    with ExitStack() as stack:
        stack.enter_context(patch.object(call.owner, call.attribute, replaced))
        yield refusal
