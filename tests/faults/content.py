"""Faults in what a log holds."""

from __future__ import annotations

import codecs
import gzip
import os
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.fault import Arguments, Fault, Scene, good, source, state
from tests.support import logs
from tests.support.fault_server import Answer
from tests.support.processes import Ended

LOG = b"".join(line + b"\n" for line in good(4))
UNDECODABLE = logs.line(client=b"caf\xff\xfe\x80")
NUL = logs.line(request=b"GET /\0nul HTTP/1.1")
PLAIN = [b"a note", b"another one"]
WIDE = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
"""Encodings of wide letters, with their byte order marks."""
EXPANSIONS = [
    b"%s %d %(client)s",
    b"{0} {status}",
    b"[bold]x[/bold]",
    rb"a\nb",
    b"[link=http://example.com]y[/link]",
    b":smile:",
]
"""What formats and markup would make something else of."""
DEEP = b"[" * 100_000
BAD_JSON = {
    "bad-json": [b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1', b"{'a':1}"],
    "bad-json-number": [b'{"a":1e99999999999999999999}', b'{"a":' + b"9" * 5000 + b"}"],
    "bad-json-surrogate": [rb'{"a":"\ud800"}', rb'{"a":"\udc00x"}'],
    "bad-json-too-deep": [DEEP, b'{"a":' + DEEP + b"}", b'{"a":' * 501 + b"1" + b"}" * 501],
    "not-an-object": [b"[1]", b"7"],
}
"""Lines that cannot be parsed, by reason."""
GOOD_JSON = [b'{"a":"x","a":"y"}', b'{"a":"y"}', rb'{"a":"\u0000"}', b'{"a":"z"}']
"""Lines that are one: of a key that comes twice the last value counts."""
MEBIBYTE = 1 << 20


def log(name: str, content: bytes, *arguments: str) -> Callable[[Scene], Arguments]:
    """Return how to make a fault that is a file, read with further arguments."""
    return lambda scene: [scene.bytes(name, content), *arguments]


def lines(name: str, *texts: bytes, arguments: Arguments = ()) -> Callable[[Scene], Arguments]:
    """Return how to make a fault that is a file of some lines."""
    return lambda scene: [scene.file(name, *texts), *arguments]


def piped(content: bytes, **options: Any) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program with a content on standard input."""
    return lambda scene, arguments: scene.analyze(*arguments, stdin=content, **options)


def as_output(form: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program with its report in another form."""
    return lambda scene, arguments: scene.analyze(*arguments, output=form)


def stdin(_: Scene) -> Arguments:
    """Name standard input."""
    return ["-"]


def served(content: bytes) -> Callable[[Scene], Arguments]:
    """Return how to make a fault that a web server has."""
    return lambda scene: [scene.server.on("/log", Answer(content)).url("/log")]


def rows(ended: Ended, panel: str, name: str) -> dict[str, int]:
    """Return the counts of a panel by key."""
    return {row[name]: row["count"] for row in ended.report["panels"][panel]["rows"]}


def same_bytes_are_the_same_key(_scene: Scene, ended: Ended) -> None:
    """Assert that the bytes are shown as numbers, and that two lines with the same ones have the same key."""
    assert source(ended)["account"]["records"] == 3
    assert rows(ended, "client", "client")[r"caf\xff\xfe\x80"] == 2


def rejected(expected: Mapping[str, int], records: int) -> Callable[[Scene, Ended], None]:
    """Return a look at why lines of the first source were rejected, each with a sample, and at its records."""

    def check(_scene: Scene, ended: Ended) -> None:
        found = source(ended)
        assert (found["rejected_by_reason"], found["account"]["records"]) == (dict(expected), records)
        assert {sample["reason"] for sample in found["rejected_sample"]} <= set(expected)

    return check


def shown_literally(_scene: Scene, ended: Ended) -> None:
    """Assert that each text is in the output as it is in the log."""
    text = ended.stdout.decode()
    for expansion in EXPANSIONS:
        plain = expansion.decode()
        assert plain in text or plain.replace("\\", "\\\\") in text, plain


def wide_faults() -> list[Fault]:
    """Return the ways in which a wide text comes: with a mark or without, packed, through a pipe, from a server."""
    found = []
    for name, mark in WIDE.items():
        text, what = LOG.decode().encode(name), name[:6].upper()
        refused = [f"looks like {what}: use --encoding {name}"]
        found += [
            Fault("C9", f"{name} without a mark", log("wide.log", text), code=1, says=refused),
            Fault("C9", f"{name} with a mark", log("wide.log", mark + text), code=1, says=[refused[0][:-3]]),
            Fault("C9", f"{name}, packed", log("wide.log.gz", gzip.compress(text)), code=1, says=refused),
            Fault("C9", f"{name} in a pipe", stdin, code=1, says=refused, run=piped(text)),
            Fault("C9", f"{name} of a server", served(text), code=1, says=refused),
            Fault("C9", f"{name} read as combined", log("wide.log", text, "--format", "combined"), code=1, says=refused),
            Fault(
                "C9",
                f"{name} with --encoding {name}",
                log("wide.log", text, "--encoding", name),
                check=state("complete", lines=4, records=4),
                holds="every line is a record",
                alone=True,
            ),
        ]
    return found


def wanted_expansions(scene: Scene) -> Arguments:
    """Make a log with all the texts in its target, referrer and user agent."""
    texts = [logs.line(request=b"GET /" + text + b" HTTP/1.1", referrer=text, user_agent=text) for text in EXPANSIONS]
    return [scene.file("a.log", *texts), "--top", "0"]


def hole(scene: Scene) -> Arguments:
    """Make a sparse file."""
    path = scene.bytes("a.log", b"")
    os.truncate(path, 50 * MEBIBYTE)
    return [path]


def sums_are_exact(scene: Scene, ended: Ended) -> None:
    """Assert that the sizes are added as integers, and the others rejected."""
    rejected({"bad-size": 4, "bad-status": 3}, 3)(scene, ended)
    assert rows(ended, "status", "status") == {"200": 8}
    assert ended.report["totals"]["bytes"] == 2 * (2**63 - 1) + 5 * int(logs.USUAL["bytes"])


def two_at_least(_scene: Scene, ended: Ended) -> None:
    """Assert that of three lines no more than one was rejected."""
    account = source(ended)["account"]
    assert account["lines"] == 3
    assert account["records"] >= 2


def holed(size: int, before: bytes, behind: bytes = LOG) -> Callable[[Scene], Arguments]:
    """Return how to make a sparse file: some bytes, a hole, and other bytes."""

    def make(scene: Scene) -> Arguments:
        with (scene.folder / "a.log").open("wb") as file:
            file.write(before)
            file.truncate(len(before) + size)
            file.seek(0, os.SEEK_END)
            file.write(behind)
        return ["a.log"]

    return make


FAULTS = [
    Fault(
        "C1",
        "bytes ff fe 80 in the middle of a line",
        lines("a.log", *good(), UNDECODABLE, UNDECODABLE),
        says=["a.log: 2 lines had undecodable bytes"],
        holds="the lines are counted, the bytes shown as `\\xff`; the same bytes are the same key",
        check=same_bytes_are_the_same_key,
    ),
    Fault(
        "C1",
        "bytes ff fe at the beginning of the file",
        lines("a.log", b"\xff\xfe" + good()[0], *good()),
        says=["a.log: 1 line had undecodable bytes"],
        holds="it is not UTF-16",
        check=state("complete", records=2),
    ),
    Fault(
        "C1",
        "undecodable bytes in a log of JSON, in chunks of 50 bytes",
        lines("a.log", b'{"a":"\xff"}', b'{"a":"b"}', b'{"a":"\xc3\xa9"}', arguments=["--chunk-size", "50"]),
        says=["a.log: 1 line had undecodable bytes"],
        holds="the count does not depend on where the log is cut",
        check=state("complete", records=3),
    ),
    Fault(
        "C1",
        "half a pair of UTF-16",
        lambda scene: [
            scene.bytes("a.log", LOG.decode().encode("utf-16-le") + b"x\0\0\xd8y\0\n\0"),
            *("--encoding", "utf-16-le", "--format", "combined"),
        ],
        says=["a.log: 1 line had undecodable bytes"],
        holds="the bytes are shown",
        check=state("complete", lines=5, records=4),
        alone=True,
    ),
    Fault(
        "C1",
        "undecodable bytes, with --strict no-notes",
        lines("a.log", UNDECODABLE, arguments=["--strict", "no-notes"]),
        code=5,
        says=["a.log: 1 line had undecodable bytes"],
        holds="the report",
        check=state("complete", records=1),
    ),
    Fault(
        "C2",
        "NULs within lines and between them",
        lines("a.log", *good(2), NUL, b"\0" * 50, *good(), b"\0" * 9 + NUL),
        says=["a.log: skipped 59 NUL bytes", "a.log: 2 lines held NUL bytes"],
        holds="each line counts once, and those at its beginning are not part of it",
        check=state("complete", lines=6, records=5),
    ),
    Fault(
        "C2",
        "a megabyte of NULs where a crash left a hole",
        log("a.log", LOG + b"\0" * MEBIBYTE + b"\n" + LOG),
        says=["a.log: skipped 1048576 NUL bytes"],
        holds="the lines before and behind",
        check=state("complete", lines=9, records=8),
    ),
    *(
        Fault(
            "C2",
            f"a hole of {size:,} bytes {where}",
            holed(size, before),
            says=[f"a.log: skipped {size} NUL byte"],
            holds="the first line behind it is a record, and the format is found",
            check=state("complete", lines=lines_, records=8 if before else 4),
        )
        for size in (1, 4095, 2 * MEBIBYTE, 5 << 30)
        for where, before, lines_ in (("before a log", b"", 4), ("between lines", LOG, 8))
    ),
    *(
        Fault(
            "C2",
            f"a hole of {size:,} bytes in a line, as a crash leaves it",
            holed(size, LOG + b"10.0.0.1 - - [07"),
            says=[f"a.log: skipped {size} NUL bytes", "1 of 14 lines rejected"],
            holds="the line that was cut is rejected, and the next one is a record",
            check=state("complete", lines=9, records=8),
        )
        for size in (16, 2 * MEBIBYTE, 5 << 30)
    ),
    Fault(
        "C2",
        "a hole at the end of a log, as one that was allocated in advance has it",
        holed(3 * MEBIBYTE, LOG, b""),
        says=[f"a.log: skipped {3 * MEBIBYTE} NUL bytes"],
        holds="the lines before it",
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "C2",
        "nothing but a hole",
        holed(5 << 30, b"", b""),
        code=1,
        says=["a.log: looks binary"],
        check=state("failed", lines=0),
    ),
    Fault(
        "C4",
        "a line of 20 MiB",
        log("a.log", b"A" * (20 * MEBIBYTE) + b"\n" + LOG),
        says=["1 over --max-line-bytes"],
        holds="it is one rejected line, and never held whole",
        check=rejected({"line-too-long": 1}, 4),
    ),
    Fault(
        "C4",
        "a line of 20 MiB without an end, of bytes that are not text",
        log("a.log", LOG + b"\xff\0" * (10 * MEBIBYTE)),
        says=["1 over --max-line-bytes"],
        holds="what is not held is not looked at, so there is no note",
        check=rejected({"line-too-long": 1}, 4),
    ),
    Fault("C6", "CR LF", log("a.log", LOG.replace(b"\n", b"\r\n")), check=state("complete", lines=4, records=4)),
    Fault(
        "C6",
        "CR alone, as the old Macintosh has it",
        log("a.log", LOG.replace(b"\n", b"\r")),
        holds="the same totals as with LF",
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "C6",
        "CR alone, of a known format, in a pipe",
        lambda _: ["-", "--format", "combined"],
        holds="the same totals as with LF",
        run=piped(LOG.replace(b"\n", b"\r")),
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "C6",
        "LF and CR LF in turn",
        log("a.log", good()[0] + b"\r\n" + LOG + good()[0] + b"\r"),
        holds="the same totals as with LF",
        check=state("complete", lines=6, records=6),
    ),
    Fault(
        "C6",
        "a CR within a line of a log with LF",
        lines("a.log", logs.line(user_agent=b"a\rb"), *good()),
        holds="one line stays one line",
        check=state("complete", lines=2, records=2),
    ),
    Fault(
        "C7",
        "VT, FF, NEL, U+2028 and U+2029 in fields",
        lines("a.log", *(logs.line(user_agent=b"a" + end + b"b") for end in (b"\v", b"\f", b"\xc2\x85", b"\xe2\x80\xa8"))),
        holds="one line stays one line",
        check=state("complete", lines=4, records=4),
    ),
    Fault(
        "C7",
        "NEL as ISO 8859-1 has it",
        lines("a.log", logs.line(user_agent=b"a\x85b"), *good()),
        says=["a.log: 1 line had undecodable bytes"],
        holds="one line stays one line",
        check=state("complete", lines=2, records=2),
    ),
    Fault(
        "C8",
        "a byte order mark before the first line",
        log("a.log", codecs.BOM_UTF8 + LOG),
        holds="the first line is a record",
        check=state("complete", records=4),
    ),
    Fault(
        "C8",
        "a byte order mark before the first line, packed",
        log("a.log.gz", gzip.compress(codecs.BOM_UTF8 + LOG)),
        holds="the first line is a record",
        check=state("complete", records=4),
    ),
    *wide_faults(),
    Fault(
        "C9",
        "UTF-8 with --encoding utf-16",
        log("a.log", LOG, "--encoding", "utf-16"),
        code=3,
        says=["a.log: is not utf-16: ", ": name another --encoding"],
        holds="nothing is made of it",
        check=state("failed", lines=0),
        alone=True,
    ),
    Fault("C10", "a file of 0 bytes", log("a.log", b""), says=["a.log: empty"], check=state("complete", lines=0)),
    Fault(
        "C10",
        "a file of line ends",
        log("a.log", b"\n" * 1000),
        says=["a.log: empty"],
        holds="the lines are blank",
        check=state("complete", lines=1000, records=0),
    ),
    Fault(
        "C10",
        "a file of CRs",
        log("a.log", b"\r" * 1000),
        says=["a.log: empty"],
        holds="the lines are blank",
        check=state("complete", lines=1000, records=0),
    ),
    Fault(
        "C10",
        "nothing on standard input, and nothing else",
        lambda _: ["-"],
        says=["-: empty"],
        holds="a valid report",
        check=state("complete", lines=0),
        alone=True,
    ),
    Fault("C11", "a program", lambda _: ["/bin/ls"], code=1, says=["/bin/ls: looks binary: skipped"]),
    Fault(
        "C11",
        "a JPEG",
        log("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01" + random.Random(1).randbytes(9000)),
        code=1,
        says=["a.jpg: looks binary: skipped"],
    ),
    Fault("C11", "bytes at random", log("a", random.Random(2).randbytes(300)), code=1, says=["a: looks binary: skipped"]),
    Fault("C11", "bytes of erased memory", log("a", b"\xfe" * 9000), code=1, says=["a: looks binary: skipped"]),
    Fault("C11", "a file that is one hole", hole, code=1, says=["a.log: looks binary: skipped"]),
    Fault(
        "C14",
        "JSON that is invalid: NaN, numbers without end, half pairs, 100,000 brackets",
        lines("a.log", *GOOD_JSON, *(line for bad in BAD_JSON.values() for line in bad)),
        says=["4 bad-json, 2 bad-json-number, 2 bad-json-surrogate, 3 bad-json-too-deep, 2 not-an-object"],
        holds="the sound lines; the report is strict JSON",
        check=rejected({reason: len(bad) for reason, bad in BAD_JSON.items()}, len(GOOD_JSON)),
    ),
    Fault(
        "C14",
        "the same, a line to a chunk",
        lines("a.log", *GOOD_JSON, *(line for bad in BAD_JSON.values() for line in bad), arguments=["--chunk-size", "1"]),
        says=["4 bad-json, 2 bad-json-number, 2 bad-json-surrogate, 3 bad-json-too-deep, 2 not-an-object"],
        holds="the fast and the exact way are of one mind",
        check=rejected({reason: len(bad) for reason, bad in BAD_JSON.items()}, len(GOOD_JSON)),
    ),
    Fault(
        "C15",
        "status 999999 and -, size -1, 1.5 and 2^70",
        lines(
            "a.log",
            *(logs.line(status=status) for status in (b"999999", b"-", b"2x0")),
            *(logs.line(bytes=size) for size in (b"-1", b"1.5", b"%d" % 2**70, b"%d" % 2**63)),
            *(logs.line(bytes=size) for size in (b"-", b"%d" % (2**63 - 1), b"%d" % (2**63 - 1))),
        ),
        says=["4 bad-size, 3 bad-status"],
        holds="the sum is exact, beyond 2^64 as well",
        check=sums_are_exact,
    ),
    Fault(
        "C16",
        "a quote that does not end, quotes within quotes, no request",
        lines(
            "a.log",
            good()[0][:-1],
            logs.line(request=b'GET "/" HTTP/1.1'),
            logs.line(request=b"-"),
            logs.line(request=b""),
            logs.line(request=rb"\x22GET\x22 \"/\" HTTP/1.1"),
            *good(),
        ),
        says=["2 of 11 lines rejected: 1 bad-status, 1 unterminated-quote: --rejects FILE writes them"],
        holds="escapes and an empty request make a record",
        check=rejected({"bad-status": 1, "unterminated-quote": 1}, 4),
    ),
    Fault(
        "C17",
        "no line fits the format that was named",
        lines("a.log", *PLAIN, arguments=["--format", "combined"]),
        code=1,
        says=["a.log: 0 of 2 lines match; first: a note: check --format, or leave it out"],
        check=state("failed", lines=2, records=0),
    ),
    Fault(
        "C17",
        "no line fits the format that was named, and there is nothing else",
        lines("a.log", *PLAIN, arguments=["--format", "combined"]),
        code=3,
        says=["a.log: 0 of 2 lines match; first: a note: check --format, or leave it out"],
        check=state("failed", lines=2, records=0),
        alone=True,
    ),
    Fault(
        "C17",
        "no line fits any known format",
        lines("a.log", *PLAIN),
        says=["a.log: plain text: no time and no known format was found"],
        holds="each line is a record of plain text",
        check=state("complete", lines=2, records=2),
    ),
    *(
        Fault(
            "P16",
            f"a line of a megabyte of {what}",
            log("a.log", made * (MEBIBYTE // len(made) - 1) + b"\n" + b"\n".join(beside) + b"\n"),
            holds="the line is a record or a reject, the lines beside it are read, and nothing hangs",
            check=two_at_least,
        )
        for what, made, beside in (
            ("blanks and brackets", b" [", good(2)),
            ("quotes and backslashes", rb"\"", good(2)),
            ("open braces", b'{"a":', [b'{"a":1}'] * 2),
            ("keys without values", b"key=", [b"a=1 b=2"] * 2),
            ("bytes that are not text", b"\xff", good(2)),
        )
    ),
    *(
        Fault(
            "C21",
            f"format strings, markup and escapes in fields, as {form}",
            wanted_expansions,
            holds="they are shown as they are",
            run=as_output(form),
            check=shown_literally,
            alone=form != "json",
        )
        for form in ("json", "csv", "terminal")
    ),
]
