"""Faults that a server reports by its status code."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.fault import Fault
from tests.faults.web import BODY, PAGE, Fate, also, failing, reading, waits, web, without_pauses
from tests.support.fault_server import Answer, Script

BUSY = Answer(PAGE, "503 Service Unavailable")


def asks_to_wait(text: str, date: str = "") -> Answer:
    """Return an answer with Retry-After."""
    return Answer(PAGE, "429 Too Many Requests", {"Retry-After": text, **({"Date": date} if date else {})})


def retried(row: str, how: str, *scripts: Script, least_s: Sequence[float], says: Sequence[str] = ()) -> Fault:
    """Return the fault of a server that gives the log after some retries."""
    return reading(
        row,
        how,
        *scripts,
        run=without_pauses,
        options=[],
        says=says,
        check=also(Fate(requests=len(least_s) + 1), waits(*least_s)),
        holds="no line of an error page; waits a quarter longer at most",
    )


def hopeless(how: str, answer: Answer, says: str) -> Fault:
    """Return the fault of a server that fails for ever in a way that may pass."""
    return web(
        "N12",
        how,
        answer,
        options=[],
        run=without_pauses,
        code=1,
        says=["retry 1/3 in 1.", "retry 2/3 in 2.", "retry 3/3 in ", f"/log: {says}"],
        check=also(Fate("failed", 0, 4), waits(1, 2, 4)),
        holds="four requests, pauses that double, each up to a quarter longer",
    )


REFUSALS = {
    "401 Unauthorized": "401 Unauthorized: give credentials with --header",
    "403 Forbidden": "403 Forbidden: ask the server's operator for access",
    "404 Not Found": "404 Not Found: is the path right?",
    "410 Gone": "410 Gone: the log was removed for good",
    "400 Bad Request": "400 Bad Request: the server rejects this request",
    "407 Proxy Authentication Required": "407 Proxy Authentication Required: a proxy asks for credentials",
    "204 No Content": "204 No Content: there is no log here",
    "205 Reset Content": "205 Reset Content: such an answer does not contain a log",
    "304 Not Modified": "304 Not Modified: the request was not conditional",
    "300 Multiple Choices": "300 Multiple Choices: the server does not say where the log is",
    "101 Switching Protocols": "101 Switching Protocols: is this a web server?",
    "416 Range Not Satisfiable": "416 Range Not Satisfiable: the server rejects this request",
    "501 Not Implemented": "501 Not Implemented: the server cannot answer this request",
    "999 No": "999 No: is this a web server?",
}
FAULTS = [
    retried(
        "N10", "503 twice, then the log", BUSY, BUSY, Answer(BODY), least_s=[1, 2], says=["retry 1/3 in 1.", "retry 2/3 in 2."]
    ),
    retried("N10", "a status that nobody knows, 599, then the log", Answer(PAGE, "599 What"), Answer(BODY), least_s=[1]),
    retried("N11", "429 with Retry-After: 2", asks_to_wait("2"), Answer(BODY), least_s=[2], says=["retry 1/3 in 2."]),
    retried(
        "N11",
        "Retry-After as a date, five seconds ahead by the server's clock",
        asks_to_wait("Sun, 06 Nov 1994 08:49:42 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
        Answer(BODY),
        least_s=[5],
    ),
    *(
        retried("N11", f"Retry-After: {text}", asks_to_wait(text), Answer(BODY), least_s=[1])
        for text in ("-1", "soon", "0", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT")
    ),
    failing(
        "N11",
        "Retry-After: 1000000000",
        asks_to_wait("1000000000"),
        options=[],
        says="429 Too Many Requests, asked to wait 31 years",
    ),
    failing(
        "N11",
        "Retry-After: 61, over the cap of a minute",
        asks_to_wait("61"),
        options=[],
        says="429 Too Many Requests, asked to wait 61 s",
    ),
    failing(
        "N11",
        "Retry-After beyond --max-time",
        asks_to_wait("30"),
        options=["--max-time", "9"],
        says="429 Too Many Requests, asked to wait 30 s: try again then",
    ),
    hopeless("500 for ever", Answer(PAGE, "500 Internal Server Error"), "500 after 4 tries: try later"),
    hopeless("closed for ever without an answer", Answer(head=b""), "closed without a response (4 tries)"),
    *(
        failing("N13", status, Answer(PAGE, status), options=[], says=says)
        for status, says in REFUSALS.items()
        if status[0] != "2"
    ),
    *(
        failing("N13", status, Answer(status=status), options=[], says=says)
        for status, says in REFUSALS.items()
        if status[0] == "2"
    ),
    reading("N13", "203 of a proxy that changes headers", Answer(BODY, "203 Non-Authoritative Information")),
    failing(
        "N13",
        "200 with a page to sign in",
        Answer(PAGE),
        says="looks like an HTML page, not a log: does the address want a login",
    ),
    *(
        failing(
            "N13",
            f"200 and a page that begins with `{start.decode()!a}`",
            Answer(start + PAGE[15:], headers={"Content-Type": "text/html; charset=utf-8"}),
            says="looks like an HTML page, not a log: does the address want a login",
        )
        for start in (b"<HTML lang=en>", b"<!-- a -->\n<html>", b"<?xml version='1.0'?><!DOCTYPE html>", b"<h1>Sign in</h1>")
    ),
    reading("N13", "a log that is called text/html", Answer(BODY, headers={"Content-Type": "text/html"})),
]
