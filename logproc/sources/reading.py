"""One source on its way from opening to its outcome, without a thread: opened, recognised, cut into chunks.

`run_serial` iterates over it in a loop, a Reader thread does the same in its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, tzinfo

from logproc.formats.choice import Choice
from logproc.formats.detect import GENERIC, SAMPLE_BYTES, SAMPLE_LINES
from logproc.model.chunk import Chunk, Context, Outcome, Parser, Probe
from logproc.model.errors import SourceError, Stopped
from logproc.model.source import ByteStream, Kind, Source, State, Verdict, source_name
from logproc.sources.cutter import Cutter, read_head
from logproc.sources.unreadable import BINARY, unreadable

PACKED_TIGHT = 2
"""A hole that was packed to less than this part of it may be a bomb, and is read up to the limits; any other is binary."""
Opener = Callable[[Source], ByteStream]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How sources are read: how their format is found, sizes in bytes, and what stands for what a source does not say.

    now_s: a moment for all sources of which nobody knows when they were last changed, in seconds since 1970.
    zone: that of times without an offset.
    """

    choice: Choice
    chunk_bytes: int
    max_line_bytes: int
    now_s: int = 0
    zone: tzinfo = UTC


class Reading:
    """One source being read. One thread iterates over `chunks`; `cancel` and the counters are for any thread."""

    def __init__(self, source: Source, open_source: Opener, options: ReadingOptions, probe: Probe | None = None) -> None:
        self.source = source
        self.cutter = Cutter(source.index, chunk_bytes=options.chunk_bytes, max_line_bytes=options.max_line_bytes)
        self.cutter.format = options.choice.fixed(source) or (probe.format if probe else None)
        self.outcome: Outcome | None = None
        self._options = options
        self._recognise = not self.cutter.format
        self._verdict = source.verdict or (probe.verdict if probe else None)
        self._open_source = open_source
        self._stream: ByteStream | None = None
        self._cancelled = False

    @property
    def bytes_read(self) -> int:
        """Bytes that came from the disk or the wire so far."""
        return self._stream.bytes_read if self._stream else 0

    @property
    def size_bytes(self) -> int | None:
        """What `bytes_read` will be at the end, if that is known."""
        return self._stream.size_bytes if self._stream else None

    @property
    def lines(self) -> int:
        """How many lines have been cut so far."""
        return self.cutter.lines

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome that the source would have if its reading ended now."""
        return Outcome(verdict, self.cutter.format, self.bytes_read, self.cutter.bytes_decoded)

    def cancel(self) -> None:
        """Make a blocked iteration raise Stopped soon.

        The flag is set before the stream is looked at, and `chunks` sets the stream before it looks at the
        flag: whichever comes second sees what the other did, so a cancel between the two is not lost.
        """
        self._cancelled = True
        if self._stream:
            self._stream.cancel()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of the source; afterwards `outcome` says how it ended. Blocks as the source does.

        An expected failure ends the iteration and is the outcome. Raises Stopped after `cancel`.
        """
        source_name.set(self.source.name)
        if self._verdict:
            self._end(self._verdict)
            return
        try:
            self._stream = self._open_source(self.source)
            with closing(self._stream):
                yield from self._open_chunks(self._stream)
            self._end(Verdict(State.COMPLETE))
        except SourceError as error:
            self._fail(error)
        except (Stopped, GeneratorExit):
            self._end(Verdict(State.INTERRUPTED, "interrupted"))
            raise

    def _open_chunks(self, stream: ByteStream) -> Iterator[Chunk]:
        if self._cancelled:
            stream.cancel()
        logger.debug("source opened", extra={"size_bytes": stream.size_bytes})
        head = b""
        if self._recognise:
            head = yield from self._look(stream)
        elif self.source.kind is Kind.URL:
            head, _ = read_head(stream, b"", 1)  # with the first byte come the headers, and in them the time of the last change
        changed_s = self._options.now_s if stream.modified_s is None else int(stream.modified_s)
        self.cutter.context = Context(reference_s=changed_s, zone=self._options.zone)
        yield from self.cutter.chunks(stream, head)

    def _look(self, stream: ByteStream) -> Generator[Chunk, None, bytes]:
        """Find the format by the first bytes, which are returned; of lines that are too long by those behind them.

        These are the same however the bytes come, with two exceptions: a stream that is quiet or slow is judged by the lines it
        has brought so far, and so is one that is stopped, because its lines are to be counted all the same.
        """
        head = b""
        while True:
            head, self.cutter.format = recognise(
                self._options.choice, lambda head, wanted_bytes: read_head(stream, head, wanted_bytes), head
            )
            if self.cutter.format or len(head) - head.rfind(b"\n") <= max(SAMPLE_BYTES[0], self._options.max_line_bytes + 2):
                return head
            if is_hole(head) and stream.bytes_read * PACKED_TIGHT > len(head):
                raise SourceError(*BINARY)
            head = yield from self.cutter.pass_over(stream, head)

    def _fail(self, error: SourceError) -> None:
        nothing = not self.cutter.bytes_decoded
        reason = error.what if nothing else f"{error.what} after {self.cutter.lines} lines"
        state = State.FAILED if nothing else State.INCOMPLETE
        self._end(Verdict(state, reason, error.hint, error.exit_code))

    def _end(self, verdict: Verdict) -> None:
        notes = tuple(self._stream.notes) if self._stream else ()
        read, cutter = self.bytes_read, self.cutter
        self.outcome = Outcome(verdict, cutter.format, read, cutter.bytes_decoded, cutter.lines, notes)
        fields = {"state": verdict.state.value, "reason": verdict.reason, "lines": cutter.lines}
        logger.info("source ended", extra=fields)


def is_hole(head: bytes) -> bool:
    """Return whether the first bytes of a source are NULs and nothing else."""
    return bool(head) and not head.strip(b"\0")


def recognise(
    choice: Choice, read_on: Callable[[bytes, int], tuple[bytes, bool]], head: bytes = b""
) -> tuple[bytes, Parser | None]:
    """Return the first bytes of a source and its format, None if there is no line in them.

    read_on: takes the bytes there are and how many are wanted, returns these and whether they are the whole source.
    head: what is read already. Raises SourceError if the bytes are no text at all.
    """
    whole, found = False, None
    for wanted_bytes in SAMPLE_BYTES:
        if not found and not whole and head.count(b"\n") < SAMPLE_LINES[0]:
            head, whole = read_on(head, wanted_bytes)
            found = choice.detect(head, whole=whole)
    found = found or choice.fallback(head, whole=whole)
    if found is None and is_hole(head):
        return head, None  # whatever is behind it
    wrong = unreadable(head) if found is None or found.name in GENERIC else None
    if wrong:
        raise SourceError(*wrong)
    return head, found
