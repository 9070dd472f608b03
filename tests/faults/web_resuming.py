"""Faults of going on after a cut: a server that sends another part, another version, or all of it again."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

from tests.faults.fault import Fault
from tests.faults.web import BODY, CUT, ETAG, HALF, SIZE, Fate, also, part, reading, waits, web, without_pauses
from tests.support.fault_server import Answer, Script, ranged
from tests.support.processes import Ended

OTHER = BODY.replace(b"192.0.2.7", b"192.0.2.8")
NEW = {"ETag": '"2"'}
ZIPPED = gzip.compress(BODY, mtime=0)
FOUGHT = {
    "a new ETag": part(HALF, **NEW),
    "a weak ETag": part(HALF, ETag='W/"1"'),
    "no ETag": part(HALF),
    "a part that begins elsewhere": part(HALF - 1, **ETAG),
    "another size": part(HALF, SIZE + 1, **ETAG),
    "a size before its end": part(HALF, HALF, **ETAG),
    "no Content-Range": Answer(BODY[HALF:], "206 Partial Content", ETAG),
    "a Content-Range of junk": Answer(BODY[HALF:], "206 Partial Content", {**ETAG, "Content-Range": "bytes 4oo-"}),
    "a length beside the range": replace(part(HALF, **ETAG), body=BODY),
    "several ranges": Answer(BODY, "206 Partial Content", {**ETAG, "Content-Type": "multipart/byteranges; boundary=x"}),
    "416 with another size": Answer(b"no\n", "416 Range Not Satisfiable", {"Content-Range": "bytes */7"}),
    "416 without a size": Answer(b"no\n", "416 Range Not Satisfiable"),
}


def gone_on(row: str, how: str, *scripts: Script, says: str = "", requests: int = 2, **promised: Any) -> Fault:
    """Return the fault of a log that is read whole after a cut."""
    said = ["retry 1/3", says] if says else ["retry 1/3"]
    check = also(Fate(requests=requests), waits(*([1, 2][: requests - 1])))
    return reading(row, how, *scripts, options=[], run=without_pauses, says=said, check=check, **promised)


def told_apart(row: str, how: str, *scripts: Script, requests: int = 2) -> Fault:
    """Return the fault of a log that is another one after a cut."""
    return web(
        row,
        how,
        *scripts,
        options=[],
        run=without_pauses,
        code=1,
        says=["/log: changed on server after 5 lines: the lines read so far are of the older version; run again"],
        check=also(Fate("incomplete", 5, requests), lambda _, ended: of_the_first_version(ended)),
        holds="the lines of the older version alone",
    )


def of_the_first_version(ended: Ended) -> None:
    """Assert that no line of the other version was counted."""
    clients = {row["client"] for row in ended.report["panels"]["client"]["rows"]}
    assert clients == {"192.0.2.7"}


FAULTS = [
    gone_on("N22", "the Range ignored, 200 again", CUT, Answer(BODY, headers=ETAG), says="restarted from 0"),
    gone_on("N22", "no validator: all of it again", Answer(BODY, sent=HALF), Answer(BODY), says="restarted from 0"),
    gone_on(
        "N22", "a weak ETag: all of it again", replace(CUT, headers={"ETag": 'W/"1"'}), Answer(BODY), says="restarted from 0"
    ),
    gone_on("N22", "the restart in chunks", CUT, Answer(BODY, framing="chunked", piece=99), says="restarted from 0"),
    gone_on("N22", "503 between", CUT, Answer(b"busy\n", "503 Busy"), ranged(Answer(BODY)), says="retry 2/3", requests=3),
    gone_on(
        "N22",
        "a log that has grown",
        replace(CUT, body=BODY[: HALF + 200]),
        Answer(BODY, headers=NEW),
        says="restarted from 0",
    ),
    told_apart("N22", "all of it again, and it is another log", CUT, Answer(OTHER, headers=NEW)),
    told_apart("N22", "the same without a validator", Answer(BODY, sent=HALF), Answer(OTHER)),
    told_apart("N22", "a log that is shorter than what was read", CUT, Answer(BODY[:200], headers=NEW)),
    told_apart("N22", "a log that is empty by now", CUT, Answer(b"", headers=NEW)),
    *(
        gone_on(
            "N23",
            f"{how}, then the same log",
            CUT,
            answer,
            Answer(BODY, headers=NEW),
            says="changed on server: restarted",
            requests=3,
        )
        for how, answer in FOUGHT.items()
    ),
    *(
        told_apart("N23", f"{how}, then another log", CUT, FOUGHT[how], Answer(OTHER, headers=NEW), requests=3)
        for how in list(FOUGHT)[:3]
    ),
    gone_on(
        "N24",
        "416 on a body that had ended",
        Answer(BODY, headers=ETAG, framing="chunked", sent=SIZE + 7),
        ranged(Answer(BODY)),
        holds="complete, and the body of the 416 is not a line",
    ),
    gone_on(
        "N23",
        "gzip, cut within, the rest by Range",
        ranged(Answer(ZIPPED, headers={"Content-Encoding": "gzip"}, sent=100)),
        ranged(Answer(ZIPPED, headers={"Content-Encoding": "gzip"})),
    ),
    web(
        "N23",
        "206 with the first part, that nobody asked for, for ever",
        Answer(BODY[:HALF], "206 Partial Content", {"Content-Range": f"bytes 0-{HALF - 1}/{SIZE}"}),
        code=1,
        says=[f"got {HALF} of {SIZE} bytes (closed too early) after 5 lines"],
        check=Fate("incomplete", 5),
        holds="it is not taken for the whole",
    ),
]
