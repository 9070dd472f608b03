"""Logs for tests: good and damaged lines, whole contents (from a seed or as hypothesis strategies), and a scripted stream.

Nothing here knows how logproc reads a line: the shapes are written down once more, as a server would write them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from logproc.model.errors import SourceError

FRONT = b'%(client)b %(ident)b %(user)b [%(time)b] "%(request)b" %(status)b %(bytes)b'
QUOTES = b' "%(referrer)b" "%(user_agent)b"'
TEMPLATES = {
    "common": FRONT,
    "combined": FRONT + QUOTES,
    "vhost_combined": b"%(host)b " + FRONT + QUOTES,
    "combined_forwarded": FRONT + QUOTES + b' "%(forwarded_for)b"',
}
"""How a line of each format is written."""
NAMES = tuple(TEMPLATES)

USUAL = {
    "host": b"shop.example.com:443",
    "client": b"192.0.2.7",
    "ident": b"-",
    "user": b"alice",
    "time": b"17/May/2015:10:05:03 +0000",
    "request": b"GET /cart?id=7 HTTP/1.1",
    "status": b"200",
    "bytes": b"4263",
    "referrer": b"https://example.com/",
    "user_agent": b"Mozilla/5.0 (X11; Linux x86_64)",
    "forwarded_for": b"203.0.113.9",
}

GOOD: dict[str, list[bytes]] = {
    "host": [b"shop.example.com:443", b"example.org", b"-"],
    "client": [b"192.0.2.7", b"198.51.100.23", b"2001:db8::1", b"c", b"caf\xc3\xa9.example"],
    "ident": [b"-", b"id"],
    "user": [b"-", b"-", b"alice", b"bob", b"\xff"],
    "time": [
        b"17/May/2015:10:05:03 +0000",
        b"17/May/2015:11:05:03 +0100",
        b"29/Feb/2024:23:59:59 -0930",
        b"31/Dec/1969:23:00:00 +0000",
    ],
    "request": [
        b"GET / HTTP/1.1",
        b"GET /cart?id=7 HTTP/1.1",
        b"POST /a?b?c HTTP/2.0",
        b"HEAD ?x HTTP/10",
        b"GET /old",
        b"-",
        b"",
        b"GET  /two HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /tab\t HTTP/1.1",
        b"GET /caf\xc3\xa9 HTTP/1.1",
        b"GET /\xff\xfe\x00 HTTP/1.1",
        b"GET - HTTP/1.1",
    ],
    "status": [b"200", b"304", b"404", b"000", b"999"],
    "bytes": [b"0", b"-", b"12", b"4263", b"999999999999999999", b"9223372036854775807", b"000000000000000000000007"],
    "referrer": [b"-", b"", b"https://example.com/", b"a\tb", b"\x1b[31m", b"\\x1b"],
    "user_agent": [b"-", b"", b"Mozilla/5.0 (X11; Linux x86_64)", b"\x80", b"\xc2\x9b", b"\\\\", b"a [b] c"],
    "forwarded_for": [b"-", b"203.0.113.9", b"203.0.113.9, 198.51.100.1"],
}
"""Values, usual and unusual, with which a line is a record."""
BAD: dict[str, list[bytes]] = {
    "host": [b"", b"a b", b"a\x0bb"],
    "client": [b"", b"a b", b"a\tb", b'"', b"\\", b"\r"],
    "ident": [b"", b"a b", b"a\fb"],
    "user": [b"", b" ", b"john doe", b"a\tb", b'"', b'a "b"', b"[17/May/2015:10:05:03 +0000]", b"[", b"\\", b"a ["],
    "time": [
        b"",
        b"17/May/2015:10:05:03",
        b"30/Feb/2015:10:05:03 +0000",
        b"29/Feb/2023:10:05:03 +0000",
        b"17/may/2015:10:05:03 +0000",
        b"17/May/2015:24:00:00 +0000",
        b"17/May/2015:10:60:03 +0000",
        b"17/May/2015:10:05:60 +0000",
        b"17/May/2015:10:05:03 +2400",
        b"17/May/2015:10:05:03 0000+",
        b"17/May/2015 10:05:03 +0000",
        b"17/May/2015:10:05:03\t+0000",
        b"01/Jan/0001:00:00:00 +0001",
        b"31/Dec/9999:23:59:59 -0001",
        b"00/Jan/0000:00:00:00 +0000",
        b"17/May/2015:10:05:03 +00000",
        b"]" * 26,
    ],
    "request": [b'"', b'GET "/" HTTP/1.1', b'\\"', b"\\", b"\\\\\\"],
    "status": [b"", b"20", b"2000", b"2x0", b"-", b"20 ", b"\xb2\xb3\xb9", b"+20"],
    "bytes": [b"", b"--", b"-1", b"1.5", b"9223372036854775808", b"1" * 30, b"12 ", b"x", b"1e3"],
    "referrer": [b'"', b'\\"', b"\\", b'a"b'],
    "user_agent": [b'"', b'\\"quoted\\"', b"\\", b'" "', b"x" * 600],
    "forwarded_for": [b'"', b"\\"],
}
"""Values with which most lines are not records, and borderline ones."""
TOKENS = [
    *[b'"', b'""', b" ", b"  ", b"[", b"]", b"\\", b'\\"', b"\r", b"\t", b"\v", b"\f", b"\0", b"\xff", b"\xc3\xa9", b"\x1b"],
    *[b"-", b"0", b"9", b"99999999999999999999", b"/", b":", b"+", b"?", b'" "', b"] ", b' "', b" [", b"\r\r", b"\n", b"\r\n"],
]
"""What an edit inserts."""
STRANGE = [
    b"",
    b"   ",
    b"\t\r\v\f ",
    b"\r",
    b"\r\r",
    b"not a log line at all",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b'"' * 6,
    b" " * 6 + b'"' * 6,
    b'{"time": "2015-05-17T10:05:03Z", "status": 200}',
    b"\xef\xbb\xbf",
]
"""Lines that fit no format."""


def line(name: str = "combined", **fields: bytes) -> bytes:
    """Return one line of a format without its end: the usual values, except the given fields."""
    return TEMPLATES[name] % {field.encode(): value for field, value in {**USUAL, **fields}.items()}


def damaged_lines() -> list[bytes]:
    """Return one Combined line for each kind of damage known from servers, disks and attackers."""
    good = line()
    return [
        line(request=rb"\x16\x03\x01\x00{\x01\x00 w", status=b"400", bytes=b"150"),
        good[: good.rindex(b";")],
        line(user_agent=rb"\"Mozilla/5.0\" quoted"),
        line(user=b"john doe"),
        line(request=b"GET /\0nul HTTP/1.1"),
        line(request=b"GET /\xff\xfe HTTP/1.1", user_agent=b"\x80"),
        line(request=b"-", status=b"400", bytes=b"0"),
        line(time=b"99/Foo/2025:00:00:00 +0000"),
        line(bytes=b"99999999999999999999"),
        line(request=b"GET /" + b"A" * 30_000 + b" HTTP/1.1"),
        good + good,
        good[:40] + b"\0" * 50,
        *STRANGE,
    ]


def log(lines: int, *, seed: int = 0, name: str = "combined", damaged: float = 0.0) -> bytes:
    """Return a log, the same for the same seed; the share `damaged` of its lines is unusual or broken.

    Clean lines have a second between them, 50 clients, 200 paths and seven statuses.
    """
    random_ = random.Random(seed)
    at = datetime(2025, 7, 1, 12, tzinfo=UTC)
    made = []
    for _ in range(lines):
        at += timedelta(seconds=1)
        made.append(any_line(random_, name) if random_.random() < damaged else clean_line(random_, name, at))
    return b"".join(one + b"\n" for one in made)


def clean_line(random_: random.Random, name: str, at: datetime) -> bytes:
    """Return a usual line."""
    path = f"/page/{random_.randrange(200)}" + random_.choice(["", "", "?q=1", ".html"])
    return line(
        name,
        client=f"192.0.2.{random_.randrange(50)}".encode(),
        user=random_.choice([b"-", b"-", b"-", b"alice"]),
        time=at.strftime("%d/%b/%Y:%H:%M:%S +0000").encode(),
        request=f"{random_.choice(['GET', 'GET', 'POST'])} {path} HTTP/1.1".encode(),
        status=random_.choice([b"200", b"200", b"200", b"301", b"304", b"404", b"500"]),
        bytes=random_.choice([b"-", str(random_.randrange(1 << 20)).encode()]),
        referrer=random_.choice([b"-", b"https://example.com/"]),
        user_agent=b"Mozilla/5.0 (agent %d)" % random_.randrange(20),
    )


def any_line(random_: random.Random, name: str) -> bytes:
    """Return a line with unusual values, mostly with some bytes changed; sometimes one that fits no format."""
    if random_.random() < 0.05:
        return random_.choice(STRANGE)
    fields = {field: random_.choice(values) for field, values in GOOD.items()}
    for field in random_.sample(sorted(BAD), random_.choice([0, 0, 0, 1, 2])):
        fields[field] = random_.choice(BAD[field])
    text = line(name, **fields)
    for _ in range(random_.choice([0, 0, 1, 1, 2, 3])):
        text = edit(
            text, random_.randrange(4), random_.randrange(len(text) + 1), random_.choice(TOKENS), random_.randrange(1, 12)
        )
    return text + random_.choice([b"", b"", b"\r"])


def edit(text: bytes, how: int, place: int, token: bytes, length: int) -> bytes:
    """Return the text with one change at a place: 0 inserts the token, 1 deletes, 2 replaces, 3 doubles a piece."""
    place %= len(text) + 1
    piece = text[place : place + length]
    return text[:place] + (token, b"", token, piece + piece)[how] + text[place + (0 if how == 0 else len(piece)) :]


def lines_of(name: str) -> st.SearchStrategy[bytes]:
    """Lines of a format, good, odd and damaged, without their end; rarely a piece of one holds a line feed."""
    good, bad = ([(field, value) for field, values in table.items() for value in values] for table in (GOOD, BAD))
    fields = st.tuples(st.lists(st.sampled_from(good), max_size=6), st.lists(st.sampled_from(bad), max_size=1)).map(
        lambda drawn: dict(drawn[0] + drawn[1])
    )
    change = st.tuples(st.integers(0, 3), st.integers(0, 300), st.sampled_from(TOKENS), st.integers(1, 12))
    changed = st.tuples(fields, st.lists(change, max_size=2)).map(lambda drawn: edited(line(name, **drawn[0]), drawn[1]))
    return st.one_of(changed, changed, changed, st.sampled_from(STRANGE), st.binary(max_size=40))


def edited(text: bytes, changes: Sequence[tuple[int, int, bytes, int]]) -> bytes:
    """Return the text after several edits."""
    for change in changes:
        text = edit(text, *change)
    return text


def contents(name: str = "combined", max_lines: int = 12) -> st.SearchStrategy[bytes]:
    """Whole contents of chunks: lines that end with LF or CR LF."""
    ended = st.tuples(lines_of(name), st.sampled_from([b"\n", b"\n", b"\r\n"])).map(b"".join)
    return st.lists(ended, max_size=max_lines).map(b"".join)


class ScriptedStream:
    """A ByteStream that gives its content in pieces of the given sizes, in rotation, and then ends or fails.

    calls: how often it was read; closed, cancelled: what was done to it.
    """

    def __init__(
        self,
        content: bytes,
        sizes: Sequence[int] = (),
        error: SourceError | None = None,
        before_read: Callable[[], None] = lambda: None,
    ) -> None:
        self.size_bytes: int | None = len(content)
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""
        self.calls = 0
        self.closed = self.cancelled = False
        self._content = content
        self._sizes = endless(sizes)
        self._error = error
        self._before_read = before_read

    def readinto(self, buffer: memoryview) -> int:
        assert len(buffer)
        self._before_read()
        self.calls += 1
        piece = self._content[self.bytes_read : self.bytes_read + min(next(self._sizes), len(buffer))]
        if not piece and self._error:
            raise self._error
        buffer[: len(piece)] = piece
        self.bytes_read += len(piece)
        return len(piece)

    def ready_within(self, _seconds: float) -> bool:
        """Return True: the next piece never blocks."""
        return True

    def cancel(self) -> None:
        """Note it."""
        self.cancelled = True

    def close(self) -> None:
        """Note it."""
        self.closed = True


def endless(sizes: Sequence[int]) -> Iterator[int]:
    """Yield the sizes in rotation; without sizes, one that fills any buffer."""
    while True:
        yield from sizes or (1 << 30,)
