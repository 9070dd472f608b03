"""The body behind a URL, each byte exactly once, over as many connections as needed.

An interrupted download resumes with `Range` and `If-Range`, if the server provides a validator. Otherwise the whole body is
fetched again; the bytes already delivered are skipped, and their hash must be the same.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from logproc.model.errors import LimitError, SourceError, Stopped
from logproc.sources.http.connection import Reply
from logproc.sources.http.received import Received, is_same, media_type_of
from logproc.sources.http.redirects import Fetcher
from logproc.sources.http.transport import PassingError, Transport
from logproc.sources.http.versions import Version, content_range, retry_after_s, span

BODY_STATUS = {200, 203, 206}
PASSING_STATUS = {408, 425, 429}
LASTING_STATUS = {501, 505, 506, 508, 510, 511}
"""Server errors (5xx) that another try does not fix. All others, also unknown ones, are tried again."""
STATUS_HINTS = {
    204: "there is no log here",
    304: "the request was not conditional; is there a caching proxy?",
    401: "give credentials with --header 'Authorization: env:VARIABLE'",
    403: "ask the server's operator for access",
    404: "is the path right?",
    407: "a proxy asks for credentials",
    410: "the log was removed for good",
}
HINTS_BY_HUNDRED = {
    2: "such an answer does not contain a log",
    3: "the server does not say where the log is",
    4: "the server rejects this request; is the URL right?",
    5: "the server cannot answer this request; report it to its operator",
}
LONGEST_WAIT_S = 60.0
BACKOFF_S, MOST_BACKOFF_S, SPREAD = 1.0, 24.0, 0.25
"""Waits double from the first to the second, plus up to a quarter at random, so that many clients spread out."""
CHANGED, UNASKED = "changed on server", "sends a part that was not requested"
LEAST_PROGRESS_BYTES = 100
"""How much a connection must bring to reset the count of tries. With one byte per connection they would never end."""

logger = logging.getLogger(__name__)


class Body(Received):
    """The bytes of a body as received: a ByteStream whose `bytes_read` is its position."""

    def __init__(
        self,
        fetcher: Fetcher,
        transport: Transport,
        retries: int,
        wait: Callable[[float], bool],
        rng: Callable[[], float],
    ) -> None:
        super().__init__(fetcher, transport, wait, rng)
        self._retries = retries
        self._hash = hashlib.sha256()
        self._came_bytes = 0
        self._ranges = True
        self._ended = False

    @property
    def waits_for(self) -> str:
        return self._fetcher.waits_for

    def begin(self) -> None:
        """Receive the headers of the first usable response: `encoding`, `media_type`. Raises as `readinto` does."""
        self._attempt(self._connect)

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` as `ByteStream.readinto` promises. Content codings are not undone here."""
        return self._attempt(lambda: self._read(buffer))

    def ready_within(self, seconds: float) -> bool:
        """Wait as `ByteStream.ready_within` promises. True without a connection: `readinto` must make one."""
        return self._reply is None or self._reply.ready_within(seconds)

    def _attempt(self, step: Callable[[], int]) -> int:
        """Run a step with retries. After a redirect, errors name the other server."""
        try:
            return self._persist(step)
        except LimitError:
            raise
        except SourceError as error:
            place = self._fetcher.elsewhere
            raise SourceError(f"{error.what} at {place}", error.hint) if place else error from error

    def _persist(self, step: Callable[[], int]) -> int:
        while True:
            try:
                self._transport.check()
                return step()
            except PassingError as failure:
                self._release()
                self._back_off(failure)
            except BaseException:
                self._release()
                raise

    def _release(self) -> None:
        super()._release()
        self._came_bytes = 0

    def _back_off(self, failure: PassingError) -> None:
        self._failures += 1
        delay_s = failure.after_s or min(BACKOFF_S * 2 ** (self._failures - 1), MOST_BACKOFF_S)
        delay_s *= 1 + SPREAD * self._rng()
        deadline = self._transport.deadline
        is_too_late = deadline is not None and self._transport.clock() + delay_s >= deadline
        if failure.after_s and (failure.after_s > LONGEST_WAIT_S or is_too_late):
            raise SourceError(f"{failure.what}, asked to wait {span(failure.after_s)}", "try again then") from failure
        if is_too_late or self._failures > self._retries:
            raise self._final(failure) from failure
        self._log(f"retry {self._failures}/{self._retries} in {delay_s:.1f} s", reason=failure.what)
        self._fetcher.waits_for = f"waiting {delay_s:.0f} s to try again, {failure.what}"
        if self._wait(delay_s):
            raise Stopped

    def _log(self, event: str, **fields: object) -> None:
        logger.info(event, extra={**fields, "byte": self.bytes_read})

    def _final(self, failure: PassingError) -> SourceError:
        if self.bytes_read:
            whole = "an unknown number of" if self.size_bytes is None else self.size_bytes
            return SourceError(f"got {self.bytes_read} of {whole} bytes ({failure.what})", failure.hint)
        if self._failures == 1:
            return SourceError(failure.what, failure.hint)
        if failure.status is not None:
            return SourceError(f"{failure.status} after {self._failures} tries", failure.hint)
        return SourceError(f"{failure.what} ({self._failures} tries)", failure.hint)

    def _read(self, buffer: memoryview) -> int:
        self._connect()
        if self._ended or self._reply is None:
            return 0
        if self.size_bytes is not None:
            buffer = buffer[: self.size_bytes - self.bytes_read]
        count = self._reply.receive(buffer)
        if not count:
            return self._end(self._reply)
        self._hash.update(buffer[:count])
        self.bytes_read += count
        self._came_bytes += count
        if self._came_bytes >= LEAST_PROGRESS_BYTES:
            self._failures = 0
        return count

    def _end(self, reply: Reply) -> int:
        if self.size_bytes is not None and self.bytes_read < self.size_bytes:
            raise PassingError("closed too early", "try later")
        if not reply.declared and not self.bytes_read and self.encoding.lower() not in {"", "identity"}:
            raise PassingError("closed too early", "try later")  # no coding makes nothing of a log
        if not reply.declared:
            self.notes.append("length not declared")
        elif reply.has_more():
            # After a wrong Content-Length, these bytes may be part of the log. After the last chunk they are not.
            if reply.has_length:
                words = f"server sends more than the {self.bytes_read} bytes it declared"
                raise SourceError(words, "the rest was not read; report it to the server's operator")
            self.notes.append("bytes after its last chunk ignored")
        self._finish()
        return 0

    def _finish(self) -> None:
        self._ended = True
        self._release()

    def _connect(self) -> int:
        """Make sure that the next byte received is the one at `bytes_read`, or that the body has ended."""
        if self._reply is None and not self._ended:
            version = self._version
            conditions = {}
            if self.bytes_read and self._ranges and version and version.validator:
                conditions = {"Range": f"bytes={self.bytes_read}-", "If-Range": version.validator}
            reply = self._fetcher.fetch(version.url if version else "", conditions)
            self._take(reply, asked_range=bool(conditions))
        return 0

    def _take(self, reply: Reply, *, asked_range: bool) -> None:
        if reply.status == 416 and asked_range:
            # There is nothing after `bytes_read`. The body of this response is not part of the log.
            if content_range(reply.headers)[2] != self.bytes_read:
                raise self._untrusted(CHANGED)
            self._finish()
            return
        check_status(reply)
        length = reply.begin_body()
        if reply.status == 206:
            self._take_part(reply, length, CHANGED if asked_range else UNASKED)
        else:
            self._take_whole(reply, length)
        self.media_type = media_type_of(reply)
        self._reply = reply

    def _take_part(self, reply: Reply, length: int | None, wrong: str) -> None:
        """Accept a response with a Content-Range. `wrong`: the error if it is not the next part of this version."""
        first, last, size = content_range(reply.headers)
        if first != self.bytes_read or last is None or (length is not None and length != last - first + 1):
            raise self._untrusted(wrong)
        if (size is not None and last >= size) or (None not in (size, self.size_bytes) and size != self.size_bytes):
            raise self._untrusted(wrong)
        if self._version and not self._version.same_part(reply.headers):
            raise self._untrusted(wrong)
        self._adopt(reply, size if size is not None else self.size_bytes or last + 1)

    def _take_whole(self, reply: Reply, length: int | None) -> None:
        version = Version.of(reply.url, reply.headers)
        if self._version and version.encoding != self._version.encoding:
            raise changed()
        if self.bytes_read:
            self._log("restarted from 0")
            if not is_same(reply, self.bytes_read, self._hash.digest()):
                raise changed()
        self._adopt(reply, length)

    def _adopt(self, reply: Reply, size_bytes: int | None) -> None:
        if reply.status != 206 or self._version is None:
            self._version = Version.of(reply.url, reply.headers)
        self.encoding = self._version.encoding
        self.modified_s = self._version.modified_s
        self.size_bytes = size_bytes

    def _untrusted(self, what: str) -> PassingError:
        """Return the error for a response that is not the next part. From now on only whole bodies are requested."""
        self._ranges = False
        self._log(f"{what}: restarted")
        return PassingError(what, "try again when the log is not being written")


def changed() -> SourceError:
    return SourceError(CHANGED, "the lines read so far are of the older version; run again")


def check_status(reply: Reply) -> None:
    """Return if the body is the log. Raises PassingError if another try may help, SourceError otherwise."""
    if reply.status in BODY_STATUS:
        return
    what, hundred = f"{reply.status} {reply.reason}".rstrip(), reply.status // 100
    if reply.status in PASSING_STATUS or (hundred == 5 and reply.status not in LASTING_STATUS):
        raise PassingError(what, "try later", status=reply.status, after_s=retry_after_s(reply.headers))
    raise SourceError(what, STATUS_HINTS.get(reply.status, HINTS_BY_HUNDRED.get(hundred, "is this a web server?")))
