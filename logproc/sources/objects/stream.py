"""One object as a stream of bytes: ranged reads of some megabytes, one after the other.

The next one is not begun while the last one is used: where there is one object that costs a fifth of the time, and where there
are many it gains nothing, but takes as much memory again for each reader.
"""

from __future__ import annotations

from collections.abc import Callable

from logproc.model.errors import LogprocError, SourceError, Stopped
from logproc.model.source import Listed
from logproc.sources.http.options import Call, StartCall
from logproc.sources.limits import Deadline, copy_some
from logproc.sources.objects.errors import explained
from logproc.sources.objects.places import Place
from logproc.sources.objects.stores import Store

BLOCK_BYTES = 8 << 20


class ObjectStream:
    """The bytes of an object from `start` on, as they are stored: a ByteStream.

    known: what the listing says of the object; None if it was named, then the first read says it. store(): returns the store.
    begun: the first read, if it is under way.
    """

    def __init__(
        self,
        place: Place,
        store: Callable[[], Store],
        known: Listed | None,
        deadline: Deadline | None,
        start_call: StartCall,
        start: int = 0,
        begun: Call | None = None,
    ) -> None:
        self._place = place
        self._store = store
        self._known: Listed | None = None
        self._deadline = deadline
        self._start_call = start_call
        self._start = start
        self._received = 0
        self._block = memoryview(b"")
        self._call = begun
        self._failure: LogprocError | None = None
        self._is_begun = False
        self._cancelled = False
        self.bytes_read = 0
        self.size_bytes: int | None = None
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""
        if known:
            self._learn(known)
            self._is_begun = 0 < known.size_bytes <= start  # there is nothing to ask for

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` as `ByteStream.readinto` promises."""
        while not self._block and not self._has_ended:
            self._receive(None)
        count, self._block = copy_some(self._block, buffer)
        self.bytes_read += count
        return count

    def ready_within(self, seconds: float) -> bool:
        """Wait as `ByteStream.ready_within` promises."""
        try:
            if not self._block:
                self._receive(seconds)
        except TimeoutError:
            return False
        except LogprocError as error:
            self._failure = error  # for `readinto`
        return True

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped. Its request goes on until the library gives up."""
        self._cancelled = True
        call = self._call
        if call:
            call.cancel()

    def close(self) -> None:
        self._block = memoryview(b"")

    def _receive(self, seconds: float | None) -> None:
        """Wait for the next block; at the end there is none. Raises TimeoutError after `seconds`; the next call waits on."""
        if self._failure:
            raise self._failure
        if self._has_ended:
            return
        # This stores the call, then reads the flag; `cancel` sets the flag, then reads the call. At least one sees the other.
        self._call = self._call or self._begin()
        if self._cancelled:
            raise Stopped
        try:
            block, known = self._call.wait(self._shortest(seconds))
        except (TimeoutError, LogprocError):
            raise
        except Exception as error:
            raise explained(error, self._place) from error
        self._take(block, known)
        self._call = None

    @property
    def _has_ended(self) -> bool:
        return self._known is not None and self._is_begun and self._start + self._received >= self._known.size_bytes

    def _begin(self) -> Call:
        store, place, known, offset = self._store, self._place, self._known, self._start + self._received
        return self._start_call(lambda: store().read(place, known, offset, BLOCK_BYTES))

    def _take(self, block: bytes, known: Listed) -> None:
        wanted = max(0, min(BLOCK_BYTES, known.size_bytes - self._start - self._received))
        if len(block) != wanted:
            raise SourceError(f"got {len(block)} of {wanted} bytes", "try later")
        self._learn(known)
        self._is_begun = True
        self._received += len(block)
        self._block = memoryview(block)

    def _learn(self, known: Listed) -> None:
        self._known, self.modified_s = known, known.modified_s
        self.size_bytes = max(0, known.size_bytes - self._start)

    def _shortest(self, seconds: float | None) -> float | None:
        """Return how long to wait at most. Raises LimitError at the deadline."""
        left = [seconds] if seconds is not None else []
        return min([*left, *([self._deadline.left_s()] if self._deadline else [])], default=None)
