"""The words for what the threads of a run do."""

from __future__ import annotations

from enum import StrEnum


class Doing(StrEnum):
    """What a thread does, in the words of the picture."""

    START_UP = "start-up"
    LOAD = "load libraries"
    DETECT = "detect the format"
    OPEN = "open"
    CONNECT = "connect"
    WAIT_DATA = "wait for data"
    READ = "read"
    UNPACK = "unpack"
    WAIT_BLOCK = "wait for a block"
    CUT = "cut into chunks"
    WAIT_MEMORY = "wait for memory"
    WAIT_CHUNK = "wait for a chunk"
    PARSE = "parse"
    COUNT = "count"
    REJECTS = "write rejected lines"
    MERGE = "merge"
    WAIT_PIECE = "wait for the next piece"
    SELECT = "select records"
    WRITE = "write"
    WAIT_LOCK = "wait for a lock"
    WAIT_MESSAGE = "wait for the others"
    HAND_OUT = "hand out chunks"
    SUMMARY = "sum up"
    REPORT = "report"

    @property
    def waits(self) -> bool:
        """Whether the thread leaves the processor to others meanwhile."""
        return self.name.startswith("WAIT") or self is Doing.CONNECT


class Gauge(StrEnum):
    """A quantity that goes up and down during a run."""

    BYTES = "memory held by chunks"
    QUEUED = "chunks that wait for a worker"
