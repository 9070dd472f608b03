"""One source from opening to outcome: open it, detect its format, cut it into chunks.

There are no threads here: `run_serial` iterates over `Reading.chunks`, and so does each Reader thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, tzinfo
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.detection.choice import Choice
from logproc.formats.detection.detect import GENERIC
from logproc.formats.detection.sample import SAMPLE_BYTES, SAMPLE_LINES
from logproc.model.chunk import Chunk, Context, Outcome, Parser, Probe
from logproc.model.errors import SourceError, Stopped
from logproc.model.source import REMOTE, ByteStream, Source, State, Verdict, source_name
from logproc.records.tables.from_parquet import Rows
from logproc.sources.cutter import FLUSH_S, QUIET_S, Cutter, read_head
from logproc.sources.files.parquet import GroupCutter
from logproc.sources.limits import Endless
from logproc.sources.unreadable import laid_out_json, own_report, unreadable

Opener = Callable[[Source], ByteStream]
ReadOn = Callable[[bytes, int], tuple[bytes, bool]]
"""Takes the first bytes and the number wanted; returns more of them, and whether they are the whole source."""
LOOSE = GENERIC | {"json"}
"""Formats that lines of laid out JSON may fit: `{}` is an object, and a time may be anywhere in text."""
logger = logging.getLogger(__name__)


class ReadingOptions(Struct, frozen=True):
    """How sources are read.

    now_s: seconds since 1970; used instead of the time of the last change, if that is unknown.
    zone: the time zone of times without an offset. whole_records: whether chunks begin with a record, see `Cutter`.
    fractions: whether times are needed to the nanosecond. flush_s, goes_on: see `Cutter`.
    """

    choice: Choice
    chunk_bytes: int
    max_line_bytes: int
    now_s: int = 0
    zone: tzinfo = UTC
    whole_records: bool = False
    fractions: bool = False
    flush_s: tuple[float, float] = (FLUSH_S, QUIET_S)
    goes_on: bool = False


class Reading:
    """One source being read. One thread iterates over `chunks`; `cancel` and the counters are for any thread.

    caught_up: called once, with the number of chunks so far, when all that was there of an endless source has been read.
    """

    def __init__(
        self,
        source: Source,
        open_source: Opener,
        options: ReadingOptions,
        probe: Probe | None = None,
        caught_up: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.source = source
        self.cutter = cutter_of(source, options, probe.format if probe else None)
        self.outcome: Outcome | None = None
        self._options = options
        self._verdict = source.verdict or (probe.verdict if probe else None)
        self._probe = probe or Probe(0, None)
        self._open_source = open_source
        self._stream: ByteStream | None = None
        self._cancelled = False
        self._caught_up = caught_up

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """The outcome by the index of the source, nothing until the end."""
        return {self.source.index: self.outcome} if self.outcome else {}

    @property
    def bytes_read(self) -> int:
        return self._stream.bytes_read if self._stream else 0

    @property
    def waits_for(self) -> str:
        return self._stream.waits_for if self._stream else ""

    @property
    def size_bytes(self) -> int | None:
        return self._stream.size_bytes if self._stream else None

    @property
    def lines(self) -> int:
        return self.cutter.lines

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome if reading ended now."""
        return Outcome(verdict, self.cutter.format, self.bytes_read, self.cutter.bytes_decoded)

    def cancel(self) -> None:
        """Make a blocked iteration raise Stopped soon.

        This sets the flag, then reads the stream; `chunks` sets the stream, then reads the flag. So at least one of the two
        sees the other, and no cancel is lost.
        """
        self._cancelled = True
        if self._stream:
            self._stream.cancel()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of the source, then set `outcome`. Blocks as the source does.

        A SourceError is not raised: it becomes the outcome. Raises Stopped after `cancel`.
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
        if isinstance(stream, Endless):
            stream.on_caught_up(lambda: self._caught_up(self.cutter.chunks_cut))
        logger.debug("source opened", extra={"size_bytes": stream.size_bytes})
        head = self._probed_again(stream)
        if not self.cutter.format:
            head = yield from self._find_format(stream, head)
        elif self.source.kind in REMOTE:
            head, _ = read_head(stream, b"", 1)  # the headers come before the first byte, and set `modified_s`
        changed_s = self._options.now_s if stream.modified_s is None else int(stream.modified_s)
        self.cutter.context = Context(reference_s=changed_s, zone=self._options.zone, fractions=self._options.fractions)
        yield from self.cutter.chunks(stream, head)

    def _probed_again(self, stream: ByteStream) -> bytes:
        """Return the first bytes of a file that was probed, read again; b"" for other sources.

        Raises SourceError if they are others now: of a log that was rotated by copying, the lines may be in another source.
        A stream that fails is not judged: it fails again when it is read next.
        """
        probed_bytes = self._probe.mark[0]
        if not probed_bytes:
            return b""
        head, ended = read_head(stream, b"", probed_bytes)
        is_short = ended and len(head) < probed_bytes
        if not self._probe.may_begin(head) or (is_short and not has_failed(stream)):
            raise SourceError("rewritten before it was read", "it was probably rotated; run again")
        return head

    def _find_format(self, stream: ByteStream, head: bytes) -> Generator[Chunk, None, bytes]:
        """Detect the format from the first bytes, skipping lines that are too long; return the bytes not yet cut.

        The sample does not depend on how the bytes arrive, except that a stream that is slow, silent or stopped is judged by
        the lines that have arrived.
        """
        while True:
            head, self.cutter.format = detect_format(
                self._options.choice, partial(read_head, stream), head, self._options.max_line_bytes
            )
            if self.cutter.format or len(head) - head.rfind(b"\n") <= max(SAMPLE_BYTES[0], self._options.max_line_bytes + 2):
                return head
            head = yield from self.cutter.pass_over(stream, head)

    def _fail(self, error: SourceError) -> None:
        nothing = not self.cutter.bytes_decoded
        reason = error.what if nothing else f"{error.what} after {self.cutter.lines} lines"
        state = State.FAILED if nothing else State.INCOMPLETE
        self._end(Verdict(state, reason, error.hint, error.exit_code))

    def _end(self, verdict: Verdict) -> None:
        notes = tuple(self._stream.notes) if self._stream else ()
        self.outcome = replace(self.so_far(verdict), lines=self.lines, notes=notes)
        logger.info("source ended", extra={"state": verdict.state.value, "reason": verdict.reason, "lines": self.lines})


def cutter_of(source: Source, options: ReadingOptions, found: Parser | None, start: int = 0, end: int | None = None) -> Cutter:
    """Return what cuts a source. found: its format, as far as it was detected. start, end: of a range of a file."""
    if isinstance(found, Rows):
        return GroupCutter(source.index, found, start, end)
    cutter = Cutter(
        source.index,
        chunk_bytes=options.chunk_bytes,
        max_line_bytes=options.max_line_bytes,
        whole_records=options.whole_records,
        flush_s=options.flush_s,
        goes_on=options.goes_on,
        offset=start,
    )
    cutter.format = options.choice.fixed(source) or found
    return cutter


def has_failed(stream: ByteStream) -> bool:
    """Return whether a stream that delivers nothing more has failed, and not ended by itself."""
    try:
        return bool(stream.readinto(memoryview(bytearray(1))))
    except SourceError:
        return True


def detect_format(choice: Choice, read_on: ReadOn, head: bytes = b"", max_line_bytes: int = 0) -> tuple[bytes, Parser | None]:
    """Return the first bytes of a source, and its format: None if they contain no line.

    head: what has been read already. max_line_bytes: so much is read if there is no whole line otherwise. Raises SourceError if
    the bytes are not text, or are JSON that is not in lines.
    """
    whole, found = False, None
    for wanted_bytes in SAMPLE_BYTES:
        if not found and not whole and head.count(b"\n") < SAMPLE_LINES[0]:
            head, whole = read_on(head, wanted_bytes)
            found = choice.detect(head, whole=whole)
    if not whole and b"\n" not in head and len(head) < max_line_bytes:
        head, whole = read_on(head, max_line_bytes + 2)
        found = choice.detect(head, whole=whole)
    found = found or choice.fallback(head, whole=whole)
    wrong = None if choice.option else own_report(head)
    if not wrong and (found is None or found.name in GENERIC):
        wrong = unreadable(head)
    if not wrong and not choice.option and (found is None or found.name in LOOSE):
        wrong = laid_out_json(head)
    if wrong:
        raise SourceError(*wrong)
    return head, found
