"""A log behind a URL that grows: `--follow`. It has no end.

Each poll asks for what comes after the bytes that are known, and for a few of those once more: if they differ, the log was
replaced, and the new one is read from its start. With validators (RFC 9110, 8.8) a server need not send anything if nothing has
changed. From a server without ranges the whole log comes; what is known of it is skipped if its hash is the same.

A server that fails or is gone is asked again, for as long as the run goes on.

Of a long log only the last part is asked for, if that is all that is wanted: after its first bytes, which tell whether the rest
can be read without the beginning.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from logproc.model.errors import SourceError, Stopped
from logproc.sources.archives.magic import sniff
from logproc.sources.http.body import BACKOFF_S, MOST_BACKOFF_S, SPREAD, UNASKED, check_status
from logproc.sources.http.connection import Reply
from logproc.sources.http.received import Received, is_same, media_type_of, skip
from logproc.sources.http.redirects import Fetcher
from logproc.sources.http.transport import PassingError, Transport
from logproc.sources.http.versions import Version, content_range

POLL_S = 2.0
SHARE = 10
"""A server without ranges is asked less often: receiving the whole log again takes at most a tenth of the time."""
HEAD_BYTES = 4096
KNOWN_BYTES = 1024
"""How many known bytes are asked for once more."""
AHEAD_BYTES = 1 << 16
REPLACED = "replaced on the server: read again from its start"
ENCODED = "the server compresses it, so it cannot be followed", "read it without --follow"

logger = logging.getLogger(__name__)


class Growing(Received):
    """The bytes of a log that grows: a ByteStream that never ends. bytes_read: of all versions together.

    last_bytes: begin with a longer log at a line at most so many bytes before its end, where the server allows that; 0 to begin
    at its start.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        transport: Transport,
        wait: Callable[[float], bool],
        rng: Callable[[], float],
        poll_s: float = POLL_S,
        last_bytes: int = 0,
    ) -> None:
        super().__init__(fetcher, transport, wait, rng)
        self._poll_s = poll_s
        self._last_bytes = last_bytes
        self._is_at_end = self._is_late_begin = False
        self._tell_caught_up: Callable[[], None] | None = None
        self._has_ranges = True
        self._due = self._asked = transport.clock()
        self._waits_for = ""
        self._is_cut_line = False
        self._ahead = b""
        self._forget()

    @property
    def waits_for(self) -> str:
        return self._fetcher.waits_for or self._waits_for

    def on_caught_up(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once by the reading thread, when all that was there has been taken and more is waited for."""
        self._tell_caught_up = tell

    def begin(self) -> None:
        """Receive the headers of the first response. Raises as `readinto` does."""
        while self._version is None:
            self._persist(self._ask)

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` with the next bytes, as `ByteStream.readinto` promises; it never returns 0.

        Raises SourceError if the first answer shows that there is no log to follow.
        """
        while True:
            if self._is_cut_line and not self._ahead:  # of the version before: no line is made of the bytes of two
                self._is_cut_line, buffer[0] = False, ord("\n")
                return 1
            if self._ahead:
                count = min(len(self._ahead), len(buffer))
                buffer[:count] = self._ahead[:count]
                self._ahead = self._ahead[count:]
                return count
            if self._is_at_end and not self._reply and self._tell_caught_up:
                tell, self._tell_caught_up = self._tell_caught_up, None
                tell()
            count = self._persist(lambda: self._receive(buffer) if self._reply else self._ask())
            if count:
                return count

    def ready_within(self, seconds: float) -> bool:
        """Wait as `ByteStream.ready_within` promises. What there is, is received: only so the end of an answer is seen."""
        if self._reply and not self._ahead:
            if not self._reply.ready_within(seconds):
                return False
            block = bytearray(AHEAD_BYTES)
            try:
                self._ahead = bytes(block[: self._persist(lambda: self._receive(memoryview(block)))])
            except (SourceError, Stopped):
                return True  # `readinto` raises it again
        if self._ahead:
            return True
        left_s = self._due - self._transport.clock()
        self._wait(max(0.0, min(seconds, left_s)))
        return self._transport.cancelled or left_s <= seconds

    def _persist(self, step: Callable[[], int]) -> int:
        """Take a step; after a failure that need not last, return 0: the next step comes later."""
        self._transport.check()
        try:
            return step()
        except SourceError as error:
            self._release()
            if self._version is None and not isinstance(error, PassingError):
                raise  # there is no log; one that was there before may come back
            self._fail(error)
            return 0
        except BaseException:
            self._release()
            raise

    def _fail(self, error: SourceError) -> None:
        self._failures += 1
        asked_s = error.after_s if isinstance(error, PassingError) else None
        delay_s = asked_s or min(BACKOFF_S * 2 ** min(self._failures, 10), MOST_BACKOFF_S)
        self._due = self._transport.clock() + delay_s * (1 + SPREAD * self._rng())
        self._waits_for = f"waiting to ask the server again, {error.what}"
        note = f"failed for a while: {error.what}"
        if note not in self.notes:
            self.notes.append(note)
        logger.info("failed, is asked again", extra={"reason": error.what, "wait_s": round(delay_s), "byte": self._offset})

    def _forget(self) -> None:
        """Begin with a new version at its start."""
        self._begin_at(0)

    def _begin_at(self, offset: int) -> None:
        self._start = self._offset = offset
        self._known, self._hash = b"", hashlib.sha256()

    def _receive(self, buffer: memoryview) -> int:
        if self._reply is None:
            return 0
        count = self._reply.receive(buffer)
        if not count:
            self._release()
            now = self._transport.clock()
            took = 0.0 if self._has_ranges else now - self._asked
            self._due = now + max(self._poll_s, SHARE * took)
            self._is_at_end = True
            return 0
        self._failures, self._waits_for = 0, ""
        self._take(bytes(buffer[:count]))
        return self._from_next_line(buffer, count) if self._is_late_begin else count

    def _from_next_line(self, buffer: memoryview, count: int) -> int:
        """Drop what comes before the first line that is whole; return how many bytes are left in the buffer."""
        feed = bytes(buffer[:count]).find(b"\n")
        self._is_late_begin = feed < 0
        rest = bytes(buffer[feed + 1 : count]) if feed >= 0 else b""
        buffer[: len(rest)] = rest
        return len(rest)

    def _take(self, data: bytes) -> None:
        self._hash.update(data)
        self._offset += len(data)
        self.bytes_read += len(data)
        self._known = (self._known + data)[-KNOWN_BYTES:]

    def _ask(self) -> int:
        """Wait until it is time, and ask for what is new. Afterwards there is a reply at `_offset`, or nothing is new."""
        left_s = self._due - self._transport.clock()
        if left_s > 0 and self._wait(left_s):
            raise Stopped
        self._asked = self._transport.clock()
        version = self._version
        reply = self._fetcher.fetch(version.url if version else "", self._conditions())
        if reply.status == 304 and version:
            return self._nothing_new()
        if reply.status == 416 and self._offset:
            return self._replace() if content_range(reply.headers)[2] != self._offset else self._nothing_new()
        check_status(reply)
        length = reply.begin_body()
        self._adopt(reply)
        if reply.status == 206:
            return self._take_part(reply)
        if self._offset:
            self._has_ranges = False
            if (length is not None and length < self._offset) or not self._is_continued(reply):
                return self._replace()
        elif self._last_bytes and length is not None:
            return self._begin_late(reply, length)
        self._reply = reply
        return 0

    def _is_continued(self, reply: Reply) -> bool:
        """Receive what is known of the whole log; return whether it is the same."""
        return skip(reply, self._start) and is_same(reply, self._offset - self._start, self._hash.digest())

    def _begin_late(self, reply: Reply, size_bytes: int) -> int:
        """Go on near the end of a long log, if it can be read from there; otherwise at its start."""
        start, self._last_bytes = size_bytes - self._last_bytes, 0
        self._reply = reply
        if start < HEAD_BYTES or reply.headers.get("Accept-Ranges", "").strip().lower() != "bytes":
            return 0
        head = bytearray(HEAD_BYTES)
        head = head[: reply.receive(memoryview(head))]
        if needs_its_start(head) or "html" in self.media_type:
            self._take(bytes(head))
            self._ahead = bytes(head)
            return 0
        self._release()
        self._begin_at(start)
        self._is_late_begin = True
        self._due = self._transport.clock()
        return 0

    def _conditions(self) -> dict[str, str]:
        version, conditions = self._version, {}
        if self._offset and self._has_ranges:
            conditions["Range"] = f"bytes={self._offset - len(self._known)}-"
        if self._offset and not self._known:
            pass  # nothing of it is known yet, so also what has not changed is wanted
        elif version and version.etag:
            conditions["If-None-Match"] = version.etag
        elif version and version.modified_is_strong and version.modified.isprintable():
            conditions["If-Modified-Since"] = version.modified
        return conditions

    def _adopt(self, reply: Reply) -> None:
        version = Version.of(reply.url, reply.headers)
        if version.encoding.lower() not in {"", "identity"}:
            self._version = None
            raise SourceError(*ENCODED)
        self._version, self.modified_s = version, version.modified_s
        self.media_type = media_type_of(reply)

    def _take_part(self, reply: Reply) -> int:
        """Take an answer to a range: it must begin with the bytes that are known."""
        first, _, size = content_range(reply.headers)
        if first != self._offset - len(self._known) or not self._offset:
            self._has_ranges = False
            raise PassingError(UNASKED, "report it to the server's operator")
        digest = hashlib.sha256(self._known).digest()
        if (size is not None and size < self._offset) or not is_same(reply, len(self._known), digest):
            return self._replace()
        self._reply = reply
        return 0

    def _nothing_new(self) -> int:
        self._release()
        self._is_at_end = True
        self._failures, self._waits_for = 0, ""
        self._due = self._transport.clock() + self._poll_s
        return 0

    def _replace(self) -> int:
        self._release()
        if REPLACED not in self.notes:
            self.notes.append(REPLACED)
        logger.info(REPLACED, extra={"byte": self._offset})
        self._is_cut_line = bool(self._known) and not self._known.endswith(b"\n")
        self._forget()
        self._version = None if self._version is None else Version(self._version.url, "", "", "", modified_is_strong=False)
        self._due = self._transport.clock()
        return 0


def needs_its_start(head: bytes | bytearray) -> bool:
    """Return whether a log that begins so can be read only from its start: an archive, UTF-16, or with directives."""
    return sniff(bytes(head)) is not None or b"\0" in head or head.startswith(b"#") or b"\n#" in head
