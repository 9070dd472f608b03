"""Faults of connections: none, slow ones, cut ones."""

from __future__ import annotations

import socket
import threading
from typing import Any
from unittest.mock import patch

from tests.faults.fault import Fault, Scene, source
from tests.faults.web import (
    BODY,
    CUT,
    ETAG,
    HALF,
    LENGTH,
    NEIGHBOUR_BYTES,
    OK,
    ONCE,
    ONE_CHUNK,
    SIZE,
    Fate,
    also,
    at,
    chunked,
    failing,
    noted,
    raw,
    reading,
    waits,
    web,
    without_pauses,
)
from tests.support.fault_server import Answer, Script, closed_port, full_backlog, ranged
from tests.support.processes import Ended


def cut_short(row: str, how: str, *scripts: Script, got: str, lines: int = 5, why: str = "closed too early") -> Fault:
    """Return the fault of a body that stays cut."""
    return web(
        row,
        how,
        *scripts,
        code=1,
        says=[f"got {got} bytes ({why}) after {lines} lines: "],
        check=Fate("incomplete", lines),
        holds="each line once, the cut one is not counted",
    )


def silent_names(scene: Scene) -> list[str]:
    """Have a name whose look-up does not end before the scene does."""
    look_up, end = socket.getaddrinfo, threading.Event()
    scene.stack.callback(end.set)

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "slow.example":
            end.wait()
        return look_up("127.0.0.1", *arguments, **options)

    scene.stack.enter_context(patch.object(socket, "getaddrinfo", getaddrinfo))
    return ["http://slow.example/log", *ONCE]


def asked_for_rest(scene: Scene) -> None:
    """Assert that the second request asked for the rest of the same version."""
    headers = scene.server.requests[1].headers
    assert (headers["range"], headers["if-range"]) == (f"bytes={HALF}-", '"1"')


def first_lines_once(ended: Ended) -> None:
    """Assert that the source is not complete, and that its lines are the first ones, each once."""
    found = source(ended)
    assert found["state"] in {"incomplete", "failed"}
    assert ended.report["totals"]["bytes"] - NEIGHBOUR_BYTES == (1 << found["account"]["records"]) - 1


FAULTS = [
    Fault(
        "N1",
        "a port that nobody listens on",
        lambda _: [f"http://127.0.0.1:{closed_port()}/log", *ONCE],
        1,
        says=["/log: connection refused: is the server running, and the port right?"],
        check=Fate("failed", 0, 0),
    ),
    Fault(
        "N1",
        "a host without an address",
        at("http://name.invalid/log"),
        1,
        says=["name.invalid/log: cannot resolve the host's name"],
        check=Fate("failed", 0, 0),
    ),
    Fault(
        "N1",
        "port 99999",
        at("http://127.0.0.1:99999/log"),
        2,
        says=["http://127.0.0.1:99999/log: bad URL: its port is not a number from 1 to 65535"],
        holds="nothing is asked, nothing is read",
        alone=True,
    ),
    Fault(
        "N1",
        "a name server that does not answer",
        lambda scene: [*silent_names(scene), "--connect-timeout", "0.1"],
        1,
        says=["slow.example/log: connect timeout after 0.1s"],
        check=Fate("failed", 0, 0),
        holds="the connect timeout is for the name as well",
    ),
    Fault(
        "N1",
        "the same, and a deadline",
        lambda scene: [*silent_names(scene), "--max-time", "0.1"],
        5,
        says=["slow.example/log: over --max-time"],
        check=Fate("failed", 0, 0),
        holds="the deadline",
    ),
    Fault(
        "N2",
        "a listener that never accepts, its queue full",
        lambda scene: [f"http://127.0.0.1:{scene.stack.enter_context(full_backlog())}/", "--connect-timeout", "0.1", *ONCE],
        1,
        says=["connect timeout after 0.1s"],
        holds="the connect timeout, once for each try",
        check=Fate("failed", 0, 0),
    ),
    failing(
        "N3",
        "headers that come a byte at a time",
        Answer(BODY, head_pause_s=0.02),
        options=["--read-timeout", "0.15", *ONCE],
        says="no response headers in 0.15s",
    ),
    failing(
        "N3",
        "a status line that never ends",
        Answer(head=b"HTTP/1.1 200 " + b"O" * 1000, head_pause_s=0.005),
        options=["--read-timeout", "0.15", *ONCE],
        says="no response headers in 0.15s",
    ),
    failing(
        "N3",
        "a server that takes the request and says nothing",
        Answer(head=b"", ending="stall"),
        options=["--read-timeout", "0.1", *ONCE],
        says="no response headers in 0.1s",
    ),
    failing(
        "N3",
        "interim answers without end",
        Answer(head=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9, ending="stall"),
        options=["--read-timeout", "0.1", *ONCE],
        says="no response headers in 0.1s",
    ),
    web(
        "N4",
        "a body that drips, and a deadline",
        Answer(BODY, piece=1, pause_s=0.02),
        options=["--max-time", "0.2", *ONCE],
        code=5,
        says=["over --max-time", "allow more with --max-time"],
        check=Fate("incomplete", 0),
        holds="the deadline, however slowly it drips",
    ),
    web(
        "N4",
        "a body that stops in the middle, connection open",
        Answer(BODY, sent=HALF, ending="stall"),
        options=["--read-timeout", "0.1", *ONCE],
        code=1,
        says=[f"got {HALF} of {SIZE} bytes (no byte in 0.1s) after 5 lines: the server is slow or gone"],
        check=Fate("incomplete", 5),
        holds="the whole lines before",
    ),
    cut_short("N5", "FIN at half of Content-Length, for ever", Answer(BODY, sent=HALF), got=f"{HALF} of {SIZE}"),
    cut_short(
        "N5",
        "FIN in a chunk",
        Answer(BODY, framing="chunked", sent=HALF + 5),
        got=f"{HALF} of an unknown number of",
    ),
    cut_short("N5", "FIN before the last chunk", chunked(ONE_CHUNK), got=f"{SIZE} of an unknown number of", lines=10),
    cut_short(
        "N5", "Content-Length of 10^17", raw(OK + b"Content-Length: %d\r\n" % 10**17), got=f"{SIZE} of {10**17}", lines=10
    ),
    reading(
        "N5",
        "FIN at half, then the rest by Range",
        CUT,
        ranged(Answer(BODY)),
        run=without_pauses,
        options=[],
        says=["retry 1/3 in 1."],
        check=also(Fate(requests=2), waits(1), lambda scene, _: asked_for_rest(scene)),
    ),
    web(
        "N6",
        "RST in the middle of the body",
        Answer(BODY, sent=HALF, ending="reset"),
        code=1,
        says=["connection reset"],
        check=lambda _, ended: first_lines_once(ended),
        holds="each line once; what the system threw away is not counted",
    ),
    reading(
        "N6",
        "RST in the body, then all of it",
        Answer(BODY, headers=ETAG, sent=HALF, ending="reset"),
        ranged(Answer(BODY)),
        run=without_pauses,
        options=[],
        check=Fate(requests=2),
    ),
    failing("N5", "FIN before the status line", Answer(head=b""), says="closed without a response"),
    failing("N5", "FIN within the status line", Answer(head=OK[:7]), says="closed within its headers"),
    failing("N5", "FIN behind the status itself", Answer(head=OK[:12]), says="closed within its headers"),
    failing(
        "N5",
        "FIN behind a whole header, before the empty line",
        Answer(head=OK + b"Server: x\r\n"),
        says="closed within its headers",
        holds="it is not an empty log without a length",
    ),
    failing("N6", "RST within the headers", Answer(head=OK + LENGTH[:9], ending="reset"), says="connection reset"),
    reading(
        "N9",
        "HTTP/1.0 without a length, ended by close",
        Answer(BODY, framing="close"),
        says=["/log: length not declared"],
        holds="all lines; the report has a note",
        check=also(Fate(), lambda _, ended: noted(ended, "length not declared")),
    ),
]
