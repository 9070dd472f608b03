"""Faults of what an answer says of its body, and of how the body is packed."""

from __future__ import annotations

import gzip
import lzma
import sys
import zlib

from tests.faults.fault import Fault
from tests.faults.web import (
    BODY,
    CHUNKS,
    HALF,
    LENGTH,
    LINES,
    OK,
    ONCE,
    ONE_CHUNK,
    SIZE,
    Fate,
    also,
    chunked,
    coded,
    failing,
    noted,
    raw,
    reading,
    web,
)
from tests.support.fault_server import Answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZIPPED = gzip.compress(BODY, mtime=0)
STORED = gzip.compress(BODY, 0, mtime=0)
TWO_MEMBERS = gzip.compress(BODY[:500], mtime=0) + gzip.compress(BODY[500:], mtime=0)
TWICE_ZIPPED = gzip.compress(ZIPPED, mtime=0)
LAST = b"0\r\n\r\n"
ONE_LINE = len(LINES[0]) + 1
BROKEN_CHUNKS = {
    "a chunk size of -5": b"-5\r\n" + BODY,
    "a chunk size of +5": b"+5\r\n" + BODY,
    "a chunk size of 0x5": b"0x5\r\n" + BODY,
    "a chunk size of 1_0": b"1_0\r\n" + BODY,
    "a chunk size of 20 digits": b"f" * 20 + b"\r\n" + BODY,
    "a chunk size of three megabytes of zeros": b"0" * 3_000_000 + b"5\r\nhello\r\n" + LAST,
    "an extension of three megabytes behind a chunk size": b"%x;" % SIZE + b"a" * 3_000_000 + b"\r\n" + BODY + b"\r\n" + LAST,
    "no chunk at all under Transfer-Encoding: chunked": BODY,
}
WHOLE_CHUNKS = {
    "an extension behind a chunk size": b'%x;name="a value"\r\n%b\r\n0;x\r\n\r\n' % (SIZE, BODY),
    "trailers": ONE_CHUNK + b"0\r\nDigest: \x1b[31m\r\nX-Sum: 5\r\n\r\n",
    "no empty line behind the last chunk": ONE_CHUNK + b"0\r\n",
    "chunks whose lines end in LF alone": ONE_CHUNK.replace(b"\r\n", b"\n") + b"0\n\n",
    "chunks of one byte": b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + LAST,
}
BAD_HEADERS = {
    "two Content-Lengths that differ": (OK + LENGTH + b"Content-Length: 5\r\n", "bad response (two lengths)"),
    "Content-Length: -5": (OK + b"Content-Length: -5\r\n", "bad Content-Length"),
    "Content-Length of 5,000 digits": (OK + b"Content-Length: " + b"1" * 5000 + b"\r\n", "bad Content-Length"),
    "an empty Content-Length": (OK + b"Content-Length: \r\n", "bad Content-Length"),
    "Transfer-Encoding: gzip": (OK + b"Transfer-Encoding: gzip\r\n", "bad response headers"),
    "Transfer-Encoding: chunked twice": (OK + CHUNKS + CHUNKS, "bad response headers"),
    "a header with a blank before its colon": (OK + b"Content-Length : 9\r\n", "bad response headers"),
    "a header of three megabytes": (OK + LENGTH + b"A: " + b"b" * 3_000_000 + b"\r\n", "bad response (a line over 64 KiB)"),
    "five thousand headers": (OK + LENGTH + b"A: b\r\n" * 5000, "bad response (over 100 headers)"),
    "a status of 99": (b"HTTP/1.1 99 OK\r\n" + LENGTH, "bad response (no status line of HTTP)"),
    "HTTP/2 in plain text": (b"HTTP/2 200\r\n", "bad response (another HTTP than 1.0 and 1.1)"),
    "a greeting of FTP": (b"220 ftp.example ready\r\n", "bad response (no status line of HTTP)"),
    "an answer of HTTP/0.9, the log alone": (BODY[:-2], "bad response (no status line of HTTP)"),
}
GOOD_HEADERS = {
    "100 Continue before the answer": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH,
    "102 and 103 before the answer": b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n" + OK + LENGTH,
    "equal Content-Lengths": OK + LENGTH + LENGTH + b"Content-Length: %d, %d\r\n" % (SIZE, SIZE),
    "Transfer-Encoding: identity": OK + LENGTH + b"Transfer-Encoding: identity\r\n",
    "a header that goes on in the next line": OK + LENGTH + b"A: b\r\n c\r\n",
    "lines of the head that end in LF alone": (OK + LENGTH).replace(b"\r", b""),
}

FRAMING = [
    *(
        failing("N31", how, chunked(body), says="broken chunks: the server, or a proxy in front of it, sends garbled data")
        for how, body in BROKEN_CHUNKS.items()
    ),
    web(
        "N31",
        "a chunk that is longer than its size",
        chunked(b"%x\r\n" % HALF + BODY + b"\r\n" + LAST),
        code=1,
        says=[f"got {HALF} of an unknown number of bytes (broken chunks) after 5 lines"],
        check=Fate("incomplete", 5),
        holds="the lines of the chunk",
    ),
    *(reading("N31", how, chunked(body)) for how, body in WHOLE_CHUNKS.items()),
    reading(
        "N31",
        "bytes behind the last chunk",
        chunked(ONE_CHUNK + LAST + BODY),
        says=["/log: bytes after its last chunk ignored"],
        check=also(Fate(), lambda _, ended: noted(ended, "bytes after its last chunk ignored")),
    ),
    reading("N31", "Content-Length beside chunks", raw(OK + CHUNKS + b"Content-Length: 5\r\n", ONE_CHUNK + LAST)),
    web(
        "N31",
        "a body longer than its Content-Length",
        Answer(BODY, length=ONE_LINE),
        code=1,
        says=[f"/log: server sends more than the {ONE_LINE} bytes it declared after 1 line"],
        check=Fate("incomplete", 1),
        holds="the lines within that length; it is not called complete",
    ),
    web(
        "N31",
        "the same, with the end within a line",
        Answer(BODY, length=HALF),
        code=1,
        says=[f"server sends more than the {HALF} bytes it declared after 5 lines"],
        check=Fate("incomplete", 5),
        holds="no cut line is counted",
    ),
    reading("N31", "an empty line behind the body", Answer(BODY + b"\r\n", length=SIZE)),
    reading("N31", "another answer behind the body", Answer(BODY + b"HTTP/1.1 408 Timeout\r\n\r\n", length=SIZE)),
    *(failing("N31", how, raw(head), says=says) for how, (head, says) in BAD_HEADERS.items()),
    *(reading("N31", how, raw(head)) for how, head in GOOD_HEADERS.items()),
]


def unpacked(how: str, coding: str, body: bytes, says: str, lines: int) -> Fault:
    """Return the fault of a body whose packing is not in order."""
    fate = Fate("incomplete" if lines else "failed", lines)
    return web("N21", how, coded(coding, body), code=1, says=[says], check=fate, holds="the whole lines before")


PACKING = [
    *(
        reading("N21", f"Content-Encoding: {coding}", coded(coding, body), holds="as without it")
        for coding, body in {
            "gzip": ZIPPED,
            "X-GZip": ZIPPED,
            "deflate": zlib.compress(BODY),
            "Deflate": zlib.compress(BODY)[2:-4],
            "zstd": zstd.compress(BODY),
            "identity": BODY,
            "gzip, gzip": TWICE_ZIPPED,
        }.items()
    ),
    reading("N21", "gzip of several members", coded("gzip", TWO_MEMBERS)),
    reading(
        "N21",
        "gzip round a file that is gzip itself",
        coded("gzip", TWICE_ZIPPED),
        holds="both are taken off",
    ),
    web(
        "N21",
        "junk behind the end of gzip",
        coded("gzip", ZIPPED + b"JUNK"),
        code=1,
        says=[f"/log: stopped at byte {len(ZIPPED)}: followed by text after "],
        check=Fate("incomplete", len(LINES)),
    ),
    web(
        "N21",
        "gzip followed by zstd",
        coded("gzip", ZIPPED + zstd.compress(BODY)),
        code=1,
        says=[f"/log: stopped at byte {len(ZIPPED)}: followed by zstd data after "],
        check=Fate("incomplete", len(LINES)),
    ),
    unpacked("gzip that is cut, its transfer whole", "gzip", STORED[:-40], "/log: truncated at byte ", 9),
    unpacked("gzip with a wrong checksum", "gzip", ZIPPED[:-8] + b"\0" * 8, "checksum mismatch: data may be wrong", 10),
    unpacked("plain text that is called gzip", "gzip", BODY, "/log: not gzip data: the data is not what its header says", 0),
    unpacked("br", "br", BODY, "/log: unsupported encoding br: the server must send deflate, gzip, zstd, or none", 0),
    unpacked("xz", "xz", lzma.compress(BODY), "/log: unsupported encoding xz: the server must send", 0),
    unpacked("a coding that steers a terminal", "\x1b[31m", BODY, "/log: unsupported encoding \\x1b[31m", 0),
    unpacked("100 layers", ", ".join(["gzip"] * 100), ZIPPED, "/log: unsupported encoding of 100 layers: at most 2", 0),
    web(
        "N21",
        "a bomb: 150 MB of one letter in gzip",
        coded("gzip", gzip.compress(b"A" * 150_000_000, mtime=0)),
        code=5,
        says=["/log: ratio ", " over --max-ratio 1000"],
        check=Fate("incomplete", 0),
        holds="memory; it is cut beyond 64 MiB",
    ),
    web(
        "N25",
        "a body that does not end, and --max-bytes",
        Answer(BODY * 100, length=10**15, ending="stall"),
        options=["--max-bytes", str(HALF), *ONCE],
        code=5,
        says=[f"/log: over --max-bytes {HALF} after 5 lines: allow more with --max-bytes"],
        check=Fate("incomplete", 5),
        holds="the lines before the limit",
    ),
    web(
        "N25",
        "gzip that unpacks to more than --max-bytes",
        coded("gzip", gzip.compress(BODY * 100, mtime=0)),
        options=["--max-bytes", str(HALF), *ONCE],
        code=5,
        says=[f"/log: over --max-bytes {HALF} after 5 lines"],
        check=Fate("incomplete", 5),
        holds="the lines before the limit",
    ),
    web(
        "N21",
        "UTF-16 behind a charset",
        Answer(BODY.decode().encode("utf-16"), headers={"Content-Type": "text/plain; charset=utf-16"}),
        code=1,
        says=["/log: looks like UTF-16: use --encoding utf-16"],
        check=Fate("failed", 0),
        holds="never `0 lines, all fine`",
    ),
]
FAULTS = [*FRAMING, *PACKING]
