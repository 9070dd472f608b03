"""Faults of redirects: where they may not lead, and what they may not carry."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any
from unittest.mock import patch

from tests.faults.fault import Arguments, Fault, Scene, as_process, good
from tests.faults.laws import CANARY
from tests.faults.web import BODY, ONCE, PAGE, Fate, also, failing, moved
from tests.faults.web_tls import trusted_server
from tests.support.fault_server import Answer, FaultServer, closed_port
from tests.support.processes import Ended

PUBLIC, INNER = "public.example", "inner.example"


def chain(scene: Scene, places: int) -> str:
    """Make a chain of redirects with the log at its end; return its first URL."""
    for number in range(places):
        scene.server.on(f"/{number}", moved(f"/{number + 1}"))
    return scene.server.on(f"/{places}", Answer(BODY)).url("/0")


def outside(scene: Scene) -> None:
    """Give this machine two names, and say that addresses from 127.0.0.2 on are of the public internet."""
    look_up = socket.getaddrinfo
    addresses = {PUBLIC: "127.0.0.2", INNER: "127.0.0.1"}

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        is_name = options.get("flags") != socket.AI_NUMERICHOST
        return look_up(addresses.get(host, host) if is_name else host, *arguments, **options)

    scene.stack.enter_context(patch.object(socket, "getaddrinfo", getaddrinfo))
    is_global = property(lambda address: str(address) == "127.0.0.2")
    scene.stack.enter_context(patch.object(IPv4Address, "is_global", is_global))


def sent_to(place: str) -> Callable[[Scene], Arguments]:
    """Return how to request a server that redirects within itself (`HOST` is replaced by its host)."""

    def make(scene: Scene) -> Arguments:
        host = f"127.0.0.1:{scene.server.port}"
        scene.server.on("/log", moved(place.replace("HOST", host)), Answer(BODY)).on("/there", Answer(BODY))
        return [scene.server.url("/log"), *ONCE]

    return make


def from_outside(location: str) -> Callable[[Scene], Arguments]:
    """Return how to request a public server that redirects to this machine (`PORT` is replaced by its port)."""

    def make(scene: Scene) -> Arguments:
        outside(scene)
        public = scene.stack.enter_context(FaultServer(host="127.0.0.2"))
        public.on("/log", moved(location.replace("PORT", str(scene.server.port))))
        scene.server.on("/log", Answer(BODY))
        return [public.url("/log", PUBLIC), *ONCE]

    return make


def from_intranet(host: str) -> Callable[[Scene], Arguments]:
    """Return how to request a name with a private address that redirects to another spelling of a host."""

    def make(scene: Scene) -> Arguments:
        outside(scene)
        scene.server.on("/log", moved(scene.server.url("/there", host))).on("/there", Answer(BODY))
        return [scene.server.url("/log", INNER), *ONCE]

    return make


def rebound(scene: Scene) -> Arguments:
    """Ask a public name that redirects to itself, and by then has a private address."""
    outside(scene)
    look_up, times = socket.getaddrinfo, iter(range(9))
    public = scene.stack.enter_context(FaultServer(host="127.0.0.2"))

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        return look_up(INNER if host == PUBLIC and next(times) else host, *arguments, **options)

    scene.stack.enter_context(patch.object(socket, "getaddrinfo", getaddrinfo))
    scene.server.on("/log", Answer(BODY))
    return [public.on("/log", moved(scene.server.url("/log", PUBLIC))).url("/log", PUBLIC), *ONCE]


def inside(how: str, location: str) -> Fault:
    """Return the fault of a public server that points at something inside."""
    return Fault(
        "N18",
        how,
        from_outside(location),
        1,
        says=[f"{PUBLIC}:", "refused redirect to a private address", "if you mean that address, give its URL"],
        check=Fate("failed", 0, 0),
        holds="no request is sent there",
    )


def signed_in(scene: Scene) -> Arguments:
    """Ask with a password and a secret header, and be sent to another name of the same machine."""
    scene.stack.enter_context(patch.dict(os.environ, SECRET=CANARY))
    scene.server.on("/log", moved(scene.server.url("/there", "localhost"))).on("/there", Answer(BODY))
    url = scene.server.url("/log").replace("://", f"://me:{CANARY}@")
    return [url, "--header", "X-Key: env:SECRET", *ONCE]


def stripped(scene: Scene, _: Ended) -> None:
    """Assert that the first server got the secrets, and the second one none."""
    first, second = (request.headers for request in scene.server.requests)
    assert first["x-key"] == CANARY
    assert first["authorization"].startswith("Basic ")
    assert set(second) == {"host", "user-agent", "accept", "accept-encoding"}


def with_cookies(scene: Scene) -> Arguments:
    """Be given a cookie with a redirect."""
    cookie = {"Location": "/there", "Set-Cookie": f"session={CANARY}"}
    return [scene.server.on("/log", Answer(b"", "302 Found", cookie)).on("/there", Answer(BODY)).url("/log"), *ONCE]


def downgraded(scene: Scene) -> Arguments:
    """Ask a server with TLS that sends its clients to one without."""
    secure = trusted_server(scene)
    secure.on("/log", moved(scene.server.on("/log", Answer(BODY)).url("/log")))
    return [secure.url("/log"), "--trust-env", *ONCE]


FAULTS = [
    failing("N15", "a redirect to itself", moved("/log"), says="too many redirects (10)", requests=11),
    failing(
        "N15", "a redirect to itself with another fragment", moved("/log#there"), says="too many redirects (10)", requests=11
    ),
    Fault(
        "N15",
        "a chain of 50",
        lambda scene: [chain(scene, 50), *ONCE],
        1,
        says=["/0: too many redirects (10)"],
        holds="eleven requests",
        check=Fate("failed", 0, 11),
    ),
    Fault("N15", "a chain of 10", lambda scene: [chain(scene, 10), *ONCE], holds="it is followed", check=Fate(requests=11)),
    failing(
        "N15",
        "a redirect without a Location",
        Answer(PAGE, "302 Found"),
        says="302 Found: the server does not say where the log is",
    ),
    failing("N15", "a redirect with an empty Location", moved(""), says="302 Found: the server does not say where the log is"),
    *(
        Fault("N15", f"a redirect to `{place}`", sent_to(place), holds="it is followed", check=Fate(requests=2))
        for place in ("/there", "there", "./a/../there", "../../there", "?/../there", "//HOST/there", "http://HOST/there#part")
    ),
    *(
        failing(
            "N15",
            f"a redirect to `{place}`",
            moved(place),
            says="404 Not Found",
            requests=2,
            holds="the request has no further line",
        )
        for place in ("/a%0d%0aX-Evil: 1", "/a\x01\x1b[31m", "/a\tb", "http:///there", "http:\\\\127.0.0.1\\there")
    ),
    *(
        failing("N16", f"a redirect to `{place}`", moved(place), says=f"refused redirect to {scheme}: URL: only http and https")
        for place, scheme in (
            ("file:///etc/passwd", "file"),
            ("FiLe:/etc/passwd", "file"),
            (" file:///etc/passwd", "file"),
            ("ftp://127.0.0.1/log", "ftp"),
            ("data:text/plain,log", "data"),
            ("unix:/run/socket", "unix"),
            ("http+unix://%2frun%2fsocket/", "http+unix"),
            ("javascript:alert(1)", "javascript"),
        )
    ),
    Fault(
        "N16",
        "a redirect to a file that is there, watched by strace",
        lambda scene: [
            scene.server.on("/log", moved(f"file://{scene.file('secret.log', *good())}")).url("/log"),
            *ONCE,
        ],
        1,
        says=["refused redirect to file: URL"],
        run=as_process(before=["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", "trace"]),
        check=lambda scene, _: not_opened(scene, "secret.log"),
        holds="the file is not opened",
        needs=["strace"],
    ),
    failing(
        "N16",
        "a redirect to port 99999",
        moved("http://127.0.0.1:99999/"),
        says="refused redirect: bad URL: its port is not a number",
    ),
    Fault(
        "N17",
        "a redirect from https to http",
        downgraded,
        1,
        says=["refused downgrade from https to http", "follow it with --allow-downgrade"],
        check=Fate("failed", 0, 0),
        holds="no request is sent without TLS",
    ),
    Fault(
        "N17",
        "the same with --allow-downgrade",
        lambda scene: [*downgraded(scene), "--allow-downgrade"],
        check=Fate(),
        holds="it is followed",
    ),
    Fault(
        "N18",
        "a redirect to another host, asked with a password and a header",
        signed_in,
        check=also(Fate(requests=2), stripped),
        holds="the other host gets neither",
    ),
    Fault(
        "N18",
        "a cookie set by a redirect",
        with_cookies,
        check=also(Fate(requests=2), lambda scene, _: no_header(scene, "cookie")),
        holds="cookies are never sent",
    ),
    inside("a public host that points to 127.0.0.1", "http://127.0.0.1:PORT/log"),
    inside("to 127.0.0.1 in another spelling, 0x7f000001", "http://0x7f000001:PORT/log"),
    inside("to localhost", "http://localhost:PORT/log"),
    inside("to [::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]:PORT/log"),
    inside("to the link-local 169.254.169.254", "http://169.254.169.254/log"),
    inside("to a name whose address is private", f"http://{INNER}:PORT/log"),
    inside("to 127.0.0.1 behind NAT64", "http://[64:ff9b::7f00:1]:PORT/log"),
    inside("to 127.0.0.1 behind 6to4", "http://[2002:7f00:1::1]:PORT/log"),
    inside("to 127.0.0.1 as a compatible address", "http://[::127.0.0.1]:PORT/log"),
    inside("to 2130706433", "http://2130706433:PORT/log"),
    inside("to localhost with a dot", "http://localhost.:PORT/log"),
    Fault(
        "N18",
        "a public name that redirects to itself and has a private address by then",
        rebound,
        1,
        says=[f"{PUBLIC}:", "refused redirect to a private address"],
        check=Fate("failed", 0, 0),
        holds="the address that would be connected to decides: no request is sent there",
    ),
    *(
        Fault("N18", f"a name with a private address that points to {how}", from_intranet(host), check=Fate(requests=2))
        for host, how in ((INNER, "itself"), ("127.0.0.1", "that address"), ("0x7f.1", "that address in another spelling"))
    ),
    Fault(
        "N18",
        "a name with a private address that points to the link-local 169.254.169.254",
        from_intranet("169.254.169.254"),
        1,
        says=["refused redirect to a private address at http://169.254.169.254:"],
        check=Fate("failed", 0, 1),
        holds="no request is sent there",
    ),
    failing(
        "N15",
        "a redirect to a host that does not answer",
        lambda _: moved(f"http://localhost:{closed_port()}/"),
        says="connection refused at http://localhost:",
        holds="the message names the host that failed",
    ),
]


def not_opened(scene: Scene, name: str) -> None:
    """Assert that the trace names other files, but not this one."""
    trace = (scene.folder / "trace").read_text("utf-8", "replace")
    assert "neighbour.log" in trace
    assert name not in trace


def no_header(scene: Scene, name: str) -> None:
    """Assert that no request had a header."""
    assert not [request for request in scene.server.requests if name in request.headers]
